"""The declared types of SQLite that tests/e2e/sqlite_types.sh proves, and docs/types.md lists.
    sqlite_types.py ddl | change | csv | ndjson | duck | docs FILE | plan FILE FORMAT | diff FILE
Each column: the declaration, what it is compared as, a value, another one, the rules that init proposes for the source, how
an exporter selects it, and the type that DuckDB writes it as in Parquet."""
import json
import re
import sys

S = '{c}'
HEX = "CASE WHEN {c} IS NOT NULL THEN '\\x' || hex({c}) END"
V = 'VARCHAR'
COLUMNS = [
    ('INTEGER', 'integer', '-9223372036854775808', '-9223372036854775807', '', S, 'BIGINT'),
    ('INT', 'integer', '9007199254740993', '9007199254740992', '', S, 'BIGINT'),
    ('BIGINT UNSIGNED', 'integer', '7', '8', '', S, 'BIGINT'),
    ('TINYINT', 'integer', '0', '1', '', S, 'TINYINT'),
    ('REAL', 'float64', '1e-20', '2e-20', '', S, 'DOUBLE'),
    ('DOUBLE PRECISION', 'float64', '0.1', '0.2', '', S, 'DOUBLE'),
    ('FLOAT', 'float64', '-1.5', '1.5', '', S, 'DOUBLE'),
    ('DECIMAL(12,2)', 'decimal', '12.5', '12.51', 'as: "decimal(2)"', S, 'DECIMAL(12,2)'),
    ('NUMERIC', 'decimal', "'12.125'", "'12.126'", 'as: "decimal(3)"', S, 'DECIMAL(12,3)'),
    ('NUMBER', 'decimal', '5', '6', '', S, 'DECIMAL(12,2)'),
    ('MONEY', 'decimal', '3.25', '3.26', 'as: "decimal(2)"', S, 'DECIMAL(12,2)'),
    ('BOOLEAN', 'boolean', '1', '0', '', S, 'INTEGER'),
    ('BOOL', 'boolean', "'true'", "'false'", '', S, 'BOOLEAN'),
    ('TEXT', 'text', "'é |\"'',\\ NULL'", "'é |\"'',\\ NULL '", '', S, V),
    ('VARCHAR(20)', 'text', "''", "' '", '', S, V),
    ('CHAR(5)', 'text', "'NULL'", "'null'", '', S, V),
    ('NVARCHAR(9)', 'text', "'😀'", "'😁'", '', S, V),
    ('CLOB', 'text', "'a' || char(10) || 'b'", "'a' || char(13, 10) || 'b'", '', S, V),
    ('DATE', 'date', "'2024-02-29'", "'2024-03-01'", '', S, 'DATE'),
    ('DATETIME', 'timestamp', "'2024-02-29 23:59:59.999'", "'2024-02-29 23:59:59'", '', S, 'TIMESTAMP'),
    ('TIMESTAMP', 'timestamp', "'1969-12-31T23:59:59'", "'1969-12-31T23:59:58'", '', S, 'TIMESTAMP'),
    ('TIMESTAMP WITH TIME ZONE', 'timestamptz', "'2024-02-29 12:00:00+05:30'", "'2024-02-29 12:00:00+05:00'", '', S, 'TIMESTAMPTZ'),
    ('TIMESTAMPTZ', 'timestamptz', "'2024-02-29T12:00:00Z'", "'2024-02-29T12:00:01Z'", '', S, 'TIMESTAMPTZ'),
    ('TIME', 'time', "'24:00'", "'00:00'", '', S, V),
    ('INTERVAL', 'interval', "'1 mon'", "'30 days'", '', S, V),
    ('UUID', 'uuid', "'00112233-4455-6677-8899-aabbccddeeff'", "'00112233-4455-6677-8899-aabbccddeefe'", '', S, 'UUID'),
    ('JSON', 'json', "'{\"b\": 1, \"a\": [1.0, null]}'", "'{\"b\": 1, \"a\": [1.0]}'", '', "json({c})", 'JSON'),
    ('BLOB', 'bytes', "x'00ff5c'", "x'00ff5d'", '', HEX, V),
    ('VARBINARY(9)', 'bytes', "x''", "x'00'", '', HEX, V),
]
# What a declaration says and what is stored are two things: the same types, held otherwise.
HELD = [
    ('DATE', 'date', '1709164800', '1709251200', 'epoch: s', "date({c}, 'unixepoch')", 'DATE'),
    ('DATETIME', 'timestamp', '1709209800', '1709209801', 'epoch: s', "datetime({c}, 'unixepoch')", 'TIMESTAMP'),
    ('TIMESTAMP', 'timestamp', '1709209800123', '1709209800124', 'epoch: ms',
     "strftime('%Y-%m-%d %H:%M:%f', {c} / 1000.0, 'unixepoch')", 'TIMESTAMP'),
    ('DATETIME', 'timestamp', '2460370.0', '2460370.5', 'epoch: julian', 'datetime({c})', 'TIMESTAMP'),
    ('UUID', 'uuid', "x'00112233445566778899aabbccddeeff'", "x'00112233445566778899aabbccddeefe'", '', 'CASE WHEN {c} IS NOT NULL THEN lower(hex({c})) END', V),
    ('', 'integer', '5', '6', '', S, 'BIGINT'),
    ('', 'float64', '5.5', '6.5', '', S, 'DOUBLE'),
    ('', 'text', "'x'", "'y'", '', S, V),
    ('', 'bytes', "x'00'", "x'01'", '', HEX, V),
    ('TEXT', 'date', "'2024-02-29'", "'2024-03-01'", '', S, 'DATE'),
    ('TEXT', 'text', '5', "'5 '", '', S, V),
]
# JSON text against a typed file: nested there, text in a CSV file.
NESTED = [
    ('TEXT', 'list<integer>', "'[1,null,-3]'", "'[1,-3,null]'", '', 'json({c})', 'INTEGER[]'),
    ('TEXT', 'struct<a: integer, b: text>', "'{\"b\":\"x\",\"a\":5}'", "'{\"b\":null,\"a\":5}'", '', 'json({c})', 'STRUCT(a INTEGER, b VARCHAR)'),
]
ALL = COLUMNS + HELD + NESTED


def name(i):
    return f'c{i:02d}'


def ddl():
    columns = ', '.join(f'{name(i)} {t[0]}' for i, t in enumerate(ALL))
    out = [f'CREATE TABLE t (id INTEGER PRIMARY KEY NOT NULL, {columns}, twice INT GENERATED ALWAYS AS (id * 2) VIRTUAL,'
           " said TEXT GENERATED ALWAYS AS ('row ' || id) STORED);"]
    for k in range(len(ALL)):
        out.append(f'INSERT INTO t VALUES ({k}, ' + ', '.join(t[2] for t in ALL) + ');')
    out.append(f'INSERT INTO t VALUES ({len(ALL)}, ' + ', '.join(t[3] for t in ALL) + ');')
    out.append(f'INSERT INTO t VALUES ({len(ALL) + 1}, ' + ', '.join('NULL' for t in ALL) + ');')
    return '\n'.join(out)


def change():
    return '\n'.join(f'UPDATE t SET {name(i)} = {t[3]} WHERE id = {i};' for i, t in enumerate(ALL))


def selected(i):
    return ALL[i][5].replace('{c}', name(i))


def csv():
    columns = ', '.join(f'{selected(i)} AS {name(i)}' for i in range(len(ALL)))
    return f'SELECT id, {columns}, twice, said FROM t ORDER BY id'


def ndjson():
    columns = ', '.join(f"'{name(i)}', {selected(i)}" for i in range(len(ALL)))
    return f"SELECT json_object('id', id, {columns}, 'twice', twice, 'said', said) FROM t ORDER BY id"


def duck():
    columns = {'id': 'INTEGER', 'twice': 'INTEGER', 'said': V} | {name(i): t[6] for i, t in enumerate(ALL)}
    return '{' + ', '.join(f"{k}: '{v}'" for k, v in columns.items()) + '}'


def docs(path):
    """Every row of the document's table is proven here, and the other way round."""
    said = set()
    part = re.search(r'^## SQLite$(.*)', open(path, encoding='utf-8').read(), re.M | re.S)[1]
    for line in part.splitlines():
        cells = [c.strip() for c in line.split('|')[1:-1]]
        if len(cells) == 2 and cells[0].startswith('`'):
            said.update((t, cells[1]) for t in re.findall('`([^`]+)`', cells[0]))
    proven = {(t[0], t[1]) for t in COLUMNS}
    for kind, what in (('missing from', proven - said), ('not proven, in', said - proven)):
        for row in sorted(what):
            print(kind, path, row)


def plan(path, form):
    """assay init proposes the types above, and the rules that what is stored needs."""
    said = dict(re.findall(r'^      (c[0-9]{2}): (.*)$', open(path, encoding='utf-8').read(), re.M))
    for i, t in enumerate(ALL):
        kind = 'text' if t in NESTED and form != 'parquet' else t[1]
        kind = f'"{kind}"' if '<' in kind else kind
        want = f'{{type: {kind}, source: {{rules: [{{{t[4]}}}]}}}}' if t[4] else kind
        if said.get(name(i)) != want:
            print(f'{name(i)} {t[0]}: {said.get(name(i))} instead of {want}')


def diff(path):
    """assay diff --json: row k differs in column k alone."""
    seen = {}
    for line in open(path, encoding='utf-8'):
        row = json.loads(line)
        seen[str(row['key'])] = (row['kind'], [c['column'] for c in row['cells']])
    for i, t in enumerate(ALL):
        got = seen.pop(str(i), None)
        if got != ('changed', [name(i)]):
            print(f'{name(i)} {t[0]}: {t[2]} became {t[3]}, and diff says {got}')
    for key, row in seen.items():
        print('row', key, row)


if __name__ == '__main__':
    result = globals()[sys.argv[1]](*sys.argv[2:])
    if result:
        print(result)
