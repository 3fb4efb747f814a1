#!/usr/bin/env bash
# run.sh SUITE...: run test suites (unit, fuzz, e2e, pkcs11, matrix, demo) from the repository root and count them.
# One line a program or script; its full output is shown when something in it failed, and kept in $BUILD/log.
# The last line is "N passed, N failed". A skipped test, a program that ran no test, and a crash count as failures.
set -u
cd "$(dirname "$0")/.." || exit 1
BUILD=$(realpath -m "${BUILD:-build}")
export BUILD PATH="$BUILD:$PATH" LC_ALL=C.UTF-8 TZ=UTC
export ASAN_OPTIONS="${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=0}" UBSAN_OPTIONS="${UBSAN_OPTIONS:-print_stacktrace=1}"
limit=${TEST_TIMEOUT:-300}
log_dir=$BUILD/log
passed=0
failed=0
mkdir -p "$log_dir"

# tally NAME LOG STATUS PASSED FAILED: an exit status that no failed test explains is one more failure.
tally() {
    local name=$1 log=$2 status=$3 ok=$4 bad=$5
    if [ "$bad" -eq 0 ] && { [ "$status" -ne 0 ] || [ "$ok" -eq 0 ]; }; then
        bad=1
    fi
    passed=$((passed + ok))
    failed=$((failed + bad))
    if [ "$bad" -eq 0 ]; then
        printf 'ok      %-40s %d\n' "$name" "$ok"
        return
    fi
    printf 'FAILED  %-40s %d passed, %d failed, exit %d\n' "$name" "$ok" "$bad" "$status"
    tail -n 200 "$log" | sed 's/^/    | /'
}

# sum_of PATTERN LOG GROUP: sum of the number that PATTERN's group catches on each matching line.
sum_of() {
    sed -nE "s/$1/\\$3/p" "$2" | awk '{ n += $1 } END { print n + 0 }'
}

run_unit() {
    local source name log status ok bad
    for source in tests/unit/test_*.c; do
        [ -e "$source" ] || break
        name=$(basename "$source" .c)
        log=$log_dir/$name.log
        CMOCKA_MESSAGE_OUTPUT=stdout timeout -k 5 "$limit" "$BUILD/unit/$name" >"$log" 2>&1 </dev/null
        status=$?
        ok=$(sum_of '^\[  PASSED  \] ([A-Za-z_0-9]*: )?([0-9]+) test\(s\).*' "$log" 2)
        bad=$(sum_of '^\[  (FAILED|ERROR|SKIPPED) *\] ([A-Za-z_0-9]*: )?([0-9]+) test\(s\), listed below.*' "$log" 3)
        tally "unit/$name" "$log" "$status" "$ok" "$bad"
    done
}

# A corpus lies in tests/fuzz/corpus/X for fuzz_X.c: every file of it is one test.
run_fuzz() {
    local source name log status files
    for source in tests/fuzz/fuzz_*.c; do
        [ -e "$source" ] || break
        name=$(basename "$source" .c)
        log=$log_dir/$name.log
        mapfile -t files < <(find "tests/fuzz/corpus/${name#fuzz_}" -type f 2>/dev/null | LC_ALL=C sort)
        timeout -k 5 "$limit" "$BUILD/fuzz/$name" "${files[@]}" >"$log" 2>&1 </dev/null
        status=$?
        if [ $status -eq 0 ]; then
            tally "fuzz/$name" "$log" 0 ${#files[@]} 0
        else
            tally "fuzz/$name" "$log" $status 0 1
        fi
    done
}

# A shell test prints "ok - what" and "not ok - what" lines (tests/e2e/lib.sh).
# begin_script NAME SCRIPT SECONDS: runs it, and leaves log and status.
begin_script() {
    local file=$log_dir/${1//\//-}
    timeout -k 5 "$3" bash "$2" >"$file.log" 2>&1 </dev/null
    echo $? >"$file.part"
    mv "$file.part" "$file.status"
}

# tell_script NAME: what it came to.
tell_script() {
    local file=$log_dir/${1//\//-}
    tally "$1" "$file.log" "$(cat "$file.status")" "$(grep -c '^ok - ' "$file.log")" "$(grep -c '^not ok - ' "$file.log")"
}

run_script() {
    begin_script "$@"
    tell_script "$1"
}

# Files without a #! line are sourced by the others. As many at once as there are cores; told in the order of their names.
run_e2e() {
    local script name jobs scripts=() running=0 begun=0 told=0
    jobs=${TEST_JOBS:-$(nproc 2>/dev/null || echo 2)}
    for script in tests/e2e/*.sh; do
        [ "$(head -c 2 "$script")" = '#!' ] && scripts+=("$script")
    done
    rm -f "$log_dir"/e2e-*.status
    while [ "$told" -lt ${#scripts[@]} ]; do
        while [ "$running" -lt "$jobs" ] && [ "$begun" -lt ${#scripts[@]} ]; do
            begin_script "e2e/$(basename "${scripts[begun]}" .sh)" "${scripts[begun]}" "$limit" &
            running=$((running + 1))
            begun=$((begun + 1))
        done
        wait -n
        running=$((running - 1))
        while [ "$told" -lt "$begun" ]; do
            name=e2e/$(basename "${scripts[told]}" .sh)
            [ -e "$log_dir/${name//\//-}.status" ] || break
            tell_script "$name"
            told=$((told + 1))
        done
    done
}

# Keys in a token: what it needs beside is fetched by `make test-pkcs11`.
run_pkcs11() {
    run_script pkcs11/pkcs11 tests/pkcs11/pkcs11.sh "$limit"
}

# Writers from PyPI.
run_matrix() {
    MATRIX_PYTHON=1 run_script e2e/matrix-python tests/e2e/matrix.sh 3600
}

run_demo() {
    PG='' run_script demo/sqlite tests/demo/demo.sh 600
    PG=1 run_script demo/postgresql tests/demo/demo.sh 600
}

for suite in "$@"; do
    case $suite in
    unit | fuzz | e2e | pkcs11 | matrix | demo) "run_$suite" ;;
    *)
        echo "run.sh: unknown suite '$suite': one of unit, fuzz, e2e, pkcs11, matrix, demo" >&2
        exit 2
        ;;
    esac
done
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
