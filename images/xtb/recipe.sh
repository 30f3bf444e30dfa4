# xTB: semi-empirical quantum chemistry, an energy within a second.
# shellcheck shell=bash disable=SC2034,SC2154
changes=('ENV PATH=/usr/bin:/bin' 'ENV XTBPATH=/usr/share/xtb' 'CMD ["/usr/bin/xtb", "--version"]')

make_root() {
  local root=$1
  unpack "$work/debian" xtb libopenblas0-serial
  alternative "$work/debian" libopenblas.so.0
  base "$root"
  take "$work/debian" "$root" /usr/bin/xtb /usr/share/xtb
}
