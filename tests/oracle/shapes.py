"""Shapes: their spelling, as printed, and their form in the row form (sections 2 and 2a)."""
import re
import struct

from scalars import TAGS, Defect

NESTED = ('list', 'struct', 'map')
MAX_DEPTH = 64
MAX_NODES = 4096
MAX_NAME = 1024
TOKEN = re.compile(rb' *(?:([<>,:])|([A-Za-z0-9_]+)|"((?:[^"]|"")*)") *')
BARE = re.compile(rb'[A-Za-z0-9_]+')


class Shape:
    """kind: a name of a scalar, or list, struct, map; parts: the shapes inside; names: those of a struct's fields."""

    def __init__(self, kind, parts=(), names=()):
        self.kind, self.parts, self.names = kind, list(parts), list(names)

    def depth(self):
        return 1 + max((p.depth() for p in self.parts), default=0)

    def nodes(self):
        return 1 + sum(p.nodes() for p in self.parts)


class Tokens:
    """Words are ('word', bytes), quoted names ('name', bytes), marks (the mark, None)."""

    def __init__(self, text):
        self.list, at = [], 0
        while at < len(text):
            m = TOKEN.match(text, at)
            if not m:
                raise Defect('not a shape')
            at = m.end()
            mark, word, name = m.groups()
            self.list.append((mark.decode(), None) if mark else ('word', word) if word else ('name', name.replace(b'""', b'"')))
        self.list.reverse()

    def next(self):
        return self.list.pop() if self.list else ('end', None)

    def need(self, mark):
        if self.next()[0] != mark:
            raise Defect('not a shape')

    def take(self, mark):
        if self.list and self.list[-1][0] == mark:
            self.list.pop()
            return True
        return False


def parse_name(tokens):
    kind, name = tokens.next()
    if kind not in ('word', 'name') or len(name) > MAX_NAME or b'\0' in name:
        raise Defect('not the name of a field')
    try:
        name.decode('utf-8', 'strict')
    except UnicodeDecodeError:
        raise Defect('a name that is not UTF-8') from None
    return name


def parse_fields(tokens):
    fields = {}
    if tokens.take('>'):
        return fields
    while True:
        name = parse_name(tokens)
        tokens.need(':')
        if name in fields:
            raise Defect('a name stands twice')
        fields[name] = parse_inner(tokens)
        if tokens.take('>'):
            return fields
        tokens.need(',')


def parse_inner(tokens):
    kind, word = tokens.next()
    word = word.decode() if kind == 'word' else ''
    if word in TAGS:
        return Shape(word)
    if word not in NESTED:
        raise Defect('no such type')
    tokens.need('<')
    if word == 'struct':
        fields = parse_fields(tokens)
        return Shape(word, fields.values(), fields)
    parts = [parse_inner(tokens)]
    if word == 'map':
        if parts[0].kind in NESTED + ('json',):
            raise Defect('such a shape cannot be a key')
        tokens.need(',')
        parts.append(parse_inner(tokens))
    tokens.need('>')
    return Shape(word, parts)


def parse_shape(text):
    """The shape that a text (bytes) spells; Defect when it spells none."""
    tokens = Tokens(text)
    shape = parse_inner(tokens)
    if tokens.next()[0] != 'end' or shape.depth() > MAX_DEPTH or shape.nodes() > MAX_NODES:
        raise Defect('not a shape, or too deep or large a one')
    return shape


def print_name(name):
    return name if BARE.fullmatch(name) else b'"' + name.replace(b'"', b'""') + b'"'


def print_shape(shape):
    if shape.kind not in NESTED:
        return shape.kind.encode()
    inner = [print_shape(p) for p in shape.parts]
    if shape.kind == 'struct':
        inner = [print_name(n) + b': ' + p for n, p in zip(shape.names, inner)]
    return shape.kind.encode() + b'<' + b', '.join(inner) + b'>'


def form_of(shape):
    """What stands for the type of a column in the row form."""
    forms = [form_of(p) for p in shape.parts]
    if shape.kind == 'struct':
        fields = sorted(zip(shape.names, forms))
        return b'{' + struct.pack('>I', len(fields)) + b''.join(
            struct.pack('>I', len(name)) + name + form for name, form in fields)
    return {'list': b'[', 'map': b'M'}.get(shape.kind, TAGS.get(shape.kind, '').encode()) + b''.join(forms)
