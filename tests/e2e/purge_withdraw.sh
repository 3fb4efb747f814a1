#!/usr/bin/env bash
# A permit ends when the approver takes it back, or when the key that signed it is put out of use: nothing more is deleted under it.
. "$(dirname "$0")/lib.sh"

leaf() { assay ledger log plan.yaml --kind "$1" --reverse --limit 1 | awk '{ print $1 }'; }
run() { assay purge run plan.yaml --permit "$1" --execute; }
withdraw() { assay purge withdraw plan.yaml --permit "$1" --reason 'moved first'; }
rows() { psql -Atc 'SELECT count(*) FROM t'; }

pg_start
psql -qc "CREATE TABLE t (id integer PRIMARY KEY, v text); INSERT INTO t SELECT i, 'v' || i FROM generate_series(1, 300) i"
psql --csv -c 'SELECT * FROM t' >t.csv
check 'init' assay init "$PG_URI" t.csv --table t
sed -i "s|^datasets:|digest: sealed\npurge:\n  read: any\n  source: \"${PG_URI//&/\\&}\"\ndatasets:|; s/^    key: .*/&\n    chunk_rows: 100/" plan.yaml
for role in approver purger; do check "a key of the $role" assay ledger key plan.yaml --role $role; done
check 'equal' assay check plan.yaml
check 'a permit' assay purge permit plan.yaml
permit=$(leaf purge-permit)
check_exit 2 'to take it back needs a reason' assay purge withdraw plan.yaml --permit "$permit"
check_exit 2 'and a permit' withdraw 3
mv keys/approver.key held
check_exit 4 'and the key of the approver' withdraw "$permit"
mv held keys/approver.key
check 'withdrawn' withdraw "$permit"
check_has 'which is said' "$OUT" "^permit $permit is withdrawn: nothing more is deleted under it$"
check_exit 2 'once is enough' withdraw "$permit"
check_has 'as the ledger knows' "$ERR" "permit $permit ended with leaf $(leaf purge-withdraw)"
check_exit 1 'nothing is deleted under it' run "$permit"
check_has 'for that reason' "$ERR" "permit $permit was withdrawn by leaf $(leaf purge-withdraw): nothing more is deleted"
check_exit 1 'nor would be' assay purge run plan.yaml --permit "$permit"
check_lacks 'nor begun' <(assay ledger log plan.yaml --limit 0) purge-begin

check 'another permit' assay purge permit plan.yaml
permit=$(leaf purge-permit)
coproc locker { exec psql -qAt; }
echo 'BEGIN; LOCK TABLE t IN SHARE MODE; SELECT 1;' >&"${locker[1]}"
read -r _ <&"${locker[0]}"
run "$permit" >during 2>&1 &
running=$!
until [ -n "$(leaf purge-begin)" ]; do kill -0 $running || break; done
check 'withdrawn while the first chunk is waited for' withdraw "$permit"
echo 'COMMIT;' >&"${locker[1]}"
wait $running
check_same 'the run stops' <(echo 1) <(echo $?)
check_has 'behind the chunk that was under way' during '^  deleted .* chunk 0 '
check_has 'and says why' during 'was withdrawn by leaf'
check_same 'the others are there' <(echo 200) <(rows)
check_has 'and the ledger says so' <(assay ledger show plan.yaml "$(leaf purge-done)") '^status incomplete$'
check_exit 1 'it does not go on' run "$permit"
check 'what was deleted before is known to be deleted' assay check plan.yaml
check_has '... under a permit' "$OUT" '100 of them to what was deleted at the source under a permit'

echo "INSERT INTO t SELECT i, 'v' || i FROM generate_series(1, 100) i;" >&"${locker[1]}"
echo '\q' >&"${locker[1]}"
wait "${locker_PID:-}" # of the coproc
check 'all there again' assay check plan.yaml
check 'a permit' assay purge permit plan.yaml
permit=$(leaf purge-permit)
check 'its approver is robbed' assay ledger key plan.yaml --role approver --revoke --reason stolen
check_exit 1 'what the key signed deletes nothing' run "$permit"
check_has 'for that reason' "$ERR" "permit $permit was signed by a key of the approver that leaf $(leaf key) put out of use"
check_same 'all are there' <(echo 300) <(rows)


# A purger that does not ask: what it says that it deleted after the permit's end is not believed.
number=$(assay ledger log plan.yaml --kind chunk --role source --reverse --limit 1 | awk '{ print $1 }')
assay ledger show plan.yaml "$number" >one
forged() { purger_states "$1" "$permit" one; } # KIND
psql -qc 'DELETE FROM t WHERE id > 200'
check 'a run of the purger begins' forged purge-begin
check 'and deletes' forged purge-chunk
check_exit 1 'which is no match' assay check plan.yaml
check_has 'since it is not believed' "$ERR" 'which no permit before it allows: not believed'
check 'the ledger verifies' assay ledger verify plan.yaml
check 'the evidence' assay evidence plan.yaml --out bundle
check 'is whole' sh bundle/verify.sh
check_has 'and does not count it' "$OUT" '^note: leaf [0-9]+ says that a chunk was deleted, which no permit before it allows: not counted$'
STATUS=settled check 'nor what an earlier run is said to have deleted' forged purge-chunk
check_exit 1 'when none had begun' assay check plan.yaml
check_lacks 'is called permitted' "$OUT" 'under a permit'
check 'the evidence' assay evidence plan.yaml --out later
check 'is whole' sh later/verify.sh
check_same 'and counts neither' <(echo 2) <(grep -c '^note: leaf [0-9]* says that a chunk was deleted, which no permit before it allows: not counted$' "$OUT")
