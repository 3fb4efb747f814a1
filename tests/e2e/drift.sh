#!/bin/bash
# Schemas change over the years: every change is named, with what it does to the values and since when.
. "$(dirname "$0")/lib.sh"

# plan SOURCE COLUMN... : the covered columns of table t, and the archive beside it
plan() {
    local source=$1
    shift
    printf 'assay: 1\norigin: assay.local/t\nledger: ledger.db\nkeys: keys\ndatasets:\n  t:\n'
    printf '    id: 6f1f0c1e-52a4-4a55-9d1a-3f1f3b7f0b01\n    source: %s\n    archive: {locator: a.csv}\n' "$source"
    printf '    key: [id]\n    columns: {%s}\n' "$*"
}

# ---- SQLite: added, dropped, renamed, with proof by sums ----
sqlite3 s.db "CREATE TABLE t(id INTEGER PRIMARY KEY, amount DECIMAL(10,2), note TEXT, kept TEXT);
    INSERT INTO t VALUES(1,10,'a','x'),(2,20,'b',NULL),(3,30,NULL,'z');"
check_exit 0 'keys and ledger' assay init sqlite:s.db sqlite:s.db --table t --output init.yaml --origin assay.local/t
src='{locator: "sqlite:s.db", table: t}'
plan "$src" 'id: integer, amount: integer, note: text, kept: text' >plan.yaml
sqlite3 -csv -header s.db 'SELECT * FROM t' >a.csv
check 'equal' assay check plan.yaml
check_lacks 'a first look knows of no change' "$OUT" 'schema t'

sqlite3 s.db 'ALTER TABLE t ADD COLUMN extra INTEGER'
check 'an added column that nobody covers is no difference' assay check plan.yaml
check_has 'verify says so' "$ERR" 't source: schema changed since .*added "extra": INTEGER \(compatible; not covered by the plan\)'
check_has 'the report, too' "$OUT" '~ schema t source since 20.*added "extra".*not covered'
check 'again' assay check plan.yaml
check_lacks 'verify says it once' "$ERR" 'schema changed'
check_has 'the report says since when' "$OUT" 'since 20..-..-..: added "extra"'

sqlite3 s.db 'ALTER TABLE t RENAME COLUMN note TO memo'
check_exit 3 'a covered column is gone' assay check plan.yaml
check_has 'perhaps it was renamed' "$ERR" 'perhaps renamed "note" -> "memo" \(breaking; not covered by the plan\)'
check_has 'the report says it, too' "$OUT" '! schema t source since .*perhaps renamed "note" -> "memo"'
plan "$src" 'id: integer, amount: integer, note: {type: text, source: {name: memo}}, kept: text' >plan.yaml
check 'the plan follows' assay check plan.yaml --report json:r.json
check_has 'the sums prove it' r.json '"change": ?"renamed"'
check 'the document holds' jq -e '[.datasets[0].schema.changes[] | select(.side == "source")] as $c
    | ($c | length) == 2 and $c[0].change == "renamed" and $c[0].before.name == "note" and $c[0].source.name == "memo"
    and ($c[0].since.run | length) == 36 and ($c[0].since.observed | startswith("20")) and $c[1].change == "added"
    and $c[1].class == "compatible" and $c[1].covered == false' r.json
check 'as text' assay report plan.yaml
check_has 'renamed, not perhaps' "$OUT" 'schema t source since .*: renamed "note" -> "memo"'
check 'as HTML' assay report plan.yaml --report html:r.html
check_has 'schema over time' r.html 'Schema over time: 2 changes, [01] breaking'

# other values under the new name are no rename
sqlite3 s.db "ALTER TABLE t DROP COLUMN memo; ALTER TABLE t ADD COLUMN memo2 TEXT; UPDATE t SET memo2 = 'q' || id"
plan "$src" 'id: integer, amount: integer, note: {type: text, source: {name: memo2}}, kept: text' >plan.yaml
check_exit 1 'other values' assay check plan.yaml
check_lacks 'a column with other values is not called renamed' "$OUT" ': renamed "memo"'
check_has '... but dropped' "$OUT" 'dropped "memo": TEXT'

# ---- PostgreSQL: ALTER TABLE ----
pg_start
psql -q -c "CREATE TABLE t(id int PRIMARY KEY, amount numeric(10,2) NOT NULL, code varchar(20), at timestamp, n bigint);
    INSERT INTO t VALUES(1,10.25,'a','2024-01-01 00:00:00',1),(2,20.5,'b','2024-01-02',2);"
plan "{locator: \"$PG_URI\", table: public.t}" 'id: integer, amount: decimal, code: text, at: timestamp, n: integer' |
    sed 's/0b01/0b02/' >pg.yaml
psql -q -c "COPY t TO STDOUT (FORMAT csv, HEADER)" >a.csv
check 'PostgreSQL: equal' assay check pg.yaml
psql -q -c "ALTER TABLE t ALTER amount TYPE numeric(12,2), ALTER amount DROP NOT NULL, ALTER code TYPE varchar(5),
    ALTER at TYPE timestamptz, ALTER n TYPE text, ADD CONSTRAINT u UNIQUE (n), ALTER n SET NOT NULL"
assay check pg.yaml >"$OUT" 2>"$ERR"
check_has 'widened' "$ERR" 'widened "amount": numeric\(10,2\) -> numeric\(12,2\) \(compatible\)'
check_has 'nullable' "$ERR" 'nullable "amount" \(compatible\)'
check_has 'narrowed' "$ERR" 'narrowed "code": character varying\(20\) -> character varying\(5\) \(lossy\)'
check_has 'another zone' "$ERR" 'retyped "at": timestamp without time zone -> timestamp with time zone \(lossy\)'
check_has 'text holds every number' "$ERR" 'retyped "n": bigint -> text \(compatible\)'
check_has 'required' "$ERR" 'required "n" \(lossy\)'
psql -q -c 'ALTER TABLE t DROP CONSTRAINT t_pkey'
assay check pg.yaml >"$OUT" 2>"$ERR"
check_has 'the key moved' "$ERR" 'key "id": position 1 -> not in the key \(breaking\)'
check 'the ledger holds' assay ledger verify plan.yaml
