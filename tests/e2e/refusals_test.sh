#!/usr/bin/env bash
# Bad input gets one clear sentence and the documented exit code; nothing is started, nothing is lost.
. "$(dirname "$0")/lib.sh"

a_study refusals 'true'
sed 's/image: studyctl\/tiny:1/image: studyctl\/missing:1/' study.yaml >missing.yaml
expect_code 4 studyctl apply missing.yaml
expect_said "studyctl/missing:1"

sed 's/kind: Study/kind: Study\nspice: 1/' study.yaml >unknown.yaml
expect_code 4 studyctl apply unknown.yaml
expect_said "unknown.yaml:3:1"

expect_code 5 env DOCKER_HOST=unix:///nowhere.sock studyctl apply study.yaml
expect_said "/nowhere.sock"

a_study refusals 'true' 'limit: 3'
expect_code 4 studyctl apply study.yaml
expect_said "--yes"

sed 's|command: .*|command: [/no/such/program]|' study.yaml | sed 's/limit: 3/limit: 9/' >nothing.yaml
expect_code 1 studyctl --results nothing apply nothing.yaml
expect_said "/no/such/program"

a_study refusals 'true'
sed -i 's|          command|          resources: {limits: {nvidia.com/gpu: 7}}\n          command|' study.yaml
expect_code 4 studyctl apply study.yaml
expect_said "nvidia.com/gpu"

a_study refusals 'true'
sed -i 's|      containers:|      volumes: [{name: data, hostPath: {path: /no/such/data}}]\n      containers:|' study.yaml
expect_code 4 studyctl apply study.yaml
expect_said "/no/such/data"

expect_code 8 studyctl describe nobody

# What is printed into a full disk is no success; a reader that leaves has what it wanted.
a_study refusals 'true'
expect_code 5 sh -c 'studyctl render study.yaml >/dev/full'
expect_said "could not be written whole"
expect_code 0 bash -c 'set -o pipefail; studyctl render study.yaml | head -n 1'

# Two studies on one volume at a time; the same one is followed.
points=2
a_study first 'sleep 3'
studyctl apply study.yaml >first.log 2>&1 &
pid=$!
cleanups+=("kill $pid 2>/dev/null")
wait_until 20 test -e results/first/latest/status.json
cp study.yaml first.yaml
a_study second 'true'
expect_code 6 studyctl apply study.yaml
expect_said "study first"
expect_code 0 studyctl apply first.yaml
expect_said "unchanged"
wait "$pid" || fail "the first study ended with $?"
[ ! -e results/second ] || fail "something of the refused study was made"
expect_equal "$(containers_left)" 0 "containers left"
