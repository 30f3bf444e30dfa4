# Makes a root file system out of Debian's packages: a few programs, the libraries they load, and nothing else.
# Sourced by build.sh; a recipe.sh defines `changes` (Dockerfile instructions) and `make_root ROOT`, which calls what is here.
# shellcheck shell=bash disable=SC2154

# Needs root, to own and to enter the files it makes; the tarball belongs to the caller: make_tarball NAME PATH
make_tarball() {
  local name=$1 tarball=$2 sudo=()
  mkdir -p "$(dirname "$tarball")"
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || fail "making $name needs root: run this as root, or install sudo"
    sudo=(sudo)
  fi
  echo "images/build.sh: making $name, once" >&2
  rm -f "$(dirname "$tarball")/$name"-*.tar*
  "${sudo[@]}" env STUDYCTL_BUILD="${STUDYCTL_BUILD:-}" bash "$here/rootfs.sh" "$name" >"$tarball.partial"
  mv "$tarball.partial" "$tarball"
}

# Unpacks packages with all they depend on, without running their scripts: unpack ROOT PACKAGE...
unpack() {
  local root=$1 sources=/etc/apt/sources.list.d/debian.sources packages
  shift
  packages=$(IFS=,; echo "$*")
  # The machine's own sources, so that a mirror set up here is used; else mmdebstrap's default.
  [ -f "$sources" ] || sources=/dev/null
  grep -q bookworm "$sources" || sources=''
  mmdebstrap --quiet --mode=root --variant=extract --include="$packages" \
    --dpkgopt='path-exclude=/usr/share/man/*' bookworm "$root" ${sources:+"$sources"} >&2
}

# Does what a package's script would: makes a library found in a folder of its own known to the loader. alternative ROOT FILE
alternative() {
  local file
  file=$(find "$1"/usr/lib/*/*/ -maxdepth 1 -name "$2" | sort | head -n 1)
  ln -sf "$(basename "$(dirname "$file")")/$2" "$(dirname "$(dirname "$file")")/$2"
}

# Copies paths of one root into another, and the shared libraries that programs among them load:
# take FROM TO PATH...
take() {
  local from=$1 to=$2 path library libraries loader
  shift 2
  loader=$(cd "$from" && find lib lib64 -maxdepth 1 -name 'ld-linux*' | head -n 1)
  for path in "$@"; do
    copy_within "$from" "$to" "$path"
    [ -f "$from/$path" ] || continue
    libraries=$(chroot "$from" "/$loader" --list "$path" | grep -o '/[^ ]*')
    for library in $libraries; do
      copy_within "$from" "$to" "$library"
    done
  done
}

# A file under the name it is asked for, whatever links lead to it; a directory as it is.
copy_within() {
  local how=--dereference
  [ ! -f "$2/$3" ] || return 0
  [ ! -d "$1/$3" ] || how=--no-dereference
  mkdir -p "$2/$(dirname "$3")"
  cp -a "$how" "$1/$3" "$2/$3"
}

# What every image has: a shell and the usual tools (busybox), users, and a /tmp: base ROOT
base() {
  local root=$1 applet
  mkdir -p "$root"/{bin,etc,tmp,var/tmp,usr/bin,dev,proc,sys,root}
  chmod 1777 "$root/tmp" "$root/var/tmp"
  chmod 700 "$root/root"
  cp "$(command -v busybox)" "$root/bin/busybox"
  for applet in $("$root/bin/busybox" --list); do
    [ -e "$root/bin/$applet" ] || ln -s busybox "$root/bin/$applet"
  done
  printf '%s\n' root:x:0:0:root:/root:/bin/sh nobody:x:65534:65534:nobody:/nonexistent:/bin/false >"$root/etc/passwd"
  printf '%s\n' root:x:0: nogroup:x:65534: >"$root/etc/group"
}

# Run as a program it writes the tarball of one image to its output: the part that needs root.
if [ "${BASH_SOURCE[0]}" = "$0" ]; then
  set -euo pipefail
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  # shellcheck source=/dev/null
  . "$(dirname "$0")/$1/recipe.sh"
  mkdir "$work/root"
  make_root "$work/root"
  tar -C "$work/root" --numeric-owner --owner=0 --group=0 --sort=name -cf - .
fi
