#!/usr/bin/env bash
# What the machine was like meanwhile: heat, strangers, broken devices, memory. A library stands in for NVIDIA's, by the
# same dlopen; what it tells stands in a file.
. "$(dirname "$0")/lib.sh"

mkdir lib
ln -s "$(dirname "$(command -v studyctl)")/tests/libstand_in_nvml.so" lib/libnvidia-ml.so.1
export LD_LIBRARY_PATH=$work/lib STAND_IN_NVML=$work/nvml
options=(--lease-dir "$work/leases")
[ "$engine" = podman ] || options+=(--gpus 0,1)

# gpus LINE...: both are cool, idle and well, but for what the lines say.
gpus() {
  { printf '%s\n' "$@"; for i in 0 1; do printf '%s\n' "$i uuid GPU-test-$i" "$i temperature 40" "$i throttles 0"; done; } >nvml.new
  mv nvml.new nvml
}

# gpu_study NAME SCRIPT [MORE_EXECUTION]: one experiment that leases a GPU.
gpu_study() {
  cat >study.yaml <<EOF
apiVersion: studyctl.io/v1alpha1
kind: Study
metadata: {name: $1}
spec:
  template:
    spec:
      containers:
        - name: main
          image: studyctl/tiny:1
          command: [sh, -c, '$2']
          resources: {limits: {nvidia.com/gpu: 1}}
  execution:
    timeouts: {run: 5m}
    ${3:-}
EOF
}
record() { jq -r "$1" results/"$2"/latest/experiments/*/*/cycle-1/attempt-*/attempt.json; }
says() { studyctl describe "$1" 2>&1 | grep -qF -- "$2"; }

echo "a throttled attempt is flagged"
gpus '0 throttles 0x40' '0 temperature 91'
gpu_study throttled 'sleep 4'
expect_code 0 studyctl apply -f study.yaml "${options[@]}"
expect_equal "$(record '.conditions.flags | index("throttled") != null' throttled)" true "throttled"
expect_equal "$(record '.conditions.gpus[0].temperature_max' throttled)" 91 "temperature"
expect_equal "$(jq -r '.flags | index("throttled") != null' results/throttled/latest/results.jsonl)" true "flag in the results"
studyctl describe throttled "$(basename results/throttled/latest/experiments/*/*)" >out || true
grep -qF "throttled: GPU-test-0 hardware thermal" out || { cat out; fail "describe does not say it"; }
studyctl get experiments throttled -o wide | grep -q FLAGGED || fail "no column FLAGGED"

echo "what was flagged is kept by a rebuild"
sqlite3 results/studies.db "select flags from jobs where study = 'throttled'" >before
expect_code 0 studyctl doctor --rebuild
expect_equal "$(sqlite3 results/studies.db "select flags from jobs where study = 'throttled'")" "$(cat before)" "flags"
grep -q throttled before || fail "no flag in the database"

echo "results leave out what was throttled, also where it is taken over from an earlier run"
# clean_study VALUES: an experiment for each, two at a time; that of the first GPU is throttled.
clean_study() {
  gpu_study clean 'sleep 4; echo "e=${params.i}"' 'parallelism: 2'
  sed -i "s/^  template:/  sweep: {i: [$1]}\n  results: {metrics: [{name: e, from: {stdout: true, regex: e=(.)}}]}\n  template:/" study.yaml
}
# What else is done on this machine meanwhile may disturb either one.
only_throttled() {
  sqlite3 results/studies.db "update attempts set flags = case when flags like '%throttled%' then '[\"throttled\"]' end"
}
gpus '0 throttles 0x40' '0 temperature 91' '0 watts 100' '1 watts 50'
clean_study "1, 2"
expect_code 0 studyctl apply -f study.yaml "${options[@]}"
only_throttled
expect_code 0 studyctl results clean
expect_said "1 of 2 repetitions was flagged (1 throttled): --clean leaves it out"
expect_code 0 studyctl results clean --clean
expect_said "1 repetition left out by --clean: 1 throttled"
expect_equal "$(studyctl results clean --clean -o csv 2>/dev/null | wc -l)" 2 "head and row of what is clean"
expect_equal "$(studyctl results clean --clean --rows -o jsonl 2>/dev/null | jq -r '.devices[0]')" nvidia.com/gpu=1 "the clean one"
expect_code 0 studyctl results clean --usage
expect_said "ENERGY"
expect_code 0 studyctl results clean --usage -o json
jq -e '[.items[].energy_joules] | all(. > 0)' out >/dev/null || fail "an attempt on a GPU has no energy"
gpus
clean_study "1, 2, 3"
expect_code 0 studyctl apply -f study.yaml "${options[@]}"
expect_said "2 are done already, in earlier runs"
jq -r 'select(.source) | .flags[]?' results/clean/latest/results.jsonl | grep -qx throttled || fail "a cached row has lost its flag"  # beside disturbed, on a busy machine
only_throttled
expect_code 0 studyctl results clean --clean
expect_said "1 repetition left out by --clean: 1 throttled"

echo "a busy stranger is waited for, and named"
sleep 300 & stranger=$!
cleanups+=("kill $stranger")
gpus "0 pid $stranger" '0 pid_memory 2147483648' '1 memory 3221225472'
gpu_study idle 'true' 'gpu: {requireIdle: true}'
studyctl apply -f study.yaml "${options[@]}" --detach >/dev/null
wait_until 20 says idle "nvidia.com/gpu=0 is used by pid $stranger (sleep), 2.0 GiB"
wait_until 5 says idle "nvidia.com/gpu=1 has 3.0 GiB of its memory in use"
gpus "0 pid $stranger"
expect_code 0 studyctl wait idle --timeout 30s
expect_equal "$(record '.devices[0]' idle)" nvidia.com/gpu=1 "the idle one"

echo "a rule about GPUs is not taken where nothing tells of them"
gpu_study unseen 'true' 'gpu: {requireIdle: true}'
expect_code 4 env LD_LIBRARY_PATH= studyctl apply -f study.yaml "${options[@]}"
expect_said "gpu.requireIdle: who uses a GPU is not known here, since libnvidia-ml.so.1 tells of none"

echo "a hot GPU is waited for, and not for ever"
gpus '0 temperature 81' '1 temperature 82'
gpu_study hot 'true' 'cooldown: {gpuTemperatureBelow: 60, maxWait: 4s}'
studyctl apply -f study.yaml "${options[@]}" --detach >/dev/null
wait_until 20 says hot "nvidia.com/gpu=0 is at 81 °C, which is not below 60 °C"
expect_code 0 studyctl wait hot --timeout 30s
record '.warnings[]' hot | grep -qF "is at 81 °C at its start: cooldown.maxWait was over" || fail "it is not said that it started hot"

echo "a GPU that fails attempts is set aside, and said so"
gpus
gpu_study broken 'echo "CUDA error: uncorrectable ECC error encountered" >&2; exit 1' 'retry: {limit: 3, backoff: {initial: 0s}}'
expect_code 1 studyctl apply -f study.yaml "${options[@]}"
expect_equal "$(record '.devices[0]' broken | sort | uniq -c | tr -s ' ' | tr '\n' ';')" \
  " 2 nvidia.com/gpu=0; 2 nvidia.com/gpu=1;" "two faults each"
expect_equal "$(jq -r '.reasons.GpuFault' results/broken/latest/status.json)" 4 "GpuFault"
expect_equal "$(jq -r '.quarantined | length' results/broken/latest/status.json)" 2 "quarantined in status.json"
says broken "4 of 4: uncorrectable ECC error encountered" || fail "describe does not count the failures' signature"
studyctl doctor --lease-dir "$work/leases" >out || true
grep -qF "nvidia.com/gpu=0 is in quarantine" out || { cat out; fail "doctor does not say it"; }
expect_code 0 studyctl doctor --lease-dir "$work/leases" --release nvidia.com/gpu=1
gpu_study after 'true'
expect_code 0 studyctl apply -f study.yaml "${options[@]}"
expect_equal "$(record '.devices[0]' after)" nvidia.com/gpu=1 "the released one"

echo "an attempt that ran out of memory gets more, until it fits"
cat >study.yaml <<EOF
apiVersion: studyctl.io/v1alpha1
kind: Study
metadata: {name: ladder}
spec:
  template:
    spec:
      containers:
        - name: main
          image: studyctl/tiny:1
          command: [sh, -c, 'head -c 40000000 /dev/zero | tail >/dev/null && echo "{\"bytes\": \$STUDY_MEMORY_BYTES}" >/results/result.json']
          resources: {limits: {memory: 16Mi}}
  results: {required: [result.json]}
  execution:
    timeouts: {run: 5m}
    retry:
      limit: 5
      backoff: {initial: 0s}
      rules: [{reasons: [OOMKilled], action: Retry, memoryFactor: 2, memoryMax: 256Mi}]
EOF
expect_code 0 studyctl apply -f study.yaml
reached=$(jq -r .bytes results/ladder/latest/experiments/*/*/cycle-1/result/result.json)
[ "$reached" -ge 50331648 ] || fail "it ended well with $reached bytes"
expect_equal "$(jq -r .memory_bytes results/ladder/latest/experiments/*/*/cycle-1/attempt-2.failed/attempt.json)" 33554432 "second limit"

echo "caches of a run, and cold starts"
cat >study.yaml <<EOF
apiVersion: studyctl.io/v1alpha1
kind: Study
metadata: {name: caches}
spec:
  sweep: {i: [1, 2]}
  template:
    spec:
      containers:
        - name: main
          image: studyctl/tiny:1
          command: [sh, -c, 'ls /cache /own | wc -l >/results/seen; touch /cache/x /own/x']
          volumeMounts: [{name: cache, mountPath: /cache}, {name: own, mountPath: /own}]
      volumes: [{name: cache, emptyDir: {}}, {name: own, emptyDir: {}}]
  volumeScopes: {cache: Run}
  execution:
    timeouts: {run: 5m}
    coldStart: true
EOF
expect_code 0 studyctl apply -f study.yaml
expect_equal "$(record '.volumes.cache' caches | sort | tr '\n' ' ')" "cold warm " "the run's cache"
expect_equal "$(record '.volumes.own' caches | sort -u)" cold "an attempt's own"
record '.cold_start[]' caches | grep -q "files, " || fail "it is not said what was dropped"

expect_equal "$(containers_left)" 0 "containers left"
echo "measurement hygiene: all is well"
