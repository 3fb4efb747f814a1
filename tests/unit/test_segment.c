/* Which segment a window value belongs to, and back from names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "assay/segment.h"

static char column[] = "w", utc[] = "UTC", west[] = "-05:00";

static struct assay_router router(enum assay_every every, enum assay_logical type, char *zone, int64_t step)
{
    struct assay_window w = {.column = column, .every = every, .timezone = zone, .step = step};
    struct assay_router r;
    struct assay_err e = {0};
    assert_int_equal(assay_router_init(&r, &w, type, &e), ASSAY_OK);
    return r;
}

static struct assay_value stamp(int64_t s)
{
    return (struct assay_value){.kind = ASSAY_K_TSTZ, .i = s};
}

static void assert_name(struct assay_router *r, struct assay_value v, const char *name)
{
    struct assay_buf b = {0};
    assay_segment s = assay_router_segment(r, &v), back;
    assert_int_equal(assay_segment_name(r, s, &b), ASSAY_OK);
    assert_string_equal(assay_buf_str(&b), name);
    assert_true(assay_segment_parse(r, name, &back));
    assert_true(back == s);
    assay_buf_release(&b);
}

static void test_periods(void **state)
{
    struct assay_router month = router(ASSAY_EVERY_MONTH, ASSAY_L_TIMESTAMPTZ, utc, 0),
                        local = router(ASSAY_EVERY_MONTH, ASSAY_L_TIMESTAMPTZ, west, 0),
                        hour = router(ASSAY_EVERY_HOUR, ASSAY_L_TIMESTAMPTZ, utc, 0),
                        day = router(ASSAY_EVERY_DAY, ASSAY_L_TIMESTAMPTZ, utc, 0),
                        year = router(ASSAY_EVERY_YEAR, ASSAY_L_TIMESTAMPTZ, utc, 0);
    (void)state;
    assert_name(&month, stamp(1706763599 - 3600), "2024-02"); /* 2024-02-01 03:59:59Z */
    assert_name(&local, stamp(1706763599 - 3600), "2024-01"); /* 22:59:59 the evening before */
    assert_name(&month, stamp(-1), "1969-12");
    assert_name(&hour, stamp(-1), "1969-12-31T23");
    assert_name(&day, stamp(-86401), "1969-12-30");
    assert_name(&year, stamp(-62167219201), "-0001"); /* the second before year 0 */
    assert_name(&year, stamp(-62167219200), "0000");
    /* the cached period ends where the next begins, whichever was asked first */
    assert_name(&month, stamp(2678399), "1970-01");
    assert_name(&month, stamp(2678400), "1970-02");
    assert_name(&month, stamp(2678399), "1970-01");
}

static void test_the_ends_of_the_line(void **state)
{
    struct assay_router month = router(ASSAY_EVERY_MONTH, ASSAY_L_TIMESTAMPTZ, utc, 0),
                        date = router(ASSAY_EVERY_MONTH, ASSAY_L_DATE, utc, 0);
    (void)state;
    assert_name(&month, stamp(INT64_MAX), "+inf");
    assert_name(&month, stamp(INT64_MIN), "-inf");
    assert_name(&month, (struct assay_value){.kind = ASSAY_K_NULL}, "null");
    assert_name(&date, (struct assay_value){.kind = ASSAY_K_DATE, .i = INT32_MAX}, "+inf");
    assert_name(&date, (struct assay_value){.kind = ASSAY_K_DATE, .i = INT32_MIN}, "-inf");
    assert_name(&date, (struct assay_value){.kind = ASSAY_K_DATE, .i = INT32_MAX - 1}, "5881580-07");
}

/* Every integer has a segment, whatever the step; none of the arithmetic overflows. */
static void test_steps_up_to_the_ends(void **state)
{
    static const int64_t steps[] = {1, 7, 100, 999999999999999999}, values[] = {0,
                                                                                1,
                                                                                -1,
                                                                                99,
                                                                                100,
                                                                                -100,
                                                                                -101,
                                                                                INT64_MAX,
                                                                                INT64_MAX - 1,
                                                                                INT64_MAX - 100,
                                                                                INT64_MIN,
                                                                                INT64_MIN + 1,
                                                                                INT64_MIN + 2,
                                                                                INT64_MIN + 101};
    (void)state;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        for (size_t k = 0; k < sizeof values / sizeof *values; k++) {
            struct assay_router r = router(ASSAY_EVERY_STEP, ASSAY_L_INTEGER, utc, steps[i]);
            struct assay_value v = {.kind = ASSAY_K_INT, .i = values[k]};
            struct assay_buf name = {0}, lo = {0}, hi = {0};
            assay_segment s = assay_router_segment(&r, &v), back;
            bool has;
            assert_int_equal(assay_segment_name(&r, s, &name), ASSAY_OK);
            assert_true(assay_segment_parse(&r, assay_buf_str(&name), &back));
            assert_true(back == s);
            assert_int_equal(assay_segment_bounds(&r, s, &has, &lo, &hi), ASSAY_OK);
            if (has)
                assert_true(strtoll(assay_buf_str(&lo), NULL, 10) <= values[k] &&
                            values[k] < strtoll(assay_buf_str(&hi), NULL, 10));
            else
                assert_true(s == ASSAY_SEG_NEG || s == ASSAY_SEG_POS);
            assay_buf_release(&name);
            assay_buf_release(&lo);
            assay_buf_release(&hi);
        }
}

static void test_names_that_are_none(void **state)
{
    static const char *const days[] = {"2001-02-29", "2001-04-31", "2001-13-01", "2001-00-01", "2001-01-00",
                                       "2001-01",    "all",        "",           "x",          "2001-01-01T00"},
                             *const numbers[] = {"5",
                                                 "9223372036854775807",
                                                 "-9223372036854775808",
                                                 "9223372036854775800",
                                                 "99999999999999999999",
                                                 "",
                                                 "1e2",
                                                 "100 "};
    struct assay_router day = router(ASSAY_EVERY_DAY, ASSAY_L_TIMESTAMP, utc, 0),
                        step = router(ASSAY_EVERY_STEP, ASSAY_L_INTEGER, utc, 100),
                        none = router(ASSAY_EVERY_NONE, ASSAY_L_NONE, utc, 0);
    assay_segment s;
    (void)state;
    for (size_t i = 0; i < sizeof days / sizeof *days; i++)
        if (assay_segment_parse(&day, days[i], &s))
            fail_msg("\"%s\" is no day", days[i]);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (assay_segment_parse(&step, numbers[i], &s))
            fail_msg("\"%s\" is no multiple of 100 that values have", numbers[i]);
    assert_true(assay_segment_parse(&day, "2004-02-29", &s));
    assert_false(assay_segment_parse(&none, "null", &s));
    assert_true(assay_segment_parse(&none, "all", &s));
}

static void test_from_and_to(void **state)
{
    static char from[] = "2024-01-10 00:00:00+00", to[] = "2024-03-10 00:00:00+00", bad[] = "yesterday";
    struct assay_window w = {.column = column, .every = ASSAY_EVERY_MONTH, .timezone = utc, .from = from, .to = to};
    struct assay_router r;
    struct assay_err e = {0};
    (void)state;
    assert_int_equal(assay_router_init(&r, &w, ASSAY_L_TIMESTAMPTZ, &e), ASSAY_OK);
    assert_name(&r, stamp(1704844800), "2024-01"); /* the 10th */
    assert_name(&r, stamp(1704844799), "-inf"); /* the same month, from the cache */
    assert_name(&r, stamp(1710028799), "2024-03");
    assert_name(&r, stamp(1710028800), "+inf");
    struct assay_value late = {.kind = ASSAY_K_TSTZ, .i = 1710028799, .aux = 999999999};
    assert_name(&r, late, "2024-03");
    w.from = bad;
    assert_int_equal(assay_router_init(&r, &w, ASSAY_L_TIMESTAMPTZ, &e), ASSAY_EPLAN);
}

static void test_closed(void **state)
{
    struct assay_window w = {.every = ASSAY_EVERY_MONTH,
                             .timezone = utc,
                             .from = (char *)(uintptr_t) "2024-01-10 00:00:00+00",
                             .to = (char *)(uintptr_t) "2024-03-15 00:00:00+00"};
    struct assay_router r, id = router(ASSAY_EVERY_STEP, ASSAY_L_INTEGER, utc, 100);
    struct assay_point mark;
    assay_segment s;
    (void)state;
    assert_int_equal(assay_router_init(&r, &w, ASSAY_L_TIMESTAMPTZ, NULL), ASSAY_OK);
    assert_true(assay_point_parse(ASSAY_L_TIMESTAMPTZ, "2024-03-01 00:00:00+00", &mark));
    assert_true(assay_segment_parse(&r, "2024-02", &s));
    assert_true(assay_segment_closed(&r, s, &mark)); /* it ends at the mark */
    mark.major--;
    assert_false(assay_segment_closed(&r, s, &mark));
    assert_true(assay_segment_closed(&r, ASSAY_SEG_NULL, &mark));
    assert_true(assay_segment_closed(&r, ASSAY_SEG_NEG, &mark));
    assert_false(assay_segment_closed(&r, ASSAY_SEG_POS, &mark));
    assert_true(assay_segment_parse(&r, "2024-03", &s));
    assert_true(assay_point_parse(ASSAY_L_TIMESTAMPTZ, "2024-03-15 00:00:00+00", &mark));
    assert_true(assay_segment_closed(&r, s, &mark)); /* what is after `to` is +inf's */
    assert_true(assay_point_parse(ASSAY_L_TIMESTAMPTZ, "2024-01-01 00:00:00+00", &mark));
    assert_false(assay_segment_closed(&r, ASSAY_SEG_NEG, &mark)); /* rows before `from` may come yet */
    assert_true(assay_point_parse(ASSAY_L_INTEGER, "200", &mark));
    assert_true(assay_segment_closed(&id, 1, &mark));
    assert_false(assay_segment_closed(&id, 2, &mark));
}

static void test_passed(void **state)
{
    struct assay_point at;
    struct assay_value v = {.kind = ASSAY_K_TS, .i = 10, .aux = 5}, null = {.kind = ASSAY_K_NULL};
    (void)state;
    at = (struct assay_point){10, 5};
    assert_false(assay_point_passed(&at, &v));
    at.minor = 4;
    assert_true(assay_point_passed(&at, &v));
    at.major = 11;
    assert_false(assay_point_passed(&at, &v));
    assert_false(assay_point_passed(&at, &null));
    v = (struct assay_value){.kind = ASSAY_K_DECDIGITS, .len = 20, .p = (const uint8_t *)"99999999999999999999"};
    assert_true(assay_point_passed(&at, &v)); /* beyond 64 bits */
    v.p = (const uint8_t *)"-9999999999999999999";
    assert_false(assay_point_passed(&at, &v));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_periods),
        cmocka_unit_test(test_the_ends_of_the_line),
        cmocka_unit_test(test_steps_up_to_the_ends),
        cmocka_unit_test(test_names_that_are_none),
        cmocka_unit_test(test_from_and_to),
        cmocka_unit_test(test_closed),
        cmocka_unit_test(test_passed),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
