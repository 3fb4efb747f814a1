"""Run by random_damage.sh. ASSAY_E2E_SEED chooses other tables than the usual ones."""
import os
import random
import sys
import uuid

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import suite  # noqa: E402
from suite import assay, check, diff_rows  # noqa: E402

SEED = int(os.environ.get('ASSAY_E2E_SEED', '1'))
ROWS = 600

# Key types: how to draw a value. Spellings are those that assay prints, so that they compare as text.
KEYS = {
    'integer': lambda r: str(r.choice([r.randint(-10**25, 10**25), r.randint(-300, 300), r.choice([2**63, -2**63, 0, 255, 256])])),
    'text': lambda r: ''.join(r.choice('ab\u00e4\u20ac|,"\x01 \U0001f600') for _ in range(r.randint(0, 6))),
    'date': lambda r: f'{r.randint(1000, 9999):04}-{r.randint(1, 12):02}-{r.randint(1, 28):02}',
    'uuid': lambda r: str(uuid.UUID(int=r.getrandbits(128))),
    'bytes': lambda r: '\\x' + r.randbytes(r.randint(0, 4)).hex(),
    'boolean': lambda r: r.choice(['true', 'false']),
    'timestamp': lambda r: f'{r.randint(1000, 9999):04}-0{r.randint(1, 9)}-1{r.randint(0, 9)} {r.randint(0, 23):02}:00:00',
    'float64': lambda r: repr(float(r.randint(-10**6, 10**6)) + 0.5),
    'time': lambda r: f'{r.randint(0, 23):02}:{r.randint(0, 59):02}:{r.randint(0, 59):02}',
}
TABLES = [['integer'], ['text'], ['date', 'integer'], ['uuid'], ['bytes', 'text'], ['boolean', 'integer'],
          ['timestamp', 'text'], ['float64'], ['time', 'uuid'], ['text', 'text', 'integer'], ['integer', 'boolean', 'text']]


def draw(r, kinds):
    rows = {}
    for _ in range(ROWS):
        rows[tuple(KEYS[k](r) for k in kinds)] = [r.choice([None, '', 'NULL', 'x', str(r.random())]) for _ in range(2)]
    return rows


def damage(r, rows, kinds):
    """-> the damaged rows as a list, and the counts by kind."""
    out, counts = [], dict.fromkeys(('missing', 'extra', 'changed', 'duplicate'), 0)
    for key, values in rows.items():
        fate = r.random()
        if fate < 0.01:
            counts['missing'] += 1
            continue
        if fate < 0.02:
            at = r.randrange(2)
            values = values[:]
            values[at] = 'NULL' if values[at] is None else None
            counts['changed'] += 1
        elif fate < 0.03:
            out.append([*key, *values])
            counts['duplicate'] += 1
        out.append([*key, *values])
    extra = draw(r, kinds)
    for key in list(extra)[:5]:
        if key not in rows:
            out.append([*key, *extra[key]])
            counts['extra'] += 1
    r.shuffle(out)
    return out, counts


def expected(rows, bad, n_key):
    """{(kind, text of the key)} as assay diff shows it."""
    now = {}
    for row in bad:
        now.setdefault(tuple(row[:n_key]), []).append(row[n_key:])
    out = {('missing', ', '.join(k)) for k in rows if k not in now}
    out |= {('extra', ', '.join(k)) for k in now if k not in rows}
    out |= {('duplicate', ', '.join(k)) for k, v in now.items() if k in rows and len(v) > 1}
    return out | {('changed', ', '.join(k)) for k, v in now.items() if k in rows and len(v) == 1 and v[0] != rows[k]}


def keys():
    folder, r, sets, wanted = suite.new_folder('random'), random.Random(SEED), {}, {}
    for number, kinds in enumerate(TABLES):
        name = f'{number} {" ".join(kinds)}'
        header = [f'k{i}' for i in range(len(kinds))] + ['v', 'w']
        rows = draw(r, kinds)
        bad, _ = damage(r, rows, kinds)
        suite.write_csv(f'{folder}/{number}.csv', header, [[*k, *v] for k, v in rows.items()])
        for part in range(3):
            suite.write_csv(f'{folder}/bad{number}/{part}.csv', header, bad[part::3])
        sets[name] = {'source': {'locator': f'{number}.csv'}, 'archive': {'locator': f'bad{number}/*.csv'},
                      'key': header[:len(kinds)], 'chunk_rows': 16,
                      'columns': {**dict(zip(header, kinds)), 'v': 'text', 'w': 'text'}}
        wanted[name] = expected(rows, bad, len(kinds))
    suite.write_plan(f'{folder}/good.yaml', {n: {**s, 'archive': s['source']} for n, s in sets.items()})
    suite.write_plan(f'{folder}/bad.yaml', sets)
    good = assay('check', 'good.yaml', '--report', 'json', cwd=folder)
    check('random tables match themselves', good.status == 0, good)
    bad = assay('check', 'bad.yaml', '-q', cwd=folder)
    check('their damaged copies do not', bad.status == 1, bad)
    diff = assay('diff', 'bad.yaml', '--json', '--limit', 0, cwd=folder)
    for name, want in wanted.items():
        found = {(x['kind'], x['key']) for x in diff_rows(diff) if x['dataset'] == name}
        check(f'{name}: exactly {len(want)} differences (seed {SEED})', found == want,
              f'not found {want - found}\nfound besides {found - want}\n{diff.err}')
    whole = assay('diff', 'bad.yaml', '--json', '--limit', 0, '--all', cwd=folder)
    check('comparing every chunk finds the same', sorted(whole.out.splitlines()) == sorted(diff.out.splitlines()), whole.err)


ODD = ['a,b', 'a b', 'a%20b', "it's", 'a"b', 'ä€', '-', '*x', '[x]', 'a\\b', 'x;y', '#z', 'null', 'all', '+inf', '~', 'a:b', '{x}']


def names():
    """Odd names of segments, columns and datasets."""
    folder = suite.new_folder('names')
    header = ['id'] + ODD
    rows = [[str(i)] + [f'{i} {n}' for n in range(len(ODD))] for i in range(100)]
    for k, name in enumerate(ODD):
        part = [[str(int(x[0]) + 1000 * k), *x[1:]] for x in rows]
        suite.write_csv(f'{folder}/src/{name}.csv', header, part)
        suite.write_csv(f'{folder}/dst/{name}.csv', header, part)
    sets = {name: {'source': {'locator': 'src/{segment}.csv'}, 'archive': {'locator': 'dst/{segment}.csv'}, 'key': ['id'],
                   'columns': {'id': 'integer', **dict.fromkeys(ODD, 'text')}} for name in ODD[:4]}
    suite.write_plan(f'{folder}/plan.yaml', sets)
    r = assay('check', 'plan.yaml', cwd=folder)
    check('odd names of files, columns and datasets', r.status == 0, r)
    for k, name in enumerate(ODD):
        path = f'{folder}/dst/{name}.csv'
        with open(path) as f:
            good = f.read()
        with open(path, 'w') as f:
            f.write(good.replace(f',50 {k},', ',other,').replace(f',50 {k}\n', ',other\n'))
        bad = assay('check', 'plan.yaml', '--dataset', 'a,b', '--segment', name, '-q', cwd=folder)
        diff = assay('diff', 'plan.yaml', '--dataset', 'a,b', '--segment', name, '--json', cwd=folder)
        found = [(x['segment'], [c['column'] for c in x['cells']]) for x in diff_rows(diff)]
        with open(path, 'w') as f:
            f.write(good)
        check(f'segment and column {name}', bad.status == 1 and found == [(name, [name])], f'{bad}\n{diff}')
    r = assay('check', 'plan.yaml', cwd=folder)
    check('repaired, all of them match', r.status == 0, r)
    r = assay('ledger', 'verify', 'plan.yaml', cwd=folder)
    check('the ledger is sound', r.status == 0, r)


keys()
names()
suite.finish()
