# The controller: studyctl as it was built here (in $STUDYCTL_BUILD, else build/), what it loads, and busybox.
# shellcheck shell=bash disable=SC2034,SC2154
program=${STUDYCTL_BUILD:-$(dirname "$0")/../build}/studyctl
inputs=("$program")
mapfile -t changes < <(sed '1,/^FROM scratch/d;/^COPY/d' "$(dirname "$0")/controller/Containerfile")

make_root() {
  base "$1"
  controller "$1" "$program"
}

# A container of an image without debian_version gets NVIDIA's libraries where this loader does not look.
controller() {
  local root=$1 library
  mkdir -p "$root"/{run,results,etc/ssl/certs}
  chmod 1777 "$root/results"
  cp -p /etc/debian_version /etc/nsswitch.conf /etc/services "$root/etc/" 2>/dev/null || true
  cp --dereference /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
  strip -o "$root/usr/bin/studyctl" "$2"
  for library in $(ldd "$2" | grep -o '/[^ ]*'); do
    copy_within / "$root" "$library"
  done
}
