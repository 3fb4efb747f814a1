/* Forensic sketches: the field against a bit-by-bit multiplication, native against portable, a sketch calculated apart
 * from the code, and thousands of random sets that must come back exactly or not at all. */
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "../../verify/sketch/gf64.h"
#include "assay/digest.h"
#include "assay/limits.h"
#include "assay/sketch.h"

static uint64_t seed = 0x9e3779b97f4a7c15u;

static uint64_t draw(void) /* splitmix64 */
{
    uint64_t z = seed += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* Shift and subtract the modulus. */
static uint64_t slow_mul(uint64_t a, uint64_t b)
{
    uint64_t r = 0;
    for (; b; b >>= 1, a = a << 1 ^ (a >> 63 ? 0x1b : 0))
        r ^= b & 1 ? a : 0;
    return r;
}

static void test_field(void **state)
{
    (void)state;
    const struct assay_gf64_ops *ops[] = {&assay_gf64_portable, assay_gf64()};
    const uint64_t corner[] = {0, 1, 2, UINT64_MAX, 1ull << 63, 0x1b, 0xf000000000000000u};
    for (size_t k = 0; k < 2; k++) {
        for (size_t i = 0; i < 7; i++)
            for (size_t j = 0; j < 7; j++)
                assert_int_equal(ops[k]->mul(corner[i], corner[j]), slow_mul(corner[i], corner[j]));
        for (size_t i = 0; i < 2000; i++) {
            uint64_t a = draw(), b = draw();
            assert_int_equal(ops[k]->mul(a, b), slow_mul(a, b));
            assert_int_equal(ops[k]->mul(a, assay_gf64_inverse(ops[k], a)), 1);
        }
        assert_int_equal(assay_gf64_inverse(ops[k], 0), 0);
    }
}

static void test_native_equals_portable(void **state)
{
    (void)state;
    uint64_t sum[2][16] = {{0}}, payload[7], in[9], out[2][9] = {{0}};
    assay_gf64_wide acc[2][16 * 7] = {{0}};
    for (size_t n = 0; n < 500; n++) {
        uint64_t x = draw();
        for (size_t w = 0; w < 7; w++)
            payload[w] = draw();
        for (size_t i = 0; i < 9; i++)
            in[i] = draw();
        assay_gf64_portable.add(sum[0], acc[0], 16, 7, x, payload);
        assay_gf64()->add(sum[1], acc[1], 16, 7, x, payload);
        assay_gf64_portable.mul_add(out[0], in, 9, x);
        assay_gf64()->mul_add(out[1], in, 9, x);
    }
    assert_memory_equal(sum[0], sum[1], sizeof sum[0]);
    assert_memory_equal(acc[0], acc[1], sizeof acc[0]);
    assert_memory_equal(out[0], out[1], sizeof out[0]);
}

/* By Python's integers, bit by bit. */
static void test_vector(void **state)
{
    (void)state;
    static const char want[] =
        "8123456789abcdec3b5dd622259e6027ab48f4ac1ca05ea911111111cfbcaffe0123456789abcdee018e69e76c05c4e8"
        "b77d854aa26890386e952b9644628068d9e0a79f94ef236b";
    static const uint64_t first[2] = {0x1111111111111111u, 0xfedcba9876543210u}, second[2] = {0, UINT64_MAX},
                          third[2] = {0xdeadbeef, 1};
    struct assay_sketch *s, *back;
    uint8_t bytes[72];
    char hex[145];
    assert_int_equal(assay_sketch_new(3, 2, &s, NULL), ASSAY_OK);
    assert_int_equal(assay_sketch_bytes(3, 2), sizeof bytes);
    assay_sketch_add(s, 0x0123456789abcdefu, first);
    assay_sketch_add(s, 0x8000000000000001u, second);
    assay_sketch_add(s, 2, third);
    assay_sketch_put(s, bytes);
    assay_hex(bytes, sizeof bytes, hex);
    assert_string_equal(hex, want);

    struct assay_sketch_element found[3];
    uint64_t payload[6];
    size_t n;
    assert_int_equal(assay_sketch_get(3, 2, bytes, sizeof bytes, &back, NULL), ASSAY_OK);
    assert_true(assay_sketch_decode(back, found, payload, &n));
    assert_int_equal(n, 3);
    assay_sketch_free(back);
    assert_int_equal(assay_sketch_get(3, 2, bytes, sizeof bytes - 1, &back, NULL), ASSAY_EDATA);
    assert_null(back);
    assay_sketch_free(s);
}

struct set {
    size_t n, words;
    uint64_t x[2 * ASSAY_MAX_SKETCH_CAPACITY + 8], payload[2 * ASSAY_MAX_SKETCH_CAPACITY + 8][ASSAY_MAX_SKETCH_WORDS];
};

static void draw_set(struct set *set, size_t n, size_t words)
{
    set->n = n;
    set->words = words;
    for (size_t i = 0; i < n; i++) {
        set->x[i] = i % 5 == 4 ? i + 1 : draw() | 1; /* small ones, too */
        for (size_t w = 0; w < words; w++)
            set->payload[i][w] = i % 3 ? draw() : w;
    }
}

static void assert_same(const struct set *set, const struct assay_sketch_element *found, size_t n)
{
    assert_int_equal(n, set->n);
    for (size_t i = 0; i < n; i++) {
        size_t at = 0;
        while (at < set->n && set->x[at] != found[i].x)
            at++;
        assert_true(at < set->n);
        assert_memory_equal(found[i].payload, set->payload[at], set->words * 8);
    }
}

/* Two sides share many elements and differ in d; what comes back is the difference, exactly, up to the capacity. */
static void run_case(uint32_t capacity, uint32_t words, size_t d)
{
    static struct set set;
    struct assay_sketch *one, *two;
    struct assay_sketch_element found[ASSAY_MAX_SKETCH_CAPACITY];
    uint64_t payload[ASSAY_MAX_SKETCH_CAPACITY * ASSAY_MAX_SKETCH_WORDS], shared[ASSAY_MAX_SKETCH_WORDS];
    size_t n = 99;
    assert_int_equal(assay_sketch_new(capacity, words, &one, NULL), ASSAY_OK);
    assert_int_equal(assay_sketch_new(capacity, words, &two, NULL), ASSAY_OK);
    draw_set(&set, d, words);
    for (size_t i = 0; i < d; i++)
        assay_sketch_add(i % 2 ? one : two, set.x[i], set.payload[i]);
    for (size_t i = 0; i < 40; i++) {
        uint64_t x = draw() | 1;
        for (size_t w = 0; w < words; w++)
            shared[w] = draw();
        assay_sketch_add(one, x, shared);
        assay_sketch_add(two, x, shared);
    }
    assert_true(assay_sketch_merge(one, two));
    bool decoded = assay_sketch_decode(one, found, payload, &n);
    if (d <= capacity) {
        assert_true(decoded);
        assert_same(&set, found, n);
    } else if (decoded) { /* no sum was left over to contradict: why a candidate must be confirmed */
        assert_int_equal(n, capacity);
        assert_in_range(capacity, 1, 7);
    } else {
        assert_int_equal(n, 0);
    }
    assay_sketch_free(one);
    assay_sketch_free(two);
}

static void test_random_sets(void **state)
{
    (void)state;
    static const uint32_t capacity[] = {1, 2, 3, 8, 16, 64};
    for (size_t c = 0; c < 6; c++)
        for (size_t d = 0; d <= capacity[c]; d++)
            for (size_t again = 0; again < (capacity[c] == 64 ? 2 : 40); again++)
                run_case(capacity[c], 1 + (uint32_t)(draw() % (again % 8 ? 7 : ASSAY_MAX_SKETCH_WORDS)), d);
}

static void test_over_capacity(void **state)
{
    (void)state;
    static const uint32_t capacity[] = {1, 2, 8, 16};
    for (size_t c = 0; c < 4; c++)
        for (size_t again = 0; again < 300; again++)
            run_case(capacity[c], 4, capacity[c] + 1 + again % (capacity[c] + 6));
}

/* One byte changed: what comes back, if anything, used up every sum. */
static void test_damaged(void **state)
{
    (void)state;
    static struct set set;
    uint8_t bytes[8 * 8 * 4];
    uint64_t payload[8 * 3];
    struct assay_sketch_element found[8];
    for (size_t again = 0; again < 200; again++) {
        struct assay_sketch *s;
        size_t n;
        assert_int_equal(assay_sketch_new(8, 3, &s, NULL), ASSAY_OK);
        draw_set(&set, again % 8, 3);
        for (size_t i = 0; i < set.n; i++)
            assay_sketch_add(s, set.x[i], set.payload[i]);
        assay_sketch_put(s, bytes);
        assay_sketch_free(s);
        bytes[draw() % sizeof bytes] ^= (uint8_t)(1 + draw() % 255);
        assert_int_equal(assay_sketch_get(8, 3, bytes, sizeof bytes, &s, NULL), ASSAY_OK);
        if (assay_sketch_decode(s, found, payload, &n))
            assert_int_equal(n, 8);
        assay_sketch_free(s);
    }
}

static void test_limits(void **state)
{
    (void)state;
    struct assay_sketch *s, *t;
    struct assay_err e = {0};
    const uint64_t payload[1] = {7};
    assert_int_equal(assay_sketch_new(0, 1, &s, &e), ASSAY_ELIMIT);
    assert_int_equal(assay_sketch_new(ASSAY_MAX_SKETCH_CAPACITY + 1, 1, &s, &e), ASSAY_ELIMIT);
    assert_int_equal(assay_sketch_new(1, ASSAY_MAX_SKETCH_WORDS + 1, &s, &e), ASSAY_ELIMIT);
    assert_null(s);
    assert_int_equal(assay_sketch_new(2, 1, &s, &e), ASSAY_OK);
    assert_int_equal(assay_sketch_new(3, 1, &t, &e), ASSAY_OK);
    assert_false(assay_sketch_merge(s, t));
    assay_sketch_add(s, 5, payload);
    assay_sketch_add(s, 5, payload);
    struct assay_sketch_element found[2];
    uint64_t out[2];
    size_t n = 1;
    assert_true(assay_sketch_decode(s, found, out, &n));
    assert_int_equal(n, 0);
    assay_sketch_add(s, 5, payload);
    assay_sketch_reset(s);
    assert_true(assay_sketch_decode(s, found, out, &n));
    assert_int_equal(n, 0);
    assay_sketch_free(s);
    assay_sketch_free(t);
    assay_sketch_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_field),         cmocka_unit_test(test_native_equals_portable),
        cmocka_unit_test(test_vector),        cmocka_unit_test(test_random_sets),
        cmocka_unit_test(test_over_capacity), cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
