#!/usr/bin/env bash
# Signing keys that are made, rotated and revoked: what the old ones signed before stays valid, what they sign later is refused.
. "$(dirname "$0")/lib.sh"

sqlite3 app.db "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); INSERT INTO t VALUES (1, 'a'), (2, 'b')"
mkdir archive
printf 'id,v\n1,a\n2,b\n' >archive/t.csv
check 'init' assay init sqlite:app.db archive/t.csv --table t
check 'check' assay check plan.yaml

check 'a key for a role that not every ledger has' assay ledger key plan.yaml --role approver
check_same 'its public line is printed' "$OUT" keys/approver.key.pub
check_has 'only its owner reads the private one' <(stat -c %a keys/approver.key) '^600$'
cp keys/approver.key before
check 'once more' assay ledger key plan.yaml --role approver
check_same 'changes nothing' before keys/approver.key
check_exit 2 'a role that there is not' assay ledger key plan.yaml --role nobody
check_exit 2 'the ledger key has a successor or none' assay ledger key plan.yaml --role ledger --revoke --rotate --reason r
check_exit 2 'a change wants a reason' assay ledger key plan.yaml --role archive --rotate

mkdir far
cp -rp app.db archive keys plan.yaml ledger.db ledger.db.checkpoint far/
check 'rotate' assay ledger key plan.yaml --role archive --rotate --reason yearly
leaf=$(sed -n 's/^leaf \([0-9]*\): .*/\1/p' "$OUT")
check 'the ledger verifies, old leaves and new' assay ledger verify plan.yaml
check 'both keys and the owner have signed it' bash -c "assay ledger show plan.yaml $leaf | grep -c '^— ' | grep -qx 3"
check 'the archive goes on under the new key' assay check plan.yaml
check 'an auditor who has the old public key follows' assay ledger verify --ledger ledger.db --keys far/keys
check 'the old key signs a statement' assay verify far/plan.yaml --side archive --spool old.spool
check_exit 4 'which is refused' assay ledger append plan.yaml old.spool
check_has 'and why' "$ERR" "signed by a key of role archive that leaf $leaf put out of use"
cp -r keys foreign
cp far/keys/approver.key.pub foreign/archive.key.pub
rm foreign/approver.key.pub
check_exit 4 'an auditor who has another key does not believe the chain' assay ledger verify --ledger ledger.db --keys foreign
check_has 'and is told so' "$ERR" 'archive\.key\.pub is none of the keys'

# Stopped after the ledger had it, before the files changed places.
cp -p keys/source.key source.key && cp -p keys/source.key.pub source.key.pub
check 'rotate the source' assay ledger key plan.yaml --role source --rotate --reason yearly
mv keys/source.key keys/source.key.next && mv keys/source.key.pub keys/source.key.next.pub
mv source.key keys/source.key && mv source.key.pub keys/source.key.pub
check_exit 4 'the old files sign nothing any more' assay verify plan.yaml --side source
check 'the same command again finishes it' assay ledger key plan.yaml --role source --rotate --reason yearly
check_has 'and says so' "$OUT" '^a change that was stopped is finished'
check 'all goes on' assay check plan.yaml

check 'the owner, too' assay ledger key plan.yaml --role owner --rotate --reason 'new owner'
check 'who then takes a key away without its consent' assay ledger key plan.yaml --role reconcile --revoke --rotate --reason 'laptop stolen'
check 'all goes on' assay check plan.yaml
check 'a bundle of evidence has every key that was in use' assay evidence plan.yaml --out bundle
check 'and verifies with openssl alone' sh bundle/verify.sh
check_has 'which follows the keys' "$OUT" '^ok: keys changed 4 times, each by a leaf of the owner; each leaf is signed by the key of its time$'
forge() { python3 "$REPO/tests/e2e/evidence_forge.py" forged keys "$@"; }
note_of() { python3 -c '
import sys
data, at = open(sys.argv[1], "rb").read(), 0
while not data[at:].startswith(b"note "):
    head = data[at:].split(b"\n", 1)[0]
    at += len(head) + 1 + (int(head.split()[1]) + 1 if head.startswith(b"blob ") else 0)
head = data[at:].split(b"\n", 1)[0]
at += len(head) + 1
sys.stdout.buffer.write(data[at:at + int(head.split()[1])])' "$1"; }
note_of old.spool >late.note
cp -r bundle forged
check 'a ledger that takes in what a retired key signed' forge late.note
check_exit 4 'is found by the same tools' sh forged/verify.sh
check_has 'which say by which leaf' "$OUT" "FAILED: leaves/[0-9]+: is signed by a key of the role archive that leaf $leaf put out of use\$"
rm -rf forged && cp -r bundle forged
check 'the leaf that retired it made a statement of something else' bash -c "
    { printf 'assay/v1 plan\\n'; sed '1d;/^\$/,\$d' forged/leaves/$(printf %09d "$leaf"); } >x && mv x forged/leaves/$(printf %09d "$leaf") && $(declare -f forge); forge"
check_exit 4 'is not signed so' sh forged/verify.sh
rm -rf forged && cp -r bundle forged
awk '/^role archive /{ key[++n] = $0; next } { print } END { while (n) print key[n--] }' bundle/policy >forged/policy
check 'the keys of a role in another order' forge
check_exit 4 'is not the order of the leaves' sh forged/verify.sh
check_has 'the first leaf shows it' "$OUT" 'FAILED: leaves/[0-9]+: is not signed by a key of the role archive$'
check 'a sample has them, too' assay evidence plan.yaml --out sample --sample 1
check 'and verifies' sh sample/verify.sh
check_has 'as the whole does' "$OUT" '^ok: keys changed 4 times, each by a leaf of the owner; each leaf is signed by the key of its time$'
turned=$(grep -lx 'of reconcile' sample/leaves/*)
rm "$turned" "sample/proofs/${turned##*/}.tlog-proof" sample/MANIFEST.sha256
(cd sample && { find . -maxdepth 1 -type f | sort; find . -mindepth 2 -type f | sort; } | sed 's,^\./,,' | LC_ALL=C xargs sha256sum >../list && mv ../list MANIFEST.sha256)
check_exit 4 'a sample without the leaf that changed a key' sh sample/verify.sh
check_has 'lacks it' "$OUT" 'FAILED: (leaves/[0-9]+: is not signed by a key of the role reconcile|keys/reconcile-[0-9a-f]+.pem: no leaf says that the role reconcile has this key)$'
check 'revoked without a successor' assay ledger key plan.yaml --role archive --revoke --reason 'side given up'
leaf=$(sed -n 's/^leaf \([0-9]*\): .*/\1/p' "$OUT")
check_exit 4 'it signs no more' assay verify plan.yaml --side archive
check_has 'by which leaf' "$ERR" "the key of role archive was revoked by leaf $leaf"
check 'what was signed before stays good' assay ledger verify plan.yaml

# The ledger's own key: the old one signs the checkpoint that covers its successor, the new one every later one.
cp -r keys old && cp ledger.db.checkpoint before.checkpoint
check 'an old report' assay report plan.yaml --report json:old.json
check 'publish, to be recovered' assay ledger publish plan.yaml --tiles tiles
check 'rotate the key of the ledger' assay ledger key plan.yaml --role ledger --rotate --reason yearly
leaf=$(sed -n 's/^leaf \([0-9]*\): .*/\1/p' "$OUT")
cp ledger.db.checkpoint handover
cp -p keys/ledger.key new.key && cp -p keys/ledger.key.pub new.key.pub
cp -p old/ledger.key old/ledger.key.pub keys/ && cp -p new.key keys/ledger.key.next && cp -p new.key.pub keys/ledger.key.next.pub
check_exit 4 'the old key signs nothing any more' assay verify plan.yaml --side source
check_has 'and is told why' "$ERR" "ledger\.key is not the key that signs the ledger.s checkpoints now .signed by a key of role ledger that leaf $leaf put out of use"
check 'what was stopped is finished by the same command' assay ledger key plan.yaml --role ledger --rotate --reason yearly
check_same 'with the key that was there' new.key keys/ledger.key
check 'statements go on under the new key' assay verify plan.yaml --side source
check 'all of it verifies' assay ledger verify plan.yaml
check 'also for who has the old public key' assay ledger verify --ledger ledger.db --keys old
check 'against an old report' assay ledger verify plan.yaml --against old.json
check 'against the checkpoint over the change' assay ledger verify --ledger ledger.db --keys old --against handover
check 'a proof under the newest checkpoint' assay ledger prove plan.yaml --leaf "$leaf" --out proof
check 'verifies with the new key' assay ledger verify-proof proof --keys keys
check_exit 4 'not with the old one alone' assay ledger verify-proof proof --keys old
printf 'log %s\nlog %s\nquorum none\n' "$(cat old/ledger.key.pub)" "$(cat keys/ledger.key.pub)" >both.policy
check 'a policy may have both' assay ledger verify-proof proof --policy both.policy
check 'and judges the ledger' assay ledger verify plan.yaml --policy both.policy
sed 1d both.policy >new.policy && sed 2d both.policy >old.policy
check_exit 4 'under the old key alone it does not' assay ledger verify plan.yaml --policy old.policy
check 'a bundle has both' assay evidence plan.yaml --out after
check 'and verifies with openssl alone' sh after/verify.sh
check_has 'by two keys of the ledger' <(grep -c '^log ' after/policy) '^2$'
check 'publish goes on' assay ledger publish plan.yaml --tiles tiles
mkdir again && cp -r keys again/keys
check 'what was published becomes a ledger again' assay ledger recover --from tiles --ledger again/ledger.db --keys again/keys
check 'which verifies' assay ledger verify --ledger again/ledger.db --keys again/keys
