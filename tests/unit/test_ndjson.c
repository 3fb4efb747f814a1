/* The NDJSON format: every kind of value, every defect, block boundaries, and the lexer against jansson. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../verify/reader/ndjson.h"
#include "assay/digest.h"
#include "assay/limits.h"

#define MAX_TEXT 65536
#define BYTES(text) text, sizeof(text) - 1

/* What a scan delivered, as text: one line a row, "LINE:value|value", NULL as ~, strings in <>, booleans as =0 and =1,
 * undecodable values as ?sentence, broken rows as !sentence; at the end the sentence of an error. */
struct dump {
    char text[MAX_TEXT];
    size_t n;
    uint64_t rows, nonstandard;
    enum assay_status status;
};

static void say(struct dump *d, const void *p, size_t n)
{
    assert_true(d->n + n < sizeof d->text);
    memcpy(d->text + d->n, p, n);
    d->n += n;
    d->text[d->n] = '\0';
}

static void says(struct dump *d, const char *text)
{
    say(d, text, strlen(text));
}

static int file_of(const void *p, size_t n)
{
    int fd = memfd_create("ndjson", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, p, n), (ssize_t)n);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

static void dump_value(struct dump *d, const struct assay_value *v)
{
    bool quoted = v->flags & ASSAY_V_QUOTED;
    assert_int_equal(v->flags & ~ASSAY_V_ABSENT, quoted ? ASSAY_V_QUOTED | ASSAY_V_STRING : 0);
    assert_true(!(v->flags & ASSAY_V_ABSENT) || v->kind == ASSAY_K_BAD);
    switch (v->kind) {
    case ASSAY_K_NULL:
        says(d, "~");
        return;
    case ASSAY_K_BOOL:
        says(d, v->i ? "=1" : "=0");
        return;
    case ASSAY_K_BAD:
        says(d, "?");
        break;
    default:
        assert_int_equal(v->kind, ASSAY_K_LEXEME);
    }
    says(d, quoted ? "<" : "");
    say(d, v->p, v->len);
    says(d, quoted ? ">" : "");
}

static void dump_row(struct dump *d, const struct assay_batch *b, size_t r)
{
    char line[32];
    const char *defect = b->row_defect ? b->row_defect[r] : NULL;
    snprintf(line, sizeof line, "%llu:", (unsigned long long)b->pos[r]);
    says(d, line);
    says(d, defect ? "!" : "");
    says(d, defect ? defect : "");
    for (size_t c = 0; c < b->cols; c++) {
        const struct assay_value *v = &b->v[r * b->cols + c];
        if (defect) {
            assert_int_equal(v->kind, ASSAY_K_BAD);
            assert_int_equal(v->len, strlen(defect));
            continue;
        }
        says(d, c ? "|" : "");
        dump_value(d, v);
    }
    says(d, "\n");
}

static void scan(struct dump *d, const void *p, size_t n, const char *const *columns, size_t n_columns,
                 const struct assay_ndjson_tuning *t)
{
    struct assay_scan_opts o = {.columns = columns, .n_columns = n_columns};
    struct assay_err e = {0};
    struct assay_scan *s = NULL;
    struct assay_batch b = {0};
    uint8_t hash[32];
    int fd = file_of(p, n);
    d->n = d->rows = 0;
    d->text[0] = '\0';
    d->status = assay_ndjson_scan_tuned(fd, "t.ndjson", &o, t, &s, &e);
    while (d->status == ASSAY_OK && (d->status = assay_ndjson_format.next(s, &b, &e)) == ASSAY_OK && b.rows) {
        assert_int_equal(b.cols, n_columns);
        for (size_t r = 0; r < b.rows; r++)
            dump_row(d, &b, r);
    }
    if (d->status == ASSAY_OK) {
        struct assay_scan_end end;
        assay_ndjson_format.end(s, &end);
        d->rows = end.rows;
        d->nonstandard = end.nonstandard;
        assay_sha256(p, n, hash);
        assert_true(end.hashed && !end.counted && end.bytes == n);
        assert_memory_equal(end.sha256, hash, sizeof hash);
    } else if (s) {
        assert_int_equal(assay_ndjson_format.next(s, &b, NULL), d->status); /* it stays broken */
    }
    assert_int_equal(e.code, d->status);
    says(d, e.msg);
    assay_ndjson_format.scan_free(s);
    close(fd);
}

static const char *const abc[] = {"a", "b", "c"};

/* Scan with many block sizes; all must say the same. */
static void expect(const void *p, size_t n, size_t n_columns, const char *want)
{
    static const size_t block[] = {0, 1, 2, 3, 5, 7, 8, 16, 31, 63, 64, 65};
    static struct dump d;
    for (size_t i = 0; i < sizeof block / sizeof *block; i++) {
        struct assay_ndjson_tuning t = {.block = block[i]};
        scan(&d, p, n, abc, n_columns, &t);
        if (strcmp(d.text, want) != 0)
            fail_msg("blocks of %zu: got\n%s\ninstead of\n%s", block[i], d.text, want);
    }
}

/* Whatever the block size: counted once, though the sample was read before. */
static void nonstandard_is(const char *text, uint64_t want)
{
    static struct dump d;
    for (size_t block = 0; block < 20; block++) {
        struct assay_ndjson_tuning t = {.block = block};
        scan(&d, text, strlen(text), abc, 2, &t);
        assert_int_equal(d.status, ASSAY_OK);
        assert_int_equal(d.nonstandard, want);
    }
}

#define SOUND "{\"a\":0}\n" /* before rows that lack a: the column is known */

static void test_values(void **state)
{
    (void)state;
    expect(BYTES(""), 3, "");
    expect(BYTES("\n\r\n  \n\t"), 3, "");
    expect(BYTES("{\"a\":1}"), 1, "1:1\n");
    expect(BYTES("\xef\xbb\xbf{\"a\":1}\r\n{\"a\":2}\r\n"), 1, "1:1\n2:2\n");
    expect(BYTES("{\"a\":1,\"b\":\"x\",\"c\":null}\n{\"c\":true,\"b\":false,\"a\":\"\"}\n"), 3,
           "1:1|<x>|~\n2:<>|=0|=1\n");
    expect(BYTES(" \t{ \"a\" :\t1 , \"b\" : [ 1 , {} ] , \"z\":{\"a\":7}} \r\n"), 2, "1:1|[ 1 , {} ]\n");
    expect(BYTES("{\"a\":9007199254740993,\"b\":-0.10,\"c\":1E+400}\n"), 3, "1:9007199254740993|-0.10|1E+400\n");
    nonstandard_is("{\"a\":NaN,\"b\":[1,-Infinity,{\"x\":Infinity}],\"z\":NaN}\n{\"a\":\"NaN\",\"b\":1}\n", 4);
    expect(BYTES("{\"a\":NaN,\"b\":Infinity,\"c\":-Infinity}\n"), 3, "1:NaN|Infinity|-Infinity\n");
    expect(BYTES("{\"a\":{\"x\":\"\\u00e9\\n\",\"y\":[]},\"b\":[],\"c\":[null,true,\"}\"]}\n"), 3,
           "1:{\"x\":\"\\u00e9\\n\",\"y\":[]}|[]|[null,true,\"}\"]\n");
    expect(BYTES("{}\n{\"a\":\"null\"}\n"), 1, "1:?member is absent\n2:<null>\n");
    expect(BYTES("{\"z\":1,\"a\":0}\n{\"z\":2}\n{\"y\":{\"a\":3}}\n"), 1,
           "1:0\n2:?member is absent\n3:?member is absent\n");
}

static void test_strings(void **state)
{
    (void)state;
    expect(BYTES("{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}\n"), 1, "1:<\"\\/\b\f\n\r\t>\n");
    expect(BYTES("{\"a\":\"\\u0041\\u00E9\\u20ac\\ud83d\\uDE00.\"}\n"), 1,
           "1:<A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80.>\n");
    expect(BYTES("{\"a\":\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"}\n"), 1,
           "1:<\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80>\n");
    expect(BYTES("{\"\\u0061\":\"12345678\\t12345678\"}\n"), 1, "1:<12345678\t12345678>\n");
    expect(BYTES(SOUND
                 "{\"a\":\"x\\ud800\"}\n{\"a\":\"\\udc00\"}\n{\"a\":\"\\ud800\\u0041\"}\n{\"a\":\"\\ud800\\ud800\"}\n"
                 "{\"a\":\"\\ud800x\"}\n"),
           1,
           "1:0\n2:?half of a surrogate pair inside a string\n3:?half of a surrogate pair inside a string\n"
           "4:?half of a surrogate pair inside a string\n5:?half of a surrogate pair inside a string\n"
           "6:?half of a surrogate pair inside a string\n");
    expect(BYTES("{\"a\":\"\\u0000\",\"b\":1}\n"), 2, "1:?NUL character inside a string|1\n");
    expect(BYTES(SOUND "{\"a\":\"\\x\"}\n{\"a\":\"\\u12G4\"}\n{\"a\":\"\\u12\"}\n"), 1,
           "1:0\n2:!invalid escape inside a string\n3:!invalid escape inside a string\n4:!invalid escape inside a "
           "string\n");
    expect(BYTES(SOUND "{\"a\":\"\x01\"}\n{\"a\":\"\t\"}\n{\"a\":\"\0\"}\n{\"a\":\"1234567\x1f\"}\n{\"a\":\"\x7f\"}\n"),
           1,
           "1:0\n2:!control character inside a string\n3:!control character inside a string\n"
           "4:!control character inside a string\n5:!control character inside a string\n6:<\x7f>\n");
    expect(BYTES(SOUND
                 "{\"a\":\"\xff\"}\n{\"a\":\"\xc0\x80\"}\n{\"a\":\"\xed\xa0\x80\"}\n{\"a\":\"\xf4\x90\x80\x80\"}\n"
                 "{\"a\":\"\xe2\x82\"}\n{\"z\":[\"\xff\"],\"a\":1}\n"),
           1,
           "1:0\n2:!invalid UTF-8\n3:!invalid UTF-8\n4:!invalid UTF-8\n5:!invalid UTF-8\n6:!invalid UTF-8\n"
           "7:!invalid UTF-8\n");
}

static void test_defects(void **state)
{
    (void)state;
    static const struct {
        const char *line, *why;
    } broken[] = {
        {"[1]", "not a JSON object"},
        {"null", "not a JSON object"},
        {"x", "not a JSON object"},
        {"{\"a\":1}{\"a\":2}", "text behind the object"},
        {"{\"a\":1},", "text behind the object"},
        {"{\"a\":1", "a comma or the end of the object or array is missing"},
        {"{\"a\":1 \"b\":2}", "a comma or the end of the object or array is missing"},
        {"{\"a\":[1 2]}", "a comma or the end of the object or array is missing"},
        {"{\"a\":[1}", "a comma or the end of the object or array is missing"},
        {"{\"a\" 1}", "the colon behind a member name is missing"},
        {"{\"a\":{\"b\" 1}}", "the colon behind a member name is missing"},
        {"{a:1}", "a member name in quotes is missing"},
        {"{\"a\":1,}", "a member name in quotes is missing"},
        {"{,\"a\":1}", "a member name in quotes is missing"},
        {"{\"a\":{1:2}}", "a member name in quotes is missing"},
        {"{\"a\":}", "not a JSON value"},
        {"{\"a\":'x'}", "not a JSON value"},
        {"{\"a\":True}", "not a JSON value"},
        {"{\"a\":nul}", "not a JSON value"},
        {"{\"a\":+1}", "not a JSON value"},
        {"{\"a\":.5}", "not a JSON value"},
        {"{\"a\":1.}", "not a JSON value"},
        {"{\"a\":1e}", "not a JSON value"},
        {"{\"a\":-}", "not a JSON value"},
        {"{\"a\":-x}", "not a JSON value"},
        {"{\"a\":nan}", "not a JSON value"},
        {"{\"a\":[,]}", "not a JSON value"},
        {"{\"a\":[1,]}", "not a JSON value"},
        {"{\"a\":01}", "a comma or the end of the object or array is missing"},
        {"{\"a\":0x1}", "a comma or the end of the object or array is missing"},
        {"{\"a\":nullx}", "a comma or the end of the object or array is missing"},
        {"{\"a\":\"x}", "control character inside a string"},
        {"{\"a\":1,\"a\":1}", "member name stands twice"},
        {"{\"a\":1,\"z\":1,\"z\":2}", "member name stands twice"},
        {"{\"a\":1,\"\\u0061\":1}", "member name stands twice"},
        {"{\"\":1,\"a\":1}", "member without a name"},
        {"{\"\\ud800\":1,\"a\":1}", "half of a surrogate pair inside a string"},
        {"{\"a\\u0000\":1,\"a\":1}", "NUL character inside a string"},
        {"", "blank line"},
        {" \t\r", "blank line"},
    };
    char text[512], want[512];
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        int n = snprintf(text, sizeof text, SOUND "%s\n{\"a\":3}\n", broken[i].line);
        snprintf(want, sizeof want, "1:0\n2:!%s\n3:3\n", broken[i].why);
        expect(text, (size_t)n, 1, want);
    }
    expect(BYTES("\n\n{\"a\":1}\n\n"), 1, "1:!blank line\n2:!blank line\n3:1\n");
    expect(BYTES("{\"a\":1}\n\n\n\nx\n\n"), 1,
           "1:1\n2:!blank line\n3:!blank line\n4:!blank line\n5:!not a JSON object\n");
}

static void test_end_of_file(void **state)
{
    (void)state;
    static const char whole[] = SOUND "{\"a\":\"x\\u00e9\xc3\xa9\",\"b\":[1,{\"c\":null}],\"c\":-1.5e+7,\"d\":true}";
    static const char why[] = "1:0\nt.ndjson:2: truncated: the last line ends inside its object";
    expect(BYTES(whole), 1, "1:0\n2:<x\xc3\xa9\xc3\xa9>\n");
    for (size_t n = sizeof SOUND; n < sizeof whole - 1; n++)
        expect(whole, n, 1, why);
    expect(BYTES(SOUND "{\"a\":1}x"), 1, "1:0\n2:!text behind the object\n");
    expect(BYTES("\xff\xfe{"), 1, "t.ndjson: UTF-16 byte order mark, expected UTF-8");
    expect(BYTES("{\"a\""), 1, "t.ndjson:1: truncated: the last line ends inside its object");
}

static void test_columns(void **state)
{
    (void)state;
    static struct dump d;
    static const char *const twice[] = {"b", "a", "b"};
    scan(&d, BYTES("{\"a\":1,\"b\":\"x\"}\n{\"b\":2}\n"), twice, 3, NULL);
    assert_string_equal(d.text, "1:<x>|1|<x>\n2:2|?member is absent|2\n");
    assert_true(d.rows == 2);
    scan(&d, BYTES("{\"a\":1}\n{\"a\":1,\"B\":2}\n"), twice, 3, NULL);
    assert_int_equal(d.status, ASSAY_ENOTFOUND);
    assert_string_equal(d.text, "t.ndjson: no column \"b\" in the first lines");
    scan(&d, BYTES("{\"a\":1}\n\n{\"b\":2}\n"), twice, 3, NULL); /* seen later: the scan tells row by row */
    assert_string_equal(d.text, "1:?member is absent|1|?member is absent\n2:!blank line\n3:2|?member is absent|2\n");
    scan(&d, BYTES("x\n"), twice, 3, NULL);
    assert_string_equal(d.text, "1:!not a JSON object\n");
    scan(&d, BYTES("{\"a\":1}\n"), twice, 0, NULL);
    assert_string_equal(d.text, "1:\n");
}

static void test_limits(void **state)
{
    (void)state;
    static struct dump d;
    struct assay_ndjson_tuning line = {.block = 8, .max_line = 20}, cell = {.max_cell = 4}, names = {.max_names = 3};
    scan(&d, BYTES("{\"a\":1}\n{\"a\":\"123456789012345678901234567890\"}\n"), abc, 1, &line);
    assert_int_equal(d.status, ASSAY_ELIMIT);
    assert_non_null(strstr(d.text, "t.ndjson:2: line of more than 20 bytes"));
    scan(&d, BYTES("{\"a\":1234,\"b\":12345}\n{\"a\":12345}\n{\"a\":1}\n"), abc, 1, &cell);
    assert_string_equal(d.text, "1:1234\nt.ndjson:2: value of more than 4 bytes");
    assert_int_equal(d.status, ASSAY_ELIMIT);
    scan(&d, BYTES("{\"a\":1,\"x\":1}\n{\"y\":1}\n{\"z\":1}\n"), abc, 1, &names);
    assert_string_equal(d.text, "1:1\n2:?member is absent\nt.ndjson:3: more than 3 different member names");
    assert_int_equal(d.status, ASSAY_ELIMIT);
}

static void test_depth(void **state)
{
    (void)state;
    static struct dump d;
    for (size_t deep = ASSAY_MAX_JSON_DEPTH - 1; deep <= 20000;
         deep = deep > ASSAY_MAX_JSON_DEPTH ? deep * 5 : deep + 1) {
        char *text = malloc(2 * deep + 32), *p = text;
        p += sprintf(p, "{\"a\":0}\n{\"a\":");
        memset(p, '[', deep);
        memset(p + deep, ']', deep);
        p += 2 * deep;
        p += sprintf(p, "}\n");
        scan(&d, text, (size_t)(p - text), abc, 1, NULL);
        assert_int_equal(d.status, ASSAY_OK);
        assert_true((strstr(d.text, "2:!nested too deeply\n") != NULL) == (deep > ASSAY_MAX_JSON_DEPTH));
        free(text);
    }
}

static void test_long(void **state)
{
    (void)state;
    static struct dump d;
    char *text = malloc(4 << 20), *p = text; /* more than a batch, more than a block, names in changing order */
    for (int i = 1; i <= 20000; i++)
        p += sprintf(p, i % 3 ? "{\"a\":%d,\"b\":\"%d\"}\n" : "{\"b\":\"%2$d\",\"a\":%1$d}\r\n", i, i);
    struct assay_scan_opts o = {.columns = abc, .n_columns = 2};
    struct assay_scan *s = NULL;
    struct assay_batch b;
    int fd = file_of(text, (size_t)(p - text)), want = 0;
    assert_int_equal(assay_ndjson_scan_tuned(fd, "t.jsonl", &o, NULL, &s, NULL), ASSAY_OK);
    while (assay_ndjson_format.next(s, &b, NULL) == ASSAY_OK && b.rows)
        for (size_t r = 0; r < b.rows; r++) {
            d.n = 0;
            dump_row(&d, &b, r);
            char line[64];
            want++;
            snprintf(line, sizeof line, "%d:%d|<%d>\n", want, want, want);
            assert_string_equal(d.text, line);
        }
    assert_int_equal(want, 20000);
    assay_ndjson_format.scan_free(s);
    close(fd);
    free(text);
}

/* ---- schema ---- */

static void schema_is(const char *text, const char *want)
{
    struct assay_schema s = {0};
    struct assay_err e = {0};
    struct assay_locator loc = {.uri = "t.ndjson"};
    char got[2048] = "";
    int fd = file_of(text, strlen(text));
    enum assay_status st = assay_ndjson_format.schema(fd, "t.ndjson", &loc, &s, &e);
    for (size_t i = 0; i < s.n; i++) {
        size_t n = strlen(got);
        assert_string_equal(s.col[i].native, "ndjson");
        snprintf(got + n, sizeof got - n, "%s:%s ", s.col[i].name, assay_type_of(s.col[i].logical)->name);
    }
    assert_int_equal(st, e.code);
    assert_string_equal(st == ASSAY_OK ? got : e.msg, want);
    assay_schema_release(&s);
    close(fd);
}

static void test_schema(void **state)
{
    (void)state;
    schema_is("{\"z\":1,\"a\":\"x\"}\n{\"b\":true,\"z\":null}\n", "z:integer a:text b:boolean ");
    schema_is("{\"a\":1.5,\"b\":1e5,\"c\":\"1\",\"d\":\"2001-02-03\",\"e\":{},\"f\":[1],\"g\":null,\"h\":NaN}\n"
              "{\"a\":2,\"b\":1,\"c\":\"2\",\"d\":\"2001-02-04\",\"e\":{\"x\":1},\"f\":\"x\"}",
              "a:decimal b:float64 c:text d:date e:json f:text g:text h:float64 ");
    schema_is("{\"t\":\"2001-02-03T04:05:06Z\",\"u\":\"2001-02-03 04:05:06\",\"v\":\"true\"}\nbroken\n",
              "t:timestamptz u:timestamp v:text ");
    schema_is("", "t.ndjson: no JSON object in the first 1000 lines, its columns are not known");
    schema_is("{}\n", "t.ndjson: no JSON object in the first 1000 lines, its columns are not known");
    schema_is("{\"a\":1}\n{\"b\":", "a:integer ");
}

/* ---- against jansson ---- */

static uint32_t seed = 12345;

static unsigned any(unsigned n)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % n;
}

static char *random_value(char *p, int depth)
{
    static const char *const scalars[] = {
        "null",    "true",        "false",        "0",          "-1",
        "12.50",   "3e-2",        "1E+05",        "\"\"",       "\"x\"",
        "\"\\n\"", "\"\\u00e9\"", "\"\xc3\xa9\"", "\"a\\\"b\"", "\"\\ud83d\\ude00 and more\""};
    unsigned k = any(18);
    if (k < 15 || depth > 3)
        return p + sprintf(p, "%s", scalars[k % (depth ? 10 : 15)]);
    *p++ = k == 15 ? '{' : '[';
    if (k == 15)
        p += sprintf(p, "\"k\": ");
    p = random_value(p, depth + 1);
    if (k > 15 && any(2)) {
        p += sprintf(p, " ,");
        p = random_value(p, depth + 1);
    }
    *p++ = k == 15 ? '}' : ']';
    return p;
}

static size_t random_line(char *p)
{
    static const char letters[] = "abcxyz";
    char *from = p;
    unsigned first = any(6), n = any(6);
    *p++ = '{';
    for (unsigned i = 0; i < n; i++) {
        p += sprintf(p, "%s\"%c\":%s", i ? "," : "", letters[(first + i) % 6], any(4) ? "" : " ");
        p = random_value(p, 0);
    }
    *p++ = '}';
    for (unsigned i = any(3); i > 0; i--) /* usually broken, sometimes not */
        from[any((unsigned)(p - from))] = "{}[]\",:\\019-+.eEtn \x01\xc3"[any(21)];
    return (size_t)(p - from);
}

static void same_value(const struct assay_value *v, const json_t *want)
{
    if (!want) {
        assert_int_equal(v->kind, ASSAY_K_BAD);
        assert_string_equal((const char *)v->p, "member is absent");
    } else if (json_is_string(want)) {
        assert_int_equal(v->flags, ASSAY_V_QUOTED | ASSAY_V_STRING);
        assert_true(v->len == json_string_length(want));
        assert_memory_equal(v->p, json_string_value(want), v->len);
    } else if (json_is_null(want)) {
        assert_int_equal(v->kind, ASSAY_K_NULL);
    } else if (json_is_boolean(want)) {
        assert_int_equal(v->kind, ASSAY_K_BOOL);
        assert_int_equal(v->i, json_is_true(want));
    } else {
        json_t *got = json_loadb((const char *)v->p, v->len, JSON_DECODE_ANY, NULL);
        assert_int_equal(v->kind, ASSAY_K_LEXEME);
        assert_non_null(got);
        assert_true(json_equal(got, want));
        json_decref(got);
    }
}

static void test_against_jansson(void **state)
{
    (void)state;
    unsigned sound = 0, broken = 0;
    char line[4096], text[4200];
    for (int round = 0; round < 20000; round++) {
        size_t n = random_line(line);
        line[n] = '\0';
        if (strspn(line, " ") == n)
            continue; /* a blank last line */
        json_t *want = json_loadb(line, n, JSON_REJECT_DUPLICATES, NULL);
        size_t len = (size_t)sprintf(text, "{\"a\":0,\"b\":0,\"c\":0}\n%.*s\n", (int)n, line);
        struct assay_scan_opts o = {.columns = abc, .n_columns = 3};
        struct assay_ndjson_tuning t = {.block = 1 + any(200)};
        struct assay_scan *s = NULL;
        struct assay_batch b = {0};
        int fd = file_of(text, len);
        assert_int_equal(assay_ndjson_scan_tuned(fd, "t.ndjson", &o, &t, &s, NULL), ASSAY_OK);
        bool second = false;
        while (!second && assay_ndjson_format.next(s, &b, NULL) == ASSAY_OK && b.rows)
            second = b.pos[b.rows - 1] == 2;
        assert_true(second);
        const struct assay_value *v = b.v + (b.rows - 1) * 3;
        bool ok = !b.row_defect || !b.row_defect[b.rows - 1];
        if (ok != json_is_object(want) && !strstr(line, "\\u") && !strstr(line, "\"\""))
            fail_msg("round %d: %s by us: %.*s", round, ok ? "taken" : b.row_defect[b.rows - 1], (int)n, line);
        for (size_t c = 0; ok && json_is_object(want) && c < 3; c++)
            same_value(&v[c], json_object_get(want, abc[c]));
        sound += ok;
        broken += !ok;
        assay_ndjson_format.scan_free(s);
        json_decref(want);
        close(fd);
    }
    assert_true(sound > 5000 && broken > 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),          cmocka_unit_test(test_strings), cmocka_unit_test(test_defects),
        cmocka_unit_test(test_end_of_file),     cmocka_unit_test(test_columns), cmocka_unit_test(test_limits),
        cmocka_unit_test(test_depth),           cmocka_unit_test(test_long),    cmocka_unit_test(test_schema),
        cmocka_unit_test(test_against_jansson),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
