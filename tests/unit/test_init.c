/* assay init: what it makes of a SQLite source and files beside it, judged by loading the plan it wrote. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ftw.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "assay/init.h"
#include "assay/plan.h"
#include "assay/publish.h"
#include "assay/reader_tables.h"

static char dir[] = "/tmp/assay-init-XXXXXX";

static int drop(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st, (void)kind, (void)ftw;
    return remove(path);
}

static int clean(void)
{
    return nftw(dir, drop, 16, FTW_DEPTH | FTW_PHYS);
}

/* Every test in a fresh working directory. */
static int enter(void **state)
{
    (void)state;
    strcpy(dir + strlen(dir) - 6, "XXXXXX");
    return !mkdtemp(dir) || chdir(dir) || mkdir("archive", 0700);
}

static int leave(void **state)
{
    (void)state;
    return chdir("/") || clean();
}

static void sql(const char *text)
{
    sqlite3 *db;
    char *why = NULL;
    assert_int_equal(sqlite3_open("app.db", &db), SQLITE_OK);
    if (sqlite3_exec(db, text, NULL, NULL, &why) != SQLITE_OK)
        fail_msg("%s", why);
    sqlite3_close(db);
}

static void put(const char *path, const char *text)
{
    assert_int_equal(assay_publish(path, 0600, text, strlen(text), NULL), ASSAY_OK);
}

static const char flights[] = "CREATE TABLE flights(id INTEGER PRIMARY KEY, booked DATETIME, date DATETIME, delay "
                              "NUMERIC, ok INTEGER, at DATETIME,"
                              " day TEXT, code TEXT, phone TEXT, _internal TEXT);"
                              "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60)"
                              " INSERT INTO flights SELECT i, datetime('2000-06-01', '+' || i || ' days'), "
                              "datetime('2001-01-01', '+' || (i - 1) ||"
                              " ' days'), i * 0.25, i % 2, 978307200 + i, date('2001-01-01', '+' || i || ' days'), "
                              "CASE i % 5 WHEN 0 THEN NULL ELSE"
                              " 'c' || i END, 1234567890 + i, 'x' FROM n;";

/* The same rows as the three months' files of a usual exporter. */
static void export_months(const char *columns, const char *head, const char *format)
{
    char query[1000];
    sqlite3 *db;
    sqlite3_stmt *st;
    assert_int_equal(sqlite3_open("app.db", &db), SQLITE_OK);
    for (int m = 1; m <= 3; m++) {
        struct assay_buf out = {0};
        char path[80];
        assay_buf_adds(&out, head);
        snprintf(query, sizeof query, "SELECT %s FROM flights WHERE strftime('%%m', date) = '%02d' ORDER BY id",
                 columns, m);
        assert_int_equal(sqlite3_prepare_v2(db, query, -1, &st, NULL), SQLITE_OK);
        while (sqlite3_step(st) == SQLITE_ROW)
            for (int c = 0; c < sqlite3_column_count(st); c++) {
                const char *v = (const char *)sqlite3_column_text(st, c);
                assay_buf_addf(&out, "%s%s", v ? v : "", c + 1 < sqlite3_column_count(st) ? "," : "\n");
            }
        snprintf(path, sizeof path, format, m);
        put(path, assay_buf_str(&out));
        sqlite3_finalize(st);
        assay_buf_release(&out);
    }
    sqlite3_close(db);
}

static const char all_columns[] = "id, booked, date, delay, CASE ok WHEN 1 THEN 'true' ELSE 'false' END, datetime(at, "
                                  "'unixepoch'), day, code, phone, 1";
static const char all_names[] = "id,booked,date,delay,ok,at,Day,code,phone,extra\n";

static enum assay_status run(struct assay_init o, struct assay_err *e)
{
    struct assay_buf said = {0};
    o.source = o.source ? o.source : "sqlite:app.db";
    o.archive = o.archive ? o.archive : "archive";
    enum assay_status s = assay_init(&o, &said, e);
    assay_buf_release(&said);
    return s;
}

static struct assay_plan *made(struct assay_init o)
{
    struct assay_err e = {0};
    struct assay_plan *p = NULL;
    struct assay_buf errors = {0};
    if (run(o, &e) != ASSAY_OK)
        fail_msg("%s", e.msg);
    if (assay_plan_load(o.output ? o.output : "plan.yaml", &p, &errors, &e) != ASSAY_OK)
        fail_msg("%s", assay_buf_str(&errors));
    assay_buf_release(&errors);
    return p;
}

static const struct assay_plan_column *column(const struct assay_plan *p, const char *name)
{
    for (size_t i = 0; i < p->set[0].n_cols; i++)
        if (strcmp(p->set[0].col[i].name, name) == 0)
            return &p->set[0].col[i];
    fail_msg("no column %s", name);
    return NULL;
}

static void is(const struct assay_plan *p, const char *name, enum assay_logical type, const char *source,
               const char *archive)
{
    const char *want[2] = {source, archive};
    const struct assay_plan_column *c = column(p, name);
    assert_int_equal(c->type, type);
    for (int s = 0; s < 2; s++) {
        char rule[100] = "";
        if (c->n_rules[s])
            snprintf(rule, sizeof rule, "%s %s", assay_rule_name(&c->rule[s][0]), c->rule[s][0].text);
        assert_true(c->n_rules[s] <= 1);
        assert_string_equal(rule, want[s]);
    }
}

static void test_types_key_window(void **state)
{
    (void)state;
    sql(flights);
    export_months(all_columns, all_names, "archive/2001-%02d.csv");
    struct assay_plan *p = made((struct assay_init){0});
    const struct assay_dataset *d = p->set;
    assert_int_equal(p->n_sets, 1);
    assert_string_equal(d->name, "flights");
    assert_string_equal(d->side[ASSAY_ARCHIVE].uri, "archive/{segment}.csv");
    assert_int_equal(d->n_key, 1);
    assert_int_equal(column(p, "id")->key_pos, 1);
    /* `booked` is a time stamp too and comes first, but its values are not where the files' names say */
    assert_int_equal(d->window.every, ASSAY_EVERY_MONTH);
    assert_string_equal(d->window.column, "date");
    is(p, "id", ASSAY_L_INTEGER, "", "");
    is(p, "date", ASSAY_L_TIMESTAMP, "", "");
    is(p, "delay", ASSAY_L_DECIMAL, "as decimal(2)", "");
    is(p, "ok", ASSAY_L_BOOLEAN, "", "");
    is(p, "at", ASSAY_L_TIMESTAMP, "epoch s", "");
    is(p, "day", ASSAY_L_DATE, "", "");
    is(p, "code", ASSAY_L_TEXT, "", "");
    is(p, "phone", ASSAY_L_TEXT, "", ""); /* digits the size of a count of seconds stay what they are declared */
    assert_string_equal(column(p, "day")->native[ASSAY_ARCHIVE], "Day");
    assert_int_equal(d->n_uncovered, 2);
    assert_string_equal(d->uncovered[0], "archive.extra");
    assert_string_equal(d->uncovered[1], "source._internal");
    assay_plan_free(p);
}

static void test_creates_and_keeps(void **state)
{
    (void)state;
    struct assay_err e = {0};
    struct assay_buf before = {0}, after = {0};
    struct stat st;
    sql(flights);
    export_months(all_columns, all_names, "archive/2001-%02d.csv");
    assay_plan_free(made((struct assay_init){.origin = "assay.local/x"}));
    assert_int_equal(stat("ledger.db", &st), 0);
    assert_int_equal(stat("keys", &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_int_equal(assay_slurp("keys/source.key", 4096, &before, NULL), ASSAY_OK);
    assert_int_equal(run((struct assay_init){0}, &e), ASSAY_EUSAGE);
    assert_string_equal(e.msg, "plan.yaml exists; --force replaces it");
    assay_plan_free(made((struct assay_init){.origin = "assay.local/x", .force = true}));
    assert_int_equal(assay_slurp("keys/source.key", 4096, &after, NULL), ASSAY_OK);
    assert_int_equal(before.len, after.len);
    assert_memory_equal(before.ptr, after.ptr, before.len);
    assay_buf_release(&before);
    assay_buf_release(&after);
}

static void test_plan_in_another_directory(void **state)
{
    (void)state;
    struct stat st;
    sql(flights);
    export_months(all_columns, all_names, "archive/2001-%02d.csv");
    assert_int_equal(mkdir("sub", 0700), 0);
    struct assay_plan *p = made((struct assay_init){.output = "sub/p.yaml"});
    assert_int_equal(p->set[0].side[ASSAY_ARCHIVE].uri[0], '/');
    assert_int_equal(stat("sub/ledger.db", &st), 0);
    assert_int_equal(stat(p->ledger, &st), 0);
    assert_int_equal(stat("sub/keys/owner.key", &st), 0);
    assay_plan_free(p);
}

static void test_no_window_when_rows_disagree(void **state)
{
    (void)state;
    sql(flights);
    export_months(all_columns, all_names, "archive/2003-%02d.csv");
    struct assay_plan *p = made((struct assay_init){0});
    assert_int_equal(p->set[0].window.every, ASSAY_EVERY_NONE);
    assert_string_equal(p->set[0].side[ASSAY_ARCHIVE].uri, "archive");
    assay_plan_free(p);
}

static void test_names_of_segments(void **state)
{
    (void)state;
    static const struct {
        const char *format, *pattern;
    } cases[] = {
        {"archive/flights-2001-%02d.csv", "archive/flights-{segment}.csv"},
        {"archive/month=2001-%02d/part-0.csv", "archive/month={segment}/*.csv"},
        {"archive/flights/2001-%02d.csv", "archive/flights/{segment}.csv"},
        {"archive/v2/m2001-%02dx.csv", "archive/v2/m{segment}x.csv"},
    };
    sql(flights);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char path[80];
        for (int m = 1; m <= 3; m++) {
            snprintf(path, sizeof path, cases[i].format, m);
            *strrchr(path, '/') = '\0';
            mkdir(path, 0700);
        }
        export_months(all_columns, all_names, cases[i].format);
        struct assay_plan *p = made((struct assay_init){.force = true});
        assert_string_equal(p->set[0].side[ASSAY_ARCHIVE].uri, cases[i].pattern);
        assert_string_equal(p->set[0].window.column, "date");
        assay_plan_free(p);
        assert_int_equal(chdir("/"), 0);
        assert_int_equal(clean(), 0);
        assert_int_equal(enter(NULL), 0);
        sql(flights);
    }
}

static void test_placeholder_given(void **state)
{
    (void)state;
    struct assay_err e = {0};
    sql(flights);
    export_months(all_columns, all_names, "archive/f_2001-%02d.csv");
    struct assay_plan *p = made((struct assay_init){.archive = "archive/f_{segment}.csv"});
    assert_int_equal(p->set[0].window.every, ASSAY_EVERY_MONTH);
    assay_plan_free(p);
    assert_int_equal(run((struct assay_init){.archive = "archive/f_2001{segment}.csv", .force = true}, &e),
                     ASSAY_EUSAGE);
    assert_non_null(strstr(e.msg, "no date or timestamp column agrees"));
}

static void test_dialects(void **state)
{
    (void)state;
    static const struct {
        const char *file, *text;
        char delimiter;
        bool header, quoted_null;
        const char *null_text, *id;
    } cases[] = {
        {"archive/t.csv", "id;a;n\n1;x;5\n2;;\n", ';', true, false, "", "id"},
        {"archive/t.csv", "ID|A|N\n1|x|5\n2|\\N|\\N\n", '|', true, false, "\\N", "ID"},
        {"archive/t.csv", "id,a,n\n1,x,5\n2,NULL,NULL\n", ',', true, false, "NULL", "id"},
        {"archive/t.csv", "\"id\",\"a\",\"n\"\n\"1\",\"x\",\"5\"\n\"2\",\"\",\"\"\n", ',', true, true, "", "id"},
        {"archive/t.csv", "1\tx\t5\n2\t\t\n", '\t', false, false, "", "column1"},
    };
    sql("CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT, n INTEGER); INSERT INTO t VALUES (1, 'x', 5), (2, NULL, "
        "NULL);");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        put(cases[i].file, cases[i].text);
        struct assay_plan *p = made((struct assay_init){.force = true});
        const struct assay_csv_dialect *c = &p->set[0].side[ASSAY_ARCHIVE].csv;
        assert_int_equal(c->delimiter, cases[i].delimiter);
        assert_int_equal(c->header, cases[i].header);
        assert_int_equal(c->quoted_null, cases[i].quoted_null);
        assert_string_equal(c->null_text, cases[i].null_text);
        assert_string_equal(column(p, "id")->native[ASSAY_ARCHIVE], cases[i].id);
        is(p, "n", ASSAY_L_INTEGER, "", "");
        assay_plan_free(p);
    }
}

static void test_many_tables(void **state)
{
    (void)state;
    struct assay_err e = {0};
    sql("CREATE TABLE a(id INTEGER PRIMARY KEY, v TEXT); CREATE TABLE b(id INTEGER, v TEXT); CREATE TABLE lonely(x);"
        "INSERT INTO a VALUES (1, 'x'); INSERT INTO b VALUES (1, 'x');");
    put("archive/a.csv", "id,v\n1,x\n");
    assert_int_equal(mkdir("archive/B", 0700), 0);
    put("archive/B/1.csv", "id,v\n1,x\n");
    struct assay_plan *p = made((struct assay_init){0});
    assert_int_equal(p->n_sets, 2);
    assert_string_equal(assay_plan_find(p, "a")->side[ASSAY_ARCHIVE].uri, "archive/a.csv");
    assert_string_equal(assay_plan_find(p, "b")->side[ASSAY_ARCHIVE].uri, "archive/B");
    assert_int_equal(assay_plan_find(p, "b")->n_key, 0);
    assay_plan_free(p);
    struct assay_buf text = {0};
    assert_int_equal(assay_slurp("plan.yaml", 1u << 20, &text, &e), ASSAY_OK);
    assert_non_null(strstr(assay_buf_str(&text), "# table lonely is not here: nothing in archive is named like it"));
    assay_buf_release(&text);
}

static void test_options(void **state)
{
    (void)state;
    sql(flights);
    export_months(all_columns, all_names, "archive/2001-%02d.csv");
    struct assay_plan *p = made((struct assay_init){.name = "other",
                                                    .key = "code,id",
                                                    .window = "booked",
                                                    .every = "year",
                                                    .ledger = "l.db",
                                                    .keys = "k",
                                                    .origin = "o"});
    assert_string_equal(p->set[0].name, "other");
    assert_int_equal(column(p, "code")->key_pos, 1);
    assert_int_equal(column(p, "id")->key_pos, 2);
    assert_string_equal(p->set[0].window.column, "booked");
    assert_int_equal(p->set[0].window.every, ASSAY_EVERY_YEAR);
    assert_string_equal(p->set[0].side[ASSAY_ARCHIVE].uri, "archive");
    assert_string_equal(p->ledger, "l.db");
    assert_string_equal(p->origin, "o");
    assay_plan_free(p);
}

/* Names that YAML would take for something else, or that hold its indicators, come back as they were. */
static void test_hostile_names(void **state)
{
    (void)state;
    static const char *const names[] = {"yes",   "null", "1e3",  "2001-01-01", "a: b", "- x",  "#c",
                                        "\"q\"", "{x}",  "a\\b", "$$",         "ünï",  " lead"};
    struct assay_buf create = {0}, csv = {0};
    size_t n = sizeof names / sizeof names[0];
    assay_buf_adds(&create, "CREATE TABLE t(id INTEGER PRIMARY KEY");
    assay_buf_adds(&csv, "id");
    for (size_t i = 0; i < n; i++) {
        char *q = sqlite3_mprintf(", \"%w\" \"TEXT\n# x\"", names[i]);
        assay_buf_adds(&create, q);
        sqlite3_free(q);
        assay_buf_addf(&csv, ",\"%s%s%s\"", names[i][0] == '"' ? "\"" : "", names[i], names[i][0] == '"' ? "\"" : "");
    }
    assay_buf_adds(&create, "); INSERT INTO t(id) VALUES (1);");
    assay_buf_adds(&csv, "\n1,,,,,,,,,,,,,\n");
    sql(assay_buf_str(&create));
    put("archive/t.csv", assay_buf_str(&csv));
    struct assay_plan *p = made((struct assay_init){0});
    assert_int_equal(p->set[0].n_cols, n + 1);
    for (size_t i = 0; i < n; i++)
        column(p, names[i]);
    assay_plan_free(p);
    assay_buf_release(&create);
    assay_buf_release(&csv);
}

static void test_failures(void **state)
{
    (void)state;
    struct assay_err e = {0};
    struct stat st;
    sql("CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT)");
    put("archive/t.csv", "x,y,z\n1,2,3\n");
    assert_int_equal(run((struct assay_init){0}, &e), ASSAY_EUSAGE);
    assert_string_equal(e.msg, "archive/t.csv: none of its 3 columns is named like one of the source");
    assert_int_not_equal(stat("plan.yaml", &st), 0); /* nothing is left behind */
    assert_int_not_equal(stat("keys", &st), 0);
    assay_err_reset(&e);
    assert_int_equal(run((struct assay_init){.every = "week"}, &e), ASSAY_EUSAGE);
    assay_err_reset(&e);
    assert_int_equal(run((struct assay_init){.output = "none/plan.yaml"}, &e), ASSAY_EUSAGE);
    assert_string_equal(e.msg, "none: no such directory");
    assay_err_reset(&e);
    assert_int_not_equal(run((struct assay_init){.source = "sqlite:none.db"}, &e), ASSAY_OK);
    assert_true(e.msg[0]);
}

static void test_tables(void **state)
{
    (void)state;
    struct assay_locator loc = {.uri = "sqlite:app.db"};
    struct assay_err e = {0};
    char **name;
    size_t n;
    sql("CREATE TABLE b(x); CREATE TABLE \"A b\"(x); CREATE VIEW v AS SELECT * FROM b; CREATE INDEX i ON b(x);"
        "CREATE TABLE c(id INTEGER PRIMARY KEY AUTOINCREMENT)");
    assert_int_equal(assay_reader_tables(&loc, &name, &n, &e), ASSAY_OK);
    assert_int_equal(n, 3);
    assert_string_equal(name[0], "A b");
    assert_string_equal(name[1], "b");
    assert_string_equal(name[2], "c");
    assay_reader_tables_free(name, n);
    loc.uri = "archive";
    assert_int_equal(assay_reader_tables(&loc, &name, &n, &e), ASSAY_EUSAGE);
    assert_null(name);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_types_key_window),
        TEST(test_creates_and_keeps),
        TEST(test_plan_in_another_directory),
        TEST(test_no_window_when_rows_disagree),
        TEST(test_names_of_segments),
        TEST(test_placeholder_given),
        TEST(test_dialects),
        TEST(test_many_tables),
        TEST(test_options),
        TEST(test_hostile_names),
        TEST(test_failures),
        TEST(test_tables),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
