"""The types of the cross matrix: what a column of each is called in PostgreSQL and in DuckDB, under which logical type it is
compared, and the values that it is tried with, as PostgreSQL reads them. None is NULL."""
from dataclasses import dataclass, field


@dataclass
class Type:
    name: str  # of the column of docs/compatibility.md
    pg: str  # declared type in PostgreSQL
    logical: str  # type in the plan
    values: list
    duck: str = 'VARCHAR'  # declared type in DuckDB
    duck_from: str = 'CAST(v AS {duck})'  # from the text that COPY writes
    sqlite: str = 'TEXT'  # declared type in SQLite; None: SQLite has nothing like it
    to_sqlite: type = str
    rules: dict = field(default_factory=dict)  # side -> rules that the type needs everywhere


def nested(pg, logical, values, name=None, duck='VARCHAR', duck_from='CAST(v AS {duck})', sqlite=None):
    return Type(name or pg, pg, logical, values + [None], duck, duck_from, sqlite)


def by_bool(text):
    return {'t': 1, 'f': 0}[text]


def by_hex(text):
    return bytes.fromhex(text[2:])


DIGITS = '1234567890' * 100
UUID = '6f1f0c1e-52a4-4a55-9d1a-3f1f3b7f0a03'
BRACKETS = "CAST(replace(replace(v, '{{', '['), '}}', ']') AS {duck})"
BLANKS = {'source': ['rtrim'], 'archive': ['rtrim']}

TYPES = [
    Type('boolean', 'boolean', 'boolean', ['t', 'f', None], 'BOOLEAN', sqlite='BOOLEAN', to_sqlite=by_bool),
    Type('smallint', 'smallint', 'integer', ['-32768', '0', '32767', None], 'SMALLINT', sqlite='INTEGER', to_sqlite=int),
    Type('integer', 'integer', 'integer', ['-2147483648', '2147483647', None], 'INTEGER', sqlite='INTEGER', to_sqlite=int),
    Type('bigint', 'bigint', 'integer', ['-9223372036854775808', '9223372036854775807', '9007199254740993', None], 'BIGINT',
         sqlite='INTEGER', to_sqlite=int),
    Type('numeric(12,2)', 'numeric(12,2)', 'decimal', ['0.00', '1.10', '-9999999999.99', '100.00', None], 'DECIMAL(12,2)'),
    Type('numeric(38,9)', 'numeric(38,9)', 'decimal', ['12345678901234567890123456789.000000001', '-0.000000001', None],
         'DECIMAL(38,9)'),
    Type('numeric', 'numeric', 'decimal', ['1.2', '1.20', '1e-70', '-5e60', None]),
    Type('numeric of 1,000 digits', 'numeric', 'decimal', [DIGITS, '-0.' + DIGITS, None]),
    Type('numeric NaN, ±infinity', 'numeric', 'decimal', ['NaN', 'Infinity', '-Infinity', None], sqlite=None),
    Type('real', 'real', 'float32', ['0.1', '-0', '3.4028235e+38', '1e-45', '16777217', None], 'FLOAT', sqlite=None),
    Type('double precision', 'double precision', 'float64', ['0.1', '1e-20', '123456.789012', '-2.5', None], 'DOUBLE',
         sqlite='REAL', to_sqlite=float),
    Type('double, 17 digits', 'double precision', 'float64', ['0.30000000000000004', '5e-324', None], 'DOUBLE', sqlite='REAL',
         to_sqlite=float),
    Type('double, the largest', 'double precision', 'float64', ['1.7976931348623157e+308', None], 'DOUBLE', sqlite='REAL',
         to_sqlite=float),
    Type('double -0', 'double precision', 'float64', ['-0', '0', None], 'DOUBLE', sqlite=None),
    Type('double NaN, ±infinity', 'double precision', 'float64', ['NaN', 'Infinity', '-Infinity', None], 'DOUBLE', sqlite=None),
    Type('text', 'text', 'text', ['plain', 'NULL', 'null', 'a,b|c;d', 'quote " in "" it', "it's", 'tab\there', 'back\\slash',
                                  '\\N', '\\.', 'a "quote", a comma, a back\\slash', 'ünï 漢字 😀', 'e\u0301', None], 'VARCHAR'),
    Type('text, outer blanks', 'text', 'text', ['  blanks  ', '\ttab', None], 'VARCHAR'),
    Type('text, empty', 'text', 'text', ['', 'x', None], 'VARCHAR'),
    Type('text, line ends', 'text', 'text', ['two\nlines', 'cr\r\nlf', '\n', None], 'VARCHAR'),
    Type('varchar(20)', 'varchar(20)', 'text', ['twenty characters ok', None], 'VARCHAR'),
    Type('char(8)', 'char(8)', 'text', ['ab', 'abcdefgh', '', None], 'VARCHAR', rules=BLANKS),
    Type('bytea', 'bytea', 'bytes', ['\\x', '\\x00ff10', '\\x41', None], 'BLOB', 'unhex(substr(v, 3))', 'BLOB', by_hex),
    Type('date', 'date', 'date', ['1970-01-01', '2000-02-29', '0001-01-01', '9999-12-31', None], 'DATE'),
    Type('date BC', 'date', 'date', ['0044-03-15 BC', '4713-01-01 BC', None], 'DATE', sqlite=None,
         duck_from="CAST(replace(v, ' BC', ' (BC)') AS DATE)"),
    Type('date ±infinity', 'date', 'date', ['infinity', '-infinity', None], 'DATE', sqlite=None),
    Type('time', 'time', 'time', ['00:00:00', '23:59:59.999999', '12:00:00.5', None], 'TIME'),
    Type('time 24:00', 'time', 'time', ['24:00:00', '00:00:00', None], 'TIME', sqlite=None),
    Type('timetz', 'timetz', 'timetz', ['10:00:00+02', '08:00:00+00', '23:59:59.5-11', None], 'TIMETZ', sqlite=None),
    Type('timestamp', 'timestamp', 'timestamp', ['1970-01-01 00:00:00', '1969-12-31 23:59:59.999999', '2024-02-29 12:34:56.789',
                                                 '0001-01-01 00:00:00', None], 'TIMESTAMP'),
    Type('timestamp BC', 'timestamp', 'timestamp', ['0044-03-15 10:00:00 BC', None], 'TIMESTAMP',
         "CAST(substr(v, 1, 10) || ' (BC)' || substr(v, 11, 9) AS TIMESTAMP)", None),
    Type('timestamp ±infinity', 'timestamp', 'timestamp', ['infinity', '-infinity', None], 'TIMESTAMP', sqlite=None),
    Type('timestamptz', 'timestamptz', 'timestamptz', ['2024-01-31 23:30:00-05', '2024-02-01 04:30:00+00',
                                                       '1900-01-01 00:00:00.000001+00', None], 'TIMESTAMPTZ'),
    Type('interval', 'interval', 'interval', ['1 mon', '30 days', '24:00:00', '-1 years -2 mons +3 days -04:05:06.789', None],
         'INTERVAL', "CAST(replace(v, '+', '') AS INTERVAL)", None),
    Type('uuid', 'uuid', 'uuid', [UUID, UUID.replace('6f', 'ff'), None], 'UUID'),
    Type('json', 'json', 'json', ['{"b": 1, "a": [1.0, null, "x"]}', '[]', None], 'JSON', "CAST(v AS JSON)"),
    Type('json, a number beyond double', 'json', 'json', ['[12345678901234567890.5]', None], 'JSON', "CAST(v AS JSON)"),
    Type('json, a bare string', 'json', 'json', ['"text"', None], 'JSON', "CAST(v AS JSON)"),
    Type('jsonb', 'jsonb', 'json', ['{"b": 1, "a": {"c": []}}', '[]', 'true', None], 'JSON', "CAST(v AS JSON)"),
    Type('jsonb 1e400', 'jsonb', 'json', ['[1e400]', None], 'JSON', "CAST(v AS JSON)"),
    Type('enum', 'mood', 'text', ['sad', 'very happy', None], 'VARCHAR'),
    Type('domain over integer', 'positive', 'integer', ['1', '2147483647', None], 'INTEGER', sqlite='INTEGER', to_sqlite=int),
    Type('inet', 'inet', 'text', ['10.0.0.1', '10.0.0.0/8', '::1', None]),
    Type('cidr', 'cidr', 'text', ['10.0.0.0/8', '2001:db8::/32', None]),
    Type('macaddr', 'macaddr', 'text', ['08:00:2b:01:02:03', None]),
    Type('bit(8)', 'bit(8)', 'text', ['00000000', '10101010', None]),
    Type('varbit', 'varbit', 'text', ['', '101', None]),
    Type('money', 'money', 'text', ['$1,234.56', '-$0.01', None]),
    Type('xml', 'xml', 'text', ['<a b="c">&lt;</a>', None]),
    Type('tsvector', 'tsvector', 'text', ["'fat':2 'rat':3A", None]),
    Type('oid', 'oid', 'integer', ['0', '4294967295', None], 'UINTEGER', sqlite='INTEGER', to_sqlite=int),
    Type('int4range', 'int4range', 'text', ['[1,5)', 'empty', '(,10)', None]),
    Type('hstore', 'hstore', 'text', ['"a"=>"1", "b"=>NULL', '', None], sqlite=None),
    nested('integer[]', 'list<integer>', ['{}', '{1,3}', '{-2147483648}'], duck='INTEGER[]', duck_from=BRACKETS),
    nested('integer[]', 'list<integer>', ['{1,NULL,3}'], 'integer[] with a NULL', 'INTEGER[]', BRACKETS),
    nested('text[]', 'list<text>', ['{}', '{a,NULL,"NULL","","b,c","d\\"e"}']),
    nested('integer[][]', 'list<list<integer>>', ['{{1,2},{3,4}}', '{{1},{2}}'], duck='INTEGER[][]', duck_from=BRACKETS),
    nested('integer[]', 'list<integer>', ['[0:1]={1,2}', '{1,2}'], 'integer[] with a lower bound of 0'),
    nested('pair', 'struct<a: integer, b: text>', ['(1,x)', '(,"")', '(2,"a,b""c")'], name='composite type'),
]
PG_TYPES = """
CREATE TYPE mood AS ENUM ('sad', 'very happy');
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE TYPE pair AS (a integer, b text);
CREATE EXTENSION hstore;
"""
