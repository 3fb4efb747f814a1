#!/usr/bin/env bash
# Rules from the plan to the verdict: text in other encodings and normal forms, absent members, a column that one side lacks,
# JSON in strings, intervals that a writer normalised, masked values. Each is equal under its rule and differs without it.
. "$(dirname "$0")/lib.sh"
for tool in sqlite3 openssl jq; do
    command -v $tool >/dev/null || { not_ok "$tool is installed" 'run make deps'; exit 1; }
done

key=0123456789abcdef-a-key-of-the-masker
printf '%s\n' $key >mask.key
sqlite3 s.db "CREATE TABLE t (id INTEGER PRIMARY KEY, city TEXT, name TEXT, doc TEXT, span TEXT, mail TEXT, country TEXT, note TEXT);
INSERT INTO t VALUES (1, 'Zürich', 'é', '{\"a\":1}', '24:00:00', 'a@example.org', 'CH', NULL),
    (2, 'Genève', 'Å', '[1,2]', '1 mon -1 days', 'b@example.org', 'CH', 'n/a'), (3, 'Bern', 'x', NULL, '00:00:01', NULL, 'CH', 'y'),
    (4, 'Âarau', 'z', '\"s\"', '-36:00:00', '', 'CH', NULL);"
masked() { printf '%s' "$1" | openssl dgst -sha256 -hmac $key -r | cut -d' ' -f1; }
{
    printf '{"id":1,"city":"%s","name":"e\\u0301","doc":"{\\"a\\":1}","span":"1 day","mail":"%s"}\n' 'ZÃ¼rich' "$(masked a@example.org)"
    printf '{"id":2,"city":"%s","name":"\\u212b","doc":"[1, 2]","span":"29 days","mail":"%s","note":"n/a"}\n' 'GenÃ¨ve' "$(masked b@example.org)"
    printf '{"id":3,"city":"Bern","name":"x","doc":null,"span":"00:00:01","mail":null,"note":"y"}\n'
    printf '{"id":4,"city":"%s","name":"z","doc":"\\"s\\"","span":"-1 days -12:00:00","mail":"%s","note":"-"}\n' 'Ã‚arau' "$(masked '')"
} >t.ndjson

head='assay: 1
origin: example.org/rules
datasets:
  t:
    id: 0f3c5e1a-7a57-4f0e-9c43-2b8f5b8a1d20
    key: [id]
    source: {locator: "sqlite:s.db", table: t}
    archive: {locator: t.ndjson}
    columns:
      id: integer'
city='      city: {type: text, archive: {rules: [{encoding: utf-8-as-windows-1252}]}}'
name='      name: {type: text, archive: {rules: [nfc]}, source: {rules: [nfc]}}'
doc='      doc: {type: json, archive: {rules: [{absent: "null"}, {as: json}]}}'
span='      span: {type: interval, source: {rules: [justify]}, archive: {rules: [justify]}}'
mail='      mail: {type: text, source: {rules: [{mask: {hmac: mask.key}}]}}'
country='      country: {type: text, archive: {constant: CH}}'
note='      note: {type: text, archive: {rules: [{absent: "null"}, {null_if: ["-", "none"]}]}}'
plan() { printf '%s\n' "$head" "$@" >plan.yaml; }

plan "$city" "$name" "$doc" "$span" "$mail" "$country" "$note"
mv plan.yaml own.yaml
check 'init makes the ledger and the keys' assay init sqlite:s.db t.ndjson --table t --key id --origin example.org/rules
mv own.yaml plan.yaml
check 'every rule: equal rows' assay check plan.yaml
check_has 'all of them were compared' "$OUT" 'match +rows 4/4'
check_has 'what was accepted is counted' "$OUT" '20 cells equal only under'
check_has 'by the names of the rules' "$OUT" 'declared rules \(.*encoding 3.*\)'
check 'the report' assay report plan.yaml --report json
jq -r '.. | objects | select(has("rule") and has("cells")) | "\(.side) \(.column) \(.rule) \(.cells)"' "$OUT" >rules.txt
check_has 'of several rules of a column each has its own count' rules.txt '^archive note absent: null 1$'
check_has 'the second too' rules.txt '^archive note null_if: - 1$'
check_has 'and one that changed nothing has none' rules.txt '^archive note null_if: none 0$'
check_has 'JSON in strings, though no byte of it changes' rules.txt '^archive doc as: json 3$'
check_has 'a column that is lacking counts whole' rules.txt '^archive country constant: CH 4$'
check_has 'masked cells' rules.txt '^source mail mask: hmac:[0-9a-f]{16} 3$'
check 'the resolved form' assay plan plan.yaml --resolved
check_has 'names the mask by the id of its key' "$OUT" '\["mask","hmac:[0-9a-f]{16}"\]'
check_has 'names the version of Unicode' "$OUT" '\["nfc","[0-9]+\.[0-9.]+"\]'
check_has 'names the column that is lacking' "$OUT" '"archive":\{"name":null,"rules":\[\["constant","CH"\]\]\}'
check_lacks 'the key is not in it' "$OUT" $key
check_lacks 'the key is not in the ledger' ledger.db $key

without() { # WHAT THE-OTHER-COLUMNS...
    plan "$2"
    check_exit 1 "$1" assay check plan.yaml
}
printf 'another key of sixteen bytes\n' >other.key
without 'without encoding mojibake differs' '      city: text'
without 'without nfc normal forms differ' '      name: text'
without 'without justify spans differ' '      span: interval'
without 'without mask masked values differ' '      mail: text'
without 'another constant differs' '      country: {type: text, archive: {constant: DE}}'
without 'another key of the mask differs' '      mail: {type: text, source: {rules: [{mask: {hmac: other.key}}]}}'
without 'without null_if the sentinel differs' '      note: {type: text, archive: {rules: [{absent: "null"}]}}'
plan '      doc: json'
check_exit 1 'without as: json a string under json does not decode' assay check plan.yaml
plan '      note: text'
check_exit 1 'without absent: null an absent member does not decode' assay check plan.yaml

refused() { # WHAT COLUMN REGEX
    plan "$2"
    check_exit 2 "$1" assay plan plan.yaml
    check_has "$1: the place and the reason" "$ERR" "plan.yaml:[0-9]+:[0-9]+: $3"
}
refused 'a mask without its file' '      mail: {type: text, source: {rules: [{mask: hmac}]}}' 'rule mask: expected .hmac: FILE.'
refused 'a key that is not there' '      mail: {type: text, source: {rules: [{mask: {hmac: none.key}}]}}' 'rule mask: (./)?none.key'
printf short >short.key
refused 'a key that is too short' '      mail: {type: text, source: {rules: [{mask: {hmac: short.key}}]}}' 'rule mask: a key of 5 bytes; expected 16 to'
check_lacks 'the key is in no message' "$ERR" 'short[^.]'
refused 'a constant with a name' '      country: {type: text, archive: {constant: CH, name: country}}' 'constant: a column that the archive lacks'
refused 'another Unicode' '      name: {type: text, archive: {rules: [{nfc: "3.2.0"}]}}' 'column "name": rule nfc'
refused 'an unknown encoding' '      city: {type: text, archive: {rules: [{encoding: utf-7}]}}' 'column "city": rule encoding: expected'
