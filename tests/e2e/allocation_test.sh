#!/usr/bin/env bash
# Studies that are packed onto an allocation of Slurm: many short ones, an allocation that ends in the middle, one that is
# killed, GPUs, a second one on the same volume, shells beside their allocation; and Flux by a stand-in for its command.
# usage: allocation_test.sh slurm
. "$(dirname "$0")/lib.sh"
slurm=$top/tests/testbed/slurm.sh
instance=${STUDYCTL_TEST_INSTANCE:-allocation}
"$slurm" purge --instance "$instance"
SLURM_CONF=$("$slurm" up --instance "$instance")
export SLURM_CONF
cleanups+=('"$slurm" purge --instance "$instance"')

on_slurm() {
  a_study "$1" "$2" "engine: slurm, $3"
  sed -i 's|image: .*|image: none|' study.yaml
}
# within NAME OPTIONS... -- COMMAND...: its job's number is in NAME.job, its output in NAME.log, its exit code in NAME.code.
within() {
  local name=$1 options=()
  shift
  while [ "$1" != -- ]; do options+=("$1") && shift; done
  shift
  sbatch --parsable --output="$name.log" "${options[@]}" >"$name.job" <<EOF
#!/bin/bash
rm -f $name.code
$(printf '%q ' "$@")
echo \$? >$name.code
EOF
}
code_of() { cat "$1.code" 2>/dev/null; }
is_over() { [ -z "$(squeue --noheader --states=PENDING,RUNNING,COMPLETING --jobs="$(cat "$1.job")" 2>/dev/null)" ]; }
ended() {
  wait_until "$2" is_over "$1"
  [ "$(code_of "$1")" = "$3" ] || { cat "$1.log" >&2; fail "$1 ended with $(code_of "$1"), not $3"; }
}
said() { grep -qF -- "$2" "$1.log" || { cat "$1.log" >&2; fail "$1: nowhere was said: $2"; }; }
in_results() { sqlite3 "$1/studies.db" "$2"; }
succeeded_at_least() { [ "$(in_results "$1" "select count(*) from jobs where state = 'Succeeded'")" -ge "$2" ]; }

# ---- two that an allocation of a minute cuts: one between experiments, one within
# shellcheck disable=SC2016
points=70 on_slurm cut 'echo run >>$STUDY_RESULTS/ran; sleep 2' 'parallelism: 2'
sed -i 's|run: 2m|run: 30s|' study.yaml
mv study.yaml cut.yaml
points=1 on_slurm long "[ ! -e $work/again ] || exit 0; sleep 200" 'parallelism: 1'
sed -i 's|run: 2m, ||' study.yaml
mv study.yaml long.yaml
within cut --time=1 -- studyctl apply cut.yaml --results cut
within long --time=1 -- studyctl apply long.yaml --results long

ended cut 90 3
ended long 90 3
said cut "Slurm job $(cat cut.job) ends in"
said long "Slurm job $(cat long.job) ends"
done_before=$(in_results cut "select count(*) from jobs where state = 'Succeeded'")
[ "$done_before" -gt 10 ] && [ "$done_before" -lt 70 ] || fail "$done_before of 70 succeeded in the first allocation"
expect_equal "$(in_results long "select group_concat(reason || ' ' || counted) from attempts")" "Interrupted 0" "the one that was cut off"

# ---- outside of any they do not go on
expect_code 5 studyctl apply cut.yaml --results cut
expect_said 'the run began inside of an allocation'

# ---- nor while another allocation runs what is on their volume
within other --time=2 -- sleep 100
is_running() { [ "$(squeue --noheader --jobs="$(cat "$1.job")" --format=%T)" = RUNNING ]; }
wait_until 30 is_running other
printf 'slurm\n%s\nelsewhere' "$(cat other.job)" >cut/.studyctl/processes/allocation
within refused --time=2 -- studyctl apply cut.yaml --results cut
ended refused 60 6
said refused "Slurm job $(cat other.job) on elsewhere runs experiments of this results volume, and has not ended"
scancel "$(cat other.job)"
wait_until 30 is_over other

touch again
within cut2 --time=5 -- studyctl apply cut.yaml --results cut
within long2 --time=5 -- studyctl apply long.yaml --results long
ended cut2 120 0
ended long2 60 0
expect_equal "$(in_results cut "select count(*) from attempts")" 70 "attempts: none was made twice"
expect_equal "$(cat cut/cut/latest/experiments/*/*/cycle-1/result/ran | wc -l)" 70 "how often they ran"
expect_equal "$(in_results long "select count(*) from jobs where state = 'Succeeded'")" 1 "the one that had been cut off"

# ---- many short ones; the allocation is killed in the middle
points=1500 on_slurm many 'true' 'parallelism: 4, limit: 1500, retry: {backoff: {initial: 100ms}}'
mv study.yaml many.yaml
within many --cpus-per-task=2 --time=5 -- studyctl apply many.yaml
wait_until 60 succeeded_at_least results 100
scancel --signal=KILL --full "$(cat many.job)"
wait_until 60 is_over many
within many2 --cpus-per-task=2 --time=5 -- studyctl apply many.yaml
ended many2 120 0
expect_equal "$(in_results results "select count(*) from jobs where state = 'Succeeded'")" 1500 "repetitions that succeeded"
expect_equal "$(in_results results "select count(*) from (select 1 from attempts where state = 'Succeeded' group by repetition having count(*) > 1)")" 0 \
  "repetitions that succeeded twice"

# ---- GPUs of the allocation, leased one each
# shellcheck disable=SC2016
points=6 on_slurm gpus 'echo gpu=$CUDA_VISIBLE_DEVICES; sleep 0.3' 'parallelism: 4'
sed -i 's|\(image: none\)|\1\n          resources: {limits: {nvidia.com/gpu: 1}}|' study.yaml
within gpus --gres=gpu:2 --time=5 -- studyctl apply study.yaml
ended gpus 60 0
expect_equal "$(cat results/gpus/latest/experiments/*/*/cycle-1/result/stdout.log | sort -u | tr '\n' ' ')" "gpu=0 gpu=1 " "GPUs that were seen"

# ---- salloc: a shell beside the allocation, and a step in it
points=3 on_slurm step true 'parallelism: 2'
expect_code 4 salloc --time=5 studyctl apply study.yaml
expect_said 'and this shell, which salloc began, runs beside it: write srun'
expect_code 0 salloc --time=5 srun studyctl apply study.yaml

# ---- by what is written
sed -i 's|engine: slurm|engine: slurm, slurm: {mode: allocation}|; s|name: step|name: asked|' study.yaml
expect_code 8 studyctl apply study.yaml
expect_said 'this is no allocation'
sed -i 's|mode: allocation|mode: jobs|' study.yaml
within jobs --time=5 -- studyctl apply study.yaml
ended jobs 60 0
expect_equal "$(jq -r .endpoint results/asked/latest/experiments/*/*/cycle-1/result/attempt.json | sort -u)" "slurm://studyctl-$instance" \
  "where those of mode jobs ran"

# ---- Flux
mkdir bin
printf '#!/bin/sh\necho 8.5\n' >bin/flux
chmod +x bin/flux
points=30 on_slurm flux 'sleep 1' 'parallelism: 2'
sed -i 's|engine: slurm|engine: process|; s|run: 2m|run: 3s|' study.yaml
expect_code 3 env PATH="$work/bin:$PATH" FLUX_ENCLOSING_ID=f12 studyctl apply study.yaml
expect_said 'Flux job f12 ends in'
