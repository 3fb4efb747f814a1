#!/usr/bin/env bash
# Proofs of single rows: included, absent, revealed; checked without ledger and keyring, by assay and by stock tools;
# refused where rows changed or a key was destroyed.
. "$(dirname "$0")/lib.sh"

sqlite3 s.db <<'SQL' || exit 1
CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT, day TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
INSERT INTO t SELECT i * 3, 'Erika ' || i, date('2024-01-01', (i % 60) || ' days') FROM n;
CREATE TABLE l(o INTEGER, n TEXT, v TEXT, PRIMARY KEY(o, n));
INSERT INTO l VALUES (1, 'a', 'x'), (1, 'b', NULL), (2, 'a', 'z');
SQL
sqlite3 -csv -header s.db "SELECT * FROM t ORDER BY name" >t.csv
sqlite3 -csv -header s.db "SELECT * FROM l" >l.csv
assay init sqlite:s.db t.csv --table t --output init.yaml --origin assay.local/t >init.out || exit 1
plan() { # NAME, ID, TABLE, COLUMNS, then lines of the dataset
    printf '  %s:\n    id: 0f3c5e1a-7a57-4f0e-9c43-2b8f5b8a1d%s\n    source: {locator: "sqlite:s.db", table: %s}\n' "$1" "$2" "$3"
    printf '    archive: {locator: %s.csv}\n    columns: %s\n' "$3" "$4"
    printf '    %s\n' "${@:5}"
}
{
    printf 'assay: 1\norigin: assay.local/t\ndigest: sealed\ndatasets:\n'
    plan people 01 t '{id: integer, name: text, day: date}' 'key: [id]' 'chunk_rows: 1000' 'keys: public'
    plan hidden 06 t '{id: integer, name: text, day: date}' 'key: [id]' 'chunk_rows: 1000'
    plan lines 02 l '{o: integer, n: text, v: text}' 'key: [o, n]'
    plan months 03 t '{id: integer, name: text, day: date}' 'key: [id]' 'window: {column: day, every: month}'
    plan keyless 04 l '{o: integer, n: text, v: text}'
    plan hashed 05 t '{id: integer, name: {type: text, archive: {rules: [rtrim]}}, day: date}' 'key: [name]' 'chunk_rows: 1000'
} >plan.yaml
check 'all is equal' assay check plan.yaml
prove() { assay ledger prove plan.yaml --dataset "$@"; }
mkdir auditor
cp keys/*.pub auditor/
verify() { (cd auditor && assay ledger verify-proof "../$1" --keys .); } # neither ledger nor keyring is there

# ---- included ----
check 'a row of three thousand' prove people --row 3000 --out in.proof
check 'the auditor believes it' verify in.proof
check_has '... by what both have attested' "$OUT" '^ok: 1 row of this key in dataset .*, segment all, .* as attested by the source \(leaf [0-9]+\) and the archive \(leaf [0-9]+\)'
check_has '... and sees its digest alone' "$OUT" '^  row [0-9]+: its digest alone$'
check_has '... of which run, in a tree of which size' "$OUT" '^  stated in run [0-9a-f-]{36}, in a tree of [0-9]+ leaves$'
check_has '... and that it was so then' "$OUT" 'when it was so, only the statements .* newer statements may say otherwise$'
check_lacks 'no value stands in the proof' in.proof 'Erika|4572696b61'
check 'read from the source' prove people --row 3000 --side source --out again.proof
check_same '... it is the same proof' in.proof again.proof
check 'a key of two columns' prove lines --row 1 --row b --out pair.proof
check 'is believed' verify pair.proof
check_exit 2 'half a key' prove lines --row 1
check_has '... is said' "$ERR" 'has 2 columns: give --row once for each'
check_exit 2 'a key that is none' prove people --row x
check_has '... names the column' "$ERR" 'key column id:'
check_exit 2 'no dataset' assay ledger prove plan.yaml --row 3
check 'a row somewhere in a window' prove months --row 300 --out month.proof
check 'is believed' verify month.proof
check_has '... in its segment' "$OUT" 'segment 2024-0[1-3],'
check 'a key cut by hash' prove hashed --row 'Erika 7' --out hash.proof
check 'is believed' verify hash.proof

# ---- absent ----
check 'no such row' prove people --row 3001 --out out.proof
check 'the auditor believes that' verify out.proof
check_has '... of one chunk' "$OUT" '^ok: no row of this key in dataset .*, segment all,'
check_has '... of a run, in a tree of a size' "$OUT" '^  stated in run [0-9a-f-]{36}, in a tree of [0-9]+ leaves$'
check_has '... and not for ever' "$OUT" 'when it was so, only the statements .* newer statements may say otherwise$'
check_has '... under what it assumes' "$OUT" 'that the leaves stand in the order of their keys, .* as both checkers attested'
check_lacks '... whose bounds are in clear' "$OUT" 'its bounds are not in clear'
check_lacks 'nor does a value stand there' out.proof 'Erika|4572696b61'
for key in 1 9001; do
    check "none before or behind all: $key" prove people --row $key --out end.proof
    check '... believed' verify end.proof
done
check 'none in any segment' prove months --row 3001 --out nowhere.proof
check '... believed' verify nowhere.proof
check 'two of them' test "$(grep -c '^ok: no row' "$OUT")" -eq 2
check 'none in the bucket of its hash' prove hashed --row nobody --out nobody.proof
check '... believed' verify nobody.proof
check_has '... and what only the key can tell is said' "$OUT" 'its bounds are not in clear, and only who has the dataset key'

check 'none between bounds that are sealed' prove hidden --row 3001 --out hidden.proof
check '... believed' verify hidden.proof
check_has '... and what only the key can tell is said' "$OUT" 'its bounds are not in clear, and only who has the dataset key'

# ---- revealed, and recomputed with stock tools ----
check 'one row is revealed' prove people --row 3000 --reveal --out open.proof
check 'the auditor reads it' verify open.proof
check_has '... its name' "$OUT" '^  name: "Erika 1000"$'
check_has '... its day' "$OUT" '^  day: "2024-02-10"$'
check 'and no other' test "$(grep -c 4572696b61 open.proof)" -eq 1
bin() { xxd -r -p; }
sha() { sha256sum | cut -d' ' -f1; }
read -r _ salt bytes < <(grep '^reveal ' open.proof)
read -r _ index occurrence rd key < <(grep '^row ' open.proof)
check 'rd is SHA-256(10 salt row)' test "$(printf '10%s%s' "$salt" "$bytes" | bin | sha)" = "$rd"
leaf=$(printf '00%08x%s%08x%s' $((${#key} / 2)) "$key" "$occurrence" "$rd" | bin | sha)
root=$(grep -a -o 'extra .*' open.proof | head -n 1 | cut -d' ' -f2 | base64 -d | sed -n 's/^root sha256://p')
rows=$(grep -a -o 'extra .*' open.proof | head -n 1 | cut -d' ' -f2 | base64 -d | sed -n 's/^rows //p')
hash=$leaf i=$index last=$((rows - 1))
while read -r line; do # RFC 9162 section 2.1.3.2
    node=$(base64 -d <<<"$line" | xxd -p -c 64)
    if ((i % 2 || i == last)); then
        hash=$(printf '01%s%s' "$node" "$hash" | bin | sha)
        while ((i % 2 == 0 && i > 0)); do ((i >>= 1, last >>= 1)); done
    else
        hash=$(printf '01%s%s' "$hash" "$node" | bin | sha)
    fi
    ((i >>= 1, last >>= 1))
done < <(sed -n '/^reveal /,/^$/p' open.proof | sed '1d;/^$/d')
check 'the path leads to the root that both attested' test "$hash" = "$root"
# Whoever has the chunk's key makes the salt, too.
ordinal=$(base64 -d <<<"$(grep -a -o 'extra .*' open.proof | head -n 1 | cut -d' ' -f2)" | sed -n 's/^ordinal //p')
chunk_key=$(PYTHONPATH=$REPO/tests/oracle python3 -B -c 'import keyring, sys
keys = keyring.chunk_keys("keyring", bytes.fromhex(open("keys/dataset.key").read().strip()))
print(keys["0f3c5e1a-7a57-4f0e-9c43-2b8f5b8a1d01", "all", int(sys.argv[1])].hex())' "$ordinal")
hmac=$(printf '11%s' "$key" | bin | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$chunk_key" -r | cut -d' ' -f1)
check 'the salt is HMAC-SHA-256(K, 11 key)' test "${hmac:0:32}" = "$salt"

# ---- what was changed is caught ----
other() { # FILE LINE-REGEX: swap one hex digit, or one of base64, in the middle of the first such line
    python3 - "$1" "$2" <<'PY'
import re, sys
text = open(sys.argv[1], 'rb').read().split(b'\n')
for i, line in enumerate(text):
    if re.match(sys.argv[2].encode(), line):
        at = len(line) - 12
        text[i] = line[:at] + (b'a' if line[at:at + 1] != b'a' else b'b') + line[at + 1:]
        break
open('auditor/bad', 'wb').write(b'\n'.join(text))
PY
}
for what in 'key ' 'row ' 'reveal ' 'extra ' '[A-Za-z0-9+/]{43}=$'; do
    other open.proof "$what"
    check_exit 4 "another byte in a line $what" verify auditor/bad
done
other out.proof 'key '
check_exit 4 'absence of another key' verify auditor/bad
sed 's/^included$/absent/' in.proof >auditor/bad
check_exit 4 'a row that is there is not absent' verify auditor/bad
sed 's/^absent$/included/' out.proof >auditor/bad
check_exit 4 'a neighbour is not the row' verify auditor/bad
head -c 900 in.proof >auditor/bad
check_exit 4 'cut short' verify auditor/bad
cp t.csv good.csv
sed -i '/^3000,/s/Erika/erika/' t.csv
check_exit 3 'a row of a chunk that has changed' prove people --row 3000
check_has '... proves nothing' "$ERR" 'the rows that were read do not make the root that was attested'
check 'the source has it still' prove people --row 3000 --side source --out again.proof
check_same '... as before' in.proof again.proof
cp good.csv t.csv

# ---- erased ----
cp keyring copy
check 'the key of one chunk is destroyed in every copy' assay ledger erase plan.yaml --dataset people --segment all --chunk 0 --reason 'request 17' --keyring copy
leaf=$(assay ledger log plan.yaml --kind erasure --json | jq -r .index)
check_exit 3 'later runs' assay check plan.yaml --dataset people --report json:result.json
check_has '... name the leaf' result.json "erased by leaf $leaf"
check 'two chunks are equal as before' jq -e '.counts.chunks.matched == 2 and .counts.chunks.unverified == 1' result.json
check_exit 3 'a row of that chunk' prove people --row 3
check_has '... cannot be proved any more' "$ERR" "dataset people, segment all, chunk 0: erased by leaf $leaf: the chunk's key was destroyed, and nothing can be proved of its rows any more"
check_exit 3 'nor can its absence' prove people --row 4
check_has '... likewise' "$ERR" "erased by leaf $leaf: the chunk's key was destroyed"
check 'rows of other chunks can' prove people --row 9000 --out after.proof
check '... and are believed' verify after.proof
check 'a proof made before is what it was' verify in.proof
check 'the ledger holds' assay ledger verify plan.yaml
