#!/usr/bin/env bash
# Every declared type of SQLite, and values that are held otherwise than declared, through sqlite3 and DuckDB into CSV, NDJSON
# and Parquet: assay init proposes the type that docs/types.md lists and the rules that what is stored needs, assay check
# finds both sides equal, and of a table whose row k was changed in column k alone afterwards, assay diff names exactly that.
. "$(dirname "$0")/lib.sh"
types() { python3 "$REPO/tests/e2e/sqlite_types.py" "$@"; }
nothing() { # WHAT FILE: what was printed is a list of complaints
    if [ -s "$2" ]; then not_ok "$1" "$(head -n 40 "$2")"; else ok "$1"; fi
}
types docs "$REPO/docs/types.md" >complaints
nothing 'docs/types.md lists the types that are tested here, and those alone' complaints

# all of it in each format, from a database in UTF-8 and, for CSV, from one in UTF-16 too
try() { # NAME FORMAT ENCODING
    mkdir "$TMP/$1" && cd "$TMP/$1" || exit 1
    { echo "PRAGMA encoding = '$3';"; types ddl; } | sqlite3 app.db || exit 1
    case $2 in
    csv) sqlite3 -csv -header app.db "$(types csv)" >t.csv ;;
    ndjson) sqlite3 app.db "$(types ndjson)" >t.ndjson ;;
    parquet)
        sqlite3 app.db "$(types ndjson)" >t.json
        check 'DuckDB writes Parquet' duck "SET TimeZone = 'UTC'" \
            "COPY (SELECT * FROM read_json('t.json', format = 'newline_delimited', columns = $(types duck))) TO 't.parquet' (FORMAT parquet)"
        ;;
    esac
    check "$1: init" assay init sqlite:app.db "t.$2" --table t --output plan.yaml
    types plan plan.yaml "$2" >complaints
    nothing "$1: init proposes the types of docs/types.md" complaints
    check "$1: everything is equal" assay check plan.yaml
    types change | sqlite3 app.db
    check_exit 1 "$1: changes are found" assay check plan.yaml
    assay diff plan.yaml --limit 0 --json >differ 2>"$ERR"
    types diff differ >complaints
    nothing "$1: each in its row and its column" complaints
}
try csv csv UTF-8
try utf16 csv UTF-16le
try ndjson ndjson UTF-8
try parquet parquet UTF-8

# What a column holds against its declaration is a defect of the source that is named with its place, never read as something else.
mkdir "$TMP/odd" && cd "$TMP/odd" || exit 1
sqlite3 app.db <<'SQL'
CREATE TABLE odd (id INTEGER PRIMARY KEY, n INTEGER, x TEXT, d DECIMAL(9,2), b BOOLEAN, y DATE, v BLOB);
WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 300)
INSERT INTO odd SELECT i, i, 'row ' || i, i + 0.25, i % 2, date('2024-01-01', i || ' days'), CAST('v' || i AS BLOB) FROM c;
SQL
exported() { sqlite3 -csv -header app.db "SELECT id, n, x, d, b, y, '\\x' || hex(v) AS v FROM odd"; }
exported >odd.csv
check 'init of a table as it should be' assay init sqlite:app.db odd.csv --table odd --output plan.yaml
check 'which is equal' assay check plan.yaml
cp app.db good.db
odd() { # WHAT ASSIGNMENT REGEX: row 7 is what no value of its column's type is
    cp good.db app.db
    sqlite3 app.db "UPDATE odd SET $2 WHERE id = 7"
    check_exit 3 "$1: not verified" assay check plan.yaml
    check_has "$1: named with its place" "$ERR" "warning: all:7: $3"
}
odd 'text in an INTEGER column' "n = 'seven'" 'n: not a number'
odd 'a double in an INTEGER column' 'n = 7.5' 'n: '
odd 'a blob in a TEXT column' "x = x'ff'" 'x: '
odd 'invalid UTF-8 in a TEXT column' "x = CAST(x'ff' AS TEXT)" 'x: invalid UTF-8'
odd 'a word in a DECIMAL column' "d = 'much'" 'd: '
odd 'two for a BOOLEAN' 'b = 2' 'b: '
odd 'a day that is none' "y = '2024-02-30'" 'y: '
odd 'a number for a day' 'y = 19000' 'y: '
odd 'text in a BLOB column' "v = 'seven'" 'v: '
other() { # WHAT ASSIGNMENT COLUMN: a different value, whatever its storage class
    cp good.db app.db
    sqlite3 app.db "UPDATE odd SET $2 WHERE id = 7"
    check_exit 1 "$1: found" assay check plan.yaml
    check_has "$1: in its column" "$OUT" ": $3  rows 300/300"
}
other 'a NUL within text' "x = 'row ' || char(0) || '7'" x
other 'an integer in a TEXT column, under its affinity' 'x = 8' x
other 'a cent' 'd = 7.26' d
same() { # WHAT ASSIGNMENT: the same value, held otherwise
    cp good.db app.db
    sqlite3 app.db "UPDATE odd SET $2 WHERE id = 7"
    check "$1: equal" assay check plan.yaml
}
same 'a boolean as a word' "b = 'true'"
same 'an integer as text' "n = ' 7'" # INTEGER affinity makes it a number
same 'a decimal with a zero behind' "d = '7.250'"

# Tables of every kind, from STRICT to views, are read by the same rules.
mkdir "$TMP/kinds" && cd "$TMP/kinds" || exit 1
sqlite3 app.db <<'SQL'
CREATE TABLE strict_one (id INTEGER PRIMARY KEY, i INT NOT NULL, r REAL, t TEXT, b BLOB, a ANY) STRICT;
INSERT INTO strict_one VALUES (1, 2, 0.5, 'x', x'00', 5), (2, 3, NULL, '', NULL, 6);
CREATE TABLE no_rowid (a TEXT, b INT, c REAL, PRIMARY KEY (b, a)) WITHOUT ROWID;
INSERT INTO no_rowid VALUES ('x', 1, 1.5), ('y', 1, NULL), ('x', 2, -0.5);
CREATE VIEW seen AS SELECT id, upper(t) AS t, i * 2 AS d FROM strict_one;
CREATE TABLE huge (id INTEGER PRIMARY KEY, b BLOB);
INSERT INTO huge VALUES (1, zeroblob(1000000)), (2, randomblob(3000000)), (3, x'');
SQL
for table in strict_one no_rowid seen huge; do
    columns='*'
    [ $table = strict_one ] && columns="id, i, r, t, CASE WHEN b IS NOT NULL THEN '\\x' || hex(b) END AS b, a"
    [ $table = huge ] && columns="id, '\\x' || hex(b) AS b"
    sqlite3 -csv -header app.db "SELECT $columns FROM $table" >$table.csv
    mkdir $table && cd $table || exit 1
    check "$table: init" assay init sqlite:../app.db ../$table.csv --table $table --output plan.yaml
    check "$table: equal" assay check plan.yaml
    cd ..
done
sqlite3 app.db "UPDATE huge SET b = CAST(substr(b, 1, 2999999) || x'00' AS BLOB) WHERE id = 2 AND substr(b, 3000000) <> x'00'"
cd huge || exit 1
check_exit 1 'the last byte of a huge blob' assay check plan.yaml
