#!/usr/bin/env bash
# History: marks, prune by hand, spec.retention by itself, and kills in the middle of it.
. "$(dirname "$0")/lib.sh"

a_run() { studyctl apply study.yaml --fresh --yes >/dev/null </dev/null; }
runs() { studyctl get runs -o name | wc -l; }
oldest() { studyctl get runs -o name | tail -n 1; }
# Each run that is listed is whole, and nothing else lies there.
expect_whole() {
  expect_equal "$(find results/kept -mindepth 1 -maxdepth 1 -type d | wc -l)" "$(runs)" "directories of runs"
  studyctl get runs -o path | while IFS= read -r path; do [ -s "$path/study_manifest.json" ] || fail "$path is not whole"; done
  [ -e "results/kept/latest/status.json" ] || fail "latest points nowhere"
}

points=2 a_study kept 'echo hello >"$STUDY_RESULTS/out"'
for _ in 1 2 3; do a_run; done
expect_equal "$(runs)" 3 "runs"

# ---- by hand
first=$(oldest)
studyctl keep "$first" --why 'for the paper' >/dev/null
expect_code 0 studyctl prune --runs 1 --dry-run
expect_said "would be removed: 1 run"
expect_said "it is marked: for the paper"
expect_equal "$(runs)" 3 "runs after a dry run"
expect_code 0 studyctl prune --runs 1
expect_equal "$(runs)" 2 "runs after a prune"
expect_equal "$(studyctl get runs -o json | jq -r '.items[] | select(.kept) | .run')" "$first" "the run that is kept"
expect_whole

# ---- by itself, whenever a run ends
sed -i 's/^spec:/spec:\n  retention: {runs: 2}/' study.yaml
for _ in 1 2 3; do a_run; done
expect_equal "$(runs)" 3 "two, and the one that is kept"
expect_whole
grep -q "spec.retention: kept/.* is removed" results/kept/latest/controller.log || fail "the log does not tell of it"
studyctl unkeep "$first" >/dev/null
a_run
expect_equal "$(runs)" 2 "the newest two"

# ---- what Cached results are from stays
sed -i 's/runs: 2/runs: 1/; s/to: 2/to: 3/' study.yaml
expect_code 0 studyctl apply study.yaml --yes
[ "$(studyctl get repetitions kept --state Cached -o name | wc -l)" -gt 0 ] || fail "nothing is Cached"
expect_equal "$(runs)" 2 "the newest, and the one that its results are from"
expect_code 0 studyctl results kept

# ---- killed in the middle: each run is whole or gone
sed -i '/retention/d' study.yaml
for _ in 1 2 3 4 5 6; do a_run; done
for tenths in 01 02 03 05 08; do
  studyctl prune --runs 1 --size 1Ki >/dev/null 2>&1 &
  pid=$!
  sleep "0.$tenths"
  kill -9 "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
done
expect_code 0 studyctl doctor --tidy
expect_whole
expect_code 0 studyctl prune --runs 1
expect_equal "$(runs)" 1 "the newest"
expect_whole
expect_equal "$(containers_left)" 0 "containers"
