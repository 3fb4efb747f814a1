#!/bin/bash
# What the sources hold and no dataset reads has a name, and a plan can ask for nothing of the kind.
. "$(dirname "$0")/lib.sh"

dataset() { # NAME ID LOCATOR TABLE COLUMNS [MORE]
    cat <<EOF
  $1:
    id: 6f1f0c1e-52a4-4a55-9d1a-3f1f3b7f0b$2
    source: {locator: "$3", table: "$4"}
    archive: {locator: "ar/$1.csv"}
    key: [id]
    columns: $5
    ${6:-}
EOF
}
head_of_plan() { # [MORE]
    printf 'assay: 1\norigin: assay.local/t\n%sdatasets:\n' "${1:-}"
}
coverage() { # EXIT WHAT PLAN: leaves cov.json
    check_exit "$1" "$2" assay plan "$3" --coverage --json
    cp "$OUT" cov.json
}
items() { # STATE: "kind name" a line
    jq -r --arg s "$1" '.items[] | select(.state == $s) | .kind + " " + .name' cov.json | LC_ALL=C sort
}

# ---- SQLite ----
mkdir ar
sqlite3 app.db "CREATE TABLE orders (id INTEGER PRIMARY KEY, v TEXT, note TEXT); INSERT INTO orders VALUES (1, 'a', 'n');
    CREATE TABLE log (id INTEGER PRIMARY KEY); CREATE TABLE tmp_a (x); CREATE VIEW latest AS SELECT * FROM orders;
    CREATE VIRTUAL TABLE found USING fts5(v);"
sqlite3 -csv -header app.db 'SELECT * FROM orders' >ar/orders.csv
check_exit 0 'keys and ledger' assay init sqlite:app.db ar/orders.csv --table orders --output init.yaml --origin assay.local/t
{ head_of_plan; dataset orders 01 sqlite:app.db ORDERS '{id: integer, v: text}'; } >plan.yaml
coverage 0 'coverage is information without the wish for it' plan.yaml
items uncovered >got
printf '%s\n' 'column ORDERS.note' 'table log' 'table tmp_a' 'virtual table found' >want
check_same 'SQLite: tables and columns in no dataset' want got
check 'the view is listed apart' test "$(items apart | grep -c '^view latest$')" = 1
check 'and so is what the virtual table keeps its content in' test "$(items apart | grep -c '^shadow table found_')" -ge 3
check_exit 0 'the same as text' assay plan plan.yaml --coverage
check_has 'text names them' "$OUT" '^  table +log  in sqlite:app.db$'
check_has 'and sums up' "$OUT" '^coverage is not full$'
check_exit 0 'a check without the wish' assay check plan.yaml --report json:r.json
check 'says nothing of coverage' jq -e '.coverage == null' r.json

{ head_of_plan $'coverage: full\nignore: [tmp_*, found, nobody]\n'; dataset orders 01 sqlite:app.db orders '{id: integer, v: text}' 'uncovered: [source.note]'; } >plan.yaml
coverage 3 'with the wish the command fails' plan.yaml
items uncovered >got
echo 'table log' >want
check_same 'only what is not declared is left' want got
items ignored >got
check_has 'what is ignored is named' got '^table tmp_a$'
check_has '... and a column that is' got '^column orders.note$'
check 'a pattern that fits nothing, too' test "$(items unused)" = 'pattern nobody'
check_exit 3 'and so does the check' assay check plan.yaml --report text --report json:r.json
check_has 'its verdict says why' "$OUT" '^UNVERIFIED: .*coverage is not full: 1 table or column of the source is in no dataset'
check_has 'in a line of its own' "$OUT" '^coverage: incomplete: table log; [0-9]+ ignored by the plan$'
check 'and as data' jq -e '.coverage.status == "incomplete" and .coverage.lacks == ["table log"] and .exit_code == 3 and .datasets[0].verdict == "match"' r.json
check_exit 3 'a report of the same run says the same' assay report plan.yaml
check_exit 0 'a check of one segment does not speak of other tables' assay check plan.yaml --segment all
sqlite3 app.db 'DROP TABLE log'
check_exit 0 'nothing is left over' assay check plan.yaml --report text
check_has 'full coverage is said' "$OUT" '^coverage: full; [0-9]+ ignored by the plan$'
sqlite3 app.db 'CREATE TABLE late (x)'
check_exit 3 'a table that came later' assay check plan.yaml
check_has '... is told on the way' "$ERR" 'wants full coverage: 1 are in no dataset'
sed -i 's/table: "orders"/table: "orderz"/' plan.yaml
coverage 3 'a dataset whose table is gone' plan.yaml
check '... is named' test "$(items gone)" = 'dataset orders.orderz'
check 'the ledger holds' assay ledger verify plan.yaml

# ---- PostgreSQL ----
pg_start
psql -q <<'SQL'
CREATE SCHEMA sales; CREATE SCHEMA secret;
CREATE TABLE public.users (id int PRIMARY KEY, v text, gone int); ALTER TABLE public.users DROP COLUMN gone;
CREATE TABLE secret.pay (id int);
CREATE TABLE sales.part (id int, d date) PARTITION BY RANGE (d);
CREATE TABLE sales.part_a PARTITION OF sales.part FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE sales.part_b PARTITION OF sales.part FOR VALUES FROM ('2025-01-01') TO ('2026-01-01') PARTITION BY LIST (id);
CREATE TABLE sales.part_b1 PARTITION OF sales.part_b FOR VALUES IN (1);
CREATE TABLE public.parent (id int, v text); CREATE TABLE public.child (own int) INHERITS (public.parent);
CREATE VIEW public.vw AS SELECT 1 AS one; CREATE MATERIALIZED VIEW public.mv AS SELECT 1 AS one;
CREATE ROLE reader LOGIN; GRANT USAGE ON SCHEMA sales TO reader;
GRANT SELECT ON public.users, public.parent, public.child, sales.part, sales.part_a, sales.part_b, sales.part_b1 TO reader;
SQL
U="postgresql:///postgres?host=$PGHOST&user=reader"
{
    head_of_plan $'coverage: full\n'
    dataset users 02 "$U" users '{id: integer, v: text}'
    dataset parent 03 "$U" public.PARENT '{id: integer, v: text}'
    dataset half 04 "$U" sales.part_a '{id: integer, d: date}'
} >pg.yaml
coverage 3 'PostgreSQL' pg.yaml
items uncovered >got
printf '%s\n' 'column public.child.own' 'partition sales.part_b1' 'partitioned table sales.part' 'partitioned table sales.part_b' 'table secret.pay' >want
check_same "tables, partitions and a child's own column, whoever may read them" want got
check 'views are apart' test "$(items apart | tr '\n' ',')" = 'materialized view public.mv,view public.vw,'
sed -i 's/sales.part_a/sales.part/; s/^datasets/ignore: ["secret.*", public.child]\ndatasets/' pg.yaml
coverage 0 'the parent covers its partitions, of every level' pg.yaml
check 'nothing is uncovered' test -z "$(items uncovered)"
psql -q -c "CREATE TABLE sales.part_c PARTITION OF sales.part FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')"
check_exit 0 'a new partition is covered with it' assay plan pg.yaml --coverage
psql -q -c 'ALTER TABLE public.users ADD COLUMN new text; DROP TABLE public.parent CASCADE' 2>/dev/null
coverage 3 'a column that came, a table that went' pg.yaml
check '... are named' test "$(items uncovered),$(items gone)" = 'column users.new,dataset parent.public.PARENT'
sed 's/user=reader/user=nobody/' pg.yaml >nobody.yaml
check_exit 3 'a source that cannot be reached' assay plan nobody.yaml --coverage
check_has '... leaves coverage unknown' "$ERR" 'coverage cannot be said: cannot connect'
