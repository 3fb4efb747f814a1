#!/usr/bin/env bash
# The top-level folders that git keeps are exactly the agreed ones (hidden ones aside), and no session path,
# generated file or stray binary is among the files.
set -eu -o pipefail
cd "$(dirname "$0")/.."
agreed="docs include reconcile reports tests verify"
found=$(git ls-files --cached --others --exclude-standard | awk -F/ 'NF > 1 && $1 !~ /^\./ { print $1 }' | sort -u | xargs)
if [ "$found" != "$agreed" ]; then
    printf 'check-layout: the top-level folders are\n  %s\nbut should be\n  %s\n' "$found" "$agreed"
    exit 1
fi
built=$(git ls-files | grep -E '\.(o|a|so|d|gcda|gcno|pyc)$' || true)
if [ -n "$built" ]; then
    printf 'check-layout: built files are in git:\n%s\n' "$built"
    exit 1
fi
echo "check-layout: $agreed"
