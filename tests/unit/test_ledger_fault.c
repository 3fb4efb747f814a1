/* The ledger when things fail: no memory, a full disk, a killed process, a restored backup, two programs at once. After
 * each: what was committed is there and verifies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../verify/ledger/store_sqlite.h"
#include "../support/ledger_fixture.h"
#include "assay/publish.h"

static struct ledger_fixture f;

static int enter(void **state)
{
    (void)state;
    ledger_fixture_make(&f);
    ledger_fixture_fill(&f, 0, 5);
    return 0;
}

static int leave(void **state)
{
    (void)state;
    ledger_fixture_remove(&f);
    return 0;
}

/* ---- allocations that fail: SQLite's through its own hook, ours by standing in for malloc ---- */

static long fail_at; /* counts down; the allocation that reaches 0 and all after it fail. 0 before: off */
static bool failing; /* reached */

static bool fails(void)
{
    if (failing)
        return true;
    if (!fail_at || --fail_at)
        return false;
    return failing = true;
}

static sqlite3_mem_methods plain;

static void *hooked_malloc(int n)
{
    return fails() ? NULL : plain.xMalloc(n);
}

static void *hooked_realloc(void *p, int n)
{
    return fails() ? NULL : plain.xRealloc(p, n);
}

static void hook_sqlite(void)
{
    sqlite3_mem_methods hooked;
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &plain), SQLITE_OK);
    hooked = plain;
    hooked.xMalloc = hooked_malloc;
    hooked.xRealloc = hooked_realloc;
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_MALLOC, &hooked), SQLITE_OK);
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0), SQLITE_OK);
}

#ifndef __SANITIZE_ADDRESS__ /* the sanitizer has a malloc of its own; under it SQLite's allocations fail, not ours */
extern char __executable_start, etext; /* from the linker: only callers in this program fail, not those in libraries */
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);

static bool ours(const void *caller)
{
    return (const char *)caller >= &__executable_start && (const char *)caller < &etext;
}

void *malloc(size_t n) // NOLINT(readability-inconsistent-declaration-parameter-name)
{
    return ours(__builtin_return_address(0)) && fails() ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size) // NOLINT(readability-inconsistent-declaration-parameter-name)
{
    return ours(__builtin_return_address(0)) && fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t n) // NOLINT(readability-inconsistent-declaration-parameter-name)
{
    return ours(__builtin_return_address(0)) && fails() ? NULL : __libc_realloc(p, n);
}
#endif

/* Every one of the first, then ever fewer: the later ones are alike (row after row). */
static long step(long n)
{
    return n < 60 ? 1 : n / 30;
}

static const char plan[] = "{\"a plan\":1}";

/* Open, append three chunks, close. */
static enum assay_status append_once(unsigned first)
{
    struct assay_ledger *l = NULL;
    struct assay_err e = {0};
    struct assay_buf note[3];
    struct assay_ledger_item item[4] = {{plan, sizeof plan - 1, true}};
    long at = fail_at;
    fail_at = 0;
    for (unsigned i = 0; i < 3; i++) {
        note[i] = ledger_fixture_note(&f, ASSAY_ROLE_SOURCE, ASSAY_ROLE_SOURCE, first + i);
        item[i + 1] = (struct assay_ledger_item){note[i].ptr, note[i].len, false};
    }
    fail_at = at;
    enum assay_status s = assay_ledger_open_append(f.db, f.keys, &l, &e);
    if (s == ASSAY_OK)
        s = assay_ledger_append(l, item, 4, &e);
    assert_int_equal(s, e.code);
    assert_int_equal(s == ASSAY_OK, e.msg[0] == '\0');
    assay_ledger_close(l);
    fail_at = 0;
    for (unsigned i = 0; i < 3; i++)
        assay_buf_release(&note[i]);
    return s;
}

static void test_every_allocation(void **state)
{
    long n = 1;
    (void)state;
    for (;; n += step(n)) {
        fail_at = n;
        failing = false;
        enum assay_status s = append_once(5);
        bool reached = failing;
        failing = false;
        if (!reached) {
            assert_int_equal(s, ASSAY_OK);
            break;
        }
        /* A commit may be through before memory ran out; then only publishing or closing felt it. Never "broken". */
        if (s != ASSAY_ENOMEM && s != ASSAY_OK)
            fail_msg("allocation %ld: status %d", n, s);
        if (n % 8 == 1 || s == ASSAY_OK)
            assert_string_equal(ledger_fixture_verify(&f, NULL), "");
        uint64_t size = ledger_fixture_size(&f);
        assert_true(size == 5 || size == 8);
    }
    assert_true(n > 100);
    assert_int_equal(ledger_fixture_size(&f), 8);
    assert_string_equal(ledger_fixture_verify(&f, NULL), "");
}

static void test_every_allocation_of_verify(void **state)
{
    (void)state;
    for (long n = 1;; n += step(n)) {
        struct assay_ledger *l = NULL;
        struct assay_ledger_stats st;
        struct assay_err e = {0};
        fail_at = n;
        failing = false;
        enum assay_status s = assay_ledger_open(f.db, f.keys, &l, &e);
        if (s == ASSAY_OK)
            s = assay_ledger_verify(l, &st, &e);
        fail_at = 0;
        bool reached = failing;
        failing = false;
        assay_ledger_close(l);
        if (!reached) {
            assert_int_equal(s, ASSAY_OK);
            assert_true(n > 50);
            return;
        }
        if (s != ASSAY_ENOMEM && s != ASSAY_OK) /* a lack of memory is no damage */
            fail_msg("allocation %ld: status %d \"%s\"", n, s, e.msg);
    }
}

/* ---- the disk ---- */

static enum assay_status append_open(struct assay_ledger *l, unsigned first, unsigned n, struct assay_err *e)
{
    enum assay_status s = ASSAY_OK;
    struct assay_buf *note = calloc(n, sizeof *note);
    struct assay_ledger_item *item = calloc(n, sizeof *item);
    for (unsigned i = 0; i < n; i++) {
        note[i] = ledger_fixture_note(&f, ASSAY_ROLE_SOURCE, ASSAY_ROLE_SOURCE, first + i);
        item[i] = (struct assay_ledger_item){note[i].ptr, note[i].len, false};
    }
    s = assay_ledger_append(l, item, n, e);
    for (unsigned i = 0; i < n; i++)
        assay_buf_release(&note[i]);
    free(note);
    free(item);
    return s;
}

static void test_full_disk(void **state)
{
    struct assay_err e = {0};
    uint64_t pages;
    char sql[64];
    (void)state;
    struct assay_ledger *l = ledger_fixture_open(&f, true);
    assert_int_equal(assay_lite_number(l->db, "PRAGMA page_count", 0, &pages, NULL), ASSAY_OK);
    snprintf(sql, sizeof sql, "PRAGMA max_page_count = %llu", (unsigned long long)pages);
    assert_int_equal(assay_lite_exec(l->db, sql, "limit", &e), ASSAY_OK);
    assert_int_equal(append_open(l, 5, 200, &e), ASSAY_ESTORE);
    assert_non_null(strstr(e.msg, "the disk is full"));
    assert_int_equal(assay_ledger_size(l), 5);
    assert_string_equal(ledger_fixture_verify(&f, NULL), "");
    assert_int_equal(assay_lite_exec(l->db, "PRAGMA max_page_count = 100000", "limit", NULL), ASSAY_OK);
    assay_err_reset(&e);
    assert_int_equal(append_open(l, 5, 200, &e), ASSAY_OK); /* the same handle goes on */
    assay_ledger_close(l);
    assert_int_equal(ledger_fixture_size(&f), 205);
    assert_string_equal(ledger_fixture_verify(&f, NULL), "");
}

static void test_read_only_and_busy(void **state)
{
    struct assay_err e = {0};
    sqlite3 *other;
    (void)state;
    struct assay_ledger *l = ledger_fixture_open(&f, true);
    assert_int_equal(assay_lite_exec(l->db, "PRAGMA query_only = ON", "limit", NULL), ASSAY_OK);
    assert_int_equal(append_open(l, 5, 1, &e), ASSAY_ESTORE);
    assert_non_null(strstr(e.msg, "read-only"));
    assert_int_equal(assay_lite_exec(l->db, "PRAGMA query_only = OFF", "limit", NULL), ASSAY_OK);

    assert_int_equal(sqlite3_open(f.db, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_busy_timeout(l->db->handle, 1);
    assay_err_reset(&e);
    assert_int_equal(append_open(l, 5, 1, &e), ASSAY_ELOCKED);
    assert_non_null(strstr(e.msg, "another program holds the database"));
    sqlite3_close(other);
    assay_err_reset(&e);
    assert_int_equal(append_open(l, 5, 1, &e), ASSAY_OK);
    assay_ledger_close(l);
    assert_string_equal(ledger_fixture_verify(&f, NULL), "");
}

/* The checkpoint cannot be written beside the database: said, nothing lost, and the next opening heals it. */
static void test_unpublished(void **state)
{
    struct assay_err e = {0};
    char in_the_way[ASSAY_MAX_PATH];
    (void)state;
    struct assay_ledger *l = ledger_fixture_open(&f, true);
    for (unsigned i = 0; i < ASSAY_MAX_LEFTOVERS; i++) {
        assert_int_equal(close(assay_create_beside(f.published, 0600, in_the_way)), 0);
        if (i == ASSAY_MAX_LEFTOVERS - 2) /* others' are in nobody's way as long as there is a name left */
            assert_int_equal(append_open(l, 5, 1, &e), ASSAY_OK);
    }
    assert_int_equal(append_open(l, 6, 1, &e), ASSAY_ESTORE);
    assert_non_null(strstr(e.msg, "the leaves are committed, but their checkpoint is not published"));
    assert_int_equal(assay_ledger_size(l), 7);
    assert_int_equal(unlink(in_the_way), 0);
    assert_string_equal(ledger_fixture_verify(&f, NULL), ""); /* behind, but consistent */
    assay_err_reset(&e);
    assert_int_equal(append_open(l, 7, 1, &e), ASSAY_OK);
    assay_ledger_close(l);
    assert_string_equal(ledger_fixture_verify(&f, NULL), "");
}

static bool same_file(const char *a, const struct assay_buf *b)
{
    struct assay_buf now = {0};
    assert_int_equal(assay_slurp(a, 65536, &now, NULL), ASSAY_OK);
    bool same = now.len == b->len && memcmp(now.ptr, b->ptr, b->len) == 0;
    assay_buf_release(&now);
    return same;
}

/* The same by hand: an older checkpoint file (or none, after the very first commit) is a crash, not damage. */
static void test_heal(void **state)
{
    struct assay_buf old = {0}, new = {0};
    (void)state;
    assert_int_equal(assay_slurp(f.published, 65536, &old, NULL), ASSAY_OK);
    assert_int_equal(unlink(f.published), 0);
    assert_string_equal(ledger_fixture_verify(&f, NULL), "");
    assay_ledger_close(ledger_fixture_open(&f, true));
    assert_true(same_file(f.published, &old));
    ledger_fixture_fill(&f, 5, 3);
    assert_int_equal(assay_slurp(f.published, 65536, &new, NULL), ASSAY_OK);
    assert_false(same_file(f.published, &old));
    assert_int_equal(assay_publish(f.published, 0644, old.ptr, old.len, NULL), ASSAY_OK);
    assert_string_equal(ledger_fixture_verify(&f, NULL), "");
    assay_ledger_close(ledger_fixture_open(&f, true));
    assert_true(same_file(f.published, &new));
    assay_buf_release(&old);
    assay_buf_release(&new);
}

/* ---- backups ---- */

static void test_restored_backup(void **state)
{
    struct ledger_fixture backup;
    struct assay_err e = {0};
    struct assay_ledger *l;
    (void)state;
    ledger_fixture_copy(&f, &backup);
    ledger_fixture_fill(&f, 5, 3);
    struct assay_buf newest = {0};
    assert_int_equal(assay_slurp(f.published, 65536, &newest, NULL), ASSAY_OK);
    assert_int_equal(assay_publish(backup.published, 0644, newest.ptr, newest.len, NULL), ASSAY_OK);
    assert_int_equal(assay_ledger_open_append(backup.db, backup.keys, &l, &e), ASSAY_ELEDGER);
    assert_non_null(strstr(e.msg, "published checkpoint is for 8 leaves, the database has 5"));
    enum assay_status s;
    assert_non_null(strstr(ledger_fixture_verify(&backup, &s), "is for 8 leaves, the database has 5"));
    assert_int_equal(s, ASSAY_ELEDGER);

    /* And one that somebody went on with: as long, but another log. */
    assert_int_equal(unlink(backup.published), 0);
    ledger_fixture_fill(&backup, 100, 4);
    assert_int_equal(assay_publish(backup.published, 0644, newest.ptr, newest.len, NULL), ASSAY_OK);
    assay_err_reset(&e);
    assert_int_equal(assay_ledger_open_append(backup.db, backup.keys, &l, &e), ASSAY_ELEDGER);
    assert_non_null(
        strstr(e.msg, "published checkpoint of size 8: its root is not that of the database's first 8 leaves"));
    assay_buf_release(&newest);
    ledger_fixture_remove(&backup);
}

/* ---- several programs ---- */

static void test_two_appenders(void **state)
{
    struct assay_err e = {0};
    struct assay_ledger *a = ledger_fixture_open(&f, true), *b = NULL;
    char want[96];
    int status;
    (void)state;
    snprintf(want, sizeof want, ledger_fixture_remote() ? "assay %ld at " : "process %ld is appending to this ledger",
             (long)getpid());
    assert_int_equal(assay_ledger_open_append(f.db, f.keys, &b, &e), ASSAY_ELOCKED);
    assert_non_null(strstr(e.msg, want));
    assert_null(b);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        struct assay_err ce = {0};
        enum assay_status s = assay_ledger_open_append(f.db, f.keys, &b, &ce);
        _exit(s == ASSAY_ELOCKED && strstr(ce.msg, want) ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_string_equal(ledger_fixture_verify(&f, NULL), ""); /* readers are not kept out */
    assay_ledger_close(a);
    assay_err_reset(&e);
    assert_int_equal(assay_ledger_open_append(f.db, f.keys, &b, &e), ASSAY_OK);
    assay_ledger_close(b);
}

/* A server takes its time over a connection. */
static unsigned per_sink(void)
{
    return ledger_fixture_remote() ? 8 : 40;
}

static void child_sink(enum assay_role role, unsigned first)
{
    struct assay_err e = {0};
    struct assay_sink *s;
    uint8_t hash[32];
    if (assay_sink_ledger(f.db, f.keys, role, &s, &e) != ASSAY_OK)
        _exit(2);
    for (unsigned i = 0; i < per_sink(); i++) {
        struct assay_buf text = ledger_fixture_text(role, first + i);
        if (assay_sink_blob(s, plan, sizeof plan - 1, hash, &e) != ASSAY_OK ||
            assay_sink_stmt(s, &text, &e) != ASSAY_OK || assay_sink_commit(s, &e) != ASSAY_OK)
            _exit(3);
        assay_buf_release(&text);
    }
    assay_sink_free(s);
    _exit(0);
}

/* The two checkers commit in turn into one ledger; nobody is turned away. */
static void test_two_sinks(void **state)
{
    static const enum assay_role role[] = {ASSAY_ROLE_SOURCE, ASSAY_ROLE_ARCHIVE, ASSAY_ROLE_RECONCILE};
    pid_t child[3];
    int status;
    (void)state;
    fflush(stdout);
    for (unsigned i = 0; i < 3; i++)
        if ((child[i] = fork()) == 0)
            child_sink(role[i], 100);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(waitpid(child[i], &status, 0), child[i]);
        assert_int_equal(status, 0);
    }
    assert_int_equal(ledger_fixture_size(&f), 5 + 3 * per_sink());
    assert_string_equal(ledger_fixture_verify(&f, NULL), "");
}

/* Sixteen at once, each leaf a commit of its own: they queue, the log has no gap, and every leaf is there once. */
static void child_writer(unsigned first)
{
    struct assay_err e = {0};
    for (unsigned i = 0; i < 4; i++) {
        struct assay_ledger *l = NULL;
        if (assay_ledger_open_append_wait(f.db, f.keys, 120 * 1000, NULL, &l, &e) != ASSAY_OK)
            _exit(2);
        if (append_open(l, first + i, 1, &e) != ASSAY_OK)
            _exit(3);
        assay_ledger_close(l);
    }
    _exit(0);
}

static bool count_each(void *ctx, const struct assay_leaf *leaf)
{
    uint64_t *next = ctx;
    assert_int_equal(leaf->index, *next);
    ++*next;
    return true;
}

static void test_sixteen_writers(void **state)
{
    pid_t child[16];
    int status;
    uint64_t next = 0;
    (void)state;
    fflush(stdout);
    for (unsigned i = 0; i < 16; i++)
        if ((child[i] = fork()) == 0)
            child_writer(100 + 10 * i);
    for (unsigned i = 0; i < 16; i++) {
        assert_int_equal(waitpid(child[i], &status, 0), child[i]);
        assert_int_equal(status, 0);
    }
    struct assay_ledger *l = ledger_fixture_open(&f, false);
    struct assay_ledger_query all = {0};
    assert_int_equal(assay_ledger_each(l, &all, count_each, &next, NULL), ASSAY_OK);
    assert_int_equal(next, 5 + 16 * 4);
    assay_ledger_close(l);
    assert_string_equal(ledger_fixture_verify(&f, NULL), "");
}

/* A child appends without end and reports each commit; it is killed at some moment. What it reported must be there. */
static void append_for_ever(int report, unsigned first)
{
    struct assay_err e = {0};
    struct assay_ledger *l;
    if (assay_ledger_open_append(f.db, f.keys, &l, &e) != ASSAY_OK)
        _exit(2);
    for (unsigned at = first;; at += 2) {
        if (append_open(l, at, 2, &e) != ASSAY_OK)
            _exit(3);
        uint64_t size = assay_ledger_size(l);
        if (write(report, &size, sizeof size) != sizeof size)
            _exit(4);
    }
}

static void test_kill(void **state)
{
    unsigned seed = 7, killed_late = 0;
    (void)state;
    for (unsigned round = 0; round < (ledger_fixture_remote() ? 8 : 25); round++) {
        int pipe_fd[2], status;
        uint64_t size = ledger_fixture_size(&f), told = size;
        assert_int_equal(pipe(pipe_fd), 0);
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            close(pipe_fd[0]);
            append_for_ever(pipe_fd[1], (unsigned)size + 1000 * round);
        }
        close(pipe_fd[1]);
        for (unsigned i = 0; i < round % 4 && read(pipe_fd[0], &told, sizeof told) == sizeof told; i++)
            killed_late++;
        seed = seed * 1103515245u + 12345u;
        for (volatile unsigned spin = seed % 4000000u; spin; spin--) /* no sleep: a moment inside a commit */
            ;
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        while (read(pipe_fd[0], &size, sizeof size) == sizeof size)
            told = size;
        close(pipe_fd[0]);
        assert_string_equal(ledger_fixture_verify(&f, NULL), "");
        size = ledger_fixture_size(&f);
        assert_true(size >= told);
        assert_int_equal(size % 2, 1); /* 5 and whole batches of two */
        assay_ledger_close(ledger_fixture_open(&f, true)); /* heals what was not published */
        assert_string_equal(ledger_fixture_verify(&f, NULL), "");
    }
    assert_true(killed_late > (ledger_fixture_remote() ? 5 : 10));
}

/* A reader that verifies while another program appends sees one whole state, never a false alarm. */
static void test_verify_while_appending(void **state)
{
    int pipe_fd[2], status;
    uint64_t size;
    (void)state;
    assert_int_equal(pipe(pipe_fd), 0);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        append_for_ever(pipe_fd[1], 1000);
    for (int i = 0; i < 15; i++) {
        assert_int_equal(read(pipe_fd[0], &size, sizeof size), sizeof size);
        assert_string_equal(ledger_fixture_verify(&f, NULL), "");
    }
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    close(pipe_fd[0]);
    close(pipe_fd[1]);
}

int main(void)
{
#define T(t) cmocka_unit_test_setup_teardown(t, enter, leave)
    const struct CMUnitTest of_sqlite[] = {
        T(test_every_allocation),
        T(test_every_allocation_of_verify),
        T(test_full_disk),
        T(test_read_only_and_busy),
    };
    const struct CMUnitTest tests[] = {
        T(test_unpublished),     T(test_heal), T(test_restored_backup),        T(test_two_appenders), T(test_two_sinks),
        T(test_sixteen_writers), T(test_kill), T(test_verify_while_appending),
    };
    hook_sqlite();
    if (!ledger_fixture_remote() && cmocka_run_group_tests(of_sqlite, NULL, NULL))
        return 1;
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
