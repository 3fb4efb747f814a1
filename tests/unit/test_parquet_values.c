/* The Parquet reader on hand-made files: values and encodings that other writers do not make. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <lz4.h>
#include <snappy-c.h>
#include <stdio.h>
#include <unistd.h>

#include "../support/parquet_text.h"
#include "../support/parquet_writer.h"
#include "../support/temp_file.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

enum { BOOLEAN, INT32, INT64, INT96, FLOAT, DOUBLE, BYTE_ARRAY, FLBA };
enum { UINT_8 = 11 + 1, INT_8 = 15 + 1, UINT_64 = 14 + 1, UINT_32 = 13 + 1, DATE = 6 + 1, ENUM = 4 + 1, JSON = 19 + 1 };
enum {
    BSON = 20 + 1,
    INTERVAL = 21 + 1,
    DECIMAL = 5 + 1,
    TIME_MS = 7 + 1,
    TIME_US = 8 + 1,
    TS_MS = 9 + 1,
    TS_US = 10 + 1
};

/* A file on disk, the text of its rows or the error it ends in, and its one column's schema line. */
static char *read_file(struct hand_file *f, struct assay_buf *schema_text)
{
    struct assay_buf text = {0};
    struct assay_scan_end end;
    struct assay_err e = {0};
    struct assay_schema schema = {0};
    int fd = temp_file(f->out.ptr, f->out.len);
    if (schema_text && assay_parquet_format.schema(fd, "f", NULL, &schema, &e) == ASSAY_OK)
        assert_int_equal(assay_schema_text(&schema, schema_text), ASSAY_OK);
    if (parquet_dump(fd, "f", NULL, 0, &text, NULL, &end, &e) != ASSAY_OK) {
        assay_buf_reset(&text);
        assert_int_equal(assay_buf_addf(&text, "%d %s", (int)e.code, e.msg), ASSAY_OK);
    }
    close(fd);
    assay_schema_release(&schema);
    assay_buf_release(&f->out);
    char *out = strdup(assay_buf_str(&text));
    assay_buf_release(&text);
    assert_non_null(out);
    return out;
}

/* PLAIN values of one type: the native name, and what comes out. */
struct plain_case {
    const char *what;
    struct hand_column column;
    const char *bytes;
    size_t n;
    const char *native, *logical, *want;
};

#define P(text) text, sizeof(text) - 1

static const struct plain_case plain_cases[] = {
    {"INT96 keeps nanoseconds",
     {.physical = INT96, .rows = 2},
     P("\1\0\0\0\0\0\0\0\x8c\x3d\x25\0\2\0\0\0\0\0\0\0\x8c\x3d\x25\0"),
     "INT96",
     "timestamp",
     "0.000000001\n0.000000002\n"},
    {"INT96 before 1970, absurd day, absurd time",
     {.physical = INT96, .rows = 3},
     P("\xff\xff\x4e\x91\x94\x4e\0\0\x8b\x3d\x25\0\1\0\0\0\0\0\0\0\0\0\0\x80\0\0\x4f\x91\x94\x4e\0\0\x8b\x3d\x25\0"),
     "INT96",
     "timestamp",
     "-1.999999999\nbad: INT96 day outside every calendar\nbad: INT96 time of day outside the day\n"},
    {"UINT_8 300",
     {.physical = INT32, .converted = UINT_8, .rows = 3},
     P("\x2c\1\0\0\xff\0\0\0\xff\xff\xff\xff"),
     "INT32 UINT_8",
     "integer",
     "bad: value outside UINT_8\n255\nbad: value outside UINT_8\n"},
    {"INT_8 128",
     {.physical = INT32, .converted = INT_8, .rows = 2},
     P("\x80\0\0\0\x80\xff\xff\xff"),
     "INT32 INT_8",
     "integer",
     "bad: value outside INT_8\n-128\n"},
    {"UINT_32 and UINT_64 are unsigned",
     {.physical = INT64, .converted = UINT_64, .rows = 1},
     P("\xff\xff\xff\xff\xff\xff\xff\xff"),
     "INT64 UINT_64",
     "integer",
     "18446744073709551615\n"},
    {"UINT_32",
     {.physical = INT32, .converted = UINT_32, .rows = 1},
     P("\xff\xff\xff\xff"),
     "INT32 UINT_32",
     "integer",
     "4294967295\n"},
    {"DECIMAL(4,2) 123456",
     {.physical = INT32, .converted = DECIMAL, .precision = 4, .scale = 2, .rows = 4},
     P("\x40\xe2\1\0\x0f\x27\0\0\xf1\xd8\xff\xff\xf0\xd8\xff\xff"),
     "INT32 DECIMAL(4,2)",
     "decimal",
     "bad: decimal with more digits than its precision\n9999e-2\n-9999e-2\n"
     "bad: decimal with more digits than its precision\n"},
    {"DECIMAL on INT64",
     {.physical = INT64, .converted = DECIMAL, .precision = 18, .scale = 0, .rows = 2},
     P("\xff\xff\x63\xa7\xb3\xb6\xe0\x0d\0\0\x64\xa7\xb3\xb6\xe0\x0d"),
     "INT64 DECIMAL(18,0)",
     "decimal",
     "999999999999999999e-0\nbad: decimal with more digits than its precision\n"},
    {"DECIMAL on BYTE_ARRAY: minimal, sign-extended, empty",
     {.physical = BYTE_ARRAY, .converted = DECIMAL, .precision = 5, .scale = 1, .rows = 4},
     P("\1\0\0\0\xff\x0c\0\0\0\0\0\0\0\0\0\0\0\0\0\1\x01\0\0\0\0\x03\0\0\0\x01\x86\xa0"),
     "BYTE_ARRAY DECIMAL(5,1)",
     "decimal",
     "-1e-1\n257e-1\nbad: decimal without bytes\nbad: decimal with more digits than its precision\n"},
    {"DECIMAL without bytes",
     {.physical = BYTE_ARRAY, .converted = DECIMAL, .precision = 5, .rows = 1},
     P("\0\0\0\0"),
     "BYTE_ARRAY DECIMAL(5,0)",
     "decimal",
     "bad: decimal without bytes\n"},
    {"DECIMAL(40,2) differs in its last digit",
     {.physical = FLBA, .length = 17, .converted = DECIMAL, .precision = 40, .scale = 2, .rows = 3},
     P("\0\0\0\0\0\0\0\0\0\x80\0\0\0\0\0\0\1"
       "\0\0\0\0\0\0\0\0\0\x80\0\0\0\0\0\0\2"
       "\x1e\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
     "FLBA(17) DECIMAL(40,2)",
     "decimal",
     "0x008000000000000001e-2\n0x008000000000000002e-2\nbad: decimal with more digits than its precision\n"},
    {"DECIMAL(19,0): plus and minus 10^19",
     {.physical = FLBA, .length = 9, .converted = DECIMAL, .precision = 19, .rows = 4},
     P("\0\x8a\xc7\x23\x04\x89\xe7\xff\xff\0\x8a\xc7\x23\x04\x89\xe8\0\0"
       "\xff\x75\x38\xdc\xfb\x76\x18\0\1\xff\x75\x38\xdc\xfb\x76\x18\0\0"),
     "FLBA(9) DECIMAL(19,0)",
     "decimal",
     "0x008ac7230489e7ffffe-0\nbad: decimal with more digits than its precision\n"
     "0xff7538dcfb76180001e-0\nbad: decimal with more digits than its precision\n"},
    {"DATE keeps its extremes",
     {.physical = INT32, .converted = DATE, .rows = 3},
     P("\0\0\0\x80\xff\xff\xff\x7f\1\0\0\x80"),
     "INT32 DATE",
     "date",
     "-2147483648\n2147483647\n-2147483648\n"},
    {"TIME(MILLIS): 24:00 is in, a millisecond more is not",
     {.physical = INT32, .converted = TIME_MS, .rows = 3},
     P("\0\x5c\x26\x05\1\x5c\x26\x05\xff\xff\xff\xff"),
     "INT32 TIME(MILLIS,UTC)",
     "time",
     "86400000000000\nbad: time outside 00:00 to 24:00\nbad: time outside 00:00 to 24:00\n"},
    {"TIME(NANOS), local",
     {.physical = INT64, .logical = 7, .unit = 3, .rows = 1},
     P("\1\0\0\0\0\0\0\0"),
     "INT64 TIME(NANOS)",
     "time",
     "1\n"},
    {"TIMESTAMP by converted type is in UTC",
     {.physical = INT64, .converted = TS_US, .rows = 2},
     P("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"),
     "INT64 TIMESTAMP(MICROS,UTC)",
     "timestamptz",
     "-1.999999000Z\n9223372036854775807.000000000Z\n"},
    {"TIMESTAMP(MILLIS)",
     {.physical = INT64, .converted = TS_MS, .rows = 1},
     P("\xff\xff\xff\xff\xff\xff\xff\xff"),
     "INT64 TIMESTAMP(MILLIS,UTC)",
     "timestamptz",
     "-1.999000000Z\n"},
    {"TIMESTAMP(NANOS): the extremes are instants",
     {.physical = INT64, .logical = 8, .unit = 3, .utc = true, .rows = 2},
     P("\xff\xff\xff\xff\xff\xff\xff\x7f\0\0\0\0\0\0\0\x80"),
     "INT64 TIMESTAMP(NANOS,UTC)",
     "timestamptz",
     "9223372036.854775807Z\n-9223372037.145224192Z\n"},
    {"INTERVAL",
     {.physical = FLBA, .length = 12, .converted = INTERVAL, .rows = 2},
     P("\x0d\0\0\0\2\0\0\0\xdd\x05\0\0\0\0\0\x80\0\0\0\0\0\0\0\0"),
     "FLBA(12) INTERVAL",
     "interval",
     "13m2d1.501000000s\nbad: interval of more than 2^31 months or days\n"},
    {"ENUM",
     {.physical = BYTE_ARRAY, .converted = ENUM, .rows = 1},
     P("\2\0\0\0ok"),
     "BYTE_ARRAY ENUM",
     "text",
     "\"ok\"\n"},
    {"JSON",
     {.physical = BYTE_ARRAY, .converted = JSON, .rows = 1},
     P("\2\0\0\0{}"),
     "BYTE_ARRAY JSON",
     "json",
     "\"{}\"\n"},
    {"BSON",
     {.physical = BYTE_ARRAY, .converted = BSON, .rows = 1},
     P("\2\0\0\0\1\2"),
     "BYTE_ARRAY BSON",
     "bytes",
     "x0102\n"},
    {"FLOAT16",
     {.physical = FLBA, .length = 2, .logical = 15, .rows = 4},
     P("\1\0\0\x80\0\x7c\0\x3c"),
     "FLBA(2) FLOAT16",
     "float32",
     "f3e70000000000000\nf8000000000000000\nf7ff0000000000000\nf3ff0000000000000\n"},
    {"UUID",
     {.physical = FLBA, .length = 16, .logical = 14, .rows = 1},
     P("\0\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff"),
     "FLBA(16) UUID",
     "uuid",
     "u00112233445566778899aabbccddeeff\n"},
    {"a value where only nulls belong",
     {.physical = INT32, .logical = 11, .rows = 1},
     P("\0\0\0\0"),
     "INT32 NULL",
     "unsupported",
     "bad: a value in a column declared to hold only nulls\n"},
    {"BOOLEAN",
     {.physical = BOOLEAN, .rows = 9},
     P("\xb5\1"),
     "BOOLEAN",
     "boolean",
     "true\nfalse\ntrue\nfalse\ntrue\ntrue\nfalse\ntrue\ntrue\n"},
    {"Spark's legacy calendar: dates before 1582-10-15",
     {.physical = INT32, .converted = DATE, .rows = 2, .key = "org.apache.spark.legacyDateTime"},
     P("\x8d\xd7\xfd\xff\x8c\xd7\xfd\xff"),
     "INT32 DATE",
     "date",
     "-141427\nbad: written in Spark's legacy calendar: the instant is not certain\n"},
    {"Spark's legacy calendar: INT96 has a mark of its own",
     {.physical = INT96, .rows = 1, .key = "org.apache.spark.legacyDateTime"},
     P("\0\0\0\0\0\0\0\0\0\0\0\0"),
     "INT96",
     "timestamp",
     "-210866803200.000000000\n"},
    {"Spark's legacy calendar: INT96",
     {.physical = INT96, .rows = 1, .key = "org.apache.spark.legacyINT96"},
     P("\0\0\0\0\0\0\0\0\0\0\0\0"),
     "INT96",
     "timestamp",
     "bad: written in Spark's legacy calendar: the instant is not certain\n"},
    {"Spark's legacy calendar: dates of Spark 2.4",
     {.physical = INT32, .converted = DATE, .rows = 1, .key = "org.apache.spark.version", .key_value = "2.4.8"},
     P("\x8c\xd7\xfd\xff"),
     "INT32 DATE",
     "date",
     "bad: written in Spark's legacy calendar: the instant is not certain\n"},
    {"Spark's legacy calendar: dates of Spark 3.0",
     {.physical = INT32, .converted = DATE, .rows = 1, .key = "org.apache.spark.version", .key_value = "3.0.0"},
     P("\x8c\xd7\xfd\xff"),
     "INT32 DATE",
     "date",
     "-141428\n"},
    {"Spark's legacy calendar: INT96 of Spark 3.0",
     {.physical = INT96, .rows = 1, .key = "org.apache.spark.version", .key_value = "3.0.3"},
     P("\0\0\0\0\0\0\0\0\0\0\0\0"),
     "INT96",
     "timestamp",
     "bad: written in Spark's legacy calendar: the instant is not certain\n"},
    {"Spark's legacy calendar: INT96 of Spark 3.1",
     {.physical = INT96, .rows = 1, .key = "org.apache.spark.version", .key_value = "3.1.0"},
     P("\0\0\0\0\0\0\0\0\0\0\0\0"),
     "INT96",
     "timestamp",
     "-210866803200.000000000\n"},
    {"Spark's legacy calendar: dates of Spark 10",
     {.physical = INT32, .converted = DATE, .rows = 1, .key = "org.apache.spark.version", .key_value = "10.0"},
     P("\x8c\xd7\xfd\xff"),
     "INT32 DATE",
     "date",
     "-141428\n"},
    {"Spark's legacy calendar: dates of a Spark without a version",
     {.physical = INT32,
      .converted = DATE,
      .rows = 1,
      .key = "org.apache.spark.sql.parquet.row.metadata",
      .key_value = "{}"},
     P("\x8c\xd7\xfd\xff"),
     "INT32 DATE",
     "date",
     "bad: written in Spark's legacy calendar: the instant is not certain\n"},
};

static void plain_values(void **state)
{
    const struct plain_case *c = *state;
    struct hand_column column = c->column;
    struct assay_buf schema = {0}, line = {0};
    struct hand_file f;
    column.name = "x";
    hand_begin(&f);
    hand_page(&f, &(struct hand_page){.values = (int32_t)column.rows, .bytes = c->bytes, .n = c->n});
    hand_finish(&f, &column);
    char *got = read_file(&f, &schema);
    assert_string_equal(got, c->want);
    assert_int_equal(assay_buf_addf(&line, "x\t%s\t%s\trequired\t0\n", c->native, c->logical), ASSAY_OK);
    assert_string_equal(assay_buf_str(&schema), assay_buf_str(&line));
    free(got);
    assay_buf_release(&schema);
    assay_buf_release(&line);
}

/* The same values through a dictionary: interval and decimal entries are made once, and must live as long. */
static void dictionary_values(void **state)
{
    const struct plain_case *c = *state;
    struct hand_column column = c->column;
    struct hand_file f;
    int32_t rows = (int32_t)column.rows;
    uint8_t indices[64] = {2, 3, 0xe4, 0}; /* width 2, one group of eight: 0 1 2 3 */
    column.name = "x";
    assert_true(rows <= 4);
    hand_begin(&f);
    hand_page(&f, &(struct hand_page){.type = 2, .values = rows, .bytes = c->bytes, .n = c->n});
    column.dictionary_at = 4;
    column.data_at = (int64_t)f.out.len;
    hand_page(&f, &(struct hand_page){.values = rows, .encoding = 8, .bytes = indices, .n = 4});
    hand_finish(&f, &column);
    char *got = read_file(&f, NULL);
    assert_string_equal(got, c->want);
    free(got);
}

static const struct hand_column four = {.name = "x", .physical = INT32, .repetition = 1, .rows = 4};
static const char four_values[] = "7\nnull\n8\nnull\n";

static char *one_page(const struct hand_page *page, struct hand_column column)
{
    struct hand_file f;
    hand_begin(&f);
    hand_page(&f, page);
    hand_finish(&f, &column);
    return read_file(&f, NULL);
}

static void expect_page(const struct hand_page *page, struct hand_column column, const char *want)
{
    char *got = one_page(page, column);
    assert_string_equal(got, want);
    free(got);
}

static void levels_of_every_kind(void **state)
{
    (void)state;
    /* v1: a length, then one bit-packed group 1010.... */
    expect_page(&(struct hand_page){.values = 4,
                                    .bytes = "\2\0\0\0\3\5\7\0\0\0\x08\0\0\0",
                                    .n = sizeof("\2\0\0\0\3\5\7\0\0\0\x08\0\0\0") - 1,
                                    .crc = CRC_RIGHT},
                four, four_values);
    /* v1, runs: one valid, one null, and so on */
    expect_page(&(struct hand_page){.values = 4,
                                    .bytes = "\x08\0\0\0\2\1\2\0\2\1\2\0\7\0\0\0\x08\0\0\0",
                                    .n = sizeof("\x08\0\0\0\2\1\2\0\2\1\2\0\7\0\0\0\x08\0\0\0") - 1},
                four, four_values);
    /* the deprecated BIT_PACKED: most significant bit first, no length */
    expect_page(&(struct hand_page){.values = 4,
                                    .level_encoding = 4,
                                    .bytes = "\xa0\7\0\0\0\x08\0\0\0",
                                    .n = sizeof("\xa0\7\0\0\0\x08\0\0\0") - 1},
                four, four_values);
    /* v2: no length */
    expect_page(&(struct hand_page){.type = 3,
                                    .values = 4,
                                    .nulls = 2,
                                    .level_bytes = 2,
                                    .bytes = "\3\5\7\0\0\0\x08\0\0\0",
                                    .n = sizeof("\3\5\7\0\0\0\x08\0\0\0") - 1},
                four, four_values);
    /* v2: not compressed although the chunk is */
    struct hand_column snappy = four;
    snappy.codec = 1;
    expect_page(&(struct hand_page){.type = 3,
                                    .values = 4,
                                    .nulls = 2,
                                    .level_bytes = 2,
                                    .stored = true,
                                    .bytes = "\3\5\7\0\0\0\x08\0\0\0",
                                    .n = sizeof("\3\5\7\0\0\0\x08\0\0\0") - 1},
                snappy, four_values);
}

/* fastparquet ends its pages with eight zero bytes. */
static void padding_is_accepted(void **state)
{
    (void)state;
    static const char padded[] = "\2\0\0\0\3\5\7\0\0\0\x08\0\0\0\0\0\0\0\0\0\0";
    expect_page(&(struct hand_page){.values = 4, .bytes = padded, .n = sizeof padded}, four, four_values);
    struct hand_column text = {.name = "x", .physical = BYTE_ARRAY, .converted = 1, .rows = 1};
    expect_page(&(struct hand_page){.values = 1, .bytes = "\1\0\0\0a\0\0\0\0\0\0\0", .n = 13}, text, "\"a\"\n");
}

static void checksums_are_checked(void **state)
{
    (void)state;
    struct hand_page v1 = {.values = 4,
                           .bytes = "\2\0\0\0\3\5\7\0\0\0\x08\0\0\0",
                           .n = sizeof("\2\0\0\0\3\5\7\0\0\0\x08\0\0\0") - 1,
                           .crc = CRC_RIGHT};
    struct hand_page v2 = {.type = 3,
                           .values = 4,
                           .nulls = 2,
                           .level_bytes = 2,
                           .bytes = "\3\5\7\0\0\0\x08\0\0\0",
                           .n = sizeof("\3\5\7\0\0\0\x08\0\0\0") - 1,
                           .crc = CRC_RIGHT};
    expect_page(&v1, four, four_values);
    expect_page(&v2, four, four_values);
    v1.crc = v2.crc = CRC_WRONG;
    expect_page(
        &v1, four,
        "6 f: row group 0, column \"x\", page 0 at byte 4: the page's checksum (CRC-32) does not match its bytes");
    expect_page(
        &v2, four,
        "6 f: row group 0, column \"x\", page 0 at byte 4: the page's checksum (CRC-32) does not match its bytes");
}

static void hadoop_lz4(void **state)
{
    (void)state;
    static const char plain[] = "\2\0\0\0\3\5\7\0\0\0\x08\0\0\0";
    const int n = sizeof plain - 1;
    struct hand_column column = four;
    uint8_t framed[128], raw[64];
    column.codec = 5;
    int k = LZ4_compress_default(plain, (char *)raw, n, sizeof raw);
    assert_true(k > 0);
    memcpy(framed, (uint8_t[]){0, 0, 0, (uint8_t)n, 0, 0, 0, (uint8_t)k}, 8);
    memcpy(framed + 8, raw, (size_t)k);
    expect_page(&(struct hand_page){.values = 4, .bytes = framed, .n = (size_t)k + 8, .uncompressed = n}, column,
                four_values);
    expect_page(&(struct hand_page){.values = 4, .bytes = raw, .n = (size_t)k, .uncompressed = n}, column, four_values);
    /* an empty dictionary, as arrow-rs writes it: an empty block with an empty piece */
    struct hand_column nulls = column;
    struct hand_file f;
    hand_begin(&f);
    hand_page(&f, &(struct hand_page){.type = 2, .bytes = "\0\0\0\0\0\0\0\1", .n = 9, .uncompressed = EMPTY});
    nulls.dictionary_at = 4;
    nulls.data_at = (int64_t)f.out.len;
    nulls.rows = 1;
    hand_page(&f, &(struct hand_page){
                      .type = 3, .values = 1, .nulls = 1, .level_bytes = 2, .encoding = 8, .bytes = "\2\0", .n = 2});
    hand_finish(&f, &nulls);
    char *got = read_file(&f, NULL);
    assert_string_equal(got, "null\n");
    free(got);
    /* one block in two pieces */
    int a = LZ4_compress_default(plain, (char *)framed + 8, 6, 64), b;
    memcpy(framed, (uint8_t[]){0, 0, 0, (uint8_t)n, 0, 0, 0, (uint8_t)a}, 8);
    b = LZ4_compress_default(plain + 6, (char *)framed + 12 + a, n - 6, 64);
    memcpy(framed + 8 + a, (uint8_t[]){0, 0, 0, (uint8_t)b}, 4);
    expect_page(&(struct hand_page){.values = 4, .bytes = framed, .n = (size_t)(a + b) + 12, .uncompressed = n}, column,
                four_values);
}

/* Two members, one after the other (RFC 1952); and one with a wrong checksum. */
static void gzip_members(void **state)
{
    (void)state;
    static const char plain[] = "\2\0\0\0\3\5\7\0\0\0\x08\0\0\0";
    const size_t n = sizeof plain - 1;
    struct hand_column column = four;
    uint8_t out[256];
    size_t used = 0;
    column.codec = 2;
    for (int part = 0; part < 2; part++) {
        z_stream z = {0};
        assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
        z.next_in = (Bytef *)(uintptr_t)(plain + (part ? 5 : 0));
        z.avail_in = part ? (uInt)n - 5 : 5;
        z.next_out = out + used;
        z.avail_out = (uInt)(sizeof out - used);
        assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
        used = sizeof out - z.avail_out;
        deflateEnd(&z);
    }
    struct hand_page page = {.values = 4, .bytes = out, .n = used, .uncompressed = (int32_t)n};
    expect_page(&page, column, four_values);
    out[used - 8] ^= 1;
    expect_page(&page, column, "6 f: row group 0, column \"x\", page 0 at byte 4: the page is broken gzip data");
}

static void snappy_claims(void **state)
{
    (void)state;
    static const char plain[] = "\2\0\0\0\3\5\7\0\0\0\x08\0\0\0";
    struct hand_column column = four;
    char out[64];
    size_t n = sizeof out;
    column.codec = 1;
    assert_int_equal(snappy_compress(plain, sizeof plain - 1, out, &n), SNAPPY_OK);
    struct hand_page page = {.values = 4, .bytes = out, .n = n, .uncompressed = sizeof plain - 1};
    expect_page(&page, column, four_values);
    page.uncompressed++;
    expect_page(
        &page, column,
        "6 f: row group 0, column \"x\", page 0 at byte 4: the page decompresses to another size than it claims");
}

int main(void)
{
    struct CMUnitTest tests[2 * COUNT(plain_cases) + 16];
    size_t n = 0;
    for (size_t i = 0; i < COUNT(plain_cases); i++) {
        void *c = (void *)(uintptr_t)&plain_cases[i];
        tests[n++] = (struct CMUnitTest){plain_cases[i].what, plain_values, NULL, NULL, c};
        if (plain_cases[i].column.physical != BOOLEAN) /* the format knows no dictionary of booleans */
            tests[n++] = (struct CMUnitTest){plain_cases[i].what, dictionary_values, NULL, NULL, c};
    }
    static const struct CMUnitTest others[] = {
        cmocka_unit_test(levels_of_every_kind),  cmocka_unit_test(padding_is_accepted),
        cmocka_unit_test(checksums_are_checked), cmocka_unit_test(hadoop_lz4),
        cmocka_unit_test(gzip_members),          cmocka_unit_test(snappy_claims),
    };
    for (size_t i = 0; i < COUNT(others); i++)
        tests[n++] = others[i];
    return !!_cmocka_run_group_tests("parquet values", tests, n, NULL, NULL);
}
