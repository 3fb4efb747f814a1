#!/usr/bin/env python3
"""segments.py RESULT.json: one line a segment that does not match: dataset, segment, what is wrong, in which columns."""
import json
import sys

found = {}
with open(sys.argv[1], encoding="utf-8") as result:
    for dataset in json.load(result)["datasets"]:
        for chunk in dataset["chunks"]:
            wrong = found.setdefault((dataset["name"], chunk["segment"]), set())
            wrong.add(" ".join([chunk.get("kind") or chunk["verdict"], *(chunk.get("columns") or [])]))
for (name, segment), wrong in sorted(found.items()):
    print(f"{name:<15} {segment:<8} {', '.join(sorted(wrong))}")
