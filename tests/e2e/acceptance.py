"""Run by acceptance.sh. One table a case in PostgreSQL, SQLite, CSV and Parquet; every pair of them is checked intact and
damaged. Add a case to `cases` (a difference that must be found) or to `silent` (a change that must not be)."""
import itertools
import json
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import suite  # noqa: E402
from suite import assay, check, diff_rows, each, found  # noqa: E402

FORMATS = ('pg', 'sqlite', 'csv', 'parquet')
ROWS = 1000
HIT = 500  # the row that is damaged

# logical type -> (value of row i, PostgreSQL type, SQLite type, text to SQLite, DuckDB type); None: cannot hold it
TYPES = {
    'integer': (lambda i: str(i * 7 - 300), 'bigint', 'INTEGER', int, 'BIGINT'),
    'text': (lambda i: f'text {i}', 'text', 'TEXT', str, 'VARCHAR'),
    'float64': (lambda i: repr(i / 8), 'float8', 'REAL', float, 'DOUBLE'),
    'decimal': (lambda i: f'{i}.{i % 100:02}', 'numeric', 'TEXT', str, 'DECIMAL(38,4)'),
    'date': (lambda i: f'20{i % 90 + 10}-0{i % 9 + 1}-1{i % 10}', 'date', 'TEXT', str, 'DATE'),
    'timestamp': (lambda i: f'2024-01-{i % 28 + 1:02} 10:{i % 60:02}:00.5', 'timestamp', 'TEXT', str, 'TIMESTAMP'),
    'timestamptz': (lambda i: f'2024-01-{i % 28 + 1:02} 10:{i % 60:02}:00+00', 'timestamptz', 'TEXT', str, 'TIMESTAMPTZ'),
    'time': (lambda i: f'{i % 24:02}:{i % 60:02}:00', 'time', 'TEXT', str, 'TIME'),
    'json': (lambda i: f'{{"a": {i}, "b": [1, null, "x"]}}', 'jsonb', 'TEXT', str, 'VARCHAR'),
}


class Case:
    def __init__(self, name, good, bad, says, columns=None, key=('id',), formats=FORMATS, rows=ROWS,
                 native=None, plan=None, unique=True, filler=None):
        """good, bad: {column: text} of row HIT, or a function of all rows (lists, in order of columns) for each.
        says: what `assay diff` must name, {(kind, key, columns)}; None: the two must be equal.
        native: {format: {column: type}}; plan: {column: how the plan has it}; unique: does the table have its primary key
        (True, False or only the 'good' one); filler: {column: value of row i}."""
        self.name, self.good, self.bad, self.says, self.key = name, good, bad, says, list(key)
        self.columns = {'id': 'integer', **(columns or {})} if 'id' in key else dict(columns)
        self.formats, self.rows, self.unique, self.filler = formats, rows, unique, filler or {}
        self.native, self.plan, self.header = native or {}, plan or {}, list(self.columns)

    def base(self):
        make = [str if c == 'id' else self.filler.get(c, TYPES[t][0]) for c, t in self.columns.items()]
        return [[f(i) for f in make] for i in range(self.rows)]

    def table(self, which):
        rows, change = self.base(), [self.good] if which == 'good' else [self.good, self.bad]
        for how in change:
            if callable(how):
                rows = how(rows)
            else:
                for column, text in how.items():
                    rows[HIT][self.header.index(column)] = text
        return rows


def one(name, kind, good, bad, **more):
    """A value of row 500 of a column v that is `good` in the source and `bad` in the archive."""
    return Case(name, {'v': good}, {'v': bad}, {('changed', str(HIT), 'v')}, {'v': kind}, **more)


def swap(rows):
    rows[HIT][1], rows[HIT + 1][1] = rows[HIT + 1][1], rows[HIT][1]
    return rows


def double(rows):
    return rows + [rows[HIT][:]]


def lose(rows):
    return rows[:HIT] + rows[HIT + 1:]


def with_key(key):
    def change(rows):
        rows[HIT][0] = key
        return rows
    return change


def same(rows):
    return rows


TEXT_DATES = ('pg', 'sqlite', 'csv')  # Parquet has no infinite dates
texts = {'NULL': None, '<null>': '<null>', "'NULL'": 'NULL', "''": ''}
cases = [one(f'{a} or {b}', 'text', texts[a], texts[b], rows=20000 if a == 'NULL' and b == "''" else ROWS)
         for a, b in itertools.permutations(texts, 2)]
cases += [
    Case('p|q and r, p and q|r', {'a': 'p|q', 'b': 'r'}, {'a': 'p', 'b': 'q|r'}, {('changed', '500', 'a,b')},
         {'a': 'text', 'b': 'text'}),
    Case('key p|q and r, p and q|r', {'a': 'p|q', 'b': 'r'}, {'a': 'p', 'b': 'q|r'},
         {('missing', 'p|q, r', ''), ('extra', 'p, q|r', '')}, {'a': 'text', 'b': 'text', 'v': 'integer'},
         key=('a', 'b')),
    one('double 1e-20 or 2e-20', 'float64', '1e-20', '2e-20', rows=20000),
    one('double inf or -inf', 'float64', 'Infinity', '-Infinity'),
    one('double 0 or -0', 'float64', '0', '-0', formats=('pg', 'csv', 'parquet')),  # SQLite stores -0 as 0
    one('timestamp inf or -inf', 'timestamp', 'infinity', '-infinity', formats=TEXT_DATES),
    one('timestamptz inf or -inf', 'timestamptz', 'infinity', '-infinity', formats=TEXT_DATES),
    one('date inf or -inf', 'date', 'infinity', '-infinity', formats=TEXT_DATES),
    one('numeric inf or -inf', 'decimal', 'Infinity', '-Infinity', formats=TEXT_DATES),
    one('date 44 BC or AD', 'date', '0044-03-15 BC', '0044-03-15'),
    one('timestamp 44 BC or AD', 'timestamp', '0044-03-15 12:00:00 BC', '0044-03-15 12:00:00'),
    one('numeric 1.2 or 1.4', 'decimal', '1.2', '1.4', rows=20000),
    one('decimal 1e-70000 or 1e-4464', 'decimal', '1e-70000', '1e-4464', formats=('csv', 'sqlite')),
    one('9007199254740993 or 2', 'integer', '9007199254740993', '9007199254740992', rows=20000),
    one('decimal 9007199254740993 or 2', 'decimal', '9007199254740993', '9007199254740992'),
    one('24 00 or 00 00', 'time', '24:00:00', '00:00:00'),
    one('array bounds', 'text', '[0:1]={1,2}', '{1,2}', native={'pg': {'v': 'int[]'}}, filler={'v': lambda i: f'{{{i},{i + 1}}}'}),
    one('a timestamp cut to ms', 'timestamp', '2024-01-02 03:04:05.123456', '2024-01-02 03:04:05.123'),
    one('json null or none', 'json', '{"a": null}', '{}'),
    one('json 1 or "1"', 'json', '{"a": 1}', '{"a": "1"}'),
    Case('two values swapped', same, swap, {('changed', '500', 'v'), ('changed', '501', 'v')}, {'v': 'text'},
         rows=20000),
    Case('a row doubled', same, double, {('duplicate', '500', '')}, {'v': 'text'}, unique='good'),
    Case('a row lost', same, lose, {('missing', '500', '')}, {'v': 'text'}),
    Case('a row invented', lose, lambda rows: rows + [['500', 'new']], {('extra', '500', '')}, {'v': 'text'}),
    Case('NULL key or 0', with_key(None), with_key('-1'), {('missing', 'NULL', ''), ('extra', '-1', '')}, {'v': 'text'},
         unique=False),
    Case('value beside a NULL key', lambda r: with_key(None)(r), {'v': 'other'}, {('changed', 'NULL', 'v')},
         {'v': 'text'}, unique=False),
    Case('NULL key lost', with_key(None), lose, {('missing', 'NULL', '')}, {'v': 'text'}, unique=False),
    Case('NULL or empty text as key', {'k': None}, {'k': ''}, {('missing', 'NULL', ''), ('extra', '', '')},
         {'k': 'text', 'v': 'text'}, key=('k',), unique=False),
]
RTRIM = {'source': {'rules': ['rtrim']}, 'archive': {'rules': ['rtrim']}}
PADDED = {'v': 'ab      '}
silent = [
    Case('char 8 or varchar 8', {'v': 'ab'}, PADDED, None, {'v': 'text'}, native={'pg': {'v': 'char(16)'}},
         plan={'v': {'type': 'text', **RTRIM}}),
    one('5 or 5.00', 'decimal', '5', '5.00'),
    one('one instant in two zones', 'timestamptz', '2024-05-01 12:00:00+00', '2024-05-01 17:30:00+05:30'),
    Case('rows in another order', same, lambda rows: rows[::-1], None, {'v': 'text', 'w': 'float64'}, rows=20000),
    one('order of the keys of a json', 'json', '{"a": 1, "b": {"c": 2, "d": []}}', '{"b":{"d":[],"c":2},"a":1}'),
    one('number as it is written in json', 'json', '{"a": 10}', '{"a": 1.0e1}'),
    Case('columns in another order', same, same, None, {'v': 'text', 'w': 'integer', 'x': 'date'}),
]
for number, c in enumerate(cases + silent):
    c.table_name = f'c{number:02}_' + re.sub('[^a-z0-9]+', '_', c.name.lower())
for c in silent:
    c.says = None


# ---- making the tables ----

def convert(logical):
    return TYPES[logical][3]


def native_of(c, fmt, column, which):
    at = {'pg': 1, 'sqlite': 2, 'parquet': 4}[fmt]
    native = c.native.get(fmt, {}).get(column)
    return native if native else TYPES[c.columns[column]][at]


def order_of(c, which):
    return list(reversed(c.header)) if which == 'bad' and c.name == 'columns in another order' else c.header


def shaped(c, which):
    rows, order = c.table(which), order_of(c, which)
    at = [c.header.index(h) for h in order]
    return order, [[r[i] for i in at] for r in rows]


def ddl_of(c, fmt, order, which):
    unique = c.unique is True or c.unique == which
    text = ', '.join(f'"{h}" {native_of(c, fmt, h, which)}' for h in order)
    return text + (f', PRIMARY KEY ({", ".join(c.key)})' if unique else '')


def duck_casts(c):
    """DuckDB writes BC behind a parenthesis."""
    return {h: f"CAST(replace(\"{h}\", ' BC', ' (BC)') AS {TYPES[t][4]})" if t == 'date' else
            f"CAST(regexp_replace(\"{h}\", '^([-0-9]+) (.*) BC$', '\\1 (BC) \\2') AS TIMESTAMP)"
            for h, t in c.columns.items() if t in ('date', 'timestamp')}


def build(everything):
    duck = suite.Duck()
    script = ['CREATE SCHEMA good; CREATE SCHEMA bad;']
    os.makedirs('data', exist_ok=True)
    for c, which in itertools.product(everything, ('good', 'bad')):
        order, rows = shaped(c, which)
        name = c.table_name
        if 'csv' in c.formats:
            suite.write_csv(f'data/{which}/{name}.csv', order, rows)
        if 'pg' in c.formats:
            script.append(suite.pg_load(f'{which}."{name}"', ddl_of(c, 'pg', order, which), rows))
        if 'sqlite' in c.formats:
            suite.write_sqlite(f'data/{which}.db', f'"{name}"', ddl_of(c, 'sqlite', order, which), rows,
                               [convert(c.columns[h]) for h in order])
        if 'parquet' in c.formats:
            duck.parquet(f'data/{which}/{name}.parquet', order, [native_of(c, 'parquet', h, which) for h in order], rows,
                         duck_casts(c))
    suite.psql('\n'.join(script))
    duck.close()


def side(c, fmt, which):
    name = c.table_name
    if fmt == 'pg':
        return {'locator': os.environ['PG_URI'], 'table': f'{which}.{name}'}
    if fmt == 'sqlite':
        return {'locator': f'sqlite:{suite.HERE}/data/{which}.db', 'table': name}
    return {'locator': f'{suite.HERE}/data/{which}/{name}.{fmt}'}


def dataset(c, source, archive, which):
    columns = {h: c.plan.get(h, t) for h, t in c.columns.items()}
    return {'source': side(c, source, 'good'), 'archive': side(c, archive, which), 'key': c.key, 'columns': columns}


# ---- the checks ----

def verdicts(folder):
    with open(f'{folder}/result.json') as f:
        result = json.load(f)
    return {d['name']: d['verdict'] for d in result['datasets']}


def judge(folder, c, pair, verdict, rows):
    """What the report and `assay diff` say of one damaged dataset; alone, too, where both sides have one format."""
    passed = (verdict == 'match' and not rows) if c.says is None else (verdict == 'mismatch' and found(rows) == c.says)
    why = f'verdict {verdict}; wanted {c.says}, found {found(rows)}'
    if passed and len(set(pair)) == 1:
        alone = assay('check', 'bad.yaml', '-q', '--dataset', c.name, cwd=folder)
        passed, why = alone.status == (0 if c.says is None else 1), alone
    check(f'{" and ".join(pair)}: {c.name}', passed, why)


def check_pair(pair):
    source, archive = pair
    name = f'{source} and {archive}'
    here = [c for c in cases + silent if source in c.formats and archive in c.formats]
    folder = suite.new_folder(f'{source}-{archive}')
    for which in ('good', 'bad'):
        suite.write_plan(f'{folder}/{which}.yaml', {c.name: dataset(c, source, archive, which) for c in here})
    intact = assay('check', 'good.yaml', '--report', 'json:result.json', cwd=folder)
    check(f'{name}: {len(here)} intact copies pass', intact.status == 0, intact)
    damaged = assay('check', 'bad.yaml', '--report', 'json:result.json', cwd=folder)
    check(f'{name}: the damaged ones do not', damaged.status == 1, damaged)
    diff = assay('diff', 'bad.yaml', '--json', '--limit', 0, cwd=folder)
    check(f'{name}: nor does assay diff', diff.status == 1, diff)
    rows, verdict = diff_rows(diff), verdicts(folder)
    for c in here:
        judge(folder, c, pair, verdict.get(c.name), [r for r in rows if r['dataset'] == c.name])
    ledger = assay('ledger', 'verify', 'good.yaml', cwd=folder)
    check(f'{name}: the ledger is sound', ledger.status == 0, ledger)


def main():
    build(cases + silent)
    each(check_pair, list(itertools.product(FORMATS, FORMATS)))


main()
suite.finish()
