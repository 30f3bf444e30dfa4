#!/usr/bin/env bash
# A service under submits, cancels, followers, commands from elsewhere and restarts: neither its memory nor its descriptors
# grow, and nothing is left behind.
# usage: soak_test.sh docker|podman     (STUDYCTL_SOAK=3600: seconds; 150 unless given)
. "$(dirname "$0")/lib.sh"

seconds=${STUDYCTL_SOAK:-150}
studyctl token ann --role operator >tokens 2>ann
ann=$(grep -o 'sctl_[0-9a-f]*' ann)
export STUDYCTL_TOKEN=$ann
service=
port=0
start_service() {
  : >service.log
  studyctl serve --listen "127.0.0.1:$port" --token-file tokens >service.log 2>&1 &
  service=$!
  wait_until 30 grep -q 'serves ' service.log
  url=$(grep -oE 'http://127.0.0.1:[0-9]*' service.log)
  port=${url##*:}
}
restart_service() {
  kill "-$1" "$service"
  wait "$service" || true
  start_service
}
cleanups+=('[ -z "$service" ] || kill -KILL "$service" 2>/dev/null')

resident() { awk '/^VmRSS/ {print $2}' "/proc/$service/status"; }
descriptors() { ls "/proc/$service/fd" | wc -l; }
ask() { curl -sS --max-time 30 -H "Authorization: Bearer $ann" "$@"; }
there() { studyctl --server "$url" "$@"; }
is_idle() { [ "$(ask "$url/api/v1/studies" | jq '[.items[] | select(.state | IN("Pending", "Running", "Stopping", "Cancelling"))] | length')" = 0 ] &&
  [ "$(containers_left)" = 0 ]; }

# What people do, once around: a study that ends and is followed, one that is cancelled, looks, commands, followers that
# hang up, an apply that is refused, a run that is deleted.
around() {
  points=3 a_study short "echo said $1; sleep 0.1" "parallelism: 3, priority: $(($1 % 3))"
  there apply study.yaml --fresh >followed 2>&1 || { cat followed >&2; fail "a study did not end well"; }
  points=2 a_study long 'sleep 60'
  there apply study.yaml --fresh --detach >/dev/null
  timeout 2 curl -sS -N -H "Authorization: Bearer $ann" "$url/api/v1/studies/long/runs/latest/events" >/dev/null 2>&1 || true
  ask -d '{"grace": "0s"}' "$url/api/v1/studies/long/runs/latest:cancel" >/dev/null
  for what in status repetitions grid timeline results log manifest; do ask "$url/api/v1/studies/short/runs/latest/$what" >/dev/null; done
  ask --data-binary 'kind: Nonsense' "$url/api/v1/studies" >/dev/null
  ask "$url/metrics" >/dev/null
  there get runs >/dev/null
  wait_until 30 is_idle
  there prune --runs 3 >/dev/null
}

start_service
begun=$SECONDS turns=0
while [ "$SECONDS" -lt $((begun + seconds / 3)) ]; do around $((turns += 1)); done
memory=$(resident) open=$(descriptors)
while [ "$SECONDS" -lt $((begun + seconds)) ]; do around $((turns += 1)); done
echo "$turns turns in $((SECONDS - begun)) s: $memory KiB and $open descriptors after a third, $(resident) KiB and $(descriptors) at the end"
[ "$(resident)" -le $((memory + 4096 + memory / 10)) ] || fail "memory grows"
[ "$(descriptors)" -le $((open + 2)) ] || fail "descriptors grow: $(ls -l "/proc/$service/fd")"

# ---- restarts, in the middle of runs
for signal in TERM KILL TERM KILL; do
  points=4 a_study lasting 'sleep 1' 'parallelism: 2'
  there apply study.yaml --fresh --detach >/dev/null
  sleep 1
  restart_service $signal
  there wait lasting --timeout 60s >/dev/null || fail "a run did not end well after $signal"
done
wait_until 30 is_idle
expect_equal "$(find results/.studyctl -name '*.sock' | wc -l)" 1 "sockets"
expect_equal "$(sqlite3 results/studies.db "select count(*) from jobs where state = 'Running'")" 0 "attempts that seem to run"
