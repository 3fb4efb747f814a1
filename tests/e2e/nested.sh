#!/usr/bin/env bash
# Lists, structs and maps: the same value in two spellings is equal, another value is not. SQLite (JSON or PostgreSQL's text in
# a text column) against CSV and NDJSON, one dataset a pair of values; then PostgreSQL's own arrays and rows against COPY.
. "$(dirname "$0")/lib.sh"
for tool in sqlite3 jq; do
    command -v $tool >/dev/null || { not_ok "$tool is installed" 'run make deps'; exit 1; }
done

# type | in the source | in the archive's CSV ("-": NULL) | verdict
cat >cases <<'EOF'
list<integer>|[1,2]|{1,2}|match
list<integer>|{1,2}|[0:1]={1,2}|mismatch
list<integer>|[0:1]={1,2}|[0:1]={1,2}|match
list<integer>|[1:2]={1,2}|[1, 2]|match
list<integer>|[1,2]|{2,1}|mismatch
list<integer>|[1,null]|{1,NULL}|match
list<integer>|[1,null]|{1}|mismatch
list<integer>|[]|{}|match
list<integer>|[]|-|mismatch
list<integer>|[9007199254740993]|{9007199254740992}|mismatch
list<integer>|[1]|{1.5}|mismatch
list<integer>|[1]|[1, NULL]|mismatch
list<text>|["a",null]|{a,NULL}|match
list<text>|["a","NULL"]|{a,"NULL"}|match
list<text>|["a",null]|{a,"NULL"}|mismatch
list<text>|["a",null]|{a,""}|mismatch
list<text>|["a",""]|{a,""}|match
list<text>|["a","b"]|{"a,b"}|mismatch
list<text>|["a b\"\\"]|{"a b\"\\"}|match
list<list<integer>>|[[1,2],[3]]|{{1,2},{3}}|match
list<list<integer>>|[[1,2],[3,4]]|[0:1][1:2]={{1,2},{3,4}}|mismatch
list<list<integer>>|[[1],[2]]|{{1,2}}|mismatch
struct<a: integer, b: text>|{"a":1,"b":"x"}|{"b":"x","a":1}|match
struct<a: integer, b: text>|{"a":1,"b":"x"}|(1,x)|match
struct<a: integer, b: text>|{"a":1,"b":null}|(1,)|match
struct<a: integer, b: text>|{"a":1}|{"a":1,"b":null}|mismatch
struct<a: integer, b: text>|{"a":1}|{"a":1}|match
struct<a: integer, b: text>|{"a":1,"b":""}|(1,)|mismatch
struct<a: integer, b: text>|{"a":1,"b":"x"}|{"a":1,"b":"x","c":1}|mismatch
map<text, integer>|{"a":1,"b":2}|{"b":2,"a":1}|match
map<text, integer>|{"a":1,"b":null}|"b"=>NULL, "a"=>"1"|match
map<text, integer>|{"a":1,"b":2}|{"a":2,"b":1}|mismatch
map<integer, text>|{"1":"x"}|{"01":"x"}|match
list<struct<d: date, n: decimal>>|[{"n":1.10,"d":"2024-02-29"}]|{"(2024-02-29,1.1)"}|match
list<struct<d: date, n: decimal>>|[{"n":1.10,"d":"2024-02-29"}]|{"(2024-03-01,1.1)"}|mismatch
list<json>|[{"a":1,"b":[2]}]|[{"b":[2.0],"a":1}]|match
EOF

sqlite3 s.db 'CREATE TABLE cases (type TEXT, source TEXT, archive TEXT, verdict TEXT)' '.mode ascii' '.separator "|" "\n"' \
    '.import cases cases' || exit 1
n=$(sqlite3 s.db 'SELECT count(*) FROM cases')
sqlite3 s.db 'CREATE TABLE first (id INTEGER PRIMARY KEY)' 'INSERT INTO first VALUES (1)' || exit 1
printf 'id\n1\n' >first.csv
check 'keys' assay init sqlite:s.db first.csv --table first --origin example.org/nested
printf 'assay: 1\norigin: example.org/nested\ndatasets:\n' >plan.yaml
for i in $(seq "$n"); do
    row="SELECT 7 AS id, source AS v FROM cases WHERE rowid = $i UNION ALL SELECT 8, NULL ORDER BY 1"
    sqlite3 s.db "CREATE TABLE t$i AS $row" || exit 1
    sqlite3 -csv -header s.db "SELECT 7 AS id, nullif(archive, '-') AS v FROM cases WHERE rowid = $i UNION ALL SELECT 8, NULL" >"t$i.csv"
    # As a JSON document where the text is one, else as a string that holds the text.
    sqlite3 s.db "SELECT '{\"id\":7,\"v\":' || CASE WHEN archive = '-' THEN 'null' WHEN json_valid(archive) THEN archive
        ELSE json_quote(archive) END || '}' FROM cases WHERE rowid = $i UNION ALL SELECT '{\"id\":8,\"v\":null}'" >"t$i.ndjson"
    for format in csv ndjson; do
        type=$(sqlite3 s.db "SELECT type FROM cases WHERE rowid = $i")
        printf '  %s%d:\n    id: 0f3c5e1a-7a57-4f0e-9c43-%s%010d\n    key: [id]\n' $format "$i" \
            "$([ $format = csv ] && echo 0c || echo 0d)" "$i"
        printf '    source: {locator: "sqlite:s.db", table: t%d}\n    archive: {locator: t%d.%s}\n' "$i" "$i" $format
        printf '    columns: {id: integer, v: "%s"}\n' "$type"
    done >>plan.yaml
done

check_exit 1 'all pairs are checked' assay check plan.yaml --report json:result.json
for format in csv ndjson; do
    for i in $(seq "$n"); do
        found=$(jq -r ".datasets[] | select(.name == \"$format$i\") | .verdict" result.json)
        wanted=$(sqlite3 s.db "SELECT verdict FROM cases WHERE rowid = $i")
        if [ "$found" = "$wanted" ]; then
            ok "$format: $(sed -n "${i}p" cases)"
        else
            not_ok "$format: $(sed -n "${i}p" cases)" "found: $found"
        fi
    done
done

check_exit 1 'diff of a bound' assay diff plan.yaml --dataset csv2
check_has 'diff shows both lists' "$OUT" '7 +v: "\[1,2\]" -> "0:\[1,2\]"'
check_exit 1 'diff of an absent field' assay diff plan.yaml --dataset ndjson26
check_has 'diff shows the fields' "$OUT" '7 +v: "\{"a":1\}" -> "\{"a":1,"b":null\}"'
check_exit 1 'diff with masks' assay diff plan.yaml --dataset csv2 --mask
check_lacks 'masked values are not shown' "$OUT" '\[1,2\]'
check_exit 1 'diff of a value that does not decode' assay diff plan.yaml --dataset csv11
check_has 'diff says why' "$OUT" 'not an integer'

# What plans refuse.
refused() {
    printf 'assay: 1\norigin: o\ndatasets:\n  d:\n    id: 0f3c5e1a-7a57-4f0e-9c43-2b8f5b8a1d01\n    key: [%s]\n' "$1"
    printf '    source: {locator: a.csv}\n    archive: {locator: b.csv}\n    columns:\n      id: integer\n      v: %s\n' "$2"
} >refused.yaml
refused v 'list<integer>'
check_exit 2 'a list is no key' assay plan refused.yaml
check_has 'it says so' "$ERR" 'refused.yaml:6:11: .*"v" is a list, which cannot be a key'
refused id 'list<int>'
check_exit 2 'an unknown element type' assay plan refused.yaml
check_has 'it is named at its place' "$ERR" 'refused.yaml:11:15: .*unknown type "int"; did you mean "integer"'
refused id '"struct<a: integer, a: text>"'
check_exit 2 'a field that stands twice' assay plan refused.yaml
check_has 'it is named' "$ERR" 'refused.yaml:11:[0-9]+: .*field name stands twice'
refused id '{type: list<text>, archive: {rules: [rtrim]}}'
check_exit 2 'a rule of texts on a list' assay plan refused.yaml
check_has 'it is refused' "$ERR" 'rtrim'
refused id '"struct<a:integer,b:list< text >>"'
check 'a shape in another spelling' assay plan refused.yaml --resolved
check_has 'the resolved form has one spelling' "$OUT" '"type":"struct<a: integer, b: list<text>>"'

# PostgreSQL's own nested types against what COPY, JSON and Parquet hold of them.
pg_start
psql -qX -v ON_ERROR_STOP=1 >/dev/null <<'EOF' || { not_ok 'the table is made'; exit 1; }
CREATE TYPE pair AS (a integer, b text);
CREATE TABLE n (id integer PRIMARY KEY, l integer[], t text[], p pair, ps pair[]);
INSERT INTO n SELECT i, CASE WHEN i % 5 = 0 THEN NULL WHEN i % 5 = 1 THEN '{}' ELSE ARRAY[i, NULL, -i] END,
    ARRAY['x' || i, NULL, '', 'NULL', 'a"b\c,d {e}', 'é '], ROW(i, CASE i % 3 WHEN 0 THEN NULL WHEN 1 THEN '' ELSE 'b, "c"' END)::pair,
    ARRAY[ROW(i, 'q')::pair, NULL, ROW(NULL, 'NULL')::pair] FROM generate_series(1, 500) i;
\copy n TO 'n.csv' (FORMAT csv, HEADER)
\copy (SELECT row_to_json(n) FROM n) TO 'n.ndjson' (FORMAT csv, QUOTE E'\x01', DELIMITER E'\x02')
EOF
duck "COPY (SELECT * FROM read_json('n.ndjson', format = 'newline_delimited', columns = {id: 'INTEGER', l: 'INTEGER[]', t: 'VARCHAR[]',
    p: 'STRUCT(a INTEGER, b VARCHAR)', ps: 'STRUCT(a INTEGER, b VARCHAR)[]'})) TO 'n.parquet' (FORMAT parquet)" >/dev/null || exit 1
for format in csv ndjson parquet; do
    mkdir $format
    check "init: PostgreSQL and $format" assay init "$PG_URI" n.$format --table n --origin example.org/pg --output $format/plan.yaml
    check_has "$format: a list is proposed" $format/plan.yaml '^ *l: "?list<integer>"?$'
    check_has "$format: a struct is proposed" $format/plan.yaml '^ *p: "?.?struct<a: integer, b: text>.?$'
    check_has "$format: a list of structs is proposed" $format/plan.yaml '^ *ps: .*list<struct<a: integer, b: text>>'
    check "$format: equal rows" assay check $format/plan.yaml
    check_has "$format: all of them were compared" "$OUT" 'match +rows 500/500'
done
check 'plan shows shapes' assay plan csv/plan.yaml
check_has 'of the struct' "$OUT" ' p +struct<a: integer, b: text>'
psql -qX -c "UPDATE n SET l = '[0:2]={7,NULL,-7}' WHERE id = 7; UPDATE n SET t[2] = 'NULL' WHERE id = 8; UPDATE n SET p.b = NULL WHERE id = 10"
for format in csv ndjson parquet; do
    check_exit 1 "$format: three rows changed" assay check $format/plan.yaml
    check_exit 1 "$format: diff" assay diff $format/plan.yaml
    check_has "$format: a bound" "$OUT" '~ changed +7 +l: "0:\[7,null,-7\]" -> "\[7,null,-7\]"'
    check_has "$format: a NULL element" "$OUT" '~ changed +8 +t: '
    check_has "$format: an empty text in a row" "$OUT" '~ changed +10 +p: "\{"a":10,"b":null\}" -> "\{"a":10,"b":""\}"'
    check_has "$format: no more" "$OUT" '0 missing, 0 extra, 0 duplicate, 3 changed'
done

# Fields that are NULL and were left out: a difference with a cause, and under `absent: null` accepted and counted.
mkdir -p fields && for i in $(seq 40); do
    printf '{"id":%d,"s":{"a":%d,"b":null,"c":[{"d":null,"e":%d}]}}\n' "$i" "$i" "$i" >>fields/full.ndjson
    printf '{"id":%d,"s":{"a":%d,"c":[{"e":%d}]}}\n' "$i" "$i" "$i" >>fields/short.ndjson
done
duck "COPY (SELECT i AS id, {'a': i, 'c': [{'e': i}]} AS s FROM range(1, 41) t(i)) TO 'fields/short.parquet'" >/dev/null
fields() { # ARCHIVE RULES
    cat >fields.yaml <<YAML
assay: 1
origin: $(sed -n 's/^origin: //p' unused.yaml)
datasets:
  fields:
    id: 0f3c5e1a-7a57-4f0e-9c43-2b8f5b8a3901
    key: [id]
    source: {locator: fields/full.ndjson}
    archive: {locator: fields/$1}
    columns: {id: integer, s: {type: "struct<a: integer, b: text, c: list<struct<d: text, e: integer>>>", archive: {rules: [$2]}}}
YAML
}
[ -e unused.yaml ] || assay init fields/full.ndjson fields/short.ndjson --key id --output unused.yaml --origin example.org/fields >"$OUT" 2>"$ERR"
for archive in short.ndjson short.parquet; do
    fields $archive ''
    check_exit 1 "$archive: fields that were left out" assay check fields.yaml
    check_has "$archive: the cause and its rule" "$OUT" 's: in the archive, fields that are NULL are left out of nested records: 40 of 40.*rule on the archive: absent: null'
    fields $archive 'absent: null'
    check "$archive: under the rule" assay check fields.yaml
    check_has "$archive: counted" "$OUT" '40 cells equal only under 1 declared rule \(absent 40\)'
    sed -i 's/"a":7,/"a":8,/' fields/full.ndjson
    check_exit 1 "$archive: a value that differs all the same" assay check fields.yaml
    sed -i 's/{"id":7,"s":{"a":8,/{"id":7,"s":{"a":7,/' fields/full.ndjson
done
sed -i 's/"b":null/"b":"x"/' fields/full.ndjson
check_exit 1 'a field with a value is not NULL' assay check fields.yaml
