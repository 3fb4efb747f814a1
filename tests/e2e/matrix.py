"""Run by matrix.sh. A cell of the matrix is a type (matrix_types.py), a source engine and a writer; each is a dataset of two
columns, id and v. All datasets of a writer are one plan."""
import difflib
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

def dataset(i, t, engine, path, dialect, wanted):
    """wanted: a cell of matrix_expected.py. Rules of a column's own take the place of those of a profile."""
    column = {'type': wanted.get('type', t.logical)}
    for side in ('source', 'archive'):
        listed = t.rules.get(side, []) + wanted.get('rules', {}).get(side, [])
        if listed:
            column[side] = {'rules': listed}
    columns = {'id': 'integer', 'v': column}
    if dialect.get('format') == 'copy':
        # without a header the columns are column1, column2
        columns = {'id': {'type': 'integer', 'archive': {'name': 'column1'}},
                   'v': {**column, 'archive': {**column.get('archive', {}), 'name': 'column2'}}}
    return {'source': {'locator': PG if engine == 'pg' else 'sqlite:../s.db', 'table': table_of(i)},
            'archive': {'locator': '../' + path, **dialect}, 'key': ['id'], 'columns': columns}


NONE, EQUAL, LOST, UNREAD = '–', '=', '≠', '?'


def outcome(found):
    """A cell as assay saw it: its mark, the rules that changed values of v, and why it is not equal."""
    used = sorted({r['rule'].rstrip(': ') for r in found['rules'] if r['column'] == 'v' and r['cells']})
    chunks = [c for c in found['chunks'] if c['verdict'] != 'match']
    reasons = [r for r in [found['reason'], *(c['reason'] for c in chunks)] if r]
    if found['verdict'] == 'match':
        return EQUAL, used, ''
    unread = found['verdict'] == 'unverified' or all(c['kind'] == 'undecodable' for c in chunks)
    return UNREAD if unread else LOST, [], reasons[0] if reasons else found['verdict']


def verify(writer, expected):
    """type -> (mark, rules, reason), and what shows why."""
    key, _, engine, write, dialect = writer
    cells, sets = {}, {}
    for i, t in enumerate(TYPES):
        path = None if engine == 'sqlite' and t.sqlite is None else write(i, t, f'{key}-{i}')
        cells[t.name] = (NONE, [], '')
        if path is not None:
            sets[t.name] = dataset(i, t, engine, path, dialect, expected.get((key, t.name), {}))
    folder = suite.new_folder('plan-' + key)
    suite.write_plan(os.path.join(folder, 'plan.yaml'), sets)
    done = assay('check', 'plan.yaml', '--no-sample', '--report', 'json:r.json', cwd=folder, timeout=600)
    if done.status in (2, 4, 11):
        raise RuntimeError(f'{writer[0]}: {done}')
    with open(os.path.join(folder, 'r.json')) as f:
        result = json.load(f)
    for found in result['datasets']:
        cells[found['name']] = outcome(found)
    return cells, done, result, folder


# ---- the page ----

MARKS = '''
| mark | meaning |
|---|---|
| = | every value is equal, and no rule had to change any |
| = and rules | accepted: equal under these rules, each of which changed values; a report counts them by the rule's name |
| ? | unverified: what the tool wrote cannot be read as the type, so that nothing can be said of the values. assay names the first place, calls the rows `undecodable`, and never `match`; the note says why |
| ≠ | lost: what the tool wrote can be read and is another value, and no rule tells which it was. assay calls the rows `changed`; the note says what is lost |
| – | refused: the tool does not write the type, or the engine has nothing like it |

A rule that accepts a loss by its own meaning (`truncate: ms`, `digits: 15`, `as: float64`, `null_if`) says in the plan what is no longer
told apart; such a cell is accepted. ≠ is left where no rule can mean the difference: only another export keeps the value.
'''

HEAD = '''# Compatibility

Written by `tests/e2e/matrix.sh`, which fails when this page is not what it found. A column of every type, with its corner
cases, goes from PostgreSQL and from SQLite into every format by stock tools, and `assay check` compares what arrived.
'''


def shown(cell, wanted, notes):
    """A cell of a page: the mark, the rules behind it, and the number of its note."""
    mark, rules, reason = cell
    text = mark + (' ' + ', '.join(f'`{r}`' for r in rules) if rules else '')
    note = wanted.get('note') or (f'assay: {reason}' if reason else '')
    if 'type' in wanted:
        note = f'compared as `{wanted["type"]}`' + (': ' + note if note else '')
    if not note:
        return text
    notes += [note] if note not in notes else []
    return f'{text} ({notes.index(note) + 1})'


def counted(cells):
    """How the cells of a page end, in words."""
    marks = ['accepted' if c[0] == EQUAL and c[1] else c[0] for c in cells]
    names = ((EQUAL, 'equal'), ('accepted', 'accepted under a rule'), (UNREAD, 'unverified'), (LOST, 'lost'), (NONE, 'refused'))
    return f'{len(marks)} cells: ' + ', '.join(f'{marks.count(mark)} {name}' for mark, name in names) + '.\n'


def engine_table(engine, table, notes):
    writers = [w for w in WRITERS if w[2] == engine and w[0] in table]
    lines = ['| type | compared as | ' + ' | '.join(w[1].split(': ')[1] for w in writers) + ' |',
             '|---' * (2 + len(writers)) + '|']
    for t in TYPES:
        if engine == 'sqlite' and t.sqlite is None:
            continue
        row = [shown(table[w[0]][t.name], EXPECTED.get((w[0], t.name), {}), notes) for w in writers]
        lines.append(f'| {t.name} | {t.logical} | ' + ' | '.join(row) + ' |')
    return lines


def page(table):
    notes = []
    text = ''
    for engine, heading in (('pg', 'From PostgreSQL'), ('sqlite', 'From SQLite')):
        text += '\n'.join(['', f'## {heading}', '', *engine_table(engine, table, notes), ''])
    cells = [table[w[0]][t.name] for w in WRITERS for t in TYPES if w[2] == 'pg' or t.sqlite is not None]
    return HEAD + MARKS + '\n' + counted(cells) + text + notes_of(notes)


def notes_of(notes):
    return '\n## Notes\n\n' + '\n'.join(f'{i}. {note}.' for i, note in enumerate(notes, 1)) + '\n'


def hold_against(path, text):
    """The page is what was found; MATRIX_WRITE makes it so."""
    if os.environ.get('MATRIX_WRITE'):
        with open(path, 'w') as f:
            f.write(text)
    with open(path) as f:
        kept = f.read()
    changed = '\n'.join(difflib.unified_diff(kept.splitlines(), text.splitlines(), 'kept', 'found', n=0, lineterm=''))
    check(f'{os.path.relpath(path, suite.REPO)} says what was found', kept == text,
          f'{changed}\nMATRIX_WRITE=1 tests/e2e/matrix.sh writes it anew')


def check_cells(writer, expected, seen):
    """Every cell ends as expected: = unless the table says otherwise."""
    cells, done, result, folder = seen
    for t in TYPES:
        none = NONE if writer[2] == 'sqlite' and t.sqlite is None else EQUAL
        wanted = expected.get((writer[0], t.name), {}).get('ends', none)
        got = cells[t.name][0]
        why = ''
        if got != wanted and got != NONE:
            why = str(assay('diff', 'plan.yaml', '--dataset', t.name, '--json', cwd=folder))
            why += json.dumps([d for d in result['datasets'] if d['name'] == t.name], indent=1)[:3000] + done.err[-1500:]
        check(f'{writer[1]}, {t.name}: {wanted}', got == wanted, f'{got} {cells[t.name]}\n{why}')


def main():
    load_postgresql()
    load_sqlite()
    table = {}
    for writer in WRITERS:
        seen = verify(writer, EXPECTED)
        table[writer[0]] = seen[0]
        check_cells(writer, EXPECTED, seen)
    hold_against(PAGE, page(table))


if __name__ == '__main__':
    main()
    suite.finish()
