#!/usr/bin/env bash
# Nested columns from file to file: Avro by fastavro, Parquet by DuckDB and NDJSON hold the same sixty rows of lists, maps and
# structs; then changes deep inside, each named in its column and row.
. "$(dirname "$0")/lib.sh"
if ! [ -d "$REPO/node_modules/@duckdb/node-api" ]; then
    not_ok 'DuckDB is installed' 'run make deps'
    exit 1
fi
cp "$REPO"/tests/vectors/avro/trees.ndjson . || exit 1
cp "$REPO"/tests/vectors/avro/trees_xz.avro trees.avro || exit 1
point='struct(x double, label varchar, tags varchar[])'
duck "create table t as select * exclude (mixed) from read_json('trees.ndjson', format = 'newline_delimited', columns = {
    id: 'bigint', words: 'varchar[]', maybe: 'int[]', counts: 'map(varchar, bigint)', point: '$point', far: '$point',
    grid: 'map(varchar, $point)[][]', stamps: 'timestamptz[]', ids: 'map(varchar, uuid)',
    price: 'struct(amount decimal(12,2), span interval)', mixed: 'varchar', last: 'varchar'})" \
    "copy t to 'trees.parquet' (format parquet, codec zstd, dictionary_size_limit 1)" \
    "copy t to 'zeros.parquet' (format parquet)" >"$OUT" || not_ok 'DuckDB writes the archive' "$(cat "$OUT")"

check 'init: a plan from what Avro and Parquet say of themselves' \
    assay init trees.avro trees.parquet --key id --name trees --origin example.org/trees
check_has 'init proposes the shape of a list' plan.yaml '^ *words: "?list<text>"?$'
check_has 'init proposes the shape of maps in lists in lists' plan.yaml \
    '^ *grid: "?list<list<map<text, struct<x: float64, label: text, tags: list<text>>>>>"?$'
check_has 'init proposes the shape of a struct' plan.yaml '^ *price: "?struct<amount: decimal, span: interval>"?$'
check 'Avro and Parquet are equal' assay check plan.yaml
check_has 'all rows of them' "$OUT" 'match +rows 60/60'

sed 's/trees\.avro/trees.ndjson/' plan.yaml >ndjson.yaml
check 'NDJSON and Parquet are equal' assay check ndjson.yaml
check_has 'all rows of these' "$OUT" 'match +rows 60/60'

# One dictionary entry for 0.0 and -0.0, which compare as equal in DuckDB: what its Parquet files hold by default.
sed 's/trees\.parquet/zeros.parquet/' plan.yaml >zeros.yaml
check_exit 1 "zeros whose sign DuckDB's dictionary lost" assay check zeros.yaml
check_has 'the three columns that hold such are named' "$OUT" 'changed: far,grid,point '

# change WHAT COLUMN SQL: an archive with one value changed
change() {
    duck "create table t as from 'trees.parquet'" "$3" \
        "copy t to 'changed.parquet' (format parquet, dictionary_size_limit 1)" >"$OUT" || not_ok "$1: DuckDB" "$(cat "$OUT")"
    sed 's/trees\.parquet/changed.parquet/' plan.yaml >changed.yaml
    check_exit 1 "$1" assay check changed.yaml
    check_has "$1: only its column is named" "$OUT" "changed: $2 +rows 60/60"
}
change 'an item of a list' words "update t set words = list_concat(['tab there'], words[2:]) where id = 0"
check_exit 1 'diff finds it' assay diff changed.yaml
check_has 'diff names the row' "$OUT" '~ changed +0 +words: '
check_has 'one row' "$OUT" '0 missing, 0 extra, 0 duplicate, 1 changed'
change 'items in another order' words "update t set words = list_reverse(words) where id = 7919"
change 'null instead of an empty map' ids "update t set ids = null where id = 0"
change 'a microsecond in a list' stamps "update t set stamps = list_transform(stamps, lambda s: s + interval 1 microsecond) where id = 0"
change 'a cent in a struct' price "update t set price = {amount: (price.amount + 0.01)::decimal(12,2), span: price.span} where id = 0"
