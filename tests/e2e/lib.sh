# Sourced by every end-to-end test, first thing:
#     . "$(dirname "$0")/lib.sh"
# A test is run from the repository root by tests/run.sh, or by hand: BUILD=build bash tests/e2e/NAME.sh
#
# Given: $BUILD (absolute; first on the PATH), $REPO, $TMP (a fresh folder, removed at the end; current folder).
#   ok WHAT, not_ok WHAT [WHY]     one counted test each
#   check WHAT COMMAND...          passes when the command exits 0; shows its output when not
#   check_exit N WHAT COMMAND...   passes when the command exits N; output stays in $OUT (stdout) and $ERR (stderr)
#   check_has WHAT FILE REGEX      passes when a line of FILE matches (grep -E); check_lacks the reverse
#   check_same WHAT FILE FILE      passes when both files are equal; shows the difference
#   pg_start                       a throw-away PostgreSQL of this test alone, in UTF-8, on a Unix socket only;
#                                  sets PGHOST PGUSER PGDATABASE and PG_URI (postgresql://...?host=...)
#   duck SQL...                    runs SQL in DuckDB, prints rows as JSON lines (needs node_modules)
# The test ends with the end of the script; a script that stops early by `exit 1` or an unset variable fails.
# shellcheck shell=bash
set -u
REPO=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BUILD=$(realpath -m "${BUILD:-$REPO/build}")
export REPO BUILD LC_ALL=C.UTF-8 TZ=UTC NO_COLOR=1
export PATH="$BUILD:$PATH"
unset "${!PG@}" # nobody's PGHOST, PGSERVICE or PGPASSWORD leaks into a test
TMP=$(mktemp -d "${TMPDIR:-/tmp}/assay-e2e.XXXXXX")
OUT=$TMP/.out
ERR=$TMP/.err
failures=0
pg_data=''

finish() {
    local status=$?
    trap - EXIT
    [ -z "$pg_data" ] || pg_stop
    rm -rf "$TMP"
    [ $status -ne 0 ] || [ "$failures" -eq 0 ] || status=1
    exit $status
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
cd "$TMP" || exit 1

ok() {
    echo "ok - $1"
}
not_ok() {
    echo "not ok - $1"
    [ $# -lt 2 ] || sed 's/^/# /' <<<"$2"
    failures=$((failures + 1))
}
show_output() {
    sed 's/^/# stdout: /' "$OUT" | tail -n 40
    sed 's/^/# stderr: /' "$ERR" | tail -n 40
}
check_exit() {
    local wanted=$1 what=$2 status
    shift 2
    "$@" >"$OUT" 2>"$ERR" </dev/null
    status=$?
    if [ $status -eq "$wanted" ]; then
        ok "$what"
    else
        not_ok "$what" "exit status $status instead of $wanted: $*"
        show_output
    fi
}
check() {
    local what=$1
    shift
    check_exit 0 "$what" "$@"
}
check_has() {
    if grep -qE -- "$3" "$2"; then
        ok "$1"
    else
        not_ok "$1" "no line of $2 matches: $3"
        tail -n 40 "$2" | sed 's/^/# | /'
    fi
}
check_lacks() {
    if [ ! -r "$2" ]; then
        not_ok "$1" "$2 cannot be read"
    elif grep -qE -- "$3" "$2"; then
        not_ok "$1" "a line of $2 matches: $3"
        grep -nE -- "$3" "$2" | head -n 10 | sed 's/^/# | /'
    else
        ok "$1"
    fi
}
check_same() {
    local difference
    if difference=$(diff -u "$2" "$3" 2>&1); then
        ok "$1"
    else
        not_ok "$1" "$(head -n 40 <<<"$difference")"
    fi
}

# What somebody states who has a role's key and not assay.
sign_note() { # ROLE FILE: the text, as a note signed with keys/ROLE.key
    local vkey id
    vkey=$(cat "keys/$1.key.pub")
    id=${vkey#*+}
    openssl pkeyutl -sign -inkey "keys/$1.key" -rawin -in "$2" -out signature
    cat "$2"
    echo
    echo "— ${vkey%%+*} $({ printf '%s' "${id%%+*}" | xxd -r -p; cat signature; } | base64 -w 0)"
}
append_note() { # PLAN FILE: the note, taken into the ledger out of a spool
    { printf 'note %d\n' "$(wc -c <"$2")"; cat "$2"; echo; } >one.batch
    { echo assay-spool/1; cat one.batch; echo "end 1 $(sha256sum <one.batch | cut -c1-64)"; } >one.spool
    assay ledger append "$1" one.spool
}

# The purger states of plan.yaml what it likes; STATUS and CHUNKS say it otherwise.
purger_states() { # KIND PERMIT FILE: a deletion of the chunk that the statement in FILE is about, or a begin
    {
        echo "assay/v1 $1"
        echo 'run 11111111-2222-4333-8444-555555555555'
        grep -E '^(dataset|plan) ' "$3"
        echo "permit $2"
        if [ "$1" = purge-chunk ]; then
            grep -E '^(segment|chunk|ordinal) ' "$3"
            echo "status ${STATUS:-deleted}"
            grep -E '^(rows|root) ' "$3"
        else
            printf 'chunks %d\nrows 98\n' "${CHUNKS:-1}"
        fi
        echo "observed $(date -u +%Y-%m-%dT%H:%M:%SZ)"
    } >text
    sign_note purger text >note
    append_note plan.yaml note
}

# PostgreSQL refuses to run as root, so there the server belongs to the user of Debian's package.
pg_as() {
    if [ "$(id -u)" -eq 0 ]; then
        runuser -u postgres -- "$@"
    else
        "$@"
    fi
}
pg_bin() {
    find /usr/lib/postgresql -path '*/bin/initdb' 2>/dev/null | sort -V | tail -n 1 | xargs -r dirname
}
pg_start() {
    local bin
    bin=$(pg_bin)
    [ -n "$bin" ] || { not_ok 'PostgreSQL server programs are installed' 'run make deps'; exit 1; }
    pg_data=$(mktemp -d "${TMPDIR:-/tmp}/assay-pg.XXXXXX") || exit 1
    [ "$(id -u)" -ne 0 ] || chown postgres: "$pg_data"
    chmod 755 "$pg_data"
    if ! { pg_as "$bin/initdb" -D "$pg_data/db" -U assay -A trust -E UTF8 --locale=C.UTF-8 --no-sync &&
        pg_as "$bin/pg_ctl" -D "$pg_data/db" -l "$pg_data/log" -w -t 60 \
            -o "-k $pg_data -c listen_addresses='' -c fsync=off -c shared_buffers=128MB" start; } >"$OUT" 2>&1; then
        not_ok 'a PostgreSQL server starts' "$(tail -n 20 "$OUT" "$pg_data/log" 2>/dev/null)"
        exit 1
    fi
    export PGHOST=$pg_data PGUSER=assay PGDATABASE=postgres
    PG_URI="postgresql:///postgres?host=$pg_data&user=assay"
    export PG_URI
}
pg_stop() {
    pg_as "$(pg_bin)/pg_ctl" -D "$pg_data/db" -m immediate -w stop >/dev/null 2>&1
    rm -rf "$pg_data"
    pg_data=''
}

duck() {
    node "$REPO/tests/support/duck.mjs" "$@"
}
