"""Random lists, structs and maps, and corner cases of their texts, for differential.py."""
import functools
import random
import re

import corners
import corners_nested
import random_values
from nested import BARE, ROW_BARE, read
from random_values import NATIVE, TEXT_OF
from scalars import TAGS, Defect
from shapes import BARE as BARE_NAME
from shapes import NESTED, Shape, parse_shape

NAMES = [b'a', b'b', b'ab', b'c', b'1', b'list', b'', b'b c', b'q"q', b'NULL', 'é'.encode(), b'a>b,c:d', b'{']
KEYS = [t for t in TAGS if t != 'json']
NOISE = b'{}[]()",\\:=> \t\r\x0b\x0c\nNUL01\xff\0-+.eE'
COUNTS = (0, 1, 1, 2, 2, 3)  # of elements among carriers: the driver has room for few


# ---- Shapes --------------------------------------------------------------------------------------------------------

def random_shape(rng, depth=3):
    kind = rng.choice(NESTED) if depth == 3 or (depth > 0 and rng.random() < .4) else rng.choice(list(TAGS))
    if kind == 'list':
        return Shape(kind, [random_shape(rng, depth - 1)])
    if kind == 'map':
        return Shape(kind, [Shape(rng.choice(KEYS)), random_shape(rng, depth - 1)])
    if kind == 'struct':
        names = rng.sample(NAMES, rng.choice((0, 1, 1, 2, 2, 3, 4)))
        return Shape(kind, [random_shape(rng, depth - 1) for _ in names], names)
    return Shape(kind)


def spell(rng, shape):
    blank = lambda: rng.choice(('', '', '', ' ', '  '))
    if shape.kind not in NESTED:
        return shape.kind
    parts = [spell(rng, p) for p in shape.parts]
    if shape.kind == 'struct':
        quoted = ['"' + n.decode().replace('"', '""') + '"' for n in shape.names]
        names = [n.decode() if BARE_NAME.fullmatch(n) and rng.random() < .8 else q
                 for n, q in zip(shape.names, quoted)]
        parts = [n + blank() + ':' + blank() + p for n, p in zip(names, parts)]
    comma = blank() + ',' + blank()
    return shape.kind + blank() + '<' + blank() + comma.join(parts) + blank() + '>'


# ---- Texts ---------------------------------------------------------------------------------------------------------

@functools.cache
def readable(type_name):
    """Texts that the type accepts: of others alone, hardly any list would be accepted."""
    rng, found = random.Random(type_name), []
    candidates = [t for t in corners.LEXEMES.get(type_name, ()) if len(t) < 60]
    candidates += [random_values.random_text(rng, type_name)[:200] for _ in range(150)]
    for text in candidates:
        try:
            read(Shape(type_name), ('lexeme', text))
            found.append(text)
        except Defect:
            pass
    return found


def scalar_text(rng, type_name):
    if rng.random() < .03:
        return random_values.random_text(rng, type_name)
    return rng.choice(readable(type_name))


def escaped(rng, text, both=False):
    """Between two quotes of an array, a row (both: with doubled quotes too) or hstore."""
    out = bytearray()
    for byte in text:
        if byte in b'"\\':
            out += bytes([byte, byte]) if both and rng.random() < .7 else b'\\' + bytes([byte])
        else:
            out += (b'\\' if rng.random() < .02 else b'') + bytes([byte])
    return b'"' + bytes(out) + b'"'


def element(rng, text):
    """An element of an array that is this text, or nearly."""
    plain = BARE.fullmatch(text) and text.lower() != b'null'
    return text if (plain and rng.random() < .6) or rng.random() < .005 else escaped(rng, text)


def nested_text(rng, shape):
    """In one of PostgreSQL's forms, or JSON."""
    if shape.kind not in NESTED:
        return scalar_text(rng, shape.kind)
    if rng.random() < .3:
        return json_of(rng, shape)
    return {'list': array_text, 'struct': row_text, 'map': hstore_text}[shape.kind](rng, shape)


def braces(rng, shape, sizes, free):
    """sizes: of the lists on each level that bounds speak of; free: whether lists may be NULL and of any size."""
    part, parts = shape.parts[0], []
    for _ in range(sizes[0]):
        if part.kind == 'list' and len(sizes) > 1:
            parts.append(braces(rng, part, sizes[1:], False))
        elif rng.random() < .12:
            parts.append(rng.choice((b'NULL', b'null', b'Null')))
        elif part.kind == 'list' and free and rng.random() < .8:
            parts.append(braces(rng, part, [rng.choice((0, 1, 2, 3))], True))
        else:
            parts.append(element(rng, nested_text(rng, part)))
    return b'{' + b','.join(parts) + b'}'


def array_text(rng, shape):
    if rng.random() < .7:
        return braces(rng, shape, [rng.choice((0, 1, 1, 2, 3, 5))], True)
    sizes, part = [rng.choice((1, 2, 3))], shape.parts[0]
    while part.kind == 'list' and rng.random() < .9:
        sizes.append(rng.choice((1, 1, 2)))
        part = part.parts[0]
    bounds = b''
    for size in sizes:
        low = rng.choice((0, 1, 2, -1, -5, 100, rng.randrange(-2**31, 2**31 - 8), 2**31 - 1, -2**31))
        high = low + size - 1 + rng.choice((0,) * 12 + (1, -1))
        bounds += b'[' + rng.choice((b'', b'', b'', b'+')) + b'%d:%d]' % (low, high)
    return bounds + b'=' + braces(rng, shape, sizes, False)


def row_text(rng, shape):
    columns = []
    for part in shape.parts:
        if rng.random() < .15:
            columns.append(b'')
            continue
        text = nested_text(rng, part)
        bare = ROW_BARE.fullmatch(text) and rng.random() < .6
        columns.append(text if bare else escaped(rng, text, True))
    if rng.random() < .03:
        columns.append(b'1')
    return b'(' + b','.join(columns) + b')'


def hstore_text(rng, shape):
    entries = []
    for _ in range(rng.choice((0, 1, 1, 2, 3))):
        value = rng.choice((b'NULL', b'null')) if rng.random() < .12 else escaped(rng, nested_text(rng, shape.parts[1]))
        entries.append(escaped(rng, scalar_text(rng, shape.parts[0].kind)) + b'=>' + value)
    if entries and rng.random() < .05:
        entries.append(rng.choice(entries))
    return rng.choice((b', ', b',', b',  ')).join(entries)


# ---- JSON ----------------------------------------------------------------------------------------------------------

NUMBER = re.compile(rb'-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?')


def json_quoted(rng, text):
    out = []
    for c in text.decode('utf-8', 'surrogateescape'):
        units = c.encode('utf-16-be', 'surrogatepass')
        if c in '"\\':
            out.append(('\\' + c).encode())
        elif c < ' ' or (rng.random() < .03 and not '\udc80' <= c <= '\udcff'):
            out.append(b''.join(b'\\u%04x' % int.from_bytes(units[i:i + 2], 'big') for i in range(0, len(units), 2)))
        else:
            out.append(c.encode('utf-8', 'surrogateescape'))
    return b'"' + b''.join(out) + b'"'


def json_scalar(rng, type_name):
    pick = rng.random()
    if type_name == 'json':
        return rng.choice(readable('json')) if pick < .97 else json_quoted(rng, scalar_text(rng, 'json'))
    if type_name == 'text' and pick < .3:
        return rng.choice((b'1', b'1.50', b'-0', b'1e400', b'NaN', b'-Infinity', b'[1, 2]', b'{"a" :1}', b'[]', b'{}',
                           random_values.json_text(rng).encode()))
    if pick < .02:
        return rng.choice((b'NaN', b'Infinity', b'-Infinity', b'true', b'false', b'0', b'[]', b'{}'))
    text = scalar_text(rng, type_name)
    if type_name == 'boolean' and pick < .7:
        return rng.choice((b'true', b'false'))
    return text if NUMBER.fullmatch(text) and pick < .7 else json_quoted(rng, text)


def json_part(rng, shape):
    if rng.random() < .1:
        return b'null'
    if shape.kind not in NESTED:
        return json_scalar(rng, shape.kind)
    return json_quoted(rng, nested_text(rng, shape)) if rng.random() < .15 else json_of(rng, shape)


def json_of(rng, shape):
    gap = lambda: rng.choice((b'', b'', b'', b'', b' ', b'\n', b'\t\r '))
    comma = gap() + b',' + gap()
    if shape.kind == 'list':
        parts = [json_part(rng, shape.parts[0]) for _ in range(rng.choice((0, 1, 2, 3)))]
        return gap() + b'[' + gap() + comma.join(parts) + gap() + b']' + gap()
    if shape.kind == 'map':
        members = [(scalar_text(rng, shape.parts[0].kind), json_part(rng, shape.parts[1]))
                   for _ in range(rng.choice((0, 1, 2, 3)))]
    else:
        members = [(n, json_part(rng, p)) for n, p in zip(shape.names, shape.parts) if rng.random() < .85]
        rng.shuffle(members)
        if rng.random() < .03:
            members.append((rng.choice(NAMES), rng.choice((b'null', b'1', b'[]'))))
    if members and rng.random() < .03:
        members.append(rng.choice(members))
    return gap() + b'{' + gap() + comma.join(
        json_quoted(rng, name) + gap() + b':' + gap() + value for name, value in members) + gap() + b'}' + gap()


# ---- Carriers ------------------------------------------------------------------------------------------------------

def item(kind, data):
    return kind.encode() + b'=%d:' % len(data) + data


def some_value(rng, shape):
    """kind[:aux] and input bytes of a value for a shape; data of any kind in few of them."""
    pick = rng.random()
    if pick < .08:
        return 'null', b''
    if shape.kind in NESTED and pick < .75:
        return tree(rng, shape)
    if pick < .5 and shape.kind not in NESTED:
        return random_values.random_typed(rng, rng.choice(NATIVE[shape.kind]))
    if pick > .99:
        return random_values.random_typed(rng, rng.choice(random_values.KINDS))
    if shape.kind in NESTED and pick > .97:
        return 'json', json_of(rng, shape)
    return rng.choice(('lexeme', 'text', 'string') if shape.kind != 'json' else ('lexeme', 'json')), nested_text(
        rng, shape)


def tree(rng, shape):
    count = rng.choice(COUNTS)
    if shape.kind == 'list':
        low = rng.choice(('', '', '', ':0', ':1', ':-3', ':2147483647', ':-2147483648'))
        return 'list' + low, b''.join(item(*some_value(rng, shape.parts[0])) for _ in range(count))
    if shape.kind == 'map':
        return 'map', b''.join(item('lexeme', scalar_text(rng, shape.parts[0].kind)) +
                               item(*some_value(rng, shape.parts[1])) for _ in range(count))
    fields = [item('text', n) + item(*some_value(rng, p)) for n, p in zip(shape.names, shape.parts)
              if rng.random() < .85]
    if rng.random() < .05:
        fields.append(item('text', rng.choice(NAMES)) + item('null', b''))
    rng.shuffle(fields)
    return 'struct', b''.join(fields)


# ---- Lines ---------------------------------------------------------------------------------------------------------

def random_line(rng, shape, spelling):
    if rng.random() < .2:
        return (spelling, *tree(rng, shape))
    data = nested_text(rng, shape)
    if rng.random() < .25:
        data = random_values.mutate(rng, data, NOISE)
    kind = 'json' if rng.random() < .05 else rng.choice(('lexeme', 'lexeme', 'text', 'string'))
    return spelling, kind, data


def corner_lines():
    lines = [(s, 'lexeme', t) for s in corners_nested.SHAPES for t in corners_nested.NESTED_TEXTS]
    return lines + [(s, 'json', t.encode()) for s in corners_nested.SHAPES[::3] for t in corners_nested.JSONS]


def nested_lines(rng, count):
    lines = corner_lines()
    lines = lines if len(lines) <= 2 * count else rng.sample(lines, 2 * count)
    for _ in range(count):
        shape = random_shape(rng)
        lines.append(random_line(rng, shape, spell(rng, shape)))
    return lines


def line_under(rng, spelling):
    return random_line(rng, parse_shape(spelling.encode()), spelling)
