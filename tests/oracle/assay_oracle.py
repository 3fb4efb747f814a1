#!/usr/bin/env python3
"""assay's canonical form, version 1, written a second time from docs/canonical-form.md alone.

    assay_oracle.py --vectors [DIR]   checks DIR/canon-*.tsv (default tests/vectors)
    assay_oracle.py [NAME[=ARG] ...]  the line protocol of tests/fuzz/canon_driver.c, with rules as arguments
    assay_oracle.py --sums ...        the sums of a ledger's chunks, from the data; see oracle_sums.py

Plain Python 3.11, standard library only. It is written to be read beside the specification, not to be fast.
Values while they are worked on are tuples whose first member is the kind of the reader (before reading) or the tag
of the cell (after it). A finite N is ('N', 0, negative, digits, e) with digits free of zeros at both ends.
"""
import os
import re
import struct
import sys

from scalars import I32, I64, TAGS, Defect, Malformed, Refused
from cells import cell_of, key_of, row_form
from rules import canonical
from shapes import NESTED, form_of, parse_shape, print_shape

# ---- Line form -----------------------------------------------------------------------------------------------------

NUMBERS = {'bool': (0, 1), 'int': I64, 'uint': (0, 2**64 - 1), 'decspecial': I64, 'date': I64, 'time': I64,
           'dec': I64, 'timetz': I64, 'ts': I64, 'tstz': I64}
AUX = {'dec': (-32768, 32767), 'decbytes': (-32768, 32767), 'decdigits': (-32768, 32767), 'timetz': I32,
       'ts': (0, 2**32 - 1), 'tstz': (0, 2**32 - 1)}
RAW = ('decbytes', 'decdigits', 'pgnumeric', 'text', 'lexeme', 'string', 'bytes', 'uuid', 'json')


def whole_number(text, limits):
    if not re.fullmatch(r'-?[0-9]{1,20}', text) or not limits[0] <= int(text) <= limits[1]:
        raise Malformed(f'not a number in its range: {text}')
    return int(text)


ITEM = re.compile(rb'([a-z0-9]+(?::-?[0-9]+)?)=([0-9]{1,9}):')


def items(data):
    """What stands inside a list, struct or map."""
    found, at = [], 0
    while at < len(data):
        m = ITEM.match(data, at)
        if not m or m.end() + int(m[2]) > len(data):
            raise Malformed('not an item')
        at = m.end() + int(m[2])
        found.append(carrier(m[1].decode(), data[m.end():at]))
    return found


def tree(kind, aux, data):
    inside = items(data)
    if kind == 'list':
        return (kind, inside, whole_number(aux, I64) if aux else 1)
    if aux or len(inside) % 2:
        raise Malformed('names, keys or values that have no other half')
    return (kind, list(zip(inside[::2], inside[1::2])))


def carrier(kind, data):
    """The value of one line: kind[:aux] and its input bytes."""
    kind, colon, aux = kind.partition(':')
    if kind in NESTED:
        return tree(kind, aux, data)
    if bool(colon) != (kind in AUX):
        raise Malformed('a second number is missing or too many')
    if kind == 'null':
        if data:
            raise Malformed('null holds nothing')
        return ('null',)
    if kind == 'absent' and not data:
        return ('absent',)
    tail = (whole_number(aux, AUX[kind]),) if kind in AUX else ()
    if kind in RAW:
        return (kind, data) + tail
    if kind in ('f32', 'f64'):
        if len(data) != (4 if kind == 'f32' else 8):
            raise Malformed('a float of another length')
        return (kind, struct.unpack('>f' if kind == 'f32' else '>d', data)[0])
    if kind == 'interval':
        if len(data) != 20:
            raise Malformed('an interval of another length')
        return (kind,) + struct.unpack('>iiqi', data)
    if kind not in NUMBERS:
        raise Malformed(f'no such kind: {kind}')
    return (kind, whole_number(data.decode('ascii', 'replace'), NUMBERS[kind])) + tail


def answer(line, rules):
    """One line of the protocol, without its end."""
    if not line or line.startswith('#'):
        return ''
    fields = line.split('\t')
    try:
        if len(fields) != 3:
            raise Defect('fields are missing or too many')
        shape = parse_shape(fields[0].encode())
    except Defect:
        raise Malformed(f'not in the form of the protocol: {line[:80]}') from None
    try:
        value = carrier(fields[1], bytes.fromhex(fields[2]))
        read = canonical(fields[0], value, rules)
    except (Defect, Refused) as reason:
        return f'!{reason}'
    return f'{cell_of(read).hex()}\t{"-" if shape.kind in NESTED else key_of(read).hex()}'


def parse_rules(args):
    rules = []
    for arg in args:
        name, equals, rest = arg.partition('=')
        rules.append((name, rest if equals else None))
    return rules


def filter_lines(args):
    rules = parse_rules(args)
    for line in sys.stdin:
        print(answer(line.rstrip('\n'), rules), flush=sys.stdin.isatty())
    return 0


# ---- Vectors -------------------------------------------------------------------------------------------------------

ESCAPES = {b'\\': b'\\', b't': b'\t', b'n': b'\n', b'r': b'\r'}


def unescape(field):
    return re.sub(rb'\\(?:x([0-9A-Fa-f]{2})|(.))',
                  lambda m: bytes.fromhex(m[1].decode()) if m[1] else ESCAPES[m[2]], field, flags=re.DOTALL)


def check_values(path, form, complain):
    """canon-cells.tsv, canon-nested.tsv and canon-keys.tsv; returns how many were checked."""
    checked, previous, ascending = 0, None, False
    with open(path, 'rb') as file:
        for number, line in enumerate(file, 1):
            line = line.rstrip(b'\n')
            if line.startswith(b'#'):
                if line in (b'# ascending', b'# end'):
                    ascending, previous = line == b'# ascending', None
                continue
            type_name, kind, data, expected = line.split(b'\t')
            checked += 1
            try:
                got = form(canonical(type_name.decode(), carrier(kind.decode(), unescape(data))))
            except Defect:
                got = None
            wanted = None if expected.startswith(b'!') else bytes.fromhex(expected.decode())
            if got != wanted:
                complain(f'{path}:{number}: {got.hex() if got is not None else "a defect"}, '
                         f'the vector says {expected.decode()}')
            if ascending:
                if previous is not None and not previous < got:
                    complain(f'{path}:{number}: key not above the one before')
                previous = got
    return checked


def check_shapes(path, complain):
    checked = 0
    with open(path, 'rb') as file:
        for number, line in enumerate(file, 1):
            line = line.rstrip(b'\n')
            if line.startswith(b'#'):
                continue
            spelling, *expected = line.split(b'\t')
            checked += 1
            try:
                shape = parse_shape(unescape(spelling))
                got = [print_shape(shape), form_of(shape).hex().encode()]
            except Defect:
                got = [b'!']
            if got != expected:
                complain(f'{path}:{number}: {got}, the vector says {expected}')
    return checked


def check_row_forms(path, complain):
    checked = 0
    with open(path, 'rb') as file:
        for number, line in enumerate(file, 1):
            line = line.rstrip(b'\n')
            if line.startswith(b'#'):
                continue
            spec, expected = line.split(b'\t')
            columns = [unescape(part).rsplit(b':', 2) for part in spec.split(b',') if part]
            checked += 1
            try:
                got = row_form([(n, t.decode(), int(p)) for n, t, p in columns]).hex()
            except Defect:
                got = '!'
            if got != expected.decode()[:len(got)]:
                complain(f'{path}:{number}: {got}, the vector says {expected.decode()}')
    return checked


def check_vectors(folder):
    problems = []
    file = lambda name: os.path.join(folder, f'canon-{name}.tsv')
    counts = {'cells': check_values(file('cells'), cell_of, problems.append),
              'nested cells': check_values(file('nested'), cell_of, problems.append),
              'keys': check_values(file('keys'), key_of, problems.append),
              'shapes': check_shapes(file('shapes'), problems.append),
              'row forms': check_row_forms(file('rowform'), problems.append)}
    for problem in problems:
        print(problem)
    print(', '.join(f'{n} {what}' for what, n in counts.items()) + f': {len(problems)} differ')
    return 1 if problems or not all(counts.values()) else 0


def main(args):
    if args[:1] == ['--vectors']:
        here = os.path.dirname(os.path.abspath(__file__))
        return check_vectors(args[1] if len(args) > 1 else os.path.join(here, '..', 'vectors'))
    if args[:1] == ['--sums']:
        import oracle_sums  # it imports this module
        return oracle_sums.main(args[1:])
    if args[:1] in (['-h'], ['--help']):
        print(__doc__)
        return 0
    try:
        return filter_lines(args)
    except Malformed as problem:
        print(f'assay_oracle.py: {problem}', file=sys.stderr)
        return 2


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
