#!/usr/bin/env bash
# Secrets and ConfigMaps reach the container as Kubernetes would hand them over; a secret is in nothing that is kept or shown.
. "$(dirname "$0")/lib.sh"

mkdir -p secrets/hf
printf 'fromdir-%s' 8371946 >secrets/hf/token
cat >study.yaml <<'EOF'
apiVersion: v1
kind: Secret
metadata: {name: login}
stringData: {password: indoc-5540127}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {mode: fast, table.txt: "a b c"}
---
apiVersion: studyctl.io/v1alpha1
kind: Study
metadata: {name: secrets}
spec:
  sweep: {i: [1, 2]}
  template:
    spec:
      containers:
        - name: main
          image: studyctl/tiny:1
          command: [sh, -c, 'printf %s "$PASSWORD" | wc -c; printf %s "$TOKEN" | wc -c; wc -c </login/password; cat /settings/table.txt; echo; echo $(MODE) $1; sleep 1', sh, $(GREETING)]
          env:
            - {name: MODE, valueFrom: {configMapKeyRef: {name: settings, key: mode}}}
            - {name: GREETING, value: "mode-$(MODE)"}
            - {name: PASSWORD, valueFrom: {secretKeyRef: {name: login, key: password}}}
            - {name: TOKEN, valueFrom: {secretKeyRef: {name: hf, key: token}}}
          volumeMounts: [{name: login, mountPath: /login}, {name: settings, mountPath: /settings}]
      volumes: [{name: login, secret: {secretName: login}}, {name: settings, configMap: {name: settings}}]
  execution: {timeouts: {run: 1m}}
EOF

# no_secret_in FILE...: nor below a directory.
no_secret_in() {
  ! grep -rlE 'indoc-5540127|fromdir-8371946|aW5kb2MtNTU0MDEyN|ZnJvbWRpci04MzcxOTQ2' "$@" || fail "a secret is in these"
}

studyctl plan study.yaml -o yaml >planned
studyctl apply study.yaml --secret-dir secrets >apply.log 2>&1 &
pid=$!
cleanups+=("kill $pid 2>/dev/null")
running() { [ "$(jobs_in Running)" -ge 1 ]; }
wait_until 20 running
# While it runs they are kept for the next controller, for their owner alone.
expect_equal "$(find results/.studyctl/secrets -type f ! -perm 600 | wc -l)" 0 "kept secrets that others may read"
socket=${DOCKER_HOST#unix://}
curl -fsS --unix-socket "$socket" "http://localhost/v1.41/containers/json" | jq -c '.[].Labels' >labels
wait "$pid" || { cat apply.log >&2; fail "apply ended with $?"; }

log=(results/secrets/latest/experiments/*/1-*/cycle-1/result/stdout.log)

expect_equal "$(tr "\n" " " <"${log[0]}")" "13 15 13 a b c fast mode-fast " "what the container saw"
studyctl describe secrets >described
studyctl get attempts -o json >attempts
for id in $(studyctl get experiments secrets -o name); do studyctl describe secrets "${id#*/}" >>described; done
no_secret_in planned apply.log labels described attempts results
grep -q -- "--env PASSWORD " results/secrets/latest/experiments/*/1-*/cycle-1/result/command.txt || fail "command.txt lacks the variable"
grep -q -- "--env MODE=fast " results/secrets/latest/experiments/*/1-*/cycle-1/result/command.txt || fail "command.txt lacks a value"
expect_equal "$(find results/.studyctl/secrets -type f | wc -l)" 0 "secrets kept after the end"
