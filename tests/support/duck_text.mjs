// DuckDB's values in the text form of tests/support/parquet_text.h, and the comparison of a table's rows with those that
// parquet_dump reads from a file.
import { execFileSync } from 'node:child_process';

export const hex = (bytes) => Buffer.from(bytes).toString('hex');
export const bits = (tag, number) => {
    const b = Buffer.alloc(8);
    b.writeDoubleBE(number);
    return tag + b.toString('hex');
};
export const text = (s) => {
    const out = [];
    for (const byte of Buffer.from(s)) {
        out.push(byte < 0x20 || byte === 0x5c ? Buffer.from(`\\x${byte.toString(16).padStart(2, '0')}`) : Buffer.of(byte));
    }
    return `"${Buffer.concat(out).toString()}"`;
};
export const instant = (perSecond, zone) => (count) => {
    const infinity = 9223372036854775807n;
    if (perSecond < 1000000000n && (count === infinity || count === -infinity)) {
        return `${count < 0n ? -infinity - 1n : infinity}.000000000${zone}`;
    }
    let rest = count % perSecond; // floor, not truncation
    rest += rest < 0n ? perSecond : 0n;
    const ns = (rest * (1000000000n / perSecond)).toString().padStart(9, '0');
    return `${(count - rest) / perSecond}.${ns}${zone}`;
};
export const decimal = ({ value, scale }) => {
    if (value >= -(1n << 63n) && value < 1n << 63n) {
        return `${value}e-${scale}`;
    }
    let bytes = 9;
    while (value < -(1n << BigInt(8 * bytes - 1)) || value >= 1n << BigInt(8 * bytes - 1)) {
        bytes++;
    }
    return `0x${BigInt.asUintN(8 * bytes, value).toString(16).padStart(2 * bytes, '0')}e-${scale}`;
};

// Prints "ok - WHAT" or "not ok - WHAT" with the first difference. expected: the rows, cells between tabs.
export function compareRows(dump, names, what, file, expected) {
    let got;
    try {
        got = execFileSync(dump, [file], { maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'pipe'] }).toString().split('\n');
    } catch (error) {
        console.log(`not ok - ${what}\n# ${error.stderr}`);
        return;
    }
    const at = expected.findIndex((line, k) => line !== got[k]);
    if (at < 0 && got.length === expected.length + 1) {
        console.log(`ok - ${what}`);
        return;
    }
    const a = (expected[at] ?? '').split('\t'), b = (got[at] ?? '').split('\t'), k = a.findIndex((cell, j) => cell !== b[j]);
    console.log(`not ok - ${what}\n# row ${at}, ${names[k]}: DuckDB ${a[k]}, assay ${b[k]}; ${got.length - 1} rows`);
}
