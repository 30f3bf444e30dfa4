# zstd, and three inputs of different kinds under /data: text (manuals), table (Unicode's), code (a compiler).
# shellcheck shell=bash disable=SC2034,SC2154
changes=('ENV PATH=/usr/bin:/bin' 'CMD ["/bin/sh"]')

make_root() {
  local root=$1
  unpack "$work/debian" zstd perl-doc unicode-data cpp-12
  base "$root"
  take "$work/debian" "$root" /usr/bin/zstd
  mkdir -p "$root/data"
  input "$root/data/text" "$work/debian/usr/share/perl" '*.pod'
  input "$root/data/table" "$work/debian/usr/share/unicode" '*.txt'
  input "$root/data/code" "$work/debian/usr/lib/gcc" cc1
}

# The first 16 MiB of the files in a folder whose names match: input TARGET FOLDER PATTERN
input() {
  find "$2" -type f -name "$3" -print0 | sort -z | xargs -0 cat | { head -c 16M; cat >/dev/null; } >"$1"
}
