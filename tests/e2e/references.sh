#!/bin/bash
# A row that refers to a row which the other archive does not have is an orphan: found, counted, and not named in the ledger.
. "$(dirname "$0")/lib.sh"

sqlite3 s.db "CREATE TABLE customers(region TEXT, id INTEGER, name TEXT, PRIMARY KEY (region, id));
    INSERT INTO customers VALUES('eu',1,'a'),('eu',2,'b'),('us',1,'c');
    CREATE TABLE orders(id INTEGER PRIMARY KEY, region TEXT, customer INTEGER, parent INTEGER);
    INSERT INTO orders VALUES(1,'eu',1,NULL),(2,'eu',2,1),(3,'us',1,1),(4,NULL,NULL,NULL),(5,'us',NULL,2);"
check_exit 0 'keys and ledger' assay init sqlite:s.db sqlite:s.db --table orders --output init.yaml --origin assay.local/t
plan() { # CUSTOMERS ORDERS REFERENCES
    cat <<YAML
assay: 1
origin: assay.local/t
ledger: ledger.db
keys: keys
datasets:
  customers:
    id: 6f1f0c1e-52a4-4a55-9d1a-3f1f3b7f0d01
    source: {locator: "sqlite:s.db", table: customers}
    archive: $1
    key: [region, id]
    columns: {region: text, id: integer, name: text}
  orders:
    id: 6f1f0c1e-52a4-4a55-9d1a-3f1f3b7f0d02
    source: {locator: "sqlite:s.db", table: orders}
    archive: $2
    key: [id]
    columns: {id: integer, region: text, customer: integer, parent: integer}
    references: $3
YAML
}
both='[{columns: [region, customer], dataset: customers, to: [region, id]}, {columns: [parent], dataset: orders, to: [id]}]'
plan '{locator: customers.csv}' '{locator: orders.csv}' "$both" >plan.yaml
export_all() {
    sqlite3 -csv -header s.db 'SELECT * FROM customers' >customers.csv
    sqlite3 -csv -header s.db 'SELECT * FROM orders' >orders.csv
}
export_all
check 'every reference leads somewhere; NULL refers to nothing' assay check plan.yaml
check 'what was stated' assay ledger log plan.yaml --kind reference

sqlite3 s.db "DELETE FROM customers WHERE region = 'us'"
export_all
check_exit 1 'both sides equal, but an order without its customer' assay check plan.yaml --report json:r.json
check_has 'verify says so' "$ERR" 'orders: reference region, customer -> customers \(region, id\): 1 orphans'
check 'the document, too' jq -e '[.datasets[] | select(.name == "orders") | .objects.findings[] | .object, .status] ==
    ["region, customer -> customers (region, id)", "orphan"] and ([.discrepancies[] | select(.kind == "orphan")] | length == 1)' r.json
check_exit 1 'as text' assay report plan.yaml
check_has 'in one sentence' "$OUT" 'MISMATCH: 1 reference leads nowhere'
check_has '... with counts' "$OUT" '! reference region, customer -> customers \(region, id\)  orphan: 1 of 3 rows refer to no row'
sqlite3 s.db 'UPDATE orders SET parent = 77012345 WHERE id IN (2, 3)'
export_all
check_exit 1 'two references broken' assay check plan.yaml
check_has 'rows and keys are counted' "$OUT" 'parent -> orders \(id\)  orphan: 2 of 3 rows refer to no row \(1 different keys\)'
check_exit 1 'who may read the archive sees which' assay diff plan.yaml --orphans
check_has '... by reference and key' "$OUT" 'orders, reference parent -> orders \(id\)'
check_has '... with file and line' "$OUT" 'orphan +77012345 +\[archive orders.csv:[34]\]'
check_has '... of several columns, too' "$OUT" 'orphan +us, 1 +\[archive orders.csv:4\]'
check_has '... and counts' "$OUT" 'orders: 3 orphans'
check_exit 1 'masked' assay diff plan.yaml --orphans --mask-keys
check_lacks '... shows no key' "$OUT" '77012345'
check_exit 1 'as JSON' assay diff plan.yaml --orphans --json --dataset orders
cp "$OUT" rows.json
check '... one object a row' jq -e -s 'length == 3 and .[0].kind == "orphan" and .[0].where == "orders.csv"' rows.json
strings -a ledger.db >said
check_lacks 'no key stands in the ledger' said 77012345
sqlite3 s.db "INSERT INTO customers VALUES('us',1,'c'); UPDATE orders SET parent = 1 WHERE id IN (2, 3)"
export_all
check 'mended' assay check plan.yaml
check_has '... and closed' "$OUT" '0 open, 2 closed by this run'

cp customers.csv kept
printf 'region,id,name\n"eu,1' >customers.csv
check_exit 1 'an archive that cannot be read makes no orphans' assay check plan.yaml --report json:r.json
check '... but leaves it open' jq -e '[.datasets[] | select(.name == "orders") | .verdict] == ["unverified"]
    and ([.discrepancies[] | select(.kind == "orphan" and .state == "open")] == [])' r.json
cp kept customers.csv
check 'read again' assay check plan.yaml
check 'one dataset alone' assay check plan.yaml --dataset orders

# ---- Parquet to PostgreSQL: other engines, other widths, the same keys ----
pg_start
duck "COPY (SELECT region::VARCHAR AS region, id::INT AS id, name::VARCHAR AS name FROM read_csv('customers.csv')) TO 'customers.parquet'" >/dev/null
psql -q -c 'CREATE TABLE orders(id bigint PRIMARY KEY, region varchar(10), customer numeric, parent int)' \
    -c "\\copy orders FROM 'orders.csv' (FORMAT csv, HEADER)"
plan '{locator: customers.parquet}' "{locator: \"$PG_URI\", table: public.orders}" "$both" |
    sed 's/0d01/0d03/; s/0d02/0d04/; s/customer: integer/customer: integer/' >mixed.yaml
check 'a PostgreSQL table that refers to Parquet files' assay check mixed.yaml
psql -q -c "UPDATE orders SET customer = 9 WHERE id = 1"
sqlite3 s.db 'UPDATE orders SET customer = 9 WHERE id = 1'
check_exit 1 'an orphan there' assay check mixed.yaml
check_has '... found' "$OUT" 'reference region, customer -> customers .*orphan: 1 of 3 rows'

# ---- archives in one database are read as of one moment: somebody deletes a row with what it refers to, between ----
# Two who do so at once wait for each other: else the second, whose row is gone, would delete the owner of another.
psql -q <<'SQL'
CREATE TABLE owners (id int PRIMARY KEY);
CREATE TABLE pets (id int PRIMARY KEY, owner int);
INSERT INTO owners SELECT g FROM generate_series(1, 9) g;
INSERT INTO pets SELECT g, g FROM generate_series(1, 9) g;
CREATE FUNCTION public.interfere() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
    EXECUTE format('COPY (SELECT 1) TO PROGRAM %L', 'psql -qX -h ' || pg_catalog.current_setting('unix_socket_directories')
        || ' -U assay postgres -c "BEGIN; LOCK TABLE pets IN SHARE ROW EXCLUSIVE MODE; DELETE FROM pets WHERE id = (SELECT max(id) FROM pets);'
        || ' DELETE FROM owners WHERE id = (SELECT max(id) FROM owners); COMMIT"');
    RETURN false;
END $$;
CREATE VIEW pets_read AS SELECT * FROM pets UNION ALL SELECT 0, 0 WHERE interfere();
SQL
sqlite3 s.db 'CREATE TABLE owners(id INTEGER PRIMARY KEY); CREATE TABLE pets(id INTEGER PRIMARY KEY, owner INTEGER)'
cat >moment.yaml <<YAML
assay: 1
origin: assay.local/t
datasets:
  owners:
    id: 6f1f0c1e-52a4-4a55-9d1a-3f1f3b7f0d05
    source: {locator: "sqlite:s.db", table: owners}
    archive: {locator: "$PG_URI", table: owners}
    key: [id]
    columns: {id: integer}
  pets:
    id: 6f1f0c1e-52a4-4a55-9d1a-3f1f3b7f0d06
    source: {locator: "sqlite:s.db", table: pets}
    archive: {locator: "$PG_URI", table: pets_read}
    key: [id]
    columns: {id: integer, owner: integer}
    references: [{columns: [owner], dataset: owners, to: [id]}]
YAML
assay verify moment.yaml --dataset pets >verified 2>&1
before=$(psql -qAtX -c 'SELECT count(*) FROM owners')
check 'somebody did delete rows meanwhile' test "$before" -lt 8
check_has 'the archive was read' verified '^pets archive: [0-9]+ rows'
check_lacks 'no row is an orphan' verified 'orphans'
check 'nothing is held any more' test "$(psql -qAtX -c "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'assay'")" = 0
sqlite3 s.db "CREATE TABLE a(id INTEGER PRIMARY KEY); INSERT INTO owners VALUES(1); INSERT INTO pets VALUES(1, 1), (2, 2)"
sed 's/0d05/0d07/; s/0d06/0d08/; s/pets_read/pets/' moment.yaml | sed "s|locator: \"postgresql:[^\"]*\"|locator: \"sqlite:s.db\"|" >lite.yaml
check_exit 1 'two tables of one SQLite database' assay check lite.yaml
check_has '... the orphan is found' "$OUT" 'reference owner -> owners \(id\)  orphan: 1 of 2 rows'

# ---- plans that mean nothing ----
plan '{locator: customers.csv}' '{locator: orders.csv}' '[{columns: [region], dataset: customer, to: [region]}]' >bad.yaml
check_exit 2 'another dataset' assay plan bad.yaml
check_has '... named' "$ERR" 'there is no dataset "customer"'
plan '{locator: customers.csv}' '{locator: orders.csv}' '[{columns: [region], dataset: customers, to: [id]}]' >bad.yaml
check_exit 2 'another type' assay plan bad.yaml
check_has '... named' "$ERR" '"region" is text, "id" of customers is integer'
plan '{locator: customers.csv}' '{locator: orders.csv}' '[{columns: [customer], dataset: customers, to: [region, id]}]' >bad.yaml
check_exit 2 'another number of columns' assay plan bad.yaml
plan '{locator: customers.csv}' '{locator: orders.csv}' '[{columns: [custmer], dataset: customers, to: [id]}]' >bad.yaml
check_exit 2 'a column that is none' assay plan bad.yaml
check_has '... with the one that was meant' "$ERR" 'did you mean "customer"'
check 'the ledger holds' assay ledger verify plan.yaml
