#!/usr/bin/env python3
"""Writes structures.csv: 10,000 structures, each a small molecule that is bent, stretched and charged a little.

usage: make_structures.py [COUNT] > structures.csv
"""
import random
import sys

MOLECULES = ["water", "ammonia", "methane", "methanol", "formaldehyde", "ethylene", "benzene", "acetone"]


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10000
    source = random.Random(20261122)
    print("id,name,charge,unpaired,stretch,comment")
    for number in range(1, count + 1):
        name = source.choice(MOLECULES)
        charge = source.choice([-1, 0, 0, 0, 1])
        stretch = round(source.uniform(0.9, 1.3), 3)
        print(f's{number:05d},{name},{charge},{abs(charge)},{stretch},"{name}, stretched by {stretch}"')


if __name__ == "__main__":
    main()
