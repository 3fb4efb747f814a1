#!/usr/bin/env bash
# Signing keys in a PKCS#11 token: SoftHSM, through the provider that fetch.sh unpacked into $BUILD/pkcs11. Run by
# `make test-pkcs11`, as anybody: token, PIN and configuration are this test's own.
. "$(dirname "$0")/../e2e/lib.sh"
module=$(find /usr/lib -name libsofthsm2.so 2>/dev/null | head -n 1)
provider=$(find "$BUILD/pkcs11" -name pkcs11.so 2>/dev/null | head -n 1)
[ -n "$module" ] && [ -n "$provider" ] || { not_ok 'SoftHSM and the PKCS#11 provider are there' 'run make test-pkcs11'; exit 1; }

# All that assay says is kept, to look for the PIN in it.
eval "$(declare -f check_exit | sed '1s/check_exit/check_told/')"
check_exit() {
    check_told "$@"
    cat "$OUT" "$ERR" >>"$TMP/told"
}

umask 077
pin=$(openssl rand -hex 12)
printf %s "$pin" >pin
printf %s 0000 >wrong.pin
mkdir tokens none
printf 'directories.tokendir = %s/tokens\nobjectstore.backend = file\nlog.level = ERROR\n' "$TMP" >softhsm.conf
sed 's,/tokens$,/none,' softhsm.conf >none.conf
# conf MODULE [PIN-FILE]: an OpenSSL that has the provider.
conf() {
    printf '%s\n' 'openssl_conf = o' '[o]' 'providers = p' '[p]' 'default = d' 'pkcs11 = t' '[d]' 'activate = 1' \
        '[t]' "module = $provider" "pkcs11-module-path = $1" ${2:+"pkcs11-module-token-pin = file:$2"} 'activate = 1'
}
conf "$module" "$TMP/pin" >openssl.cnf
conf "$module" "$TMP/wrong.pin" >wrong.cnf
conf "$module" >nopin.cnf
conf "$TMP/no-module.so" "$TMP/pin" >nomodule.cnf
export SOFTHSM2_CONF=$TMP/softhsm.conf
token() { OPENSSL_CONF=/dev/null PIN=$pin pkcs11-tool --module "$module" --login --pin env:PIN "$@" >>tool.log 2>&1; }
check 'a token' softhsm2-util --init-token --free --label card --so-pin "$(openssl rand -hex 8)" --pin "$pin"
n=0 bad=0
for role in owner source archive reconcile ledger approver archive-2 ledger-2; do
    n=$((n + 1))
    token --keypairgen --key-type EC:edwards25519 --label $role --id "0$n" || bad=1
done
token --keypairgen --key-type EC:prime256v1 --label p256 --id 20 || bad=1
[ $bad -eq 0 ] && ok 'has nine keys' || not_ok 'has nine keys' "$(tail -n 5 tool.log)"
export OPENSSL_CONF=$TMP/openssl.cnf
uri() { printf 'pkcs11:token=card;object=%s;type=private' "$1"; }

mkdir keys archive
for role in owner source archive reconcile ledger; do printf 'store %s\n' "$(uri $role)" >keys/$role.key; done
sqlite3 app.db "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); INSERT INTO t VALUES (1, 'a'), (2, 'b');
CREATE TABLE many (id INTEGER PRIMARY KEY);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 16000) INSERT INTO many SELECT i FROM n"
for table in t many; do sqlite3 -csv -header app.db "SELECT * FROM $table" >archive/$table.csv; done
check 'init takes the keys that the token has' assay init sqlite:app.db archive/t.csv --table t
check_has 'and writes their public halves' <(cat keys/*.key.pub | wc -l) '^5$'
check_lacks 'no private key is a file' <(cat keys/*) 'BEGIN'
check 'check' assay check -v plan.yaml
check_has 'the sides are equal' "$OUT" '^MATCH: 2 rows'
check 'the ledger verifies' assay ledger verify plan.yaml

mkdir many && cp -r keys many/
check 'another ledger' assay init sqlite:app.db archive/many.csv --table many --output many/plan.yaml
sed -i 's/^    archive:/    chunk_rows: 16\n&/' many/plan.yaml
check 'one side states a thousand chunks with the token' assay verify many/plan.yaml --side source
assay verify many/plan.yaml --side source >one.out 2>&1 &
one=$!
check 'so does the other' assay verify many/plan.yaml --side archive
wait $one && ok 'and both at once' || not_ok 'and both at once' "$(cat one.out)"
cat one.out >>told
check 'all of them are good' assay check -v many/plan.yaml
check_has 'and equal' "$OUT" 'MATCH: 16,000 rows in 1,000 chunks'
sed -e 's,{locator: archive/t.csv\,,{locator: "exec:cat archive/t.csv"\, format: csv\,,' plan.yaml >exec.yaml
check 'a command is run while the token is open' assay check exec.yaml

check 'a role gets its key from the token' assay ledger key plan.yaml --role approver --store "$(uri approver)"
check_same 'its public line is printed' "$OUT" keys/approver.key.pub
check_has 'the file says where it is' keys/approver.key "^store $(uri approver)\$"
check_has 'to its owner alone' <(stat -c %a keys/approver.key) '^600$'
check 'the same again' assay ledger key plan.yaml --role approver --store "$(uri approver)"
check 'sixty times, four at once: who opens a key hides the token from nobody' bash -c \
    "yes '$(uri approver)' | head -n 60 | xargs -P 4 -I URI assay ledger key plan.yaml --role approver --store URI"
check_exit 2 'another key is no such change' assay ledger key plan.yaml --role approver --store "$(uri archive-2)"
check_has 'but a rotation' "$ERR" 'approver\.key\.pub is there already, of another key: --rotate changes a key'

check 'from one key of the token to another' assay ledger key plan.yaml --role archive --rotate --reason 'new key' --store "$(uri archive-2)"
check 'from the token to a file' assay ledger key plan.yaml --role source --rotate --reason 'card is full'
check_has 'which is one' keys/source.key 'BEGIN PRIVATE KEY'
check 'it signs' assay verify plan.yaml --side source
token --keypairgen --key-type EC:edwards25519 --label source-2 --id 30
check 'and back to the token' assay ledger key plan.yaml --role source --rotate --reason 'new card' --store "$(uri source-2)"
check 'the key of the ledger, too' assay ledger key plan.yaml --role ledger --rotate --reason 'new key' --store "$(uri ledger-2)"
check 'a key is taken away, another put in its place' assay ledger key plan.yaml --role reconcile --revoke --rotate --reason lost
check 'and it goes on' assay check -v plan.yaml
check 'the ledger verifies' assay ledger verify plan.yaml
check 'reports' assay report plan.yaml --report json:report.json --report html:report.html
check 'evidence' assay evidence plan.yaml --out bundle
check 'verifies with openssl that knows of no token' env -u OPENSSL_CONF sh bundle/verify.sh
check_has 'which follows the keys' "$OUT" '^ok: keys changed 5 times'
check_exit 2 'a key that is taken away is not put anywhere' assay ledger key plan.yaml --role archive --revoke --reason r --store "$(uri archive)"
check 'a key is taken away' assay ledger key plan.yaml --role archive --revoke --reason 'side given up'
check_exit 4 'then the token signs in vain' assay verify plan.yaml --side archive
check_has 'as the ledger says' "$ERR" 'the key of role archive was revoked by leaf'

assay ledger log plan.yaml >before
half='the token shows the public half of this key alone: the PIN is wrong, missing or locked, or the private half is gone'
# refused WHAT SAID [NAME=VALUE...]: nothing can be signed, in this environment.
refused() {
    local what=$1 said=$2
    shift 2
    check_exit 4 "$what" env "$@" assay verify plan.yaml --side source
    check_has "$what: said so" "$ERR" "^assay-verify: error: \./keys/source\.key: $said\$"
}
refused 'a wrong PIN' "$half" OPENSSL_CONF=wrong.cnf
refused 'no PIN' "$half" OPENSSL_CONF=nopin.cnf
check_exit 4 'no PIN, at a terminal' script -qec 'OPENSSL_CONF=nopin.cnf assay verify plan.yaml --side source' /dev/null
check_lacks 'nobody is asked for one' "$OUT" PIN.for
refused 'no token' 'no token fits its URI \(or one that shows no key\)' SOFTHSM2_CONF=none.conf
refused 'no provider' 'no provider that OpenSSL has loaded opens "pkcs11:" URIs: does OPENSSL_CONF name one, and a file with the PIN that is there\?' OPENSSL_CONF=/dev/null
refused 'no module' "OpenSSL's provider cannot begin with its PKCS#11 module: is the one that OPENSSL_CONF names there\?" OPENSSL_CONF=nomodule.cnf
cp keys/source.key good.key
in_key() { printf 'store %s\n' "$1" >keys/source.key; }
in_key "$(uri nobody)"
refused 'no such key' 'the token is there, but shows no key that fits its URI'
in_key "$(uri p256)"
refused 'a key of another type' "the token's key is of type EC, not Ed25519"
in_key 'pkcs11:token=card;type=private'
refused 'one of many keys' 'more than one private key fits its URI: say which by object= or id='
in_key 'pkcs11:token=card;object=source-2;type=public'
refused 'a public key' 'its URI asks for something else than type=private'
in_key 'file:none.pem'
refused 'no file' "OpenSSL's store finds no private key under its URI"
in_key "$(uri archive)"
check_exit 4 'another key' assay verify plan.yaml --side source
check_has 'another key: said so' "$ERR" 'error: \./keys/source\.key\.pub: is not the public key of \./keys/source\.key$'
cp good.key keys/source.key
: >"$(uri source-2)"
refused 'a file that is called like the URI' 'a file in the current folder is called like its URI'
rm "$(uri source-2)"
assay ledger log plan.yaml >after
check_same 'none of them stated anything' before after

not_made() {
    check_exit 2 "$1" assay ledger key plan.yaml --role purger --store "$3"
    check_has "$1: said so" "$ERR" "^assay-verify: error: --store: $2\$"
}
not_made 'no key file of a key that is not there' 'the token is there, but shows no key that fits its URI' "$(uri nobody)"
not_made 'nor of another type' "the token's key is of type EC, not Ed25519" "$(uri p256)"
not_made 'nor with a PIN from the command line' 'everybody can read a PIN on a command line: OPENSSL_CONF or pin-source= in the URI names a file that has it' "$(uri owner)?pin-value=$pin"
token --keypairgen --key-type EC:edwards25519 --label twisted --id 40 && token --keypairgen --key-type EC:edwards25519 --label donor --id 41 &&
    token --delete-object --type pubkey --label twisted && token --set-id 40 --id 41 --type pubkey --label donor ||
    not_ok 'a private key beside the public half of another' "$(tail -n 5 tool.log)"
check_exit 2 'nor of a private key beside the public half of another' assay ledger key plan.yaml --role purger --store 'pkcs11:token=card;id=%40;type=private'
check_has 'which what it signs shows' "$ERR" 'error: what the token signed with the key assay\.local/.*/purger is not good under its public key$'
check_exit 2 'nothing was made' ls keys/purger.key keys/purger.key.pub

export OPENSSL_CONF=nopin.cnf
for role in owner ledger source; do sed -i "s,\$,?pin-source=file:$TMP/pin," keys/$role.key; done
check 'a PIN in a file that the URI names' assay verify -v plan.yaml --side source
in_key "$(uri source-2)?pin-value=$pin"
check 'a PIN in the URI itself' assay verify -v plan.yaml --side source
in_key "$(uri nobody)?pin-value=$pin"
refused 'which is not shown' 'the token is there, but shows no key that fits its URI'
in_key "$(uri source-2)?pin-value=$pin$pin"
refused 'nor is a wrong one' "$half"
in_key "$(uri source-2)?pin-value=$pin"
check_exit 3 'reports, of a source that was read again and not compared' assay report plan.yaml --report json:report.json --report html:report.html --report ndjson:report.ndjson
check 'evidence' assay evidence plan.yaml --out late-bundle
check_has 'what was told is there' told 'MATCH'
check_exit 1 'the PIN is in nothing that was told or written' grep -rlaF "$pin" told ledger.db* plan.yaml keys/*.pub bundle late-bundle report.json report.html report.ndjson
check_has 'but in the key file, where it was looked for' <(grep -rlaF "$pin" .) '^\./keys/source\.key$'
