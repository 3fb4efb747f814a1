#!/usr/bin/env bash
# Every type of PostgreSQL, from the server through stock exporters into CSV, NDJSON and Parquet: assay init proposes the
# type that docs/types.md lists, assay check finds both sides equal, and of a table whose row k was changed in column k
# alone afterwards, assay diff names exactly that. The types and values stand in pg_types.py.
. "$(dirname "$0")/lib.sh"
pg_start
types() { python3 "$REPO/tests/e2e/pg_types.py" "$@"; }
sql() { psql -XqAt -v ON_ERROR_STOP=1 -c "SET timezone = 'UTC'" "$@"; }
nothing() { # WHAT FILE: what was printed is a list of complaints
    if [ -s "$2" ]; then not_ok "$1" "$(head -n 40 "$2")"; else ok "$1"; fi
}

types ddl | psql -Xq -v ON_ERROR_STOP=1 >"$OUT" 2>"$ERR" || { not_ok 'the table is made' "$(cat "$ERR")"; exit 1; }
types rows | sql -f - || exit 1
types edge | sql -f - || exit 1
types docs "$REPO/docs/types.md" >complaints
nothing 'docs/types.md lists the types that are tested here, and those alone' complaints

mkdir csv ndjson parquet edge_csv edge_ndjson
sql -c 'COPY (SELECT * FROM t ORDER BY id) TO STDOUT (FORMAT csv, HEADER)' >csv/t.csv
sql -c "$(types json_query)" >ndjson/t.ndjson
sql -c "$(types duck_query)" >for_duck.ndjson
check 'DuckDB writes Parquet' duck "SET TimeZone = 'UTC'" \
    "COPY (SELECT * FROM read_json('for_duck.ndjson', format = 'newline_delimited', columns = $(types duck))) TO 'parquet/t.parquet' (FORMAT parquet)"
sql -c 'COPY (SELECT * FROM edge ORDER BY id) TO STDOUT (FORMAT csv, HEADER)' >edge_csv/edge.csv
sql -c "$(types json_query edge)" >edge_ndjson/edge.ndjson

for format in csv ndjson parquet; do
    cd "$TMP/$format" || exit 1
    check "$format: init" assay init "$PG_URI" "t.$format" --table t --output plan.yaml
    types plan plan.yaml >complaints
    nothing "$format: init proposes the types of docs/types.md" complaints
    check "$format: everything is equal" assay check plan.yaml
done
cd "$TMP/edge_csv" || exit 1
check 'edge values, CSV: init' assay init "$PG_URI" edge.csv --table edge --output plan.yaml
check 'edge values, CSV: everything is equal' assay check plan.yaml

# Whatever style a session had, its intervals are read.
for style in sql_standard postgres_verbose iso_8601; do
    mkdir "$TMP/$style" && cd "$TMP/$style" || exit 1
    column=$(types edge_column interval)
    psql -XqAt -c "SET intervalstyle = '$style'" -c "COPY (SELECT id, $column FROM edge ORDER BY id) TO STDOUT (FORMAT csv, HEADER)" >iv.csv
    check "$style: init" assay init "$PG_URI" iv.csv --table edge --output plan.yaml
    check_has "$style: intervals" plan.yaml "^      $column: interval$"
    check "$style: equal" assay check plan.yaml
    sed -i 's/^3,.*/3,@ 2 days/' iv.csv
    check_exit 1 "$style: another is found" assay check plan.yaml
done

# JSON cannot tell a jsonb null from NULL, nor a jsonb string from the text of one: both are named, nothing else is.
cd "$TMP/edge_ndjson" || exit 1
check 'edge values, NDJSON: init' assay init "$PG_URI" edge.ndjson --table edge --output plan.yaml
check_exit 1 'edge values, NDJSON: what JSON cannot hold is found' assay check plan.yaml
assay diff plan.yaml --limit 0 --json >differ 2>"$ERR"
jq -r '"\(.key) \(.kind) \([.cells[].column] | join(","))"' differ | sort >got
printf '%s\n' '0 changed c012' '1 changed c012' >want
check_same 'edge values, NDJSON: and nothing else' want got

# An array column may hold other dimensions than it declares, and even several: as text it is compared all the same.
mkdir "$TMP/dimensions" && cd "$TMP/dimensions" || exit 1
sql -f - <<'SQL'
CREATE TABLE dimensions (id int PRIMARY KEY, more int[], less int[][][], mixed int[], e mood[][]);
INSERT INTO dimensions VALUES (1, '{{1,2},{3,4}}', '{1,2}', '{1}', '{{sad},{ok}}'), (2, '{}', NULL, '{{1}}', '{}'), (3, '[0:0][2:2]={{7}}', '[5:5]={NULL}', NULL, NULL);
SQL
sql -c 'COPY (SELECT * FROM dimensions ORDER BY id) TO STDOUT (FORMAT csv, HEADER)' >d.csv
check 'dimensions: init' assay init "$PG_URI" d.csv --table dimensions --output plan.yaml
check_has 'more than declared' plan.yaml '^      more: "list<list<integer>>"$'
check_has 'fewer than declared' plan.yaml '^      less: "list<integer>"$'
check_has 'several: said' plan.yaml '1 of 2 sampled values of the source do not read as list<integer>'
check_exit 3 'several: not verified' assay check plan.yaml
check_has 'several: named' "$ERR" 'warning: .*mixed: '
sed -i 's/^      mixed: .*/      mixed: text/' plan.yaml
check 'several: equal as text' assay check plan.yaml
sql -c "UPDATE dimensions SET mixed = '[0:0]={1}' WHERE id = 1"
check_exit 1 'several: a bound is found in the text' assay check plan.yaml

# A role that may read some columns only.
mkdir "$TMP/granted" && cd "$TMP/granted" || exit 1
sql -c 'CREATE TABLE granted (id int PRIMARY KEY, a text, b text)' -c "INSERT INTO granted VALUES (1, 'x', 'y')" \
    -c 'CREATE ROLE part LOGIN' -c 'GRANT SELECT (id, a) ON granted TO part'
printf 'id,a,b\n1,x,y\n' >g.csv
check 'granted: init' assay init "${PG_URI/user=assay/user=part}" g.csv --table granted --output plan.yaml
check_has 'granted: what may not be read is left out, and why' plan.yaml '# this role may not read it'
check 'granted: the rest is equal' assay check plan.yaml
sed -i -e '/uncovered:/,$d' plan.yaml
echo '      b: text' >>plan.yaml
check_exit 3 'granted: a column that may not be read' assay check plan.yaml
check_has 'granted: is named' "$ERR" 'this role may not read column "b": GRANT SELECT'

types change | sql -f - || exit 1
for format in csv ndjson parquet; do
    cd "$TMP/$format" || exit 1
    check_exit 1 "$format: changes are found" assay check plan.yaml
    assay diff plan.yaml --limit 0 --json >differ 2>"$ERR"
    types diff differ >complaints
    nothing "$format: each in its row and its column" complaints
done
