#!/usr/bin/env bash
# The PostgreSQL reader against a real server: what it delivers is what psql prints under the same pinned settings, and
# every way of failing is told apart. Values pass through tests/fuzz/reader_dump.c.
. "$(dirname "$0")/lib.sh"
. "$REPO/tests/e2e/pg_server.sh"
stop_and_finish() {
    local status=$?
    pg_stop "$TMP/pg"
    (exit $status)
    finish
}
trap stop_and_finish EXIT

DUMP=$BUILD/fuzz/reader_dump
[ -x "$DUMP" ] || make -s -C "$REPO" BUILD="$BUILD" "$DUMP" || exit 1
pg_start "$TMP/pg" >/dev/null || { not_ok 'a PostgreSQL server starts'; exit 1; }
URL=$(pg_url "$TMP/pg")
PORT=$(cat "$TMP/pg/port")

sql() { psql -XqAt -v ON_ERROR_STOP=1 "$URL" "$@"; }
# What psql prints under the settings that the reader pins, NULL as <null>.
pinned() {
    PGOPTIONS='-c datestyle=ISO,YMD -c intervalstyle=postgres -c timezone=UTC -c extra_float_digits=3 -c bytea_output=hex -c lc_monetary=C' \
        psql -XqAt -P null='<null>' -F '|' "$URL" -c "$1" >want
}
dump() { "$DUMP" "$URL" "$@" >got 2>err </dev/null; }
same_as() { # WHAT SQL TABLE OPTIONS...: the dump of TABLE equals psql's output, as sets of rows
    local what=$1
    pinned "$2"
    shift 2
    if ! dump "$@" --plain; then
        not_ok "$what" "$(cat err)"
        return
    fi
    LC_ALL=C sort -o want want
    LC_ALL=C sort -o got got
    [ -s want ] || not_ok "$what: psql printed nothing"
    check_same "$what" want got
}
fails() { # WHAT REGEX TABLE OPTIONS...
    local what=$1 regex=$2
    shift 2
    if dump "$@"; then
        not_ok "$what" "it succeeded: $(head -n 5 got)"
    else
        check_has "$what" err "$regex"
    fi
}

# Hostile defaults: the reader's own settings must win.
sql <<'SQL'
ALTER DATABASE postgres SET datestyle = 'German';
ALTER DATABASE postgres SET intervalstyle = 'iso_8601';
ALTER DATABASE postgres SET timezone = 'Asia/Tokyo';
ALTER DATABASE postgres SET extra_float_digits = -15;
ALTER DATABASE postgres SET bytea_output = 'escape';
ALTER DATABASE postgres SET search_path = 'evil', 'public';
ALTER DATABASE postgres SET statement_timeout = '1h';
CREATE SCHEMA evil;
CREATE TABLE evil.edge (id int);
SQL

sql <<'SQL'
CREATE TYPE public.mood AS ENUM ('sad', 'ok');
CREATE TYPE public.pair AS (a int, b text);
CREATE DOMAIN public.cents AS numeric(12,2) CHECK (value > -1e9);
CREATE DOMAIN public.price AS public.cents;
CREATE TABLE public.edge (id int PRIMARY KEY, b bool, i2 int2, i8 int8, f4 float4, f8 float8, n numeric, t text, c char(5),
  v varchar(9), nm name, by bytea, d date, ti time, tz timetz, ts timestamp, tstz timestamptz, u uuid, j json, jb jsonb, p public.price);
INSERT INTO public.edge VALUES
 (1, true, -32768, 9223372036854775807, 0.1, 0.1, 1.20, 'NULL', 'ab', 'v', 'nm', '\x00ff', '2024-02-29', '00:00', '00:00-05',
  '2024-02-29 23:59:59.999999', '2024-02-29 12:00+05:30', '00112233-4455-6677-8899-aabbccddeeff', '{"b": 1,  "a":2,"a":3}', '{"b": 1,  "a":2,"a":3}', 5),
 (2, false, 32767, -9223372036854775808, 'NaN', 'Infinity', 'NaN', '', '', '', '', '', 'infinity', '24:00', '24:00+15:59:59',
  'infinity', '-infinity', '00000000-0000-0000-0000-000000000000', 'null', 'null', 5.001),
 (3, null, 0, 0, '-Infinity', '-0', 'Infinity', E'tab\t|p', E'a\t', 'é€😀', 'x', '\xdeadbeef', '-infinity', '23:59:59.000001', '12:00-15:59:59',
  '-infinity', 'infinity', null, '"x"', '[1.0, 1e400, -0.0]', null),
 (4, null, null, null, 1e-45, 5e-324, '-Infinity', null, null, null, null, null, '0044-03-15 BC', null, null,
  '0044-03-15 10:00:00.000001 BC', '0044-03-15 10:00:00.000001+00 BC', null, null, null, null),
 (5, null, null, null, 3.4028235e38, 1.7976931348623157e308, -0.0000001000, '<null>', null, null, null, null, '4714-11-24 BC', null, null,
  '4714-11-24 BC', '4714-11-24 00:00+00 BC', null, null, null, null),
 (6, null, null, null, 1.1754944e-38, 1e-20, 0, null, null, null, null, null, '5874897-12-31', null, null,
  '294276-12-31 23:59:59.999999', '1969-12-31 23:59:59.999999+00', null, null, null, null),
 (7, null, null, null, null, 9007199254740993, 100000000000000000000000000000.000000000000, null, null, null, null, null,
  '0001-01-01', null, null, '0001-12-31 BC', '1970-01-01 00:00+00', null, null, null, null),
 (8, null, null, null, null, null, ('0.' || repeat('0', 16382) || '1')::numeric, null, null, null, null, null, null, null, null, null, null, null, null, null, null),
 (9, null, null, null, null, null, (repeat('9', 1000) || '.' || repeat('7', 999))::numeric, null, null, null, null, null, null, null, null, null, null, null, null, null, null);
SQL
same_as 'edge values of every binary type' 'SELECT * FROM public.edge' edge
same_as 'columns in the order asked for' 'SELECT tstz, id, f8 FROM public.edge' public.edge --columns tstz,id,f8

dump edge --schema
cat >want <<'TXT'
id|integer|integer|notnull|-|1|unique
b|boolean|boolean|null|-|0|unique
i2|smallint|integer|null|-|0|unique
i8|bigint|integer|null|-|0|unique
f4|real|float32|null|-|0|unique
f8|double precision|float64|null|-|0|unique
n|numeric|decimal|null|-|0|unique
t|text|text|null|-|0|unique
c|character(5)|text|null|-|0|unique
v|character varying(9)|text|null|-|0|unique
nm|name|text|null|binary|0|unique
by|bytea|bytes|null|-|0|unique
d|date|date|null|-|0|unique
ti|time without time zone|time|null|-|0|unique
tz|time with time zone|timetz|null|-|0|unique
ts|timestamp without time zone|timestamp|null|-|0|unique
tstz|timestamp with time zone|timestamptz|null|-|0|unique
u|uuid|uuid|null|-|0|unique
j|json|text|null|-|0|unique
jb|jsonb|json|null|-|0|unique
p|public.price|decimal|null|-|0|unique
TXT
check_same 'schema of binary types' want got

sql <<'SQL'
CREATE TABLE public.iv (id int, i interval);
INSERT INTO public.iv VALUES (1, '1 mon'), (2, '30 days'), (3, '-1 us'), (4, '1 mon -1 day -00:00:01.5'), (5, '3000000 hours'), (6, NULL), (7, '24:00');
SQL
dump iv
cat >want <<'TXT'
INT:1|INTERVAL:1 mons 0 days 0 s + 0 ns
INT:2|INTERVAL:0 mons 30 days 0 s + 0 ns
INT:3|INTERVAL:0 mons 0 days -1 s + 999999000 ns
INT:4|INTERVAL:1 mons -1 days -2 s + 500000000 ns
INT:5|INTERVAL:0 mons 0 days 10800000000 s + 0 ns
INT:6|NULL
INT:7|INTERVAL:0 mons 0 days 86400 s + 0 ns
TXT
check_same 'intervals keep months, days and seconds apart' want got

sql <<'SQL'
CREATE TABLE public.texts (id int, e public.mood, arr numeric[], ta timestamptz[], fl float8[], m money, bi bit(5), vb varbit, x xml, ts tsvector,
  tq tsquery, o oid, ch "char", rc regclass, rp public.pair, rg int4range, mr tstzrange, ip inet, ci cidr, mac macaddr, pt point,
  acl aclitem, acls aclitem[], xi xid, ba bytea[], pa interval[], jp jsonpath, lsn pg_lsn, bx box[], pp path[]);
INSERT INTO public.texts VALUES (1, 'sad', '[0:1]={1.10,NULL}', '{"2024-01-01 10:00+02",infinity}', '{0.1,NaN,-0}', 123.45, B'10101', B'1',
  '<a>x</a>', 'a fat cat', 'a & b', 4294967295, 'z', 'pg_catalog.pg_class', ROW(1, 'x,"y'), '[1,5)', '[2024-01-01 00:00+00,)', '1.2.3.4/24', '10.0.0.0/8',
  '08:00:2b:01:02:03', '(1.5,2)', 'postgres=r/postgres', '{postgres=r/postgres}', '7', '{"\\x00ff"}', '{"1 mon 2 days"}', '$.a[*] ? (@ > 1)', '16/B374D848',
  '{(1,2),(0,0);(3,4),(0,0)}', '{"[(1,2),(3,4)]"}'),
  (2, NULL, '{}', '{}', '{}', -0.01, NULL, B'', NULL, NULL, NULL, 0, '', NULL, NULL, 'empty', NULL, '::1', NULL, NULL, NULL, NULL, '{}', NULL, NULL, NULL, NULL, NULL, '{}', NULL);
SQL
# Not through ::text: inet's cast adds /32, xml's keeps the declaration, and a user's own may print anything.
sql <<'SQL'
CREATE FUNCTION public.mood_text(public.mood) RETURNS text LANGUAGE sql AS 'SELECT ''cast''';
CREATE CAST (public.mood AS text) WITH FUNCTION public.mood_text(public.mood);
CREATE FUNCTION public.pair_text(public.pair) RETURNS text LANGUAGE sql AS 'SELECT ''cast''';
CREATE CAST (public.pair AS text) WITH FUNCTION public.pair_text(public.pair);
INSERT INTO public.texts (id, ip, x, rp) VALUES (3, '1.2.3.4', '<?xml version="1.0" encoding="utf-8"?><a/>', ROW(NULL, NULL)), (4, '::2/128', NULL, ROW(NULL, ''));
SQL
same_as 'every other type as COPY prints it, nested ones too under text' "SELECT * FROM public.texts" texts --as-text
dump texts --schema
check_has 'an enum is text, under its own name' got '^e\|public\.mood\|text\|'
check_has 'an array is a list' got '^arr\|numeric\[\]\|list<decimal>\|'
check_has 'a list of texts when its elements have no binary form here' got '^acls\|aclitem\[\]\|list<text>\|'
check_has 'an array that prints with semicolons is text' got '^bx\|box\[\]\|text\|'
check_has 'aclitem does not spoil the table' got '^acl\|aclitem\|text\|'
check_has 'oid is a number' got '^o\|oid\|integer\|'

# Nested types, extensions, domains over anything.
sql <<'SQL'
CREATE EXTENSION hstore SCHEMA public; CREATE EXTENSION citext SCHEMA public; CREATE EXTENSION ltree SCHEMA public;
CREATE TYPE public.deep AS (p public.pair, ps public.pair[], m public.mood[], n numeric(8,2));
CREATE TYPE public.gone AS (a int, b int, c int);
ALTER TYPE public.gone DROP ATTRIBUTE b;
CREATE TYPE public.nothing AS ();
CREATE DOMAIN public.ids AS int[] CHECK (cardinality(value) < 9);
CREATE DOMAIN public.who AS public.pair;
CREATE DOMAIN public.feel AS public.mood;
CREATE TABLE public.nest (id int, a int[], aa int[][], n numeric[], p public.pair, d public.deep, c public.price[], i public.ids, ii public.ids[],
  w public.who, ws public.who[], f public.feel[], g public.gone, z public.nothing, h hstore, hs hstore[], ips inet[], iv interval[], j jsonb[], js json[],
  t text[], by bytea[], ts timestamptz[], x8 xid8, vec int2vector, cx citext, lt ltree);
INSERT INTO public.nest VALUES
 (1, '{1,NULL,-3}', '{{1,2},{3,4}}', '[0:1]={1.50,NaN}', ROW(NULL, 'x'), ROW(ROW(1, 'x'), ARRAY[ROW(2, NULL)::public.pair, NULL], '{ok}', 1.5),
  ARRAY[1.25]::public.price[], '{1}', ARRAY['{1,2}', '{}']::public.ids[], ROW(1, 'w'), ARRAY[ROW(1, 'w')]::public.who[], '{sad}', ROW(1, 3), ROW(),
  'a=>1,b=>NULL', ARRAY['x=>1'::hstore], '{1.2.3.4,::1/64}', '{1 mon,-1 us}', '{"{\"a\": 1}",null}', ARRAY['{"b":  1}'::json],
  ARRAY['NULL', NULL, '', '{"x\', 'é'], '{"\\x00ff"}', '{infinity,"2024-01-01 10:00+02"}', '18446744073709551615', '1 2 3', 'Ab', 'a.b'),
 (2, '{}', '[2:3][0:1]={{1,2},{3,4}}', '{}', ROW(NULL, NULL), ROW(NULL, '{}', '{}', NULL), '{}', '{}', '{}', NULL, '{}', '{}', ROW(NULL, NULL), NULL, '', '{}',
  '{}', '{}', '{}', '{}', '{}', '{}', '{}', '0', '', '', '');
INSERT INTO public.nest (id) VALUES (3);
SQL
dump nest --schema && cut -d'|' -f1-3 got >shapes
cat >want <<'TXT'
id|integer|integer
a|integer[]|list<integer>
aa|integer[]|list<list<integer>>
n|numeric[]|list<decimal>
p|public.pair|struct<a: integer, b: text>
d|public.deep|struct<p: struct<a: integer, b: text>, ps: list<struct<a: integer, b: text>>, m: list<text>, n: decimal>
c|public.price[]|list<decimal>
i|public.ids|list<integer>
ii|public.ids[]|list<list<integer>>
w|public.who|struct<a: integer, b: text>
ws|public.who[]|list<struct<a: integer, b: text>>
f|public.feel[]|list<text>
g|public.gone|struct<a: integer, c: integer>
z|public.nothing|struct<>
h|public.hstore|map<text, text>
hs|public.hstore[]|list<map<text, text>>
ips|inet[]|list<text>
iv|interval[]|list<interval>
j|jsonb[]|list<json>
js|json[]|list<text>
t|text[]|list<text>
by|bytea[]|list<bytes>
ts|timestamp with time zone[]|list<timestamptz>
x8|xid8|integer
vec|int2vector|text
cx|public.citext|text
lt|public.ltree|text
TXT
check_same 'shapes of nested types' want shapes
dump nest
cat >want <<'TXT'
INT:1|LIST:[INT:1,NULL,INT:-3]|LIST:[LIST:[INT:1,INT:2],LIST:[INT:3,INT:4]]|LIST:0:[PGNUMERIC:1.50,PGNUMERIC:NaN]|STRUCT:{a:NULL,b:TEXT:x}|STRUCT:{p:STRUCT:{a:INT:1,b:TEXT:x},ps:LIST:[STRUCT:{a:INT:2,b:NULL},NULL],m:LIST:[TEXT:ok],n:PGNUMERIC:1.50}|LIST:[PGNUMERIC:1.25]|LIST:[INT:1]|LIST:[LIST:[INT:1,INT:2],LIST:[]]|STRUCT:{a:INT:1,b:TEXT:w}|LIST:[STRUCT:{a:INT:1,b:TEXT:w}]|LIST:[TEXT:sad]|STRUCT:{a:INT:1,c:INT:3}|STRUCT:{}|MAP:{a:TEXT:1,b:NULL}|LIST:[MAP:{x:TEXT:1}]|TEXT:{1.2.3.4,::1/64}|LIST:[INTERVAL:1 mons 0 days 0 s + 0 ns,INTERVAL:0 mons 0 days -1 s + 999999000 ns]|LIST:[JSON:{"a": 1},NULL]|LIST:[TEXT:{"b":  1}]|LIST:[TEXT:NULL,NULL,TEXT:,TEXT:{"x\x5c,TEXT:é]|LIST:[BYTES:\x00ff]|LIST:[TSTZ:infinity,TSTZ:2024-01-01 08:00:00+00]|UINT:18446744073709551615|TEXT:1 2 3|TEXT:Ab|TEXT:a.b
INT:2|LIST:[]|LIST:2:[LIST:0:[INT:1,INT:2],LIST:0:[INT:3,INT:4]]|LIST:[]|STRUCT:{a:NULL,b:NULL}|STRUCT:{p:NULL,ps:LIST:[],m:LIST:[],n:NULL}|LIST:[]|LIST:[]|LIST:[]|NULL|LIST:[]|LIST:[]|STRUCT:{a:NULL,c:NULL}|NULL|MAP:{}|LIST:[]|TEXT:{}|LIST:[]|LIST:[]|LIST:[]|LIST:[]|LIST:[]|LIST:[]|INT:0|TEXT:|TEXT:|TEXT:
TXT
printf 'INT:3%s\n' "$(printf '|NULL%.0s' {1..26})" >>want
check_same 'nested values come as trees' want got
same_as 'and as PostgreSQL prints them under text' 'SELECT * FROM public.nest' nest --as-text

# Order and keys.
sql <<'SQL'
CREATE TABLE public.keyed (a text COLLATE "C", b varchar(9) COLLATE "C" NOT NULL, c bpchar COLLATE "C", d text COLLATE "en-x-icu", e text COLLATE ucs_basic,
  f int NOT NULL, gone int, UNIQUE (a), UNIQUE (f, b));
ALTER TABLE public.keyed DROP COLUMN gone;
CREATE UNIQUE INDEX ON public.keyed (f) WHERE a > 'x';
CREATE UNIQUE INDEX ON public.keyed (lower(b));
CREATE TABLE public.nokey (a int, b int UNIQUE);
INSERT INTO public.nokey VALUES (1, NULL), (1, NULL), (NULL, NULL);
SQL
dump keyed --schema
cat >want <<'TXT'
a|text|text|null|binary|0|unique
b|character varying(9)|text|notnull|binary|2|unique
c|bpchar|text|null|-|0|unique
d|text|text|null|-|0|unique
e|text|text|null|binary|0|unique
f|integer|integer|notnull|-|1|unique
TXT
check_same 'bytewise order, and a NOT NULL unique key in place of a primary one' want got
dump nokey --schema
check_lacks 'a UNIQUE column that admits NULLs is no key' got '\|unique$'
same_as 'rows of a table without a key, doubled and NULL ones too' 'SELECT * FROM public.nokey' nokey

# Relations of every kind, names of every kind.
sql <<'SQL'
CREATE TABLE public."We ""ird' na
me; --.x" ("a""b" int, "c d" text, "Ä|
" text);
INSERT INTO public."We ""ird' na
me; --.x" VALUES (1, 'x', 'y');
CREATE SCHEMA "S.p";
CREATE TABLE "S.p"."T.q" (a int); INSERT INTO "S.p"."T.q" VALUES (7);
CREATE TABLE public.users (id int, name text); INSERT INTO public.users VALUES (1, 'small');
CREATE TABLE public."Users" (id int); INSERT INTO public."Users" VALUES (2);
CREATE TABLE public.empty (a int, b text);
CREATE TABLE public.nocols ();
CREATE VIEW public.vw AS SELECT id, upper(name) AS n, ROW(1, 'x')::public.pair AS r FROM public.users;
CREATE MATERIALIZED VIEW public.mv AS SELECT g AS id FROM generate_series(1, 50) g;
CREATE TABLE public.part (id int, d date) PARTITION BY RANGE (d);
CREATE TABLE public.part_a PARTITION OF public.part FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE public.part_rest PARTITION OF public.part DEFAULT;
INSERT INTO public.part SELECT g, date '2024-06-01' + g FROM generate_series(1, 500) g; INSERT INTO public.part VALUES (0, NULL);
CREATE TABLE public.parent (id int); CREATE TABLE public.child (extra int) INHERITS (public.parent);
INSERT INTO public.parent VALUES (1); INSERT INTO public.child VALUES (2, 3);
CREATE EXTENSION file_fdw; CREATE SERVER f FOREIGN DATA WRAPPER file_fdw;
SQL
printf '1,x\n2,y\n' >"$TMP/pg/f.csv"
chmod 644 "$TMP/pg/f.csv"
sql -c "CREATE FOREIGN TABLE public.ft (a int, b text) SERVER f OPTIONS (filename '$TMP/pg/f.csv', format 'csv')"
nasty='We "ird'"' na
me; --.x"
same_as 'a table name with quotes, spaces, a newline and a dot' 'SELECT * FROM public."We ""ird'"' na
me; --.x\"" "$nasty"
same_as 'the same with its schema' 'SELECT * FROM public."We ""ird'"' na
me; --.x\"" "public.$nasty"
same_as 'dots in schema and table' 'SELECT 7' 'S.p.T.q'
same_as 'lower-case name' 'SELECT * FROM public.users' users
same_as 'exact case first' 'SELECT * FROM public."Users"' Users
same_as 'then as SQL folds it' 'SELECT * FROM public.users' USERS
same_as 'and as SQL quotes it' 'SELECT 7' '"S.p"."T.q"'
same_as 'a view' 'SELECT * FROM public.vw' vw --as-text
same_as 'a materialized view' 'SELECT * FROM public.mv' mv
same_as 'a partitioned table' 'SELECT * FROM public.part' part
same_as 'a table with children, with their rows' 'SELECT * FROM public.parent' parent
same_as 'and without them' 'SELECT * FROM ONLY public.parent' 'ONLY parent'
dump 'only public.parent' --count
check_has 'the count is of the same rows' got '^count 1 known 1'
fails 'only a partitioned table' '^error 12: .*public\.part .*no rows of its own' 'ONLY part'
same_as 'a foreign table' 'SELECT * FROM public.ft' ft
check 'an empty table' dump empty --quiet
check_has 'an empty table has no rows' got '^0 rows in 1 parts$'
check 'a table without columns' dump nocols --quiet
dump empty --count
check_has 'the count of an empty table is known' got '^count 0 known 1 estimate 0$'
fails 'a missing table, with a likely one' '^error 12: there is no table public\.user in database postgres \(did you mean public\.[Uu]sers\?\)$' public.user
fails 'a missing table without one' '^error 12: there is no table xyz in database postgres$' xyz
fails 'a missing column' '^error 12: table public\.users has no column nam$' users --columns id,nam
fails 'no table at all' '^error 2: .*needs the name' ''

# Parts, samples, windows.
sql <<'SQL'
CREATE TABLE public.big AS SELECT g AS id, 'row ' || g AS t, timestamptz '2024-01-01 00:00+00' + g * interval '1 minute' AS ts,
  timestamp '2024-01-01' + g * interval '1 minute' AS tn, date '2024-01-01' + g / 1440 AS d, md5(g::text) AS h
  FROM generate_series(1, 300000) g;
INSERT INTO public.big VALUES (NULL, 'null', NULL, NULL, NULL, NULL), (400000, 'inf', 'infinity', '-infinity', 'infinity', NULL);
ALTER TABLE public.big ADD UNIQUE (id);
DELETE FROM public.big WHERE id % 10 = 3;
ANALYZE public.big;
SQL
dump big --plain && LC_ALL=C sort -o all got
for n in 2 5 1000; do
    if dump big --parts $n --plain; then
        LC_ALL=C sort -o got got
        check_same "$n parts tile the table" all got
    else
        not_ok "$n parts" "$(cat err)"
    fi
done
dump big --parts 5 --quiet
check_has 'five parts were made' got '^270002 rows in 5 parts$'
dump big --count
check_has 'count and estimate' got '^count 270002 known 1 estimate 270002$'
dump big --sample 1000 --columns id --quiet
rows=$(cut -d' ' -f1 got)
if [ "$rows" -ge 2000 ] && [ "$rows" -le 100000 ]; then ok 'a sample is a part of the table'; else not_ok 'a sample is a part of the table' "$rows rows"; fi
dump big --sample 1000 --columns id --plain && mv got one && dump big --sample 1000 --columns id --plain
check_same 'a sample is the same twice' one got
dump users --sample 1000 --quiet
check_has 'a small table is sampled whole' got '^1 rows in'

# Every row of [lo, hi), and every NULL, is among those delivered; far fewer than all are.
window() { # COLUMN LO HI SQL-CONDITION MOST
    dump big --plain --columns id --window "$1" "$2" "$3" || { not_ok "window on $1" "$(cat err)"; return; }
    pinned "SELECT id FROM public.big WHERE ($4) OR $1 IS NULL"
    LC_ALL=C sort -o want want
    LC_ALL=C sort -o got got
    check_same "the window [$2, $3) on $1 loses no row" want <(comm -12 want got)
    if [ "$(wc -l <got)" -le "$5" ]; then ok "the window [$2, $3) on $1 is narrow"; else not_ok "the window on $1 is narrow" "$(wc -l <got) rows"; fi
}
window ts 2024-03-01 2024-03-02 "ts >= '2024-03-01Z' AND ts < '2024-03-02Z'" 5000
window ts 2024-03-01T00:00:00Z 2024-03-02T00:00:00+02:00 "ts >= '2024-03-01Z' AND ts < '2024-03-02 00:00+02'" 5000
window ts 2024-07-01 - "ts >= '2024-07-01Z'" 60000
window tn - 2024-01-02 "tn < '2024-01-02'" 5000
window d 2024-03-01 '2024-03-02 12:00:00' "d >= '2024-03-01' AND d < '2024-03-02 12:00'" 8000
window id 100 200 'id >= 100 AND id < 200' 110
window id -5.5 200.5 'id >= -5.5 AND id < 200.5' 210
window id 299990 - 'id >= 299990' 20
window h 00 01 "h >= '00' AND h < '01'" 300002
fails 'a window on a missing column' 'error 12: .*no column nope' big --window nope 1 2
fails 'a window bound that is none' "^error 5: reading table public\.big: .*2200[78].*" big --window ts 2024-13-45 -
check_lacks 'bounds are not repeated by the message' err '2024-13'

# Rights.
sql <<'SQL'
CREATE ROLE weak LOGIN; CREATE ROLE cols LOGIN; CREATE ROLE pw LOGIN PASSWORD 'S3cr3tPw';
GRANT SELECT (id) ON public.users TO cols;
CREATE TABLE public.rls (id int, tenant int); INSERT INTO public.rls VALUES (1, 1), (2, 2);
ALTER TABLE public.rls ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON public.rls USING (tenant = 1); GRANT SELECT ON public.rls TO weak;
CREATE VIEW public.rls_view WITH (security_invoker) AS SELECT * FROM public.rls; GRANT SELECT ON public.rls_view TO weak;
CREATE VIEW public.cast_view AS SELECT name::int AS n FROM public.users; CREATE VIEW public.slow AS SELECT pg_sleep(30)::text AS s;
SQL
ADMIN=$URL
URL="postgresql://weak@127.0.0.1:$PORT/postgres"
fails 'no right to read' '^error 5: role weak may not read table public\.users: GRANT' users
fails 'row-level security is an error, never a subset' '^error 5: row-level security would hide rows of table public\.rls from role weak' rls
fails 'so it is behind a view' '^error 5: reading table public\.rls_view: .*row-level security' rls_view
URL="postgresql://cols@127.0.0.1:$PORT/postgres"
check 'a right to one column reads that column' dump users --columns id
fails 'and not the others' '^error 5: reading table public\.users: permission denied .*grant SELECT' users --columns name
URL=$ADMIN
fails 'a value that a view cannot cast' '^error 5: reading table public\.cast_view: invalid input syntax for type integer: \(value withheld\)' cast_view

# Connections.
pg_as sed -i '1i host all pw 127.0.0.1/32 scram-sha-256' "$TMP/pg/data/pg_hba.conf" && sql -c 'SELECT pg_reload_conf()' >/dev/null
for URL in "postgresql://pw:Wr0ngPw@127.0.0.1:$PORT/postgres" "host=127.0.0.1 port=$PORT user=pw password=Wr0ngPw dbname=postgres"; do
    fails 'a wrong password' '^error 5: cannot connect to PostgreSQL: .*password authentication failed' users
    check_lacks 'it is not shown' err 'Wr0ngPw'
done
URL="postgresql://pw:S3cr3tPw@127.0.0.1:$PORT/nodb"
fails 'a missing database' '^error 5: cannot connect to PostgreSQL: .*database "nodb" does not exist' users
check_lacks 'the password is not shown then' err 'S3cr3tPw'
URL="postgresql://pw:S3cr3tPw@127.0.0.1:1/postgres?password=S3cr3tPw"
fails 'no server' '^error 5: cannot connect to PostgreSQL: .*Connection refused' users
check_lacks 'the password is not shown there either' err 'S3cr3tPw'
for URL in "host=127.0.0.1 password=S3cr3tPw S3cr3tPw" "postgresql://pw:S3cr3t%zzPw@h/db" "postgresql://u@h/db?S3cr3tPw" "host=h prot=S3cr3tPw"; do
    fails 'a connection string that does not parse' '^error 1: the PostgreSQL connection string does not parse: ' users
    check_lacks 'it is not repeated' err 'S3cr3t'
done
URL=$ADMIN
printf '[x]\nhost=127.0.0.1\nport=%s\ndbname=postgres\nuser=pw\n' "$PORT" >svc
printf '127.0.0.1:%s:*:pw:S3cr3tPw\n' "$PORT" >pass && chmod 600 pass
sql -c 'GRANT SELECT ON public.users TO pw'
URL='service=x'
PGSERVICEFILE=$PWD/svc PGPASSFILE=$PWD/pass check 'service file and password file' dump users
URL="host=$TMP/pg/sock port=$PORT user=postgres dbname=postgres"
check 'a Unix socket' dump users
URL=$ADMIN
pg_as openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost -keyout "$TMP/pg/data/server.key" \
    -out "$TMP/pg/data/server.crt" 2>/dev/null && sql -c 'ALTER SYSTEM SET ssl = on' -c 'SELECT pg_reload_conf()' >/dev/null
until psql -XqAt "$URL?sslmode=require" -c '' 2>/dev/null; do sleep 0.05; done
URL="$ADMIN?sslmode=require"
same_as 'over TLS' 'SELECT * FROM public.big' big
URL=$ADMIN
dump users --token
check_has 'the token names snapshot, position, database and time' got \
    '^[0-9A-F]+-[0-9A-F]+-[0-9]+ lsn=[0-9A-F]+/[0-9A-F]+ db=postgres at=20[0-9-]{8}T[0-9:]{8}Z$'

# Snapshots. paused TABLE OPTIONS...: start a dump that stops after 512 rows; resume lets it end.
paused() {
    mkfifo hold 2>/dev/null
    "$DUMP" "$URL" "$@" --pause 512 <hold >got 2>err &
    pid=$!
    exec 7>hold
    until grep -q paused got || ! kill -0 $pid 2>/dev/null; do sleep 0.05; done
}
resume() {
    echo >&7
    exec 7>&-
    wait $pid
}
paused big --parts 2 --plain
sql -c "DELETE FROM public.big WHERE id > 1000; INSERT INTO public.big (id, t) VALUES (999999, 'late')"
check_exit 1 'TRUNCATE waits for the reader' psql -XqAt -v ON_ERROR_STOP=1 "$URL" -c "SET lock_timeout = 100" -c 'TRUNCATE public.big'
resume
sed -i '/^paused$/d' got
LC_ALL=C sort -o got got
check_same 'parts read later see the same snapshot' all got

coproc HOLDER { psql -XqAt "$ADMIN"; }
echo "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT pg_export_snapshot();" >&"${HOLDER[1]}"
read -r snapshot <&"${HOLDER[0]}"
sql -c "INSERT INTO public.users VALUES (2, 'late')"
dump users --plain --snapshot "$snapshot"
echo '1|small' >want
check_same "an exporter's snapshot is read, not the present" want got
dump users --token --snapshot "$snapshot"
check_has 'the token names it' got "^$snapshot lsn="
echo 'ROLLBACK;' >&"${HOLDER[1]}"
eval "exec ${HOLDER[1]}>&-"
wait "$HOLDER_PID" 2>/dev/null
fails 'a snapshot that is gone' "^error 5: nobody holds the exporter's snapshot any more" users --snapshot "$snapshot"

# Breaking off. A large table that outlasts the socket's buffers.
sql -c "CREATE TABLE public.wide AS SELECT g AS id, repeat(md5(g::text), 60) AS t FROM generate_series(1, 60000) g"
paused wide --quiet
check 'the backend is ended' test "$(sql -c "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE 'COPY%wide%' AND pid <> pg_backend_pid()")" = 1
resume
check 'a read that the server broke off fails' test $? -eq 3
check_has 'and says how far it came' err '^error 5: table public\.wide: server closed the connection after [0-9]+ rows: '
paused wide --quiet
sql -c "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE 'COPY%wide%' AND pid <> pg_backend_pid()" >/dev/null
resume
check 'a cancelled read fails' test $? -eq 3
check_has 'and says so' err '^error 5: reading table public\.wide: .*57014'

fails 'a statement time-out' '^error 5: reading table public\.slow: .*time-out' slow --timeout 1
exec 8> >(psql -XqAt "$ADMIN")
echo 'BEGIN; LOCK TABLE public.users;' >&8
until [ "$(sql -c "SELECT count(*) FROM pg_locks WHERE relation = 'public.users'::regclass AND mode = 'AccessExclusiveLock' AND granted")" = 1 ]; do sleep 0.05; done
fails 'a locked table' '^error 5: .*users: .*55P03.*another session holds a lock' users --timeout 1
exec 8>&-

"$DUMP" "$URL" slow >got 2>err </dev/null &
pid=$!
until [ "$(sql -c "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY%slow%' AND state = 'active' AND pid <> pg_backend_pid()")" = 1 ]; do sleep 0.05; done
kill -INT $pid
wait $pid
check 'Ctrl-C ends a read that delivers nothing' test $? -eq 3
check_has 'and is called an interrupt' err '^error 13: interrupted'
until [ "$(sql -c "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'assay'")" = 0 ]; do sleep 0.05; done
ok 'no session of ours stays behind'

paused wide --quiet
victim=$(sql -c "SELECT pid FROM pg_stat_activity WHERE query LIKE 'COPY%wide%' AND pid <> pg_backend_pid()")
kill -9 "$victim"
resume
check 'a backend that was killed fails the read' test $? -eq 3
check_has 'and says how far it came, too' err '^error 5: table public\.wide: server closed the connection after [0-9]+ rows: '
