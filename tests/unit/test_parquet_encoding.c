/* The encodings of Parquet against encoders written here, over random runs, widths and values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "../../verify/parquet/delta.h"
#include "../../verify/parquet/hybrid.h"
#include "../../verify/parquet/thrift.h"

#define MOST 5000

/* xorshift64*: the same values in every run. */
static uint64_t next_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545f4914f6cdd1dull;
}

struct bits {
    uint8_t p[MOST * 12];
    size_t n; /* bytes */
};

static void put_byte(struct bits *b, unsigned v)
{
    assert_true(b->n + PQ_PAD < sizeof b->p);
    b->p[b->n++] = (uint8_t)v;
}

static void put_varint(struct bits *b, uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        put_byte(b, (unsigned)(v & 0x7f) | 0x80);
    put_byte(b, (unsigned)v);
}

static void put_zigzag(struct bits *b, uint64_t v)
{
    put_varint(b, v << 1 ^ (v >> 63 ? UINT64_MAX : 0));
}

/* n values of `width` bits, least significant bit first, bit by bit: slow and plain. */
static void put_packed(struct bits *b, const uint64_t *v, size_t n, unsigned width)
{
    size_t bytes = (n * width + 7) / 8, at = b->n;
    for (size_t i = 0; i < bytes; i++)
        put_byte(b, 0);
    for (size_t i = 0; i < n * width; i++)
        if (v[i / width] >> i % width & 1)
            b->p[at + i / 8] |= (uint8_t)(1u << i % 8);
}

/* Random runs, both kinds, of values below 2^width. Returns how many values. */
static size_t make_runs(struct bits *b, uint64_t *value, unsigned width, uint64_t *seed)
{
    size_t n = 0;
    uint64_t mask = (1ull << width) - 1;
    b->n = 0;
    while (n < MOST - 700) {
        size_t run = 1 + next_random(seed) % (next_random(seed) % 8 ? 40 : 600);
        if (next_random(seed) & 1) {
            put_varint(b, run << 1);
            uint64_t v = next_random(seed) & mask;
            for (unsigned i = 0; i < (width + 7) / 8; i++)
                put_byte(b, (unsigned)(v >> 8 * i & 0xff));
            for (size_t i = 0; i < run; i++)
                value[n++] = v;
        } else {
            run = (run + 7) / 8 * 8;
            put_varint(b, run / 8 << 1 | 1);
            for (size_t i = 0; i < run; i++)
                value[n + i] = next_random(seed) & mask;
            put_packed(b, value + n, run, width);
            n += run;
        }
    }
    return n;
}

static void hybrid_of_every_width(void **state)
{
    (void)state;
    static struct bits b;
    static uint64_t value[MOST];
    static uint32_t out[512];
    uint64_t seed = 1;
    for (unsigned width = 0; width <= 32; width++) {
        size_t n = make_runs(&b, value, width, &seed), at = 0;
        struct assay_pq_hybrid h;
        memset(b.p + b.n, 0xff, PQ_PAD);
        assay_pq_hybrid_init(&h, b.p, b.n, width);
        while (at < n) {
            bool same = false;
            size_t want = 1 + next_random(&seed) % 512,
                   k = assay_pq_hybrid_take(&h, want < n - at ? want : n - at, out, &same);
            assert_true(k > 0);
            for (size_t i = 0; i < k; i++)
                assert_int_equal(out[same ? 0 : i], value[at + i]);
            at += k;
        }
        assert_true(assay_pq_hybrid_done(&h));
        bool same;
        assert_int_equal(assay_pq_hybrid_take(&h, 1, out, &same), 0);
    }
}

/* DuckDB 1.3 writes a full last block twice; nothing else may follow. */
static void the_last_block_may_stand_twice(void **state)
{
    (void)state;
    for (unsigned width = 1; width <= 3; width++) {
        uint8_t bytes[3 * (1 + 3 * 32) + PQ_PAD] = {0};
        const size_t block = 1 + 32 * width;
        memset(bytes, 0x49, 2 * block);
        for (int way = 0; way < 5; way++) {
            struct assay_pq_hybrid h;
            uint32_t v[256];
            bool same = false;
            bytes[0] = 0x41;
            bytes[block] = way == 1 ? 0x43 : 0x41;
            bytes[2 * block - 1] = way == 2 ? 0x48 : 0x49;
            assay_pq_hybrid_init(&h, bytes, 2 * block + (way == 3) - (way == 4), width);
            assert_int_equal(assay_pq_hybrid_take(&h, 256, v, &same), 256);
            assert_int_equal(assay_pq_hybrid_done(&h), way == 0);
        }
    }
}

static void levels_are_counted_and_delivered(void **state)
{
    (void)state;
    static struct bits b;
    static uint64_t value[MOST];
    static uint8_t out[512];
    uint64_t seed = 2;
    for (int round = 0; round < 50; round++) {
        size_t n = make_runs(&b, value, 1, &seed), at = 0, ones = 0;
        uint64_t sum = 0, counted = 0;
        struct assay_pq_hybrid h, counter;
        assay_pq_hybrid_init(&h, b.p, b.n, 1);
        counter = h;
        for (size_t i = 0; i < n; i++)
            sum += value[i];
        assert_true(assay_pq_hybrid_count(&counter, n, &counted));
        assert_int_equal(counted, sum);
        assert_true(assay_pq_hybrid_done(&counter));
        assert_false(assay_pq_hybrid_count(&counter, 1, &counted));
        for (size_t k; at < n; at += k) {
            k = 1 + next_random(&seed) % 512;
            k = k < n - at ? k : n - at;
            assert_true(assay_pq_hybrid_levels(&h, k, out, &ones));
            for (size_t i = 0; i < k; i++) {
                assert_int_equal(out[i], value[at + i]);
                ones -= out[i];
            }
            assert_int_equal(ones, 0);
        }
    }
}

/* A run of bits whose last bytes no value needs: other readers take it, so must this one; a value more is an error. */
static void the_last_group_may_be_cut(void **state)
{
    (void)state;
    uint8_t data[3 + PQ_PAD] = {3, 0x21, 0x43};
    uint32_t out[8];
    bool same;
    struct assay_pq_hybrid h;
    assay_pq_hybrid_init(&h, data, 3, 4);
    assert_int_equal(assay_pq_hybrid_take(&h, 4, out, &same), 4);
    assert_memory_equal(out, ((uint32_t[]){1, 2, 3, 4}), 16);
    assert_int_equal(assay_pq_hybrid_take(&h, 1, out, &same), 0);
}

struct delta_shape {
    unsigned width, block, miniblocks, bits; /* bits: of the random values */
};

static void make_deltas(struct bits *b, const uint64_t *v, size_t n, const struct delta_shape *s)
{
    uint64_t mask = s->width == 8 ? UINT64_MAX : UINT32_MAX;
    size_t per = s->block / s->miniblocks;
    static uint64_t delta[1024];
    put_varint(b, s->block);
    put_varint(b, s->miniblocks);
    put_varint(b, n);
    put_zigzag(b, n ? s->width == 8 ? v[0] : (uint64_t)(int64_t)(int32_t)v[0] : 0);
    for (size_t at = 1; at < n; at += s->block) {
        size_t k = n - at < s->block ? n - at : s->block, widths;
        int64_t least = INT64_MAX;
        memset(delta, 0, sizeof delta);
        for (size_t i = 0; i < k; i++) {
            delta[i] = (v[at + i] - v[at + i - 1]) & mask;
            int64_t d = s->width == 8 ? (int64_t)delta[i] : (int32_t)delta[i];
            least = d < least ? d : least;
        }
        put_zigzag(b, (uint64_t)least);
        widths = b->n;
        for (size_t m = 0; m < s->miniblocks; m++)
            put_byte(b, m * per < k ? 0 : 200); /* widths of miniblocks that are not there mean nothing */
        for (size_t m = 0; m * per < k; m++) {
            uint64_t all = 0;
            unsigned w = 0;
            for (size_t i = m * per; i < (m + 1) * per; i++) {
                delta[i] = i < k ? (delta[i] - (uint64_t)least) & mask : 0;
                all |= delta[i];
            }
            while (w < 64 && all >> w)
                w++;
            b->p[widths + m] = (uint8_t)w;
            put_packed(b, delta + m * per, w ? per : 0, w ? w : 1);
        }
    }
}

static void deltas_of_every_shape(void **state)
{
    (void)state;
    static const struct delta_shape shapes[] = {{4, 128, 4, 3},  {4, 128, 4, 32}, {4, 256, 8, 17}, {4, 128, 1, 31},
                                                {8, 128, 4, 64}, {8, 128, 4, 63}, {8, 256, 4, 40}, {8, 1024, 32, 60}};
    static struct bits b;
    static uint64_t value[MOST];
    static uint8_t out[MOST * 8];
    uint64_t seed = 3;
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
        for (size_t n = 0; n < 1200; n += 1 + n / 3) {
            const struct delta_shape *shape = &shapes[s];
            size_t used = 0;
            b.n = 0;
            for (size_t i = 0; i < n; i++)
                value[i] = next_random(&seed) >> (64 - shape->bits);
            make_deltas(&b, value, n, shape);
            memset(b.p + b.n, 0xff, PQ_PAD);
            assert_null(assay_pq_delta_ints(b.p, b.n, n, shape->width, out, &used));
            assert_int_equal(used, b.n);
            for (size_t i = 0; i < n; i++) {
                uint64_t got = 0;
                memcpy(&got, out + i * shape->width, shape->width);
                assert_true(got == value[i]);
            }
            if (n)
                assert_non_null(assay_pq_delta_ints(b.p, b.n - 1, n, shape->width, out, &used));
        }
}

static void shared_prefixes(void **state)
{
    (void)state;
    static const int32_t prefix[] = {0, 3, 0, 4}, suffix[] = {3, 1, 0, 0}, good[] = {0, 3, 0, 0},
                         negative[] = {0, -1, 0, 0};
    static const char plain[] = "\3\0\0\0abc\4\0\0\0abcd\0\0\0\0\0\0\0\0";
    uint8_t out[64];
    assert_non_null(assay_pq_delta_prefixed((const uint8_t *)"abcd", 4, prefix, suffix, 4, 0, out));
    assert_non_null(assay_pq_delta_prefixed((const uint8_t *)"abcd", 4, negative, suffix, 4, 0, out));
    assert_null(assay_pq_delta_prefixed((const uint8_t *)"abcd", 4, good, suffix, 4, 0, out));
    assert_memory_equal(out, plain, sizeof plain - 1);
    assert_non_null(assay_pq_delta_prefixed((const uint8_t *)"abcde", 5, good, suffix, 4, 0, out));
    assert_non_null(assay_pq_delta_prefixed((const uint8_t *)"abc", 3, good, suffix, 4, 0, out));
    assert_non_null(assay_pq_delta_prefixed((const uint8_t *)"abcd", 4, good, suffix, 4, 3, out));
}

static void lengths_of_strings(void **state)
{
    (void)state;
    static const int32_t good[] = {1, 0, 2}, negative[] = {1, -1, 3}, huge[] = {INT32_MAX, INT32_MAX, 2};
    uint8_t out[64];
    assert_null(assay_pq_delta_strings((const uint8_t *)"abc", 3, good, 3, out));
    assert_memory_equal(out, "\1\0\0\0a\0\0\0\0\2\0\0\0bc", 15);
    assert_non_null(assay_pq_delta_strings((const uint8_t *)"abcd", 4, good, 3, out));
    assert_non_null(assay_pq_delta_strings((const uint8_t *)"ab", 2, good, 3, out));
    assert_non_null(assay_pq_delta_strings((const uint8_t *)"abc", 3, negative, 3, out));
    assert_non_null(assay_pq_delta_strings((const uint8_t *)"abc", 3, huge, 3, out));
}

/* Fields of every thrift type are stepped over, those inside containers too. */
static void unknown_fields_are_skipped(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0x11, 0x12, 0x13, 7,  0x14, 8,    0x15, 9,    0x16, 0x80, 1,    0x17, 1,    2,
                                    3,    4,    5,    6,  7,    8,    0x18, 2,    'a',  'b',  0x19, 0x21, 1,    2,
                                    0x1a, 0x1c, 0x15, 1,  0,    0x1b, 1,    0x8c, 1,    'k',  0x11, 0,    0x1b, 0,
                                    0x1c, 0x1c, 0,    0,  0x1d, 1,    2,    3,    4,    5,    6,    7,    8,    9,
                                    10,   11,   12,   13, 14,   15,   16,   0x15, 84,   0};
    struct assay_pq_thrift t;
    struct assay_pq_field f = {0};
    int fields = 0, last = 0;
    assay_pq_thrift_init(&t, bytes, sizeof bytes);
    for (; assay_pq_thrift_field(&t, &f); fields++)
        if (f.id == 15)
            last = assay_pq_thrift_i32(&t, &f);
        else
            assay_pq_thrift_skip(&t, &f);
    assert_null(t.err);
    assert_ptr_equal(t.p, t.end);
    assert_int_equal(fields, 15);
    assert_int_equal(last, 42);
    for (size_t n = 0; n < sizeof bytes; n++) {
        f = (struct assay_pq_field){0};
        assay_pq_thrift_init(&t, bytes, n);
        while (assay_pq_thrift_field(&t, &f))
            assay_pq_thrift_skip(&t, &f);
        assert_non_null(t.err);
        assert_true(t.ended);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hybrid_of_every_width),
        cmocka_unit_test(the_last_block_may_stand_twice),
        cmocka_unit_test(levels_are_counted_and_delivered),
        cmocka_unit_test(the_last_group_may_be_cut),
        cmocka_unit_test(deltas_of_every_shape),
        cmocka_unit_test(shared_prefixes),
        cmocka_unit_test(lengths_of_strings),
        cmocka_unit_test(unknown_fields_are_skipped),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
