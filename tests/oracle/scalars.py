"""Numbers, floats, dates, clocks and intervals of the canonical form: grammars and values (sections 1 and 5)."""
import math
import re
import struct
import sys

sys.set_int_max_str_digits(0)

MAX_DIGITS = 200_000
MAX_EXPONENT = 200_000
MAX_BYTES = 64 << 20
MAX_NESTING = 512
DAY_NS = 86_400 * 10**9
I32 = (-(2**31), 2**31 - 1)
I64 = (-(2**63), 2**63 - 1)

TAGS = {'boolean': 'L', 'integer': 'N', 'decimal': 'N', 'float32': 'F', 'float64': 'F', 'text': 'T', 'bytes': 'B',
        'date': 'D', 'time': 'C', 'timetz': 'c', 'timestamp': 'S', 'timestamptz': 'Z', 'interval': 'I', 'uuid': 'U',
        'json': 'J'}
TEXT_KINDS = ('text', 'lexeme', 'string')
DECIMAL_KINDS = ('dec', 'decbytes', 'decdigits', 'pgnumeric', 'decspecial')


class Defect(Exception):
    """The value has no cell."""


class Refused(Exception):
    """The rule cannot be declared for this type, or not with this argument."""


class Malformed(Exception):
    """The line is not in the form of the protocol."""


def within(value, limits, what):
    if not limits[0] <= value <= limits[1]:
        raise Defect(f'{what} out of range')
    return value


# ---- Decimals ------------------------------------------------------------------------------------------------------

FINITE = re.compile(rb'([+-]?)(?:([0-9]+)(?:\.([0-9]*))?|\.([0-9]+))(?:[eE]([+-]?)([0-9]+))?')
SPECIAL = re.compile(rb'([+-]?)(nan|inf|infinity)', re.IGNORECASE)
NAN, PLUS_INF, MINUS_INF = ('N', 1), ('N', 2), ('N', 3)
ZERO = ('N', 0, False, '', 0)


def finite(negative, digits, e):
    """The one form of a finite value; no limits yet."""
    digits = digits.lstrip('0')
    stripped = digits.rstrip('0')
    if not stripped:
        return ZERO
    return ('N', 0, negative, stripped, e + len(digits) - len(stripped))


def limited(n):
    if n[1] == 0 and (len(n[3]) > MAX_DIGITS or abs(n[4]) > MAX_EXPONENT):
        raise Defect('number over the limits')
    return n


def parse_finite(text):
    """A text of the grammar `finite` as (negative, digits, e) before normalisation, or None."""
    m = FINITE.fullmatch(text)
    if not m:
        return None
    whole, fraction = m[2] or b'', m[3] or m[4] or b''
    exponent = (m[6] or b'').lstrip(b'0')
    # An exponent of 13 digits is over every limit for all that is not zero, as no text is that long.
    e = int(exponent[:13] or b'0')
    if m[5] == b'-':
        e = -e
    return m[1] == b'-', (whole + fraction).decode(), e - len(fraction)


def parse_decimal(text):
    parts = parse_finite(text)
    if parts:
        return finite(*parts)
    m = SPECIAL.fullmatch(text)
    if not m:
        raise Defect('not a number')
    if m[2].lower() == b'nan':
        return NAN
    return MINUS_INF if m[1] == b'-' else PLUS_INF


def from_int(i):
    return finite(i < 0, str(abs(i)), 0)


def pgnumeric_parts(wire):
    """(number, display scale) of what numeric_send writes."""
    if len(wire) < 8:
        raise Defect('numeric shorter than its head')
    count, weight, sign, scale = struct.unpack('>HhHH', wire[:8])
    scale &= 0x3fff
    if len(wire) != 8 + 2 * count:
        raise Defect('numeric of another length')
    special = {0xc000: NAN, 0xd000: PLUS_INF, 0xf000: MINUS_INF}.get(sign)
    if special:
        return special, scale
    if sign not in (0, 0x4000):
        raise Defect('numeric of another sign')
    groups = struct.unpack(f'>{count}H', wire[8:])
    if any(g > 9999 for g in groups):
        raise Defect('numeric digit over 9999')
    digits = ''.join(f'{g:04d}' for g in groups)
    return finite(sign == 0x4000, digits, 4 * (weight - count + 1)), scale


def decimal_of(value):
    """INT, UINT and the decimal kinds as N, without the limits."""
    kind = value[0]
    if kind in ('int', 'uint'):
        return from_int(value[1])
    if kind == 'dec':
        return finite(value[1] < 0, str(abs(value[1])), -value[2])
    if kind == 'decbytes':
        i = int.from_bytes(value[1], 'big', signed=True)
        return finite(i < 0, str(abs(i)), -value[2])
    if kind == 'decdigits':
        if not re.fullmatch(rb'-?[0-9]+', value[1]):
            raise Defect('not digits')
        return finite(value[1][:1] == b'-', value[1].lstrip(b'-').decode(), -value[2])
    if kind == 'pgnumeric':
        return pgnumeric_parts(value[1])[0]
    if value[1] not in (1, 2, 3):
        raise Defect('no such special')
    return ('N', value[1])


# ---- Floats --------------------------------------------------------------------------------------------------------

def sticky(digits, e, keep):
    """At most keep digits and one that says whether there was more: enough for a rounding that needs fewer."""
    if len(digits) <= keep:
        return digits, e
    return digits[:keep] + '1', e + len(digits) - keep - 1


def to_binary64(n):
    """A finite N rounded to the nearest binary64; a number that is not zero may become neither 0 nor infinite."""
    _, _, negative, digits, e = n
    if not digits:
        return 0.0
    digits, e = sticky(digits, e, 800)  # a midpoint has at most 767 digits
    x = float(f'{digits}e{e}')
    if x == 0 or math.isinf(x):
        raise Defect('overflow or underflow')
    return -x if negative else x


def to_binary32(n):
    """The same for binary32, from the exact value: not by way of binary64."""
    _, _, negative, digits, e = n
    if not digits:
        return 0.0
    first = len(digits) + e
    if not -60 < first < 60:
        raise Defect('overflow or underflow')
    digits, e = sticky(digits, e, 200)  # a midpoint has at most 113 digits
    above, below = int(digits) * 10**max(e, 0), 10**max(-e, 0)
    scale = max(above.bit_length() - below.bit_length() - 24, -149)
    while True:
        over, under = (above, below << scale) if scale >= 0 else (above << -scale, below)
        q, rest = divmod(over, under)
        if q < 1 << 24:
            break
        scale += 1
    q += 2 * rest > under or (2 * rest == under and q & 1)
    x = math.ldexp(q, scale)
    if x == 0 or x >= 2.0**128:
        raise Defect('overflow or underflow')
    return -x if negative else x


def parse_float(text, to_binary):
    parts = parse_finite(text)
    if parts:
        n = finite(*parts)
        if not n[3]:
            return -0.0 if parts[0] else 0.0
        return to_binary(n)
    return float_of_special(parse_decimal(text))


def float_of_special(n):
    return {1: math.nan, 2: math.inf, 3: -math.inf}[n[1]]


def nearest_binary32(x):
    """The nearest binary32 of a finite binary64."""
    try:
        return struct.unpack('>f', struct.pack('>f', x))[0]
    except OverflowError:
        raise Defect('over the range of binary32') from None


def shortest(x, single):
    """(digits, exponent of the first digit) of the shortest text of |x|, which is finite."""
    if x == 0:
        return '0', 0
    if not single:
        n = parse_decimal(repr(abs(x)).encode())
        return n[3], n[4] + len(n[3]) - 1
    exact = '%.160e' % abs(x)
    digits, e = exact[0] + exact[2:162], int(exact[163:])
    for count in range(1, 18):
        low, rest = int(digits[:count]), digits[count:]
        candidates = []
        for candidate in (low, low + 1):
            text = f'{candidate}e{e - count + 1}'
            try:
                same = to_binary32(parse_decimal(text.encode())) == abs(x)
            except Defect:
                same = False
            if same:
                distance = int(rest) if candidate == low else 10**len(rest) - int(rest)
                candidates.append((distance, candidate & 1, candidate))
        if candidates:
            n = finite(False, str(min(candidates)[2]), e - count + 1)
            return n[3], n[4] + len(n[3]) - 1
    raise AssertionError('17 digits name every binary32')


def shortest_decimal(x, single):
    """The N of the shortest text of a finite float."""
    digits, e = shortest(x, single)
    return finite(x < 0, digits, e - len(digits) + 1)


# ---- Calendar and clock --------------------------------------------------------------------------------------------

OFFSET = rb'(?:(?P<utc>[Zz]| UTC)| ?(?P<sign>[+-])(?P<oh>[0-9]{2})' \
         rb'(?:(?P<om>[0-9]{2})(?P<os>[0-9]{2})?|:(?P<om2>[0-9]{2})(?::(?P<os2>[0-9]{2}))?)?)'
CLOCK = rb'(?P<h>[0-9]{2}):(?P<m>[0-9]{2})(?::(?P<s>[0-9]{2})(?:\.(?P<f>[0-9]{1,9}))?)?'
YMD = rb'(?P<ysign>[+-]?)(?P<year>[0-9]{4,7})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})'
DATE = re.compile(YMD + rb'(?P<bc> BC| \(BC\))?')
TIME = re.compile(CLOCK)
TIMETZ = re.compile(CLOCK + OFFSET)
STAMP = (re.compile(YMD + rb'[Tt ]' + CLOCK + rb'(?P<bc> BC)?'), re.compile(YMD + rb'(?P<bc> \(BC\) )' + CLOCK))
STAMPTZ = (re.compile(YMD + rb'[Tt ]' + CLOCK + OFFSET + rb'(?P<bc> BC)?'),
           re.compile(YMD + rb'(?P<bc> \(BC\) )' + CLOCK + OFFSET))
INFINITY = re.compile(rb'(-?)infinity', re.IGNORECASE)


def days_before_year(year):
    """Days from 0000-01-01 to the first day of an astronomical year."""
    return 365 * year + (year + 3) // 4 - (year + 99) // 100 + (year + 399) // 400


def month_lengths(year):
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def finite_date(m):
    year, month, day = int(m['year']), int(m['month']), int(m['day'])
    if m['bc']:
        if m['ysign'] or year < 1:
            raise Defect('sign or year 0 beside BC')
        year = 1 - year
    elif m['ysign'] == b'-':
        if year == 0:
            raise Defect('year -0')
        year = -year
    if not 1 <= month <= 12 or not 1 <= day <= month_lengths(year)[month - 1]:
        raise Defect('no such day')
    days = days_before_year(year) + sum(month_lengths(year)[:month - 1]) + day - 1 - days_before_year(1970)
    return within(days, (I32[0] + 1, I32[1] - 1), 'date')


def civil(days):
    """(astronomical year, month, day) of days since 1970-01-01."""
    days += days_before_year(1970)
    year = days * 400 // 146097
    while days_before_year(year) > days:
        year -= 1
    while days_before_year(year + 1) <= days:
        year += 1
    rest = days - days_before_year(year)
    for month, length in enumerate(month_lengths(year), 1):
        if rest < length:
            return year, month, rest + 1
        rest -= length
    raise AssertionError('a year is longer than its months')


def clock_ns(m):
    h, minute, s = int(m['h']), int(m['m']), int(m['s'] or 0)
    if h > 24 or minute > 59 or s > 60:
        raise Defect('no such time')
    ns = (h * 3600 + minute * 60 + s) * 10**9 + int((m['f'] or b'0').ljust(9, b'0'))
    if ns > DAY_NS:
        raise Defect('time after 24:00:00')
    return ns


def offset_seconds(m):
    if m['utc']:
        return 0
    h, minute, s = int(m['oh']), int(m['om'] or m['om2'] or 0), int(m['os'] or m['os2'] or 0)
    if h > 23 or minute > 59 or s > 59:
        raise Defect('no such offset')
    return (h * 3600 + minute * 60 + s) * (-1 if m['sign'] == b'-' else 1)


def match_any(patterns, text):
    return next((m for m in (p.fullmatch(text) for p in patterns) if m), None)


def infinity(text):
    """-1, 1 or 0."""
    m = INFINITY.fullmatch(text)
    return 0 if not m else -1 if m[1] else 1


def stamp(seconds, ns):
    """A finite time stamp, in its range."""
    return within(seconds, (I64[0] + 1, I64[1] - 1), 'time stamp'), ns


def stamp_ends(sign):
    return (I64[0], 0) if sign < 0 else (I64[1], 0)


def is_infinite_stamp(v):
    return v[1] in I64


def parse_stamp(text, with_offset):
    """(seconds, ns), in UTC with an offset; None when the text is not of that grammar."""
    sign = infinity(text)
    if sign:
        return stamp_ends(sign)
    m = match_any(STAMPTZ if with_offset else STAMP, text)
    if not m:
        return None
    ns = clock_ns(m)
    seconds = finite_date(m) * 86400 + ns // 10**9
    if with_offset:
        seconds -= offset_seconds(m)
    return stamp(seconds, ns % 10**9)


def parse_date(text):
    sign = infinity(text)
    if sign:
        return I32[0] if sign < 0 else I32[1]
    m = DATE.fullmatch(text)
    if not m:
        raise Defect('not a date')
    return finite_date(m)


# ---- Intervals -----------------------------------------------------------------------------------------------------

PG_N = rb'([+-]?[0-9]{1,10})'
PG_PARTS = (re.compile(PG_N + rb' years?'), re.compile(PG_N + rb' (?:mon|mons|month|months)'),
            re.compile(PG_N + rb' days?'), re.compile(rb'([+-]?)([0-9]{2,16}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?'))
ISO_M = rb'([+-]?[0-9]{1,16})'
ISO = re.compile(rb'(-?)P(?:%sY)?(?:%sM)?(?:%sW)?(?:%sD)?(T(?:%sH)?(?:%sM)?(?:%s(?:\.([0-9]{1,9}))?S)?)?'
                 % ((ISO_M,) * 7))


VERBOSE = re.compile(rb'@(?: 0|(?: %s years?)?(?: %s (?:mons?|months?))?(?: %s days?)?(?: %s hours?)?(?: %s mins?)?'
                     rb'(?: %s(?:\.([0-9]{1,9}))? secs?)?)( ago)?' % ((ISO_M,) * 6))
SQL_CLOCK = rb'([0-9]{1,16}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?'
SQL_MONTHS, SQL_DAYS = rb'([0-9]{1,10})-([0-9]{1,2})', rb'([0-9]{1,10})'
SQL = re.compile(rb'([+-]?)(?:%s|(?:%s )?%s)' % (SQL_MONTHS, SQL_DAYS, SQL_CLOCK))
SQL_ALL = re.compile(rb'([+-])%s ([+-])%s ([+-])%s' % (SQL_MONTHS, SQL_DAYS, SQL_CLOCK))


def nanoseconds(fraction):
    return int((fraction or b'0').ljust(9, b'0'))


def interval(months, days, ns):
    within(months, I32, 'months')
    within(days, I32, 'days')
    within(ns // 10**9, I64, 'seconds')
    return ('I', months, days, ns)


def pg_clock(m):
    minutes, seconds = int(m[3]), int(m[4])
    if minutes > 59 or seconds > 59:
        raise Defect('no such clock')
    ns = (int(m[2]) * 3600 + minutes * 60 + seconds) * 10**9 + nanoseconds(m[5])
    return -ns if m[1] == b'-' else ns


def parse_pg_interval(text):
    """PostgreSQL's parts are words; the clock is one word, the others two."""
    words = text.split(b' ')
    values, at, part = [0, 0, 0, 0], 0, 0
    while at < len(words):
        for part in range(part, 4):
            width = 1 if part == 3 else 2
            m = PG_PARTS[part].fullmatch(b' '.join(words[at:at + width]))
            if m:
                values[part] = pg_clock(m) if part == 3 else int(m[1])
                at += width
                part += 1
                break
        else:
            raise Defect('not an interval')
    return interval(12 * values[0] + values[1], values[2], values[3])


def parse_verbose(text):
    m = VERBOSE.fullmatch(text)
    if not m or text in (b'@', b'@ ago', b'@ 0 ago'):
        raise Defect('not an interval')
    y, mo, d, h, mi, s = (int(x or 0) for x in m.groups()[:6])
    ns = nanoseconds(m[7])
    if (m[6] or b'')[:1] == b'-':
        ns = -ns
    sign = -1 if m[8] else 1
    return interval(sign * (12 * y + mo), sign * d, sign * ((h * 3600 + mi * 60 + s) * 10**9 + ns))


def sql_part(sign, years, months, days, h, mi, s, fraction):
    if int(months or 0) > 11 or int(mi or 0) > 59 or int(s or 0) > 59:
        raise Defect('no such interval')
    sign = -1 if sign == b'-' else 1
    clock = (int(h or 0) * 3600 + int(mi or 0) * 60 + int(s or 0)) * 10**9 + nanoseconds(fraction)
    return sign * (12 * int(years or 0) + int(months or 0)), sign * int(days or 0), sign * clock


def parse_sql(text):
    m = SQL_ALL.fullmatch(text)
    if m:
        parts = [sql_part(m[1], m[2], m[3], *[None] * 5), sql_part(m[4], None, None, m[5], *[None] * 4),
                 sql_part(m[6], *[None] * 3, m[7], m[8], m[9], m[10])]
        return interval(*(sum(p) for p in zip(*parts)))
    m = SQL.fullmatch(text)
    if m:
        return interval(*sql_part(*m.groups()))
    if text == b'0':
        return interval(0, 0, 0)
    raise Defect('not an interval')


def parse_interval(text):
    m = ISO.fullmatch(text)
    if not m and text[:1] == b'@':
        return parse_verbose(text)
    if not m:
        try:
            return parse_pg_interval(text)
        except Defect:
            return parse_sql(text)
    y, mo, w, d, clock, h, mi, s, fraction = m.groups()[1:]
    if all(x is None for x in (y, mo, w, d, clock)) or clock == b'T':
        raise Defect('an interval without parts')
    sign = -1 if m[1] else 1
    part_ns = nanoseconds(fraction)
    if s and s[:1] == b'-':
        part_ns = -part_ns
    ns = (int(h or 0) * 3600 + int(mi or 0) * 60 + int(s or 0)) * 10**9 + part_ns
    return interval(sign * (12 * int(y or 0) + int(mo or 0)), sign * (7 * int(w or 0) + int(d or 0)), sign * ns)
