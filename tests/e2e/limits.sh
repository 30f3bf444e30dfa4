# shellcheck shell=bash
# A study that goes beyond each limit of plain processes, in limits.yaml, and whether the limits were kept.
cat >limits.yaml <<'YAML'
apiVersion: studyctl.io/v1alpha1
kind: Study
metadata: {name: limits}
spec:
  sweep: {what: [memory, child, pids, cpu, wiped, fine]}
  template:
    spec:
      containers:
        - name: main
          image: none
          command:
            - bash
            - -c
            - |
              case $STUDY_PARAM_WHAT in
                memory) exec tail /dev/zero;;
                child) (exec tail /dev/zero); exit 0;;  # alone: others that go on meanwhile make the kernel kill once more
                pids) for i in $(seq 20); do sleep 5 & done;;
                cpu) end=$((SECONDS + 3)); while [ $SECONDS -lt $end ]; do :; done;;
                wiped) env -i setsid sleep 600 & sleep 0.2; exit 0;;
              esac
          resources: {limits: {memory: 32Mi, cpu: 200m, studyctl.io/pids: 12}}
  execution: {engine: process, timeouts: {run: 1m}, retry: {limit: 0}}
YAML
reason() { sqlite3 results/studies.db "select coalesce(reason, '') from jobs where experiment like '$1-%'"; }
attempt() { cat results/limits/latest/experiments/*/"$1"-*/cycle-1/attempt-1*/attempt.json; }

# kept BY: what limits.yaml said came true.
kept() {
  expect_equal "$(reason memory)" OOMKilled "over its memory, $1"
  expect_equal "$(reason child)" Completed "a child over its memory, $1"
  expect_equal "$(reason pids)" Error "over its number of processes, $1"
  expect_equal "$(reason fine)" Completed "within its limits, $1"
  attempt child | jq -r '.warnings[]' | grep -q 'killed at the memory limit' || fail "no word of the child that was killed, $1"
  attempt cpu | jq -e '.conditions.cpu_seconds > 0.1 and .conditions.cpu_seconds < 1.2' >/dev/null ||
    fail "a fifth of a core for three seconds, $1: $(attempt cpu | jq -c .conditions)"
  ! pgrep -fx 'sleep 600' >/dev/null || fail "what has wiped its environment is left, $1"
}
