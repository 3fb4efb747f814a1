// Nested Parquet files that DuckDB writes, in every codec and page version, read back by assay's reader (argv[2]:
// parquet_dump) and compared with the values in DuckDB's own table. Prints "ok - WHAT" lines.
import { DuckDBInstance } from '@duckdb/node-api';
import { bits, compareRows, decimal, instant, text } from '../support/duck_text.mjs';

const dump = process.argv[2];
const db = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();

const orNull = (show) => (v) => (v === null ? 'null' : show(v));
const list = (show) => orNull((v) => `[${v.items.map(show).join(', ')}]`);
const map = (key, show) => orNull((v) => `(${v.entries.map((e) => `${key(e.key)}: ${show(e.value)}`).join(', ')})`);
const struct = (shows) => orNull((v) => `{${Object.keys(shows).map((n) => `${n}: ${shows[n](v.entries[n])}`).join(', ')}}`);
const plain = orNull(String), string = orNull(text), double = orNull((v) => bits('d', v));
const stamp = orNull((v) => instant(1000000n, '')(v.micros)), money = orNull(decimal);

// h: a hash that differs by column; n: an expression that is null one time in `odds`.
const h = (salt) => `hash(i * 31 + ${salt})`;
const n = (salt, odds, e) => `(case when ${h(salt + 1000)} % ${odds} = 0 then null else ${e} end)`;
const many = (salt, most, e) => `list_transform(range((${h(salt)} % ${most + 1})::bigint), lambda j: ${e})`;
const each = (salt, odds, e) => `(case when hash(i * 7 + j * 3 + ${salt}) % ${odds} = 0 then null else ${e} end)`;

const point = 'struct(x double, label varchar, tags varchar[])';
const pointOf = (salt) => `{x: (${h(salt)} % 9)::double / 7, label: ${n(salt, 4, `'p' || ${h(salt)} % 5`)},
    tags: ${n(salt + 1, 4, many(salt + 2, 3, each(salt + 3, 4, "'t' || j")))}}`;
const showPoint = struct({ x: double, label: string, tags: list(string) });
const columns = {
    id: ['bigint', 'i', plain],
    ints: ['integer[]', n(1, 5, many(2, 6, each(3, 4, '(i * 17 + j)::int'))), list(plain)],
    words: ['varchar[]', n(4, 5, many(5, 4, each(6, 4, "repeat('ab', ((i + j) % 40)::int)"))), list(string)],
    stamps: ['timestamp[]', n(7, 5, many(8, 3, each(9, 3, 'make_timestamp((i * 1000003 + j)::bigint)'))), list(stamp)],
    prices: ['decimal(12,2)[]', n(10, 5, many(11, 3, each(12, 3, '(i + j) / 4.0'))), list(money)],
    deep: ['integer[][][]', n(13, 6, many(14, 2, each(15, 4,
        'list_transform(range((i + j) % 3), lambda k: case when (i + k) % 5 = 0 then null else list_transform(range(k), lambda l: (i + l)::int) end)'))),
        list(list(list(plain)))],
    point: [point, n(16, 4, pointOf(17)), showPoint],
    points: [`${point}[]`, n(18, 4, many(19, 3, each(20, 4, pointOf(21)))), list(showPoint)],
    counts: ['map(varchar, bigint)', n(22, 4, `map_from_entries(${many(23, 4, `{k: 'k' || j, v: ${each(24, 3, 'i * j')}}`)})`), map(string, plain)],
    groups: [`map(integer, ${point}[])`, n(25, 4, `map_from_entries(${many(26, 2, `{k: j::int, v: ${each(27, 3, `[${pointOf(28)}]`)}}`)})`),
        map(plain, list(showPoint))],
    outer: [`struct(mid struct(a integer, b ${point}), l integer[])`,
        n(29, 4, `{mid: ${n(30, 3, `{a: ${n(31, 3, 'i::int')}, b: ${n(32, 3, pointOf(33))}}`)}, l: ${n(34, 3, many(35, 3, each(36, 3, 'j::int')))}}`),
        struct({ mid: struct({ a: plain, b: showPoint }), l: list(plain) })],
    last: ['varchar', `'row ' || i`, string],
};
const names = Object.keys(columns);
await db.run(`create table t as select ${names.map((c) => `${columns[c][1]}::${columns[c][0]} as "${c}"`).join(', ')} from range(3000) r(i)`);
const reader = await db.runAndReadAll('select * from t');
const expected = reader.getRows().map((row) => row.map((v, k) => columns[names[k]][2](v)).join('\t'));

let file = 0;
for (const codec of ['uncompressed', 'snappy', 'gzip', 'zstd', 'lz4', 'lz4_raw', 'brotli']) {
    for (const version of ['V1', 'V2']) {
        for (const dictionary of ['', ', dictionary_size_limit 1']) {
            const name = `nested-${file++}.parquet`;
            await db.run(`copy t to '${name}' (format parquet, compression ${codec}, parquet_version ${version}, row_group_size 2048${dictionary})`);
            compareRows(dump, names, `DuckDB, nested, ${codec} ${version}${dictionary}`, name, expected);
        }
    }
}
