#!/usr/bin/env bash
# assay purge: what an engine does besides deleting, or instead of it: refused, listed in the permit, or seen and rolled back.
. "$(dirname "$0")/lib.sh"

leaf() { # the newest of that kind, of that dataset
    assay ledger log "$1" --kind "$2" --dataset "$3" --reverse --limit 1 | awk '{ print $1 }'
}

# ---- PostgreSQL ----
pg_start
cat >meanwhile.c <<'C'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
struct pg_conn;
int fsync(int fd)
{
    return fd < 0;
}
int fdatasync(int fd)
{
    return fd < 0;
}
int PQsendQuery(struct pg_conn *c, const char *sql);
int PQsendQuery(struct pg_conn *c, const char *sql)
{
    static int seen;
    int (*real)(struct pg_conn *, const char *) = dlsym(RTLD_NEXT, "PQsendQuery");
    const char *at = getenv("MEANWHILE_AT");
    if (at && strncmp(sql, at, strlen(at)) == 0 && ++seen == 2) {
        unsetenv("MEANWHILE_AT");
        if (system("psql -qX -f meanwhile.sql >meanwhile.out 2>&1"))
            return 0;
    }
    return real(c, sql);
}
C
check 'a way to do something meanwhile, and to wait for no disk' gcc -shared -fPIC -o meanwhile.so meanwhile.c
[ -n "${ASSAY_TEST_FULL:-}" ] || export LD_PRELOAD=$PWD/meanwhile.so
psql -qX <<'SQL' >"$OUT" 2>&1
CREATE EXTENSION file_fdw;
CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
CREATE TABLE ruled (id int PRIMARY KEY, v text);
CREATE TABLE parted (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (1000);
CREATE TABLE tree (id int PRIMARY KEY, up int REFERENCES tree ON DELETE CASCADE);
CREATE TABLE back (id int PRIMARY KEY, v text);
CREATE TABLE fails (id int PRIMARY KEY, v text);
CREATE TABLE held (id int PRIMARY KEY, v text);
CREATE TABLE dflt (id int PRIMARY KEY, v text);
CREATE TABLE published (id int PRIMARY KEY, v text);
CREATE TABLE family (id int PRIMARY KEY, v text);
CREATE TABLE gen (id int PRIMARY KEY, v int, w int GENERATED ALWAYS AS (v * 2) STORED);
CREATE TABLE secret (id int PRIMARY KEY, v text);
CREATE TABLE meanwhile (id int PRIMARY KEY, v text);
INSERT INTO tree SELECT i, CASE WHEN i > 101 THEN i - 100 END FROM generate_series(1, 200) i;
INSERT INTO gen SELECT i, i FROM generate_series(1, 20) i;
DO $$ DECLARE t text; BEGIN
    FOREACH t IN ARRAY '{ruled,parted,back,fails,held,dflt,published,family,secret}'::text[] LOOP
        EXECUTE format('INSERT INTO %I SELECT i, ''v'' || i FROM generate_series(1, 20) i', t);
    END LOOP;
END $$;
INSERT INTO meanwhile SELECT i, 'v' || i FROM generate_series(1, 300) i;
CREATE VIEW seen AS SELECT * FROM ruled;
SQL
tables='ruled parted_1 tree back fails held dflt published family gen secret meanwhile seen'
mkdir files
args=()
for t in $tables; do
    psql -qXc "\copy (SELECT * FROM $t ORDER BY id) TO 'files/$t.csv' CSV HEADER"
    args+=(--table "$t")
done
check 'init' assay init "$PG_URI" files/ "${args[@]}"
export PURGE_DSN=$PG_URI
# shellcheck disable=SC2016 # the plan expands it
sed -i 's/^datasets:/digest: sealed\npurge:\n  read: any\n  source: ${env:PURGE_DSN}\ndatasets:/
        s/^    key: .*/&\n    chunk_rows: 100/' plan.yaml
check 'check' assay check plan.yaml
for role in approver purger; do check "a key for the $role" assay ledger key plan.yaml --role $role; done
permit() { # DATASET ARG...: a permit
    local set=$1
    shift
    assay purge permit plan.yaml --dataset "$set" "$@"
}
run() { # DATASET: under its newest permit
    assay purge run plan.yaml --execute --permit "$(leaf plan.yaml purge-permit "$1")"
}
count() {
    psql -qAtXc "SELECT count(*) FROM $1"
}
sql() {
    psql -qX -v ON_ERROR_STOP=1 -c "$1" >"$OUT" 2>"$ERR" || not_ok "$1" "$(cat "$ERR")"
}

sql 'CREATE RULE also AS ON DELETE TO ruled DO ALSO SELECT 1'
check_exit 1 'a rule on DELETE' permit ruled --accept 'rule:also on public.ruled'
check_has 'cannot be accepted' "$OUT" '^  rule +also on public.ruled: cannot be accepted: a rule on DELETE puts another statement'
sql 'ALTER TABLE ruled DISABLE RULE also'
check 'one that is switched off' permit ruled
sql 'ALTER TABLE ruled ENABLE RULE also'
check_exit 1 'and on again' run ruled
check_has 'is refused' "$ERR" 'no permit can list what stands in the way: rule 0 also on public.ruled: a rule on DELETE'
sql 'DROP RULE also ON ruled; CREATE RULE also AS ON UPDATE TO ruled DO ALSO SELECT 1'
check 'a rule for something else' run ruled
check_same 'does no harm' <(echo 0) <(count ruled)

sql 'CREATE TABLE items (id int, of_parted int REFERENCES parted ON DELETE CASCADE) PARTITION BY RANGE (id);
    CREATE TABLE items_1 PARTITION OF items FOR VALUES FROM (0) TO (1000);
    INSERT INTO items VALUES (1, 1), (2, 2);
    CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN OLD; END $$;
    CREATE TRIGGER of_parent AFTER DELETE ON parted FOR EACH ROW EXECUTE FUNCTION nothing()'
check_exit 1 'a partition by itself, whose parent is referred to by a partitioned table' permit parted_1
check_has 'once' "$OUT" "^  cascade +public.items .*\(2 rows\): not accepted; .*--accept 'cascade:public.items'\$"
check_lacks 'not for each partition' "$OUT" 'items_1'
check_has 'and whose parent has a trigger' "$OUT" "^  trigger +of_parent on public.parted_1 .*--accept 'trigger:of_parent on public.parted_1'\$"
check 'accepted' permit parted_1 --accept cascade:public.items --accept 'trigger:of_parent on public.parted_1'
check 'and deleted' run parted_1
check_same 'with what refers to it' <(echo '0 0') <(echo "$(count parted)" "$(count items)")

check_exit 1 'a table that refers to itself' permit tree
check 'may be accepted' permit tree --accept cascade:public.tree
check_exit 1 'but takes no row of another chunk along' run tree
check_has 'and says so' "$OUT" '^  ABORTED .* chunk 0 .*: a trigger or foreign key would have deleted [0-9]+ other rows of the table, which nothing proves$'
sql 'ALTER TABLE tree DROP CONSTRAINT tree_up_fkey, ADD FOREIGN KEY (up) REFERENCES tree ON DELETE SET NULL'
check_exit 1 'nor may it change them' permit tree --accept cascade:public.tree --accept set-null:public.tree
check_has 'which cannot be accepted' "$OUT" '^  set-null .*: cannot be accepted: it would change rows of the table itself'

sql 'CREATE FUNCTION puts() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.back VALUES (OLD.*); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER puts AFTER DELETE ON back DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.id = 7) EXECUTE FUNCTION puts()'
check 'a trigger that waits for the commit' permit back --accept 'trigger:puts on public.back'
check_exit 1 'and then puts a row back' run back
check_has 'is seen before it' "$OUT" '^  ABORTED .*: 1 rows are there again after its rows were deleted$'
check_same 'nothing is deleted' <(echo 20) <(count back)
sql "CREATE FUNCTION others() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN UPDATE public.fails SET v = 'x'; DELETE FROM public.fails; RETURN NULL; END \$\$;
    DROP TRIGGER puts ON back; CREATE TRIGGER of_statement AFTER DELETE ON back FOR EACH STATEMENT EXECUTE FUNCTION others();
    CREATE FUNCTION raises() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN RAISE 'not %', OLD.v; END \$\$;
    CREATE CONSTRAINT TRIGGER raises AFTER DELETE ON fails DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION raises()"
check 'a trigger that fails at the commit' permit fails --accept 'trigger:raises on public.fails'
check_exit 1 'aborts the chunk' run fails
check_has 'with its sentence' "$OUT" '^  ABORTED .*: checking the constraints of public.fails: a function of the database raised an exception \(its text is withheld\)'
check_has 'and the run is over' <(assay ledger show plan.yaml "$(leaf plan.yaml purge-done fails)") '^status incomplete$'
sql 'DROP TRIGGER raises ON fails'
check 'one for the whole statement, which does something elsewhere' permit back --accept 'trigger:of_statement on public.back'
check 'is done' run back
check_same 'and what it does, too' <(echo '0 0') <(echo "$(count back)" "$(count fails)")

sql 'CREATE TABLE holders (held_id int REFERENCES held DEFERRABLE INITIALLY DEFERRED, CONSTRAINT strict FOREIGN KEY (held_id) REFERENCES held ON DELETE RESTRICT);
    INSERT INTO holders VALUES (3)'
check 'rows that are referred to' permit held --accept reference:public.holders
check_exit 1 'are not deleted' run held
check_has 'and the server says why' "$OUT" '^  ABORTED .*: .*violates constraint strict of table public.holders '
sql 'ALTER TABLE holders DROP CONSTRAINT strict'
check_exit 1 'nor when the server looks at the commit' run held
check_has 'likewise' "$OUT" '^  ABORTED .*: checking the constraints of public.held: .*violates constraint holders_held_id_fkey of table public.holders '
check_same 'nothing is deleted' <(echo 20) <(count held)
sql 'DELETE FROM holders'
check 'nobody refers to them any more' run held
check_same 'deleted' <(echo 0) <(count held)

sql "INSERT INTO dflt VALUES (0, 'none');
    CREATE TABLE of_dflt (d int DEFAULT 0 REFERENCES dflt ON DELETE SET DEFAULT); INSERT INTO of_dflt VALUES (1), (2)"
psql -qXc "\copy (SELECT * FROM dflt ORDER BY id) TO 'files/dflt.csv' CSV HEADER"
check 'again' assay check plan.yaml --dataset dflt
check 'set default' permit dflt --accept set-default:public.of_dflt
check_exit 1 'to a row that goes, too' run dflt
check_has 'is refused by the server' "$OUT" '^  ABORTED .*: .*violates constraint of_dflt_d_fkey of table public.of_dflt '
sql 'ALTER TABLE of_dflt ALTER d DROP DEFAULT'
check 'to nothing' run dflt
check_same 'is done' <(echo '0 2') <(echo "$(count dflt)" "$(count 'of_dflt WHERE d IS NULL')")

sql 'CREATE PUBLICATION everything FOR ALL TABLES'
check_exit 1 'a table whose deletes go elsewhere' permit published
check_has 'is named' "$OUT" "^  publication +everything \(0 rows\): not accepted"
check 'accepted' permit published --accept publication:everything
check 'and deleted' run published
check_same 'all of it' <(echo 0) <(count published)
sql 'DROP PUBLICATION everything'

sql "CREATE TABLE child (more text) INHERITS (family); INSERT INTO child VALUES (21, 'v21', 'lost')"
check_exit 1 'a table that inherits and has more' permit family
check_has 'would lose it' "$OUT" "^  uncovered +more of public.child "
check 'also where it is accepted' permit family --accept 'uncovered:more of public.child'
check_exit 1 'its rows are not those permitted' run family
check_has 'and stay' "$OUT" '^  ABORTED .*: it has 21 rows, permitted are 20$'
sed 's/table: family/table: ONLY family/' plan.yaml >only.yaml
sql 'CREATE TRIGGER of_child AFTER DELETE ON child FOR EACH ROW EXECUTE FUNCTION nothing()'
check 'ONLY that table' assay check only.yaml --dataset family
check 'has no children' assay purge permit only.yaml --dataset family
check 'and can be deleted from' assay purge run only.yaml --execute --permit "$(leaf only.yaml purge-permit family)"
check_same 'alone' <(echo '0 1') <(echo "$(count 'ONLY family')" "$(count child)")

check 'generated columns' permit gen
check 'are no hindrance' run gen
check_same 'all deleted' <(echo 0) <(count gen)

sql 'CREATE ROLE deleter LOGIN; GRANT SELECT, DELETE ON secret TO deleter;
    ALTER TABLE secret ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY'
check 'row security' permit secret --accept row-security:public.secret
PURGE_DSN=${PG_URI/user=assay/user=deleter} check_exit 3 'that hides rows from who deletes' assay purge run plan.yaml --execute --permit "$(leaf plan.yaml purge-permit secret)"
check_has 'is said' "$ERR" 'row-level security would hide rows of table public.secret from role deleter'
check 'and not from who sees all' run secret
check_same 'all deleted' <(echo 0) <(count secret)

sql 'CREATE FUNCTION instead() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN OLD; END $$;
    CREATE TRIGGER instead INSTEAD OF DELETE ON seen FOR EACH ROW EXECUTE FUNCTION instead()'
check_exit 1 'a view with a trigger instead' permit seen --accept 'trigger:instead on public.seen' --accept 'no-table:view public.seen'
check_has 'is no table' "$OUT" '^  no-table +view public.seen: cannot be accepted: its rows have no place of their own'
sql "CREATE FOREIGN TABLE elsewhere () INHERITS (published) SERVER files OPTIONS (filename '/dev/null', format 'csv')"
check_exit 1 'a table whose children are kept elsewhere' assay purge plan.yaml --dataset published
check_has 'is none, either' "$OUT" '^  no-table +foreign table public.elsewhere: cannot be accepted'

# Between one chunk and the next, and while one is deleted.
sql 'CREATE TABLE late (m int); INSERT INTO late VALUES (101)'
check 'a permit' permit meanwhile
echo "ALTER TABLE late ADD FOREIGN KEY (m) REFERENCES meanwhile ON DELETE CASCADE" >meanwhile.sql
check_exit 1 'a foreign key made between two chunks' env MEANWHILE_AT='LOCK TABLE' LD_PRELOAD="$PWD/meanwhile.so" assay-purge run plan.yaml \
    --execute --permit "$(leaf plan.yaml purge-permit meanwhile)"
check_has 'ends the deleting' "$OUT" '^  ABORTED .* chunk 1 .*: .*does not list what stands in the way now: cascade 1 public.late'
check_same 'and nothing that refers is lost' <(echo '200 1') <(echo "$(count meanwhile)" "$(count late)")
sql 'DROP TABLE late'
echo "SET lock_timeout = '50ms'; CREATE TRIGGER nothing AFTER DELETE ON meanwhile FOR EACH ROW EXECUTE FUNCTION nothing(); ALTER TABLE meanwhile ADD more text" >meanwhile.sql
check 'a trigger and a column made while a chunk is deleted' env MEANWHILE_AT='COPY (DELETE' LD_PRELOAD="$PWD/meanwhile.so" assay-purge run plan.yaml \
    --execute --permit "$(leaf plan.yaml purge-permit meanwhile)"
check_same 'have to wait' <(echo 2) <(grep -c 'canceling statement due to lock timeout' meanwhile.out)
check_same 'all deleted' <(echo 0) <(count meanwhile)
sql "TRUNCATE meanwhile; INSERT INTO meanwhile SELECT i, 'v' || i FROM generate_series(1, 300) i; ALTER USER assay SET session_replication_role = replica"
check 'again' assay check plan.yaml --dataset meanwhile
check 'a permit' permit meanwhile
check_exit 1 'an account for whom no foreign key holds' run meanwhile
check_has 'deletes nothing' "$OUT" '^  ABORTED .*: session_replication_role is replica for this account: foreign keys would not be kept$'

# ---- SQLite ----
cd "$TMP" && mkdir lite && cd lite || exit 1
sqlite3 app.db <<'SQL'
CREATE TABLE pairs (a TEXT, b INTEGER, v TEXT, PRIMARY KEY (b, a)) WITHOUT ROWID;
CREATE INDEX pairs_v ON pairs (v, b, a);
CREATE TABLE folded (k TEXT COLLATE NOCASE, v TEXT, PRIMARY KEY (k COLLATE BINARY)) WITHOUT ROWID;
CREATE TABLE strict (id INTEGER PRIMARY KEY, v TEXT, w TEXT AS (v || '!') STORED, x INTEGER AS (id * 2) VIRTUAL) STRICT;
CREATE TABLE alias (rowid TEXT, oid TEXT, id INTEGER PRIMARY KEY);
CREATE TABLE hides (rowid INTEGER, _rowid_ TEXT, v TEXT, UNIQUE (v));
CREATE TABLE hidden (rowid INTEGER NOT NULL UNIQUE, oid TEXT, _rowid_ TEXT);
CREATE TABLE alias3 (rowid INTEGER PRIMARY KEY, oid TEXT, _rowid_ TEXT);
CREATE VIRTUAL TABLE words USING fts5 (w);
CREATE TABLE tree (id INTEGER PRIMARY KEY, up INTEGER REFERENCES tree ON DELETE CASCADE);
CREATE TABLE later (id INTEGER PRIMARY KEY, v TEXT);
WITH RECURSIVE g (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g WHERE i < 300) INSERT INTO pairs SELECT 'k' || (i % 7), i, 'v' || (1000 - i) FROM g;
WITH RECURSIVE g (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g WHERE i < 300) INSERT INTO folded SELECT CASE i % 2 WHEN 1 THEN 'k' ELSE 'K' END || (i / 2), i FROM g;
INSERT INTO strict VALUES (1, 'a'), (2, 'b');
INSERT INTO alias VALUES ('7', '8', 1), ('1', '2', 2);
INSERT INTO hides VALUES (5, '5', 'a'), (5, '6', 'b');
INSERT INTO hidden VALUES (1, '1', '1');
INSERT INTO alias3 VALUES (3, 'x', 'y'), (4, 'x', 'y');
INSERT INTO words VALUES ('one'), ('two');
INSERT INTO later VALUES (1, 'a'), (2, 'b');
WITH RECURSIVE g (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g WHERE i < 200) INSERT INTO tree SELECT i, CASE WHEN i > 101 THEN i - 100 END FROM g;
CREATE VIEW seen AS SELECT * FROM later;
SQL
mkdir files
args=()
for t in pairs folded strict alias hides hidden alias3 words tree later seen; do
    sqlite3 -header -csv app.db "SELECT * FROM $t" >files/$t.csv
    args+=(--table "$t")
done
check 'init' assay init sqlite:app.db files/ "${args[@]}"
sed -i 's/^datasets:/digest: sealed\npurge:\n  read: any\n  source: sqlite:app.db\ndatasets:/; s/^    key: .*/&\n    chunk_rows: 100/' plan.yaml
check 'check' assay check plan.yaml
for role in approver purger; do check "a key for the $role" assay ledger key plan.yaml --role $role; done
count() {
    sqlite3 app.db "SELECT count(*) FROM $1"
}
sqlite3 app.db "UPDATE pairs SET v = 'x' WHERE b = 250"
check 'a table without rowids' permit pairs
check_exit 1 'chunk by chunk' run pairs
check_has 'by its key' "$OUT" '^pairs: [12] chunks, [0-9]+ rows deleted, [12] aborted'
check_same 'leaves the chunk with a row that was changed' <(echo "1 $(sed -n 's/.* \([0-9]*\) rows deleted.*/\1/p' "$OUT" | awk '{ print 300 - $1 }')") \
    <(echo "$(count 'pairs WHERE b = 250') $(count pairs)")
sqlite3 app.db "UPDATE pairs SET v = 'v750' WHERE b = 250"
check 'mended' run pairs
check_same 'all deleted' <(echo 0) <(count pairs)
for t in folded strict alias hides alias3; do
    check "a permit: $t" permit $t
    check "is used: $t" run $t
    check_same "to the end: $t" <(echo 0) <(count $t)
done
for t in 'hidden table hidden, whose columns rowid, oid and _rowid_ hide its rowids' 'words virtual table words' 'seen view seen'; do
    check_exit 1 "what has no rows of its own: ${t%% *}" permit "${t%% *}" --accept "no-table:${t#* }"
    check_has 'cannot be accepted' "$OUT" "^  no-table +${t#* }: cannot be accepted: its rows have no place of their own"
done
check 'a table that refers to itself' permit tree --accept cascade:tree
check_exit 1 'takes no row of another chunk along' run tree
check_has 'and says so' "$OUT" '^  ABORTED .*: a trigger or foreign key would have deleted [0-9]+ other rows of the table, which nothing proves$'
sqlite3 app.db "CREATE TABLE refers (r INTEGER REFERENCES later DEFERRABLE INITIALLY DEFERRED); INSERT INTO refers VALUES (2)"
check 'rows that are referred to until the commit' permit later --accept reference:refers
check_exit 1 'are not deleted' run later
check_has 'and the chunk is aborted' "$OUT" '^  ABORTED .*, table later: FOREIGN KEY constraint failed$'
sqlite3 app.db "DELETE FROM refers"
check 'nobody refers to them any more' run later
check_same 'all deleted' <(echo 0) <(count later)
