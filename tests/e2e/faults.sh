#!/usr/bin/env bash
# What happens to a ledger, by hand and with an exit code of its own (docs/threat-model.md, Faults). The same against every
# call and every byte: unit/test_ledger_crash, _fault, _tamper, _spool; in PostgreSQL: ledger_pg.sh.
. "$(dirname "$0")/lib.sh"

sqlite3 app.db "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); INSERT INTO t VALUES (1, 'a'), (2, 'b')"
mkdir archive
printf 'id,v\n1,a\n2,b\n' >archive/t.csv
check 'init' assay init sqlite:app.db archive/t.csv --table t
cp ledger.db older.db
check 'check' assay check plan.yaml
sqlite3 ledger.db 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null
cp -r . ../whole.$$ && mv ../whole.$$ whole

# fault WHAT SENTENCE COMMAND...: in a copy, after COMMAND, nothing is appended and nothing verifies; both say why.
fault() {
    local what=$1 sentence=$2
    shift 2
    rm -rf now && cp -r whole now
    (cd now && "$@") >"$OUT" 2>&1 || not_ok "$what" "$(cat "$OUT")"
    check_exit 4 "$what: does not verify" assay ledger verify now/plan.yaml
    check_has "$what: says so" "$ERR" "$sentence"
}
# appends to it are refused, too
refused() {
    check_exit 4 "$1: is not appended to" assay verify now/plan.yaml --side source
    check_has "$1: says why" "$ERR" "$2"
}
forced() { # SQL: by somebody who took the guards away, and put them back
    local guards
    guards=$(sqlite3 ledger.db "SELECT sql || ';' FROM sqlite_schema WHERE type = 'trigger'")
    sqlite3 ledger.db "SELECT 'DROP TRIGGER ' || name || ';' FROM sqlite_schema WHERE type = 'trigger'" | sqlite3 ledger.db
    sqlite3 ledger.db "$1; $guards"
}
fault 'a leaf changed in place' 'leaf 5: stored hash is not the hash of its note' forced "UPDATE leaf SET note = CAST(note || ' ' AS BLOB) WHERE idx = 5"
fault 'two leaves swapped' 'leaf 5: ' forced "UPDATE leaf SET idx = 1000 WHERE idx = 5; UPDATE leaf SET idx = 5 WHERE idx = 6; UPDATE leaf SET idx = 6 WHERE idx = 1000"
fault 'the tail cut' 'the database has 12 leaves' forced 'DELETE FROM leaf WHERE idx = (SELECT max(idx) FROM leaf)'
refused 'the tail cut' 'the database has 12 leaves'
fault 'an older copy restored' 'published checkpoint is for [0-9]+ leaves, the database has 0' cp ../older.db ledger.db
refused 'an older copy restored' 'published checkpoint is for [0-9]+ leaves, the database has 0'

mkdir other && cp -r app.db archive other
check 'another ledger' assay init sqlite:other/app.db other/archive/t.csv --table t --output other/plan.yaml --origin other/ledger
check 'with statements' assay check other/plan.yaml
fault 'a checkpoint of another ledger' 'published checkpoint .*: its origin is not that of this ledger' cp ../other/ledger.db.checkpoint ledger.db.checkpoint
refused 'a checkpoint of another ledger' 'its origin is not that of this ledger'
fault 'no checkpoint at all' 'published checkpoint .* is missing' rm ledger.db.checkpoint
refused 'no checkpoint at all' 'published checkpoint .* is missing'
fault 'the ledger key of another ledger' 'not signed by the key of role ledger' cp -p ../other/keys/ledger.key ../other/keys/ledger.key.pub keys/
refused 'the ledger key of another ledger' 'not signed by the key of role ledger'

rm -rf now && cp -r whole now && cp -p other/keys/source.key other/keys/source.key.pub now/keys/
refused "a checker's key of another ledger" 'keys has another key of role source than leaf [0-9]+ was signed with: not signed by the key of role source'
check_exit 4 'nor does the ledger verify under it' assay ledger verify now/plan.yaml
check_has 'by name' "$ERR" 'leaf [0-9]+: not signed by the key of role source'
rm -rf now && cp -r whole now && rm now/keys/ledger.key
check_exit 4 'without the key of the ledger: refused' assay verify now/plan.yaml --side source
check_has 'by name' "$ERR" 'keys/ledger\.key is missing: nothing can be signed as role ledger here'
check 'what is there verifies all the same' assay ledger verify now/plan.yaml
rm -rf now && cp -r whole now && rm now/keys/source.key
check_exit 4 'without the key of the checker: refused' assay verify now/plan.yaml --side source
check_has 'by name' "$ERR" 'keys/source\.key is missing: nothing can be signed as role source here'
rm -rf now && cp -r whole now && rm now/keys/source.key.pub
check_exit 4 'without its public half alone' assay verify now/plan.yaml --side source
check_has 'by that name' "$ERR" 'keys/source\.key\.pub is missing: what the role source signed cannot be checked'

rm -rf now && cp -r whole now
exec 8>now/ledger.db.lock && flock 8
check_exit 11 'two processes at once: the second ends' assay ledger append now/plan.yaml /dev/null
check_has 'and says why' "$ERR" 'is appending to this ledger'
exec 8>&-
check 'and then goes on' assay verify now/plan.yaml --side source

rm -rf now && cp -r whole now
printf 'not a log' >now/ledger.db-wal
check 'a write-ahead log of rubbish takes nothing away' assay ledger verify now/plan.yaml
check 'whole is whole' assay ledger verify whole/plan.yaml
