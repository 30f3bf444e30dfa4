#!/usr/bin/env bash
# What users may ask of a run from another terminal, and by signals: stop, pause, resume, cancel, retry, Ctrl+C, SIGTERM, the STOP file.
. "$(dirname "$0")/lib.sh"

state() { jq -r .state results/steering/latest/status.json; }
state_is() { [ "$(state)" = "$1" ]; }
start() {
  studyctl apply study.yaml >apply.log 2>&1 &
  pid=$!
  wait_until 20 state_is Running
  wait_until 20 some_run
}
some_run() { [ "$(jq .counts.Running results/steering/latest/status.json)" -gt 0 ]; }
ended_with() {
  local got=0
  wait "$pid" || got=$?
  [ "$got" = "$1" ] || { cat apply.log >&2; fail "apply ended with $got, not $1"; }
}

points=14
# shellcheck disable=SC2016
a_study steering 'echo hello; sleep 2; echo bye'

start
expect_code 0 studyctl stop steering
ended_with 3
expect_equal "$(state)" Stopped "after stop"
expect_equal "$(containers_left)" 0 "containers after stop"
expect_equal "$(jobs_in Cancelled)" 0 "cancelled by stop"

start
touch results/steering/latest/STOP
ended_with 3
[ ! -e results/steering/latest/STOP ] || fail "the STOP file is still there"

start
expect_code 0 studyctl pause steering
wait_until 20 state_is Paused
expect_code 0 studyctl resume steering
wait_until 20 state_is Running
kill -TERM "$pid"
ended_with 3
grep -q 'handed over' apply.log || fail "SIGTERM does not hand over"
[ "$(containers_left)" -gt 0 ] || fail "no container runs on after the hand over"

# Another study is none of its business.
cp study.yaml steering.yaml
points=1 a_study other true
expect_code 0 studyctl apply study.yaml
mv steering.yaml study.yaml
start
expect_equal "$(sqlite3 -readonly results/studies.db "select count(*) from attempts where reason in ('Lost', 'Interrupted')")" 0 \
  "attempts that another study took away"
kill -INT "$pid"
wait_until 20 state_is Stopping
kill -INT "$pid"
ended_with 3
expect_equal "$(state)" Cancelled "after the second Ctrl+C"
expect_equal "$(containers_left)" 0 "containers after cancel"

expect_code 3 studyctl apply study.yaml
expect_said "cancelled"
expect_code 8 studyctl retry steering
expect_said "nothing is there to retry"
expect_code 0 studyctl retry steering --state Cancelled
expect_equal "$(jobs_in Succeeded)" $((points + 1)) "after retry, with those that never started and the one of the other study"
expect_code 0 studyctl apply study.yaml
expect_said "unchanged"
expect_code 6 studyctl stop steering
