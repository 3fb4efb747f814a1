/* Two statements about a chunk, fast and sealed: which verdict, and how strong. */
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "../../reconcile/core/compare.h"

#define ROOT "sha256:1111111111111111111111111111111111111111111111111111111111111111"
#define OTHER "sha256:2222222222222222222222222222222222222222222222222222222222222222"
#define KEY "3333333333333333333333333333333333333333333333333333333333333333"

static assay_sum col[2][1];
static uint64_t changed[1];

static struct attested_chunk statement(int side, unsigned long long sum, const char *root, const char *unsealed)
{
    struct attested_chunk c = {.cut = "c", .form = "f", .rows = 3, .row = sum, .key = 7, .changed = changed};
    col[side][0] = sum;
    c.col = col[side];
    snprintf(c.root, sizeof c.root, "%s", root);
    snprintf(c.keycommit, sizeof c.keycommit, "%s", root[0] ? KEY : "");
    snprintf(c.unsealed, sizeof c.unsealed, "%s", unsealed);
    return c;
}

static struct compared compare(const struct attested_chunk *s, const struct attested_chunk *a)
{
    bool differs[1];
    return assay_compare_chunk(s, a, 1, true, differs);
}

static void test_strengths(void **state)
{
    static const struct {
        const char *root[2], *unsealed[2];
        unsigned long long sum[2];
        enum verdict verdict;
        bool sealed;
        const char *kind;
    } cases[] = {
        {{"", ""}, {"", ""}, {1, 1}, VERDICT_MATCH, false, NULL},
        {{ROOT, ROOT}, {"", ""}, {1, 1}, VERDICT_MATCH, true, NULL},
        {{ROOT, ""}, {"", ""}, {1, 1}, VERDICT_MATCH, false, NULL},
        {{ROOT, ""}, {"", "no key"}, {1, 1}, VERDICT_MATCH, false, NULL},
        {{ROOT, OTHER}, {"", ""}, {1, 1}, VERDICT_MISMATCH, true, "resealed"}, /* sums that were forged */
        {{ROOT, OTHER}, {"", ""}, {1, 2}, VERDICT_MISMATCH, true, "changed"},
        {{ROOT, ROOT}, {"", ""}, {1, 2}, VERDICT_UNVERIFIED, false, NULL},
        {{"", ""}, {"erased", "erased"}, {1, 1}, VERDICT_UNVERIFIED, false, NULL},
        {{ROOT, ""}, {"", "erased"}, {1, 1}, VERDICT_UNVERIFIED, false, NULL},
        {{ROOT, ""}, {"", "erased"}, {1, 2}, VERDICT_UNVERIFIED, false, NULL},
        {{ROOT, ""}, {"", ""}, {1, 2}, VERDICT_MISMATCH, false, "changed"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct attested_chunk s = statement(0, cases[i].sum[0], cases[i].root[0], cases[i].unsealed[0]);
        struct attested_chunk a = statement(1, cases[i].sum[1], cases[i].root[1], cases[i].unsealed[1]);
        struct compared c = compare(&s, &a);
        if (c.verdict != cases[i].verdict || c.sealed != cases[i].sealed || !c.kind != !cases[i].kind ||
            (c.kind && strcmp(c.kind, cases[i].kind) != 0))
            fail_msg("case %zu: %s, %s, %s", i, assay_verdict_name(c.verdict), c.kind, c.sealed ? "sealed" : "fast");
    }
}

static void test_roots_under_different_keys_say_nothing(void **state)
{
    (void)state;
    struct attested_chunk s = statement(0, 1, ROOT, ""), a = statement(1, 1, ROOT, "");
    a.keycommit[0] = '4';
    assert_int_equal(compare(&s, &a).verdict, VERDICT_UNVERIFIED);
    memcpy(a.root, OTHER, sizeof a.root);
    assert_int_equal(compare(&s, &a).verdict, VERDICT_UNVERIFIED);
}

static void test_what_comes_before_any_digest(void **state)
{
    (void)state;
    struct attested_chunk s = statement(0, 1, ROOT, ""), a = statement(1, 1, ROOT, "");
    assert_int_equal(compare(NULL, &a).verdict, VERDICT_UNVERIFIED);
    assert_int_equal(compare(&s, NULL).verdict, VERDICT_UNVERIFIED);
    s.defects = 1;
    assert_int_equal(compare(&s, &a).verdict, VERDICT_UNVERIFIED);
    s.defects = 0;
    a.defects = 1;
    a.root[0] = '\0'; /* what does not decode has no root */
    assert_string_equal(compare(&s, &a).kind, "undecodable");
    a.defects = 0;
    a.cut[0] = 'd';
    assert_int_equal(compare(&s, &a).verdict, VERDICT_UNVERIFIED);
    a.cut[0] = 'c';
    a.form[0] = 'g';
    assert_int_equal(compare(&s, &a).verdict, VERDICT_UNVERIFIED);
}

/* Sealed sums that nobody could open: equal names are equal sums, the roots tell the rest, and zeros never do. */
static void test_opaque(void **state)
{
    static const struct {
        const char *root[2], *sums[2];
        uint64_t rows[2];
        enum verdict verdict;
        bool sealed;
        const char *kind;
    } cases[] = {
        {{"", ""}, {"x", "x"}, {3, 3}, VERDICT_MATCH, false, NULL},
        {{"", ""}, {"x", "y"}, {3, 3}, VERDICT_UNVERIFIED, false, NULL},
        {{ROOT, ""}, {"x", "y"}, {3, 3}, VERDICT_UNVERIFIED, false, NULL},
        {{ROOT, ROOT}, {"x", "x"}, {3, 3}, VERDICT_MATCH, true, NULL},
        {{ROOT, ROOT}, {"x", "y"}, {3, 3}, VERDICT_MATCH, true, NULL}, /* sealed under different keys */
        {{ROOT, OTHER}, {"x", "y"}, {3, 3}, VERDICT_MISMATCH, true, "rows"},
        {{ROOT, OTHER}, {"x", "x"}, {3, 3}, VERDICT_MISMATCH, true, "resealed"},
        {{ROOT, OTHER}, {"x", "y"}, {3, 2}, VERDICT_MISMATCH, true, "lost"},
        {{"", ""}, {"x", "y"}, {2, 3}, VERDICT_MISMATCH, false, "extra"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct attested_chunk side[2];
        for (int k = 0; k < 2; k++) {
            side[k] = statement(k, 0, cases[i].root[k], "");
            side[k].opaque = true;
            side[k].rows = cases[i].rows[k];
            side[k].key = 0;
            snprintf(side[k].sums, sizeof side[k].sums, "%s", cases[i].sums[k]);
        }
        struct compared c = compare(&side[0], &side[1]);
        if (c.verdict != cases[i].verdict || c.sealed != cases[i].sealed || !c.kind != !cases[i].kind ||
            (c.kind && strcmp(c.kind, cases[i].kind) != 0))
            fail_msg("case %zu: %s, %s, %s", i, assay_verdict_name(c.verdict), c.kind, c.sealed ? "sealed" : "fast");
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strengths),
        cmocka_unit_test(test_opaque),
        cmocka_unit_test(test_roots_under_different_keys_say_nothing),
        cmocka_unit_test(test_what_comes_before_any_digest),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
