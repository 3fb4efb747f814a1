#!/usr/bin/env bash
# The canonical form in C against its second implementation (tests/oracle): vectors, rows of every type and kind, rules.
. "$(dirname "$0")/lib.sh"
export PYTHONDONTWRITEBYTECODE=1 # the tree stays as it is
lines=20000
[ -z "${ASSAY_TEST_FULL:-}" ] || lines=200000
driver=$BUILD/fuzz/canon_driver
differential=$REPO/tests/oracle/differential.py

check 'oracle: the vectors' "$REPO/tests/oracle/assay_oracle.py" --vectors "$REPO/tests/vectors"
check_has 'oracle: none differs' "$OUT" '^[0-9]{3,} cells, [0-9]{3,} nested cells, [0-9]{3,} keys, [0-9]+ shapes, [0-9]+ row forms: 0 differ$'
cp "$REPO"/tests/vectors/canon-*.tsv . && sed -i 's/^integer\tlexeme\t5\t.*5$/&00/' canon-cells.tsv || exit 1
check_exit 1 'oracle: a changed vector is seen' "$REPO/tests/oracle/assay_oracle.py" --vectors .
cp "$REPO"/tests/vectors/canon-*.tsv . && sed -i 's/^list<integer>\tlexeme\t{2,1}\t.*1$/&00/' canon-nested.tsv || exit 1
check_exit 1 'oracle: a changed nested vector is seen' "$REPO/tests/oracle/assay_oracle.py" --vectors .

check "oracle: $lines lines, the C driver agrees" "$differential" --lines "$lines" "$driver"
check_has 'oracle: none differs, and many are accepted' "$OUT" '[0-9]{5,} lines, [0-9]{4,} accepted, 0 differ'

# Drivers that are wrong in one place must be seen: a cell, an acceptance, a rejection, an answer that is missing.
wrong() { # WHAT, a sed script over the answers, options of the differential
    printf '#!/usr/bin/env bash\n"%s" "$@" | sed -E %q\n' "$driver" "$2" >driver.sh && chmod +x driver.sh
    check_exit 1 "oracle: $1 is seen" "$differential" --lines 4000 "${@:3}" ./driver.sh
    cat "$OUT" "$ERR" >said # a differential that could not run exits with 1, too
    check_has "oracle: $1 is named" said '[1-9][0-9]* differ |answers to [0-9]+ lines'
}
wrong 'another cell' 's/^5a7fffffffffffffff00000000/5a7ffffffffffffffe00000000/'
wrong 'another key' 's/\t1c80000001/\t1c80000000/'
wrong 'an accepted defect' 's/^!.*digit.*/00\t05/'
wrong 'a rejected value' 's/^4c01.*/!no/'
wrong 'another element' 's/^(5b00000002)4e00/\14e01/' --nested
wrong 'a lost lower bound' 's/^28........5b/5b/' --nested
wrong 'an accepted nested defect' 's/^!.*twice.*/7b00000000\t-/' --nested
wrong 'a missing answer' '$d'

# The sums of a ledger's chunks, computed again from the data by the second implementation (docs/digests.md).
check 'sums: XXH3 in Python is that of libxxhash' "$REPO/tests/oracle/xxh3.py" --compare
sqlite3 s.db <<'SQL' || exit 1
CREATE TABLE t(id INTEGER, grp TEXT, name TEXT, amount NUMERIC, at TEXT, flag INTEGER, doc TEXT, ratio REAL, day TEXT, raw BLOB,
    span TEXT, clock TEXT, who TEXT, PRIMARY KEY (id));
WITH RECURSIVE n(i) AS (SELECT -50 UNION ALL SELECT i + 1 FROM n WHERE i < 249)
INSERT INTO t SELECT i * i * i, 'g' || i % 3, CASE i % 7 WHEN 0 THEN NULL WHEN 1 THEN '' ELSE 'n' || i || ',"x"' || char(10) || 'é  ' END, i * 10,
    '2024-01-31 12:00:' || printf('%02d', abs(i) % 60) || '.5', i % 2 != 0, '{"b":' || i || ',"a":[null,1.50],"b":"\u00e9"}', i / 8.0,
    date('2024-01-01', i || ' days'), CASE WHEN i % 5 = 0 THEN NULL ELSE CAST('b' || i AS BLOB) END, i || ' days 01:02:03.25', '24:00',
    'a0eebc99-9c0b-4ef8-bb6d-' || printf('%012x', i + 50) FROM n;
SQL
sqlite3 -csv -header s.db "SELECT id, grp || '  ' AS grp, name, amount, at, flag, doc, ratio, day, '\\x' || hex(raw) AS raw, span, clock, who FROM t" |
    sed 's/,"\?\\x"\?,/,,/' >t.csv
assay init sqlite:s.db t.csv --table t --output first.yaml >"$OUT" 2>&1 || show_output
origin=$(grep '^origin:' first.yaml)

# plan NAME: a plan from the lines on stdin and the columns that all plans share.
plan() {
    { printf 'assay: 1\n%s\ndatasets:\n  t:\n    id: 0f3c5e1a-7a57-4f0e-9c43-2b8f5b8a1d01\n' "$origin"
      printf '    source: {locator: "sqlite:s.db", table: t}\n    archive: {locator: t.csv, csv: {quoted_null: true}}\n    chunk_rows: 64\n'
      cat - columns; } >"$1.yaml"
}
cat >columns <<'YAML'
    columns:
      id: integer
      grp: {type: text, archive: {rules: [rtrim]}}
      name: {type: text, source: {rules: [{null_if: ""}, {case: upper}, rtrim]}, archive: {rules: [{case: upper}, rtrim]}}
      amount: {type: decimal, source: {rules: [{round: 0}]}}
      at: {type: timestamp, source: {rules: [{truncate: s}]}, archive: {rules: [{truncate: s}]}}
      flag: boolean
      doc: json
      ratio: {type: float64, source: {rules: [{digits: 3}]}, archive: {rules: [{digits: 3}]}}
      day: date
      raw: bytes
      span: interval
      clock: time
      who: uuid
YAML
echo '    key: [id]' | plan ranged
echo '    key: [grp, who]' | plan hashed
echo '    window: {column: day, every: month, from: 2024-01-01, to: 2024-07-01}' | plan windowed
sums() { "$REPO/tests/oracle/assay_oracle.py" --sums ledger.db keys/dataset.key "$1" "$2"; }
for name in ranged hashed windowed; do
    check "sums: assay check $name" assay check "$name.yaml"
    check "sums: the source of $name" sums source sqlite:s.db:t
    check_has 'sums: equal' "$OUT" '^source .*[1-9][0-9]* rows, equal$'
    check "sums: the archive of $name" sums archive t.csv
    check_has 'sums: equal' "$OUT" '^archive .*[1-9][0-9]* rows, equal$'
done
sed 's/,2024-02-03,/,2024-02-04,/' t.csv >other.csv
check_exit 1 'sums: another value is seen' sums archive other.csv
check_has 'sums: in its column of its chunk' "$OUT" 'DIFFER in col day, sum-row$'

# Segments before `since` are as if the plan did not have the column, in their row form, too.
cp columns all && sed -i 's/raw: bytes/raw: {type: bytes, since: 2024-03}/; s/ratio: {/ratio: {since: 2024-05, /' columns
echo '    window: {column: day, every: month, from: 2024-01-01, to: 2024-07-01}' | plan aged
mv all columns
check 'sums: assay check aged' assay check aged.yaml
for side in 'source sqlite:s.db:t' 'archive t.csv'; do
    check "sums: since, ${side%% *}" sums ${side% *} "${side#* }"
    check_has 'sums: of the segments without two columns' "$OUT" ' without ratio, raw: [1-9][0-9]* rows, equal$'
    check_has 'sums: of those without one' "$OUT" ' without ratio: [1-9][0-9]* rows, equal$'
    check_has 'sums: of the others' "$OUT" ' without nothing: [1-9][0-9]* rows, equal$'
done

# A NULL key, values that only their rules make readable, a negative zero.
sqlite3 u.db "CREATE TABLE u(id INTEGER, f TEXT, d REAL); INSERT INTO u VALUES (1, 'yes', 0.0), (2, 'no', -1e-300 * 1e-300), (NULL, 'yes', 1.5), (3, 't', NULL)"
sqlite3 -csv -header u.db 'SELECT * FROM u' >u.csv
{ printf 'assay: 1\n%s\n' "$origin" && cat <<'YAML'; } >u.yaml
datasets:
  u:
    id: 0f3c5e1a-7a57-4f0e-9c43-2b8f5b8a1d02
    source: {locator: "sqlite:u.db", table: u}
    archive: {locator: u.csv}
    key: [id]
    columns:
      id: integer
      f: {type: boolean, source: {rules: [{boolean: "yes,t/no"}]}, archive: {rules: [{boolean: "yes,t/no"}]}}
      d: {type: decimal, source: {rules: [{as: decimal(2)}]}}
YAML
check 'sums: assay check, a NULL key' assay check u.yaml
check 'sums: a NULL key at the source' sums source sqlite:u.db:u
check_has 'sums: equal, also what no rule made readable' "$OUT" '4 rows, equal$'
check 'sums: a NULL key in the archive' sums archive u.csv
check_has 'sums: equal' "$OUT" '4 rows, equal$'
