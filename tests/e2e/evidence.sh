#!/usr/bin/env bash
# assay evidence: a bundle that a stranger checks with openssl, sha256sum, base64 and xxd; one changed byte in any file shows.
. "$(dirname "$0")/lib.sh"
python=$(python3 -c 'import sys; print(sys.executable)') # and no wrapper of it, many times

sqlite3 app.db "CREATE TABLE t (id INTEGER PRIMARY KEY, month TEXT, v TEXT);
    INSERT INTO t VALUES (1, '2024-01-03', 'a'), (2, '2024-01-09', 'b'), (3, '2024-02-01', 'c')"
mkdir archive
printf 'id,month,v\n1,2024-01-03,a\n2,2024-01-09,b\n3,2024-02-01,c\n' >archive/t.csv
check 'init' assay init sqlite:app.db archive/t.csv --table t
check 'check' assay check plan.yaml

# A time stamp authority of openssl's making.
printf '%s\n' '[tsa]' 'default_tsa = one' '[one]' 'serial = serial' 'signer_cert = tsa.pem' 'signer_key = tsa.key' 'signer_digest = sha256' \
    'default_policy = 1.2.3.4.1' 'digests = sha256' 'ess_cert_id_alg = sha256' >tsa.cnf
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout tsa.key -out tsa.pem -days 30 -subj '/CN=an authority' \
    -addext extendedKeyUsage=critical,timeStamping 2>/dev/null
check 'a time stamp' assay ledger timestamp plan.yaml -- openssl ts -reply -config tsa.cnf -queryfile /dev/stdin
check 'evidence as a folder' assay evidence plan.yaml --out bundle
check_has 'says what is in it' "$OUT" '^bundle: ([0-9]+) of \1 leaves, root [A-Za-z0-9+/]{43}=, [0-9]+ files'
check_exit 2 'a bundle is never overwritten' assay evidence plan.yaml --out bundle
check_exit 2 'it must be told where to' assay evidence plan.yaml
check 'evidence as a zip' assay evidence plan.yaml --out one.zip
(cd / && umask 077 && TZ=Asia/Tokyo LC_ALL=C assay evidence "$TMP/plan.yaml" --out "$TMP/two.zip") >"$OUT" 2>"$ERR"
check_same 'the same ledger gives the same bytes, from another folder and zone, under another umask and locale' one.zip two.zip
check 'the zip is one' python3 -m zipfile -t one.zip
python3 -m zipfile -e one.zip unzipped
check 'and holds the same files as the folder' diff -r bundle unzipped

# What a person reads is made from the same leaves.
check 'a report of the ledger' assay report plan.yaml --report json:report.json --report html:report.html -q
check_same 'says what the one in the bundle says' <(jq -S 'del(.ledger.path)' report.json) <(jq -S 'del(.ledger.path)' bundle/report.json)
check_lacks 'in which there is no path of this machine' bundle/report.html "$TMP"
check_has 'which sends its reader to verify.sh' bundle/report.html '<pre class="cmd">sh verify.sh</pre>'
check_lacks 'as others do not' report.html 'verify\.sh'
attested() { grep -lx 'assay/v1 chunk' bundle/leaves/* | xargs grep -lx "role $1" | xargs sed -n 's/^rows //p' | awk '{ n += $1 } END { print n }'; }
check_same 'its rows are those of the statements' <(attested source; attested archive) <(jq '.counts.rows.source, .counts.rows.archive' bundle/report.json)

# What an auditor has: a shell and four tools.
mkdir tools
for tool in openssl sha256sum base64 xxd; do
    ln -s "$(command -v $tool)" tools/
done
ln -s "$(command -v busybox)" sh
verify_with() { # SHELL ARGUMENTS: as an auditor would, with nothing else on the PATH
    local shell=$1
    shift
    env -i PATH="$TMP/tools" TMPDIR="$TMP" "$shell" "$@"
}
check 'verify.sh under busybox, with four tools alone' verify_with ./sh bundle/verify.sh
check 'under dash' verify_with /bin/dash bundle/verify.sh
check_has 'counts the leaves' "$OUT" '^ok: [0-9]+ leaves, each signed by a key of the role that may state it$'
check_has 'computes the root' "$OUT" '^ok: they are all leaves of the checkpoint'
check_has 'recomputes the verdicts' "$OUT" '^ok: verdicts: ([1-9][0-9]*) match, 0 mismatch, 0 unverified; \1 recomputed'
rm -f assay-verify.*
check 'with the archived files, under bash as POSIX has it' verify_with /bin/bash --posix bundle/verify.sh bundle .
check_has 'which it hashes' "$OUT" '^ok: the 1 archived files in '
rm tools/xxd
check_exit 3 'without xxd' verify_with /bin/dash bundle/verify.sh
ln -s "$(command -v xxd)" tools/

# One byte in the middle of every file in turn, then one more file, and one less.
cp bundle/verify.sh own.sh
"$python" - <<'PY'
import os
os.mkdir("bent")
for folder, _, names in os.walk("bundle"):
    for name in names:
        path = os.path.join(folder, name)
        data = bytearray(open(path, "rb").read())
        data[len(data) // 2] ^= 1
        open("bent/" + os.path.relpath(path, "bundle").replace("/", ":"), "wb").write(data)
PY
caught=0 missed='' files=0
for bent in bent/*; do
    file=${bent#bent/} file=bundle/${file/://}
    files=$((files + 1))
    mv "$file" saved && cp "$bent" "$file"
    verify_with /bin/dash own.sh bundle >"$OUT" 2>&1
    if [ $? -eq 4 ] && grep -q '^FAILED: MANIFEST.sha256' "$OUT"; then
        caught=$((caught + 1))
    else
        missed="$missed $file"
    fi
    mv saved "$file"
done
if [ "$caught" -eq "$files" ] && [ "$files" -gt 25 ]; then
    ok "one changed byte in any of $files files is caught"
else
    not_ok "one changed byte in any of $files files is caught" "caught $caught; missed:$missed"
fi
check 'the bundle is whole again' bash -c 'cd bundle && sha256sum --quiet -c MANIFEST.sha256'
touch bundle/leaves/999
check_exit 4 'one more file' verify_with /bin/dash own.sh bundle
rm bundle/leaves/999

# Who can write the bundle can write its list, too: what is signed is caught without it.
forge() { # WHAT REGEX COMMAND: run in a copy of the bundle, the list made again
    rm -rf forged
    cp -r bundle forged
    (cd forged && eval "$3" && rm -f MANIFEST.sha256 &&
        { find . -maxdepth 1 -type f | sort; find . -mindepth 2 -type f | sort; } | sed 's,^\./,,' | LC_ALL=C xargs sha256sum >../list && mv ../list MANIFEST.sha256)
    check_exit 4 "forged: $1" verify_with /bin/dash own.sh forged
    check_has "  is found" "$OUT" "FAILED: $2"
}
leaf() { grep -lx "assay/v1 $1" bundle/leaves/* | sed -n '1s,bundle/,,p'; }
source=$(grep -l '^role source' bundle/leaves/* | xargs grep -lx 'assay/v1 chunk' | sed -n '1s,bundle/,,p')
forge 'a value in a leaf' 'leaves/.*: the signature by .*/source does not verify' "sed -i 's/^rows 3/rows 4/' $source"
forge 'a leaf left out' 'leaves/.*: (neither its proof nor all leaves|the statement that the role source made before it is missing)' "rm $source"
forge 'the last leaves left out' 'leaves: [0-9]+ are here, the checkpoint has [0-9]+' "rm \$(ls leaves/* | tail -2)"
forge 'two leaves swapped' 'leaves: their root is not that of the checkpoint' \
    "mv leaves/000000005 x && mv leaves/000000006 leaves/000000005 && mv x leaves/000000006"
forge 'a NUL in a leaf' 'MANIFEST|leaves/' "printf '\\\\0' | dd of=$source bs=1 seek=20 conv=notrunc status=none"
forge 'another root' 'checkpoint: the signature' "sed -i '3s/^A/C/;t;3s/^./A/' checkpoint"
forge 'a hash of an archived file' 'objects.sha256: no leaf says' "sed -i 's/^./0/;s/^0\\(.\\)/\\1\\1/' objects.sha256"
forge 'a blob' 'blobs/.*: its name is not its SHA-256' "for f in blobs/*; do echo >>\$f; break; done"
forge 'the key of another role' 'keys/source-.*: is not the key of the policy' 'cp keys/archive-*.pem "$(echo keys/source-*.pem)"'
forge 'two roles with one key' 'policy: this key stands twice' \
    "rm keys/source-*.pem && cp keys/archive-*.pem \$(echo keys/archive-*.pem | sed s/archive/source/) &&
    sed -i 's,^role source .*,role source '\"\$(sed -n 's/^role archive //p' policy)\"',' policy"
forge 'a role that may state more' 'leaves/.*: (the role|is not signed)' "sed -i 's/^chunk .*/chunk reconcile/' kinds"

# Somebody signs again what he has signed, as if another statement had been made before; the ledger takes it in.
sed '/^$/,$d; s/^prev-own .*/prev-own sha256:'"$(printf '%064d' 5)"'/' "bundle/$source" >text
sign_note source text >note
rm -rf forged && cp -r bundle forged
check 'a statement that follows another, which is kept back' "$python" "$REPO/tests/e2e/evidence_forge.py" forged keys note
check_exit 4 'shows that' verify_with /bin/dash own.sh forged
check_has 'and where' "$OUT" 'FAILED: leaves/[0-9]+: the statement that the role source made before it is missing$'
sed '/^$/,$d; s/^prev-own .*/prev-own sha256:'"$({ printf '\0'; cat "$(grep -lx 'role archive' bundle/leaves/* | head -n 1)"; } | sha256sum | cut -c1-64)"'/' "bundle/$source" >text
sign_note source text >note
rm -rf forged && cp -r bundle forged
check 'one that follows a statement of somebody else' "$python" "$REPO/tests/e2e/evidence_forge.py" forged keys note
check_exit 4 'is found' verify_with /bin/dash own.sh forged
check_has 'with the role' "$OUT" 'FAILED: leaves/[0-9]+: it follows a statement of the role archive$'

# A statement about a time stamp that says another time than the token does; and the time of a token, which must be right
# to the second, for whether its certificate was valid is judged by it.
anchor=$(grep -lx 'type timestamp' bundle/leaves/*)
next=$(printf %09d "$(find bundle/leaves -type f | wc -l)")
sed '/^$/,$d; s/^time .*/time 2020-01-01T00:00:00Z/' "$anchor" >text
sign_note reconcile text >note
rm -rf forged && cp -r bundle forged && cp "bundle/tokens/${anchor##*/}.pem" "forged/tokens/$next.pem"
check 'a time stamp that is said to be older' "$python" "$REPO/tests/e2e/evidence_forge.py" forged keys note
check_exit 4 'is found' verify_with /bin/dash own.sh forged
check_has 'with both times' "$OUT" 'FAILED: leaf [0-9]+: its token says 20[0-9-]+T[0-9:]+Z, the statement 2020-01-01T00:00:00Z$'
"$python" - >moments <<'PY'
import datetime, random
rng, epoch = random.Random(1), datetime.datetime(1970, 1, 1)
edges = [0, 951782399, 951782400, 951868800, 1709164800, 1709251199, 4107542399, 4107542400, 253402300799]
for s in edges + [rng.randrange(2**33) for _ in range(200)]:
    t = epoch + datetime.timedelta(seconds=s)
    print(t.strftime("%b"), t.day, t.strftime("%H:%M:%S") + rng.choice(["", ".5"]), t.year, s, t.strftime("%Y-%m-%dT%H:%M:%SZ"))
PY
{ sed -n '/^is_number()/,/^}/p; /^seconds()/,/^}/p' own.sh && echo 'while read -r m d c year s t; do seconds $m $d $c $year; echo "$m $d $c $year $seconds $stamp_time"; done'; } >seconds.sh
check_same 'two hundred times of openssl, as seconds' moments <(verify_with /bin/dash seconds.sh <moments)

# A sample: some leaves, with proofs.
check 'a sample' assay evidence plan.yaml --out sample --sample 1
check 'has proofs' test -s "sample/proofs/$(basename "$source").tlog-proof"
check 'and verifies' verify_with ./sh own.sh sample
check_has 'by its proofs' "$OUT" '^ok: each of them is in the tree of the checkpoint'
check_has 'with the statements of both sides' "$OUT" '^ok: 1 chunks of which both sides state the same'
mv sample/proofs/000000003.tlog-proof x
cp bundle/leaves/000000002 sample/leaves/000000002 2>/dev/null
check_exit 4 'a proof left out' verify_with /bin/dash own.sh sample
check_exit 3 'a dataset that is not there' assay evidence plan.yaml --out none --dataset nobody
check 'leaves nothing behind' test ! -e none

# A reconciler that lies: a mismatch that it calls a match, signed with its own key and taken in by the ledger.
sed -i 's/,c$/,x/' archive/t.csv
check_exit 1 'a damaged archive' assay check plan.yaml
check 'its evidence' assay evidence plan.yaml --out damaged
check 'is whole' verify_with /bin/dash own.sh damaged
check_has 'and says what was found' "$OUT" '^ok: verdicts: 1 match, 1 mismatch, 0 unverified; 2 recomputed'
lie() { # SED-COMMAND: the mismatch's leaf, changed and signed again, into the ledger
    sed '/^$/,$d' "$(grep -lx 'verdict mismatch' damaged/leaves/*)" | sed "$1" >text
    sign_note reconcile text >note
    append_note plan.yaml note
}
check 'a false verdict about the chunk' lie 's/^verdict mismatch/verdict match/;/^kind /d;/^reason /d'
check 'in a bundle' assay evidence plan.yaml --out lied
check_exit 4 'is found' verify_with /bin/dash own.sh lied
check_has 'by the statements that it is about' "$OUT" 'FAILED: leaf [0-9]+: its verdict is match, but by the statements it is about it should be mismatch'
rm -rf lied
check 'another about all chunks at once' lie 's/^verdict mismatch/verdict match/;/^kind /d;/^reason /d;/-leaf /d;s/^\(segment\|chunk\) .*/\1 */;s/^chunk .*/&\nchunks 1/'
check 'and alone in a bundle' assay evidence plan.yaml --out lied
last=$(cd lied/leaves && printf '%s\n' * | tail -1)
check_has 'as the last leaf' "lied/leaves/$last" '^chunks 1$'
check_exit 4 'is found, too' verify_with /bin/dash own.sh lied
sed -i 's/,x$/,c/' archive/t.csv

# A witness of openssl's making: its cosignature, and the quorum that the policy asks for.
openssl genpkey -algorithm ed25519 -out witness.pem
openssl genpkey -algorithm ed25519 -out absent.pem
vkey_of() { # PEM NAME
    local pub id
    pub=04$(openssl pkey -in "$1" -pubout -outform DER | tail -c 32 | xxd -p -c 64)
    id=$({ echo "$2"; xxd -r -p <<<"$pub"; } | sha256sum | cut -c1-8)
    openssl pkey -in "$1" -pubout -out "cosigned/keys/witness-$id.pem"
    echo "$2+$id+$(xxd -r -p <<<"$pub" | base64)"
}
rm -rf cosigned
cp -r bundle cosigned
check 'a ledger of one leaf' "$python" "$REPO/tests/e2e/evidence_forge.py" --keep 1 cosigned keys
cp cosigned/checkpoint cosigned/policy .
w1=$(vkey_of witness.pem w.example/1)
w2=$(vkey_of absent.pem w.example/2)
sed '/^$/,$d' checkpoint >text
{ printf 'cosignature/v1\ntime 1700000000\n'; cat text; } >message
openssl pkeyutl -sign -inkey witness.pem -rawin -in message -out signature
id=${w1#*+}
cosign() { # TIME: the witness's line, as of a time that it signed or not
    echo "— w.example/1 $({ printf '%s%016x' "${id%%+*}" "$1" | xxd -r -p; cat signature; } | base64 -w 0)"
}
cosigned() { # EXIT WHAT TIME POLICY: a checkpoint with that line under a policy that ends so
    { cat checkpoint; cosign "$3"; } >cosigned/checkpoint
    { grep -v '^quorum' policy; printf 'witness a %s\nwitness b %s\n%b' "$w1" "$w2" "$4"; } >cosigned/policy
    (cd cosigned && rm -f MANIFEST.sha256 && { find . -maxdepth 1 -type f | LC_ALL=C sort; find . -mindepth 2 -type f | LC_ALL=C sort; } |
        sed 's,^\./,,' | xargs sha256sum >../list && mv ../list MANIFEST.sha256)
    check_exit "$1" "$2" verify_with /bin/dash own.sh cosigned
}
cosigned 0 'a cosigned checkpoint' 1700000000 'quorum a\n'
check_has 'is told' "$OUT" '^ok: the first [0-9]+ leaves were cosigned by w.example/1 at 1700000000 '
cosigned 0 'one of a group of two' 1700000000 'group g any a b\ngroup h all g\nquorum h\n'
cosigned 4 'all of a group of which one has not signed' 1700000000 'group g all a b\nquorum g\n'
check_has 'is too few' "$OUT" 'FAILED: checkpoint: the witnesses that the policy asks for'
cosigned 4 'two of them' 1700000000 'group g 2 a b\nquorum g\n'
cosigned 4 'one witness counted twice' 1700000000 'group g 2 a a\nquorum g\n'
check_has 'is told' "$OUT" '^FAILED: policy: group g: "a" is a member of a group already$'
cosigned 4 'or by two groups' 1700000000 'group g 1 a\ngroup h 1 a\ngroup i 2 g h\nquorum i\n'
check_has 'is told' "$OUT" '^FAILED: policy: group h: "a" is a member of a group already$'
cosigned 4 'a group of what is not there yet' 1700000000 'group g 1 a c\nquorum g\n'
check_has 'is told' "$OUT" '^FAILED: policy: group g: "c" is no witness or group before it$'
cosigned 4 'the witness that has not signed' 1700000000 'quorum b\n'
cosigned 4 'a time that the witness did not sign' 1700000001 'quorum none\n'
check_has 'is found' "$OUT" 'FAILED: checkpoint: the cosignature by w.example/1 does not verify'

# The second script: a chunk's root from its revealed rows.
key=$(printf '%064d' 7)
printf 'key,row\n%s,%s\n%s,%s\n' 8002 aa02 8001 aa01 >rows.csv
check 'chunk_root.py' "$python" bundle/chunk_root.py --key "$key" rows.csv
root=$(sed -n 's/^root \([0-9a-f]*\) .*/\1/p' "$OUT")
by_hand() { # KEYHEX ROWHEX: a leaf's hash, by openssl and sha256sum
    local salt rd
    salt=$(printf '11%s' "$1" | xxd -r -p | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | xxd -p -l 16)
    rd=$(printf '10%s%s' "$salt" "$2" | xxd -r -p | sha256sum | cut -c1-64)
    printf '00%08x%s%08x%s' $((${#1} / 2)) "$1" 0 "$rd" | xxd -r -p | sha256sum | cut -c1-64
}
printf '01%s%s' "$(by_hand 8001 aa01)" "$(by_hand 8002 aa02)" | xxd -r -p | sha256sum | cut -c1-64 >wanted
check_same 'gives the root that openssl gives' wanted <(echo "$root")
commit=$(printf '30%s' "$key" | xxd -r -p | sha256sum | cut -c1-64)
check 'is content with the right commitment and root' "$python" bundle/chunk_root.py --key "$key" --commit "$commit" --expect "$root" rows.csv
printf 'key,row\n%s,%s\n%s,%s\n' 8002 aa02 8001 aa03 >rows.csv
check_exit 1 'another row has another root' "$python" bundle/chunk_root.py --key "$key" --expect "$root" rows.csv

# Rows as values: cells, key bytes, row form and row bytes as the oracle has them.
check 'values become the bytes that the oracle makes of them' "$python" "$REPO/tests/e2e/evidence_rows.py" bundle/chunk_root.py "$REPO"
printf 'id:integer:1,v:text\n1,a\n2,\\N\n' >one.csv
printf 'v:text,id:integer:1\r\n\\N,2\r\n"a",1\r\n' >two.csv
printf 'id:integer:1,v:text\n1,a\n2,\n' >empty.csv
check 'a chunk as CSV' "$python" bundle/chunk_root.py --key "$key" one.csv
root=$(sed -n 's/^root \([0-9a-f]*\) rows 2$/\1/p' "$OUT")
check 'in another order and spelling' "$python" bundle/chunk_root.py --key "$key" --expect "sha256:$root" two.csv
check_exit 1 'an empty text is not NULL' "$python" bundle/chunk_root.py --key "$key" --expect "$root" empty.csv
printf 'id:integer:1,v:text\n1.5,a\n' >bad.csv
check_exit 3 'a value that is none of its type' "$python" bundle/chunk_root.py --key "$key" bad.csv

# A sealed dataset: the root of a chunk, again, from its revealed rows and its key, in plain Python.
mkdir sealed && cd sealed || exit 1
sqlite3 s.db "CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT, amount INTEGER, day TEXT);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)
    INSERT INTO t SELECT i * 3, CASE WHEN i % 50 THEN 'Erika \"' || i || '\"' END, i * 10, date('2024-01-01', (i % 90) || ' days') FROM n"
sqlite3 -csv -header s.db 'SELECT * FROM t ORDER BY amount % 7, id DESC' >t.csv
check 'keys' assay init sqlite:s.db t.csv --table t --output init.yaml --origin example.com/sealed
cat >plan.yaml <<'PLAN'
assay: 1
origin: example.com/sealed
digest: sealed
datasets:
  t:
    id: 0f3c5e1a-7a57-4f0e-9c43-2b8f5b8a1d01
    source: {locator: "sqlite:s.db", table: t}
    archive: {locator: t.csv}
    columns: {id: integer, name: text, amount: decimal, day: date}
    key: [id]
    chunk_rows: 100
PLAN
check 'a sealed dataset' assay check plan.yaml
check 'its evidence' assay evidence plan.yaml --out bundle
cp t.csv kept.csv
printf 'x' >>t.csv
check_exit 1 'is whole, but an archived file has changed since' verify_with /bin/dash ../own.sh bundle .
check_has 'which is named' "$OUT" '^  t.csv: FAILED$'
check_has 'the verdict of its day stands' "$OUT" '^ok: verdicts: 1 match, 0 mismatch, 0 unverified; 1 recomputed'
mv kept.csv t.csv
statement=$(grep -lx 'ordinal 1' bundle/leaves/* | xargs grep -lx 'role source')
check_has 'its bounds are sealed' "$statement" '^lo-tag [0-9a-f]{32}$'
check_lacks '... and nobody reads them' "$statement" '^(lo|hi|lo-text|hi-text) '
check 'who has the rows opens them' assay report plan.yaml --reveal --report ndjson:opened.ndjson
"$python" <<'REVEAL'
import csv, json
said = next(c for c in map(json.loads, open("opened.ndjson")) if c.get("ordinal") == 1)
rows = [r for r in csv.reader(open("t.csv")) if r[0].isdigit() and int(said["lo"]) <= int(r[0]) < int(said["hi"])]
out = csv.writer(open("rows.csv", "w"))
out.writerow(["id:integer:1", "name:text", "amount:decimal", "day:date"])
out.writerows([value or "\\N" for value in row] for row in rows)
REVEAL
check 'the key of a chunk' assay ledger keyring plan.yaml --reveal --dataset t --segment all --chunk 1
key=$(cat "$OUT")
check_exit 2 'of which' assay ledger keyring plan.yaml --reveal --dataset t --segment all
check_exit 3 'of one that is not there' assay ledger keyring plan.yaml --reveal --dataset t --segment all --chunk 7
for role in source archive; do
    statement=$(grep -lx 'ordinal 1' bundle/leaves/* | xargs grep -lx "role $role")
    check "the root that the $role's checker signed, from the rows of the archive" "$python" bundle/chunk_root.py --key "$key" --leaf "$statement" rows.csv
    check_has '... 100 of them' "$OUT" '^root [0-9a-f]{64} rows 100$'
done
sed 's/Erika/erika/' rows.csv >other.csv
check_exit 1 'other rows' "$python" bundle/chunk_root.py --key "$key" --leaf "$statement" other.csv
check_has '... have another root' "$OUT" '^the root is not that of the statement$'
sed 's/amount:decimal/amount:integer/; s/day:date/day:text/' rows.csv >other.csv
check_exit 1 'other types' "$python" bundle/chunk_root.py --key "$key" --leaf "$statement" other.csv
check_has '... are not the row form' "$OUT" '^the columns, their types or the key are not those of the statement$'
sed '$d' rows.csv >other.csv
check_exit 1 'a row less' "$python" bundle/chunk_root.py --key "$key" --leaf "$statement" other.csv
check_has '... is counted' "$OUT" '^the statement is about 100 rows$'
check_exit 1 'the key of another chunk' "$python" bundle/chunk_root.py --key "$(assay ledger keyring plan.yaml --reveal --dataset t --segment all --chunk 0)" --leaf "$statement" rows.csv
check_has '... is not what the statement commits to' "$OUT" '^the key is not the one that the statement commits to$'
check_exit 3 'a statement of another kind' "$python" bundle/chunk_root.py --key "$key" --leaf bundle/leaves/000000000 rows.csv
cd .. || exit 1
