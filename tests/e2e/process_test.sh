#!/usr/bin/env bash
# Studies as plain processes: what a workload sees, kills of the controller and of the supervisor, limits, trees of processes,
# and the fallback of a machine that has no container engine.
# usage: process_test.sh process [KILLS]
. "$(dirname "$0")/lib.sh"
kills=${2:-${STUDYCTL_KILLS:-6}}

# The processes of this volume's supervisor, found by what marks them.
of_ours() { grep -sla "STUDYCTL_PROCESS=studyctl-$(cut -c1-8 results/.studyctl/volume-id)" /proc/[0-9]*/environ | cut -d/ -f3; }
supervisor() { pgrep -f "supervise $PWD/results/.studyctl/processes" | head -n 1; }
none_left() { [ -z "$(of_ours)" ]; }

# ---- what a workload sees
cat >study.yaml <<'YAML'
apiVersion: studyctl.io/v1alpha1
kind: Study
metadata: {name: sees}
spec:
  sweep: {count: [1, 2]}
  files: {input.txt: "n ${params.count}\n"}
  template:
    spec:
      initContainers:
        - {name: make, image: none, command: [sh, -c, 'echo made > made.txt; echo said by init']}
      containers:
        - name: main
          image: busybox:1
          command: [sh, -c, 'cat made.txt "$1"; echo "E=$STUDY_PARAM_COUNT.5 $FROM_SETUP ${WANTED-unset} ${OTHER-unset}"; pwd; cp "$1" "$STUDY_RESULTS/copy"', sh, /study/input.txt]
  results:
    required: [copy]
    metrics: [{name: energy, from: {stdout: true, regex: 'E=(\S+)'}}]
  execution: {engine: process, process: {setup: export FROM_SETUP=set, inheritEnv: [WANTED]}, timeouts: {run: 1m}}
YAML
export WANTED=wanted OTHER=other
expect_code 0 studyctl apply study.yaml
expect_said 'engine process uses no image: the commands of busybox:1 run as this machine has them'
expect_equal "$(grep -c 'uses no image' out)" 1 "how often it says that no image is used"
attempt=$(echo results/sees/latest/experiments/*/1-*/cycle-1/attempt-1)
printf 'made\nn 1\nE=1.5 set wanted unset\n%s\n' "$(dirname "$(readlink -f "$attempt")")/attempt-1.partial" >wanted
diff wanted "$attempt/stdout.log" || fail "what the workload saw"
expect_equal "$(cat "$attempt/init-0.log")" 'said by init' "what its init container said"
[ ! -e "$attempt/stderr.log" ] || fail "an empty file was made"
unset WANTED OTHER

# ---- the controller and the supervisor are killed: every repetition succeeds once, nothing is left
cat >kills.yaml <<'YAML'
apiVersion: studyctl.io/v1alpha1
kind: Study
metadata: {name: kills}
spec:
  sweep: {i: {from: 1, to: 60, step: 1}}
  template:
    spec:
      containers:
        - name: main
          image: none
          command: [sh, -c, 'echo begin; (setsid sleep 600 &); sleep 0.$((STUDY_PARAM_I % 10)); echo "end $STUDY_PARAM_I"']
  execution: {engine: process, parallelism: 6, timeouts: {run: 1m}, retry: {backoff: {initial: 100ms}}}
YAML
for kill in $(seq "$kills"); do
  studyctl apply kills.yaml >>apply.log 2>&1 &
  pid=$!
  sleep "0.$((3 + RANDOM % 5))"
  [ $((kill % 3)) != 0 ] || kill -9 "$(supervisor)" 2>/dev/null || true
  [ $((kill % 6)) = 0 ] || kill -9 "$pid" 2>/dev/null || true
  wait "$pid" || true
done
expect_code 0 studyctl apply kills.yaml
expect_equal "$(sqlite3 results/studies.db "select count(*) from jobs where state = 'Succeeded' and study = 'kills'")" 60 succeeded
for log in results/kills/latest/experiments/*/*/cycle-1/result/stdout.log; do
  expect_equal "$(head -n 1 "$log") $(tail -n 1 "$log" | cut -d' ' -f1) $(wc -l <"$log")" 'begin end 2' "$log"
done
wait_until 10 none_left

# ---- a cancel ends whole trees
cat >tree.yaml <<'YAML'
apiVersion: studyctl.io/v1alpha1
kind: Study
metadata: {name: tree}
spec:
  template: {spec: {containers: [{name: main, image: none, command: [sh, -c, 'setsid sleep 600 & sh -c "trap : TERM; sleep 600; sleep 600" & echo up; wait']}]}}
  execution: {engine: process, timeouts: {run: 2m, grace: 1s}}
YAML
expect_code 0 studyctl apply tree.yaml --detach
wait_until 30 sh -c 'grep -sq up results/tree/latest/experiments/*/*/cycle-1/attempt-1.partial/stdout.log'
expect_code 0 studyctl cancel tree
expect_code 3 studyctl wait tree --timeout 60s
wait_until 10 none_left

# ---- GPUs that stand in for real ones, of two volumes at once: each is one attempt's at a time, whoever is killed
# shellcheck disable=SC2016
cat >gpus.yaml <<'YAML'
apiVersion: studyctl.io/v1alpha1
kind: Study
metadata: {name: gpus}
spec:
  sweep: {i: {from: 1, to: 12, step: 1}}
  template:
    spec:
      containers:
        - name: main
          image: none
          command: [sh, -c, 'mkdir "$0/busy-$CUDA_VISIBLE_DEVICES" || { echo "$CUDA_VISIBLE_DEVICES" >>"$0/twice"; exit 1; }; sleep 0.3; rmdir "$0/busy-$CUDA_VISIBLE_DEVICES"; echo "gpu=$CUDA_VISIBLE_DEVICES"', WORK]
          resources: {limits: {nvidia.com/gpu: 1}}
  execution: {engine: process, parallelism: 3, timeouts: {run: 1m}, retry: {backoff: {initial: 100ms}}}
YAML
sed -i "s|WORK|$work|" gpus.yaml
gpus() { studyctl apply gpus.yaml --gpus 0,1 --lease-dir "$work/leases" "$@"; }
gpus --results other >other.log 2>&1 &
other=$!
gpus >killed.log 2>&1 &
killed=$!
sleep 1
kill -9 "$killed"
wait "$killed" || true
expect_code 0 gpus
wait "$other" || { cat other.log >&2; fail "the study on the other volume"; }
[ ! -e twice ] || fail "a GPU was two attempts' at once: $(cat twice)"
expect_equal "$(cat {results,other}/gpus/latest/experiments/*/*/cycle-1/result/stdout.log | sort | uniq -c | awk '{n += $1} END {print n, NR}')" '24 2' \
  "attempts that had a GPU, and GPUs"
expect_equal "$(find leases/leases -type f | wc -l)" 0 "leases that are left"
expect_code 4 studyctl apply gpus.yaml --gpus none --lease-dir "$work/leases" --results none

# ---- limits, where control groups may be made: root on cgroup v1, and v2
. "$top/tests/e2e/limits.sh"
expect_code 1 studyctl apply limits.yaml
expect_said 'OOMKilled: killed at the memory limit (32.0 MiB)'
kept "by the machine's control groups"

# ---- what an attempt used, as the kernel counted it
cat >uses.yaml <<'YAML'
apiVersion: studyctl.io/v1alpha1
kind: Study
metadata: {name: uses}
spec:
  sweep: {what: [memory, cpu, nothing]}
  template:
    spec:
      containers:
        - name: main
          image: none
          command:
            - sh
            - -c
            - |
              case $STUDY_PARAM_WHAT in
                memory) head -c 60000000 /dev/zero | tail -c 60000000 >/dev/null;;
                cpu) python3 -c 'import time; exec("while time.process_time() < 2: pass")';;
              esac
  execution: {engine: process, parallelism: 1, timeouts: {run: 1m}}
YAML
expect_code 0 studyctl apply uses.yaml
expect_code 0 studyctl results uses --usage
expect_said 'CPU-HOURS'
expect_code 0 studyctl results uses --usage -o json
used() { jq ".items[] | select(.experiment | startswith(\"$1-\")) | $2" out; }
[ "$(used memory '.memory_peak_bytes > 6e7 and .memory_peak_bytes < 9e7')" = true ] || { cat out >&2; fail "memory of what held 60 MB"; }
[ "$(used cpu '.cpu_hours * 3600 | . >= 2 and . < 2.5')" = true ] || { cat out >&2; fail "CPU time of what was busy for 2 s of it"; }
[ "$(used nothing '.cpu_hours * 3600 | . > 0 and . < 0.1')" = true ] || { cat out >&2; fail "CPU time of what did nothing"; }
jq -e '.conditions | .samples > 0 and .own_cores > 0.1 and .own_cores < 1.1' results/uses/latest/experiments/*/cpu-*/cycle-1/attempt-1/attempt.json >/dev/null ||
  fail "what the machine was like meanwhile"
expect_code 0 studyctl describe uses "$(basename results/uses/latest/experiments/*/cpu-*)"
expect_said ' s of CPU'

# ---- namespaces: what a container would see, also as a user who is nobody in particular
# shellcheck disable=SC2016
cat >contained.yaml <<'YAML'
apiVersion: studyctl.io/v1alpha1
kind: Study
metadata: {name: contained}
spec:
  files: {input.txt: "of the input\n"}
  template:
    spec:
      volumes: [{name: scratch, emptyDir: {medium: Memory}}]
      containers:
        - name: main
          image: none
          command: [sh, -c, 'cat /study/input.txt; echo $STUDY_RESULTS $PWD; set -- /proc/[0-9]*; echo $#; grep -c : /proc/net/dev; echo "by $(id -u)" >$STUDY_RESULTS/who; echo x >/lost || echo >/fast/x']
          volumeMounts: [{name: scratch, mountPath: /fast}]
  results: {required: [who]}
  execution: {engine: process, process: {namespaces: [mount, pid, net]}, timeouts: {run: 1m}, retry: {limit: 0}}
YAML
contained() {
  expect_equal "$(cat "$1"/contained/latest/experiments/*/*/cycle-1/result/stdout.log)" $'of the input\n/results /results\n1\n1' "what a contained process sees"
  expect_equal "$(cat "$1"/contained/latest/experiments/*/*/cycle-1/result/who)" "by $2" "who it is"
}
expect_code 0 studyctl apply contained.yaml
contained results 0
chmod 711 . && mkdir -m 777 nobodys && install -m 755 "$(command -v studyctl)" nobodys/studyctl
as_nobody() { expect_code "$1" env HOME="$PWD/nobodys" setpriv --reuid 65534 --regid 65534 --clear-groups "${@:2}"; }
as_nobody 0 nobodys/studyctl --results "$PWD/nobodys/r" apply contained.yaml
contained nobodys/r 65534
as_nobody 5 unshare --user --map-root-user sh -c '
  echo 0 >/proc/sys/user/max_net_namespaces && exec nobodys/studyctl --results "$PWD/nobodys/s" apply contained.yaml'
expect_said 'execution.process.namespaces: this kernel does not let this user make them (user.max_*_namespaces are used up); run as root'

# ---- what cannot be
cat >absent.yaml <<'YAML'
apiVersion: studyctl.io/v1alpha1
kind: Study
metadata: {name: absent}
spec:
  template: {spec: {containers: [{name: main, image: none, command: [there-is-no-such-program]}]}}
  execution: {engine: process, timeouts: {run: 1m}}
YAML
expect_code 1 studyctl apply absent.yaml
expect_said "there is no program 'there-is-no-such-program' in PATH"

# ---- no container engine at all: auto takes processes, and says so
sed 's/engine: process, //; s/name: sees/name: fallback/' study.yaml >fallback.yaml
env -u DOCKER_HOST -u CONTAINER_HOST -u XDG_RUNTIME_DIR unshare --mount sh -c 'mount -t tmpfs none /run; PATH='"$(dirname "$(command -v studyctl)")"' exec studyctl apply fallback.yaml' \
  >out 2>&1 || { cat out; fail "the fallback"; }
expect_said 'NO CONTAINER ENGINE was found: experiments run as plain processes of this machine'

# ---- the example
expect_code 0 studyctl apply "$top/examples/plain-processes/study.yaml"
expect_code 0 studyctl results plain-processes --by level
expect_said 'size (%)'

# ---- the supervisor goes when it is needed no more
no_supervisor() { [ -z "$(supervisor)" ]; }
wait_until 20 no_supervisor
