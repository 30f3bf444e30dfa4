# Sourced by the benches beside it.
# shellcheck shell=bash

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# own_slurm: a Slurm of the bench's own, and a directory to work in; both go at its end.
own_slurm() {
  SLURM_CONF=$("$top/tests/testbed/slurm.sh" up --instance bench)
  export SLURM_CONF
  work=$(mktemp -d)
  trap 'cd /; rm -rf "$work"; "$top/tests/testbed/slurm.sh" purge --instance bench' EXIT
  cd "$work" || exit
}

# true_study RUNS IMAGE EXECUTION: study.yaml, `true` for each number up to RUNS.
# $study, $first and $run_timeout say its name, the first number, and how long each may take.
true_study() {
  cat >study.yaml <<EOF
apiVersion: studyctl.io/v1alpha1
kind: Study
metadata: {name: ${study:-bench}}
spec:
  sweep: {i: {from: ${first:-1}, to: $1, step: 1}}
  template: {spec: {containers: [{name: main, image: "$2", command: [/bin/true]}]}}
  execution: {timeouts: {run: ${run_timeout:-1m}}, limit: $1, $3}
EOF
}

# seconds_of COMMAND...: how long it takes; it must succeed.
seconds_of() {
  local begin=$EPOCHREALTIME
  "$@" >out 2>&1 || { tail -n 5 out >&2; exit 1; }
  awk -v a="$begin" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.2f", b - a }'
}

# all_succeeded RUNS: in results/.
all_succeeded() {
  [ "$(sqlite3 results/studies.db "select count(*) from jobs where state = 'Succeeded'")" = "$1" ] || { echo "not all succeeded" >&2; exit 1; }
}
