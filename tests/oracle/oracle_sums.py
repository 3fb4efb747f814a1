"""The sums of a ledger's chunks, computed again from the data: docs/digests.md, docs/canonical-form.md, docs/plan.md.

    assay_oracle.py --sums [--keyring FILE] LEDGER DATASET-KEY-FILE ROLE DATA...

LEDGER is a ledger database with one dataset; ROLE is source or archive, whose newest run is checked; DATA is CSV files
or one sqlite:FILE:TABLE. The plan is the blob that the chunks cite. Where every chunk has a key range the chunks are
compared one by one, else their total; of a plan with `since`, the total of the segments that have the same columns. One
line for each; exit 1 when one differs. With the keyring the chunks must be sealed, and their roots are computed, too.
What is sealed in the ledger (bounds of chunks, sums of few rows) is opened with the dataset key and the keyring.
"""
import hashlib
import json
import re
import sqlite3
import struct

import assay_oracle as oracle
import keyring
import sealed
from rules import show_date
from xxh3 import SECRET_LEN, fold, le64, xxh3_128

M128 = 2**128 - 1


# ---- The ledger ----------------------------------------------------------------------------------------------------

def statement(note):
    """The text of a signed note as [(key, value)], the kind first."""
    text = note[:note.rindex(b'\n\n')].decode()
    lines = [line.partition(' ')[::2] for line in text.split('\n')]
    return [(k, re.sub('%([0-9a-f]{2})', lambda m: chr(int(m[1], 16)), v)) for k, v in lines]


class Chunk:
    def __init__(self, lines):
        one = dict(lines)
        self.run, self.plan, self.segment, self.method = one['run'], one['plan'], one['segment'], one['method']
        self.ordinal, self.form, self.rows = int(one['ordinal']), one['form'], int(one['rows'])
        self.defects = int(one.get('defects', 0))
        self.root, self.keycommit = one.get('root'), one.get('keycommit')
        self.without = frozenset(v for k, v in lines if k == 'without')
        self.lo, self.hi = (bytes.fromhex(one[k]) if k in one else None for k in ('lo', 'hi'))
        self.tags = [one.get(k) for k in ('lo-tag', 'hi-tag')]
        self.cut, self.blobs = one['cut'], {k: one[k] for k in ('sums', 'raw-sums') if k in one}
        self.sums = {}
        self.take(lines)

    def take(self, lines):
        for key, value in lines:
            if key in ('sum-row', 'sum-key'):
                self.sums[key] = int(value, 16)
            elif key == 'col':
                hexed, name = value.split(' ', 1)
                self.sums['col ' + name] = int(hexed, 16)
            elif key == 'raw':
                hexed, changed, name = value.split(' ', 2)
                self.sums['raw ' + name], self.sums['changed ' + name] = int(hexed, 16), int(changed)

    def holds(self, key):
        return (self.lo is None or self.lo <= key) and (self.hi is None or key < self.hi)


    def unseal(self, blob_of, dataset, key, keys):
        """Bounds and sums that the statement has sealed; docs/ledger-format.md."""
        if any(self.tags):
            about = 'cut', dataset, self.segment
            bounds = [bytes.fromhex(line) for line in
                      keyring.open_blob(key, blob_of(self.cut), *about).decode().split('\n')[5:-1]]
            place = [None, *bounds, None]
            self.lo, self.hi = place[self.ordinal:self.ordinal + 2]
            tags = [b if b is None else keyring.bound_tag(key, dataset, self.segment, b).hex() for b in (self.lo, self.hi)]
            if tags != self.tags:
                raise SystemExit(f'chunk {self.ordinal}: its tags are not those of its bounds')
        for kind, name in self.blobs.items():
            text = keyring.open_blob(keys.get((dataset, self.segment, self.ordinal), key), blob_of(name), kind, dataset,
                                     self.segment, self.ordinal).decode()
            self.take(line.partition(' ')[::2] for line in text.splitlines())


def read_ledger(path, role, key, ring):
    """(chunks of the role's newest run, the resolved plan that they cite, chunk keys)."""
    db = sqlite3.connect(f'file:{path}?mode=ro', uri=True)
    notes = [statement(note) for (note,) in db.execute('SELECT note FROM leaf ORDER BY idx')]
    chunks = [Chunk(s) for s in notes if s[0] == ('assay/v1', 'chunk') and ('role', role) in s]
    chunks = [c for c in chunks if c.run == chunks[-1].run]
    if not chunks or len({c.plan for c in chunks}) != 1:
        raise SystemExit(f'{path}: no chunks of one plan by {role}')

    def blob_of(cited):
        name = bytes.fromhex(cited.removeprefix('sha256:'))
        (body,), = db.execute('SELECT body FROM blob WHERE sha256 = ?', (name,))
        if hashlib.sha256(body).digest() != name:
            raise SystemExit(f'{path}: a blob is not what its name says')
        return body

    plan = json.loads(blob_of(chunks[0].plan))
    keys = keyring.chunk_keys(ring, key) if ring else {}
    for c in chunks:
        c.unseal(blob_of, plan['id'], key, keys)
    return chunks, plan, keys


# ---- The data ------------------------------------------------------------------------------------------------------

def csv_rows(path, dialect):
    """Rows of (text, quoted) as the dialect of the plan says; docs/plan.md."""
    with open(path, 'rb') as file:
        data = file.read()
    delimiter = b'\t' if dialect['delimiter'] == 'tab' else dialect['delimiter'].encode()
    if dialect['quote'] != '"' or dialect['escape'] is not None:
        raise SystemExit('only doubled quotes are read here')
    field = re.compile(rb'(?:"((?:[^"]|"")*)"|([^%b\r\n"]*))(%b|\r?\n|$)' % ((re.escape(delimiter),) * 2), re.DOTALL)
    at, row = 0, []
    while at < len(data):
        m = field.match(data, at)
        if not m:
            raise SystemExit(f'{path}: byte {at} is no CSV')
        at = m.end()
        row.append((m[1].replace(b'""', b'"'), True) if m[1] is not None else (m[2], False))
        if m[3] != delimiter:
            yield row
            row = []


def csv_values(paths, dialect):
    """(native names, carriers) of all rows."""
    null = None if dialect['null'] is None else dialect['null'].encode()
    for path in paths:
        rows = csv_rows(path, dialect)
        names = [name.decode() for name, _ in next(rows)]
        for row in rows:
            values = [('null',) if text == null and (not quoted or dialect['quoted_null']) else ('lexeme', text)
                      for text, quoted in row]
            yield dict(zip(names, values, strict=True))


def sqlite_values(path, table):
    """Values as SQLite's typeof() names them."""
    db = sqlite3.connect(f'file:{path}?mode=ro', uri=True)
    db.text_factory = bytes
    names = [row[1].decode() for row in db.execute(f'PRAGMA table_info("{table}")')]
    kinds = {b'integer': 'int', b'real': 'f64', b'text': 'text', b'blob': 'bytes'}
    picked = ', '.join(f'typeof("{n}"), "{n}"' for n in names)
    for row in db.execute(f'SELECT {picked} FROM "{table}"'):
        yield {n: (kinds[row[2 * i]], row[2 * i + 1]) if row[2 * i] != b'null' else ('null',)
               for i, n in enumerate(names)}


def read_data(args, side):
    if args[0].startswith('sqlite:'):
        return sqlite_values(*args[0].removeprefix('sqlite:').rsplit(':', 1))
    return csv_values(args, side['csv'])


# ---- The sums ------------------------------------------------------------------------------------------------------

def number(pair):
    return pair[1] << 64 | pair[0]


PERIOD = {'year': 4, 'month': 7, 'day': 10}  # characters of a date that name its segment


def segment_of(window, value):
    """The segment of a row by the value of its window column, read before late rules."""
    if value is None:
        return 'null'
    if value[0] == 'D':
        days = value[1]
    elif value[0] in ('S', 'Z') and window['timezone'] == 'UTC':
        days = value[1] // 86400
    else:
        raise SystemExit('only dates and time stamps in UTC are told apart by segments here')
    day = show_date(days)
    if (window['from'] is not None and day < window['from'][:10]) or len(day) != 10:
        return '-inf'
    if window['to'] is not None and day >= window['to'][:10]:
        return '+inf'
    return day[:PERIOD[window['every']]]


def lacking(plan, segment):
    """Names of the columns that do not exist in the segment: it comes before their `since`. docs/plan.md."""
    def before(since):
        return segment == '-inf' or (segment not in ('+inf', 'null') and segment < since)
    return frozenset(c['name'] for c in plan['columns'] if c.get('since') and before(c['since']))


class Sums:
    """docs/digests.md, section Fast. Columns of `without` are as if the plan did not have them."""

    def __init__(self, plan, role, secret, without=frozenset()):
        self.columns, self.role, self.secret = [c for c in plan['columns'] if c['name'] not in without], role, secret
        self.words = [le64(secret, SECRET_LEN - 32 + 8 * i) for i in range(4)]
        names = [(c['name'].encode(), c['type'], c['key']) for c in self.columns]
        self.form = oracle.row_form(names)
        self.key = [c['name'] for c in sorted(self.columns, key=lambda c: c['key']) if c['key']]

    def cells(self, row):
        """name -> (read value, cell without the rules or None); a defect stops the whole check."""
        out = {}
        for c in self.columns:
            side = c[self.role]
            rules = [(name, arg if arg != '' or name == 'null_if' else None) for name, arg in side['rules']]
            carrier = row[side['name']]
            out[c['name']] = oracle.canonical(c['type'], carrier, rules), self.raw_cell(c, carrier) if rules else None
        return out

    def raw_cell(self, column, carrier):
        """The cell without the rules; that of a value which only they make readable is a defect's."""
        try:
            return oracle.cell_of(oracle.canonical(column['type'], carrier))
        except oracle.Defect:
            return b'!' + bytes(4)

    def image(self, cell):
        """A cell of at most 15 bytes is its own image, its length in the last byte; of a longer one the hash."""
        if len(cell) > 15:
            return xxh3_128(cell, self.secret)
        return struct.unpack('<QQ', cell.ljust(15, b'\0') + bytes([len(cell)]))

    def pair(self, k, c):
        s = self.words
        return (fold(k[0] ^ s[0], c[0] ^ s[1]), fold(k[1] ^ s[2], c[1] ^ s[3]))

    def of_row(self, row):
        """(key bytes, sums of this row, row bytes)."""
        read = self.cells(row)
        key = b''.join(oracle.key_of(read[name][0]) for name in self.key)
        k = xxh3_128(struct.pack('>I', len(key)) + key, self.secret)
        sums = {'rows': 1, 'sum-key': number(k)}
        f = struct.unpack('<Q', self.form[:8])[0], len(self.columns)
        whole = self.form[:8] + struct.pack('>H', len(self.columns))
        for name, (value, raw) in read.items():
            cell = oracle.cell_of(value)
            whole += cell
            c = self.image(cell)
            p = self.pair(k, c)
            f = (f[0] * 0x9e3779b185ebca87 + p[0]) % 2**64, (f[1] * 0xc2b2ae3d27d4eb4f + p[1]) % 2**64
            sums['col ' + name] = number(p)
            if raw is not None:
                sums['raw ' + name] = number(self.pair(k, self.image(raw)))
                sums['changed ' + name] = int(raw != cell)
        sums['sum-row'] = number(xxh3_128(struct.pack('<QQ', *f), self.secret))
        return key, sums, whole


def add(total, sums):
    for name, value in sums.items():
        total[name] = total.get(name, 0) + value & M128


def compare(what, wanted, got):
    names = sorted(wanted.keys() | got.keys())
    different = [name for name in names if wanted.get(name, 0) != got.get(name, 0)]
    print(f'{what}: {got.get("rows", 0)} rows, ' + ('equal' if not different else 'DIFFER in ' + ', '.join(different)))
    return not different


def seals(chunk, rows, keys, dataset):
    """The chunk's root and key commitment, as a dictionary like those of sums."""
    if chunk.root is None:
        return {}, {'root': 'there is none'}
    key = keys[dataset, chunk.segment, chunk.ordinal]
    root, _ = sealed.seal(key, rows)
    return ({'root': chunk.root, 'keycommit': chunk.keycommit},
            {'root': 'sha256:' + root.hex(), 'keycommit': sealed.commitment(key).hex()})


def main(args):
    ring = args[1] if args[:1] == ['--keyring'] and len(args) > 1 else None
    args = args[2:] if ring else args
    if len(args) < 4:
        print(__doc__)
        return 2
    ledger, key_file, role = args[:3]
    with open(key_file, encoding='ascii') as file:
        key = bytes.fromhex(file.read().strip())
    chunks, plan, keys = read_ledger(ledger, role, key, ring)
    secret = keyring.hkdf(key, b'assay/fast/1' + plan['id'].encode(), SECRET_LEN)
    forms = {w: Sums(plan, role, secret, w) for w in {lacking(plan, c.segment) for c in chunks}}
    for c in chunks:
        w = lacking(plan, c.segment)
        if c.without != w or c.form != 'sha256:' + forms[w].form.hex() or c.defects:
            print(f'segment {c.segment}: another row form, or defects')
            return 1
    if any(c.get('since') for c in plan['columns']):
        return by_form(role, chunks, plan, forms, args[3:])
    sums = forms[frozenset()]
    ranged = all(c.method != 'hash' for c in chunks) and len({c.segment for c in chunks}) == 1
    attested = [dict(c.sums, rows=c.rows) for c in chunks]
    computed = [{} for _ in chunks]
    rows = [[] for _ in chunks]
    for row in read_data(args[3:], plan[role]):
        row_key, of_row, row_bytes = sums.of_row(row)
        place = [i for i, c in enumerate(chunks) if c.holds(row_key)] if ranged else [0]
        if len(place) != 1:
            print(f'a key lies in {len(place)} chunks')
            return 1
        add(computed[place[0]], of_row)
        rows[place[0]].append((row_key if sums.key else None, row_bytes))
    if ring and not ranged:
        print('roots are computed where every chunk is a key range of one segment')
        return 1
    for i, c in enumerate(chunks if ring else []):
        said, found = seals(c, rows[i], keys, plan['id'])
        attested[i].update(said)
        computed[i].update(found)
    if not ranged:
        attested, computed, chunks = [total_of(attested)], [total_of(computed)], [None]
    names = [f'{role} {c.segment} chunk {c.ordinal}' if c else f'{role} in total' for c in chunks]
    results = [compare(*triple) for triple in zip(names, attested, computed)]
    return 0 if results and all(results) else 1


def by_form(role, chunks, plan, forms, data):
    """Segments of the same columns together: their chunks against their rows."""
    window = plan['window']
    column = next(c for c in plan['columns'] if c['name'] == window['column'])
    computed = {w: {} for w in forms}
    for row in read_data(data, plan[role]):
        side = column[role]
        w = lacking(plan, segment_of(window, oracle.canonical(column['type'], row[side['name']])))
        add(computed[w], forms[w].of_row(row)[1])
    results = []
    for w in sorted(forms, key=sorted):
        attested = total_of([dict(c.sums, rows=c.rows) for c in chunks if c.without == w])
        results.append(compare(f'{role} without {", ".join(sorted(w)) or "nothing"}', attested, computed[w]))
    return 0 if all(results) else 1


def total_of(parts):
    total = {}
    for part in parts:
        add(total, part)
    return total
