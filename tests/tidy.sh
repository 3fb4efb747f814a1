#!/usr/bin/env bash
# tidy.sh FILE: clang-tidy with the flags of TIDY_FLAGS, without its count of suppressed warnings.
# One file at a time: clang-tidy 14 loses track of va_list between files.
set -u -o pipefail
read -ra flags <<<"$TIDY_FLAGS"
[ "$1" = verify/base/err.c ] || flags+=(-include tests/support/analyze.h)
clang-tidy --quiet --warnings-as-errors='*' "$1" -- "${flags[@]}" 2>&1 |
    { grep -vE '^[0-9]+ warnings? .*(generated|treated as errors?)\.?$' || true; }
exit "${PIPESTATUS[0]}"
