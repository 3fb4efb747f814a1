#!/usr/bin/env bash
# assay purge permit and run: what is deleted at the source is what was proven to be archived, chunk by chunk, or nothing.
. "$(dirname "$0")/lib.sh"

# The newest leaf of that kind.
leaf() {
    assay ledger log "$1" --kind "$2" --reverse --limit 1 | awk '{ print $1 }'
}
rows() {
    sqlite3 app.db "SELECT count(*) FROM t"
}
fresh() { # a table of 400 rows in 4 chunks, archived, compared, with keys
    rm -rf app.db archive plan.yaml keys keyring ledger.db*
    sqlite3 app.db "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT);
        WITH RECURSIVE g (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g WHERE i < 400) INSERT INTO t SELECT i, 'v' || i FROM g"
    mkdir archive
    sqlite3 -header -csv app.db 'SELECT * FROM t' >archive/t.csv
    assay init sqlite:app.db archive/t.csv --table t
    sed -i 's/^datasets:/digest: sealed\npurge:\n  max_age: 2h\n  read: any\n  source: sqlite:app.db\ndatasets:/
            s/^    key: .*/&\n    chunk_rows: 100/' plan.yaml
    assay check plan.yaml && assay ledger key plan.yaml --role purger
} >"$OUT" 2>"$ERR"

fresh || not_ok 'a sealed dataset'
check_exit 4 'a permit without an approver' assay purge permit plan.yaml
check_has 'names the key' "$ERR" 'approver[.]key'
check 'the approver has a key' assay ledger key plan.yaml --role approver
check 'a permit that is not given' assay purge permit plan.yaml --dry-run
check_has 'says for how much' "$OUT" '^t: 4 chunks, 400 rows would be permitted$'
check_exit 2 'no permit' assay purge run plan.yaml --execute
check_exit 2 'a leaf that is none' assay purge run plan.yaml --permit 3 --execute
check_has 'is named' "$ERR" 'leaf 3 is no permit'
check 'a permit' assay purge permit plan.yaml
permit=$(leaf plan.yaml purge-permit)
sqlite3 app.db .dump >before
check 'a dry run' assay purge run plan.yaml --permit "$permit"
check_has 'says so' "$OUT" '^Nothing was deleted'
check_has 'and what it would delete' "$OUT" '^t: 4 chunks, 400 rows would be deleted$'
check_same 'deletes nothing' before <(sqlite3 app.db .dump)
check_lacks 'and states nothing' <(assay ledger log plan.yaml --limit 0) 'purge-(begin|chunk|done)'

sed '/^  source: sqlite:app.db$/d' plan.yaml >readonly.yaml
check_exit 2 'no credentials of its own' assay purge run readonly.yaml --permit "$permit" --execute
check_has 'are asked for' "$ERR" 'purge: source'
mkdir own && mv keys/purger.key* own/
cp keys/approver.key keys/purger.key
cp keys/approver.key.pub keys/purger.key.pub
check_exit 4 'one key in two roles' assay purge run plan.yaml --permit "$permit" --execute
rm keys/purger.key*
check_exit 4 'no key of the purger' assay purge run plan.yaml --permit "$permit" --execute
mv own/* keys/
check_same 'deletes nothing' before <(sqlite3 app.db .dump)

sqlite3 app.db "UPDATE t SET v = 'x' WHERE id = 30; DELETE FROM t WHERE id = 130; INSERT INTO t VALUES (1000, 'late')"
check_exit 1 'rows changed, deleted and inserted since' assay purge run plan.yaml --permit "$permit" --execute
check_has 'abort the chunk: changed' "$OUT" '^  ABORTED .* chunk 0 .*: its 100 rows are others'
check_has 'deleted' "$OUT" '^  ABORTED .* chunk 1 .*: it has 99 rows, permitted are 100$'
check_has 'inserted' "$OUT" '^  ABORTED .* chunk 3 .*: it has 101 rows, permitted are 100$'
check_has 'the other one is deleted' "$OUT" '^t: 1 chunks, 100 rows deleted, 3 aborted'
check_same 'only that' <(echo 300) <(rows)
check_has 'which the ledger says' <(assay ledger show plan.yaml "$(leaf plan.yaml purge-done)") '^status incomplete$'
sqlite3 app.db "UPDATE t SET v = 'v30' WHERE id = 30; INSERT INTO t VALUES (130, 'v130'); DELETE FROM t WHERE id = 1000"
check 'mended' assay purge run plan.yaml --permit "$permit" --execute
check_has 'goes on' "$OUT" '^t: 3 chunks, 300 rows deleted, 1 earlier$'
check_same 'to the end' <(echo 0) <(rows)
check 'and once more' assay purge run plan.yaml --permit "$permit" --execute
check_has 'does nothing' "$OUT" '^t: 0 chunks, 0 rows deleted, 4 earlier$'
check 'the ledger verifies' assay ledger verify plan.yaml

check 'a check of the archive against what was deleted' assay check plan.yaml
check_has 'is a match' "$OUT" '^MATCH: 400 rows in 4 chunks of 1 dataset are equal on both sides, 400 of them to what was deleted at the source under a permit '
check_has 'whose rows are counted' "$OUT" 'rows 0/400, purged 400 '
check_has 'of rows that were purged' <(assay ledger show plan.yaml "$(leaf plan.yaml verdict)") '^rows-purged 400$'
sed -i 's/^30,v30$/30,x/; /^130,/d' archive/t.csv
check_exit 1 'an archive that has not what was deleted' assay check plan.yaml
check_has 'is a mismatch' "$OUT" '2≠'
check 'all of that as evidence' assay evidence plan.yaml --out evidence
check 'verifies without assay' sh evidence/verify.sh
check_has 'with what was deleted' "$OUT" '^ok: [0-9]+ times the archive has what was deleted of a chunk at the source$'
check_has 'and what it is no more' "$OUT" '^ok: verdicts: [0-9]+ match, 2 mismatch, 0 unverified; [0-9]+ recomputed'
check_exit 1 'whose rows' assay diff plan.yaml --source-gone --run "$(assay ledger show plan.yaml "$permit" | sed -n 's/^source-run //p')"
check_has 'are named: changed' "$OUT" '^  ~ corrupted +30$'
check_has 'lost' "$OUT" '^  - lost +130$'
sqlite3 app.db "INSERT INTO t VALUES (31, 'late')"
check_exit 1 'a row that came after the purge' assay check plan.yaml
check_has 'is no match either' "$OUT" '2≠'

# Keys that stand in the ledger, and such that do not: all others here.
fresh
sed -i 's/^    chunk_rows: 100/&\n    keys: public/' plan.yaml
assay ledger key plan.yaml --role approver >"$OUT"
check 'public keys' assay check plan.yaml
check 'a permit' assay purge permit plan.yaml
check 'which is used' assay purge run plan.yaml --permit "$(leaf plan.yaml purge-permit)" --execute
check_same 'to the end' <(echo 0) <(rows)
fresh
assay ledger key plan.yaml --role approver >"$OUT"
check 'sealed keys' assay check plan.yaml
mv keys/dataset.key held
check_exit 3 'an approver without the dataset key' assay purge permit plan.yaml
check_has 'cannot open the cut' "$ERR" 'its cut is sealed, and the dataset key is not here'
mv held keys/dataset.key
check 'with it: a permit' assay purge permit plan.yaml
check 'which is used' assay purge run plan.yaml --permit "$(leaf plan.yaml purge-permit)" --execute
check_same 'to the end, too' <(echo 0) <(rows)

# What keeps a permit from being given, and a given one from being used.
fresh
assay ledger key plan.yaml --role approver >"$OUT"
sqlite3 app.db "CREATE TABLE items (id INTEGER PRIMARY KEY, t_id INTEGER REFERENCES t ON DELETE CASCADE);
    INSERT INTO items VALUES (1, 1), (2, 1)"
check_exit 1 'a foreign key that cascades' assay purge permit plan.yaml
check_has 'is not accepted by itself' "$OUT" "cascade .*items \(2 rows\): not accepted; .*--accept 'cascade:items'"
check 'unless it is named' assay purge permit plan.yaml --accept cascade:items
permit=$(leaf plan.yaml purge-permit)
check_has 'with its count' <(assay ledger show plan.yaml "$permit") '^obstacle cascade 2 items$'
sqlite3 app.db "INSERT INTO items VALUES (3, 2)"
check_exit 1 'more than was accepted' assay purge run plan.yaml --permit "$permit" --execute
check_has 'is refused' "$ERR" 'does not list what stands in the way now: cascade 3 items'
sqlite3 app.db "DELETE FROM items WHERE id = 3; CREATE TRIGGER keeps BEFORE DELETE ON t WHEN old.id = 250 BEGIN SELECT raise(IGNORE); END"
check_exit 1 'a trigger made since' assay purge run plan.yaml --permit "$permit" --execute
check_has 'is refused' "$ERR" 'trigger 0 keeps'
check 'an accepted one' assay purge permit plan.yaml --accept cascade:items --accept trigger:keeps
permit=$(leaf plan.yaml purge-permit)
check_exit 1 'that swallows a delete' assay purge run plan.yaml --permit "$permit" --execute
check_has 'aborts the chunk' "$OUT" '^  ABORTED .* chunk 2 .*: of its 100 rows 1 were not deleted'
check_same 'nothing of which is deleted' <(echo 100) <(rows)
check_same 'what cascades is gone' <(echo 0) <(sqlite3 app.db 'SELECT count(*) FROM items')
sqlite3 app.db "DROP TRIGGER keeps;
    CREATE TRIGGER keeps AFTER DELETE ON t WHEN old.id = 250 BEGIN INSERT INTO t VALUES (old.id, old.v); END"
check_exit 1 'that puts a row back' assay purge run plan.yaml --permit "$permit" --execute
check_has 'aborts it, too' "$OUT" '^  ABORTED .* chunk 2 .*: 1 rows are there again'
check_same 'and nothing is deleted' <(echo 100) <(rows)

fresh
assay ledger key plan.yaml --role approver >"$OUT"
sqlite3 app.db "ALTER TABLE t ADD COLUMN extra TEXT"
check_exit 1 'a column that is not archived' assay purge permit plan.yaml
check_has 'would be lost' "$OUT" '^  uncovered +extra'
sqlite3 app.db "ALTER TABLE t DROP COLUMN extra"
check 'a permit' assay purge permit plan.yaml
permit=$(leaf plan.yaml purge-permit)
cat >later.c <<'C'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>
time_t time(time_t *t)
{
    time_t now = ((time_t(*)(time_t *))dlsym(RTLD_NEXT, "time"))(NULL) + 3 * 3600;
    return t ? (*t = now) : now;
}
C
check 'three hours later' gcc -shared -fPIC -o later.so later.c
check_exit 1 'a comparison that has become old' env LD_PRELOAD="$PWD/later.so" assay-purge run plan.yaml --permit "$permit" --execute
check_has 'is refused' "$ERR" 'holds no longer: too-old'
check_exit 1 'and gives no permit' env LD_PRELOAD="$PWD/later.so" assay-purge permit plan.yaml
check_has 'either' "$OUT" '^  too-old '
check 'a newer comparison' assay check plan.yaml
check_exit 1 'than that of the permit' assay purge run plan.yaml --permit "$permit" --execute
check_has 'is refused' "$ERR" 'there is a newer comparison'
check_same 'nothing was deleted' <(echo 400) <(rows)
sed '/^  read: any$/d' plan.yaml >medium.yaml
assay ledger show plan.yaml "$(leaf plan.yaml object)" >object
if grep -q '^read medium$' object; then # not so on file systems in memory
    check 'an archive that was read from the medium' assay purge permit medium.yaml
else
    check_has 'an archive of which some stayed in memory' object '^read cache$'
    check_exit 1 'is not good enough' assay purge permit medium.yaml
    check_has 'by name' "$OUT" '^  not-medium +of 1 files 1 were not read from the medium, the first: archive/t.csv$'
fi
sed '/^purge:$/,/^  source/d' plan.yaml >bare.yaml
check 'a check that knows of no purge' assay check bare.yaml
check_exit 1 'reads from where it likes' assay purge permit medium.yaml
check_has 'which is not good enough' "$OUT" '^  not-medium '

# A checkpoint that nobody has cosigned.
fresh
assay ledger key plan.yaml --role approver >"$OUT"
assay serve --witness --key w.key --new-key witness.example/w >w.vkey
{ echo "log $(cat keys/ledger.key.pub)" && echo 'quorum none'; } >known.policy
mkfifo w.out
assay serve --witness --key w.key --policy known.policy --state w.state --listen 0 >w.out 2>w.log &
witness=$!
trap 'kill "$witness" 2>/dev/null || true; finish' EXIT
read -r url _ <w.out || not_ok 'a witness starts' "$(cat w.log)"
{ echo "log $(cat keys/ledger.key.pub)" && echo "witness w $(cat w.vkey) $url" && echo 'quorum w'; } >trust.policy
sed 's/^purge:$/&\n  policy: trust.policy/' plan.yaml >witnessed.yaml
check_exit 1 'where the plan wants a witness' assay purge permit witnessed.yaml
check_has 'is not good enough' "$OUT" '^  not-cosigned '
check 'ask it' assay ledger witness witnessed.yaml --policy trust.policy
check 'cosigned' assay purge permit witnessed.yaml
check_has 'as the permit says' <(assay ledger show plan.yaml "$(leaf plan.yaml purge-permit)") '^cosigned 1$'
{ cat trust.policy; for role in owner source archive reconcile purger; do echo "role $role $(cat keys/$role.key.pub)"; done; } >roles
cp roles trust.policy
check_exit 1 'a policy without the key of the approver' assay purge permit witnessed.yaml
check_has 'is believed more than the keys' "$OUT" '^  not-believed .* role approver$'
kill "$witness" && wait "$witness" 2>/dev/null
trap finish EXIT

# Killed at a call that writes, one after the other: what was deleted is stated, or found at the next start.
cat >crash.c <<'C'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/types.h>
static long calls;
static void *at(const char *name)
{
    const char *n = getenv("KILL_AT");
    if (n && ++calls == atol(n))
        raise(SIGKILL);
    return dlsym(RTLD_NEXT, name);
}
ssize_t pwrite64(int fd, const void *p, size_t n, off_t o)
{
    return ((ssize_t(*)(int, const void *, size_t, off_t))at("pwrite64"))(fd, p, n, o);
}
int fdatasync(int fd)
{
    return ((int (*)(int))at("fdatasync"))(fd);
}
int ftruncate64(int fd, off_t n)
{
    return ((int (*)(int, off_t))at("ftruncate64"))(fd, n);
}
int unlink(const char *p)
{
    return ((int (*)(const char *))at("unlink"))(p);
}
int rename(const char *a, const char *b)
{
    return ((int (*)(const char *, const char *))at("rename"))(a, b);
}
C
check 'a way to be killed' gcc -shared -fPIC -o crash.so crash.c
fresh
sed -i 's/chunk_rows: 100/chunk_rows: 200/' plan.yaml
{ assay check plan.yaml && assay ledger key plan.yaml --role approver && assay purge permit plan.yaml; } >"$OUT" 2>"$ERR" ||
    not_ok 'a permit for two chunks' "$(cat "$ERR")"
permit=$(leaf plan.yaml purge-permit)
mkdir base && cp -a app.db archive keys keyring ledger.db* plan.yaml base/
n=1 settled=0 failed='' step=$((${ASSAY_TEST_FULL:+1} + 0))
[ $step -eq 1 ] || step=13
while :; do
    rm -rf work && cp -a base work
    KILL_AT=$n LD_PRELOAD=$PWD/crash.so assay-purge run work/plan.yaml --permit "$permit" --execute >"$OUT" 2>"$ERR"
    status=$?
    assay purge run work/plan.yaml --permit "$permit" --execute >next.out 2>&1 || failed="$failed $n: $(cat next.out)"
    settled=$((settled + $(grep -c '^  settled ' next.out)))
    said=$(assay ledger log work/plan.yaml --kind purge-chunk --limit 0 | grep -cE 'status=(deleted|settled)')
    [ "$said $(sqlite3 work/app.db 'SELECT count(*) FROM t')" = '2 0' ] || failed="$failed $n: $said chunks stated"
    [ $status -eq 137 ] || break
    n=$((n + step))
done
[ $status -eq 0 ] && [ -z "$failed" ] && ok "killed at every ${step}th of $n calls: all deleted, all stated" ||
    not_ok 'killed at a call that writes' "status $status;$failed"
[ $settled -gt 0 ] && ok 'also between a commit and its statement' || not_ok 'also between a commit and its statement'

# PostgreSQL: accounts of their own for reading and for deleting, a partitioned table, rows without a key.
pg_start
psql -qX <<'SQL' >"$OUT" 2>&1
CREATE ROLE reader LOGIN;
CREATE ROLE deleter LOGIN;
CREATE TABLE orders (id int PRIMARY KEY, at timestamptz, amount numeric, tags text[]) PARTITION BY RANGE (id);
CREATE TABLE orders_1 PARTITION OF orders FOR VALUES FROM (0) TO (150);
CREATE TABLE orders_2 PARTITION OF orders FOR VALUES FROM (150) TO (10000);
INSERT INTO orders SELECT i, '2001-01-01Z'::timestamptz + i * interval '1 hour', i / 7.0, ARRAY['a', NULL, i::text] FROM generate_series(1, 300) i;
CREATE TABLE log (who text, what text);
INSERT INTO log SELECT 'w' || i % 50, 'x' FROM generate_series(1, 300) i;
GRANT SELECT ON orders, log TO reader;
GRANT SELECT, DELETE ON orders, log TO deleter;
SQL
mkdir pg
psql -qXc "\copy (SELECT * FROM orders) TO 'pg/orders.csv' CSV HEADER" -c "\copy log TO 'pg/log.csv' CSV HEADER"
READ_URI=${PG_URI/user=assay/user=reader}
export PURGE_DSN=${PG_URI/user=assay/user=deleter}
check 'init' assay init "$READ_URI" pg/ --table orders --table log --output pg/plan.yaml
# shellcheck disable=SC2016 # the plan expands it
sed -i 's/^datasets:/digest: sealed\npurge:\n  read: any\n  source: ${env:PURGE_DSN}\ndatasets:/
        s/^    key: .*/&\n    chunk_rows: 100/' pg/plan.yaml
check 'check' assay check pg/plan.yaml
for role in approver purger; do check "a key for the $role" assay ledger key pg/plan.yaml --role $role; done
check 'permits' assay purge permit pg/plan.yaml
permit_of() {
    assay ledger log pg/plan.yaml --kind purge-permit --dataset "$1" | tail -n 1 | awk '{ print $1 }'
}
orders=$(permit_of orders) log=$(permit_of log)
count() {
    psql -qAtXc "SELECT count(*) FROM $1"
}
PURGE_DSN=$READ_URI check_exit 1 'the account that only reads' assay purge run pg/plan.yaml --permit "$orders" --execute
check_has 'may not delete' "$OUT" 'ABORTED .*permission denied'
check_same 'nothing is deleted' <(echo 300) <(count orders)
psql -qXc "UPDATE orders SET tags[2] = 'b' WHERE id = 20" -c "INSERT INTO orders VALUES (1000)"
check_exit 1 'rows changed and inserted since' assay purge run pg/plan.yaml --permit "$orders" --execute
check_has 'abort their chunks: changed' "$OUT" '^  ABORTED .* chunk 0 .* are others than those permitted'
check_has 'inserted' "$OUT" '^  ABORTED .* chunk 2 .*: it has [0-9]+ rows, permitted are'
check_has 'the other one is deleted' "$OUT" '^  deleted .* chunk 1 '
psql -qXc "UPDATE orders SET tags[2] = NULL WHERE id = 20" -c "DELETE FROM orders WHERE id = 1000"

# Killed between the commit at the source and the statement of it.
cat >kill.c <<'C'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <string.h>
struct pg_conn;
int PQisBusy(struct pg_conn *);
int PQconsumeInput(struct pg_conn *);
int PQsendQuery(struct pg_conn *c, const char *sql);
int PQsendQuery(struct pg_conn *c, const char *sql)
{
    static int deletes;
    int (*real)(struct pg_conn *, const char *) = dlsym(RTLD_NEXT, "PQsendQuery");
    int sent = real(c, sql);
    deletes += strncmp(sql, "COPY (DELETE", 12) == 0;
    if (!deletes || strcmp(sql, "COMMIT") != 0)
        return sent;
    while (PQisBusy(c))
        PQconsumeInput(c);
    raise(SIGKILL);
    return sent;
}
C
check 'a way to be killed' gcc -shared -fPIC -o kill.so kill.c
before=$(count orders)
check_exit 137 'killed after a commit' env LD_PRELOAD="$PWD/kill.so" assay-purge run pg/plan.yaml --permit "$orders" --execute
[ "$(count orders)" -lt "$before" ] && ok 'with rows deleted' || not_ok 'with rows deleted'
check_same 'and nothing said of it' <(echo "deleted 1") <(assay ledger log pg/plan.yaml --kind purge-chunk --dataset orders --limit 0 |
    grep -c 'status=deleted' | sed 's/^/deleted /')
check 'the next start' assay purge run pg/plan.yaml --permit "$orders" --execute
check_has 'finds it' "$OUT" '^  settled .* committed, statement lost$'
check_same 'and goes on to the end' <(echo 0) <(count orders)
check_has 'which the ledger says' <(assay ledger show pg/plan.yaml "$(leaf pg/plan.yaml purge-done)") '^status ok$'

check 'rows without a key' assay purge run pg/plan.yaml --permit "$log" --execute
check_same 'are deleted, doubles and all' <(echo 0) <(count log)
check 'the ledger verifies' assay ledger verify pg/plan.yaml

# Who has the purger's key states a deletion that no permit allows: rows are gone at the source, and lost in the archive.
fresh || not_ok 'a sealed dataset'
sqlite3 app.db 'DELETE FROM t WHERE id <= 100'
sed -i '/^[56],/d' archive/t.csv
check_exit 1 'rows gone at the source, two more in the archive' assay check plan.yaml
forge() { # KIND PERMIT: a statement of the purger, signed with its key and taken in by the ledger
    local of
    for of in $(assay ledger log plan.yaml --kind chunk --reverse --limit 0 | awk '{ print $1 }'); do
        assay ledger show plan.yaml "$of" >one
        grep -qx 'role archive' one && grep -qx 'ordinal 0' one && break
    done
    purger_states "$1" "$2" one
}
check 'a purge that nobody permitted, in the ledger' forge purge-chunk 0
check_exit 1 'is not believed' assay check plan.yaml
check_has 'as is said' "$ERR" 'leaf [0-9]+ says that chunk [0-9a-f]{8} was deleted, which no permit before it allows: not believed'
check_lacks 'and is not called permitted' "$OUT" 'under a permit'
check 'nor with a beginning' forge purge-begin 0
check 'and another one' forge purge-chunk 0
check_exit 1 'is it believed' assay check plan.yaml
check_lacks 'or called permitted' "$OUT" 'under a permit'
check 'the evidence of it' assay evidence plan.yaml --out bundle
check 'is whole' sh bundle/verify.sh
# Two, or one when both were made within a second: then they are one statement.
check_same 'and says of each that it does not count' <(assay ledger log plan.yaml --kind purge-chunk --limit 0 | wc -l) <(grep -c '^note: leaf [0-9]* says that a chunk was deleted, which no permit before it allows: not counted$' "$OUT")
check_lacks 'so that no archive has what was deleted' "$OUT" 'what was deleted of a chunk'
# A reconciler who counts it all the same: the source has no row of the chunk any more.
sed '/^$/,$d; /^prev-own /d' "$(grep -lx 'verdict mismatch' bundle/leaves/* | tail -1)" |
    sed 's/^verdict mismatch/verdict match/; /^\(kind\|reason\|columns\|discrepancy\|seen\|changed-side\) /d' >text
sign_note reconcile text >note
check 'a match that counts it' append_note plan.yaml note
rm -rf bundle
check 'in evidence' assay evidence plan.yaml --out bundle
check_exit 4 'is found' sh bundle/verify.sh
check_has 'as the mismatch that it is' "$OUT" '^FAILED: leaf [0-9]+: its verdict is match, but by the statements it is about it should be mismatch$'

# Who has the archive's key, and no archive, copies what the source has stated.
fresh || not_ok 'a sealed dataset'
assay ledger key plan.yaml --role approver >"$OUT" 2>"$ERR"
rm archive/t.csv
check 'the source alone is read again' assay verify plan.yaml --side source
run_root() { # NOTE...: count and root of a run of these leaves
    python3 - "$@" <<'PY'
import hashlib, sys
def root(h):
    if len(h) == 1:
        return h[0]
    k = 1 << (len(h) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + root(h[:k]) + root(h[k:])).digest()
leaves = [hashlib.sha256(b"\0" + open(name, "rb").read()).digest() for name in sys.argv[1:]]
print("leaves %d\nroot sha256:%s" % (len(leaves), root(leaves).hex()))
PY
}
copy_run() { # RUN: the newest run of the source as one of the archive
    local of newest notes=()
    newest=$(assay ledger show plan.yaml "$(leaf plan.yaml run-end)" | sed -n 's/^run //p')
    for of in $(assay ledger log plan.yaml --limit 0 | awk '{ print $1 }'); do
        assay ledger show plan.yaml "$of" >one
        grep -qx "run $newest" one && grep -qE '^assay/v1 (run-start|chunk|run-end)$' one || continue
        sed -n "/^\$/q; s/^role source/role archive/; s/^run .*/run $1/; /^prev-own /!p" one >text
        if grep -q '^assay/v1 run-end$' text; then
            run_root "${notes[@]}" >counted
            sed -i -e '/^leaves /d' -e '/^root /{r counted
                d}' text
        fi
        notes+=("note.$of")
        sign_note archive text >"note.$of"
        append_note plan.yaml "note.$of" || return
    done
}
check 'its statements, copied' copy_run 11111111-2222-4333-8444-555555555555
check_exit 3 'are not the reading of files' assay reconcile plan.yaml
check_has 'as is said' "$OUT" 'of the archive states rows, and no file that they were read from: sums alone can be copied'
check_exit 1 'and permit nothing' assay purge permit plan.yaml
check_has 'as there is no match' "$OUT" '^  no-match '
{
    printf 'assay/v1 verdict\nrun 11111111-2222-4333-8444-666666666666\n'
    grep -E '^(dataset|plan) ' text
    printf 'segment *\nchunk *\nverdict match\nsource-run %s\narchive-run %s\nstrength sealed\nobserved %s\n' \
        "$(assay ledger show plan.yaml "$(leaf plan.yaml run-end)" | sed -n 's/^run //p')" \
        11111111-2222-4333-8444-555555555555 "$(date -u +%Y-%m-%dT%H:%M:%S.000000Z)"
} >verdict
sign_note reconcile verdict >note
check 'a match that an older reconcile made of them' append_note plan.yaml note
check_exit 1 'permits nothing either' assay purge permit plan.yaml
check_has 'without a file' "$OUT" '^  no-objects +run 11111111-2222-4333-8444-555555555555 '

# A run that was stopped half-way, by chunks that were aborted: the archive loses rows meanwhile.
fresh || not_ok 'a sealed dataset'
assay ledger key plan.yaml --role approver >"$OUT" 2>"$ERR"
check 'a permit' assay purge permit plan.yaml
permit=$(leaf plan.yaml purge-permit)
sqlite3 app.db "UPDATE t SET v = 'x' WHERE id IN (150, 250, 350)"
check_exit 1 'three of four chunks are aborted' assay purge run plan.yaml --permit "$permit" --execute
sqlite3 app.db "UPDATE t SET v = 'v' || id"
sed -i '102,$d' archive/t.csv
check_exit 1 'the archive has lost rows' assay check plan.yaml
check_exit 1 'which the source must keep' assay purge run plan.yaml --permit "$permit" --execute
check_has 'as the permit rests on nothing' "$ERR" "what permit $permit rests on holds no longer: no-match"
check_same 'all of them' <(echo 300) <(rows)

# A run that stopped before its first chunk, by its statements; two chunks are emptied by somebody else, one of whose rows had been changed.
fresh || not_ok 'a sealed dataset'
assay ledger key plan.yaml --role approver >"$OUT" 2>"$ERR"
check 'a permit' assay purge permit plan.yaml
permit=$(leaf plan.yaml purge-permit)
check 'a run begins, and says no more' forge purge-begin "$permit"
sqlite3 app.db "UPDATE t SET v = 'new' WHERE id = 150; DELETE FROM t WHERE id BETWEEN 101 AND 200 OR id > 300"
check_exit 1 'the next one does not call that its doing' assay purge run plan.yaml --permit "$permit" --execute
check_same 'deletes what is as permitted' <(echo 2) <(grep -c '^  deleted ' "$OUT")
check_same 'aborts what is gone' <(echo 2) <(grep -c '^  ABORTED .*: none of its 100 rows is there' "$OUT")
check_lacks 'and settles nothing' "$OUT" settled

# What a stopped run leaves in doubt the next one clears up, also one that may delete nothing more: after it nothing is in doubt.
fresh || not_ok 'a sealed dataset'
assay ledger key plan.yaml --role approver >"$OUT" 2>"$ERR"
check 'a permit' assay purge permit plan.yaml
permit=$(leaf plan.yaml purge-permit)
check 'a run begins, and says no more' forge purge-begin "$permit"
check 'the permit is withdrawn' assay purge withdraw plan.yaml --permit "$permit" --reason 'not now'
check_exit 1 'a run that looks at what was left' assay purge run plan.yaml --permit "$permit" --execute
sqlite3 app.db 'DELETE FROM t WHERE id BETWEEN 101 AND 200'
check_exit 1 'what is gone since' assay purge run plan.yaml --permit "$permit" --execute
check_lacks 'is not its doing' "$OUT" settled

# Two runs that were stopped, one behind the commit of the second chunk, one behind that of the first.
fresh || not_ok 'a sealed dataset'
assay ledger key plan.yaml --role approver >"$OUT" 2>"$ERR"
check 'a permit' assay purge permit plan.yaml
permit=$(leaf plan.yaml purge-permit)
check 'a run begins' forge purge-begin "$permit"
STATUS=aborted check 'aborts the first chunk' forge purge-chunk "$permit"
CHUNKS=2 check 'another one begins' forge purge-begin "$permit"
sqlite3 app.db 'DELETE FROM t WHERE id <= 200'
check 'both chunks are found' assay purge run plan.yaml --permit "$permit" --execute
check_same 'settled' <(echo 2) <(grep -c '^  settled .* committed, statement lost$' "$OUT")
check 'and the archive has what was deleted' assay check plan.yaml
