#!/usr/bin/env bash
# TASKS (1,000) times `true` as array tasks of a Slurm of this test's own, by studyctl and as a bare job array, in turn: how long each
# takes, what the controller costs, how often it asks Slurm, how soon it notices ends. Wanted: a cost under 2 % of the
# makespan, a question in 30 s at most (and one at each end of the run), ends within 1 s.
# usage: PATH=build:$PATH tests/bench/slurm_bench.sh [TASKS]
set -euo pipefail
tasks=${1:-1000}
# shellcheck source=tests/bench/lib.sh
. "$(dirname "$0")/lib.sh"
own_slurm

# Counts what is asked of Slurm.
mkdir counted
for program in squeue sacct scontrol; do
  path=$(command -v $program) || continue
  printf '#!/bin/sh\necho "%s $*" >>%s/asked\nexec %s "$@"\n' "$program" "$work" "$path" >counted/$program
  chmod +x counted/$program
done

true_study "$tasks" none "engine: slurm, parallelism: $tasks"
seconds() { date +%s.%N; }

# From the first word to the end of the last task.
mkdir bare
begun=$(seconds)
sbatch --wait --output=/dev/null --time=30 --array="1-$tasks" --wrap "/bin/true; touch '$work/bare/'\$SLURM_ARRAY_TASK_ID" >/dev/null
bare=$(echo "$(find bare -type f -printf '%T@\n' | sort -n | tail -n 1) - $begun" | bc)

begun=$(seconds)
PATH=$work/counted:$PATH command time -f '%U %S %M' -o cost studyctl apply study.yaml >log 2>&1 || { tail -n 5 log >&2; exit 1; }
all_succeeded "$tasks"
took=$(echo "$(sqlite3 results/studies.db 'select max(finished_at) / 1000.0 from attempts') - $begun" | bc)

read -r user system memory <<<"$(tail -n 1 cost)"
awk -v t="$took" -v b="$bare" -v u="$user" -v s="$system" -v m="$memory" -v n="$tasks" 'BEGIN {
  printf "%d tasks: %.1f s, as a bare array %.1f s (%.2f x)\n", n, t, b, t / b
  printf "controller: %.2f s of CPU, with what it starts: %.1f %% of the makespan; %.0f MiB at most\n", u + s, 100 * (u + s) / t, m / 1024 }'
printf 'asked: %s\n' "$(cut -d' ' -f1 asked | sort | uniq -c | awk '{printf "%s%s x %s", sep, $1, $2; sep = ", "}')"
# When an end came true, by its node's clock, and when it was on record.
sqlite3 results/studies.db 'select e.at - a.finished_at from attempts a join events e on e.id = a.end_event order by 1' |
  awk '{ v[NR] = $1 } END { printf "ends on record after: p50 %d ms, p99 %d ms, at most %d ms\n", v[int(NR / 2) + 1], v[int(NR * 0.99)], v[NR] }'
