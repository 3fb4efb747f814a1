#!/bin/bash
# An archive of many years holds files of many schemas: each segment is verified under the schema of its day.
. "$(dirname "$0")/lib.sh"

sqlite3 s.db "CREATE TABLE t(id INTEGER PRIMARY KEY, d TEXT, total INTEGER, note TEXT);
    INSERT INTO t VALUES(1,'2019-03-01',10,NULL),(2,'2019-04-01',20,'filled in later'),(3,'2020-03-01',30,NULL),
    (4,'2021-05-01',40,'a'),(5,'2021-06-01',50,NULL),(6,'2022-05-01',60,'b');"
check_exit 0 'keys and ledger' assay init sqlite:s.db sqlite:s.db --table t --output init.yaml --origin assay.local/t
plan() { # ID ARCHIVE TOTAL NOTE
    cat <<YAML
assay: 1
origin: assay.local/t
ledger: ledger.db
keys: keys
datasets:
  t:
    id: 6f1f0c1e-52a4-4a55-9d1a-3f1f3b7f0c0$1
    source: {locator: "sqlite:s.db", table: t}
    archive: {locator: "$2"}
    key: [id]
    window: {column: d, every: year}
    columns: {id: integer, d: date, total: $3, note: $4}
YAML
}
renamed='{type: integer, archive: {name: total, names: [{until: 2020, name: amount}]}}'

# ---- CSV: 2019 has amount and no note, 2020 has total and no note ----
mkdir csv
sqlite3 -csv -header s.db "SELECT id, d, total AS amount FROM t WHERE d < '2020'" >csv/2019.csv
sqlite3 -csv -header s.db "SELECT id, d, total FROM t WHERE d LIKE '2020%'" >csv/2020.csv
sqlite3 -csv -header s.db "SELECT * FROM t WHERE d LIKE '2021%'" >csv/2021.csv
sqlite3 -csv -header s.db "SELECT * FROM t WHERE d LIKE '2022%'" >csv/2022.csv

plan 1 'csv/{segment}.csv' integer text >undeclared.yaml
check_exit 1 'old files without a column, and the plan does not know' assay check undeclared.yaml --report json:r.json
check_has 'the file and the column are named' "$ERR" 'csv/2019.csv: no column "note"'
check 'of those files alone' jq -e '[.datasets[0].chunks[] | select(.verdict == "mismatch") | .segment] == ["2019", "2020"]
    and .datasets[0].counts.chunks.matched == 2' r.json

plan 1 'csv/{segment}.csv' "$renamed" '{type: text, since: 2021}' >plan.yaml
check 'the plan that knows' assay plan plan.yaml
check_has 'says it in words' "$OUT" 'note +text.*since 2021'
check_has '... the former name, too' "$OUT" 'total +integer.*archive before 2020: amount'
check 'each segment under the schema of its day' assay check plan.yaml --report json:r.json
check 'which files are of which schema' jq -e '.datasets[0].schema.objects | length == 3 and
    map([.from, .to, .objects]) == [["2019", "2019", 1], ["2020", "2020", 1], ["2021", "2022", 2]] and
    .[1].changes == ["perhaps renamed \"amount\" -> \"total\" (compatible)"] and
    .[2].changes == ["added \"note\": csv (compatible)"]' r.json
check 'which segments were verified without the column' jq -e '.datasets[0].schema.partial ==
    [{column: "note", since: "2021", from: "2019", to: "2020", segments: 2}]' r.json
check 'which segments were archived under which schema' jq -e '.datasets[0].schema.segments |
    map([.from, .to, .segments, .without]) == [["2019", "2019", 1, ["note"]], ["2020", "2020", 1, ["note"]], ["2021", "2022", 2, []]] and
    (map(.archive.fingerprint) | unique | length) == 3 and (map(.source.fingerprint) | unique | length) == 1' r.json
check 'the newest files say what the archive is like' jq -e '[.datasets[0].schema.changes[] |
    select(.change | test("only|gone"))] == []' r.json
check 'the report names the segments' assay report plan.yaml
check_has '... and the column' "$OUT" 'segments 2019 to 2020 verified without column "note": it did not exist before 2021'
check_has '... and the schema of each' "$OUT" 'segments 2021 to 2022 archived under schema [0-9a-f]{8} of the source \(seen since [0-9-]+\), [0-9a-f]{8} of the archive'
check 'as HTML' assay report plan.yaml --report html:r.html
check_has '... with the schemas of the files' r.html 'Files of 3 schemas'
check_has '... and the segments' r.html 'Segments by schema'

cp csv/2019.csv kept
sed -i 's/,20$/,21/' csv/2019.csv
check_exit 1 'a change in an old file' assay check plan.yaml
check_has '... in the column of its former name' "$OUT" '2019 .*changed: total'
cp kept csv/2019.csv
sqlite3 s.db "UPDATE t SET note = 'changed' WHERE id = 2"
check 'the source fills in the column for rows of old segments: it is not covered there' assay check plan.yaml
sqlite3 s.db "UPDATE t SET note = 'changed' WHERE id = 4"
check_exit 1 'it is in those that have it' assay check plan.yaml
check_has '... and found' "$OUT" '2021 .*source-changed: note'
sqlite3 s.db "UPDATE t SET note = 'a' WHERE id = 4"
cp csv/2022.csv kept
sqlite3 -csv -header s.db "SELECT id, d, total FROM t WHERE d LIKE '2022%'" >csv/2022.csv
check_exit 1 'a new file without the column' assay check plan.yaml
check_has '... is named with it' "$ERR" 'csv/2022.csv: no column "note"'
cp kept csv/2022.csv
check 'drill-down knows the years, too' assay check plan.yaml
sed -i 's/,40,a$/,40,A/' csv/2021.csv
check_exit 1 'damage' assay check plan.yaml
check_exit 1 '... drilled into' assay diff plan.yaml
check_has '... to the cell' "$OUT" 'note'
sed -i 's/,40,A$/,40,a/' csv/2021.csv

# ---- one folder without segments in its names: the rows say which year they are of ----
mkdir flat
cp csv/2019.csv flat/a.csv
cp csv/2020.csv flat/b.csv
cp csv/2021.csv flat/c.csv
cp csv/2022.csv flat/d.csv
plan 2 'flat/*.csv' "$renamed" '{type: text, since: 2021}' >flat.yaml
check 'files that claim no segment' assay check flat.yaml
sqlite3 -csv -header s.db "SELECT id, d, total FROM t WHERE d LIKE '2021%'" >flat/c.csv
check_exit 1 'rows that should have the column' assay check flat.yaml
check_has '... named with file and line' "$ERR" 'flat/c.csv:2: note: the file has no such column'

# ---- Parquet, narrower types in old years; absent: null instead of since ----
mkdir pq
duck "COPY (SELECT id::INT AS id, d::DATE AS d, amount::SMALLINT AS amount FROM read_csv('csv/2019.csv')) TO 'pq/2019.parquet'" \
    "COPY (SELECT id::INT AS id, d::DATE AS d, total::INT AS total FROM read_csv('csv/2020.csv')) TO 'pq/2020.parquet'" \
    "COPY (SELECT id::BIGINT AS id, d::DATE AS d, total::BIGINT AS total, note::VARCHAR AS note FROM read_csv('csv/2021.csv')) TO 'pq/2021.parquet'" \
    "COPY (SELECT id::BIGINT AS id, d::DATE AS d, total::DECIMAL(18,0) AS total, note::VARCHAR AS note FROM read_csv('csv/2022.csv')) TO 'pq/2022.parquet'" >/dev/null
plan 3 'pq/{segment}.parquet' "$renamed" '{type: text, since: 2021}' >pq.yaml
check 'Parquet: four schemas' assay check pq.yaml
sqlite3 s.db 'UPDATE t SET note = NULL WHERE id = 2'
plan 4 'pq/{segment}.parquet' "$renamed" '{type: text, archive: {rules: [{absent: "null"}]}}' >absent.yaml
check 'absent: null covers the column: the source must have NULL there' assay check absent.yaml
sqlite3 s.db "UPDATE t SET note = 'x' WHERE id = 2"
check_exit 1 '... and nothing else' assay check absent.yaml
check_has '... which is found' "$OUT" '2019 .*source-changed: note'

# ---- plans that mean nothing ----
plan 5 'csv/{segment}.csv' integer '{type: text, since: May}' >bad.yaml
check_exit 2 'a segment that is none' assay plan bad.yaml
check_has '... named' "$ERR" 'since of column "note": "May" names no segment'
plan 5 'csv/{segment}.csv' '{type: integer, archive: {names: [{until: 2021, name: a}, {until: 2020, name: b}]}}' text >bad.yaml
check_exit 2 'former names out of order' assay plan bad.yaml
plan 5 'csv/{segment}.csv' integer text | sed 's/id: integer/id: {type: integer, since: 2020}/' >bad.yaml
check_exit 2 'a key that came later' assay plan bad.yaml
plan 5 'csv/{segment}.csv' integer '{type: text, since: 2021}' | grep -v window: >bad.yaml
check_exit 2 'without a window' assay plan bad.yaml
check 'the ledger holds' assay ledger verify plan.yaml

# ---- segments archived under an older schema of the source, and one under today's ----
sqlite3 g.db "CREATE TABLE t(id INTEGER PRIMARY KEY, d TEXT, total INTEGER, note TEXT);
    INSERT INTO t VALUES(1,'2019-03-01',10,'a'),(2,'2020-04-01',20,'b')"
mkdir grown
for year in 2019 2020; do sqlite3 -csv -header g.db "SELECT * FROM t WHERE d LIKE '$year%'" >grown/$year.csv; done
plan 6 'grown/{segment}.csv' integer text | sed 's/sqlite:s.db/sqlite:g.db/' >grown.yaml
check 'two years' assay check grown.yaml --report json:r.json
check '... under the schemas of today: no news' jq -e '.datasets[0].schema | has("segments") | not' r.json
sqlite3 g.db "ALTER TABLE t ADD COLUMN extra TEXT; INSERT INTO t VALUES(3,'2021-04-01',30,'c','x')"
sqlite3 -csv -header g.db "SELECT id, d, total, note FROM t WHERE d LIKE '2021%'" >grown/2021.csv
sed -i 's/^    key:/    uncovered: [source.extra]\n    key:/' grown.yaml
check 'the table has one column more, and a year more was archived' assay check grown.yaml --report json:r.json
check '... the older years were under its older schema' jq -e '.datasets[0].schema.segments |
    map([.from, .to, .segments]) == [["2019", "2020", 2], ["2021", "2021", 1]] and
    (map(.source.fingerprint) | unique | length) == 2 and (map(.archive.fingerprint) | unique | length) == 1' r.json
