#!/usr/bin/env bash
# The gates and the test runner see what they are for: an intact copy passes, each planted fault is named.
. "$(dirname "$0")/lib.sh"

mkdir -p tree/tests && cp -r "$REPO"/{verify,reconcile,reports,include} tree/ && cp "$REPO"/tests/*.sh tree/tests/ || exit 1

check 'layers: the intact tree passes' tree/tests/check-layers.sh
# file | line that is added to it | what the gate says
while IFS='|' read -r file line says; do
    cp "tree/$file" saved
    echo "$line" >>"tree/$file"
    check_exit 1 "layers: $line in $file" tree/tests/check-layers.sh
    check_has "layers: it says where" "$OUT" "$says"
    cp saved "tree/$file"
done <<'TABLE'
verify/main.c|#include <libpq-fe.h>|verify/main.c:[0-9]+: includes libpq-fe.h
verify/canon/type.c|#include <sqlite3.h>|verify/canon/type.c:[0-9]+: includes sqlite3.h
verify/canon/type.c|#include <time.h>|verify/canon/type.c:[0-9]+: includes time.h
verify/base/err.c|#include "assay/reader.h"|verify/base/err.c:[0-9]+: includes assay/reader.h
reports/main.c|#include "assay/ledger_append.h"|reports/main.c:[0-9]+: includes assay/ledger_append.h
reports/main.c|#  include <assay/reader.h>|reports/main.c:[0-9]+: includes assay/reader.h
reconcile/main.c|#include "assay/reader.h"|reconcile/main.c:[0-9]+: includes assay/reader.h
reconcile/main.c|#include "lane.h"|reconcile/main.c:[0-9]+: includes lane.h, which is private
reports/main.c|#include "../verify/cmd.h"|reports/main.c:[0-9]+: includes ../verify/cmd.h
TABLE
check 'layers: the tree is as before' tree/tests/check-layers.sh

library() { # SOURCE: a library of that one file
    echo "$1" >one.c && gcc -c one.c -o one.o && rm -f one.a && ar qc one.a one.o
}
library 'int assay_x(void); int assay_x(void) { return 0; } static int y; int *assay_y(void); int *assay_y(void) { return &y; }'
check 'symbols: our prefix passes' "$REPO/tests/check-symbols.sh" one.a
library 'int helper; int assay_x(void); int assay_x(void) { return helper; }'
check_exit 1 'symbols: another prefix does not' "$REPO/tests/check-symbols.sh" one.a
check_has 'symbols: it is named' "$OUT" '^helper$'
check_exit 1 'symbols: an empty library does not pass' bash -c 'rm -f none.a; ar qc none.a; "$0" none.a' "$REPO/tests/check-symbols.sh"

# The runner: what is not a passed test is a failed one.
mkdir -p tree/tests/e2e
runner() {
    echo "#!/usr/bin/env bash" >tree/tests/e2e/one.sh
    echo "$1" >>tree/tests/e2e/one.sh
    BUILD=$TMP/none tree/tests/run.sh e2e
}
check 'runner: a passing script' runner 'echo "ok - fine"'
check_has 'runner: counts it' "$OUT" '^1 passed, 0 failed$'
check_exit 1 'runner: a failing test' runner 'echo "ok - fine"; echo "not ok - bad"'
check_has 'runner: counts both' "$OUT" '^1 passed, 1 failed$'
check_exit 1 'runner: a script that stops early' runner 'echo "ok - fine"; exit 3'
check_has 'runner: counts that' "$OUT" '^1 passed, 1 failed$'
check_exit 1 'runner: a script that tests nothing' runner ':'
check_has 'runner: counts that' "$OUT" '^0 passed, 1 failed$'
