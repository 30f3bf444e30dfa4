#!/usr/bin/env bash
# A service whose run has 1,000,000 repetitions recorded and goes on, asked 5,000 times a second over 64 connections that are
# kept: p99 under 20 ms; then as often as it can answer. The control loop's turns meanwhile, and its CPU time, stand beside.
# usage: PATH=build:$PATH tests/bench/http_bench.sh docker|podman [SECONDS]      h2load and the program are on the same machine
set -euo pipefail
engine=${1:?docker or podman} seconds=${2:-20}
top=$(cd "$(dirname "$0")/../.." && pwd)
"$top/tests/install.sh" bench
build=$(dirname "$(command -v studyctl)")
DOCKER_HOST=$("$top/tests/testbed/$engine.sh" up ${STUDYCTL_INSTANCE:+--instance "$STUDYCTL_INSTANCE"})
export DOCKER_HOST
"$top/images/build.sh" tiny --socket "$DOCKER_HOST" >/dev/null

work=$(mktemp -d)
service=''
finish() {
  [ -z "$service" ] || { studyctl cancel million --grace 0s >/dev/null 2>&1; kill "$service"; wait "$service"; } || true
  rm -rf "$work"
}
trap finish EXIT
cd "$work"
cat >study.yaml <<EOF
apiVersion: studyctl.io/v1alpha1
kind: Study
metadata: {name: million}
spec:
  sweep: {i: {from: 1, to: 110000, step: 1}}
  template: {spec: {containers: [{name: main, image: "studyctl/tiny:1", command: [sleep, "2"]}]}}
  execution: {parallelism: 4, cycles: 10, limit: 2000000, timeouts: {run: 2m}}
EOF

serve() {
  : >service.log
  studyctl serve --listen 127.0.0.1:0 >service.log 2>&1 &
  service=$!
  until url=$(grep -o 'http://127.0.0.1:[0-9]*' service.log); do kill -0 "$service" || { cat service.log >&2; exit 1; }; sleep 0.1; done
}
recorded() { curl -sS "$url/api/v1/studies/million" | jq -r .counts.Succeeded; }

serve
studyctl apply study.yaml --detach --yes >out 2>&1 || { cat out >&2; exit 1; }
until [ "$(recorded)" -ge 4 ]; do sleep 0.2; done
kill "$service"
wait "$service" || true
"$build/tests/bench/http_bench" results
serve
until [ "$(recorded)" -gt 1000010 ]; do sleep 0.5; done
echo "recorded $(recorded), in $(du -m results/studies.db | cut -f1) MB; resident $(awk '/VmRSS/ { print int($2 / 1024) " MB" }' "/proc/$service/status")"

# ---- the control loop of the run, beside: its thread is the one that works while nobody asks
turns() { curl -sS "$url/metrics" | awk -v le="le=\"$1\"}" '/^studyctl_control_turn_duration_seconds_bucket/ && index($1, le) { n += $2 } END { print n + 0 }'; }
on_cpu() { awk -v OFS=' ' '{ split(FILENAME, at, "/"); print at[5], $1 / 1e9 }' "/proc/$service/task"/*/schedstat; }
looping() {
  local turns=$(($(turns +Inf) - all)) quick=$(($(turns 0.005) - below))
  echo "    loop: $turns turns, $(awk -v a="$quick" -v b="$turns" 'BEGIN { printf "%.2f", b ? 100 * a / b : 100 }') % of them under 5 ms; $(
    join <(sort cpu) <(on_cpu | sort) | awk -v loop="$loop" -v seconds="$seconds" '$1 == loop || !loop && $3 - $2 > most { most = $3 - $2; at = $1 }
      END { printf "%.1f ms of CPU a second, thread %s", 1000 * most / seconds, at }')"
}
begin() { all=$(turns +Inf) below=$(turns 0.005); on_cpu >cpu; }

missed=0 loop=''
begin
sleep "$seconds"
said=$(looping)
printf 'nobody asks\n%s\n' "$said"
loop=${said##* }

ask() {
  local what=$1 path=$2 most=$3
  shift 3
  begin
  rm -f log
  h2load --h1 -t1 -c64 -D"$seconds" --log-file=log "$@" "$url$path" >out 2>&1 || { cat out >&2; exit 1; }
  # The log: start, status, microseconds.
  sort -n -k3,3 log | awk -v what="$path, $what" -v most="$most" -v seconds="$seconds" '
    { took[NR] = $3; if ($2 != 200) bad++ }
    END {
      p99 = took[int(NR * 0.99)] / 1000
      missed = p99 > most || bad > 0
      printf "%-38s %6.0f/s  p50 %5.2f ms  p99 %5.2f ms  most %6.2f ms  not 200: %d%s\n", what, NR / seconds, \
        took[int(NR / 2)] / 1000, p99, took[NR] / 1000, bad, missed ? "  MISSED" : ""
      exit missed
    }' || missed=1
  looping
}
for path in /status /api/v1/studies/million; do
  ask "5,000/s" "$path" 20 --rps=78.125
  ask "as often as it can" "$path" 1000
done
exit "$missed"
