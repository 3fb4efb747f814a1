#!/usr/bin/env bash
# load.sh: fill the database that plays the low-code app's from the data sets of npm's vega-datasets.
# Run in the demo's folder; `source.env` there says which database it is (see demo.sh).
set -eu -o pipefail
. ./source.env
here=$(dirname "$(readlink -f "$0")")
data=$here/../../node_modules/vega-datasets/data
rm -rf load
mkdir load

# The app gave every flight an id: its place in the file. Bird strikes have no key, and 24 of them occur twice.
node "$here/../support/duck.mjs" "
    COPY (SELECT file_row_number + 1 AS id, * EXCLUDE (file_row_number)
          FROM read_parquet('$data/flights-3m.parquet', file_row_number = true))
    TO 'load/flights.csv' (FORMAT csv, HEADER)" >load/log
cp "$data/birdstrikes.csv" "$data/zipcodes.csv" load/

load_sqlite() {
    sqlite3 app.db <<'SQL'
PRAGMA journal_mode = off;
PRAGMA synchronous = off;
CREATE TABLE flights (id INTEGER PRIMARY KEY, date TEXT NOT NULL, delay INTEGER, distance INTEGER,
                      origin TEXT, destination TEXT);
CREATE TABLE birdstrikes ("Airport Name" TEXT, "Aircraft Make Model" TEXT, "Effect Amount of damage" TEXT,
                          "Flight Date" TEXT, "Aircraft Airline Operator" TEXT, "Origin State" TEXT,
                          "Phase of flight" TEXT, "Wildlife Size" TEXT, "Wildlife Species" TEXT, "Time of day" TEXT,
                          "Cost Other" INTEGER, "Cost Repair" INTEGER, "Cost Total $" INTEGER,
                          "Speed IAS in knots" INTEGER);
CREATE TABLE zipcodes (zip_code TEXT PRIMARY KEY, latitude REAL, longitude REAL, city TEXT, state TEXT, county TEXT);
.import --csv --skip 1 load/flights.csv flights
.import --csv --skip 1 load/birdstrikes.csv birdstrikes
.import --csv --skip 1 load/zipcodes.csv zipcodes
UPDATE birdstrikes SET "Speed IAS in knots" = NULL WHERE "Speed IAS in knots" = '';
PRAGMA journal_mode = wal;
SQL
}

load_postgresql() {
    psql -q -v ON_ERROR_STOP=1 "$SOURCE" <<'SQL'
CREATE TABLE flights (id bigint PRIMARY KEY, date timestamp NOT NULL, delay int, distance int, origin text, destination text);
CREATE TABLE birdstrikes ("Airport Name" text, "Aircraft Make Model" text, "Effect Amount of damage" text,
                          "Flight Date" date, "Aircraft Airline Operator" text, "Origin State" text,
                          "Phase of flight" text, "Wildlife Size" text, "Wildlife Species" text, "Time of day" text,
                          "Cost Other" int, "Cost Repair" int, "Cost Total $" int, "Speed IAS in knots" int);
CREATE TABLE zipcodes (zip_code text COLLATE "C" PRIMARY KEY, latitude double precision, longitude double precision,
                       city text, state text, county text);
\copy flights FROM 'load/flights.csv' (FORMAT csv, HEADER)
\copy birdstrikes FROM 'load/birdstrikes.csv' (FORMAT csv, HEADER)
\copy zipcodes FROM 'load/zipcodes.csv' (FORMAT csv, HEADER)
ANALYZE;
SQL
}

case $SOURCE in
sqlite:*) load_sqlite >>load/log ;;
*) load_postgresql >>load/log ;;
esac
rm -rf load
