# Sourced by the scripts beside it: a directory to work in, the engine under test, and what a test may expect.
# usage of a script: NAME_test.sh ENGINE      (tests/run.sh sets STUDYCTL_TEST_DOCKER and its like)
set -euo pipefail

engine=${1:?docker, podman, process, slurm or kubernetes}
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
case $engine in
  docker) DOCKER_HOST=${STUDYCTL_TEST_DOCKER:?where Docker listens: run tests/run.sh} ;;
  podman) DOCKER_HOST=${STUDYCTL_TEST_PODMAN:?where Podman listens: run tests/run.sh} ;;
  slurm) DOCKER_HOST=unix:///there/is/none ;;
  process) unset DOCKER_HOST ;;
  kubernetes) DOCKER_HOST=unix:///there/is/none KUBECONFIG=${STUDYCTL_TEST_KUBERNETES:?a kubeconfig: run tests/run.sh} ;;
esac
[ "$engine" = process ] || export DOCKER_HOST
export KUBECONFIG
unset CONTAINER_HOST STUDYCTL_RESULTS

work=$(mktemp -d "${TMPDIR:-/tmp}/studyctl-e2e.XXXXXX")
cleanups=()
finish() {
  local code=$? action
  for action in "${cleanups[@]}"; do eval "$action" || true; done
  if [ "$code" = 0 ] && [ -s "$work/api/faults" ]; then
    cat "$work/api/faults" >&2
    echo "FAILED: answers that manifests/openapi.json has not" >&2
    code=1
  fi
  if [ "$code" = 0 ]; then rm -rf "$work"; else echo "left for a look: $work" >&2; fi
  exit "$code"
}
trap finish EXIT
cd "$work"

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

# expect_code CODE COMMAND...: runs it with its output in $work/out, and fails when it exits with another code.
expect_code() {
  local wanted=$1 got=0
  shift
  "$@" >"$work/out" 2>&1 || got=$?
  [ "$got" = "$wanted" ] || { cat "$work/out" >&2; fail "exit code $got, not $wanted, of: $*"; }
}

# expect_said TEXT: the last expect_code said it.
expect_said() {
  grep -qF -- "$1" "$work/out" || { cat "$work/out" >&2; fail "nowhere was said: $1"; }
}

expect_equal() {
  [ "$1" = "$2" ] || fail "$3: is $1, not $2"
}

# wait_until SECONDS COMMAND...: until it succeeds.
wait_until() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$deadline" ] || fail "did not come true in time: $*"
    sleep 0.1
  done
}

# kubectl for the cluster under test, and what is there of our volume.
kubectl() { "${STUDYCTL_CACHE:-$HOME/.cache/studyctl}/kubernetes-1.20.2/kubectl" "$@"; }
of_volume() { kubectl get "$@" -l "studyctl.io/volume=$(cat results/.studyctl/volume-id)" -o name; }
running_pods() { [ "$(of_volume pods --field-selector status.phase=Running | wc -l)" = "$1" ]; }
things_left() { of_volume jobs,pods,secrets | wc -l; }

jobs_in() { sqlite3 results/studies.db "select count(*) from jobs where state = '$1'"; }

# described URL: another address of that server, by which every answer is held against the API's description: one that it
# has not fails the test at its end.
described() {
  local said
  mkdir -p "$work/api"
  said=$(mktemp "$work/api/proxy.XXXXXX")
  "$top/tests/e2e/openapi_proxy.py" "$(dirname "$(command -v studyctl)")/openapi.json" "$1" "$work/api" >"$said" 2>"$said.log" &
  echo $! >>"$work/api/pids"
  wait_until 60 grep -q http "$said"
  cat "$said"
}
cleanups+=('[ ! -e "$work/api/pids" ] || kill $(cat "$work/api/pids") 2>/dev/null')

# Containers that carry the label of our volume.
containers_left() {
  local socket=${DOCKER_HOST#unix://} volume
  volume=$(cat results/.studyctl/volume-id)
  curl -fsS --unix-socket "$socket" -G http://localhost/v1.41/containers/json --data-urlencode 'all=1' \
    --data-urlencode "filters={\"label\":[\"studyctl.io/volume=$volume\"]}" | jq length
}

# a_study NAME SCRIPT [MORE_EXECUTION]: study.yaml with an axis i of $points values on the image tiny.
a_study() {
  cat >study.yaml <<EOF
apiVersion: studyctl.io/v1alpha1
kind: Study
metadata: {name: $1}
spec:
  sweep:
    i: {from: 1, to: ${points:-4}, step: 1}
  template:
    spec:
      containers:
        - name: main
          image: studyctl/tiny:1
          command: [sh, -c, '$2']
  execution: {timeouts: {run: 2m, grace: 2s}, ${3:-parallelism: 2}}
EOF
}
