# zstd, and three inputs of different kinds under /data: english words, JSON, machine code.
# shellcheck shell=bash disable=SC2034,SC2154
changes=('ENV PATH=/usr/bin:/bin' 'CMD ["/bin/sh"]')

make_root() {
  local root=$1 library
  unpack "$work/debian" zstd wamerican-large iso-codes
  base "$root"
  take "$work/debian" "$root" /usr/bin/zstd
  mkdir -p "$root/data"
  cp "$work/debian/usr/share/dict/american-english-large" "$root/data/words"
  cat "$work/debian"/usr/share/iso-codes/json/*.json >"$root/data/json"
  for library in libc.so.6 libstdc++.so.6; do
    cat "$work/debian"/usr/lib/*/$library "$work/debian"/lib/*/$library 2>/dev/null || true
  done >"$root/data/code"
}
