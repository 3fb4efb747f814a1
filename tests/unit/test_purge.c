/* The gate in front of a purge: each thing that the ledger must say, missing alone, keeps it shut. */
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/ledger_fixture.h"
#include "assay/digest.h"
#include "assay/purge.h"

#define DATASET "00000000-0000-4000-8000-000000000001"
#define NOW 1767614400 /* 2026-01-05T12:00:00Z */
static const char plan[] = "{\"a plan\":1}", other_plan[] = "{}";

static struct ledger_fixture f;

static int enter(void **state)
{
    (void)state;
    setenv("ASSAY_CLOCK_WRONG_UP_TO", "1000000", 1); /* the times of these statements are of the test's making */
    ledger_fixture_make(&f);
    return 0;
}

static int leave(void **state)
{
    (void)state;
    ledger_fixture_remove(&f);
    return 0;
}

struct claim {
    const char *run, *verdict, *strength, *observed, *plan;
};
static const struct claim good = {"10000000-0000-4000-8000-000000000001", "match", "sealed",
                                  "2026-01-05T11:00:00.000000Z", plan};

static void commit(enum assay_role role, const char *cited, const struct assay_buf *text)
{
    struct assay_err e = {0};
    struct assay_sink *s;
    uint8_t hash[32];
    assert_int_equal(assay_sink_ledger(f.db, f.keys, role, &s, &e), ASSAY_OK);
    assert_int_equal(assay_sink_blob(s, cited, strlen(cited), hash, &e), ASSAY_OK);
    assert_int_equal(assay_sink_stmt(s, text, &e), ASSAY_OK);
    assert_int_equal(assay_sink_commit(s, &e), ASSAY_OK);
    assay_sink_free(s);
}

static void put_plan(struct assay_buf *b, const char *text)
{
    uint8_t hash[32];
    assay_sha256(text, strlen(text), hash);
    assay_stmt_addhex(b, "plan", "sha256:", hash, 32);
}

static void state_verdict(const struct claim *c)
{
    struct assay_buf b = {0};
    assay_stmt_begin(&b, "verdict");
    assay_stmt_add(&b, "run", c->run);
    assay_stmt_add(&b, "dataset", DATASET);
    put_plan(&b, c->plan);
    assay_stmt_add(&b, "segment", "*");
    assay_stmt_add(&b, "chunk", "*");
    assay_stmt_add(&b, "verdict", c->verdict);
    assay_stmt_add(&b, "strength", c->strength);
    assay_stmt_add(&b, "observed", c->observed);
    commit(ASSAY_ROLE_RECONCILE, c->plan, &b);
    assay_buf_release(&b);
}

static void state_start(const char *run)
{
    struct assay_buf b = {0};
    assay_stmt_begin(&b, "run-start");
    assay_stmt_add(&b, "role", "archive");
    assay_stmt_add(&b, "run", run);
    assay_stmt_add(&b, "dataset", DATASET);
    put_plan(&b, plan);
    commit(ASSAY_ROLE_ARCHIVE, plan, &b);
    assay_buf_release(&b);
}

/* What keeps the gate shut, as words. */
static const char *look(void)
{
    static char words[200];
    struct assay_err e = {0};
    struct assay_purge_gate g;
    struct assay_ledger *l;
    uint8_t hash[32];
    char hex[65];
    assay_sha256(plan, sizeof plan - 1, hash);
    assay_hex(hash, 32, hex);
    assert_int_equal(assay_ledger_open(f.db, f.keys, &l, &e), ASSAY_OK);
    assert_int_equal(assay_purge_look(l, DATASET, hex, NOW, 3600, &g, &e), ASSAY_OK);
    assay_ledger_close(l);
    words[0] = '\0';
    for (int i = 0; i < ASSAY_PURGE_REASONS; i++)
        if (g.stands[i])
            snprintf(words + strlen(words), sizeof words - strlen(words), "%s ",
                     assay_purge_reason_name((enum assay_purge_reason)i));
    assert_int_equal(assay_purge_refused(&g), words[0] != '\0');
    return words;
}

static void test_good(void **state)
{
    (void)state;
    assert_string_equal(look(), "no-verdict ");
    state_start("20000000-0000-4000-8000-000000000001");
    state_verdict(&good);
    assert_string_equal(look(), "");
    state_start("20000000-0000-4000-8000-000000000002");
    assert_string_equal(look(), "not-last ");
}

static void test_each(void **state)
{
    (void)state;
    static const struct {
        struct claim c;
        const char *words;
    } bad[] = {
        {{"10000000-0000-4000-8000-000000000011", "mismatch", "sealed", "2026-01-05T11:00:00.000000Z", plan},
         "no-match "},
        {{"10000000-0000-4000-8000-000000000012", "unverified", "sealed", "2026-01-05T11:00:00.000000Z", plan},
         "no-match "},
        {{"10000000-0000-4000-8000-000000000013", "Match", "sealed", "2026-01-05T11:00:00.000000Z", plan}, "no-match "},
        {{"10000000-0000-4000-8000-000000000014", "match", "fast", "2026-01-05T11:00:00.000000Z", plan}, "not-sealed "},
        {{"10000000-0000-4000-8000-000000000015", "match", "", "2026-01-05T11:00:00.000000Z", plan}, "not-sealed "},
        {{"10000000-0000-4000-8000-000000000016", "match", "sealed", "2026-01-05T11:00:00.000000Z", other_plan},
         "other-plan "},
        {{"10000000-0000-4000-8000-000000000017", "match", "sealed", "2026-01-05T10:59:59.000000Z", plan}, "too-old "},
        {{"10000000-0000-4000-8000-000000000018", "match", "sealed", "2026-01-05T12:00:01.000000Z", plan}, "too-old "},
        {{"10000000-0000-4000-8000-000000000019", "match", "sealed", "yesterday", plan}, "too-old "},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        state_verdict(&bad[i].c);
        assert_string_equal(look(), bad[i].words);
    }
    state_verdict(&good);
    assert_string_equal(look(), "");
}

/* One chunk that does not match among many that do; an old comparison does not help. */
static void test_whole_run(void **state)
{
    (void)state;
    struct claim c = good;
    state_verdict(&good);
    c.run = "10000000-0000-4000-8000-000000000021";
    c.verdict = "mismatch";
    state_verdict(&c);
    c.verdict = "match";
    state_verdict(&c);
    assert_string_equal(look(), "no-match ");
    c.run = "10000000-0000-4000-8000-000000000022";
    c.strength = "fast";
    state_verdict(&c);
    c.strength = "sealed";
    state_verdict(&c);
    assert_string_equal(look(), "not-sealed ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_good, enter, leave),
        cmocka_unit_test_setup_teardown(test_each, enter, leave),
        cmocka_unit_test_setup_teardown(test_whole_run, enter, leave),
    };
    return cmocka_run_group_tests_name("purge", tests, NULL, NULL);
}
