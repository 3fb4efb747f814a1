#!/usr/bin/env bash
# Commands as sides: NDJSON, CSV and Avro from scripts; commands that die half-way, end with a status, hang, or cannot be run are
# never a match; secrets stay out of everything that is written.
. "$(dirname "$0")/lib.sh"
command -v sqlite3 >/dev/null || { not_ok 'sqlite3 is installed' 'run make deps'; exit 1; }

sqlite3 s.db "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, amount TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
INSERT INTO t SELECT i, CASE i % 3 WHEN 0 THEN NULL ELSE 'name ' || i END, printf('%d.%02d', i, i % 100) FROM n;" || exit 1
sqlite3 -csv -header s.db 'SELECT * FROM t' >t.csv
cat >print.py <<'PY'
import json, sqlite3, sys
how = sys.argv[1] if len(sys.argv) > 1 else 'well'
for n, (i, name, amount) in enumerate(sqlite3.connect('s.db').execute('SELECT * FROM t')):
    if how == 'half' and n == 1000:
        sys.stdout.write('{"id":1001,"na')
        sys.stdout.flush()
        import os
        os.kill(os.getpid(), 9)
    print('{"id":%d,"name":%s,"amount":%s}' % (i, json.dumps(name), amount))
if how == 'status':
    sys.stderr.write('reading page 1\nlogin with token %s refused\n' % (sys.argv + ['none'])[3 if len(sys.argv) > 3 else -1])
    sys.exit(3)
if how == 'hang':
    sys.stdout.flush()
    import time
    time.sleep(1000)
if how == 'short':
    sys.stdout.write('{"id":2001,"na')
PY

check 'init: a plan from a command and CSV' assay init 'exec:python3 print.py' t.csv --key id --origin example.org/exec
check_has 'init: the command' plan.yaml 'locator: .?exec:python3 print.py'
check_has 'init: its format' plan.yaml 'format: ndjson'
check 'the plan that init wrote' assay check plan.yaml
check_has 'all rows were compared' "$OUT" 'match +rows 2,000/2,000'
check 'init: the command as the archive' assay init sqlite:s.db 'exec:cat t.csv' --format csv --table t --key id --output other.yaml --force
check 'that plan, too' assay check other.yaml

# plan NAME SOURCE ARCHIVE
set_of() {
    printf 'assay: 1\norigin: example.org/exec\nledger: ledger.db\nkeys: keys\ndatasets:\n  t:\n    id: 0f3c5e1a-7a57-4f0e-9c43-2b8f5b8a1f%02d\n' "$1"
    printf '    key: [id]\n    chunk_rows: 256\n    source: %s\n    archive: %s\n' "$2" "$3"
    printf '    columns: {id: integer, name: text, amount: decimal}\n'
}
lite='{locator: "sqlite:s.db", table: t}'
files='{locator: t.csv}'
set_of 1 '{exec: [python3, print.py], format: ndjson}' "$files" >list.yaml
check 'the command as a list' assay check list.yaml
set_of 2 '{locator: "exec:sqlite3 -csv -header s.db '"'SELECT * FROM t'"'", format: csv}' '{exec: [python3, print.py], format: ndjson}' >both.yaml
check 'a command on either side' assay check both.yaml
check_has 'both were read' "$OUT" 'match +rows 2,000/2,000'
set_of 3 "$lite" '{exec: [cat, '"$REPO"'/tests/vectors/avro/flights.avro], format: avro}' >avro.yaml
check_exit 3 'Avro of other columns' assay check avro.yaml
check_has 'its columns were read' "$ERR" 'there is no column'

# The archive is not what it should be: a difference is found, row by row.
sqlite3 s.db "UPDATE t SET amount = '7.77' WHERE id = 77"
check_exit 1 'a changed row' assay check list.yaml
check_exit 1 'diff runs it again' assay diff list.yaml
check_has 'the row is named' "$OUT" '~ changed +77 +amount'
sqlite3 s.db "UPDATE t SET amount = '77.77' WHERE id = 77"

n=10
for how in half status hang short; do
    n=$((n + 1))
    set_of $n "{exec: [python3, print.py, $how], format: ndjson, timeout: 2}" "$files" >$how.yaml
    check_exit 3 "source: $how" assay check $how.yaml
    cat "$OUT" "$ERR" >said.$how
    n=$((n + 1))
    set_of $n "$lite" "{exec: [python3, print.py, $how], format: ndjson, timeout: 2}" >$how-archive.yaml
    check_exit 3 "archive: $how" assay check $how-archive.yaml
    check_lacks "archive: $how is no match" "$OUT" '= t  match'
done
check_has 'half: killed' said.half 'python3 \(stdout\): was ended by signal 9'
check_has 'status: the status and what it said' said.status 'ended with exit status 3 .*reading page 1 \| login with token'
check_has 'hang: stopped' said.hang 'did not end within 2 s and was stopped'
check_has 'short: the last line is cut' said.short 'python3 \(stdout\):2001: truncated'

set_of 30 '{exec: [python3, print.py, status, --token, sesame42], format: ndjson}' "$files" >secret.yaml
check_exit 3 'a command with a secret' assay check secret.yaml
cat "$OUT" "$ERR" >said
check_has 'it says what it said' said 'login with token \*\*\* refused'
check_lacks 'without the secret' said sesame42
assay report secret.yaml --report html:r.html --report json:r.json >/dev/null 2>&1
for file in r.html r.json ledger.db; do
    if grep -q 'example.org\|MISMATCH\|UNVERIFIED\|unverified' $file && ! grep -qa sesame42 $file; then
        ok "no secret in $file"
    else
        not_ok "no secret in $file"
    fi
done
assay ledger log secret.yaml --kind run-start >"$OUT" 2>&1
set_of 31 '{locator: "exec:./nowhere --x", format: ndjson}' "$files" >nowhere.yaml
check_exit 3 'a command that is not there' assay check nowhere.yaml
check_has 'says so' "$ERR" 'cannot run ./nowhere: No such file'

bad() {
    set_of 40 "$2" "$files" >bad.yaml
    check_exit 2 "$1" assay plan bad.yaml
    check_has "$1: said" "$ERR" "$3"
}
bad 'no format' '{locator: "exec:cat t.csv"}' 'missing key "format"'
bad 'a pipe' '{locator: "exec:cat t.csv | head", format: csv}' 'is for a shell'
bad 'an open quote' "{locator: \"exec:cat 't.csv\", format: csv}" 'quote is not closed'
bad 'a table' '{locator: "exec:cat t.csv", format: csv, table: t}' 'table: has a meaning for databases only'
bad 'both' '{locator: "exec:cat t.csv", exec: [cat, t.csv], format: csv}' 'expected one of them'
bad 'neither' '{format: csv}' 'missing key "locator"'

# ---- a command that is told what is asked for ----
sqlite3 w.db "CREATE TABLE t (id INTEGER PRIMARY KEY, d TEXT);
    INSERT INTO t VALUES (1, '2024-01-05 00:00:00'), (2, '2024-02-03 00:00:00'), (3, '2024-03-04 00:00:00'), (4, NULL)"
cat >export.py <<'PY'
import json, sqlite3, sys
segments, lo, hi = sys.argv[1:4]
print(segments, lo, hi, file=open('asked', 'a'))
for i, d in sqlite3.connect('w.db').execute('SELECT * FROM t'):
    if d is None or ((not lo or d >= lo) and (not hi or d < hi)):
        print(json.dumps({'id': i, 'd': d}))
PY
cat >window.yaml <<'YAML'
assay: 1
origin: example.org/exec
datasets:
  t:
    id: 0f3c5e1a-7a57-4f0e-9c43-2b8f5b8a1f50
    key: [id]
    window: {column: d, every: month, closed_until: 2024-03-01}
    source: {exec: [python3, export.py, "{segment}", "{lo}", "{hi}"], format: ndjson}
    archive: {locator: "sqlite:w.db", table: t}
    columns: {id: integer, d: timestamp}
YAML
check 'everything' assay check window.yaml
check 'one segment' assay check window.yaml --segment 2024-02
check_exit 3 'two, one of which is open' assay check window.yaml --segment 2024-03 --segment 2024-01
check 'what is open at the mark' assay check window.yaml --since-mark
check_same 'each time the command was told what is asked for' asked <(printf '%s\n' 'all  ' '2024-02 2024-02-01 00:00:00 2024-03-01 00:00:00' \
    '2024-01,2024-03 2024-01-01 00:00:00 2024-04-01 00:00:00' 'all 2024-03-01 00:00:00 ')
