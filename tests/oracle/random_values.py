"""Random values of the scalar types: their texts, and what readers deliver."""
import decimal
import struct


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


def mutate(rng, data, noise=NOISE):
    data = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        at = rng.randrange(len(data) + 1)
        action = rng.randrange(5)
        if action == 0:
            data.insert(at, rng.choice(noise))
        elif action == 1 and data:
            del data[min(at, len(data) - 1)]
        elif action == 2 and data:
            data[min(at, len(data) - 1)] = rng.choice(noise)
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
