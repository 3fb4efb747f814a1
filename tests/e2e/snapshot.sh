#!/bin/bash
# Export and check under one snapshot: what is written meanwhile is no difference, and no other way round either.
. "$(dirname "$0")/lib.sh"

plan() { # SOURCE [MORE DATASETS]
    cat <<EOF
assay: 1
origin: assay.local/t
datasets:
  orders:
    id: 6f1f0c1e-52a4-4a55-9d1a-3f1f3b7f0a11
    source: {locator: "$1", table: orders}
    archive: {locator: "ar/orders.csv"}
    key: [id]
    columns: {id: integer, v: text}
EOF
}
column() { sqlite3 -readonly ledger.db "SELECT note FROM leaf JOIN leaf_index USING (idx) WHERE kind = '$1' ORDER BY idx DESC LIMIT 1" | sed -n "s/^$2 //p"; }

# ---- PostgreSQL ----
pg_start
psql -q <<'SQL'
CREATE TABLE orders (id int PRIMARY KEY, v text);
INSERT INTO orders SELECT g, 'v' || g FROM generate_series(1, 1000) g;
CREATE TABLE lines (id int PRIMARY KEY, v text);
INSERT INTO lines SELECT g, 'l' || g FROM generate_series(1, 50) g;
SQL
mkdir ar pg.keys
check_exit 0 'keys and ledger' assay init "$PG_URI" "$PG_URI" --table orders --output init.yaml --origin assay.local/t
{
    plan "$PG_URI"
    cat <<EOF
  order lines:
    id: 6f1f0c1e-52a4-4a55-9d1a-3f1f3b7f0a12
    source: {locator: "$PG_URI", table: lines}
    archive: {locator: "ar/lines.csv"}
    key: [id]
    columns: {id: integer, v: text}
EOF
} >plan.yaml

# Somebody writes while the export runs: through another connection, before and behind what is exported.
cat >export.sh <<'EOF'
#!/bin/bash
set -eu
psql -q -c "INSERT INTO orders SELECT max(id) + 1, 'late' FROM orders; UPDATE orders SET v = v || '!' WHERE id = 7; DELETE FROM orders WHERE id = 8"
psql -q -c "INSERT INTO lines SELECT max(id) + 1, 'late' FROM lines"
under=${ASSAY_SNAPSHOT:+"SET TRANSACTION SNAPSHOT '$ASSAY_SNAPSHOT';"}
for t in orders lines; do
    psql -qX <<SQL >"ar/$t.csv"
BEGIN ISOLATION LEVEL REPEATABLE READ; $under
COPY $t TO STDOUT (FORMAT csv, HEADER);
SQL
done
psql -q -c "DELETE FROM orders WHERE id = 9"
echo "exported $*"
env | grep ^ASSAY_ | sort >env.txt
EOF
chmod +x export.sh

./export.sh >/dev/null
check_exit 1 'without a shared snapshot what was written meanwhile is a difference' assay check plan.yaml
check_exit 0 'with it there is none' assay check plan.yaml --report json:r.json -- ./export.sh a 'b c'
check_has '... the exporter got its words as they are' "$ERR" '^exported a b c$'
check_lacks '... and its output is not among the results' "$OUT" exported
check_same '... both tables were exported and read under one snapshot' <(sed -n 's/^ASSAY_SNAPSHOT=//p' env.txt) <(sed -n 's/^ASSAY_SNAPSHOT_ORDER_LINES=//p' env.txt)
check_has '... named by its dataset, too' env.txt '^ASSAY_SNAPSHOT_ORDERS=[0-9A-F]+-[0-9A-F]+-[0-9]+$'
check_has '... with plan and run' env.txt '^ASSAY_PLAN=plan.yaml$'
snapshot=$(sed -n 's/^ASSAY_SNAPSHOT=//p' env.txt)
check 'the ledger says under which' grep -q "^$snapshot lsn=" <(column run-end snapshot; sqlite3 -readonly ledger.db "SELECT note FROM leaf JOIN leaf_index USING (idx) WHERE kind = 'run-end' AND role = 'source'" | sed -n 's/^snapshot //p')
check 'the result document, too' jq -e --arg s "$snapshot" '[.datasets[].sides.source.snapshot | startswith($s)] | all and length == 2' r.json
check_exit 1 'later the source has moved on' assay check plan.yaml
check 'nothing is held any more' test "$(psql -qAtX -c "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'assay'")" = 0

leaves() { sqlite3 -readonly ledger.db 'SELECT count(*) FROM leaf'; }
before=$(leaves)
check_exit 3 'an exporter that fails ends the check' assay check plan.yaml -- sh -c 'exit 7'
check_has '... and is named, with its status' "$ERR" 'exporter sh ended with exit status 7; nothing was verified'
check_exit 3 'one that a signal ended' assay check plan.yaml -- sh -c "kill -9 \$\$"
check_has '... too' "$ERR" 'ended by signal 9'
check_exit 3 'one that is not there' assay check plan.yaml -- ./nobody
check_has '... too' "$ERR" 'nobody: cannot run it: No such file'
check_exit 2 'no command after --' assay check plan.yaml --
check_exit 2 'an exporter, and the archive alone' assay check --archive-only plan.yaml -- ./export.sh
check_exit 2 'an exporter, and a snapshot of its own' assay check --snapshot X plan.yaml -- ./export.sh
check_exit 2 'a plan that is broken' assay check /dev/null -- ./export.sh
check 'nothing of these is in the ledger' test "$(leaves)" = "$before"

sed 's/table: lines/table: gone/' plan.yaml >gone.yaml
rm -f env.txt
check_exit 3 'a table that cannot be held' assay check gone.yaml -- ./export.sh
check_has '... is named' "$ERR" 'there is no table gone'
check 'and the exporter does not run' test ! -e env.txt

# A table that is emptied by TRUNCATE would be empty under every snapshot: it must wait.
check_exit 0 'TRUNCATE waits for the check' assay check plan.yaml -- sh -c \
    "./export.sh && ! psql -q -c \"SET lock_timeout = 100\" -c 'TRUNCATE orders' 2>/dev/null"

# The holder loses its connection: nobody can say any more what was exported.
cat >lose.sh <<'EOF'
./export.sh
psql -qAtX -c "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'assay'"
EOF
check_exit 3 'a snapshot that is lost leaves the check unverified' assay check plan.yaml --report text -- sh ./lose.sh
check_has '... which is said' "$ERR" 'the snapshot .* is lost: the server closed the connection'
check_has '... in the report, too' "$OUT" "nobody holds the exporter's snapshot any more"

# Ctrl-C reaches the exporter, and nothing stays behind.
mkfifo started
cat >slow.sh <<'EOF'
trap 'echo cleaned >cleaned; kill $!; exit 1' INT TERM
tail -f /dev/null &
echo >started
wait
EOF
assay check plan.yaml -- bash ./slow.sh >"$OUT" 2>"$ERR" </dev/null &
pid=$!
read -r <started
kill -TERM $pid
wait $pid
check 'a signal ends the check' test $? -eq 143
check 'and was passed on to the exporter' test -e cleaned
until [ "$(psql -qAtX -c "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'assay'")" = 0 ]; do sleep 0.05; done
ok 'and nothing is held any more'

# An exporter that brings its own snapshot.
coproc HOLDER { psql -XqAt; }
echo "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT pg_export_snapshot();" >&"${HOLDER[1]}"
read -r own <&"${HOLDER[0]}"
ASSAY_SNAPSHOT=$own ./export.sh >/dev/null
check_exit 0 "an exporter's own snapshot" assay check plan.yaml --snapshot "$own"
check_exit 0 '... by dataset' assay check plan.yaml --snapshot "orders=$own" --snapshot "order lines=$own"
check_exit 1 '... and without it' assay check plan.yaml
echo "SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"');" >&"${HOLDER[1]}"
read -r began <&"${HOLDER[0]}"
check_exit 0 'drill-down reads the source under it, too' assay diff plan.yaml --snapshot "$own" --all
check_exit 1 '... and differences without it' assay diff plan.yaml --all
check_exit 0 'the ledger says when it was taken' assay verify plan.yaml --side source --dataset orders --snapshot "$own"
check_has '... not when it was read' <(column run-end snapshot) " at=$began$"
echo 'ROLLBACK;' >&"${HOLDER[1]}"
eval "exec ${HOLDER[1]}>&-"
wait "$HOLDER_PID" 2>/dev/null
check_exit 3 'one that is gone' assay check plan.yaml --snapshot "$own"
check_has '... is named as gone' "$ERR" "nobody holds the exporter's snapshot any more"

# ---- SQLite, in both journal modes ----
for mode in wal delete; do
    rm -f ledger.db* app.db* ar/*
    rm -rf keys
    sqlite3 app.db "PRAGMA journal_mode = $mode; CREATE TABLE orders (id INTEGER PRIMARY KEY, v TEXT);
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) INSERT INTO orders SELECT i, 'v' || i FROM n" >/dev/null
    rm -f init.yaml
    check_exit 0 "$mode: keys and ledger" assay init sqlite:app.db sqlite:app.db --table orders --output init.yaml --origin assay.local/t
    plan sqlite:app.db >plan.yaml
    cat >lite.sh <<'EOF'
set -eu
sqlite3 app.db "INSERT INTO orders VALUES (1001, 'late'); UPDATE orders SET v = v || '!' WHERE id = 7" # another connection writes
sqlite3 -csv -header "${ASSAY_SQLITE:-app.db}" 'SELECT * FROM orders' >ar/orders.csv
sqlite3 app.db "DELETE FROM orders WHERE id >= 1000"
echo "${ASSAY_SQLITE:-}" >copy.txt
EOF
    sh lite.sh
    check_exit 1 "$mode: without a frozen copy what was written meanwhile is a difference" assay check plan.yaml
    check_exit 0 "$mode: with it there is none" assay check plan.yaml --report json:r.json -- sh lite.sh
    check "$mode: the copy is gone afterwards" test ! -e "$(cat copy.txt)"
    check "$mode: the result names the copy by its hash" jq -e '.datasets[0].sides.source.snapshot | startswith("copy=sha256:")' r.json
    check_exit 1 "$mode: later the source has moved on" assay check plan.yaml
    check_exit 3 "$mode: an exporter that writes to the copy" assay check plan.yaml -- sh -c \
        "chmod u+w \$ASSAY_SQLITE; sqlite3 \$ASSAY_SQLITE \"DELETE FROM orders WHERE id = 3\"; sqlite3 -csv -header \$ASSAY_SQLITE 'SELECT * FROM orders' >ar/orders.csv"
    check_has "$mode: ... is found out" "$ERR" 'was written to since it was made'
done
sqlite3 app.db "VACUUM INTO 'mine.db'"
sqlite3 -csv -header mine.db 'SELECT * FROM orders' >ar/orders.csv
sqlite3 app.db "INSERT INTO orders VALUES (5000, 'late')"
check_exit 0 "an exporter's own copy" assay check plan.yaml --snapshot mine.db
check_exit 1 '... and without it' assay check plan.yaml
check_exit 0 'drill-down reads the copy, too' assay diff plan.yaml --snapshot mine.db
check_exit 1 '... or the database' assay diff plan.yaml
check 'the ledger holds' assay ledger verify plan.yaml
