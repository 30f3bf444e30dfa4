#!/usr/bin/env bash
# The package is made, has no fault that lintian calls an error, and works in a machine that has Debian and nothing else.
# usage: deb_test.sh BUILD_DIRECTORY        (as root)
set -euo pipefail
build=$(realpath "$1")
work=$(mktemp -d "${TMPDIR:-/tmp}/studyctl-deb.XXXXXX")
trap 'rm -rf "$work"' EXIT
fail() {
  echo "FAILED: $*" >&2
  exit 1
}

cpack -G DEB --config "$build/CPackConfig.cmake" -B "$work/cpack" >"$work/cpack.log" 2>&1 || { cat "$work/cpack.log" >&2; fail "cpack"; }
deb=$(echo "$work"/cpack/studyctl_*_*.deb)
[ -f "$deb" ] || fail "no package was made"
lintian --allow-root --tag-display-limit 0 --fail-on error "$deb" || fail "lintian finds errors"

# ---- in a machine of its own
sources=/etc/apt/sources.list.d/debian.sources
[ -f "$sources" ] && grep -q bookworm "$sources" || sources=''
mmdebstrap --quiet --mode=root --variant=apt --include=man-db,bash-completion bookworm "$work/root" ${sources:+"$sources"} >"$work/mmdebstrap.log" 2>&1 ||
  { cat "$work/mmdebstrap.log" >&2; fail "no machine could be made"; }
cp "$deb" "$work/root/tmp/studyctl.deb"
cp /etc/resolv.conf "$work/root/etc/resolv.conf"
in_there() { chroot "$work/root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 "$@"; }
in_there apt-get update -qq >"$work/install.log" 2>&1 || { cat "$work/install.log" >&2; fail "no mirror is reached"; }
in_there env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends /tmp/studyctl.deb >"$work/install.log" 2>&1 ||
  { cat "$work/install.log" >&2; fail "it cannot be installed"; }

[ "$(in_there studyctl version)" = "$("$build/studyctl" version)" ] || fail "another version runs"
in_there man studyctl | grep -q '^NAME' || fail "no man page"
in_there man studyctl-get-runs | grep -q 'Runs of one study' || fail "no man page of a command below a command"
completed=$(in_there bash -ec '. /usr/share/bash-completion/completions/studyctl
  COMP_WORDS=(studyctl get ru) COMP_CWORD=2 COMP_LINE="studyctl get ru" COMP_POINT=15
  _studyctl studyctl ru get
  echo "${COMPREPLY[*]}"')
[ "$completed" = runs ] || fail "bash completes 'get ru' to '$completed'"
in_there sh -c 'studyctl create study nmr >/tmp/study.yaml && studyctl validate /tmp/study.yaml' || fail "validate"
in_there sh -c 'echo "kind: Study" >/tmp/bad.yaml; studyctl validate /tmp/bad.yaml' >/dev/null 2>&1 && fail "a bad manifest is valid"
grep -q '^ExecStart=/usr/bin/studyctl serve' "$work/root/lib/systemd/system/studyctl.service" || fail "no unit"
[ -s "$work/root/usr/share/zsh/vendor-completions/_studyctl" ] || fail "zsh does not complete it"
[ -s "$work/root/usr/share/fish/vendor_completions.d/studyctl.fish" ] || fail "fish does not complete it"
in_there apt-get purge -y -qq studyctl >/dev/null 2>&1 || fail "it cannot be removed"
[ ! -e "$work/root/usr/bin/studyctl" ] || fail "it is there still"
echo "ok: $(basename "$deb")"
