#!/usr/bin/env python3
"""Writes the fixtures of this folder that DuckDB 1.3.0 made, and nobody else would: that version writes the last block of 256
levels or dictionary indices twice (https://github.com/duckdb/duckdb/issues/17926).

    python3 generate_duckdb.py     # rewrites duckdb_*.parquet and their .txt here
"""
import duckdb

assert duckdb.__version__ == '1.3.0'
CASES = {
    'nulls': ('case when i % 2 = 0 then i end', lambda i: 'null' if i % 2 else str(i)),
    'list': ('[case when i % 2 = 0 then i end]', lambda i: '[null]' if i % 2 else f'[{i}]'),
    'words': ("'w' || i % 3", lambda i: f'"w{i % 3}"'),
}
for name, (sql, show) in CASES.items():
    duckdb.sql(f"copy (select {sql} as x from range(256) r(i)) to 'duckdb_{name}.parquet' (format parquet, compression uncompressed)")
    with open(f'duckdb_{name}.txt', 'w', encoding='utf-8') as out:
        out.writelines(show(i) + '\n' for i in range(256))
