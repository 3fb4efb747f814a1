"""Makes the files beside it: two rows as each exporter writes them, with the marks that it leaves (tests/e2e/profiles.sh).
Run in an environment with the libraries that tests/e2e/matrix_full.py names, and Java 17. airbyte.avro and airbyte.parquet
have the schema of Airbyte's documentation (integrations/destinations/s3-migrations), written by fastavro and pyarrow."""
import datetime
import os
import shutil

import fastavro
import fastparquet
import pandas
import polars
import pyarrow
import pyarrow.parquet
from pyspark.sql import SparkSession

AT = datetime.datetime(2024, 1, 31, 10, 0, 0, 123000)
ROWS = [{'id': 1, 'name': 'x', 'ok': True, 'at': AT}, {'id': 2, 'name': None, 'ok': False, 'at': None}]
SCHEMA = pyarrow.schema([('id', pyarrow.int64()), ('name', pyarrow.string()), ('ok', pyarrow.bool_()),
                         ('at', pyarrow.timestamp('us'))])
HERE = os.path.dirname(os.path.abspath(__file__))
EXTRACTED = datetime.datetime(2024, 2, 1, tzinfo=datetime.timezone.utc)
RAW_IDS = ['3b1f0c1e-52a4-4a55-9d1a-3f1f3b7f0a01', '3b1f0c1e-52a4-4a55-9d1a-3f1f3b7f0a02']

os.chdir(HERE)
table = pyarrow.Table.from_pylist(ROWS, SCHEMA)
pyarrow.parquet.write_table(table, 'pyarrow.parquet')
frame = pandas.DataFrame(ROWS)
frame.to_parquet('pandas.parquet')
fastparquet.write('fastparquet.parquet', frame)
polars.DataFrame(ROWS).write_parquet('polars.parquet')

own = [{'_airbyte_raw_id': r, '_airbyte_extracted_at': EXTRACTED, '_airbyte_generation_id': 1} for r in RAW_IDS]
pyarrow.parquet.write_table(pyarrow.Table.from_pylist(
    [{**o, **r} for o, r in zip(own, ROWS)],
    pyarrow.schema([('_airbyte_raw_id', pyarrow.string()), ('_airbyte_extracted_at', pyarrow.timestamp('ms', 'UTC')),
                    ('_airbyte_generation_id', pyarrow.int64()), *SCHEMA])), 'airbyte.parquet')
fields = [('_airbyte_raw_id', {'type': 'string', 'logicalType': 'uuid'}),
          ('_airbyte_extracted_at', {'type': 'long', 'logicalType': 'timestamp-millis'}), ('_airbyte_generation_id', 'long'),
          ('id', 'long'), ('name', ['null', 'string']), ('ok', ['null', 'boolean']),
          ('at', ['null', {'type': 'long', 'logicalType': 'local-timestamp-micros'}])]
with open('airbyte.avro', 'wb') as f:
    fastavro.writer(f, {'type': 'record', 'name': 'h', 'namespace': 'public',
                        'fields': [{'name': n, 'type': t} for n, t in fields]},
                    [{**o, **r} for o, r in zip(own, ROWS)], codec='deflate', sync_marker=b'assay exporters!')

spark = (SparkSession.builder.master('local[1]').config('spark.ui.enabled', 'false').config('spark.sql.session.timeZone', 'UTC')
         .config('spark.driver.bindAddress', '127.0.0.1').config('spark.driver.host', '127.0.0.1').getOrCreate())
data = spark.createDataFrame([(1, 'x', True, AT), (2, None, False, None)], 'id long, name string, ok boolean, at timestamp_ntz')
for form in ('parquet', 'csv', 'json'):
    folder = 'spark-' + form
    shutil.rmtree(folder, ignore_errors=True)
    data.coalesce(1).write.format(form).save(folder)
    for name in os.listdir(folder):
        if name.startswith('.'):
            os.remove(os.path.join(folder, name))
