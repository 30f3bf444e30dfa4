#!/usr/bin/env bash
# A run that is looked at over HTTP while it goes on: its state, its metrics, its transitions as they come.
. "$(dirname "$0")/lib.sh"

ask() { curl -sS --max-time 20 "$@"; }
code() { ask -o /dev/null -w '%{http_code}' "$@"; }

points=4 a_study listen 'sleep 1' 'parallelism: 2'

# ---- what cannot be listened at makes no run
expect_code 4 studyctl apply study.yaml --listen 0.0.0.0:8080
expect_said "--listen: other machines reach 0.0.0.0"
expect_code 4 studyctl apply study.yaml --listen nowhere
expect_said "write it as 127.0.0.1:8080"
[ ! -e results/listen ] || fail "a refused --listen made a run"

# ---- while it runs
expect_code 0 studyctl apply study.yaml --detach --listen 127.0.0.1:0
url=$(grep -o 'http://127.0.0.1:[0-9]*' "$work/out") || fail "it does not say where it listens"
url=$(described "$url")
ask -N "$url/events" >events &
follower=$!
expect_equal "$(ask "$url/healthz")" ok "health"
expect_equal "$(ask "$url/status" | jq -r .study)" listen "the study that /status tells of"
tag=$(ask -D - -o /dev/null "$url/status" | tr -d '\r' | sed -n 's/^ETag: //p')
[ -n "$tag" ] || fail "no ETag"
ask "$url/metrics" >metrics
grep -q '^studyctl_run_repetitions{study="listen",state="Waiting"} [0-9]' metrics || fail "no waiting repetitions in /metrics"
grep -q '^studyctl_run_state{study="listen",state="Running"} 1$' metrics || fail "no state in /metrics"
expect_equal "$(code -X POST -d x "$url/status")" 405 "a POST"
expect_equal "$(code -H 'Host: attacker.example' "$url/status")" 421 "another name"
expect_equal "$(code -H 'Origin: http://attacker.example' "$url/status")" 403 "another site"
expect_equal "$(ask "$url/nothing" | jq .status)" 404 "what is not there"
sed 's/name: listen/name: other/' study.yaml >other.yaml
expect_code 5 studyctl apply other.yaml --results other --listen "${url#http://}"
expect_said "cannot be listened at: another program does"
[ ! -e other/other ] || fail "a port that is taken made a run"

# ---- to its end: every transition once, then the end
expect_code 0 studyctl wait listen
wait "$follower" || fail "the followed stream broke off"
expect_equal "$(grep -c '^id: ' events)" "$(wc -l <results/listen/latest/progress.jsonl)" "transitions that were told"
expect_equal "$(sed -n 's/^id: //p' events | sort -nu | wc -l)" "$(grep -c '^id: ' events)" "different ones"
grep -A1 '^event: end' events | grep -q '"state":"Completed"' || fail "the end is not told"
