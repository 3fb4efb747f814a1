#!/usr/bin/env bash
# Sealed digests: the same root whatever the order and the memory, recomputed by the second implementation; what is
# without a root and why; what is named when the source is gone.
. "$(dirname "$0")/lib.sh"
export PYTHONDONTWRITEBYTECODE=1

sqlite3 s.db <<'SQL' || exit 1
CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT, amount NUMERIC, day TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000)
INSERT INTO t SELECT i * 3, 'Erika ' || i, i * 10, date('2024-01-01', (i % 90) || ' days') FROM n;
SQL
sqlite3 -csv -header s.db "SELECT * FROM t ORDER BY amount % 7, id DESC" >t.csv
check 'keys and ledger' assay init sqlite:s.db t.csv --table t --output init.yaml --origin assay.local/t
plan() { # NAME, then lines of the dataset
    { printf 'assay: 1\norigin: assay.local/t\ndigest: sealed\ndatasets:\n  t:\n    id: 0f3c5e1a-7a57-4f0e-9c43-2b8f5b8a1d01\n'
      printf '    source: {locator: "sqlite:s.db", table: t}\n    archive: {locator: t.csv}\n'
      printf '    columns: {id: integer, name: text, amount: decimal, day: date}\n'
      printf '    %s\n' "${@:2}"; } >"$1.yaml"
}
plan keyed 'key: [id]' 'chunk_rows: 2000' 'sketch: 8'
plan keyless
plan windowed 'key: [id]' 'chunk_rows: 1000' 'window: {column: day, every: month}'
plan hashed 'key: [name]' 'chunk_rows: 2000'
sed -i 's/name: text/name: {type: text, archive: {rules: [rtrim]}}/' hashed.yaml # a rule on a key: no ranges

# ---- equal, and how strong ----
for name in keyless windowed hashed keyed; do
    check "$name: equal" assay check $name.yaml
    check_has "$name: by roots" "$OUT" 'are equal on both sides \(strength sealed\)'
done
leaf() { sqlite3 ledger.db "SELECT CAST(note AS TEXT) FROM leaf" | tr '\n' '~' | sed 's/~~/\n/g' | grep "^assay/v1 chunk~role $1~" | tail -n "$2"; }
of() { leaf "$1" "$2" | tr '~' '\n' | grep -E "^($3) "; }
of source 3 'root|keycommit|blocks' >source.roots
of archive 3 'root|keycommit|blocks' >archive.roots
check_same 'both sides have the same roots, commitments and block lists' source.roots archive.roots
check 'three chunks' test "$(grep -c ^root source.roots)" -eq 3
check 'the source leaves sketches' test "$(of source 3 sketch | wc -l)" -eq 3
check 'read again in another order under the least memory' assay verify keyed.yaml --side archive --memory 1
of archive 3 'root|keycommit|blocks' >again.roots
check_same 'the same roots' source.roots again.roots
check 'AES of the second implementation: published vectors' python3 "$REPO/tests/oracle/aes.py"
check 'vectors of the second implementation' "$REPO/tests/oracle/sealed.py" --vectors "$REPO/tests/vectors/sealed.tsv"
sums() { "$REPO/tests/oracle/assay_oracle.py" --sums --keyring keyring ledger.db keys/dataset.key "$1" "$2"; }
check 'the second implementation computes the source' sums source sqlite:s.db:t
check_has '... with its roots, between bounds that the ledger has sealed' "$OUT" '^source all chunk 2: [0-9]+ rows, equal$'
leaf source 3 >stated
check_has 'of which it has tags' stated '~lo-tag [0-9a-f]{32}~hi-tag [0-9a-f]{32}~'
check_lacks '... and nothing to read' stated '~(lo|hi|lo-text|hi-text) '
check 'the second implementation computes the archive' sums archive t.csv
sed '/^1500,/s/Erika/erika/' t.csv >other.csv
check_exit 1 'another value is seen' sums archive other.csv
check_has '... in the root of its chunk' "$OUT" 'DIFFER in col name, root, sum-row$'
sqlite3 s.db 'CREATE TABLE few AS SELECT * FROM t WHERE id <= 21'
sqlite3 -csv -header s.db 'SELECT * FROM few' >few.csv
plan few 'key: [id]'
sed -i 's/table: t/table: few/; s/t\.csv/few.csv/; s/name: text/name: {type: text, archive: {rules: [rtrim]}}/; s/Erika 7/&  /' few.yaml few.csv
check 'few rows' assay check few.yaml
leaf archive 1 >stated
check_has 'have sealed sums' stated '~sums sha256:[0-9a-f]{64}~raw-sums sha256:'
check_lacks '... and no others' stated '~(sum-row|sum-key|col|raw) '
check 'the second implementation opens and computes them' sums archive few.csv
check_has '... with what the rule changed' "$OUT" '^archive all chunk 0: 7 rows, equal$'
if grep -qa 'Erika' ledger.db* keyring; then not_ok 'no value stands in ledger or keyring'; else ok 'no value stands in ledger or keyring'; fi

# ---- no root, and why ----
cp t.csv good.csv
sed -i '/^1500,/s/,15000*,/,x,/; /^1500,/s/,[0-9]*,2024/,x,2024/' t.csv
check_exit 1 'a value that does not decode' assay check keyed.yaml
of archive 3 'unsealed' >why
check_has 'its chunk has no root' why '^unsealed defects$'
cp good.csv t.csv
mv keyring away
check 'an archive checker without the keyring' assay verify keyed.yaml --side archive
check 'is compared by sums' assay reconcile keyed.yaml
check_has '... and that is said' "$ERR" 'compared by sums alone: 3 of 3 chunks, the archive was not sealed: no key'
check 'report' assay report keyed.yaml
check_has '... there, too' "$OUT" 'strength fast'
check 'other keys for the source' assay verify keyed.yaml --side source
mv away keyring
check 'the old keys for the archive' assay verify keyed.yaml --side archive
check_exit 3 'roots under different keys say nothing' assay reconcile keyed.yaml
check 'made good' assay check keyed.yaml
sqlite3 s.db "CREATE TABLE b(id INTEGER PRIMARY KEY); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000) INSERT INTO b SELECT i FROM n"
sed -e 's/table: t/table: b/; s/{id: .*/{id: integer}/; s/bad01/bad02/' -e '/key:/d' keyed.yaml >big.yaml
check 'rows that are sorted in a temporary file' assay verify big.yaml --side source --memory 1
check_exit 3 '... which may not be so large' assay verify big.yaml --side source --memory 1 --spill-max 1
check_has '... is said' "$ERR" 'a temporary file of more than 1 MiB: raise --memory or --spill-max'
sed 's/sealed/saeled/' keyed.yaml >bad.yaml
check_exit 2 'a slip in the plan' assay plan bad.yaml
check_has '... is named' "$ERR" 'digest: expected fast or sealed'
sed '/^digest/d' keyed.yaml >bad.yaml
check_exit 2 'a sketch without a seal' assay plan bad.yaml
check_has '... is refused' "$ERR" 'sketch: only of a dataset with digest: sealed'

# ---- the source is gone ----
mv s.db gone.db
check 'nothing is missing' assay diff keyed.yaml --source-gone
check_has '... in three chunks' "$OUT" '3 chunks equal the source'
sed -i -e '/^30,/d' -e '/^9000,/s/Erika/erika/' -e '/^17700,/p' -e '$a 20,Max,1,2024-01-01' t.csv
check_exit 1 'rows by name' assay diff keyed.yaml --source-gone
for line in '- lost      30' '~ corrupted 9000' '\* doubled   17700' '\+ invented  20'; do
    check_has "named: $line" "$OUT" "^  $line\$"
done
check_has '... and no other' "$OUT" '1 lost, 1 invented, 1 doubled, 1 corrupted; 0 chunks equal the source, 3 rebuilt'
check_exit 1 'as JSON' assay diff keyed.yaml --source-gone --json --mask-keys
cp "$OUT" masked.json
check 'four rows with masked keys' jq -es '[.[] | .key | test("^#[0-9a-f]{12}$")] == [true, true, true, true]' masked.json
awk -F, '$1 < 4000 || $1 > 4100' good.csv >t.csv
check_exit 1 'more than a sketch can name' assay diff keyed.yaml --source-gone
check_has 'a range of keys' "$OUT" '! damaged   keys .*the source had [0-9]+ rows there, the archive has [0-9]+'
check_has '... and no name' "$OUT" '0 lost, 0 invented, 0 doubled, 0 corrupted; .* 1 damaged beyond that'
sed '/^30,/d' good.csv >t.csv
check_exit 1 'without a key' assay diff keyless.yaml --source-gone
check_has 'a row goes by its hash' "$OUT" '^  - lost      sha256:[0-9a-f]{64}$'
rm t.csv
check_exit 1 'nothing is left' assay diff keyed.yaml --source-gone
mv keyring away
check_exit 3 'nor is the keyring' assay diff keyed.yaml --source-gone
check_has '... which is said' "$OUT" 'unverified the keyring has no key of it'
check 'the ledger holds' assay ledger verify keyed.yaml
