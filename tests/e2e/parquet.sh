#!/usr/bin/env bash
# The Parquet reader against files that DuckDB writes: every type, codec, page version, dictionary setting, null pattern;
# lists, structs and maps of any depth.
. "$(dirname "$0")/lib.sh"
if ! [ -d "$REPO/node_modules/@duckdb/node-api" ]; then
    not_ok 'DuckDB is installed' 'run make deps'
    exit 1
fi
node "$REPO/tests/e2e/parquet_duckdb.mjs" "$BUILD/fuzz/parquet_dump" || not_ok 'the comparison ran to its end'
node "$REPO/tests/e2e/parquet_nested.mjs" "$BUILD/fuzz/parquet_dump" || not_ok 'the comparison of nested files ran to its end'
