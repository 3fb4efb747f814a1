#!/bin/bash
# What a run did not look at, or could not, must not come out as equal; and what it did see must not be forgotten.
. "$(dirname "$0")/lib.sh"

plan() { # NAME ID SOURCE ARCHIVE
    cat <<EOF
  $1:
    id: 6f1f0c1e-52a4-4a55-9d1a-3f1f3b7f0a0$2
    source: {locator: "sqlite:$3", table: t}
    archive: $4
    key: [id]
    window: {column: d, every: month, timezone: UTC}
    columns: {id: integer, d: timestamp, v: text}
EOF
}
head_of_plan() {
    printf 'assay: 1\norigin: assay.local/t\nledger: ledger.db\nkeys: keys\ndatasets:\n'
}
export_month() {
    sqlite3 -csv -header s.db "SELECT * FROM t WHERE d LIKE '$1%'" >"ar/$1.csv"
}

mkdir ar
sqlite3 s.db "CREATE TABLE t(id INTEGER PRIMARY KEY, d TEXT, v TEXT);
    INSERT INTO t VALUES(1,'2024-01-05 00:00:00','a'),(2,'2024-02-03 00:00:00','b');"
export_month 2024-01
export_month 2024-02
files='{locator: "ar/{segment}.csv", format: csv, csv: {null: "", header: true}}'
check_exit 0 'keys and ledger' assay init sqlite:s.db sqlite:s.db --table t --output init.yaml --origin assay.local/t
{
    head_of_plan
    plan t 1 s.db "$files"
} >plan.yaml
check 'equal' assay check plan.yaml

check 'one segment' assay check --segment 2024-01 plan.yaml
check_exit 3 'a segment that nobody has is no match, beside one that matches' \
    assay check --segment 2024-01 --segment 2042-01 plan.yaml
check_has '... and it is named' "$OUT" 2042-01

cp -r ar kept
sed -i 's/id,d,v/id,d,w/' ar/*.csv
check_exit 3 'an archive without the column' assay check plan.yaml
cp kept/*.csv ar/
check 'scrub knows the files of the check before' assay scrub plan.yaml
check_exit 3 'but does not make up for the check that failed' assay reconcile plan.yaml
check_exit 3 'drill-down has nothing to compare, and says so' assay diff plan.yaml
rm ar/2024-02.csv
check_exit 1 'scrub misses the file that is gone' assay scrub plan.yaml
export_month 2024-02
check 'equal again' assay check plan.yaml
check_exit 3 'drill-down into a chunk that does not differ' assay diff --chunk deadbeef plan.yaml

cp s.db x.db
sqlite3 x.db "CREATE TABLE u(id, d TEXT, v TEXT); INSERT INTO u SELECT * FROM t; INSERT INTO u VALUES('x','2024-01-06','c');
    DROP TABLE t; ALTER TABLE u RENAME TO t;"
{
    head_of_plan
    plan t 2 s.db '{locator: "sqlite:x.db", table: t}'
} >table.yaml
check_exit 1 'a row of an archive table whose key does not decode' assay check table.yaml
check_exit 1 '... to reconcile, too' assay reconcile table.yaml

sqlite3 e.db 'CREATE TABLE t(id INTEGER PRIMARY KEY, d TEXT, v TEXT)'
{
    head_of_plan
    plan t 3 e.db "$files"
} >empty.yaml
check_exit 1 'an archive with rows of an empty source' assay check empty.yaml

sed -i 's/,b/,X/' ar/2024-02.csv
{
    head_of_plan
    plan t 1 s.db "$files"
    plan u 4 gone.db "$files"
} >two.yaml
check_exit 1 'a difference in one data set outweighs another that cannot be read' assay check two.yaml
check_exit 1 '... in reconcile' assay reconcile two.yaml
check_exit 1 '... in drill-down' assay diff two.yaml

pg_start
psql -q -c "CREATE ROLE reader LOGIN PASSWORD 'hunter2-secret'; CREATE TABLE other(id int)"
uri="postgresql://reader:hunter2-secret@/$PGDATABASE?host=$PGHOST"
{
    head_of_plan
    plan t 5 s.db "{locator: \"$uri\", table: t}"
} >password.yaml
check_exit 1 'an archive table that is not there' assay check -v password.yaml
cat "$OUT" "$ERR" >said
if grep -rqa hunter2-secret said ledger.db ledger.db-wal 2>/dev/null; then
    not_ok 'its password is nowhere' "$(grep -a hunter2-secret said)"
else
    ok 'its password is nowhere'
fi
check 'the ledger holds' assay ledger verify plan.yaml
