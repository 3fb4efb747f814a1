/* COPY BINARY decoding. Wire bytes were taken from PostgreSQL 15 (COPY (SELECT ...) TO STDOUT (FORMAT binary)) or
 * follow the type's send function; each expected value is the server's own text for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../verify/reader/pg_decode.h"
#include "assay/bytes.h"
#include "assay/limits.h"

static size_t unhex(const char *hex, uint8_t *out)
{
    size_t n = strlen(hex) / 2;
    for (size_t i = 0; i < n; i++) {
        unsigned byte;
        assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
        out[i] = (uint8_t)byte;
    }
    return n;
}

/* A tuple of one field in memory of exactly its size, so that a sanitizer sees reads beyond it. */
struct tuple {
    uint8_t *p;
    size_t n;
    struct assay_value v;
    struct assay_pool pool;
    struct assay_err e;
};

static void release(struct tuple *t)
{
    free(t->p);
    assay_pool_release(&t->pool);
}

static enum assay_status decode(struct tuple *t, enum assay_pg_wire wire, const char *hex)
{
    uint8_t field[256];
    size_t len = hex ? unhex(hex, field) : 0;
    struct assay_pg_field f = {.wire = wire, .name = "c"};
    struct assay_pg_decoder d = {.field = &f, .n = 1, .table = "public.t"};
    *t = (struct tuple){.n = 6 + len};
    t->p = malloc(t->n);
    if (!t->p)
        return ASSAY_ENOMEM;
    assay_put_be16(t->p, 1);
    assay_put_be32(t->p + 2, hex ? (uint32_t)len : UINT32_MAX);
    memcpy(t->p + 6, field, len);
    struct assay_value v = {0};
    struct assay_pool pool = {0};
    struct assay_err e = {0};
    enum assay_status s = assay_pg_tuple(&d, t->p, t->n, 7, &v, &pool, &e);
    t->v = v;
    t->pool = pool;
    t->e = e;
    return s;
}

static const struct {
    enum assay_pg_wire wire;
    enum assay_kind kind;
    const char *hex;
    int64_t i;
    int32_t aux;
} numbers[] = {
    {ASSAY_PGW_BOOL, ASSAY_K_BOOL, "00", 0, 0},
    {ASSAY_PGW_BOOL, ASSAY_K_BOOL, "01", 1, 0},
    {ASSAY_PGW_INT2, ASSAY_K_INT, "8000", -32768, 0},
    {ASSAY_PGW_INT4, ASSAY_K_INT, "ffffffff", -1, 0},
    {ASSAY_PGW_INT4, ASSAY_K_INT, "80000000", INT32_MIN, 0},
    {ASSAY_PGW_INT8, ASSAY_K_INT, "0020000000000001", INT64_C(9007199254740993), 0},
    {ASSAY_PGW_INT8, ASSAY_K_INT, "8000000000000000", INT64_MIN, 0},
    {ASSAY_PGW_UINT4, ASSAY_K_INT, "ffffffff", UINT32_MAX, 0},
    {ASSAY_PGW_UINT8, ASSAY_K_INT, "7fffffffffffffff", INT64_MAX, 0},
    {ASSAY_PGW_UINT8, ASSAY_K_UINT, "8000000000000000", INT64_MIN, 0}, /* the bits; read as u */
    {ASSAY_PGW_DATE, ASSAY_K_DATE, "00000000", 10957, 0}, /* 2000-01-01 */
    {ASSAY_PGW_DATE, ASSAY_K_DATE, "ffffd533", 0, 0}, /* 1970-01-01 */
    {ASSAY_PGW_DATE, ASSAY_K_DATE, "fff49d7b", -735160, 0}, /* 0044-03-15 BC */
    {ASSAY_PGW_DATE, ASSAY_K_DATE, "7fffffff", INT32_MAX, 0},
    {ASSAY_PGW_DATE, ASSAY_K_DATE, "80000000", INT32_MIN, 0},
    {ASSAY_PGW_TIME, ASSAY_K_TIME, "000000141dd76000", INT64_C(86400000000000), 0}, /* 24:00 */
    {ASSAY_PGW_TIME, ASSAY_K_TIME, "0000000000000001", 1000, 0},
    {ASSAY_PGW_TIMETZ, ASSAY_K_TIMETZ, "000000000000000000004650", 0, -18000}, /* 00:00-05: the wire is west-positive */
    {ASSAY_PGW_TIMETZ, ASSAY_K_TIMETZ, "0000000000000000ffffb2a8", 0, 19800}, /* 00:00+05:30 */
    {ASSAY_PGW_TIMESTAMP, ASSAY_K_TS, "0000000000000000", 946684800, 0},
    {ASSAY_PGW_TIMESTAMP, ASSAY_K_TS, "ffffffffffffffff", 946684799, 999999000}, /* floor */
    {ASSAY_PGW_TIMESTAMP, ASSAY_K_TS, "fffca2fec4c81fff", -1, 999999000}, /* 1969-12-31 23:59:59.999999 */
    {ASSAY_PGW_TIMESTAMP, ASSAY_K_TS, "7fffffffffffffff", INT64_MAX, 0},
    {ASSAY_PGW_TIMESTAMP, ASSAY_K_TS, "8000000000000000", INT64_MIN, 0},
    {ASSAY_PGW_TIMESTAMPTZ, ASSAY_K_TSTZ, "0000000000000001", 946684800, 1000},
    {ASSAY_PGW_TIMESTAMPTZ, ASSAY_K_TSTZ, "7fffffffffffffff", INT64_MAX, 0},
    {ASSAY_PGW_TIMESTAMP, ASSAY_K_TS, "fd0f7cc1411fa000", -210866803200, 0}, /* 4714-11-24 BC, the first */
};

static void numbers_and_moments(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++) {
        struct tuple t;
        enum assay_status s = decode(&t, numbers[k].wire, numbers[k].hex);
        bool bare =
            numbers[k].kind == ASSAY_K_BOOL || numbers[k].kind == ASSAY_K_INT || numbers[k].kind == ASSAY_K_UINT;
        if (s != ASSAY_OK || t.v.kind != numbers[k].kind || t.v.i != numbers[k].i ||
            (!bare && t.v.aux != numbers[k].aux))
            fail_msg("case %zu (%s): status %d, kind %d, i %lld, aux %d, %s", k, numbers[k].hex, (int)s, t.v.kind,
                     (long long)t.v.i, t.v.aux, t.e.msg);
        release(&t);
    }
}

static void floats(void **state)
{
    (void)state;
    struct tuple t;
    assert_int_equal(decode(&t, ASSAY_PGW_FLOAT4, "3dcccccd"), ASSAY_OK);
    assert_int_equal(t.v.kind, ASSAY_K_F32);
    assert_true(t.v.f == (double)0.1f);
    release(&t);
    assert_int_equal(decode(&t, ASSAY_PGW_FLOAT8, "8000000000000000"), ASSAY_OK);
    assert_int_equal(t.v.kind, ASSAY_K_F64);
    assert_int_equal(t.v.u, UINT64_C(0x8000000000000000)); /* -0 stays -0 */
    release(&t);
    assert_int_equal(decode(&t, ASSAY_PGW_FLOAT8, "7ff0000000000000"), ASSAY_OK);
    assert_int_equal(t.v.u, UINT64_C(0x7ff0000000000000));
    release(&t);
}

static const struct {
    enum assay_pg_wire wire;
    enum assay_kind kind;
    const char *hex;
    const char *bytes; /* hex of what the value must point to */
} strings[] = {
    {ASSAY_PGW_TEXT, ASSAY_K_TEXT, "", ""},
    {ASSAY_PGW_TEXT, ASSAY_K_TEXT, "c3a9", "c3a9"},
    {ASSAY_PGW_TEXT, ASSAY_K_TEXT, "6162202020", "6162202020"}, /* bpchar keeps its padding */
    {ASSAY_PGW_AS_TEXT, ASSAY_K_TEXT, "7b312c327d", "7b312c327d"},
    {ASSAY_PGW_BYTEA, ASSAY_K_BYTES, "00ff", "00ff"},
    {ASSAY_PGW_UUID, ASSAY_K_UUID, "00112233445566778899aabbccddeeff", "00112233445566778899aabbccddeeff"},
    {ASSAY_PGW_JSONB, ASSAY_K_JSON, "017b7d", "7b7d"},
    {ASSAY_PGW_NUMERIC, ASSAY_K_PGNUMERIC, "000200000000000100011388", "000200000000000100011388"}, /* 1.5 */
    {ASSAY_PGW_NUMERIC, ASSAY_K_PGNUMERIC, "00000000c0000000", "00000000c0000000"}, /* NaN */
    {ASSAY_PGW_NUMERIC, ASSAY_K_PGNUMERIC, "00000000d0000000", "00000000d0000000"}, /* Infinity */
};

static void byte_strings(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof strings / sizeof *strings; k++) {
        struct tuple t;
        uint8_t want[64];
        enum assay_status s = decode(&t, strings[k].wire, strings[k].hex);
        size_t n = unhex(strings[k].bytes, want);
        assert_int_equal(s, ASSAY_OK);
        assert_int_equal(t.v.kind, strings[k].kind);
        if (t.v.kind != ASSAY_K_UUID)
            assert_int_equal(t.v.len, n);
        assert_memory_equal(t.v.p, want, n);
        release(&t);
    }
}

static const struct {
    const char *hex;
    struct assay_interval want;
} intervals[] = {
    {"0000000000000000000000000000000100", {0}}, /* 17 bytes: refused below */
    {"00000000000000000000000000000001", {.months = 1}}, /* 1 mon */
    {"00000000000000000000001e00000000", {.days = 30}}, /* 30 days */
    {"ffffffffffffffff0000000000000000", {.seconds = -1, .ns = 999999000}}, /* -1 us */
    {"0025efc42dd730000000000000000000", {.seconds = 10678200000}},
    {"8000000000000000ffffffffffffffff", {.months = -1, .days = -1, .seconds = -9223372036855, .ns = 224192000}},
};

static void interval_fields(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof intervals / sizeof *intervals; k++) {
        struct tuple t;
        const struct assay_interval *w = &intervals[k].want;
        enum assay_status s = decode(&t, ASSAY_PGW_INTERVAL, intervals[k].hex);
        if (k == 0) {
            assert_int_equal(s, ASSAY_EDATA);
            release(&t);
            continue;
        }
        assert_int_equal(s, ASSAY_OK);
        assert_int_equal(t.v.kind, ASSAY_K_INTERVAL);
        struct assay_interval iv = {0};
        if (t.v.p)
            memcpy(&iv, t.v.p, sizeof iv);
        if (iv.months != w->months || iv.days != w->days || iv.seconds != w->seconds || iv.ns != w->ns)
            fail_msg("case %zu: %d mons %d days %lld s %d ns", k, iv.months, iv.days, (long long)iv.seconds, iv.ns);
        release(&t);
    }
}

static void infinite_interval_is_bad(void **state)
{
    (void)state;
    struct tuple t;
    assert_int_equal(decode(&t, ASSAY_PGW_INTERVAL, "7fffffffffffffff7fffffff7fffffff"), ASSAY_OK);
    assert_int_equal(t.v.kind, ASSAY_K_BAD);
    release(&t);
    assert_int_equal(decode(&t, ASSAY_PGW_INTERVAL, "80000000000000008000000080000000"), ASSAY_OK);
    assert_int_equal(t.v.kind, ASSAY_K_BAD);
    release(&t);
}

static void null_of_every_wire(void **state)
{
    (void)state;
    for (int w = ASSAY_PGW_AS_TEXT; w < ASSAY_PGW_COUNT; w++) {
        struct tuple t;
        assert_int_equal(decode(&t, (enum assay_pg_wire)w, NULL), ASSAY_OK);
        assert_int_equal(t.v.kind, ASSAY_K_NULL);
        release(&t);
    }
}

static const struct {
    enum assay_pg_wire wire;
    const char *hex;
} refused[] = {
    {ASSAY_PGW_BOOL, ""},
    {ASSAY_PGW_BOOL, "02"},
    {ASSAY_PGW_BOOL, "0001"},
    {ASSAY_PGW_INT2, "00000001"},
    {ASSAY_PGW_INT4, "0001"},
    {ASSAY_PGW_INT8, "00000001"},
    {ASSAY_PGW_UINT4, "0001"},
    {ASSAY_PGW_UINT8, "00000001"},
    {ASSAY_PGW_FLOAT4, "0000000000000000"},
    {ASSAY_PGW_FLOAT8, "00000000"},
    {ASSAY_PGW_UUID, "00112233445566778899aabbccddee"},
    {ASSAY_PGW_JSONB, ""},
    {ASSAY_PGW_JSONB, "027b7d"},
    {ASSAY_PGW_NUMERIC, "00000000c000"},
    {ASSAY_PGW_NUMERIC, "0001000000000000"},
    {ASSAY_PGW_NUMERIC, "0002000000000002000113880000"},
    {ASSAY_PGW_DATE, "7ffffffe"}, /* finite, but beyond 5874897-12-31: near the reserved extremes */
    {ASSAY_PGW_DATE, "80000001"},
    {ASSAY_PGW_TIME, "000000141dd76001"},
    {ASSAY_PGW_TIME, "ffffffffffffffff"},
    {ASSAY_PGW_TIMETZ, "00000000000000000000e100"}, /* 16 hours west */
    {ASSAY_PGW_TIMETZ, "000000000000000080000000"},
    {ASSAY_PGW_TIMESTAMP, "7ffffffffffffffe"},
    {ASSAY_PGW_TIMESTAMP, "8000000000000001"},
    {ASSAY_PGW_TIMESTAMP, "00000000"},
    {ASSAY_PGW_INTERVAL, "0000000000000000"},
};

static void refuses_what_no_server_sends(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof refused / sizeof *refused; k++) {
        struct tuple t;
        enum assay_status s = decode(&t, refused[k].wire, refused[k].hex);
        if (s != ASSAY_EDATA || !strstr(t.e.msg, "public.t") || !strstr(t.e.msg, "column c") ||
            !strstr(t.e.msg, "row 7"))
            fail_msg("case %zu: status %d, message %s", k, (int)s, t.e.msg);
        release(&t);
    }
}

/* (int4, text, interval) = (5, 'ab', 1 mon): every prefix, and one byte more, must be refused. */
static void every_truncation(void **state)
{
    (void)state;
    static const char row[] = "0003"
                              "00000004"
                              "00000005"
                              "00000002"
                              "6162"
                              "00000010"
                              "00000000000000000000000000000001";
    struct assay_pg_field f[] = {
        {.wire = ASSAY_PGW_INT4, .name = "a"},
        {.wire = ASSAY_PGW_TEXT, .name = "b"},
        {.wire = ASSAY_PGW_INTERVAL, .name = "c"},
    };
    struct assay_pool pool = {0};
    struct assay_pg_decoder d = {.field = f, .n = 3, .table = "public.t"};
    uint8_t all[128] = {0};
    size_t n = unhex(row, all);
    for (size_t cut = 0; cut <= n + 1; cut++) {
        struct assay_value v[3];
        struct assay_err e = {0};
        uint8_t *p = malloc(cut + 1);
        assert_non_null(p);
        memcpy(p, all, cut);
        uint8_t *exact = realloc(p, cut ? cut : 1);
        enum assay_status s = assay_pg_tuple(&d, exact, cut, 1, v, &pool, &e);
        assert_int_equal(s, cut == n ? ASSAY_OK : ASSAY_EDATA);
        free(exact);
    }
    all[1] = 2; /* field count differs */
    struct assay_value v[3];
    assert_int_equal(assay_pg_tuple(&d, all, n, 1, v, &pool, NULL), ASSAY_EDATA);
    all[1] = 3;
    all[2] = 0xff; /* a length of -16777212: neither NULL nor a length */
    assert_int_equal(assay_pg_tuple(&d, all, n, 1, v, &pool, NULL), ASSAY_EDATA);
    assay_pool_release(&pool);
}

static void no_columns(void **state)
{
    (void)state;
    struct assay_pg_decoder d = {.table = "t"};
    uint8_t zero[2] = {0};
    struct assay_value v;
    assert_int_equal(assay_pg_tuple(&d, zero, 2, 1, &v, NULL, NULL), ASSAY_OK);
}

/* The row stays readable: its other cells, its key among them, name the one that is too large. */
static void oversized_value_is_bad(void **state)
{
    (void)state;
    for (size_t extra = 0; extra < 2; extra++) {
        struct assay_pg_field f[] = {{.wire = ASSAY_PGW_BYTEA, .name = "a"}, {.wire = ASSAY_PGW_INT2, .name = "b"}};
        struct assay_pg_decoder d = {.field = f, .n = 2, .table = "t"};
        size_t len = ASSAY_MAX_CELL + extra, n = 6 + len + 6;
        struct assay_value v[2];
        uint8_t *p = calloc(1, n);
        assert_non_null(p);
        p[1] = 2;
        assay_put_be32(p + 2, (uint32_t)len);
        p[6 + len + 3] = 2;
        p[6 + len + 5] = 9;
        assert_int_equal(assay_pg_tuple(&d, p, n, 1, v, NULL, NULL), ASSAY_OK);
        assert_int_equal(v[0].kind, extra ? ASSAY_K_BAD : ASSAY_K_BYTES);
        assert_int_equal(v[1].i, 9);
        free(p);
    }
}

static void header(void **state)
{
    (void)state;
    uint8_t h[32];
    struct assay_err e = {0};
    size_t n = unhex("5047434f50590aff0d0a00"
                     "00000000"
                     "00000000",
                     h);
    assert_int_equal(assay_pg_header(h, n, "t", &e), 19);
    h[n] = 0xff;
    assert_int_equal(assay_pg_header(h, n + 1, "t", &e), 19); /* glued to what follows */
    assert_int_equal(assay_pg_header(h, n - 1, "t", &e), 0);
    assert_int_equal(e.code, ASSAY_EDATA);
    h[18] = 2; /* an extension: skipped when complete */
    assert_int_equal(assay_pg_header(h, n + 2, "t", NULL), 21);
    assert_int_equal(assay_pg_header(h, n + 1, "t", NULL), 0);
    h[18] = 0;
    h[12] = 1; /* bit 16: OIDs, critical */
    assert_int_equal(assay_pg_header(h, n, "t", NULL), 0);
    h[12] = 0;
    h[9] = '\r';
    assert_int_equal(assay_pg_header(h, n, "t", NULL), 0);
}

static void trailer(void **state)
{
    (void)state;
    static const uint8_t end[3] = {0xff, 0xff, 0};
    assert_true(assay_pg_is_trailer(end, 2));
    assert_false(assay_pg_is_trailer(end, 3));
    assert_false(assay_pg_is_trailer(end + 1, 2));
}

static void allow_list(void **state)
{
    (void)state;
    assert_int_equal(assay_pg_type_of(20)->wire, ASSAY_PGW_INT8);
    assert_int_equal(assay_pg_type_of(3802)->logical, ASSAY_L_JSON);
    assert_int_equal(assay_pg_type_of(114)->logical, ASSAY_L_TEXT); /* json keeps its spelling */
    static const uint32_t as_text[] = {18, 790, 869, 1007, 1033, 2205, 999999, 0}; /* "char" money inet _int4 aclitem */
    for (size_t i = 0; i < sizeof as_text / sizeof *as_text; i++) {
        assert_int_equal(assay_pg_type_of(as_text[i])->wire, ASSAY_PGW_AS_TEXT);
        assert_int_equal(assay_pg_type_of(as_text[i])->logical, ASSAY_L_TEXT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_and_moments),
        cmocka_unit_test(floats),
        cmocka_unit_test(byte_strings),
        cmocka_unit_test(interval_fields),
        cmocka_unit_test(infinite_interval_is_bad),
        cmocka_unit_test(null_of_every_wire),
        cmocka_unit_test(refuses_what_no_server_sends),
        cmocka_unit_test(every_truncation),
        cmocka_unit_test(no_columns),
        cmocka_unit_test(oversized_value_is_bad),
        cmocka_unit_test(header),
        cmocka_unit_test(trailer),
        cmocka_unit_test(allow_list),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
