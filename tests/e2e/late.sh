#!/bin/bash
# A row that changes at the source after it was archived is no damage of the archive, and the ledger can tell the two apart.
. "$(dirname "$0")/lib.sh"

mkdir ar
sqlite3 s.db "CREATE TABLE t(id INTEGER PRIMARY KEY, d TEXT, v TEXT);
    INSERT INTO t VALUES(1,'2024-01-05 00:00:00','a'),(2,'2024-02-03 00:00:00','b'),(3,'2024-03-03 00:00:00','c'),
    (4,'2024-04-03 00:00:00','d');"
export_month() {
    sqlite3 -csv -header s.db "SELECT * FROM t WHERE d LIKE '$1%'" >"ar/$1.csv"
}
for m in 01 02 03 04; do export_month "2024-$m"; done
check 'keys and ledger' assay init sqlite:s.db sqlite:s.db --table t --output init.yaml --origin assay.local/t
cat >plan.yaml <<'YAML'
assay: 1
origin: assay.local/t
ledger: ledger.db
keys: keys
datasets:
  t:
    id: 6f1f0c1e-52a4-4a55-9d1a-3f1f3b7f0b03
    source: {locator: "sqlite:s.db", table: t}
    archive: {locator: "ar/{segment}.csv"}
    key: [id]
    window: {column: d, every: month}
    columns: {id: integer, d: timestamp, v: text}
YAML
sed -i 's/,d$/,D/' ar/2024-04.csv
check_exit 1 'one month was never equal' assay check plan.yaml
check_has 'a plain difference' "$OUT" '2024-04 .*changed: v'
check_lacks '... that blames nobody' "$OUT" '2024-04 .*(at the source|in the archive)'

sqlite3 s.db "UPDATE t SET v = 'A' WHERE id = 1; DELETE FROM t WHERE id = 3; UPDATE t SET v = 'dd' WHERE id = 4;
    INSERT INTO t VALUES(5,'2023-12-03 00:00:00','late')"
sed -i 's/,b$/,B/' ar/2024-02.csv
check_exit 1 'changed on both sides' assay check plan.yaml --report json:r.json
check 'told apart' jq -e '[.datasets[0].chunks[] | {(.segment): [.kind, .changed_side, .columns]}] | add |
    .["2024-01"] == ["source-changed", "source", ["v"]] and .["2024-02"] == ["changed", "archive", ["v"]] and
    .["2024-03"] == ["source-changed", "source", []] and .["2024-04"] == ["changed", null, ["v"]]' r.json
check_exit 1 'as text' assay report plan.yaml
check_has 'late change' "$OUT" '2024-01 .*source-changed: v .*after archiving, at the source'
check_has 'a deleted row' "$OUT" '2024-03 .*source-changed .*rows 0/1.*after archiving, at the source'
check_has 'damage' "$OUT" '2024-02 .*changed: v .*in the archive, since both were equal'
check_exit 1 'once more' assay check plan.yaml --report json:r.json
check 'the last time both were equal is what counts' jq -e '[.datasets[0].chunks[] | select(.kind == "source-changed") |
    .segment] == ["2024-01", "2024-03"]' r.json
check 'a row that comes late into an old window is found' jq -e '.datasets[0].chunks[] | select(.segment == "2023-12") | .rows.source == 1' r.json

for m in 2023-12 2024-01 2024-02 2024-04; do export_month "$m"; done
rm ar/2024-03.csv # without rows sqlite3 writes no header
check 'exported again' assay check plan.yaml
check_has 'all of it closed' "$OUT" ' 0 open, [0-9]+ closed by this run'
sed -i 's/,A$/,a/' ar/2024-01.csv
check_exit 1 'an old state of the archive is damage, not a late change' assay check plan.yaml
check_has 'told so' "$OUT" '2024-01 .*changed: v .*in the archive, since both were equal'
check 'the ledger holds' assay ledger verify plan.yaml
