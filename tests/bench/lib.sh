# Sourced by the benches beside it.
# shellcheck shell=bash

# true_study RUNS IMAGE EXECUTION: study.yaml, RUNS times `true`.
true_study() {
  cat >study.yaml <<EOF
apiVersion: studyctl.io/v1alpha1
kind: Study
metadata: {name: bench}
spec:
  sweep: {i: {from: 1, to: $1, step: 1}}
  template: {spec: {containers: [{name: main, image: "$2", command: [/bin/true]}]}}
  execution: {timeouts: {run: 1m}, limit: $1, $3}
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
