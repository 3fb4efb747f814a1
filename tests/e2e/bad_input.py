"""Run by bad_input.sh. A case is what is given, the exit code of `assay check`, and what its messages must say."""
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import suite  # noqa: E402
from suite import assay, check, each, run  # noqa: E402

PG = os.environ['PG_URI']
SECRETS = ('S3cr3tPw', 'Wr0ngPw')
ROWS = [[str(i), f'text {i}', str(i * 3)] for i in range(1000)]
HEADER = ['id', 'v', 'n']
COLUMNS = {'id': 'integer', 'v': 'text', 'n': 'integer'}


class Given:
    """A folder with app.db and t.csv of the same 1000 rows, both good; a case spoils one and says how to read them."""

    def __init__(self, folder):
        self.folder = folder
        self.source = {'locator': 'sqlite:app.db', 'table': 't'}
        self.archive = {'locator': 't.csv'}
        self.more = {}
        suite.write_sqlite(f'{folder}/app.db', 't', 'id INTEGER PRIMARY KEY, v TEXT, n INTEGER', ROWS, [int, str, int])
        suite.write_csv(f'{folder}/t.csv', HEADER, ROWS)

    def path(self, name):
        return f'{self.folder}/{name}'

    def edit(self, name, change):
        with open(self.path(name), 'rb') as f:
            data = change(f.read())
        with open(self.path(name), 'wb') as f:
            f.write(data)

    def line(self, number, text):
        """Replace line NUMBER (1 is the header) of t.csv."""
        def change(data):
            lines = data.split(b'\n')
            lines[number - 1] = text
            return b'\n'.join(lines)
        self.edit('t.csv', change)

    def swap(self):
        """The CSV is the source, the table is the archive."""
        self.source, self.archive = self.archive, self.source

    def plan(self):
        suite.write_plan(self.path('plan.yaml'), {'orders': {
            'source': self.source, 'archive': self.archive, 'key': ['id'], 'columns': COLUMNS, **self.more}})


cases = []


def case(name, status, *says, lacks=()):
    """says: expressions that a line of the output has, each in exactly one line of stderr where it starts with `1:`."""
    def add(function):
        cases.append((name, status, says, lacks, function))
        return function
    return add


def simple(name, status, says, **change):
    """Only the description of a side is wrong."""
    def spoil(g):
        for which, how in change.items():
            getattr(g, which).update(how)
    cases.append((name, status, says, (), spoil))


@case('intact', 0)
def _(g):
    pass


simple('a missing source', 3, [r'1:no\.db.*No such file|1:no\.db.*cannot open|1:no\.db.*unable'], source={'locator': 'sqlite:no.db'})
simple('a missing archive file', 1, [r'no\.csv'], archive={'locator': 'no.csv'})
simple('a missing archive folder', 1, [r'no/\*\.csv'], archive={'locator': 'no/*.csv'})
simple('an archive without files', 1, [r'\*\.nothing'], archive={'locator': '*.nothing', 'format': 'csv'})
simple('a missing table', 3, [r'1:\btt\b'], source={'table': 'tt'})
simple('a missing PostgreSQL table', 3, [r'1:nothing'], source={'locator': PG, 'table': 'public.nothing'})
simple('a missing archive table', 1, [r'public\.nothing'], archive={'locator': PG, 'table': 'public.nothing'})
simple('a missing archive database', 1, [r'no\.db'], archive={'locator': 'sqlite:no.db', 'table': 't'})
simple('a source that is no database', 3, [r'1:t\.csv.*not a SQLite database'], source={'locator': 'sqlite:t.csv'})
simple('a folder as the source', 3, [r'1:\.'], source={'locator': 'sqlite:.'})


def column(side):
    def spoil(g):
        g.more['columns'] = {**COLUMNS, 'n': {'type': 'integer', side: {'name': 'nn'}}}
    return spoil


cases.append(('a missing source column', 3, [r'1:source.*"nn".*did you mean "n"'], (), column('source')))
cases.append(('a missing archive column', 3, [r'1:archive.*"nn".*did you mean "n"'], (), column('archive')))


@case('a source without a key constraint', 0)
def _(g):
    suite.write_sqlite(g.path('app.db'), 't', 'id INTEGER, v TEXT, n INTEGER', ROWS, [int, str, int])


@case('a key twice in the source', 3, r'key is not unique')
def _(g):
    rows = ROWS + [['500', 'text 500', '1500']]
    suite.write_sqlite(g.path('app.db'), 't', 'id INTEGER, v TEXT, n INTEGER', rows, [int, str, int])
    suite.write_csv(g.path('t.csv'), HEADER, rows)


@case('a key twice in the source only', 1, r'\blost\b', r'key is not unique')
def _(g):
    suite.write_sqlite(g.path('app.db'), 't', 'id INTEGER, v TEXT, n INTEGER', ROWS + [['500', 'x', '1500']],
                       [int, str, int])


@case('a key twice in the archive', 1, r'\bextra\b')
def _(g):
    suite.write_csv(g.path('t.csv'), HEADER, ROWS + [ROWS[500]])


@case('no key at all', 0)
def _(g):
    g.more['key'] = None


@case('no key, a row changed', 1, r'\b(rows|lost|extra|changed)\b')
def _(g):
    g.more['key'] = None
    g.line(502, b'500,other,1500')


def empty_table(g):
    suite.write_sqlite(g.path('app.db'), 't', 'id INTEGER PRIMARY KEY, v TEXT, n INTEGER', [])


def header_only(g):
    suite.write_csv(g.path('t.csv'), HEADER, [])


def zero_bytes(g):
    g.edit('t.csv', lambda data: b'')


def nowhere(g):
    os.remove(g.path('t.csv'))


for what, how, both in (('a header only', header_only, r'nothing to verify'), ('a file of 0 bytes', zero_bytes, ''),
                        ('no file', nowhere, '')):
    cases.append((f'rows, and an archive of {what}', 1, [r'missing|undecodable'], (), how))
    cases.append((f'an empty table, and {what}', (1, 3) if not both else 3, [both], (),
                  lambda g, how=how: (empty_table(g), how(g))))


@case('an empty table, and rows in the archive', 1, r'\bextra\b')
def _(g):
    empty_table(g)


@case('an empty PostgreSQL table, and a header', 3, r'nothing to verify')
def _(g):
    g.source = {'locator': PG, 'table': 'public.empty'}
    header_only(g)


# What a row of the CSV can have: (name, line 502 of the file, what the message says besides the place)
row_faults = [
    ('too few fields', b'500,text 500', r'2 fields, expected 3'),
    ('too many fields', b'500,text 500,1500,x', r'4 fields, expected 3'),
    ('no number', b'500,text 500,15oo', r'column "?n"?|n:'),
    ('a fraction in an integer', b'500,text 500,1500.5', r'column "?n"?|n:'),
    ('an overlong number', b'500,text 500,1e999999', r'column "?n"?|n:'),
    ('invalid UTF-8', b'500,te\xff\xfet,1500', r'UTF-8'),
    ('a surrogate in UTF-8', b'500,\xed\xa0\x80,1500', r'UTF-8'),
    ('a key that is none', b'5oo,text 500,1500', r'\bid\b'),
]
for what, text, says in row_faults:
    def spoil(g, text=text):
        g.line(502, text)

    def spoil_source(g, text=text):
        g.line(502, text)
        g.swap()
    cases.append((f'CSV archive: {what}', 1, [r't\.csv:502', says], (r'15oo|5oo',), spoil))
    cases.append((f'CSV source: {what}', 3, [r't\.csv:502|do(es)? not decode'], (r'15oo|5oo',), spoil_source))


@case('CSV archive: a NUL byte in a text', 1, r'changed: v|t\.csv:502')
def _(g):
    g.line(502, b'500,te\0t 500,1500')


@case('CSV archive: an open quote', 1, r't\.csv:502.*quot')
def _(g):
    g.line(502, b'500,"text 500,1500')


@case('CSV source: an open quote', 3, r't\.csv:502.*quot')
def _(g):
    g.line(502, b'500,"text 500,1500')
    g.swap()


@case('CSV archive: UTF-16', 1, r't\.csv')
def _(g):
    g.edit('t.csv', lambda data: data.decode().encode('utf-16'))


@case('CSV archive: cut in the middle of a row', 1, r't\.csv|lost')
def _(g):
    g.edit('t.csv', lambda data: data[:len(data) // 2])


@case('CSV archive: the header twice', 1, r't\.csv:2\b')
def _(g):
    g.edit('t.csv', lambda data: b'id,v,n\n' + data)


def sqlite_text(value):
    def spoil(g):
        import sqlite3
        db = sqlite3.connect(g.path('app.db'))
        db.execute('UPDATE t SET v = CAST(? AS TEXT) WHERE id = 500', [value])
        db.commit()
        db.close()
    return spoil


cases.append(('SQLite source: invalid UTF-8', 3, [r'UTF-8|do not decode'], (), sqlite_text(b'te\xff\xfet')))
cases.append(('SQLite source: a NUL in a text', 1, [r'changed: v'], (), sqlite_text(b'text 500\0tail')))


@case('SQLite archive: invalid UTF-8', 1, r'app\.db|undecodable')
def _(g):
    sqlite_text(b'te\xff\xfet')(g)
    g.swap()


@case('SQLite source: text in an INTEGER column', 3, r'do not decode|column "?n"?')
def _(g):
    rows = [r[:] for r in ROWS]
    rows[500][2] = 'many'
    suite.write_sqlite(g.path('app.db'), 't', 'id INTEGER PRIMARY KEY, v TEXT, n INTEGER', rows)


def damaged_db(g):
    g.edit('app.db', lambda data: data[:8192] + b'\xa5' * 4096 + data[12288:])


cases.append(('SQLite source: a damaged page', 3, [r'1:malformed|1:corrupt'], (), damaged_db))


@case('SQLite archive: a damaged page', (1, 3), r'malformed|corrupt')
def _(g):
    damaged_db(g)
    g.swap()


# ---- Parquet ----

def parquet(g, change):
    shutil.copy('base.parquet', g.path('t.parquet'))
    g.edit('t.parquet', change)
    g.archive = {'locator': 't.parquet'}


def flip(at):
    def change(data):
        k = at if at >= 0 else len(data) + at
        return data[:k] + bytes([data[k] ^ 0x10]) + data[k + 1:]
    return change


parquet_faults = [
    ('cut in half', lambda d: d[:len(d) // 2]), ('without its last byte', lambda d: d[:-1]), ('4 bytes', lambda d: d[:4]),
    ('0 bytes', lambda d: b''), ('zeros', lambda d: bytes(len(d))), ('a bit of the footer length flipped', flip(-6)),
    ('a name in the footer changed', lambda d: d[:d.rfind(b'\x02id')] + b'\x02ie' + d[d.rfind(b'\x02id') + 3:]), ('a bit of the first page header flipped', flip(5)),
    ('bytes in the middle overwritten', lambda d: d[:len(d) // 2] + b'\xff' * 64 + d[len(d) // 2 + 64:]),
    ('bytes added behind the end', lambda d: d + b'x'),
]
for what, change in parquet_faults:
    cases.append((f'Parquet archive: {what}', 1, [r't\.parquet|changed|lost|rows'], (), lambda g, c=change: parquet(g, c)))


@case('Parquet archive: intact', 0)
def _(g):
    parquet(g, lambda d: d)


@case('Parquet source: cut in half', 3, r'1:t\.parquet')
def _(g):
    parquet(g, lambda d: d[:len(d) // 2])
    g.source, g.archive = g.archive, {'locator': 't.csv'}


# ---- passwords ----

for name, locator in {
    'in a URI': f'postgresql://pw:Wr0ngPw@/postgres?host={os.environ["PGHOST"]}',
    'as a parameter': f'postgresql:///postgres?host={os.environ["PGHOST"]}&user=pw&password=Wr0ngPw',
    'in a connection string': f'host={os.environ["PGHOST"]} dbname=postgres user=pw password=Wr0ngPw',
    'from a variable': f'postgresql://pw:${{env:ASSAY_E2E_WRONG}}@/postgres?host={os.environ["PGHOST"]}',
}.items():
    simple(f'a wrong password {name}', 3, [r'1:password authentication failed'], source={'locator': locator, 'table': 'public.t'})
    simple(f'a wrong password {name}, archive', 3, [r'1:password authentication failed'],
           archive={'locator': locator, 'table': 'public.t'})
simple('the right password', 0, [], source={
    'locator': f'postgresql://pw:S3cr3tPw@/postgres?host={os.environ["PGHOST"]}', 'table': 'public.t'})
simple('the right password from a file', 0, [], source={
    'locator': f'postgresql://pw:${{file:../secret}}@/postgres?host={os.environ["PGHOST"]}', 'table': 'public.t'})
simple('the right password, a missing table', 3, [r'1:tt'], source={
    'locator': f'postgresql://pw:S3cr3tPw@/postgres?host={os.environ["PGHOST"]}', 'table': 'public.tt'})
simple('the right password, a missing database', 3, [r'1:nodb'], source={
    'locator': f'postgresql://pw:S3cr3tPw@/nodb?host={os.environ["PGHOST"]}', 'table': 'public.t'})
simple('no server', 3, [r'1:could not connect|1:cannot connect|1:Connection refused'], source={
    'locator': 'postgresql://pw:S3cr3tPw@127.0.0.1:1/postgres', 'table': 'public.t'})
simple('no right to read', 3, [r'1:GRANT|1:grant|1:may not read|1:permission'], source={
    'locator': f'postgresql://pw:S3cr3tPw@/postgres?host={os.environ["PGHOST"]}', 'table': 'public.closed'})


# ---- plans ----

plan_faults = [
    ('a misspelt key', ('"archive"', '"archvie"'), r'plan\.yaml:9:5: .*archvie.*did you mean "archive"'),
    ('a misspelt type', ('"integer"', '"integr"'), r'plan\.yaml:\d+:\d+: .*integr.*did you mean "integer"'),
    ('a key column that is none', ('["id"]', '["idd"]'), r'plan\.yaml:\d+:\d+: .*"idd".*did you mean "id"'),
    ('an unknown format', ('"t.csv"', '"t.csv", "format": "cvs"'), r'plan\.yaml:\d+:\d+: .*"cvs".*did you mean "csv"'),
    ('no YAML', ('datasets:', 'datasets: ['), r'plan\.yaml:\d+:\d+: '),
    ('a variable that is not set', ('"t.csv"', '"${env:ASSAY_E2E_UNSET}"'), r'plan\.yaml:\d+:\d+: .*ASSAY_E2E_UNSET is not set'),
]


def plan_case(fault):
    what, (old, new), says = fault
    g = Given(suite.new_folder(f'plan {what}'))
    g.plan()
    with open(g.path('plan.yaml')) as f:
        text = f.read().replace('    "', '    ').replace('\n    archive:', '\n    "archive":')
    assert old in text, what
    with open(g.path('plan.yaml'), 'w') as f:
        f.write(text.replace(old, new, 1))
    for verb in (['check'], ['verify'], ['reconcile'], ['diff'], ['scrub'], ['reprocess'], ['report'], ['plan'],
                 ['ledger', 'log']):
        r = assay(*verb, 'plan.yaml', cwd=g.folder)
        lines = r.err.splitlines()
        if r.status != 2 or len([line for line in lines if re.search(says, line)]) != 1 or len(lines) != len(
                set(lines)) or any(line.count('plan.yaml:') != 1 for line in lines):
            check(f'{what}: assay {" ".join(verb)}', False, r)
            return
    check(f'a plan with {what}: exit 2 and its place from every verb', True)


# ---- running them ----

def says_so(g, r, expression):
    """In the output or in the JSON report; `1:` is for exactly one line of stderr."""
    if expression.startswith('1:'):
        alternatives = expression[2:].replace('|1:', '|')
        return len([line for line in r.err.splitlines() if re.search(alternatives, line)]) == 1
    return re.search(expression, r.both + text_of(g.path('r.json'))) is not None


def text_of(path):
    if not os.path.exists(path):
        return ''
    with open(path) as f:
        return f.read()


def leaks(folder):
    """Files of the folder, reports and ledger included, that hold a password."""
    bad = []
    for root, _, names in os.walk(folder):
        for name in names:
            if name == 'plan.yaml':
                continue
            with open(os.path.join(root, name), 'rb') as f:
                data = f.read()
            bad += [os.path.join(root, name) for s in SECRETS if s.encode() in data]
    return bad


REPORTS = [word for kind in ('json:r.json', 'html:r.html', 'text:r.txt', 'ndjson:r.ndjson', 'text')
           for word in ('--report', kind)]


def run_case(entry):
    name, status, says, lacks, spoil = entry
    g = Given(suite.new_folder(re.sub('[^A-Za-z0-9]+', '-', name)))
    spoil(g)
    g.plan()
    r = assay('check', 'plan.yaml', *REPORTS, cwd=g.folder)
    after = assay('ledger', 'verify', 'plan.yaml', cwd=g.folder)
    log = assay('ledger', 'log', 'plan.yaml', '--limit', 0, '--json', cwd=g.folder)
    wrong = []
    if r.status not in (status if isinstance(status, tuple) else (status,)):
        wrong.append(f'exit status {r.status} instead of {status}')
    wrong += [f'nothing says {s}' for s in says if not says_so(g, r, s)]
    wrong += [f'something says {s}' for s in lacks if re.search(s, r.both + log.out)]
    wrong += [f'{s} is shown' for s in SECRETS if s in r.both + log.out]
    wrong += [f'a password is in {path}' for path in leaks(g.folder)]
    if after.status != 0:
        wrong.append(f'the ledger is not sound: {after}')
    check(name, not wrong, '\n'.join(wrong) + f'\n{r}')


# ---- what happens while a run goes on ----

def slow_source(g):
    """A view that sleeps once it is read: a run that reads it waits until someone ends it."""
    g.source = {'locator': PG, 'table': 'public.slow'}
    g.plan()


def start(g, *argv, **kw):
    return subprocess.Popen(['assay', *argv], cwd=g.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **kw)


def backends():
    return suite.psql("SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'assay%' AND wait_event = 'PgSleep'").split()


def wait_for(condition, seconds=20):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    return None


def ended(p):
    out, err = p.communicate(timeout=60)
    return suite.Result(p.args, p.returncode, out, err)


def sound(g):
    r = assay('ledger', 'verify', 'plan.yaml', cwd=g.folder)
    again = assay('check', 'good.yaml', cwd=g.folder)
    return r.status == 0 and again.status == 0, f'{r}\n{again}'


def given(name):
    g = Given(suite.new_folder(name))
    g.plan()
    os.rename(g.path('plan.yaml'), g.path('good.yaml'))
    return g


def during(_):
    """One at a time: each looks for the only session that sleeps."""
    for what, status, says, act in (
            ('Ctrl-C', 130, r'interrupted', lambda p: os.killpg(p.pid, signal.SIGINT)),
            ('SIGTERM', 143, r'interrupted', lambda p: os.killpg(p.pid, signal.SIGTERM)),
            ('a terminated session', 3, r'public\.slow.*(closed|terminat)', lambda p: suite.psql(
                f'SELECT pg_terminate_backend({backends()[0]})'))):
        g = given(f'during {what}')
        slow_source(g)
        p = start(g, 'check', 'plan.yaml', start_new_session=True)
        there = wait_for(backends)
        if there:
            act(p)
        else:
            p.kill()
        r = ended(p)
        passed, why = sound(g)
        lines = [line for line in r.err.splitlines() if re.search(says, line)]
        check(f'{what} during a scan: exit {status}', there and r.status == status and len(lines) >= 1, r)
        check(f'after {what} the ledger is sound and goes on', passed, why)
        check(f'after {what} no session is left', wait_for(lambda: not backends()))


def locked(_):
    g = given('locked')
    slow_source(g)
    p = start(g, 'verify', 'plan.yaml', '--side', 'source', start_new_session=True)
    wait_for(backends)
    second = assay('check', 'plan.yaml', cwd=g.folder)
    check('a second run of the same side: exit 11', second.status == 11 and len(second.err.splitlines()) == 1 and
          re.search(r'ledger\.db.*lock', second.err), second)
    check('it names the process that holds the lock', re.search(r'\b\d+\b', second.err), second)
    other = assay('ledger', 'verify', 'plan.yaml', cwd=g.folder)
    check('the ledger can be verified meanwhile', other.status == 0, other)
    os.killpg(p.pid, signal.SIGKILL)
    p.communicate()
    wait_for(lambda: [suite.psql(f'SELECT pg_terminate_backend({b})') for b in backends()] or True)
    passed, why = sound(g)
    check('a killed run leaves no lock behind', passed, why)


def full_disk(_):
    """The ledger may not grow: every size at which the disk may fill up. The program lives on to say so."""
    g = given('full')
    os.rename(g.path('good.yaml'), g.path('plan.yaml'))
    shutil.copy(g.path('plan.yaml'), g.path('good.yaml'))
    wrong, seen = [], set()
    for limit in list(range(0, 200_000, 9_973)):
        def tight(limit=limit):
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        r = assay('check', 'plan.yaml', cwd=g.folder, preexec=tight)
        after = assay('ledger', 'verify', 'plan.yaml', cwd=g.folder)
        seen.add(r.status)
        if r.status not in (0, 3, 4) or after.status != 0 or (r.status and 'ledger' not in r.err):
            wrong.append(f'at {limit} bytes: {r}\n{after}')
    check('a full disk: exit 3 or 4, and the ledger stays sound', not wrong and seen - {0}, '\n'.join(wrong) or seen)
    passed, why = sound(g)
    check('with room again it goes on', passed, why)


def small_disk(_):
    """The same on a file system that is really full, where one may be mounted."""
    g = given('small')
    os.makedirs(g.path('disk'))
    if run('mount', '-t', 'tmpfs', '-o', 'size=600k', 'tmpfs', g.path('disk')).status:
        return
    try:
        for name in ('keys', 'ledger.db', 'ledger.db-wal', 'ledger.db-shm', 'ledger.db.checkpoint'):
            if os.path.exists(g.path(name)):
                shutil.move(g.path(name), g.path(f'disk/{name}'))
        with open(g.path('good.yaml')) as f:
            text = f.read().replace('ledger: ', 'ledger: disk/').replace('keys: ', 'keys: disk/')
        with open(g.path('plan.yaml'), 'w') as f:
            f.write(text)
        r = None
        for _ in range(60):
            r = assay('check', 'plan.yaml', cwd=g.folder)
            if r.status:
                break
        check('a disk without room: exit 3 or 4, named', r.status in (3, 4) and 'ledger' in r.err, r)
        after = assay('ledger', 'verify', 'plan.yaml', cwd=g.folder)
        check('and the ledger on it is sound', after.status == 0, after)
    finally:
        run('umount', '-l', g.path('disk'))


def unreadable(_):
    """Root reads everything, so the program runs as nobody then."""
    g = given('unreadable')
    for name, change, status in (('archive', {'archive': {'locator': 't.csv'}}, (1, 3)),
                                 ('source', {'source': {'locator': 't.csv'}, 'archive': {'locator': 'good.csv'}}, 3)):
        suite.write_csv(g.path('good.csv'), HEADER, ROWS)
        for side, how in change.items():
            setattr(g, side, how)
        g.plan()
        os.chmod(g.path('t.csv'), 0)
        who = []
        if os.geteuid() == 0:
            run('chown', '-R', 'nobody', g.folder)
            who = ['runuser', '-u', 'nobody', '--']
        r = run(*who, f'{suite.HERE}/bin/assay', 'check', 'plan.yaml', cwd=g.folder)
        wanted = status if isinstance(status, tuple) else (status,)
        check(f'an {name} file without the right to read it', r.status in wanted and re.search(
            r't\.csv.*Permission denied', r.both), r)


def server_stops(_):
    """Last of all: the server ends in the middle of a scan."""
    g = given('server stops')
    slow_source(g)
    p = start(g, 'check', 'plan.yaml', start_new_session=True)
    wait_for(backends)
    data = suite.psql('SHOW data_directory')
    with open(f'{data}/postmaster.pid') as f:
        os.kill(int(f.readline()), signal.SIGQUIT)
    r = ended(p)
    check('the server stops during a scan: exit 3', r.status == 3 and re.search(r'public\.slow', r.err), r)
    passed, why = sound(g)
    check('after that the ledger is sound and goes on', passed, why)


def prepare():
    os.chmod(suite.HERE, 0o755)
    os.makedirs('bin')
    for name in ('assay', 'assay-verify', 'assay-reconcile', 'assay-report'):
        shutil.copy(shutil.which(name), 'bin')
    suite.psql("CREATE ROLE pw LOGIN PASSWORD 'S3cr3tPw'; CREATE TABLE public.empty (id bigint PRIMARY KEY, v text, n bigint);"
               'CREATE VIEW public.slow AS SELECT 1::bigint AS id, pg_sleep(120)::text AS v, 1::bigint AS n;'
               'CREATE TABLE public.closed (id bigint PRIMARY KEY, v text, n bigint);' +
               suite.pg_load('public.t', 'id bigint PRIMARY KEY, v text, n bigint', ROWS) + 'GRANT SELECT ON public.t TO pw;')
    hba = suite.psql('SHOW hba_file')
    with open(hba) as f:
        text = f.read()
    with open(hba, 'w') as f:
        f.write('local all pw scram-sha-256\n' + text)
    suite.psql('SELECT pg_reload_conf()')
    os.environ['ASSAY_E2E_WRONG'] = 'Wr0ngPw'
    with open('secret', 'w') as f:
        f.write('S3cr3tPw\n')
    duck = suite.Duck()
    duck.parquet('base.parquet', HEADER, ['BIGINT', 'VARCHAR', 'BIGINT'], ROWS)
    duck.close()


def main():
    prepare()
    each(run_case, cases)
    each(plan_case, plan_faults)
    each(lambda step: step(None), [during, full_disk])
    each(lambda step: step(None), [locked, small_disk, unreadable], workers=1)
    server_stops(None)


main()
suite.finish()
