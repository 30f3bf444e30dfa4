#!/usr/bin/env bash
# Every example ends as its README says.
. "$(dirname "$0")/lib.sh"

example() {
  local name=$1 code=$2 succeeded=$3
  rm -rf results
  expect_code "$code" studyctl apply "$top/examples/$name/study.yaml"
  expect_equal "$(jobs_in Succeeded)" "$succeeded" "$name: repetitions that succeeded"
  expect_equal "$(wc -l <"results/$name/latest/results.jsonl")" "$succeeded" "$name: rows of results"
  expect_equal "$(containers_left)" 0 "$name: containers left"
  expect_code 0 studyctl results "$name"
}

example quickstart 0 54
expect_equal "$(jq -s 'map(select(.metrics.ratio > 1)) | length' results/quickstart/latest/results.jsonl)" 54 "ratios over 1"
example nmr-benchmark 0 16
example structure-screening 1 15
example sort-benchmark 0 40
expect_equal "$(studyctl results sort-benchmark --by tool --baseline tool=sort -o jsonl | jq -c 'select(.pairs > 0) | .pairs')" 10 "cycles compared"
example ci-until-tight 0 76  # the blocks follow from the seed: on every machine the same stop early
expect_equal "$(studyctl results ci-until-tight --by input,blocks -o jsonl | jq -c .n | paste -sd ' ')" "18 5 20 5 20 8" "cycles that each wanted"
example retry-and-timeouts 1 3
expect_equal "$(sqlite3 results/studies.db "select count(*) from jobs where reason = 'OOMKilled'")" 2 "killed for lack of memory"
for reason in Timeout Stalled ResultMissing CheckFailed CreateError Error; do
  [ "$(sqlite3 results/studies.db "select count(*) from jobs where reason = '$reason'")" -gt 0 ] || fail "none ended with $reason"
done

# A slice of the ten thousand.
rm -rf results
cp -r "$top/examples/screening-10k" screening
screening/make_structures.py 10000 >screening/structures.csv
expect_code 0 studyctl plan screening/study.yaml --count
expect_equal "$(cat "$work/out")" 10000 "screening-10k: experiments"
expect_code 3 studyctl apply screening/study.yaml --at-most 20
expect_equal "$(jobs_in Succeeded)" 20 "screening-10k: repetitions that succeeded"
