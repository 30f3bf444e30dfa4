#!/usr/bin/env bash
# The page in a real browser: a study that runs, 100,000 experiments, a server that goes and comes back, what may be done.
# Pictures of it are kept in $STUDYCTL_SCREENSHOTS (a directory of the temporary one when not set), which is printed.
. "$(dirname "$0")/lib.sh"

web=$top/tests/web
export STUDYCTL_SCREENSHOTS=${STUDYCTL_SCREENSHOTS:-${TMPDIR:-/tmp}/studyctl-screenshots}/$engine
echo "screenshots: $STUDYCTL_SCREENSHOTS"

# ---- a study that runs, from its first experiments to its end
cat >study.yaml <<'YAML'
apiVersion: studyctl.io/v1alpha1
kind: Study
metadata: {name: solver}
spec:
  sweep: {molecule: [water, methane, ethanol], charge: [0, 1]}
  template:
    spec:
      containers:
        - name: main
          image: studyctl/tiny:1
          command: [sh, -c, 'echo "begin ${run.cycle}"; sleep 2; [ "${params.molecule}${params.charge}" != ethanol1 ] || exit 3; echo "energy of ${params.molecule}: E=-7${params.charge}.${run.cycle}"']
  results:
    metrics: [{name: energy, from: {stdout: true, regex: 'E=(\S+)'}, unit: Eh, goal: minimize}]
  execution: {cycles: 6, order: Interleaved, parallelism: 1, timeouts: {run: 2m, grace: 2s}}
YAML
expect_code 0 studyctl apply study.yaml --detach --listen 127.0.0.1:0
url=$(grep -o 'http://127.0.0.1:[0-9]*' "$work/out") || fail "it does not say where it listens"
wait_until 60 test -s results/solver/latest/results.jsonl
node "$web/life.mjs" "$url" || fail "a study that runs"
expect_code 1 studyctl wait solver

# ---- what a controller is not needed for: once is enough
[ "$engine" = docker ] || exit 0
server=$(dirname "$(command -v studyctl)")/tests/page_server
"$server" large 0 100000 >listening &
echo $! >server.pid
cleanups+=('kill "$(cat server.pid)"')
wait_until 120 grep -q listening listening
url=$(grep -o 'http://127.0.0.1:[0-9]*' listening)
node "$web/large.mjs" "$url" || fail "100,000 experiments"
node "$web/actions.mjs" "$url" || fail "what may be done"

cat >up <<UP
"$server" "$work/large" "${url##*:}" >/dev/null 2>&1 & echo \$! >"$work/server.pid"
UP
node "$web/reconnect.mjs" "$url" "kill $(cat server.pid)" "bash $work/up" || fail "a server that goes and comes back"
