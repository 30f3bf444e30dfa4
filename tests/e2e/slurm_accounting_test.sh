#!/usr/bin/env bash
# Studies on a Slurm that keeps accounts (slurmdbd) and forgets jobs within seconds: what became of attempts whose notes are lost is told by
# sacct; accounts and QOS that do not exist are refused before anything starts; limits of an account are waited for.
# usage: slurm_accounting_test.sh slurm
. "$(dirname "$0")/lib.sh"
slurm=$top/tests/testbed/slurm.sh
instance=${STUDYCTL_TEST_INSTANCE:-accounts}
"$slurm" purge --instance "$instance"
SLURM_CONF=$("$slurm" up --instance "$instance" --accounting --cpus 16 --forget-after 2)
export SLURM_CONF
cleanups+=('"$slurm" purge --instance "$instance"')
user=$(id -un)

# on_slurm NAME SCRIPT EXECUTION
on_slurm() {
  a_study "$1" "$2" "engine: slurm, $3"
  sed -i 's|image: .*|image: none|' study.yaml
}
in_results() { sqlite3 "$1/studies.db" "$2"; }
# account NAME LIMIT...: one of the caller's, with a limit
account() {
  local name=$1
  shift
  sacctmgr --immediate add account "$name" "$@" >/dev/null
  sacctmgr --immediate add user "$user" account="$name" >/dev/null
}

# ---- refused before anything starts
points=2 on_slurm refused true 'slurm: {account: nope}'
expect_code 4 studyctl apply study.yaml
expect_said "execution.slurm.account: Slurm takes no job as 'nope': Invalid account"
points=2 on_slurm refused true 'slurm: {qos: nope}'
expect_code 4 studyctl apply study.yaml
expect_said "execution.slurm.qos: Slurm takes no job as 'nope': Invalid qos specification"
sacctmgr --immediate add qos short maxwall=10 flags=DenyOnLimit >/dev/null
sacctmgr --immediate modify user "$user" set qos+=short >/dev/null
points=2 on_slurm refused true 'slurm: {qos: short}'
sed -i 's|run: 2m|run: 1h|' study.yaml
expect_code 4 studyctl apply study.yaml
expect_said "execution.slurm: Slurm takes no job: it is beyond QOSMaxWallDurationPerJobLimit"
expect_equal "$(squeue --noheader | wc -l)" 0 "jobs of what was refused"

# ---- limits of accounts: waited for, and said. What is in "urgent" makes room for nothing.
scontrol create PartitionName=urgent Nodes=ALL PriorityTier=2 MaxTime=10 DefMemPerCPU=100 State=UP
account few MaxSubmitJobs=3
account single MaxJobs=1
account narrow GrpTRES=cpu=1
# limited ACCOUNT SECONDS: a study of seven that take so long
limited() {
  points=7 on_slurm "$1" "echo run >>\$STUDY_RESULTS/ran; sleep $2" "parallelism: 7, slurm: {account: $1, partition: urgent}"
  studyctl apply study.yaml --results "$1" >"$1.log" 2>&1 &
  echo $! >"$1.pid"
  wait_until 30 test -e "$1/$1/latest/status.json"
}
says() { jq -r '.waiting_for[]' "$1/$1/latest/status.json" | grep -qF -- "$2"; }
limited few 2
limited single 5
limited narrow 5

# ---- meanwhile: attempts that lose their notes, of which one grows too large, one is cancelled, one is at its time
# limit, and one makes room for what is of more importance
# losing NAME POINTS PARTITION LIMITS: a study whose attempts run until told otherwise, and succeed when they are tried again
losing() {
  points=$2 on_slurm "$1" "[ ! -e $work/again ] || exit 0; echo \$SLURM_ARRAY_JOB_ID\"_\"\$SLURM_ARRAY_TASK_ID >$work/$1-\${params.i}; \
            while [ ! -e $work/grow-$1-\${params.i} ]; do sleep 0.2; done; head -c 300m /dev/zero | tail" \
    "parallelism: $2, retry: {limit: 1, backoff: {initial: 100ms}}, slurm: {partition: $3}"
  sed -i "s|\(image: none\)|\1\n          resources: {limits: {memory: 64Mi$4}}|" study.yaml
  studyctl apply study.yaml --results "$1" >"$1.log" 2>&1 &
  echo $! >"$1.pid"
  wait_until 30 all_run "$1" "$2"
  find "$1" -type d -path '*.scratch/slurm' -prune -exec rm -rf {} +
}
all_run() { [ "$(find . -maxdepth 1 -name "$1-[0-9]" -size +0 | wc -l)" = "$2" ]; }
losing forgotten 4 urgent ''
losing preempted 1 main ', nvidia.com/gpu: 2'
touch again grow-forgotten-1
scancel "$(cat forgotten-2)"
scontrol update "jobid=$(cat forgotten-3)" "endtime=now+1"
sbatch --partition=urgent --gres=gpu:2 --time=5 --output=/dev/null --wrap true >/dev/null

wait_until 30 says few 'Slurm takes no more jobs now: AssocMaxSubmitJobLimit'
wait_until 40 says single "waits in Slurm's queue: AssocMaxJobsLimit"
wait_until 40 says narrow "waits in Slurm's queue: AssocGrpCpuLimit"
for name in few single narrow; do
  wait "$(cat $name.pid)" || fail "$name: $(cat $name.log)"
  expect_equal "$(in_results $name "select count(*) from jobs where state = 'Succeeded'")" 7 "repetitions of $name that succeeded"
  expect_equal "$(cat $name/$name/latest/experiments/*/*/cycle-1/result/ran | wc -l)" 7 "how often those of $name ran"
done

# ---- the node of the one that is left goes
one_is_left() { [ "$(squeue --noheader | wc -l)" = 1 ]; }
nothing_runs() { [ "$(squeue --noheader | wc -l)" = 0 ]; }
wait_until 60 one_is_left
node=$(sinfo --noheader --format=%n | head -n 1)
scontrol update "nodename=$node" state=down reason=test
wait_until 20 nothing_runs
scontrol update "nodename=$node" state=resume 2>/dev/null || true  # where it has not come back by itself
for name in forgotten preempted; do wait "$(cat $name.pid)" || fail "$name: $(cat $name.log)"; done
how_they_ended() {
  in_results "$1" "select reason || ' ' || counted || ' ' || message from attempts where reason != 'Completed' order by repetition"
}
expect_equal "$(how_they_ended forgotten)" "OOMKilled 1 killed at the memory limit (64.0 MiB)
Interrupted 0 somebody else cancelled it in Slurm
Timeout 1 was ended at Slurm's time limit
Interrupted 0 Slurm ended it: NODE_FAIL" "how those ended that Slurm has forgotten"
expect_equal "$(how_they_ended preempted)" "Interrupted 0 Slurm ended it: PREEMPTED" "how the one ended that made room"
