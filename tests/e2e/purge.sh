#!/usr/bin/env bash
# assay purge: what stands in the way of deleting at the source. It deletes nothing, and says so.
. "$(dirname "$0")/lib.sh"

sqlite3 app.db "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT);
    INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c')"
mkdir archive
sqlite3 -header -csv app.db 'SELECT * FROM t' >archive/t.csv
check 'init' assay init sqlite:app.db archive/t.csv --table t
check_exit 1 'before any comparison' assay purge plan.yaml
check_has 'there is no verdict' "$OUT" '^  no-verdict '
check 'check' assay check plan.yaml
sqlite3 app.db .dump >before
check_exit 1 'a match by sums' assay purge plan.yaml
check_has 'permits nothing' "$OUT" '^  not-sealed .* fast digests'
check_lacks 'and nothing else is in the way' "$OUT" '^  (no-verdict|no-match|other-plan|not-last|too-old|cascade|trigger|reference)'
check_has 'nothing is deleted' "$OUT" '^Nothing was deleted'
check_same 'really' before <(sqlite3 app.db .dump)
check 'one side read again' assay verify plan.yaml --side source
check_exit 1 'without a comparison' assay purge plan.yaml
check_has 'is named' "$OUT" '^  not-last '
sed -i 's/^3,c/3,x/' archive/t.csv
check_exit 1 'a damaged archive' assay check plan.yaml
check_exit 1 'cannot be purged from' assay purge plan.yaml
check_has 'with its counts' "$OUT" '^  no-match .* 0 match, 1 mismatch, 0 unverified$'
sed -i 's/^3,x/3,c/' archive/t.csv
check 'mended' assay check plan.yaml
sed 's/^    key: .*/&\n    chunk_rows: 100/' plan.yaml >other.yaml
check_exit 1 'another plan than the one compared' assay purge other.yaml
check_has 'is named' "$OUT" '^  other-plan '
sed 's/^datasets:/digest: sealed\n&/' plan.yaml >sealed.yaml
check 'compared by roots' assay check sealed.yaml
sed -i '$d' archive/t.csv
check_exit 1 'then a scrub finds a file that lost its end' assay scrub sealed.yaml
check_exit 1 'which permits nothing' assay purge sealed.yaml
check_has '... because a scrub compares no roots' "$OUT" "^  not-sealed .* compared no roots, as a scrub's: assay check\$"
check_lacks '... and not because of its strength' "$OUT" 'prove nothing'
echo 3,c >>archive/t.csv
check 'mended, and compared again' assay check plan.yaml

sqlite3 app.db "CREATE TABLE items (id INTEGER PRIMARY KEY, t_id INTEGER REFERENCES T (id) ON DELETE CASCADE,
        other INTEGER REFERENCES t ON DELETE SET NULL, plain INTEGER REFERENCES t);
    CREATE TABLE elsewhere (id INTEGER PRIMARY KEY, x INTEGER REFERENCES items ON DELETE CASCADE);
    INSERT INTO items VALUES (1, 1, NULL, 2), (2, 1, 3, NULL), (3, NULL, NULL, NULL);
    CREATE TRIGGER \"on delete\" AFTER DELETE ON t BEGIN SELECT 1; END;"
check_exit 1 'foreign keys and triggers of SQLite' assay purge plan.yaml
check_has 'cascade, counted' "$OUT" '^  cascade +items: 2 rows'
check_has 'set null, counted' "$OUT" '^  set-null +items: 1 rows'
check_has 'one that would refuse' "$OUT" '^  reference +items: 1 rows'
check_has 'a trigger' "$OUT" '^  trigger +on delete$'
check_lacks 'not those of others' "$OUT" 'elsewhere'
mv app.db gone.db
check_exit 3 'a source that is not there' assay purge plan.yaml
check_has 'is no permission' "$ERR" 'nobody knows whether it may be purged'

pg_start
psql -qX <<'SQL' >"$OUT" 2>&1
CREATE TABLE orders (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);
CREATE TABLE orders_1 PARTITION OF orders FOR VALUES FROM (0) TO (100);
INSERT INTO orders VALUES (1, 'a'), (2, 'b'), (3, NULL);
SQL
check_exit 0 'a PostgreSQL source' psql -qXc "\\copy (SELECT * FROM orders ORDER BY id) TO 'archive/orders.csv' CSV HEADER"
mkdir pg && mv archive/orders.csv pg/
check 'init' assay init "$PG_URI" pg/orders.csv --table orders --output pg/plan.yaml
check 'check' assay check pg/plan.yaml
check_exit 1 'by sums' assay purge pg/plan.yaml
check_lacks 'has nothing else in the way' "$OUT" '^  (cascade|set-null|reference|trigger|rule|row-security)'
psql -qX <<'SQL' >"$OUT" 2>&1
CREATE SCHEMA other;
CREATE TABLE other.items (id int, "order" int REFERENCES orders ON DELETE CASCADE, nullable int REFERENCES orders ON DELETE SET NULL,
    dflt int DEFAULT 1 REFERENCES orders ON DELETE SET DEFAULT, plain int REFERENCES orders);
INSERT INTO other.items VALUES (1, 1, 2, NULL, 3), (2, 1, NULL, NULL, NULL), (3, NULL, NULL, 1, NULL);
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER keeps BEFORE DELETE ON orders_1 FOR EACH ROW EXECUTE FUNCTION f();
CREATE TRIGGER inserts BEFORE INSERT ON orders_1 FOR EACH ROW EXECUTE FUNCTION f();
CREATE RULE instead AS ON DELETE TO orders_1 DO INSTEAD NOTHING;
ALTER TABLE orders_1 ENABLE ROW LEVEL SECURITY;
SQL
check_exit 1 'foreign keys, triggers, rules and row security of PostgreSQL' assay purge pg/plan.yaml
cp "$OUT" found
while read -r what regex; do
    check_has "$what" found "^  $regex"
done <<'END'
cascade cascade +other.items .*: 2 rows
set-null set-null +other.items .*: 1 rows
set-default set-default +other.items .*: 1 rows
reference reference +other.items .*: 1 rows
trigger trigger +keeps on public.orders_1$
rule rule +instead on public.orders_1: cannot be accepted: a rule on DELETE 
row-security row-security +public.orders_1$
END
check_lacks 'no trigger of another event' found 'inserts'
check_same 'each once' <(echo 7) <(grep -cE '^  (cascade|set-null|set-default|reference|trigger|rule|row-security) ' found)
