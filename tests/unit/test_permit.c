/* The list of a permit, and how far a purge has come by what the ledger says. */
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/ledger_fixture.h"
#include "assay/digest.h"
#include "assay/keys.h"
#include "assay/permit.h"
#include "assay/purge_run.h"

#define DATASET "00000000-0000-4000-8000-000000000001"
#define HEAD "assay-permit/1\ndataset " DATASET "\n"
#define A16 "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f"
#define B16 "1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e"
#define R32 "abababababababababababababababababababababababababababababababab"

static const char good[] =
    HEAD "chunks 2\n" A16 " 0 100 " R32 " " R32 " 17 28 2001-03\n" B16 " 1 0 " R32 " " R32 " 18 29 all of it\n";

static void test_list(void **state)
{
    struct assay_permit_list l;
    struct assay_buf b = {0};
    struct assay_err e = {0};
    (void)state;
    assert_int_equal(assay_permit_list_parse(good, strlen(good), DATASET, &l, &e), ASSAY_OK);
    assert_int_equal(l.n, 2);
    assert_int_equal(l.rows, 100);
    assert_string_equal(l.chunk[1].segment, "all of it");
    assert_string_equal(l.chunk[0].chunk, A16);
    assert_int_equal(l.chunk[0].leaf[1], 28);
    assert_int_equal(assay_permit_list_text(&l, DATASET, &b), ASSAY_OK);
    assert_string_equal(assay_buf_str(&b), good);
    assay_buf_release(&b);
    assay_permit_list_release(&l);
}

static void test_hostile_lists(void **state)
{
    static const char *const bad[] = {
        "",
        "assay-permit/2\ndataset " DATASET "\nchunks 0\n",
        "assay-permit/1\ndataset 00000000-0000-4000-8000-000000000002\nchunks 0\n",
        HEAD "chunks 1\n",
        HEAD "chunks 0\nx",
        HEAD "chunks 00\n",
        HEAD "chunks 99999999999999999999\n",
        HEAD "chunks 1\n" A16 " 0 0100 " R32 " " R32 " 17 28 a\n",
        HEAD "chunks 1\n" A16 " 4294967296 1 " R32 " " R32 " 17 28 a\n",
        HEAD "chunks 1\n" A16 " 0 1 " R32 " " R32 " 17 28 \n",
        HEAD "chunks 1\n" A16 " 0 1 " R32 " " R32 " 17 28 a",
        HEAD "chunks 1\n" A16 " 0  1 " R32 " " R32 " 17 28 a\n",
        HEAD "chunks 2\n" A16 " 0 1 " R32 " " R32 " 17 28 a\n" A16 " 1 1 " R32 " " R32 " 17 28 a\n", /* twice */
        HEAD "chunks 2\n" A16 " 0 9223372036854775807 " R32 " " R32 " 17 28 a\n" B16 " 1 1 " R32 " " R32
             " 17 28 a\n", /* more rows than can be counted */
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct assay_permit_list l;
        struct assay_err e = {0};
        if (assay_permit_list_parse(bad[i], strlen(bad[i]), DATASET, &l, &e) != ASSAY_ELEDGER)
            fail_msg("list %zu was taken", i);
        assert_int_equal(l.n, 0);
    }
}

/* ---- permits in the ledger ---- */

static struct ledger_fixture f;

static int enter(void **state)
{
    struct assay_err e = {0};
    (void)state;
    setenv("ASSAY_CLOCK_WRONG_UP_TO", "1000000", 1);
    ledger_fixture_make(&f);
    return assay_keys_make(f.keys, "assay.local/test", ASSAY_ROLE_APPROVER, &e) == ASSAY_OK &&
                   assay_keys_make(f.keys, "assay.local/test", ASSAY_ROLE_PURGER, &e) == ASSAY_OK
               ? 0
               : -1;
}

static int leave(void **state)
{
    (void)state;
    ledger_fixture_remove(&f);
    return 0;
}

static enum assay_status state_permit(enum assay_role role, const char *list, struct assay_err *e)
{
    struct assay_buf b = {0};
    struct assay_sink *s;
    uint8_t plan[32], set[32];
    assay_sha256("{}", 2, plan);
    assay_sha256(list, strlen(list), set);
    assay_stmt_begin(&b, "purge-permit");
    assay_stmt_add(&b, "run", "10000000-0000-4000-8000-000000000001");
    assay_stmt_add(&b, "dataset", DATASET);
    assay_stmt_addhex(&b, "plan", "sha256:", plan, 32);
    assay_stmt_add(&b, "verdict-run", "20000000-0000-4000-8000-000000000001");
    assay_stmt_add(&b, "max-age", "3600");
    assay_stmt_addhex(&b, "set", "sha256:", set, 32);
    assay_stmt_add(&b, "obstacle", "cascade 2 items");
    assay_stmt_add(&b, "observed", "2026-01-05T11:00:00.000000Z");
    enum assay_status st = assay_sink_ledger(f.db, f.keys, role, &s, e);
    assert_int_equal(st, ASSAY_OK);
    assert_int_equal(assay_sink_blob(s, "{}", 2, plan, e), ASSAY_OK);
    assert_int_equal(assay_sink_blob(s, list, strlen(list), set, e), ASSAY_OK);
    st = assay_sink_stmt(s, &b, e);
    if (st == ASSAY_OK)
        st = assay_sink_commit(s, e);
    assay_sink_free(s);
    assay_buf_release(&b);
    return st;
}

static enum assay_status load(uint64_t leaf, struct assay_permit *p, struct assay_err *e)
{
    struct assay_ledger *l = ledger_fixture_open(&f, false);
    enum assay_status s = assay_permit_load(l, leaf, p, e);
    assay_ledger_close(l);
    return s;
}

static void test_permit(void **state)
{
    struct assay_permit p;
    struct assay_err e = {0};
    (void)state;
    assert_int_equal(state_permit(ASSAY_ROLE_APPROVER, good, &e), ASSAY_OK);
    assert_int_equal(load(0, &p, &e), ASSAY_OK);
    assert_int_equal(p.list.n, 2);
    assert_int_equal(p.max_age, 3600);
    assert_int_equal(p.n_obstacles, 1);
    assert_string_equal(p.obstacle[0], "cascade 2 items");
    assay_permit_release(&p);
    assert_int_equal(load(1, &p, &e), ASSAY_ENOTFOUND);
}

static void test_no_permit(void **state)
{
    struct assay_permit p;
    struct assay_err e = {0};
    (void)state;
    ledger_fixture_fill(&f, 0, 1);
    assert_int_equal(load(0, &p, &e), ASSAY_EUSAGE);
    assert_non_null(strstr(e.msg, "leaf 0 is no permit"));
}

static struct assay_permit_end ended(uint64_t leaf)
{
    struct assay_permit p;
    struct assay_permit_end end;
    struct assay_err e = {0};
    struct assay_ledger *l = ledger_fixture_open(&f, false);
    assert_int_equal(assay_permit_load(l, leaf, &p, &e), ASSAY_OK);
    assert_int_equal(assay_permit_ended(l, &p, &end, &e), ASSAY_OK);
    assay_permit_release(&p);
    assay_ledger_close(l);
    return end;
}

static enum assay_status withdraw(enum assay_role role, const char *permit, struct assay_err *e)
{
    struct assay_buf b = {0};
    struct assay_sink *s;
    assay_stmt_begin(&b, "purge-withdraw");
    assay_stmt_add(&b, "dataset", DATASET);
    assay_stmt_add(&b, "permit", permit);
    assay_stmt_add(&b, "observed", "2026-01-05T12:00:00.000000Z");
    assert_int_equal(assay_sink_ledger(f.db, f.keys, role, &s, e), ASSAY_OK);
    enum assay_status st = assay_sink_stmt(s, &b, e);
    if (st == ASSAY_OK)
        st = assay_sink_commit(s, e);
    assay_sink_free(s);
    assay_buf_release(&b);
    return st;
}

/* It ends by the first withdrawal that names it. */
static void test_withdrawn(void **state)
{
    struct assay_err e = {0};
    (void)state;
    assert_int_equal(state_permit(ASSAY_ROLE_APPROVER, good, &e), ASSAY_OK);
    assert_int_equal(state_permit(ASSAY_ROLE_APPROVER, good, &e), ASSAY_OK);
    assert_int_equal(withdraw(ASSAY_ROLE_PURGER, "1", &e), ASSAY_ELEDGER);
    assert_true(ended(1).leaf == UINT64_MAX);
    assert_int_equal(withdraw(ASSAY_ROLE_APPROVER, "0", &e), ASSAY_OK);
    assert_int_equal(withdraw(ASSAY_ROLE_APPROVER, "0", &e), ASSAY_OK);
    assert_true(ended(1).leaf == UINT64_MAX);
    assert_int_equal(ended(0).leaf, 2);
    assert_true(ended(0).withdrawn);
}

/* Nobody else may permit: neither who deletes nor who owns the plan. */
static void test_other_roles(void **state)
{
    static const enum assay_role others[] = {ASSAY_ROLE_PURGER, ASSAY_ROLE_OWNER, ASSAY_ROLE_RECONCILE,
                                             ASSAY_ROLE_SOURCE};
    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct assay_err e = {0};
        assert_int_equal(state_permit(others[i], good, &e), ASSAY_ELEDGER);
        assert_non_null(strstr(e.msg, "role approver cannot be signed by role"));
    }
    assert_int_equal(ledger_fixture_size(&f), 0);
}

static void test_broken_list(void **state)
{
    struct assay_permit p;
    struct assay_err e = {0};
    (void)state;
    assert_int_equal(state_permit(ASSAY_ROLE_APPROVER, HEAD "chunks 3\n", &e), ASSAY_OK);
    assert_int_equal(load(0, &p, &e), ASSAY_ELEDGER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_hostile_lists),
        cmocka_unit_test_setup_teardown(test_permit, enter, leave),
        cmocka_unit_test_setup_teardown(test_withdrawn, enter, leave),
        cmocka_unit_test_setup_teardown(test_no_permit, enter, leave),
        cmocka_unit_test_setup_teardown(test_other_roles, enter, leave),
        cmocka_unit_test_setup_teardown(test_broken_list, enter, leave),
    };
    return cmocka_run_group_tests_name("permit", tests, NULL, NULL);
}
