#!/usr/bin/env bash
# Runs a command as root of a Linux kernel of its own (User Mode Linux, an ordinary process): with control groups v2 alone, and
# with memory and disks that a power cut takes. It sees this machine's files, read-only, and DIRECTORY as /mnt/host.
# usage: kernel.sh [--disk FILE] DIRECTORY COMMAND...     FILE is /dev/ubda there
# Prints what COMMAND prints, and exits as it does. A power cut is a SIGKILL to the process group in DIRECTORY/kernel.pid: 137.
set -euo pipefail
disk=()
[ "${1:-}" != --disk ] || { disk=("ubd0=$(realpath "$2")") && shift 2; }
[ $# -ge 2 ] || { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0" >&2; exit 4; }
here=$(cd "$(dirname "$0")" && pwd)
directory=$(realpath "$1")
shift
command -v linux.uml >/dev/null || "$here/../install.sh" kernel
rm -f "$directory/code"
printf '%q ' "$@" >"$directory/command"

set -m
linux.uml mem=512M root=/dev/root rootfstype=hostfs rootflags=/ ro loglevel=0 con=null con0=null,fd:1 ${disk[@]+"${disk[@]}"} \
  "init=$here/kernel_init.sh" "DIRECTORY=$directory" "SEARCH=$PATH" </dev/null 2>"$directory/kernel.log" &
echo $! >"$directory/kernel.pid"
wait $! || true
[ -s "$directory/code" ] || exit 137
exit "$(cat "$directory/code")"
