"""Run by lifecycle.sh. Every scene is a function with a folder of its own."""
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import suite  # noqa: E402
from suite import assay, check, diff_rows, each, found  # noqa: E402

MONTHS = [f'2024-{m:02}' for m in range(1, 7)]
HEADER = ['id', 'at', 'v']
COLUMNS = {'id': 'integer', 'at': 'timestamp', 'v': 'text'}
WINDOW = {'column': 'at', 'every': 'month'}
EXPORT = '''import csv, sqlite3, sys
segment = sys.argv[1]
rows = sqlite3.connect('app.db').execute("SELECT id, at, v FROM t WHERE substr(at, 1, 7) = ? ORDER BY id", [segment])
with open(f'archive/{segment}.csv', 'w', newline='') as f:
    w = csv.writer(f, lineterminator='\\n')
    w.writerow(['id', 'at', 'v'])
    w.writerows(rows)
with open('exported', 'a') as f:
    f.write(segment + '\\n')
'''


def rows_of(n=1200):
    return [[str(i), f'{MONTHS[i % 6]}-{i % 28 + 1:02} 10:00:{i % 60:02}', f'text {i}'] for i in range(n)]


class Scene:
    """app.db with 1200 rows of six months, and archive/2024-MM.csv."""

    def __init__(self, name, **body):
        self.folder = suite.new_folder(name)
        self.name = name
        with open(self.path('export.py'), 'w') as f:
            f.write(EXPORT)
        suite.write_sqlite(self.path('app.db'), 't', 'id INTEGER PRIMARY KEY, at TEXT, v TEXT', rows_of(), [int, str, str])
        os.makedirs(self.path('archive'))
        for month in MONTHS:
            self.export(month)
        self.sets = {'orders': {
            'source': {'locator': 'sqlite:app.db', 'table': 't'}, 'archive': {'locator': 'archive/{segment}.csv'},
            'key': ['id'], 'window': WINDOW, 'columns': COLUMNS, 'reprocess': ['python3', 'export.py', '{segment}'], **body}}
        self.plan()

    def plan(self):
        suite.write_plan(self.path('plan.yaml'), self.sets)

    def path(self, name):
        return f'{self.folder}/{name}'

    def export(self, month):
        suite.run('python3', 'export.py', month, cwd=self.folder)

    def sql(self, text):
        db = sqlite3.connect(self.path('app.db'))
        db.execute(text)
        db.commit()
        db.close()

    def edit(self, name, change):
        with open(self.path(name), 'rb') as f:
            data = f.read()
        changed = change(data)
        assert changed != data, name
        with open(self.path(name), 'wb') as f:
            f.write(changed)

    def assay(self, *argv, **kw):
        return assay(*argv, cwd=self.folder, **kw)

    def expect(self, what, status, *argv, says=(), lacks=()):
        """Run assay; it must end with this exit code and say these things on stdout or stderr."""
        r = self.assay(*argv)
        wrong = [f'nothing says {s}' for s in says if not re.search(s, r.both)]
        wrong += [f'something says {s}' for s in lacks if re.search(s, r.both)]
        if r.status != status:
            wrong.append(f'exit status {r.status} instead of {status}')
        check(f'{self.name}: {what}', not wrong, '\n'.join(wrong) + f'\n{r}')
        return r

    def check(self, what, status, *more, **kw):
        r = self.expect(what, status, 'check', 'plan.yaml', '--report', 'json:r.json', '--report', 'text', *more, **kw)
        with open(self.path('r.json')) as f:
            self.result = json.load(f)
        return r

    def leaves(self, kind):
        r = self.assay('ledger', 'log', 'plan.yaml', '--limit', 0, '--json', '--kind', kind)
        return [json.loads(line) for line in r.out.splitlines()]

    def statements(self, kind):
        """The statements of that kind as lists of (key, value)."""
        out = []
        for leaf in self.leaves(kind):
            text = self.assay('ledger', 'show', 'plan.yaml', leaf['index']).out
            out.append([line.split(' ', 1) for line in text.split('\n\n')[0].splitlines()[1:] if ' ' in line])
        return out

    def states(self):
        """The last state of every discrepancy."""
        return {dict(s)['id']: dict(s)['state'] for s in self.statements('discrepancy')}

    def segments(self, kind='chunk', role='source'):
        return {dict(s)['segment'] for s in self.statements(kind) if dict(s).get('role') == role}

    def same(self, what, found_now, wanted):
        check(f'{self.name}: {what}', found_now == wanted, f'found {found_now}\nwanted {wanted}')


def bad_segments(result):
    return {c['segment'] for d in result['datasets'] for c in d['chunks'] if c['verdict'] == 'mismatch'}


def cycle(_):
    s = Scene('cycle')
    s.check('the intact copy passes', 0)
    s.edit('archive/2024-02.csv', lambda d: d.replace(b'text 601\n', b'text 6o1\n'))
    s.edit('archive/2024-04.csv', lambda d: re.sub(rb'\n603,[^\n]*', b'', d))
    s.check('two damaged months do not', 1)
    s.same('exactly those are named', bad_segments(s.result), {'2024-02', '2024-04'})
    r = s.assay('diff', 'plan.yaml', '--json')
    s.same('assay diff names row and column', (r.status, found(diff_rows(r))),
           (1, {('changed', '601', 'v'), ('missing', '603', '')}))
    with open(s.path('exported')) as f:
        before = f.read()
    s.expect('a dry run orders nothing', 0, 'reprocess', 'plan.yaml', '--dry-run', says=['2024-02', '2024-04'],
             lacks=['2024-01', '2024-03', '2024-05', '2024-06'])
    with open(s.path('exported')) as f:
        s.same('and exports nothing', f.read(), before)
    s.same('and states nothing', s.leaves('request'), [])
    opened = set(s.states())
    s.same('the discrepancies are open', set(s.states().values()), {'open'})
    s.expect('the new export is ordered', 0, 'reprocess', 'plan.yaml')
    with open(s.path('exported')) as f:
        s.same('exactly for the damaged months', sorted(f.read()[len(before):].split()), ['2024-02', '2024-04'])
    s.same('requested is not closed', set(s.states().values()), {'requested'})
    s.check('the copy passes again', 0)
    s.same('exactly those discrepancies are closed', s.states(), dict.fromkeys(opened, 'closed'))
    s.expect('nothing is left to order', 0, 'reprocess', 'plan.yaml', says=['no open discrepancies'])
    s.expect('and to tell', 0, 'diff', 'plan.yaml', '--all', says=['0 missing, 0 extra, 0 duplicate, 0 changed'])
    s.expect('the ledger is sound', 0, 'ledger', 'verify', 'plan.yaml')


def half_repaired(_):
    """A repair that repairs one of two months closes one discrepancy, and a command that fails closes none."""
    s = Scene('half')
    s.check('the intact copy passes', 0)
    s.edit('archive/2024-02.csv', lambda d: d.replace(b'text 601\n', b'text 6o1\n'))
    s.edit('archive/2024-04.csv', lambda d: d.replace(b'text 603\n', b'text 6o3\n'))
    s.check('two damaged months do not', 1)
    s.export('2024-02')
    s.check('one of them is still damaged', 1)
    s.same('it is named', bad_segments(s.result), {'2024-04'})
    s.same('one discrepancy is closed', sorted(s.states().values()), ['closed', 'open'])
    s.sets['orders']['reprocess'] = ['false']
    s.plan()
    s.expect('a command that fails is said', 3, 'reprocess', 'plan.yaml')
    s.check('and repairs nothing', 1)
    s.check('a segment that is well passes alone', 0, '--segment', '2024-03')
    s.check('the damaged one does not', 1, '--segment', '2024-04')


def old_runs(_):
    """Comparing an old run again says what was true then; it closes nothing that came later."""
    s = Scene('old-runs')
    s.check('the intact copy passes', 0)
    good = s.result['run_id']
    s.edit('archive/2024-02.csv', lambda d: d.replace(b'text 601\n', b'text 6o1\n'))
    s.check('the damaged one does not', 1)
    s.expect('the old run still matches', 0, 'reconcile', 'plan.yaml', '--run', good)
    s.same('and closes nothing', set(s.states().values()), {'open'})
    s.expect('the newest one counts', 1, 'reconcile', 'plan.yaml')


def scrub(_):
    s = Scene('scrub')
    s.expect('before anything was verified there is nothing to scrub', 3, 'scrub', 'plan.yaml')
    s.check('the intact copy passes', 0)
    s.expect('intact files', 0, 'scrub', 'plan.yaml', says=['6 intact'])
    shutil.copytree(s.path('archive'), s.path('backup'))
    s.edit('archive/2024-02.csv', lambda d: d.replace(b'text 601\n', b'text 6o1\n'))
    s.edit('archive/2024-03.csv', lambda d: d[:-100])
    os.remove(s.path('archive/2024-04.csv'))
    shutil.copy(s.path('archive/2024-05.csv'), s.path('archive/2031-01.csv'))
    s.expect('intact, damaged, truncated, missing and extra files are told apart', 1, 'scrub', 'plan.yaml', says=[
        r'2024-02\.csv: damaged', r'2024-03\.csv: truncated', r'2024-04\.csv: missing', r'2031-01\.csv: extra',
        r'3 intact 1 damaged 1 truncated 1 missing 1 extra'], lacks=[r'2024-0[156]\.csv: '])
    s.same('four discrepancies are open', sorted(s.states().values()), ['open'] * 4)
    s.expect('a second scrub says the same', 1, 'scrub', 'plan.yaml')
    s.same('and opens no more', sorted(s.states().values()), ['open'] * 4)
    shutil.rmtree(s.path('archive'))
    shutil.copytree(s.path('backup'), s.path('archive'))
    s.check('the repaired archive passes', 0)
    s.same('and closes them', sorted(s.states().values()), ['closed'] * 4)
    s.expect('every file is intact again', 0, 'scrub', 'plan.yaml', says=['6 intact'])
    s.edit('archive/2024-02.csv', lambda d: d.replace(b'\n', b'\r\n'))
    s.expect('the same rows in other bytes are damage to a scrub', 1, 'scrub', 'plan.yaml', says=[r'2024-02\.csv: damaged'])
    s.check('and equal to a check', 0)


def spool(_):
    """The source is attested on a machine that has its own key, the dataset key and no ledger."""
    s = Scene('spool')
    far = s.path('far')
    os.makedirs(f'{far}/keys')
    for name in ('source.key', 'source.key.pub', 'dataset.key'):
        shutil.copy(s.path(f'keys/{name}'), f'{far}/keys/{name}')
    shutil.copy(s.path('app.db'), far)
    shutil.copy(s.path('plan.yaml'), far)
    there = subprocess.run(['assay', 'verify', 'plan.yaml', '--side', 'source', '--spool', '-'], cwd=far, capture_output=True)
    check('spool: the far machine attests without a ledger', there.returncode == 0, there.stderr.decode())
    check('spool: and makes none', not os.path.exists(f'{far}/ledger.db'))
    bad = there.stdout.replace(b'\nrows 200\n', b'\nrows 199\n', 1)
    check('spool: a forged statement', bad != there.stdout)
    r = s.assay('ledger', 'append', 'plan.yaml', '-', stdin=bad)
    check('spool: is refused', r.status not in (0, 1), r)
    r = s.assay('ledger', 'append', 'plan.yaml', '-', stdin=there.stdout[:-40])
    check('spool: half a spool is refused', r.status not in (0, 1), r)
    s.same('and neither leaves a statement', s.leaves('chunk'), [])
    r = s.assay('ledger', 'append', 'plan.yaml', '-', stdin=there.stdout)
    check('spool: the true one is taken in', r.status == 0, r)
    count = len(s.leaves('chunk'))
    again = s.assay('ledger', 'append', 'plan.yaml', '-', stdin=there.stdout)
    check('spool: twice adds nothing', len(s.leaves('chunk')) == count, again)
    s.expect('the archive is attested here', 0, 'verify', 'plan.yaml', '--side', 'archive')
    s.expect('and both are compared', 0, 'reconcile', 'plan.yaml', says=['match'])
    s.edit('archive/2024-02.csv', lambda d: d.replace(b'text 601\n', b'text 6o1\n'))
    s.expect('a damaged archive later', 0, 'verify', 'plan.yaml', '--side', 'archive')
    s.expect('does not match', 1, 'reconcile', 'plan.yaml', says=['mismatch'])
    s.expect('the ledger is sound', 0, 'ledger', 'verify', 'plan.yaml')


def plan_change(_):
    s = Scene('plans')
    s.check('the first plan', 0)
    s.same('is signed once', len(s.leaves('plan')), 1)
    s.check('and once only', 0)
    s.same('for two checks', len(s.leaves('plan')), 1)
    s.sets['orders']['columns'] = {**COLUMNS, 'v': {'type': 'text', 'archive': {'rules': ['rtrim']}}}
    s.plan()
    s.expect('old statements are not paired under a new plan', 3, 'reconcile', 'plan.yaml', says=['under this plan'])
    s.expect('with one new side neither', 0, 'verify', 'plan.yaml', '--side', 'source')
    s.expect('it is unverified', 3, 'reconcile', 'plan.yaml', says=['archive was never verified under this plan'])
    s.edit('archive/2024-02.csv', lambda d: d.replace(b'text 601\n', b'text 601  \n'))
    s.check('a check of its own', 0)
    s.same('signs the new plan', len(s.leaves('plan')), 2)
    s.sets['orders']['columns'] = COLUMNS
    s.plan()
    s.check('back under the first plan the padding shows', 1)
    s.same('no third plan is signed', len(s.leaves('plan')), 2)


def rules(_):
    s = Scene('rules', columns={**COLUMNS, 'v': {'type': 'text', 'archive': {'rules': ['rtrim']}}})
    for month in MONTHS[:2]:
        s.edit(f'archive/{month}.csv', lambda d: re.sub(rb'(text \d+)\n', rb'\1   \n', d))
    s.check('padded values pass under rtrim', 0, says=[r'400 cells', r'rule'])
    s.same('and are counted', s.result['counts']['cells_accepted'], 400)
    s.edit('archive/2024-01.csv', lambda d: d.replace(b'text 600   \n', b'text 6oo   \n'))
    s.check('a changed value does not hide behind the rule', 1)


def misplaced(_):
    s = Scene('misplaced')
    s.check('the intact copy passes', 0)
    row = re.search(rb'\n(602,[^\n]*\n)', open(s.path('archive/2024-03.csv'), 'rb').read()).group(1)
    s.edit('archive/2024-03.csv', lambda d: d.replace(row, b''))
    s.edit('archive/2024-04.csv', lambda d: d + row)
    s.check('a row of March in the file of April', 1, says=[r'2024-04\.csv.*misplaced'])
    s.same('no row is lost', bad_segments(s.result), set())
    for month in ('2024-03', '2024-04'):
        s.export(month)
    s.check('the repaired archive passes', 0)
    s.same('and closes the discrepancy', set(s.states().values()), {'closed'})


def outside(_):
    """No row belongs nowhere."""
    rows = rows_of() + [['2000', '1999-12-31 23:59:59', 'early'], ['2001', '2031-01-01 00:00:00', 'late'],
                        ['2002', None, 'never'], ['2003', '2024-07-01 00:00:00', 'just late']]
    s = Scene('outside', archive={'locator': 'all.csv'}, window={**WINDOW, 'from': '2024-01-01', 'to': '2024-07-01'})
    suite.write_sqlite(s.path('app.db'), 't', 'id INTEGER PRIMARY KEY, at TEXT, v TEXT', rows, [int, str, str])

    def archive(change=lambda r: r):
        suite.write_csv(s.path('all.csv'), HEADER, [change(r[:]) for r in rows])
    archive()
    s.check('every row has a segment', 0)
    s.same('those outside -inf, +inf and null', s.segments(), {*MONTHS, '-inf', '+inf', 'null'})
    for key, segment in (('2000', '-inf'), ('2001', '+inf'), ('2002', 'null'), ('2003', '+inf')):
        archive(lambda r: [r[0], r[1], 'other'] if r[0] == key else r)
        s.check(f'a change in {segment}', 1)
        s.same(f'{key} is found in {segment}', bad_segments(s.result), {segment})
        r = s.assay('diff', 'plan.yaml', '--json')
        s.same(f'and {key} is named', found(diff_rows(r)), {('changed', key, 'v')})
    archive(lambda r: [r[0], None, r[2]] if r[0] == '600' else r)
    s.check('a row that moves to null', 1)
    s.same('is missing there and extra here', bad_segments(s.result), {'2024-01', 'null'})
    suite.write_csv(s.path('all.csv'), HEADER, rows + [['3000', '2024-03-03 00:00:00', 'invented']])
    s.check('an invented row', 1)


def unknown_segment(_):
    s = Scene('unknown')
    s.check('the intact copy passes', 0)
    suite.write_csv(s.path('archive/2031-01.csv'), HEADER, [['5000', '2031-01-01 00:00:00', 'invented']])
    s.check('a file of a month that the source does not have', 1, says=['extra'])
    os.remove(s.path('archive/2031-01.csv'))
    s.sql("DELETE FROM t WHERE at LIKE '2024-05%'")
    s.check('a month that the source no longer has', 1, says=['source-changed', 'after archiving'])
    s.same('is named', bad_segments(s.result), {'2024-05'})
    os.remove(s.path('archive/2024-05.csv'))
    s.check('deleted on both sides it is equal', 0)


def file_sets(_):
    s = Scene('file-sets', window=None, reprocess=None, source={'locator': 'src/{segment}.csv'},
              archive={'locator': 'archive/{segment}.csv'})
    shutil.copytree(s.path('archive'), s.path('src'))
    s.check('a file is a segment', 0)
    s.same('by its name', s.segments(), set(MONTHS))
    s.edit('archive/2024-02.csv', lambda d: d.replace(b'text 601\n', b'text 6o1\n'))
    s.check('a damaged file', 1)
    s.same('is its segment', bad_segments(s.result), {'2024-02'})
    r = s.assay('diff', 'plan.yaml', '--json')
    s.same('the row is named', found(diff_rows(r)), {('changed', '601', 'v')})
    shutil.copy(s.path('src/2024-02.csv'), s.path('archive/2024-02.csv'))
    os.remove(s.path('archive/2024-03.csv'))
    s.check('a missing file', 1)
    s.same('is its segment, too', bad_segments(s.result), {'2024-03'})
    shutil.copy(s.path('src/2024-03.csv'), s.path('archive/2024-03.csv'))
    shutil.copy(s.path('src/2024-03.csv'), s.path('archive/extra.csv'))
    s.check('a file that the source does not have', 1)
    os.remove(s.path('archive/extra.csv'))
    os.rename(s.path('archive/2024-01.csv'), s.path('archive/.tmp'))
    os.rename(s.path('archive/2024-06.csv'), s.path('archive/2024-01.csv'))
    os.rename(s.path('archive/.tmp'), s.path('archive/2024-06.csv'))
    s.check('two files whose names were swapped', 1)
    s.same('are two segments', bad_segments(s.result), {'2024-01', '2024-06'})


def keyless(_):
    s = Scene('keyless', key=None, window=None, archive={'locator': 'all.csv'}, reprocess=None)
    rows = rows_of()
    suite.write_csv(s.path('all.csv'), HEADER, rows)
    s.check('the intact copy passes', 0)
    rows[500][2] = 'other'
    suite.write_csv(s.path('all.csv'), HEADER, rows)
    s.check('a changed row does not', 1, says=[r'\bv\b'])
    r = s.assay('diff', 'plan.yaml', '--json')
    texts = [json.dumps(x) for x in diff_rows(r)]
    check('keyless: both versions are named', r.status == 1 and len(texts) in (1, 2) and any('text 500' in t for t in texts) and
          any('other' in t for t in texts), r)
    rows[500][2] = 'text 500'
    suite.write_csv(s.path('all.csv'), HEADER, rows + [rows[7]])
    s.check('a doubled row does not', 1)
    r = s.assay('diff', 'plan.yaml', '--json')
    s.same('it is named as a duplicate', [x['kind'] for x in diff_rows(r)], ['duplicate'])


def two_sets(_):
    s = Scene('two')
    s.sets['people'] = {'source': {'locator': 'people.csv'}, 'archive': {'locator': 'copy.csv'}, 'key': ['id'],
                        'columns': {'id': 'integer', 'v': 'text'}}
    people = [[str(i), f'name {i}'] for i in range(1000)]
    suite.write_csv(s.path('people.csv'), ['id', 'v'], people)
    suite.write_csv(s.path('copy.csv'), ['id', 'v'], people)
    s.plan()
    s.check('both pass', 0)
    people[500][1] = 'nobody'
    suite.write_csv(s.path('copy.csv'), ['id', 'v'], people)
    s.check('one is damaged', 1)
    s.same('the other is not', {d['name']: d['verdict'] for d in s.result['datasets']},
           {'orders': 'match', 'people': 'mismatch'})
    s.check('alone the good one passes', 0, '--dataset', 'orders')
    s.check('alone the damaged one does not', 1, '--dataset', 'people')
    os.rename(s.path('app.db'), s.path('gone.db'))
    s.check('one unverified, one damaged: 1 goes before 3', 1)
    s.check('unverified alone: 3', 3, '--dataset', 'orders')


def peak(folder, *argv):
    """Exit code, output and the highest resident size in MiB of assay-verify."""
    p = subprocess.Popen(['assay', *map(str, argv)], cwd=folder, stdout=subprocess.PIPE, text=True)
    out = p.stdout.read()
    _, status, usage = os.wait4(p.pid, 0)
    p.returncode = os.waitstatus_to_exitcode(status)
    return p.returncode, out, usage.ru_maxrss / 1024


def memory(_):
    """200,000 differences take no more memory than ten."""
    folder = suite.new_folder('memory')
    pad = 'x' * 150

    def write(name, changed):
        with open(f'{folder}/{name}', 'w') as f:
            f.write('id,v\n')
            f.writelines(f'{i},{pad}{-i if i < changed else i}\n' for i in range(1, 220001))
    write('source.csv', 0)
    suite.write_plan(f'{folder}/plan.yaml', {'t': {'source': {'locator': 'source.csv'}, 'archive': {'locator': 'copy.csv'},
                                                   'key': ['id'], 'columns': {'id': 'integer', 'v': 'text'}}})
    sizes = {}
    for n in (10, 200000):
        write('copy.csv', n + 1)
        r = assay('check', 'plan.yaml', '-q', cwd=folder)
        check(f'memory: {n} differences are found', r.status == 1, r)
        for limit in (16, 512):
            status, out, sizes[n, limit] = peak(folder, 'diff', 'plan.yaml', '--memory', limit, '--limit', 0)
            check(f'memory: {n} differences are told in {limit} MiB', status == 1 and f'{n} changed' in out and
                  out.count('~ changed') == n, out[-500:])
    check('memory: never over 400 MiB', max(sizes.values()) < 400, sizes)
    check('memory: --memory 16 is flat', sizes[200000, 16] < sizes[10, 16] + 60, sizes)


def main():
    each(lambda scene: scene(None), [memory, cycle, half_repaired, old_runs, scrub, spool, plan_change, rules, misplaced, outside,
                                     unknown_segment, file_sets, keyless, two_sets])


main()
suite.finish()
