#!/usr/bin/env bash
# A ledger in PostgreSQL: the tests of the ledger once more, the verbs, what the server refuses, and what is found when
# a superuser forced it.
. "$(dirname "$0")/lib.sh"
pg_start
uri="postgresql:///%s?host=$PGHOST&user=assay"

for name in ledger ledger_spool ledger_tiling ledger_fault ledger_crash tenure; do
    check "unit/test_$name on PostgreSQL" env ASSAY_TEST_LEDGER="$uri" "$BUILD/unit/test_$name"
done

# ---- the verbs ----
sqlite3 app.db "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); INSERT INTO t VALUES (1, 'a'), (2, 'b')"
mkdir archive
printf 'id,v\n1,a\n2,b\n' >archive/t.csv
check_exit 2 'a password in the location is refused' assay init sqlite:app.db archive/t.csv --table t --ledger "postgresql://me:geheim@/x?host=$PGHOST"
check_lacks 'and not repeated' "$ERR" geheim
rm -rf keys plan.yaml
check 'init makes the ledger' assay init sqlite:app.db archive/t.csv --table t --ledger "$PG_URI"
check 'check' assay check plan.yaml
check 'ledger verify' assay ledger verify plan.yaml
check_has 'says how much and which root' "$OUT" '^ok: 13 leaves, root [A-Za-z0-9+/]{43}= \([0-9]+ checkpoints, [0-9]+ blobs\)$'
check 'ledger log' assay ledger log plan.yaml --kind run-end --reverse
check_has 'shows the newest first' <(head -1 "$OUT") 'run-end +archive .*status=ok  rows=2'
check 'ledger verify with --ledger finds the keys here' assay ledger verify --ledger "$PG_URI"
check 'report' assay report plan.yaml
assay ledger show plan.yaml checkpoint >shown
check_same 'the published checkpoint lies beside the keys' shown keys.checkpoint
check 'a service name is a location, too' env PGSERVICEFILE=services bash -c "
    printf '[ours]\nhost=$PGHOST\nuser=assay\ndbname=postgres\n' >services && assay ledger verify --ledger service=ours"
check_exit 3 'a server that is not there' assay ledger verify --ledger 'postgresql:///x?host=/nowhere' --keys keys
createdb empty
check_exit 3 'a database without a ledger' assay ledger verify --ledger "postgresql:///empty?host=$PGHOST&user=assay" --keys keys
check_has 'is said to have none' "$ERR" 'does not exist: the database has no schema "assay"'
printf 'id,v\n1,a\n2,x\n' >archive/t.csv
check_exit 1 'a discrepancy goes into it' assay check plan.yaml

# ---- every verb of the ledger ----
check 'a key for the approver' assay ledger key plan.yaml --role approver
check 'waive' assay ledger waive plan.yaml --column v --until 2999-01-01 --by 'J. Doe' --reason 'ticket 17'
waiver=$(sed -n 's/^waiver \([0-9a-f]*\): .*/\1/p' "$OUT")
check 'what is waived fails no check' assay check plan.yaml --report json:old.json
check 'withdraw' assay ledger waive plan.yaml --withdraw "$waiver" --by 'J. Doe' --reason 'mended'
check 'rotate the key of a checker' assay ledger key plan.yaml --role archive --rotate --reason yearly
check 'rotate the key of the ledger' assay ledger key plan.yaml --role ledger --rotate --reason yearly
check 'revoke a key, and replace it' assay ledger key plan.yaml --role reconcile --revoke --rotate --reason stolen
check_exit 1 'under the new keys all goes on' assay check plan.yaml
openssl ecparam -name prime256v1 -genkey -noout -out tsa.key
openssl req -x509 -new -key tsa.key -subj /CN=tsa -days 3650 -out tsa.pem -config <(printf '[req]\ndistinguished_name=d\nx509_extensions=e\n[d]\n[e]\nextendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature\nbasicConstraints=CA:FALSE\n')
echo 01 >serial
printf '[one]\nserial=serial\nsigner_cert=tsa.pem\nsigner_key=tsa.key\nsigner_digest=sha256\ndefault_policy=1.2.3\ndigests=sha256\ness_cert_id_alg=sha256\ncrypto_device=builtin\n' >tsa.cnf
printf '#!/bin/sh\nexec openssl ts -reply -config tsa.cnf -section one -queryfile /dev/stdin 2>/dev/null\n' >reply
chmod +x reply
check 'timestamp' assay ledger timestamp plan.yaml -- ./reply
check 'all of it verifies, against an old report' assay ledger verify plan.yaml --against old.json
check_has 'with the stamp' "$OUT" 'time stamps: the first [0-9]+ leaves existed at'
printf 'log %s\nlog %s\nquorum none\n' "$(cat keys/ledger.key.pub)" "$(psql -Atc "SELECT convert_from(note, 'UTF8') FROM assay.leaf_index JOIN assay.leaf USING (idx) WHERE kind = 'key'" | sed -n '/^of ledger$/,/^$/s/^old //p')" >both.policy
check 'prove' assay ledger prove plan.yaml --leaf 4 --out proof
check 'verify-proof' assay ledger verify-proof proof --policy both.policy
check 'under a policy' assay ledger verify plan.yaml --policy both.policy
check 'publish' assay ledger publish plan.yaml --tiles tiles
createdb again && cp -r keys again.keys
again="postgresql:///again?host=$PGHOST&user=assay"
check 'recover' assay ledger recover --from tiles --ledger "$again" --keys again.keys
check 'what came back verifies' assay ledger verify --ledger "$again" --keys again.keys
for of in postgres again; do psql -d $of -Atc 'SELECT idx, hash, note FROM assay.leaf ORDER BY idx' >$of.leaves; done
check_same 'byte for byte' postgres.leaves again.leaves
check_exit 3 'a ledger is never overwritten' assay ledger recover --from tiles --ledger "$again" --keys again.keys
check 'evidence' assay evidence plan.yaml --out bundle
check 'which verifies without us' sh bundle/verify.sh
dropdb again
leaves=$(psql -Atc 'SELECT count(*) FROM assay.leaf')

# ---- what the server refuses, even to a superuser who did not switch the guards off ----
while IFS='|' read -r what sql; do
    if psql -v ON_ERROR_STOP=1 -qc "$sql" >"$OUT" 2>"$ERR"; then
        not_ok "refused: $what" "$sql"
    else
        check_has "refused: $what" "$ERR" 'append-only|duplicate key|violates check'
    fi
done <<'END'
UPDATE|UPDATE assay.leaf SET note = note WHERE idx = 3
DELETE|DELETE FROM assay.leaf WHERE idx = 3
TRUNCATE|TRUNCATE assay.leaf
TRUNCATE of all|TRUNCATE assay.leaf, assay.leaf_index, assay.checkpoint, assay.node, assay.blob, assay.meta
an upsert|INSERT INTO assay.leaf SELECT * FROM assay.leaf WHERE idx = 3 ON CONFLICT (idx) DO UPDATE SET note = 'x'
MERGE|MERGE INTO assay.leaf l USING (SELECT 3 AS i) s ON l.idx = s.i WHEN MATCHED THEN DELETE
an index that is taken|INSERT INTO assay.leaf VALUES (3, sha256('\x0078'), 'x')
a gap|INSERT INTO assay.leaf VALUES (4000, sha256('\x0078'), 'x')
a hash of something else|SELECT assay.put_leaf((SELECT max(idx) + 1 FROM assay.leaf), sha256('x'), 'x', 'chunk', 'source', NULL, NULL, NULL, NULL)
session_replication_role, UPDATE|SET session_replication_role = replica; UPDATE assay.leaf SET note = note
session_replication_role, DELETE|SET session_replication_role = replica; DELETE FROM assay.leaf
session_replication_role, TRUNCATE|SET session_replication_role = replica; TRUNCATE assay.leaf
session_replication_role, a gap|SET session_replication_role = replica; INSERT INTO assay.leaf VALUES (4000, sha256('\x0078'), 'x')
a checkpoint that was|UPDATE assay.checkpoint SET note = note
a checkpoint of no size that is|INSERT INTO assay.checkpoint VALUES (4000, 'x', 'x')
a blob|UPDATE assay.blob SET body = 'x'
the origin|UPDATE assay.meta SET value = 'x'
END
check 'nothing came of it' assay ledger verify plan.yaml
check_has 'the same leaves' "$OUT" "^ok: $leaves leaves"

# A role with nothing but the right to append can do that, and no more.
psql -qc "CREATE ROLE writer LOGIN; GRANT USAGE ON SCHEMA assay TO writer; GRANT SELECT ON ALL TABLES IN SCHEMA assay TO writer;
    GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA assay TO writer"
psql -qc 'CREATE ROLE reader LOGIN; GRANT USAGE ON SCHEMA assay TO reader; GRANT SELECT ON ALL TABLES IN SCHEMA assay TO reader'
sed "s/user=assay/user=writer/" plan.yaml >writer.yaml
sed "s/user=assay/user=reader/" plan.yaml >reader.yaml
check_exit 1 'a writer appends' assay check writer.yaml
check 'a reader verifies' assay ledger verify reader.yaml
check_exit 4 'a reader does not append' assay verify reader.yaml --side source
check_has 'and is told why' "$ERR" 'this account may not do that: permission denied for function put_[a-z]+; nothing attested before is lost: grant it the right'
for sql in 'INSERT INTO assay.leaf VALUES (99, NULL, NULL)' 'UPDATE assay.leaf SET note = note' 'DELETE FROM assay.leaf' 'TRUNCATE assay.leaf'; do
    check_exit 1 "a writer may not: $sql" psql -U writer -v ON_ERROR_STOP=1 -qc "$sql"
done

# ---- what a superuser forced is found, and the first bad leaf is named ----
off='ALTER TABLE assay.leaf DISABLE TRIGGER USER; ALTER TABLE assay.leaf_index DISABLE TRIGGER USER;
    ALTER TABLE assay.checkpoint DISABLE TRIGGER USER; ALTER TABLE assay.node DISABLE TRIGGER USER;
    ALTER TABLE assay.leaf DROP CONSTRAINT leaf_check;'
on='ALTER TABLE assay.leaf ENABLE ALWAYS TRIGGER no_change; ALTER TABLE assay.leaf ENABLE ALWAYS TRIGGER no_truncate;
    ALTER TABLE assay.leaf ENABLE ALWAYS TRIGGER in_order; ALTER TABLE assay.checkpoint ENABLE ALWAYS TRIGGER no_change;
    ALTER TABLE assay.checkpoint ENABLE ALWAYS TRIGGER no_truncate; ALTER TABLE assay.checkpoint ENABLE ALWAYS TRIGGER in_order;
    ALTER TABLE assay.node ENABLE ALWAYS TRIGGER no_change; ALTER TABLE assay.node ENABLE ALWAYS TRIGGER no_truncate;'
last=$(($(psql -Atc 'SELECT count(*) FROM assay.leaf') - 1))
n=0
while IFS='~' read -r what sql says; do
    n=$((n + 1))
    createdb --template=postgres "forced$n" && psql -d "forced$n" -v ON_ERROR_STOP=1 -qc "$off $sql; $on" >"$OUT" 2>&1 ||
        not_ok "forced: $what" "$(cat "$OUT")"
    sed "s#postgresql:///postgres#postgresql:///forced$n#" plan.yaml >forced.yaml
    check_exit 4 "found: $what" assay ledger verify forced.yaml
    check_has "by name: $what" "$ERR" "$says"
done <<END
a note~UPDATE assay.leaf SET note = note || '\x20' WHERE idx = 5~leaf 5: stored hash is not the hash of its note
a note and its hash~UPDATE assay.leaf SET note = replace(encode(note, 'escape'), 'role', 'rule')::bytea WHERE idx IN (5, 9); UPDATE assay.leaf SET hash = sha256('\x00' || note)~leaf 5: a .run-end. statement is refused: it does not say its role
a leaf gone~DELETE FROM assay.leaf WHERE idx = 5~leaf 5: missing
two leaves swapped~UPDATE assay.leaf SET idx = 1000 WHERE idx = 5; UPDATE assay.leaf SET idx = 5 WHERE idx = 6; UPDATE assay.leaf SET idx = 6 WHERE idx = 1000~leaf 5: its row in leaf_index is not what the leaf says
the tail cut~DELETE FROM assay.leaf WHERE idx = $last~the database has $last leaves
all of it~TRUNCATE assay.leaf~the database has 0 leaves
a checkpoint~UPDATE assay.checkpoint SET note = '\x00' WHERE size = (SELECT max(size) FROM assay.checkpoint)~checkpoint of size [0-9]+: not a signed note
a leaf slipped in~INSERT INTO assay.leaf SELECT 1 + max(idx), sha256('\x0078'), 'x' FROM assay.leaf~leaf $((last + 1)): not a signed note
a leaf hidden by row security~ALTER TABLE assay.leaf ENABLE ROW LEVEL SECURITY~table leaf
an index of something else~DROP INDEX assay.leaf_index_run; CREATE INDEX leaf_index_run ON assay.leaf_index ((CASE WHEN idx < 5 THEN run END))~index leaf_index_run ON assay.leaf_index USING btree .*CASE.* is not a ledger's
a rule~CREATE RULE quiet AS ON INSERT TO assay.leaf_index DO INSTEAD NOTHING~table leaf_index
the guards dropped~DROP TRIGGER no_change ON assay.leaf CASCADE; CREATE TRIGGER no_change BEFORE UPDATE ON assay.leaf FOR EACH ROW EXECUTE FUNCTION assay.refuse()~trigger leaf no_change
a guard that guards nothing~CREATE OR REPLACE FUNCTION assay.refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'~function refuse\(\) BEGIN
a table without a log~ALTER TABLE assay.blob SET UNLOGGED~table blob
END

# ---- a backup that was restored, two logs under one name, a server that dies ----
createdb --template=postgres backup
check_exit 1 'one more run' assay check plan.yaml
sed 's#postgresql:///postgres#postgresql:///backup#' plan.yaml >backup.yaml
check_exit 4 'an older copy of the database is refused' assay verify backup.yaml --side source
check_has 'naming both sizes' "$ERR" 'published checkpoint is for [0-9]+ leaves, the database has [0-9]+'
check_exit 4 'and does not verify' assay ledger verify backup.yaml
psql -c "SELECT pg_advisory_lock(1095979865, 0), pg_sleep(600)" >/dev/null 2>&1 &
until [ "$(psql -Atc "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted")" = 1 ]; do :; done
check_exit 11 'who finds the ledger locked says so' assay ledger append plan.yaml /dev/null
check_has 'and by whom' "$ERR" 'psql \(server process [0-9]+\) is appending to this ledger; try again when it has ended'
psql -qAtc "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)' AND pid <> pg_backend_pid()" >/dev/null
wait
pg_as "$(pg_bin)/pg_ctl" -D "$PGHOST/db" -m immediate -w stop >"$OUT" 2>&1
check_exit 3 'without its server' assay ledger verify plan.yaml
pg_again() {
    pg_as "$(pg_bin)/pg_ctl" -D "$PGHOST/db" -l "$PGHOST/log" -w -t 60 -o "-k $PGHOST -c listen_addresses='' -c fsync=off" start >"$OUT" 2>&1
}
pg_again
check 'after its crash everything is there' assay ledger verify plan.yaml
pg_as "$(pg_bin)/pg_ctl" -D "$PGHOST/db" -m fast -w stop >"$OUT" 2>&1
pg_as touch "$PGHOST/db/standby.signal"
pg_again
check 'a standby is read' assay ledger verify plan.yaml
check_exit 4 'but takes no writes' assay verify plan.yaml --side source
check_has 'which is said' "$ERR" 'the server takes no writes: .*; nothing attested before is lost: connect to one that does, then run the same again'
pg_as "$(pg_bin)/pg_ctl" -D "$PGHOST/db" -w promote >"$OUT" 2>&1

# ---- a full disk at the server: its files may not grow beyond a limit, which the sessions to come inherit ----
server_limit() { # BYTES
    pg_as prlimit --fsize="$1:" --pid "$(head -n 1 "$PGHOST/db/postmaster.pid")" || not_ok 'the server takes a limit'
}
size=18874368 # more than a segment of the server's log, which must fit
{ printf 'blob %d\n' $size && head -c $size /dev/urandom && echo; } >body
{ printf 'assay-spool/1\n' && cat body && printf 'end 1 %s\n' "$(sha256sum <body | cut -d ' ' -f 1)"; } >big.spool
check 'before' assay ledger verify plan.yaml
cp "$OUT" before
server_limit $((16777216 + 4000))
check_exit 4 'a full disk at the server' assay ledger append plan.yaml big.spool
check_has 'is said: what, why, that nothing is lost, what to do' "$ERR" "cannot store a blob: the server's disk is full: could not extend file .*; nothing attested before is lost: make room there, then run the same again"
check 'meanwhile the ledger verifies' assay ledger verify plan.yaml
check_same 'as it was' before "$OUT"
# Not even its own log, which is beyond the limit while all tables are far below it.
psql -qc 'SELECT pg_switch_wal()' -c "CREATE TABLE public.filler AS SELECT repeat(md5(i::text), 30) FROM generate_series(1, 6000) i" >"$OUT"
server_limit 2000000
check_exit 4 'a server that dies of it' assay verify plan.yaml --side source
check_has 'is said, too' "$ERR" "the server's disk is full: PANIC: .*; nothing attested before is lost: make room there, then run the same again"
check_exit 3 'and then there is no server' assay ledger verify plan.yaml
pg_as "$(pg_bin)/pg_ctl" -D "$PGHOST/db" -m immediate -w stop >"$OUT" 2>&1
pg_again
check 'with room again nothing is lost' assay ledger verify plan.yaml
check_has 'what was attested before is there' "$OUT" "^ok: $(sed -n 's/^ok: \([0-9]*\) leaves.*/\1/p' before) leaves"
check 'the same append goes through' assay ledger append plan.yaml big.spool
check_exit 1 'and so does a check' assay check plan.yaml
check 'and it verifies' assay ledger verify plan.yaml
