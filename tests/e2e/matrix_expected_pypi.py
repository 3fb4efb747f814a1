"""The cells of docs/compatibility-python.md that need more than the writer's profile: (writer, type) -> as in
matrix_expected.py. The page itself is the expectation; what stands here is what a user would declare, and why."""
FLOAT_OF = {'type': 'float64', 'rules': {'source': [{'as': 'float64'}]}}
IN_DOUBLES = {**FLOAT_OF, 'note': 'pandas holds integers with a NULL among them as doubles; beyond 2^53 they are others'}
CLOCK_ONLY = {'type': 'time', 'rules': {'source': [{'timezone': 'UTC'}]},
              'note': 'DuckDB wrote the timetz as a time in UTC: the offset is lost before the writer sees it'}
BYTES_OF_JSON = {'rules': {'archive': [{'as': 'json'}]}, 'note': 'polars knows no JSON and takes the column for bytes'}
NO_INFINITY = {'note': 'the writer knows no infinite dates, and writes the number behind them as a day or an instant'}
NO_MIDNIGHT = {'note': 'a time of the library ends before 24:00'}
OUT_OF_RANGE = {'note': 'pyarrow writes `<value out of range: N>` in place of the value'}
NUMPY = {'note': 'pandas prints lists as numpy does, and cuts long ones: convert the column to JSON text'}
JSON_TYPES = ('json', 'json, a number beyond double', 'json, a bare string', 'jsonb', 'jsonb 1e400')

EXPECTED = {
    **{(w, 'bigint'): IN_DOUBLES for w in ('pandas-parquet', 'pandas-csv', 'fastparquet-parquet')},
    ('pandas-ndjson', 'bigint'): {'type': 'float64', 'rules': {'source': [{'as': 'float64'}, {'digits': '10'}], 'archive': [{'digits': '10'}]},
                                  'note': 'pandas holds integers with a NULL among them as doubles and prints 10 digits of those'},
    **{(w, 'timetz'): CLOCK_ONLY for w in (
        'pyarrow-parquet', 'pyarrow-csv', 'pandas-parquet', 'pandas-csv', 'pandas-ndjson', 'polars-parquet', 'polars-csv',
        'polars-ndjson', 'fastavro-avro')},
    ('fastparquet-parquet', 'numeric(12,2)'): {'rules': {'archive': [{'as': 'decimal(2)'}]}, 'note': 'fastparquet writes decimals as doubles'},
    ('fastparquet-parquet', 'numeric(38,9)'): {**FLOAT_OF, 'note': 'fastparquet writes decimals as doubles: digits beyond 17 are lost'},
    ('pandas-csv', 'bytea'): {'note': 'pandas prints bytes as Python does, `b\'\\x00\'`: export them as hex'},
    ('spark-csv', 'bytea'): {'note': 'Spark prints bytes as `[00 FF]`: set `spark.sql.binaryOutputStyle` to HEX, or export to Parquet'},
    ('pandas-csv', 'timestamp BC'): {'note': 'pandas prints the year -43 as `-043`'},
    ('pandas-ndjson', 'timestamp BC'): {'note': 'pandas prints the year -43 as `-043`'},
    ('spark-ndjson', 'char(8)'): {'rules': {'archive': [{'absent': 'null'}]}},
    **{(w, 'timestamp ±infinity'): NO_INFINITY for w in ('pandas-csv', 'pandas-ndjson', 'spark-csv', 'spark-ndjson')},
    **{(w, 'date ±infinity'): NO_INFINITY for w in ('spark-csv', 'spark-ndjson')},
    **{('pyarrow-csv', t): OUT_OF_RANGE for t in ('date ±infinity', 'timestamp ±infinity', 'time 24:00')},
    ('fastavro-avro', 'time 24:00'): NO_MIDNIGHT,
    **{(w, 'time 24:00'): NO_MIDNIGHT for w in ('polars-parquet', 'polars-csv', 'polars-ndjson')},
    ('pandas-csv', 'integer[]'): NUMPY,
    ('pandas-csv', 'integer[] with a NULL'): NUMPY,
    ('pandas-csv', 'integer[][]'): NUMPY,
    ('pandas-parquet', 'integer[] with a NULL'): {'note': 'pandas makes a list of doubles of it; rules do not reach into lists'},
    ('pandas-ndjson', 'double, the largest'): {'note': 'pandas prints 10 digits, and the largest doubles rounded to them are beyond the type'},
    ('pandas-ndjson', 'double, 17 digits'): {'rules': {'source': [{'digits': '10'}], 'archive': [{'digits': '10'}]},
                                             'note': 'pandas prints 10 digits behind the point'},
    ('polars-avro', 'numeric(12,2)'): {'note': 'polars writes a decimal of zero as no bytes at all, which the specification does not have'},
    **{('polars-avro', t): BYTES_OF_JSON for t in JSON_TYPES},
}
