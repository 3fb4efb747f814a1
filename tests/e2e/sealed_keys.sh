#!/usr/bin/env bash
# Keys of a sealed dataset, which are sealed unless its plan says `keys: public`: no key value stands in the ledger, in reports or
# in a bundle of evidence, and all works as before for who has the dataset key.
. "$(dirname "$0")/lib.sh"

# Keys that nothing else looks like: KUNDE-00007-QX.
sqlite3 s.db <<'SQL' || exit 1
CREATE TABLE t(id TEXT PRIMARY KEY, name TEXT, amount INTEGER);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000)
INSERT INTO t SELECT printf('KUNDE-%05d-QX', i), 'Erika ' || i, i * 10 FROM n;
CREATE TABLE few(id TEXT PRIMARY KEY, name TEXT, amount INTEGER);
INSERT INTO few SELECT * FROM t WHERE amount <= 70;
SQL
sqlite3 -csv -header s.db 'SELECT * FROM t ORDER BY amount % 7' >t.csv
sqlite3 -csv -header s.db 'SELECT * FROM few' >few.csv
init() { assay init sqlite:s.db t.csv --table t --output init.yaml --origin assay.local/t >init.out || exit 1; }
init
{
    printf 'assay: 1\norigin: assay.local/t\ndigest: sealed\ndatasets:\n'
    for table in t few; do
        printf '  %s:\n    id: 0f3c5e1a-7a57-4f0e-9c43-2b8f5b8a1d%02d\n    source: {locator: "sqlite:s.db", table: %s}\n' $table ${#table} $table
        printf '    archive: {locator: %s.csv}\n    key: [id]\n    chunk_rows: 1000\n' $table
        printf '    columns: {id: text, name: {type: text, archive: {rules: [rtrim]}}, amount: integer}\n'
    done
} >plan.yaml
hex=4b554e44452d # KUNDE-
b64='S1VOREUt|tVTkRFL|LVU5ERS'
secrets="KUNDE-|$hex|$b64"
clean() { # WHAT FILE...
    if grep -qaE "$secrets" "${@:2}"; then not_ok "$1" "$(grep -aoE ".{0,40}($secrets).{0,40}" "${@:2}" | head -n 5)"; else ok "$1"; fi
}
dump() { sqlite3 ledger.db 'SELECT CAST(note AS TEXT) FROM leaf; SELECT lower(hex(body)) FROM blob; SELECT CAST(body AS TEXT) FROM blob'; }

# ---- keys that are public: the greps below can find them ----
mkdir public
cp s.db t.csv few.csv public/
sed 's/^    chunk_rows: 1000/&\n    keys: public/' plan.yaml >public/plan.yaml
cd public || exit 1
init
check 'with public keys' assay check plan.yaml
if dump | grep -qa KUNDE- && dump | grep -qa $hex; then ok 'they stand in the ledger'; else not_ok 'they stand in the ledger'; fi
check 'a report needs no dataset key' assay report plan.yaml --report ndjson:chunks.ndjson
check_has '... to show them' chunks.ndjson '"lo": ?"KUNDE-01001-QX"'
check_lacks '... as what was never sealed' chunks.ndjson '"bounds"'
check 'the plan says no more than it did when public was the rule' assay plan plan.yaml --resolved
check_lacks '... so that it is the same plan' "$OUT" '"keys"'
cd ..

# ---- sealed, by itself ----
check 'the plan says so' assay plan plan.yaml --resolved
check_has '... in its resolved form' "$OUT" '"keys":"sealed"'
check 'with sealed keys all is equal' assay check plan.yaml
check_has '... by roots' "$OUT" 'strength sealed'
dump >dumped
clean 'no key value stands in a leaf or a blob' dumped
clean 'nor in any file of the ledger' ledger.db* keyring
assay ledger log plan.yaml --kind chunk --json >chunks
check 'chunks of four in one segment' test "$(jq -r 'select(.fields.role == "source" and .fields.dataset != null) | .fields.ordinal' chunks | sort -u | wc -l)" -eq 4
check 'their bounds are tags' jq -es '[.[] | .fields | has("lo") or has("hi") or has("lo-text") or has("hi-text")] | any | not' chunks
check 'which tile: where one ends the next begins, on both sides' jq -es '
    [.[].fields | select(.method == "range")] | group_by(.role) | length == 2 and
    all(.[]; sort_by(.ordinal | tonumber) | . as $c | all(range(1; length); $c[.]["lo-tag"] == $c[. - 1]["hi-tag"]))' chunks
check 'the second time the same cut is used' assay check plan.yaml
check 'one cut of the two datasets each' test "$(assay ledger log plan.yaml --kind cut --json | jq -r .fields.cut | sort -u | wc -l)" -eq 2
check 'the ledger verifies' assay ledger verify plan.yaml

# ---- what differs is found, and named to who has the key ----
cp t.csv good.csv
sed -i '/KUNDE-02000-QX/s/Erika/erika/' t.csv
check_exit 1 'a value that differs' assay check plan.yaml --no-reveal --report text:report.txt --report json:result.json --report html:report.html --report ndjson:result.ndjson
check 'its chunk, column and segment are told' jq -e '.discrepancies[0] | .kind == "changed" and .columns == ["name"]' result.json
check_has '... its bounds are not' result.json '"lo": ?"\(sealed\)"'
check_has '... which the text says, and which chunk it is' report.txt 'chunk [0-9a-f]{8}, number 1, bounds are sealed'
check_has '... and the page' report.html 'number 1; bounds are sealed'
clean 'no key in a report' report.txt result.json report.html result.ndjson
check_exit 1 'made later' assay report plan.yaml --report json:result.json --report html:report.html
check '... it is sealed, unless asked for otherwise' jq -e '[.datasets[].chunks[] | select(.bounds == "sealed") | .lo, .hi] == ["(sealed)", "(sealed)"]' result.json
clean '... altogether' result.json report.html

# ---- opened for who has the key, and for nobody else ----
check_exit 1 'with the dataset key it is opened' assay report plan.yaml --reveal --report text:report.txt --report json:opened.json --report html:opened.html --report ndjson:opened.ndjson
lo=KUNDE-01001-QX hi=KUNDE-02001-QX
check_has '... in the text' report.txt "chunk [0-9a-f]{8} \[$lo, $hi\)"
check '... in the document' jq -e --arg lo $lo --arg hi $hi '[.datasets[].chunks[] | select(.verdict != "match")] | length == 1 and (.[0] | .bounds == "opened" and .ordinal == 1 and .lo == $lo and .hi == $hi)' opened.json
check_has '... on the page' opened.html "\[$lo, $hi\)"
check_has '... and all of the chunks' opened.ndjson "\"hi\": ?\"$lo\""
check 'its files are for their owner' test "$(stat -c %a opened.json opened.html opened.ndjson report.txt | sort -u)" = 600
check_exit 1 'so it is after a check' assay check plan.yaml --report json:opened.json
check '... by itself' jq -e --arg lo $lo --arg hi $hi '[.datasets[].chunks[] | select(.bounds == "opened")] | .[0].lo == $lo and .[0].hi == $hi' opened.json
dump >dumped
clean 'nothing that was opened got into the ledger' dumped ledger.db*
check 'a bundle of evidence' assay evidence plan.yaml --out opened-bundle
mapfile -t files < <(find opened-bundle -type f)
clean '... keeps it sealed, in its report, too' "${files[@]}"
mv keys/dataset.key dataset.key
check_exit 1 'without the dataset key' assay report plan.yaml --reveal --report json:result.json
check_has '... it says why it shows none' "$ERR" 'the bounds of [0-9]+ chunks stay sealed: .*dataset\.key'
clean '... and shows none' result.json "$ERR"
mv dataset.key keys/dataset.key
check_exit 2 'without a plan there is no keyring' assay report --ledger ledger.db --reveal
check_exit 1 'drill-down names the row' assay diff plan.yaml
check_has '... by its key' "$OUT" 'changed +KUNDE-02000-QX'
mv s.db gone.db
check_exit 1 'so it is when the source is gone' assay diff plan.yaml --dataset t --source-gone
check_has '... by its key' "$OUT" 'corrupted +KUNDE-02000-QX'
mv gone.db s.db
cp good.csv t.csv
check 'made good' assay check plan.yaml
check 'a row is proved' assay ledger prove plan.yaml --dataset t --row KUNDE-00007-QX --out in.proof
check '... and believed' assay ledger verify-proof in.proof --keys keys
check 'and one that is not there' assay ledger prove plan.yaml --dataset t --row KUNDE-00007-QY --out out.proof
check '... is believed' assay ledger verify-proof out.proof --keys keys
check_has '... and that its chunk is the right one only the key tells' "$OUT" 'its bounds are not in clear'

# ---- sums of few rows ----
few() { assay ledger log plan.yaml --kind chunk --json | jq -r "select(.fields.dataset == \"0f3c5e1a-7a57-4f0e-9c43-2b8f5b8a1d03\") | .fields | $1"; }
check 'have no place in a statement' test -z "$(few 'select(has("sum-row") or has("sum-key") or has("col") or has("raw"))')"
check 'they are sealed, and alike on both sides' test "$(few .sums | sort -u | wc -l)" -eq 1
check 'those of many rows are not' jq -es '[.[].fields | select(.rows == "1000" or (.rows | tonumber) > 15) | has("sum-row")] | all' chunks
cp few.csv good-few.csv
sed -i '/KUNDE-00003-QX/s/Erika/erika/; /KUNDE-00004-QX/s/Erika 4/Erika 4  /' few.csv
check_exit 1 'one of seven rows differs' assay check plan.yaml --dataset few --report json:few.json
check 'the column is told to who has the key' jq -e '.discrepancies[0].kind == "changed" and .discrepancies[0].columns == ["name"]' few.json
mkdir elsewhere
cp -r ledger.db ledger.db.checkpoint keys plan.yaml elsewhere/
rm elsewhere/keys/dataset.key
reconciler() { (cd elsewhere && assay reconcile plan.yaml --dataset few); }
check_exit 1 'who has not sees by the roots that they differ' reconciler
check_has '... and that it cannot see more' "$ERR" 'the sums of 2 statements about fewer than 16 rows are sealed, and their key is not here: compared by roots'
sed -i '/KUNDE-00003-QX/s/erika/Erika/' few.csv
check 'equal under a rule' assay check plan.yaml --dataset few --report json:few.json
check 'which is counted' jq -e '.counts.cells_accepted == 1' few.json
cp ledger.db ledger.db.checkpoint elsewhere/
check 'equal for who has no key' reconciler
check_has '... by roots' "$OUT" '^few: match: 1 chunks match'
cp good-few.csv few.csv
check 'made good again' assay check plan.yaml

# ---- what goes out ----
check 'a bundle of evidence' assay evidence plan.yaml --out bundle
mapfile -t files < <(find bundle -type f)
clean 'leaks no key' "${files[@]}"
check 'and verifies' sh bundle/verify.sh

# ---- after a rotation, and without the key ----
check 'the dataset key is rotated' assay ledger keyring plan.yaml --rotate
check 'the cut opens under the key of its epoch' assay check plan.yaml
check '... in a report, too' assay report plan.yaml --reveal --report ndjson:opened.ndjson
check_has '... with its bounds' opened.ndjson "\"hi\": ?\"$lo\""
mv keyring away
check_exit 3 'without the keyring' assay verify plan.yaml --side archive --dataset t
check_has '... the bounds stay sealed' "$ERR" 'segment all: its cut is sealed'
check_exit 3 'in a report, too, which says that the archive could not be read' assay report plan.yaml --reveal --report ndjson:result.ndjson
check_has '... says why' "$ERR" 'chunks stay sealed: segment all: its cut is sealed'
clean '... and shows none' result.ndjson
mv away keyring
sed 's/digest: sealed/digest: fast/; s/^    chunk_rows: 1000/&\n    keys: sealed/' plan.yaml >bad.yaml
check_exit 2 'keys are sealed in a sealed dataset only' assay plan bad.yaml
check_has '... which is said' "$ERR" 'keys: sealed only of a dataset with digest: sealed'
dump >dumped
clean 'still no key value in the ledger' dumped ledger.db*
