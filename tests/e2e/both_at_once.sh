#!/usr/bin/env bash
# Two checkers of a sealed dataset at once: the chunk keys are in the keyring before there are cuts to begin with.
. "$(dirname "$0")/lib.sh"

sqlite3 s.db <<'SQL' || exit 1
CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT, day TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000)
INSERT INTO t SELECT i, 'Erika ' || i, date('2024-01-01', (i % 60) || ' days') FROM n;
SQL
sqlite3 -csv -header s.db "SELECT * FROM t ORDER BY name" >t.csv
assay init sqlite:s.db t.csv --table t --output init.yaml --origin assay.local/t >init.out || exit 1
plan() { # NAME, ID, then lines of the dataset
    { printf 'assay: 1\norigin: assay.local/t\ndigest: sealed\ndatasets:\n  t:\n    id: 0f3c5e1a-7a57-4f0e-9c43-2b8f5b8a1d%s\n' "$2"
      printf '    source: {locator: "sqlite:s.db", table: t}\n    archive: {locator: t.csv}\n    key: [id]\n'
      printf '    columns: {id: integer, name: text, day: date}\n'
      printf '    %s\n' "${@:3}"; } >"$1.yaml"
}
plan one 01 'chunk_rows: 5000'
plan two 02 'chunk_rows: 5000' 'window: {column: day, every: month}'
roots() { assay ledger log "$1" --kind chunk --json | jq -r "select(.fields.role == \"$2\") | .fields.root // .fields.unsealed"; }

# ---- one that was stopped is like one that has not ended ----
check_exit 3 'a source that gets no further than its rows' assay verify one.yaml --side source --memory 1 --spill-max 1
check_has '... but has cuts' <(assay ledger log one.yaml --kind cut) 'cut'
check 'has left the keys of their chunks' test "$(grep -c '^chunk .* all$' keyring)" -eq 6
cp keyring before
check 'the archive is sealed under them' assay verify one.yaml --side archive
check 'every chunk of it' test "$(roots one.yaml archive | grep -c '^sha256:')" -eq 6
check 'the source once more' assay verify one.yaml --side source
check_same 'makes no other keys' before keyring
check 'both are equal' assay reconcile one.yaml
check_lacks '... by their roots' "$ERR" 'by sums alone'

# ---- both at once ----
assay verify two.yaml --side source >source.out 2>&1 &
source_pid=$!
until assay verify two.yaml --side archive >archive.out 2>&1; do
    grep -q 'cut the source first' archive.out || break
    [ -e "/proc/$source_pid" ] || { assay verify two.yaml --side archive >archive.out 2>&1; break; }
done
check 'the source has ended well' wait $source_pid
check_has 'and so has the archive' archive.out 'chunks'
check_lacks 'no chunk is without a key' <(roots two.yaml archive) 'no key'
check 'both are equal' assay reconcile two.yaml
check_lacks '... by their roots' "$ERR" 'by sums alone'

# ---- a keyring that comes late ----
mv keyring away
check 'an archive without the keyring' assay verify two.yaml --side archive
check_has '... has no root' <(roots two.yaml archive) '^no key$'
mv away keyring
check 'the ledger holds' assay ledger verify two.yaml
