#!/usr/bin/env python3
"""chunk_root.py: the sealed root of one chunk, again, from its revealed rows. Python's standard library only.

    chunk_root.py --key HEX ROWS.csv
    chunk_root.py --key HEX --expect HEX --commit HEX ROWS.csv

ROWS.csv is what `assay ledger prove --rows` reveals: a header line, then one line a row, in any order, with the columns

    key   key bytes in hex (docs/canonical-form.md); empty in all lines when the dataset has no key
    row   row bytes in hex

--key is the chunk's key; --commit what the statement says of it; --expect the root in the statement (hex or base64).
Prints the root in hex and the number of rows. Exit 0: as expected; 1: not; 2: usage; 3: the rows cannot be read.
"""
import argparse
import base64
import binascii
import csv
import hashlib
import hmac
import sys


def u32(n):
    return n.to_bytes(4, "big")


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def root_of(leaves):
    """RFC 6962, section 2.1, from leaf hashes; without recursion, whatever their number."""
    if not leaves:
        return sha256()
    while len(leaves) > 1:
        above = [sha256(b"\x01", a, b) for a, b in zip(leaves[::2], leaves[1::2])]
        if len(leaves) % 2:
            above.append(leaves[-1])
        leaves = above
    return leaves[0]


def chunk_root(chunk_key, rows):
    """rows: pairs of (key bytes or None, row bytes)."""
    entries = []
    for key, row in rows:
        key = sha256(row) if key is None else key
        salt = hmac.new(chunk_key, b"\x11" + key, hashlib.sha256).digest()[:16]
        entries.append((key, sha256(b"\x10", salt, row)))
    entries.sort()
    leaves, before, occurrence = [], None, 0
    for key, rd in entries:
        occurrence = occurrence + 1 if (key, rd) == before else 0
        before = (key, rd)
        leaves.append(sha256(b"\x00", u32(len(key)), key, u32(occurrence), rd))
    return root_of(leaves)


def read_rows(path):
    with open(path, newline="", encoding="ascii") as f:
        table = csv.DictReader(f)
        if not table.fieldnames or not {"key", "row"} <= set(table.fieldnames):
            raise ValueError("the header must name the columns key and row")
        rows = [(bytes.fromhex(line["key"]), bytes.fromhex(line["row"])) for line in table]
    if any(key for key, _ in rows):
        return rows
    return [(None, row) for _, row in rows]


def digest(text):
    """32 bytes, written as hex, with or without sha256:, or as base64."""
    text = text.removeprefix("sha256:")
    raw = bytes.fromhex(text) if len(text) == 64 else base64.b64decode(text, validate=True)
    if len(raw) != 32:
        raise ValueError("not 32 bytes")
    return raw


def main():
    p = argparse.ArgumentParser(description="The sealed root of a chunk from its revealed rows.")
    p.add_argument("rows", metavar="ROWS.csv")
    p.add_argument("--key", required=True, type=digest, help="the chunk's key")
    p.add_argument("--commit", type=digest, help="the commitment to the key in the statement")
    p.add_argument("--expect", type=digest, help="the root in the statement")
    a = p.parse_args()
    try:
        csv.field_size_limit(1 << 28)
        rows = read_rows(a.rows)
    except (OSError, ValueError, TypeError, csv.Error, binascii.Error) as e:
        print(f"{a.rows}: {e}", file=sys.stderr)
        return 3
    root, wrong = chunk_root(a.key, rows), 0
    print(f"root {root.hex()} rows {len(rows)}")
    if a.commit and sha256(b"\x30", a.key) != a.commit:
        print("the key is not the one that the statement commits to")
        wrong = 1
    if a.expect and root != a.expect:
        print("the root is not that of the statement")
        wrong = 1
    return wrong


if __name__ == "__main__":
    sys.exit(main())
