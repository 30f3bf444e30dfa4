#!/usr/bin/env bash
# A real Slurm of one node for tests, from Debian's packages, beside any other on the machine: its own munge, ports and
# directories. The node has the machine's processors, and two stand-in devices gpu:0 and gpu:1, which are /dev/null.
# usage: tests/testbed/slurm.sh up|down|restart|kill|conf|purge [--instance NAME] [OPTIONS]
#   up       installs what is missing, starts the daemons unless they answer, prints SLURM_CONF's value
#   down     ends them, and the jobs with them           purge   the same, and deletes their data
#   restart  ends slurmctld in an orderly way and starts it again: jobs run on
#   kill     SIGKILL to slurmctld, nothing else          conf    prints the path without starting anything
# Of an instance that is not up yet:
#   --max-array N, --max-submit N   MaxArraySize, MaxJobCount
#   --cpus N                        processors that the node says it has, more than there are too
#   --forget-after N                MinJobAge: seconds after which Slurm forgets a job that has ended
#   --accounting                    slurmdbd with a MariaDB of the instance's own; the caller is in account "studyctl", and
#                                   may add others (sacctmgr); associations, limits and QOS are enforced
# The directory is ${STUDYCTL_TESTBED:-/tmp/studyctl-testbed}/slurm, with -NAME for another instance.
set -euo pipefail
kind=slurm
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/testbed/common.sh
. "$here/common.sh"
# shellcheck source=tests/testbed/slurm_accounting.sh
. "$here/slurm_accounting.sh"
max_array=1001 max_submit=10000 cpus=$(nproc) forget_after=300 accounting=''
asked=("$@") shared=()
while [ $# -gt 0 ]; do
  case $1 in
    --max-array) max_array=${2:?--max-array wants a number} && shift 2 ;;
    --max-submit) max_submit=${2:?--max-submit wants a number} && shift 2 ;;
    --cpus) cpus=${2:?--cpus wants a number} && shift 2 ;;
    --forget-after) forget_after=${2:?--forget-after wants a number} && shift 2 ;;
    --accounting) accounting=yes && shift ;;
    *) shared+=("$1") && shift ;;
  esac
done
parse_options ${shared[@]+"${shared[@]}"}
export SLURM_CONF=$dir/slurm.conf
node=studyctl${instance:+-$instance}

# "ctld slurmd slurmdbd": three ports that nobody listens on, kept from the first start on.
ports() {
  local start offset port free
  if [ "$(wc -w 2>/dev/null <"$dir/ports")" != 3 ]; then
    start=$(printf %s "$dir" | cksum | cut -d' ' -f1)
    for offset in $(seq 0 3 1995); do
      port=$((20000 + (start * 3 + offset) % 1998))
      free=$(seq "$port" $((port + 2)))
      ss -Hltn | grep -qE ":($(tr '\n' '|' <<<"$free")none) " && continue
      grep -sqwF "$free" "$testbed_root"/*/ports && continue
      paste -sd' ' <<<"$free" >"$dir/ports"
      break
    done
  fi
  cat "$dir/ports"
}

# Memory limits end a job by the kernel where the controllers of cgroup v1 are mounted and may be written; else Slurm
# looks at what processes use every few seconds, and ends the job itself.
limits_by_cgroup() {
  [ -d /sys/fs/cgroup/freezer ] && [ -d /sys/fs/cgroup/memory ] && [ -w /sys/fs/cgroup/memory ]
}

write_configuration() {
  local controller_port slurmd_port slurmdbd_port memory
  read -r controller_port slurmd_port slurmdbd_port < <(ports)
  memory=$(awk '/^MemTotal/ {m = int($2 / 1024 * 3 / 4); print m < 8000 ? m : 8000}' /proc/meminfo)
  for gpu in 0 1; do [ -e "$dir/gpu$gpu" ] || mknod -m 666 "$dir/gpu$gpu" c 1 3; done
  echo "NodeName=$node Name=gpu File=$dir/gpu[0-1]" >"$dir/gres.conf"
  cat >"$dir/slurm.conf" <<CONF
ClusterName=$node
SlurmctldHost=$(hostname)(127.0.0.1)
SlurmctldPort=$controller_port
SlurmdPort=$slurmd_port
AuthType=auth/munge
AuthInfo=socket=$dir/munge/socket
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$dir/ctld
SlurmdSpoolDir=$dir/slurmd
SlurmdParameters=config_overrides
SlurmctldPidFile=$dir/slurmctld.own.pid
SlurmdPidFile=$dir/slurmd.own.pid
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
MaxArraySize=$max_array
MaxJobCount=$max_submit
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=5,bf_interval=5
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
GresTypes=gpu
PreemptType=preempt/partition_prio
PreemptMode=CANCEL
JobCompType=jobcomp/none
KillWait=2
MinJobAge=$forget_after
NodeName=$node NodeHostname=$(hostname) NodeAddr=127.0.0.1 Port=$slurmd_port CPUs=$cpus RealMemory=$memory Gres=gpu:2 State=UNKNOWN
PartitionName=main Nodes=$node Default=YES MaxTime=INFINITE DefMemPerCPU=100 State=UP
CONF
  if [ -n "$accounting" ]; then
    cat >>"$dir/slurm.conf" <<CONF
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort=$slurmdbd_port
AccountingStoragePass=$dir/munge/socket
AccountingStorageEnforce=associations,limits,qos
CONF
  else
    echo AccountingStorageType=accounting_storage/none >>"$dir/slurm.conf"
  fi
  if limits_by_cgroup; then
    cat >>"$dir/slurm.conf" <<'CONF'
ProctrackType=proctrack/cgroup
TaskPlugin=task/cgroup
JobAcctGatherType=jobacct_gather/cgroup
CONF
    cat >"$dir/cgroup.conf" <<'CONF'
CgroupPlugin=cgroup/v1
CgroupAutomount=no
ConstrainCores=no
ConstrainDevices=no
ConstrainRAMSpace=yes
ConstrainSwapSpace=no
CONF
  else
    cat >>"$dir/slurm.conf" <<'CONF'
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
CONF
    rm -f "$dir/cgroup.conf"
  fi
}

munge_up() {
  [ -z "$(living_pid "$dir/munged.pid")" ] || return 0
  mkdir -p "$dir/munge"
  chmod 755 "$dir" "$dir/munge"
  [ -s "$dir/munge/key" ] || (umask 077 && head -c 128 /dev/urandom >"$dir/munge/key")
  start_daemon "$dir/munged.pid" "$dir/munged.log" munged --foreground --force --socket "$dir/munge/socket" \
    --key-file "$dir/munge/key" --log-file "$dir/munge/log" --pid-file "$dir/munge/pid" --seed-file "$dir/munge/seed"
  for _ in $(seq 100); do
    munge --socket "$dir/munge/socket" --no-input >/dev/null 2>&1 && return
    sleep 0.1
  done
  tail -n 20 "$dir/munged.log" >&2
  fail "munged did not come up"
}

# Those that the configuration names: an instance is what it was first brought up as.
accounts_if_any() {
  local port
  port=$(sed -n 's/^AccountingStoragePort=//p' "$SLURM_CONF")
  [ -n "$port" ] || return 0
  accounts_up "$port"
  accounts_for_caller
}

controller_up() {
  [ -n "$(living_pid "$dir/slurmctld.pid")" ] ||
    start_daemon "$dir/slurmctld.pid" "$dir/slurmctld.log" slurmctld -D -f "$SLURM_CONF"
}

# The answer itself, not its daemons: that its node takes jobs.
is_ready() {
  [ -s "$SLURM_CONF" ] && timeout 5 sinfo --noheader --format %T 2>/dev/null | grep -qE '^(idle|mixed|allocated|completing)$'
}

await_ready() {
  for _ in $(seq 300); do
    ! is_ready || return 0
    [ -n "$(living_pid "$dir/slurmctld.pid")" ] || break
    sleep 0.1
  done
  tail -n 20 "$dir/slurmctld.log" "$dir/slurmd.log" >&2
  fail "Slurm did not come up; its logs are in $dir"
}

up() {
  if ! is_ready; then
    "$repository/tests/install.sh" slurm ${accounting:+slurmdbd}
    mkdir -p "$dir"/{ctld,slurmd}
    [ -n "$(living_pid "$dir/slurmctld.pid")" ] || write_configuration
    munge_up
    accounts_if_any
    controller_up
    [ -n "$(living_pid "$dir/slurmd.pid")" ] ||
      start_daemon "$dir/slurmd.pid" "$dir/slurmd.log" slurmd -D -f "$SLURM_CONF" -N "$node"
    await_ready
  fi
  echo "$SLURM_CONF"
}

down() {
  if [ -n "$(living_pid "$dir/slurmctld.pid")" ]; then
    timeout 10 scancel --signal KILL --full --state RUNNING --partition main 2>/dev/null || true
    timeout 10 scancel --partition main 2>/dev/null || true
    for _ in $(seq 100); do
      [ -n "$(timeout 5 squeue --noheader 2>/dev/null)" ] || break
      sleep 0.1
    done
  fi
  stop_daemon "$dir/slurmd.pid" TERM
  stop_daemon "$dir/slurmctld.pid" TERM
  accounts_down
  stop_daemon "$dir/munged.pid" TERM
}

case $verb in
  conf) echo "$SLURM_CONF" ;;
  up | down | restart | kill | purge)
    become_root "${asked[@]}"
    lock_instance
    case $verb in
      restart)
        stop_daemon "$dir/slurmctld.pid" TERM
        controller_up
        await_ready ;;
      kill) stop_daemon "$dir/slurmctld.pid" KILL ;;
      purge)
        down
        delete_directory ;;
      *) "$verb" ;;
    esac ;;
  -h | --help) usage 0 ;;
  *) usage 4 ;;
esac
