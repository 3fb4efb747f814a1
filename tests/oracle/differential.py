#!/usr/bin/env python3
"""Feeds the C driver and the Python oracle of the canonical form the same lines and compares their answers.

    differential.py [--lines N] [--seed S] DRIVER

Cells and key bytes must be equal, and both must reject the same values; the sentences of a rejection may differ.
Exit 1 when anything differs, or when too little was accepted or rejected for the run to mean something.
"""
import argparse
import decimal
import multiprocessing
import random
import struct
import subprocess
import sys

import assay_oracle as oracle
import corners

SHOWN = 3  # differences of one type and kind under one set of rules
LONG_ANSWER = 10_000  # hex digits; the keys of longer ones are compared, not ordered, for Python's sake
PLAIN_SHARE = 0.55  # of the lines; the sets of rules share the rest evenly


def midpoint_text(rng, single):
    """The exact decimal of the middle between two neighbours, sometimes a hair beside it."""
    if single:
        bits = rng.randrange(0, 0x7f7fffff)
        a, b = (struct.unpack('>f', struct.pack('>I', bits + i))[0] for i in (0, 1))
    else:
        bits = rng.choice((rng.randrange(0, 0x7fefffffffffffff), rng.randrange(0x3f00 << 48, 0x4100 << 48)))
        a, b = (struct.unpack('>d', struct.pack('>Q', bits + i))[0] for i in (0, 1))
    with decimal.localcontext(decimal.Context(prec=1300, Emin=-99999, Emax=99999)):
        middle = (decimal.Decimal(a) + decimal.Decimal(b)) / 2
        digits = ''.join(map(str, middle.as_tuple().digits))
        e = middle.as_tuple().exponent
    hair = rng.randrange(4)
    zeros = '0' * rng.choice((0, 1, 20, 900))
    if hair == 1:
        digits, e = digits + zeros + '1', e - len(zeros) - 1
    elif hair == 2:
        digits, e = str(int(digits) - 1) + '9' * (len(zeros) + 1), e - len(zeros) - 1
    return f'{rng.choice(("", "-"))}{digits}e{e}'


def number_text(rng):
    size = rng.choice((1, 1, 2, 3, 5, 9, 17, 18, 19, 20, 21, 38, 39, 40, 76, 77, 150))
    digits = ''.join(rng.choice('0000123456789' if rng.random() < .5 else '0123456789') for _ in range(size))
    if rng.random() < .5:
        at = rng.randrange(size + 1)
        digits = digits[:at] + '.' + digits[at:]
    e = ''
    if rng.random() < .3:
        e = rng.choice('eE') + rng.choice(('', '+', '-')) + str(rng.choice(
            (rng.randrange(10), rng.randrange(50), rng.randrange(400), rng.randrange(5000), rng.randrange(250000))))
    return rng.choice(('', '', '', '-', '+', '0', '-00')) + digits + e


def float_text(rng, single):
    if rng.random() < .3:
        return midpoint_text(rng, single)
    if rng.random() < .4:
        x = struct.unpack('>d', rng.randbytes(8))[0]
        return rng.choice((repr(x), '%.16e' % x, '%.17e' % x, '%.8e' % x, '%.30e' % x))
    if rng.random() < .3:
        return '%.*e' % (rng.randrange(1, 12), struct.unpack('>f', rng.randbytes(4))[0])
    return number_text(rng)


def digits_of(rng, width, high):
    return f'{rng.randrange(high + 1):0{width}d}'


def ymd_text(rng):
    year = rng.choice((rng.randrange(1900, 2100), rng.randrange(10000), rng.randrange(100), rng.randrange(9990, 10010),
                       rng.randrange(6000000), 5881580, 5877641))
    return f'{rng.choice(("", "", "", "+", "-"))}{year:04d}-{digits_of(rng, 2, 13)}-{digits_of(rng, 2, 32)}'


def clock_text(rng):
    text = f'{digits_of(rng, 2, 24)}:{digits_of(rng, 2, 60)}'
    if rng.random() < .8:
        text += f':{digits_of(rng, 2, 60)}'
        if rng.random() < .5:
            text += '.' + digits_of(rng, 1, 9) * rng.randrange(1, 3) + ''.join(
                rng.choice('0123456789') for _ in range(rng.randrange(9)))
    return text


def offset_text(rng):
    if rng.random() < .25:
        return rng.choice(('Z', 'z', ' UTC', 'UTC', ' Z', ''))
    text = rng.choice(('', '', ' ')) + rng.choice('+-') + digits_of(rng, 2, 24)
    if rng.random() < .6:
        colon = rng.choice(('', ':'))
        text += colon + digits_of(rng, 2, 60)
        if rng.random() < .4:
            text += (colon if rng.random() < .9 else ':') + digits_of(rng, 2, 60)
    return text


def stamp_text(rng, offset):
    if rng.random() < .15:
        return ymd_text(rng) + ' (BC) ' + clock_text(rng) + offset
    return ymd_text(rng) + rng.choice(' Tt') + clock_text(rng) + offset + (' BC' if rng.random() < .15 else '')


def signed(rng, size):
    return rng.choice(('', '', '-', '+')) + str(rng.randrange(10 ** rng.randrange(1, size)))


def sql_interval_text(rng):
    sign = lambda: rng.choice('+-')
    months = f'{rng.randrange(10 ** rng.randrange(1, 10))}-{rng.randrange(12)}'
    days = str(rng.randrange(10 ** rng.randrange(1, 10)))
    clock = f'{rng.randrange(10 ** rng.randrange(1, 17))}:{digits_of(rng, 2, 59)}:{digits_of(rng, 2, 59)}'
    if rng.random() < .3:
        return f'{sign()}{months} {sign()}{days} {sign()}{clock}'
    return rng.choice(('', sign())) + rng.choice((months, f'{days} {clock}', clock))


def verbose_interval_text(rng):
    words = ('year', 'mon', 'day', 'hour', 'min', 'sec')
    parts = [f'{signed(rng, 11)} {w}{rng.choice(("", "s"))}' for w in words if rng.random() < .4]
    return ' '.join(['@'] + parts + rng.choice(([], [], ['ago'])))


def interval_text(rng):
    if rng.random() < .3:
        return rng.choice((sql_interval_text, verbose_interval_text))(rng)
    if rng.random() < .5:
        parts = []
        for units in (('year', 'years'), ('mon', 'mons', 'month', 'months'), ('day', 'days')):
            if rng.random() < .5:
                parts.append(f'{signed(rng, 11)} {rng.choice(units)}')
        if rng.random() < .6:
            clock = f'{digits_of(rng, 2, 10 ** rng.randrange(2, 17))}:{digits_of(rng, 2, 59)}:{digits_of(rng, 2, 60)}'
            if rng.random() < .5:
                clock += '.' + str(rng.randrange(10 ** rng.randrange(1, 10)))
            parts.append(rng.choice(('', '-', '+')) + clock)
        return ' '.join(parts)
    text = rng.choice(('', '', '-')) + 'P'
    for unit in 'YMWD':
        if rng.random() < .4:
            text += signed(rng, rng.choice((3, 6, 12, 17))) + unit
    if rng.random() < .7:
        text += 'T'
        for unit in 'HMS':
            if rng.random() < .5:
                text += signed(rng, rng.choice((3, 6, 17)))
                if unit == 'S' and rng.random() < .5:
                    text += '.' + str(rng.randrange(10 ** rng.randrange(1, 10)))
                text += unit
    return text


def uuid_text(rng):
    h = rng.randbytes(16).hex()
    if rng.random() < .7:
        h = '-'.join((h[:8], h[8:12], h[12:16], h[16:20], h[20:]))
    h = rng.choice((h, h.upper()))
    return '{' + h + '}' if rng.random() < .3 else h


CHARACTERS = ['a', 'b', 'Z', ' ', '\x7f', 'é', 'ß', '€', '\ud7ff', '\ue000', '\uffff', '\U00010000', '\U0010ffff', '𝄞',
    '|', ',']


def plain_text(rng):
    text = ''.join(rng.choice(CHARACTERS) for _ in range(rng.choice((0, 1, 2, 3, 7, 8, 9, 16, 33, 100))))
    return text.encode() + rng.choice((b'', b'', b' ', b'  ', b'\t', b'\r\n', b'\0', b'\xa0', b'\r'))


def json_string(rng):
    parts = []
    for _ in range(rng.choice((0, 1, 1, 2, 4))):
        parts.append(rng.choice((
            'a', 'b', 'k', 'é', '𝄞', '\x7f', '\\n', '\\"', '\\\\', '\\/', '\\b', '\\f', '\\r', '\\t', '\\u0041',
            '\\u00e9',
            '\\ud834\\udd1e', '\\uD83D\\uDE00', '\\uffff', '\\u0001', '\\u0061') + (
                ('\\u0000', '\\ud834', '\\udd1e', '\\x', '\\u12', '\x01',
                '\\ud834\\ud834') if rng.random() < .05 else ())))
    return '"' + ''.join(parts) + '"'


def json_text(rng, depth=0):
    pick = rng.random()
    gap = rng.choice(('', '', '', ' ', '\n', '\t\r '))
    if depth > 4 or pick < .45:
        return gap + rng.choice((json_string(rng), json_string(rng), 'null', 'true', 'false', str(rng.randrange(-99,
        999)),
                                 number_text(rng), rng.choice(('0', '-0', '1.50', '1e2', '-0.0e5', '10E-1')))) + gap
    count = rng.choice((0, 1, 2, 3, 5))
    if pick < .7:
        return '[' + ','.join(json_text(rng, depth + 1) for _ in range(count)) + gap + ']'
    return '{' + ','.join(f'{gap}{json_string(rng)}{gap}:' + json_text(rng,
    depth + 1) for _ in range(count)) + '}' + gap


TEXT_OF = {
    'boolean': lambda r: r.choice(('t', 'true', 'TRUE', '1', 'f', 'False', '0', 'yes', 'no', 'ja', 'Y', 'n')),
    'integer': lambda r: str(r.randrange(-2 ** r.randrange(1, 130), 2 ** r.randrange(1, 130))) if r.random() < .5
    else number_text(r),
    'decimal': number_text, 'float32': lambda r: float_text(r, True), 'float64': lambda r: float_text(r, False),
    'text': plain_text, 'bytes': lambda r: '\\x' + r.randbytes(r.choice((0, 1, 2, 15, 16, 17, 40))).hex(),
    'date': lambda r: ymd_text(r) + r.choice(('', '', '', ' BC', ' (BC)')), 'time': clock_text,
    'timetz': lambda r: clock_text(r) + offset_text(r), 'timestamp': lambda r: stamp_text(r, ''),
    'timestamptz': lambda r: stamp_text(r, offset_text(r)), 'interval': interval_text, 'uuid': uuid_text,
    'json': json_text}
NOISE = b'0123456789+-:.eETtZz BCinfaNINF\\x{}"[],/_\0\xff\x80\xc3\t\n\r'


def mutate(rng, data):
    data = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        at = rng.randrange(len(data) + 1)
        action = rng.randrange(5)
        if action == 0:
            data.insert(at, rng.choice(NOISE))
        elif action == 1 and data:
            del data[min(at, len(data) - 1)]
        elif action == 2 and data:
            data[min(at, len(data) - 1)] = rng.choice(NOISE)
        elif action == 3 and len(data) > 1:
            at = min(at, len(data) - 2)
            data[at:at + 2] = data[at:at + 2][::-1]
        else:
            data[at:at] = data[max(0, at - rng.randrange(1, 5)):at]
    return bytes(data)


def random_text(rng, type_name):
    text = TEXT_OF[type_name](rng)
    data = text if isinstance(text, bytes) else text.encode()
    return mutate(rng, data) if rng.random() < .3 else data


def some_int(rng, low, high):
    pick = rng.random()
    if pick < .1:
        return rng.choice((low, low + 1, high, high - 1, 0))
    size = rng.randrange(1, max(high.bit_length(), 2) + 1)
    return max(low, min(high, rng.randrange(2 ** size) * rng.choice((1, -1) if low < 0 else (1,))))


def pgnumeric_wire(rng):
    count = rng.choice((0, 1, 1, 2, 3, 5, 9))
    groups = [rng.choice((0, 1, 10, 100, 1000, 9999, rng.randrange(10000))) for _ in range(count)]
    weight = rng.choice((0, 0, 1, -1, count - 1, count, -9, 40, rng.randrange(-4100, 32767)))
    scale = max(0, 4 * (count - 1 - weight))
    if scale and groups:
        cut = rng.randrange(4)  # PostgreSQL's scale may end inside the last group
        if groups[-1] % 10 ** cut == 0:
            scale -= min(cut, scale)
    if rng.random() < .3:
        scale += rng.randrange(10)
    wire = struct.pack('>HhHH', count, weight, rng.choice((0, 0x4000)), min(scale, 16383))
    wire += b''.join(struct.pack('>H', g) for g in groups)
    return mutate(rng, wire) if rng.random() < .1 else wire


def random_float(rng, single):
    if single:
        return rng.choice((rng.randbytes(4), struct.pack('>f', rng.randrange(-2**25, 2**25)),
                           struct.pack('>f', round(rng.uniform(-1e4, 1e4), rng.randrange(4)))))
    f = struct.unpack('>f', rng.randbytes(4))[0]
    return rng.choice((rng.randbytes(8), struct.pack('>d', rng.randrange(-2**54, 2**54)), struct.pack('>d', f),
                       struct.pack('>d', float('%.9g' % f)), struct.pack('>d', float('%.7g' % f)),
                       struct.pack('>d', round(rng.uniform(-1e6, 1e6), rng.randrange(8))),
                       struct.pack('>d', round(rng.uniform(0, 5400000), rng.randrange(12))),
                       struct.pack('>d', rng.randrange(-2**42, 2**42) / rng.choice((1, 2, 1000, 86400)))))


def digits_text(rng):
    data = (rng.choice(('', '-', '-00', '0')) + str(rng.randrange(10 ** rng.randrange(1, 80)))).encode()
    return mutate(rng, data) if rng.random() < .1 else data


def number(value):
    return str(value).encode()


def random_typed(rng, kind):
    """kind[:aux] and the input bytes."""
    scale = rng.choice((0, 1, 2, 2, 9, 38, -1, -5, 60, rng.randrange(-32768, 32768)))
    stamp = (some_int(rng, -2**63, 2**63 - 1) if rng.random() < .5 else rng.randrange(-2**36, 2**36))
    ns = rng.choice((0, 1, 500000000, 499999999, 999999999, rng.randrange(10**9), 999999500, 1000000000))
    ends = (-2**63, 2**63 - 1)
    return {
        'bool': lambda: (kind, rng.choice((b'0', b'1'))), 'int': lambda: (kind, number(some_int(rng, *ends))),
        'uint': lambda: (kind, number(some_int(rng, 0, 2**64 - 1))), 'f32': lambda: (kind, random_float(rng, True)),
        'f64': lambda: (kind, random_float(rng, False)),
        'dec': lambda: (f'dec:{scale}', number(some_int(rng, *ends))),
        'decbytes': lambda: (f'decbytes:{scale}', rng.randbytes(rng.choice((0, 1, 8, 16, 17, 40)))),
        'decdigits': lambda: (f'decdigits:{scale}', digits_text(rng)),
        'pgnumeric': lambda: (kind, pgnumeric_wire(rng)), 'decspecial': lambda: (kind, rng.choice((b'1', b'2', b'3'))),
        'text': lambda: (kind, plain_text(rng)), 'string': lambda: (kind, random_text(rng, rng.choice(('json', 'text', 'decimal')))),
        'absent': lambda: (kind, b''), 'bytes': lambda: (kind, rng.randbytes(rng.choice((0, 1, 16, 16, 30)))),
        'date': lambda: (kind, number(some_int(rng, -2**31, 2**31 - 1))),
        'time': lambda: (kind, number(rng.randrange(-1, 86400 * 10**9 + 2))),
        'timetz': lambda: (f'timetz:{rng.randrange(-86401, 86402)}', number(rng.randrange(86400 * 10**9 + 1))),
        'ts': lambda: (f'ts:{ns}', number(stamp)), 'tstz': lambda: (f'tstz:{ns}', number(stamp)),
        'interval': lambda: (kind, struct.pack('>iiqi', some_int(rng, -2**31, 2**31 - 1),
                                               some_int(rng, -2**31, 2**31 - 1), some_int(rng, *ends), ns)),
        'uuid': lambda: (kind, rng.randbytes(16)), 'json': lambda: (kind, random_text(rng, 'json')),
        'null': lambda: (kind, b''),
    }[kind]()


# The kinds that a type accepts as they are; every twentieth line is of any kind under any type.
NATIVE = {'boolean': ('bool', 'int', 'uint'),
          'integer': ('int', 'uint', 'dec', 'decbytes', 'decdigits', 'pgnumeric', 'decspecial'),
          'decimal': ('int', 'uint', 'dec', 'decbytes', 'decdigits', 'pgnumeric', 'decspecial'),
          'float32': ('f32', 'f64', 'int', 'uint'), 'float64': ('f64', 'f32', 'int', 'uint'), 'text': ('text', 'json'),
          'bytes': ('bytes',), 'date': ('date',), 'time': ('time',), 'timetz': ('timetz',), 'timestamp': ('ts',),
          'timestamptz': ('tstz',), 'interval': ('interval',), 'uuid': ('uuid', 'bytes'), 'json': ('json',)}
KINDS = sorted({k for kinds in NATIVE.values() for k in kinds} | {'null', 'tstz', 'string', 'absent'})


def random_line(rng, type_name, kinds):
    pick = rng.random()
    if pick < .05:
        kind, data = random_typed(rng, rng.choice(KINDS))
    elif pick < .40:
        kind, data = random_typed(rng, rng.choice(kinds))
    else:
        kind = rng.choice(('lexeme', 'lexeme', 'text') + (('json',) if type_name == 'json' else ()))
        data = random_text(rng, type_name if pick < .97 else rng.choice(list(TEXT_OF)))
    return type_name, kind, data


def spelled(line):
    return f'{line[0]}\t{line[1]}\t{line[2].hex()}'


def at_most(rng, lines, count):
    return lines if len(lines) <= count else rng.sample(lines, count)


def plain_lines(rng, count):
    """Corners of each type under that type; then a half of corners under all other types, a half of random lines."""
    own = [(t, k, d) for t in oracle.TAGS for k, d in corners.TYPED if k.split(':')[0] in NATIVE[t]]
    own += [(t, 'lexeme', d) for t, texts in corners.LEXEMES.items() for d in texts]
    own += [('json', 'json', d) for d in corners.LEXEMES['json']] + corners.LARGE
    foreign = [(t, k, d) for t in oracle.TAGS for k, d in corners.TYPED if k.split(':')[0] not in NATIVE[t]]
    foreign += [(t, k, d) for t in oracle.TAGS for d in corners.TEXTS for k in ('lexeme', 'text')]
    lines = at_most(rng, own, count * 3 // 4)
    lines += at_most(rng, foreign, (count - len(lines)) // 2)
    types = list(oracle.TAGS)
    while len(lines) < count:
        type_name = rng.choice(types)
        lines.append(random_line(rng, type_name, NATIVE[type_name]))
    return lines


def ruled_lines(rng, rule_set, count):
    """Lines for one set of rules: its types, the kinds that it speaks of, texts that it is about."""
    _, types, kinds, texts = rule_set
    lines = [(t, k, d) for t in types for k, d in corners.TYPED]
    lines += [(t, k, d) for t in types for k in ('text', 'lexeme') for d in texts + corners.TEXTS]
    lines += [(t, 'lexeme', d) for t in types for d in corners.LEXEMES.get(t, ())]
    lines = at_most(rng, lines, count * 3 // 4)
    while len(lines) < count:
        type_name = rng.choice(types)
        lines.append(random_line(rng, type_name, kinds or NATIVE[type_name]))
    return lines


def answer_of(job):
    rules, lines = job
    bound = oracle.parse_rules(rules)
    return [oracle.answer(line, bound) for line in lines]


def answers_of_oracle(pool, rules, lines):
    step = 500
    jobs = [(rules, lines[i:i + step]) for i in range(0, len(lines), step)]
    return [a for part in pool.imap(answer_of, jobs) for a in part]


def answers_of_driver(driver, rules, lines):
    done = subprocess.run([driver, *rules], input='\n'.join(lines) + '\n', capture_output=True, text=True)
    answers = done.stdout.split('\n')[:-1]
    if done.returncode or len(answers) != len(lines):
        at = min(len(answers), len(lines) - 1)
        sys.exit(f'{driver} {" ".join(rules)}: exit {done.returncode}, {len(answers)} answers to {len(lines)} lines; '
                 f'first without one: {lines[at][:200]!r}\n{done.stderr[-2000:]}')
    return answers


def agree(a, b):
    return a == b or (a[:1] == '!' and b[:1] == '!')


class Tally:
    def __init__(self):
        self.lines = self.accepted = self.differ = 0
        self.by_type, self.shown = {}, {}

    def complain(self, what):
        print(what)
        self.differ += 1

    def add(self, rules, line, wanted, got):
        self.lines += 1
        self.accepted += wanted[:1] != '!'
        per_type = self.by_type.setdefault(line[0], [0, 0])
        per_type[wanted[:1] != '!'] += 1
        if agree(wanted, got):
            return
        self.differ += 1
        place = ' '.join(rules), line[0], line[1].split(':')[0]
        self.shown[place] = self.shown.get(place, 0) + 1
        if self.shown[place] <= SHOWN:
            print(f'differ: {" ".join(rules)} {line[0]} {line[1]} {line[2][:120]!r}\n'
                  f'  oracle {wanted[:200]}\n  C      {got[:200]}')


def check_keys(lines, answers, tally):
    """Key bytes of what was accepted: in the order of the values, one for each cell, none the beginning of another."""
    exact = decimal.Context(prec=LONG_ANSWER, Emin=-decimal.MAX_EMAX // 4, Emax=decimal.MAX_EMAX // 4)
    for type_name in ORDERED:
        keys = {}
        for line, answer in zip(lines, answers):
            if line[0] == type_name and answer[:1] != '!' and len(answer) < LONG_ANSWER:
                cell, key = (bytes.fromhex(part) for part in answer.split('\t'))
                if keys.setdefault(key, cell) != cell:
                    tally.complain(f'{type_name}: one key for two cells: {key.hex()[:200]}')
        rising = sorted(keys)
        for a, b in zip(rising, rising[1:]):
            if b.startswith(a):
                tally.complain(f'{type_name}: a key begins another: {a.hex()[:200]}')
            if not order_of(keys[a], exact) < order_of(keys[b], exact):
                tally.complain(f'{type_name}: keys out of order: {a.hex()[:200]} {b.hex()[:200]}')


# Types whose keys sort as their values do. The others are in buckets.
ORDERED = ('boolean', 'integer', 'decimal', 'text', 'bytes', 'date', 'time', 'timestamp', 'timestamptz', 'uuid')


def order_of(cell, exact):
    """What the value of a cell sorts by, without regard to its key bytes."""
    tag = cell[:1]
    if tag == b'\0':
        return (0,)
    if tag == b'N' and cell[1]:
        return ({3: 1, 2: 3, 1: 4}[cell[1]],)
    if tag == b'N':
        e, c = int.from_bytes(cell[2:6], 'big', signed=True), int.from_bytes(cell[10:], 'big', signed=True)
        return (2, exact.create_decimal(c).scaleb(e, exact))
    if tag in b'TB':
        return (1, cell[5:])
    layout = {b'D': '>i', b'C': '>q', b'S': '>qI', b'Z': '>qI'}.get(tag)
    return (1, *struct.unpack(layout, cell[1:])) if layout else (1, cell[1:])


def compare_arguments(driver, tally):
    """Which types refuse which arguments of rules: every type reads a NULL under each."""
    lines = [(t, 'null', b'') for t in oracle.TAGS]
    for rule in corners.ARGUMENTS:
        texts = [spelled(line) for line in lines]
        for line, a, b in zip(lines, answer_of(([rule], texts)), answers_of_driver(driver, [rule], texts)):
            tally.add([rule], line, a, b)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('driver')
    parser.add_argument('--lines', type=int, default=200_000)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--rules', help='only sets of rules whose text contains this')
    args = parser.parse_args()
    tally = Tally()
    sets = [s for s in corners.RULE_SETS if args.rules is None or args.rules in ' '.join(s[0])]
    with multiprocessing.Pool(2) as pool:
        runs = [] if args.rules else [([], plain_lines(random.Random(args.seed), int(args.lines * PLAIN_SHARE)))]
        each = int(args.lines * (1 - PLAIN_SHARE) / len(corners.RULE_SETS))
        for i, rule_set in enumerate(sets):
            runs.append((rule_set[0], ruled_lines(random.Random(args.seed * 1000 + i), rule_set, each)))
        compare_arguments(args.driver, tally)
        for rules, lines in runs:
            texts = [spelled(line) for line in lines]
            got = answers_of_driver(args.driver, rules, texts)
            before = tally.accepted, tally.lines
            for line, a, b in zip(lines, answers_of_oracle(pool, rules, texts), got):
                tally.add(rules, line, a, b)
            if tally.accepted == before[0] or tally.accepted - before[0] == tally.lines - before[1]:
                tally.complain(f'nothing accepted, or nothing rejected, under {rules}')
            if not rules:
                check_keys(lines, got, tally)
    print(f'{tally.lines} lines, {tally.accepted} accepted, {tally.differ} differ (seed {args.seed})')
    empty = [t for t, (no, yes) in tally.by_type.items() if min(no, yes) * 10 < min(args.lines // 100, 1000)]
    if empty and not args.rules:
        print(f'too few lines accepted or rejected for {", ".join(empty)}')
    return 1 if tally.differ or (empty and not args.rules) else 0


if __name__ == '__main__':
    sys.exit(main())
