#!/bin/bash
# Rows behind the plan's as_of are not in scope on either side: counted, named, and no reason for a verdict.
. "$(dirname "$0")/lib.sh"

plan() { # AT [COLUMN]
    cat <<EOF
assay: 1
origin: assay.local/t
datasets:
  t:
    id: 6f1f0c1e-52a4-4a55-9d1a-3f1f3b7f0c01
    source: {locator: "sqlite:s.db", table: t}
    archive: {locator: "ar/t.csv", csv: {quoted_null: true}}
    key: [id]
    as_of: {column: ${2:-at}, at: "$1"}
    columns: {id: integer, at: timestamp, v: text}
EOF
}
mkdir ar
sqlite3 s.db "CREATE TABLE t (id INTEGER PRIMARY KEY, at TEXT, v TEXT);
    INSERT INTO t VALUES (1, '2024-01-01 00:00:00', 'a'), (2, '2024-01-02 00:00:00', 'b'), (3, NULL, 'c'), (4, '2024-01-02 00:00:00.000001', 'd')"
check_exit 0 'keys and ledger' assay init sqlite:s.db sqlite:s.db --table t --output init.yaml --origin assay.local/t
sqlite3 -csv -header s.db "SELECT * FROM t WHERE at <= '2024-01-02 00:00:00' OR at IS NULL" >ar/t.csv
plan 2024-01-02 >plan.yaml
check_exit 0 'a row a microsecond later is not in scope; the very moment and no moment are' assay check plan.yaml --report text --report json:r.json
check_has 'it is named and counted' "$OUT" '^not in scope: t: rows 1/0 with at after 2024-01-02 00:00:00$'
check 'as data, too' jq -e '.datasets[0].not_in_scope | .rows_after == {"source": 1, "archive": 0} and .as_of_column == "at"' r.json
check 'the rows in scope are three' jq -e '.counts.rows == {"source": 3, "archive": 3}' r.json
check 'and the source is tiled with it' jq -e '.datasets[0].sides.source.tiled == "yes"' r.json
sqlite3 s.db "INSERT INTO t VALUES (5, '2024-02-01 00:00:00', 'later')"
check_exit 0 'rows that come later stay out' assay check plan.yaml
echo '4,2024-01-02 00:00:00.000001,DIFFERS' >>ar/t.csv
check_exit 0 'also where the archive has them' assay check plan.yaml --report text
check_has '... counted on both sides' "$OUT" 'rows 2/1 with at after'
check_exit 0 'drill-down knows of none of them' assay diff --all plan.yaml
check_lacks '... and shows none' "$OUT" DIFFERS
sqlite3 s.db "UPDATE t SET at = '2024-01-02 00:00:00' WHERE id = 5"
check_exit 1 'a late row that claims an early time is a difference' assay check plan.yaml
sqlite3 s.db "DELETE FROM t WHERE id = 5; INSERT INTO t VALUES (6, 'soon', 'x')"
check_exit 3 'a time that does not decode has no place at the source' assay check plan.yaml
sqlite3 s.db 'DELETE FROM t WHERE id = 6'
plan 2 id >id.yaml
check_exit 0 'an integer' assay check id.yaml --report text
check_has 'counts, too' "$OUT" 'rows 2/2 with id after 2$'
plan 0 id >none.yaml
check_exit 3 'nothing in scope is nothing verified' assay check none.yaml
check 'the ledger holds' assay ledger verify plan.yaml
