"""Reading under a type, cells, key bytes, row form and row bytes (sections 1 to 5)."""
import hashlib
import math
import re
import struct
import sys

from scalars import (
    DAY_NS, DECIMAL_KINDS, I32, I64, MAX_BYTES, MAX_NESTING, TAGS, TEXT_KINDS, TIME, TIMETZ, Defect, clock_ns,
    decimal_of, from_int, limited, nearest_binary32, offset_seconds, parse_date, parse_decimal, parse_float,
    parse_interval, parse_stamp, to_binary32, to_binary64, within)
from shapes import form_of, parse_shape

sys.setrecursionlimit(10000)

# ---- Cells, keys, rows ---------------------------------------------------------------------------------------------

def counted(tag, data):
    return tag + struct.pack('>I', len(data)) + data


def cell_of(v):
    """The cell of a value that was read; None is NULL."""
    if v is None:
        return b'\0'
    tag = v[0].encode()
    if v[0] in '[{M':  # nested.py wrote it
        return v[1]
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
        body += struct.pack('>H', len(name)) + name + form_of(parse_shape(type_name.encode())) + struct.pack(
            '>H', position)
    return hashlib.sha256(body).digest()


def row_bytes(form, cells):
    row = form[:8] + struct.pack('>H', len(cells)) + b''.join(cells)
    if len(row) > MAX_BYTES:
        raise Defect('row over 64 MiB')
    return row


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
        return self.number()

    def number(self):
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
    if v[0] == 'bool':
        v = ('json', b'true' if v[1] else b'false')
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
