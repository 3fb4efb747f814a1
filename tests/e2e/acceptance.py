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
         for a, b in itertools.combinations(texts, 2)]  # every pair of formats is checked both ways
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
    c.alone = (c.formats[number % len(c.formats)], c.formats[number // 4 % len(c.formats)])
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


def judge(c, pair, verdict, rows):
    """What the report and `assay diff` say of one damaged dataset; once a case `assay check` of it alone, too."""
    passed = (verdict == 'match' and not rows) if c.says is None else (verdict == 'mismatch' and found(rows) == c.says)
    why = f'verdict {verdict}; wanted {c.says}, found {found(rows)}'
    if passed and pair == c.alone:
        folder = suite.new_folder(c.table_name)
        suite.write_plan(f'{folder}/plan.yaml', {c.name: dataset(c, *pair, 'bad')})
        alone = assay('check', 'plan.yaml', '-q', cwd=folder)
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
    damaged = assay('check', 'bad.yaml', '--no-sample', '--report', 'json:result.json', cwd=folder)
    check(f'{name}: the damaged ones do not', damaged.status == 1, damaged)
    diff = assay('diff', 'bad.yaml', '--json', '--limit', 0, cwd=folder)
    check(f'{name}: nor does assay diff', diff.status == 1, diff)
    rows, verdict = diff_rows(diff), verdicts(folder)
    for c in here:
        judge(c, pair, verdict.get(c.name), [r for r in rows if r['dataset'] == c.name])
    ledger = assay('ledger', 'verify', 'good.yaml', cwd=folder)
    check(f'{name}: the ledger is sound', ledger.status == 0, ledger)


# ---- what needs files of its own ----

def decimal_file(path, values):
    """id and a DECIMAL(40,2) of 17 bytes, wider than any type of DuckDB."""
    n = len(values)
    suite.write_plain_parquet(path, [
        ('id', 2, 0, [], [i.to_bytes(8, 'little', signed=True) for i in range(n)]),
        ('v', 7, 17, [(6, 5), (7, 2), (8, 40)], [v.to_bytes(17, 'big', signed=True) for v in values])], n)


def int96_file(path, nanos):
    """id and an INT96 time stamp: nanoseconds of the day, Julian day number. 2460312 is 2024-01-02."""
    suite.write_plain_parquet(path, [
        ('id', 2, 0, [], [i.to_bytes(8, 'little', signed=True) for i in range(len(nanos))]),
        ('v', 3, 0, [], [ns.to_bytes(8, 'little') + (2460312).to_bytes(4, 'little') for ns in nanos])], len(nanos))


def own_sides(folder, name, kind, texts, write, numbers):
    """The same values in every format that can hold them -> the sides of them."""
    rows = [[str(i), t] for i, t in enumerate(texts)]
    suite.write_csv(f'{folder}/{name}.csv', ['id', 'v'], rows)
    suite.write_sqlite(f'{folder}/{name}.db', 't', 'id INTEGER PRIMARY KEY, v TEXT', rows)
    write(f'{folder}/{name}.parquet', numbers)
    sides = {'csv': {'locator': f'{name}.csv'}, 'parquet': {'locator': f'{name}.parquet'},
             'sqlite': {'locator': f'sqlite:{name}.db', 'table': 't'}}
    if kind == 'decimal':
        suite.psql(suite.pg_load(f'public.{name}', 'id bigint PRIMARY KEY, v numeric(40,2)', rows))
        sides['pg'] = {'locator': os.environ['PG_URI'], 'table': f'public.{name}'}
    return sides


def check_own(title, folder, kind, good, bad):
    for source, archive in itertools.product(good, bad):
        what = f'{source} and {archive}: {title}'
        sets = {which: {what: {'source': good[source], 'archive': side, 'key': ['id'],
                               'columns': {'id': 'integer', 'v': kind}}}
                for which, side in (('good', good[archive]), ('bad', bad[archive]))}
        for which, wanted in (('good', 0), ('bad', 1)):
            suite.write_plan(f'{folder}/{which}.yaml', sets[which])
            r = assay('check', f'{which}.yaml', '--no-sample', cwd=folder)
            if r.status != wanted:
                suite.not_ok(what, f'{which}: {r}')
                break
        else:
            diff = assay('diff', 'bad.yaml', '--json', cwd=folder)
            check(what, found(diff_rows(diff)) == {('changed', '500', 'v')}, diff)


def wide_decimals(_):
    folder = suite.new_folder('decimals')
    big = 10**40 - 10**6
    numbers = [big + 100 * i for i in range(ROWS)]
    numbers[HIT] += 1
    texts_of = lambda values: [f'{v // 100}.{v % 100:02}' for v in values]  # noqa: E731
    good = own_sides(folder, 'good', 'decimal', texts_of(numbers), decimal_file, numbers)
    numbers[HIT] += 1
    bad = own_sides(folder, 'bad', 'decimal', texts_of(numbers), decimal_file, numbers)
    check_own('decimal(40,2) .01 or .02', folder, 'decimal', good, bad)


def nanoseconds(_):
    folder = suite.new_folder('int96')
    nanos = [10**9 * i for i in range(ROWS)]
    nanos[HIT] += 1
    texts_of = lambda values: [f'2024-01-02 00:{v // 10**9 // 60:02}:{v // 10**9 % 60:02}.{v % 10**9:09}'  # noqa: E731
                               for v in values]
    good = own_sides(folder, 'good', 'timestamp', texts_of(nanos), int96_file, nanos)
    nanos[HIT] += 1
    bad = own_sides(folder, 'bad', 'timestamp', texts_of(nanos), int96_file, nanos)
    check_own('INT96 1 ns or 2 ns', folder, 'timestamp', good, bad)


def text_key(_):
    """SQLite keeps text in an INTEGER column; a primary key that is no rowid, too."""
    folder = suite.new_folder('text-key')
    rows = [[i, f'text {i}'] for i in range(ROWS)]
    suite.write_csv(f'{folder}/good.csv', ['id', 'v'], [[str(i), v] for i, v in rows])
    rows[HIT][0] = '500x'
    suite.write_sqlite(f'{folder}/bad.db', 't', 'id INTEGER, v TEXT', rows, [lambda x: x, str])
    suite.write_plan(f'{folder}/bad.yaml', {'t': {
        'source': {'locator': 'good.csv'}, 'archive': {'locator': 'sqlite:bad.db', 'table': 't'}, 'key': ['id'],
        'columns': {'id': 'integer', 'v': 'text'}}})
    r = assay('check', 'bad.yaml', '--no-sample', cwd=folder)
    diff = assay('diff', 'bad.yaml', '--json', cwd=folder)
    check('sqlite: a text key in an INTEGER column', r.status == 1 and found(diff_rows(diff)) == {('missing', '500', '')},
          f'{r}\n{diff}')
    back = suite.new_folder('text-key-back')
    suite.write_plan(f'{back}/back.yaml', {'t': {
        'source': {'locator': f'sqlite:{folder}/bad.db', 'table': 't'}, 'archive': {'locator': f'{folder}/good.csv'},
        'key': ['id'], 'columns': {'id': 'integer', 'v': 'text'}}})
    r = assay('check', 'back.yaml', cwd=back)
    check('sqlite: in the source it is unverified', r.status == 3, r)


def orders(_):
    """Any number of files, in any order, with columns in any order, is the table."""
    folder = suite.new_folder('orders')
    rows = [[str(i), f'text {i}', repr(i / 8)] for i in range(20000)]
    suite.psql(suite.pg_load('public.orders', 'id bigint PRIMARY KEY, v text, w float8', rows))
    shuffled = sorted(rows, key=lambda r: hash_of(r[0]))
    duck = suite.Duck()
    for k in range(7):
        part = shuffled[k::7]
        suite.write_csv(f'{folder}/csv/{"gfedcba"[k]}.csv', ['w', 'id', 'v'], [[r[2], r[0], r[1]] for r in part])
        duck.parquet(f'{folder}/parquet/{"cdebgfa"[k]}.parquet', ['v', 'w', 'id'], ['VARCHAR', 'DOUBLE', 'BIGINT'],
                     [[r[1], r[2], r[0]] for r in part])
    duck.close()
    columns = {'id': 'integer', 'v': 'text', 'w': 'float64'}
    source = {'locator': os.environ['PG_URI'], 'table': 'public.orders'}
    suite.write_plan(f'{folder}/plan.yaml', {
        f'{kind} {keyed}': {'source': source, 'archive': {'locator': f'{kind}/*.{kind}'}, 'columns': columns,
                            'key': ['id'] if keyed == 'key' else None}
        for kind in ('csv', 'parquet') for keyed in ('key', 'no key')})
    r = assay('check', 'plan.yaml', '--report', 'json', cwd=folder)
    check('rows, columns and files in any order are equal', r.status == 0, r)


def hash_of(text):
    return int.from_bytes(text.encode() * 3, 'big') * 2654435761 % 2**32


def large(_):
    """300,000 rows of every kind of value: no false alarm on any path."""
    folder = suite.new_folder('large')
    query = """SELECT g AS id, 'text, "' || g || E'"\\n' || repeat('x', (g % 40)::int) AS v, g / 7.0::float8 AS f,
        CASE WHEN g % 5 > 0 THEN (g * 12345.678)::numeric(20,4) END AS n, timestamptz '2001-01-01Z' + g * interval '37 s' AS ts,
        date '1960-01-01' + (g % 50000)::int AS d, g % 3 = 0 AS b, CASE g % 4 WHEN 0 THEN '' WHEN 1 THEN 'NULL' END AS t
        FROM generate_series(-150000, 149999) g"""
    suite.psql(f'CREATE TABLE public.large AS {query}; ALTER TABLE public.large ADD PRIMARY KEY (id); ANALYZE public.large')
    with open(f'{folder}/large.csv', 'w') as f:
        f.write(suite.psql("SET TimeZone = 'Asia/Kolkata'; COPY public.large TO STDOUT (FORMAT csv, HEADER)") + '\n')
    duck = suite.Duck()
    duck.sql(f"""COPY (SELECT * REPLACE (CAST(n AS DECIMAL(20,4)) AS n) FROM read_csv('{folder}/large.csv', header = true,
        nullstr = '', allow_quoted_nulls = false, auto_detect = false, delim = ',', quote = '"', escape = '"', columns = {{id: 'BIGINT',
        v: 'VARCHAR', f: 'DOUBLE', n: 'VARCHAR', ts: 'TIMESTAMPTZ', d: 'DATE', b: 'BOOLEAN', t: 'VARCHAR'}})
        ORDER BY hash(id)) TO '{folder}/large.parquet' (FORMAT parquet)""")
    duck.close()
    columns = {'id': 'integer', 'v': 'text', 'f': 'float64', 'n': 'decimal', 'ts': 'timestamptz', 'd': 'date',
               'b': 'boolean', 't': 'text'}
    sides = {'pg': {'locator': os.environ['PG_URI'], 'table': 'public.large'}, 'csv': {'locator': 'large.csv'},
             'parquet': {'locator': 'large.parquet'}}
    sets = {}
    for source, archive in (('pg', 'csv'), ('csv', 'parquet'), ('parquet', 'pg')):
        sets[f'{source} {archive}'] = {'source': sides[source], 'archive': sides[archive], 'key': ['id'], 'columns': columns,
                                       'chunk_rows': 10000}
    sets['months'] = {**sets['parquet pg'], 'window': {'column': 'ts', 'every': 'month'}}
    sets['no key'] = {**sets['pg csv'], 'key': None}
    suite.write_plan(f'{folder}/plan.yaml', sets)
    r = assay('check', 'plan.yaml', '--report', 'json:result.json', cwd=folder)
    with open(f'{folder}/result.json') as f:
        counts = json.load(f)['counts']
    check('300,000 rows five times without a false alarm',
          r.status == 0 and counts['rows'] == {'source': 1500000, 'archive': 1500000}, f'{counts}\n{r}')


def main():
    build(cases + silent)
    each(check_pair, list(itertools.product(FORMATS, FORMATS)))
    each(lambda step: step(None), [large, wide_decimals, nanoseconds, text_key, orders])


main()
suite.finish()
