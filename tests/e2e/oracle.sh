#!/usr/bin/env bash
# The canonical form in C against its second implementation (tests/oracle): vectors, rows of every type and kind, rules.
. "$(dirname "$0")/lib.sh"
lines=20000
[ -z "${ASSAY_TEST_FULL:-}" ] || lines=200000
driver=$BUILD/fuzz/canon_driver
differential=$REPO/tests/oracle/differential.py

check 'oracle: the vectors' "$REPO/tests/oracle/assay_oracle.py" --vectors "$REPO/tests/vectors"
check_has 'oracle: none differs' "$OUT" '^[0-9]{3,} cells, [0-9]{3,} keys, [0-9]+ row forms: 0 differ$'
cp "$REPO"/tests/vectors/canon-*.tsv . && sed -i 's/^integer\tlexeme\t5\t.*5$/&00/' canon-cells.tsv || exit 1
check_exit 1 'oracle: a changed vector is seen' "$REPO/tests/oracle/assay_oracle.py" --vectors .

check "oracle: $lines lines, the C driver agrees" "$differential" --lines "$lines" "$driver"
check_has 'oracle: none differs, and many are accepted' "$OUT" '[0-9]{5,} lines, [0-9]{4,} accepted, 0 differ'

# Drivers that are wrong in one place must be seen: a cell, an acceptance, a rejection, an answer that is missing.
wrong() { # WHAT, a sed script over the answers
    printf '#!/usr/bin/env bash\n"%s" "$@" | sed -E %q\n' "$driver" "$2" >driver.sh && chmod +x driver.sh
    check_exit 1 "oracle: $1 is seen" "$differential" --lines 4000 ./driver.sh
}
wrong 'another cell' 's/^5a7fffffffffffffff00000000/5a7ffffffffffffffe00000000/'
wrong 'another key' 's/\t1c80000001/\t1c80000000/'
wrong 'an accepted defect' 's/^!.*digit.*/00\t05/'
wrong 'a rejected value' 's/^4c01.*/!no/'
wrong 'a missing answer' '$d'
