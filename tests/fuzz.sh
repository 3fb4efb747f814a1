#!/usr/bin/env bash
# Fuzz every target of tests/fuzz/fuzz_*.c for FUZZ_SECONDS with libFuzzer, one a core; called by `make fuzz`.
# New inputs stay in build-fuzz/corpus; a crash leaves its input in build-fuzz/crash-* and fails the run.
set -u
cd "$(dirname "$0")/.." || exit 1

fuzz() { # SOURCE: ends with a line of how it went, or a longer story
    local name cflags libs seeds folders
    name=$(basename "$1" .c)
    read -ra cflags <<<"$FUZZ_CFLAGS"
    read -ra libs <<<"$FUZZ_LIBS"
    seeds=tests/fuzz/corpus/${name#fuzz_}
    folders=("build-fuzz/corpus/${name#fuzz_}")
    mkdir -p "${folders[0]}"
    [ ! -d "$seeds" ] || folders+=("$seeds")
    if clang "${cflags[@]}" -o "build-fuzz/$name" "$1" build-fuzz/libassay.a "${libs[@]}" &&
        "build-fuzz/$name" -max_total_time="${FUZZ_SECONDS:-60}" -timeout=25 -rss_limit_mb=2048 -print_final_stats=1 \
            -artifact_prefix="build-fuzz/crash-$name-" "${folders[@]}" >"build-fuzz/$name.log" 2>&1; then
        echo "ok      $name $(sed -n 's/^stat::number_of_executed_units: *//p' "build-fuzz/$name.log") runs"
    else
        echo "FAILED  $name"
        tail -n 60 "build-fuzz/$name.log" | sed 's/^/    | /'
    fi
}

if [ $# -eq 1 ]; then
    said=$(fuzz "$1")
    printf '%s\n' "$said" # in one piece
    exit
fi
targets=(tests/fuzz/fuzz_*.c)
mkdir -p build-fuzz
printf '%s\n' "${targets[@]}" | xargs -P "$(nproc)" -n 1 "$0" | tee build-fuzz/said
passed=$(grep -c '^ok      ' build-fuzz/said)
failed=$((${#targets[@]} - passed))
printf '%d passed, %d failed\n' "$passed" "$failed"
[ $failed -eq 0 ] && [ "$passed" -gt 0 ]
