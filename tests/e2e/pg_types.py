"""The types of PostgreSQL that tests/e2e/pg_types.sh proves, and docs/types.md lists.
    pg_types.py ddl | rows | change | duck | edge | edge_column TYPE | json_query [TABLE] | duck_query | docs FILE | plan FILE | diff FILE
Each type: the type, what it is compared as, how it travels, a value, another one, and the type that DuckDB writes it as
in Parquet (None: no JSON writer of PostgreSQL prints it as COPY does, so that only CSV is tried)."""
import json
import re
import sys

BINARY, TEXT, TREE, TREE_TEXT = 'binary', 'text', 'tree', 'text, as a whole'
V = 'VARCHAR'
PAIR, PAIR_DUCK = 'struct<a: integer, b: text>', 'STRUCT(a INTEGER, b VARCHAR)'
TYPES = [
    ('boolean', 'boolean', BINARY, 'true', 'false', 'BOOLEAN'),
    ('smallint', 'integer', BINARY, '-32768', '-32767', 'SMALLINT'),
    ('integer', 'integer', BINARY, '2147483647', '2147483646', 'INTEGER'),
    ('bigint', 'integer', BINARY, '9007199254740993', '9007199254740992', 'BIGINT'),
    ('numeric', 'decimal', BINARY, '1.20', '1.4', 'DECIMAL(38,10)'),
    ('numeric(40,2)', 'decimal', BINARY, '90071992547409930000000000000000000000.01', '90071992547409930000000000000000000000.02', V),
    ('numeric(3,-2)', 'decimal', BINARY, '12300', '12400', 'DECIMAL(9,2)'),
    ('real', 'float32', BINARY, '0.1', '0.10000001', 'FLOAT'),
    ('double precision', 'float64', BINARY, '1e-20', '2e-20', 'DOUBLE'),
    ('text', 'text', BINARY, 'é |"\',\\ NULL', 'é |"\',\\ NULL ', V),
    ('character varying(9)', 'text', BINARY, 'NULL', '<null>', V),
    ('character(5)', 'text', BINARY, 'ab', 'ac', V),
    ('name', 'text', BINARY, 'a name', 'b name', V),
    ('"char"', 'text', TEXT, 'z', 'y', V),
    ('bytea', 'bytes', BINARY, '\\x00ff5c', '\\x00ff5d', V),
    ('date', 'date', BINARY, '2024-02-29', '2024-03-01', 'DATE'),
    ('time without time zone', 'time', BINARY, '24:00', '00:00', V),
    ('time with time zone', 'timetz', BINARY, '10:00+02', '08:00+00', V),
    ('timestamp without time zone', 'timestamp', BINARY, '2024-02-29 23:59:59.999999', '2024-02-29 23:59:59.999', 'TIMESTAMP'),
    ('timestamp with time zone', 'timestamptz', BINARY, '2024-02-29 12:00:00+05:30', '2024-02-29 12:00:00+05', 'TIMESTAMPTZ'),
    ('interval', 'interval', BINARY, '1 mon', '30 days', V),
    ('uuid', 'uuid', BINARY, '00112233-4455-6677-8899-aabbccddeeff', '00112233-4455-6677-8899-aabbccddeefe', 'UUID'),
    ('json', 'text', BINARY, '{"b":  1, "a":2}', '{"b": 1, "a":2}', V),
    ('jsonb', 'json', BINARY, '{"b": 1, "a": [1.0, null]}', '{"b": 1, "a": [1.0]}', 'JSON'),
    ('mood', 'text', BINARY, 'sad', 'ok', V),
    ('cents', 'decimal', BINARY, '12.50', '12.51', 'DECIMAL(12,2)'),
    ('oid', 'integer', BINARY, '4294967295', '4294967294', 'UBIGINT'),
    ('xid', 'integer', BINARY, '7', '8', 'UINTEGER'),
    ('cid', 'integer', BINARY, '7', '8', 'UINTEGER'),
    ('xid8', 'integer', BINARY, '18446744073709551615', '18446744073709551614', 'UBIGINT'),
    ('money', 'text', TEXT, '-1234.50', '1234.50', V),
    ('bit(5)', 'text', TEXT, '10101', '10111', V),
    ('bit varying', 'text', TEXT, '1', '01', V),
    ('inet', 'text', TEXT, '1.2.3.4', '1.2.3.4/31', V),
    ('cidr', 'text', TEXT, '10.0.0.0/8', '10.0.0.0/9', V),
    ('macaddr', 'text', TEXT, '08:00:2b:01:02:03', '08:00:2b:01:02:04', V),
    ('macaddr8', 'text', TEXT, '08:00:2b:01:02:03:04:05', '08:00:2b:01:02:03:04:06', V),
    ('xml', 'text', TEXT, '<?xml version="1.0" encoding="utf-8"?><a/>', '<b/>', V),
    ('tsvector', 'text', TEXT, 'a fat cat', 'a fat bat', V),
    ('tsquery', 'text', TEXT, 'a & b', 'a | b', V),
    ('tid', 'text', TEXT, '(1,2)', '(1,3)', V),
    ('regclass', 'text', TEXT, 'pg_catalog.pg_class', 'pg_catalog.pg_type', V),
    ('regtype', 'text', TEXT, 'int4', 'int8', V),
    ('regprocedure', 'text', TEXT, 'pg_catalog.lower(text)', 'pg_catalog.upper(text)', V),
    ('regrole', 'text', TEXT, 'pg_monitor', 'pg_read_all_stats', V),
    ('regconfig', 'text', TEXT, 'pg_catalog.simple', 'pg_catalog.english', V),
    ('pg_lsn', 'text', TEXT, '16/B374D848', '16/B374D849', V),
    ('pg_snapshot', 'text', TEXT, '10:20:10,14', '10:20:10,15', V),
    ('jsonpath', 'text', TEXT, '$.a[*] ? (@ > 1)', '$.a[*] ? (@ > 2)', V),
    ('aclitem', 'text', TEXT, 'pg_monitor=r/pg_monitor', 'pg_monitor=w/pg_monitor', V),
    ('point', 'text', TEXT, '(1.5,2)', '(1.5,2.5)', V),
    ('line', 'text', TEXT, '{1,2,3}', '{1,2,4}', V),
    ('lseg', 'text', TEXT, '[(1,2),(3,4)]', '[(1,2),(3,5)]', V),
    ('box', 'text', TEXT, '(3,4),(1,2)', '(3,4),(1,1)', V),
    ('path', 'text', TEXT, '[(1,2),(3,4)]', '((1,2),(3,4))', V),
    ('polygon', 'text', TEXT, '((1,2),(3,4))', '((1,2),(3,5))', V),
    ('circle', 'text', TEXT, '<(1,2),3>', '<(1,2),4>', V),
    ('int4range', 'text', TEXT, '[1,4)', '[1,5)', V),
    ('numrange', 'text', TEXT, '[1.0,2]', '[1.0,2)', V),
    ('tstzrange', 'text', TEXT, '["2024-01-01 00:00:00+00",)', '["2024-01-01 00:00:01+00",)', V),
    ('int4multirange', 'text', TEXT, '{[1,3),[5,7)}', '{[1,3),[5,8)}', V),
    ('int2vector', 'text', TEXT, '1 2 3', '1 2 4', None),
    ('oidvector', 'text', TEXT, '1 2 3', '1 2 4', None),
    ('citext', 'text', TEXT, 'Ab', 'ab', V),
    ('ltree', 'text', TEXT, 'a.b', 'a.c', V),
    ('lquery', 'text', TEXT, 'a.*', 'b.*', V),
    ('cube', 'text', TEXT, '(1, 2)', '(1, 3)', V),
    ('isbn13', 'text', TEXT, '978-0-393-04002-9', '978-0-11-000533-1', V),
    ('hstore', 'map<text, text>', TREE, 'a=>1,b=>NULL', 'a=>1,b=>""', 'MAP(VARCHAR, VARCHAR)'),
    ('pair', PAIR, TREE, '(5,"x,""y")', '(5,)', PAIR_DUCK),
    ('who', PAIR, TREE, '(,)', '(,"")', PAIR_DUCK),
    ('deep', f'struct<p: {PAIR}, ps: list<{PAIR}>, m: list<text>, n: decimal>', TREE,
     '("(1,x)","{""(2,)"",NULL}",{ok},1.50)', '("(1,x)","{""(2,)""}",{ok},1.50)',
     f'STRUCT(p {PAIR_DUCK}, ps {PAIR_DUCK}[], m VARCHAR[], n DECIMAL(8,2))'),
    ('placed', 'struct<at: text, n: integer>', TREE_TEXT, '("(1,2)",3)', '("(1,2)",4)', 'STRUCT("at" VARCHAR, n INTEGER)'),
    ('boolean[]', 'list<boolean>', TREE, '{t,NULL}', '{t,f}', 'BOOLEAN[]'),
    ('integer[]', 'list<integer>', TREE, '{1,NULL,-3}', '{1,-3,NULL}', 'INTEGER[]'),
    ('smallint[]', 'list<integer>', TREE, '{1,2}', '[0:1]={1,2}', None), # JSON has no lower bounds
    ('integer[][]', 'list<list<integer>>', TREE, '{{1,2},{3,4}}', '{{1,2},{4,3}}', 'INTEGER[][]'),
    ('numeric[]', 'list<decimal>', TREE, '{1.10,2}', '{1.10,2.5}', 'DECIMAL(18,3)[]'),
    ('real[]', 'list<float32>', TREE, '{0.1}', '{0.2}', 'FLOAT[]'),
    ('double precision[]', 'list<float64>', TREE, '{0.1,-0.5}', '{0.1,0.5}', 'DOUBLE[]'),
    ('text[]', 'list<text>', TREE, '{NULL,"NULL","","a\\"b\\\\,{}"}', '{"NULL",NULL,"","a\\"b\\\\,{}"}', 'VARCHAR[]'),
    ('bytea[]', 'list<bytes>', TREE, '{"\\\\x00ff"}', '{"\\\\x00fe"}', 'VARCHAR[]'),
    ('date[]', 'list<date>', TREE, '{2024-02-29}', '{2024-03-01}', 'DATE[]'),
    ('timestamp without time zone[]', 'list<timestamp>', TREE, '{"2024-02-29 01:02:03"}', '{"2024-02-29 01:02:04"}', 'TIMESTAMP[]'),
    ('timestamp with time zone[]', 'list<timestamptz>', TREE, '{"2024-01-01 10:00:00+02"}', '{"2024-01-01 10:00:00+00"}', 'TIMESTAMPTZ[]'),
    ('interval[]', 'list<interval>', TREE, '{"1 mon","-00:00:01"}', '{"1 mon"}', 'VARCHAR[]'),
    ('uuid[]', 'list<uuid>', TREE, '{00112233-4455-6677-8899-aabbccddeeff}', '{}', 'UUID[]'),
    ('jsonb[]', 'list<json>', TREE, '{"{\\"a\\": 1}"}', '{"{\\"a\\": 2}"}', 'JSON[]'),
    ('mood[]', 'list<text>', TREE, '{sad,ok}', '{ok,sad}', 'VARCHAR[]'),
    ('cents[]', 'list<decimal>', TREE, '{1.25}', '{1.26}', 'DECIMAL(12,2)[]'),
    ('ids', 'list<integer>', TREE, '{1}', '{2}', 'INTEGER[]'),
    ('ids[]', 'list<list<integer>>', TREE, '{"{1,2}","{}"}', '{"{}","{1,2}"}', 'INTEGER[][]'),
    ('pair[]', f'list<{PAIR}>', TREE, '{"(1,x)",NULL}', '{NULL,"(1,x)"}', f'{PAIR_DUCK}[]'),
    ('hstore[]', 'list<map<text, text>>', TREE, '{"\\"x\\"=>\\"1\\""}', '{"\\"x\\"=>\\"2\\""}', 'MAP(VARCHAR, VARCHAR)[]'),
    ('inet[]', 'list<text>', TREE_TEXT, '{1.2.3.4,::1/64}', '{1.2.3.4,::1/63}', 'VARCHAR[]'),
    ('int4range[]', 'list<text>', TREE_TEXT, '{"[1,4)"}', '{"[1,5)"}', 'VARCHAR[]'),
    ('box[]', 'text', TEXT, '{(3,4),(1,2);(5,6),(1,2)}', '{(3,4),(1,2)}', None),
]
PREPARE = """
CREATE EXTENSION hstore; CREATE EXTENSION citext; CREATE EXTENSION ltree; CREATE EXTENSION cube; CREATE EXTENSION isn;
CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TYPE pair AS (a int, b text);
CREATE TYPE deep AS (p pair, ps pair[], m mood[], n numeric(8,2)); CREATE TYPE placed AS (at point, n int);
CREATE DOMAIN cents AS numeric(12,2); CREATE DOMAIN ids AS int[]; CREATE DOMAIN who AS pair;
"""
# Values that Parquet, or JSON, or both, cannot hold; the formats that can.
EDGES = {
    'numeric': ['NaN', 'Infinity', '-Infinity', '9' * 1000 + '.' + '7' * 900, '-0.0000', '1e-200', '0.' + '0' * 16382 + '1'],
    'real': ['NaN', 'Infinity', '-Infinity', '-0', '1e-45', '3.4028235e38', '1.1754944e-38'],
    'double precision': ['NaN', 'Infinity', '-Infinity', '-0', '5e-324', '1.7976931348623157e308', '9007199254740993'],
    'date': ['infinity', '-infinity', '0044-03-15 BC', '4714-11-24 BC', '5874897-12-31', '0001-01-01'],
    'timestamp without time zone': ['infinity', '-infinity', '0044-03-15 10:00 BC', '294276-12-31 23:59:59.999999', '2016-12-31 23:59:60'],
    'timestamp with time zone': ['infinity', '-infinity', '0044-03-15 10:00+00 BC', '1969-12-31 23:59:59.999999+00', '4714-11-24 00:00+00 BC'],
    'time without time zone': ['23:59:60', '00:00:00.000001'],
    'time with time zone': ['24:00+15:59:59', '12:00-15:59:59', '23:59:60+00'],
    'interval': ['1 mon -1 day -00:00:01.5', '3000000 hours', '-178000000 years', '1 day', '24:00', '-00:00:00.000001'],
    'text': ['', ' ', 'NULL', '\\N', '"', 'a\nb\r\nc\t', '\\.', 'é', 'é', '😀', "'"],
    'character(5)': ['', '     ', 'a\t'],
    'bytea': ['', '\\x00', '\\x5c5c'],
    'jsonb': ['null', '"\\u00e9"', '1e400', '-0.0', '{"a": {"a": {}}}', '[[], [[]]]', '12345678901234567890.123'],
    'integer[]': ['{}', '{NULL}'],
    'double precision[]': ['{NaN,Infinity,-0}', '{0}', '{5e-324}'],
    'text[]': ['{}', '{""}', '{"a b", "c\\\\d", "e\nf"}'],
    'numeric[]': ['{NaN,Infinity}'],
    'timestamp with time zone[]': ['{infinity,"0044-03-15 00:00:00+00 BC"}'],
    'pair': ['(,)', '(1,"")', '(1," ")', '(,"a""b\\\\c")'],
    'pair[]': ['{}', '{"(,)"}', '{"(1,\\"a,b\\")"}'],
    'hstore': ['', '"a b"=>"c\\"d", "e\\\\f"=>""', '"NULL"=>"NULL", x=>NULL'],
}


def name(i):
    return f'c{i:03d}'


def quote(text):
    return "E'" + text.replace('\\', '\\\\').replace("'", "''") + "'" if text is not None else 'NULL'


def values(row):
    return '(' + ', '.join([str(row[0])] + [quote(v) for v in row[1:]]) + ')'


def ddl():
    columns = ', '.join(f'{name(i)} {t[0]}' for i, t in enumerate(TYPES))
    return PREPARE + f'CREATE TABLE t (id int PRIMARY KEY, gone text, {columns}, made int GENERATED ALWAYS AS (id * 2) STORED);' \
        'ALTER TABLE t DROP COLUMN gone;'


def listed():
    return '(id, ' + ', '.join(name(i) for i in range(len(TYPES))) + ')'


def rows():
    """One row a column, all alike: row k is changed in column k only. Then the other values, and NULLs."""
    table = [[k] + [t[3] for t in TYPES] for k in range(len(TYPES))]
    table += [[len(TYPES)] + [t[4] for t in TYPES], [len(TYPES) + 1] + [None] * len(TYPES)]
    return f'INSERT INTO t {listed()} VALUES ' + ',\n'.join(values(r) for r in table) + ';'


def change():
    return '\n'.join(f'UPDATE t SET {name(i)} = {quote(t[4])} WHERE id = {i};' for i, t in enumerate(TYPES))


def edge():
    chosen = list(EDGES)
    columns = ', '.join(f'{name(i)} {t}' for i, t in enumerate(chosen))
    out = [f'CREATE TABLE edge (id int PRIMARY KEY, {columns});']
    for k in range(max(len(v) for v in EDGES.values())):
        row = [k] + [EDGES[t][k] if k < len(EDGES[t]) else None for t in chosen]
        out.append(f'INSERT INTO edge VALUES {values(row)};')
    return '\n'.join(out)


def edge_column(kind):
    return name(list(EDGES).index(kind))


def duck():
    """The columns of DuckDB's read_json, and those that JSON leaves out."""
    columns = {'id': 'INTEGER', 'made': 'INTEGER'} | {name(i): t[5] for i, t in enumerate(TYPES) if t[5]}
    return '{' + ', '.join(f"{k}: '{v}'" for k, v in columns.items()) + '}'


def json_query(table='t', apart=()):
    """Rows as JSON objects; the types named apart as strings, since DuckDB's JSON reader rounds and reformats them."""
    columns = [name(i) + (f'::text AS {name(i)}' if t[0] in apart else '') for i, t in enumerate(TYPES) if t[5]]
    listed = ', '.join(['id', 'made'] + columns) if table == 't' else '*'
    return f'SELECT row_to_json(x) FROM (SELECT {listed} FROM {table} ORDER BY id) x'


def duck_query():
    return json_query(apart=('numeric(40,2)', 'json'))


def docs(path):
    """Every row of the document's table is proven here, and the other way round."""
    said = set()
    part = re.search(r'^## PostgreSQL$(.*?)^## ', open(path, encoding='utf-8').read(), re.M | re.S)[1]
    for line in part.splitlines():
        cells = [c.strip() for c in line.split('|')[1:-1]]
        if len(cells) == 3 and cells[0].startswith('`'):
            said.update((t, cells[1].strip('`'), cells[2]) for t in re.findall('`([^`]+)`', cells[0]))
    proven = {(t[0], t[1], t[2]) for t in TYPES}
    for kind, what in (('missing from', proven - said), ('not proven, in', said - proven)):
        for row in sorted(what):
            print(kind, path, row)


def plan(path):
    """assay init proposes for every column that the file has what the table above says, without a rule."""
    said = dict(re.findall(r'^      (c[0-9]{3}): (.*)$', open(path, encoding='utf-8').read(), re.M))
    for i, t in enumerate(TYPES):
        if t[5] is None and name(i) not in said:
            continue
        if said.get(name(i), '').strip('"') != t[1]:
            print(f'{name(i)} {t[0]}: {said.get(name(i))} instead of {t[1]}')


def diff(path):
    """assay diff --json: row k differs in column k alone."""
    seen = {}
    for line in open(path, encoding='utf-8'):
        row = json.loads(line)
        seen[str(row['key'])] = (row['kind'], [c['column'] for c in row['cells']])
    missing = [i for i, t in enumerate(TYPES) if t[5] is None] if len(seen) < len(TYPES) else []
    for i, t in enumerate(TYPES):
        want = None if i in missing else ('changed', [name(i)])
        got = seen.pop(str(i), None)
        if got != want:
            print(f'{name(i)} {t[0]}: {t[3]} became {t[4]}, and diff says {got}')
    for key, row in seen.items():
        print('row', key, row)


if __name__ == '__main__':
    what = sys.argv[1]
    result = globals()[what](*sys.argv[2:3]) if len(sys.argv) > 2 else globals()[what]()
    if result:
        print(result)
