#!/usr/bin/env bash
# man.sh ASSAY DIR: one manual page a verb and one for the front door, from the help that the program itself prints.
set -eu -o pipefail
assay=$1
dir=$2
export NO_COLOR=1 COLUMNS=80
version=$("$assay" version)
mkdir -p "$dir"

# Help text on stdin: "assay VERB: summary" first, then headed blocks; every block is set as it stands.
page() {
    awk -v title="$1" -v version="$version" '
        function escaped(s) {
            gsub(/\\/, "\\e", s)
            gsub(/-/, "\\-", s)
            sub(/^[.\x27]/, "\\\\\\&&", s)
            return s
        }
        function head(s) { printf "%s.SH %s\n.nf\n", open ? ".fi\n" : "", toupper(s); open = 1 }
        NR == 1 {
            printf ".TH %s 1 \"\" \"%s\" \"assay manual\"\n.SH NAME\n", toupper(title), version
            sub(/^[^:]*: */, "")
            printf "%s \\- %s", title, escaped($0)
            in_name = 1
            next
        }
        in_name && NF { sub(/^ +/, ""); printf " %s", escaped($0); next }
        in_name { print ""; in_name = 0; next }
        /^[A-Z][A-Za-z ]*$/ { head($0); next }
        /^Exit codes: / { head("Exit codes"); sub(/^Exit codes: /, "") }
        { print escaped($0) }
        END { if (open) print ".fi" }' >"$dir/$1.1"
}

"$assay" help | page assay
"$assay" help | awk '/^Verbs/ { on = 1; next } /^$/ { on = 0 } on && /^  [a-z]/ { sub(/^  /, ""); sub(/  .*/, ""); print }' |
    while read -r verb; do
        # shellcheck disable=SC2086 # a verb may be two words
        "$assay" help $verb </dev/null | page "assay-${verb// /-}"
    done
