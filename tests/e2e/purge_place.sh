#!/usr/bin/env bash
# Where a purge deletes: at the source that the approver signed for, whatever name leads to it; never at an archive, a copy or another
# database that holds the same rows.
. "$(dirname "$0")/lib.sh"

leaf() { assay ledger log plan.yaml --kind "$1" --reverse --limit 1 | awk '{ print $1 }'; }
run() { assay purge run "${2:-plan.yaml}" --permit "$1" --execute; }
at() { sed "s|^  source: .*|  source: $1|" plan.yaml >other.yaml; } # the same plan, to delete elsewhere
rows() { sqlite3 "$1" 'SELECT count(*) FROM t'; }

sqlite3 app.db "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c')"
cp app.db arch.db
cp app.db staging.db
check 'init' assay init sqlite:app.db sqlite:arch.db --table t
sed -i 's/^datasets:/digest: sealed\npurge:\n  read: any\n  source: sqlite:app.db\ndatasets:/' plan.yaml
for role in approver purger; do check "a key of the $role" assay ledger key plan.yaml --role $role; done
check 'equal' assay check plan.yaml
check 'a permit' assay purge permit plan.yaml
check_has 'says where' "$OUT" '^  where +sqlite:app[.]db table t$'
permit=$(leaf purge-permit)
check_has 'and so does what the approver signs' <(assay ledger show plan.yaml "$permit") '^where sqlite:app[.]db table t$'
at sqlite:arch.db
check_exit 2 'the archive, by a slip' run "$permit" other.yaml
check_has 'is another table' "$ERR" 'permit [0-9]+ is for rows at sqlite:app[.]db table t .* purge: source leads to another table'
check_exit 2 'nor does a dry run look there' assay purge run other.yaml --permit "$permit"
at sqlite:staging.db
check_exit 2 'a copy of the source' run "$permit" other.yaml
ln -s arch.db alias.db
at sqlite:alias.db
check_exit 2 'by another name' run "$permit" other.yaml
sed 's|source:  {locator: "sqlite:app.db"|source:  {locator: "sqlite:staging.db"|; s|^  source: .*|  source: sqlite:staging.db|' plan.yaml >other.yaml
check_exit 2 'a plan whose source is another now' run "$permit" other.yaml
check_has 'is not what was signed' "$ERR" "the plan's source is sqlite:staging[.]db table t"
check_same 'nothing was deleted' <(echo 3 3 3) <(echo "$(rows app.db)" "$(rows arch.db)" "$(rows staging.db)")
check_lacks 'nor begun' <(assay ledger log plan.yaml --limit 0) 'purge-begin'
ln -s app.db same.db
at "sqlite:$PWD/same.db"
check 'the source by another name is the source' run "$permit" other.yaml
check_same 'there alone' <(echo 0 3 3) <(echo "$(rows app.db)" "$(rows arch.db)" "$(rows staging.db)")

sqlite3 app.db "INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c')"
sed -i 's|archive: .*|archive: {locator: "sqlite:same.db", table: t}|; s/^\( *id: [0-9a-f-]*\)[0-9a-f]\{2\} /\1ee /' plan.yaml
check 'a table compared with itself' assay check plan.yaml
check_exit 1 'is no archive' assay purge permit plan.yaml
check_has 'for that reason' "$OUT" '^  archive +the table to be deleted from is the archive of dataset t '

rm -rf plan.yaml ledger.db* keys keyring
sqlite3 app.db 'CREATE VIEW shown AS SELECT id, v FROM t'
check 'init' assay init sqlite:app.db sqlite:app.db --table t
sed -i 's/^datasets:/digest: sealed\npurge:\n  read: any\n  source: sqlite:app.db\ndatasets:/; s|archive: .*|archive: {locator: "sqlite:app.db", table: shown}|' plan.yaml
for role in approver purger; do check "a key of the $role" assay ledger key plan.yaml --role $role; done
check 'a table compared with a view of itself' assay check plan.yaml
check_exit 1 'is no archive either' assay purge permit plan.yaml
check_has 'for that reason' "$OUT" '^  archive +the archive of dataset t .* is a view, .*: its rows may be those very rows'
rm -rf plan.yaml ledger.db* keys keyring

pg_start
for db in live copy; do
    psql -q -c "CREATE DATABASE $db" -c "CREATE ROLE reader_$db LOGIN"
    psql -q -d $db -c "CREATE TABLE t (id integer PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c'); GRANT SELECT ON t TO reader_$db"
done
rm -rf plan.yaml ledger.db* keys keyring
psql -d live --csv -c 'SELECT * FROM t' >t.csv
check 'init' assay init "postgresql:///live?host=$PGHOST&user=reader_live" t.csv --table t
sed -i 's/^datasets:/digest: sealed\npurge:\n  read: any\n  source: SOURCE\ndatasets:/' plan.yaml
for role in approver purger; do check "a key of the $role" assay ledger key plan.yaml --role $role; done
check 'equal' assay check plan.yaml
check 'a permit by who may only read' assay purge permit plan.yaml
permit=$(leaf purge-permit)
check_has 'names the cluster, the database and the table' <(assay ledger show plan.yaml "$permit") '^place postgresql system [0-9]+ database [0-9]+ table [0-9]+$'
at "\"postgresql:///copy?host=$PGHOST\\&user=assay\""
check_exit 2 'another database of the same server' run "$permit" other.yaml
check_has 'is another table' "$ERR" 'purge: source leads to another table'
psql -qd live -c "ALTER TABLE t RENAME TO old; CREATE TABLE t (LIKE old INCLUDING ALL); INSERT INTO t SELECT * FROM old"
at "\"postgresql:///live?host=$PGHOST\\&user=assay\""
check_exit 2 'nor a table made since under its name' run "$permit" other.yaml
psql -qd live -c "ALTER TABLE t RENAME TO new; ALTER TABLE old RENAME TO t"
check 'the source by another account' run "$permit" other.yaml
check_same 'there alone' <(echo 0 3 3) <(echo "$(psql -Atd live -c 'SELECT count(*) FROM t')" "$(psql -Atd live -c 'SELECT count(*) FROM new')" "$(psql -Atd copy -c 'SELECT count(*) FROM t')")
psql -qd live -c "INSERT INTO t SELECT * FROM new"
check 'where the identifier is kept from accounts' psql -qd live -c 'REVOKE EXECUTE ON FUNCTION pg_catalog.pg_control_system() FROM PUBLIC'
psql -qd live -c "DROP TABLE t; ALTER TABLE new RENAME TO t; GRANT SELECT ON t TO reader_live"
sed -i 's/^\( *id: [0-9a-f-]*\)[0-9a-f]\{2\} /\1ee /' plan.yaml
check 'as another dataset' assay check plan.yaml
check 'a permit' assay purge permit plan.yaml
check_has 'names the server' <(assay ledger show plan.yaml "$(leaf purge-permit)") '^place postgresql server local:[0-9]+ database [0-9]+ table [0-9]+$'

# An archive that is a partition of the source.
rm -rf plan.yaml ledger.db* keys keyring
psql -qd live -c "CREATE TABLE whole (id integer, v text, PRIMARY KEY (id)) PARTITION BY RANGE (id)" \
    -c "CREATE TABLE part PARTITION OF whole FOR VALUES FROM (0) TO (100)" -c "INSERT INTO whole VALUES (1, 'a'), (2, 'b')" \
    -c "CREATE TABLE apart AS SELECT * FROM whole" -c "GRANT SELECT ON whole, part, apart TO reader_live"
live="postgresql:///live?host=$PGHOST&user=reader_live"
check 'init' assay init "$live" "$live" --table whole
sed -i "s|^datasets:|digest: sealed\npurge:\n  read: any\n  source: \"postgresql:///live?host=$PGHOST\&user=assay\"\ndatasets:|; s|archive: .*|archive: {locator: \"${live//&/\\&}\", table: part}|" plan.yaml
for role in approver purger; do check "a key of the $role" assay ledger key plan.yaml --role $role; done
check 'a table compared with its only partition' assay check plan.yaml
check_exit 1 'is no archive' assay purge permit plan.yaml
check_has 'for that reason' "$OUT" '^  archive +the archive of dataset whole .* a partition of one table .*: its rows may be those very rows'
sed -i 's/table: part}/table: apart}/' plan.yaml
check 'a table of its own in the same database' assay check plan.yaml
check 'is one' assay purge permit plan.yaml
