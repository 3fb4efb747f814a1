#!/usr/bin/env bash
# damage.sh: five accidents that happen to archives, each with an ordinary tool. Run in the demo's folder.
set -eu -o pipefail
. ./source.env

# A line range of a CSV file is edited in place; the file must differ afterwards, or the demo shows nothing.
edit() { # FILE SED-SCRIPT
    cp "$1" "$1.before"
    sed -E -i "$2" "$1"
    if cmp -s "$1" "$1.before"; then
        echo "damage.sh: $1 is unchanged" >&2
        exit 1
    fi
    rm "$1.before"
}

echo "row lost               archive/flights-csv/2001-01.csv: line 123457 deleted"
edit archive/flights-csv/2001-01.csv '123457d'

echo "row doubled            archive/birdstrikes.csv: line 4321 written twice"
edit archive/birdstrikes.csv '4321p'

echo "one value changed      archive/flights-csv/2001-03.csv: line 250001, delay + 10000"
edit archive/flights-csv/2001-03.csv '250001s/^([0-9]+),([^,]+),(-?)([0-9]+),/\1,\2,\31000\4,/'

echo "time stamps cut        archive/flights-parquet/2001-04.parquet: date cut to the day in every row"
file=archive/flights-parquet/2001-04.parquet
node "$DUCK" "COPY (SELECT * REPLACE (date_trunc('day', date)::TIMESTAMP AS date) FROM read_parquet('$file'))
              TO '$file.part' (FORMAT parquet, COMPRESSION zstd)" >/dev/null
mv "$file.part" "$file"

echo "file truncated         archive/flights-parquet/2001-06.parquet: the first half is left"
file=archive/flights-parquet/2001-06.parquet
truncate -s $(($(stat -c %s "$file") / 2)) "$file"
