#!/usr/bin/env bash
# The ledger's verbs, a spool carried to another machine's ledger, and every command of docs/ledger-format.md.
. "$(dirname "$0")/lib.sh"

sqlite3 app.db "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); INSERT INTO t VALUES (1, 'a'), (2, 'b')"
mkdir archive
printf 'id,v\n1,a\n2,b\n' >archive/t.csv
check 'init' assay init sqlite:app.db archive/t.csv --table t
cp -r keys ledger.db plan.yaml "$(mkdir -p far && echo far)"
check 'check' assay check plan.yaml
again=0f3c5e1a-7a57-4f0e-9c43-2b8f5b8a1dff
check 'a run under a name of its own' assay verify plan.yaml --side archive --run $again
check '... started again' assay verify plan.yaml --side archive --run $again

check 'ledger verify with a plan' assay ledger verify plan.yaml
check_has 'it says how much and which root' "$OUT" '^ok: [0-9]+ leaves, root [A-Za-z0-9+/]{43}= \([0-9]+ checkpoints, [0-9]+ blobs\)$'
check 'ledger verify with --ledger finds the keys beside it' assay ledger verify --ledger ledger.db
check 'ledger verify as JSON' assay ledger verify plan.yaml --json
cp "$OUT" verified.json
check 'which is JSON' jq -e '.ok and .exit_code == 0 and .leaves > 10' verified.json
check 'ledger log' assay ledger log plan.yaml --kind run-end --reverse
check_has 'shows the newest first' <(head -1 "$OUT") 'run-end +archive .*status=ok  rows=2'
check 'ledger log of a data set by name, as JSON' assay ledger log plan.yaml --dataset t --kind chunk --role source --limit 0 --json
cp "$OUT" log.ndjson
check 'has one chunk of the source' jq -es 'length == 1 and .[0].fields.rows == "2" and .[0].index == 4' log.ndjson
check 'ledger show' assay ledger show plan.yaml 4
check_has 'prints the note as it was signed' "$OUT" '^— assay\.local/.*/source [A-Za-z0-9+/=]+$'
hash=$(jq -r .hash < <(assay ledger log plan.yaml --kind chunk --role source --json))
check 'ledger show by hash' assay ledger show plan.yaml "$hash"
check_exit 3 'a leaf that is not there' assay ledger show plan.yaml 4000
check_exit 2 'a word that is no leaf' assay ledger show plan.yaml nonsense
check_exit 2 'one operand too many' assay ledger verify plan.yaml other
assay ledger show plan.yaml checkpoint >shown
check_same 'ledger show checkpoint is the published one' shown ledger.db.checkpoint

# A checker elsewhere has its own key and the dataset key; its statements come by file.
cp -r app.db archive far/
(cd far && rm keys/{owner,archive,reconcile,ledger}.key && mv ledger.db ..ledger.db) || exit 1
check 'verify into a spool, without a ledger' assay verify far/plan.yaml --side source --spool far/source.spool
check_exit 3 'a spool is never overwritten' assay verify far/plan.yaml --side source --spool far/source.spool
check 'ledger append' assay ledger append plan.yaml far/source.spool
check_has 'says how many leaves are new' "$OUT" '^[1-9][0-9]* leaves appended, the ledger has [0-9]+$'
check 'the same again' assay ledger append plan.yaml far/source.spool
check_has 'adds nothing' "$OUT" '^0 leaves appended'
check 'from a pipe' bash -c 'assay verify far/plan.yaml --side source --spool - 2>/dev/null | assay ledger append plan.yaml -'
check_has 'adds its leaves' "$OUT" '^[1-9][0-9]* leaves appended'
head -c 700 far/source.spool >cut.spool
check_exit 3 'a spool that is cut off' assay ledger append plan.yaml cut.spool
check 'and all of it verifies' assay ledger verify plan.yaml

awk '/^```sh$/ { inside = 1; next } /^```$/ { inside = 0 } inside' "$REPO/docs/ledger-format.md" >by-hand.sh
check 'docs/ledger-format.md: by hand' bash -eu -o pipefail by-hand.sh
if [ "$(grep -c 'Signature Verified Successfully' "$OUT")" -eq 2 ] && [ -s root.hex ]; then
    ok 'both signatures by openssl, the root by sha256sum'
else
    not_ok 'both signatures by openssl, the root by sha256sum' "$(cat "$OUT")"
fi

cp ledger.db older.db
check 'one more run' assay verify plan.yaml --side source
cp older.db ledger.db
check_exit 4 'an older copy of the database is refused' assay verify plan.yaml --side source
check_has 'naming both sizes' "$ERR" 'published checkpoint is for [0-9]+ leaves, the database has [0-9]+'
check_exit 4 'and does not verify' assay ledger verify plan.yaml
