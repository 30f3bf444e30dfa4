#!/usr/bin/env bash
# The results volume fills up under a run: it pauses with a clear message, goes on by itself when there is room, and completes.
. "$(dirname "$0")/lib.sh"

mkdir results
mount -t tmpfs -o size=48m tmpfs results
cleanups+=("umount -l '$work/results'")

points=12
a_study full-disk 'dd if=/dev/zero of=/results/out bs=1k count=200 2>/dev/null; sleep 0.2; echo done'
dd if=/dev/zero of=results/ballast bs=1M count=16 2>/dev/null
studyctl apply study.yaml >apply.log 2>&1 &
pid=$!
cleanups+=("kill $pid 2>/dev/null")
wait_until 30 test -s results/full-disk/latest/results.jsonl
dd if=/dev/zero of=results/more bs=64k 2>/dev/null || true

says_full() { grep -q 'full' results/full-disk/latest/status.json; }
wait_until 30 says_full
rm results/ballast results/more
got=0
wait "$pid" || got=$?
[ "$got" = 0 ] || { cat apply.log >&2; fail "apply ended with $got after there was room"; }
expect_equal "$(jobs_in Succeeded)" 12 "repetitions that succeeded"
expect_equal "$(jq -s 'map(.experiment) | unique | length' results/full-disk/latest/results.jsonl)" 12 "whole rows of results"
expect_equal "$(containers_left)" 0 "containers left"
