/* The CSV format: every rule of the dialect, block boundaries, and the tokeniser against a naive one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../verify/reader/csv_lexer.h"
#include "../support/temp_file.h"
#include "assay/digest.h"
#include "assay/reader.h"

#define MAX_TEXT 16384
#define BYTES(text) text, sizeof(text) - 1

/* What a scan delivered, as text: one line a record, "LINE:cell|cell", NULL as ~, quoted cells in <>, defects as
 * !sentence; at the end the status sentence of an error. */
struct dump {
    char text[MAX_TEXT];
    size_t n;
    uint64_t rows;
    enum assay_status status;
};

static void say(struct dump *d, const char *p, size_t n)
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

static void dump_row(struct dump *d, const struct assay_batch *b, size_t r)
{
    char line[32];
    snprintf(line, sizeof line, "%llu:", (unsigned long long)b->pos[r]);
    says(d, line);
    if (b->row_defect && b->row_defect[r]) {
        says(d, "!");
        says(d, b->row_defect[r]);
    }
    for (size_t c = 0; c < b->cols; c++) {
        const struct assay_value *v = &b->v[r * b->cols + c];
        if (b->row_defect && b->row_defect[r]) {
            assert_int_equal(v->kind, ASSAY_K_BAD);
            assert_int_equal(v->len, strlen(b->row_defect[r]));
            continue;
        }
        bool quoted = v->flags & ASSAY_V_QUOTED;
        assert_int_equal(v->flags & ~ASSAY_V_QUOTED, 0);
        says(d, c ? "|" : "");
        says(d, v->kind == ASSAY_K_NULL ? "~" : quoted ? "<" : "");
        if (v->kind != ASSAY_K_NULL) {
            assert_int_equal(v->kind, ASSAY_K_LEXEME);
            say(d, (const char *)v->p, v->len);
            says(d, quoted ? ">" : "");
        }
    }
    says(d, "\n");
}

static void scan_fd(struct dump *d, int fd, const char *name, const struct assay_csv_dialect *dialect,
                    const char *const *columns, size_t n_columns, const struct assay_csv_tuning *t)
{
    struct assay_locator loc = {.uri = name, .csv = *dialect};
    struct assay_scan_opts o = {.columns = columns, .n_columns = n_columns};
    struct assay_err e = {0};
    struct assay_scan *s = NULL;
    struct assay_batch b = {0};
    *d = (struct dump){0};
    d->status = assay_csv_scan_tuned(fd, name, &loc, &o, t, &s, &e);
    while (d->status == ASSAY_OK && (d->status = assay_csv_format.next(s, &b, &e)) == ASSAY_OK && b.rows) {
        assert_int_equal(b.cols, n_columns);
        for (size_t r = 0; r < b.rows; r++)
            dump_row(d, &b, r);
    }
    if (d->status == ASSAY_OK) {
        struct assay_scan_end end;
        assay_csv_format.end(s, &end);
        d->rows = end.rows;
        assert_true(end.hashed);
        assert_false(end.counted);
    }
    assert_int_equal(e.code, d->status);
    says(d, e.msg);
    assay_csv_format.scan_free(s);
}

static const char *const abc[] = {"a", "b", "c"};

/* Scan under many block sizes and both indexers; all must say the same. */
static void expect(const char *bytes, size_t n, const char *name, const struct assay_csv_dialect *dialect,
                   size_t n_columns, const char *want)
{
    static const size_t block[] = {0, 1, 2, 3, 5, 7, 16, 63, 64, 65};
    for (size_t i = 0; i < 3 * sizeof block / sizeof *block; i++) {
        struct assay_csv_tuning t = {.block = block[i / 3], .indexer = assay_csv_indexer_nth(i % 3)};
        struct dump d;
        int fd = temp_file(bytes, n);
        scan_fd(&d, fd, name, dialect, abc, n_columns, &t);
        close(fd);
        assert_string_equal(d.text, want);
    }
}

struct rule_case {
    const char *bytes, *want;
    size_t columns;
};

static void check_cases(const struct rule_case *c, size_t n, const struct assay_csv_dialect *d)
{
    for (size_t i = 0; i < n; i++)
        expect(c[i].bytes, strlen(c[i].bytes), "f.csv", d, c[i].columns, c[i].want);
}

#define COUNT(x) (sizeof(x) / sizeof *(x))

static void copy_text(void **state)
{
    (void)state;
    static const struct rule_case cases[] = {
        {"1\t2\t3\n", "1:1|2|3\n", 3},
        {"1\t2\t3\r\n4\t5\t6\r\n", "1:1|2|3\n2:4|5|6\n", 3},
        {"1\t2\t3", "1:1|2|3\n", 3},
        {"\\N\t\t\\\\N\n", "1:~||\\N\n", 3}, /* NULL, the empty text, the text \N */
        {"a\\tb\tc\\nd\te\\rf\n", "1:a\tb|c\nd|e\rf\n", 3},
        {"\\b\\f\\v\t\\101\\7x\t\\x41\\x4g\n", "1:\b\f\v|A\ax|A\x04g\n", 3},
        {"\\q\t\\\t\t\"1,2\"\n", "1:q|\t|\"1,2\"\n", 3}, /* an escaped delimiter; quotes are nothing */
        {"a\\\nb\t2\t3\n4\t5\t6\n", "1:a\nb|2|3\n3:4|5|6\n", 3}, /* an escaped line end */
        {"1\t2\t3\n\\.\n", "1:1|2|3\n", 3},
        {"1\t2\t3\n\\.", "1:1|2|3\n", 3},
        {"1\t2\t3\n\\.\n4\t5\t6\n", "1:1|2|3\n2:!data behind the end marker \\.\n3:4|5|6\n", 3},
        {"1\t2\t3\n1\t2\n", "1:1|2|3\n2:!2 fields, expected 3\n", 3},
        {"1\t2\t3\n\n", "1:1|2|3\n2:!blank line, expected 3 fields\n", 3},
        {"1\t2\r\t3\n", "1:!carriage return that is not escaped\n", 3},
        {"1\t2\t3\\", "1:!file ends behind a backslash\n", 3},
    };
    static const char *const numbered[] = {"column1", "column2", "column3"};
    const struct assay_csv_dialect d = assay_copy_default();
    for (size_t i = 0; i < COUNT(cases); i++) {
        static const size_t block[] = {0, 1, 2, 3, 5, 7, 16};
        for (size_t k = 0; k < COUNT(block); k++) {
            struct assay_csv_tuning t = {.block = block[k]};
            struct dump got;
            int fd = temp_file(cases[i].bytes, strlen(cases[i].bytes));
            scan_fd(&got, fd, "f", &d, numbered, cases[i].columns, &t);
            close(fd);
            assert_string_equal(got.text, cases[i].want);
        }
    }
}

/* With a header, another delimiter and another NULL. */
static void copy_dialect(void **state)
{
    (void)state;
    struct assay_csv_dialect d = assay_copy_default();
    d.header = true;
    d.delimiter = '|';
    d.null_text = "NULL";
    static const char text[] = "a|b|c\n1|NULL|\\N\n\\||\t|N\\ULL\n";
    expect(text, sizeof text - 1, "f.csv", &d, 3, "2:1|~|N\n3:||\t|NULL\n");
    d.delimiter = '\\';
    struct dump got;
    int fd = temp_file("a\n", 2);
    scan_fd(&got, fd, "f", &d, abc, 1, NULL);
    close(fd);
    assert_int_equal(got.status, ASSAY_EPLAN);
}

static void rfc4180(void **state)
{
    (void)state;
    static const struct rule_case cases[] = {
        {"a,b,c\n1,2,3\n", "2:1|2|3\n", 3},
        {"a,b,c\r\n1,2,3\r\n4,5,6\r\n", "2:1|2|3\n3:4|5|6\n", 3},
        {"a,b,c\n1,2,3", "2:1|2|3\n", 3},
        {"a,b,c", "", 3},
        {"a,b,c\n", "", 3},
        {"\xef\xbb\xbf"
         "a,b,c\n1,2,3\n",
         "2:1|2|3\n", 3},
        {"\xef\xbb\xbf\"a\",b,c\n1,2,3\n", "2:1|2|3\n", 3},
        {"a,b\n\"x\",\"\"\n", "2:<x>|<>\n", 2},
        {"a,b\n\"p,q\",\"l1\nl2\"\nz,\"\"\"\"\n", "2:<p,q>|<l1\nl2>\n4:z|<\">\n", 2},
        {"a,b\n\"l1\r\nl2\",\"x\"\r\n1,2\r\n", "2:<l1\r\nl2>|<x>\n4:1|2\n", 2},
        {"a,b\n\"a\"\"b\"\"\",\"\"\"\"\"\"\n", "2:<a\"b\">|<\"\">\n", 2},
        {"a,b\n\"x\",\"y\"", "2:<x>|<y>\n", 2},
        {"a,b\n,\n", "2:~|~\n", 2},
        {"a,b\n1,", "2:1|~\n", 2},
        {"\"a\",\"b\"\n1,2\n", "2:1|2\n", 2},
        {"a,b\n 1 ,\t2\n", "2: 1 |\t2\n", 2},
        {"a,b\nx\x01y,\x0b\x0c\n", "2:x\x01y|\x0b\x0c\n", 2},
        {"c,a,b,d\n3,1,2,4\n", "2:1|2|3\n", 3},
        {"x,a,y\n\"q\"\"q\",1,\"z\n\"\n", "2:1\n", 1},
        {"x,y\n1,2\n3\n", "2:\n3:!1 field, expected 2\n", 0},
        {"a\n\\.\n", "2:\\.\n", 1},
    };
    struct assay_csv_dialect d = assay_csv_default();
    check_cases(cases, COUNT(cases), &d);
}

static void defects(void **state)
{
    (void)state;
    static const struct rule_case cases[] = {
        {"a,b,c\n1,2\n1,2,3\n1,2,3,4\n", "2:!2 fields, expected 3\n3:1|2|3\n4:!4 fields, expected 3\n", 3},
        {"a,b\n\n1,2\n", "2:!blank line, expected 2 fields\n3:1|2\n", 2},
        {"a,b\n1,2\n\n", "2:1|2\n3:!blank line, expected 2 fields\n", 2},
        {"a,b\r\n1,2\r\n\r\n", "2:1|2\n3:!blank line, expected 2 fields\n", 2},
        {"a\n\nx\n\n", "2:~\n3:x\n4:~\n", 1},
        {"a\n\"\"\n", "2:<>\n", 1},
        {"a,b\n1\r2,3\n4,5\n", "2:!unquoted carriage return\n3:4|5\n", 2},
        {"a,b\n1,2\r", "2:!unquoted carriage return\n", 2},
        {"a,b\r1,2\r", "f.csv:1: header: unquoted carriage return", 2},
        {"a,b\n5\" pipe,2\n3,4\n", "2:!quote inside an unquoted field\n3:3|4\n", 2},
        {"a,b\n\"x\"y,2\n3,4\n", "2:!text after a closing quote\n3:3|4\n", 2},
        {"a,b\n\"x\" ,2\n3,4\n", "2:!text after a closing quote\n3:3|4\n", 2},
        {"a,b\n\"x\"\r,2\n3,4\n", "2:!unquoted carriage return\n3:3|4\n", 2},
        {"a,b\n\"x\"y\"z,2\n", "2:!text after a closing quote\n", 2},
        {"a,b\n1,\"x\n2\n", "f.csv:2: quoted field that starts here never ends", 2},
        {"a,b\n1,\"l1\nl2\"\n\"l\n\nx,y\n", "2:1|<l1\nl2>\nf.csv:4: quoted field that starts here never ends", 2},
        {"a,b\n\"p\nq\",\"\n", "f.csv:3: quoted field that starts here never ends", 2},
        {"a,b\n1,\"", "f.csv:2: quoted field that starts here never ends", 2},
        {"", "f.csv: empty file, expected a header", 1},
        {"\xef\xbb\xbf", "f.csv: empty file, expected a header", 1},
        {"a,b,a\n", "f.csv:1: column name \"a\" stands twice in the header", 1},
        {"a,,b\n", "f.csv:1: column 2 of the header has no name", 1},
        {"\n", "f.csv:1: column 1 of the header has no name", 1},
        {"a,\"b\n", "f.csv:1: quoted field that starts here never ends", 1},
        {"x,y\n1,2\n", "f.csv: no column \"a\"", 1},
        {"\xff\xfe"
         "a\n",
         "f.csv: UTF-16 byte order mark, expected UTF-8; csv: {encoding: utf-16} reads it", 1},
    };
    struct assay_csv_dialect d = assay_csv_default();
    check_cases(cases, COUNT(cases), &d);
    expect(BYTES("a,b\n1,x\0y\n\"\0\",2\n3,4\n"), "f.csv", &d, 2, "2:!NUL byte\n3:!NUL byte\n4:3|4\n");
    expect(BYTES("a,b\n\0"), "f.csv", &d, 2, "2:!NUL byte\n");
    expect(BYTES("a\0,b\n"), "f.csv", &d, 2, "f.csv:1: header: NUL byte");
}

static void nulls(void **state)
{
    (void)state;
    static const struct rule_case dflt[] = {{"a,b,c\n,\"\",x\n", "2:~|<>|x\n", 3},
                                            {"a,b,c\nNULL,\\N,\"NULL\"\n", "2:NULL|\\N|<NULL>\n", 3}};
    static const struct rule_case slash_n[] = {{"a,b,c\n\\N,\"\\N\",\n", "2:~|<\\N>|\n", 3},
                                               {"a,b,c\n\\NN,\\n,\\\n", "2:\\NN|\\n|\\\n", 3}};
    static const struct rule_case quoted[] = {{"a,b,c\n,\"\",x\n", "2:~|~|x\n", 3}};
    static const struct rule_case none[] = {{"a,b,c\n,\"\",NULL\n", "2:|<>|NULL\n", 3}};
    struct assay_csv_dialect d = assay_csv_default();
    check_cases(dflt, COUNT(dflt), &d);
    d.null_text = "\\N";
    check_cases(slash_n, COUNT(slash_n), &d);
    d.escape = '\\';
    expect(BYTES("a,b\n\"\\\\N\",\\N\n"), "f.csv", &d, 2, "2:<\\N>|~\n");
    d.quoted_null = true;
    expect(BYTES("a,b\n\"\\\\N\",\\N\n"), "f.csv", &d, 2, "2:~|~\n");
    d = assay_csv_default();
    d.quoted_null = true;
    check_cases(quoted, COUNT(quoted), &d);
    d = assay_csv_default();
    d.null_text = NULL;
    check_cases(none, COUNT(none), &d);
}

static void options(void **state)
{
    (void)state;
    static const struct rule_case semicolon[] = {{"a;b\n'x;''y';1,5\n", "2:<x;'y>|1,5\n", 2}};
    static const struct rule_case escape[] = {
        {"a,b\n\"x\\\"y\",\"\\\\\"\n", "2:<x\"y>|<\\>\n", 2},
        {"a,b\n\"c:\\dir\",\\x\n", "2:<c:\\dir>|\\x\n", 2},
        {"a,b\n\"x\"\"y\",1\n", "2:!text after a closing quote\n", 2},
        {"a,b\n1,\"x\\\"\n", "f.csv:2: quoted field that starts here never ends", 2},
        {"a,b\n1,\"x\\", "f.csv:2: quoted field that starts here never ends", 2},
    };
    static const struct rule_case no_quote[] = {{"a,b\n\"x\",5\" pipe\n", "2:\"x\"|5\" pipe\n", 2},
                                                {"\"a\",b\n", "f.csv: no column \"a\"", 1}};
    struct assay_csv_dialect d = {.delimiter = ';', .quote = '\'', .header = true, .null_text = ""};
    check_cases(semicolon, COUNT(semicolon), &d);
    d = assay_csv_default();
    d.escape = '\\';
    check_cases(escape, COUNT(escape), &d);
    d.escape = '"';
    expect(BYTES("a,b\n\"x\"\"y\",1\n"), "f.csv", &d, 2, "2:<x\"y>|1\n");
    d = assay_csv_default();
    d.quote = '\0';
    check_cases(no_quote, COUNT(no_quote), &d);
    d = assay_csv_default();
    expect(BYTES("a\tb\n1,2\t\"x\ty\"\n"), "F.TSV", &d, 2, "2:1,2|<x\ty>\n");
    d.delimiter = '"';
    expect(BYTES("a\n"), "f.csv", &d, 1, "f.csv: the delimiter must differ from quote and escape");
    d.delimiter = '\n';
    expect(BYTES("a\n"), "f.csv", &d, 1,
           "f.csv: delimiter, quote and escape must be single ASCII bytes other than line ends");
    d = assay_csv_default();
    d.null_text = "n,a";
    expect(BYTES("a\n"), "f.csv", &d, 1, "f.csv: the null text holds a delimiter, quote or line end");
}

static void without_header(void **state)
{
    (void)state;
    static const char *const names[] = {"column2", "column1"};
    struct assay_csv_dialect d = assay_csv_default();
    struct dump out;
    d.header = false;
    int fd = temp_file(BYTES("1,\"\"\"x\"\n3,4\n5\n"));
    scan_fd(&out, fd, "f.csv", &d, names, 2, NULL);
    assert_string_equal(out.text, "1:<\"x>|1\n2:4|3\n3:!1 field, expected 2\n");
    assert_int_equal(out.rows, 3);
    static const char *const wrong[] = {"column3"}, *const odd[] = {"column01"};
    lseek(fd, 0, SEEK_SET);
    scan_fd(&out, fd, "f.csv", &d, wrong, 1, NULL);
    assert_string_equal(out.text, "f.csv: no column \"column3\"");
    lseek(fd, 0, SEEK_SET);
    scan_fd(&out, fd, "f.csv", &d, odd, 1, NULL);
    assert_int_equal(out.status, ASSAY_ENOTFOUND);
    close(fd);
    fd = temp_file(BYTES(""));
    scan_fd(&out, fd, "f.csv", &d, names, 2, NULL);
    assert_int_equal(out.status, ASSAY_OK);
    assert_int_equal(out.rows, 0);
    close(fd);
}

static void asked_twice(void **state)
{
    (void)state;
    static const char *const names[] = {"b", "a", "b"};
    struct assay_csv_dialect d = assay_csv_default();
    struct dump out;
    int fd = temp_file(BYTES("a,b\n1,\"x\"\"\"\n,\n"));
    scan_fd(&out, fd, "f.csv", &d, names, 3, NULL);
    assert_string_equal(out.text, "2:<x\">|1|<x\">\n3:~|~|~\n");
    close(fd);
}

static void limits(void **state)
{
    (void)state;
    struct assay_csv_dialect d = assay_csv_default();
    struct assay_csv_tuning t = {.block = 16, .max_field = 8, .max_record = 40};
    struct dump out;
    const char field[] = "a,b\n1,2\n3,123456789\n";
    int fd = temp_file(field, sizeof field - 1);
    scan_fd(&out, fd, "f.csv", &d, abc, 2, &t);
    assert_int_equal(out.status, ASSAY_ELIMIT);
    assert_string_equal(out.text, "2:1|2\nf.csv:3: field of more than 8 bytes in the record that starts here");
    close(fd);
    const char record[] = "a,b\n1,2\n\"3\n12345678901234567890123456789012345678901234567890";
    fd = temp_file(record, sizeof record - 1);
    scan_fd(&out, fd, "f.csv", &d, abc, 2, &t);
    assert_int_equal(out.status, ASSAY_ELIMIT);
    assert_string_equal(out.text, "2:1|2\nf.csv:3: record that starts here has more than 40 bytes");
    close(fd);
    char *wide = malloc(9000);
    for (int i = 0; i < 9000; i++)
        wide[i] = i % 2 ? ',' : 'x';
    fd = temp_file(wide, 9000);
    scan_fd(&out, fd, "f.csv", &d, abc, 2, NULL);
    assert_string_equal(out.text, "f.csv:1: 4501 columns, the limit is 4096");
    close(fd);
    free(wide);
}

static void hash_is_of_the_file(void **state)
{
    (void)state;
    static const char bytes[] = "\xef\xbb\xbf"
                                "a,b\n\"x\"\"y\",2\n3\n";
    struct assay_locator loc = {.uri = "f.csv", .csv = assay_csv_default()};
    struct assay_scan_opts o = {.columns = abc, .n_columns = 1};
    struct assay_err e = {0};
    struct assay_scan *s;
    struct assay_batch b;
    struct assay_scan_end end;
    uint8_t want[32];
    int fd = temp_file(bytes, sizeof bytes - 1);
    assert_int_equal(assay_csv_format.scan(fd, "f.csv", &loc, &o, &s, &e), ASSAY_OK);
    do
        assert_int_equal(assay_csv_format.next(s, &b, &e), ASSAY_OK);
    while (b.rows);
    assert_int_equal(assay_csv_format.next(s, &b, &e), ASSAY_OK); /* the end stays the end */
    assert_int_equal(b.rows, 0);
    assay_csv_format.end(s, &end);
    assay_sha256(bytes, sizeof bytes - 1, want);
    assert_memory_equal(end.sha256, want, 32);
    assert_int_equal(end.bytes, sizeof bytes - 1);
    assert_int_equal(end.rows, 2);
    assay_csv_format.scan_free(s);
    close(fd);
}

static void changed_during_read(void **state)
{
    (void)state;
    struct assay_locator loc = {.uri = "f.csv", .csv = assay_csv_default()};
    struct assay_scan_opts o = {.columns = abc, .n_columns = 1};
    struct assay_err e = {0};
    struct assay_scan *s;
    struct assay_batch b;
    int fd = temp_file(BYTES("a\n1\n"));
    assert_int_equal(assay_csv_format.scan(fd, "f.csv", &loc, &o, &s, &e), ASSAY_OK);
    assert_int_equal(pwrite(fd, "2\n", 2, 4), 2);
    enum assay_status st;
    do
        st = assay_csv_format.next(s, &b, &e);
    while (st == ASSAY_OK && b.rows);
    assert_int_equal(st, ASSAY_ECHANGED);
    assert_string_equal(e.msg, "f.csv: changed during read");
    assay_csv_format.scan_free(s);
    close(fd);
}

/* ---- differential: a byte-at-a-time tokeniser that shares nothing with the real one ---- */

struct naive {
    const char *p;
    size_t n, i;
    const struct assay_csv_dialect *d;
    uint64_t line;
};

/* One field from i; returns what ended it: ',' '\n' or 'E' for the end of the file, 'U' unterminated. */
static int naive_field(struct naive *t, char *cell, size_t *len, bool *quoted, const char **defect)
{
    const char q = t->d->quote, esc = t->d->escape ? t->d->escape : q;
    *len = 0;
    *quoted = t->i < t->n && t->p[t->i] == q;
    if (*quoted) {
        for (t->i++;; t->i++) {
            if (t->i >= t->n)
                return 'U';
            char c = t->p[t->i], after = t->i + 1 < t->n ? t->p[t->i + 1] : 0;
            bool pair = c == esc && t->i + 1 < t->n && (after == q || after == esc);
            if (pair)
                c = t->p[++t->i];
            else if (c == q)
                break;
            t->line += c == '\n';
            if (c == 0 && !*defect)
                *defect = "NUL byte";
            cell[(*len)++] = c;
        }
        t->i++;
    }
    bool open = !*quoted;
    for (;; t->i++) {
        bool end = t->i >= t->n;
        char c = end ? 0 : t->p[t->i];
        bool crlf = !end && c == '\r' && t->i + 1 < t->n && t->p[t->i + 1] == '\n';
        if (end || c == t->d->delimiter || c == '\n' || crlf) {
            t->i += !end + (size_t)crlf;
            t->line += c == '\n' || crlf;
            return end ? 'E' : crlf ? '\n' : c;
        }
        const char *why = c == '\r'        ? "unquoted carriage return"
                          : c == 0         ? "NUL byte"
                          : c == q && open ? "quote inside an unquoted field"
                          : !open          ? "text after a closing quote"
                                           : NULL;
        if (why && !*defect)
            *defect = why;
        cell[*len] = c;
        *len += open;
    }
}

static void naive_dump(struct dump *out, const char *p, size_t n, const struct assay_csv_dialect *d, size_t n_fields)
{
    struct naive t = {.p = p, .n = n, .d = d, .line = 1};
    char cell[256], row[1024], head[32];
    *out = (struct dump){0};
    while (t.i < t.n) {
        uint64_t line = t.line;
        size_t fields = 0, len, w = 0, from = t.i;
        const char *defect = NULL;
        int end;
        do {
            bool quoted;
            uint64_t opened = t.line;
            end = naive_field(&t, cell, &len, &quoted, &defect);
            if (end == 'U') {
                w = (size_t)snprintf(row, sizeof row, "f.csv:%llu: quoted field that starts here never ends",
                                     (unsigned long long)opened);
                say(out, row, w);
                return;
            }
            bool null = len == 0 && (!quoted || d->quoted_null);
            w += (size_t)snprintf(row + w, sizeof row - w, "%s%s", fields ? "|" : "", null ? "~" : quoted ? "<" : "");
            memcpy(row + w, cell, len);
            w += len;
            if (!null && quoted)
                row[w++] = '>';
            fields++;
        } while (end == d->delimiter);
        bool blank = t.i - from <= 2 && (p[from] == '\n' || (p[from] == '\r' && t.i - from == 2));
        if (defect)
            w = (size_t)snprintf(row, sizeof row, "!%s", defect);
        else if (fields != n_fields && blank)
            w = (size_t)snprintf(row, sizeof row, "!blank line, expected %zu fields", n_fields);
        else if (fields != n_fields)
            w = (size_t)snprintf(row, sizeof row, "!%zu field%s, expected %zu", fields, fields == 1 ? "" : "s",
                                 n_fields);
        snprintf(head, sizeof head, "%llu:", (unsigned long long)line);
        says(out, head);
        say(out, row, w);
        says(out, "\n");
    }
}

static uint32_t next_random(uint64_t *x)
{
    *x = *x * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*x >> 33);
}

static void against_naive(void **state)
{
    (void)state;
    static const char alphabet[] = ",,,,\"\"\"\n\n\r\r\nab\\\\x\t\0yz";
    static const char *const names[] = {"column1", "column2", "column3"};
    uint64_t seed = 42;
    for (int round = 0; round < 6000; round++) {
        char text[200];
        struct assay_csv_dialect d = assay_csv_default();
        struct dump want, got;
        d.header = false;
        d.escape = round % 3 == 0 ? '\\' : 0;
        d.quoted_null = round % 5 == 0;
        size_t n = 6 + next_random(&seed) % (sizeof text - 6);
        memcpy(text, "1,2,3\n", 6);
        for (size_t i = 6; i < n; i++)
            text[i] = next_random(&seed) % 4 ? alphabet[next_random(&seed) % (sizeof alphabet - 1)] : 'k';
        struct assay_csv_tuning t = {.block = 1 + next_random(&seed) % 96,
                                     .indexer = assay_csv_indexer_nth((size_t)round % 3)};
        naive_dump(&want, text, n, &d, 3);
        int fd = temp_file(text, n);
        scan_fd(&got, fd, "f.csv", &d, names, 3, &t);
        close(fd);
        if (got.n != want.n || memcmp(got.text, want.text, want.n) != 0)
            print_error("round %d, block %zu:\n%s\ngot:\n%s\nwant:\n%s\n", round, t.block, text, got.text, want.text);
        assert_int_equal(got.n, want.n);
        assert_memory_equal(got.text, want.text, want.n);
    }
}

static void indexers_agree(void **state)
{
    (void)state;
    enum { N = 3000 };
    static uint8_t p[N + ASSAY_CSV_SLACK];
    static uint32_t x[N + ASSAY_CSV_SLACK], y[N + ASSAY_CSV_SLACK];
    struct assay_csv_special s = {',', '"', '\\'};
    uint64_t seed = 7;
    for (int round = 0; round < 300; round++) {
        size_t from = next_random(&seed) % 200, to = from + next_random(&seed) % (N - 200);
        for (size_t i = 0; i < N; i++)
            p[i] = (uint8_t)(round % 3 ? next_random(&seed) % 64 : next_random(&seed));
        size_t n = assay_csv_index_portable(&s, p, from, to, x);
        for (size_t k = 1; assay_csv_indexer_nth(k); k++) {
            assert_int_equal(assay_csv_indexer_nth(k)(&s, p, from, to, y), n);
            assert_memory_equal(x, y, n * sizeof *x);
        }
    }
}

static void long_records(void **state)
{
    (void)state;
    enum { PAIRS = 300000 };
    char *text = malloc(3 * PAIRS + 64);
    size_t at = (size_t)sprintf(text, "a,b\n1,\"");
    for (int i = 0; i < PAIRS; i++, at += 3)
        memcpy(text + at, "\"\"x", 3);
    at += (size_t)sprintf(text + at, "\"\n2,3\n");
    struct assay_csv_tuning t = {.block = 512};
    struct assay_locator loc = {.uri = "f.csv", .csv = assay_csv_default()};
    struct assay_scan_opts o = {.columns = abc, .n_columns = 2};
    struct assay_err e = {0};
    struct assay_scan *s;
    struct assay_batch b;
    int fd = temp_file(text, at);
    assert_int_equal(assay_csv_scan_tuned(fd, "f.csv", &loc, &o, &t, &s, &e), ASSAY_OK);
    assert_int_equal(assay_csv_format.next(s, &b, &e), ASSAY_OK);
    assert_int_equal(b.rows >= 1, 1);
    assert_int_equal(b.v[1].kind, ASSAY_K_LEXEME);
    assert_int_equal(b.v[1].len, 2 * PAIRS);
    for (size_t i = 0; i < b.v[1].len; i++)
        assert_int_equal(b.v[1].p[i], i % 2 ? 'x' : '"');
    assay_csv_format.scan_free(s);
    close(fd);
    free(text);
}

/* ---- schema ---- */

static void expect_schema(const char *bytes, bool header, const char *want)
{
    struct assay_locator loc = {.uri = "f.csv", .csv = assay_csv_default()};
    struct assay_schema s = {0};
    struct assay_err e = {0};
    char got[4096] = "";
    size_t n = 0;
    loc.csv.header = header;
    int fd = temp_file(bytes, strlen(bytes));
    if (assay_csv_format.schema(fd, "f.csv", &loc, &s, &e) != ASSAY_OK)
        n = (size_t)snprintf(got, sizeof got, "%s", e.msg);
    for (size_t i = 0; i < s.n; i++) {
        assert_string_equal(s.col[i].native, "csv");
        assert_true(s.col[i].nullable);
        n += (size_t)snprintf(got + n, sizeof got - n, "%s%s %s", i ? ", " : "", s.col[i].name,
                              assay_type_of(s.col[i].logical)->name);
    }
    assert_string_equal(got, want);
    assay_schema_release(&s);
    close(fd);
}

static void schema(void **state)
{
    (void)state;
    static const struct {
        const char *values, *type;
    } cases[] = {
        {"t\nf\n", "boolean"},
        {"true\nfalse\n", "boolean"},
        {"1\n0\n", "integer"},
        {"-5\n123456789012345678901234567890\n", "integer"},
        {"007\n1\n", "text"},
        {"0\n10\n0.50\n", "decimal"},
        {"-.5\n1\n", "decimal"},
        {"1.\n", "text"},
        {"1\n1.5\n1e-7\n", "float64"},
        {"1.5\nNaN\n-Infinity\n", "float64"},
        {"1e\n", "text"},
        {"-\n", "text"},
        {"2024-02-29\n", "date"},
        {"2024-13-01\n", "text"},
        {"2024-04-31\n", "text"},
        {"0044-03-15 BC\ninfinity\n", "date"},
        {"2024-01-02 03:04:05\n2024-01-02T03:04\n", "timestamp"},
        {"2024-01-02 03:04:05.123456\ninfinity\n", "timestamp"},
        {"2024-01-02 03:04:05Z\n2024-01-02 03:04:05+02\n2024-01-02 03:04:05-05:30\n1850-01-01 00:00:00+00:53:28\n",
         "timestamptz"},
        {"2024-01-02 03:04:05Z\n2024-01-02 03:04:05\n", "text"},
        {"2024-01-02\n2024-01-02 03:04:05\n", "text"},
        {"123e4567-e89b-12d3-a456-426614174000\n", "uuid"},
        {"123e4567-e89b-12d3-a456-42661417400g\n", "text"},
        {"\n\n", "text"},
        {"\n5\n\n", "integer"},
        {"\"\"\n5\n", "text"},
        {"\"1\"\"\"\n", "text"},
        {"1\n+5\n", "text"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char file[256], want[64];
        snprintf(file, sizeof file, "col\n%s", cases[i].values);
        snprintf(want, sizeof want, "col %s", cases[i].type);
        expect_schema(file, true, want);
    }
    expect_schema("id,\"the \"\"name\"\"\"\n1,x\n2,\n1,2,3\n", true, "id integer, the \"name\" text");
    expect_schema("1,2.5\n", false, "column1 integer, column2 decimal");
    expect_schema("id,b\n1,\"x\n", true, "id text, b text"); /* the scan will say what is broken */
    expect_schema("id\n", true, "id text");
    expect_schema("", true, "f.csv: empty file, expected a header");
    expect_schema("", false, "f.csv: empty file without header, its columns are not known");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc4180),
        cmocka_unit_test(copy_text),
        cmocka_unit_test(copy_dialect),
        cmocka_unit_test(defects),
        cmocka_unit_test(nulls),
        cmocka_unit_test(options),
        cmocka_unit_test(without_header),
        cmocka_unit_test(asked_twice),
        cmocka_unit_test(limits),
        cmocka_unit_test(hash_is_of_the_file),
        cmocka_unit_test(against_naive),
        cmocka_unit_test(indexers_agree),
        cmocka_unit_test(long_records),
        cmocka_unit_test(schema),
        cmocka_unit_test(changed_during_read),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
