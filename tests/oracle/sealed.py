#!/usr/bin/env python3
"""The sealed digest a second time, from docs/digests.md alone. Standard library only.

    sealed.py --vectors [FILE]   checks FILE (default tests/vectors/sealed.tsv)
    sealed.py --write            prints the vectors

A line of the vectors: chunk key, then rows as KEY:ROW (hex, "-" for no key), a repeat as KEY:ROW*N, or =N for N rows of
which row i has the key u32 (7919 i mod N) and is u32 i; then what they make: commitment, first rd, first locator, root,
block list (its SHA-256).
"""
import hashlib
import hmac
import struct
import sys

BLOCK = 1024


def sha(*parts):
    return hashlib.sha256(b''.join(parts)).digest()


def u32(n):
    return struct.pack('>I', n)


def commitment(chunk_key):
    return sha(b'\x30', chunk_key)


def row_digest(chunk_key, key, row):
    salt = hmac.digest(chunk_key, b'\x11' + key, 'sha256')[:16]
    return sha(b'\x10', salt, row)


def locator(rd, occurrence):
    return sha(b'\x20', rd, u32(occurrence))[:8]


def tree(hashes):
    """RFC 6962 section 2.1, over leaf hashes."""
    if not hashes:
        return sha(b'')
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while 2 * k < len(hashes):
        k *= 2
    return sha(b'\x01', tree(hashes[:k]), tree(hashes[k:]))


def elements(chunk_key, rows):
    """Sorted (key bytes, rd, occurrence) of (key bytes or None, row bytes)."""
    digests = []
    for key, row in rows:
        key = sha(row) if key is None else key
        digests.append((key, row_digest(chunk_key, key, row)))
    out = []
    for key, rd in sorted(digests):
        again = bool(out) and out[-1][:2] == (key, rd)
        out.append((key, rd, out[-1][2] + 1 if again else 0))
    return out


def seal(chunk_key, rows):
    """(root, block list) of a chunk's rows in any order."""
    found = elements(chunk_key, rows)
    leaves = [sha(b'\0', u32(len(key)), key, u32(occurrence), rd) for key, rd, occurrence in found]
    listed = b'assay-blocks/1\n' + struct.pack('>Q', len(found))
    for at in range(0, len(found), BLOCK):
        key = found[at][0]
        listed += tree(leaves[at:at + BLOCK]) + u32(len(key)) + key
    return tree(leaves), listed


# ---- Vectors -------------------------------------------------------------------------------------------------------

def rows_of(text):
    for item in text.split(',') if text else ():
        if item.startswith('='):
            n = int(item[1:])
            yield from ((u32(i * 7919 % n), u32(i)) for i in range(n))
            continue
        item, _, times = item.partition('*')
        key, _, row = item.partition(':')
        one = (None if key == '-' else bytes.fromhex(key), bytes.fromhex(row))
        yield from [one] * int(times or 1)


def line_of(chunk_key, text):
    rows = list(rows_of(text))
    found = elements(chunk_key, rows)
    root, listed = seal(chunk_key, rows)
    first = [found[0][1], locator(found[0][1], 0)] if found else [b'', b'']
    return '\t'.join([chunk_key.hex(), text] + [b.hex() for b in [commitment(chunk_key), *first, root, sha(listed)]])


def cases():
    zero, key = bytes(32), bytes(range(32))
    yield zero, ''
    yield key, ''
    yield key, '01:aabb'
    yield zero, '01:aabb'
    yield key, ':'
    yield key, '01:aabb,0102:aabb,0101:aabb,00:ff'
    yield key, '01:aabb*3,01:aabc'
    yield key, '-:aabb,-:aabb,-:00'
    yield key, f'{"5a" * 200}:{"c3" * 1000}'
    for n in (1023, 1024, 1025, 2049, 3000):
        yield key, f'={n}'
    yield key, '07:01*1025'


def check(path):
    checked = differ = 0
    with open(path, encoding='ascii') as file:
        for number, line in enumerate(file, 1):
            line = line.rstrip('\n')
            if not line or line.startswith('#'):
                continue
            fields = line.split('\t')
            checked += 1
            if line_of(bytes.fromhex(fields[0]), fields[1]) != line:
                differ += 1
                print(f'{path}:{number}: differs', file=sys.stderr)
    print(f'{checked} sealed chunks: {differ} differ')
    return 1 if differ or not checked else 0


def main(args):
    if args == ['--write']:
        print('# Sealed digests; docs/digests.md. key, rows, commitment, first rd, its locator, root, SHA-256 of the block list')
        for chunk_key, text in cases():
            print(line_of(chunk_key, text))
        return 0
    if args[:1] == ['--vectors'] and len(args) <= 2:
        return check(args[1] if len(args) == 2 else 'tests/vectors/sealed.tsv')
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
