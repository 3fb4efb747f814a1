#!/usr/bin/env bash
# Waivers: what the approver has seen and accepts until a date stays a difference, and does not fail the check.
. "$(dirname "$0")/lib.sh"

sqlite3 app.db "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); INSERT INTO t VALUES (1, 'a'), (2, 'b')"
mkdir archive
printf 'id,v\n1,a\n2,DAMAGED\n' >archive/t.csv
check 'init' assay init sqlite:app.db archive/t.csv --table t
check_exit 1 'the archive differs' assay check plan.yaml --report json:before.json
id=$(jq -r '.discrepancies[0].id' before.json)
waive() { assay ledger waive plan.yaml --by 'J. Doe' --reason 'ticket 17' "$@"; }

check_exit 2 'a waiver says what it is about' waive --until 2999-01-01
check_exit 2 'and until when' waive --discrepancy "$id"
check_exit 2 'which is not over' waive --discrepancy "$id" --until 2001-01-01
check_has 'and says so' "$ERR" '2001-01-01T00:00:00\.000000Z is over'
check_exit 2 'nor a day that there is not' waive --discrepancy "$id" --until 2999-02-30
check_exit 2 'nor is it about what is not known' waive --discrepancy 00000000000000000000000000000000 --until 2999-01-01
check_exit 2 'nor about a column that is not the one' waive --column id --until 2999-01-01
check 'a dry run needs no key' waive --discrepancy "$id" --until 2999-01-01 --dry-run
check_has 'and names what would be waived' "$OUT" "^  $id  all  changed: v$"
check_exit 4 'nobody but the approver waives' waive --discrepancy "$id" --until 2999-01-01
check 'who needs a key' assay ledger key plan.yaml --role approver
check 'waive' waive --column v --until 2999-01-01
waiver=$(sed -n 's/^waiver \([0-9a-f]*\): 1 discrepancies of t until .*/\1/p' "$OUT")

check 'a waived difference does not fail the check' assay check plan.yaml --report text --report json:waived.json --report html:waived.html
check_has 'and is not called equal' "$OUT" '^WAIVED: 1 discrepancy is known, and accepted until a date; 0 rows in 0 chunks are equal'
check_has 'by whom' "$OUT" '^waiver: 1 discrepancy of t until 2999-01-01, by J. Doe: ticket 17$'
check_has 'nor anywhere else' <(jq -r '[.verdict, .exit_code, .counts.waived, .counts.chunks.matched, .counts.chunks.waived, .datasets[0].verdict, .datasets[0].chunks[0].verdict, .discrepancies[0].state, .waivers[0].state] | join(" ")' waived.json) \
    '^waived 0 1 0 1 waived waived waived in force$'
check_has 'in the page, too' waived.html '<h3>Waivers</h3>'
check 'in the ledger it stays a mismatch' bash -c "assay ledger show plan.yaml $(jq .datasets[0].chunks[0].leaf waived.json) | grep -qx 'verdict mismatch'"
check 'which verifies' assay ledger verify plan.yaml
check 'and whose verdicts are recomputed without us' bash -c 'assay evidence plan.yaml --out bundle && sh bundle/verify.sh'
check_exit 1 'nothing may be deleted at the source because of it' assay purge plan.yaml --dataset t
check_has 'for that reason' "$OUT" 'no-match|does not match|differ'
check 'nothing is exported again because of it' assay reprocess plan.yaml --dry-run

printf 'id,v\n1,a\n2,OTHERWISE\n' >archive/t.csv
check_exit 1 'what looks different now is covered no more' assay check plan.yaml --report json:other.json
check_has 'the same discrepancy is open again' <(jq -r '.discrepancies[0] | .id + " " + .state' other.json) "^$id open$"
printf 'id,v\n1,a\n2,DAMAGED\n' >archive/t.csv
check 'back as it was, it is' assay check plan.yaml
check_exit 2 'a waiver that is not there cannot be withdrawn' waive --withdraw "$id"
check 'withdraw' waive --withdraw "$waiver"
check_exit 1 'it counts no more' assay check plan.yaml --report json:withdrawn.json
check_has 'the report says so' <(jq -r '.waivers[0].state' withdrawn.json) '^withdrawn$'
check 'a report of the run before is what it was' assay report plan.yaml --run "$(jq -r .run_id waived.json)"

printf 'id,v\n1,a\n' >archive/t.csv
check_exit 1 'rows are lost' assay check plan.yaml
check 'a segment is waived' waive --segment all --until 2999-01-01
check 'and does not fail' assay check plan.yaml
printf 'id,v\n1,a\n2,b\n' >archive/t.csv
check 'mended, it is equal, and says so' assay check plan.yaml --report json:mended.json
check_has 'without a word of waivers' <(jq -r '[.verdict, .counts.waived, .discrepancies[0].state] | join(" ")' mended.json) '^match 0 closed$'
