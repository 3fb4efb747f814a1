/* The Avro reader against headers and schemas that cannot be. */
#include "../support/avro_expect.h"

#define FIELDS "{\"name\":\"id\",\"type\":\"long\"},{\"name\":\"text\",\"type\":\"string\"}"
#define B(bytes) bytes, sizeof(bytes) - 1
#define LONGEST "\xff\xff\xff\xff\xff\xff\xff\xff\xff"

static void damaged_headers(void **state)
{
    (void)state;
    static const char schema[] = "{\"type\":\"record\",\"name\":\"r\",\"fields\":[" FIELDS "]}";
    static const struct {
        const char *entries; /* 's': the schema; 'S': a broken one; n/b/x: codec null, lzo, xz; 'o': another entry */
        const char *what;
        enum assay_status status;
    } cases[] = {
        {"s", "", ASSAY_OK},
        {"so", "", ASSAY_OK},
        {"ns", "", ASSAY_OK},
        {"n", "f: header: there is no schema (avro.schema)", ASSAY_EDATA},
        {"ss", "f: header: two entries are named \"avro.schema\"", ASSAY_EDATA},
        {"snn", "f: header: two entries are named \"avro.codec\"", ASSAY_EDATA},
        {"xs", "", ASSAY_OK},
        {"sb", "f: header: codec \"lzo\" is not supported, expected null, deflate, snappy, zstandard, bzip2 or xz",
         ASSAY_ETYPE},
        {"S", "f: header: the schema is not JSON (line 1, column 1)", ASSAY_EDATA},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int sized = 0; sized < 3; sized++) { /* plain, with a right size, with a wrong one */
            struct assay_buf entries = {0}, file = {0};
            for (const char *c = cases[i].entries; *c; c++) {
                avro_string(&entries, *c == 's' || *c == 'S' ? "avro.schema"
                                      : *c == 'o'            ? "a.long.name.of.some.other.program"
                                                             : "avro.codec");
                avro_string(&entries, *c == 's'   ? schema
                                      : *c == 'S' ? "{"
                                      : *c == 'b' ? "lzo"
                                      : *c == 'x' ? "xz"
                                                  : "null");
            }
            const int64_t n = (int64_t)strlen(cases[i].entries);
            parquet_must(assay_buf_adds(&file, "Obj\x01"));
            avro_long(&file, sized ? -n : n);
            if (sized)
                avro_long(&file, (int64_t)entries.len - (sized == 2));
            parquet_must(assay_buf_add(&file, entries.ptr, entries.len));
            avro_long(&file, 0);
            parquet_must(assay_buf_adds(&file, AVRO_SYNC));
            if (sized < 2)
                avro_expect(&file, cases[i].status, cases[i].what);
            else if (cases[i].status == ASSAY_OK)
                avro_expect(&file, ASSAY_EDATA, "f: header: a block of entries of another size than it claims");
            assay_buf_release(&entries);
            assay_buf_release(&file);
        }
    }
}

static void broken_starts(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
        const char *what;
    } cases[] = {
        {B(""), "f: not an Avro object container file"},
        {B("Obj"), "f: not an Avro object container file"},
        {B("Obj\x02"), "f: not an Avro object container file"},
        {B("Obj\x01"), "f: header: the file ends inside a number"},
        {B("Obj\x01\x80"), "f: header: the file ends inside a number"},
        {B("Obj\x01" LONGEST "\x7f"), "f: header: a number of more than 64 bits"},
        {B("Obj\x01" LONGEST "\xff\x01"), "f: header: a number of more than 64 bits"},
        {B("Obj\x01" LONGEST "\x01"), "f: header: an impossible count of entries"},
        {B("Obj\x01\x02\x01"), "f: header: a negative length"},
        {B("Obj\x01\x02\x40"), "f: header: a length beyond the end of the file"},
        {B("Obj\x01\x00"
           "0123456789abcde"),
         "f: header: the file ends inside the sync mark"},
        {B("Obj\x01\x00"
           "0123456789abcdef"),
         "f: header: there is no schema (avro.schema)"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct assay_buf file = {0};
        parquet_must(assay_buf_add(&file, cases[i].bytes, cases[i].n));
        avro_expect(&file, ASSAY_EDATA, cases[i].what);
        assay_buf_release(&file);
    }
}

#define R(fields) "{\"type\":\"record\",\"name\":\"r\",\"fields\":[" fields "]}"
#define T(type) R("{\"name\":\"x\",\"type\":" type "}")

static void schemas_that_cannot_be(void **state)
{
    (void)state;
    static const struct {
        const char *schema, *what;
        enum assay_status status;
    } cases[] = {
        {T("\"int\""), "", ASSAY_OK},
        {"{\"type\":\"record\",\"name\":\"\",\"fields\":[{\"name\":\"x\",\"type\":\"int\"}]}", "", ASSAY_OK},
        {T("{\"type\":\"fixed\",\"name\":\"\",\"size\":1}"), " holds a named type without a usable name", ASSAY_EDATA},
        {"\"int\"", "top level is int, not a record", ASSAY_ETYPE},
        {"[" T("\"int\"") "]", "top level is another type, not a record", ASSAY_ETYPE},
        {"{\"type\":\"array\",\"items\":\"int\"}", "top level is another type, not a record", ASSAY_ETYPE},
        {"17", " holds a type that is none", ASSAY_EDATA},
        {"{\"name\":\"r\"}", " holds a type that is none", ASSAY_EDATA},
        {"{\"type\":\"record\",\"name\":\"r\"}", " holds a record without fields", ASSAY_EDATA},
        {"{\"type\":\"record\",\"fields\":[]}", " holds a named type without a usable name", ASSAY_EDATA},
        {"{\"type\":\"record\",\"name\":\"int\",\"fields\":[]}", " gives a type the name of a primitive one",
         ASSAY_EDATA},
        {R("{\"type\":\"int\"}"), " holds a field without a usable name", ASSAY_EDATA},
        {R("{\"name\":\"a\\u0000b\",\"type\":\"int\"}"), " holds a field without a usable name", ASSAY_EDATA},
        {R("{\"name\":\"x\",\"type\":\"int\"},{\"name\":\"x\",\"type\":\"int\"}"), "two columns are named \"x\"",
         ASSAY_EDATA},
        {T("\"nope\""), " names an unknown type \"nope\"", ASSAY_EDATA},
        {T("[]"), " holds a union of nothing", ASSAY_EDATA},
        {T("[\"int\",\"int\"]"), " holds a union with one type twice", ASSAY_EDATA},
        {T("[\"int\",[\"null\",\"long\"]]"), " holds a union inside a union", ASSAY_EDATA},
        {T("{\"type\":\"enum\",\"name\":\"e\",\"symbols\":[]}"), " holds an enum without symbols", ASSAY_EDATA},
        {T("{\"type\":\"enum\",\"name\":\"e\",\"symbols\":[7]}"), " holds an enum symbol that is no short string",
         ASSAY_EDATA},
        {T("{\"type\":\"fixed\",\"name\":\"e\"}"), " holds a fixed type without a usable size", ASSAY_EDATA},
        {T("{\"type\":\"fixed\",\"name\":\"e\",\"size\":-1}"), " holds a fixed type without a usable size",
         ASSAY_EDATA},
        {T("{\"type\":\"fixed\",\"name\":\"e\",\"size\":100000000}"), " holds a fixed type without a usable size",
         ASSAY_EDATA},
        {T("{\"type\":\"fixed\",\"name\":\"r\",\"size\":1}"), " defines \"r\" twice", ASSAY_EDATA},
        {T("{\"type\":\"array\"}"), " holds a type that is none", ASSAY_EDATA},
        {R("{\"name\":\"x\",\"name\":\"y\",\"type\":\"int\"}"), " is not JSON (line 1, column 56)", ASSAY_EDATA},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct assay_buf file = {0};
        struct assay_err e = {0};
        avro_header(&file, cases[i].schema, NULL);
        if (avro_read(&file, &e) != cases[i].status || !strstr(e.msg, cases[i].what))
            fail_msg("%s: %d %s", cases[i].schema, e.code, e.msg);
        assay_buf_release(&file);
    }
}

static void repeat(struct assay_buf *b, const char *text, size_t n)
{
    while (n--)
        parquet_must(assay_buf_adds(b, text));
}

static void schemas_nested_too_deep(void **state)
{
    (void)state;
    static const struct {
        size_t depth;
        enum assay_status status;
    } cases[] = {{62, ASSAY_OK}, {64, ASSAY_ELIMIT}, {1500, ASSAY_ELIMIT}, {100000, ASSAY_EDATA}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct assay_buf schema = {0}, file = {0};
        parquet_must(assay_buf_adds(&schema, "{\"name\":\"n\",\"type\":\"null\"},{\"name\":\"x\",\"type\":"));
        repeat(&schema, "{\"type\":\"array\",\"items\":", cases[i].depth);
        parquet_must(assay_buf_adds(&schema, "\"int\""));
        repeat(&schema, "}", cases[i].depth + 1);
        avro_record(&file, assay_buf_str(&schema), NULL);
        avro_expect(&file, cases[i].status,
                    cases[i].status == ASSAY_ELIMIT ? "f: header: the schema nests deeper than 64" : NULL);
        assay_buf_release(&schema);
        assay_buf_release(&file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damaged_headers),
        cmocka_unit_test(broken_starts),
        cmocka_unit_test(schemas_that_cannot_be),
        cmocka_unit_test(schemas_nested_too_deep),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
