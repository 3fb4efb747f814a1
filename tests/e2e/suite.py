"""What the Python-driven end-to-end tests share: running assay, counting, tables in four formats, plans.

A test is started by its .sh beside it, in the fresh folder that lib.sh made (current folder). Standard library only.
"""
import concurrent.futures
import csv
import json
import os
import shutil
import sqlite3
import struct
import subprocess
import sys
import threading
import uuid

REPO = os.environ['REPO']
HERE = os.getcwd()
ORIGIN = 'assay.local/e2e'
_lock = threading.Lock()
_failed = []


def ok(what):
    with _lock:
        print('ok - ' + what, flush=True)


def not_ok(what, why=''):
    with _lock:
        _failed.append(what)
        print('not ok - ' + what, flush=True)
        for line in str(why).splitlines()[-60:]:
            print('# ' + line, flush=True)


def check(what, passed, why=''):
    if passed:
        ok(what)
    else:
        not_ok(what, why)
    return passed


def finish():
    sys.exit(1 if _failed else 0)


class Result:
    def __init__(self, argv, status, out, err):
        self.argv, self.status, self.out, self.err = argv, status, out, err

    def __str__(self):
        return f'$ {" ".join(self.argv)}\nexit status {self.status}\n{self.out}\n{self.err}'

    @property
    def both(self):
        return self.out + self.err


def run(*argv, cwd=None, env=None, stdin=None, timeout=120, preexec=None):
    """Run a program; bytes that are no UTF-8 in its output are shown escaped."""
    p = subprocess.run([str(a) for a in argv], cwd=cwd, timeout=timeout, stdout=subprocess.PIPE, preexec_fn=preexec,
                       stderr=subprocess.PIPE, env={**os.environ, **(env or {})},
                       **({'input': stdin} if stdin is not None else {'stdin': subprocess.DEVNULL}))
    return Result([str(a) for a in argv], p.returncode, p.stdout.decode(errors='backslashreplace'),
                  p.stderr.decode(errors='backslashreplace'))


def assay(*argv, **kw):
    return run('assay', *argv, **kw)


def each(function, items, workers=2):
    """A thread an item; a crash of one is a failed test, not a silent end."""
    def guarded(item):
        try:
            function(item)
        except Exception as e:  # noqa: BLE001
            import traceback
            not_ok(f'{getattr(function, "__name__", "step")} of {item} ran to its end',
                   ''.join(traceback.format_exception(e)))
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        list(pool.map(guarded, items))


# ---- plans ----

def new_folder(path):
    """A folder with keys and an empty ledger; they are made once and copied."""
    path = os.path.join(HERE, path)
    seed = os.path.join(HERE, '.seed')
    with _lock:
        if not os.path.exists(os.path.join(seed, 'ledger.db')):
            os.makedirs(seed)
            with open(os.path.join(seed, 'a.csv'), 'w') as f:
                f.write('id\n1\n')
            shutil.copy(os.path.join(seed, 'a.csv'), os.path.join(seed, 'b.csv'))
            made = assay('init', 'a.csv', 'b.csv', '--key', 'id', '--origin', ORIGIN, cwd=seed)
            if made.status:
                raise RuntimeError(f'assay init: {made}')
    os.makedirs(path, exist_ok=True)
    shutil.copytree(os.path.join(seed, 'keys'), os.path.join(path, 'keys'), dirs_exist_ok=True)
    for name in os.listdir(seed):
        if name.startswith('ledger.db') and not name.endswith('.lock'):
            shutil.copy(os.path.join(seed, name), os.path.join(path, name))
    return path


def dataset_id(name):
    return str(uuid.uuid5(uuid.NAMESPACE_URL, 'assay-e2e/' + name))


def flow(value):
    """YAML flow style; JSON is a subset of it."""
    return json.dumps(value, ensure_ascii=False)


def write_plan(path, sets):
    """sets: name -> {source, archive, key, columns, ...}, written as they are."""
    lines = ['assay: 1', f'origin: {ORIGIN}', 'ledger: ledger.db', 'keys: keys', 'datasets:']
    for name, body in sets.items():
        lines.append(f'  {flow(name)}:')
        body = {'id': dataset_id(name), **body}
        lines += [f'    {key}: {flow(value)}' for key, value in body.items() if value is not None]
    with open(path, 'w') as f:
        f.write('\n'.join(lines) + '\n')


def diff_rows(result):
    """The rows of `assay diff --json`."""
    return [json.loads(line) for line in result.out.splitlines() if line.startswith('{')]


def found(rows):
    """{(kind, key, columns)} of those rows; columns only of changed ones."""
    return {(r['kind'], r['key'], ','.join(sorted(c['column'] for c in r['cells'])) if r['kind'] == 'changed' else '')
            for r in rows}


# ---- tables in four formats. A cell is its text as PostgreSQL writes it, or None. ----

def csv_cell(v):
    if v is None:
        return ''
    if v == '' or any(c in v for c in ',"\r\n'):
        return '"' + v.replace('"', '""') + '"'
    return v


def csv_text(header, rows):
    out = [','.join(csv_cell(h) for h in header)] if header else []
    out += [','.join(csv_cell(c) for c in r) for r in rows]
    return ''.join(line + '\n' for line in out)


def write_csv(path, header, rows):
    os.makedirs(os.path.dirname(path) or '.', exist_ok=True)
    with open(path, 'w', newline='') as f:
        f.write(csv_text(header, rows))


def read_csv(path):
    with open(path, newline='') as f:
        return list(csv.reader(f))


class Duck:
    """One DuckDB that answers many statements."""

    def __init__(self):
        self.p = subprocess.Popen(['node', REPO + '/tests/support/duck.mjs', '--serve'], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, text=True)
        self.lock = threading.Lock()

    def sql(self, text):
        with self.lock:
            self.p.stdin.write(json.dumps({'sql': text}) + '\n')
            self.p.stdin.flush()
            answer = json.loads(self.p.stdout.readline())
        if 'error' in answer:
            raise RuntimeError(f'{answer["error"]}\n{text}')
        return answer['rows']

    def parquet(self, path, header, types, rows, casts=None):
        """types: DuckDB's, a column; casts: column -> SQL over it."""
        os.makedirs(os.path.dirname(path) or '.', exist_ok=True)
        part = path + '.csv'
        # every text is quoted, so that only NULL is an empty field
        with open(part, 'w', newline='') as f:
            for r in [header] + rows:
                f.write(','.join('' if c is None else '"' + c.replace('"', '""') + '"' for c in r) + '\n')
        columns = ', '.join(f"'{h}': 'VARCHAR'" for h in header)
        select = ', '.join((casts or {}).get(h, f'CAST("{h}" AS {t})') + f' AS "{h}"' for h, t in zip(header, types))
        self.sql(f"COPY (SELECT {select} FROM read_csv('{part}', header = true, columns = {{{columns}}}, delim = ',', "
                 f"quote = '\"', escape = '\"', nullstr = '', allow_quoted_nulls = false, auto_detect = false)) "
                 f"TO '{path}' (FORMAT parquet)")
        os.remove(part)

    def close(self):
        self.p.stdin.close()
        self.p.wait()


def write_sqlite(path, table, ddl, rows, convert=None):
    """convert: a function a column from text to what SQLite is given."""
    db = sqlite3.connect(path)
    db.execute(f'DROP TABLE IF EXISTS {table}')
    db.execute(f'CREATE TABLE {table} ({ddl})')
    if rows:
        convert = convert or [str] * len(rows[0])
        db.executemany(f'INSERT INTO {table} VALUES ({",".join("?" * len(rows[0]))})',
                       [[None if c is None else f(c) for f, c in zip(convert, r)] for r in rows])
    db.commit()
    db.close()


def psql(script):
    r = run('psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', stdin=('SET client_min_messages = warning;\n' + script).encode())
    if r.status:
        raise RuntimeError(f'psql: {r.err}\n{script[:2000]}')
    return r.out.strip()


def pg_load(table, ddl, rows):
    """The script that makes a table; rows travel as CSV."""
    return (f'DROP TABLE IF EXISTS {table}; CREATE TABLE {table} ({ddl});\nCOPY {table} FROM STDIN (FORMAT csv);\n'
            f'{csv_text(None, rows)}\\.\n')


# ---- a Parquet writer of our own, for what DuckDB does not write: decimals of 40 digits, INT96 ----

def _varint(n):
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    return bytes(out + bytes([n]))


def _zigzag(n):
    return _varint((n << 1) ^ (n >> 63))


def _struct(*fields):
    """Thrift compact: (id, value), ids ascending; int (i32 and i64 look alike but for their tag), bytes, list, struct."""
    out, last = bytearray(), 0
    for number, value in fields:
        kind, body = _typed(value)
        out.append((number - last) << 4 | kind)
        out += body
        last = number
    return bytes(out) + b'\0'


class _I32(int):
    pass


class _Struct(bytes):
    pass


def _typed(v):
    if isinstance(v, _I32):
        return 5, _zigzag(v)
    if isinstance(v, int):
        return 6, _zigzag(v)
    if isinstance(v, _Struct):
        return 12, bytes(v)
    if isinstance(v, bytes):
        return 8, _varint(len(v)) + v
    kind, items = 5, b''
    for item in v:
        kind, body = _typed(item)
        items += body
    head = bytes([len(v) << 4 | kind]) if len(v) < 15 else bytes([0xF0 | kind]) + _varint(len(v))
    return 9, head + items


def write_plain_parquet(path, columns, n, created_by=None):
    """columns: (name, physical type, type length, schema fields after the name, values as bytes). All REQUIRED, PLAIN."""
    out, chunks = bytearray(b'PAR1'), []
    schema = [_Struct(_struct((4, b'schema'), (5, _I32(len(columns)))))]
    for name, physical, length, extra, values in columns:
        at, data = len(out), b''.join(values)
        page = _Struct(_struct((1, _I32(n)), (2, _I32(0)), (3, _I32(3)), (4, _I32(3))))
        out += _struct((1, _I32(0)), (2, _I32(len(data))), (3, _I32(len(data))), (5, page)) + data
        size = len(out) - at
        meta = _Struct(_struct((1, _I32(physical)), (2, [_I32(0)]), (3, [name.encode()]), (4, _I32(0)), (5, n),
                               (6, size), (7, size), (9, at)))
        chunks.append(_Struct(_struct((2, at), (3, meta))))
        fields = [(1, _I32(physical))] + ([(2, _I32(length))] if length else []) + [(3, _I32(0)), (4, name.encode())]
        schema.append(_Struct(_struct(*fields, *[(k, _I32(v)) for k, v in extra])))
    group = _Struct(_struct((1, chunks), (2, len(out)), (3, n)))
    footer = _struct((1, _I32(1)), (2, schema), (3, n), (4, [group]), *([(6, created_by.encode())] if created_by else []))
    out += footer + struct.pack('<I', len(footer)) + b'PAR1'
    os.makedirs(os.path.dirname(path) or '.', exist_ok=True)
    with open(path, 'wb') as f:
        f.write(out)
