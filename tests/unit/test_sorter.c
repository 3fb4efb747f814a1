/* The external sort and the search for doubled keys: the same answer in memory and through the temporary file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "assay/bytes.h"

#include "../../verify/check/sorter.h"
#include "../../verify/check/unique.h"

static struct assay_err e;
static uint64_t seed;

static uint64_t next_random(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static int order(const struct sorter_record *r, const uint8_t *key, size_t key_len, uint64_t body)
{
    size_t n = r->key_len < key_len ? r->key_len : key_len;
    int c = memcmp(key, r->key, n);
    if (c || key_len != r->key_len)
        return c ? c : key_len < r->key_len ? -1 : 1;
    uint64_t b = assay_get_be64(r->body);
    return body < b ? -1 : body > b;
}

/* Records come back by key, then body; none lost, none twice, none changed. */
static void sort_so_many(size_t n, size_t body_len)
{
    struct sorter *s;
    struct sorter_record r;
    uint8_t key[8], last[8] = {0}, *body = calloc(1, body_len);
    size_t last_len = 0, got = 0;
    uint64_t sum = 0, back = 0, last_body = 0;
    bool have;
    seed = 7;
    assert_non_null(body);
    assert_int_equal(assay_sorter_new(1, &s, &e), ASSAY_OK); /* the least memory: 1 MiB */
    for (size_t i = 0; i < n; i++) {
        assay_put_be64(key, next_random() % 5000 << 40);
        assay_put_be64(body, next_random());
        sum += assay_get_be64(body);
        assert_int_equal(assay_sorter_add(s, key, i % 8 + 1, body, body_len, &e), ASSAY_OK);
    }
    assert_int_equal(assay_sorter_finish(s, &e), ASSAY_OK);
    while (assay_sorter_next(s, &r, &have, &e) == ASSAY_OK && have) {
        assert_int_equal(r.body_len, body_len);
        assert_true(got == 0 || order(&r, last, last_len, last_body) <= 0);
        memset(last, 0, sizeof last);
        memcpy(last, r.key, r.key_len);
        last_len = r.key_len;
        last_body = assay_get_be64(r.body);
        back += last_body;
        got++;
    }
    assert_false(have);
    assert_int_equal(got, n);
    assert_true(sum == back);
    assay_sorter_free(s);
    free(body);
}

static void test_sorted_in_memory_and_in_many_runs(void **state)
{
    (void)state;
    sort_so_many(0, 8);
    sort_so_many(1, 8);
    sort_so_many(1000, 8);
    sort_so_many(40000, 200); /* 8 MB: eight runs and more */
    sort_so_many(20, 900000); /* one record a run */
}

static void test_a_record_that_does_not_fit(void **state)
{
    struct sorter *s;
    struct assay_err why = {0};
    uint8_t *big = calloc(1, 2u << 20);
    (void)state;
    assert_non_null(big);
    assert_int_equal(assay_sorter_new(1u << 20, &s, &e), ASSAY_OK);
    assert_int_equal(assay_sorter_add(s, "k", 1, big, 2u << 20, &why), ASSAY_ELIMIT);
    assay_sorter_free(s);
    free(big);
}

static void test_a_limit_of_the_temporary_file(void **state)
{
    (void)state;
    static const uint8_t body[64];
    for (uint64_t limit = 1; limit <= 16; limit += 15) { /* 5 MiB of records fit into 16, and not into 1 */
        struct sorter *s;
        struct assay_err why = {0};
        enum assay_status st = ASSAY_OK;
        assert_int_equal(assay_sorter_new(1, &s, &e), ASSAY_OK);
        assay_sorter_limit(s, limit << 20);
        for (uint32_t i = 0; i < 65536 && st == ASSAY_OK; i++)
            st = assay_sorter_add(s, &i, sizeof i, body, sizeof body, &why);
        if (st == ASSAY_OK)
            st = assay_sorter_finish(s, &why);
        assert_int_equal(st, limit == 1 ? ASSAY_ELIMIT : ASSAY_OK);
        assay_sorter_free(s);
    }
}

static uint64_t duplicates(size_t n, size_t doubled)
{
    struct unique *u;
    assert_int_equal(assay_unique_new(&u, &e), ASSAY_OK);
    for (size_t i = 0; i < n; i++) {
        uint64_t k = i < doubled ? i : i - doubled;
        struct assay_lane_row row = {.key_hash = (assay_sum)(k * UINT64_C(0x9e3779b97f4a7c15)) << 64 | k};
        assert_int_equal(assay_unique_row(u, &row, &e), ASSAY_OK);
    }
    assert_int_equal(assay_unique_finish(u, &e), ASSAY_OK);
    uint64_t found = assay_unique_duplicates(u);
    assay_unique_free(u);
    return found;
}

static void test_doubled_keys_are_counted(void **state)
{
    (void)state;
    assert_int_equal(duplicates(0, 0), 0);
    assert_int_equal(duplicates(1000, 0), 0);
    assert_int_equal(duplicates(1000, 3), 3);
    assert_int_equal(duplicates(4200000, 2), 2); /* more than is held in memory: the first two in the first run */
    assert_int_equal(duplicates(4200000, 0), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sorted_in_memory_and_in_many_runs),
        cmocka_unit_test(test_a_record_that_does_not_fit),
        cmocka_unit_test(test_a_limit_of_the_temporary_file),
        cmocka_unit_test(test_doubled_keys_are_counted),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
