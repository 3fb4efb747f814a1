/* Sums and samples in, causes out: each once, with the rule that settles it, and none that the statements do not bear.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/digest.h"
#include "assay/note.h"
#include "assay/reconcile.h"
#include "assay/writer.h"

#include "../support/statements.h"

#define RUN "00000000-0000-4000-8000-000000000001"
#define CUT NO_BYTES

static char a_name[] = "a", b_name[] = "b", id_name[] = "id", set_name[] = "s",
            set_id[] = "00000000-0000-4000-8000-000000000000", utc[] = "UTC", uri[] = "x.csv";
static struct assay_plan_column columns[] = {
    {.name = a_name, .type = ASSAY_L_TIMESTAMP, .native = {a_name, a_name}},
    {.name = b_name, .type = ASSAY_L_TEXT, .native = {b_name, b_name}},
    {.name = id_name, .type = ASSAY_L_INTEGER, .key_pos = 1, .native = {id_name, id_name}}};
static const struct assay_dataset set = {.name = set_name,
                                         .id = set_id,
                                         .col = columns,
                                         .n_cols = 3,
                                         .n_key = 1,
                                         .chunk_rows = 100,
                                         .side = {{.uri = uri}, {.uri = uri}},
                                         .window = {.timezone = utc}};

static struct statements on = {.set = &set};
static char told[4096]; /* "kind columns chunks rows scope rule; ..." */

static int set_up(void **state)
{
    (void)state;
    statements_set_up(&on);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    statements_tear_down(&on);
    return 0;
}

struct rows { /* one side of one chunk */
    const char *segment;
    unsigned chunk, rows, a, b; /* a, b: stand for the sums of these columns */
};

static void one_side(int of, const struct rows *r, size_t n)
{
    char when[40], total[16], id[33], ordinal[8], rows[16], row[33], key[33], col[3][48];
    unsigned all = 0;
    statements_begin(&on, of, RUN, "all");
    for (size_t i = 0; i < n; i++) {
        snprintf(id, sizeof id, "%016x%016x", r[i].chunk, (unsigned)(unsigned char)r[i].segment[0]);
        snprintf(ordinal, sizeof ordinal, "%u", r[i].chunk);
        snprintf(rows, sizeof rows, "%u", r[i].rows);
        snprintf(row, sizeof row, "%032x", r[i].rows * (7 + r[i].a + r[i].b));
        snprintf(key, sizeof key, "%032x", r[i].rows * 3);
        snprintf(col[0], sizeof col[0], "%032x a", r[i].rows * r[i].a);
        snprintf(col[1], sizeof col[1], "%032x b", r[i].rows * r[i].b);
        snprintf(col[2], sizeof col[2], "%032x id", r[i].rows * 5);
        statements_say(&on, "chunk", "segment", r[i].segment, "cut", CUT, "chunk", id, "ordinal", ordinal, "form", CUT,
                       "rows", rows, "sum-row", row, "sum-key", key, "col", col[0], "col", col[1], "col", col[2],
                       (char *)NULL);
        all += r[i].rows;
    }
    snprintf(total, sizeof total, "%u", all);
    snprintf(when, sizeof when, "%u", on.second); /* a statement that is in the log already is not stated again */
    statements_say(&on, "run-end", "status", "ok", "rows", total, "tiled", "yes", "key-unique", "yes", "bytes", when,
                   (char *)NULL);
    statements_commit(&on);
}

#define SIDES(source, archive)                                                                                         \
    one_side(ASSAY_SOURCE, source, sizeof(source) / sizeof *(source));                                                 \
    one_side(ASSAY_ARCHIVE, archive, sizeof(archive) / sizeof *(archive))

static bool each(void *ctx, const struct assay_leaf *leaf)
{
    struct assay_stmt s = {0};
    (void)ctx;
    assert_int_equal(assay_stmt_parse(leaf->note, leaf->note_len, &s, NULL), ASSAY_OK);
    const char *names = assay_stmt_get(&s, "columns");
    const size_t at = strlen(told);
    snprintf(told + at, sizeof told - at, "%s %s %s %s %s %s; ", assay_stmt_get(&s, "kind"), names ? names : "-",
             assay_stmt_get(&s, "chunks"), assay_stmt_get(&s, "rows"), assay_stmt_get(&s, "scope"),
             assay_stmt_get(&s, "rule"));
    assay_stmt_release(&s);
    return true;
}

static void wants(const char *causes)
{
    struct assay_reconciled r;
    struct assay_err e = {0};
    struct assay_ledger_query q = {.kind = "cause"};
    struct assay_ledger *l = ledger_fixture_open(&on.f, false);
    assert_int_equal(assay_sink_ledger(on.f.db, on.f.keys, ASSAY_ROLE_RECONCILE, &on.sink, &e), ASSAY_OK);
    if (assay_reconcile(l, on.sink, &set, NULL, RUN, ASSAY_RECONCILE_CAUSES, &r, &e) != ASSAY_OK)
        fail_msg("%s", e.msg);
    assay_sink_free(on.sink);
    assay_ledger_close(l);
    assert_string_equal(ledger_fixture_verify(&on.f, NULL), "");
    l = ledger_fixture_open(&on.f, false);
    told[0] = '\0';
    assert_int_equal(assay_ledger_each(l, &q, each, NULL, &e), ASSAY_OK);
    q.kind = "verdict";
    assay_ledger_close(l);
    assert_string_equal(told, causes);
}

#define NONE "no rule: export again"

static void test_equal_sides_have_no_cause(void **state)
{
    (void)state;
    const struct rows same[] = {{"all", 0, 500, 1, 2}, {"all", 1, 500, 1, 2}};
    SIDES(same, same);
    wants("");
}

static void test_by_sums_alone(void **state)
{
    (void)state;
    const struct rows source[] = {{"all", 0, 500, 1, 2}, {"all", 1, 500, 1, 2}};
    const struct rows archive[] = {{"all", 0, 500, 2, 1}, {"all", 1, 500, 2, 1}};
    SIDES(source, archive);
    wants("columns-swapped a,b 2 1000 systemic " NONE "; ");
}

static void test_doubled_rows_show_in_the_sums(void **state)
{
    (void)state;
    const struct rows source[] = {{"all", 0, 500, 1, 2}, {"all", 1, 400, 1, 2}};
    const struct rows archive[] = {{"all", 0, 1000, 1, 2}, {"all", 1, 400, 1, 2}};
    SIDES(source, archive);
    wants("rows-doubled - 1 500 systemic " NONE "; ");
}

static void test_a_round_number_of_rows(void **state)
{
    (void)state;
    const struct rows source[] = {{"all", 0, 600, 1, 2}, {"all", 1, 600, 1, 2}, {"all", 2, 37, 1, 2}};
    const struct rows archive[] = {{"all", 0, 600, 1, 2}, {"all", 1, 400, 1, 2}, {"all", 2, 0, 1, 2}};
    SIDES(source, archive);
    wants("row-limit - 2 237 systemic " NONE "; ");
}

static void test_ranges_of_keys(void **state)
{
    (void)state;
    const struct rows source[] = {{"a", 0, 600, 1, 2}, {"a", 1, 600, 1, 2}, {"a", 2, 37, 1, 2},
                                  {"b", 0, 600, 1, 2}, {"b", 1, 600, 1, 2}, {"b", 2, 37, 1, 2}};
    const struct rows archive[] = {{"a", 0, 600, 1, 2},     {"a", 1, 399, 1, 2}, {"a", 2, 0, 1, 2},
                                   {"b", 0, 601 - 7, 1, 2}, {"b", 1, 0, 1, 2},   {"b", 2, 37, 1, 2}};
    SIDES(source, archive);
    wants("range-missing - 2 606 systemic " NONE "; end-missing - 2 238 systemic " NONE "; ");
}

static void test_whole_segments(void **state)
{
    (void)state;
    const struct rows source[] = {{"a", 0, 600, 1, 2}, {"b", 0, 600, 1, 2}, {"b", 1, 37, 1, 2}};
    const struct rows archive[] = {{"a", 0, 600, 1, 2}, {"b", 0, 0, 1, 2}, {"b", 1, 0, 1, 2}};
    SIDES(source, archive);
    wants("segment-missing - 2 637 systemic " NONE "; ");
}

#define FIRST "00000000000000000000000000000061" /* chunk 0 of "all" */
static const struct rows before[] = {{"all", 0, 500, 1, 2}, {"all", 1, 500, 1, 2}};
static const struct rows after[] = {{"all", 0, 500, 9, 2}, {"all", 1, 500, 9, 2}};

static void test_the_fewest_classes_explain(void **state)
{
    (void)state;
    SIDES(before, after);
    statements_open(&on, ASSAY_SOURCE, RUN);
    statements_say(&on, "sample", "segment", "all", "chunk", FIRST, "rows", "500", "changed", "400", "looked", "200",
                   "cells", "90 time-cut:ms@source a", "cells", "100 time-cut:ms@source,time-rounded:ms@source a",
                   "cells", "10 time-cut:ms@source,time-cut:s@source a", (char *)NULL);
    statements_commit(&on);
    wants("time-cut a 2 400 systemic truncate: ms; ");
}

static void test_of_two_that_explain_all_the_gentler(void **state)
{
    (void)state;
    SIDES(before, after);
    statements_open(&on, ASSAY_SOURCE, RUN);
    statements_say(&on, "sample", "segment", "all", "chunk", FIRST, "rows", "500", "changed", "400", "looked", "400",
                   "cells", "400 time-cut:ms@source,time-cut:s@source,time-rounded:ms@source a", (char *)NULL);
    statements_commit(&on);
    wants("time-cut a 2 400 systemic truncate: ms; ");
}

static void test_chance_is_no_cause(void **state)
{
    (void)state;
    SIDES(before, after);
    statements_open(&on, ASSAY_ARCHIVE, RUN);
    statements_say(&on, "sample", "segment", "all", "chunk", FIRST, "rows", "500", "changed", "400", "looked", "400",
                   "cells", "380 - a", "cells", "10 day-shift:+1@archive a", "cells", "10 other-column:b@archive a",
                   (char *)NULL);
    statements_commit(&on);
    wants("unexplained a 2 400 systemic " NONE "; ");
}

static void test_single_rows_get_no_rule(void **state)
{
    (void)state;
    SIDES(before, after);
    statements_open(&on, ASSAY_SOURCE, RUN);
    statements_say(&on, "sample", "segment", "all", "chunk", FIRST, "rows", "500", "changed", "2", "looked", "2",
                   "cells", "2 trailing-blanks@source b", (char *)NULL);
    statements_commit(&on);
    wants("trailing-blanks b 1 2 isolated " NONE "; ");
}

/* Both are named once, with all the cells that they explain; a rule that settles no cell by itself is not proposed. */
static void test_two_classes_together(void **state)
{
    (void)state;
    SIDES(before, after);
    statements_open(&on, ASSAY_SOURCE, RUN);
    statements_say(
        &on, "sample", "segment", "all", "chunk", FIRST, "rows", "500", "changed", "400", "looked", "400", "cells",
        "390 time-cut:s@source&time-shift:+01%3A00@archive,time-rounded:s@source&time-shift:+01%3A00@archive a",
        "cells", "4 time-cut:ms@source&time-shift:+01%3A00@archive,time-cut:s@source&time-shift:+01%3A00@archive a",
        "cells", "6 time-shift:+01%3A00@archive a", "cells", "400 outer-blanks@source&null-empty@source b",
        (char *)NULL);
    statements_commit(&on);
    wants("time-shift a 2 400 systemic " NONE "; time-cut a 2 394 systemic " NONE "; "
          "null-empty b 1 400 systemic null_if: \"\"; outer-blanks b 1 400 systemic trim; ");
}

static char evidence[1024];

static bool keep_evidence(void *ctx, const struct assay_leaf *leaf)
{
    struct assay_stmt s = {0};
    struct assay_err e = {0};
    (void)ctx;
    assert_int_equal(assay_stmt_parse(leaf->note, leaf->note_len, &s, &e), ASSAY_OK);
    snprintf(evidence, sizeof evidence, "%s", assay_stmt_get(&s, "evidence"));
    assay_stmt_release(&s);
    return true;
}

/* No rule is proposed for what no rule reaches; where it is, is told. */
static void test_inside_nested_values(void **state)
{
    (void)state;
    SIDES(before, after);
    statements_open(&on, ASSAY_SOURCE, RUN);
    statements_say(&on, "sample", "segment", "all", "chunk", FIRST, "rows", "500", "changed", "400", "looked", "400",
                   "cells", "400 trailing-blanks@source/inside a", "inside", "400 items[].name a", "inside", "7 note a",
                   "inside", "7 other b", (char *)NULL);
    statements_commit(&on);
    wants("trailing-blanks a 2 400 systemic " NONE "; ");
    struct assay_err e = {0};
    struct assay_ledger_query q = {.kind = "cause"};
    struct assay_ledger *l = ledger_fixture_open(&on.f, false);
    assert_int_equal(assay_ledger_each(l, &q, keep_evidence, NULL, &e), ASSAY_OK);
    assay_ledger_close(l);
    assert_string_equal(evidence, "inside the values, the values differ in spaces at their end in items[].name, note: "
                                  "400 of 400 differing values, in 1 of 1 chunks looked at");
}

static void test_an_older_sample_is_passed_over(void **state)
{
    (void)state;
    SIDES(before, after);
    statements_open(&on, ASSAY_SOURCE, RUN);
    statements_say(&on, "sample", "segment", "all", "chunk", FIRST, "rows", "500", "changed", "400", "looked", "400",
                   "cells", "400 time-cut:ms@source a", (char *)NULL);
    statements_commit(&on);
    const struct rows now[] = {{"all", 0, 500, 8, 2}, {"all", 1, 500, 8, 2}};
    one_side(ASSAY_ARCHIVE, now, 2);
    wants("unexplained a 2 0 systemic " NONE "; ");
}

static void test_hostile_samples_do_no_harm(void **state)
{
    (void)state;
    SIDES(before, after);
    statements_open(&on, ASSAY_SOURCE, RUN);
    statements_say(&on, "sample", "segment", "all", "chunk", FIRST, "rows", "x", "changed", "-1", "looked", "0",
                   "cells", "", "cells", "5", "cells", "5 time-cut:ms@source nobody", "cells",
                   "7 time-cut@source,,@,x@source a", "constant", "a", "constant", "null nobody", (char *)NULL);
    statements_say(&on, "sample", "segment", "all", "chunk", "00000000000000010000000000000061", "rows", "5", "looked",
                   "9", "cells", "5 & a", "cells", "5 trailing-blanks@source& b", "cells", "5 &time-cut:s@source a",
                   "cells", "5 a&b&c b", "cells", "5 trailing-blanks@source&trailing-blanks@source b", (char *)NULL);
    statements_say(&on, "sample", "segment", "all", "chunk", "123456789012345678901234567890123", "rows", "1",
                   (char *)NULL);
    statements_say(&on, "sample", "rows", "1", (char *)NULL);
    statements_commit(&on);
    struct assay_reconciled r;
    struct assay_err e = {0};
    struct assay_ledger *l = ledger_fixture_open(&on.f, false);
    assert_int_equal(assay_sink_ledger(on.f.db, on.f.keys, ASSAY_ROLE_RECONCILE, &on.sink, &e), ASSAY_OK);
    assert_int_equal(assay_reconcile(l, on.sink, &set, NULL, RUN, ASSAY_RECONCILE_ALL, &r, &e), ASSAY_OK);
    assert_int_equal(assay_reconciled_exit(&r), ASSAY_EXIT_DISCREPANCY);
    assay_sink_free(on.sink);
    assay_ledger_close(l);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_equal_sides_have_no_cause),
        TEST(test_by_sums_alone),
        TEST(test_doubled_rows_show_in_the_sums),
        TEST(test_a_round_number_of_rows),
        TEST(test_ranges_of_keys),
        TEST(test_whole_segments),
        TEST(test_the_fewest_classes_explain),
        TEST(test_of_two_that_explain_all_the_gentler),
        TEST(test_chance_is_no_cause),
        TEST(test_single_rows_get_no_rule),
        TEST(test_two_classes_together),
        TEST(test_inside_nested_values),
        TEST(test_an_older_sample_is_passed_over),
        TEST(test_hostile_samples_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
