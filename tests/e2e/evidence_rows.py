#!/usr/bin/env python3
"""chunk_root.py against the oracle in tests/oracle: cells, key bytes, row form and row bytes of many values; and against the
vectors of sealed chunks where they are. usage: evidence_rows.py CHUNK_ROOT.py REPOSITORY"""
import importlib.util
import os
import random
import sys

path, repo = sys.argv[1:]
sys.path.insert(0, os.path.join(repo, 'tests', 'oracle'))
spec = importlib.util.spec_from_file_location('chunk_root', path)
mine = importlib.util.module_from_spec(spec)
spec.loader.exec_module(mine)
import cells  # noqa: E402

rng = random.Random(1)
NUMBERS = ['0', '-0', '1', '-1', '10', '100', '127', '128', '-128', '-129', '255', '256', '5.00', '0.5e1', '0.25', '1.05', '-1.05',
           '1e40', '-1e-40', '99999999999999999999.00000000000000000001', '9007199254740993'] + [
               f'{rng.choice(["", "-"])}{rng.randrange(10 ** rng.randrange(1, 30))}.{rng.randrange(10 ** 6):06}' for _ in range(300)]
CASES = {
    'boolean': ['true', 'false'],
    'decimal': NUMBERS + ['NaN', 'Infinity', '-Infinity'],
    'integer': [n for n in NUMBERS if '.' not in n and 'e-' not in n],
    'float64': ['0', '-0', '1.5', '1e300', '-2.5', 'nan', 'inf', '-inf', '5e-324'],
    'text': ['', 'a', 'é', '\0', 'a\0b', '\uffff', '\U0001f600', '  x ', 'N'],
    'date': ['1970-01-01', '1969-12-31', '2026-02-28', '0001-01-01', '9999-12-31', 'infinity', '-infinity'],
    'time': ['00:00:00', '24:00:00', '12:34:56.789', '23:59:59.999999999'],
    'timestamp': ['1970-01-01 00:00:00', '1969-12-31 23:59:59.5', '2026-01-05T10:00:00.000000001', 'infinity', '-infinity'],
    'timestamptz': ['1970-01-01 00:00:00+00', '2026-01-05 10:00:00+05:30', '2026-01-05 10:00:00.25-08', '1960-06-01T00:00:00Z', 'infinity'],
    'uuid': ['00112233-4455-6677-8899-aabbccddeeff', 'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF'],
}
READERS = {
    'boolean': cells.read_boolean, 'decimal': cells.read_decimal, 'integer': cells.read_integer, 'float64': cells.read_float64,
    'text': cells.read_text, 'date': cells.read_date, 'time': cells.read_time, 'uuid': cells.read_uuid,
    'timestamp': lambda v: cells.read_stamp(v, 'timestamp', 'S', False),
    'timestamptz': lambda v: cells.read_stamp(v, 'timestamptz', 'Z', True),
}
checked = wrong = 0


def same(what, a, b):
    global checked, wrong
    checked += 1
    if a != b:
        wrong += 1
        print(f'{what}: {a!r} instead of {b!r}')


for kind, texts in CASES.items():
    for text in texts:
        value = READERS[kind](('text', text.encode()))
        same(f'{kind} {text!r}', mine.value_of(kind, text), (cells.cell_of(value), cells.key_of(value)))
    same(f'{kind} NULL', mine.value_of(kind, '\\N'), (cells.cell_of(None), cells.key_of(None)))
same('text \\N', mine.value_of('text', '\\\\N'), mine.value_of('text', 'x')[:0] or (b'T\0\0\0\2\\N', b'\x10\\N\0\1'))
columns = mine.columns_of(['v:text', 'id:integer:2', 'é:date', 'a:uuid:1'])
same('row form', mine.form_of(columns),
     cells.row_form([(b'a', 'uuid', 1), (b'id', 'integer', 2), (b'v', 'text', 0), ('é'.encode(), 'date', 0)]))

vectors = os.path.join(repo, 'tests', 'vectors', 'sealed.tsv')
if os.path.exists(vectors):
    import sealed  # noqa: E402
    with open(vectors, encoding='ascii') as file:
        for line in file:
            if line.startswith('#'):
                continue
            fields = line.rstrip('\n').split('\t')
            key = bytes.fromhex(fields[0])
            same('vector', mine.chunk_root(key, list(sealed.rows_of(fields[1]))).hex(), fields[5])
            same('commitment', mine.sha256(b'\x30', key).hex(), fields[2])
print(f'{checked} compared, {wrong} wrong')
sys.exit(1 if wrong or checked < 390 else 0)
