"""First spellings and rules (sections 6 and 7)."""
import base64
import binascii
import hashlib
import hmac
import math
import re
import unicodedata

from scalars import (
    DAY_NS, DECIMAL_KINDS, I32, I64, STAMP, TAGS, TEXT_KINDS, TIMETZ, Defect, Refused, civil, decimal_of, finite, float_of_special,
    from_int, interval, is_infinite_stamp, limited, nearest_binary32, parse_finite, parse_float, parse_stamp,
    pgnumeric_parts, shortest, shortest_decimal, stamp, to_binary32, to_binary64, within)
from nested import drop_bounds, fill, read
from shapes import NESTED, parse_shape
from cells import READ, read_date, read_interval, read_json, read_stamp, read_time, read_timetz, read_uuid

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


def show_number(n):
    """As show does: with an exponent when more than 40 digits would stand before or after the point."""
    digits, e = n[3] or '0', n[4] if n[3] else 0
    if max(len(digits) + e, -e) <= 40:
        return show_decimal(n)
    first = e + len(digits) - 1
    return f'{"-" if n[2] else ""}{digits[0]}{"." + digits[1:] if digits[1:] else ""}e{"-" if first < 0 else "+"}{abs(first)}'


def show_string(b):
    out = bytearray(b'"')
    for c in b:
        out += b'\\' + bytes([c]) if c in b'"\\' else b'\\u%04x' % c if c < 0x20 else bytes([c])
    return bytes(out) + b'"'


def show_json(tree, at):
    """The text of the node at `at` of a tree of cells, and where the next one begins."""
    def u32(i):
        return int.from_bytes(tree[i:i + 4], 'big')
    tag = tree[at:at + 1]
    if tag == b'\0':
        return b'null', at + 1
    if tag == b'L':
        return (b'true' if tree[at + 1] else b'false'), at + 2
    if tag == b'N':
        end = at + 10 + u32(at + 6)
        c, e = int.from_bytes(tree[at + 10:end], 'big', signed=True), int.from_bytes(tree[at + 2:at + 6], 'big', signed=True)
        return show_number(finite(c < 0, str(abs(c)) if c else '', e)).encode(), end
    if tag == b'T':
        end = at + 5 + u32(at + 1)
        return show_string(tree[at + 5:end]), end
    count, parts, at = u32(at + 1), [], at + 5
    for _ in range(count):
        name = b''
        if tag == b'{':
            end = at + 4 + u32(at)
            name, at = show_string(tree[at + 4:end]) + b':', end
        text, at = show_json(tree, at)
        parts.append(name + text)
    return (b'{%s}' if tag == b'{' else b'[%s]') % b','.join(parts), at


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
ANY = ALL + NESTED
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
    if (arg, type_name) in (('json', 'json'), ('json_string', 'json'), ('date', 'date'), ('float32', 'float32'), ('float32', 'float64'), ('float64', 'float64'), ('text', 'text')):
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
    if v[0] in ('f32', 'f64') and not math.isfinite(v[1]):
        return None if show_float(v[1], False).encode() == text else v
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


def clock_in_zone(v, offset):
    if v[0] != 'timetz' and not (v[0] in TEXT_KINDS and TIMETZ.fullmatch(v[1])):
        return v
    try:
        _, ns, own = read_timetz(v)
    except Defect:
        if v[0] == 'timetz':
            raise
        return v
    return ('time', (ns + (offset - own) * 10**9) % DAY_NS)


def as_date(v):
    if v[0] in TEXT_KINDS:
        if not any(pattern.fullmatch(v[1]) for pattern in STAMP):
            return v
        try:
            seconds, ns = parse_stamp(v[1], False)
        except Defect:
            return v
    elif v[0] == 'ts':
        _, seconds, ns = read_stamp(v, 'ts', '', False)
        if seconds in I64:
            return ('date', I32[0] if seconds < 0 else I32[1])
    else:
        return v
    if ns or seconds % 86400:
        raise Defect('not midnight')
    return ('date', within(seconds // 86400, (I32[0] + 1, I32[1] - 1), 'date'))


def rule_timezone(v, offset, type_name):
    if type_name == 'time':
        return clock_in_zone(v, offset)
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


def as_json(v):
    if v[0] in TEXT_KINDS + ('bytes',):
        return ('text', v[1])
    if v[0] in ('f32', 'f64') and not math.isfinite(v[1]):
        raise Defect('no number of JSON')
    if v[0] in ('bool', 'int', 'uint', 'dec', 'decbytes', 'decdigits', 'pgnumeric', 'f32', 'f64'):
        return ('text', show_value(v).encode())
    return v


def as_json_string(v):
    if v[0] != 'string':
        return v
    escaped = re.sub(rb'[\x00-\x1f"\\]', lambda m: b'\\u%04x' % m[0][0], v[1])
    return ('text', b'"' + escaped + b'"')


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
    if target[0] == 'json':
        return as_json(v)
    if target[0] == 'json_string':
        return as_json_string(v)
    if target[0] == 'date':
        return as_date(v)
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


CHARSETS = {'windows-1252': 'cp1252', 'iso-8859-1': 'latin-1', 'iso-8859-2': 'iso8859-2', 'iso-8859-15': 'iso8859-15',
            'windows-1250': 'cp1250', 'windows-1251': 'cp1251', 'windows-1253': 'cp1253', 'windows-1254': 'cp1254',
            'windows-1257': 'cp1257', 'ibm437': 'cp437', 'ibm850': 'cp850', 'koi8-r': 'koi8-r',
            'macintosh': 'mac-roman'}


def charset(arg, type_name):
    if type_name == 'bytes':
        if arg not in SPELLINGS:
            raise Refused('no such spelling')
        return SPELLINGS[arg]
    name = (arg or '').removeprefix('utf-8-as-')
    if name not in CHARSETS:
        raise Refused('no such character set')
    return CHARSETS[name], name != arg


def byte_read_as(character, codec):
    try:
        return character.encode(codec)
    except UnicodeEncodeError:
        pass
    try:
        byte = character.encode('latin-1')
    except UnicodeEncodeError:
        raise Defect('no byte was read as this') from None
    try:
        byte.decode(codec)
    except UnicodeDecodeError:
        if 0x80 <= byte[0] < 0xa0:
            return byte
    raise Defect('no byte was read as this')


def from_hex(text):
    return bytes.fromhex(text.decode()) if re.fullmatch(b'([0-9A-Fa-f]{2})*', text) else None


def from_base64(text):
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error:
        return None
    return data if base64.b64encode(data) == text else None


def from_escapes(text):
    if not re.fullmatch(rb'(\\x[0-9A-Fa-f]{2}|[ -\[\]-~])*', text):
        return None
    return re.sub(rb'\\x(..)', lambda m: bytes.fromhex(m[1].decode()), text)


SPELLINGS = {'hex': from_hex, 'base64': from_base64, 'escapes': from_escapes}


def rule_spelled(v, decode):
    if v[0] not in TEXT_KINDS:
        return v
    data = decode(v[1])
    if data is None:
        raise Defect('not bytes in this spelling')
    return ('bytes', data)


def rule_encoding(v, arg, _type):
    if callable(arg):
        return rule_spelled(v, arg)
    codec, misread = arg
    if v[0] not in TEXT_KINDS and (misread or v[0] != 'bytes'):
        return v
    kind = 'text' if v[0] == 'bytes' else v[0]
    try:
        if not misread:
            return (kind, v[1].decode(codec).encode())
        data = b''.join(byte_read_as(c, codec) for c in v[1].decode())
        data.decode()
        return (kind, data)
    except UnicodeDecodeError:
        raise Defect('not of this encoding') from None


def unicode_version(arg, _type):
    if arg not in (None, '', unicodedata.unidata_version):
        raise Refused('another Unicode')


def rule_nfc(v, _arg, _type):
    try:
        return ('T', unicodedata.normalize('NFC', v[1].decode()).encode())
    except UnicodeDecodeError:
        raise Defect('invalid UTF-8') from None


def rule_json(v, _arg, _type):
    try:
        tree = read_json(('text', v[1]))[1]
    except Defect:
        return v
    return ('T', show_json(tree, 0)[0])


def rule_justify(v, _arg, _type):
    total = (v[1] * 30 + v[2]) * DAY_NS + v[3]
    sign = -1 if total < 0 else 1
    months, rest = divmod(abs(total), 30 * DAY_NS)
    return interval(sign * months, sign * (rest // DAY_NS), sign * (rest % DAY_NS))


def mask_key(arg, _type):
    if not arg or not 16 <= len(arg.encode()) <= 65536:
        raise Refused('no key')
    return arg.encode()


def rule_mask(v, key, _type):
    return ('T', hmac.new(key, v[1], hashlib.sha256).hexdigest().encode())


# name: (types, argument, early, late); early of what the reader delivered, late of what was read.
RULES = {
    'rtrim': (TRIMMED, no_argument, on_text(lambda b: b.rstrip(b' ')), None),
    'trim': (TRIMMED, no_argument, on_text(lambda b: b.strip(b' \t\n\r')), None),
    'null_if': (ANY, any_text, rule_null_if, None),
    'encoding': (('text', 'json', 'bytes'), charset, rule_encoding, None),
    'absent': (ANY, one_of('null'), lambda v, _a, _t: None if v[0] == 'absent' else v, None),
    'constant': (ANY, any_text, lambda v, arg, _t: ('lexeme', arg) if v[0] == 'absent' else v, None),
    'boolean': (('boolean',), word_lists, rule_boolean, None),
    'epoch': (('date', 'timestamp', 'timestamptz'), one_of('s', 'ms', 'us', 'ns', 'julian'), rule_epoch, None),
    'timezone': (('time', 'timestamp', 'timestamptz'), zone, rule_timezone, None),
    'as': (ALL, as_argument, rule_as, None),
    'truncate': (CLOCKS, one_of('s', 'ms', 'us'), None, rule_truncate),
    'round': (CLOCKS + ('decimal',), round_argument, None, rule_round),
    'digits': (FLOATS, number_in(1, 17), None, rule_digits),
    'fold_zero': (FLOATS, no_argument, None, lambda v, _a, _t: ('F', 0.0) if v[1] == 0 else v),
    'case': (('text',), one_of('lower', 'upper'), None, rule_case),
    'newline': (('text',), one_of('lf'), None,
                lambda v, _a, _t: ('T', v[1].replace(b'\r\n', b'\n').replace(b'\r', b'\n'))),
    'nfc': (('text',), unicode_version, None, rule_nfc),
    'json': (('text',), no_argument, None, rule_json),
    'justify': (('interval',), no_argument, None, rule_justify),
    'drop_bounds': (NESTED, no_argument, None, lambda v, _a, _t: drop_bounds(v)),
    'mask': (('text',), mask_key, None, rule_mask),
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
        blind = name not in ('absent', 'constant')
        (early if first else late).append(
            lambda v, step=step, bound=bound, blind=blind: v if blind and v[0] == 'absent' else step(v, bound, type_name))
    return early, late


def canonical(type_name, value, rules=()):
    """Early rules, reading, late rules: the value as it was read, None for NULL; Defect when it has no cell."""
    shape = parse_shape(type_name.encode())
    early, late = bind_rules(rules, shape.kind)
    for step in early:
        value = step(value) if value[0] != 'null' else value
        if value is None:
            value = ('null',)
    value = read(shape, value)
    if value is None:
        return None
    if shape.kind in NESTED and any(name == 'absent' for name, _ in rules):
        value = fill(shape, value)
    for step in late:
        value = step(value)
    return value
