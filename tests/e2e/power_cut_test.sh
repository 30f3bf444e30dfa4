#!/usr/bin/env bash
# The power goes, again and again, while a study runs: on a kernel of its own, whose memory goes with it and whose disk keeps what
# reached it. What was told as done is done ever after and is not run again, and its files are whole; in the end everything
# has succeeded once.
# usage: power_cut_test.sh process
. "$(dirname "$0")/lib.sh"

# ---- on that kernel: looks at what is there, goes on with the study, and prints each line of the results as it comes
if [ -e /mnt/host ]; then
  mount -t ext4 /dev/ubda /mnt/disk
  cd /mnt/disk
  [ ! -e results/studies.db ] || "$top/tests/e2e/power_cut_look.py" /mnt/host/told results
  tail -n +1 -F results/power/latest/results.jsonl 2>/dev/null | sed -u 's/^/told /' &
  expect_code 0 studyctl apply /mnt/host/study.yaml --results results
  "$top/tests/e2e/power_cut_look.py" /mnt/host/told results all
  exit 0
fi

cat >study.yaml <<'YAML'
apiVersion: studyctl.io/v1alpha1
kind: Study
metadata: {name: power}
spec:
  sweep: {i: {from: 1, to: 300, step: 1}}
  template:
    spec:
      containers:
        - {name: main, image: none, command: [sh, -c, 'yes $STUDY_PARAM_I | head -n 5000 >$STUDY_RESULTS/out.txt']}
  results: {required: [out.txt]}
  execution: {engine: process, parallelism: 4, limit: 300, timeouts: {run: 1m}, retry: {limit: 0}}
YAML
truncate -s 256M disk
mkfs.ext4 -q disk
: >told
on_kernel=("$top/tests/testbed/kernel.sh" --disk disk "$work" "$top/tests/e2e/power_cut_test.sh" process)

for cut in 1 2 3 4 5; do
  before=$(wc -l <told)
  "${on_kernel[@]}" >console 2>&1 &
  kernel=$!
  # shellcheck disable=SC2016
  wait_until 120 sh -c '[ "$(grep -c "^told" console)" -ge "$1" ]' sh $((before + 10))
  sleep "0.$RANDOM"
  kill -9 -- "-$(cat kernel.pid)"
  code=0
  wait "$kernel" || code=$?
  [ "$code" = 137 ] || { cat console >&2; fail "the study was over before power cut $cut, or has failed: $code"; }
  tr -d '\r' <console | sed -n 's/^told \({.*}\)$/\1/p' >told
  [ "$(wc -l <told)" -ge $((before + 10)) ] || fail "less is told than was counted"
done
expect_code 0 timeout 300 "${on_kernel[@]}"
expect_said "all 300 are whole"
