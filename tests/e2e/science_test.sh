#!/usr/bin/env bash
# From measurements to conclusions: results, the report in a browser, the RO-Crate read by another library.
. "$(dirname "$0")/lib.sh"

cat >study.yaml <<'EOF'
apiVersion: studyctl.io/v1alpha1
kind: Study
metadata: {name: science}
spec:
  sweep:
    backend: ["slow</script><b>x", fast]
    batch: [1, 2, 4]
  template:
    spec:
      containers:
        - name: main
          image: studyctl/tiny:1
          command:
            - sh
            - -c
            - 'case $STUDY_PARAM_BACKEND in slow*) f=20 ;; *) f=10 ;; esac; echo "latency=$((f * STUDY_PARAM_BATCH + STUDY_CYCLE))"'
  results:
    metrics: [{name: latency, from: {stdout: true, regex: 'latency=(\d+)'}, unit: ms, goal: minimize}]
  execution: {cycles: 3, order: Interleaved, parallelism: 2}
EOF
expect_code 0 studyctl apply study.yaml

# Paired by cycle, the cycles' own part falls out: 20·b + c − (10·b + c), of b = 1, 2 and 4 on average.
expect_code 0 studyctl results --by backend --baseline backend=fast
expect_said "latency (ms)  9  48.6667"
expect_equal "$(studyctl results --by backend --baseline backend=fast -o jsonl | jq -c 'select(.pairs > 0) | [.pairs, (.difference * 1000 | round)]')" \
  "[3,23333]" "the difference by cycle"
expect_equal "$(studyctl results --sort latency -o jsonl | jq -r .standing | head -1)" best "the best comes first"
expect_equal "$(studyctl results --where 'latency>70' -o csv | wc -l)" 2 "rows above 70 ms, with their head"
expect_equal "$(studyctl results -o md | grep -c '^|')" 8 "lines of the table in Markdown"

# The report is one file: a browser without any network draws it, and a parameter's value is text.
expect_code 0 studyctl report -o report.html
chromium --headless --no-sandbox --disable-gpu --virtual-time-budget=10000 --dump-dom \
  --host-resolver-rules='MAP * ~NOTFOUND' "file://$work/report.html" >dom.html 2>/dev/null
grep -q 'data-drawn="4"' dom.html || fail "not every plot was drawn: $(grep -o 'data-drawn="[0-9]*"' dom.html)"
! grep -q '<b>x' dom.html || fail "a parameter's value became markup"
grep -q '&lt;b&gt;x' dom.html || fail "a parameter's value is nowhere to be seen"
grep -q 'data-fetched="0"' dom.html || fail "the page fetched something"
! grep -E '(src|href)="(https?:)?//' dom.html || fail "the page names something to fetch"

# The crate, read by a library that is not ours.
expect_code 0 studyctl export science --ro-crate crate --license https://spdx.org/licenses/CC-BY-4.0
expect_code 6 studyctl export science --ro-crate crate
node "$top/tests/e2e/read_crate.mjs" "$work/crate" >read || fail "the crate is not read: $(cat read)"
expect_equal "$(jq -r .actions read)" 19 "executions in the crate: the run's and 18 attempts'"
expect_equal "$(jq -r .missing read)" 0 "files that the crate names and does not have"
