#include "ledger_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../verify/ledger/store.h"
#include "assay/digest.h"
#include "assay/keys.h"
#include "assay/publish.h"

static const char plan[] = "{\"a plan\":1}";

#define MUST(call)                                                                                                     \
    do {                                                                                                               \
        e = (struct assay_err){0};                                                                                     \
        if ((call) != ASSAY_OK)                                                                                        \
            fail_msg("%s: %s", #call, e.msg);                                                                          \
    } while (0)

static const char *server(void)
{
    return getenv("ASSAY_TEST_LEDGER");
}

bool ledger_fixture_remote(void)
{
    return server() != NULL;
}

/* The database of a fixture is called after its directory. */
static const char *database(const struct ledger_fixture *f)
{
    return strrchr(f->dir, '/') + 1;
}

static void shell(const char *fmt, const char *a, const char *b)
{
    char command[512];
    snprintf(command, sizeof command, fmt, a, b);
    if (system(command))
        fail_msg("%s", command);
}

static void place(struct ledger_fixture *f)
{
    snprintf(f->dir, sizeof f->dir, "/tmp/assay-ledger-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->keys, sizeof f->keys, "%s/keys", f->dir);
    if (!server()) {
        snprintf(f->db, sizeof f->db, "%s/ledger.db", f->dir);
        snprintf(f->published, sizeof f->published, "%s.checkpoint", f->db);
        return;
    }
    const char *hole = strstr(server(), "%s");
    assert_non_null(hole);
    snprintf(f->db, sizeof f->db, "%.*s%s%s", (int)(hole - server()), server(), database(f), hole + 2);
    snprintf(f->published, sizeof f->published, "%s.checkpoint", f->keys);
}

void ledger_fixture_make(struct ledger_fixture *f)
{
    struct assay_err e;
    place(f);
    if (server())
        shell("createdb %s", database(f), "");
    MUST(assay_keys_init(f->keys, "assay.local/test", &e));
    MUST(assay_ledger_create(f->db, "assay.local/test", &e));
}

void ledger_fixture_remove(struct ledger_fixture *f)
{
    if (server())
        shell("dropdb --force %s", database(f), "");
    shell("rm -rf %s", f->dir, "");
}

static void copy_file(const char *from, const char *to)
{
    struct assay_err e;
    struct assay_buf b = {0};
    if (access(from, F_OK))
        return;
    MUST(assay_slurp(from, 1u << 27, &b, &e));
    MUST(assay_publish(to, 0600, b.ptr, b.len, &e));
    assay_buf_release(&b);
}

void ledger_fixture_copy(const struct ledger_fixture *f, struct ledger_fixture *to)
{
    place(to);
    assert_int_equal(symlink(f->keys, to->keys), 0);
    if (server())
        shell("createdb --template=%s %s", database(f), database(to));
    else
        copy_file(f->db, to->db);
    copy_file(f->published, to->published);
}

struct assay_buf ledger_fixture_text(enum assay_role role, unsigned n)
{
    static const char *const kind[] = {"plan", "chunk", "chunk", "verdict", "checkpoint"};
    struct assay_buf b = {0};
    uint8_t hash[32];
    assay_sha256(plan, sizeof plan - 1, hash);
    bool ok = assay_stmt_begin(&b, kind[role]) == ASSAY_OK;
    if (role == ASSAY_ROLE_SOURCE || role == ASSAY_ROLE_ARCHIVE)
        ok = ok && assay_stmt_add(&b, "role", assay_role_name(role)) == ASSAY_OK;
    ok = ok && assay_stmt_addf(&b, "run", "run-%u", n / 10) == ASSAY_OK &&
         assay_stmt_addf(&b, "dataset", "set-%u", n % 2) == ASSAY_OK &&
         assay_stmt_addhex(&b, "plan", "sha256:", hash, 32) == ASSAY_OK &&
         assay_stmt_addf(&b, "segment", "2024-%02u", n % 12 + 1) == ASSAY_OK &&
         assay_stmt_addf(&b, "chunk", "%032x", n) == ASSAY_OK && assay_stmt_addf(&b, "rows", "%u", n * 7) == ASSAY_OK;
    assert_true(ok);
    return b;
}

struct assay_buf ledger_fixture_note(const struct ledger_fixture *f, enum assay_role says, enum assay_role signs,
                                     unsigned n)
{
    struct assay_buf text = ledger_fixture_text(says, n), note = {0};
    struct assay_key *k;
    struct assay_err e;
    MUST(assay_keys_load(f->keys, signs, &k, &e));
    MUST(assay_note_sign(k, (const char *)text.ptr, text.len, &note, &e));
    assay_key_free(k);
    assay_buf_release(&text);
    return note;
}

void ledger_fixture_fill(const struct ledger_fixture *f, unsigned first, unsigned n)
{
    struct assay_sink *s;
    struct assay_err e;
    uint8_t hash[32];
    MUST(assay_sink_ledger(f->db, f->keys, ASSAY_ROLE_SOURCE, &s, &e));
    MUST(assay_sink_blob(s, plan, sizeof plan - 1, hash, &e));
    for (unsigned i = first; i < first + n; i++) {
        struct assay_buf text = ledger_fixture_text(ASSAY_ROLE_SOURCE, i);
        MUST(assay_sink_stmt(s, &text, &e));
        assay_buf_release(&text);
    }
    MUST(assay_sink_commit(s, &e));
    assay_sink_free(s);
}

void ledger_fixture_end_run(const struct assay_sink *sink, struct assay_buf *text)
{
    struct assay_err e;
    uint64_t leaves;
    uint8_t root[32];
    assay_sink_run_root(sink, &leaves, root);
    MUST(assay_stmt_addf(text, "leaves", "%llu", (unsigned long long)leaves));
    MUST(assay_stmt_addhex(text, "root", "sha256:", root, 32));
}

struct assay_ledger *ledger_fixture_open(const struct ledger_fixture *f, bool append)
{
    struct assay_ledger *l;
    struct assay_err e;
    if (append) /* the server may still be ending the session of a process that was killed */
        MUST(assay_ledger_open_append_wait(f->db, f->keys, server() ? 10000 : 0, NULL, &l, &e));
    else
        MUST(assay_ledger_open(f->db, f->keys, &l, &e));
    return l;
}

const char *ledger_fixture_verify(const struct ledger_fixture *f, enum assay_status *status)
{
    static struct assay_err e;
    struct assay_ledger *l = NULL;
    struct assay_ledger_stats st;
    assay_err_reset(&e);
    enum assay_status s = assay_ledger_open(f->db, f->keys, &l, &e);
    if (s == ASSAY_OK)
        s = assay_ledger_verify(l, &st, &e);
    assert_int_equal(s == ASSAY_OK, e.msg[0] == '\0');
    assay_ledger_close(l);
    if (status)
        *status = s;
    return e.msg;
}

uint64_t ledger_fixture_size(const struct ledger_fixture *f)
{
    struct assay_ledger *l = ledger_fixture_open(f, false);
    uint64_t n = assay_ledger_size(l);
    assay_ledger_close(l);
    return n;
}
