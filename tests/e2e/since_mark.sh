#!/bin/bash
# --since-mark reads what is not known to be equal: open segments and those that differed. The rest is named with its age.
. "$(dirname "$0")/lib.sh"

plan() { # SOURCE WINDOW
    cat <<EOF
assay: 1
origin: assay.local/t
datasets:
  t:
    id: 6f1f0c1e-52a4-4a55-9d1a-3f1f3b7f0e01
    source: {locator: "$1", table: t}
    archive: {locator: "ar/{segment}.csv"}
    key: [id]
    window: {column: d, every: month, $2}
    columns: {id: integer, d: timestamp, v: text}
EOF
}
attested() { # ROLE: rows of its newest run
    sqlite3 -readonly ledger.db "SELECT note FROM leaf JOIN leaf_index USING (idx) WHERE kind = 'run-end' AND role = '$1' ORDER BY idx DESC LIMIT 1" | sed -n 's/^rows //p'
}
scope() { sqlite3 -readonly ledger.db "SELECT note FROM leaf JOIN leaf_index USING (idx) WHERE kind = 'run-start' AND role = '$1' ORDER BY idx DESC LIMIT 1" | sed -n 's/^scope //p'; }

engine=sqlite
sql() {
    if [ $engine = pg ]; then psql -qAtX -c "$1"; else sqlite3 s.db "$1"; fi
}
export_query() { # QUERY FILE
    if [ $engine = pg ]; then psql -qX -c "COPY ($1) TO STDOUT (FORMAT csv, HEADER)" >"$2"; else sqlite3 -csv -header s.db "$1" >"$2"; fi
}
export_month() {
    export_query "SELECT * FROM t WHERE CAST(d AS text) LIKE '$1%'" "ar/$1.csv"
    export_query 'SELECT * FROM t WHERE d IS NULL' ar/null.csv
}

check_all() { # SOURCE
    local source=$1
    rm -rf ledger.db* keys init.yaml ar
    mkdir ar
    check_exit 0 "$source: keys and ledger" assay init "$source" "$source" --table t --output init.yaml --origin assay.local/t
    export_month 2024-01
    export_month 2024-02
    plan "$source" 'closed_until: 2024-03-01' >plan.yaml
    check_exit 0 'nothing is known yet: everything is read' assay check plan.yaml --since-mark --report json:r.json
    check '... as any run does' jq -e '.datasets[0].not_read_again.segments == 0 and .counts.rows.source == 3' r.json
    check_exit 0 'then only what was open' assay check plan.yaml --since-mark --report text --report json:r.json --report html:r.html
    check_same '... at the source' <(attested source) <(echo 2) # March, and the row without a date
    check_same '... which is stated' <(scope source; scope archive) <(echo since-mark; echo since-mark)
    check_has '... the others are named' "$OUT" '^not read again: t: since 20[0-9-]+T[0-9:.]+Z: 2 segments \(2024-01, 2024-02\), rows 2/2$'
    check_has '... in HTML' r.html 'Not read again since 20.*: 2 segments \(2024-01, 2024-02\), rows 2/2<'
    check_has '... with what is open' r.html 'Not in scope: 1 segment still open at 2024-03-01 00:00:00 \(2024-03\), rows 1/0<'
    check '... as data' jq -e '.verdict == "match" and .counts.rows == {"source": 3, "archive": 3}
        and (.datasets[0].not_read_again | .segments == 2 and .rows == {"source": 2, "archive": 2} and (.listed | length) == 2)' r.json

    sql "INSERT INTO t VALUES (5, '2024-03-31 23:59:59.999999', 'e'), (6, '2024-04-01 00:00:00', 'f')"
    export_month 2024-03
    echo garbage >ar/2024-01.csv
    plan "$source" 'closed_until: 2024-04-01' >plan.yaml
    check_exit 0 'the mark moves on: March is compared; files that are known are not opened' assay check plan.yaml --since-mark --report json:r.json
    check '... and counted' jq -e '.counts.rows == {"source": 5, "archive": 5} and .datasets[0].not_in_scope.open_segments == 1' r.json
}

check_what_differs() { # SOURCE
    local source=$1
    check_exit 1 'a whole run opens them' assay check plan.yaml
    check_exit 1 'what differed is read again' assay check plan.yaml --since-mark
    check_same '... by name' <(scope source) <(echo since-mark,2024-01)
    export_month 2024-01
    check_exit 0 'until it is equal' assay check plan.yaml --since-mark
    check_has '... and closed' "$OUT" 'discrepancies: 0 open, 2 closed by this run'
    sql "UPDATE t SET v = 'late' WHERE id = 1"
    check_exit 0 'a late change behind the mark is not looked for' assay check plan.yaml --since-mark
    check_exit 1 '... and a whole run finds it' assay check plan.yaml
    check_exit 1 '... from then on every run does' assay check plan.yaml --since-mark
    export_month 2024-01
    sql "DELETE FROM t WHERE id = 5"
    check_exit 1 'one segment by its name' assay check plan.yaml --segment 2024-03
    check_exit 1 'what a run of one segment found is read, too' assay check plan.yaml --since-mark
    check_same '... with what was known before' <(scope source) <(echo since-mark,2024-01,2024-03)
    check_has '... drill-down names the row' <(assay diff plan.yaml) 'extra +5 '
    export_month 2024-03
    check_exit 0 'all equal' assay check plan.yaml --since-mark
    check_exit 0 'then all is known again' assay check plan.yaml --since-mark
    check_same '... and not read' <(scope source) <(echo since-mark)

    plan "sqlite:nowhere.db" 'closed_until: 2024-04-01' >gone.yaml
    check_exit 3 'a source that cannot be read is no match by older statements' assay check gone.yaml --since-mark
    check_exit 0 'and costs nothing that was known' assay check plan.yaml --since-mark
    check_same '...' <(scope source) <(echo since-mark)
    check_exit 2 'not with --segment' assay check plan.yaml --since-mark --segment 2024-03
    check 'the ledger holds' assay ledger verify plan.yaml
}

rows="(1, '2024-01-31 23:59:59.9', 'a'), (2, '2024-02-01 00:00:00', 'b'), (3, '2024-03-04 00:00:00', 'c'), (4, NULL, 'd')"
sql "CREATE TABLE t (id INTEGER PRIMARY KEY, d TEXT, v TEXT); INSERT INTO t VALUES $rows"
check_all sqlite:s.db
check_what_differs sqlite:s.db

pg_start
engine=pg
sql "CREATE TABLE t (id int PRIMARY KEY, d timestamp, v text); INSERT INTO t VALUES $rows"
check_all "$PG_URI"
sql "ALTER SYSTEM SET log_statement = 'all'"
sql 'SELECT pg_reload_conf()' >/dev/null
check_exit 0 'one more' assay check plan.yaml --since-mark
check_has 'the server is asked for those rows alone' "$PGHOST/log" "WHERE \(\(\"d\" >= '2024-04-01 00:00:00'::pg_catalog.timestamp - '1 day'::pg_catalog.interval\) OR \"d\" IS NULL\)"
