#!/usr/bin/env bash
# tidy.sh FILE...: clang-tidy with the flags of TIDY_FLAGS, without its count of suppressed warnings.
set -u -o pipefail
read -ra flags <<<"$TIDY_FLAGS"
clang-tidy --quiet --warnings-as-errors='*' "$@" -- "${flags[@]}" 2>&1 | { grep -vE '^[0-9]+ warnings? .*generated\.?$' || true; }
exit "${PIPESTATUS[0]}"
