#!/usr/bin/env bash
# A real Podman API service for tests, from Debian's packages, with storage, network and socket of its own: a user's
# containers are not in it. While it is up, stand-in CDI devices lie in /var/run/cdi: studyctl.test/gpu=0 and =1
# (/dev/fakegpu0, /dev/fakegpu1), and nvidia.com/gpu=0 and =1 (/dev/nvidia0, /dev/nvidia1) where the machine has no NVIDIA spec.
# usage: tests/testbed/podman.sh up|down|restart|kill|socket|purge [--instance NAME]
#   up       installs what is missing, starts the service unless it answers, prints DOCKER_HOST's value
#   down     removes the containers and ends the service; images stay   purge   the same, and deletes its data
#   restart  ends the service in an orderly way and starts it again     kill    SIGKILL to it; containers run on
#   socket   prints the address without starting anything
# The directory is ${STUDYCTL_TESTBED:-/tmp/studyctl-testbed}/podman, with -NAME for another instance.
set -euo pipefail
kind=podman subnet_prefix=10.214
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/testbed/common.sh
. "$here/common.sh"
parse_options "$@"
cdi=/var/run/cdi

own_podman() {
  CONTAINERS_CONF=$dir/containers.conf podman --root "$dir/data" --runroot "$dir/run" --tmpdir "$dir/tmp" "$@"
}

# runc, since crun 1.8.1 refuses a hybrid cgroup v1 host; ulimits, since Podman's default needs CAP_SYS_RESOURCE.
write_configuration() {
  cat >"$dir/containers.conf" <<CONF
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[network]
network_backend = "netavark"
network_config_dir = "$dir/networks"
default_network = "$(bridge_name)"
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
CONF
  mkdir -p "$dir/networks"
  cat >"$dir/networks/$(bridge_name).json" <<JSON
{"name": "$(bridge_name)", "id": "$(printf %s "$dir" | sha256sum | cut -c1-64)", "driver": "bridge",
 "network_interface": "$(bridge_name)", "created": "2026-01-01T00:00:00Z",
 "subnets": [{"subnet": "$(subnet).0/24", "gateway": "$(subnet).1"}],
 "ipv6_enabled": false, "internal": false, "dns_enabled": false, "ipam_options": {"driver": "host-local"}}
JSON
}

# cdi_spec KIND NODE: two devices, made of /dev/null and /dev/zero.
cdi_spec() {
  cat <<JSON
{"cdiVersion": "0.3.0", "kind": "$1", "devices": [
  {"name": "0", "containerEdits": {"env": ["STUDYCTL_FAKE_GPU=0"],
   "deviceNodes": [{"path": "${2}0", "type": "c", "major": 1, "minor": 3, "permissions": "rw"}]}},
  {"name": "1", "containerEdits": {"env": ["STUDYCTL_FAKE_GPU=1"],
   "deviceNodes": [{"path": "${2}1", "type": "c", "major": 1, "minor": 5, "permissions": "rw"}]}}],
 "containerEdits": {"env": ["STUDYCTL_CDI=1"],
  "mounts": [{"hostPath": "/etc/hostname", "containerPath": "/fake-driver", "options": ["ro", "bind"]}]}}
JSON
}

write_cdi() {
  mkdir -p "$cdi"
  cdi_spec studyctl.test/gpu /dev/fakegpu >"$cdi/studyctl-test.json"
  if ! grep -sqr --exclude=studyctl-test-nvidia.json 'nvidia.com/gpu' /etc/cdi "$cdi"; then
    cdi_spec nvidia.com/gpu /dev/nvidia >"$cdi/studyctl-test-nvidia.json"
  fi
}

up() {
  [ -f "$cdi/studyctl-test.json" ] || write_cdi
  if ! answers; then
    "$repository/tests/install.sh" podman
    stop_daemon "$dir/service.pid" KILL
    write_configuration
    CONTAINERS_CONF=$dir/containers.conf start_daemon "$dir/service.pid" "$dir/service.log" \
      podman --root "$dir/data" --runroot "$dir/run" --tmpdir "$dir/tmp" system service --time=0 "unix://$socket"
    await_answer "$dir/service.pid" "$dir/service.log"
    give_socket_to_caller
  fi
  echo "unix://$socket"
}

down() {
  stop_daemon "$dir/service.pid" TERM
  [ ! -d "$dir/data" ] || own_podman rm --all --force --time 0 --volumes >/dev/null
  ip link del "$(bridge_name)" 2>/dev/null || true
  # Another test bed's service may be up, and reads the same folder.
  pgrep -f -- '--tmpdir [^ ]*/tmp system service --time=0' >/dev/null ||
    rm -f "$cdi/studyctl-test.json" "$cdi/studyctl-test-nvidia.json"
}

case $verb in
  socket) echo "unix://$socket" ;;
  up | down | restart | kill | purge)
    become_root "$@"
    lock_instance
    case $verb in
      restart)
        stop_daemon "$dir/service.pid" TERM
        up ;;
      kill) stop_daemon "$dir/service.pid" KILL ;;
      purge)
        down
        delete_directory ;;
      *) "$verb" ;;
    esac ;;
  -h | --help) usage 0 ;;
  *) usage 4 ;;
esac
