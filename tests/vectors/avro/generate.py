#!/usr/bin/env python3
"""Writes trees_*.avro with fastavro (made with 1.13.1), and trees.txt and trees.ndjson, the rows that are in them, from the
same Python values; nested.txt from nested.avro, as fastavro reads it.

    python3 generate.py     # rewrites them here
"""
import datetime
import json
import random
import struct
import uuid

import fastavro

R = random.Random(11)
NODE = {'type': 'record', 'name': 'point', 'fields': [
    {'name': 'x', 'type': 'double'},
    {'name': 'label', 'type': ['null', 'string']},
    {'name': 'tags', 'type': {'type': 'array', 'items': ['string', 'null']}}]}
FIELDS = [
    ('id', 'long'),
    ('words', {'type': 'array', 'items': 'string'}),
    ('maybe', ['null', {'type': 'array', 'items': ['null', 'int']}]),
    ('counts', {'type': 'map', 'values': ['long', 'null']}),
    ('point', NODE),
    ('far', ['point', 'null']),
    ('grid', {'type': 'array', 'items': {'type': 'array', 'items': {'type': 'map', 'values': 'point'}}}),
    ('stamps', {'type': 'array', 'items': {'type': 'long', 'logicalType': 'timestamp-micros'}}),
    ('ids', {'type': 'map', 'values': {'type': 'string', 'logicalType': 'uuid'}}),
    ('price', {'type': 'record', 'name': 'price', 'fields': [
        {'name': 'amount', 'type': {'type': 'bytes', 'logicalType': 'decimal', 'precision': 12, 'scale': 2}},
        {'name': 'span', 'type': {'type': 'fixed', 'name': 'span', 'size': 12, 'logicalType': 'duration'}}]}),
    ('mixed', ['null', 'string', 'long', 'boolean']),
    ('last', 'string'),
]


def text(s):
    out = b''.join(b'\\x%02x' % c if c < 0x20 or c == 0x5c else bytes([c]) for c in s.encode())
    return '"' + out.decode() + '"'


def word():
    return R.choice(['', 'a', 'beta', 'späte', 'tab\there', 'x' * 70])


def many(make, most=4):
    return [make() for _ in range(R.randint(0, most))]


def point():
    return {'x': R.choice([0.0, -0.0, 1e-20, 1.5]), 'label': R.choice([None, word()]),
            'tags': many(lambda: R.choice([None, word()]))}


def keyed(make):
    return {f'k{i}': make() for i in range(R.randint(0, 3))}


def row(i):
    return {
        'id': i * 7919, 'words': many(word), 'maybe': R.choice([None, many(lambda: R.choice([None, 5, -5]))]),
        'counts': keyed(lambda: R.choice([None, 2**62])), 'point': point(), 'far': R.choice([None, point()]),
        'grid': many(lambda: many(lambda: keyed(point), 2), 3), 'stamps': many(lambda: R.randint(-10**15, 10**15)),
        'ids': keyed(lambda: str(uuid.UUID(int=R.getrandbits(128)))),
        'price': {'amount': R.randint(-10**11, 10**11), 'span': [R.randint(0, 99) for _ in range(3)]},
        'mixed': R.choice([None, 'seven', 7, True]), 'last': f'end {i}',
    }


def show(v):
    if v is None:
        return 'null'
    if isinstance(v, bool):
        return str(v).lower()
    if isinstance(v, int):
        return str(v)
    if isinstance(v, float):
        return 'd' + struct.pack('>d', v).hex()
    if isinstance(v, str):
        return text(v)
    return '[' + ', '.join(map(show, v)) + ']'


def show_map(v, of):
    return '(' + ', '.join(f'{text(k)}: {of(x)}' for k, x in v.items()) + ')'


def show_record(v):
    return 'null' if v is None else '{' + ', '.join(f'{k}: {show(x)}' for k, x in v.items()) + '}'


def show_price(v):
    months, days, ms = v['span']
    return '{amount: %de-2, span: %dm%dd%d.%09ds}' % (v['amount'], months, days, ms // 1000, ms % 1000 * 10**6)


SHOW = {
    'counts': lambda v: show_map(v, show), 'point': show_record, 'far': show_record,
    'grid': lambda v: '[' + ', '.join('[' + ', '.join(show_map(m, show_record) for m in r) + ']' for r in v) + ']',
    'stamps': lambda v: '[' + ', '.join('%d.%09dZ' % (t // 10**6, t % 10**6 * 1000) for t in v) + ']',
    'ids': lambda v: show_map(v, lambda u: 'u' + u.replace('-', '')), 'price': show_price,
}


def stored(r):
    """The row as it is written: logical types as what they stand on, unions with their branch."""
    amount = r['price']['amount']
    tagged = {'point': lambda p: p and ('point', p)}
    return r | {
        'far': tagged['point'](r['far']),
        'price': {'amount': amount.to_bytes(8, 'big', signed=True), 'span': struct.pack('<3I', *r['price']['span'])},
    }


def iso(micros):
    return (datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=micros)).isoformat(sep=' ') + '+00'


def as_json(r):
    amount, (months, days, ms) = r['price']['amount'], r['price']['span']
    sign, cents = '-' * (amount < 0), abs(amount)
    price = {'amount': f'{sign}{cents // 100}.{cents % 100:02}', 'span': f'{months} mons {days} days 00:00:00.{ms:03}'}
    return json.dumps(r | {'stamps': [iso(t) for t in r['stamps']], 'price': price}, ensure_ascii=False)


def plain(kind):
    """The schema without logical types, for a writer that would convert."""
    if isinstance(kind, dict):
        return {k: plain(v) for k, v in kind.items() if k not in ('logicalType', 'precision', 'scale')}
    return [plain(k) for k in kind] if isinstance(kind, list) else kind


def main():
    rows = [row(i) for i in range(60)]
    fields = [{'name': n, 'type': t} for n, t in FIELDS]
    for codec in ('null', 'bzip2', 'xz'):
        schema = fastavro.parse_schema({'type': 'record', 'name': 'trees', 'fields': plain(fields)})
        with open(f'trees_{codec}.avro', 'wb') as out:
            fastavro.writer(out, schema, map(stored, rows), codec=codec, sync_interval=2000,
                            metadata={}, sync_marker=b'0123456789abcdef')
        annotate(f'trees_{codec}.avro', fields)
    with open('trees.txt', 'w', encoding='utf-8') as out:
        for r in rows:
            out.write('\t'.join(SHOW.get(n, show)(r[n]) for n, _ in FIELDS) + '\n')
    with open('trees.ndjson', 'w', encoding='utf-8') as out:
        out.writelines(as_json(r) + '\n' for r in rows)
    with open('nested.avro', 'rb') as f, open('nested.txt', 'w', encoding='utf-8') as out:
        for r in fastavro.reader(f):
            out.write('\t'.join(show(r[n]) for n in ('tags', 'a', 'z')) + '\n')


def varint(n):
    n, out = n << 1, b''
    while n > 127:
        n, out = n >> 7, out + bytes([n & 127 | 128])
    return out + bytes([n])


def annotate(path, fields):
    """Put the schema with its logical types into the header: the bytes of the rows are the same."""
    with open(path, 'rb') as f:
        data = f.read()
    key = varint(len('avro.schema')) + b'avro.schema'
    at = data.index(key) + len(key)
    size, shift, start = 0, 0, at
    while True:
        size |= (data[at] & 127) << shift
        shift += 7
        at += 1
        if data[at - 1] < 128:
            break
    size >>= 1
    schema = json.dumps({'type': 'record', 'name': 'trees', 'fields': fields}).encode()
    with open(path, 'wb') as f:
        f.write(data[:start] + varint(len(schema)) + schema + data[at + size:])


main()
