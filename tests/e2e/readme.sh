#!/usr/bin/env bash
# Every command that README.md shows in a `sh` block is run, in order, in one folder; a comment "# exits N" is its promise.
# `make` targets, shown indented, must exist.
. "$(dirname "$0")/lib.sh"

mkdir first-minute && cd first-minute || exit 1
: >"$TMP/commands"
# A command may go on over lines inside double quotes: a line belongs to the one before while those are open.
awk '/^```sh$/ { inside = 1; next } /^```$/ { inside = 0 } inside' "$REPO/README.md" >"$TMP/block"
command=''
while IFS= read -r line; do
    command+=${command:+$'\n'}$line
    quotes=${command//[^\"]/}
    [ $((${#quotes} % 2)) -eq 0 ] || continue
    wanted=$(sed -nE 's/.*# exits ([0-9]+)$/\1/p' <<<"$command")
    check_exit "${wanted:-0}" "README: ${command%%$'\n'*}" bash -c "$command"
    echo "$command" >>"$TMP/commands"
    command=''
done <"$TMP/block"
[ -z "$command" ] || not_ok 'README: its last sh block ends inside quotes'
if [ "$(wc -l <"$TMP/commands")" -ge 8 ]; then ok 'README shows commands'; else not_ok 'README shows commands'; fi

while read -r target; do
    check "README: make $target is a target" make -C "$REPO" -n "$target"
done < <(grep -oE '^ {4}make [a-z-]+|`make [a-z-]+' "$REPO/README.md" | sed 's/.*make //' | sort -u)

# Relative links lead somewhere.
while read -r link; do
    check "README: $link exists" test -e "$REPO/$link"
done < <(grep -oE '\]\([A-Za-z][^):]*\)' "$REPO/README.md" | tr -d '])(' | sort -u)
