#!/usr/bin/env bash
# Scoped axes, overrides and rows of a CSV file, from the manifest to what a container is given.
. "$(dirname "$0")/lib.sh"

cat >rows.csv <<'CSV'
name,uhf,note
water,0,"small, polar"
oxygen,2,triplet
water,0,"small, polar"
CSV

cat >study.yaml <<'YAML'
apiVersion: studyctl.io/v1alpha1
kind: Study
metadata: {name: language}
spec:
  parameters:
    uhf: {type: integer, minimum: 0}
    tag: {enum: [one, two]}
  sweep:
    backend: [plain, fancy]
    fancy.level: [1, 2]
  exclude: [{fancy.level: {gt: 1}, molecule: {matches: 'ox*'}}]
  experimentsFrom:
    csv: {path: rows.csv, columns: {name: molecule, uhf: uhf}, types: {uhf: integer}, derive: {mult: uhf + 1}}
  overrides:
    - match: {backend: fancy}
      container:
        env: [{name: MODE, value: "fancy-${params.fancy.level}"}]
        resources: {limits: {memory: 64Mi}}
      timeouts: {run: 2s, grace: 1s}
      retry: {limit: 1}
  template:
    spec:
      containers:
        - name: main
          image: studyctl/tiny:1
          command: [sh, -c, "cp /study/given /results; cat /study/params.json; [ ${params.uhf} = 0 ] || [ $MODE = plain ] || sleep 30"]
          env: [{name: MODE, value: plain}]
          resources: {limits: {cpu: 500m, memory: 32Mi}}
  files:
    given: |
      row ${source.row} ${params.molecule} ${params.mult} level ${params.fancy.level:-none} tag ${params.tag:-one} memory ${resources.memory}
  execution: {parallelism: 2, timeouts: {run: 1m}}
YAML

# 2 rows (the third repeats the first) x (plain, fancy 1, fancy 2) - the excluded one
expect_code 0 studyctl plan study.yaml --count
expect_equal "$(cat "$work/out")" 5 experiments
expect_code 0 studyctl validate study.yaml
expect_said "rows.csv:4: repeats line 2 and is left out"

# What oxygen does with backend fancy outlasts the override's two seconds, twice.
expect_code 1 studyctl apply study.yaml
expect_equal "$(jobs_in Succeeded)" 4 "succeeded"
expect_equal "$(sqlite3 results/studies.db "select state || ' ' || reason || ' ' || attempt from jobs where state = 'Failed'")" \
  "Failed Timeout 2" "the one that its override cuts short"
given() { cat results/language/latest/experiments/*/"$1"*/cycle-1/result/given; }
expect_equal "$(given plain-water)" "row 1 water 1 level none tag one memory $((32 << 20))" "without an override"
expect_equal "$(given fancy-2-water)" "row 1 water 1 level 2 tag one memory $((64 << 20))" "with one"
expect_equal "$(given plain-oxygen)" "row 2 oxygen 3 level none tag one memory $((32 << 20))" "another row"
expect_code 0 studyctl get experiments language -l 'fancy.level>1,molecule~wat*' -o name
expect_equal "$(wc -l <"$work/out")" 1 "chosen by number and glob"

# The rows are kept with the run: the file may go.
mv rows.csv elsewhere.csv
expect_code 0 studyctl results language
expect_code 1 studyctl retry language
expect_code 4 studyctl plan study.yaml
expect_said "rows.csv: No such file"
mv elsewhere.csv rows.csv

# --param changes the design.
expect_code 0 studyctl plan study.yaml --param tag=one,two --count
expect_equal "$(cat "$work/out")" 10 "experiments with another axis"
expect_code 4 studyctl plan study.yaml --param tag=three
expect_said "must be one of one, two, is three"
