#!/usr/bin/env bash
# check-symbols.sh LIBRARY: every global symbol of the static library begins with assay_ or ASSAY_.
set -eu -o pipefail
symbols=$(nm -g --defined-only "$1" | awk 'NF == 3 { print $3 }')
[ -n "$symbols" ] || { echo "check-symbols: $1 defines no symbol"; exit 1; }
strays=$(grep -vE '^(assay_|ASSAY_)|^(__asan|__ubsan|__odr_asan)' <<<"$symbols" || true)
if [ -n "$strays" ]; then
    printf 'check-symbols: %s defines symbols without our prefix:\n%s\n' "$1" "$strays"
    exit 1
fi
twice=$(sort <<<"$symbols" | uniq -d)
if [ -n "$twice" ]; then
    printf 'check-symbols: %s defines symbols twice:\n%s\n' "$1" "$twice"
    exit 1
fi
echo "check-symbols: $(wc -l <<<"$symbols") symbols, all with our prefix"
