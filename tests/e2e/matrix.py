"""Run by matrix.sh. A cell of the matrix is a type (matrix_types.py), a source engine and a writer; each is a dataset of two
columns, id and v. All datasets of a writer are one plan."""
import json
import os
import sqlite3
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from matrix_expected import EXPECTED  # noqa: E402
from matrix_types import PG_TYPES, TYPES  # noqa: E402
import suite  # noqa: E402
from suite import assay, check, psql, run  # noqa: E402

PAGE = os.path.join(suite.REPO, 'docs/compatibility.md')
PG = os.environ['PG_URI']
duck = suite.Duck()


def table_of(number):
    return f't{number:02}'


# ---- the two sources ----

def load_postgresql():
    psql(PG_TYPES + ''.join(
        suite.pg_load(table_of(i), f'id integer PRIMARY KEY, v {t.pg}', [[str(k), v] for k, v in enumerate(t.values)])
        for i, t in enumerate(TYPES)))


def load_sqlite():
    db = sqlite3.connect('s.db')
    for i, t in enumerate(TYPES):
        if t.sqlite is None:
            continue
        db.execute(f'CREATE TABLE {table_of(i)} (id INTEGER PRIMARY KEY, v {t.sqlite})')
        db.executemany(f'INSERT INTO {table_of(i)} VALUES (?, ?)',
                       [(k, None if v is None else t.to_sqlite(v)) for k, v in enumerate(t.values)])
    db.commit()
    db.close()


# ---- writers: a file from a table, by a stock tool. None: the tool refuses the type. ----

def to_file(path, *argv):
    done = run(*argv)
    if done.status:
        return None
    with open(path, 'w', newline='') as f:
        f.write(done.out)
    return path


def pg_psql(sql, *options):
    return ('psql', '-Xq', '-v', 'ON_ERROR_STOP=1', *options, '-c', sql)


def copy_csv(i, t, stem):
    return to_file(stem + '.csv', *pg_psql(f'COPY {table_of(i)} TO STDOUT (FORMAT csv, HEADER)'))


def copy_text(i, t, stem):
    return to_file(stem + '.copy', *pg_psql(f'COPY {table_of(i)} TO STDOUT'))


def psql_csv(i, t, stem):
    return to_file(stem + '.csv', *pg_psql(f'SELECT * FROM {table_of(i)}', '--csv'))


def row_to_json(i, t, stem):
    return to_file(stem + '.ndjson', *pg_psql(f'SELECT row_to_json(r) FROM {table_of(i)} r', '-At'))


def sqlite_csv(i, t, stem):
    return to_file(stem + '.csv', 'sqlite3', '-csv', '-header', 's.db', f'SELECT * FROM {table_of(i)}')


def sqlite_json(i, t, stem):
    done = run('sqlite3', '-json', 's.db', f'SELECT * FROM {table_of(i)}')
    lines = run('jq', '-c', '.[]', stdin=done.out.encode()) if done.status == 0 else done
    if lines.status:
        return None
    with open(stem + '.ndjson', 'w') as f:
        f.write(lines.out)
    return stem + '.ndjson'


def plain_table(i, t, engine):
    """What DuckDB reads: the rows as COPY ... CSV writes them, whatever the engine."""
    path = f'plain-{engine}-{i}.csv'
    if not os.path.exists(path):
        if engine == 'pg':
            copy_csv(i, t, path[:-4])
        else:
            rows = sqlite3.connect('s.db').execute(f'SELECT * FROM {table_of(i)}').fetchall()
            texts = [[str(k), None if v is None else repr(v) if isinstance(v, float) else t.values[k]] for k, v in rows]
            suite.write_csv(path, ['id', 'v'], texts)
    select = t.duck_from.format(duck=t.duck)
    return (f"SELECT CAST(id AS INTEGER) AS id, {select} AS v FROM read_csv('{path}', header = true, delim = ',', quote = '\"', "
            "escape = '\"', nullstr = '', allow_quoted_nulls = false, auto_detect = false, "
            "columns = {'id': 'VARCHAR', 'v': 'VARCHAR'})")


def by_duck(suffix, options):
    def write(i, t, stem, engine='pg'):
        try:
            duck.sql(f"COPY ({plain_table(i, t, engine)}) TO '{stem}{suffix}' ({options})")
        except RuntimeError:
            return None
        return stem + suffix
    return write


def from_sqlite(write):
    return lambda i, t, stem: write(i, t, stem, 'sqlite')


DUCK_CSV, DUCK_JSON = by_duck('.csv', 'FORMAT csv, HEADER'), by_duck('.ndjson', 'FORMAT json')
DUCK_PARQUET = by_duck('.parquet', 'FORMAT parquet')

# key, heading, engine, writer, dialect of the archive
WRITERS = [
    ('pg-copy-csv', 'PostgreSQL: COPY, CSV', 'pg', copy_csv, {}),
    ('pg-copy-text', 'PostgreSQL: COPY, text', 'pg', copy_text, {'format': 'copy'}),
    ('pg-psql-csv', 'PostgreSQL: psql --csv', 'pg', psql_csv, {}),
    ('pg-json', 'PostgreSQL: row_to_json', 'pg', row_to_json, {}),
    ('pg-duckdb-csv', 'PostgreSQL: DuckDB, CSV', 'pg', DUCK_CSV, {}),
    ('pg-duckdb-json', 'PostgreSQL: DuckDB, NDJSON', 'pg', DUCK_JSON, {}),
    ('pg-duckdb-parquet', 'PostgreSQL: DuckDB, Parquet', 'pg', DUCK_PARQUET, {}),
    ('sqlite-csv', 'SQLite: sqlite3 -csv', 'sqlite', sqlite_csv, {}),
    ('sqlite-json', 'SQLite: sqlite3 -json, jq', 'sqlite', sqlite_json, {}),
    ('sqlite-duckdb-csv', 'SQLite: DuckDB, CSV', 'sqlite', from_sqlite(DUCK_CSV), {}),
    ('sqlite-duckdb-json', 'SQLite: DuckDB, NDJSON', 'sqlite', from_sqlite(DUCK_JSON), {}),
    ('sqlite-duckdb-parquet', 'SQLite: DuckDB, Parquet', 'sqlite', from_sqlite(DUCK_PARQUET), {}),
]


# ---- one plan a writer ----

def dataset(i, t, engine, path, dialect, rules):
    column = {'type': t.logical}
    for side in ('source', 'archive'):
        listed = t.rules.get(side, []) + rules.get(side, [])
        if listed:
            column[side] = {'rules': listed}
    columns = {'id': 'integer', 'v': column}
    if dialect.get('format') == 'copy':
        # without a header the columns are column1, column2
        columns = {'id': {'type': 'integer', 'archive': {'name': 'column1'}},
                   'v': {**column, 'archive': {**column.get('archive', {}), 'name': 'column2'}}}
    return {'source': {'locator': PG if engine == 'pg' else 'sqlite:../s.db', 'table': table_of(i)},
            'archive': {'locator': '../' + path, **dialect}, 'key': ['id'], 'columns': columns}


ENDS = {'match': '=', 'mismatch': '≠', 'unverified': '?'}


def verify(writer):
    key, _, engine, write, dialect = writer
    cells, sets = {}, {}
    for i, t in enumerate(TYPES):
        if engine == 'sqlite' and t.sqlite is None:
            cells[t.name] = '–'
            continue
        wanted = EXPECTED.get((key, t.name), {})
        path = write(i, t, f'{key}-{i}')
        if path is None:
            cells[t.name] = '–'
            continue
        sets[t.name] = dataset(i, t, engine, path, {**dialect, **wanted.get('dialect', {})}, wanted.get('rules', {}))
    folder = suite.new_folder('plan-' + key)
    suite.write_plan(os.path.join(folder, 'plan.yaml'), sets)
    done = assay('check', 'plan.yaml', '--no-sample', '--report', 'json:r.json', cwd=folder, timeout=600)
    if done.status in (2, 4, 11):
        raise RuntimeError(f'{writer[0]}: {done}')
    with open(os.path.join(folder, 'r.json')) as f:
        result = json.load(f)
    for found in result['datasets']:
        cells[found['name']] = ENDS[found['verdict']]
    return cells, done, result, folder


# ---- the page ----

HEAD = '''# Compatibility

Written by `tests/e2e/matrix.sh`, which fails when this page is not what it found. A column of every type, with its corner
cases, goes from PostgreSQL and from SQLite into every format by stock tools, and `assay check` compares what arrived.

| mark | meaning |
|---|---|
| = | every value is equal, without any rule |
| = and a rule | equal under that rule; what it changes is counted as accepted |
| ≠ | the tool changed or spoiled values, and assay says so; the note says how |
| ? | unverified, with the reason in the note |
| – | the tool cannot write the type, or the engine has nothing like it |
'''


def rule_names(t, wanted):
    names = []
    for side in ('source', 'archive'):
        for rule in t.rules.get(side, []) + wanted.get('rules', {}).get(side, []):
            name = rule if isinstance(rule, str) else ': '.join([*rule.items()][0]).rstrip(': ')
            names += [name] if name not in names else []
    return ', '.join(f'`{n}`' for n in names)


def engine_table(engine, table, notes):
    writers = [w for w in WRITERS if w[2] == engine and w[0] in table]
    lines = ['| type | compared as | ' + ' | '.join(w[1].split(': ')[1] for w in writers) + ' |',
             '|---' * (2 + len(writers)) + '|']
    for t in TYPES:
        if engine == 'sqlite' and t.sqlite is None:
            continue
        row = []
        for w in writers:
            wanted = EXPECTED.get((w[0], t.name), {})
            text = table[w[0]][t.name]
            text += f' {rule_names(t, wanted)}' if text == '=' and rule_names(t, wanted) else ''
            note = wanted.get('note')
            if note:
                notes.append(note) if note not in notes else None
                text += f' ({notes.index(note) + 1})'
            row.append(text)
        lines.append(f'| {t.name} | {t.logical} | ' + ' | '.join(row) + ' |')
    return lines


def page(table):
    notes = []
    text = HEAD
    for engine, heading in (('pg', 'From PostgreSQL'), ('sqlite', 'From SQLite')):
        text += '\n'.join(['', f'## {heading}', '', *engine_table(engine, table, notes), ''])
    text += '\n## Notes\n\n' + '\n'.join(f'{i}. {note}.' for i, note in enumerate(notes, 1)) + '\n'
    if os.environ.get('MATRIX_WRITE'):
        with open(PAGE, 'w') as f:
            f.write(text)
    with open(PAGE) as f:
        check('docs/compatibility.md says what was found', f.read() == text, 'MATRIX_WRITE=1 tests/e2e/matrix.sh writes it anew')


def main():
    load_postgresql()
    load_sqlite()
    table = {}
    for writer in WRITERS:
        cells, done, result, folder = verify(writer)
        table[writer[0]] = cells
        for t in TYPES:
            none = '–' if writer[2] == 'sqlite' and t.sqlite is None else '='
            wanted = EXPECTED.get((writer[0], t.name), {}).get('ends', none)
            got = cells.get(t.name)
            why = ''
            if got != wanted:
                why = str(assay('diff', 'plan.yaml', '--dataset', t.name, '--json', cwd=folder))
                why += json.dumps([d for d in result['datasets'] if d['name'] == t.name], indent=1)[:3000] + done.err[-1500:]
            check(f'{writer[1]}, {t.name}: {wanted}', got == wanted, f'{got}\n{why}')
    page(table)


if __name__ == '__main__':
    main()
    suite.finish()
