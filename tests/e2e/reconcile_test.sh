#!/usr/bin/env bash
# Applying a changed manifest: to a run that is on, to one that has ended, and what is done already is not done again.
. "$(dirname "$0")/lib.sh"

# a_sweep SIZES [METRIC]: study.yaml over `size`, each for two seconds.
a_sweep() {
  cat >study.yaml <<END
apiVersion: studyctl.io/v1alpha1
kind: Study
metadata: {name: reconcile}
spec:
  sweep: {size: [$1]}
  template:
    spec:
      containers:
        - name: main
          image: ${image:-studyctl/tiny:1}
          command: [sh, -c, 'sleep 2; echo "{\"double\": \$((\${params.size} * 2)), \"triple\": \$((\${params.size} * 3))}" >\$STUDY_RESULTS/r.json']
  results:
    metrics: [{name: ${2:-double}, from: {file: r.json, pointer: /${2:-double}}}]
  execution: {timeouts: {run: 1m}}
END
}
state() { jq -r .state results/reconcile/latest/status.json; }
state_is() { [ "$(state)" = "$1" ]; }
running() { jq .counts.Running results/reconcile/latest/status.json; }
runs_at_once() { [ "$(running)" = "$1" ]; }
query() { sqlite3 results/studies.db "$1"; }
planned() { query "select group_concat(p, ' ') from (select json_extract(parameters, '\$.size') p from jobs where is_planned and run = (select uuid from runs order by id desc limit 1) and state = '$1' order by 1)"; }

# ---- while it runs: more at a time, then other experiments
a_sweep "1, 2, 3, 4, 5, 6"
expect_code 0 studyctl apply study.yaml --detach
wait_until 20 runs_at_once 1
expect_code 0 studyctl apply study.yaml --detach --parallelism 3
expect_said "execution.parallelism: 1 → 3"
expect_said "configured"
wait_until 20 runs_at_once 3
expect_code 0 studyctl apply study.yaml --detach --parallelism 3
expect_said "unchanged"

a_sweep "9, 6, 3"
expect_code 1 studyctl diff study.yaml
expect_said "+ size=9"
expect_said "- size=1"
expect_code 0 studyctl plan study.yaml
expect_said "+ 1 new  = 2 same  - 4 dropped"
expect_code 0 studyctl apply study.yaml --detach --parallelism 2
expect_said "+ 1 new  = 2 same  - 4 dropped"
expect_code 0 studyctl wait reconcile
expect_equal "$(planned Succeeded)" "3 6 9" "what the changed plan came to"
expect_equal "$(query 'select count(*) from runs')" 1 "runs"
expect_equal "$(query "select max(attempts) from (select count(*) attempts from attempts group by repetition)")" 1 "attempts of one repetition"
expect_equal "$(query "select count(*) from jobs where state = 'Running'")" 0 "left running"
expect_equal "$(tail -n +2 results/reconcile/latest/results.csv | cut -d, -f4 | sort | paste -sd' ')" "3 6 9" "rows of results.csv"
expect_equal "$(containers_left)" 0 "containers"

# ---- after it has ended: what is done is taken over, what is new runs, what is the same is left alone
expect_code 0 studyctl apply study.yaml --parallelism 2
expect_said "unchanged: all 3 are done"
a_sweep "9, 6, 7"
expect_code 0 studyctl apply study.yaml --parallelism 2
expect_said "2 are done already, in earlier runs"
expect_equal "$(planned Cached)" "6 9" "cached"
expect_equal "$(planned Succeeded)" 7 "run anew"
expect_equal "$(wc -l <results/reconcile/latest/results.jsonl)" 3 "rows of results.jsonl"
grep -q '"source":"reconcile/' results/reconcile/latest/results.jsonl || fail "no row names its run"
expect_code 0 studyctl apply study.yaml --parallelism 2 --fresh
expect_equal "$(planned Succeeded)" "6 7 9" "run anew by --fresh"

# ---- more cycles go on in the same run; other metric rules run nothing
expect_code 0 studyctl apply study.yaml --parallelism 2 --cycles 2
expect_equal "$(query 'select count(*) from runs')" 3 "runs"
expect_equal "$(query "select count(*) from jobs where cycle = 2 and state = 'Succeeded'")" 3 "second cycles"
attempts=$(query 'select count(*) from attempts')
a_sweep "9, 6, 7" triple
expect_code 0 studyctl apply study.yaml --parallelism 2 --cycles 2
expect_said "configured, nothing is left to run"
expect_equal "$(query 'select count(*) from attempts')" "$attempts" "attempts after other rules"
head -1 results/reconcile/latest/results.csv | grep -q triple || fail "results.csv was not read again"
expect_code 0 studyctl diff study.yaml --parallelism 2 --cycles 2

# ---- a controller that dies right after it took up a change loses nothing of it
a_sweep "11, 12, 13, 14"
expect_code 0 studyctl apply study.yaml --detach --fresh
wait_until 20 runs_at_once 1
a_sweep "14, 13, 15"
expect_code 0 studyctl apply study.yaml --detach --parallelism 2
pid=$(jq .pid results/reconcile/latest/status.json)
kill -9 "$pid"
is_gone() { ! kill -0 "$pid"; }
wait_until 5 is_gone
expect_code 0 studyctl apply study.yaml --parallelism 2
expect_equal "$(planned Succeeded)" "13 14 15" "after the kill"
expect_equal "$(query "select max(attempts) from (select count(*) attempts from attempts where state = 'Succeeded' group by repetition)")" 1 "successes of one repetition"
expect_code 0 studyctl doctor --rebuild
expect_equal "$(planned Succeeded)" "13 14 15" "after a rebuild"

# ---- a tag that points elsewhere is said, not mixed
tag() { curl -fsS -X POST --unix-socket "${DOCKER_HOST#unix://}" "http://localhost/images/$1/tag?repo=studyctl/moving&tag=1"; }
rm -rf results
tag studyctl/tiny:1
image=studyctl/moving:1
a_sweep "1, 2"
expect_code 0 studyctl apply study.yaml --parallelism 2
tag studyctl/zstd:1
expect_code 4 studyctl apply study.yaml --parallelism 2 --cycles 2
expect_said "image studyctl/moving:1 is another now"
expect_code 0 studyctl apply study.yaml --parallelism 2 --cycles 2 --accept-image-change
grep -q "image studyctl/moving:1 changed midway" results/reconcile/latest/summary.txt || fail "the summary does not say that an image moved"
expect_code 0 studyctl apply study.yaml --parallelism 2 --cycles 3
a_sweep "1, 2, 3"
expect_code 0 studyctl apply study.yaml --parallelism 2
expect_said "2 were done by another image of the same name"

# ---- in bulk: some are skipped, some cancelled, the chronic ones are left out of a retry
rm -rf results
cat >study.yaml <<'END'
apiVersion: studyctl.io/v1alpha1
kind: Study
metadata: {name: reconcile}
spec:
  sweep: {kind: [good, bad], size: [1, 2, 3]}
  template:
    spec:
      containers:
        - name: main
          image: studyctl/tiny:1
          command: [sh, -c, 'sleep 2; [ ${params.kind} = good ]']
  execution: {timeouts: {run: 1m}}
END
expect_code 0 studyctl apply study.yaml --detach
wait_until 20 runs_at_once 1
expect_code 0 studyctl skip experiments reconcile -l size=3 --why "too big"
expect_said "2 will not run"
expect_code 0 studyctl cancel reconcile -l 'kind=good,size=1' --grace 100ms
expect_said "1 are told to end"
expect_code 8 studyctl skip reconcile --state Failed
expect_code 1 studyctl wait reconcile
expect_equal "$(query "select count(*) from jobs where state = 'Skipped' and note like '%: too big'")" 2 "skipped, with who and why"
expect_equal "$(query "select count(*) from jobs where state = 'Cancelled'")" 1 "cancelled"
expect_equal "$(query "select count(*) from jobs where state = 'Failed'")" 2 "failed"
for state in Succeeded Failed; do
  expect_code 8 studyctl skip reconcile --state "$state"
  expect_said "nothing that waits is selected"
  expect_code 8 studyctl cancel reconcile --state "$state"
done
expect_equal "$(query "select count(*) from jobs where state = 'Failed'")" 2 "failed, after a skip of what does not wait"
expect_code 1 studyctl retry reconcile -l size=1 --state Failed --run-timeout 30s
expect_code 8 studyctl retry reconcile --max-retries 0
expect_code 0 studyctl get repetitions reconcile --min-fails 2 -o name
expect_equal "$(wc -l <"$work/out")" 1 "those that failed twice"
expect_code 0 studyctl get summary reconcile --min-fails 2
expect_said "chronic: 1 experiment with a repetition that failed 2 times or more"
expect_said "timed out: no attempt"
expect_equal "$(studyctl get summary reconcile -o json | jq -c '[.counts[] | select(.state == "Skipped") | .repetitions] | add')" 2 "skipped, in the summary"
expect_code 1 studyctl retry reconcile --max-retries 1
expect_equal "$(query "select group_concat(fail_count, ' ') from (select fail_count from jobs where state = 'Failed' order by 1)")" "2 2" "failures after retries"

# ---- cycles until a metric is certain, and a checkpoint that outlives its attempts
rm -rf results
cat >study.yaml <<'END'
apiVersion: studyctl.io/v1alpha1
kind: Study
metadata: {name: reconcile}
spec:
  sweep: {noise: [0, 1]}
  checkpoint: {path: /checkpoint}
  template:
    spec:
      containers:
        - name: main
          image: studyctl/tiny:1
          command:
            - sh
            - -c
            - |
              echo "restart=$STUDY_RESTART"
              [ "$STUDY_RESTART" = 1 ] || { date >/checkpoint/half; exit 3; }
              echo "{\"latency\": $((100 + STUDY_SEED % 41 * ${params.noise}))}" >"$STUDY_RESULTS/r.json"
  results:
    metrics: [{name: latency, from: {file: r.json, pointer: /latency}}]
  execution:
    order: Interleaved
    parallelism: 2
    timeouts: {run: 1m}
    retry: {limit: 1, backoff: {initial: 0s, max: 0s}}
    repeatUntil: {metric: latency, ciWidth: 5%, maxCycles: 7}
END
expect_code 0 studyctl apply study.yaml
expect_equal "$(query "select group_concat(n, ' ') from (select count(*) n from jobs where state = 'Succeeded' group by experiment order by json_extract(parameters, '\$.noise'))")" "5 7" "cycles until certain"
expect_equal "$(query "select count(*) from attempts where state = 'Retry'")" 12 "attempts that left a checkpoint"

# ---- a pilot: these first, then a pause that resume ends
rm -rf results
a_sweep "1, 2, 3, 4"
expect_code 7 studyctl apply study.yaml --pilot 2 --parallelism 2
expect_said "the pilot is over: 2 of 2 succeeded"
expect_said "METRIC"
expect_said "the rest, 2 repetitions: about "
expect_equal "$(tail -1 out | cut -d" " -f1-4)" "next: \`studyctl resume reconcile\`" "what comes last behind a pilot"
expect_equal "$(query "select count(*) from jobs where state = 'Succeeded'")" 2 "the pilot"
expect_code 7 studyctl wait reconcile
expect_code 0 studyctl resume reconcile
expect_equal "$(query "select count(*) from jobs where state = 'Succeeded'")" 4 "after the pilot"
expect_code 0 studyctl apply study.yaml --fresh --pilot 2 --parallelism 2 --no-pilot-pause
expect_code 7 studyctl apply study.yaml --fresh --pilot size=2,4 --parallelism 2
expect_equal "$(planned Succeeded)" "2 4" "a pilot by what matches"
expect_code 4 studyctl apply study.yaml --pilot size=9
expect_said "no experiment matches size=9"
expect_code 0 studyctl resume reconcile
expect_equal "$(planned Succeeded)" "1 2 3 4" "after that pilot"
