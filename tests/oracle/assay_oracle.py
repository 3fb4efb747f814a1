#!/usr/bin/env python3
"""assay's canonical form, version 1, written a second time from docs/canonical-form.md alone.

    assay_oracle.py --vectors [DIR]   checks DIR/canon-*.tsv (default tests/vectors)
    assay_oracle.py [NAME[=ARG] ...]  the line protocol of tests/fuzz/canon_driver.c, with rules as arguments
    assay_oracle.py --sums ...        the sums of a ledger's chunks, from the data; see oracle_sums.py

Plain Python 3.11, standard library only. It is written to be read beside the specification, not to be fast.
Values while they are worked on are tuples whose first member is the kind of the reader (before reading) or the tag
of the cell (after it). A finite N is ('N', 0, negative, digits, e) with digits free of zeros at both ends.
"""
import hashlib
import math
import os
import re
import struct
import sys

sys.set_int_max_str_digits(0)
sys.setrecursionlimit(10000)

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
TEXT_KINDS = ('text', 'lexeme')
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


def parse_interval(text):
    m = ISO.fullmatch(text)
    if not m:
        return parse_pg_interval(text)
    y, mo, w, d, clock, h, mi, s, fraction = m.groups()[1:]
    if all(x is None for x in (y, mo, w, d, clock)) or clock == b'T':
        raise Defect('an interval without parts')
    sign = -1 if m[1] else 1
    part_ns = nanoseconds(fraction)
    if s and s[:1] == b'-':
        part_ns = -part_ns
    ns = (int(h or 0) * 3600 + int(mi or 0) * 60 + int(s or 0)) * 10**9 + part_ns
    return interval(sign * (12 * int(y or 0) + int(mo or 0)), sign * (7 * int(w or 0) + int(d or 0)), sign * ns)


# ---- JSON ----------------------------------------------------------------------------------------------------------

JSON_NUMBER = re.compile(rb'-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?')
JSON_PLAIN = re.compile(rb'[^"\\\x00-\x1f]*')
JSON_ESCAPES = {b'"': b'"', b'\\': b'\\', b'/': b'/', b'b': b'\b', b'f': b'\f', b'n': b'\n', b'r': b'\r', b't': b'\t'}


class Json:
    """One JSON text as a tree of cells."""

    def __init__(self, text):
        self.text, self.at = valid_utf8(text), 0

    def tree(self):
        cell = self.value(0)
        self.space()
        if self.at != len(self.text):
            raise Defect('more after the JSON value')
        return cell

    def space(self):
        while self.text[self.at:self.at + 1] in (b' ', b'\t', b'\n', b'\r'):
            self.at += 1

    def take(self, token):
        if not self.text.startswith(token, self.at):
            return False
        self.at += len(token)
        return True

    def need(self, token):
        if not self.take(token):
            raise Defect('not JSON')

    def value(self, depth):
        self.space()
        if self.take(b'null'):
            return b'\0'
        if self.take(b'true'):
            return b'L\1'
        if self.take(b'false'):
            return b'L\0'
        head = self.text[self.at:self.at + 1]
        if head == b'"':
            return counted(b'T', self.string())
        if head in (b'[', b'{'):
            if depth >= MAX_NESTING:
                raise Defect('JSON nested too deeply')
            self.at += 1
            return self.array(depth + 1) if head == b'[' else self.object(depth + 1)
        m = JSON_NUMBER.match(self.text, self.at)
        if not m:
            raise Defect('not JSON')
        self.at = m.end()
        return cell_of(limited(parse_decimal(m[0])))

    def array(self, depth):
        cells = []
        self.space()
        if not self.take(b']'):
            while True:
                cells.append(self.value(depth))
                self.space()
                if self.take(b']'):
                    break
                self.need(b',')
        return b'[' + struct.pack('>I', len(cells)) + b''.join(cells)

    def object(self, depth):
        members = {}
        self.space()
        if not self.take(b'}'):
            while True:
                self.space()
                name = self.string()
                self.space()
                self.need(b':')
                members[name] = self.value(depth)
                self.space()
                if self.take(b'}'):
                    break
                self.need(b',')
        return b'{' + struct.pack('>I', len(members)) + b''.join(
            struct.pack('>I', len(name)) + name + members[name] for name in sorted(members))

    def string(self):
        self.need(b'"')
        parts = []
        while True:
            m = JSON_PLAIN.match(self.text, self.at)
            parts.append(m[0])
            self.at = m.end()
            if self.take(b'"'):
                return b''.join(parts)
            self.need(b'\\')
            parts.append(self.escape())

    def escape(self):
        letter = self.text[self.at:self.at + 1]
        self.at += 1
        if letter in JSON_ESCAPES:
            return JSON_ESCAPES[letter]
        if letter != b'u':
            raise Defect('no such escape')
        unit = self.unit()
        if 0xd800 <= unit < 0xdc00:
            self.need(b'\\u')
            low = self.unit()
            if not 0xdc00 <= low < 0xe000:
                raise Defect('lone surrogate')
            unit = 0x10000 + ((unit - 0xd800) << 10) + low - 0xdc00
        elif unit == 0 or 0xdc00 <= unit < 0xe000:
            raise Defect('lone surrogate or U+0000')
        return chr(unit).encode()

    def unit(self):
        m = re.compile(rb'[0-9A-Fa-f]{4}').match(self.text, self.at)
        if not m:
            raise Defect('no such escape')
        self.at = m.end()
        return int(m[0], 16)


# ---- Reading under a type ------------------------------------------------------------------------------------------

UUID = re.compile(rb'([0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})', re.IGNORECASE)
WORDS = {b't': True, b'true': True, b'1': True, b'f': False, b'false': False, b'0': False}


def valid_utf8(data):
    try:
        data.decode('utf-8', 'strict')
    except UnicodeDecodeError:
        raise Defect('not UTF-8') from None
    return data


def read_boolean(v):
    if v[0] == 'bool':
        return ('L', bool(v[1]))
    if v[0] in ('int', 'uint') and v[1] in (0, 1):
        return ('L', bool(v[1]))
    if v[0] in TEXT_KINDS and v[1].lower() in WORDS:
        return ('L', WORDS[v[1].lower()])
    raise Defect('not a boolean')


def read_decimal(v):
    if v[0] in TEXT_KINDS:
        return limited(parse_decimal(v[1]))
    if v[0] in ('int', 'uint') + DECIMAL_KINDS:
        return limited(decimal_of(v))
    raise Defect('not a decimal')


def read_integer(v):
    n = read_decimal(v)
    if n[1] != 0 or n[4] < 0:
        raise Defect('not an integer')
    return n


def read_float64(v):
    if v[0] in ('f64', 'f32'):
        return ('F', v[1])
    if v[0] in ('int', 'uint') and int(float(v[1])) == v[1]:
        return ('F', float(v[1]))
    if v[0] in TEXT_KINDS:
        return ('F', parse_float(v[1], to_binary64))
    raise Defect('not a float64')


def read_float32(v):
    if v[0] == 'f32':
        return ('F', v[1])
    if v[0] == 'f64':
        if not math.isfinite(v[1]) or nearest_binary32(v[1]) == v[1]:
            return ('F', v[1])
    elif v[0] in ('int', 'uint'):
        x = to_binary32(from_int(v[1]))
        if int(x) == v[1]:
            return ('F', x)
    elif v[0] in TEXT_KINDS:
        return ('F', parse_float(v[1], to_binary32))
    raise Defect('not a float32')


def read_text(v):
    if v[0] not in TEXT_KINDS + ('json',) or len(v[1]) > MAX_BYTES:
        raise Defect('not a text')
    return ('T', valid_utf8(v[1]))


def read_bytes(v):
    data = v[1] if v[0] == 'bytes' else None
    if v[0] in TEXT_KINDS and re.fullmatch(rb'\\x(?:[0-9A-Fa-f]{2})*', v[1]):
        data = bytes.fromhex(v[1][2:].decode())
    if data is None or len(data) > MAX_BYTES:
        raise Defect('not bytes')
    return ('B', data)


def read_date(v):
    if v[0] == 'date':
        return ('D', within(v[1], I32, 'date'))
    if v[0] in TEXT_KINDS:
        return ('D', parse_date(v[1]))
    raise Defect('not a date')


def read_time(v):
    if v[0] == 'time':
        return ('C', within(v[1], (0, DAY_NS), 'time'))
    m = v[0] in TEXT_KINDS and TIME.fullmatch(v[1])
    if not m:
        raise Defect('not a time')
    return ('C', clock_ns(m))


def read_timetz(v):
    if v[0] == 'timetz':
        return ('c', within(v[1], (0, DAY_NS), 'time'), within(v[2], (-86399, 86399), 'offset'))
    m = v[0] in TEXT_KINDS and TIMETZ.fullmatch(v[1])
    if not m:
        raise Defect('not a timetz')
    return ('c', clock_ns(m), offset_seconds(m))


def read_stamp(v, kind, tag, with_offset):
    if v[0] == kind:
        if v[2] > 999_999_999 or (v[1] in I64 and v[2]):
            raise Defect('nanoseconds out of range')
        return (tag, v[1], v[2])
    parsed = parse_stamp(v[1], with_offset) if v[0] in TEXT_KINDS else None
    if parsed is None:
        raise Defect('not a time stamp')
    return (tag,) + parsed


def read_interval(v):
    if v[0] == 'interval':
        if not 0 <= v[4] <= 999_999_999:
            raise Defect('nanoseconds out of range')
        return ('I', v[1], v[2], v[3] * 10**9 + v[4])
    if v[0] in TEXT_KINDS:
        return parse_interval(v[1])
    raise Defect('not an interval')


def read_uuid(v):
    if v[0] in ('uuid', 'bytes') and len(v[1]) == 16:
        return ('U', v[1])
    if v[0] in TEXT_KINDS:
        text = v[1]
        if text[:1] == b'{' and text[-1:] == b'}':
            text = text[1:-1]
        if UUID.fullmatch(text):
            return ('U', bytes.fromhex(text.replace(b'-', b'').decode()))
    raise Defect('not a uuid')


def read_json(v):
    if v[0] not in TEXT_KINDS + ('json',):
        raise Defect('not JSON')
    tree = Json(v[1]).tree()
    if len(tree) > MAX_BYTES:
        raise Defect('JSON over 64 MiB')
    return ('J', tree)


READ = {'boolean': read_boolean, 'integer': read_integer, 'decimal': read_decimal, 'float64': read_float64,
        'float32': read_float32, 'text': read_text, 'bytes': read_bytes, 'date': read_date, 'time': read_time,
        'timetz': read_timetz, 'timestamp': lambda v: read_stamp(v, 'ts', 'S', False),
        'timestamptz': lambda v: read_stamp(v, 'tstz', 'Z', True), 'interval': read_interval, 'uuid': read_uuid,
        'json': read_json}


# ---- Cells, keys, rows ---------------------------------------------------------------------------------------------

def counted(tag, data):
    return tag + struct.pack('>I', len(data)) + data


def cell_of(v):
    """The cell of a value that was read; None is NULL."""
    if v is None:
        return b'\0'
    tag = v[0].encode()
    if v[0] == 'N':
        if v[1]:
            return b'N' + bytes([v[1]])
        c = int(v[3] or '0') * (-1 if v[2] else 1)
        # -128 needs 8 bits and 128 needs 9: a bit for the sign beside those of c, or of ~c when c is negative.
        size = ((c if c >= 0 else ~c).bit_length() + 8) // 8 if c else 0
        return b'N\0' + struct.pack('>iI', v[4], size) + c.to_bytes(size, 'big', signed=True)
    if v[0] == 'F':
        return b'F' + (b'\x7f\xf8' + bytes(6) if math.isnan(v[1]) else struct.pack('>d', v[1]))
    if v[0] in 'TBJ':
        return counted(tag, v[1])
    if v[0] == 'I':
        return tag + struct.pack('>iiqi', v[1], v[2], v[3] // 10**9, v[3] % 10**9)
    if v[0] == 'U':
        return tag + v[1]
    layout = {'L': '>?', 'D': '>i', 'C': '>q', 'c': '>qi', 'S': '>qI', 'Z': '>qI'}[v[0]]
    return tag + struct.pack(layout, *v[1:])


def magnitude(digits, e):
    first = e + len(digits) - 1
    if len(digits) % 2:
        digits += '0'
    pairs = [2 * int(digits[i:i + 2]) + 1 for i in range(0, len(digits), 2)]
    pairs[-1] -= 1
    return struct.pack('>I', first + 2**31) + bytes(pairs)


def number_key(n):
    if n[1]:
        return {1: b'\x24', 2: b'\x20', 3: b'\x10'}[n[1]]
    if not n[3]:
        return b'\x18'
    m = magnitude(n[3], n[4])
    return b'\x14' + bytes(255 - b for b in m) if n[2] else b'\x1c' + m


def key_of(v):
    """The key bytes of a value that was read."""
    if v is None:
        return b'\x05'
    if v[0] == 'N':
        return number_key(v)
    if v[0] in 'TB':
        return b'\x10' + v[1].replace(b'\0', b'\0\xff') + b'\0\1'
    if v[0] in 'DCSZ':
        cell = cell_of(v)[1:]
        return b'\x10' + bytes([cell[0] ^ 0x80]) + cell[1:]
    if v[0] in 'LU':
        return b'\x10' + cell_of(v)[1:]
    if v[0] == 'F' and v[1] == 0:
        v = ('F', 0.0)
    return counted(b'\x30', cell_of(v))


def row_form(columns):
    """columns: (name bytes, type, key position) in ascending order of names."""
    names = [name for name, _, _ in columns]
    if any(a >= b for a, b in zip(names, names[1:])):
        raise Defect('columns out of order')
    body = b'assay-row/1' + struct.pack('>H', len(columns))
    for name, type_name, position in columns:
        body += struct.pack('>H', len(name)) + name + TAGS[type_name].encode() + struct.pack('>H', position)
    return hashlib.sha256(body).digest()


def row_bytes(form, cells):
    row = form[:8] + struct.pack('>H', len(cells)) + b''.join(cells)
    if len(row) > MAX_BYTES:
        raise Defect('row over 64 MiB')
    return row


# ---- First spellings -----------------------------------------------------------------------------------------------

SPECIALS = {1: 'NaN', 2: 'Infinity', 3: '-Infinity'}


def show_decimal(n, scale=None):
    """Plain digits; with a scale, at least that many after the point."""
    if n[1]:
        return SPECIALS[n[1]]
    digits, e = n[3] or '0', n[4] if n[3] else 0
    after = max(-e, 0)
    if e > 0:
        digits += '0' * e
    digits = digits.rjust(after + 1, '0')
    whole, fraction = (digits[:-after], digits[-after:]) if after else (digits, '')
    fraction = fraction.ljust(scale or 0, '0')
    return ('-' if n[2] else '') + whole + ('.' + fraction if fraction else '')


def show_float(x, single):
    if math.isnan(x):
        return 'NaN'
    if math.isinf(x):
        return 'Infinity' if x > 0 else '-Infinity'
    digits, e = shortest(x, single)
    sign = '-' if math.copysign(1, x) < 0 else ''
    if -4 <= e <= 14:
        return sign + show_decimal(finite(False, digits, e - len(digits) + 1))
    return f'{sign}{digits[0]}{"." + digits[1:] if digits[1:] else ""}e{"-" if e < 0 else "+"}{abs(e):02d}'


def show_fraction(ns):
    return f'.{ns:09d}'.rstrip('0') if ns else ''


def show_clock(ns):
    s = ns // 10**9
    return f'{s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d}' + show_fraction(ns % 10**9)


def show_offset(offset):
    a = abs(offset)
    text = f'{"-" if offset < 0 else "+"}{a // 3600:02d}'
    if a % 3600:
        text += f':{a // 60 % 60:02d}'
    return text + (f':{a % 60:02d}' if a % 60 else '')


def show_date(days, middle=''):
    year, month, day = civil(days)
    bc = ' BC' if year < 1 else ''
    return f'{1 - year if bc else year:04d}-{month:02d}-{day:02d}{middle}{bc}'


def show_stamp(v, zone):
    if is_infinite_stamp(v):
        return 'infinity' if v[1] > 0 else '-infinity'
    return show_date(v[1] // 86400, ' ' + show_clock(v[1] % 86400 * 10**9 + v[2]) + zone)


def show_interval(v):
    """IntervalStyle postgres: a positive part after a negative one has its sign."""
    years = abs(v[1]) // 12 * (-1 if v[1] < 0 else 1)
    parts, before = [], False
    for value, unit in ((years, 'year'), (v[1] - 12 * years, 'mon'), (v[2], 'day')):
        if value:
            parts.append(f'{"+" if before and value > 0 else ""}{value} {unit}{"" if value == 1 else "s"}')
            before = value < 0
    if v[3] or not parts:
        parts.append(('-' if v[3] < 0 else '+' if before else '') + show_clock(abs(v[3])))
    return ' '.join(parts)


def show_uuid(u):
    h = u.hex()
    return '-'.join((h[:8], h[8:12], h[12:16], h[16:20], h[20:]))


def show_value(v):
    """The first spelling of what a reader delivered, as the rule `as: text` makes it."""
    kind = v[0]
    if kind == 'bool':
        return 'true' if v[1] else 'false'
    if kind in ('dec', 'decbytes', 'decdigits'):
        return show_decimal(decimal_of(v), max(v[2], 0))
    if kind == 'pgnumeric':
        return show_decimal(*pgnumeric_parts(v[1]))
    if kind in ('int', 'uint', 'decspecial'):
        return show_decimal(decimal_of(v))
    if kind in ('f32', 'f64'):
        return show_float(v[1], kind == 'f32')
    if kind == 'date':
        v = read_date(v)
        return {I32[0]: '-infinity', I32[1]: 'infinity'}.get(v[1]) or show_date(v[1])
    if kind == 'time':
        return show_clock(read_time(v)[1])
    if kind == 'timetz':
        v = read_timetz(v)
        return show_clock(v[1]) + show_offset(v[2])
    if kind == 'ts':
        return show_stamp(READ['timestamp'](v), '')
    if kind == 'tstz':
        return show_stamp(READ['timestamptz'](v), '+00')
    if kind == 'interval':
        return show_interval(read_interval(v))
    return show_uuid(read_uuid(v)[1])


# ---- Rules ---------------------------------------------------------------------------------------------------------

UNITS = {'s': 10**9, 'ms': 10**6, 'us': 10**3, 'ns': 1}
CLOCKS = ('time', 'timetz', 'timestamp', 'timestamptz', 'interval')
FLOATS = ('float32', 'float64')
ALL = tuple(TAGS)
TRIMMED = tuple(t for t in ALL if t not in ('bytes', 'json'))


def no_argument(arg, _type):
    if arg is not None:
        raise Refused('the rule takes no argument')


def one_of(*allowed):
    def check(arg, _type):
        if arg not in allowed:
            raise Refused('no such argument')
        return arg
    return check


def number_in(low, high):
    def check(arg, _type):
        if arg is None or not re.fullmatch('[0-9]{1,6}', arg) or not low <= int(arg) <= high:
            raise Refused('number out of range')
        return int(arg)
    return check


def word_lists(arg, _type):
    halves = (arg or '').split('/')
    if len(halves) != 2:
        raise Refused('two lists of words')
    yes, no = (half.encode(errors='surrogateescape').split(b',') for half in halves)
    if not all(yes + no) or set(yes) & set(no):
        raise Refused('an empty word or a word in both lists')
    return yes, no


def zone(arg, _type):
    if arg == 'UTC':
        return 0
    m = re.fullmatch('([+-])([0-9]{2}):([0-9]{2})', arg or '')
    if not m or int(m[2]) > 23 or int(m[3]) > 59:
        raise Refused('no such zone')
    return (int(m[2]) * 3600 + int(m[3]) * 60) * (-1 if m[1] == '-' else 1)


def as_argument(arg, type_name):
    m = re.fullmatch(r'decimal\(([0-9]{1,3})\)', arg or '')
    if m and int(m[1]) <= 400 and (type_name == 'decimal' or (type_name == 'integer' and int(m[1]) == 0)):
        return ('decimal', int(m[1]))
    if (arg, type_name) in (('float32', 'float32'), ('float32', 'float64'), ('float64', 'float64'), ('text', 'text')):
        return (arg,)
    raise Refused('no such conversion for this type')


def round_argument(arg, type_name):
    return number_in(0, 16383)(arg, type_name) if type_name == 'decimal' else one_of('s', 'ms', 'us')(arg, type_name)


def any_text(arg, _type):
    if arg is None:
        raise Refused('the rule wants a text')
    return arg.encode(errors='surrogateescape')


def on_text(change):
    return lambda v, arg, type_name: (v[0], change(v[1])) + v[2:] if v[0] in TEXT_KINDS else v


def rule_null_if(v, text, _type):
    return None if v[0] in TEXT_KINDS and v[1] == text else v


def rule_boolean(v, words, _type):
    if v[0] not in TEXT_KINDS + ('int', 'uint'):
        return v
    text = v[1] if v[0] in TEXT_KINDS else str(v[1]).encode()
    for answer, listed in zip((1, 0), words):
        if text in listed:
            return ('bool', answer)
    raise Defect('in neither list of words')


def julian_ns(v):
    if v[0] in TEXT_KINDS:
        x = parse_float(v[1], to_binary64)
    else:
        x = float(v[1])
    if not 0 <= x < 5373484.5:
        raise Defect('Julian day out of range')
    return (int(x * 86400000.0 + 0.5) - 210866760000000) * 10**6


def epoch_ns(v, unit):
    """The count as nanoseconds, which must be whole."""
    if v[0] in TEXT_KINDS:
        n = finite(*parse_finite(v[1]))
    elif v[0] in ('f32', 'f64'):
        if not math.isfinite(v[1]):
            raise Defect('not a count')
        n = shortest_decimal(v[1], v[0] == 'f32')
    else:
        n = from_int(v[1])
    e = n[4] + {'s': 9, 'ms': 6, 'us': 3, 'ns': 0}[unit]
    if e < 0 or len(n[3]) + e > 40:
        raise Defect('not whole nanoseconds, or out of range')
    return int(n[3] or '0') * 10**e * (-1 if n[2] else 1)


def rule_epoch(v, unit, type_name):
    if v[0] not in TEXT_KINDS + ('int', 'uint', 'f32', 'f64'):
        return v
    if v[0] in TEXT_KINDS and not parse_finite(v[1]):
        return v
    ns = julian_ns(v) if unit == 'julian' else epoch_ns(v, unit)
    if type_name == 'date':
        if ns % DAY_NS:
            raise Defect('not whole days')
        return ('date', within(ns // DAY_NS, (I32[0] + 1, I32[1] - 1), 'date'))
    return ('ts' if type_name == 'timestamp' else 'tstz',) + stamp(ns // 10**9, ns % 10**9)


def rule_timezone(v, offset, type_name):
    other, mine, sign = ('tstz', 'ts', 1) if type_name == 'timestamp' else ('ts', 'tstz', -1)
    if v[0] in TEXT_KINDS:
        parsed = parse_stamp(v[1], with_offset=other == 'tstz')
        if parsed is None:
            return v
        v = (other,) + parsed
    if v[0] != other:
        return v
    v = read_stamp(v, other, '', False)
    return (mine,) + ((v[1], v[2]) if is_infinite_stamp(v) else stamp(v[1] + sign * offset, v[2]))


def as_float32(v):
    if v[0] not in ('f64', 'int', 'uint') or (v[0] == 'f64' and not math.isfinite(v[1])):
        return v
    if v[0] == 'f64':
        f = nearest_binary32(v[1])
    else:
        f = to_binary32(from_int(v[1]))
    digits, e = shortest(f, True)
    spelled = float(f'{digits}e{e - len(digits) + 1}')
    if f == v[1] or math.copysign(spelled, f) == v[1]:
        return ('f32', f)
    raise Defect('not the text of a binary32')


def as_decimal(v, places):
    if v[0] not in ('f32', 'f64'):
        return v
    if not math.isfinite(v[1]):
        return ('decspecial', 1 if math.isnan(v[1]) else 2 if v[1] > 0 else 3)
    n = shortest_decimal(v[1], v[0] == 'f32')
    if -n[4] > places:
        raise Defect('more digits after the point')
    return ('decdigits', ('-' if n[2] else '').encode() + (n[3] or '0').encode(), -n[4])


def rule_as(v, target, type_name):
    if target[0] == 'float32':
        return as_float32(v)
    if target[0] == 'decimal':
        return as_decimal(v, target[1])
    if target[0] == 'float64':
        if v[0] not in ('int', 'uint') + DECIMAL_KINDS:
            return v
        n = decimal_of(v)
        return ('f64', float_of_special(n) if n[1] else to_binary64(n))
    if v[0] in TEXT_KINDS + ('json',):
        return v
    return ('text', v[1] if v[0] == 'bytes' else show_value(v).encode())


def late_as_float32(v, _target, _type):
    if not math.isfinite(v[1]):
        return v
    return ('F', nearest_binary32(v[1]))


def quantum(v, ns_step, half):
    """Floor to a multiple of ns_step after adding half."""
    def floor(ns):
        return (ns + half) // ns_step * ns_step
    if v[0] in 'SZ':
        if is_infinite_stamp(v):
            return v
        ns = floor(v[1] * 10**9 + v[2])
        return (v[0],) + stamp(ns // 10**9, ns % 10**9)
    if v[0] == 'I':
        return interval(v[1], v[2], floor(v[3]))
    return (v[0], floor(v[1])) + v[2:]


def rule_truncate(v, unit, _type):
    return quantum(v, UNITS[unit], 0)


def rule_round(v, arg, type_name):
    if type_name != 'decimal':
        return quantum(v, UNITS[arg], UNITS[arg] // 2)
    if v[1] or -v[4] <= arg:
        return v
    cut = -v[4] - arg
    digits = v[3].rjust(cut + 1, '0')
    kept = int(digits[:-cut]) + (digits[-cut] >= '5')
    return limited(finite(v[2], str(kept), -arg))


def rule_digits(v, count, type_name):
    if not math.isfinite(v[1]) or v[1] == 0:
        return v
    text = ('%.*e' % (count - 1, v[1])).encode()
    return ('F', parse_float(text, to_binary32 if type_name == 'float32' else to_binary64))


def rule_case(v, which, _type):
    return ('T', v[1].lower() if which == 'lower' else v[1].upper())


# name: (types, argument, early, late); early of what the reader delivered, late of what was read.
RULES = {
    'rtrim': (TRIMMED, no_argument, on_text(lambda b: b.rstrip(b' ')), None),
    'trim': (TRIMMED, no_argument, on_text(lambda b: b.strip(b' \t\n\r')), None),
    'null_if': (ALL, any_text, rule_null_if, None),
    'boolean': (('boolean',), word_lists, rule_boolean, None),
    'epoch': (('date', 'timestamp', 'timestamptz'), one_of('s', 'ms', 'us', 'ns', 'julian'), rule_epoch, None),
    'timezone': (('timestamp', 'timestamptz'), zone, rule_timezone, None),
    'as': (ALL, as_argument, rule_as, None),
    'truncate': (CLOCKS, one_of('s', 'ms', 'us'), None, rule_truncate),
    'round': (CLOCKS + ('decimal',), round_argument, None, rule_round),
    'digits': (FLOATS, number_in(1, 17), None, rule_digits),
    'fold_zero': (FLOATS, no_argument, None, lambda v, _a, _t: ('F', 0.0) if v[1] == 0 else v),
    'case': (('text',), one_of('lower', 'upper'), None, rule_case),
    'newline': (('text',), one_of('lf'), None,
                lambda v, _a, _t: ('T', v[1].replace(b'\r\n', b'\n').replace(b'\r', b'\n'))),
}


def bind_rules(rules, type_name):
    """rules: [(name, argument or None)] -> (early, late) lists of functions of a value; Refused when refused."""
    early, late = [], []
    for name, arg in rules:
        if name not in RULES or type_name not in RULES[name][0]:
            raise Refused(f'rule {name} does not apply to {type_name}')
        _, check, first, last = RULES[name]
        bound = check(arg, type_name)
        if name == 'as' and bound[0] == 'float32' and type_name == 'float64':
            first, last = None, late_as_float32
        step = first or last
        (early if first else late).append(lambda v, step=step, bound=bound: step(v, bound, type_name))
    return early, late


def canonical(type_name, value, rules=()):
    """Early rules, reading, late rules: the value as it was read, None for NULL; Defect when it has no cell."""
    early, late = bind_rules(rules, type_name)
    for step in early:
        value = step(value) if value[0] != 'null' else value
        if value is None:
            value = ('null',)
    if value[0] == 'null':
        return None
    if value[0] == 'bad':
        raise Defect('undecodable')
    value = READ[type_name](value)
    for step in late:
        value = step(value)
    return value


# ---- Line form -----------------------------------------------------------------------------------------------------

NUMBERS = {'bool': (0, 1), 'int': I64, 'uint': (0, 2**64 - 1), 'decspecial': I64, 'date': I64, 'time': I64,
           'dec': I64, 'timetz': I64, 'ts': I64, 'tstz': I64}
AUX = {'dec': (-32768, 32767), 'decbytes': (-32768, 32767), 'decdigits': (-32768, 32767), 'timetz': I32,
       'ts': (0, 2**32 - 1), 'tstz': (0, 2**32 - 1)}
RAW = ('decbytes', 'decdigits', 'pgnumeric', 'text', 'lexeme', 'bytes', 'uuid', 'json')


def whole_number(text, limits):
    if not re.fullmatch(r'-?[0-9]{1,20}', text) or not limits[0] <= int(text) <= limits[1]:
        raise Malformed(f'not a number in its range: {text}')
    return int(text)


def carrier(kind, data):
    """The value of one line: kind[:aux] and its input bytes."""
    kind, colon, aux = kind.partition(':')
    if bool(colon) != (kind in AUX):
        raise Malformed('a second number is missing or too many')
    if kind == 'null':
        if data:
            raise Malformed('null holds nothing')
        return ('null',)
    tail = (whole_number(aux, AUX[kind]),) if kind in AUX else ()
    if kind in RAW:
        return (kind, data) + tail
    if kind in ('f32', 'f64'):
        if len(data) != (4 if kind == 'f32' else 8):
            raise Malformed('a float of another length')
        return (kind, struct.unpack('>f' if kind == 'f32' else '>d', data)[0])
    if kind == 'interval':
        if len(data) != 20:
            raise Malformed('an interval of another length')
        return (kind,) + struct.unpack('>iiqi', data)
    if kind not in NUMBERS:
        raise Malformed(f'no such kind: {kind}')
    return (kind, whole_number(data.decode('ascii', 'replace'), NUMBERS[kind])) + tail


def answer(line, rules):
    """One line of the protocol, without its end."""
    if not line or line.startswith('#'):
        return ''
    fields = line.split('\t')
    if len(fields) != 3 or fields[0] not in TAGS:
        raise Malformed(f'not in the form of the protocol: {line[:80]}')
    try:
        value = carrier(fields[1], bytes.fromhex(fields[2]))
        read = canonical(fields[0], value, rules)
    except (Defect, Refused) as reason:
        return f'!{reason}'
    return f'{cell_of(read).hex()}\t{key_of(read).hex()}'


def parse_rules(args):
    rules = []
    for arg in args:
        name, equals, rest = arg.partition('=')
        rules.append((name, rest if equals else None))
    return rules


def filter_lines(args):
    rules = parse_rules(args)
    for line in sys.stdin:
        print(answer(line.rstrip('\n'), rules), flush=sys.stdin.isatty())
    return 0


# ---- Vectors -------------------------------------------------------------------------------------------------------

ESCAPES = {b'\\': b'\\', b't': b'\t', b'n': b'\n', b'r': b'\r'}


def unescape(field):
    return re.sub(rb'\\(?:x([0-9A-Fa-f]{2})|(.))',
                  lambda m: bytes.fromhex(m[1].decode()) if m[1] else ESCAPES[m[2]], field, flags=re.DOTALL)


def check_values(path, form, complain):
    """canon-cells.tsv and canon-keys.tsv; returns how many were checked."""
    checked, previous, ascending = 0, None, False
    with open(path, 'rb') as file:
        for number, line in enumerate(file, 1):
            line = line.rstrip(b'\n')
            if line.startswith(b'#'):
                if line in (b'# ascending', b'# end'):
                    ascending, previous = line == b'# ascending', None
                continue
            type_name, kind, data, expected = line.split(b'\t')
            checked += 1
            try:
                got = form(canonical(type_name.decode(), carrier(kind.decode(), unescape(data))))
            except Defect:
                got = None
            wanted = None if expected.startswith(b'!') else bytes.fromhex(expected.decode())
            if got != wanted:
                complain(f'{path}:{number}: {got.hex() if got is not None else "a defect"}, '
                         f'the vector says {expected.decode()}')
            if ascending:
                if previous is not None and not previous < got:
                    complain(f'{path}:{number}: key not above the one before')
                previous = got
    return checked


def check_row_forms(path, complain):
    checked = 0
    with open(path, 'rb') as file:
        for number, line in enumerate(file, 1):
            line = line.rstrip(b'\n')
            if line.startswith(b'#'):
                continue
            spec, expected = line.split(b'\t')
            columns = [unescape(part).rsplit(b':', 2) for part in spec.split(b',') if part]
            checked += 1
            try:
                got = row_form([(n, t.decode(), int(p)) for n, t, p in columns]).hex()
            except Defect:
                got = '!'
            if got != expected.decode()[:len(got)]:
                complain(f'{path}:{number}: {got}, the vector says {expected.decode()}')
    return checked


def check_vectors(folder):
    problems = []
    counts = {'cells': check_values(os.path.join(folder, 'canon-cells.tsv'), cell_of, problems.append),
              'keys': check_values(os.path.join(folder, 'canon-keys.tsv'), key_of, problems.append),
              'row forms': check_row_forms(os.path.join(folder, 'canon-rowform.tsv'), problems.append)}
    for problem in problems:
        print(problem)
    print(', '.join(f'{n} {what}' for what, n in counts.items()) + f': {len(problems)} differ')
    return 1 if problems or not all(counts.values()) else 0


def main(args):
    if args[:1] == ['--vectors']:
        here = os.path.dirname(os.path.abspath(__file__))
        return check_vectors(args[1] if len(args) > 1 else os.path.join(here, '..', 'vectors'))
    if args[:1] == ['--sums']:
        import oracle_sums  # it imports this module
        return oracle_sums.main(args[1:])
    if args[:1] in (['-h'], ['--help']):
        print(__doc__)
        return 0
    try:
        return filter_lines(args)
    except Malformed as problem:
        print(f'assay_oracle.py: {problem}', file=sys.stderr)
        return 2


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
