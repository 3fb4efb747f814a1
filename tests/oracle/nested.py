"""Lists, structs and maps: reading under a shape, and their cells (sections 1, 4 and 5).

A nested value that was read is (tag, cell, number of values in it, what it was made from); a scalar one is as in cells.py.
"""
import re
import struct

from scalars import I32, MAX_BYTES, MAX_NESTING, TEXT_KINDS, Defect, within
from cells import JSON_NUMBER, READ, Json, cell_of
from shapes import NESTED

MAX_VALUES = 4_194_304


# ---- Cells ---------------------------------------------------------------------------------------------------------

def nested(head, parts, values, source):
    """The value of a list, struct or map: its head, the bytes behind that, the values whose cells are in them."""
    cell = head + b''.join(parts)
    count = 1 + sum(v[2] if v is not None and v[0] in '[{M' else 1 for v in values)
    if len(cell) > MAX_BYTES or count > MAX_VALUES:
        raise Defect('a nested value over the limits')
    return (chr(head[-5]), cell, count, source)


def list_value(elements, lower=1):
    within(lower, I32, 'lower bound')
    bound = b'(' + struct.pack('>i', lower) if elements and lower != 1 else b''
    return nested(bound + b'[' + struct.pack('>I', len(elements)), [cell_of(e) for e in elements], elements,
                  elements)


def struct_value(fields):
    """fields: {name: value}; absent ones are not in it."""
    parts = [struct.pack('>I', len(name)) + name + cell_of(fields[name]) for name in sorted(fields)]
    return nested(b'{' + struct.pack('>I', len(fields)), parts, fields.values(), fields)


def map_value(entries):
    """entries: [(key, value)]."""
    cells = sorted((cell_of(k), cell_of(v)) for k, v in entries)
    if any(k is None for k, _ in entries) or len({k for k, _ in cells}) != len(cells):
        raise Defect('a NULL key, or a key that stands twice')
    return nested(b'M' + struct.pack('>I', len(cells)), [k + v for k, v in cells], [x for e in entries for x in e],
                  entries)


def drop_bounds(v):
    """The same value, every list in it without its lower bound."""
    if v is None or v[0] not in '[{M':
        return v
    if v[0] == '[':
        return list_value([drop_bounds(e) for e in v[3]])
    if v[0] == '{':
        return struct_value({name: drop_bounds(value) for name, value in v[3].items()})
    return map_value([(key, drop_bounds(value)) for key, value in v[3]])


def fill(shape, v):
    """The same value, every field that a struct in it lacks NULL."""
    if v is None or v[0] not in '[{M':
        return v
    if v[0] == '[':
        made = v[1][:1] == b'('
        return list_value([fill(shape.parts[0], e) for e in v[3]], struct.unpack('>i', v[1][1:5])[0] if made else 1)
    if v[0] == '{':
        return struct_value({name: fill(part, v[3].get(name)) for name, part in zip(shape.names, shape.parts)})
    return map_value([(key, fill(shape.parts[1], value)) for key, value in v[3]])


# ---- Reading -------------------------------------------------------------------------------------------------------

def read(shape, v):
    """What a reader delivered, under a shape; None is NULL."""
    if v[0] == 'null':
        return None
    if v[0] in ('bad', 'absent'):
        raise Defect('undecodable')
    if shape.kind in NESTED:
        return read_nested(shape, v)
    if v[0] == 'string':
        if shape.kind == 'json':
            raise Defect('its text or itself?')
        v = ('lexeme', v[1])
    return READ[shape.kind](v)


def read_nested(shape, v):
    if v[0] == shape.kind:
        return {'list': read_list, 'struct': read_struct, 'map': read_map}[v[0]](shape, v)
    if v[0] == 'json' or (v[0] in TEXT_KINDS and is_json(shape.kind, v[1])):
        return NestedJson(v[1]).whole(shape)
    if v[0] not in TEXT_KINDS:
        raise Defect(f'not a {shape.kind}')
    return {'list': read_array, 'struct': read_row, 'map': read_hstore}[shape.kind](shape, v[1])


def read_list(shape, v):
    return list_value([read(shape.parts[0], e) for e in v[1]], v[2])


def field_of(shape, name, fields):
    """The shape of a field, which must be one of the struct's and not yet among the fields read."""
    if name not in shape.names or name in fields:
        raise Defect('a field that the shape does not have, or that stands twice')
    return shape.parts[shape.names.index(name)]


def read_struct(shape, v):
    fields = {}
    for name, value in v[1]:
        if name[0] != 'text':
            raise Defect('a name that is not text')
        part = field_of(shape, name[1], fields)
        fields[name[1]] = read(part, value)
    return struct_value(fields)


def read_map(shape, v):
    return map_value([(read(shape.parts[0], k), read(shape.parts[1], value)) for k, value in v[1]])


JSON_SPACE = b' \t\n\r'
BOUNDED = re.compile(rb'\[[+-]?[0-9]+:')


def is_json(kind, text):
    text = text.lstrip(JSON_SPACE)
    if kind == 'list':
        return text[:1] == b'[' and not BOUNDED.match(text)
    return text[:1] == b'{'


# ---- PostgreSQL's text ---------------------------------------------------------------------------------------------

BOUND = re.compile(rb'\[([+-]?[0-9]{1,10}):([+-]?[0-9]{1,10})\]')
BARE = re.compile(rb'[^"\\{}, \t\n\v\f\r]+')
QUOTED = re.compile(rb'"((?:[^"\\]|\\.)*)"', re.DOTALL)
ROW_QUOTED = re.compile(rb'"((?:[^"\\]|\\.|"")*)"', re.DOTALL)
ROW_BARE = re.compile(rb'[^"\\(), \t\n\v\f\r]+')
NULL = re.compile(rb'null', re.IGNORECASE)
COMMA = re.compile(rb', *')


def unescaped(text):
    return re.sub(rb'\\(.)', rb'\1', text, flags=re.DOTALL)


class Scan:
    def __init__(self, text):
        self.text, self.at = text, 0

    def match(self, pattern):
        m = pattern.match(self.text, self.at)
        self.at = m.end() if m else self.at
        return m

    def take(self, token):
        found = self.text.startswith(token, self.at)
        self.at += len(token) if found else 0
        return found

    def need(self, token):
        if not self.take(token):
            raise Defect('not in a form of PostgreSQL')

    def end(self):
        if self.at != len(self.text):
            raise Defect('more behind the value')


def read_array(shape, text):
    scan, bounds = Scan(text), []
    while (m := scan.match(BOUND)):
        lower, upper = (within(int(x), I32, 'bound') for x in m.groups())
        if upper < lower:
            raise Defect('a bound below the lower one')
        bounds.append((lower, upper))
    if bounds:
        scan.need(b'=')
    value = read_braces(shape, scan, bounds)
    scan.end()
    return value


def read_braces(shape, scan, bounds):
    """The bounds are those of this level and the ones below it; without any, nothing is said about the lists."""
    if shape.kind != 'list':
        raise Defect('an array in place of another type')
    scan.need(b'{')
    elements = []
    if not scan.take(b'}'):
        while True:
            elements.append(read_element(shape.parts[0], scan, bounds))
            if scan.take(b'}'):
                break
            scan.need(b',')
    if bounds and len(elements) != bounds[0][1] - bounds[0][0] + 1:
        raise Defect('another number of elements than the bounds say')
    return list_value(elements, bounds[0][0] if bounds else 1)


def read_element(shape, scan, bounds):
    is_list = scan.text[scan.at:scan.at + 1] == b'{'
    if bounds and is_list != (len(bounds) > 1):
        raise Defect('other dimensions than the bounds say')
    if is_list:
        return read_braces(shape, scan, bounds[1:])
    m = scan.match(QUOTED)
    if m:
        return read(shape, ('lexeme', unescaped(m[1])))
    m = scan.match(BARE)
    if not m:
        raise Defect('not an element')
    return None if NULL.fullmatch(m[0]) else read(shape, ('lexeme', m[0]))


def read_row(shape, text):
    scan, columns = Scan(text), []
    scan.need(b'(')
    while True:
        m = scan.match(ROW_QUOTED)
        if m:
            columns.append(re.sub(rb'\\(.)|""', lambda x: x[1] or b'"', m[1], flags=re.DOTALL))
        else:
            m = scan.match(ROW_BARE)
            columns.append(m[0] if m else None)
        if scan.take(b')'):
            break
        scan.need(b',')
    scan.end()
    if columns == [None] and not shape.parts:
        columns = []
    if len(columns) != len(shape.parts):
        raise Defect('another number of columns')
    return struct_value({name: None if column is None else read(part, ('lexeme', column))
                         for name, part, column in zip(shape.names, shape.parts, columns)})


def read_hstore(shape, text):
    scan, entries = Scan(text), []
    if text:
        while True:
            key = scan.match(QUOTED)
            if not key:
                raise Defect('not a key of hstore')
            scan.need(b'=>')
            value = scan.match(QUOTED)
            if not value and not scan.match(NULL):
                raise Defect('not a value of hstore')
            entries.append((read(shape.parts[0], ('lexeme', unescaped(key[1]))),
                            read(shape.parts[1], ('lexeme', unescaped(value[1]))) if value else None))
            if not scan.match(COMMA):
                break
        scan.end()
    return map_value(entries)


# ---- JSON ----------------------------------------------------------------------------------------------------------

JSON_NUMERAL = re.compile(JSON_NUMBER.pattern + rb'|NaN|-?Infinity')


class NestedJson(Json):
    """JSON under a shape. The tree of cells that Json makes is used only to check what is taken as text."""

    def whole(self, shape):
        self.space()
        if self.text[self.at:self.at + 1] not in (b'[', b'{'):
            raise Defect('neither an array nor an object')
        value = self.read(shape, 0)
        self.space()
        if self.at != len(self.text):
            raise Defect('more after the JSON value')
        return value

    def number(self):
        m = JSON_NUMERAL.match(self.text, self.at)
        if not m:
            raise Defect('not JSON')
        self.at = m.end()
        return b''

    def read(self, shape, depth):
        self.space()
        start, head = self.at, self.text[self.at:self.at + 1]
        if head in (b'[', b'{') and shape.kind in NESTED:
            if depth >= MAX_NESTING or (head == b'[') != (shape.kind == 'list'):
                raise Defect('nested too deeply, or an array in place of an object, or the reverse')
            self.at += 1
            return {'list': self.read_list, 'struct': self.read_struct, 'map': self.read_map}[shape.kind](
                shape, depth + 1)
        if head == b'"':
            return read(shape, ('string', self.string()))
        self.value(depth)
        text = self.text[start:self.at]
        if text == b'null':
            return None
        if text in (b'true', b'false') and shape.kind != 'json':
            return read(shape, ('bool', text == b'true'))
        return read(shape, ('lexeme', text))

    def read_list(self, shape, depth):
        elements = []
        self.each(b']', lambda: elements.append(self.read(shape.parts[0], depth)))
        return list_value(elements)

    def read_struct(self, shape, depth):
        fields = {}

        def member(name):
            part = field_of(shape, name, fields)
            fields[name] = self.read(part, depth)
        self.each(b'}', lambda: member(self.name()))
        return struct_value(fields)

    def read_map(self, shape, depth):
        entries = []

        def entry(name):
            entries.append((read(shape.parts[0], ('lexeme', name)), self.read(shape.parts[1], depth)))
        self.each(b'}', lambda: entry(self.name()))
        return map_value(entries)

    def name(self):
        self.space()
        name = self.string()
        self.space()
        self.need(b':')
        return name

    def each(self, close, one):
        self.space()
        if self.take(close):
            return
        while True:
            one()
            self.space()
            if self.take(close):
                return
            self.need(b',')
