#!/usr/bin/env bash
# export.sh DATASET SEGMENT: write one segment of the archive with stock tools: sqlite3 or psql for CSV, DuckDB for Parquet.
# This is the pipeline that assay checks; `assay reprocess` calls it again for the segments that were damaged.
# Runs in the demo's folder; `source.env` there says which database it reads.
set -eu -o pipefail
cd "$(dirname "$0")"
. ./source.env
dataset=$1
segment=$2

csv_of() { # SQL: its rows as CSV, NULL as an empty field
    case $SOURCE in
    sqlite:*) sqlite3 -readonly -header -csv "${SOURCE#sqlite:}" "$1" ;;
    *) psql -q -v ON_ERROR_STOP=1 "$SOURCE" -c "COPY ($1) TO STDOUT (FORMAT csv, HEADER)" ;;
    esac
}

flights_of() { # a month, as 2001-03
    local next
    next=$(date -u -d "$1-01 + 1 month" +%Y-%m-%d)
    csv_of "SELECT id, date, delay, distance, origin, destination FROM flights
            WHERE date >= '$1-01' AND date < '$next' ORDER BY id"
}

mkdir -p archive/flights-csv archive/flights-parquet
# An archive never shows half a file: written beside its place, then renamed.
case $dataset in
flights_csv)
    out=archive/flights-csv/$segment.csv
    flights_of "$segment" >"$out.part"
    ;;
flights_parquet)
    out=archive/flights-parquet/$segment.parquet
    flights_of "$segment" >"$out.csv"
    node "$DUCK" "
        COPY (SELECT * FROM read_csv('$out.csv', header = true, columns = {id: 'BIGINT', date: 'TIMESTAMP',
              delay: 'INTEGER', distance: 'INTEGER', origin: 'VARCHAR', destination: 'VARCHAR'}))
        TO '$out.part' (FORMAT parquet, COMPRESSION zstd)" >/dev/null
    rm "$out.csv"
    ;;
birdstrikes | zipcodes)
    out=archive/$dataset.csv
    csv_of "SELECT * FROM $dataset" >"$out.part"
    ;;
*)
    echo "export.sh: unknown dataset '$dataset'" >&2
    exit 2
    ;;
esac
mv "$out.part" "$out"
