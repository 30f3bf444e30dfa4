#!/usr/bin/env bash
# RUNS (10,000) times `true` as plain processes with everything recorded durably, beside GNU parallel --joblog with as many at
# once, in one go: runs a second, and the ratio.
# usage: PATH=build:$PATH tests/bench/process_bench.sh [RUNS] [AT_ONCE]
set -euo pipefail
runs=${1:-10000} at_once=${2:-16}
# shellcheck source=tests/bench/lib.sh
. "$(dirname "$0")/lib.sh"
"$top/tests/install.sh" bench
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
true_study "$runs" none "engine: process, parallelism: $at_once"
ours=$(seconds_of studyctl apply study.yaml)
all_succeeded "$runs"
theirs=$(seconds_of sh -c "seq $runs | parallel --will-cite -j $at_once --joblog log /bin/true {}")
awk -v runs="$runs" -v ours="$ours" -v theirs="$theirs" 'BEGIN {
  printf "studyctl %.0f/s (%s s), GNU parallel --joblog %.0f/s (%s s): %.2f x\n", runs / ours, ours, runs / theirs, theirs, theirs / ours }'
