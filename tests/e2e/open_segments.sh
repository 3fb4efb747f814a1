#!/bin/bash
# Behind the high-water mark segments are open: read, named, counted, and no reason for a verdict until they close.
. "$(dirname "$0")/lib.sh"

plan() { # WINDOW
    cat <<EOF
assay: 1
origin: assay.local/t
datasets:
  t:
    id: 6f1f0c1e-52a4-4a55-9d1a-3f1f3b7f0d01
    source: {locator: "sqlite:s.db", table: t}
    archive: {locator: "ar/{segment}.csv"}
    key: [id]
    window: {$1}
    columns: {id: integer, d: timestamp, v: text}
EOF
}
mkdir ar
sqlite3 s.db "CREATE TABLE t (id INTEGER PRIMARY KEY, d TEXT, v TEXT);
    INSERT INTO t VALUES (1, '2024-01-05 00:00:00', 'a'), (2, '2024-02-03 00:00:00', 'b'), (3, '2024-03-04 00:00:00', 'c'), (4, '2024-03-05 00:00:00', 'd')"
check_exit 0 'keys and ledger' assay init sqlite:s.db sqlite:s.db --table t --output init.yaml --origin assay.local/t
export_month() { sqlite3 -csv -header s.db "SELECT * FROM t WHERE d LIKE '$1%'" >"ar/$1.csv"; }
export_month 2024-01
export_month 2024-02
month='column: d, every: month'
plan "$month" >whole.yaml
check_exit 1 'without a mark the month that is not exported yet is missing' assay check whole.yaml
plan "$month, closed_until: 2024-03-01" >plan.yaml
check_exit 0 'with it the month is open' assay check plan.yaml --report text --report json:r.json
check_has '... and named, with its rows' "$OUT" '^not in scope: t: 1 segment still open at 2024-03-01 00:00:00 \(2024-03\), rows 2/0$'
check '... as data, too' jq -e '.datasets[0].not_in_scope | .open == [{"segment": "2024-03", "rows": {"source": 2, "archive": 0}}] and .closed_until == "2024-03-01 00:00:00"' r.json
check 'what is compared is two rows' jq -e '.counts.rows == {"source": 2, "archive": 2} and .verdict == "match"' r.json
check 'the ledger holds the mark' grep -q '^closed-until 2024-03-01 00:00:00$' <(sqlite3 -readonly ledger.db "SELECT note FROM leaf JOIN leaf_index USING (idx) WHERE kind = 'run-end' AND role = 'source' ORDER BY idx DESC LIMIT 1")
echo 'id,d,v' >ar/2024-03.csv
echo '3,broken' >>ar/2024-03.csv
check_exit 0 'a file of an open month is not judged' assay check plan.yaml
sed -i 's/,b/,X/' ar/2024-02.csv
check_exit 1 'a difference in a closed one is' assay check plan.yaml
export_month 2024-02
plan "$month, closed_until: 2024-02-29" >plan.yaml
check_exit 0 'a month that ends a day after the mark is open' assay check plan.yaml --report text
check_has '... of two' "$OUT" '2 segments still open at 2024-02-29 00:00:00 \(2024-02, 2024-03\), rows 3/'
plan "$month, closed_until: 2024-01-01" >early.yaml
check_exit 3 'when all are open nothing was verified' assay check early.yaml --report text
check_has '... which is said' "$OUT" 'every segment with rows is still open'
sqlite3 s.db "UPDATE t SET v = 'late' WHERE id = 1"
plan "$month, closed_until: 2024-03-01" >plan.yaml
check_exit 1 'a late change in a closed month is found' assay check plan.yaml
export_month 2024-01
export_month 2024-03
plan "$month, closed_until: 2024-04-01" >plan.yaml
check_exit 0 'the mark moves on, and the month is compared' assay check plan.yaml --report json:r.json
check 'nothing is open then' jq -e '.datasets[0].not_in_scope.open_segments == 0 and .counts.rows.source == 4' r.json
sqlite3 s.db "INSERT INTO t VALUES (9, strftime('%Y-%m-%d %H:%M:%S', 'now'), 'now')"
plan "$month, lag: 1h" >lag.yaml
check_exit 0 'a lag: this month is open' assay check lag.yaml --report text
check_has '... with the row of now' "$OUT" '1 segment still open at .*, rows 1/0$'
sqlite3 s.db "VACUUM INTO 'old.db'"
touch -d '2024-03-15 00:00:00' old.db
check_exit 0 'counted from when the snapshot was taken' assay check lag.yaml --snapshot old.db --report text
check_has '... not from when the run began' "$OUT" '2 segments still open at 2024-03-14 23:00:00 \(2024-03, '
plan 'column: id, every: {step: 4}, lag: 0' >id.yaml
rm ar/*
sqlite3 -csv -header s.db 'SELECT * FROM t WHERE id < 4' >ar/0.csv
sqlite3 -csv -header s.db 'SELECT * FROM t WHERE id BETWEEN 4 AND 7' >ar/4.csv
check_exit 0 'ids: the highest range with rows is open' assay check id.yaml --report text
check_has '... from its start on' "$OUT" 'still open at 8 \(8\), rows 1/0$'
check 'the ledger holds' assay ledger verify plan.yaml
