#!/usr/bin/env bash
# A real Docker Engine for tests, from Debian's packages, beside any other on the machine: its own data, containerd,
# bridge and socket, and no firewall rules. Containers reach the host and each other, not the outside.
# usage: tests/testbed/docker.sh up|down|restart|kill|socket|purge [--instance NAME] [--live-restore]
#   up       installs what is missing, starts the engine unless it answers, prints DOCKER_HOST's value
#   down     ends it, and the containers with it; images stay         purge   the same, and deletes its data
#   restart  ends dockerd in an orderly way and starts it again       kill    SIGKILL to dockerd, nothing else
#   socket   prints the address without starting anything
# The directory is ${STUDYCTL_TESTBED:-/tmp/studyctl-testbed}/docker, with -NAME for another instance.
# A file named nvidia-fail in it makes the stand-in NVIDIA hook fail as a broken driver does.
set -euo pipefail
kind=docker subnet_prefix=10.213
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/testbed/common.sh
. "$here/common.sh"
parse_options "$@"

containerd_up() {
  [ -z "$(living_pid "$dir/containerd.pid")" ] || return 0
  mkdir -p "$dir/containerd"
  cat >"$dir/containerd.toml" <<TOML
version = 2
root = "$dir/containerd/root"
state = "$dir/containerd/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]
[grpc]
  address = "$dir/containerd.sock"
TOML
  start_daemon "$dir/containerd.pid" "$dir/containerd.log" containerd --config "$dir/containerd.toml"
  for _ in $(seq 100); do
    [ -S "$dir/containerd.sock" ] && return
    sleep 0.1
  done
  tail -n 20 "$dir/containerd.log" >&2
  fail "containerd did not come up"
}

bridge_up() {
  local bridge
  bridge=$(bridge_name)
  ip link show "$bridge" >/dev/null 2>&1 || ip link add "$bridge" type bridge
  ip addr replace "$(subnet).1/24" dev "$bridge"
  ip link set "$bridge" up
}

# Where CAP_SYS_RESOURCE (bit 24) is lacking, runc goes through a wrapper that asks for nothing that needs it.
runtime_options() {
  local effective
  effective=$(sed -n 's/^CapEff:\s*//p' /proc/self/status)
  (((0x$effective >> 24 & 1) == 0)) || return 0
  echo --add-runtime "lowpriv=$here/stubs/runc-lowpriv" --default-runtime lowpriv
}

dockerd_up() {
  local options
  containerd_up
  bridge_up
  rm -f "$dir/dockerd.engine.pid"
  read -ra options < <(runtime_options; [ -z "$live_restore" ] || echo --live-restore)
  start_daemon "$dir/dockerd.pid" "$dir/dockerd.log" \
    env PATH="$here/stubs:$PATH" STUDYCTL_STUB_NVIDIA_FAIL="$dir/nvidia-fail" \
    dockerd --config-file "$dir/daemon.json" --host "unix://$socket" --containerd "$dir/containerd.sock" \
    --data-root "$dir/data" --exec-root "$dir/run" --pidfile "$dir/dockerd.engine.pid" \
    --bridge "$(bridge_name)" --iptables=false --ip6tables=false --ip-masq=false --ip-forward=false \
    ${options[@]+"${options[@]}"}
  await_answer "$dir/dockerd.pid" "$dir/dockerd.log"
  give_socket_to_caller
}

up() {
  if ! answers; then
    "$repository/tests/install.sh" docker
    [ -f "$dir/daemon.json" ] || echo '{}' >"$dir/daemon.json"
    stop_daemon "$dir/dockerd.pid" KILL
    dockerd_up
  fi
  echo "unix://$socket"
}

own_ctr() {
  [ -n "$(living_pid "$dir/containerd.pid")" ] || return 0
  ctr --address "$dir/containerd.sock" --namespace moby tasks "$@" 2>/dev/null
}

# Containers are killed first, since most ignore the SIGTERM that dockerd would send and wait for. Those that outlived
# a killed dockerd, or one with --live-restore, are removed behind its back: the next one finds them exited.
down() {
  local task
  for task in $(own_ctr list --quiet || true); do
    own_ctr kill --signal SIGKILL "$task" || true
  done
  stop_daemon "$dir/dockerd.pid" TERM
  for task in $(own_ctr list --quiet || true); do
    own_ctr remove --force "$task" >/dev/null || true
  done
  stop_daemon "$dir/containerd.pid" TERM
  ip link del "$(bridge_name)" 2>/dev/null || true
}

case $verb in
  socket) echo "unix://$socket" ;;
  up | down | restart | kill | purge)
    become_root "$@"
    lock_instance
    case $verb in
      restart)
        stop_daemon "$dir/dockerd.pid" TERM
        up ;;
      kill) stop_daemon "$dir/dockerd.pid" KILL ;;
      purge)
        down
        delete_directory ;;
      *) "$verb" ;;
    esac ;;
  -h | --help) usage 0 ;;
  *) usage 4 ;;
esac
