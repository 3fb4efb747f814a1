"""What must come of the cells of the cross matrix that are not plainly equal: (writer, type) -> how the cell ends (= by default),
the type that both sides are compared under where it is not the column's, the rules that it needs, and a note for
docs/compatibility.md. Ends: = equal or accepted, ? cannot be read, ≠ another value, – the tool cannot write it."""

EMPTY_IS_NULL = {'rules': {'source': [{'null_if': ''}]}, 'note': 'psql --csv writes NULL and the empty text alike'}
OWN_ESCAPES = {'rules': {'archive': [{'encoding': 'escapes'}]}, 'note': 'DuckDB prints bytes as `A\\x00`'}
JSON_IN_TEXT = {'rules': {'archive': [{'as': 'json'}]}, 'note': 'sqlite3 knows JSON only as text, and writes it as a JSON string'}
BARE_STRING = {'rules': {'archive': [{'as': 'json_string'}]}, 'note': 'a JSON string in an NDJSON member may be text that holds JSON or a '
               'JSON string: the rule says which'}
ROUNDED = {'ends': '≠', 'note': 'DuckDB re-serialises JSON numbers through double'}

EXPECTED = {
    ('pg-psql-csv', 'text, empty'): EMPTY_IS_NULL,
    ('pg-psql-csv', 'varbit'): EMPTY_IS_NULL,
    ('pg-psql-csv', 'hstore'): EMPTY_IS_NULL,
    ('pg-json', 'json, a bare string'): BARE_STRING,
    ('pg-json', 'hstore'): {'type': 'map<text, text>', 'note': 'row_to_json writes an hstore as an object'},
    ('pg-json', 'integer[] with a lower bound of 0'): {'rules': {'source': ['drop_bounds']},
                                                       'note': 'JSON arrays have no lower bound'},
    ('pg-duckdb-csv', 'bytea'): OWN_ESCAPES,
    ('pg-duckdb-json', 'bytea'): OWN_ESCAPES,
    ('sqlite-duckdb-csv', 'bytea'): OWN_ESCAPES,
    ('sqlite-duckdb-json', 'bytea'): OWN_ESCAPES,
    ('pg-duckdb-csv', 'integer[] with a NULL'): {'ends': '?', 'note': 'DuckDB writes NULL in a list as the bare word, which is neither '
                                                 'JSON nor PostgreSQL\'s spelling; cast the column to JSON'},
    ('pg-duckdb-json', 'json, a number beyond double'): ROUNDED,
    ('sqlite-duckdb-json', 'json, a number beyond double'): ROUNDED,
    ('pg-duckdb-json', 'json, a bare string'): BARE_STRING,
    ('sqlite-duckdb-json', 'json, a bare string'): BARE_STRING,
    ('pg-duckdb-parquet', 'timetz'): {'type': 'time', 'rules': {'source': [{'timezone': 'UTC'}]},
                                      'note': 'DuckDB writes TIMETZ as a time in UTC: the offset is lost'},
    ('pg-duckdb-parquet', 'interval'): {'ends': '–'},
    ('sqlite-csv', 'double, 17 digits'): {'rules': {'source': [{'digits': '15'}], 'archive': [{'digits': '15'}]},
                                          'note': 'sqlite3 prints 15 digits'},
    ('sqlite-csv', 'double, the largest'): {'ends': '?', 'note': 'sqlite3 prints 15 digits, and the largest doubles rounded to them '
                                            'are beyond the type: SQLite itself reads them back as infinity'},
    ('sqlite-csv', 'bytea'): {'ends': '?', 'note': 'sqlite3 writes blobs as they are, up to the first NUL byte: export `hex(v)`'},
    ('sqlite-json', 'bytea'): {'ends': '–', 'note': 'what sqlite3 writes for a blob is not JSON in UTF-8'},
    ('sqlite-json', 'bigint'): {'type': 'float64', 'rules': {'source': [{'as': 'float64'}]},
                                'note': 'jq reads integers as doubles; without it they stay'},
    ('sqlite-json', 'json'): JSON_IN_TEXT,
    ('sqlite-json', 'json, a number beyond double'): JSON_IN_TEXT,
    ('sqlite-json', 'json, a bare string'): JSON_IN_TEXT,
    ('sqlite-json', 'jsonb'): JSON_IN_TEXT,
    ('sqlite-json', 'jsonb 1e400'): JSON_IN_TEXT,
}
