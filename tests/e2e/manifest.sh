#!/usr/bin/env bash
# Manifests beside an archive. The intact one passes; then one damage, and one exact sentence: Frictionless and BagIt.
. "$(dirname "$0")/lib.sh"
command -v sqlite3 >/dev/null || { not_ok 'sqlite3 is installed' 'run make deps'; exit 1; }

sqlite3 s.db "CREATE TABLE t (id INTEGER PRIMARY KEY, day TEXT, v TEXT);
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 89)
INSERT INTO t SELECT i, date('2001-01-01', '+' || i || ' days'), 'v' || i FROM n;" || exit 1
mkdir archive
for month in 2001-01 2001-02 2001-03; do
    sqlite3 -csv -header s.db "SELECT * FROM t WHERE day LIKE '$month-%'" >archive/$month.csv
done
cat >package.py <<'PY'
import glob, hashlib, json, sys
def package():
    resources = []
    for path in sorted(glob.glob('archive/*.csv')):
        data = open(path, 'rb').read()
        month = path[8:15]
        after = '2001-%02d-01' % (int(month[5:]) + 1)
        resources.append({'name': month, 'path': path[8:], 'hash': 'sha256:' + hashlib.sha256(data).hexdigest(),
            'bytes': len(data), 'assay:rows': data.count(b'\n') - 1, 'assay:segment': month, 'assay:from': month + '-01',
            'assay:to': after, 'schema': {'fields': [{'name': 'id', 'type': 'integer'}, {'name': 'day', 'type': 'date'},
            {'name': 'v', 'type': 'string'}]}})
    return {'name': 't', 'resources': resources, 'assay:lineage': {'dataset': '0f3c5e1a-7a57-4f0e-9c43-2b8f5b8a2001'}}
p = package()
exec(sys.argv[1] if len(sys.argv) > 1 else '')
json.dump(p, open('archive/datapackage.json', 'w'))
PY
cat >plan.yaml <<'YAML'
assay: 1
origin: example.org/manifest
ledger: ledger.db
keys: keys
datasets:
  t:
    id: 0f3c5e1a-7a57-4f0e-9c43-2b8f5b8a2001
    key: [id]
    source: {locator: "sqlite:s.db", table: t}
    archive: {locator: "archive/{segment}.csv"}
    window: {column: day, every: month}
    columns: {id: integer, day: date, v: text}
YAML
assay init sqlite:s.db 'archive/{segment}.csv' --table t --key id --window day --every month --output unused.yaml \
    --origin example.org/manifest >"$OUT" 2>"$ERR" || { not_ok 'keys and a ledger'; show_output; exit 1; }
cp -r archive intact

check 'without a manifest' assay check plan.yaml
python3 package.py
check 'the intact manifest is found and holds' assay check plan.yaml
check_has 'nothing is said of it' "$OUT" 'match +rows 90/90'

# damaged WHAT KIND SENTENCE COMMAND...: exactly one sentence, one discrepancy, exit 1; intact again: exit 0.
damaged() {
    local what=$1 kind=$2 sentence=$3
    shift 3
    "$@" || { not_ok "$what: the damage itself"; return; }
    check_exit 1 "$what" assay check plan.yaml --report text --report json:r.json
    check_has "$what: the sentence" "$ERR" "$sentence"
    local kinds
    kinds=$(python3 -c "import json; print(*sorted(x['kind'] for x in json.load(open('r.json'))['discrepancies'] if x['state'] != 'closed'))")
    if [ "$kinds" = "$kind" ]; then
        ok "$what: kind $kind"
    else
        not_ok "$what: kind $kind" "found: $kinds"
    fi
    rm -rf archive && cp -r intact archive && python3 package.py
    check "$what: intact again" assay check plan.yaml
    check_lacks "$what: closed" "$OUT" '[1-9][0-9]* open,'
}
edit() {
    python3 package.py "$1"
}
damaged 'a row count' manifest-rows 'archive/2001-02.csv: datapackage.json says a number of rows of 29, the file has 28' \
    edit 'p["resources"][1]["assay:rows"] = 29'
damaged 'a size' manifest-bytes 'archive/2001-01.csv: datapackage.json says a size in bytes of 7, the file has [0-9]+' \
    edit 'p["resources"][0]["bytes"] = 7'
damaged 'a hash' manifest-hash 'archive/2001-03.csv: datapackage.json says SHA-256 0{12}, the file has [0-9a-f]{12}' \
    edit 'p["resources"][2]["hash"] = "sha256:" + 64 * "0"'
damaged 'a segment' manifest-segment 'datapackage.json says segment 2001-01, the file has 2001-02' \
    edit 'p["resources"][1]["assay:segment"] = "2001-01"; p["resources"][1].pop("assay:from"); p["resources"][1].pop("assay:to")'
damaged 'a range' manifest-range 'datapackage.json says a range to 2001-03-02, the file has 2001-03-01' \
    edit 'p["resources"][1]["assay:to"] = "2001-03-02"'
damaged 'a file that it lacks' manifest-unlisted 'archive/2001-02.csv: datapackage.json does not list the file' \
    edit 'p["resources"].pop(1)'
damaged 'a file that is gone' manifest-gone 'archive/2001-04.csv: datapackage.json lists the file, and it is gone' \
    edit 'p["resources"].append({"name": "x", "path": "2001-04.csv"})'
damaged 'a field more' manifest-schema 'archive/datapackage.json: its schema has a field "w", the files have no such column' \
    edit 'p["resources"][0]["schema"]["fields"].append({"name": "w"})'
damaged 'a field less' manifest-schema 'its schema has no field "v", which the files have' edit 'p["resources"][0]["schema"]["fields"].pop()'
damaged 'another type' manifest-schema 'its schema has "id" as boolean, the plan reads it as integer' \
    edit 'p["resources"][0]["schema"]["fields"][0]["type"] = "boolean"'
damaged 'another data set' manifest-lineage 'it is of dataset 0000, the plan.s is 0f3c5e1a' edit 'p["assay:lineage"]["dataset"] = "0000"'
damaged 'a path out of the folder' manifest-broken 'a path that does not lead to a file below its folder: ../s.db' \
    edit 'p["resources"][0]["path"] = "../s.db"'
damaged 'half a manifest' manifest-broken 'datapackage.json:1:[0-9]+: no JSON' truncate -s 100 archive/datapackage.json
damaged 'a link for a manifest' manifest-broken 'archive/datapackage.json: not a regular file' ln -sf ../s.db archive/datapackage.json
rewrite() {
    sed -i '5s/$/\r/' archive/2001-01.csv # the same rows in other bytes
}
damaged 'a file that was rewritten' manifest-bytes 'says a size in bytes of' rewrite

# A manifest about other files is none of ours; one that is named must be there.
edit 'p = {"name": "other", "resources": [{"path": "other/z.csv"}]}'
check 'a manifest of other files is passed over' assay check plan.yaml
sed 's/segment}.csv"/&, manifest: archive/' plan.yaml >named.yaml
check_exit 1 'but not when the plan names it' assay check named.yaml
check_has 'it lists none of the files' "$ERR" 'archive/2001-01.csv: datapackage.json does not list the file'
edit 'p["resources"].pop(1)'
sed 's/segment}.csv"/&, manifest: none/' plan.yaml >none.yaml
check 'none: passed over' assay check none.yaml
sed 's/segment}.csv"/&, manifest: nowhere.json/' plan.yaml >nowhere.yaml
check_exit 1 'a named one that is not there' assay check nowhere.yaml
check_has 'said' "$ERR" 'nowhere.json: the plan names this manifest, and it is not there'
sed 's/table: t/&, manifest: none/' plan.yaml >bad.yaml
check_exit 2 'none of a table' assay plan bad.yaml
check_has 'said so' "$ERR" 'manifest: has a meaning for files only'

# What assay writes itself, it finds to hold; and so does the check of a damage.
rm -f archive/datapackage.json
check 'write a manifest' assay verify plan.yaml --side archive --write-manifest archive/datapackage.json --exporter 'sqlite3 3.40'
check 'it holds' assay check plan.yaml
check 'what is in it' python3 - <<'PY'
import hashlib, json
p = json.load(open('archive/datapackage.json'))
r = p['resources'][1]
assert len(p['resources']) == 3 and p['name'] == 't'
assert r['path'] == '2001-02.csv' and r['assay:rows'] == 28 and r['assay:segment'] == '2001-02'
assert r['assay:from'] == '2001-02-01' and r['assay:to'] == '2001-03-01'
data = open('archive/2001-02.csv', 'rb').read()
assert r['bytes'] == len(data) and r['hash'] == 'sha256:' + hashlib.sha256(data).hexdigest()
assert [(f['name'], f['type']) for f in r['schema']['fields']] == [('id', 'integer'), ('day', 'date'), ('v', 'string')]
assert r['schema']['primaryKey'] == ['id']
l = p['assay:lineage']
assert l['exporter'] == 'sqlite3 3.40' and l['source'] == 'sqlite:s.db' and l['origin'] == 'example.org/manifest'
PY
sqlite3 s.db "DELETE FROM t WHERE id = 40"
sed -i '/^40,/d' archive/2001-02.csv
check_exit 1 'a row gone on both sides' assay check plan.yaml
check_has 'the rows match' "$OUT" 'rows 89/89'
check_has 'the manifest remembers it' "$ERR" 'datapackage.json says a number of rows of 28, the file has 27'
check_exit 2 'one dataset only' assay verify plan.yaml --side source --write-manifest x.json
cp archive/datapackage.json before
echo nonsense >>archive/2001-02.csv
check_exit 3 'not of what does not decode' assay verify plan.yaml --side archive --write-manifest archive/datapackage.json
check_has 'said' "$ERR" 'no manifest was written: archive/2001-02.csv has rows that do not decode'
check_same 'and the old one is as it was' before archive/datapackage.json
sed -i '/nonsense/d' archive/2001-02.csv
mkdir -p elsewhere
assay verify plan.yaml --side archive --write-manifest elsewhere/datapackage.json >"$OUT" 2>"$ERR"
check_has 'only of files below its folder' "$ERR" 'is not below its folder'
sqlite3 s.db "INSERT INTO t VALUES (40, '2001-02-10', 'v40')"

# Of the source: what is compared with is in doubt.
rm archive/datapackage.json
cp -r archive papers
sed 's#source: .*#source: {locator: "papers/{segment}.csv"}#' plan.yaml >files.yaml
check 'files against files' assay check files.yaml
printf '{"resources":[{"path":"2001-01.csv","assay:rows":1},{"path":"2001-02.csv"},{"path":"2001-03.csv"}]}' >papers/datapackage.json
check_exit 3 'a manifest of the source that is denied' assay check files.yaml
check_has 'said' "$OUT" 'a manifest of the source says otherwise than what was read: papers/2001-01.csv'
check 'a scrub passes over manifests' assay scrub plan.yaml

# As a bag.
rm -rf archive intact && mkdir -p bag/data
for month in 2001-01 2001-02 2001-03; do
    sqlite3 -csv -header s.db "SELECT * FROM t WHERE day LIKE '$month-%'" >bag/data/$month.csv
done
printf 'BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n' >bag/bagit.txt
printf 'Contact-Name: nobody\nPayload-Oxum: %d.3\n' "$(cat bag/data/*.csv | wc -c)" >bag/bag-info.txt
(cd bag && sha256sum data/*.csv >manifest-sha256.txt && sha256sum bagit.txt manifest-sha256.txt >tagmanifest-sha256.txt)
sed -i 's#archive/{segment}#bag/data/{segment}#' plan.yaml
cp -r bag whole
damaged_bag() { # the same, of the bag
    local what=$1 kind=$2 sentence=$3
    shift 3
    "$@" || { not_ok "$what: the damage itself"; return; }
    check_exit 1 "$what" assay check plan.yaml --report text --report json:r.json
    check_has "$what: the sentence" "$ERR" "$sentence"
    check_has "$what: kind $kind" r.json "\"kind\":\"$kind\""
    rm -rf bag && cp -r whole bag
    check "$what: intact again" assay check plan.yaml
    check_lacks "$what: closed" "$OUT" '[1-9][0-9]* open,'
}
check 'the intact bag' assay check plan.yaml
damaged_bag 'bag: a hash' manifest-hash '2001-01.csv: manifest-sha256.txt says SHA-256 0{12}, the file has' \
    sed -i '1s/^.\{64\}/0000000000000000000000000000000000000000000000000000000000000000/' bag/manifest-sha256.txt
damaged_bag 'bag: a file that it lacks' manifest-unlisted '2001-02.csv: manifest-sha256.txt does not list the file' sed -i 2d bag/manifest-sha256.txt
damaged_bag 'bag: a file that is gone' manifest-gone '2001-03.csv: manifest-sha256.txt lists the file, and it is gone' rm bag/data/2001-03.csv
damaged_bag 'bag: a tag file' manifest-tag 'tagmanifest-sha256.txt says SHA-256 [0-9a-f]{12} of bagit.txt' \
    sed -i 's/1.0/0.97/' bag/bagit.txt
damaged_bag 'bag: its Payload-Oxum' manifest-oxum 'bag-info.txt says [0-9]+ files of [0-9]+ bytes, the list has 3 files of [0-9]+' \
    sed -i 's/[.]3$/.4/' bag/bag-info.txt
damaged_bag 'bag: its version' manifest-broken 'bagit.txt: its first line names no known version' sed -i 's/1.0/9.0/' bag/bagit.txt
damaged_bag 'bag: a path out of it' manifest-broken 'manifest-sha256.txt: a path that does not lead' sed -i '1s#data/#data/../../#' bag/manifest-sha256.txt

# SHA-512: taken in the same read as SHA-256, of files and of tag files, plain, compressed and of every format.
once() { # as damaged_bag, without a look at the bag that is whole again
    local what=$1 kind=$2 sentence=$3
    shift 3
    "$@" || { not_ok "$what: the damage itself"; return; }
    check_exit 1 "$what" assay check plan.yaml --report json:r.json
    check_has "$what: the sentence" "$ERR" "$sentence"
    check_has "$what: kind $kind" r.json "\"kind\":\"$kind\""
    rm -rf bag && cp -r whole bag
}
sums() {
    (cd bag && rm -f manifest-*.txt tagmanifest-*.txt && for tool in "$@"; do "${tool}sum" data/* >"manifest-$tool.txt"; done &&
        for tool in "$@"; do "${tool}sum" bag*.txt manifest-*.txt >"tagmanifest-$tool.txt"; done)
}
rm -rf whole && sums sha256 sha512 && cp -r bag whole
damaged_512() {
    check 'a bag with SHA-512' assay check plan.yaml
    check_lacks "$1: nothing is unverified" "$ERR" unverified
    once "$1: SHA-512" manifest-hash 'manifest-[a-z0-9]+.txt says SHA-512 0{12}, the file has [0-9a-f]{12}' \
        sed -i '1s/^.\{128\}/'"$(printf '0%.0s' {1..128})/" bag/manifest-sha512.txt
}
damaged_512 'both lists'
once 'a file of one list alone' manifest-unlisted 'manifest-sha256.txt lists data/2001-03.csv, manifest-sha512.txt does not' \
    sed -i 3d bag/manifest-sha512.txt
rm -rf whole && sums sha512 && cp -r bag whole
damaged_512 'SHA-512 alone'
once 'a tag file by SHA-512' manifest-tag 'tagmanifest-sha512.txt says SHA-512 [0-9a-f]{12} of bag-info.txt' \
    sed -i 's/nobody/somebody/' bag/bag-info.txt
once 'a file that does not decode has a SHA-512 all the same' manifest-hash 'manifest-sha512.txt says SHA-512' \
    sed -i '3s/,v/;v/' bag/data/2001-01.csv

# Weak digests are named, counted and never called equal; what else a list says is checked.
rm -rf whole && sums md5 sha1 && cp -r bag whole
check 'a bag of MD5 and SHA-1' assay check plan.yaml --report text --report json:weak.json
check_has 'MD5 is named' "$ERR" 'bag/bagit.txt: unverified: [0-9]+ claims: md5, a weak digest, which proves nothing'
check_has 'SHA-1 is named' "$ERR" 'bag/bagit.txt: unverified: [0-9]+ claims: sha1, a weak digest'
check_has 'the report counts them' "$OUT" '[0-9]+ claims of manifests unverified \((md5, sha1|sha1, md5)\)'
check 'and so does the result document' python3 - <<'PY'
import json
o = json.load(open('weak.json'))['datasets'][0]['objects']
assert o['count'] == 3, o
said = {c['what']: c['claims'] for c in o['unverified_claims']}
assert said == {'md5': 7, 'sha1': 7} and o['claims_unverified'] == 14, said
assert all(c['side'] == 'archive' and c['manifest'] == 'bag/bagit.txt' for c in o['unverified_claims'])
PY
once 'a weak list still lists' manifest-gone 'manifest-sha1.txt lists the file, and it is gone' rm bag/data/2001-03.csv
rm bag/manifest-*.txt bag/tagmanifest-*.txt
check_exit 1 'a bag without a list' assay check plan.yaml
check_has 'said' "$ERR" 'bag/bagit.txt: the bag has no manifest-ALGORITHM.txt'

# A data package with SHA-512; then the manifest itself, years later: a scrub looks at it again.
rm bag/bag-info.txt
sums sha256
cat >bag/data/datapackage.json <<JSON
{"resources": [$(cd bag/data && sha512sum -- *.csv | sed 's/^\([0-9a-f]*\)  \(.*\)/{"path": "\2", "hash": "sha512:\1"}/' | paste -sd,)]}
JSON
sums sha256
check 'a data package with SHA-512 in a bag with SHA-256' assay check plan.yaml
rm -rf whole && cp -r bag whole
once 'package: SHA-512' manifest-hash 'datapackage.json says SHA-512 [0-9a-f]{12}, the file has' \
    sed -i 's/sha512:\([0-9a-f]\)\([0-9a-f]\)\([0-9a-f]*\)/sha512:\2\1\3/;s/sha512:\(.\)\1/sha512:0\1/' bag/data/datapackage.json
check 'intact again' assay check plan.yaml
check 'a scrub of bag and package' assay scrub plan.yaml
check_has 'looks at the papers too' "$OUT" 't: 7 intact'
changed() { # WHAT SENTENCE COMMAND...
    local what=$1 sentence=$2
    shift 2
    "$@" || { not_ok "$what: the damage itself"; return; }
    check_exit 1 "scrub: $what" assay scrub plan.yaml
    check_has "scrub: $what: the sentence" "$OUT" "$sentence"
    rm -rf bag && cp -r whole bag
}
changed 'a list that was rewritten' \
    '^bag/manifest-sha256.txt: damaged: it was changed since the archive was verified: SHA-256 [0-9a-f]{12} of [0-9]+ bytes, it had [0-9a-f]{12} of [0-9]+$' \
    sed -i '1s/^./x/' bag/manifest-sha256.txt
changed 'a package that is gone' '^bag/data/datapackage.json: missing: it is gone, and was there when the archive was verified$' rm bag/data/datapackage.json
changed 'a link for bagit.txt' '^bag/bagit.txt: missing: no regular file is there any more' ln -sf bag-info.txt bag/bagit.txt
changed 'a tagmanifest that is gone' '^bag/tagmanifest-sha256.txt: missing: it is gone' rm bag/tagmanifest-sha256.txt
rm bag/tagmanifest-sha256.txt
assay scrub plan.yaml >"$OUT" 2>"$ERR"
check_exit 1 'reconcile makes it a discrepancy' assay reconcile plan.yaml
assay report plan.yaml --report json:r.json >"$OUT" 2>"$ERR"
check_has 'with the sentence' r.json '"kind":"missing".*it is gone, and was there when the archive was verified'
