// Runs SQL in DuckDB, the tests' independent reader and writer of CSV and Parquet.
//   node tests/support/duck.mjs SQL...        runs each, prints rows as JSON lines
//   node tests/support/duck.mjs --serve       reads one {"sql": ...} a line; answers {"seconds": ..., "rows": [...]}
// DUCK_THREADS and DUCK_MEMORY set DuckDB's own limits.
import { createInterface } from 'node:readline';
import { DuckDBInstance } from '@duckdb/node-api';

const config = { threads: process.env.DUCK_THREADS ?? '2', max_memory: process.env.DUCK_MEMORY ?? '4GB' };
const connection = await (await DuckDBInstance.create(':memory:', config)).connect();

async function run(sql) {
    const start = process.hrtime.bigint();
    const reader = await connection.runAndReadAll(sql);
    const seconds = Number(process.hrtime.bigint() - start) / 1e9;
    return { seconds, rows: reader.getRowObjectsJson() };
}

if (process.argv[2] === '--serve') {
    for await (const line of createInterface({ input: process.stdin })) {
        let answer;
        try {
            answer = await run(JSON.parse(line).sql);
        } catch (error) {
            answer = { error: String(error) };
        }
        console.log(JSON.stringify(answer));
    }
} else {
    for (const sql of process.argv.slice(2)) {
        for (const row of (await run(sql)).rows) {
            console.log(JSON.stringify(row));
        }
    }
}
