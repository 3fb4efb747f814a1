// Parquet files that DuckDB writes, of every type, codec, page version, dictionary setting and null pattern, read back by
// assay's reader (argv[2]: parquet_dump) and compared with the values in DuckDB's own table. Prints "ok - WHAT" lines.
import { DuckDBInstance } from '@duckdb/node-api';
import { bits, compareRows, decimal, hex, instant, text } from '../support/duck_text.mjs';

const dump = process.argv[2];
const db = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();

const seconds = instant(1n, ''), millis = instant(1000n, ''), micros = instant(1000000n, '');
const day = (d) => (d.days === -2147483647 ? '-2147483648' : String(d.days));

// name: type, an expression over i with the type's extremes in it, and how a value is dumped.
const h = (salt) => `hash(i * 31 + ${salt})`;
const signed = (type, bits, salt) => [
    type,
    `case i % 97 when 0 then -${1n << BigInt(bits - 1)}::hugeint when 1 then ${(1n << BigInt(bits - 1)) - 1n}::hugeint
        else ((${h(salt)} % ${1n << BigInt(bits)})::hugeint - ${1n << BigInt(bits - 1)}) end`,
    String,
];
const unsigned = (type, bits, salt) => [
    type,
    `case i % 97 when 0 then 0::uhugeint when 1 then ${(1n << BigInt(bits)) - 1n}::uhugeint
        else (${h(salt)}::uhugeint % ${1n << BigInt(bits)}) end`,
    String,
];
const decimals = (p, s, salt) => [
    `decimal(${p},${s})`,
    `case i % 89 when 0 then ('-${'9'.repeat(p - s)}.${'9'.repeat(s) || '0'}') when 1 then '${'9'.repeat(p - s)}.${'9'.repeat(s) || '0'}'
        else ((${h(salt)} % 1999)::int - 999)::varchar end`,
    decimal,
];
const columns = {
    bool: ['boolean', `${h(1)} % 3 = 0`, String],
    i8: signed('tinyint', 8, 2),
    i16: signed('smallint', 16, 3),
    i32: signed('integer', 32, 4),
    i64: ['bigint', `case i % 97 when 0 then -9223372036854775808 when 1 then 9223372036854775807 else ${h(5)}::hugeint - 9223372036854775808 end`, String],
    few: ['bigint', `${h(6)} % 5`, String],
    u8: unsigned('utinyint', 8, 7),
    u16: unsigned('usmallint', 16, 8),
    u32: unsigned('uinteger', 32, 9),
    u64: unsigned('ubigint', 64, 10),
    f32: ['float', `case i % 50 when 0 then '-0.0' when 1 then 'inf' when 2 then '1e-45' else (${h(11)} % 1000 / 7.0)::varchar end`, (v) => bits('f', v)],
    f64: ['double', `case i % 50 when 0 then '-0.0' when 1 then '-inf' when 2 then '1e-20' when 3 then '2e-20' else (${h(12)} / 7.0)::varchar end`, (v) => bits('d', v)],
    d4: decimals(4, 1, 13),
    d9: decimals(9, 2, 14),
    d18: decimals(18, 3, 15),
    d38: decimals(38, 10, 16),
    text: ['varchar', `case i % 9 when 0 then '' when 1 then 'NULL' when 2 then chr(9) || '\\N' when 3 then 'späte 日本' else 'status ' || ${h(17)} % 20 end`, text],
    uniq: ['varchar', `'row ' || i || repeat('ab', (i % 11)::int)`, text],
    blob: ['blob', `from_hex(lpad(to_hex(${h(18)}), 16, '0'))`, (v) => `x${hex(v.bytes)}`],
    date: ['date', `case i % 31 when 0 then 'infinity'::date when 1 then '-infinity'::date when 2 then '0044-03-15 (BC)'::date else date '1970-01-01' + ((${h(19)} % 100000)::int - 50000) end`, day],
    time: ['time', `case i % 31 when 0 then '24:00:00'::time else '00:00:00'::time + to_microseconds((${h(20)} % 86400000000)::bigint) end`, (v) => String(v.micros * 1000n)],
    timetz: ['timetz', `('00:00:00'::time + to_microseconds((${h(21)} % 86400000000)::bigint))::varchar || '+00'`, (v) => String(v.micros * 1000n)],
    ts: ['timestamp', `case i % 31 when 0 then 'infinity'::timestamp when 1 then '-infinity'::timestamp when 2 then timestamp '0044-03-15 (BC) 01:02:03.000001' else make_timestamp((${h(22)} % 4000000000000000)::bigint - 2000000000000000) end`, (v) => micros(v.micros)],
    tz: ['timestamptz', `case i % 31 when 0 then 'infinity'::timestamptz else make_timestamp((${h(23)} % 4000000000000000)::bigint - 2000000000000000)::timestamptz end`, (v) => instant(1000000n, 'Z')(v.micros)],
    ts_s: ['timestamp_s', `make_timestamp((${h(24)} % 4000000000000000)::bigint - 2000000000000000)`, (v) => seconds(v.seconds)],
    ts_ms: ['timestamp_ms', `make_timestamp((${h(25)} % 4000000000000000)::bigint - 2000000000000000)`, (v) => millis(v.milliseconds ?? v.millis)],
    ts_ns: ['timestamp_ns', `make_timestamp_ns((${h(26)} % 4000000000000000000)::bigint - 2000000000000000000)`, (v) => instant(1000000000n, '')(v.nanoseconds ?? v.nanos)],
    span: ['interval', `to_months((i % 7)::int) + to_days((i % 40)::int) + to_milliseconds((${h(27)} % 4000000000)::bigint)`, (v) => `${v.months}m${v.days}d${v.micros / 1000000n}.${(v.micros % 1000000n).toString().padStart(6, '0')}000s`],
    uuid: ['uuid', `md5(i::varchar)`, (v) => `u${v.toString().replaceAll('-', '')}`],
    json: ['json', `'{"b": [1, 2.50], "a": ' || i % 7 || '}'`, text],
    mood: ["enum('sad', 'ok', 'happy')", `['sad', 'ok', 'happy'][1 + i % 3]`, text],
};

const names = Object.keys(columns);
const nulls = { none: 'false', some: 'hash(i * 7 + salt) % 4 = 0', runs: '(i / 700)::bigint % 2 = 1', all: 'true' };
const rows = 3000;
await db.run("set timezone = 'UTC'");

async function fill(pattern) {
    const list = names.map((n, k) => {
        const [type, expression] = columns[n];
        return `(case when ${nulls[pattern].replace('salt', k)} then null else ${expression} end)::${type} as "${n}"`;
    });
    await db.run(`create or replace table t as select ${list.join(', ')} from range(${rows}) r(i)`);
    const reader = await db.runAndReadAll('select * from t');
    return reader.getRows().map((row) => row.map((v, k) => (v === null ? 'null' : columns[names[k]][2](v))).join('\t'));
}

let n = 0;
for (const pattern of Object.keys(nulls)) {
    const expected = await fill(pattern);
    for (const codec of ['uncompressed', 'snappy', 'gzip', 'zstd', 'lz4', 'lz4_raw', 'brotli']) {
        for (const version of ['V1', 'V2']) {
            for (const dictionary of ['', ', dictionary_size_limit 1', ', string_dictionary_page_size_limit 100']) {
                const file = `duck-${n++}.parquet`;
                await db.run(`copy t to '${file}' (format parquet, compression ${codec}, parquet_version ${version}, row_group_size 2048${dictionary})`);
                compareRows(dump, names, `DuckDB ${codec} ${version} nulls: ${pattern}${dictionary}`, file, expected);
            }
        }
    }
}
