/* What changed between two schemas, and what that does to the values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/drift.h"

/* ---- native types ---- */

static void test_types(void **state)
{
    static const struct {
        const char *before, *now, *says; /* says NULL: no change */
    } cases[] = {
        /* PostgreSQL */
        {"numeric(10,2)", "numeric(12,2)", "widened compatible"},
        {"numeric(12,2)", "numeric(10,2)", "narrowed lossy"},
        {"numeric(10,2)", "numeric(10,4)", "narrowed lossy"}, /* fewer digits before the point */
        {"numeric(10,2)", "numeric", "widened compatible"},
        {"numeric", "numeric(10,2)", "narrowed lossy"},
        {"integer", "bigint", "widened compatible"},
        {"bigint", "integer", "narrowed lossy"},
        {"smallint", "real", "widened compatible"},
        {"integer", "real", "retyped lossy"},
        {"integer", "double precision", "widened compatible"},
        {"bigint", "double precision", "retyped lossy"},
        {"real", "double precision", "widened compatible"},
        {"bigint", "numeric", "widened compatible"},
        {"bigint", "numeric(10,0)", "retyped lossy"},
        {"numeric(9,0)", "integer", "retyped lossy"},
        {"character varying(20)", "character varying(40)", "widened compatible"},
        {"character varying(40)", "character varying(20)", "narrowed lossy"},
        {"character varying(20)", "text", "widened compatible"},
        {"text", "character varying(20)", "narrowed lossy"},
        {"character(8)", "character varying(8)", NULL},
        {"timestamp without time zone", "timestamp with time zone", "retyped lossy"},
        {"timestamp(3) without time zone", "timestamp without time zone", "widened compatible"},
        {"timestamp without time zone", "timestamp(0) without time zone", "narrowed lossy"},
        {"timestamp without time zone", "date", "retyped lossy"},
        {"date", "timestamp without time zone", "retyped compatible"},
        {"integer", "text", "retyped compatible"},
        {"integer", "character varying(3)", "retyped lossy"},
        {"text", "integer", "retyped breaking"},
        {"boolean", "integer", "retyped breaking"},
        {"uuid", "text", "retyped compatible"},
        {"text", "uuid", "retyped breaking"},
        {"integer", "integer[]", "retyped breaking"},
        {"mood", "text", "retyped breaking"},
        /* SQLite */
        {"VARCHAR(10)", "VARCHAR(20)", "widened compatible"},
        {"VARCHAR(10)", "TEXT", "widened compatible"},
        {"REAL", "INTEGER", "retyped lossy"},
        {"INT", "INTEGER", NULL},
        {"DECIMAL(10,2)", "NUMERIC(10, 2)", NULL},
        {"TEXT", "BLOB", "retyped breaking"},
        {"", "INTEGER", "retyped breaking"},
        /* Parquet */
        {"INT32", "INT64", "widened compatible"},
        {"INT64", "INT32", "narrowed lossy"},
        {"INT32 UINT_32", "INT64", "widened compatible"},
        {"INT32", "INT32 UINT_32", "narrowed lossy"},
        {"FLOAT", "DOUBLE", "widened compatible"},
        {"INT32 DECIMAL(9,2)", "INT64 DECIMAL(18,2)", "widened compatible"},
        {"INT64 DECIMAL(10,2)", "FLBA(5) DECIMAL(10,2)", NULL},
        {"INT64 TIMESTAMP(MICROS)", "INT64 TIMESTAMP(MILLIS)", "narrowed lossy"},
        {"INT64 TIMESTAMP(MILLIS,UTC)", "INT64 TIMESTAMP(NANOS,UTC)", "widened compatible"},
        {"INT64 TIMESTAMP(MICROS)", "INT64 TIMESTAMP(MICROS,UTC)", "retyped lossy"},
        {"BYTE_ARRAY STRING", "BYTE_ARRAY", "retyped breaking"},
        {"INT64", "BYTE_ARRAY STRING", "retyped compatible"},
        /* Avro */
        {"int", "long", "widened compatible"},
        {"union{null,int}", "union{null,long}", "widened compatible"},
        {"float", "double", "widened compatible"},
        {"string", "bytes", "retyped breaking"},
        {"bytes decimal(9,2)", "bytes decimal(12,2)", "widened compatible"},
        {"long timestamp-millis", "long timestamp-micros", "widened compatible"},
        {"union{null,long local-timestamp-micros}", "union{null,long local-timestamp-millis}", "narrowed lossy"},
        {"long local-timestamp-micros", "long timestamp-micros", "retyped lossy"},
        /* formats that declare no types, and other engines' spellings of the same */
        {"csv", "INT64", NULL},
        {"INT64", "ndjson", NULL},
        {"bigint", "INT64", NULL},
        {"character varying", "BYTE_ARRAY STRING", NULL},
        {"timestamp with time zone", "INT64 TIMESTAMP(MICROS,UTC)", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        enum assay_drift_kind kind;
        enum assay_drift_class cls;
        char says[64] = "";
        if (assay_drift_of_type(cases[i].before, cases[i].now, &kind, &cls))
            snprintf(says, sizeof says, "%s %s", assay_drift_kind_name(kind), assay_drift_class_name(cls));
        if (strcmp(says, cases[i].says ? cases[i].says : "") != 0)
            fail_msg("\"%s\" to \"%s\": \"%s\"", cases[i].before, cases[i].now, says);
    }
}

/* ---- schemas ---- */

static struct assay_observed_schema schema(const char *text)
{
    struct assay_observed_schema s;
    struct assay_err e = {0};
    if (assay_observed_parse(text, strlen(text), &s, &e) != ASSAY_OK)
        fail_msg("%s", e.msg);
    return s;
}

static void assert_drift_proven(const char *before, const char *now, const struct assay_drift_proof *proof, size_t n,
                                const char *uncovered, const char *expected)
{
    struct assay_observed_schema a = schema(before), b = schema(now);
    struct assay_drift *d = NULL;
    struct assay_buf text = {0};
    size_t changes = 0;
    size_t at = uncovered ? assay_observed_find(&b, uncovered) : SIZE_MAX;
    if (at != SIZE_MAX)
        b.col[at].covered = false;
    assert_int_equal(assay_drift_compare(&a, &b, proof, n, &d, &changes), ASSAY_OK);
    for (size_t i = 0; i < changes; i++) {
        assert_int_equal(assay_drift_say(&d[i], &text), ASSAY_OK);
        assert_int_equal(assay_buf_adds(&text, "\n"), ASSAY_OK);
    }
    assert_string_equal(text.len ? assay_buf_str(&text) : "", expected);
    assay_buf_release(&text);
    free(d);
    assay_observed_release(&a);
    assay_observed_release(&b);
}

static void assert_drift(const char *before, const char *now, const char *expected)
{
    assert_drift_proven(before, now, NULL, 0, NULL, expected);
}

#define ID "id\tinteger\tinteger\trequired\t1\n"
#define PRICE "price\tnumeric(10,2)\tdecimal\tnullable\t0\n"
#define NOTE "note\ttext\ttext\tnullable\t0\n"
#define MEMO "memo\ttext\ttext\tnullable\t0\n"

static void test_nothing_changed(void **state)
{
    (void)state;
    assert_drift(ID PRICE NOTE, ID PRICE NOTE, "");
    assert_drift(ID PRICE NOTE, NOTE ID PRICE, ""); /* the order is no fact about values */
    assert_drift("", "", "");
}

static void test_added_and_dropped(void **state)
{
    (void)state;
    assert_drift(ID PRICE, ID PRICE NOTE, "added \"note\": text (compatible)\n");
    assert_drift_proven(ID PRICE, ID PRICE NOTE, NULL, 0, "note",
                        "added \"note\": text (compatible; not covered by the plan)\n");
    assert_drift(ID PRICE NOTE, ID NOTE, "dropped \"price\": numeric(10,2) (breaking; the plan read it)\n");
    assert_drift(ID NOTE, ID PRICE,
                 "added \"price\": numeric(10,2) (compatible)\n"
                 "dropped \"note\": text (breaking; the plan read it)\n"); /* other types */
}

static void test_renamed(void **state)
{
    const struct assay_drift_proof proof[] = {{"note", "memo"}};
    const struct assay_drift_proof far[] = {{"note", "memo"}};
    (void)state;
    assert_drift(ID PRICE NOTE, ID PRICE MEMO, "perhaps renamed \"note\" -> \"memo\" (compatible)\n");
    assert_drift_proven(ID PRICE NOTE, ID PRICE MEMO, NULL, 0, "memo",
                        "perhaps renamed \"note\" -> \"memo\" (breaking; not covered by the plan)\n");
    assert_drift_proven(ID PRICE NOTE, ID PRICE MEMO, proof, 1, NULL, "renamed \"note\" -> \"memo\" (compatible)\n");
    assert_drift_proven(NOTE ID PRICE, ID PRICE "memo\tvarchar(9)\ttext\tnullable\t0\n", far, 1, NULL,
                        "renamed \"note\" -> \"memo\" (compatible)\n"
                        "narrowed \"memo\": text -> varchar(9) (lossy)\n");
    /* a proof about columns that are still there under their names proves nothing */
    assert_drift_proven(ID NOTE MEMO, ID NOTE MEMO, proof, 1, NULL, "");
}

static void test_nulls_and_keys(void **state)
{
    (void)state;
    assert_drift(ID NOTE, "id\tinteger\tinteger\tnullable\t0\n" NOTE,
                 "nullable \"id\" (compatible)\nkey \"id\": position 1 -> not in the key (breaking)\n");
    assert_drift(ID NOTE, ID "note\ttext\ttext\trequired\t2\n",
                 "required \"note\" (lossy)\nkey \"note\": not in the key -> position 2 (breaking)\n");
}

static void test_escapes(void **state)
{
    (void)state;
    struct assay_observed_schema s = schema("a\\tb\\\\\\n\tx\\ty\tinteger\tnullable\t0\n");
    assert_int_equal(s.n, 1);
    assert_string_equal(s.col[0].name, "a\tb\\\n");
    assert_string_equal(s.col[0].native, "x\ty");
    assay_observed_release(&s);
}

static void test_what_is_no_schema(void **state)
{
    static const char *const bad[] = {"id", "id\n", "id\tinteger\tinteger\trequired\n",
                                      "id\tinteger\tinteger\trequired\t1\tx\n", "\n"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct assay_observed_schema s;
        struct assay_err e = {0};
        assert_int_equal(assay_observed_parse(bad[i], strlen(bad[i]), &s, &e), ASSAY_ELEDGER);
        assert_null(s.col);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_nothing_changed),
        cmocka_unit_test(test_added_and_dropped),
        cmocka_unit_test(test_renamed),
        cmocka_unit_test(test_nulls_and_keys),
        cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_what_is_no_schema),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
