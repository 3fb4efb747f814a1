/* The files reader: which objects a locator means, what is refused, partition columns, segments. And the reader in
 * memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../verify/reader/files.h"
#include "assay/digest.h"
#include "assay/limits.h"
#include "assay/reader.h"
#include "assay/reader_mem.h"

struct room {
    char dir[64];
    char text[8192];
};

static int set_up(void **state)
{
    struct room *r = calloc(1, sizeof *r);
    strcpy(r->dir, "/tmp/assay-files-XXXXXX");
    assert_non_null(mkdtemp(r->dir));
    *state = r;
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st, (void)flag, (void)ftw;
    return remove(path);
}

static int tear_down(void **state)
{
    struct room *r = *state;
    nftw(r->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(r);
    return 0;
}

static void put(const struct room *r, const char *name, const char *text)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", r->dir, name);
    for (char *p = path + strlen(r->dir) + 1; (p = strchr(p, '/')); *p++ = '/') {
        *p = '\0';
        assert_true(mkdir(path, 0700) == 0 || errno == EEXIST);
    }
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static struct assay_locator at(const struct room *r, const char *uri)
{
    return (struct assay_locator){.uri = uri, .base_dir = r->dir, .csv = assay_csv_default()};
}

/* Names of the parts, "name" or "name[segment]", separated by spaces; or the error. */
static const char *list_of(struct room *r, const struct assay_locator *loc)
{
    struct assay_reader *f = NULL;
    struct assay_err e = {0};
    const struct assay_part *p;
    size_t n, w = 0;
    r->text[0] = '\0';
    enum assay_status s = assay_files_reader.open(loc, &f, &e);
    assert_int_equal(s, e.code);
    if (s != ASSAY_OK)
        return strcpy(r->text, e.msg);
    assert_int_equal(assay_files_reader.parts(f, 0, &p, &n, &e), ASSAY_OK);
    for (size_t i = 0; i < n; i++) {
        assert_true(p[i].object);
        w += (size_t)snprintf(r->text + w, sizeof r->text - w, "%s%s", i ? " " : "", p[i].name);
        if (p[i].segment)
            w += (size_t)snprintf(r->text + w, sizeof r->text - w, "[%s]", p[i].segment);
    }
    assay_files_reader.close(f);
    return r->text;
}

static void expect_list(struct room *r, const char *uri, const char *want)
{
    struct assay_locator loc = at(r, uri);
    assert_string_equal(list_of(r, &loc), want);
}

static void one_file_and_directories(void **state)
{
    struct room *r = *state;
    put(r, "a.csv", "x\n");
    put(r, "d/b.csv", "x\n");
    put(r, "d/a.TSV", "x\n");
    put(r, "d/sub/c.parquet", "x\n");
    put(r, "d/sub/notes.txt", "x\n");
    put(r, "d/_SUCCESS", "");
    put(r, "d/_temporary/t.csv", "x\n");
    put(r, "d/.hidden.csv", "x\n");
    put(r, "d/.git/z.csv", "x\n");
    put(r, "empty/notes.txt", "x\n");
    expect_list(r, "a.csv", "a.csv");
    expect_list(r, "./a.csv", "a.csv");
    expect_list(r, "d/../a.csv", "d/../a.csv");
    expect_list(r, "d", "d/a.TSV d/b.csv d/sub/c.parquet");
    expect_list(r, "d//sub/", "d/sub/c.parquet");
    expect_list(r, ".", "a.csv d/a.TSV d/b.csv d/sub/c.parquet");
    expect_list(r, "empty", "");
    expect_list(r, "d/.hidden.csv", "d/.hidden.csv");
    expect_list(r, "d/_temporary/*.csv", "d/_temporary/t.csv");
    expect_list(r, "none.csv", "none.csv: no such file or directory");
    expect_list(r, "none/x.csv", "none/x.csv: no such file or directory");
    expect_list(r, "a.csv/x.csv", "a.csv/x.csv: no such file or directory");
    struct assay_locator loc = at(r, "d/sub/notes.txt");
    static const char why[] =
        "d/sub/notes.txt: the format is not known by its suffix, expected one of .csv, .tsv, .parq";
    assert_non_null(strstr(list_of(r, &loc), why));
    assert_non_null(strstr(r->text, "format: in the plan"));
    loc.uri = "d";
    loc.format = "csv";
    assert_string_equal(list_of(r, &loc), "d/a.TSV d/b.csv");
    loc.uri = "d/sub/notes.txt";
    assert_string_equal(list_of(r, &loc), "d/sub/notes.txt");
    loc.format = "xml";
    assert_string_equal(list_of(r, &loc), "unknown format \"xml\", expected one of csv, copy, parquet, avro, ndjson");
}

static void absolute_paths(void **state)
{
    struct room *r = *state;
    char uri[256], want[256];
    put(r, "d/a.csv", "x\n");
    snprintf(uri, sizeof uri, "%s/d/*.csv", r->dir);
    expect_list(r, uri, "d/a.csv");
    struct assay_locator loc = at(r, uri);
    loc.base_dir = "/";
    snprintf(want, sizeof want, "%s/d/a.csv", r->dir);
    assert_string_equal(list_of(r, &loc), want);
    loc.base_dir = NULL;
    assert_string_equal(list_of(r, &loc), want);
}

static void globs(void **state)
{
    struct room *r = *state;
    put(r, "d/a1.csv", "x\n");
    put(r, "d/a2.csv", "x\n");
    put(r, "d/b1.csv", "x\n");
    put(r, "d/_x.csv", "x\n");
    put(r, "d/.y.csv", "x\n");
    put(r, "e/a1.csv", "x\n");
    put(r, "f", "not a directory");
    put(r, "g/deep/a.csv", "x\n");
    expect_list(r, "d/*.csv", "d/a1.csv d/a2.csv d/b1.csv");
    expect_list(r, "d/a?.csv", "d/a1.csv d/a2.csv");
    expect_list(r, "d/[ab]1.csv", "d/a1.csv d/b1.csv");
    expect_list(r, "d/[!a]1.csv", "d/b1.csv");
    expect_list(r, "d/a[1-2].csv", "d/a1.csv d/a2.csv");
    expect_list(r, "*/a1.csv", "d/a1.csv e/a1.csv");
    expect_list(r, "d/_*.csv", "d/_x.csv");
    expect_list(r, "d/.*.csv", "d/.y.csv");
    expect_list(r, "d/z*.csv", "");
    expect_list(r, "z*/a.csv", "");
    expect_list(r, "nowhere/*.csv", "nowhere: no such file or directory");
    expect_list(r, "g*", "g/deep/a.csv");
    expect_list(r, "d/a*1*.*", "d/a1.csv");
}

static void hostile_names(void **state)
{
    struct room *r = *state;
    put(r, "x[1]/a*b.csv", "x\n");
    put(r, "x[1]/a?c.csv", "x\n");
    put(r, "x[1]/[z].csv", "x\n");
    put(r, "x[1]/q\\r.csv", "x\n");
    put(r, "x[1]/new\nline.csv", "x\n");
    put(r, "x[1]/\xff\xfe.csv", "x\n");
    put(r, "x[1]/%s%n.csv", "x\n");
    put(r, "x[1]/{segment.csv", "x\n");
    put(r, "x1/other.csv", "x\n");
    put(r, "k/a[1].csv", "x\n");
    put(r, "k/a1.csv", "x\n");
    expect_list(r, "x[1]/a*b.csv", "x[1]/a*b.csv");
    expect_list(r, "x[1]/[z].csv", "x[1]/[z].csv");
    expect_list(r, "x[1]/q\\r.csv", "x[1]/q\\r.csv");
    expect_list(r, "x[1]/%s%n.csv", "x[1]/%s%n.csv");
    expect_list(r, "x[1]/new*.csv", "x[1]/new\nline.csv");
    expect_list(r, "k/a[1].csv", "k/a[1].csv");
    expect_list(r, "k/a[12].csv", "k/a1.csv");
    expect_list(r, "x[1]/{segment.csv", "x[1]/{segment.csv");
    expect_list(r, "x[1]",
                "x[1]/%s%n.csv x[1]/[z].csv x[1]/a*b.csv x[1]/a?c.csv x[1]/new\nline.csv x[1]/q\\r.csv "
                "x[1]/{segment.csv x[1]/\xff\xfe.csv");
    struct assay_locator loc = at(r, "*.csv");
    char base[256];
    snprintf(base, sizeof base, "%s/x[1]", r->dir);
    loc.base_dir = base; /* is never a pattern */
    assert_non_null(strstr(list_of(r, &loc), "a*b.csv"));
    char *longest = malloc(ASSAY_MAX_PATH + 2);
    memset(longest, 'x', ASSAY_MAX_PATH + 1);
    longest[ASSAY_MAX_PATH + 1] = '\0';
    expect_list(r, longest, "path of more than 4096 bytes");
    for (size_t i = 1; i < ASSAY_MAX_PATH; i += 2)
        longest[i] = '/';
    longest[4000] = '\0';
    struct assay_reader *f;
    struct assay_err e = {0};
    loc = at(r, longest);
    assert_int_not_equal(assay_files_reader.open(&loc, &f, &e), ASSAY_OK);
    free(longest);
}

static void segments(void **state)
{
    struct room *r = *state;
    put(r, "s/2024-01.csv", "x\n");
    put(r, "s/2024-02.csv", "x\n");
    put(r, "s/x-2024-03-y.csv", "x\n");
    put(r, "h/month=2024-01/part-0.csv", "x\n");
    put(r, "h/month=2024-01/part-1.csv", "x\n");
    put(r, "h/month=2024-02/part-0.csv", "x\n");
    put(r, "h/month=/part-0.csv", "x\n");
    expect_list(r, "s/2024-{segment}.csv", "s/2024-01.csv[01] s/2024-02.csv[02]");
    expect_list(r, "s/{segment}-*.csv", "s/2024-01.csv[2024] s/2024-02.csv[2024] s/x-2024-03-y.csv[x]");
    expect_list(r, "s/x-{segment}-y.csv", "s/x-2024-03-y.csv[2024-03]");
    expect_list(r, "h/month={segment}/part-*.csv",
                "h/month=2024-01/part-0.csv[2024-01] h/month=2024-01/part-1.csv[2024-01] "
                "h/month=2024-02/part-0.csv[2024-02]");
    expect_list(r, "h/month={segment}",
                "h/month=2024-01/part-0.csv[2024-01] h/month=2024-01/part-1.csv[2024-01] "
                "h/month=2024-02/part-0.csv[2024-02]");
    expect_list(r, "{segment}/*.csv", "s/2024-01.csv[s] s/2024-02.csv[s] s/x-2024-03-y.csv[s]");
    expect_list(r, "h/none-{segment}.csv", "");
    expect_list(r, "{segment}/{segment}.csv", "{segment}/{segment}.csv: more than one {segment}");
}

static void matching(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *name;
        bool hit;
        const char *segment;
    } cases[] = {
        {"*", "", true, ""},
        {"a*b*c", "aXbYbZc", true, ""},
        {"a*b*c", "aXbYbZ", false, ""},
        {"[]]", "]", true, ""},
        {"[^]]", "]", false, ""},
        {"[a", "[a", true, ""},
        {"[a-]", "-", true, ""},
        {"\\*", "*", true, ""},
        {"\\*", "x", false, ""},
        {"?", "\xff", true, ""},
        {"{segment}", "", false, ""},
        {"{segment}.csv", "a.csv.csv", true, "a.csv"},
        {"*{segment}*", "abc", true, "a"},
        {"p{segment}p", "pp", false, ""},
        {"p{segment}p", "ppp", true, "p"},
        {"[ab]{segment}?", "bxy", true, "x"},
        {"a*a*a*a*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
         false, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t from, n;
        assert_int_equal(assay_match_component(cases[i].pattern, cases[i].name, &from, &n), cases[i].hit);
        assert_int_equal(n, strlen(cases[i].segment));
        assert_memory_equal(cases[i].name + from, cases[i].segment, n);
    }
}

static void links_and_special_files(void **state)
{
    struct room *r = *state;
    char path[256];
    put(r, "real/a.csv", "x\n");
    put(r, "d/b.csv", "x\n");
    snprintf(path, sizeof path, "%s/d/l.csv", r->dir);
    assert_int_equal(symlink("../real/a.csv", path), 0);
    expect_list(r, "d", "d/b.csv d/l.csv");
    expect_list(r, "d/l.csv", "d/l.csv");
    snprintf(path, sizeof path, "%s/linked", r->dir);
    assert_int_equal(symlink("real", path), 0);
    expect_list(r, "linked/a.csv", "linked/a.csv"); /* named, so followed */
    expect_list(r, "linked", "linked/a.csv");
    expect_list(r, "link*", "linked: a symbolic link to a directory, which is not followed");
    expect_list(r, "l*/a.csv", "linked: a symbolic link to a directory, which is not followed");
    snprintf(path, sizeof path, "%s/d/dir", r->dir);
    assert_int_equal(symlink("../real", path), 0);
    expect_list(r, "d", "d/dir: a symbolic link to a directory, which is not followed");
    assert_int_equal(unlink(path), 0);
    snprintf(path, sizeof path, "%s/d/gone.csv", r->dir);
    assert_int_equal(symlink("nowhere", path), 0);
    expect_list(r, "d", "d/gone.csv: the target of this symbolic link cannot be reached: No such file or directory");
    assert_int_equal(unlink(path), 0);
    snprintf(path, sizeof path, "%s/d/pipe.csv", r->dir);
    assert_int_equal(mkfifo(path, 0600), 0);
    expect_list(r, "d", "d/pipe.csv: a FIFO, expected a regular file");
    expect_list(r, "d/pipe.csv", "d/pipe.csv: a FIFO, expected a regular file");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("/dev/null", path), 0);
    expect_list(r, "d", "d/pipe.csv: a symbolic link to a character device, expected a regular file");
    assert_int_equal(unlink(path), 0);
}

/* ---- reading ---- */

static size_t show_value(char *out, size_t cap, const struct assay_value *v)
{
    if (v->kind == ASSAY_K_NULL)
        return (size_t)snprintf(out, cap, "~");
    if (v->kind == ASSAY_K_BAD)
        return (size_t)snprintf(out, cap, "!%.*s", (int)v->len, (const char *)v->p);
    return (size_t)snprintf(out, cap, "%.*s", (int)v->len, (const char *)v->p);
}

/* Rows of one part as "a|b / c|d", or the error. */
static const char *rows_of(struct room *r, struct assay_reader *f, size_t part, const char *const *columns, size_t n)
{
    struct assay_scan_opts o = {.columns = columns, .n_columns = n};
    struct assay_err e = {0};
    struct assay_scan *s = NULL;
    struct assay_batch b;
    size_t w = 0;
    r->text[0] = '\0';
    enum assay_status st = f->ops->scan(f, part, &o, &s, &e);
    if (st == ASSAY_OK)
        assert_ptr_equal(s->ops, f->ops);
    while (st == ASSAY_OK && (st = f->ops->next(s, &b, &e)) == ASSAY_OK && b.rows) {
        assert_int_equal(b.cols, n);
        for (size_t i = 0; i < b.rows * n; i++) {
            const char *sep = i % n ? "|" : w ? " / " : "";
            w += (size_t)snprintf(r->text + w, sizeof r->text - w, "%s", sep);
            w += show_value(r->text + w, sizeof r->text - w, &b.v[i]);
        }
    }
    if (st != ASSAY_OK)
        snprintf(r->text + w, sizeof r->text - w, "%s%s", w ? " / " : "", e.msg);
    f->ops->scan_free(s);
    return r->text;
}

static struct assay_reader *open_files(struct assay_locator *loc)
{
    struct assay_reader *f = NULL;
    struct assay_err e = {0};
    assert_int_equal(assay_reader_open(loc, &f, &e), ASSAY_OK);
    assert_ptr_equal(f->ops, &assay_files_reader);
    assert_string_equal(f->ops->token(f), "");
    return f;
}

static const char *schema_of(struct room *r, struct assay_reader *f)
{
    struct assay_schema s = {0};
    struct assay_err e = {0};
    size_t w = 0;
    if (f->ops->schema(f, &s, &e) != ASSAY_OK)
        return strcpy(r->text, e.msg);
    r->text[0] = '\0';
    for (size_t i = 0; i < s.n; i++)
        w +=
            (size_t)snprintf(r->text + w, sizeof r->text - w, "%s%s %s", i ? ", " : "", s.col[i].name, s.col[i].native);
    assay_schema_release(&s);
    return r->text;
}

static void hive(void **state)
{
    struct room *r = *state;
    put(r, "h/y=2024/c=a%2Fb%3Dc%20a%25/p.csv", "id,v\n1,x\n2\n3,\n");
    put(r, "h/y=2025/c=__HIVE_DEFAULT_PARTITION__/p.csv", "id,v\n4,y\n");
    put(r, "h/y=2026/c=/p.csv", "v,y,id\nz,own,5\n");
    put(r, "h/y=2027/p.csv", "id,v\n6,w\n");
    struct assay_locator loc = at(r, "h");
    struct assay_reader *f = open_files(&loc);
    static const char *const all[] = {"y", "id", "c"}, *const only[] = {"c", "y"}, *const lost[] = {"id", "nope"};
    assert_string_equal(schema_of(r, f), "id csv, v csv, y hive, c hive");
    assert_string_equal(
        rows_of(r, f, 0, all, 3),
        "2024|1|a/b=c a% / !1 field, expected 2|!1 field, expected 2|!1 field, expected 2 / 2024|3|a/b=c a%");
    assert_string_equal(rows_of(r, f, 1, only, 2), "~|2025");
    assert_string_equal(rows_of(r, f, 0, only, 1), "a/b=c a% / !1 field, expected 2 / a/b=c a%");
    assert_string_equal(rows_of(r, f, 2, all, 3), "own|5|");
    assert_string_equal(rows_of(r, f, 3, all, 3),
                        "h/y=2027/p.csv: no column \"c\", which h/y=2024/c=a%2Fb%3Dc%20a%25/p.csv has");
    assert_string_equal(rows_of(r, f, 0, lost, 2), "h/y=2024/c=a%2Fb%3Dc%20a%25/p.csv: no column \"nope\"");
    f->ops->close(f);
    put(r, "t/k=1/k=2/p.csv", "id\n1\n");
    loc.uri = "t";
    f = open_files(&loc);
    assert_string_equal(schema_of(r, f), "t/k=1/k=2/p.csv: partition column \"k\" stands twice in the path");
    f->ops->close(f);
}

static void other_columns_later(void **state)
{
    struct room *r = *state;
    put(r, "d/1.csv", "id,v\n1,x\n");
    put(r, "d/2.csv", "v,id\ny,2\n");
    put(r, "d/3.csv", "id\n3\n");
    struct assay_locator loc = at(r, "d");
    struct assay_reader *f = open_files(&loc);
    static const char *const cols[] = {"id", "v"}, *const none[] = {"w"};
    assert_string_equal(rows_of(r, f, 0, cols, 2), "1|x");
    assert_string_equal(rows_of(r, f, 1, cols, 2), "2|y");
    assert_string_equal(rows_of(r, f, 2, cols, 2), "d/3.csv: no column \"v\", which d/1.csv has");
    assert_string_equal(rows_of(r, f, 1, none, 1), "d/2.csv: no column \"w\"");
    struct assay_scan_opts o = {.columns = none, .n_columns = 1};
    struct assay_scan *s;
    struct assay_err e = {0};
    assert_int_equal(f->ops->scan(f, 0, &o, &s, &e), ASSAY_ENOTFOUND);
    assay_err_reset(&e);
    o.columns = &cols[1];
    assert_int_equal(f->ops->scan(f, 2, &o, &s, &e), ASSAY_EDATA);
    f->ops->close(f);
}

static void hash_of_an_object(void **state)
{
    struct room *r = *state;
    put(r, "a.csv", "id\n1\n");
    struct assay_locator loc = at(r, "a.csv");
    struct assay_reader *f = open_files(&loc);
    struct assay_err e = {0};
    uint8_t got[32], want[32];
    uint64_t bytes, rows;
    bool known = true;
    assert_int_equal(f->ops->hash_object(f, 0, got, NULL, &bytes, &e), ASSAY_OK);
    assay_sha256("id\n1\n", 5, want);
    assert_memory_equal(got, want, 32);
    assert_int_equal(bytes, 5);
    assert_int_equal(f->ops->count(f, &rows, &known, &e), ASSAY_OK);
    assert_false(known);
    assert_int_not_equal(f->ops->hash_object(f, 1, got, NULL, &bytes, &e), ASSAY_OK);
    f->ops->close(f);
}

static void swapped_after_listing(void **state)
{
    struct room *r = *state;
    char path[256], other[256];
    static const char *const cols[] = {"id"};
    put(r, "a.csv", "id\n1\n");
    put(r, "b.csv", "id\n2\n");
    struct assay_locator loc = at(r, "a.csv");
    struct assay_reader *f = open_files(&loc);
    snprintf(path, sizeof path, "%s/a.csv", r->dir);
    snprintf(other, sizeof other, "%s/b.csv", r->dir);
    assert_int_equal(unlink(path), 0);
    assert_string_equal(rows_of(r, f, 0, cols, 1), "a.csv: no such file or directory");
    assert_int_equal(symlink(other, path), 0);
    assert_string_equal(rows_of(r, f, 0, cols, 1), "a.csv: became a symbolic link since it was listed");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_string_equal(rows_of(r, f, 0, cols, 1), "a.csv: not a regular file");
    f->ops->close(f);
}

static void nothing_there(void **state)
{
    struct room *r = *state;
    put(r, "d/readme.txt", "x");
    struct assay_locator loc = at(r, "d/*.csv");
    struct assay_reader *f = open_files(&loc);
    assert_string_equal(schema_of(r, f), "d/*.csv: no file there, so that its columns are not known");
    f->ops->close(f);
}

static void in_memory(void **state)
{
    struct room *r = *state;
    static const char *const cols[] = {"id", "v"}, *const swapped[] = {"v", "id"};
    static const char *const cells[] = {"1", "a", "2", NULL, "3", ""};
    static const char *const defect[] = {NULL, NULL, "broken"};
    struct assay_mem_table t = {.columns = cols, .n_columns = 2, .cells = cells, .n_rows = 3, .n_parts = 2};
    struct assay_reader *f;
    struct assay_err e = {0};
    uint64_t rows;
    bool known;
    assert_int_equal(assay_mem_open(&t, &f, &e), ASSAY_OK);
    assert_string_equal(schema_of(r, f), "id mem, v mem");
    assert_string_equal(rows_of(r, f, 0, cols, 2), "1|a");
    assert_string_equal(rows_of(r, f, 1, swapped, 2), "~|2 / |3");
    assert_int_equal(f->ops->count(f, &rows, &known, &e), ASSAY_OK);
    assert_int_equal(rows, 3);
    f->ops->close(f);
    t.row_defect = defect;
    t.n_parts = 0;
    t.batch_rows = 1;
    t.fail_at_row = 0;
    assert_int_equal(assay_mem_open(&t, &f, &e), ASSAY_OK);
    assert_string_equal(rows_of(r, f, 0, cols, 2), "1|a / 2|~ / !broken|!broken");
    f->ops->close(f);
    t.fail_at_row = 2;
    t.fail_status = ASSAY_ESOURCE;
    assert_int_equal(assay_mem_open(&t, &f, &e), ASSAY_OK);
    assert_string_equal(rows_of(r, f, 0, cols, 2), "1|a / part-0: failed at row 2 as it was told to");
    f->ops->close(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_file_and_directories, set_up, tear_down),
        cmocka_unit_test_setup_teardown(absolute_paths, set_up, tear_down),
        cmocka_unit_test_setup_teardown(globs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(hostile_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(segments, set_up, tear_down),
        cmocka_unit_test(matching),
        cmocka_unit_test_setup_teardown(links_and_special_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(hive, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_columns_later, set_up, tear_down),
        cmocka_unit_test_setup_teardown(hash_of_an_object, set_up, tear_down),
        cmocka_unit_test_setup_teardown(swapped_after_listing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_there, set_up, tear_down),
        cmocka_unit_test_setup_teardown(in_memory, set_up, tear_down),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
