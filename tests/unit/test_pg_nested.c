/* Arrays, composite values and hstore on the wire. Bytes were taken from PostgreSQL 15 (COPY (SELECT ...) TO STDOUT
 * (FORMAT binary)); what is refused is each of them with one thing changed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../verify/reader/pg_decode.h"
#include "assay/buf.h"
#include "assay/bytes.h"
#include "assay/limits.h"

#define MOOD 16803 /* oids of the server that the bytes come from */
#define PAIR 16809
#define CENTS 16814
#define IDS 16816

static const struct assay_pg_field int4 = {.wire = ASSAY_PGW_INT4, .oid = 23},
                                   int2 = {.wire = ASSAY_PGW_INT2, .oid = 21},
                                   text = {.wire = ASSAY_PGW_TEXT, .oid = 25},
                                   interval = {.wire = ASSAY_PGW_INTERVAL, .oid = 1186},
                                   mood = {.wire = ASSAY_PGW_TEXT, .oid = MOOD},
                                   ids = {.wire = ASSAY_PGW_ARRAY, .oid = IDS, .child = &int4, .n_child = 1};
static const struct assay_pg_field pair_fields[] = {
    {.wire = ASSAY_PGW_INT4, .oid = 23, .name = "a"},
    {.wire = ASSAY_PGW_TEXT, .oid = 25, .name = "b"},
};
static const struct assay_pg_field pair = {.wire = ASSAY_PGW_RECORD, .oid = PAIR, .child = pair_fields, .n_child = 2};
static const struct assay_pg_field deep_fields[] = {
    {.wire = ASSAY_PGW_RECORD, .oid = PAIR, .name = "p", .child = pair_fields, .n_child = 2},
    {.wire = ASSAY_PGW_ARRAY, .oid = 16808, .name = "ps", .child = &pair, .n_child = 1},
    {.wire = ASSAY_PGW_ARRAY, .oid = 16802, .name = "m", .child = &mood, .n_child = 1},
    {.wire = ASSAY_PGW_INT2, .oid = 21, .name = "n"},
};

/* As tests/fuzz/reader_dump.c prints them, with kinds left out. */
static void put(struct assay_buf *out, const struct assay_value *v)
{
    struct assay_interval iv;
    const struct assay_value *item = v->items;
    const bool list = v->kind == ASSAY_K_LIST;
    switch (v->kind) {
    case ASSAY_K_NULL:
        assay_buf_adds(out, "-");
        break;
    case ASSAY_K_INT:
        assay_buf_addf(out, "%lld", (long long)v->i);
        break;
    case ASSAY_K_TEXT:
        assay_buf_addf(out, "'%.*s'", (int)v->len, (const char *)v->p);
        break;
    case ASSAY_K_INTERVAL:
        memcpy(&iv, v->p, sizeof iv);
        assay_buf_addf(out, "%d/%d/%lld.%09d", iv.months, iv.days, (long long)iv.seconds, iv.ns);
        break;
    case ASSAY_K_LIST:
    case ASSAY_K_STRUCT:
    case ASSAY_K_MAP:
        if (v->flags & ASSAY_V_BOUND)
            assay_buf_addf(out, "%lld:", (long long)(item++)->i);
        assay_buf_adds(out, list ? "[" : v->kind == ASSAY_K_MAP ? "M{" : "{");
        for (uint32_t i = 0; i < v->len * (list ? 1u : 2u); i++) {
            assay_buf_adds(out, i == 0 ? "" : list || i % 2 == 0 ? "," : ":");
            put(out, &item[i]);
        }
        assay_buf_adds(out, list ? "]" : "}");
        break;
    default:
        assay_buf_adds(out, "?");
    }
}

struct nested {
    struct assay_pg_field column;
    const char *hex, *want;
};

static const struct assay_pg_field none;
#define ARRAY(element)                                                                                                 \
    {                                                                                                                  \
        .wire = ASSAY_PGW_ARRAY, .name = "c", .child = &(element), .n_child = 1                                        \
    }
#define RECORD(fields, n)                                                                                              \
    {                                                                                                                  \
        .wire = ASSAY_PGW_RECORD, .name = "c", .child = (fields), .n_child = (n)                                       \
    }
#define HSTORE                                                                                                         \
    {                                                                                                                  \
        .wire = ASSAY_PGW_HSTORE, .name = "c"                                                                          \
    }

static const struct nested good[] = {
    {ARRAY(int4), "000000000000000000000017", "[]"},
    {ARRAY(int4),
     "00000001"
     "00000001"
     "00000017"
     "0000000300000001"
     "0000000400000001"
     "ffffffff"
     "00000004fffffffd",
     "[1,-,-3]"},
    {ARRAY(int2), "0000000100000000000000150000000200000000000000020007000000020008", "0:[7,8]"},
    {ARRAY(text), "0000000200000001000000190000000200000001000000020000000100000001610000000162ffffffff00000000",
     "[['a','b'],[-,'']]"},
    {ARRAY(int4),
     "00000002000000000000001700000002000000020000000200000001"
     "0000000400000001000000040000000200000004000000030000000400000004",
     "2:[[1,2],[3,4]]"},
    {ARRAY(int4), "0000000100000000000000170000000180000000000000040000002a", "-2147483648:[42]"},
    {ARRAY(int4), "000000010000000000000017000000017fffffff000000040000002a", "2147483647:[42]"},
    {ARRAY(interval),
     "0000000100000000000004a2000000020000000100000010000000000000000000000000000000010000"
     "0010ffffffffffffffff0000000000000000",
     "[1/0/0.000000000,0/0/-1.999999000]"},
    {ARRAY(mood), "0000000100000000000041a3000000020000000100000003736164000000026f6b", "['sad','ok']"},
    {ARRAY(ids),
     "0000000100000000000041b000000002000000010000001c00000001000000000000001700000001000000010000000400000001"
     "0000000c000000000000000000000017",
     "[[1],[]]"},
    {RECORD(pair_fields, 2), "0000000200000017000000040000000500000019000000026162", "{'a':5,'b':'ab'}"},
    {RECORD(pair_fields, 2), "0000000200000017ffffffff00000019ffffffff", "{'a':-,'b':-}"},
    {RECORD(&none, 0), "00000000", "{}"},
    {RECORD(deep_fields, 4),
     "00000004"
     "000041a90000001900000002000000170000000400000001000000190000000178"
     "000041a8000000340000000100000001000041a900000002000000010000001800000002000000170000000400000002"
     "00000019ffffffffffffffff"
     "000041a20000001a0000000100000000000041a30000000100000001000000026f6b"
     "00000015000000020007",
     "{'p':{'a':1,'b':'x'},'ps':[{'a':2,'b':-},-],'m':['ok'],'n':7}"},
    {HSTORE, "00000002000000016100000001310000000162ffffffff", "M{'a':'1','b':-}"},
    {HSTORE, "00000000", "M{}"},
};

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

/* The value in memory of exactly its size, so that a sanitizer sees reads beyond it. */
static enum assay_status decode(const struct assay_pg_field *column, const uint8_t *value, size_t n,
                                struct assay_buf *shown, struct assay_err *e)
{
    struct assay_pg_decoder d = {.field = column, .n = 1, .table = "public.t"};
    struct assay_pool pool = {0};
    struct assay_value v;
    uint8_t *p = malloc(6 + n);
    assert_non_null(p);
    assay_put_be16(p, 1);
    assay_put_be32(p + 2, (uint32_t)n);
    memcpy(p + 6, value, n);
    enum assay_status s = assay_pg_tuple(&d, p, 6 + n, 7, &v, &pool, e);
    if (s == ASSAY_OK && shown)
        put(shown, &v);
    assay_pool_release(&pool);
    free(p);
    return s;
}

static void trees(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof good / sizeof *good; k++) {
        uint8_t bytes[512] = {0};
        struct assay_buf shown = {0};
        struct assay_err e = {0};
        size_t n = unhex(good[k].hex, bytes);
        enum assay_status s = decode(&good[k].column, bytes, n, &shown, &e);
        const char *got = assay_buf_str(&shown);
        assert_non_null(got);
        if (s != ASSAY_OK || strcmp(got, good[k].want) != 0)
            fail_msg("case %zu: %s instead of %s (%s)", k, got, good[k].want, e.msg);
        assay_buf_release(&shown);
    }
}

/* Every prefix, and one byte more, is refused in every case, with the column's name. */
static void every_truncation(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof good / sizeof *good; k++) {
        uint8_t bytes[512] = {0};
        size_t n = unhex(good[k].hex, bytes);
        bytes[n] = 0;
        for (size_t cut = 0; cut <= n + 1; cut++) {
            struct assay_err e = {0};
            enum assay_status s = decode(&good[k].column, bytes, cut, NULL, &e);
            if (s != (cut == n ? ASSAY_OK : ASSAY_EDATA))
                fail_msg("case %zu cut to %zu of %zu bytes: status %d", k, cut, n, (int)s);
            if (cut != n)
                assert_non_null(strstr(e.msg, "column c, row 7"));
        }
    }
}

static const struct nested bad[] = {
    /* seven dimensions, an unknown flag, another element type, another number of fields, another field type */
    {ARRAY(int4),
     "00000007000000000000001700000001000000010000000100000001000000010000000100000001000000010000000100000001000000010"
     "0"
     "0000010000000100000001000000040000002a",
     ""},
    {ARRAY(int4), "0000000100000002000000170000000100000001000000040000002a", ""},
    {ARRAY(int4), "0000000100000000000000140000000100000001000000040000002a", ""},
    {RECORD(pair_fields, 1), "0000000200000017000000040000000500000019000000026162", ""},
    {RECORD(pair_fields, 2), "0000000200000014000000040000000500000019000000026162", ""},
    /* an empty dimension, a negative one, bounds beyond int32, more elements than bytes, a product that overflows */
    {ARRAY(int4), "0000000100000000000000170000000000000001", ""},
    {ARRAY(int4), "00000001000000000000001780000000000000010000000400000001", ""},
    {ARRAY(int4), "000000010000000000000017000000027fffffff00000004000000010000000400000002", ""},
    {ARRAY(int4), "0000000100000000000000177fffffff000000010000000400000001", ""},
    {ARRAY(int4), "00000002000000000000001700010000000000010001000000000001", ""},
    /* an element of another length than its type, one that is no value, a length beyond the end */
    {ARRAY(int4), "00000001000000000000001700000001000000010000000300002a", ""},
    {ARRAY(int4), "000000010000000000000017000000010000000100000005000000002a", ""},
    {ARRAY(int4), "0000000100000000000000170000000100000001fffffffe0000002a", ""},
    /* hstore: a NULL key, more pairs than bytes, a negative number of them */
    {HSTORE, "00000001ffffffff0000000131", ""},
    {HSTORE, "7fffffff000000016100000001310000000162ffffffff", ""},
    {HSTORE, "ffffffff000000016100000001310000000162ffffffff", ""},
};

static void refuses_what_no_server_sends(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        uint8_t bytes[512] = {0};
        struct assay_err e = {0};
        size_t n = unhex(bad[k].hex, bytes);
        enum assay_status s = decode(&bad[k].column, bytes, n, NULL, &e);
        if (s != ASSAY_EDATA || !strstr(e.msg, "column c, row 7 of the scan: the server sent "))
            fail_msg("case %zu: status %d, message %s", k, (int)s, e.msg);
    }
}

/* A defect inside a list leaves its neighbours and the row readable. */
static void a_bad_element_is_bad_alone(void **state)
{
    (void)state;
    static const char hex[] = "0000000100000000000004a20000000200000001"
                              "000000107fffffffffffffff7fffffff7fffffff"
                              "0000001000000000000000000000000000000001";
    static const struct assay_pg_field column = ARRAY(interval);
    uint8_t bytes[128] = {0};
    struct assay_buf shown = {0};
    assert_int_equal(decode(&column, bytes, unhex(hex, bytes), &shown, NULL), ASSAY_OK);
    assert_string_equal(assay_buf_str(&shown), "[?,1/0/0.000000000]");
    assay_buf_release(&shown);
}

/* A list of NULLs takes four times its bytes, and no more; one over the limit of a cell takes nothing. */
static void memory_is_bounded_by_the_bytes(void **state)
{
    (void)state;
    static const struct assay_pg_field column = ARRAY(int4);
    for (size_t over = 0; over < 2; over++) {
        size_t count = over ? ASSAY_MAX_CELL / 4 : 100000, n = 20 + 4 * count;
        struct assay_pg_decoder d = {.field = &column, .n = 1, .table = "t"};
        struct assay_pool pool = {0};
        struct assay_value v;
        uint8_t *p = malloc(6 + n);
        assert_non_null(p);
        memset(p, 0xff, 6 + n);
        assay_put_be16(p, 1);
        assay_put_be32(p + 2, (uint32_t)n);
        unhex("000000010000000100000017", p + 6);
        assay_put_be32(p + 18, (uint32_t)count);
        assay_put_be32(p + 22, 1);
        assert_int_equal(assay_pg_tuple(&d, p, 6 + n, 1, &v, &pool, NULL), ASSAY_OK);
        assert_int_equal(v.kind, over ? ASSAY_K_BAD : ASSAY_K_LIST);
        assert_int_equal(pool.taken, over ? 0 : count * sizeof v);
        assay_pool_release(&pool);
        free(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trees),
        cmocka_unit_test(every_truncation),
        cmocka_unit_test(refuses_what_no_server_sends),
        cmocka_unit_test(a_bad_element_is_bad_alone),
        cmocka_unit_test(memory_is_bounded_by_the_bytes),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
