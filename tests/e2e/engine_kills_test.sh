#!/usr/bin/env bash
# The engine itself is killed (-9) and started again five times under a run: the run completes, everything once.
. "$(dirname "$0")/lib.sh"

instance=e2e-kills
bed=$top/tests/testbed/$engine.sh
cleanups+=("'$bed' purge --instance $instance >/dev/null 2>&1")
"$bed" up --instance "$instance" >/dev/null
DOCKER_HOST=$("$bed" socket --instance "$instance")
"$top/images/build.sh" tiny --socket "$DOCKER_HOST" >/dev/null

points=30
# shellcheck disable=SC2016
a_study engine-kills 'echo begin; sleep 1; echo end | tee /results/out.txt' \
  'parallelism: 3, retry: {backoff: {initial: 200ms, max: 1s}}'
studyctl apply study.yaml >apply.log 2>&1 &
pid=$!
cleanups+=("kill $pid 2>/dev/null")
wait_until 30 test -e results/engine-kills/latest/status.json

succeeded_at_least() { [ "$(jobs_in Succeeded)" -ge "$1" ]; }

for kill in 1 2 3 4 5; do
  wait_until 60 succeeded_at_least $((5 * kill - 3))
  kill -0 "$pid" 2>/dev/null || { cat apply.log >&2; fail "apply ended before kill $kill"; }
  "$bed" kill --instance "$instance" >/dev/null
  sleep 0.5
  "$bed" up --instance "$instance" >/dev/null
done
got=0
wait "$pid" || got=$?
[ "$got" = 0 ] || { cat apply.log >&2; fail "apply ended with $got"; }
expect_equal "$(jobs_in Succeeded)" $points "repetitions that succeeded"
expect_equal "$(wc -l <results/engine-kills/latest/results.jsonl)" $points "rows of results"
expect_equal "$(containers_left)" 0 "containers left"
# What a container says while Docker is away is lost to Docker itself; its files are not.
for result in results/engine-kills/latest/experiments/*/*/cycle-1/result; do
  expect_equal "$(cat "$result/out.txt")" "end" "$result/out.txt"
done
echo "5 kills of $engine: $(sqlite3 results/studies.db \
  "select group_concat(t, ', ') from (select count(*) || ' ' || reason as t from attempts group by reason)")"
