#!/usr/bin/env python3
"""Writes the nested Parquet fixtures of this folder with pyarrow (made with 26.0.1), each with its expected rows, in the text form
of generate.py; lists are [a, b], structs {name: a}, maps (key: value). And two encrypted files, under keys nobody needs.

    python3 generate_nested.py     # rewrites trees_*.parquet, trees.txt, encrypted_*.parquet here; trees_few holds the first 20 rows
"""
import base64
import datetime
import random

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe

from generate import f64, text

R = random.Random(23)
POINT = pa.struct([pa.field('x', pa.float64(), nullable=False), ('label', pa.string()), ('tags', pa.list_(pa.string()))])
SCHEMA = pa.schema([
    pa.field('id', pa.int64(), nullable=False),
    ('ints', pa.list_(pa.int32())),
    pa.field('full', pa.list_(pa.field('element', pa.int64(), nullable=False)), nullable=False),
    ('words', pa.list_(pa.string())),
    ('flags', pa.list_(pa.bool_())),
    ('deep', pa.list_(pa.list_(pa.list_(pa.int16())))),
    ('point', POINT),
    ('points', pa.list_(POINT)),
    ('counts', pa.map_(pa.string(), pa.int64())),
    ('groups', pa.map_(pa.int32(), pa.list_(pa.struct([('day', pa.date32()), ('price', pa.decimal128(20, 3))])))),
    ('outer', pa.struct([('inner', pa.struct([('stamp', pa.timestamp('us', 'UTC')), ('blob', pa.binary())])),
                         ('hash', pa.list_(pa.binary(6)))])),
    pa.field('last', pa.string()),
])
LABELS = ['', 'a', 'beta', 'späte', 'tab\there', 'x' * 90]


def maybe(make, odds=.25):
    return None if R.random() < odds else make()


def many(make, most=4):
    return [make() for _ in range(R.choice([0, 0, 1, 2, most, 3 * most]))]


def point():
    return {'x': R.choice([0.0, -0.0, 1e-20, 2.5]), 'label': maybe(lambda: R.choice(LABELS)),
            'tags': maybe(lambda: many(lambda: maybe(lambda: R.choice(LABELS))))}


def priced():
    return {'day': maybe(lambda: R.randint(-10**5, 10**5)), 'price': maybe(lambda: R.randint(-10**19, 10**19))}


def keyed(key, make):
    return [(key(k), make()) for k in range(R.randint(0, 3))]


def short():
    return many(lambda: maybe(lambda: R.randint(0, 99)))


def row(i):
    return {
        'id': i, 'ints': maybe(lambda: many(lambda: maybe(lambda: R.randint(-9, 9)))),
        'full': many(lambda: R.randint(-2**63, 2**63 - 1)), 'words': maybe(lambda: many(lambda: maybe(lambda: R.choice(LABELS)))),
        'flags': maybe(lambda: many(lambda: maybe(lambda: R.random() < .5), 9)),
        'deep': maybe(lambda: many(lambda: maybe(lambda: many(lambda: maybe(short), 2)), 2)),
        'point': maybe(point), 'points': maybe(lambda: many(lambda: maybe(point))),
        'counts': maybe(lambda: keyed(lambda k: f'k{k}', lambda: maybe(lambda: R.randint(0, 2**40)))),
        'groups': maybe(lambda: keyed(lambda k: k * 7, lambda: maybe(lambda: many(lambda: maybe(priced), 2)))),
        'outer': maybe(lambda: {
            'inner': maybe(lambda: {'stamp': maybe(lambda: R.randint(-10**15, 10**15)), 'blob': maybe(lambda: R.randbytes(R.randint(0, 5)))}),
            'hash': maybe(lambda: many(lambda: maybe(lambda: R.randbytes(6))))}),
        'last': maybe(lambda: f'end {i}'),
    }


def price(u):
    if -2**63 <= u < 2**63:
        return '%de-3' % u
    return '0x%se-3' % u.to_bytes(9, 'big', signed=True).hex()


def show(v, kind):
    if v is None:
        return 'null'
    if pa.types.is_map(kind):
        return '(' + ', '.join(f'{show(k, kind.key_type)}: {show(x, kind.item_type)}' for k, x in v) + ')'
    if pa.types.is_list(kind):
        return '[' + ', '.join(show(x, kind.value_type) for x in v) + ']'
    if pa.types.is_struct(kind):
        return '{' + ', '.join(f'{f.name}: {show(v[f.name], f.type)}' for f in kind) + '}'
    if pa.types.is_boolean(kind):
        return str(v).lower()
    if pa.types.is_float64(kind):
        return f64(v)
    if pa.types.is_string(kind):
        return text(v)
    if pa.types.is_decimal(kind):
        return price(v)
    if pa.types.is_timestamp(kind):
        return '%d.%09dZ' % (v // 10**6, v % 10**6 * 1000)
    return 'x' + v.hex() if isinstance(v, bytes) else str(v)


def native(v, kind):
    """The value as pyarrow takes it."""
    import decimal
    if v is None:
        return None
    if pa.types.is_map(kind):
        return [(k, native(x, kind.item_type)) for k, x in v]
    if pa.types.is_list(kind):
        return [native(x, kind.value_type) for x in v]
    if pa.types.is_struct(kind):
        return {f.name: native(v[f.name], f.type) for f in kind}
    if pa.types.is_decimal(kind):
        return decimal.Decimal(v).scaleb(-3)
    if pa.types.is_date(kind):
        return datetime.date(1970, 1, 1) + datetime.timedelta(days=v)
    if pa.types.is_timestamp(kind):
        return datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc) + datetime.timedelta(microseconds=v)
    return v


class Keys(pe.KmsClient):
    def __init__(self, _):
        pe.KmsClient.__init__(self)

    def wrap_key(self, key, name):
        return base64.b64encode(b'0123456789abcdef' + key)

    def unwrap_key(self, wrapped, name):
        return base64.b64decode(wrapped)[16:]


def encrypted(name, plain_footer):
    table = pa.table({'open': [1, 2], 'secret': [3, 4], 'tree': [{'a': 1, 'b': 'x'}, None]})
    config = pe.EncryptionConfiguration(footer_key='footer', column_keys={'column': ['secret', 'tree.b']},
                                        plaintext_footer=plain_footer)
    factory = pe.CryptoFactory(Keys)
    properties = factory.file_encryption_properties(pe.KmsConnectionConfig(), config)
    with pq.ParquetWriter(name, table.schema, encryption_properties=properties) as writer:
        writer.write_table(table)


def main():
    rows = [row(i) for i in range(120)]
    columns = [pa.array([native(r[f.name], f.type) for r in rows], f.type) for f in SCHEMA]
    table = pa.Table.from_arrays(columns, schema=SCHEMA)
    small = {'data_page_size': 100, 'row_group_size': 50, 'write_batch_size': 7, 'write_statistics': False, 'store_schema': False}
    pq.write_table(table, 'trees_v1.parquet', compression='none', use_dictionary=False, **small)
    pq.write_table(table, 'trees_v2.parquet', compression='zstd', data_page_version='2.0', **small)
    pq.write_table(table, 'trees_dictionary.parquet', compression='snappy', use_dictionary=True, use_compliant_nested_type=False,
                   write_page_checksum=True, **small)
    pq.write_table(table, 'trees_whole.parquet', compression='gzip', write_statistics=False, store_schema=False)
    with open('trees.txt', 'w', encoding='utf-8') as out:
        for r in rows:
            out.write('\t'.join(show(r[f.name], f.type) for f in SCHEMA) + '\n')
    few = {'compression': 'none', 'write_page_checksum': True, 'write_statistics': False, 'store_schema': False}
    pq.write_table(table.slice(0, 20), 'trees_few.parquet', data_page_version='2.0', **few)
    encrypted('encrypted_footer.parquet', False)
    encrypted('encrypted_columns.parquet', True)


main()
