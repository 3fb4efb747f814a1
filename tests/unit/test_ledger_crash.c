/* An append that is cut short at every single call that changes a file, or that sends to the server of the database: by
 * SIGKILL before it, in the middle of its bytes and behind it, and by a disk that is full from there on. After each:
 * what was attested before is there and verifies, the batch is there as a whole or not at all, and the next append goes
 * on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../verify/ledger/store.h"
#include "../support/ledger_fixture.h"
#include "assay/publish.h"

/* ---- standing in for libc's calls, for SQLite too ---- */

enum mode { OFF, BEFORE, TORN, BEHIND, FULL };
static enum mode mode;
static long calls, at; /* the call that is cut short; from 1 */

static void *real(const char *name)
{
    void *f = dlsym(RTLD_NEXT, name);
    if (!f)
        abort();
    return f;
}

static void die(void)
{
    raise(SIGKILL);
}

/* Whether this call is to fail for lack of space; kills when it is the one. */
static bool reached(void)
{
    if (mode == OFF)
        return false;
    calls++;
    if (mode == FULL)
        return calls >= at;
    if (mode == BEFORE && calls == at)
        die();
    return false;
}

static long behind(long result)
{
    if (mode == BEHIND && calls == at)
        die();
    return result;
}

static bool torn(void)
{
    return mode == TORN && calls == at;
}

static const struct {
    int why;
    const char *says;
} no_room[] = {
    {ENOSPC, "the disk is full; nothing attested before is lost: make room, then run the same again"},
    {EDQUOT, "the disk quota is used up; nothing attested before is lost: make room, then run the same again"},
    {EFBIG, "it may not become so large; nothing attested before is lost: raise the limit (ulimit -f), then"},
    {EROFS, "is read-only; nothing attested before is lost: make it writable, then run the same again"},
};
static size_t lacks; /* which of them it is */

static long full(void)
{
    errno = no_room[lacks].why;
    return -1;
}

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */
ssize_t write(int fd, const void *p, size_t n)
{
    ssize_t (*f)(int, const void *, size_t) = (ssize_t(*)(int, const void *, size_t))real("write");
    if (fd <= 2)
        return f(fd, p, n);
    if (reached())
        return full();
    if (torn()) {
        f(fd, p, n / 2);
        die();
    }
    return behind(f(fd, p, n));
}

/* What libpq sends with. */
ssize_t send(int fd, const void *p, size_t n, int flags)
{
    ssize_t (*f)(int, const void *, size_t, int) = (ssize_t(*)(int, const void *, size_t, int))real("send");
    if (reached())
        return full();
    if (torn()) {
        f(fd, p, n / 2, flags);
        die();
    }
    return behind(f(fd, p, n, flags));
}

static ssize_t positioned(const char *name, int fd, const void *p, size_t n, off_t where)
{
    ssize_t (*f)(int, const void *, size_t, off_t) = (ssize_t(*)(int, const void *, size_t, off_t))real(name);
    if (reached())
        return full();
    if (torn()) {
        f(fd, p, n / 2, where);
        die();
    }
    return behind(f(fd, p, n, where));
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t where)
{
    return positioned("pwrite", fd, p, n, where);
}

ssize_t pwrite64(int fd, const void *p, size_t n, off_t where)
{
    return positioned("pwrite64", fd, p, n, where);
}

#define ONE(name, types, args, ...)                                                                                    \
    int name types                                                                                                     \
    {                                                                                                                  \
        int(*f) types = (int(*) types)real(#name);                                                                     \
        if (reached())                                                                                                 \
            return (int)full();                                                                                        \
        return (int)behind(f args);                                                                                    \
    }
ONE(fsync, (int fd), (fd))
ONE(fdatasync, (int fd), (fd))
ONE(ftruncate, (int fd, off_t n), (fd, n))
ONE(ftruncate64, (int fd, off_t n), (fd, n))
ONE(rename, (const char *a, const char *b), (a, b))
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */

/* ---- one append ---- */

static struct ledger_fixture f;
static struct assay_buf note[3];
static struct assay_ledger_item item[3];

static int enter(void **state)
{
    (void)state;
    ledger_fixture_make(&f);
    ledger_fixture_fill(&f, 0, 6);
    return 0;
}

static int leave(void **state)
{
    (void)state;
    ledger_fixture_remove(&f);
    return 0;
}

static void make_notes(unsigned first)
{
    for (unsigned i = 0; i < 3; i++) {
        note[i] = ledger_fixture_note(&f, ASSAY_ROLE_SOURCE, ASSAY_ROLE_SOURCE, first + i);
        item[i] = (struct assay_ledger_item){note[i].ptr, note[i].len, false};
    }
}

static void drop_notes(void)
{
    for (unsigned i = 0; i < 3; i++)
        assay_buf_release(&note[i]);
}

static enum assay_status append_three(const struct ledger_fixture *to, struct assay_err *e)
{
    struct assay_ledger *l = NULL;
    enum assay_status s = assay_ledger_open_append(to->db, to->keys, &l, e);
    if (s == ASSAY_OK)
        s = assay_ledger_append(l, item, 3, e);
    assay_ledger_close(l);
    mode = OFF;
    return s;
}

/* Nothing lost, nothing halved; and it goes on. Returns whether the batch was in. */
static bool whole(const struct ledger_fixture *c, long n)
{
    struct assay_err e = {0};
    assert_string_equal(ledger_fixture_verify(c, NULL), "");
    uint64_t size = ledger_fixture_size(c);
    if (size != 6 && size != 9)
        fail_msg("call %ld: %llu leaves", n, (unsigned long long)size);
    if (append_three(c, &e) != ASSAY_OK) /* the same notes: what is there is not added again */
        fail_msg("call %ld: the next append: %s", n, e.msg);
    assert_int_equal(ledger_fixture_size(c), 9);
    assert_string_equal(ledger_fixture_verify(c, NULL), "");
    return size == 9;
}

static void killed_at_every_call(enum mode how)
{
    unsigned before = 0, in = 0;
    make_notes(6);
    for (long n = 1;; n++) {
        struct ledger_fixture c;
        int status;
        ledger_fixture_copy(&f, &c);
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            struct assay_err e = {0};
            calls = 0;
            at = n;
            mode = how;
            _exit(append_three(&c, &e) == ASSAY_OK ? 0 : 1);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        bool killed = WIFSIGNALED(status);
        assert_true(killed || WEXITSTATUS(status) == 0);
        if (whole(&c, n))
            in++;
        else
            before++;
        ledger_fixture_remove(&c);
        if (!killed && how != TORN)
            break;
        if (!killed && n > 200) /* a call that writes nothing cannot be torn */
            break;
        if (how == TORN && n > 60)
            break;
    }
    assert_true(before > 3 && in > 3);
    drop_notes();
}

static void test_killed_before(void **state)
{
    (void)state;
    killed_at_every_call(BEFORE);
}

static void test_killed_inside(void **state)
{
    (void)state;
    killed_at_every_call(TORN);
}

static void test_killed_behind(void **state)
{
    (void)state;
    killed_at_every_call(BEHIND);
}

static void test_full_from_every_call_on(void **state)
{
    unsigned refused = 0;
    (void)state;
    make_notes(6);
    for (long n = 1;; n++) {
        struct ledger_fixture c;
        struct assay_err e = {0};
        ledger_fixture_copy(&f, &c);
        calls = 0;
        at = n;
        mode = FULL;
        lacks = (size_t)n % (sizeof no_room / sizeof *no_room);
        enum assay_status s = append_three(&c, &e);
        bool all = calls < n;
        if (s != ASSAY_OK && (s != ASSAY_ESTORE || !strstr(e.msg, no_room[lacks].says))) /* no damage */
            fail_msg("call %ld: status %d \"%s\"", n, s, e.msg);
        refused += s == ASSAY_ESTORE;
        whole(&c, n);
        ledger_fixture_remove(&c);
        if (all)
            break;
    }
    assert_true(refused > 5);
    drop_notes();
}

/* ---- a write-ahead log that lost its end, or a byte ---- */

static void put_file(const char *path, const char *suffix, const struct assay_buf *b, size_t n)
{
    char name[320];
    snprintf(name, sizeof name, "%s%s", path, suffix);
    assert_int_equal(assay_publish(name, 0600, b->ptr, n, NULL), ASSAY_OK);
}

static void test_torn_log(void **state)
{
    struct assay_buf db = {0}, wal = {0}, published = {0};
    char name[320];
    int status;
    unsigned refused = 0, good = 0;
    (void)state;
    make_notes(6);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) { /* dies after publishing, before the log is folded into the file */
        struct assay_ledger *l = ledger_fixture_open(&f, true);
        if (assay_ledger_append(l, item, 3, NULL) != ASSAY_OK)
            _exit(1);
        die();
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(assay_slurp(f.db, 1u << 24, &db, NULL), ASSAY_OK);
    snprintf(name, sizeof name, "%s-wal", f.db);
    assert_int_equal(assay_slurp(name, 1u << 24, &wal, NULL), ASSAY_OK);
    assert_int_equal(assay_slurp(f.published, 1u << 16, &published, NULL), ASSAY_OK);
    assert_true(wal.len > 4096);
    for (size_t i = 0; i <= 40; i++) {
        struct ledger_fixture c;
        enum assay_status s;
        size_t cut = i < 20 ? wal.len * i / 20 : wal.len, flip = wal.len * (i - 20) / 20;
        ledger_fixture_copy(&f, &c);
        if (i >= 20 && flip < wal.len)
            wal.ptr[flip] ^= 1;
        put_file(c.db, "", &db, db.len);
        put_file(c.db, "-wal", &wal, cut);
        if (i >= 20 && flip < wal.len)
            wal.ptr[flip] ^= 1;
        const char *says = ledger_fixture_verify(&c, &s);
        if (s == ASSAY_OK) {
            good++;
            assert_int_equal(ledger_fixture_size(&c), 9);
        } else {
            refused++;
            assert_int_equal(s, ASSAY_ELEDGER);
            if (!strstr(says, "published checkpoint is for 9 leaves, the database has 6"))
                fail_msg("%zu: %s", i, says);
        }
        ledger_fixture_remove(&c);
    }
    assert_true(refused > 10 && good > 0);
    assay_buf_release(&db);
    assay_buf_release(&wal);
    assay_buf_release(&published);
    drop_notes();
}

/* ---- the same against a server: one ledger that goes on, since a copy of a database takes its time ---- */

/* The server may not have noticed yet that the other end is dead: its lock is waited for. Returns the leaves there are.
 */
static uint64_t append_waiting(long n)
{
    struct assay_err e = {0};
    struct assay_ledger *l = NULL;
    enum assay_status s = assay_ledger_open_append_wait(f.db, f.keys, 30000, NULL, &l, &e);
    if (s == ASSAY_OK)
        s = assay_ledger_append(l, item, 3, &e);
    if (s != ASSAY_OK)
        fail_msg("call %ld: the next append: %s", n, e.msg);
    uint64_t size = assay_ledger_size(l);
    assay_ledger_close(l);
    return size;
}

static void assert_whole(long n)
{
    const char *says = ledger_fixture_verify(&f, NULL);
    if (says[0])
        fail_msg("call %ld: %s", n, says);
}

static bool killed_at_call(enum mode how, long n)
{
    struct assay_err e = {0};
    int status;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        calls = 0;
        at = n;
        mode = how;
        _exit(append_three(&f, &e) == ASSAY_OK ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    bool killed = WIFSIGNALED(status);
    if (!killed && WEXITSTATUS(status))
        fail_msg("call %ld: the append itself failed", n);
    return killed;
}

/* Before every one of them; a kill behind one is a kill before the next. Opening to append looks at the whole tail; all
 * of it is verified now and then, and at the end. */
static void test_killed_at_every_send(void **state)
{
    uint64_t size = ledger_fixture_size(&f);
    bool killed = true;
    long n = 0;
    (void)state;
    while (killed) {
        make_notes(100 + 3 * (unsigned)n);
        killed = killed_at_call(BEFORE, ++n);
        uint64_t now = append_waiting(n);
        if (now != size + 3) /* lost, halved or doubled */
            fail_msg("call %ld: %llu leaves after %llu", n, (unsigned long long)now, (unsigned long long)size);
        size = now;
        drop_notes();
        if (n % 8 == 0 || !killed)
            assert_whole(n);
    }
    assert_true(n > 20);
}

int main(void)
{
    const struct CMUnitTest remote[] = {cmocka_unit_test(test_killed_at_every_send)};
    if (ledger_fixture_remote())
        return !!cmocka_run_group_tests(remote, enter, leave);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_killed_before),           cmocka_unit_test(test_killed_inside),
        cmocka_unit_test(test_killed_behind),           cmocka_unit_test(test_full_from_every_call_on),
        cmocka_unit_test_teardown(test_torn_log, NULL),
    };
    return !!cmocka_run_group_tests(tests, enter, leave);
}
