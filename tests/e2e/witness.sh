#!/usr/bin/env bash
# Proofs, policies, old reports, tiles, witnesses and time stamps: the ledger before somebody who trusts nobody.
. "$(dirname "$0")/lib.sh"

sqlite3 app.db "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); INSERT INTO t VALUES (1, 'a'), (2, 'b')"
mkdir archive
printf 'id,v\n1,a\n2,b\n' >archive/t.csv
check 'init' assay init sqlite:app.db archive/t.csv --table t --origin example.com/t
check 'check' assay check plan.yaml --report html:old.html --report json:old.json
cp ledger.db.checkpoint old.checkpoint
cp -r ledger.db ledger.db.checkpoint keys plan.yaml app.db archive "$(mkdir -p copy && echo copy)"

# ---- proofs ----
check 'ledger prove' assay ledger prove plan.yaml --leaf 4 --out 4.tlog-proof
check 'a proof by the keys' assay ledger verify-proof 4.tlog-proof --keys keys
check_has 'says what it proves' "$OUT" '^ok: leaf 4 of example.com/t, in the tree [0-9]+:[0-9a-f]{8}, cosigned by 0 witnesses, signed by the role source$'
assay ledger show plan.yaml 4 >4.note
check 'the leaf as a file of its own' assay ledger verify-proof 4.tlog-proof 4.note --keys keys
assay ledger show plan.yaml 5 >5.note
check_exit 4 'another leaf' assay ledger verify-proof 4.tlog-proof 5.note --keys keys
check_has 'is not there' "$ERR" 'the leaf is not number 4 of the tree of [0-9]+ that its checkpoint signs'
check_exit 3 'a leaf that is not there' assay ledger prove plan.yaml --leaf 4000
check_exit 2 'no leaf named' assay ledger prove plan.yaml
check_exit 2 'nobody to believe' assay ledger verify-proof 4.tlog-proof
sed 's/^index 4$/index 5/' 4.tlog-proof >moved.tlog-proof
check_exit 4 'a proof for another place' assay ledger verify-proof moved.tlog-proof --keys keys

# ---- policy ----
{
    echo "# who is believed"
    echo "log $(cat keys/ledger.key.pub)"
    for role in owner source archive reconcile; do echo "role $role $(cat keys/$role.key.pub)"; done
} >roles
{ cat roles && echo 'quorum none'; } >trust.policy
check 'a proof by a policy' assay ledger verify-proof 4.tlog-proof --policy trust.policy
check 'the ledger by a policy' assay ledger verify plan.yaml --policy trust.policy
{ grep -v '^role source' roles && echo 'quorum none'; } >other.policy
check_exit 4 'a policy without the role' assay ledger verify-proof 4.tlog-proof --policy other.policy
check_has 'says so' "$ERR" 'no key that the policy has for the role source signed it'
check_exit 4 'nor does the ledger hold under it' assay ledger verify plan.yaml --policy other.policy
{ cat roles && echo "role auditor $(cat keys/owner.key.pub)" && echo 'quorum none'; } >shared.policy
check_exit 4 'a policy in which two roles share a key' assay ledger verify plan.yaml --policy shared.policy
check_has 'names both' "$ERR" 'policy line 7: the roles owner and auditor have the same key'

# ---- old reports ----
check 'grow' assay verify plan.yaml --side source
for old in old.html old.json old.checkpoint 4.tlog-proof; do
    check "grown out of $old" assay ledger verify plan.yaml --against $old
done
check_has 'says which' "$OUT" '^grown out of 4.tlog-proof, which has the tree [0-9]+:[0-9a-f]{8}$'
check 'as JSON' assay ledger verify plan.yaml --against old.html --against old.json --json
cp "$OUT" verified.json
check 'both' jq -e '.ok and (.against | length == 2) and .against[0].short == .against[1].short' verified.json
assay report plan.yaml --report html:new.html --report json:new.json >/dev/null 2>&1
for new in new.html new.json; do
    check_exit 4 "an older copy of database and checkpoint against $new" assay ledger verify copy/plan.yaml --against $new
    check_has 'is found out' "$ERR" 'signed for [0-9]+ leaves, this ledger has [0-9]+: leaves are gone'
done
check 'the copy goes its own way' assay verify copy/plan.yaml --side source
check 'longer than the other' assay verify copy/plan.yaml --side archive
check_exit 4 'two histories under one name' assay ledger verify copy/plan.yaml --against new.json
check_has 'are found out' "$ERR" 'there are two histories under one name'
sed 's/^example.com\/t$/example.com\/u/' old.checkpoint >forged.checkpoint
check_exit 4 'a forged checkpoint' assay ledger verify plan.yaml --against forged.checkpoint
check_exit 4 'a file without one' assay ledger verify plan.yaml --against plan.yaml

# ---- tiles ----
check 'publish' assay ledger publish plan.yaml --tiles tiles
check_has 'says how much' "$OUT" '^tiles: [0-9]+ leaves, [0-9]+ files new$'
check_same 'the checkpoint last' tiles/checkpoint ledger.db.checkpoint
size=$(sed -n 2p tiles/checkpoint)
check 'a bundle of entries' test -s "tiles/tile/entries/000.p/$size"
check 'a tile of 32 bytes a leaf' test "$(stat -c %s "tiles/tile/0/000.p/$size")" -eq $((32 * size))
check 'again' assay ledger publish plan.yaml --tiles tiles
check_has 'adds nothing' "$OUT" ' 0 files new$'
mkdir lost && cp plan.yaml lost/ && cp -r keys lost/
check 'recover' assay ledger recover lost/plan.yaml --from tiles
check_has 'verifies' "$OUT" '^.*ledger.db: [0-9]+ leaves, root .*, verified$'
for table in leaf checkpoint node leaf_index; do
    check_same "byte for byte: $table" <(sqlite3 -readonly ledger.db "SELECT * FROM $table ORDER BY 1, 2" | xxd) <(sqlite3 -readonly lost/ledger.db "SELECT * FROM $table ORDER BY 1, 2" | xxd)
done
check_same 'byte for byte: blob' <(sqlite3 -readonly ledger.db 'SELECT hex(sha256), hex(body) FROM blob ORDER BY 1') <(sqlite3 -readonly lost/ledger.db 'SELECT hex(sha256), hex(body) FROM blob ORDER BY 1')
check 'the same files again' assay ledger publish lost/plan.yaml --tiles again
check 'byte for byte' diff -r tiles again
check_exit 3 'a ledger is never overwritten' assay ledger recover lost/plan.yaml --from tiles
rm lost/ledger.db
cp -r tiles old-tiles
check 'more leaves' assay verify plan.yaml --side source
check 'published' assay ledger publish plan.yaml --tiles tiles
cp ledger.db.checkpoint lost/
check_exit 4 'tiles that are behind a published checkpoint' assay ledger recover lost/plan.yaml --from old-tiles
check_has 'are refused' "$ERR" 'is for [0-9]+ leaves, the tiles have [0-9]+: newer ones are somewhere'
check 'the newer ones do' assay ledger recover lost/plan.yaml --from tiles
size=$(sed -n 2p tiles/checkpoint)
for damage in "tile/entries/000.p/$size" "checkpoints/$(ls tiles/checkpoints | sort -n | head -n 1)" "$(cd tiles && find blob -type f | sort | head -n 1)" checkpoint; do
    rm -rf lost/ledger.db* bad-tiles && cp -r tiles bad-tiles
    python3 -c 'import sys; b = bytearray(open(sys.argv[1], "rb").read()); b[len(b) // 3] ^= 1; open(sys.argv[1], "wb").write(b)' "bad-tiles/$damage"
    check_exit 4 "damage of ${damage%%/*} is found" assay ledger recover lost/plan.yaml --from bad-tiles
    check "and nothing stays behind" test ! -e lost/ledger.db
done
rm -rf lost/ledger.db*
check_exit 4 'another history' assay ledger publish copy/plan.yaml --tiles tiles

# ---- witnesses ----
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY
servers=''
stop_servers() {
    for pid in $servers; do kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null; done
    servers=''
}
trap 'stop_servers; finish' EXIT
# serve NAME: a witness of that name on a free port; its address in $url
serve() {
    mkfifo "$1.out"
    assay serve --witness --key "$1.key" --policy known.policy --state "$1.state" --listen 0 >"$1.out" 2>>"$1.log" &
    servers="$servers $!"
    read -r url _ <"$1.out" || not_ok "witness $1 starts" "$(cat "$1.log")"
    rm "$1.out"
}
for w in w1 w2; do assay serve --witness --key $w.key --new-key witness.example/$w >$w.vkey; done
check_has 'a witness key' w1.vkey '^witness.example/w1\+[0-9a-f]{8}\+B[A-Za-z0-9+/=]+$'
echo 'quorum none' >none.policy
check_exit 2 'a witness that knows no ledger' assay serve --witness --key w1.key --policy none.policy --state x --listen 0
{ echo "log $(cat keys/ledger.key.pub)" && echo 'quorum none'; } >known.policy
serve w1 && w1=$url
serve w2 && w2=$url
{ cat roles; echo "witness w1 $(cat w1.vkey) $w1"; echo "witness w2 $(cat w2.vkey) $w2"; echo 'group both all w1 w2'; echo 'quorum both'; } >both.policy
check_exit 3 'not cosigned yet' assay ledger verify plan.yaml --policy both.policy
check_has 'says so' "$ERR" "no checkpoint has the cosignatures that the policy's quorum asks for"
check 'one witness' assay ledger witness plan.yaml "$w1" --vkey "$(cat w1.vkey)"
check_has 'cosigns' "$OUT" '^1 of 1 witnesses cosigned [0-9]+ leaves$'
check_exit 3 'is not both' assay ledger verify plan.yaml --policy both.policy
check 'both' assay ledger witness plan.yaml --policy both.policy
check_has 'but for one there is nothing new' "$OUT" '^1 of 2 witnesses cosigned [0-9]+ leaves; for the others nothing is new$'
check 'more leaves' assay verify plan.yaml --side source
check 'both again' assay ledger witness plan.yaml --policy both.policy
check_has 'cosign' "$OUT" '^2 of 2 witnesses cosigned [0-9]+ leaves$'
check 'with the quorum' assay ledger verify plan.yaml --policy both.policy
check_has 'it says how far' "$OUT" '^under the policy: the first [0-9]+ leaves, cosigned by 2 witnesses$'
check 'a proof under the cosigned checkpoint' assay ledger prove plan.yaml --leaf 4 --policy both.policy --out cosigned.tlog-proof
check 'has both' assay ledger verify-proof cosigned.tlog-proof --policy both.policy
check_has 'and says so' "$OUT" 'cosigned by 2 witnesses, signed by the role source$'
check_exit 4 'a proof without them' assay ledger verify-proof 4.tlog-proof --policy both.policy
check 'nothing new' assay ledger witness plan.yaml --policy both.policy
check_has 'asks nobody' "$OUT" '^0 of 2 witnesses cosigned'
check 'the anchors are leaves' assay ledger log plan.yaml --kind anchor --json
cp "$OUT" anchors.ndjson
check 'with type, size and time' jq -es 'length == 3 and all(.fields.type == "cosignature" and (.fields.size | tonumber) > 0 and .fields.time != null)' anchors.ndjson
check 'curl finds the cosigned checkpoint' python3 -c '
import hashlib, sys, urllib.request
name = hashlib.sha256(b"example.com/t").hexdigest()
urllib.request.install_opener(urllib.request.build_opener(urllib.request.ProxyHandler({})))
text = urllib.request.urlopen(sys.argv[1] + name + "/checkpoint").read().decode()
assert text.startswith("example.com/t\n") and "witness.example/w1 " in text, text' "$w1"
check 'hostile requests are answered' python3 -c '
import sys, urllib.request, urllib.error
urllib.request.install_opener(urllib.request.build_opener(urllib.request.ProxyHandler({})))
def ask(path, body, method="POST"):
    try:
        return urllib.request.urlopen(urllib.request.Request(sys.argv[1] + path, body, method=method)).status
    except urllib.error.HTTPError as e:
        e.read()
        return e.code
got = [ask("add-checkpoint", b"old 0\n"), ask("add-checkpoint", b"x" * 200000), ask("add-checkpoint", None, "GET"),
       ask("add-checkpoint", b"old 0\n\nnobody\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n\xe2\x80\x94 nobody AAAAAAAA\n"),
       ask("else", b"y"), ask("", None, "GET"), ask("a" * 64 + "/checkpoint", None, "GET")]
assert got == [400, 413, 404, 404, 404, 404, 404], got' "$w1"

# The copy, which went its own way, has the keys: both witnesses have seen another history.
check_exit 4 'the other history' assay ledger witness copy/plan.yaml --policy both.policy
check_has 'is found out' "$ERR" 'witness http://127.*: .*(leaves are gone, or this is an older copy|there are two histories under one name)'
check_lacks 'and not cosigned' <(assay ledger log copy/plan.yaml --kind anchor) anchor
stop_servers
check 'more leaves' assay verify plan.yaml --side source
before=$(assay ledger verify plan.yaml)
check_exit 3 'no witness is there' assay ledger witness plan.yaml --policy both.policy
check_has 'says so' "$ERR" "witness $w1: .*no answer: "
check_has 'and nothing is lost' <(assay ledger verify plan.yaml) "^$(sed 's/[()+]/./g' <<<"$before")"
check_exit 3 'a witness that has forgotten its key for us' assay ledger witness plan.yaml http://127.0.0.1:1/ --vkey "$(cat w1.vkey)"
check 'all of it verifies' assay ledger verify plan.yaml --against old.html

# ---- time ----
mkdir tsa
cat >tsa/tsa.cnf <<'CNF'
[tsa]
default_tsa = one
[one]
serial = tsa/serial
signer_cert = tsa/tsa.pem
signer_key = tsa/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
[ext]
extendedKeyUsage = critical,timeStamping
[ca]
basicConstraints = critical,CA:TRUE
CNF
# authority NAME DAYS: a CA and a time stamp certificate, P-256; in tsa/
authority() {
    openssl ecparam -name prime256v1 -genkey -noout -out tsa/ca.key &&
        openssl req -x509 -new -key tsa/ca.key -subj "/CN=$1 CA" -days 3650 -config <(printf '[req]\ndistinguished_name=d\nx509_extensions=ca\n[d]\n[ca]\nbasicConstraints=critical,CA:TRUE\n') -out "tsa/$1-ca.pem" &&
        openssl ecparam -name prime256v1 -genkey -noout -out tsa/tsa.key &&
        openssl req -new -key tsa/tsa.key -subj "/CN=$1" -config <(printf '[req]\ndistinguished_name=d\n[d]\n') -out tsa/tsa.csr &&
        openssl x509 -req -in tsa/tsa.csr -CA "tsa/$1-ca.pem" -CAkey tsa/ca.key -set_serial 1 -days "$2" -extfile tsa/tsa.cnf -extensions ext -out tsa/tsa.pem
} 2>/dev/null
cat >tsa/reply <<'REPLY'
#!/bin/sh
exec openssl ts -reply -config tsa/tsa.cnf -section one -queryfile /dev/stdin 2>/dev/null
REPLY
chmod +x tsa/reply
authority other 30
authority authority 30
check 'a time stamp by a command' assay ledger timestamp plan.yaml --tsa-ca tsa/authority-ca.pem -- tsa/reply
check_has 'says when, and who says so' "$OUT" '^[0-9]+ leaves existed at 20[0-9-]+T[0-9:]+Z, says /CN=authority$'
at=$(sed -n 's/.*-attime //p' "$OUT")
check 'nothing new' assay ledger timestamp plan.yaml --tsa-ca tsa/authority-ca.pem -- tsa/reply
check_has 'is not stamped' "$OUT" '^nothing but anchors since the last time stamp$'
assay ledger log plan.yaml --kind anchor --reverse --limit 1 --json >stamp.json
assay ledger show plan.yaml "$(jq -r .fields.checkpoint stamp.json)" >stamped.checkpoint
assay ledger show plan.yaml "$(jq -r .fields.token stamp.json)" >stamped.tsr
check 'openssl says the same' openssl ts -verify -data stamped.checkpoint -in stamped.tsr -CAfile tsa/authority-ca.pem -attime "$at"
check 'verified at its own time' assay ledger verify plan.yaml --tsa-ca tsa/authority-ca.pem
check_has 'it says so' "$OUT" '^1 time stamps: the first [0-9]+ leaves existed at 20[0-9-]+T[0-9:]+Z, says /CN=authority$'
check 'without anybody to believe' assay ledger verify plan.yaml
check_has 'it says that' "$OUT" '^not checked: 1 time stamps: .* says /CN=authority; who vouches for that: --tsa-ca FILE$'
check_exit 4 'an authority that nobody knows' assay ledger verify plan.yaml --tsa-ca tsa/other-ca.pem
check_has 'is refused' "$ERR" 'leaf [0-9]+: the time stamp is not signed by an authority of --tsa-ca, nor is any other'
check_exit 2 'a file without certificates' assay ledger verify plan.yaml --tsa-ca plan.yaml
check_has 'is no such' "$ERR" '--tsa-ca plan.yaml: no certificates \(PEM\) can be read there'
check 'more leaves' assay verify plan.yaml --side source
leaves=$(jq .leaves < <(assay ledger verify plan.yaml --json))
check_exit 3 'an authority that does not answer' assay ledger timestamp plan.yaml --tsa http://127.0.0.1:1/
check_has 'is named' "$ERR" 'http://127.0.0.1:1/: no answer: '
check_exit 3 'a command that fails' assay ledger timestamp plan.yaml -- false
check_exit 3 'a command that is not there' assay ledger timestamp plan.yaml -- ./nobody
check_exit 3 'a command that answers something else' assay ledger timestamp plan.yaml -- cat
check_has 'is told so' "$ERR" 'the answer is not an RFC 3161 response'
check_exit 3 'the answer to another question' assay ledger timestamp plan.yaml -- cat stamped.tsr
check_has 'is told so' "$ERR" 'not over the SHA-256 of this checkpoint'
check_exit 3 'by the wrong authority' assay ledger timestamp plan.yaml --tsa-ca tsa/other-ca.pem -- tsa/reply
check_has 'nothing of that was kept' <(assay ledger verify plan.yaml --json) "\"leaves\": $leaves,"
check_exit 2 'nobody to ask' assay ledger timestamp plan.yaml
cat >tsa/server.py <<'PY'
import http.server, subprocess
class Tsa(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        query = self.rfile.read(int(self.headers["Content-Length"]))
        good = self.headers["Content-Type"] == "application/timestamp-query"
        reply = subprocess.run(["tsa/reply"], input=query, capture_output=True).stdout if good else b""
        self.send_response(200)
        self.send_header("Content-Type", "application/timestamp-reply")
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)
    def log_message(self, *args):
        pass
server = http.server.HTTPServer(("127.0.0.1", 0), Tsa)
print("http://127.0.0.1:%d/" % server.server_port, flush=True)
server.serve_forever()
PY
mkfifo tsa/out
python3 tsa/server.py >tsa/out &
servers=$!
read -r tsa <tsa/out
check 'a time stamp over HTTP' assay ledger timestamp plan.yaml --tsa "$tsa" --tsa-ca tsa/authority-ca.pem
stop_servers
check 'two stamps' assay ledger verify plan.yaml --tsa-ca tsa/authority-ca.pem --json
cp "$OUT" verified.json
check 'both count' jq -e '.timestamp.stamps == 2 and .timestamp.traced' verified.json

# ---- the bundle of evidence ----
check_exit 3 'evidence under the policy' assay evidence plan.yaml --out seen --policy both.policy
check_has 'is not to be had before they have seen everything' "$ERR" 'the witnesses of the policy have seen [0-9]+ of [0-9]+ leaves: ask them with `assay ledger witness`'
check 'nothing is left behind' test ! -e seen
serve w1 && w1=$url
serve w2 && w2=$url
sed -i -e "s,^\(witness w1 [^ ]*\).*,\1 $w1," -e "s,^\(witness w2 [^ ]*\).*,\1 $w2," both.policy
check 'both witnesses' assay ledger witness plan.yaml --policy both.policy
stop_servers
check 'evidence under the policy' assay evidence plan.yaml --out seen --policy both.policy
check_has 'has its lines' seen/policy '^group both 2 w1 w2$'
check 'verifies under an authority that the auditor knows' sh seen/verify.sh --ca tsa/authority-ca.pem
cp "$OUT" said
check_has 'says so' said '^ok: 2 time stamps; .* says CN=authority, whom .*/tsa/authority-ca.pem vouches for$'
check_has 'and who has seen it' said '^ok: the first [0-9]+ leaves were cosigned by witness.example/w2 at 1[0-9]{9} seconds after 1970$'
check_has 'and that it is all' said '^ok: the witnesses that the policy asks for have seen all that is here$'
check_exit 4 'under another authority' sh seen/verify.sh --ca tsa/other-ca.pem
check_has 'the stamps do not count' "$OUT" 'FAILED: leaf [0-9]+: its time stamp of 20.* does not lead to a certificate of .*/tsa/other-ca.pem, nor does any other$'
check_exit 3 'under one that is not there' sh seen/verify.sh --ca nobody.pem
check 'a sample' assay evidence plan.yaml --out sample --policy both.policy --sample 1
check 'verifies, too' sh sample/verify.sh
check_has 'with both' "$OUT" '^ok: the witnesses that the policy asks for have seen all that is here$'
check_has 'and without an authority it says whom it does not know' "$OUT" \
    '^not checked: 2 time stamps; the first [0-9]+ leaves existed at 20[0-9-]+T[0-9:]+Z, says CN=authority; who vouches for that: --ca FILE$'
check_lacks 'and vouches for nothing' "$OUT" '^ok: .* time stamps'
# What VERIFY.txt says to do by hand, word for word.
by_hand() { # NTH WORD=VALUE...: its NTH block of commands
    local nth=$1 script word
    shift
    script=$(sed -n '/^By hand$/,$p' seen/VERIFY.txt | awk -v nth="$nth" '/^    /{ if (!in_block) n++; in_block = 1; if (n == nth) print; next } { in_block = 0 }')
    for word in "$@"; do script=${script//${word%%=*}/${word#*=}}; done
    (cd seen && sh -ec "$script" 2>&1)
    (cd seen && rm -f text sig raw message)
}
anchor=$(grep -l '^type cosignature' seen/leaves/* | tail -n 1)
cosigned=$(sed -n 's/^checkpoint sha256://p' "$anchor")
key=$(sed -n 's/^role reconcile [^+]*+\([0-9a-f]*\)+.*/reconcile-\1/p' seen/policy)
check_has 'a statement by hand' <(by_hand 1 leaves/N="leaves/${anchor##*/}" ROLE-ID="$key") '^Signature Verified Successfully$'
check_has 'a cosignature by hand' <(by_hand 3 LINE="$(grep '^— witness.example/w2 ' "seen/blobs/$cosigned")" keys/WITNESS="keys/witness-$(cut -d+ -f2 w2.vkey)" CHECKPOINT="$cosigned") '^Signature Verified Successfully$'
anchor=$(grep -l '^type timestamp' seen/leaves/* | head -n 1)
check_has 'a time stamp by hand' <(by_hand 2 CHECKPOINT="$(sed -n 's/^checkpoint sha256://p' "$anchor")" TOKEN="$(sed -n 's/^token sha256://p' "$anchor")" \
    CA.pem=../tsa/authority-ca.pem SECONDS="$(date -d "$(sed -n 's/^time //p' "$anchor")" +%s)") '^Verification: OK$'
forge() { rm -rf forged && cp -r seen forged && (cd forged && eval "$1") && python3 "$REPO/tests/e2e/evidence_forge.py" forged keys "${@:2}"; }
anchor=$(grep -l '^type timestamp' seen/leaves/* | head -n 1)
token=$(sed -n 's/^token sha256://p' "$anchor") number=${anchor##*/}
assay ledger show plan.yaml 0 >0.note
check 'a leaf that the witnesses have not seen' forge true 0.note
check_exit 4 'is not covered by them' sh forged/verify.sh
check_has 'says so' "$OUT" 'FAILED: leaf [0-9]+: the witnesses that the policy asks for have seen [0-9]+ leaves only$'
check 'a token of another checkpoint' forge "cp blobs/\$(sed -n 's/^token sha256://p' leaves/$(grep -l '^type timestamp' seen/leaves/* | tail -n 1 | sed 's,.*/,,')) blobs/$token"
check_exit 4 'is not the one that was cited' sh forged/verify.sh
check 'a certificate of somebody else' forge "cp ../tsa/other-ca.pem tokens/$number.pem"
check_exit 4 'has not signed the token' sh forged/verify.sh
check_has 'says so' "$OUT" 'FAILED: leaf [0-9]+: its time stamp of 20.* does not verify$'
check 'a proof of consistency with two lines less' forge true
size=$(find forged/consistency -type f | sort | sed -n '1s,.*/,,p')
sed -i 1,2d "forged/consistency/$size"
(cd forged && rm MANIFEST.sha256 && { find . -maxdepth 1 -type f | sort; find . -mindepth 2 -type f | sort; } | sed 's,^\./,,' | LC_ALL=C xargs sha256sum >../list && mv ../list MANIFEST.sha256)
check_exit 4 'leads nowhere' sh forged/verify.sh
check_has 'says so' "$OUT" 'FAILED: (consistency/[0-9]+: is broken|leaf [0-9]+: its checkpoint of [0-9]+ leaves is not of this ledger)$'

# A stamp by somebody else, who may be anybody, is told and does not count; it breaks nothing.
authority third 30
check 'more leaves' assay verify plan.yaml --side source
check 'a time stamp by another authority' assay ledger timestamp plan.yaml --tsa-ca tsa/third-ca.pem -- tsa/reply
for by in authority:2:1 third:1:2; do
    IFS=: read -r name own others <<<"$by"
    check "those of $name" assay ledger verify plan.yaml --tsa-ca "tsa/$name-ca.pem"
    check_has 'count' "$OUT" "^$own time stamps: .* says /CN=$name\$"
    check_has 'the others do not' "$OUT" "^$others time stamps by others, not counted\$"
done
check 'evidence with both' assay evidence plan.yaml --out three
for by in authority:2:1 third:1:2; do
    IFS=: read -r name own others <<<"$by"
    check "under $name" sh three/verify.sh --ca "tsa/$name-ca.pem"
    check_has 'its stamps count' "$OUT" "^ok: $own time stamps; .* says CN=$name, whom .*/tsa/$name-ca.pem vouches for\$"
    check_has 'the others do not' "$OUT" "^ok: $others time stamps by others, not counted\$"
done
check_exit 4 'none leads to a third' assay ledger verify plan.yaml --tsa-ca tsa/other-ca.pem
