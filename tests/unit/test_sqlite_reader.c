/* The SQLite reader against databases made here with SQLite itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <ftw.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "assay/log.h"
#include "assay/reader.h"

#define NOBODY 65534

struct fixture {
    char dir[64];
    char db[96], uri[112];
    struct assay_reader *r;
    struct assay_err e;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    if (!f)
        return -1;
    strcpy(f->dir, "/tmp/assay-sqlite-XXXXXX");
    if (!mkdtemp(f->dir) || chmod(f->dir, 0755) != 0)
        return -1;
    snprintf(f->db, sizeof f->db, "%s/a.db", f->dir);
    snprintf(f->uri, sizeof f->uri, "sqlite:%s", f->db);
    *state = f;
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    assay_sqlite_reader.close(f->r);
    chmod(f->dir, 0755);
    int rc = nftw(f->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(f);
    return rc;
}

static sqlite3 *writer(const struct fixture *f, const char *sql)
{
    sqlite3 *db;
    char *why = NULL;
    assert_int_equal(sqlite3_open(f->db, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
        fail_msg("%s", why);
    return db;
}

static void make(const struct fixture *f, const char *sql)
{
    assert_int_equal(sqlite3_close(writer(f, sql)), SQLITE_OK);
}

static enum assay_status try_open(struct fixture *f, const char *table)
{
    struct assay_locator loc = {.uri = f->uri, .table = table, .timeout_s = 1};
    assay_sqlite_reader.close(f->r);
    f->r = NULL;
    assay_err_reset(&f->e);
    assert_true(assay_sqlite_reader.accepts(&loc));
    return assay_sqlite_reader.open(&loc, &f->r, &f->e);
}

static void open_table(struct fixture *f, const char *table)
{
    if (try_open(f, table) != ASSAY_OK)
        fail_msg("open %s: %s", table, f->e.msg);
}

static struct assay_scan *scan(struct fixture *f, const struct assay_scan_opts *o)
{
    struct assay_scan *s = NULL;
    if (assay_sqlite_reader.scan(f->r, 0, o, &s, &f->e) != ASSAY_OK)
        fail_msg("scan: %s", f->e.msg);
    return s;
}

/* One letter and the value for each cell, cells joined by spaces, rows by newlines. */
static void show(const struct assay_value *v, FILE *out)
{
    switch (v->kind) {
    case ASSAY_K_NULL:
        fputs("-", out);
        break;
    case ASSAY_K_INT:
        fprintf(out, "i%lld", (long long)v->i);
        break;
    case ASSAY_K_F64:
        fprintf(out, "f%.17g", v->f);
        break;
    case ASSAY_K_BAD:
        fprintf(out, "!%.*s", (int)v->len, (const char *)v->p);
        break;
    default:
        fputc(v->kind == ASSAY_K_TEXT ? 't' : v->kind == ASSAY_K_BYTES ? 'b' : '?', out);
        for (uint32_t i = 0; i < v->len; i++)
            fprintf(out, v->kind == ASSAY_K_TEXT && v->p[i] >= ' ' ? "%c" : "%02x", v->p[i]);
    }
}

static enum assay_status drain(struct fixture *f, struct assay_scan *s, FILE *out, uint64_t *rows)
{
    struct assay_batch b;
    enum assay_status st;
    *rows = 0;
    while ((st = assay_sqlite_reader.next(s, &b, &f->e)) == ASSAY_OK && b.rows) {
        assert_int_equal(b.first_pos, *rows + 1);
        assert_true(b.rows <= ASSAY_BATCH_ROWS);
        for (size_t i = 0; out && i < b.rows * b.cols; i++) {
            show(&b.v[i], out);
            fputc((i + 1) % b.cols ? ' ' : '\n', out);
        }
        *rows += b.rows;
    }
    if (st == ASSAY_OK) {
        struct assay_scan_end end;
        assay_sqlite_reader.end(s, &end);
        assert_int_equal(end.rows, *rows);
        assert_int_equal(assay_sqlite_reader.next(s, &b, &f->e), ASSAY_OK);
        assert_int_equal(b.rows, 0);
    }
    return st;
}

static void expect_rows(struct fixture *f, const char *const *columns, size_t n, const char *want)
{
    char *text = NULL;
    size_t len;
    uint64_t rows;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    struct assay_scan *s = scan(f, &(struct assay_scan_opts){.columns = columns, .n_columns = n});
    enum assay_status st = drain(f, s, out, &rows);
    fclose(out);
    if (st != ASSAY_OK)
        fail_msg("reading: %s", f->e.msg);
    assert_string_equal(text, want);
    free(text);
    assay_sqlite_reader.scan_free(s);
}

static uint64_t count(struct fixture *f)
{
    uint64_t rows = 0;
    bool known = false;
    assert_int_equal(assay_sqlite_reader.count(f->r, &rows, &known, &f->e), ASSAY_OK);
    assert_true(known);
    return rows;
}

#define COLUMNS(...) ((const char *const[]){__VA_ARGS__}), sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)

static void values_follow_storage_not_declaration(void **state)
{
    struct fixture *f = *state;
    make(f, "CREATE TABLE t(n INTEGER, d DECIMAL(20,2), x TEXT, b BLOB);"
            "INSERT INTO t VALUES (1, 1.10, 'é', x'00ff'), ('x', 5, NULL, 'text'), (x'00', 9007199254740993, char(0) "
            "|| 'a', x''),"
            " (-9223372036854775807 - 1, -0.0, '', 1e999), (NULL, '1.5x', 12, NULL)");
    open_table(f, "t");
    expect_rows(f, COLUMNS("n", "d", "x", "b"),
                "i1 f1.1000000000000001 té b00ff\n"
                "tx i5 - ttext\n"
                "b00 i9007199254740993 t00a b\n"
                "i-9223372036854775808 i0 t finf\n"
                "- t1.5x t12 -\n");
    expect_rows(f, COLUMNS("x", "n"), "té i1\n- tx\nt00a b00\nt i-9223372036854775808\nt12 -\n");
    assert_int_equal(count(f), 5);
}

static const struct {
    const char *declared;
    enum assay_logical logical;
} types[] = {
    {"INTEGER", ASSAY_L_INTEGER},
    {"bigint unsigned", ASSAY_L_INTEGER},
    {"BOOLEAN", ASSAY_L_BOOLEAN},
    {"DECIMAL(10,2)", ASSAY_L_DECIMAL},
    {"numeric", ASSAY_L_DECIMAL},
    {"REAL", ASSAY_L_FLOAT64},
    {"double precision", ASSAY_L_FLOAT64},
    {"FLOAT", ASSAY_L_FLOAT64},
    {"DATE", ASSAY_L_DATE},
    {"DATETIME", ASSAY_L_TIMESTAMP},
    {"timestamp", ASSAY_L_TIMESTAMP},
    {"TIMESTAMP WITH TIME ZONE", ASSAY_L_TIMESTAMPTZ},
    {"BLOB", ASSAY_L_BYTES},
    {"UUID", ASSAY_L_UUID},
    {"JSON", ASSAY_L_JSON},
    {"VARCHAR(10)", ASSAY_L_TEXT},
    {"nvarchar", ASSAY_L_TEXT},
    {"INTERVAL", ASSAY_L_INTERVAL},
};

static void declared_types(void **state)
{
    struct fixture *f = *state;
    struct assay_schema s = {0};
    char sql[2048] = "CREATE TABLE t(";
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        snprintf(sql + strlen(sql), sizeof sql - strlen(sql), "%sc%zu %s", i ? "," : "", i, types[i].declared);
    snprintf(sql + strlen(sql), sizeof sql - strlen(sql), ")");
    make(f, sql);
    open_table(f, "t");
    assert_int_equal(assay_sqlite_reader.schema(f->r, &s, &f->e), ASSAY_OK);
    assert_int_equal(s.n, sizeof types / sizeof *types);
    for (size_t i = 0; i < s.n; i++) {
        assert_string_equal(s.col[i].native, types[i].declared);
        if (s.col[i].logical != types[i].logical)
            fail_msg("%s: %s", types[i].declared, assay_type_of(s.col[i].logical)->name);
    }
    assay_schema_release(&s);
}

/* Expected: per column name:logical:key_pos:nullable:binary, then ! for a unique key. */
static void expect_schema(struct fixture *f, const char *table, const char *want)
{
    char got[512] = "";
    struct assay_schema s = {0};
    open_table(f, table);
    assert_int_equal(assay_sqlite_reader.schema(f->r, &s, &f->e), ASSAY_OK);
    for (size_t i = 0; i < s.n; i++)
        snprintf(got + strlen(got), sizeof got - strlen(got), "%s:%s:%u:%s:%s ", s.col[i].name,
                 assay_type_of(s.col[i].logical)->name, s.col[i].key_pos, s.col[i].nullable ? "null" : "not",
                 s.col[i].binary_order ? "bin" : "-");
    snprintf(got + strlen(got), sizeof got - strlen(got), "%s", s.key_is_unique ? "!" : "");
    assay_schema_release(&s);
    assert_string_equal(got, want);
}

static void keys(void **state)
{
    struct fixture *f = *state;
    make(f, "CREATE TABLE alias(a TEXT, id INTEGER PRIMARY KEY);"
            "CREATE TABLE nullkey(k TEXT PRIMARY KEY, v INT); INSERT INTO nullkey VALUES (NULL,1),(NULL,2),('a',3);"
            "CREATE TABLE norowid(a TEXT COLLATE NOCASE, b INT, PRIMARY KEY (b, a)) WITHOUT ROWID;"
            "CREATE TABLE fallback(a INT, b INT NOT NULL, c TEXT NOT NULL, UNIQUE (c, b));"
            "CREATE UNIQUE INDEX fa ON fallback(a); CREATE UNIQUE INDEX fp ON fallback(b) WHERE a > 0;"
            "CREATE UNIQUE INDEX fx ON fallback(b + 1);"
            "CREATE TABLE nokey(a);"
            "CREATE TABLE generated(a INT, b INT AS (a * 2) STORED, c TEXT AS ('x' || a));");
    expect_schema(f, "alias", "a:text:0:null:bin id:integer:1:not:bin !");
    expect_schema(f, "nullkey", "k:text:1:null:bin v:integer:0:null:bin ");
    expect_rows(f, COLUMNS("k", "v"), "- i1\n- i2\nta i3\n");
    expect_schema(f, "norowid", "a:text:2:not:- b:integer:1:not:bin !");
    expect_schema(f, "fallback", "a:integer:0:null:bin b:integer:2:not:bin c:text:1:not:bin !");
    expect_schema(f, "nokey", "a:text:0:null:bin ");
    expect_schema(f, "generated", "a:integer:0:null:bin b:integer:0:null:bin c:text:0:null:bin ");
}

static void undeclared_types_follow_content(void **state)
{
    struct fixture *f = *state;
    make(f, "CREATE TABLE t(i, r, b, m, e, x BLOB, y BLOB, s STRING);"
            "INSERT INTO t VALUES (1, 1.5, x'00', 1, NULL, 'a', NULL, 'abc'), (2, 2, NULL, 'x', NULL, 'b', NULL, 'd')");
    expect_schema(f, "t",
                  "i:integer:0:null:bin r:float64:0:null:bin b:bytes:0:null:bin m:text:0:null:bin e:text:0:null:bin "
                  "x:text:0:null:bin y:bytes:0:null:bin s:text:0:null:bin ");
}

static void awkward_names(void **state)
{
    struct fixture *f = *state;
    make(f, "CREATE TABLE \"a \"\"b'\n%s; c\"(\"x\"\"y\" INT, [s p] TEXT, 'l''n' INT);"
            "INSERT INTO \"a \"\"b'\n%s; c\" VALUES (1, 'p', 2);"
            "CREATE TABLE Mixed(a); CREATE TABLE \"main.t\"(a INT); INSERT INTO \"main.t\" VALUES (1);"
            "CREATE TABLE t(a INT); INSERT INTO t VALUES (2); CREATE VIEW v AS SELECT a * 2 AS d FROM t");
    open_table(f, "a \"b'\n%s; c");
    expect_rows(f, COLUMNS("l'n", "s p", "x\"y"), "i2 tp i1\n");
    open_table(f, "mixed");
    open_table(f, "main.t");
    expect_rows(f, COLUMNS("a"), "i1\n");
    open_table(f, "main.mixed");
    open_table(f, "v");
    expect_rows(f, COLUMNS("d"), "i4\n");
    assert_int_equal(count(f), 1);
}

static void empty_table(void **state)
{
    struct fixture *f = *state;
    make(f, "CREATE TABLE t(a INT)");
    open_table(f, "t");
    expect_rows(f, COLUMNS("a"), "");
    assert_int_equal(count(f), 0);
    const struct assay_part *part;
    size_t n;
    assert_int_equal(assay_sqlite_reader.parts(f->r, 8, &part, &n, &f->e), ASSAY_OK);
    assert_int_equal(n, 1);
    assert_string_equal(part[0].name, "all");
    assert_false(part[0].object);
}

static void expect_failure(struct fixture *f, const char *table, enum assay_status want, const char *word)
{
    enum assay_status st = try_open(f, table);
    if (st != want || !strstr(f->e.msg, word) || !strstr(f->e.msg, "a.db"))
        fail_msg("status %d (wanted %d), message: %s", (int)st, (int)want, f->e.msg);
    assert_null(f->r);
}

static void write_file(const char *path, const void *bytes, size_t n, long at)
{
    FILE *out = fopen(path, at < 0 ? "wb" : "rb+");
    assert_non_null(out);
    assert_int_equal(fseek(out, at < 0 ? 0 : at, SEEK_SET), 0);
    assert_int_equal(fwrite(bytes, 1, n, out), n);
    assert_int_equal(fclose(out), 0);
}

static void not_there(void **state)
{
    struct fixture *f = *state;
    expect_failure(f, "t", ASSAY_ENOTFOUND, "No such file");
    assert_int_equal(access(f->db, F_OK), -1); /* and it was not created */
    write_file(f->db, "", 0, -1);
    expect_failure(f, "t", ASSAY_EDATA, "empty");
    write_file(f->db, "id,name\n1,x\n", 12, -1);
    expect_failure(f, "t", ASSAY_EDATA, "not a SQLite database");
    assert_int_equal(unlink(f->db), 0);
    assert_int_equal(mkdir(f->db, 0700), 0);
    expect_failure(f, "t", ASSAY_EIO, "regular file");
    assert_int_equal(rmdir(f->db), 0);
    make(f, "CREATE TABLE customers(a INT)");
    expect_failure(f, "custmers", ASSAY_ENOTFOUND, "did you mean customers");
    open_table(f, "customers");
    struct assay_scan *s = NULL;
    const char *const cols[] = {"a", "b"};
    struct assay_scan_opts o = {.columns = cols, .n_columns = 2};
    assert_int_equal(assay_sqlite_reader.scan(f->r, 0, &o, &s, &f->e), ASSAY_ENOTFOUND);
    assert_non_null(strstr(f->e.msg, "no column b"));
    assert_null(s);
}

static void corruption_is_not_an_end(void **state)
{
    struct fixture *f = *state;
    uint64_t rows;
    uint8_t junk[600];
    memset(junk, 0xee, sizeof junk);
    make(f, "PRAGMA page_size = 4096; CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT);"
            "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 5000)"
            " INSERT INTO t SELECT i, 'some text of a row ' || i FROM c");
    write_file(f->db, junk, sizeof junk, 4096 * 20);
    open_table(f, "t");
    const char *const cols[] = {"a", "b"};
    struct assay_scan *s = scan(f, &(struct assay_scan_opts){.columns = cols, .n_columns = 2});
    assert_int_equal(drain(f, s, NULL, &rows), ASSAY_EDATA);
    assert_non_null(strstr(f->e.msg, "corrupt"));
    assert_non_null(strstr(f->e.msg, "table t"));
    assay_sqlite_reader.scan_free(s);
}

static void a_lock_is_named(void **state)
{
    struct fixture *f = *state;
    make(f, "CREATE TABLE t(a INT)");
    sqlite3 *w = writer(f, "BEGIN EXCLUSIVE; INSERT INTO t VALUES (1)");
    expect_failure(f, "t", ASSAY_ESOURCE, "locked");
    sqlite3_close(w);
    open_table(f, "t");
    assert_int_equal(count(f), 0);
}

/* Readers neither block writers nor see what they write, in both journal modes. */
static void snapshot_under_a_writer(void **state)
{
    static const char *const modes[] = {"PRAGMA journal_mode = DELETE", "PRAGMA journal_mode = WAL"};
    struct fixture *f = *state;
    for (size_t i = 0; i < 2; i++) {
        char before[200];
        assay_sqlite_reader.close(f->r);
        f->r = NULL;
        unlink(f->db);
        sqlite3 *w = writer(f, modes[i]);
        assert_int_equal(sqlite3_exec(w, "CREATE TABLE t(a INT); INSERT INTO t VALUES (1), (2)", NULL, NULL, NULL),
                         SQLITE_OK);
        open_table(f, "t");
        snprintf(before, sizeof before, "%s", assay_sqlite_reader.token(f->r));
        assert_int_equal(sqlite3_exec(w, "UPDATE t SET a = 9; INSERT INTO t VALUES (3)", NULL, NULL, NULL), SQLITE_OK);
        expect_rows(f, COLUMNS("a"), "i1\ni2\n");
        assert_int_equal(count(f), 2);
        open_table(f, "t");
        expect_rows(f, COLUMNS("a"), "i9\ni9\ni3\n");
        if (i == 0)
            assert_string_not_equal(assay_sqlite_reader.token(f->r), before);
        sqlite3_close(w);
    }
}

/* Permissions do not bind root: such tests run as nobody. */
static void drop_rights(void)
{
    if (geteuid() == 0)
        assert_int_equal(seteuid(NOBODY), 0);
}

static void regain_rights(void)
{
    if (getuid() == 0)
        assert_int_equal(seteuid(0), 0);
}

static void closed_wal_in_a_readonly_place(void **state)
{
    struct fixture *f = *state;
    uint64_t rows;
    make(f, "PRAGMA journal_mode = WAL; CREATE TABLE t(a INT); INSERT INTO t VALUES (1), (2), (3)");
    assert_int_equal(chmod(f->db, 0644), 0);
    assert_int_equal(chmod(f->dir, 0555), 0);
    drop_rights();
    enum assay_status st = try_open(f, "t");
    regain_rights();
    if (st != ASSAY_OK)
        fail_msg("%s", f->e.msg);
    expect_rows(f, COLUMNS("a"), "i1\ni2\ni3\n");
    /* read without locks: so a change must be noticed */
    const char *const cols[] = {"a"};
    struct assay_scan *s = scan(f, &(struct assay_scan_opts){.columns = cols, .n_columns = 1});
    write_file(f->db, "\0\0\0\7", 4, 92);
    assert_int_equal(drain(f, s, NULL, &rows), ASSAY_ECHANGED);
    assay_sqlite_reader.scan_free(s);
}

static void copy_file(const char *from, const char *to)
{
    uint8_t buf[65536];
    FILE *in = fopen(from, "rb");
    assert_non_null(in);
    size_t n = fread(buf, 1, sizeof buf, in);
    assert_true(n > 0 && n < sizeof buf);
    fclose(in);
    write_file(to, buf, n, -1);
}

/* A writer died and left a -wal; where no -shm can be made its rows cannot be read, and must not be left out silently.
 */
static void abandoned_wal_is_never_ignored(void **state)
{
    struct fixture *f = *state;
    char from[96], wal[112], to_wal[112], dir[112];
    sqlite3 *w = writer(f, "PRAGMA journal_mode = WAL; CREATE TABLE t(a INT); INSERT INTO t VALUES (1);"
                           "PRAGMA wal_checkpoint; INSERT INTO t VALUES (2), (3)");
    memcpy(from, f->db, sizeof from);
    snprintf(wal, sizeof wal, "%s-wal", from);
    snprintf(dir, sizeof dir, "%s/dead", f->dir);
    assert_int_equal(mkdir(dir, 0755), 0);
    snprintf(f->db, sizeof f->db, "%s/dead/a.db", f->dir);
    snprintf(f->uri, sizeof f->uri, "sqlite:%s", f->db);
    snprintf(to_wal, sizeof to_wal, "%s-wal", f->db);
    copy_file(from, f->db);
    copy_file(wal, to_wal);
    sqlite3_close(w);
    assert_int_equal(chmod(dir, 0555), 0);
    drop_rights();
    enum assay_status st = try_open(f, "t");
    regain_rights();
    assert_int_equal(chmod(dir, 0755), 0);
    assert_int_equal(st, ASSAY_EIO);
    assert_non_null(strstr(f->e.msg, "-wal"));
    open_table(f, "t"); /* a writable directory: all rows */
    assert_int_equal(count(f), 3);
}

static void utf16(void **state)
{
    struct fixture *f = *state;
    static const uint16_t lone[] = {'a', 0xd800, 'b'};
    sqlite3_stmt *st;
    sqlite3 *w = writer(f, "PRAGMA encoding = 'UTF-16'; CREATE TABLE t(a TEXT PRIMARY KEY NOT NULL);"
                           "INSERT INTO t VALUES ('é€😀'), ('')");
    assert_int_equal(sqlite3_prepare_v2(w, "INSERT INTO t VALUES (?)", -1, &st, NULL), SQLITE_OK);
    sqlite3_bind_text16(st, 1, lone, sizeof lone, SQLITE_STATIC);
    assert_int_equal(sqlite3_step(st), SQLITE_DONE);
    sqlite3_finalize(st);
    sqlite3_close(w);
    expect_schema(f, "t", "a:text:1:not:- !"); /* UTF-16 order is not that of UTF-8 bytes */
    expect_rows(f, COLUMNS("a"), "té€😀\nt\n!text that is not valid UTF-16\n");
}

static void many_rows_and_wide_ones(void **state)
{
    struct fixture *f = *state;
    struct assay_batch b;
    uint64_t sum = 0, rows = 0;
    make(f, "CREATE TABLE t(a INTEGER PRIMARY KEY, b BLOB);"
            "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 3000)"
            " INSERT INTO t SELECT i, CASE WHEN i % 300 = 0 THEN zeroblob(1500000) ELSE CAST(i AS BLOB) END FROM c");
    open_table(f, "t");
    const char *const cols[] = {"b", "a"};
    struct assay_scan *s = scan(f, &(struct assay_scan_opts){.columns = cols, .n_columns = 2});
    while (assay_sqlite_reader.next(s, &b, &f->e) == ASSAY_OK && b.rows) {
        for (size_t i = 0; i < b.rows; i++) { /* all rows of the batch are alive at once */
            const struct assay_value *v = b.v + i * 2;
            uint64_t id = (uint64_t)v[1].i;
            char want[24];
            int n = snprintf(want, sizeof want, "%llu", (unsigned long long)id);
            assert_int_equal(id, rows + i + 1);
            assert_int_equal(v[0].len, id % 300 ? n : 1500000);
            if (id % 300)
                assert_memory_equal(v[0].p, want, (size_t)n);
            sum += id;
        }
        rows += b.rows;
    }
    assert_int_equal(rows, 3000);
    assert_int_equal(sum, 3000 * 3001 / 2);
    assay_sqlite_reader.scan_free(s);
    assert_int_equal(assay_sqlite_reader.estimate(f->r), 3000);
}

static void two_scans_at_once(void **state)
{
    struct fixture *f = *state;
    struct assay_batch x, y;
    make(f, "CREATE TABLE t(a INTEGER PRIMARY KEY); WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c"
            " WHERE i < 1500) INSERT INTO t SELECT i FROM c");
    open_table(f, "t");
    const char *const cols[] = {"a"};
    struct assay_scan_opts o = {.columns = cols, .n_columns = 1};
    struct assay_scan *s = scan(f, &o), *u = scan(f, &o);
    do {
        assert_int_equal(assay_sqlite_reader.next(s, &x, &f->e), ASSAY_OK);
        assert_int_equal(assay_sqlite_reader.next(u, &y, &f->e), ASSAY_OK);
        assert_int_equal(x.rows, y.rows);
        if (x.rows) {
            assert_ptr_not_equal(x.v, y.v);
            assert_memory_equal(x.v, y.v, x.rows * sizeof *x.v);
        }
    } while (x.rows);
    assay_sqlite_reader.scan_free(s);
    assay_sqlite_reader.scan_free(u);
    assay_sqlite_reader.scan_free(NULL);
}

static void samples(void **state)
{
    struct fixture *f = *state;
    struct assay_batch b;
    make(f,
         "CREATE TABLE t(id INTEGER PRIMARY KEY, k TEXT); WITH RECURSIVE c(i) AS (SELECT -5000 UNION ALL SELECT i + 1"
         " FROM c WHERE i < 15000) INSERT INTO t SELECT i, 'k' || i FROM c WHERE i < 0 OR i > 10000;"
         "INSERT INTO t VALUES (9223372036854775807, 'last'), (-9223372036854775807 - 1, 'first')");
    open_table(f, "t");
    const char *const cols[] = {"id", "k"};
    for (uint64_t want = 1; want <= 400; want *= 20) {
        struct assay_scan *s =
            scan(f, &(struct assay_scan_opts){.columns = cols, .n_columns = 2, .sample = true, .sample_rows = want});
        int64_t last = INT64_MIN;
        uint64_t rows = 0;
        while (assay_sqlite_reader.next(s, &b, &f->e) == ASSAY_OK && b.rows) {
            for (size_t i = 0; i < b.rows; i++, rows++) {
                assert_true(rows == 0 || b.v[i * 2].i > last); /* never a row twice */
                last = b.v[i * 2].i;
                assert_int_equal(b.v[i * 2 + 1].kind, ASSAY_K_TEXT);
            }
        }
        assert_true(rows >= 1 && rows <= want);
        assay_sqlite_reader.scan_free(s);
    }
    make(f, "DELETE FROM t WHERE abs(id / 2) > 100000");
    open_table(f, "t");
    struct assay_scan *s =
        scan(f, &(struct assay_scan_opts){.columns = cols, .n_columns = 2, .sample = true, .sample_rows = 100});
    uint64_t rows;
    assert_int_equal(drain(f, s, NULL, &rows), ASSAY_OK);
    assert_in_range(rows, 40, 100);
    assay_sqlite_reader.scan_free(s);
}

static void hostile_view_fails_cleanly(void **state)
{
    struct fixture *f = *state;
    make(f, "CREATE TABLE t(a INT); INSERT INTO t VALUES (1); CREATE VIEW v AS SELECT a, a AS b FROM t;"
            "CREATE VIEW gone AS SELECT x FROM missing;"
            "CREATE VIEW loads AS SELECT load_extension('/tmp/x.so') AS a FROM t");
    assert_int_equal(try_open(f, "gone"), ASSAY_ESOURCE);
    assert_int_equal(try_open(f, "loads"), ASSAY_ESOURCE);
    open_table(f, "v");
}

/* Last: the flag cannot be lowered again. */
static void interrupt_stops_a_scan(void **state)
{
    struct fixture *f = *state;
    uint64_t rows;
    make(f, "CREATE TABLE t(a INT); INSERT INTO t VALUES (1)");
    open_table(f, "t");
    const char *const cols[] = {"a"};
    struct assay_scan *s = scan(f, &(struct assay_scan_opts){.columns = cols, .n_columns = 1});
    assay_interrupt_install();
    raise(SIGINT);
    assert_int_equal(drain(f, s, NULL, &rows), ASSAY_EINTR);
    assay_sqlite_reader.scan_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(values_follow_storage_not_declaration, setup, teardown),
        cmocka_unit_test_setup_teardown(declared_types, setup, teardown),
        cmocka_unit_test_setup_teardown(keys, setup, teardown),
        cmocka_unit_test_setup_teardown(undeclared_types_follow_content, setup, teardown),
        cmocka_unit_test_setup_teardown(awkward_names, setup, teardown),
        cmocka_unit_test_setup_teardown(empty_table, setup, teardown),
        cmocka_unit_test_setup_teardown(not_there, setup, teardown),
        cmocka_unit_test_setup_teardown(corruption_is_not_an_end, setup, teardown),
        cmocka_unit_test_setup_teardown(a_lock_is_named, setup, teardown),
        cmocka_unit_test_setup_teardown(snapshot_under_a_writer, setup, teardown),
        cmocka_unit_test_setup_teardown(closed_wal_in_a_readonly_place, setup, teardown),
        cmocka_unit_test_setup_teardown(abandoned_wal_is_never_ignored, setup, teardown),
        cmocka_unit_test_setup_teardown(utf16, setup, teardown),
        cmocka_unit_test_setup_teardown(many_rows_and_wide_ones, setup, teardown),
        cmocka_unit_test_setup_teardown(two_scans_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(samples, setup, teardown),
        cmocka_unit_test_setup_teardown(hostile_view_fails_cleanly, setup, teardown),
        cmocka_unit_test_setup_teardown(interrupt_stops_a_scan, setup, teardown),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
