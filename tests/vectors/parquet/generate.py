#!/usr/bin/env python3
"""Writes the Parquet fixtures of this folder with pyarrow (made with 26.0.1; numpy for FLOAT16), each with its expected rows.

X.txt holds one line a row, columns separated by tabs, as tests/support/parquet_text.h describes. It is made from the Python
values that went into the file, not by reading the file back.

    python3 generate.py     # rewrites *.parquet and *.txt here
"""
import decimal
import random
import struct

import numpy
import pyarrow as pa
import pyarrow.parquet as pq

decimal.getcontext().prec = 100
R = random.Random(7)


def f64(x, tag='d'):
    return tag + struct.pack('>d', x).hex()


def text(s):
    out = b''.join(b'\\x%02x' % c if c < 0x20 or c == 0x5c else bytes([c]) for c in s.encode())
    return '"' + out.decode() + '"'


def hexed(tag):
    return lambda v: tag + v.hex()


def instant(unit, zone):
    per = {'ms': 10**3, 'us': 10**6, 'ns': 10**9}[unit]
    return lambda v: '%d.%09d%s' % (v // per, v % per * (10**9 // per), zone)


def decimals(scale):
    def show(d):
        u = int(d.scaleb(scale))
        if -2**63 <= u < 2**63:
            return '%de-%d' % (u, scale)
        n = next(n for n in range(9, 64) if -(1 << 8 * n - 1) <= u < 1 << 8 * n - 1)
        return '0x%se-%d' % (u.to_bytes(n, 'big', signed=True).hex(), scale)
    return show


def ints(bits, signed):
    lo, hi = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    return lambda i: [lo, hi, 0, 1][i % 50] if i % 50 < 4 else R.randint(lo, hi) if i % 3 else i % 100


def digits(p, s):
    most = 10**p - 1
    return lambda i: decimal.Decimal(
        [most, -most, 0, 1, -1][i % 40] if i % 40 < 5 else R.randint(-most, most) if i % 2 else i).scaleb(-s)


def half(i):
    bits = [0, 0x8000, 1, 0x3ff, 0x7bff, 0xfbff, 0x7c00, 0xfc00, 0x3c00][i % 9]
    return struct.unpack('>e', struct.pack('>H', bits))[0]


def single(x):
    return struct.unpack('>f', struct.pack('>f', x))[0]


WORDS = ['', 'a', 'beta', 'gamma\tdelta', 'späte', '日本', 'x' * 60, 'NULL', '\\N']
BIG = 10**15

# name: Arrow type, value of row i, its text
COLUMNS = {
    'bool': (pa.bool_(), lambda i: R.random() < .5 if i % 100 < 50 else i % 100 < 80, lambda v: str(v).lower()),
    **{f'i{b}': (getattr(pa, f'int{b}')(), ints(b, True), str) for b in (8, 16, 32, 64)},
    **{f'u{b}': (getattr(pa, f'uint{b}')(), ints(b, False), str) for b in (8, 16, 32, 64)},
    'f16': (pa.float16(), half, lambda v: f64(v, 'f')),
    'f32': (pa.float32(), lambda i: single([0.0, -0.0, 1.5, float('inf'), 1e-45, i / 7][i % 6]), lambda v: f64(v, 'f')),
    'f64': (pa.float64(), lambda i: [0.0, -0.0, 1e-20, 2e-20, float('-inf'), 5e-324, i / 7][i % 7], f64),
    'str': (pa.string(), lambda i: R.choice(WORDS), text),
    'uniq': (pa.string(), lambda i: 'row-%08d-%s' % (i, 'ab' * (i % 7)), text),
    'bin': (pa.binary(), lambda i: bytes([i % 256] * (i % 5)), hexed('x')),
    'fix': (pa.binary(5), lambda i: bytes([7, 7, 7, i % 3, i % 256]), hexed('x')),
    'date': (pa.date32(), lambda i: [-719162, 0, -1, 2147483647, -2147483648, i][i % 6], str),
    't_ms': (pa.time32('ms'), lambda i: [0, 86399999, i][i % 3], lambda v: str(v * 10**6)),
    't_us': (pa.time64('us'), lambda i: [0, 86399999999, i][i % 3], lambda v: str(v * 10**3)),
    't_ns': (pa.time64('ns'), lambda i: [0, 86399999999999, i][i % 3], str),
    **{f'ts_{u}': (pa.timestamp(u), lambda i: [0, -1, 1, R.randint(-BIG, BIG)][i % 4], instant(u, ''))
       for u in ('ms', 'us', 'ns')},
    **{f'tz_{u}': (pa.timestamp(u, 'UTC'), lambda i: [0, -1, 1, R.randint(-BIG, BIG)][i % 4], instant(u, 'Z'))
       for u in ('ms', 'us', 'ns')},
    **{f'd{p}': ((pa.decimal128 if p < 39 else pa.decimal256)(p, s), digits(p, s), decimals(s))
       for p, s in ((4, 2), (9, 0), (18, 6), (19, 6), (38, 10), (76, 20))},
    'uuid': (pa.uuid(), lambda i: bytes([i % 256] * 16), hexed('u')),
    'json': (pa.json_(), lambda i: '{"a":%d}' % (i % 9), text),
    'nul': (pa.null(), lambda i: None, str),
}

NULLS = {
    'required': lambda i: False,
    'some': lambda i: R.random() < .3,
    'runs': lambda i: i // 13 % 2 == 1,
    'all': lambda i: True,
}


def arrow(kind, values):
    if isinstance(kind, (pa.UuidType, pa.JsonType)):
        return pa.ExtensionArray.from_storage(kind, pa.array(values, kind.storage_type))
    if pa.types.is_date(kind) or pa.types.is_time32(kind):
        return pa.array(values, pa.int32()).view(kind)
    if pa.types.is_time64(kind) or pa.types.is_timestamp(kind):
        return pa.array(values, pa.int64()).view(kind)
    if pa.types.is_float16(kind):
        values = [None if v is None else numpy.float16(v) for v in values]
    return pa.array(values, kind)


def write(name, columns, rows, nulls, **options):
    arrays, fields, shown = [], [], []
    for c in columns:
        kind, make, show = COLUMNS[c]
        values = [None if NULLS[nulls](i) else make(i) for i in range(rows)]
        arrays.append(arrow(kind, values))
        fields.append(pa.field(c, kind, nullable=nulls != 'required' or c == 'nul'))
        shown.append(['null' if v is None else show(v) for v in values])
    table = pa.Table.from_arrays(arrays, schema=pa.schema(fields))
    options = {'compression': 'none', 'write_statistics': False, 'store_schema': False} | options
    pq.write_table(table, f'{name}.parquet', **options)
    with open(f'{name}.txt', 'w', encoding='utf-8') as out:
        out.writelines('\t'.join(row) + '\n' for row in zip(*shown))


ENCODINGS = {
    'bool': 'RLE', 'i32': 'DELTA_BINARY_PACKED', 'i64': 'DELTA_BINARY_PACKED', 'u64': 'DELTA_BINARY_PACKED',
    'i16': 'BYTE_STREAM_SPLIT', 't_ns': 'BYTE_STREAM_SPLIT', 'f16': 'BYTE_STREAM_SPLIT', 'f32': 'BYTE_STREAM_SPLIT',
    'f64': 'BYTE_STREAM_SPLIT', 'd38': 'BYTE_STREAM_SPLIT', 'str': 'DELTA_LENGTH_BYTE_ARRAY',
    'json': 'DELTA_LENGTH_BYTE_ARRAY', 'uniq': 'DELTA_BYTE_ARRAY', 'fix': 'DELTA_BYTE_ARRAY',
    'date': 'DELTA_BINARY_PACKED', 'uuid': 'DELTA_BYTE_ARRAY',
}


def main():
    small = {'data_page_size': 400, 'row_group_size': 40, 'max_rows_per_page': 17}
    every = list(COLUMNS)
    write('plain_required', every, 45, 'required', use_dictionary=False)
    write('plain_some', every, 45, 'some', use_dictionary=False, compression='snappy', data_page_version='2.0')
    write('dictionary_some', every, 60, 'some', compression='zstd', write_page_checksum=True, **small)
    write('integer_decimals', ['d4', 'd9', 'd18', 'd19', 'd38'], 90, 'some', store_decimal_as_integer=True)
    for codec in ('gzip', 'brotli', 'lz4'):
        write(f'codec_{codec}', ['i32', 'str', 'f64', 'ts_us'], 150, 'runs', compression=codec, data_page_version='2.0',
              **small)
    for version in ('1.0', '2.0'):
        for nulls in ('required', 'some'):
            write(f'encodings_v{version[0]}_{nulls}', list(ENCODINGS), 90, nulls, use_dictionary=False,
                  column_encoding=ENCODINGS, data_page_version=version, write_page_checksum=True, data_page_size=600)
    write('int96', ['i32', 'ts_us', 'ts_ns'], 100, 'some', use_deprecated_int96_timestamps=True)
    write('all_null', ['i32', 'str', 'bool', 'd38'], 100, 'all')
    write('empty', ['i32', 'str', 'bool'], 0, 'some')
    nested = pa.table({'a': [1, 2], 'list': [[1], [2, 3]], 's': pa.array([{'x': 1}, None]), 'm': pa.array(
        [[('k', 1)], []], pa.map_(pa.string(), pa.int32())), 'z': ['last', None]})
    pq.write_table(nested, 'nested.parquet', store_schema=False)


if __name__ == '__main__':
    main()
