/* The filter of the SQLite reader: whatever stands in the window's column, no row of the segments asked for is left
 * out. The segment of each value is told by the very code that routes rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sqlite3.h>
#include <unistd.h>

#include "assay/canon.h"
#include "assay/reader.h"
#include "assay/segment.h"

static const char *const times[] = {
    "NULL",
    "'2024-01-31 23:59:59.999999999'",
    "'2024-02-01'",
    "'2024-02-01 00:00:00'",
    "'2024-02-01T00:00:00Z'",
    "'2024-02-01 13:00:00+15:30'",
    "'2024-01-31 13:00:00-12:00'",
    "'2024-02-29 24:00:00'",
    "'2024-02-29 23:59:60'",
    "'2024-03-01 00:00:00'",
    "'2024-02'",
    "'2024-2-3'",
    "'20240210'",
    "' 2024-02-03'",
    "'12024-02-03 00:00:00'",
    "'0044-03-15 BC'",
    "'-0044-03-15'",
    "'infinity'",
    "'-infinity'",
    "'Infinity'",
    "'9999-12-31 23:59:59'",
    "'0001-01-01'",
    "'0000-01-01'",
    "''",
    "'no date'",
    "x'323032342d30322d3033'",
    "20240203",
    "1706918400",
    "2460343.5",
    "-1",
};
static const char *const numbers[] = {
    "NULL",
    "0",
    "-1",
    "9",
    "10",
    "19",
    "20",
    "'15'",
    "'-15'",
    "15.0",
    "15.5",
    "1e3",
    "1e300",
    "-1e300",
    "9e18",
    "-9223372036854775808",
    "9223372036854775807",
    "'x'",
    "''",
    "x'3135'",
    "'99999999999999999999'",
    "'-99999999999999999999'",
};

struct table {
    char path[64], uri[80];
};

static void make(struct table *t, const char *declared, const char *encoding, const char *const *value, size_t n)
{
    sqlite3 *db;
    strcpy(t->path, "/tmp/assay-window-XXXXXX");
    const int fd = mkstemp(t->path);
    assert_true(fd >= 0);
    close(fd);
    snprintf(t->uri, sizeof t->uri, "sqlite:%s", t->path);
    char *sql = sqlite3_mprintf(
        "PRAGMA encoding = '%s'; CREATE TABLE t (d %s, id INTEGER PRIMARY KEY); CREATE INDEX i ON t (d)", encoding,
        declared);
    assert_int_equal(sqlite3_open(t->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_free(sql);
    for (size_t i = 0; i < n; i++) {
        sql = sqlite3_mprintf("INSERT INTO t VALUES (%s, %d)", value[i], (int)i);
        assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
        sqlite3_free(sql);
    }
    sqlite3_close(db);
}

/* Which ids are delivered, and the segment of each; placed: it has one. */
static size_t read_all(const struct table *t, const struct assay_scan_opts *filter, struct assay_router *router,
                       bool *seen, assay_segment *segment, bool *placed)
{
    static const char *const columns[] = {"d", "id"};
    struct assay_locator loc = {.uri = t->uri, .table = "t"};
    struct assay_scan_opts o = *filter;
    struct assay_reader *r;
    struct assay_scan *s;
    struct assay_batch b;
    struct assay_err e = {0};
    size_t n = 0;
    o.columns = columns;
    o.n_columns = 2;
    assert_int_equal(assay_sqlite_reader.open(&loc, &r, &e), ASSAY_OK);
    if (assay_sqlite_reader.scan(r, 0, &o, &s, &e) != ASSAY_OK)
        fail_msg("%s", e.msg);
    while (assay_sqlite_reader.next(s, &b, &e) == ASSAY_OK && b.rows)
        for (size_t i = 0; i < b.rows; i++, n++) {
            struct assay_buf scratch = {0};
            struct assay_value v;
            const char *why;
            const size_t id = (size_t)b.v[i * b.cols + 1].i;
            assert_false(seen[id]);
            seen[id] = true;
            placed[id] = assay_resolve(router->type, &b.v[i * b.cols], &v, &scratch, &why);
            segment[id] = placed[id] ? assay_router_segment(router, &v) : 0;
            assay_buf_release(&scratch);
        }
    assay_sqlite_reader.scan_free(s);
    assay_sqlite_reader.close(r);
    return n;
}

/* A text of the plain form has an order, even when it is no date: '2024-02-29 24:00:00'. */
static bool names_a_day(const char *literal)
{
    int y, m, d;
    return strspn(literal + 1, "0123456789") == 4 && sscanf(literal, "'%4d-%2d-%2d", &y, &m, &d) == 3 &&
           literal[8] == '-';
}

/* Filtered by [lo, hi), every row of segments a to b is there, and so is every row of no place. Returns how many rows
 * were read. */
static size_t check(const struct table *t, enum assay_logical type, const char *window, size_t n,
                    const struct assay_range *range, assay_segment a, assay_segment b)
{
    struct assay_window w = {.column = (char *)"d",
                             .every = type == ASSAY_L_INTEGER ? ASSAY_EVERY_STEP : ASSAY_EVERY_MONTH,
                             .step = 10,
                             .timezone = (char *)window};
    struct assay_router router;
    bool all[64] = {false}, some[64] = {false}, placed[64] = {false}, ignored[64];
    assay_segment segment[64] = {0}, again[64];
    const struct assay_scan_opts none = {0}, o = {.window_column = "d",
                                                  .window_type = type,
                                                  .window = range,
                                                  .n_windows = range ? 1 : 0};
    assert_int_equal(assay_router_init(&router, &w, type, NULL), ASSAY_OK);
    assert_int_equal(read_all(t, &none, &router, all, segment, placed), n);
    const size_t got = read_all(t, &o, &router, some, again, ignored);
    for (size_t i = 0; i < n; i++) {
        const bool wanted = placed[i] ? segment[i] == ASSAY_SEG_NULL || (range && segment[i] >= a && segment[i] <= b)
                                      : type != ASSAY_L_INTEGER && !names_a_day(times[i]);
        if (wanted && !some[i])
            fail_msg("row %zu of segment %lld was left out", i, (long long)segment[i]);
    }
    return got;
}

static void times_of_any_form(void **state)
{
    static const char *const declared[] = {"TEXT", "DATETIME", "TEXT COLLATE NOCASE", "INTEGER", ""};
    static const char *const encodings[] = {"UTF-8", "UTF-16le", "UTF-16be"};
    static const enum assay_logical types[] = {ASSAY_L_TIMESTAMP, ASSAY_L_TIMESTAMPTZ, ASSAY_L_DATE};
    const struct assay_range month = {"2024-02-01 00:00:00", "2024-03-01 00:00:00"}, later = {"2024-02-01", NULL},
                             earlier = {NULL, "2024-02-01"}, last = {"9999-12-01", NULL};
    const assay_segment feb = (2024 - 1970) * 12 + 1;
    const size_t n = sizeof times / sizeof *times;
    struct table t;
    (void)state;
    for (size_t d = 0; d < sizeof declared / sizeof *declared; d++)
        for (size_t k = 0; k < sizeof encodings / sizeof *encodings; k++) {
            make(&t, declared[d], encodings[k], times, n);
            for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
                const size_t got = check(&t, types[i], "UTC", n, &month, feb, feb);
                assert_true(got < n);
                check(&t, types[i], "+05:00", n, &month, feb, feb);
                check(&t, types[i], "UTC", n, &later, feb, ASSAY_SEG_POS);
                check(&t, types[i], "UTC", n, &earlier, ASSAY_SEG_NEG, feb - 1);
                check(&t, types[i], "UTC", n, &last, (9999 - 1970) * 12 + 11, ASSAY_SEG_POS);
                check(&t, types[i], "UTC", n, NULL, 0, 0);
            }
            unlink(t.path);
        }
}

static void numbers_of_any_form(void **state)
{
    static const char *const declared[] = {"INTEGER", "TEXT", "REAL", "NUMERIC", ""};
    const struct assay_range ten = {"10", "20"}, later = {"10", NULL}, earlier = {NULL, "10"};
    const size_t n = sizeof numbers / sizeof *numbers;
    struct table t;
    (void)state;
    for (size_t d = 0; d < sizeof declared / sizeof *declared; d++) {
        make(&t, declared[d], "UTF-8", numbers, n);
        const size_t got = check(&t, ASSAY_L_INTEGER, NULL, n, &ten, 1, 1);
        if (strcmp(declared[d], "TEXT") != 0)
            assert_true(got < n);
        check(&t, ASSAY_L_INTEGER, NULL, n, &later, 1, ASSAY_SEG_POS);
        check(&t, ASSAY_L_INTEGER, NULL, n, &earlier, ASSAY_SEG_NEG, 0);
        check(&t, ASSAY_L_INTEGER, NULL, n, NULL, 0, 0);
        unlink(t.path);
    }
}

static void plain_rows_are_left_out(void **state)
{
    static const char *const plain[] = {"'2024-01-05'", "'2024-02-05'", "'2024-05-05'", "NULL"};
    const struct assay_range month = {"2024-02-01", "2024-03-01"};
    const assay_segment feb = (2024 - 1970) * 12 + 1;
    struct table t;
    (void)state;
    make(&t, "TEXT", "UTF-8", plain, 4);
    assert_int_equal(check(&t, ASSAY_L_DATE, "UTC", 4, &month, feb, feb), 2);
    assert_int_equal(check(&t, ASSAY_L_DATE, "UTC", 4, NULL, 0, 0), 1);
    unlink(t.path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_of_any_form),
        cmocka_unit_test(numbers_of_any_form),
        cmocka_unit_test(plain_rows_are_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
