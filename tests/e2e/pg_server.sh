# Throw-away PostgreSQL for tests. Source it:  . tests/e2e/pg_server.sh
#   pg_start DIR   make a cluster in DIR (must not exist yet), start it, print "HOST PORT"; DIR/sock holds the unix socket,
#                  role and database "postgres", no password. Listens on 127.0.0.1 too.
#   pg_stop DIR    stop it at once; DIR stays for its log (DIR/log). Safe to call twice.
#   pg_url DIR [DB]  a libpq URI for it.
# As root the server runs as "postgres" (or "nobody"), which then owns DIR. Returns 77 with a reason when there are no
# server binaries. No state outside DIR.
# shellcheck shell=bash

pg_bindir() {
    local d
    for d in ${PG_BINDIR:-} $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V -r); do
        [ -x "$d/initdb" ] && { echo "$d"; return 0; }
    done
    d=$(command -v initdb) && dirname "$d"
}

# Run a command as the user that owns the server; the server refuses root.
pg_as() {
    if [ "$(id -u)" -ne 0 ]; then
        "$@"
    elif id -u postgres >/dev/null 2>&1; then
        runuser -u postgres -- "$@"
    else
        runuser -u nobody -- "$@"
    fi
}

pg_free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

pg_start() {
    local dir=$1 bin port
    bin=$(pg_bindir)
    if [ -z "$bin" ]; then
        echo "pg_start: no PostgreSQL server binaries (set PG_BINDIR)" >&2
        return 77
    fi
    mkdir -p "$dir" && chmod 755 "$dir" || return 1
    if [ "$(id -u)" -eq 0 ]; then
        chown "$(pg_as id -un)" "$dir" || return 1
        pg_as test -x "$(dirname "$dir")" || chmod a+x "$(dirname "$dir")" # a mktemp -d of root's is closed to others
    fi
    (
        cd "$dir" || exit 1
        pg_as mkdir sock || exit 1
        pg_as "$bin/initdb" -A trust -U postgres -E UTF8 --locale=C.UTF-8 --no-sync -D "$dir/data" >"$dir/log" 2>&1
    ) || { echo "pg_start: initdb failed, see $dir/log" >&2; return 1; }
    for _ in 1 2 3; do # another process may take the port first
        port=$(pg_free_port) || return 1
        if (cd "$dir" && pg_as "$bin/pg_ctl" -s -w -t 60 -D "$dir/data" -l "$dir/data/server.log" -o \
            "-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories=$dir/sock -c fsync=off \
             -c synchronous_commit=off -c full_page_writes=off -c max_connections=50" start >>"$dir/log" 2>&1); then
            echo "$port" >"$dir/port"
            echo "127.0.0.1 $port"
            return 0
        fi
    done
    echo "pg_start: the server did not start, see $dir/data/server.log" >&2
    return 1
}

pg_stop() {
    local dir=$1 bin
    bin=$(pg_bindir)
    [ -f "$dir/data/postmaster.pid" ] || return 0
    (cd "$dir" && pg_as "$bin/pg_ctl" -s -m immediate -D "$dir/data" stop >>"$dir/log" 2>&1)
}

pg_url() {
    echo "postgresql://postgres@127.0.0.1:$(cat "$1/port")/${2:-postgres}"
}
