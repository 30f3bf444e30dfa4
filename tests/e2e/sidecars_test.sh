#!/usr/bin/env bash
# Containers beside the one that runs the experiment, on a real cluster; what a cluster has against a template is said once,
# before anything starts.
. "$(dirname "$0")/lib.sh"
. "$top/tests/e2e/objects.sh"
export STUDYCTL_RESULTS=$work/results

# beside EXECUTION SIDECAR: study.yaml with a container beside main, which share a directory.
beside() {
  cat >study.yaml <<EOF
apiVersion: studyctl.io/v1alpha1
kind: Study
metadata: {name: beside}
spec:
  sweep: {i: [1, 2]}
  template:
    spec:
      containers:
        - name: app
          image: studyctl/tiny:1
          command: [sh, -c, 'until [ -s /shared/word ]; do sleep 0.1; done; cat /shared/word; echo "main \$STUDY_PARAM_I"; cp /shared/word /results/word; exit \${CODE:-0}']
          volumeMounts: [{name: shared, mountPath: /shared}]
        - name: helper
          image: studyctl/tiny:1
          command: [sh, -c, 'echo "word of \${params.i} by \$TOKEN" >/shared/word; echo "helper says"; $2']
          env: [{name: TOKEN, valueFrom: {secretKeyRef: {name: helper, key: token}}}]
          volumeMounts: [{name: shared, mountPath: /shared}]
          ports: [{containerPort: 9100}]
          tty: false
          terminationMessagePolicy: FallbackToLogsOnError
      volumes: [{name: shared, emptyDir: {}}]
  execution: {engine: kubernetes, kubernetes: {namespace: $namespace}, timeouts: {run: 1m, grace: 2s}, $1}
---
apiVersion: v1
kind: Secret
metadata: {name: helper}
stringData: {token: s3cret}
EOF
}

# ---- the experiment ends when main does: beside what never ends, what has ended, and what fails ----
beside 'parallelism: 2' 'sleep 600'
begun=$SECONDS
expect_code 0 studyctl apply study.yaml
[ $((SECONDS - begun)) -lt 60 ] || fail "it took $((SECONDS - begun)) s"
expect_equal "$(cat results/beside/latest/experiments/*/*/cycle-1/attempt-1/stdout.log | sort | tr '\n' ,)" \
  "main 1,main 2,word of 1 by s3cret,word of 2 by s3cret," "what main said"
expect_equal "$(cat results/beside/latest/experiments/*/*/cycle-1/attempt-1/word | wc -l)" 2 "what it left"
wait_until 30 [ "$(things_left)" = 0 ]
beside 'parallelism: 2' 'exit 3'
expect_code 0 studyctl apply study.yaml --fresh
sed -i 's/exit \${CODE:-0}/exit 5/' study.yaml
expect_code 1 studyctl apply study.yaml --fresh
expect_equal "$(sqlite3 results/studies.db "select distinct exit_code from attempts where state = 'Failed'")" 5 "the code of an experiment that failed"

# ---- what cannot be had is said once, and nothing is started ----
runs() { find results/beside -maxdepth 1 -name '2*' | wc -l; }
before=$(runs)
refused() {
  expect_code 4 studyctl apply study.yaml --fresh
  expect_said "nothing was started"
  expect_said "$1"
  expect_equal "$(runs)" "$before" "runs after what was refused"
  expect_equal "$(kubectl get jobs -o name | wc -l)" 0 "Jobs of what was refused"
}
beside 'parallelism: 2' 'exit 0'
sed -i 's/^      containers:/      initContainers: [{name: early, image: studyctl\/tiny:1, command: [sleep, "600"], restartPolicy: Always}]\n&/' study.yaml
refused "spec.template.spec.initContainers[early].restartPolicy: this cluster is too old to know it"
beside 'parallelism: 2' 'exit 0'
sed -i 's/^          ports:/          resources: {claims: [{name: gpu}]}\n&/' study.yaml
refused "spec.template.spec.containers[helper].resources"
beside 'parallelism: 2' 'exit 0'
sed -i 's/^      containers:/      dnsPolicy: Nowhere\n&/' study.yaml
refused 'spec.template.spec.dnsPolicy: Unsupported value: "Nowhere"'

# A quota: one that has no room now is waited for; one that never has is said.
kubectl create quota small --hard=limits.memory=256Mi,pods=1 >/dev/null
beside 'parallelism: 2' 'exit 0'
refused "must specify limits.memory"
sed -i 's/^        - name: [ah].*/&\n          resources: {limits: {cpu: 100m, memory: 200Mi}}/' study.yaml
refused "quota small can never be met: it has limits.memory=256.0 MiB in all, and an attempt asks for 400.0 MiB"
sed -i 's/memory: 200Mi/memory: 100Mi/' study.yaml
expect_code 0 studyctl apply study.yaml --fresh

# On another engine there is nothing beside.
sed -i 's/engine: kubernetes, kubernetes: {[^}]*}/engine: process/' study.yaml
expect_code 4 studyctl apply study.yaml --fresh
expect_said "container helper: engine process runs nothing beside containers[0]"
