#!/usr/bin/env bash
# SQLite against the same rows as compressed CSV and as NDJSON, plain and compressed, written by three exporters: intact, then
# with one value changed, then with a compressed file cut.
. "$(dirname "$0")/lib.sh"
for tool in sqlite3 gzip zstd lz4 xz bzip2 jq; do
    command -v $tool >/dev/null || { not_ok "$tool is installed" 'run make deps'; exit 1; }
done

sqlite3 s.db "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, amount TEXT, big INTEGER, at TEXT, doc TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
INSERT INTO t SELECT i, CASE i % 7 WHEN 0 THEN NULL WHEN 1 THEN 'null' WHEN 2 THEN 'quote \" back \\ tab' || char(9)
    WHEN 3 THEN 'é€😀' WHEN 4 THEN '' ELSE 'name ' || i END, printf('%d.%02d', i * 37, i % 100),
    9007199254740993 + i, datetime(1e9 + i * 3600, 'unixepoch'), json_object('k', i, 'l', json_array(i, NULL, 'x')) FROM n;" || exit 1

sqlite3 -csv -header s.db 'SELECT * FROM t' >sqlite.csv
gzip -k sqlite.csv && zstd -q sqlite.csv && lz4 -q sqlite.csv sqlite.csv.lz4 && xz -k sqlite.csv && bzip2 -k sqlite.csv
# One array, a row a line.
sqlite3 -json s.db 'SELECT * FROM t' | sed -e 's/^\[//' -e 's/[],]$//' >sqlite.ndjson
duck "COPY (SELECT id, name, amount, big, \"at\", doc::JSON AS doc FROM read_json('sqlite.ndjson', format='newline_delimited',
    columns={id: 'INTEGER', name: 'VARCHAR', amount: 'DECIMAL(18,2)', big: 'BIGINT', \"at\": 'TIMESTAMP', doc: 'VARCHAR'}))
    TO 'duck.jsonl' (FORMAT json)" >/dev/null || exit 1
zstd -q duck.jsonl -o duck.jsonl.zst
xz -k -T2 --block-size=64KiB duck.jsonl # blocks, as for threads

check 'init: a plan from SQLite and NDJSON' assay init sqlite:s.db sqlite.ndjson --table t --key id --origin example.org/ndjson
for column in 'id: integer' 'name: text' 'big: integer'; do
    check_has "init: $column" plan.yaml "^ *$column\$"
done
check 'the plan that init wrote: equal rows' assay check plan.yaml
mkdir all && cp -r keys all && cd all || exit 1

archives='sqlite.csv.gz sqlite.csv.zst sqlite.csv.lz4 sqlite.csv.xz sqlite.csv.bz2 sqlite.ndjson duck.jsonl duck.jsonl.zst
    duck.jsonl.xz'
{
    printf 'assay: 1\norigin: example.org/ndjson\nledger: ../ledger.db\nkeys: ../keys\ndatasets:\n'
    i=0
    for archive in $archives; do
        i=$((i + 1))
        printf '  %s:\n    id: 0f3c5e1a-7a57-4f0e-9c43-2b8f5b8a1d%02d\n    key: [id]\n    chunk_rows: 256\n' "$archive" $i
        printf '    source: {locator: "sqlite:../s.db", table: t}\n    archive: {locator: "../%s"}\n' "$archive"
        # sqlite3 -json writes JSON kept as text as a string; DuckDB writes the object itself.
        [ "$archive" = sqlite.ndjson ] && doc=text || doc=json
        printf '    columns: {id: integer, name: text, amount: decimal, big: integer, at: timestamp, doc: %s}\n' $doc
    done
} >plan.yaml

for archive in $archives; do
    check "$archive: equal rows" assay check plan.yaml --dataset "$archive"
    check_has "$archive: all of them were compared" "$OUT" 'match +rows 3,000/3,000'
done

cp ../duck.jsonl ../sqlite.ndjson .
sed -i '1234s/9007199254742227/9007199254742228/' ../duck.jsonl
check_exit 1 'one integer beyond 2^53 differs by one' assay check plan.yaml --dataset duck.jsonl
check_exit 1 'diff finds it' assay diff plan.yaml --dataset duck.jsonl
check_has 'the row, the column and the line are named' "$OUT" '~ changed +1234 +big: .*duck.jsonl:1234'
check_has 'one row' "$OUT" '0 missing, 0 extra, 0 duplicate, 1 changed'
cp duck.jsonl ..
sed -i '8s/"name":"null"/"name":null/' ../sqlite.ndjson
check_exit 1 'the text null became NULL' assay check plan.yaml --dataset sqlite.ndjson
cp sqlite.ndjson ..
sed -i '77s/,"big":[0-9]*//' ../sqlite.ndjson
check_exit 1 'a member is gone' assay check plan.yaml --dataset sqlite.ndjson
cat "$OUT" "$ERR" >both
check_has 'it is called undecodable' both 'undecodable'
cp sqlite.ndjson ..
# jq before 1.7 makes doubles of integers.
jq -c . sqlite.ndjson >../sqlite.ndjson
wanted=0
[ "$(jq -c . <<<9007199254740993)" = 9007199254740993 ] || wanted=1
check_exit $wanted 'what jq writes' assay check plan.yaml --dataset sqlite.ndjson
cp sqlite.ndjson ..

for archive in sqlite.csv.gz sqlite.csv.zst sqlite.csv.lz4 sqlite.csv.xz sqlite.csv.bz2 duck.jsonl.zst duck.jsonl.xz; do
    cp "../$archive" whole
    head -c -4 whole >"../$archive"
    check_exit 1 "$archive: the last four bytes are gone" assay check plan.yaml --dataset "$archive"
    cat "$OUT" "$ERR" >both
    check_has "$archive: it is called truncated" both 'truncated'
    { cat whole; echo more; } >"../$archive"
    check_exit 1 "$archive: bytes behind the end" assay check plan.yaml --dataset "$archive"
    cp whole "../$archive"
    check "$archive: the intact one again" assay check plan.yaml --dataset "$archive"
done
mv ../sqlite.csv.gz ../sqlite.csv.zst
check_exit 1 'gzip under the name of zstd' assay check plan.yaml --dataset sqlite.csv.zst

# "1" and 1 are two JSON values: under json neither is taken for the other.
cp sqlite.ndjson ..
printf 'id,doc\n1,1\n2,"""x"""\n' >../json.csv
printf '{"id":1,"doc":"1"}\n{"id":2,"doc":"\\"x\\""}\n' >../json.ndjson
sed -e '/^datasets:/q' plan.yaml >json.yaml
cat >>json.yaml <<'YAML'
  json:
    id: 0f3c5e1a-7a57-4f0e-9c43-2b8f5b8a1d77
    key: [id]
    source: {locator: "../json.csv"}
    archive: {locator: "../json.ndjson"}
    columns: {id: integer, doc: json}
YAML
check_exit 1 'a string is not the number it spells' assay check json.yaml
check_has 'and the message says why' "$ERR" 'json.ndjson:1: doc: a JSON string under json'

# NaN and infinities are no JSON, yet they are values: accepted, compared, and told.
printf 'id,f\n1,NaN\n2,Infinity\n3,-Infinity\n4,1.5\n' >../nan.csv
printf '{"id":1,"f":NaN}\n{"id":2,"f":Infinity}\n{"id":3,"f":-Infinity}\n{"id":4,"f":1.5}\n' >../nan.ndjson
sed -e '/^datasets:/q' plan.yaml >nan.yaml
cat >>nan.yaml <<'YAML'
  nan:
    id: 0f3c5e1a-7a57-4f0e-9c43-2b8f5b8a1d78
    key: [id]
    source: {locator: "../nan.csv"}
    archive: {locator: "../nan.ndjson"}
    columns: {id: integer, f: float64}
YAML
check 'NaN and infinities compare as what they are' assay check nan.yaml
check_has 'and are counted in the report' "$OUT" '3 values NaN or infinite in JSON'
check_has 'and named on the way' "$ERR" 'nan.ndjson: 3 values are NaN or infinite'
assay report nan.yaml --report json:nan.json >"$OUT" 2>"$ERR"
check_has 'and in the result document' nan.json '"nonstandard":3'
sed -i 's/-Infinity/Infinity/' ../nan.ndjson
check_exit 1 'one infinity is not the other' assay check nan.yaml
sed -i 's/"f":NaN/"f":null/' ../nan.ndjson
check_exit 1 'NaN is not NULL' assay check nan.yaml
