#!/usr/bin/env bash
# Studies on a Slurm of this test's own: job arrays that are cut by the site's limit, a controller that is killed while Slurm's
# is restarted, timeouts, cancel, devices, what the site refuses, and a Slurm that does not answer.
# usage: slurm_test.sh slurm
. "$(dirname "$0")/lib.sh"
slurm=$top/tests/testbed/slurm.sh
instance=${STUDYCTL_TEST_INSTANCE:-e2e}
"$slurm" purge --instance "$instance"
SLURM_CONF=$("$slurm" up --instance "$instance" --max-array 64)
export SLURM_CONF
cleanups+=('"$slurm" purge --instance "$instance"')

# on_slurm NAME SCRIPT EXECUTION
on_slurm() {
  a_study "$1" "$2" "engine: slurm, $3"
  sed -i 's|image: .*|image: none|' study.yaml
}
jobs_left() { squeue --noheader --array | wc -l; }
no_jobs_left() { [ "$(jobs_left)" = 0 ]; }
at_least() { [ "$(jobs_in "$1")" -ge "$2" ]; }

# shellcheck disable=SC2016
points=200 on_slurm array 'echo ${params.i} >$STUDY_RESULTS/out.txt; sleep 0.1' 'parallelism: 200'
studyctl apply study.yaml >apply.log 2>&1 &
controller=$!
wait_until 90 at_least Succeeded 10
kill -9 "$controller"
wait "$controller" 2>/dev/null || true
"$slurm" restart --instance "$instance"
expect_code 0 studyctl apply study.yaml
expect_equal "$(jobs_in Succeeded)" 200 "repetitions that succeeded"
expect_equal "$(sqlite3 results/studies.db 'select count(*) from attempts')" 200 "attempts: none was made twice"
expect_equal "$(cat results/array/latest/experiments/*/*/cycle-1/result/out.txt | sort -n | tr '\n' ' ')" "$(seq -s ' ' 200) " \
  "what was written"
arrays=$(squeue --noheader --states=all --array --format=%F | sort | uniq -c)
[ "$(awk '$1 > 64' <<<"$arrays" | wc -l)" = 0 ] || fail "arrays of 64 at most: $arrays"
[ "$(wc -l <<<"$arrays")" -le 8 ] || fail "few arrays: $arrays"
expect_equal "$(find results/array -name slurm -o -name '*.scratch' | wc -l)" 0 "files of the engine that were left"
wait_until 20 no_jobs_left

# shellcheck disable=SC2016
points=2 on_slurm limits '[ ${params.i} = 1 ] || sleep 60; echo $CUDA_VISIBLE_DEVICES' 'parallelism: 2'
sed -i 's|run: 2m|run: 3s|; s|\(image: none\)|\1\n          resources: {limits: {nvidia.com/gpu: 1, cpu: 1, memory: 64Mi}}|' study.yaml
expect_code 1 studyctl apply study.yaml --results limits-results
expect_equal "$(sqlite3 limits-results/studies.db "select group_concat(reason) from (select reason from attempts order by 1)")" \
  Completed,Timeout "how they ended"

points=4 on_slurm cancelled 'echo up; sleep 100' 'parallelism: 4'
studyctl apply study.yaml >apply.log 2>&1 &
controller=$!
wait_until 60 at_least Running 2
expect_code 0 studyctl cancel cancelled
wait "$controller" || true
expect_equal "$(jobs_in Cancelled)" 4 "repetitions that were cancelled"
wait_until 20 no_jobs_left

# ---- munge and slurmctld are away in the middle of a run: what is to start waits for them, and nothing is lost or run twice
# shellcheck disable=SC2016
points=8 on_slurm outage 'echo run >>$STUDY_RESULTS/ran; sleep 2' 'parallelism: 2'
studyctl apply study.yaml --results outage-results >apply.log 2>&1 &
controller=$!
outage_succeeded() { [ "$(sqlite3 outage-results/studies.db "select count(*) from jobs where state = 'Succeeded'")" -ge "$1" ]; }
says() { jq -r '.waiting_for[]' outage-results/outage/latest/status.json | grep -qF -- "$1"; }
wait_until 60 outage_succeeded 1
kill "$(cat "${SLURM_CONF%/*}/munged.pid")"
wait_until 30 says 'Slurm does not answer'
"$slurm" kill --instance "$instance"
sleep 5
"$slurm" up --instance "$instance" >up.log
wait "$controller" || fail "a study through an outage: $(cat apply.log)"
expect_equal "$(sqlite3 outage-results/studies.db "select group_concat(distinct reason), count(*) from attempts")" "Completed|8" "attempts"
expect_equal "$(cat outage-results/outage/latest/experiments/*/*/cycle-1/result/ran | wc -l)" 8 "how often they ran"

# ---- requeued by an admin: another attempt, and none that counts
points=1 on_slurm requeued '[ -e ../../requeued ] || sleep 60' 'parallelism: 1, retry: {backoff: {initial: 100ms}}'
sed -i "s|../../requeued|$work/requeued|" study.yaml
studyctl apply study.yaml --results requeued-results >apply.log 2>&1 &
controller=$!
runs_one() { [ "$(squeue --noheader --states=RUNNING --format=%i | wc -l)" = 1 ] && [ -n "$(find requeued-results -name started)" ]; }
wait_until 60 runs_one
touch requeued
job=$(squeue --noheader --format=%i)
scontrol update "jobid=$job" requeue=1
scontrol requeue "$job"
wait "$controller" || fail "a requeued study: $(cat apply.log)"
expect_equal "$(sqlite3 requeued-results/studies.db "select group_concat(reason || ' ' || counted) from (select reason, counted from attempts order by id)")" \
  "Interrupted 0,Completed 0" "the attempts of what was requeued"

# ---- prepared and wrapped: a stand-in for Apptainer shows what it was called with
cat >apptainer <<'SH'
#!/bin/sh
printf '%s\n' "$@" | sed 's|=.*:|=HERE:|; /^-c$/q'
while [ "$1" != solver.sif ]; do shift; done
shift
exec "$@"
SH
chmod +x apptainer
# shellcheck disable=SC2016
points=1 on_slurm wrapped 'echo $PREPARED $WANTED' "slurm: {setup: export PREPARED=yes, inheritEnv: [WANTED], wrapper: [$work/apptainer, exec, '--bind={mount}', '{image}']}"
sed -i 's|image: none|image: solver.sif|' study.yaml
WANTED=wanted expect_code 0 studyctl apply study.yaml --results wrapped-results
expect_equal "$(grep -v bind wrapped-results/wrapped/latest/experiments/*/*/cycle-1/result/stdout.log | tr '\n' ' ')" "exec solver.sif sh -c yes wanted " "what ran"
grep -qx -- '--bind=HERE:/results' wrapped-results/wrapped/latest/experiments/*/*/cycle-1/result/stdout.log || fail "no mount"

expect_code 0 env -u DOCKER_HOST studyctl doctor --results array-results
expect_said "at slurm://studyctl-$instance"

points=2 on_slurm refused true 'slurm: {partition: nope}'
expect_code 4 studyctl apply study.yaml
expect_said "execution.slurm.partition: Slurm's cluster studyctl-$instance has no 'nope'; there are main"
points=2 on_slurm refused true 'slurm: {particion: main}'
expect_code 4 studyctl apply study.yaml
expect_said "did you mean 'partition'?"
points=2 on_slurm refused true 'slurm: {extraArgs: [--mem=9999999]}'
expect_code 1 studyctl apply study.yaml
expect_said "Slurm refused it: "
points=2 on_slurm absent true 'parallelism: 2'
mkdir -p none && ln -sf "$(command -v studyctl)" /usr/bin/env none/
PATH=$work/none expect_code 5 "$work/none/studyctl" apply study.yaml
expect_said "is not installed on this machine"
points=2 on_slurm away true 'parallelism: 2'
SLURM_CONF=$work/none.conf expect_code 5 studyctl apply study.yaml
kill "$(cat "${SLURM_CONF%/*}/munged.pid")"
expect_code 5 studyctl apply study.yaml
expect_said "Slurm cannot be asked: munge"
