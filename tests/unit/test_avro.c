/* The Avro reader: every type by the bytes of one value, every codec, and files that another writer made. */
#include <cmocka.h>
#include <fcntl.h>

#include "../support/avro_writer.h"
#include "assay/digest.h"
#include "assay/publish.h"

/* One column "x" of the type given; bytes of one row; what the schema and the row come to. */
struct type_case {
    const char *type, *native, *logical; /* logical ends in '?' when the column is nullable */
    const char *bytes;
    size_t n;
    const char *text;
};

#define B(bytes) bytes, sizeof(bytes) - 1
#define L(base, logical) "{\"type\":\"" base "\",\"logicalType\":\"" logical "\"}"
#define FIXED(size, more) "{\"type\":\"fixed\",\"name\":\"fx\",\"size\":" size more "}"
#define DECIMAL(p, s) ",\"logicalType\":\"decimal\",\"precision\":" p ",\"scale\":" s
#define MIN64 "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
#define MAX64 "\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"

static const struct type_case types[] = {
    {"\"null\"", "null", "unsupported?", B(""), "null"},
    {"\"boolean\"", "boolean", "boolean", B("\0"), "false"},
    {"\"boolean\"", "boolean", "boolean", B("\1"), "true"},
    {"\"int\"", "int", "integer", B("\1"), "-1"},
    {"\"int\"", "int", "integer", B("\xfe\xff\xff\xff\x0f"), "2147483647"},
    {"\"int\"", "int", "integer", B("\xff\xff\xff\xff\x0f"), "-2147483648"},
    {"\"long\"", "long", "integer", B("\x80\x01"), "64"},
    {"\"long\"", "long", "integer", B(MAX64), "9223372036854775807"},
    {"\"long\"", "long", "integer", B(MIN64), "-9223372036854775808"},
    {"{\"type\":\"long\"}", "long", "integer", B("\x80\x00"), "0"}, /* longer than needed is allowed */
    {"{\"type\":{\"type\":\"long\"}}", "long", "integer", B("\x02"), "1"},
    {"\"float\"", "float", "float32", B("\x00\x00\x20\xc0"), "fc004000000000000"},
    {"\"double\"", "double", "float64", B("\x00\x00\x00\x00\x00\x00\x04\xc0"), "dc004000000000000"},
    {"\"bytes\"", "bytes", "bytes", B("\x04\x00\xff"), "x00ff"},
    {"\"bytes\"", "bytes", "bytes", B("\0"), "x"},
    {"\"string\"", "string", "text", B("\x06\x61\xc3\xa9"), "\"a\xc3\xa9\""},
    {"\"string\"", "string", "text", B("\0"), "\"\""},
    {"{\"type\":\"string\",\"avro.java.string\":\"String\"}", "string", "text", B("\2a"), "\"a\""},
    {FIXED("3", ""), "fixed(3)", "bytes", B("abc"), "x616263"},
    {FIXED("0", ""), "fixed(0)", "bytes", B(""), "x"},
    {"{\"type\":\"enum\",\"name\":\"suit\",\"symbols\":[\"A\",\"BB\"]}", "enum suit", "text", B("\2"), "\"BB\""},
    {"[\"null\",\"string\"]", "union{null,string}", "text?", B("\0"), "null"},
    {"[\"null\",\"string\"]", "union{null,string}", "text?", B("\2\2z"), "\"z\""},
    {"[\"string\",\"null\"]", "union{string,null}", "text?", B("\0\2z"), "\"z\""},
    {"[\"long\"]", "union{long}", "integer", B("\0\6"), "3"},
    {"[\"int\",\"null\",\"long\"]", "union{int,null,long}", "integer?", B("\4\6"), "3"},
    {"[\"float\",\"double\"]", "union{float,double}", "float64", B("\0\x00\x00\x20\xc0"), "fc004000000000000"},
    {"[\"null\"," L("long", "timestamp-micros") "]", "union{null,long timestamp-micros}", "timestamptz?", B("\2\1"),
     "-1.999999000Z"},
    {"{\"type\":\"bytes\"" DECIMAL("4", "2") "}", "bytes decimal(4,2)", "decimal", B("\4\xfb\x2e"), "-1234e-2"},
    {"{\"type\":\"bytes\"" DECIMAL("4", "2") "}", "bytes decimal(4,2)", "decimal", B("\4\x27\x0f"), "9999e-2"},
    {"{\"type\":\"bytes\"" DECIMAL("4", "2") "}", "bytes decimal(4,2)", "decimal", B("\4\x27\x10"),
     "bad: decimal with more digits than its precision"},
    {"{\"type\":\"bytes\"" DECIMAL("4", "2") "}", "bytes decimal(4,2)", "decimal", B("\4\xd8\xf1"), "-9999e-2"},
    {"{\"type\":\"bytes\"" DECIMAL("4", "2") "}", "bytes decimal(4,2)", "decimal", B("\4\xd8\xf0"),
     "bad: decimal with more digits than its precision"},
    {"{\"type\":\"bytes\"" DECIMAL("4", "2") "}", "bytes decimal(4,2)", "decimal", B("\0"),
     "bad: decimal without bytes"},
    {"{\"type\":\"bytes\"" DECIMAL("4", "2") "}", "bytes decimal(4,2)", "decimal", B("\x18\0\0\0\0\0\0\0\0\0\0\0\1"),
     "1e-2"},
    {"{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":3}", "bytes decimal(3,0)", "decimal", B("\2\5"),
     "5e-0"},
    {"{\"type\":\"bytes\"" DECIMAL("4", "2") "}", "bytes decimal(4,2)", "decimal", B("\6\1\0\0"),
     "bad: decimal with more digits than its precision"},
    {FIXED("3", DECIMAL("6", "0")), "fixed(3) decimal(6,0)", "decimal", B("\0\0\7"), "7e-0"},
    {FIXED("3", DECIMAL("7", "0")), "fixed(3)", "bytes", B("\0\0\7"), "x000007"},
    {FIXED("16", DECIMAL("38", "10")), "fixed(16) decimal(38,10)", "decimal", B("\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0"),
     "0x010000000000000000e-10"},
    {FIXED("16", DECIMAL("38", "10")), "fixed(16) decimal(38,10)", "decimal",
     B("\x4b\x3b\x4c\xa8\x5a\x86\xc4\x7a\x09\x8a\x22\x40\0\0\0\0"), "bad: decimal with more digits than its precision"},
    {FIXED("16", DECIMAL("39", "10")), "fixed(16)", "bytes", B("0123456789abcdef"),
     "x30313233343536373839616263646566"}, /* 39 digits do not fit: the annotation is ignored */
    {"{\"type\":\"bytes\"" DECIMAL("2", "3") "}", "bytes", "bytes", B("\2\5"), "x05"},
    {"{\"type\":\"bytes\"" DECIMAL("0", "0") "}", "bytes", "bytes", B("\2\5"), "x05"},
    {L("string", "uuid"), "string uuid", "uuid",
     B("\x48"
       "00112233-4455-6677-8899-AAbbccddeeff"),
     "u00112233445566778899aabbccddeeff"},
    {L("string", "uuid"), "string uuid", "uuid",
     B("\x48"
       "00112233-4455-6677-8899-AAbbccddeefg"),
     "bad: uuid not written as 8-4-4-4-12 hexadecimal digits"},
    {L("string", "uuid"), "string uuid", "uuid", B("\0"), "bad: uuid not written as 8-4-4-4-12 hexadecimal digits"},
    {FIXED("16", ",\"logicalType\":\"uuid\""), "fixed(16) uuid", "uuid", B("0123456789abcdef"),
     "u30313233343536373839616263646566"},
    {FIXED("15", ",\"logicalType\":\"uuid\""), "fixed(15)", "bytes", B("0123456789abcde"),
     "x303132333435363738396162636465"},
    {L("int", "date"), "int date", "date", B("\1"), "-1"},
    {L("int", "date"), "int date", "date", B("\xff\xff\xff\xff\x0f"), "-2147483648"},
    {L("int", "date"), "int date", "date", B("\xfd\xff\xff\xff\x0f"), "-2147483648"}, /* DuckDB's -infinity */
    {L("int", "time-millis"), "int time-millis", "time", B("\x02"), "1000000"},
    {L("int", "time-millis"), "int time-millis", "time", B("\x80\xf0\xb2\x52"), "86400000000000"},
    {L("int", "time-millis"), "int time-millis", "time", B("\x82\xf0\xb2\x52"), "bad: time outside 00:00 to 24:00"},
    {L("long", "time-micros"), "long time-micros", "time", B("\x02"), "1000"},
    {L("long", "time-micros"), "long time-micros", "time", B("\x01"), "bad: time outside 00:00 to 24:00"},
    {L("long", "timestamp-millis"), "long timestamp-millis", "timestamptz", B("\x01"), "-1.999000000Z"},
    {L("long", "timestamp-micros"), "long timestamp-micros", "timestamptz", B("\x02"), "0.000001000Z"},
    {L("long", "timestamp-nanos"), "long timestamp-nanos", "timestamptz", B("\x02"), "0.000000001Z"},
    {L("long", "timestamp-nanos"), "long timestamp-nanos", "timestamptz", B(MIN64), "-9223372037.145224192Z"},
    {L("long", "timestamp-micros"), "long timestamp-micros", "timestamptz", B(MAX64), "9223372036854775807.000000000Z"},
    {L("long", "timestamp-micros"), "long timestamp-micros", "timestamptz",
     B("\xfd\xff\xff\xff\xff\xff\xff\xff\xff\x01"), "-9223372036854775808.000000000Z"},
    {L("long", "local-timestamp-millis"), "long local-timestamp-millis", "timestamp", B("\x03"), "-1.998000000"},
    {L("long", "local-timestamp-micros"), "long local-timestamp-micros", "timestamp", B("\x02"), "0.000001000"},
    {L("long", "local-timestamp-nanos"), "long local-timestamp-nanos", "timestamp", B("\x02"), "0.000000001"},
    {FIXED("12", ",\"logicalType\":\"duration\""), "fixed(12) duration", "interval",
     B("\x0d\0\0\0\x02\0\0\0\xff\xff\xff\xff"), "13m2d4294967.295000000s"},
    {FIXED("12", ",\"logicalType\":\"duration\""), "fixed(12) duration", "interval", B("\0\0\0\x80\0\0\0\0\0\0\0\0"),
     "bad: interval of more than 2^31 months or days"},
    {L("string", "timestamp-micros"), "string", "text", B("\2a"), "\"a\""}, /* invalid annotations are ignored */
    {L("int", "timestamp-micros"), "int", "integer", B("\2"), "1"},
    {L("int", "no-such"), "int", "integer", B("\2"), "1"},
};

static void values_of_every_type(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        const struct type_case *t = &types[i];
        struct assay_buf fields = {0}, file = {0}, text = {0}, wanted = {0};
        struct assay_schema schema = {0};
        struct assay_scan_end end;
        struct assay_err e = {0};
        const char *const x = "x";
        parquet_must(
            assay_buf_addf(&fields, "{\"name\":\"a\",\"type\":\"int\"},{\"name\":\"x\",\"type\":%s}", t->type));
        avro_record(&file, assay_buf_str(&fields), NULL);
        assay_buf_reset(&fields);
        parquet_must(assay_buf_addc(&fields, 2)); /* column a */
        parquet_must(assay_buf_add(&fields, t->bytes, t->n));
        avro_block(&file, NULL, 1, fields.ptr, fields.len);
        int fd = avro_file(file.ptr, file.len);
        assert_int_equal(assay_avro_format.schema(fd, "f", NULL, &schema, &e), ASSAY_OK);
        assert_int_equal(assay_schema_text(&schema, &text), ASSAY_OK);
        const bool nullable = t->logical[strlen(t->logical) - 1] == '?';
        parquet_must(assay_buf_addf(&wanted, "a\tint\tinteger\trequired\t0\nx\t%s\t%.*s\t%s\t0\n", t->native,
                                    (int)(strlen(t->logical) - nullable), t->logical,
                                    nullable ? "nullable" : "required"));
        assert_string_equal(assay_buf_str(&text), assay_buf_str(&wanted));
        assay_buf_reset(&text);
        assay_buf_reset(&wanted);
        if (avro_dump(fd, &x, 1, &text, &end, &e) != ASSAY_OK)
            fail_msg("%s: %s", t->type, e.msg);
        parquet_must(assay_buf_addf(&wanted, "%s\n", t->text));
        assert_string_equal(assay_buf_str(&text), assay_buf_str(&wanted));
        close(fd);
        assay_schema_release(&schema);
        assay_buf_release(&fields);
        assay_buf_release(&file);
        assay_buf_release(&text);
        assay_buf_release(&wanted);
    }
}

/* Rows 0 .. n-1 of {long id, string text}. */
static void rows(struct assay_buf *out, int64_t from, int64_t n)
{
    char text[32];
    for (int64_t i = from; i < from + n; i++) {
        avro_long(out, i);
        snprintf(text, sizeof text, "row %lld", (long long)i);
        avro_string(out, text);
    }
}

#define ID_TEXT "{\"name\":\"id\",\"type\":\"long\"},{\"name\":\"text\",\"type\":\"string\"}"

/* Blocks of 1000, 0, 1 and 600 rows: batches end where blocks do. */
static void every_codec(void **state)
{
    (void)state;
    static const char *const codecs[] = {NULL, "null", "deflate", "snappy", "zstandard"};
    static const int64_t block[] = {1000, 0, 1, 600};
    for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++) {
        struct assay_buf file = {0}, text = {0}, plain = {0}, wanted = {0};
        struct assay_scan_end end;
        struct assay_err e = {0};
        uint8_t sha[32];
        int64_t at = 0;
        avro_record(&file, ID_TEXT, codecs[i]);
        for (size_t k = 0; k < sizeof block / sizeof *block; at += block[k++]) {
            assay_buf_reset(&plain);
            rows(&plain, at, block[k]);
            if (block[k])
                avro_block(&file, codecs[i], block[k], plain.ptr, plain.len);
            else
                avro_block_raw(&file, 0, "", 0);
        }
        for (int64_t k = 0; k < at; k++)
            parquet_must(assay_buf_addf(&wanted, "%lld\t\"row %lld\"\n", (long long)k, (long long)k));
        int fd = avro_file(file.ptr, file.len);
        assert_int_equal(avro_dump(fd, NULL, 0, &text, &end, &e), ASSAY_OK);
        assert_string_equal(assay_buf_str(&text), assay_buf_str(&wanted));
        assay_sha256(file.ptr, file.len, sha);
        assert_memory_equal(sha, end.sha256, sizeof sha);
        assert_int_equal(end.bytes, file.len);
        assert_int_equal(end.claimed_rows, 1601);
        close(fd);
        assay_buf_release(&file);
        assay_buf_release(&text);
        assay_buf_release(&plain);
        assay_buf_release(&wanted);
    }
}

static void columns_in_the_order_asked_for_and_twice(void **state)
{
    (void)state;
    static const char *const names[] = {"text", "id", "text"}, *const absent[] = {"id", "nope"};
    struct assay_buf file = {0}, text = {0}, plain = {0};
    struct assay_scan_end end;
    struct assay_err e = {0};
    avro_record(&file, ID_TEXT, NULL);
    rows(&plain, 7, 2);
    avro_block(&file, NULL, 2, plain.ptr, plain.len);
    int fd = avro_file(file.ptr, file.len);
    assert_int_equal(avro_dump(fd, names, 3, &text, &end, &e), ASSAY_OK);
    assert_string_equal(assay_buf_str(&text), "\"row 7\"\t7\t\"row 7\"\n\"row 8\"\t8\t\"row 8\"\n");
    assert_int_equal(avro_dump(fd, absent, 2, &text, &end, &e), ASSAY_ENOTFOUND);
    assert_string_equal(e.msg, "f: no column \"nope\"");
    close(fd);
    assay_buf_release(&file);
    assay_buf_release(&text);
    assay_buf_release(&plain);
}

/* Arrays and maps in blocks with and without sizes, records by name, recursion through a union. */
static const char nested_fields[] = "{\"name\":\"a\",\"type\":{\"type\":\"array\",\"items\":\"string\"}},"
                                    "{\"name\":\"m\",\"type\":{\"type\":\"map\",\"values\":[\"null\",\"double\"]}},"
                                    "{\"name\":\"n\",\"type\":{\"type\":\"record\",\"name\":\"s.node\",\"fields\":["
                                    "{\"name\":\"v\",\"type\":{\"type\":\"fixed\",\"name\":\"f2\",\"size\":2}},"
                                    "{\"name\":\"next\",\"type\":[\"null\",\"node\"]}]}},"
                                    "{\"name\":\"u\",\"type\":[\"string\",\"long\"]},"
                                    "{\"name\":\"o\",\"type\":[\"null\",\"s.node\"]},"
                                    "{\"name\":\"z\",\"type\":{\"type\":\"array\",\"items\":\"null\"}},"
                                    "{\"name\":\"last\",\"type\":\"s.f2\"}";

static void what_cannot_be_read_is_named_and_passed_over(void **state)
{
    (void)state;
    static const char observed[] = "a\tarray{string}\tlist<text>\trequired\t0\n"
                                   "m\tmap{union{null,double}}\tmap<text, float64>\trequired\t0\n"
                                   "n\trecord s.node\tunsupported\trequired\t0\n"
                                   "u\tunion{string,long}\ttext\trequired\t0\n"
                                   "o\tunion{null,record s.node}\tunsupported\tnullable\t0\n"
                                   "z\tarray{null}\tunsupported\trequired\t0\n"
                                   "last\tfixed(2)\tbytes\trequired\t0\n";
    static const struct {
        const char *column, *sentence;
    } refused[] = {
        {"n", "f: column \"n\": a type that holds itself (record s.node)"},
        {"o", "f: column \"o\": a type that holds itself (union{null,record s.node})"},
        {"z", "f: column \"z\": an array of items that take no byte (array{null})"},
    };
    static const char good[] = "\4\2a\2b"
                               "\1\6\4xy"
                               "\0" /* a */
                               "\2\2k\2"
                               "01234567"
                               "\1\6\2k\0"
                               "\0" /* m */
                               "v1\2v2\2v3\0" /* n: a list of three */
                               "\2\x54" /* u: the long 42 */
                               "\2v1\0" /* o */
                               "\x80\x80\x80\x80\x80\x01\0" /* z: 2^34 nulls */
                               "zz";
    struct assay_buf file = {0}, text = {0};
    struct assay_schema schema = {0};
    struct assay_scan_end end;
    struct assay_err e = {0};
    avro_record(&file, nested_fields, "deflate");
    avro_block(&file, "deflate", 1, good, sizeof good - 1);
    int fd = avro_file(file.ptr, file.len);
    assert_int_equal(assay_avro_format.schema(fd, "f", NULL, &schema, &e), ASSAY_OK);
    assert_int_equal(assay_schema_text(&schema, &text), ASSAY_OK);
    assert_string_equal(assay_buf_str(&text), observed);
    assay_buf_reset(&text);
    if (avro_dump(fd, NULL, 0, &text, &end, &e) != ASSAY_OK)
        fail_msg("%s", e.msg);
    assert_string_equal(assay_buf_str(&text),
                        "[\"a\", \"b\", \"xy\"]\t(\"k\": d3736353433323130, \"k\": null)\t42\tx7a7a\n");
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        assay_err_reset(&e);
        assert_int_equal(avro_dump(fd, &refused[i].column, 1, &text, &end, &e), ASSAY_ETYPE);
        assert_string_equal(e.msg, refused[i].sentence);
    }
    close(fd);
    assay_schema_release(&schema);
    assay_buf_release(&file);
    assay_buf_release(&text);
}

static void types_that_cannot_be_read(void **state)
{
    (void)state;
    static const struct {
        const char *type, *refused; /* NULL: it can */
    } cases[] = {
        {"[\"null\",\"string\",{\"type\":\"array\",\"items\":\"string\"}]", "a union of a nested type with others"},
        {"{\"type\":\"map\",\"values\":\"null\"}", "a part that holds only nulls"},
        {"{\"type\":\"map\",\"values\":[\"null\"]}", "a part that holds only nulls"},
        {"{\"type\":\"array\",\"items\":{\"type\":\"record\",\"name\":\"e\",\"fields\":[]}}",
         "an array of items that take no byte"},
        {"{\"type\":\"record\",\"name\":\"e\",\"fields\":[{\"name\":\"a\",\"type\":\"int\"},"
         "{\"name\":\"a\",\"type\":\"int\"}]}",
         "two fields of one name"},
        {"{\"type\":\"array\",\"items\":{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":5000}}",
         "a type that is not supported"},
        {"{\"type\":\"record\",\"name\":\"e\",\"fields\":[{\"name\":\"a\",\"type\":{\"type\":\"map\",\"values\":\"e\"}}"
         "]}",
         "a type that holds itself"},
        {"{\"type\":\"record\",\"name\":\"e\",\"fields\":[]}", NULL},
        {"[\"null\",\"boolean\",\"bytes\"]", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        static const char *const x[] = {"x"};
        struct assay_buf file = {0}, fields = {0};
        struct assay_scan_opts o = {.columns = x, .n_columns = 1};
        struct assay_scan *scan = NULL;
        struct assay_err e = {0};
        parquet_must(assay_buf_addf(&fields, "{\"name\":\"x\",\"type\":%s}", cases[i].type));
        avro_record(&file, assay_buf_str(&fields), NULL);
        int fd = avro_file(file.ptr, file.len);
        const enum assay_status s = assay_avro_format.scan(fd, "f", NULL, &o, &scan, &e);
        if (s != (cases[i].refused ? ASSAY_ETYPE : ASSAY_OK) || (cases[i].refused && !strstr(e.msg, cases[i].refused)))
            fail_msg("%s: %d %s", cases[i].type, s, e.msg);
        assay_avro_format.scan_free(scan);
        close(fd);
        assay_buf_release(&file);
        assay_buf_release(&fields);
    }
}

/* A name belongs to its namespace, its own or that around it; a reference takes the type as it was defined. */
static void named_types(void **state)
{
    (void)state;
    static const char fields[] =
        "{\"name\":\"a\",\"type\":{\"type\":\"fixed\",\"name\":\"f\",\"size\":16}},"
        "{\"name\":\"b\",\"type\":{\"type\":\"f\",\"logicalType\":\"uuid\"}},"
        "{\"name\":\"c\",\"type\":{\"type\":\"fixed\",\"name\":\"f\",\"namespace\":\"q\",\"size\":1}},"
        "{\"name\":\"d\",\"type\":{\"type\":\"enum\",\"name\":\"p.e\",\"namespace\":\"q\",\"symbols\":[\"Z\"]}},"
        "{\"name\":\"e\",\"type\":\"q.f\"},{\"name\":\"g\",\"type\":\"p.e\"},{\"name\":\"h\",\"type\":\"f\"}";
    static const char wanted[] = "a\tfixed(16)\tbytes\trequired\t0\nb\tfixed(16)\tbytes\trequired\t0\n"
                                 "c\tfixed(1)\tbytes\trequired\t0\nd\tenum p.e\ttext\trequired\t0\n"
                                 "e\tfixed(1)\tbytes\trequired\t0\ng\tenum p.e\ttext\trequired\t0\n"
                                 "h\tfixed(16)\tbytes\trequired\t0\n";
    struct assay_buf file = {0}, text = {0};
    struct assay_schema schema = {0};
    struct assay_err e = {0};
    avro_record(&file, fields, NULL);
    int fd = avro_file(file.ptr, file.len);
    if (assay_avro_format.schema(fd, "f", NULL, &schema, &e) != ASSAY_OK)
        fail_msg("%s", e.msg);
    assert_int_equal(assay_schema_text(&schema, &text), ASSAY_OK);
    assert_string_equal(assay_buf_str(&text), wanted);
    close(fd);
    assay_schema_release(&schema);
    assay_buf_release(&file);
    assay_buf_release(&text);
}

/* Apache's Python writer leaves three bytes of the zlib wrapper's sum in the block. */
static void deflate_with_a_part_of_its_wrapper(void **state)
{
    (void)state;
    for (size_t kept = 1; kept <= 4; kept++) {
        struct assay_buf file = {0}, text = {0}, plain = {0}, stored = {0};
        struct assay_scan_end end;
        struct assay_err e = {0};
        avro_record(&file, ID_TEXT, "deflate");
        rows(&plain, 0, 2);
        avro_deflate(&stored, plain.ptr, plain.len, kept);
        avro_block_raw(&file, 2, stored.ptr, stored.len);
        int fd = avro_file(file.ptr, file.len);
        assert_int_equal(avro_dump(fd, NULL, 0, &text, &end, &e), kept < 3 ? ASSAY_EDATA : ASSAY_OK);
        assert_string_equal(assay_buf_str(&text), kept < 3 ? "" : "0\t\"row 0\"\n1\t\"row 1\"\n");
        assay_err_reset(&e);
        close(fd);
        file.ptr[file.len - 17] ^= 1; /* the last byte before the sync mark */
        fd = avro_file(file.ptr, file.len);
        assert_int_equal(avro_dump(fd, NULL, 0, NULL, &end, &e), ASSAY_EDATA);
        assert_non_null(strstr(e.msg, ": bytes left over after the deflate data"));
        close(fd);
        assay_buf_release(&file);
        assay_buf_release(&text);
        assay_buf_release(&plain);
        assay_buf_release(&stored);
    }
}

static void a_file_that_grows_or_is_rewritten_has_changed(void **state)
{
    (void)state;
    static const char *const names[] = {"id"};
    const struct assay_scan_opts o = {.columns = names, .n_columns = 1};
    struct assay_buf file = {0}, plain = {0};
    struct assay_scan *scan = NULL;
    struct assay_batch b;
    struct assay_err e = {0};
    avro_record(&file, ID_TEXT, NULL);
    rows(&plain, 0, 2);
    avro_block(&file, NULL, 2, plain.ptr, plain.len);
    int fd = avro_file(file.ptr, file.len);
    assert_int_equal(assay_avro_format.scan(fd, "f", NULL, &o, &scan, &e), ASSAY_OK);
    assert_int_equal(assay_avro_format.next(scan, &b, &e), ASSAY_OK);
    assert_int_equal(write(fd, "x", 1), 1);
    assert_int_equal(assay_avro_format.next(scan, &b, &e), ASSAY_ECHANGED);
    assert_string_equal(e.msg, "f: changed during read");
    assay_avro_format.scan_free(scan);
    close(fd);
    assay_buf_release(&file);
    assay_buf_release(&plain);
}

/* Spark's mark in the header: the days before 1582-10-15 and the instants before 1900 are not certain. */
static void legacy_calendar(void **state)
{
    (void)state;
    static const char fields[] = "{\"name\":\"d\",\"type\":" L("int", "date") "},{\"name\":\"t\",\"type\":" L(
        "long", "timestamp-millis") "},"
                                    "{\"name\":\"l\",\"type\":{\"type\":\"array\",\"items\":" L("int", "date") "}}";
    static const struct {
        const char *key, *value;
        bool doubt;
    } marks[] = {{"org.apache.spark.other", "", false},
                 {"org.apache.spark.legacyDateTime", "", true},
                 {"org.apache.spark.version", "2.4.8", true},
                 {"org.apache.spark.version", "3.0.0", false},
                 {"org.apache.spark.version", "10.1", false}};
    static const char uncertain[] = "bad: written in Spark's legacy calendar: the instant is not certain";
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        const bool marked = marks[i].doubt;
        struct assay_buf schema = {0}, file = {0}, plain = {0}, text = {0}, wanted = {0};
        struct assay_scan_end end;
        struct assay_err e = {0};
        parquet_must(assay_buf_addf(&schema, "{\"type\":\"record\",\"name\":\"r\",\"fields\":[%s]}", fields));
        parquet_must(assay_buf_adds(&file, "Obj\x01"));
        avro_long(&file, 2);
        avro_string(&file, marks[i].key);
        avro_string(&file, marks[i].value);
        avro_string(&file, "avro.schema");
        avro_string(&file, assay_buf_str(&schema));
        avro_long(&file, 0);
        parquet_must(assay_buf_adds(&file, AVRO_SYNC));
        avro_long(&plain, -141427);
        avro_long(&plain, -2208988800000);
        avro_long(&plain, 0);
        avro_long(&plain, -141428);
        avro_long(&plain, -2208988801000);
        avro_long(&plain, 1);
        avro_long(&plain, -141428);
        avro_long(&plain, 0);
        avro_block(&file, NULL, 2, plain.ptr, plain.len);
        int fd = avro_file(file.ptr, file.len);
        assert_int_equal(avro_dump(fd, NULL, 0, &text, &end, &e), ASSAY_OK);
        parquet_must(assay_buf_addf(&wanted, "-141427\t-2208988800.000000000Z\t[]\n%s\t%s\t[%s]\n",
                                    marked ? uncertain : "-141428", marked ? uncertain : "-2208988801.000000000Z",
                                    marked ? uncertain : "-141428"));
        assert_string_equal(assay_buf_str(&text), assay_buf_str(&wanted));
        close(fd);
        assay_buf_release(&schema);
        assay_buf_release(&file);
        assay_buf_release(&plain);
        assay_buf_release(&text);
        assay_buf_release(&wanted);
    }
}

/* Files of fastavro; the text beside each was written from the same Python values, not by this reader. */
static void files_of_another_writer(void **state)
{
    (void)state;
    static const char *const names[] = {"types_null", "types_deflate", "types_snappy", "types_zstandard", "nested",
                                        "logical",    "trees_null",    "trees_bzip2",  "trees_xz"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct assay_buf text = {0}, wanted = {0};
        struct assay_scan_end end;
        struct assay_err e = {0};
        char path[128];
        snprintf(path, sizeof path, "tests/vectors/avro/%s.avro", names[i]);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        assert_true(fd >= 0);
        if (avro_dump(fd, NULL, 0, &text, &end, &e) != ASSAY_OK)
            fail_msg("%s: %s", names[i], e.msg);
        snprintf(path, sizeof path, "tests/vectors/avro/%.*s.txt", (int)strcspn(names[i], "_"), names[i]);
        assert_int_equal(assay_slurp(path, 1u << 20, &wanted, &e), ASSAY_OK);
        assert_string_equal(assay_buf_str(&text), assay_buf_str(&wanted));
        close(fd);
        assay_buf_release(&text);
        assay_buf_release(&wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_of_every_type),
        cmocka_unit_test(every_codec),
        cmocka_unit_test(columns_in_the_order_asked_for_and_twice),
        cmocka_unit_test(what_cannot_be_read_is_named_and_passed_over),
        cmocka_unit_test(types_that_cannot_be_read),
        cmocka_unit_test(named_types),
        cmocka_unit_test(deflate_with_a_part_of_its_wrapper),
        cmocka_unit_test(a_file_that_grows_or_is_rewritten_has_changed),
        cmocka_unit_test(legacy_calendar),
        cmocka_unit_test(files_of_another_writer),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
