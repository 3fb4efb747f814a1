#!/usr/bin/env bash
# Exporter profiles: what stock tools write goes through `init --profile auto`, is recognised, is equal, and one planted
# difference is found. Then files made by hand as other exporters write them.
. "$(dirname "$0")/lib.sh"
for tool in sqlite3 psql jq; do
    command -v $tool >/dev/null || { not_ok "$tool is installed" 'run make deps'; exit 1; }
done
pg_start

psql -qX -d "$PG_URI" >"$OUT" 2>&1 <<'SQL' || { show_output; exit 1; }
CREATE TABLE t (id bigint PRIMARY KEY, ok boolean, name text, note text, amount numeric(20,4), ratio float8, at timestamp, doc jsonb, raw bytea);
INSERT INTO t SELECT i, i % 3 = 0, CASE i % 5 WHEN 0 THEN NULL WHEN 1 THEN 'a' || chr(9) || 'tab \N \. "q"' WHEN 2 THEN E'two\nlines' ELSE 'name ' || i END,
    CASE i % 2 WHEN 0 THEN '' ELSE NULL END, i * 1.5, i / 7.0::float8, timestamp '2024-01-01' + i * interval '1 hour 1 microsecond',
    jsonb_build_object('k', i, 'l', jsonb_build_array(i, NULL)), decode(lpad(to_hex(i), 8, '0'), 'hex') FROM generate_series(1, 400) i;
SQL

# NAME FILE: init recognises, check is equal.
recognised() {
    local name=$1 source=$2 file=$3
    shift 3
    rm -rf "$name" && mkdir "$name"
    check "$name: init --profile auto" assay init "$source" "$file" --table t --profile auto --origin example.org/p -o "$name/plan.yaml" "$@"
    check_has "$name: is recognised" "$name/plan.yaml" "exporter profile $name: .*recognised by"
    check_has "$name: stands in the plan" "$name/plan.yaml" "archive: .*profile: $name"
    check "$name: equal rows" assay check "$name/plan.yaml"
    check_has "$name: all of them were compared" "$OUT" 'match +rows 400/400'
}
# NAME FILE SED: one value is changed, and found.
planted() {
    local name=$1 file=$2
    cp "$file" intact
    sed -i "$3" "$file"
    cmp -s intact "$file" && not_ok "$name: something was changed"
    check_exit 1 "$name: a planted difference is found" assay check "$name/plan.yaml"
    cp intact "$file"
    check "$name: and gone when it is" assay check "$name/plan.yaml"
}

psql -qX -d "$PG_URI" -c '\copy t TO copy.csv (FORMAT csv, HEADER)' || exit 1
recognised postgres-csv "$PG_URI" copy.csv
planted postgres-csv copy.csv 's/^6,t,/6,f,/'
check_lacks 'postgres-csv: NULL and the empty text are told apart, by no rule' postgres-csv/plan.yaml 'null_if: ""'

psql -qX -d "$PG_URI" --csv -c 'SELECT * FROM t' >psql.csv || exit 1
recognised psql-csv "$PG_URI" psql.csv
check_has 'psql-csv: what it loses is said in the plan' psql-csv/plan.yaml '# .*NULL and the empty text are both empty'
check_has 'psql-csv: and counted' "$OUT" 'not plainly equal: 200 cells equal only under'
planted psql-csv psql.csv 's/^6,t,/6,f,/'
check 'psql-csv: the resolved form holds the rules, not the name' assay plan psql-csv/plan.yaml --resolved
check_has 'psql-csv: the rule' "$OUT" '"null_if",""'
check_lacks 'psql-csv: no name of a profile' "$OUT" 'psql-csv'

psql -qX -d "$PG_URI" -c '\copy t TO t.dat' || exit 1
recognised postgres-copy "$PG_URI" t.dat
planted postgres-copy t.dat 's/^6\tt\t/6\tf\t/'
sed -i '7s/\\N/\\\\N/' t.dat
check_exit 1 'postgres-copy: NULL and the text \N differ' assay check postgres-copy/plan.yaml

duck "CREATE TABLE t AS SELECT * FROM read_csv('copy.csv', header=true, allow_quoted_nulls=false, nullstr='', columns={id: 'BIGINT', ok: 'BOOLEAN', name: 'VARCHAR',
    note: 'VARCHAR', amount: 'DECIMAL(20,4)', ratio: 'DOUBLE', \"at\": 'TIMESTAMP', doc: 'VARCHAR', raw: 'VARCHAR'})" \
    "COPY t TO 'duck.csv'" "COPY t TO 'duck.parquet' (FORMAT parquet)" >"$OUT" || { show_output; exit 1; }
recognised duckdb-csv "$PG_URI" duck.csv
planted duckdb-csv duck.csv 's/^6,true,/6,false,/'
recognised duckdb-parquet "$PG_URI" duck.parquet
cp duck.parquet intact.parquet
duck "COPY (SELECT * REPLACE (CASE id WHEN 7 THEN ratio + 1e-9 ELSE ratio END AS ratio) FROM 'intact.parquet') TO 'duck.parquet' (FORMAT parquet)" >"$OUT"
check_exit 1 'duckdb-parquet: a planted difference is found' assay check duckdb-parquet/plan.yaml

sqlite3 s.db <<'SQL' || exit 1
CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, note TEXT, ratio REAL, at TEXT, flag INTEGER);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400)
INSERT INTO t SELECT i, 'name ' || i, CASE i % 3 WHEN 0 THEN NULL WHEN 1 THEN '' ELSE 'x' END, 0.1 * i, datetime(1e9 + i, 'unixepoch'), i % 2 FROM n;
SQL
sqlite3 -csv -header s.db 'SELECT * FROM t' >sqlite.csv
recognised sqlite-csv sqlite:s.db sqlite.csv
check_has 'sqlite-csv: the digits that the shell cuts are accepted under digits' "$OUT" 'not plainly equal: [1-9][0-9]* cells equal only under'
planted sqlite-csv sqlite.csv 's/^6,"name 6",/6,"name 7",/'

# ---- files made by hand, as the others write them ----

# PROFILE SOURCE-SQL FILE... : the plan that init proposes
made() {
    local name=$1 file=$2
    shift 2
    check "$name: init of a file made by hand" assay init sqlite:h.db "$file" --table h --profile auto -o - "$@"
    check_has "$name: is recognised" "$OUT" "exporter profile $name: "
}
sqlite3 h.db "CREATE TABLE h (id INTEGER PRIMARY KEY, name TEXT, ok BOOLEAN, at TIMESTAMP); INSERT INTO h VALUES (1, 'x', 1, '2024-01-31 10:00:00.123'), (2, NULL, 0, NULL);"
printf 'id,name,ok,at\n1,x,True,2024-01-31 10:00:00.123\n2,,False,\n' >h.csv
made pandas-csv h.csv
printf '_airbyte_raw_id,_airbyte_extracted_at,_airbyte_meta,id,name,ok,at\na,1,{},1,x,true,2024-01-31T10:00:00.123\nb,1,{},2,,false,\n' >h.csv
made airbyte-csv h.csv
check_has 'airbyte-csv: its own columns are named as such' "$OUT" "a column of the exporter's own"
printf '{"_airbyte_ab_id":"a","_airbyte_emitted_at":1,"id":1,"name":"x","ok":true,"at":"2024-01-31T10:00:00.123"}\n{"_airbyte_ab_id":"b","_airbyte_emitted_at":1,"id":2,"ok":false}\n' >h.jsonl
made airbyte-jsonl h.jsonl
printf 'Op,id,name,ok,at\nI,1,x,1,2024-01-31 10:00:00.123\nI,2,NULL,0,NULL\n' >h.csv
made aws-dms-csv h.csv
check_has 'aws-dms-csv: NULL is a word' "$OUT" 'null: "NULL"'
printf 'id,user_created,date_created,name,ok,at\n1,u,2024-01-31T10:00:00,x,true,2024-01-31T10:00:00.123\n2,u,2024-01-31T10:00:00,,false,\n' >h.csv
made directus-csv h.csv
printf 'Id,Title,CreatedAt,id,name,ok,at\n1,a,2024-01-31 10:00:00+00:00,1,x,true,2024-01-31 10:00:00.123\n2,b,2024-01-31 10:00:00+00:00,2,,false,\n' >h.csv
made nocodb-csv h.csv
printf 'id,name,ok,Created on,at\n1,x,True,31/01/2024 10:00,2024-01-31 10:00:00.123\n2,,False,31/01/2024 10:01,\n' >h.csv
made baserow-csv h.csv
printf '_id,_rev,tableId,id,name,ok,at\nro_1,1-a,ta_1,1,x,true,2024-01-31T10:00:00.123\nro_2,1-b,ta_1,2,,false,\n' >h.csv
made budibase-csv h.csv
printf '"id","partner_id/id","name","ok","at"\n"1","__export__.p_1","x","True","2024-01-31 10:00:00.123"\n"2","","","False",""\n' >h.csv
made odoo-csv h.csv
mkdir -p spark && printf '1,x,true,2024-01-31T10:00:00.123Z\n2,,false,\n' >spark/part-00000.csv && : >spark/_SUCCESS
made spark-csv 'spark/part-*.csv'
check_has 'spark-csv: cut to ms on both sides' "$OUT" 'truncate: ms|both sides are cut to ms'
duck "COPY (SELECT 1::BIGINT id, 'x' AS name, true ok, timestamp '2024-01-31 10:00:00.123' AS \"at\") TO 'spark/part-00000.parquet' (FORMAT parquet)" >/dev/null
made spark-parquet 'spark/part-*.parquet'
# PROFILE FILE MARKS: two rows as the exporter itself wrote them (tests/vectors/exporters/generate.py), recognised and equal.
real() {
    local name=$1 file=$2
    rm -rf "real-$name" && mkdir "real-$name"
    check "$name: init of a file of the exporter" assay init sqlite:h.db "$file" --table h --profile auto --origin example.org/r -o "real-$name/plan.yaml"
    check_has "$name: its file is recognised" "real-$name/plan.yaml" "exporter profile $name: .*recognised by $3"
    check "$name: its rows are equal" assay check "real-$name/plan.yaml"
    check_has "$name: both of them" "$OUT" 'match +rows 2/2'
}
cp -r "$REPO/tests/vectors/exporters" exporters || exit 1
real pyarrow-parquet exporters/pyarrow.parquet 'created by parquet-cpp-arrow'
real pandas-parquet exporters/pandas.parquet 'created by parquet-cpp-arrow.*; metadata pandas'
real fastparquet exporters/fastparquet.parquet 'created by fastparquet-python version'
real polars-parquet exporters/polars.parquet 'created by Polars'
real airbyte-parquet exporters/airbyte.parquet 'a column _airbyte_raw_id; a column _airbyte_extracted_at'
real airbyte-avro exporters/airbyte.avro 'a column _airbyte_raw_id; a column _airbyte_extracted_at'
real spark-csv 'exporters/spark-csv/part-*.csv' 'files part-\*; beside them _SUCCESS'
real spark-json 'exporters/spark-json/part-*.json' 'files part-\*; beside them _SUCCESS'
real spark-parquet 'exporters/spark-parquet/part-*.parquet' 'files part-\*; beside them _SUCCESS'
cp exporters/spark-parquet/part-*.parquet moved.parquet
real spark-parquet moved.parquet 'metadata org.apache.spark'
sed -i 's/"x"/"y"/' exporters/spark-json/part-*.json
check_exit 1 'spark-json: a planted difference is found' assay check real-spark-json/plan.yaml

# Files without a program here that writes them: a Parquet footer and columns as theirs.
python3 - <<'PY' || { not_ok 'Parquet files are made'; exit 1; }
import os, sys
sys.dont_write_bytecode = True
sys.path.insert(0, os.environ['REPO'] + '/tests/e2e')
import suite

def text(s):
    return len(s).to_bytes(4, 'little') + s.encode()

ids = ('id', 2, 0, [], [n.to_bytes(8, 'little') for n in (1, 2)])
names = ('name', 6, 0, [(6, 0)], [text('x'), text('y')])
op = ('Op', 6, 0, [(6, 0)], [text('I'), text('I')])
suite.write_plain_parquet('pg.parquet', [ids, names], 2, 'pg_parquet')
suite.write_plain_parquet('rs.parquet', [ids, names], 2, 'parquet-rs version 53.4.1')
suite.write_plain_parquet('dms/LOAD0000000A.parquet', [ids, names], 2)
suite.write_plain_parquet('op.parquet', [op, ids, names], 2)
suite.write_plain_parquet('unknown.parquet', [ids, names], 2, 'a tool of our own')
PY
sqlite3 two.db "CREATE TABLE h (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO h VALUES (1, 'x'), (2, 'y');"
mv h.db three.db && cp two.db h.db
real pg-parquet pg.parquet 'created by pg_parquet'
real pg-parquet rs.parquet 'created by parquet-rs version 53'
real aws-dms-parquet 'dms/LOAD*.parquet' 'files LOAD'
real aws-dms-parquet op.parquet 'a column Op; values such as I and U'
check_has 'aws-dms-parquet: Op is its own' real-aws-dms-parquet/plan.yaml "^ *# a column of the exporter's own"
check 'a Parquet file of another writer: init' assay init sqlite:h.db unknown.parquet --table h --profile auto -o -
check_has 'a Parquet file of another writer: none is recognised' "$OUT" '# no exporter profile recognised: '

duck "COPY (SELECT 1 AS id, 'x' AS name, timestamptz '2024-01-31 10:00:00+00' AS at UNION ALL SELECT 2, 'y', NULL) TO 'duck.json' (FORMAT json)" >/dev/null || exit 1
sqlite3 h.db "ALTER TABLE h ADD COLUMN at TIMESTAMPTZ; UPDATE h SET at = '2024-01-31T12:00:00+02:00' WHERE id = 1;"
real duckdb-json duck.json 'values as 9999-99-99 99:99:99[+]99'
sqlite3 -json h.db 'SELECT * FROM h' | jq -c '.[]' >sqlite.ndjson
check 'sqlite-json: init auto' assay init sqlite:h.db sqlite.ndjson --table h --profile auto -o -
check_has 'sqlite-json: leaves no mark, and none is made up' "$OUT" '# no exporter profile recognised: none of the known marks'
check 'sqlite-json: by its name' assay init sqlite:h.db sqlite.ndjson --table h --profile sqlite-json --origin example.org/j -o json-plan.yaml
check 'sqlite-json: equal rows' assay check json-plan.yaml
mv three.db h.db
cp "$REPO/tests/vectors/parquet/types.parquet" a.parquet 2>/dev/null || cp "$(ls "$REPO"/tests/vectors/parquet/*.parquet | head -n 1)" a.parquet
check 'a file of pyarrow: init' assay init a.parquet a.parquet --profile auto -o -
check_has 'a file of pyarrow: is recognised by its footer' "$OUT" 'exporter profile (pyarrow|pandas)-parquet: .*created by parquet-cpp-arrow'

printf 'id;name;ok;at\n1;x;1;2024-01-31 10:00:00.123\n2;;0;\n' >h.csv
check 'a file without marks' assay init sqlite:h.db h.csv --table h --profile auto -o -
check_has 'a file without marks: no profile recognised' "$OUT" '# no exporter profile recognised: '
check_exit 2 'a profile that is not there' assay init sqlite:h.db h.csv --table h --profile nonsense -o -
check_has 'a profile that is not there: says where they are listed' "$ERR" 'no profile "nonsense"; assay doctor --profiles'

# A profile of one's own, and one that is wrong.
printf 'profile: ours\ntitle: Our tool\nformat: csv\ncsv: {delimiter: ";", header: true}\nrules: {boolean: [{boolean: "1/0"}]}\nquirks: [{says: none, see: here}]\n' >ours.yaml
check 'a profile by its path' assay init sqlite:h.db h.csv --table h --profile ./ours.yaml --origin example.org/o -o ours-plan.yaml
check_has 'a profile by its path: is named' ours-plan.yaml 'profile: "?./ours.yaml'
check 'a profile by its path: equal rows' assay check ours-plan.yaml
sed -i 's/boolean: "1/booleen: "1/' ours.yaml
check_exit 2 'a wrong profile is refused' assay plan ours-plan.yaml
check_has 'a wrong profile is refused: at its place in its file' "$ERR" 'ours-plan.yaml:[0-9]+:[0-9]+: profile: .*ours.yaml:5:[0-9]+: .*did you mean "boolean"'
ASSAY_PROFILES=/nonexistent check_exit 3 'profiles that are not installed' assay doctor --profiles
check 'the list of profiles' assay doctor --profiles
check_has 'the list of profiles: names and quirks' "$OUT" '^spark-json '
