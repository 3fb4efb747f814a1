#!/usr/bin/env bash
# A waiver covers what was seen and nothing else: neither other bytes in a cell that does not decode, nor other orphans, nor other rows
# behind sums that could not be opened.
. "$(dirname "$0")/lib.sh"

sqlite3 app.db "CREATE TABLE t (id INTEGER PRIMARY KEY, d TEXT); INSERT INTO t VALUES (1, '2024-01-01'), (2, '2024-01-02'), (3, '2024-01-03')"
mkdir files
printf 'id,d\n1,2024-01-01\n2,2024-01-99\n3,2024-01-03\n' >files/a.csv
check 'init' assay init sqlite:app.db files/a.csv --table t --output init.yaml --origin assay.local/t
check 'an approver' assay ledger key init.yaml --role approver
plan() { # DIGEST ARCHIVE NUMBER
    cat <<YAML
assay: 1
origin: assay.local/t
digest: $1
datasets:
  t:
    id: 6f1f0c1e-52a4-4a55-9d1a-3f1f3b7f0e0$3
    source: {locator: "sqlite:app.db", table: t}
    archive: $2
    key: [id]
    columns: {id: integer, d: date}
YAML
}
waive() { assay ledger waive "$1.yaml" --by 'J. Doe' --reason known --until 2999-01-01 "${@:2}"; }

# ---- a cell that does not decode ----
plan fast '{locator: "files/*.csv"}' 1 >files.yaml
check_exit 1 'a date that is none' assay check files.yaml
check 'waived' waive files --segment all
check 'it is covered' assay check files.yaml
sed -i 's/2024-01-99/garbage-and-more/' files/a.csv
check_exit 1 'other garbage in its place is not' assay check files.yaml
check_has 'which is said, and what to do' "$ERR" '1 open, although named by a waiver .* renew it: assay ledger waive'
sed -i 's/garbage-and-more/2024-01-99/' files/a.csv
check 'back as it was, it is' assay check files.yaml
check_lacks 'and nothing is said' "$ERR" waiver
printf 'id,d\n3,2024-01-03\n' >files/b.csv
sed -i '/^3,/d' files/a.csv
check_exit 1 'the bytes around it are others' assay check files.yaml
check 'waived anew' waive files --segment all
mv files/b.csv files/c.csv
check 'a file without such a value is known by its rows' assay check files.yaml

sqlite3 arch.db "CREATE TABLE t (id INTEGER PRIMARY KEY, d TEXT); INSERT INTO t VALUES (1, '2024-01-01'), (2, '2024-01-99'), (3, '2024-01-03')"
plan fast '{locator: "sqlite:arch.db", table: t}' 2 >table.yaml
check_exit 1 'the same in a table' assay check table.yaml --report json:table.json
check_exit 2 'cannot be waived: there are no bytes to know it by' waive table --discrepancy "$(jq -r '.discrepancies[0].id' table.json)"
check_has 'for a reason' "$ERR" 'cannot be waived: values of a table that do not decode'
check_exit 2 'nor with its segment' waive table --segment all
check_has 'which stays open' "$ERR" 'stays open, it cannot be waived'

# ---- sums that could not be opened ----
printf 'id,d\n1,2024-01-01\n2,2024-01-99\n3,2024-01-03\n' >sealed.csv
plan sealed '{locator: sealed.csv}' 3 >sealed.yaml
read_sealed() { assay verify sealed.yaml --side source && assay verify sealed.yaml --side archive; }
without_keys() {
    mkdir -p away && mv keyring keys/dataset.key away/ || return 99
    assay reconcile sealed.yaml
    local status=$?
    mv away/keyring . && mv away/dataset.key keys/
    return $status
}
check 'sealed' read_sealed
check_exit 1 'compared without the keys' without_keys
check 'waived' waive sealed --segment all
check 'it is covered, without the keys' without_keys
check 'and with them' assay check sealed.yaml
printf 'id,d\n1,2024-07-07\n2,2024-01-99\n3,2024-08-08\n' >sealed.csv
check 'other rows beside it' read_sealed
check_exit 1 'are not covered, without the keys' without_keys
check_exit 1 'nor with them' assay reconcile sealed.yaml

# ---- orphans ----
mkdir o
printf 'id\n1\n2\n' >o/customers.csv
printf 'id,customer\n1,1\n2,1\n3,2\n4,777\n' >o/orders.csv
cat >orphans.yaml <<'YAML'
assay: 1
origin: assay.local/t
datasets:
  customers:
    id: 6f1f0c1e-52a4-4a55-9d1a-3f1f3b7f0e04
    source: {locator: s/customers.csv}
    archive: {locator: o/customers.csv}
    key: [id]
    columns: {id: integer}
  orders:
    id: 6f1f0c1e-52a4-4a55-9d1a-3f1f3b7f0e05
    source: {locator: s/orders.csv}
    archive: {locator: o/orders.csv}
    key: [id]
    columns: {id: integer, customer: integer}
    references: [{columns: [customer], dataset: customers, to: [id]}]
YAML
both() { rm -rf s && cp -r o s && assay check orphans.yaml "$@"; }
check_exit 1 'an orphan' both --report json:orphan.json
check 'waived' waive orphans --dataset orders --discrepancy "$(jq -r '.discrepancies[0].id' orphan.json)"
check 'it is covered' both
printf 'id,customer\n4,777\n3,2\n2,1\n1,1\n' >o/orders.csv
check 'in any order of rows' both
printf 'id,customer\n1,1\n2,888\n3,2\n4,1\n' >o/orders.csv
check_exit 1 'another orphan is not' both
printf 'id,customer\n1,1\n2,777\n3,2\n4,1\n' >o/orders.csv
check_exit 1 'nor another row with the same key' both
check 'the ledger holds' assay ledger verify orphans.yaml
