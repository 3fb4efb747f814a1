#!/usr/bin/env bash
# make demo [PG=1]: 3,000,000 real flights, 10,000 bird strikes and 42,049 zip codes go from a database into an archive;
# assay verifies the archive, finds five damages, has exactly the damaged segments exported again, and verifies once more.
# Leaves .demo/sqlite or .demo/postgresql with the archive, the ledger and report.html.
set -u
cd "$(dirname "$0")/../.." || exit 1
repo=$PWD
export BUILD PATH LC_ALL=C.UTF-8 TZ=UTC
BUILD=$(realpath -m "${BUILD:-build}")
PATH="$BUILD:$PATH"
passed=0
failed=0
begun=$SECONDS
pg_dir=''
months='2001-01 2001-02 2001-03 2001-04 2001-05 2001-06 2001-07'

pg_as() { # PostgreSQL does not run as root
    if [ "$(id -u)" -eq 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}
stop() {
    local status=$?
    trap - EXIT
    [ -z "$pg_dir" ] || pg_as "$pg_bin/pg_ctl" -D "$pg_dir/db" -m immediate -w stop >/dev/null
    [ -z "$pg_dir" ] || rm -rf "$pg_dir"
    exit $status
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

start_postgresql() {
    pg_bin=$(find /usr/lib/postgresql -path '*/bin/initdb' 2>/dev/null | sort -V | tail -n 1 | xargs -r dirname)
    [ -n "$pg_bin" ] || { echo "demo: no PostgreSQL server programs: run make deps" >&2; exit 1; }
    pg_dir=$(mktemp -d "${TMPDIR:-/tmp}/assay-demo-pg.XXXXXX")
    [ "$(id -u)" -ne 0 ] || chown postgres: "$pg_dir"
    chmod 755 "$pg_dir"
    { pg_as "$pg_bin/initdb" -D "$pg_dir/db" -U assay -A trust -E UTF8 --locale=C.UTF-8 --no-sync &&
        pg_as "$pg_bin/pg_ctl" -D "$pg_dir/db" -l "$pg_dir/log" -w -t 60 \
            -o "-k $pg_dir -c listen_addresses='' -c fsync=off -c max_wal_size=4GB" start; } >.start.log 2>&1 ||
        { cat .start.log; echo "demo: PostgreSQL does not start" >&2; exit 1; }
    rm .start.log
}

say() {
    printf '\n== %s\n' "$*"
}
ok() {
    passed=$((passed + 1))
    echo "ok - $1"
}
not_ok() {
    failed=$((failed + 1))
    echo "not ok - $1"
}
# shown N COMMAND...: the command as a reader would type it, its output, and its exit status against N.
shown() {
    local wanted=$1 status
    shift
    echo "\$ $*"
    "$@" >step.out 2>step.err </dev/null
    status=$?
    cat step.out
    [ $status -eq "$wanted" ] && { ok "exit status $status"; return; }
    tail -n 30 step.err
    not_ok "exit status $status instead of $wanted"
}
# prints WHAT REGEX: the last shown command said so.
prints() {
    if grep -qE -- "$2" step.out; then ok "$1"; else not_ok "$1: nothing matches $2"; fi
}
fingerprint() {
    find archive -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
}

if [ -n "${PG:-}" ]; then
    demo=$repo/.demo/postgresql
    rm -rf "$demo" && mkdir -p "$demo" && cd "$demo" || exit 1
    start_postgresql
    source="postgresql:///postgres?host=$pg_dir&user=assay"
else
    demo=$repo/.demo/sqlite
    rm -rf "$demo" && mkdir -p "$demo" && cd "$demo" || exit 1
    source=sqlite:app.db
fi
printf "SOURCE='%s'\nDUCK='%s/tests/support/duck.mjs'\n" "$source" "$repo" >source.env
cp "$repo/tests/demo/export.sh" .
sed -e "s|@SOURCE@|$(sed 's/[&|\\]/\\&/g' <<<"$source")|" -e "s|@NAME@|$(basename "$demo")|" \
    "$repo/tests/demo/plan.yaml" >plan.yaml

say "1. The app's database: $source"
if bash "$repo/tests/demo/load.sh"; then ok "3,000,000 flights, 10,000 bird strikes, 42,049 zip codes loaded"; else not_ok "loading"; exit 1; fi

say "2. The archive, written by stock tools"
for segment in $months; do
    ./export.sh flights_csv "$segment" && ./export.sh flights_parquet "$segment" || { not_ok "export of $segment"; exit 1; }
done
./export.sh birdstrikes all && ./export.sh zipcodes all || { not_ok "export"; exit 1; }
du -sh --apparent-size archive/*
fingerprint >intact.sha256
ok "$(wc -l <intact.sha256) files exported"

say "3. A plan, as assay proposes it for one table; the demo's own has four data sets under the same keys and ledger"
shown 0 assay init "$source" 'archive/flights-csv/{segment}.csv' --table flights --window date --every month --output proposed.yaml
sed 's/^/    /' proposed.yaml
prints "keys and ledger are made" 'made (keys|ledger)'

say "4. First verification"
shown 0 assay check plan.yaml

say "5. Five accidents"
bash "$repo/tests/demo/damage.sh" || { not_ok "damaging the archive"; exit 1; }

say "6. Second verification"
shown 1 assay check plan.yaml --report text --report json:damaged.json --report html:damaged.html
echo "damaged, by segment:"
python3 "$repo/tests/demo/segments.py" damaged.json | tee segments.txt
diff - segments.txt <<'TABLE' && ok "exactly the five damages are named" || not_ok "the five damages are named"
birdstrikes     all      extra
flights_csv     2001-01  lost
flights_csv     2001-03  changed delay
flights_parquet 2001-04  changed date
flights_parquet 2001-06  undecodable
TABLE

echo "why:"
python3 - damaged.json <<'PYTHON' | tee causes.txt
import json, sys
for c in json.load(open(sys.argv[1]))['causes']:
    print(f"{c['dataset']:15} {','.join(c['columns']) or '-':5} {c['kind']:14} {c['scope']:9} {c['evidence']}")
PYTHON
if grep -qE '^flights_parquet +date +time-cut +systemic +in the archive, time stamps were cut to the day' causes.txt; then
    ok "the cut time stamps are told as one cause"
else
    not_ok "the cause of the cut time stamps"
fi
if grep -qE '^flights_csv +- +rows-missing +isolated' causes.txt && grep -qE '^flights_csv +delay +unexplained +isolated' causes.txt; then
    ok "the lost row and the changed value are told as single rows"
else
    not_ok "the scope of the lost row and the changed value"
fi

say "7. Which rows, which columns"
shown 1 assay diff plan.yaml --limit 3
prints "the lost row's key" '- missing +123456'
prints "the changed value, its column and line" 'delay: .* -> .*2001-03\.csv:250001'
prints "the cut column" 'date: "2001-04-01 00:02:00" -> "2001-04-01 00:00:00"'
prints "the doubled row" '\* duplicate'
prints "the truncated file" 'flights_parquet: 502222 missing'

say "8. Export again what was damaged, and nothing else"
fingerprint >damaged.sha256
shown 0 assay reprocess plan.yaml
fingerprint >repaired.sha256
sed 's/^[0-9a-f]*  //' intact.sha256 >files.txt
diff damaged.sha256 repaired.sha256 | sed -n 's/^> [0-9a-f]*  //p' >rewritten.txt
diff intact.sha256 damaged.sha256 | sed -n 's/^> [0-9a-f]*  //p' >hit.txt
echo "rewritten:" && sed 's/^/  /' rewritten.txt
if [ "$(wc -l <hit.txt)" -eq 5 ] && cmp -s hit.txt rewritten.txt; then
    ok "exactly the five damaged files were written again"
else
    not_ok "the damaged files ($(xargs <hit.txt)) and the rewritten ones ($(xargs <rewritten.txt)) differ"
fi

say "9. Third verification"
shown 0 assay check plan.yaml --report text --report html:report.html
if grep -q '</html>' report.html 2>/dev/null; then ok "the report is $demo/report.html"; else not_ok "the report"; fi
shown 0 assay ledger verify plan.yaml

printf '\ndemo: %d s\n' $((SECONDS - begun))
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
