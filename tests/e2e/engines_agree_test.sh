#!/usr/bin/env bash
# The same file on every engine: the tables of results and the ends differ in times and in where they ran alone.
# usage: engines_agree_test.sh docker     (with all engines that tests/run.sh starts)
. "$(dirname "$0")/lib.sh"

cat >study.yaml <<'YAML'
apiVersion: studyctl.io/v1alpha1
kind: Study
metadata: {name: agree}
spec:
  sweep: {i: [1, 2], ends: [fine, fails, lacks, late]}
  files: {input.json: "{\"i\": ${params.i}}\n"}
  template:
    spec:
      containers:
        - name: main
          image: studyctl/tiny:1
          command:
            - sh
            - -c
            - |
              case $STUDY_PARAM_ENDS in
                fails) echo "it went wrong" >&2; exit 3;;
                lacks) exit 0;;
                late) sleep 60;;
              esac
              cat "$1"; echo "energy: -$STUDY_PARAM_I.25 Ha"
              echo "{\"square\": $((STUDY_PARAM_I * STUDY_PARAM_I)), \"seed\": $STUDY_SEED}" >"$STUDY_RESULTS/out.json"
            - sh
            - /study/input.json
  results:
    required: [out.json]
    metrics:
      - {name: energy, unit: Ha, from: {stdout: true, regex: 'energy: (\S+) Ha'}}
      - {name: square, from: {file: out.json, pointer: /square}}
      - {name: seed, from: {file: out.json, pointer: /seed}}
  execution: {parallelism: 4, cycles: 2, seed: 7, timeouts: {run: 5s, grace: 1s}, retry: {limit: 0}}
YAML
sed 's|image: studyctl/tiny:1|image: none|' study.yaml >no-image.yaml

named='.experiment |= sub("-[0-9a-f]{16}$"; "")'
# on ENGINE [FILE]: runs it, and leaves what it came to in ENGINE.rows, .ends and .table. An experiment's id ends in a digest of
# its specification, which has the image.
on() {
  local engine=$1 file=${2:-study.yaml}
  expect_code 1 studyctl --results "$engine" apply "$file" --engine "$engine"
  studyctl --results "$engine" results agree --rows -o json |
    jq -S '.items | map(del(.started_at, .finished_at, .duration_seconds, .image_digest) | '"$named"') | sort_by(.experiment, .cycle)' >"$engine.rows"
  studyctl --results "$engine" get repetitions agree -o json |
    jq -S '.items | map({experiment, cycle, state, reason, message} | '"$named"') | sort_by(.experiment, .cycle)' >"$engine.ends"
  studyctl --results "$engine" results agree -o csv >"$engine.table"
}

on docker
expect_equal "$(jq length docker.rows)" 4 "rows of what succeeded"
expect_equal "$(jq -r 'map(.reason) | unique | join(" ")' docker.ends)" "Completed Error ResultMissing Timeout" "the ends"
DOCKER_HOST=$STUDYCTL_TEST_PODMAN on podman
on process
KUBECONFIG=$STUDYCTL_TEST_KUBERNETES on kubernetes
SLURM_CONF=$STUDYCTL_TEST_SLURM on slurm no-image.yaml
for other in podman process kubernetes slurm; do
  for what in rows ends table; do
    diff "docker.$what" "$other.$what" >&2 || fail "$other gives other $what than docker"
  done
done
