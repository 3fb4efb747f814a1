#!/usr/bin/env python3
"""chunk_root.py: the sealed root of one chunk, again, from its revealed rows. Python's standard library only.

    chunk_root.py --key HEX ROWS.csv
    chunk_root.py --key HEX --leaf leaves/000000004 ROWS.csv

--key is the chunk's key, from whoever holds the keyring (assay ledger keyring PLAN --reveal). --leaf is a statement about the
chunk: its root, number of rows, row form and commitment to the key must be those that are found. --expect and --commit
take root and commitment as words.

ROWS.csv (UTF-8, RFC 4180) has the chunk's rows, in any order, as the checker compared them: after the rules of the plan. Its
first line names the covered columns, all of them, in any order, each NAME:TYPE, and those of the key NAME:TYPE:POSITION:

    id:integer:1,customer:text,placed:timestamp
    1,Ada,2026-01-05 10:00:00
    2,\\N,2026-02-10 11:30:00

\\N is NULL; a value that begins with a backslash has one more in front. bytes are hex, booleans true or false, times ISO 8601
with at most nine decimals. Types: boolean, integer, decimal, float64, text, bytes, date, time, timestamp, timestamptz, uuid.

For other types the first line may be "key,row", or "row" when there is no key: the key bytes and row bytes in hex
(docs/canonical-form.md).

Prints the root in hex and the number of rows. Exit 0: as expected; 1: not; 2: usage; 3: the rows cannot be read.
"""
import argparse
import base64
import binascii
import csv
import datetime
import decimal
import hashlib
import hmac
import math
import re
import struct
import sys
import uuid


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def u32(n):
    return struct.pack(">I", n)


# ---- The tree: docs/digests.md, "Sealed" ----------------------------------------------------------------------------


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
    for entry in entries:
        occurrence = occurrence + 1 if entry == before else 0
        before = entry
        key, rd = entry
        leaves.append(sha256(b"\x00", u32(len(key)), key, u32(occurrence), rd))
    return root_of(leaves)


# ---- Values: docs/canonical-form.md, sections 1 to 3. Each reader gives (cell without its tag, key bytes) ------------


def flipped(raw):
    return b"\x10" + bytes([raw[0] ^ 0x80]) + raw[1:]


def read_boolean(text):
    raw = bytes([["false", "true"].index(text)])
    return raw, b"\x10" + raw


def magnitude(digits, first):
    digits += "0" * (len(digits) % 2)
    pairs = [2 * int(digits[i:i + 2]) + 1 for i in range(0, len(digits), 2)]
    pairs[-1] -= 1
    return u32(first + 2**31) + bytes(pairs)


def read_decimal(text):
    special = {"NaN": (1, 0x24), "Infinity": (2, 0x20), "-Infinity": (3, 0x10)}.get(text)
    if special:
        return bytes(special[:1]), bytes(special[1:])
    if not re.fullmatch(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?", text):
        raise ValueError(f"not a number: {text}")
    sign, digits, e = decimal.Decimal(text).as_tuple()
    digits = "".join(map(str, digits)).lstrip("0")
    e += len(digits) - len(digits.rstrip("0"))
    digits = digits.rstrip("0")
    if not digits:
        return b"\0" + struct.pack(">iI", 0, 0), b"\x18"
    c = -int(digits) if sign else int(digits)
    size = ((c if c >= 0 else ~c).bit_length() + 8) // 8
    size_of_value = magnitude(digits, e + len(digits) - 1)
    key = b"\x14" + bytes(255 - b for b in size_of_value) if sign else b"\x1c" + size_of_value
    return b"\0" + struct.pack(">iI", e, size) + c.to_bytes(size, "big", signed=True), key


def read_integer(text):
    raw, key = read_decimal(text)
    if raw[0] or struct.unpack(">i", raw[1:5])[0] < 0:
        raise ValueError(f"not an integer: {text}")
    return raw, key


def read_float64(text):
    value = float(text)
    raw = b"\x7f\xf8" + bytes(6) if math.isnan(value) else struct.pack(">d", value)
    cell = b"F" + (struct.pack(">d", 0.0) if value == 0 else raw)
    return raw, b"\x30" + u32(len(cell)) + cell


def counted(raw):
    return u32(len(raw)) + raw, b"\x10" + raw.replace(b"\0", b"\0\xff") + b"\0\1"


def read_text(text):
    return counted(text.encode("utf-8"))


def read_bytes(text):
    return counted(bytes.fromhex(text))


def days_of(text):
    return (datetime.date.fromisoformat(text) - datetime.date(1970, 1, 1)).days


def read_date(text):
    raw = struct.pack(">i", {"infinity": 2**31 - 1, "-infinity": -2**31}.get(text) or days_of(text))
    return raw, flipped(raw)


def clock_of(text):
    """Seconds and nanoseconds since midnight."""
    m = re.fullmatch(r"([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?", text)
    if not m:
        raise ValueError(f"not a time: {text}")
    hours, minutes, seconds = map(int, m.groups()[:3])
    ns = int((m[4] or "").ljust(9, "0"))
    if minutes > 59 or seconds > 59 or (hours, minutes, seconds, ns) > (24, 0, 0, 0):
        raise ValueError(f"not a time: {text}")
    return hours * 3600 + minutes * 60 + seconds, ns


def read_time(text):
    seconds, ns = clock_of(text)
    raw = struct.pack(">q", seconds * 10**9 + ns)
    return raw, flipped(raw)


def stamp(text, offset):
    if text in ("infinity", "-infinity"):
        raw = struct.pack(">qI", 2**63 - 1 if text == "infinity" else -2**63, 0)
    else:
        day, clock = re.fullmatch(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[ T](\S+)", text).groups()
        seconds, ns = clock_of(clock)
        raw = struct.pack(">qI", days_of(day) * 86400 + seconds - offset, ns)
    return raw, flipped(raw)


def read_timestamp(text):
    return stamp(text, 0)


def read_timestamptz(text):
    m = re.fullmatch(r"(.*?)(?:Z|([+-])([0-9]{2}):?([0-9]{2})?)", text)
    if text in ("infinity", "-infinity"):
        return stamp(text, 0)
    if not m:
        raise ValueError(f"no offset from UTC: {text}")
    offset = int(m[3] or 0) * 3600 + int(m[4] or 0) * 60
    return stamp(m[1], -offset if m[2] == "-" else offset)


def read_uuid(text):
    raw = uuid.UUID(text).bytes
    return raw, b"\x10" + raw


TYPES = {
    "boolean": (b"L", read_boolean), "integer": (b"N", read_integer), "decimal": (b"N", read_decimal),
    "float64": (b"F", read_float64), "text": (b"T", read_text), "bytes": (b"B", read_bytes),
    "date": (b"D", read_date), "time": (b"C", read_time), "timestamp": (b"S", read_timestamp),
    "timestamptz": (b"Z", read_timestamptz), "uuid": (b"U", read_uuid),
}


# ---- Rows: section 2 --------------------------------------------------------------------------------------------------


def columns_of(header):
    """(name bytes, type, key position, place in the file) by name bytes, from the first line."""
    columns = []
    for place, cell in enumerate(header):
        m = re.fullmatch(f"(.*):({'|'.join(TYPES)})(?::([1-9][0-9]*))?", cell, re.DOTALL)
        if not m:
            raise ValueError(f"not NAME:TYPE or NAME:TYPE:POSITION of a known type: {cell}")
        columns.append((m[1].encode("utf-8"), m[2], int(m[3] or 0), place))
    columns.sort()
    keys = sorted(c[2] for c in columns if c[2])
    if len({c[0] for c in columns}) != len(columns) or keys != list(range(1, len(keys) + 1)):
        raise ValueError("a column stands twice, or the key's positions are not 1, 2, ...")
    return columns


def form_of(columns):
    text = b"assay-row/1" + struct.pack(">H", len(columns))
    for name, kind, position, _ in columns:
        text += struct.pack(">H", len(name)) + name + TYPES[kind][0] + struct.pack(">H", position)
    return sha256(text)


def value_of(kind, text):
    """(cell, key bytes)"""
    if text == "\\N":
        return b"\0", b"\x05"
    tag, read = TYPES[kind]
    raw, key = read(text[1:] if text.startswith("\\") else text)
    return tag + raw, key


def typed_rows(table, header):
    columns = columns_of(header)
    head = form_of(columns)[:8] + struct.pack(">H", len(columns))
    for line in table:
        if len(line) != len(header):
            raise ValueError(f"line {table.line_num}: {len(line)} values for {len(header)} columns")
        values = [value_of(kind, line[place]) for _, kind, _, place in columns]
        parts = sorted((c[2], v[1]) for c, v in zip(columns, values) if c[2])
        key = b"".join(k for _, k in parts) if parts else None
        yield key, head + b"".join(cell for cell, _ in values)


def read_rows(path):
    with open(path, newline="", encoding="utf-8") as f:
        table = csv.reader(f, strict=True)
        header = next(table, None)
        if header == ["key", "row"]:
            return [(bytes.fromhex(key), bytes.fromhex(row)) for key, row in table]
        if header == ["row"]:
            return [(None, bytes.fromhex(line[0] if line else "")) for line in table]
        if not header:
            raise ValueError("no first line with the columns")
        return list(typed_rows(table, header))


class Leaf:
    """What a statement about a chunk says of it."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as f:
            head, *lines = f.read().split("\n\n")[0].split("\n")
        said = dict(line.split(" ", 1) for line in lines)
        if head != "assay/v1 chunk":
            raise ValueError("not a statement about a chunk")
        if "root" not in said:
            raise ValueError(f"it has no sealed root: {said.get('unsealed', 'the dataset is not sealed')}")
        self.root, self.form = digest(said["root"]), digest(said["form"])
        self.commit, self.rows = digest(said["keycommit"]), int(said["rows"])


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
    p.add_argument("--leaf", metavar="FILE", help="a statement about the chunk")
    p.add_argument("--commit", type=digest, help="the commitment to the key in the statement")
    p.add_argument("--expect", type=digest, help="the root in the statement")
    a = p.parse_args()
    leaf = None
    decimal.setcontext(decimal.Context(prec=decimal.MAX_PREC, Emin=decimal.MIN_EMIN, Emax=decimal.MAX_EMAX))
    csv.field_size_limit(1 << 28)
    at = a.leaf
    try:
        leaf = Leaf(a.leaf) if a.leaf else None
        at = a.rows
        rows = read_rows(a.rows)
    except (OSError, ValueError, AttributeError, KeyError, struct.error, csv.Error, binascii.Error, decimal.DecimalException) as e:
        print(f"{at}: {e}", file=sys.stderr)
        return 3
    root = chunk_root(a.key, rows)
    print(f"root {root.hex()} rows {len(rows)}")
    commit, expect = (leaf.commit, leaf.root) if leaf else (a.commit, a.expect)
    wrong = [why for why, differs in (
        ("the key is not the one that the statement commits to", commit and sha256(b"\x30", a.key) != commit),
        (f"the statement is about {leaf and leaf.rows} rows", leaf and leaf.rows != len(rows)),
        ("the columns, their types or the key are not those of the statement", leaf and any(row[:8] != leaf.form[:8] for _, row in rows)),
        ("the root is not that of the statement", expect and root != expect),
    ) if differs]
    for why in wrong:
        print(why)
    if leaf and not wrong:
        print(f"as {a.leaf} says")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
