#!/usr/bin/env bash
# What users read of a run while it is on and after it: watch, logs, get, describe, wait, results, delete; on a terminal too.
. "$(dirname "$0")/lib.sh"

# Runs it with a terminal for its output.
on_terminal() { script -qec "$*" /dev/null; }
state() { jq -r .state results/reading/latest/status.json; }
escape=$(printf '\033')

points=6
# shellcheck disable=SC2016
a_study reading 'printf "\033[31mred\033[0m $STUDY_PARAM_I\n"; sleep 2; echo bye; [ $STUDY_PARAM_I != 3 ]'

expect_code 0 studyctl apply study.yaml --detach
expect_said detached:
studyctl logs -f reading >followed 2>&1 &
follower=$!
expect_code 0 timeout --preserve-status -s INT 1 studyctl watch
expect_said "the run goes on: \`studyctl stop reading\` stops it"
expect_code 0 on_terminal timeout --foreground --preserve-status -s INT 1 studyctl watch
expect_said "reading  Running"
[ "$(state)" = Running ] || fail "a watch that ended took the run along"
expect_code 124 studyctl wait reading --timeout 0s
expect_code 1 studyctl wait reading
expect_said "next: \`studyctl retry reading\`"
wait "$follower"
expect_equal "$(grep -c '^\[.* c1\] bye$' followed)" 6 "experiments that logs -f has followed to their end"

# The volume is free once wait has ended, and a run that has ended tells each failure once.
expect_code 1 studyctl apply study.yaml
expect_said "unchanged: CompletedWithFailures, 5 succeeded, 1 failed"
expect_code 1 on_terminal studyctl watch reading
expect_equal "$(grep -c 'exit code 1' out)" 1 "times that watch tells of the failure"

expect_code 0 studyctl get experiments -l i=3 --state Failed --reason Error -o path
expect_equal "$(wc -l <out)" 1 "experiments that failed"
[ -f "$(cat out)/cycle-1/attempt-1.failed/attempt.json" ] || fail "no attempt.json below $(cat out)"
failed=$(studyctl get experiments --state Failed -o name)
expect_equal "$(studyctl get repetitions -o json | jq '[.items[] | select(.exit_code == 0 and .finished_at != null)] | length')" 5 "succeeded as JSON"
expect_equal "$(studyctl get runs -o json | jq -r '.items[0].state')" CompletedWithFailures "the run as JSON"
expect_equal "$(studyctl results reading --rows -o csv | wc -l)" 6 "lines of results as CSV"
expect_code 0 studyctl describe reading "$failed"
expect_said "attempt 1:    Failed (Error)"

# Byte for byte into a file, nothing that a terminal would obey onto one.
studyctl logs reading "$failed" >raw
grep -q "$escape\[31mred" raw || fail "logs changes what it copies into a file"
expect_code 0 on_terminal studyctl logs reading "$failed"
expect_said "red 3"
! grep -q "$escape" out || fail "logs sends escape sequences to the terminal"

# A database that is lost is made again from the files of its runs.
summary() { studyctl get repetitions reading -o json | jq -c '.items[] | [.experiment, .cycle, .state, .exit_code, .duration_seconds]' | sort; }
summary >before
rm results/studies.db*
expect_code 5 studyctl apply study.yaml
expect_said "\`studyctl doctor --rebuild\` makes it again"
expect_code 0 studyctl doctor --rebuild
summary >after
cmp before after || fail "the rebuilt database tells another story"
expect_code 1 studyctl apply study.yaml
expect_said "unchanged: CompletedWithFailures, 5 succeeded, 1 failed"

expect_code 8 studyctl retry reading -l i=2
expect_said "nothing that failed or was cancelled is selected"
expect_code 1 studyctl retry reading -l i=3
expect_code 4 studyctl delete study reading
expect_code 0 studyctl delete study reading --yes
expect_code 8 studyctl describe reading
