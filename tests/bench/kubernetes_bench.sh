#!/usr/bin/env bash
# On a real cluster: JOBS (50; the whole is 500) Jobs of `true`, AT_ONCE (8) in flight, by studyctl and by a bare loop that only
# creates and watches, in PAIRS (3) interleaved pairs: the median of the ratios. What studyctl asks the API server for, by its
# audit, for each experiment. And the most memory of a controller with RECORDED (10,000) experiments on record.
# usage: PATH=build:$PATH tests/bench/kubernetes_bench.sh [JOBS] [AT_ONCE] [PAIRS] [RECORDED]
# Its figures are as good as the machine is quiet. It brings up a cluster of its own: tests/testbed/kubernetes.sh --instance ${STUDYCTL_BENCH_INSTANCE:-bench}.
set -euo pipefail
jobs=${1:-50} at_once=${2:-8} pairs=${3:-3} recorded=${4:-10000}
# shellcheck source=tests/bench/lib.sh
. "$(dirname "$0")/lib.sh"
programs=${STUDYCTL_CACHE:-$HOME/.cache/studyctl}/kubernetes-1.20.2
instance=${STUDYCTL_BENCH_INSTANCE:-bench}
kubectl() { "$programs/kubectl" "$@"; }
work=$(mktemp -d)
namespace=bench-$$
KUBECONFIG=$("$top/tests/testbed/kubernetes.sh" up --instance "$instance")
export KUBECONFIG DOCKER_HOST=unix:///there/is/none
docker=$("$top/tests/testbed/kubernetes.sh" docker --instance "$instance")
"$top/images/build.sh" tiny --socket "${docker#unix://}" >/dev/null
admin=$KUBECONFIG
finish() {
  KUBECONFIG=$admin kubectl delete namespace "$namespace" --wait=false >/dev/null || true
  KUBECONFIG=$admin kubectl delete clusterrolebinding "$namespace" >/dev/null || true
  KUBECONFIG=$admin kubectl -n audited delete serviceaccount "$namespace" >/dev/null || true
  rm -rf "$work"
}
trap finish EXIT
cd "$work"

# studyctl is a user of its own, so that the audit knows it.
kubectl create namespace "$namespace" >/dev/null
kubectl create namespace audited --dry-run=client -o yaml | kubectl apply -f - >/dev/null
kubectl -n audited create serviceaccount "$namespace" >/dev/null
kubectl create clusterrolebinding "$namespace" --clusterrole=cluster-admin --serviceaccount="audited:$namespace" >/dev/null
kubectl config view --raw --minify -o json | jq --arg token "$(kubectl -n audited create token "$namespace" --duration=10h)" \
  '.users[].user = {token: $token}' >kubeconfig
chmod 600 kubeconfig
audit=$(dirname "$admin")/audit.log
requests() { grep -sc "system:serviceaccount:audited:$namespace" "$audit" || true; }

run_timeout=10m
on_cluster="engine: kubernetes, kubernetes: {namespace: $namespace}, parallelism: $at_once"
# ran COMMAND...: runs it, and prints the seconds it took and the controller's most kilobytes.
ran() {
  KUBECONFIG=$work/kubeconfig python3 - "$@" <<'EOF'
import resource, subprocess, sys, time
begun = time.monotonic()
with open("out", "w") as out:
    code = subprocess.run(sys.argv[1:], stdout=out, stderr=out).returncode
if code != 0:
    sys.exit(open("out").read()[-2000:])
print(f"{time.monotonic() - begun:.2f} {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss}")
EOF
}
clear() {
  kubectl -n "$namespace" delete jobs,pods --all --wait=true >/dev/null
}

asked=0
for pair in $(seq "$pairs"); do
  study=bench-$pair true_study "$jobs" studyctl/tiny:1 "$on_cluster"
  before=$(requests)
  ours=$(ran studyctl apply study.yaml | cut -d' ' -f1)
  asked=$((asked + $(requests) - before))
  clear
  theirs=$(kubectl config view --raw --minify -o json >bare.json && "$top/tests/bench/bare_jobs.py" bare.json "$namespace" "$jobs" "$at_once")
  clear
  awk -v n="$jobs" -v ours="$ours" -v theirs="$theirs" 'BEGIN {
    printf "studyctl %.2f/s (%s s), a bare loop %.2f/s (%s s): %.2f x\n", n / ours, ours, n / theirs, theirs, theirs / ours }' | tee -a pairs
done
sed 's/.*: \(.*\) x/\1/' pairs | sort -n | awk '{ v[NR] = $1 } END { printf "median of %d pairs: %.2f x (at least 0.95 is wanted)\n", NR, v[int((NR + 1) / 2)] }'
awk -v asked="$asked" -v n=$((jobs * pairs)) 'BEGIN { printf "requests to the API server: %.2f an experiment (at most 6 are wanted)\n", asked / n }'
jq -r --arg user "system:serviceaccount:audited:$namespace" 'select(.user.username == $user) |
  .verb + " " + .objectRef.resource + (if .objectRef.subresource then "/" + .objectRef.subresource else "" end)' "$audit" |
  sort | uniq -c | sort -rn | sed 's/^/  /'

# Recorded as plain processes, which is quick; then a controller on the cluster goes on with them and some new ones.
study=much true_study "$recorded" studyctl/tiny:1 "engine: process, parallelism: $at_once"
ran studyctl apply study.yaml >/dev/null
study=much true_study $((recorded + at_once)) studyctl/tiny:1 "$on_cluster"
kilobytes=$(ran studyctl apply study.yaml --reuse any | cut -d' ' -f2)
[ "$(sqlite3 results/studies.db "select count(*) from jobs where study = 'much' and state in ('Succeeded', 'Cached')")" -ge $((recorded + at_once)) ] ||
  { echo "not all are on record" >&2; exit 1; }
awk -v kb="$kilobytes" -v n="$recorded" 'BEGIN { printf "the controller with %d experiments on record: %.1f MB at most (less than 60 are wanted)\n", n, kb / 1024 }'
