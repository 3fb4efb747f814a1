/* A run whose chunks do not tile their segments cannot say that it ended well. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "../support/ledger_fixture.h"

static struct ledger_fixture f;

struct stated {
    const char *segment, *cut, *lo, *hi;
    unsigned ordinal;
    const char *chunks; /* not NULL: no chunk, but a cut of so many */
};

/* Chunks of one run, signed as they come; then, with an end: the run's end of that status. */
struct
try {
    struct stated s[6];
    const char *end, *refused; /* NULL: accepted */
};

static void add(struct assay_sink *sink, const char *set, const char *run, const struct stated *s)
{
    struct assay_buf b = {0};
    struct assay_err e = {0};
    bool ok = assay_stmt_begin(&b, s->chunks ? "cut" : "chunk") == ASSAY_OK &&
              assay_stmt_add(&b, "role", "source") == ASSAY_OK && assay_stmt_add(&b, "run", run) == ASSAY_OK &&
              assay_stmt_add(&b, "dataset", set) == ASSAY_OK && assay_stmt_add(&b, "segment", s->segment) == ASSAY_OK;
    ok = ok && assay_stmt_add(&b, "cut", s->cut) == ASSAY_OK;
    if (s->chunks)
        ok = ok && assay_stmt_add(&b, "chunks", s->chunks) == ASSAY_OK;
    else
        ok = ok && assay_stmt_addf(&b, "ordinal", "%u", s->ordinal) == ASSAY_OK;
    if (s->lo)
        ok = ok && assay_stmt_add(&b, "lo", s->lo) == ASSAY_OK;
    if (s->hi)
        ok = ok && assay_stmt_add(&b, "hi", s->hi) == ASSAY_OK;
    assert_true(ok);
    assert_int_equal(assay_sink_stmt(sink, &b, &e), ASSAY_OK);
    assay_buf_release(&b);
}

static void end(struct assay_sink *sink, const char *set, const char *run, const char *status)
{
    struct assay_buf b = {0};
    struct assay_err e = {0};
    assert_true(assay_stmt_begin(&b, "run-end") == ASSAY_OK && assay_stmt_add(&b, "role", "source") == ASSAY_OK &&
                assay_stmt_add(&b, "run", run) == ASSAY_OK && assay_stmt_add(&b, "dataset", set) == ASSAY_OK &&
                assay_stmt_add(&b, "status", status) == ASSAY_OK);
    ledger_fixture_end_run(sink, &b);
    assert_int_equal(assay_sink_stmt(sink, &b, &e), ASSAY_OK);
    assay_buf_release(&b);
}

static void start(struct assay_sink *sink, const char *set, const char *run)
{
    struct assay_buf b = {0};
    struct assay_err e = {0};
    assert_true(assay_stmt_begin(&b, "run-start") == ASSAY_OK && assay_stmt_add(&b, "role", "source") == ASSAY_OK &&
                assay_stmt_add(&b, "run", run) == ASSAY_OK && assay_stmt_add(&b, "dataset", set) == ASSAY_OK);
    assert_int_equal(assay_sink_stmt(sink, &b, &e), ASSAY_OK);
    assay_buf_release(&b);
}

static enum assay_status tried(const struct try *t, const char *set, const char *run, bool in_two, struct assay_err *e)
{
    struct assay_sink *sink;
    uint8_t hash[32];
    assert_int_equal(assay_sink_ledger(f.db, f.keys, ASSAY_ROLE_SOURCE, &sink, e), ASSAY_OK);
    assert_int_equal(assay_sink_blob(sink, "", 0, hash, e), ASSAY_OK);
    start(sink, set, run);
    for (size_t i = 0; i < sizeof t->s / sizeof *t->s && t->s[i].segment; i++)
        add(sink, set, run, &t->s[i]);
    if (in_two)
        assert_int_equal(assay_sink_commit(sink, e), ASSAY_OK);
    end(sink, set, run, t->end ? t->end : "ok");
    enum assay_status s = assay_sink_commit(sink, e);
    assay_sink_free(sink);
    return s;
}

#define A                                                                                                              \
    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" /* of what add() leaves as a blob        \
                                                                               */

static const struct try tries[] = {
    {.s = {{0}}},
    {.s = {{"all", A, NULL, NULL, 0, NULL}}},
    {.s = {{"all", A, NULL, "10", 0, NULL}, {"all", A, "10", "20", 1, NULL}, {"all", A, "20", NULL, 2, NULL}}},
    {.s = {{"all", A, "20", NULL, 2, NULL},
           {"b", A, NULL, NULL, 0, NULL},
           {"all", A, NULL, "10", 0, NULL},
           {"all", A, "10", "20", 1, NULL}}},
    {.s = {{"all", A, NULL, NULL, 0, NULL}, {"all", A, NULL, NULL, 1, NULL}, {"all", A, NULL, NULL, 0, "2"}}},
    {.s = {{"all", A, "10", "20", 1, NULL}, {"all", A, "20", NULL, 2, NULL}},
     .refused = "segment all, chunk 1: the chunks before it are missing"},
    {.s = {{"all", A, NULL, "10", 0, NULL}, {"all", A, "20", NULL, 2, NULL}},
     .refused = "segment all, chunk 2: the one before it is missing"},
    {.s = {{"all", A, NULL, "10", 0, NULL}, {"all", A, "10", "20", 1, NULL}},
     .refused = "segment all, chunk 1: the last one does not go on to the end"},
    {.s = {{"all", A, NULL, "10", 0, NULL}, {"all", A, "10", NULL, 1, NULL}, {"all", A, "10", NULL, 1, NULL}},
     .refused = "segment all, chunk 1: it is stated twice"},
    {.s = {{"all", A, NULL, "10", 0, NULL}, {"all", A, "11", NULL, 1, NULL}},
     .refused = "segment all, chunk 1: it does not begin where the one before it ends"},
    {.s = {{"all", A, NULL, "10", 0, NULL}, {"all", A, "9", NULL, 1, NULL}},
     .refused = "segment all, chunk 1: it does not begin where the one before it ends"},
    {.s = {{"all", A, "5", "10", 0, NULL}, {"all", A, "10", NULL, 1, NULL}},
     .refused = "segment all, chunk 0: the first one does not begin at the beginning"},
    {.s = {{"all", A, NULL, NULL, 0, NULL}, {"all", A, NULL, NULL, 0, "2"}},
     .refused = "segment all, chunk 0: the chunks behind it are missing"},
    {.s = {{"all", A, NULL, "10", 0, NULL}, {"all", A, "20", NULL, 2, NULL}}, .end = "interrupted"},
};

static void test_tiling(void **state)
{
    (void)state;
    ledger_fixture_make(&f);
    for (size_t i = 0; i < 2 * sizeof tries / sizeof *tries; i++) {
        const struct try *t = &tries[i / 2];
        struct assay_err e = {0};
        char run[16];
        snprintf(run, sizeof run, "run-%zu", i);
        enum assay_status s = tried(t, run, run, i % 2, &e);
        if (t->refused && (s != ASSAY_ELEDGER || !strstr(e.msg, t->refused)))
            fail_msg("case %zu: %d \"%s\", expected \"%s\"", i / 2, s, e.msg, t->refused);
        if (!t->refused && s != ASSAY_OK)
            fail_msg("case %zu: %s", i / 2, e.msg);
    }
    assert_string_equal(ledger_fixture_verify(&f, NULL), "");
    ledger_fixture_remove(&f);
}

/* Another run's chunks, or those of another role, do not fill the gap. */
static void test_others(void **state)
{
    (void)state;
    static const struct try half = {.s = {{"all", A, NULL, "10", 0, NULL}}, .end = "failed"},
                            rest = {.s = {{"all", A, "10", NULL, 1, NULL}},
                                    .refused = "segment all, chunk 1: the chunks before it are missing"};
    struct assay_err e = {0};
    ledger_fixture_make(&f);
    assert_int_equal(tried(&half, "set", "one", true, &e), ASSAY_OK);
    assert_int_equal(tried(&rest, "set", "two", true, &e), ASSAY_ELEDGER);
    assert_non_null(strstr(e.msg, rest.refused));
    ledger_fixture_remove(&f);
}

/* A run that is started again states its chunks again; what it stated before does not count, nor fill a gap. */
static void test_again(void **state)
{
    (void)state;
    static const struct try begun = {.s = {{"all", A, NULL, "10", 0, NULL}}, .end = "failed"},
                            whole = {.s = {{"all", A, NULL, "10", 0, NULL}, {"all", A, "10", NULL, 1, NULL}}},
                            rest = {.s = {{"all", A, "10", NULL, 1, NULL}},
                                    .refused = "segment all, chunk 1: the chunks before it are missing"};
    struct assay_err e = {0};
    ledger_fixture_make(&f);
    assert_int_equal(tried(&begun, "set", "one", true, &e), ASSAY_OK);
    assert_int_equal(tried(&whole, "set", "one", true, &e), ASSAY_OK);
    assert_int_equal(tried(&whole, "set", "one", false, &e), ASSAY_OK);
    assert_int_equal(tried(&rest, "set", "one", false, &e), ASSAY_ELEDGER);
    assert_non_null(strstr(e.msg, rest.refused));
    ledger_fixture_remove(&f);
}

/* ---- what a run says that it stated ---- */

static const struct claim {
    int more; /* than the leaves that there are */
    bool other_root, silent;
    const char *refused; /* NULL: accepted */
} claims[] = {
    {0, false, false, NULL},
    {1, false, false,
     "a `run-end` statement is refused: it says that its run has 4 leaves before it, the ledger has 3"},
    {-1, false, false, "it says that its run has 2 leaves before it, the ledger has 3"},
    {0, true, false, "the root of its run's leaves is another one than it says: one was kept back, changed or moved"},
    {0, false, true, "a `run-end` statement is refused: it does not say how many leaves its run has, and their root"},
};

/* What others state meanwhile, and what the run stated before it was started again, is no part of it. */
static void test_claims(void **state)
{
    static const struct stated half = {"all", A, NULL, "10", 0, NULL}, rest = {"all", A, "10", NULL, 1, NULL};
    (void)state;
    ledger_fixture_make(&f);
    for (size_t i = 0; i < 2 * sizeof claims / sizeof *claims; i++) {
        const struct claim *c = &claims[i / 2];
        struct assay_err e = {0};
        struct assay_sink *sink;
        struct assay_buf b = {0};
        uint64_t leaves;
        uint8_t root[32];
        char run[16];
        snprintf(run, sizeof run, "run-%zu", i);
        assert_int_equal(assay_sink_ledger(f.db, f.keys, ASSAY_ROLE_SOURCE, &sink, &e), ASSAY_OK);
        assert_int_equal(assay_sink_blob(sink, "", 0, root, &e), ASSAY_OK);
        if (i % 2) {
            start(sink, "set", run);
            add(sink, "set", run, &half);
        }
        start(sink, "set", run);
        add(sink, "set", run, &half);
        assert_int_equal(assay_sink_commit(sink, &e), ASSAY_OK);
        add(sink, "set", run, &rest);
        assay_sink_run_root(sink, &leaves, root);
        assert_int_equal(leaves, 3);
        start(sink, "another", run);
        root[7] ^= c->other_root;
        assert_true(assay_stmt_begin(&b, "run-end") == ASSAY_OK && assay_stmt_add(&b, "role", "source") == ASSAY_OK &&
                    assay_stmt_add(&b, "run", run) == ASSAY_OK && assay_stmt_add(&b, "dataset", "set") == ASSAY_OK &&
                    assay_stmt_add(&b, "status", "ok") == ASSAY_OK);
        if (!c->silent)
            assert_true(assay_stmt_addf(&b, "leaves", "%d", 3 + c->more) == ASSAY_OK &&
                        assay_stmt_addhex(&b, "root", "sha256:", root, 32) == ASSAY_OK);
        assert_int_equal(assay_sink_stmt(sink, &b, &e), ASSAY_OK);
        assay_buf_release(&b);
        enum assay_status s = assay_sink_commit(sink, &e);
        assay_sink_free(sink);
        if (s != (c->refused ? ASSAY_ELEDGER : ASSAY_OK) || (c->refused && !strstr(e.msg, c->refused)))
            fail_msg("claim %zu: %d \"%s\", expected \"%s\"", i / 2, s, e.msg, c->refused ? c->refused : "");
    }
    assert_string_equal(ledger_fixture_verify(&f, NULL), "");
    ledger_fixture_remove(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_tiling), cmocka_unit_test(test_others),
                                       cmocka_unit_test(test_again), cmocka_unit_test(test_claims)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
