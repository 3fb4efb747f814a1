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

# A report of a run that reached some datasets or segments says so, and what is open elsewhere counts.
cp kept/*.csv ar/
mkdir some
cp -r ar s.db some/
cd some || exit 1
check_exit 0 'keys and ledger of some' assay init sqlite:s.db sqlite:s.db --table t --output init.yaml --origin assay.local/t
sqlite3 s.db "CREATE TABLE c(id INTEGER PRIMARY KEY, v TEXT); INSERT INTO c VALUES(1,'x'),(2,'y');"
sqlite3 -csv -header s.db 'SELECT * FROM c' >c.csv
small() { # NAME ID
    printf '  %s:\n    id: 6f1f0c1e-52a4-4a55-9d1a-3f1f3b7f0a0%s\n    source: {locator: "sqlite:s.db", table: c}\n' "$1" "$2"
    printf '    archive: {locator: c.csv, format: csv, csv: {null: "", header: true}}\n'
    printf '    key: [id]\n    columns: {id: integer, v: text}\n'
}
{
    head_of_plan
    plan orders 1 s.db "$files"
    small customers 7
    small third 8
} >some.yaml
first_line() { head -n 1 "$OUT"; }
says() { # NAME TEXT
    case $(first_line) in *"$2"*) ok "$1" ;; *) not_ok "$1" "$(first_line)" ;; esac
}
check 'two of three datasets' assay check some.yaml --dataset orders --dataset customers
says '... are said to be some' 'MATCH in part: 4 rows in 3 chunks of 2 of 3 datasets of the plan are equal'
check_exit 3 'a dataset that never was read is no match of the plan' assay report some.yaml
says '... and is named' 'the last word on third: never read'
check_has '... with what to do' "$OUT" '^next: assay check some.yaml --dataset third$'
check 'the third' assay check some.yaml --dataset third
check 'a report of the newest run takes the last words on the others' assay report some.yaml
says '... and says which' 'customers: match of '
check 'all of them, by their own runs' assay report some.yaml --all
says '... is plainly equal' 'MATCH: 6 rows in 4 chunks of 3 datasets are equal'
sed -i 's/,b/,X/' ar/2024-02.csv
check_exit 1 'one of them differs' assay check some.yaml --dataset orders
check 'another is checked after that' assay check some.yaml --dataset customers
check_exit 1 'the newest run does not hide a mismatch in another dataset' assay report some.yaml
says '... and says where' 'MISMATCH outside of what was compared last'
check_has '... and since when' "$OUT" 'orders: mismatch of '
check_has '... and how much' "$OUT" ', 1 open'
check_has '... and where to look' "$OUT" '^next: assay report some.yaml --dataset orders$'
check_exit 1 'all of them: the newest word on each' assay report some.yaml --all
says '... in full' 'MISMATCH: 1 of 4 chunks differs in 1 of 3 datasets'
check 'evidence' assay evidence some.yaml --out bundle
if grep -q '"verdict":"mismatch","exit_code":1' bundle/report.json; then
    ok 'its report is of every dataset'
else
    not_ok 'its report is of every dataset' "$(head -c 600 bundle/report.json)"
fi
check 'another segment is equal' assay check some.yaml --dataset orders --segment 2024-01
says '... and said to be one of two' '; only 1 of 2 segments of orders (all of them last: mismatch of '
check_exit 1 'what differs in another segment keeps the report red' assay report some.yaml --dataset orders
says '... and is counted' '; 1 discrepancy is open elsewhere'
export_month 2024-02
check 'the other segment is repaired' assay check some.yaml --dataset orders --segment 2024-02
check 'nothing is open' assay report some.yaml
says '... and not all segments are compared' 'MATCH in part: 1 row in 1 chunk of 1 of 3 datasets'
check 'comparing all statements' assay reconcile some.yaml
check 'a whole plan by its newest statements' assay report some.yaml
says '... is a match, of which some is older' '3 datasets are equal on both sides; 1 segment was not read again since '

# What was read by different runs is compared, and the report says when; what was read later is not compared.
sed -i 's/,b/,X/' ar/2024-02.csv
check 'the source alone is read again' assay verify some.yaml --side source --dataset orders
check_exit 3 'a report before it is compared' assay report some.yaml
says '... is no match' 'UNVERIFIED outside of what was compared last'
check_has '... and says why' "$OUT" 'the source of orders was read again 20.*, and that is not compared'
check 'the old archive is compared' assay reconcile some.yaml --dataset orders
check_has '... and said to be old' "$OUT" 'orders: match: .*; the archive was last read 20[^;]*, not again since; the source 20'
check 'a match' assay report some.yaml
check_has '... with what was read when' "$OUT" '^MATCH.*; the archive of orders was last read 20[^;]*, not again since; its source 20'
check_exit 1 'the archive is read again, too' assay check some.yaml --dataset orders

# What was waived counts again when the waiver is withdrawn, although the dataset was not compared since.
check 'an approver' assay ledger key some.yaml --role approver
check 'waives it' assay ledger waive some.yaml --by 'J. Doe' --reason 'ticket 17' --dataset orders --segment 2024-02 --until 2999-01-01
waiver=$(sed -n 's/^waiver \([0-9a-f]*\): .*/\1/p' "$OUT")
check 'it is waived' assay check some.yaml --dataset orders
check 'another dataset is checked' assay check some.yaml --dataset customers
check 'a report' assay report some.yaml
check 'the waiver is withdrawn' assay ledger waive some.yaml --dataset orders --withdraw "$waiver" --by 'J. Doe' --reason 'not so'
check_exit 1 'and the report is red again' assay report some.yaml
check_has '... for what is open' "$OUT" 'orders: .*1 open'
