"""Run by matrix.sh with MATRIX_PYTHON: the cross matrix for writers that come from PyPI, Spark among them. Each is given what
DuckDB wrote as Parquet from PostgreSQL. docs/compatibility-python.md is both the outcome and the expectation; MATRIX_WRITE=1
writes it."""
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import matrix  # noqa: E402
import suite  # noqa: E402
from matrix_expected_pypi import EXPECTED  # noqa: E402
from matrix_types import TYPES  # noqa: E402
from suite import check, run  # noqa: E402

PAGE = os.path.join(suite.REPO, 'docs/compatibility-python.md')
LIBRARIES = ['pyarrow==26.0.1', 'pandas==3.1.1', 'fastparquet==2026.9.0', 'polars==2.1.0', 'fastavro==1.13.1', 'pyspark==4.3.0']
HEADER = {'csv': {'header': True}}
# writer-format -> the profile that a plan would name, and what the side says beside it
WRITERS = {
    'pyarrow-parquet': {'profile': 'pyarrow-parquet'},
    'pyarrow-csv': {},
    'pandas-parquet': {'profile': 'pandas-parquet'},
    'pandas-csv': {'profile': 'pandas-csv'},
    'pandas-ndjson': {'profile': 'pandas-json'},
    'fastparquet-parquet': {'profile': 'fastparquet'},
    'polars-parquet': {'profile': 'polars-parquet'},
    'polars-csv': {},
    'polars-ndjson': {'profile': 'polars-json'},
    'polars-avro': {},
    'fastavro-avro': {},
    'spark-parquet': {'profile': 'spark-parquet'},
    'spark-csv': {'profile': 'spark-csv', **HEADER},
    'spark-ndjson': {'profile': 'spark-json'},
}
HEAD = '''# Compatibility: writers from PyPI

Written by `MATRIX_WRITE=1 MATRIX_PYTHON=1 tests/e2e/matrix.sh`; `make test-full` fails when this page is not what it found.
Every library is given the Parquet file that DuckDB wrote from PostgreSQL, and writes it without any option but a header. The
archive has the profile that stands under the writer's name; a note says what a column was declared as besides.
'''


def libraries():
    """A virtual environment with the writers; MATRIX_VENV keeps it."""
    place = os.environ.get('MATRIX_VENV') or os.path.join(suite.HERE, 'venv')
    if not os.path.exists(f'{place}/bin/python3'):
        made = run('python3', '-m', 'venv', place, timeout=600)
        if made.status:
            raise RuntimeError(f'venv: {made}')
    got = run(f'{place}/bin/pip', 'install', '-q', *LIBRARIES, timeout=1800)
    if got.status:
        raise RuntimeError(f'pip: {got}')
    return place


def versions(place):
    listed = run(f'{place}/bin/pip', 'list', '--format=freeze').out
    return [line.replace('==', ' ') for line in listed.splitlines() if line in LIBRARIES]


def short(reason):
    """Without file and line."""
    return re.sub(r'^(\S*: )*', '', re.sub(r'^\S*:\d+: v: ', '', reason)) if reason.startswith('../') else reason


def writer_of(name):
    suffix = name.split('-')[1]

    def write(i, t, stem, engine='pg'):
        path = f'python/{name}-pg-duckdb-parquet-{i}.{suffix}'
        return path if os.path.exists(path) else None
    return (name, name.replace('-', ', '), 'pg', write, WRITERS[name])


def page(table, place):
    notes = []
    heads = [w.replace('-', ', ') + (f'<br>`{WRITERS[w]["profile"]}`' if 'profile' in WRITERS[w] else '') for w in table]
    lines = ['| type | compared as | ' + ' | '.join(heads) + ' |', '|---' * (2 + len(heads)) + '|']
    for t in TYPES:
        row = [matrix.shown(table[w][t.name], EXPECTED.get((w, t.name), {}), notes) for w in table]
        lines.append(f'| {t.name} | {t.logical} | ' + ' | '.join(row) + ' |')
    cells = [table[w][t.name] for w in table for t in TYPES]
    return (HEAD + matrix.MARKS + '\n' + matrix.counted(cells) + '\nVersions: ' + ', '.join(versions(place)) + '.\n\n' +
            '\n'.join(lines) + '\n' + matrix.notes_of(notes))


def main():
    place = libraries()
    matrix.load_postgresql()
    os.makedirs('python')
    stems = []
    for i, t in enumerate(TYPES):
        path = matrix.DUCK_PARQUET(i, t, f'pg-duckdb-parquet-{i}')
        stems += [path[:-len('.parquet')]] if path else []
    made = run(f'{place}/bin/python3', f'{suite.REPO}/tests/e2e/matrix_python.py', 'python', *stems, timeout=3000)
    check('the libraries wrote what they can', made.status == 0, made)
    table = {}
    for name in WRITERS:
        cells = matrix.verify(writer_of(name), EXPECTED)[0]
        table[name] = {kind: (mark, rules, short(reason)) for kind, (mark, rules, reason) in cells.items()}
        check(f'{name}: what it can write is compared', any(mark != matrix.NONE for mark, _, _ in cells.values()))
    matrix.hold_against(PAGE, page(table, place))
    suite.finish()


main()
