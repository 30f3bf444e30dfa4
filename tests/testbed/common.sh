# What docker.sh, podman.sh and slurm.sh share: options, the instance's own directory and bridge, waiting, stopping.
# Sourced, never run. The caller has set `kind` (docker, podman, slurm) and, where it has a bridge, `subnet_prefix` (two octets), and `set -e`.
# shellcheck shell=bash disable=SC2034,SC2154,SC2164

testbed_root=${STUDYCTL_TESTBED:-/tmp/studyctl-testbed}
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

usage() {
  sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0" >&2
  exit "$1"
}

fail() {
  echo "$(basename "$0"): $*" >&2
  exit 1
}

# Sets `verb`, `instance`, `live_restore`, `dir` and `socket` from the command line.
parse_options() {
  verb=${1:-} instance='' live_restore=''
  [ $# -gt 0 ] && shift
  while [ $# -gt 0 ]; do
    case $1 in
      --instance) instance=${2:?--instance wants a name} && shift 2 ;;
      --live-restore) live_restore=yes && shift ;;
      *) usage 4 ;;
    esac
  done
  [[ $instance =~ ^[a-z0-9-]*$ ]] || fail "--instance: lower-case letters, digits and dashes only, is '$instance'"
  dir=$testbed_root/$kind${instance:+-$instance}
  socket=$dir/$kind.sock
}

# Engines need root: goes on under sudo where the caller is somebody else, who then owns the socket.
become_root() {
  [ "$(id -u)" = 0 ] && return
  command -v sudo >/dev/null || fail "run this as root, or install sudo"
  exec sudo STUDYCTL_TESTBED="$testbed_root" "$0" "$@"
}

give_socket_to_caller() {
  [ -z "${SUDO_UID:-}" ] || chown "$SUDO_UID" "$socket"
}

# One script at a time per instance: two tests may both want the engine up.
lock_instance() {
  mkdir -p "$dir"
  exec {lock_fd}>"$dir/lock"
  flock -w 120 "$lock_fd" || fail "another $kind.sh has held $dir/lock for two minutes"
}

answers() {
  [ "$(curl -s -m 5 --unix-socket "$socket" http://localhost/_ping 2>/dev/null)" = OK ]
}

# The pid in a file when that process lives and is of this instance; else nothing. Pids are used again: another's
# engine must never be taken for ours.
living_pid() {
  local pid
  pid=$(cat "$1" 2>/dev/null) || return 0
  tr '\0' ' ' 2>/dev/null <"/proc/${pid:-none}/cmdline" | grep -qF "$dir/" || return 0
  echo "$pid"
}

# Runs a daemon in its own session, without our lock, and writes its pid: start_daemon PIDFILE LOG COMMAND...
start_daemon() {
  local pid_file=$1 log=$2
  shift 2
  (
    cd "$dir"
    exec {lock_fd}>&-
    exec setsid "$@" >>"$log" 2>&1 </dev/null
  ) &
  echo $! >"$pid_file"
}

# Waits until the engine that start_daemon started answers, or ends: await_answer PIDFILE LOG
await_answer() {
  for _ in $(seq 300); do
    answers && return
    kill -0 "$(cat "$1")" 2>/dev/null || break
    sleep 0.1
  done
  tail -n 20 "$2" >&2
  fail "the engine did not come up; its log is $2"
}

# Signals a daemon and waits for its end, with SIGKILL after 30 s: stop_daemon PIDFILE SIGNAL
stop_daemon() {
  local pid
  pid=$(living_pid "$1")
  if [ -n "$pid" ]; then
    kill "-$2" "$pid" 2>/dev/null || true
    for _ in $(seq 600); do
      [ -n "$(living_pid "$1")" ] || break
      sleep 0.05
    done
    [ -z "$(living_pid "$1")" ] || kill -KILL "$pid"
  fi
  rm -f "$1"
}

# An interface name of at most 15 characters that no other instance has.
bridge_name() {
  printf 'sctl%s%08x' "${kind:0:1}" "$(printf %s "$dir" | cksum | cut -d' ' -f1)"
}

# The instance's /24, as "a.b.c": kept from the first start on; else the first that nobody uses, from one that the
# directory's name determines, since a bridge without containers may not be there to be seen.
subnet() {
  local start offset candidate
  if [ ! -s "$dir/subnet" ]; then
    start=$(printf %s "$dir" | cksum | cut -d' ' -f1)
    for offset in $(seq 0 255); do
      candidate=$subnet_prefix.$(((start + offset) % 256))
      ip -4 -o addr show | grep -qF " $candidate." && continue
      grep -sqxF "$candidate" "$testbed_root"/*/subnet && continue
      echo "$candidate" >"$dir/subnet"
      break
    done
  fi
  cat "$dir/subnet"
}

delete_directory() {
  { findmnt -rno TARGET | grep -F "$dir/" || true; } | sort -r | xargs -r umount
  rm -rf "$dir"
}
