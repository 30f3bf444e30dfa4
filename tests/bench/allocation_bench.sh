#!/usr/bin/env bash
# RUNS (3,000) times `true`, packed onto an allocation of a Slurm of this test's own: experiments a second, of which the figure is 100.
# usage: PATH=build:$PATH tests/bench/allocation_bench.sh [RUNS] [AT_ONCE]
set -euo pipefail
runs=${1:-3000} at_once=${2:-16}
# shellcheck source=tests/bench/lib.sh
. "$(dirname "$0")/lib.sh"
own_slurm
true_study "$runs" none "engine: slurm, parallelism: $at_once"
sbatch --wait --output=log --cpus-per-task="$(nproc)" --time=30 --wrap 'studyctl apply study.yaml' >/dev/null || { tail -n 5 log >&2; exit 1; }
all_succeeded "$runs"
took=$(sqlite3 results/studies.db 'select (max(finished_at) - min(intended_at)) / 1000.0 from attempts')
awk -v runs="$runs" -v took="$took" 'BEGIN { printf "%.0f experiments/s (%d in %.1f s)\n", runs / took, runs, took }'
