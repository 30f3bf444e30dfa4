#!/usr/bin/env bash
# RUNS (10,000) times `true` as plain processes with everything recorded durably, beside GNU parallel --joblog with as many at
# once, in one go: runs a second, and the ratio.
# usage: PATH=build:$PATH tests/bench/process_bench.sh [RUNS] [AT_ONCE]
set -euo pipefail
runs=${1:-10000} at_once=${2:-16}
"$(cd "$(dirname "$0")/../.." && pwd)/tests/install.sh" bench
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >study.yaml <<EOF
apiVersion: studyctl.io/v1alpha1
kind: Study
metadata: {name: bench}
spec:
  sweep: {i: {from: 1, to: $runs, step: 1}}
  template: {spec: {containers: [{name: main, image: none, command: [/bin/true]}]}}
  execution: {engine: process, parallelism: $at_once, limit: $runs, timeouts: {run: 1m}}
EOF
seconds_of() { local begin; begin=$(date +%s%N); "$@" >out 2>&1 || { tail -n 3 out >&2; exit 1; }; awk -v ns=$(($(date +%s%N) - begin)) 'BEGIN { printf "%.2f", ns / 1e9 }'; }
ours=$(seconds_of studyctl apply study.yaml)
[ "$(sqlite3 results/studies.db "select count(*) from jobs where state = 'Succeeded'")" = "$runs" ] || { echo "not all succeeded" >&2; exit 1; }
theirs=$(seconds_of sh -c "seq $runs | parallel --will-cite -j $at_once --joblog log /bin/true {}")
awk -v runs="$runs" -v ours="$ours" -v theirs="$theirs" 'BEGIN {
  printf "studyctl %.0f/s (%s s), GNU parallel --joblog %.0f/s (%s s): %.2f x\n", runs / ours, ours, runs / theirs, theirs, theirs / ours }'
