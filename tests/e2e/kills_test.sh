#!/usr/bin/env bash
# The controller is killed (-9) at random instants over a run of 60, and applied again: every repetition succeeds exactly once,
# with its log complete, nothing is left, and every file can be read after each kill.
# usage: kills_test.sh docker|podman [KILLS]       STUDYCTL_KILLS=100 is the full campaign
. "$(dirname "$0")/lib.sh"
kills=${2:-${STUDYCTL_KILLS:-10}}

points=60
# shellcheck disable=SC2016
a_study kills 'echo begin ${params.i}; sleep 0.$((RANDOM % 9)); echo end ${params.i} | tee /results/out.txt' \
  'parallelism: 4, retry: {backoff: {initial: 100ms}}'

# A kill may tear the last line; the next apply cuts it.
whole_lines() { if [ -z "$(tail -c 1 "$1")" ]; then cat "$1"; else sed '$d' "$1"; fi; }

check_files() {
  local run=results/kills/latest
  [ -e "$run/status.json" ] || return 0
  jq -e .state "$run/status.json" >/dev/null || fail "status.json cannot be read after kill $killed"
  whole_lines "$run/progress.jsonl" | jq -s length >/dev/null || fail "progress.jsonl cannot be read after kill $killed"
  [ ! -e "$run/results.jsonl" ] || whole_lines "$run/results.jsonl" | jq -s length >/dev/null ||
    fail "results.jsonl cannot be read after kill $killed"
  expect_equal "$(sqlite3 results/studies.db 'pragma quick_check')" ok "studies.db after kill $killed"
}

killed=0 round=0
while [ "$killed" -lt "$kills" ]; do
  round=$((round + 1))
  studyctl apply study.yaml >>apply.log 2>&1 &
  pid=$!
  sleep "$((RANDOM % 2)).$((RANDOM % 10))$((RANDOM % 10))"
  if kill -9 "$pid" 2>/dev/null; then
    killed=$((killed + 1))
    wait "$pid" 2>/dev/null || true
    check_files
  else
    # It has completed: a new run goes on with the count.
    wait "$pid" || fail "apply ended with $? before it was killed: $(tail -n 3 apply.log)"
    [ "$killed" -lt "$kills" ] || break
    verify_now=1
  fi
  if [ "${verify_now:-0}" = 1 ]; then
    verify_now=0
    expect_equal "$(jobs_in Succeeded)" 60 "succeeded in a run"
    mv results "results-$round"
  fi
done

expect_code 0 studyctl apply study.yaml
run=results/kills/latest
expect_equal "$(jobs_in Succeeded)" 60 "repetitions that succeeded"
twice="select count(*) from (select repetition from attempts where state = 'Succeeded' group by 1 having count(*) > 1)"
expect_equal "$(sqlite3 results/studies.db "$twice")" 0 "repetitions with two succeeded attempts"
expect_equal "$(jq -r .experiment "$run/results.jsonl" | sort -u | wc -l)" 60 "experiments in results.jsonl"
expect_equal "$(wc -l <"$run/results.jsonl")" 60 "rows in results.jsonl"
expect_equal "$(jq -s 'map(.seq) | . == (unique)' "$run/progress.jsonl")" true "progress.jsonl in order, nothing twice"
expect_equal "$(containers_left)" 0 "containers left"
for result in "$run"/experiments/*/*/cycle-1/result; do
  expect_equal "$(cut -d' ' -f1 "$result/stdout.log" | tr '\n' ' ')" "begin end " "$result/stdout.log"
done
echo "$killed kills: 60 of 60 succeeded once; attempts: $(sqlite3 results/studies.db \
  "select group_concat(t, ', ') from (select count(*) || ' ' || reason as t from attempts group by reason)")"
