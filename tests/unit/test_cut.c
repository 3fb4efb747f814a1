/* Cuts: every key has one chunk, and what is written down comes back the same or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "assay/cut.h"

#define ID "00000000-0000-4000-8000-000000000000"

static struct assay_err e;
static const uint8_t b1[] = {0x10}, b2[] = {0x10, 0x00}, b3[] = {0x20, 0xff};
static const struct assay_bound bounds[] = {{b1, 1}, {b2, 2}, {b3, 2}};

static struct assay_cut make(enum assay_cut_method m, uint32_t chunks)
{
    struct assay_cut c;
    assert_int_equal(assay_cut_make(ID, 5, "five", m, chunks, bounds, &c, &e), ASSAY_OK);
    return c;
}

static void test_ranges(void **state)
{
    static const struct {
        const char *key;
        size_t len;
        uint32_t chunk;
    } at[] = {{"", 0, 0},     {"\x0f\xff", 2, 0},     {"\x10", 1, 1},     {"\x10\x00", 2, 2}, {"\x10\x00\x00", 3, 2},
              {"\x20", 1, 2}, {"\x20\xfe\xff", 3, 2}, {"\x20\xff", 2, 3}, {"\xff", 1, 3}};
    struct assay_cut c = make(ASSAY_CUT_RANGE, 4);
    (void)state;
    for (size_t i = 0; i < sizeof at / sizeof *at; i++)
        assert_int_equal(assay_cut_find(&c, (const uint8_t *)at[i].key, at[i].len, 0), at[i].chunk);
    assay_cut_release(&c);
    c = make(ASSAY_CUT_HASH, 8);
    assert_int_equal(assay_cut_find(&c, NULL, 0, 0), 0);
    assert_int_equal(assay_cut_find(&c, NULL, 0, UINT64_MAX), 7);
    assert_int_equal(assay_cut_find(&c, NULL, 0, UINT64_C(1) << 61), 1);
    assay_cut_release(&c);
    c = make(ASSAY_CUT_HASH, 1);
    assert_int_equal(assay_cut_find(&c, NULL, 0, UINT64_MAX), 0);
    assay_cut_release(&c);
}

static void test_what_is_no_cut(void **state)
{
    const struct assay_bound falling[] = {bounds[1], bounds[0]}, twice[] = {bounds[0], bounds[0]};
    struct assay_cut c;
    (void)state;
    assert_int_not_equal(assay_cut_make(ID, 5, "five", ASSAY_CUT_RANGE, 3, falling, &c, NULL), ASSAY_OK);
    assert_int_not_equal(assay_cut_make(ID, 5, "five", ASSAY_CUT_RANGE, 3, twice, &c, NULL), ASSAY_OK);
    assert_int_not_equal(assay_cut_make(ID, 5, "five", ASSAY_CUT_HASH, 6, NULL, &c, NULL), ASSAY_OK);
    assert_int_not_equal(assay_cut_make(ID, 5, "five", ASSAY_CUT_SINGLE, 0, NULL, &c, NULL), ASSAY_OK);
}

static void test_text_and_back(void **state)
{
    static const enum assay_cut_method method[] = {ASSAY_CUT_SINGLE, ASSAY_CUT_RANGE, ASSAY_CUT_HASH};
    static const uint32_t chunks[] = {1, 4, 16};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct assay_cut c = make(method[i], chunks[i]), back;
        struct assay_buf text = {0};
        uint8_t id[16], same[16];
        assert_int_equal(assay_cut_text(&c, ID, &text), ASSAY_OK);
        const char *t = assay_buf_str(&text);
        assert_int_equal(assay_cut_parse(t, text.len, ID, 5, "five", &back, &e), ASSAY_OK);
        assert_memory_equal(c.hash, back.hash, 32);
        assay_cut_chunk_id(&c, 0, id);
        assay_cut_chunk_id(&back, 0, same);
        assert_memory_equal(id, same, 16);
        assay_cut_release(&back);
        /* of another dataset or segment; cut short anywhere; with something behind it */
        assert_int_equal(assay_cut_parse(t, text.len, ID, 5, "six", &back, NULL), ASSAY_ELEDGER);
        assert_int_equal(assay_cut_parse(t, text.len, "another", 5, "five", &back, NULL), ASSAY_ELEDGER);
        for (size_t n = 0; n < text.len; n++)
            if (assay_cut_parse(t, n, ID, 5, "five", &back, NULL) == ASSAY_OK)
                fail_msg("method %zu: %zu of %zu bytes pass for a cut", i, n, text.len);
        assert_int_equal(assay_buf_adds(&text, "00\n"), ASSAY_OK);
        assert_int_equal(assay_cut_parse(assay_buf_str(&text), text.len, ID, 5, "five", &back, NULL), ASSAY_ELEDGER);
        assay_buf_release(&text);
        assay_cut_release(&c);
    }
}

static void test_a_text_whose_bounds_fall(void **state)
{
    static const char text[] = "assay-cut/1\ndataset " ID "\nsegment five\nmethod range\nchunks 3\n20\n10\n";
    struct assay_cut c;
    (void)state;
    assert_int_equal(assay_cut_parse(text, sizeof text - 1, ID, 5, "five", &c, NULL), ASSAY_ELEDGER);
}

static void test_one_cut_a_segment(void **state)
{
    static const assay_segment order[] = {7, ASSAY_SEG_POS, -3, ASSAY_SEG_NULL, ASSAY_SEG_NEG, 0};
    struct assay_cutset s = {0};
    struct assay_cut c;
    (void)state;
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(assay_cut_make(ID, order[i], "x", ASSAY_CUT_SINGLE, 1, NULL, &c, &e), ASSAY_OK);
        assert_int_equal(assay_cutset_add(&s, &c, &e), ASSAY_OK);
    }
    for (size_t i = 0; i < 6; i++) {
        assert_true(assay_cutset_find(&s, order[i])->segment == order[i]);
        assert_true(i == 0 || s.cut[i - 1].segment < s.cut[i].segment);
    }
    assert_null(assay_cutset_find(&s, 1));
    assert_int_equal(assay_cut_make(ID, 7, "x", ASSAY_CUT_SINGLE, 1, NULL, &c, &e), ASSAY_OK);
    assert_int_equal(assay_cutset_add(&s, &c, NULL), ASSAY_EUSAGE);
    assay_cut_release(&c);
    assay_cutset_release(&s);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_what_is_no_cut),
        cmocka_unit_test(test_text_and_back),
        cmocka_unit_test(test_a_text_whose_bounds_fall),
        cmocka_unit_test(test_one_cut_a_segment),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
