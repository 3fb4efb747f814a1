#!/usr/bin/env bash
# Chunk keys: escrow and the recovery drill, rotation, erasure and what is said of it later.
. "$(dirname "$0")/lib.sh"

sqlite3 app.db "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); INSERT INTO t VALUES (1, 'a'), (2, 'b');
                CREATE TABLE u (id INTEGER PRIMARY KEY, v TEXT); INSERT INTO u VALUES (1, 'a')"
mkdir archive
printf 'id,v\n1,a\n2,b\n' >archive/t.csv
printf 'id,v\n1,a\n' >archive/u.csv
check 'init' assay init sqlite:app.db archive
check 'check' assay check plan.yaml

# ---- escrow ----
recipient() { # NAME ALGORITHM...
    openssl req -x509 -newkey "${@:2}" -nodes -keyout "$1.key" -out "$1.pem" -days 30 -subj "/CN=$1" 2>/dev/null
    chmod 600 "$1.key"
}
recipient keeper ec -pkeyopt ec_paramgen_curve:P-256
recipient auditor rsa:2048
check 'a keyring without an escrow' assay ledger keyring plan.yaml
check_has 'says what is at stake' "$OUT" 'escrow +none: a lost dataset.key would be lost for good'
check_exit 2 'one recipient is not enough' assay ledger keyring plan.yaml --recipient keeper.pem
check_exit 2 'nor one twice' assay ledger keyring plan.yaml --recipient keeper.pem --recipient keeper.pem
check 'escrow for two' assay ledger keyring plan.yaml --recipient keeper.pem --recipient auditor.pem
check_has 'names them' "$OUT" '^recipient +CN=auditor sha256:[0-9a-f]{64}$'
check_has 'and is there' "$OUT" '^escrow +there, for these recipients$'
check_exit 2 'a key to recover with needs an escrow' assay ledger keyring plan.yaml --private-key keeper.key

# ---- the drill: the dataset key is lost ----
cp keys/dataset.key lost
rm keys/dataset.key
check_exit 4 'without the dataset key nothing runs' assay verify plan.yaml --side archive
check_has 'and it is named' "$ERR" 'dataset\.key'
check 'openssl alone brings it back' openssl cms -decrypt -inform PEM -in keyring.escrow-1.pem -inkey auditor.key -out keys/dataset.key
check_same 'as it was' lost keys/dataset.key
chmod 600 keys/dataset.key
check 'and everything verifies again' assay check plan.yaml
rm keys/dataset.key
check 'so does the other recipient, through assay' assay ledger keyring plan.yaml --recover keyring.escrow-1.pem --private-key keeper.key
check_same 'the same key' lost keys/dataset.key
check_exit 3 'a key that is there is not replaced' assay ledger keyring plan.yaml --recover keyring.escrow-1.pem --private-key keeper.key

# ---- rotation ----
cp -p keyring backup
check 'rotate' assay ledger keyring plan.yaml --rotate
check_has 'to the second epoch, escrowed likewise' "$OUT" '^epoch +2, dataset key [0-9a-f]{32}, 1 before it$'
check_has 'for the same recipients' "$OUT" '^escrow +there'
check_exit 1 'the key is another one' cmp -s lost keys/dataset.key
check 'both sides verified again agree' assay check plan.yaml

# ---- erasure ----
check_exit 2 'erase wants to know why' assay ledger erase plan.yaml --dataset t --segment all
check_exit 2 'and of what' assay ledger erase plan.yaml --reason r --segment all
check_exit 2 'a segment nobody knows' assay ledger erase plan.yaml --dataset t --segment never --reason r
check_exit 2 'a chunk nobody knows' assay ledger erase plan.yaml --dataset t --segment all --chunk 7 --reason r
check_exit 3 'a copy that is not there' assay ledger erase plan.yaml --dataset t --segment all --chunk 0 --reason r --keyring nowhere
leaves() { assay ledger log plan.yaml --kind erasure --json | wc -l; }
check 'a dry run' assay ledger erase plan.yaml --dataset t --segment all --chunk 0 --reason r --dry-run
check_has 'destroys nothing' "$OUT" '^would destroy [01] chunk keys in 1 keyrings$'
[ "$(leaves)" -eq 0 ] && ok 'and states nothing' || not_ok 'and states nothing'
mv keys/owner.key owner.key
check_exit 4 'without the owner nothing is destroyed' assay ledger erase plan.yaml --dataset t --segment all --chunk 0 --reason r
check_lacks 'the keyring is as it was' keyring '^erased '
mv owner.key keys/owner.key
check 'erase one chunk, in a backup of the first epoch too' assay ledger erase plan.yaml --dataset t --segment all --chunk 0 --reason 'request 17' --keyring backup
check_has 'it is marked in the keyring' keyring '^erased .* 0 all$'
check_has 'and in the backup' backup '^erased .* 0 all$'
check 'the ledger verifies' assay ledger verify plan.yaml
assay ledger log plan.yaml --kind erasure --json >erasure
check 'its leaf says who, what and why' jq -e '.fields.reason == "request 17" and .fields.ordinal == "0" and .fields.copies == "2"' erasure
leaf=$(jq -r .index erasure)
check_exit 3 'what was erased is unverified, neither equal nor an alarm' assay check plan.yaml --report json:result.json
check_has 'and the leaf that says so is named' result.json "erased by leaf $leaf"
check 'the other dataset matches as before' jq -e '[.datasets[] | {(.name): .verdict}] | add | .u == "match" and .t == "unverified"' result.json
printf 'id,v\n1,a\n2,X\n' >archive/t.csv
check_exit 3 'even where the rows differ now' assay check plan.yaml --dataset t --report json:result.json
check 'no discrepancy is invented' jq -e '.discrepancies | length == 0' result.json
