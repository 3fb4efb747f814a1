"""Run by causes.sh. A case plants one cause in 2,000 rows and wants exactly that cause, its columns, its rule and side."""
import json
import os
import sqlite3
import struct
import sys
import unicodedata

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import suite  # noqa: E402
from suite import assay, check, each  # noqa: E402

N = 2000
NO_RULE = 'no rule: export again'
SECRET = 'Sesame'


def stamp(i, micros=True):
    day, hour, minute, second = i % 28 + 1, i % 24, i * 7 % 60, i * 13 % 60
    text = f'2024-{i % 12 + 1:02}-{day:02} {hour:02}:{minute:02}:{second:02}'
    return text + (f'.{(i * 7919 + 1) % 1000000:06}' if micros else '')


def shifted(i, hours):
    import datetime
    t = datetime.datetime.fromisoformat(stamp(i)) + datetime.timedelta(hours=hours)
    return t.strftime('%Y-%m-%d %H:%M:%S.%f')


def date(i):
    return f'2024-{i % 12 + 1:02}-{i % 28 + 1:02}'


def number(i):
    return f'{i}.{(i * 7919 + 1) % 100000:05}'


def double(i):
    return (i + 1) / 7


def single(x):
    return struct.unpack('f', struct.pack('f', x))[0]


def word(i):
    return f'{SECRET}-{i * 7919 % 10007}'


def name(i):
    return f'Müller-{i}'


def cents(i):
    return f'{i}.{i % 90 + 10}'


def json_of(i):
    return json.dumps({'b': i, 'a': [i, 'x']})


class Case:
    """source, archive: value of column c of row i; None is NULL. rule: what the plan gets, by side."""

    def __init__(self, title, kind, type_, source, archive, rule=NO_RULE, side=None, plan=None, rows=None,
                 csv=None, columns=('c',), scope='systemic'):
        self.title, self.kind, self.type, self.source, self.archive = title, kind, type_, source, archive
        self.rule, self.side, self.plan, self.rows, self.csv = rule, side, plan, rows, csv
        self.columns, self.scope = list(columns), scope


def settle(side, rule):
    """rules of the plan by side."""
    return {s: {'rules': [rule]} for s in (('source', 'archive') if side == 'both' else (side,))}


def ruled(title, kind, type_, source, archive, side, text, rule, **kw):
    return Case(title, kind, type_, source, archive, text, side, settle(side, rule), **kw)


EMPTY = {'null': '<none>', 'header': True}

CASES = [
    ruled('time stamps cut to ms', 'time-cut', 'timestamp', stamp, lambda i: stamp(i)[:23], 'source', 'truncate: ms',
          {'truncate': 'ms'}),
    ruled('time stamps of the source cut to ms', 'time-cut', 'timestamp', lambda i: stamp(i)[:23], stamp, 'archive',
          'truncate: ms', {'truncate': 'ms'}),
    ruled('time stamps cut to s', 'time-cut', 'timestamp', stamp, lambda i: stamp(i)[:19], 'source', 'truncate: s',
          {'truncate': 's'}),
    ruled('time stamps rounded to s', 'time-rounded', 'timestamp', lambda i: stamp(i, False) + '.7', lambda i: shifted_s(i),
          'source', 'round: s', {'round': 's'}),
    Case('time stamps cut to the day', 'time-cut', 'timestamp', stamp, lambda i: stamp(i)[:10] + ' 00:00:00'),
    Case('time stamps shifted by two hours', 'time-shift', 'timestamp', stamp, lambda i: shifted(i, 2)),
    Case('time stamps shifted by minus five and a half hours', 'time-shift', 'timestamp', stamp, lambda i: shifted(i, -5.5)),
    Case('time stamps shifted by a day', 'day-shift', 'timestamp', stamp, lambda i: shifted(i, 24)),
    ruled('naive time stamps under timestamptz', 'time-zone', 'timestamptz', lambda i: stamp(i) + '+00',
          lambda i: shifted(i, 2), 'archive', 'timezone: +02:00', {'timezone': '+02:00'}),
    ruled('time stamps as seconds', 'epoch', 'timestamp', lambda i: stamp(i, False), lambda i: epoch(i), 'archive',
          'epoch: s', {'epoch': 's'}),
    Case('dates shifted by a day', 'day-shift', 'date', date, lambda i: shifted_date(i)),
    ruled('decimals rounded', 'decimal-rounded', 'decimal', number, lambda i: rounded(number(i), 2), 'source', 'round: 2',
          {'round': 2}),
    Case('decimals cut', 'decimal-cut', 'decimal', lambda i: number(i)[:-1] + '9', lambda i: number(i)[:-3]),
    Case('cents for units', 'decimal-point', 'decimal', cents, lambda i: cents(i).replace('.', '')),
    Case('long integers through a double', 'through-double', 'integer', lambda i: 9007199254740993 + 2 * i,
         lambda i: str(int(float(9007199254740993 + 2 * i)))),
    Case('long decimals through a double', 'through-double', 'decimal', lambda i: f'1234567890123456{i:04}.37',
         lambda i: f'{int(float(f"1234567890123456{i:04}.37"))}'),
    ruled('decimals stored as doubles', 'typed-double', 'decimal', lambda i: i + (i % 90 + 10) / 100, cents, 'source',
          'as: decimal(2)', {'as': 'decimal(2)'}),
    ruled('floats printed short', 'float-digits', 'float64', double, lambda i: f'{double(i):.6g}', 'source', 'digits: 6',
          {'digits': 6}),
    ruled('doubles narrowed', 'float32', 'float64', double, lambda i: repr(single(double(i))), 'source', 'as: float32',
          {'as': 'float32'}),
    ruled("NULL became ''", 'null-empty', 'text', lambda i: None if i % 3 == 0 else word(i),
          lambda i: '' if i % 3 == 0 else word(i), 'archive', 'null_if: ""', {'null_if': ''}, csv=EMPTY),
    ruled("'' became NULL", 'null-empty', 'text', lambda i: '' if i % 3 == 0 else word(i),
          lambda i: None if i % 3 == 0 else word(i), 'source', 'null_if: ""', {'null_if': ''}),
    ruled('NULL became a word', 'sentinel', 'text', lambda i: None if i % 3 == 0 else word(i),
          lambda i: 'N/A' if i % 3 == 0 else word(i), 'archive', 'null_if: "N/A"', {'null_if': 'N/A'}),
    ruled('NULL became a zero', 'sentinel', 'integer', lambda i: None if i % 3 == 0 else i, lambda i: '0' if i % 3 == 0 else str(i),
          'archive', 'null_if: "0"', {'null_if': '0'}),
    ruled('infinities became NULL', 'sentinel', 'float64', lambda i: float('inf') if i % 3 == 0 else double(i),
          lambda i: None if i % 3 == 0 else repr(double(i)), 'source', 'null_if: "Infinity"', {'null_if': 'Infinity'}),
    ruled('trailing blanks', 'trailing-blanks', 'text', lambda i: f'{word(i):14}', word, 'source', 'rtrim', 'rtrim'),
    ruled('leading blanks', 'outer-blanks', 'text', lambda i: '  ' + word(i), word, 'source', 'trim', 'trim'),
    ruled('trailing blanks of numbers', 'trailing-blanks', 'integer', lambda i: i, lambda i: f'{i}  ', 'archive', 'rtrim', 'rtrim'),
    ruled('letter case', 'letter-case', 'text', word, lambda i: word(i).upper(), 'both', 'case: lower', {'case': 'lower'}),
    ruled('line ends', 'line-ends', 'text', lambda i: f'{word(i)}\r\nx', lambda i: f'{word(i)}\nx', 'source', 'newline: lf',
          {'newline': 'lf'}),
    ruled('mojibake', 'mojibake', 'text', name, lambda i: name(i).encode().decode('windows-1252'), 'archive',
          'encoding: utf-8-as-windows-1252', {'encoding': 'utf-8-as-windows-1252'}),
    ruled('another character set', 'encoding', 'text', lambda i: name(i) + '\u201c', lambda i: (name(i) + '\u201c').encode('windows-1252'),
          'archive', 'encoding: windows-1252', {'encoding': 'windows-1252'}),
    ruled('Unicode normal forms', 'unicode-form', 'text', lambda i: unicodedata.normalize('NFD', name(i)), name, 'source', 'nfc', 'nfc'),
    Case('characters replaced', 'characters-replaced', 'text', name, lambda i: name(i).replace('ü', '?')),
    Case('texts cut', 'text-cut', 'text', lambda i: word(i).rjust(40, 'x') + 'y' * (1 + i % 50),
         lambda i: (word(i).rjust(40, 'x') + 'y' * (1 + i % 50))[:40]),
    ruled('JSON written anew', 'json-rewritten', 'text', json_of, lambda i: json.dumps(json.loads(json_of(i)), sort_keys=i % 2 == 0,
          separators=(',', ':')), 'both', 'json', 'json'),
    ruled('boolean words', 'boolean-words', 'boolean', lambda i: i % 2, lambda i: 'ja' if i % 2 else 'nein', 'archive',
          'boolean: ja/nein', {'boolean': 'ja/nein'}),
    Case('booleans as text', 'boolean-spelling', 'text', lambda i: 't' if i % 2 else 'f', lambda i: 'true' if i % 2 else 'false'),
    Case('numbers as text', 'number-spelling', 'text', lambda i: f'{i}.50', lambda i: f'{i}.5'),
    Case('a column that is NULL throughout', 'column-constant', 'text', word, lambda i: None),
    Case('a placeholder throughout', 'column-constant', 'text', word, lambda i: '[object Object]'),
    Case('nothing known', 'unexplained', 'text', word, lambda i: word(i + 1)[::-1]),
    Case('one value changed', 'unexplained', 'text', word, lambda i: 'other' if i == 1234 else word(i), scope='isolated'),
    Case('one time stamp cut', 'time-cut', 'timestamp', stamp, lambda i: stamp(i)[:23] if i == 1234 else stamp(i),
         scope='isolated'),
    Case('a round row count', 'row-limit', 'text', word, word, rows=lambda r: r[:1000], columns=()),
    Case('the end missing', 'end-missing', 'text', word, word, rows=lambda r: r[:1237], columns=()),
    Case('a range missing', 'range-missing', 'text', word, word, rows=lambda r: r[:300] + r[517:], columns=()),
    Case('one row missing', 'rows-missing', 'text', word, word, rows=lambda r: r[:300] + r[301:], columns=(), scope='isolated'),
    Case('every seventh row missing', 'rows-missing', 'text', word, word, rows=lambda r: [x for i, x in enumerate(r) if i % 7],
         columns=()),
    Case('everything twice', 'rows-doubled', 'text', word, word, rows=lambda r: r + r, columns=()),
    Case('a batch twice', 'batch-repeated', 'text', word, word, rows=lambda r: r + r[600:700], columns=()),
    Case('rows of another table', 'rows-extra', 'text', word, word,
         rows=lambda r: r + [[str(i), word(i), f'k{i}', 'q'] for i in range(2000, 2107)], columns=()),
    Case('two columns swapped', 'columns-swapped', 'text', word, word, rows=lambda r: [[a, c, b, d] for a, b, c, d in r],
         columns=('c', 'k')),
    Case('columns shifted', 'columns-shifted', 'text', word, word, rows=lambda r: [[a, d, b, c] for a, b, c, d in r],
         columns=('c', 'k', 'z')),
]


def shifted_s(i):
    import datetime
    t = datetime.datetime.fromisoformat(stamp(i, False)) + datetime.timedelta(seconds=1)
    return t.strftime('%Y-%m-%d %H:%M:%S')


def shifted_date(i):
    import datetime
    return (datetime.date.fromisoformat(date(i)) - datetime.timedelta(days=1)).isoformat()


def epoch(i):
    import datetime
    return str(int(datetime.datetime.fromisoformat(stamp(i, False) + '+00:00').timestamp()))


def rounded(text, n):
    import decimal
    return str(decimal.Decimal(text).quantize(decimal.Decimal(1).scaleb(-n), decimal.ROUND_HALF_UP))


def write_source(path, case):
    db = sqlite3.connect(path)
    db.execute('CREATE TABLE t (id INTEGER PRIMARY KEY, c, k TEXT, z TEXT)')
    db.executemany('INSERT INTO t VALUES (?, ?, ?, ?)', [[i, case.source(i), f'k{i}', f'z{i * 31}'] for i in range(N)])
    db.commit()
    db.close()


def plan_of(case, rules=None):
    return {case.title: {
        'source': {'locator': 'sqlite:app.db', 'table': 't'},
        'archive': {'locator': 'a.csv', 'csv': case.csv or {'null': '', 'header': True}},
        'key': ['id'], 'chunk_rows': 400,
        'columns': {'id': 'integer', 'c': {'type': case.type, **(rules or {})}, 'k': 'text', 'z': 'text'}}}


def causes_of(folder):
    r = assay('report', 'plan.yaml', '--report', 'json', cwd=folder)
    return json.loads(r.out)


def case_of(case):
    folder = suite.new_folder(case.title.replace(' ', '-').replace("'", ''))
    write_source(f'{folder}/app.db', case)
    rows = [[str(i), case.archive(i), f'k{i}', f'z{i * 31}'] for i in range(N)]
    null = (case.csv or {}).get('null', '')
    rows = [[null if c is None else c for c in r] for r in (case.rows(rows) if case.rows else rows)]
    with open(f'{folder}/a.csv', 'wb') as f:
        f.write(b'id,c,k,z\n')
        for r in rows:
            cells = [c if isinstance(c, bytes) else (c if c == null else suite.csv_cell(c)).encode() for c in r]
            f.write(b','.join(cells) + b'\n')
    suite.write_plan(f'{folder}/plan.yaml', plan_of(case))
    r = assay('check', 'plan.yaml', cwd=folder)
    result = causes_of(folder)
    told = [(x['kind'], x['columns'], x['rule'], x['side'], x['scope']) for x in result['causes']]
    wanted = [(case.kind, case.columns, case.rule, case.side, case.scope)]
    check(f'{case.title}: {case.kind}, {case.rule}', told == wanted and r.status in (1, 3), f'{told}\nwanted {wanted}\n{r}')
    check(f'{case.title}: ... in the text report', '  > ' in r.out and case.rule in r.out and len(r.out.splitlines()) <= 40, r)
    said = assay('ledger', 'log', 'plan.yaml', '--limit', '0', '--json', cwd=folder).out
    leaves = [json.loads(line) for line in said.splitlines()]
    seen = json.dumps([x for x in leaves if x['kind'] in ('sample', 'cause')])
    check(f'{case.title}: no value in the ledger', SECRET not in seen and 'Müller' not in seen, seen[:2000])
    if case.plan:
        suite.write_plan(f'{folder}/plan.yaml', plan_of(case, case.plan))
        r = assay('check', 'plan.yaml', cwd=folder)
        counts = causes_of(folder)['counts']
        check(f'{case.title}: settled by {case.rule}', r.status == 0 and counts['cells_accepted'] > 0, f'{counts}\n{r}')
    check(f'{case.title}: the ledger holds', assay('ledger', 'verify', 'plan.yaml', cwd=folder).status == 0)


# ---- scenes of their own ----

COLUMNS = {'id': 'integer', 'a': 'timestamp', 'b': 'timestamp', 't': 'text'}


class Scene:
    """app.db and a.csv of the same rows: id, two time stamps, a text."""

    def __init__(self, title, edit=None, **body):
        self.folder = suite.new_folder(title)
        self.title = title
        self.rows = [[str(i), stamp(i), stamp(i + 1), word(i)] for i in range(N)]
        suite.write_sqlite(f'{self.folder}/app.db', 't', 'id INTEGER PRIMARY KEY, a TEXT, b TEXT, t TEXT', self.rows,
                           [int, str, str, str])
        self.write('a.csv', [edit(i, list(r)) for i, r in enumerate(self.rows)] if edit else self.rows)
        self.body = {'source': {'locator': 'sqlite:app.db', 'table': 't'}, 'archive': {'locator': 'a.csv'},
                     'key': ['id'], 'columns': COLUMNS, 'chunk_rows': 400, **body}
        suite.write_plan(f'{self.folder}/plan.yaml', {title: self.body})

    def write(self, name, rows):
        suite.write_csv(f'{self.folder}/{name}', ['id', 'a', 'b', 't'], rows)

    def causes(self, *argv, status=1):
        r = assay('check', 'plan.yaml', *argv, cwd=self.folder)
        check(f'{self.title}: exit status {status}', r.status == status, r)
        return causes_of(self.folder)['causes']

    def wants(self, told, *wanted):
        """wanted: kind, columns, chunks, rows"""
        got = [(x['kind'], x['columns'], x['chunks'], x['rows']) for x in told]
        check(f'{self.title}: {", ".join(w[0] for w in wanted) or "no cause"}', got == list(wanted), f'{told}')
        return got == list(wanted)


def two_columns(_):
    s = Scene('two-columns', lambda i, r: [r[0], r[1][:23], r[2][:23], r[3]])
    told = s.causes()
    if s.wants(told, ('time-cut', ['a', 'b'], 5, 1998)):
        check('two-columns: evidence has figures', '1998 of 1998' in told[0]['evidence'], told)


def two_causes(_):
    s = Scene('two-causes', lambda i, r: [r[0], r[1][:23] if i % 2 else r[1], r[2],
                                          r[3] + '  ' if i % 3 else r[3].upper()])
    s.wants(s.causes(), ('trailing-blanks', ['t'], 5, 1333), ('time-cut', ['a'], 5, 998), ('letter-case', ['t'], 5, 667))


def many_chunks(_):
    s = Scene('many-chunks', lambda i, r: [r[0], r[1][:23], r[2], r[3]], chunk_rows=16)
    told = s.causes()
    leaves = assay('ledger', 'log', 'plan.yaml', '--kind', 'sample', '--limit', '0', '--json', cwd=s.folder).out.splitlines()
    check('many-chunks: a bounded sample', len(leaves) == 16, len(leaves))
    check('many-chunks: all chunks are covered', len(told) == 1 and told[0]['kind'] == 'time-cut' and told[0]['chunks'] > 100 and
          'in 16 of 16 chunks looked at' in told[0]['evidence'], told)
    r = assay('sample', 'plan.yaml', '--chunks', '4', '--rows', '3', cwd=s.folder)
    check('many-chunks: sample by hand', r.status == 0 and 'looked at 4 chunks' in r.out, r)
    r = assay('reconcile', 'plan.yaml', cwd=s.folder)
    told = causes_of(s.folder)['causes']
    check('many-chunks: the newest sample of a chunk counts', r.status == 1 and len(told) == 1 and
          'in 16 of 16 chunks looked at' in told[0]['evidence'], told)


def keyless(_):
    s = Scene('keyless', lambda i, r: [r[0], r[1][:23], r[2], r[3]] if i % 10 == 0 else r, key=None)
    told = s.causes()
    check('keyless: rows are paired by what they have in common', [(x['kind'], x['columns'], x['rule']) for x in told] ==
          [('time-cut', ['a'], 'truncate: ms')], told)
    s = Scene('keyless-rows', key=None)
    s.write('a.csv', s.rows + s.rows[7:8])
    told = s.causes()
    check('keyless-rows: a row twice', [(x['kind'], x['rows'], x['scope']) for x in told] == [('rows-repeated', 1, 'isolated')], told)


def no_sample(_):
    s = Scene('no-sample', lambda i, r: [r[0], r[1][:23], r[2], r[3]])
    told = s.causes('--no-sample')
    s.wants(told, ('unexplained', ['a'], 5, 0))
    check('no-sample: what to do is said', 'assay sample' in told[0]['hint'], told)
    s = Scene('sums', lambda i, r: [r[0], r[2], r[1], r[3]])
    told = s.causes('--no-sample')
    check('sums: swapped columns show in the sums alone', [(x['kind'], x['columns']) for x in told] ==
          [('columns-swapped', ['a', 'b'])], told)


def segments(_):
    s = Scene('segments', archive={'locator': 'ar/{segment}.csv'}, window={'column': 'a', 'every': 'month'}, chunk_rows=65536)
    os.makedirs(f'{s.folder}/ar')
    months = {}
    for r in s.rows:
        months.setdefault(r[1][:7], []).append(r)
    for m, rows in months.items():
        s.write(f'ar/{m}.csv', rows)
    s.wants(s.causes(status=0))
    os.remove(f'{s.folder}/ar/2024-03.csv')
    os.remove(f'{s.folder}/ar/2024-04.csv')
    told = s.causes()
    s.wants(told, ('segment-missing', [], 2, len(months['2024-03']) + len(months['2024-04'])))
    check('segments: they are named', '2024-03, 2024-04' in told[0]['evidence'], told)
    s.write('ar/2024-03.csv', months['2024-03'])
    s.write('ar/2024-04.csv', [])
    with open(f'{s.folder}/ar/2024-12.csv', 'r+') as f:
        f.truncate(os.path.getsize(f.name) // 2 + 3)
    told = s.causes()
    check('segments: an empty file and one cut in half', [x['kind'] for x in told] in (
        ['segment-missing', 'end-missing'], ['end-missing', 'segment-missing'], ['segment-missing', 'file-broken'],
        ['file-broken', 'segment-missing']), told)


def absent(_):
    s = Scene('absent', archive={'locator': 'a.ndjson'})
    import sqlite3 as sq
    db = sq.connect(f'{s.folder}/app.db')
    db.execute('UPDATE t SET t = NULL WHERE id % 4 = 0')
    db.commit()
    with open(f'{s.folder}/a.ndjson', 'w') as f:
        for i, r in enumerate(s.rows):
            row = {'id': i, 'a': r[1], 'b': r[2], **({'t': r[3]} if i % 4 else {})}
            f.write(json.dumps(row) + '\n')
    told = s.causes()
    check('absent: NULLs that are left out', [(x['kind'], x['rule'], x['side']) for x in told] ==
          [('absent', 'absent: null', 'archive')], told)
    s.body['columns'] = {**COLUMNS, 't': {'type': 'text', 'archive': {'rules': [{'absent': 'null'}]}}}
    suite.write_plan(f'{s.folder}/plan.yaml', {s.title: s.body})
    s.wants(s.causes(status=0))


def two_at_once(_):
    """Two things that happened to the same values."""
    s = Scene('two-at-once', lambda i, r: [r[0], shifted(i, 1)[:19], r[2], ('  ' + r[3]).encode().decode('latin-1')])
    told = s.causes()
    got = sorted((x['kind'], tuple(x['columns']), x['rule'], x['scope']) for x in told)
    check('two-at-once: a cut, a shift and blanks', got == [('outer-blanks', ('t',), 'trim', 'systemic'),
          ('time-cut', ('a',), NO_RULE, 'systemic'), ('time-shift', ('a',), NO_RULE, 'systemic')], told)
    check('two-at-once: said to be together', all('together with' in x['evidence'] for x in told if x['columns'] == ['a']), told)
    s = Scene('blanks-and-null', lambda i, r: [r[0], r[1], r[2], '' if i % 3 else r[3]], archive={'locator': 'a.csv', 'csv': EMPTY})
    import sqlite3 as sq
    db = sq.connect(f'{s.folder}/app.db')
    db.execute("UPDATE t SET t = NULL WHERE id % 3")
    db.commit()
    s.write('a.csv', [[*r[:3], '  ' if i % 3 else r[3]] for i, r in enumerate(s.rows)])
    told = s.causes()
    check('blanks-and-null: both rules', sorted((x['kind'], x['rule'], x['side']) for x in told) ==
          [('null-empty', 'null_if: ""', 'archive'), ('trailing-blanks', 'rtrim', 'archive')], told)
    s.body['columns'] = {**COLUMNS, 't': {'type': 'text', 'archive': {'rules': ['rtrim', {'null_if': ''}]}}}
    suite.write_plan(f'{s.folder}/plan.yaml', {s.title: s.body})
    s.wants(s.causes(status=0))


def inside(_):
    """Nested values: what happened to which part of them."""
    folder = suite.new_folder('inside')
    doc = lambda i, price, note: json.dumps({'items': [{'price': f'{i}.50'}, {'price': price}], 'note': note})
    rows = [[str(i), doc(i, f'{i}.129', f'{SECRET} {i}  '), json.dumps({SECRET: f'{i} '})] for i in range(500)]
    suite.write_sqlite(f'{folder}/app.db', 't', 'id INTEGER PRIMARY KEY, d TEXT, j TEXT', rows, [int, str, str])
    suite.write_csv(f'{folder}/a.csv', ['id', 'd', 'j'], [[r[0], doc(i, f'{i}.12', f'{SECRET} {i}'), json.dumps({SECRET: f'{i}'})]
                                                        for i, r in enumerate(rows)])
    suite.write_plan(f'{folder}/plan.yaml', {'inside': {
        'source': {'locator': 'sqlite:app.db', 'table': 't'}, 'archive': {'locator': 'a.csv'}, 'key': ['id'],
        'columns': {'id': 'integer', 'd': 'struct<items: list<struct<price: decimal>>, note: text>', 'j': 'json'}}})
    r = assay('check', 'plan.yaml', cwd=folder)
    told = causes_of(folder)['causes']
    check('inside: what happened, and where', r.status == 1 and
          sorted((x['kind'], tuple(x['columns']), x['rule'], 'items[].price, note' in x['evidence']) for x in told) ==
          [('decimal-cut', ('d',), NO_RULE, True), ('trailing-blanks', ('d', 'j'), NO_RULE, True)], told)
    said = assay('ledger', 'log', 'plan.yaml', '--kind', 'sample', '--limit', '0', '--json', cwd=folder).out
    check('inside: no value and no name out of a value in the ledger', 'inside' in said and SECRET not in said, said)


def late(_):
    s = Scene('late')
    s.causes(status=0)
    import sqlite3 as sq
    db = sq.connect(f'{s.folder}/app.db')
    db.execute("UPDATE t SET t = 'later' WHERE id = 5")
    db.commit()
    told = s.causes()
    check('late: the source has changed', [x['kind'] for x in told] == ['source-changed'], told)


def main():
    only = os.environ.get('ASSAY_CASE', '')
    scenes = [two_columns, two_causes, many_chunks, keyless, no_sample, segments, absent, two_at_once, inside, late]
    each(lambda scene: scene(None), [x for x in scenes if only in x.__name__])
    each(case_of, [c for c in CASES if only in c.title])


main()
suite.finish()
