#!/usr/bin/env bash
# A CSV source against an Avro archive that another writer (fastavro) made from the same rows, through all of assay; then
# damage to the archive that the container itself cannot see, and damage that it can.
. "$(dirname "$0")/lib.sh"

cp "$REPO/tests/vectors/avro/flights.csv" source.csv || exit 1
cp "$REPO/tests/vectors/avro/flights.avro" archive.avro || exit 1
check 'init: a plan from what both sides say of themselves' \
    assay init source.csv archive.avro --key id --name flights --origin example.org/avro
for column in 'id: integer' 'day: date' 'fare: decimal' 'cancelled: boolean' 'delay: integer' 'note: text'; do
    check_has "init: $column" plan.yaml "^ *$column\$"
done
check 'equal rows: check finds nothing' assay check plan.yaml
check_has 'all of them were compared' "$OUT" 'match +rows 120/120'

# change OFFSET OCTAL: one byte of the archive
change() {
    cp "$REPO/tests/vectors/avro/flights.avro" archive.avro
    # shellcheck disable=SC2059
    printf "\\$2" | dd of=archive.avro bs=1 seek="$1" conv=notrunc status=none
}
# offset of TEXT's first byte, and of the n-th byte after it
at() { grep -abo -m 1 -- "$1" "$REPO/tests/vectors/avro/flights.avro" | head -n 1 | cut -d : -f 1; }

note=$(at 'gate "57", late')
change $((note + 6)) 066 # gate "57" -> gate "67": a valid file that says something else
check_exit 1 'one changed byte in a text: check finds a mismatch' assay check plan.yaml
check_exit 1 'diff finds it too' assay diff plan.yaml
check_has 'the row and the column are named, no other' "$OUT" '~ changed +57 +note: .*archive.avro:57'
check_has 'one row' "$OUT" '0 missing, 0 extra, 0 duplicate, 1 changed'

change $((note + 6)) 377
check_exit 1 'a byte that UTF-8 never has: check finds it' assay check plan.yaml
check_has 'it is called undecodable' "$OUT" 'undecodable'

size=$(stat -c %s archive.avro)
change $((size - 1)) 000 # the last byte of the last sync mark
check_exit 1 'a broken sync mark: the archive does not decode' assay check plan.yaml
cat "$OUT" "$ERR" >both
check_has 'the block is named' both 'undecodable: archive.avro: block [0-9]+ at byte [0-9]+: another sync mark after it'

change 0 117 # 'O' as it was
check 'the intact archive again: nothing is found' assay check plan.yaml

cp archive.avro archive.dat
sed -E 's/^( *)(archive: *\{?.*)archive\.avro("?)/\1\2archive.dat\3, format: avro/' plan.yaml >format.yaml
check 'format: avro when the suffix does not say it' assay check format.yaml
