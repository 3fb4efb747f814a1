"""Run by matrix.sh with MATRIX_PYTHON: the cross matrix for writers that come from PyPI. Each is given what DuckDB wrote as
Parquet from PostgreSQL. docs/compatibility-python.md is both the outcome and the expectation; MATRIX_WRITE=1 writes it."""
import json
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import matrix  # noqa: E402
import suite  # noqa: E402
from matrix_types import TYPES  # noqa: E402
from suite import check, run  # noqa: E402

PAGE = os.path.join(suite.REPO, 'docs/compatibility-python.md')
LIBRARIES = ['pyarrow==26.0.1', 'pandas==3.1.1', 'fastparquet==2026.9.0', 'polars==2.1.0', 'fastavro==1.13.1'] + (['pyspark==4.3.0'] if os.environ.get('MATRIX_SPARK') else [])
WRITERS = ['pyarrow-parquet', 'pyarrow-csv', 'pandas-parquet', 'pandas-csv', 'pandas-ndjson', 'fastparquet-parquet',
           'polars-parquet', 'polars-csv', 'polars-ndjson', 'polars-avro', 'fastavro-avro', 'spark-parquet', 'spark-csv',
           'spark-ndjson']
HEAD = '''# Compatibility: writers from PyPI

Written by `MATRIX_WRITE=1 MATRIX_PYTHON=1 tests/e2e/matrix.sh`; `make test-full` fails when this page is not what it found.
The marks are those of [compatibility.md](compatibility.md). Every library is given the Parquet file that DuckDB wrote from
PostgreSQL, without any option but a header, and no rules are declared: a ≠ is what `assay init --profile` and the causes of a
report are for. The notes are what assay said first.

'''


def libraries():
    """A virtual environment with the writers, made once a machine; None when PyPI cannot be reached."""
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


def why(found):
    """One reason of a dataset that is not equal, without file and line."""
    said = re.findall(r'"(?:findings?|reason)": \[?\s*"([^"]*)"', json.dumps(found))
    said = [re.sub(r'^\S*:\d+: v: ', '', s) for s in said]
    said = [re.sub(r'^\S*?: (?=\S)', '', s) if s.startswith('../') else s for s in said]
    return said[0] if said else found['verdict']


def writer_of(name):
    suffix = name.split('-')[1]

    def write(i, t, stem, engine='pg'):
        path = f'python/{name}-pg-duckdb-parquet-{i}.{suffix}'
        return path if os.path.exists(path) else None
    return (name, name.replace('-', ', '), 'pg', write, {'csv': {'quoted_null': False}} if suffix == 'csv' else {})


def page(table, reasons, place):
    notes = []
    writers = [w for w in WRITERS if w in table]
    lines = ['| type | ' + ' | '.join(w.replace('-', ', ') for w in writers) + ' |', '|---' * (1 + len(writers)) + '|']
    for t in TYPES:
        row = []
        for w in writers:
            cell, reason = table[w][t.name], reasons.get((w, t.name))
            if reason:
                if reason not in notes:
                    notes.append(reason)
                cell += f' ({notes.index(reason) + 1})'
            row.append(cell)
        lines.append(f'| {t.name} | ' + ' | '.join(row) + ' |')
    return (HEAD + 'Versions: ' + ', '.join(versions(place)) + '.\n\n' + '\n'.join(lines) + '\n\n## Notes\n\n' +
            '\n'.join(f'{i}. {note}' for i, note in enumerate(notes, 1)) + '\n')


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
    table, reasons = {}, {}
    for name in WRITERS:
        if name.startswith('spark') and not os.environ.get('MATRIX_SPARK'):
            continue
        cells, _, result, _ = matrix.verify(writer_of(name))
        table[name] = cells
        for found in result['datasets']:
            if cells[found['name']] != '=':
                reasons[name, found['name']] = why(found)
    text = page(table, reasons, place)
    if os.environ.get('MATRIX_WRITE'):
        with open(PAGE, 'w') as f:
            f.write(text)
    with open(PAGE) as f:
        check('docs/compatibility-python.md says what was found', f.read() == text, text)
    suite.finish()


main()
