#!/usr/bin/env bash
# Fuzz every target of tests/fuzz/fuzz_*.c for FUZZ_SECONDS with libFuzzer; called by `make fuzz`.
# New inputs stay in build-fuzz/corpus; a crash leaves its input in build-fuzz/crash-* and fails the run.
set -u
cd "$(dirname "$0")/.." || exit 1
read -ra cflags <<<"$FUZZ_CFLAGS"
read -ra libs <<<"$FUZZ_LIBS"
passed=0
failed=0
for source in tests/fuzz/fuzz_*.c; do
    name=$(basename "$source" .c)
    seeds=tests/fuzz/corpus/${name#fuzz_}
    grown=build-fuzz/corpus/${name#fuzz_}
    mkdir -p "$grown"
    folders=("$grown")
    [ ! -d "$seeds" ] || folders+=("$seeds")
    if clang "${cflags[@]}" -o "build-fuzz/$name" "$source" build-fuzz/libassay.a "${libs[@]}" &&
        "build-fuzz/$name" -max_total_time="${FUZZ_SECONDS:-60}" -timeout=25 -rss_limit_mb=2048 -print_final_stats=1 \
            -artifact_prefix="build-fuzz/crash-$name-" "${folders[@]}" >"build-fuzz/$name.log" 2>&1; then
        passed=$((passed + 1))
        echo "ok      $name $(sed -n 's/^stat::number_of_executed_units: *//p' "build-fuzz/$name.log") runs"
    else
        failed=$((failed + 1))
        echo "FAILED  $name"
        tail -n 60 "build-fuzz/$name.log" | sed 's/^/    | /'
    fi
done
printf '%d passed, %d failed\n' "$passed" "$failed"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
