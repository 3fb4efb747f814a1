/* Which side has changed since both were equal: only what four statements prove may be said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "../../reconcile/core/late.h"

static char form[] = "sha256:a";

/* A chunk whose one column, rows and keys have these sums. */
static struct attested_chunk chunk(assay_sum *col, uint64_t rows, unsigned key, unsigned row)
{
    struct attested_chunk c = {.rows = rows, .key = key, .row = row, .col = col};
    snprintf(c.form, sizeof c.form, "%s", form);
    return c;
}

static void test_table(void **state)
{
    static const struct {
        unsigned old_source, old_archive, source, archive;
        enum late expected;
    } cases[] = {
        {1, 1, 2, 1, LATE_SOURCE},  {1, 1, 1, 2, LATE_ARCHIVE}, {1, 1, 2, 3, LATE_BOTH}, {1, 1, 2, 2, LATE_BOTH},
        {1, 1, 1, 1, LATE_UNKNOWN}, {1, 2, 1, 2, LATE_UNKNOWN}, /* never equal: nobody knows who is right */
        {1, 2, 3, 2, LATE_UNKNOWN}, {1, 2, 1, 3, LATE_UNKNOWN},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assay_sum v[] = {cases[i].old_source, cases[i].old_archive, cases[i].source, cases[i].archive};
        struct attested_chunk c[4];
        for (int k = 0; k < 4; k++)
            c[k] = chunk(&v[k], 3, 7, 9);
        assert_int_equal(assay_late_of(&c[0], &c[1], &c[2], &c[3], 1), cases[i].expected);
    }
}

/* Every fact of a statement counts, each alone. */
static void test_what_a_change_is(void **state)
{
    assay_sum v = 1;
    struct attested_chunk good = chunk(&v, 3, 7, 9);
    struct attested_chunk other[] = {chunk(&v, 4, 7, 9), chunk(&v, 3, 8, 9), chunk(&v, 3, 7, 1), good, good};
    (void)state;
    other[3].form[7] = 'b';
    other[4].defects = 1;
    for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
        assert_int_equal(assay_late_of(&good, &good, &other[i], &good, 1), LATE_SOURCE);
        assert_int_equal(assay_late_of(&good, &good, &good, &other[i], 1), LATE_ARCHIVE);
        assert_int_equal(assay_late_of(&good, &other[i], &good, &other[i], 1), LATE_UNKNOWN);
    }
}

/* Sums that were made to fit do not hide another root; roots under different keys say nothing. */
static void test_roots_count(void **state)
{
    assay_sum v = 1;
    struct attested_chunk good = chunk(&v, 3, 7, 9), other;
    (void)state;
    snprintf(good.root, sizeof good.root, "sha256:1");
    snprintf(good.keycommit, sizeof good.keycommit, "1");
    other = good;
    snprintf(other.root, sizeof other.root, "sha256:2");
    assert_int_equal(assay_late_of(&good, &good, &good, &other, 1), LATE_ARCHIVE);
    assert_int_equal(assay_late_of(&good, &other, &good, &other, 1), LATE_UNKNOWN);
    snprintf(other.keycommit, sizeof other.keycommit, "2");
    assert_int_equal(assay_late_of(&good, &good, &good, &other, 1), LATE_UNKNOWN);
}

static void test_without_history(void **state)
{
    assay_sum v = 1, w = 2;
    struct attested_chunk a = chunk(&v, 3, 7, 9), b = chunk(&w, 3, 7, 9);
    (void)state;
    assert_int_equal(assay_late_of(NULL, &a, &b, &a, 1), LATE_UNKNOWN);
    assert_int_equal(assay_late_of(&a, NULL, &b, &a, 1), LATE_UNKNOWN);
    assert_int_equal(assay_late_of(&a, &a, NULL, &a, 1), LATE_UNKNOWN);
    assert_int_equal(assay_late_of(&a, &a, &a, NULL, 1), LATE_UNKNOWN);
    assert_null(assay_late_name(LATE_UNKNOWN));
    assert_null(assay_late_name(LATE_BOTH));
    assert_string_equal(assay_late_name(LATE_SOURCE), "source");
    assert_string_equal(assay_late_name(LATE_ARCHIVE), "archive");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_what_a_change_is),
        cmocka_unit_test(test_roots_count),
        cmocka_unit_test(test_without_history),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
