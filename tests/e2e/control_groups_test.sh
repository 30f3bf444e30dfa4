#!/usr/bin/env bash
# Limits of plain processes by control groups v2, on a kernel that has nothing else: as root, as root of a container, and as a
# user to whom a group is delegated, as systemd does it (`systemd-run --user --scope -p Delegate=yes`).
# usage: control_groups_test.sh process
. "$(dirname "$0")/lib.sh"
if [ ! -e /mnt/host ]; then
  timeout 300 "$top/tests/testbed/kernel.sh" "$work" "$top/tests/e2e/control_groups_test.sh" process || fail "on a kernel of its own"
  exit 0
fi

. "$top/tests/e2e/limits.sh"
groups_left() { find /sys/fs/cgroup -type d -name 'studyctl-*-a[0-9]*' | wc -l; }

# ---- root: below the topmost group
expect_code 1 studyctl apply limits.yaml
expect_said 'OOMKilled: killed at the memory limit (32.0 MiB)'
kept "as root"
expect_equal "$(groups_left)" 0 "groups of attempts that are left"

# ---- a supervisor that is killed: its successor ends what it left, by its groups alone
sed 's/what: .*/what: [wiped, wiped2]}/; s/name: limits/name: killed/; s/sleep 0.2; exit 0/sleep 600/; s/wiped)/wiped*)/
  s/engine: process/engine: process, parallelism: 2/' limits.yaml >killed.yaml
studyctl apply killed.yaml >first.log 2>&1 &
controller=$!
wait_until 30 sh -c '[ "$(pgrep -fxc "sleep 600")" -ge 4 ]'
expect_equal "$(groups_left)" 2 "groups of attempts that run"
kill -9 "$controller" "$(pgrep -f 'supervise .*results/.studyctl/processes')"
wait "$controller" || true
sed 's/what: .*/what: [fine]}/; s/name: limits/name: after/' limits.yaml >after.yaml
expect_code 0 studyctl apply after.yaml
! pgrep -fx 'sleep 600' >/dev/null || fail "what a killed supervisor left runs on"
expect_equal "$(groups_left)" 0 "groups that a killed supervisor left"

# ---- root whose topmost group is not the machine's, and is where it is itself
echo '+memory +cpu +pids' >/sys/fs/cgroup/cgroup.subtree_control
mkdir /sys/fs/cgroup/box
in_box() {
  # shellcheck disable=SC2016
  sh -c 'echo $$ >/sys/fs/cgroup/box/cgroup.procs && exec unshare --cgroup --mount sh -c "umount /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec \"\$@\"" sh "$@"' sh "$@"
}
mkdir box && cp limits.yaml box && cd box
expect_code 1 in_box studyctl apply limits.yaml
kept "as root of a container"

# ---- a user with a group of its own, in which the shell that called is too
mkdir -p /sys/fs/cgroup/user/scope
echo '+memory +cpu +pids' >/sys/fs/cgroup/user/cgroup.subtree_control
chown -R 1000:1000 /sys/fs/cgroup/user/scope
own=$(mktemp -d)
cp limits.yaml "$own"
chown -R 1000:1000 "$own"
cd "$own"
as_user() { sh -c 'echo $$ >/sys/fs/cgroup/user/scope/cgroup.procs && exec setpriv --reuid=1000 --regid=1000 --clear-groups "$@"' sh "$@"; }
expect_code 1 as_user studyctl apply limits.yaml
kept "as a user"
expect_equal "$(groups_left)" 0 "groups of attempts that are left"
