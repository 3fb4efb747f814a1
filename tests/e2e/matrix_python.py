"""Run inside a virtual environment by matrix_full.py: matrix_python.py FOLDER STEM... reads STEM.parquet, as DuckDB wrote it, and
writes what each library makes of it to FOLDER/WRITER-STEM.SUFFIX. What a library refuses is left out."""
import os
import shutil
import sys


def pyarrow_parquet(source, target):
    import pyarrow.parquet as pq
    pq.write_table(pq.read_table(source), target)


def pyarrow_csv(source, target):
    import pyarrow.csv
    import pyarrow.parquet as pq
    pyarrow.csv.write_csv(pq.read_table(source), target)


def pandas_csv(source, target):
    import pandas
    pandas.read_parquet(source).to_csv(target, index=False)


def pandas_json(source, target):
    import pandas
    pandas.read_parquet(source).to_json(target, orient='records', lines=True, date_format='iso')


def pandas_parquet(source, target):
    import pandas
    pandas.read_parquet(source).to_parquet(target)


def fastparquet_parquet(source, target):
    import fastparquet
    import pandas
    fastparquet.write(target, pandas.read_parquet(source))


def polars_parquet(source, target):
    import polars
    polars.read_parquet(source).write_parquet(target)


def polars_csv(source, target):
    import polars
    polars.read_parquet(source).write_csv(target)


def polars_json(source, target):
    import polars
    polars.read_parquet(source).write_ndjson(target)


def polars_avro(source, target):
    import polars
    polars.read_parquet(source).write_avro(target)


def avro_type(pa, t):
    simple = [(pa.is_boolean, 'boolean'), (pa.is_int8, 'int'), (pa.is_int16, 'int'), (pa.is_int32, 'int'),
              (pa.is_integer, 'long'), (pa.is_float32, 'float'), (pa.is_float64, 'double'), (pa.is_string, 'string'),
              (pa.is_binary, 'bytes'), (pa.is_date, {'type': 'int', 'logicalType': 'date'}),
              (pa.is_time, {'type': 'long', 'logicalType': 'time-micros'})]
    for is_it, name in simple:
        if is_it(t):
            return name
    if pa.is_timestamp(t):
        return {'type': 'long', 'logicalType': 'timestamp-micros' if t.tz else 'local-timestamp-micros'}
    if pa.is_decimal(t):
        return {'type': 'bytes', 'logicalType': 'decimal', 'precision': t.precision, 'scale': t.scale}
    if pa.is_list(t):
        return {'type': 'array', 'items': ['null', avro_type(pa, t.value_type)]}
    raise TypeError(str(t))


def fastavro_avro(source, target):
    import fastavro
    import pyarrow.parquet as pq
    import pyarrow.types as pa
    table = pq.read_table(source)
    fields = [{'name': f.name, 'type': ['null', avro_type(pa, f.type)]} for f in table.schema]
    with open(target, 'wb') as f:
        fastavro.writer(f, {'type': 'record', 'name': 'r', 'fields': fields}, table.to_pylist(), codec='deflate')


WRITERS = {'pyarrow-parquet': pyarrow_parquet, 'pyarrow-csv': pyarrow_csv, 'pandas-parquet': pandas_parquet,
           'pandas-csv': pandas_csv, 'pandas-ndjson': pandas_json, 'fastparquet-parquet': fastparquet_parquet,
           'polars-parquet': polars_parquet, 'polars-csv': polars_csv, 'polars-ndjson': polars_json, 'polars-avro': polars_avro,
           'fastavro-avro': fastavro_avro}
SPARK = {'spark-parquet': 'parquet', 'spark-csv': 'csv', 'spark-ndjson': 'json'}


def by_spark(folder, stems):
    from pyspark.sql import SparkSession
    spark = (SparkSession.builder.master('local[1]').config('spark.ui.enabled', 'false')
             .config('spark.sql.session.timeZone', 'UTC').config('spark.driver.bindAddress', '127.0.0.1')
             .config('spark.driver.host', '127.0.0.1').getOrCreate())
    spark.sparkContext.setLogLevel('OFF')
    for stem in stems:
        for name, form in SPARK.items():
            parts = f'{folder}/{name}-{stem}.parts'
            try:
                writer = spark.read.parquet(f'{stem}.parquet').coalesce(1).write
                (writer.option('header', True) if form == 'csv' else writer).format(form).save(parts)
                part = [p for p in os.listdir(parts) if p.startswith('part-')]
                shutil.move(os.path.join(parts, part[0]), f'{folder}/{name}-{stem}.{name.split("-")[1]}')
            except Exception as e:  # noqa: BLE001
                print(f'{name} {stem}: {type(e).__name__}', file=sys.stderr)


def main():
    folder, stems = sys.argv[1], sys.argv[2:]
    for stem in stems:
        for name, write in WRITERS.items():
            target = f'{folder}/{name}-{stem}.{name.split("-")[1]}'
            try:
                write(f'{stem}.parquet', target)
            except BaseException as e:  # noqa: BLE001  polars panics
                print(f'{name} {stem}: {type(e).__name__}: {str(e)[:200]}', file=sys.stderr)
                if os.path.exists(target):
                    os.remove(target)
    by_spark(folder, stems)


main()
