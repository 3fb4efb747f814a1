#!/usr/bin/env bash
# Hive partition columns in every format: written by DuckDB (percent-encoded, NULL as its own directory), then with a file in the
# directory of another value, where the column stands only in the path, and where it stands in the file, too.
. "$(dirname "$0")/lib.sh"
command -v sqlite3 >/dev/null || { not_ok 'sqlite3 is installed' 'run make deps'; exit 1; }

sqlite3 s.db "CREATE TABLE t (id INTEGER PRIMARY KEY, place TEXT, year INTEGER, amount REAL);
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 1199)
INSERT INTO t SELECT i, CASE i % 5 WHEN 0 THEN NULL WHEN 1 THEN 'a/b=c %41' WHEN 2 THEN 'é€' WHEN 3 THEN 'plain' ELSE 'x y:z' END,
    2020 + i % 2, i / 8.0 FROM n;" || exit 1
sqlite3 -csv -header s.db 'SELECT * FROM t' >all.csv

formats='csv ndjson parquet avro own'
for format in csv parquet; do
    duck "COPY (SELECT * FROM read_csv('all.csv', columns={id: 'BIGINT', place: 'VARCHAR', year: 'INTEGER', amount: 'DOUBLE'}, nullstr=''))
        TO '$format' (FORMAT $format, PARTITION_BY (place, year))" >/dev/null || exit 1
done
# The columns in the files, too.
duck "COPY (SELECT * FROM read_csv('all.csv', columns={id: 'BIGINT', place: 'VARCHAR', year: 'INTEGER', amount: 'DOUBLE'}, nullstr=''))
    TO 'own' (FORMAT parquet, PARTITION_BY (place, year), WRITE_PARTITION_COLUMNS true)" >/dev/null || exit 1
# DuckDB writes neither Avro nor JSON so: the same rows by hand, Avro in one block without a codec.
python3 - <<'PY' || exit 1
import glob, json, os, struct
def zigzag(n):
    n = (n << 1) ^ (n >> 63)
    out = b''
    while n > 0x7f:
        out += bytes([n & 0x7f | 0x80])
        n >>= 7
    return out + bytes([n])
def text(b):
    return zigzag(len(b)) + b
schema = json.dumps({'type': 'record', 'name': 't', 'fields': [{'name': 'id', 'type': 'long'}, {'name': 'amount', 'type': 'double'}]})
for path in glob.glob('csv/**/*.csv', recursive=True):
    out = 'avro' + path[3:-3] + 'avro'
    os.makedirs(os.path.dirname(out), exist_ok=True)
    rows = [l.rstrip('\n').split(',') for l in open(path)][1:]
    body = b''.join(zigzag(int(i)) + struct.pack('<d', float(a)) for i, a in rows)
    sync = bytes(range(16))
    lines = 'ndjson' + path[3:-3] + 'ndjson'
    os.makedirs(os.path.dirname(lines), exist_ok=True)
    with open(lines, 'w') as f:
        f.writelines('{"id":%s,"amount":%s}\n' % (i, a) for i, a in rows)
    with open(out, 'wb') as f:
        f.write(b'Obj\x01' + zigzag(1) + text(b'avro.schema') + text(schema.encode()) + zigzag(0) + sync)
        f.write(zigzag(len(rows)) + text(body) + sync)
PY
check_has 'DuckDB encodes what a path may not hold' <(find csv -type d) 'place=a%2Fb%3Dc%20%2541'
check_has 'NULL has a directory of its own' <(find csv -type d) '__HIVE_DEFAULT_PARTITION__'

assay init sqlite:s.db csv --table t --key id --origin example.org/hive >/dev/null 2>&1 || { not_ok 'init'; exit 1; }
{
    printf 'assay: 1\norigin: example.org/hive\nledger: ledger.db\nkeys: keys\ndatasets:\n'
    i=0
    for format in $formats; do
        i=$((i + 1))
        printf '  %s:\n    id: 0f3c5e1a-7a57-4f0e-9c43-2b8f5b8a1e%02d\n    key: [id]\n    chunk_rows: 256\n' $format $i
        printf '    source: {locator: "sqlite:s.db", table: t}\n    archive: {locator: %s}\n' $format
        printf '    columns: {id: integer, place: text, year: integer, amount: float64}\n'
    done
} >plan.yaml
for format in $formats; do
    check "$format: equal rows, two columns from the path" assay check plan.yaml --dataset $format
    check_has "$format: all of them were compared" "$OUT" 'match +rows 1,200/1,200'
    # A file in the directory of another value.
    file=$(find $format -type f -path '*place=plain/year=2021/*' | head -n 1)
    mkdir -p $format/place=plain/year=2022
    mv "$file" $format/place=plain/year=2022/
    check_exit 1 "$format: a file in the directory of another year" assay check plan.yaml --dataset $format
    cat "$OUT" "$ERR" >both
    if [ $format = own ]; then
        check_has 'own: the file says otherwise than its path' both 'not the value that the file.s path says'
        check_has 'own: it is called misplaced' both 'year=2022.*misplaced'
        check_has 'own: the rows themselves match' both 'chunks 5=/0≠/0'
    else
        check_has "$format: the column is named" both 'changed: year'
    fi
    mv $format/place=plain/year=2022/* "$(dirname "$file")/"
    rmdir $format/place=plain/year=2022
    check "$format: moved back" assay check plan.yaml --dataset $format
done
mkdir -p own/place=plain/year=x1
mv "$(find own -type f -path '*place=plain/year=2021/*' | head -n 1)" own/place=plain/year=x1/
check 'own: a path that is no number says nothing of a column that the file has' assay check plan.yaml --dataset own

# date={segment}: 2001-01 is the name of a window, not a date.
sqlite3 s.db "CREATE TABLE w (id INTEGER PRIMARY KEY, year INTEGER, day TEXT);
INSERT INTO w VALUES (1, 2001, '2001-01-05'), (2, 2001, '2001-02-06')" || exit 1
mkdir -p w/day=2001-01 w/day=2001-02
sqlite3 -csv -header s.db 'SELECT * FROM w WHERE id = 1' >w/day=2001-01/p.csv
sqlite3 -csv -header s.db 'SELECT * FROM w WHERE id = 2' >w/day=2001-02/p.csv
sed -e '/^datasets:/q' plan.yaml >w.yaml
cat >>w.yaml <<'YAML'
  w:
    id: 0f3c5e1a-7a57-4f0e-9c43-2b8f5b8a1e99
    key: [id]
    source: {locator: "sqlite:s.db", table: w}
    archive: {locator: "w/day={segment}/p.csv"}
    window: {column: day, every: month}
    columns: {id: integer, year: integer, day: date}
YAML
check 'a folder named by its segment' assay check w.yaml
mv w/day=2001-01/p.csv p && mv w/day=2001-02/p.csv w/day=2001-01/p.csv && mv p w/day=2001-02/p.csv
check_exit 1 'both in the folder of the other' assay check w.yaml
