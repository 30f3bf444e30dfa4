#!/usr/bin/env python3
"""What was told as done before a power cut, held against a volume after it.
usage: power_cut_look.py TOLD RESULTS [all]    TOLD: lines of results.jsonl as they were read; "all": the run is over"""

import json
import pathlib
import sqlite3
import sys

told_file, results, *over = sys.argv[1:]
database = sqlite3.connect(f"{results}/studies.db")
succeeded = {
    (experiment, cycle, attempt): finished
    for experiment, cycle, attempt, finished in database.execute(
        "select e.name, r.cycle, a.attempt, strftime('%Y-%m-%dT%H:%M:%fZ', a.finished_at / 1000.0, 'unixepoch') from attempts a "
        "join repetitions r on r.id = a.repetition join experiments e on e.id = r.experiment where a.state = 'Succeeded'")
}


def key(row):
    return row["experiment"], row["cycle"], row["attempt"]


told = {key(row): row for row in map(json.loads, open(told_file))}
for one, row in told.items():
    if succeeded.get(one) != row["finished_at"]:
        sys.exit(f"was told as done, and is not on record as it was: {row}: {succeeded.get(one)}")
print(f"{len(told)} were told as done, and are; {len(succeeded)} are on record")
if not over:
    sys.exit()

for experiment, cycle, attempts in database.execute(
        "select e.name, r.cycle, sum(a.state = 'Succeeded') from attempts a join repetitions r on r.id = a.repetition "
        "join experiments e on e.id = r.experiment group by r.id"):
    if attempts != 1:
        sys.exit(f"{experiment} cycle {cycle} has succeeded {attempts} times")
run = pathlib.Path(results, "power", "latest")
published = [json.loads(line) for line in open(run / "results.jsonl")]
if sorted(map(key, published)) != sorted(succeeded):
    sys.exit("results.jsonl has not each of what succeeded, once")
for row in published:
    number = row["parameters"]["i"]
    place = run / "experiments" / row["experiment"][-16:][:2] / row["experiment"] / "cycle-1"
    if (place / "result").readlink().name != f"attempt-{row['attempt']}":
        sys.exit(f"{place}/result is {(place / 'result').readlink()}, not attempt {row['attempt']}")
    if (place / "result" / "out.txt").read_text() != f"{number}\n" * 5000:
        sys.exit(f"{place}/result/out.txt is not what was written")
    if json.loads((place / "result" / "attempt.json").read_text())["attempt"] != row["attempt"]:
        sys.exit(f"{place}/result/attempt.json is another attempt's")
left = list(run.glob("experiments/*/*/*/*.partial"))
if left:
    sys.exit(f"left over: {left}")
print(f"all {len(published)} are whole")
