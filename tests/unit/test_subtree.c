/* The test vectors of draft-ietf-plants-merkle-tree-certs, appendix "Subtree Test Vectors": every subtree, and every
 * proof of every tree of up to 130 leaves, as published hashes over all of them; trees of up to 2^64 - 1 leaves, as the
 * published files of proofs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/base64.h"
#include "assay/digest.h"
#include "assay/merkle.h"

enum { N = 130 };

/* Leaf i is the byte i; hash[start][end] for every subtree. */
struct small_tree {
    uint8_t leaf[N][32];
    uint8_t hash[N + 1][N + 1][32];
};

static void grow(struct small_tree *t)
{
    for (unsigned i = 0; i < N; i++)
        assay_merkle_leaf(&(uint8_t){(uint8_t)i}, 1, t->leaf[i]);
    for (unsigned end = 0; end <= N; end++)
        for (unsigned start = 0; start <= end; start++)
            if (assay_merkle_is_subtree(start, end))
                assay_merkle_root_of((const uint8_t(*)[32])t->leaf + start, end - start, t->hash[start][end]);
}

static enum assay_status small_range(void *ctx, uint64_t first, uint64_t n, uint8_t out[32], struct assay_err *e)
{
    (void)e;
    struct small_tree *t = ctx;
    assert_true(n > 0 && first + n <= N && assay_merkle_is_subtree(first, first + n));
    memcpy(out, t->hash[first][first + n], 32);
    return ASSAY_OK;
}

static void add_line(struct assay_sha256 *all, const char *what, const struct assay_merkle_proof *p)
{
    char hex[65];
    assay_sha256_update(all, what, strlen(what));
    for (size_t i = 0; i < p->n; i++) {
        assay_hex(p->hash[i], 32, hex);
        assay_sha256_update(all, " ", 1);
        assay_sha256_update(all, hex, 64);
    }
    assay_sha256_update(all, "\n", 1);
}

static void all_hash_to(struct assay_sha256 *all, const char *want)
{
    uint8_t h[32];
    char hex[65];
    assay_sha256_final(all, h);
    assay_sha256_free(all);
    assay_hex(h, 32, hex);
    assert_string_equal(hex, want);
}

/* One claim, whichever kind: that `part` is at these places under `root`. */
struct claim {
    uint64_t index; /* of a leaf; UINT64_MAX: the claim is about the subtree [start, end) of a tree of `size` */
    uint64_t start, end, size;
    uint8_t part[32], root[32];
};

static bool holds(const struct claim *c, const uint8_t (*proof)[32], size_t n)
{
    return c->index == UINT64_MAX
               ? assay_merkle_check_subtree(c->start, c->end, c->size, proof, n, c->part, c->root)
               : assay_merkle_check_in_subtree(c->index, c->start, c->end, c->part, proof, n, c->root);
}

static void refuse_flip(const struct claim *c, const struct assay_merkle_proof *p, uint8_t *byte, unsigned bit)
{
    *byte ^= (uint8_t)(1U << bit);
    if (holds(c, (const uint8_t(*)[32])p->hash, p->n))
        fail_msg("[%" PRIu64 ", %" PRIu64 ") in %" PRIu64 ": a changed bit is accepted", c->start, c->end, c->size);
    *byte ^= (uint8_t)(1U << bit);
}

/* The proof holds; with any bit of these (of `every`th byte) changed, one hash too few at either end, or one too many,
 * none does. The root above an empty subtree is nobody's. */
static void check_claim(struct claim *c, struct assay_merkle_proof *p, unsigned every)
{
    const uint8_t(*proof)[32] = (const uint8_t(*)[32])p->hash;
    assert_true(holds(c, proof, p->n));
    for (unsigned at = (unsigned)(c->end + c->size) % every; at < 256; at += every) {
        refuse_flip(c, p, c->part + at / 8, at % 8);
        if (c->start < c->end)
            refuse_flip(c, p, c->root + at / 8, at % 8);
        for (size_t i = 0; i < p->n; i++)
            refuse_flip(c, p, p->hash[i] + at / 8, at % 8);
    }
    assert_true(p->n < 65);
    memcpy(p->hash[p->n], p->n ? p->hash[p->n - 1] : c->root, 32);
    assert_false(holds(c, proof, p->n + 1));
    if (p->n) {
        assert_false(holds(c, proof, p->n - 1));
        assert_false(holds(c, proof + 1, p->n - 1));
        assert_true(p->n == 1 || !holds(c, proof + 1, p->n)); /* without the first, the last one twice */
    }
    assert_true(holds(c, proof, p->n));
}

static void test_small_hashes(void **state)
{
    struct small_tree *t = *state;
    struct assay_sha256 *all = assay_sha256_new();
    struct assay_merkle_proof one = {.n = 1};
    char what[64];
    for (unsigned end = 0; end <= N; end++)
        for (unsigned start = 0; start <= end; start++)
            if (assay_merkle_is_subtree(start, end)) {
                snprintf(what, sizeof what, "[%u, %u)", start, end);
                memcpy(one.hash[0], t->hash[start][end], 32);
                add_line(all, what, &one);
            }
    all_hash_to(all, "b82806ad4265bb151c1119c0f4db437bb4d1a1f887b3a7fba1cd4ebf552e3e81");
}

static void test_small_inclusion(void **state)
{
    struct small_tree *t = *state;
    struct assay_sha256 *all = assay_sha256_new();
    struct assay_merkle_proof p;
    char what[64];
    for (unsigned end = 0; end <= N; end++)
        for (unsigned start = 0; start <= end; start++)
            for (unsigned i = start; i < end && assay_merkle_is_subtree(start, end); i++) {
                struct claim c = {.index = i, .start = start, .end = end};
                snprintf(what, sizeof what, "%u [%u, %u)", i, start, end);
                assert_int_equal(assay_merkle_prove_in_subtree(i, start, end, small_range, t, &p, NULL), ASSAY_OK);
                add_line(all, what, &p);
                memcpy(c.part, t->leaf[i], 32);
                memcpy(c.root, t->hash[start][end], 32);
                check_claim(&c, &p, end <= 17 ? 1 : 211);
                c.index = i + 1;
                assert_false(holds(&c, (const uint8_t(*)[32])p.hash, p.n));
            }
    all_hash_to(all, "ac2a8f989e44d99e399db448050ff5f19757df53cfb716aa81015d3955d8163f");
}

static void test_small_consistency(void **state)
{
    struct small_tree *t = *state;
    struct assay_sha256 *all = assay_sha256_new();
    struct assay_merkle_proof p;
    char what[64];
    for (unsigned size = 0; size <= N; size++)
        for (unsigned end = 0; end <= size; end++)
            for (unsigned start = 0; start <= end; start++) {
                struct claim c = {.index = UINT64_MAX, .start = start, .end = end, .size = size};
                if (!assay_merkle_is_subtree(start, end))
                    continue;
                snprintf(what, sizeof what, "[%u, %u) %u", start, end, size);
                assert_int_equal(assay_merkle_prove_subtree(start, end, size, small_range, t, &p, NULL), ASSAY_OK);
                add_line(all, what, &p);
                memcpy(c.part, t->hash[start][end], 32);
                memcpy(c.root, t->hash[0][size], 32);
                check_claim(&c, &p, size <= 17 ? 1 : 211);
            }
    all_hash_to(all, "10fa99b37bf9bf9ffa26b412fbd98bd75363256d0b75d61bc4538b9c9c5a0a74");
}

static void test_what_is_a_subtree(void **state)
{
    (void)state;
    const uint64_t one = 1;
    const struct {
        uint64_t start, end;
        bool is;
    } rule[] = {
        {0, 0, true},
        {5, 5, true},
        {UINT64_MAX, UINT64_MAX, true},
        {5, 6, true},
        {4, 8, true},
        {8, 13, true},
        {0, 13, true},
        {6, 8, true},
        {0, (one << 47) + 1, true},
        {0, (one << 48) - 1, true},
        {0, (one << 62) + 1, true},
        {0, (one << 63) - 1, true},
        {0, one << 63, true},
        {0, (one << 63) + 1, true},
        {0, UINT64_MAX, true},
        {one << 63, UINT64_MAX, true},
        {5, 3, false},
        {UINT64_MAX, 0, false},
        {2, 6, false},
        {5, 13, false},
        {1, 7, false},
        {7, 9, false},
        {4, 9, false},
        {one << 46, (one << 47) + 1, false},
        {one << 46, (one << 48) - 1, false},
        {one << 61, (one << 62) + 1, false},
        {one << 61, (one << 63) - 1, false},
        {one << 62, (one << 63) + 1, false},
        {one << 62, UINT64_MAX, false},
        {1, UINT64_MAX, false},
    };
    for (size_t i = 0; i < sizeof rule / sizeof *rule; i++)
        if (assay_merkle_is_subtree(rule[i].start, rule[i].end) != rule[i].is)
            fail_msg("[%" PRIu64 ", %" PRIu64 ") is%s a subtree", rule[i].start, rule[i].end, rule[i].is ? " not" : "");
}

static void test_no_such_subtree(void **state)
{
    struct small_tree *t = *state;
    struct assay_merkle_proof p;
    struct assay_err e = {0};
    assert_int_equal(assay_merkle_prove_subtree(2, 6, 8, small_range, t, &p, &e), ASSAY_ENOTFOUND);
    assert_string_equal(e.msg, "a tree of 8 leaves has no subtree [2, 6)");
    assert_int_equal(assay_merkle_prove_subtree(8, 16, 15, small_range, t, &p, NULL), ASSAY_ENOTFOUND);
    assert_int_equal(assay_merkle_prove_subtree(17, 17, 16, small_range, t, &p, NULL), ASSAY_ENOTFOUND);
    assay_err_reset(&e);
    assert_int_equal(assay_merkle_prove_in_subtree(8, 4, 8, small_range, t, &p, &e), ASSAY_ENOTFOUND);
    assert_string_equal(e.msg, "leaf 8 is not in a subtree [4, 8)");
    assert_int_equal(assay_merkle_prove_in_subtree(3, 4, 8, small_range, t, &p, NULL), ASSAY_ENOTFOUND);
    assert_int_equal(assay_merkle_prove_in_subtree(5, 5, 5, small_range, t, &p, NULL), ASSAY_ENOTFOUND);
    assert_int_equal(assay_merkle_prove_in_subtree(4, 2, 6, small_range, t, &p, NULL), ASSAY_ENOTFOUND);
    assert_false(assay_merkle_check_subtree(17, 17, 16, NULL, 0, t->hash[0][0], t->hash[0][16]));
    assert_false(assay_merkle_check_in_subtree(5, 5, 5, t->leaf[5], NULL, 0, t->hash[5][5]));
}

/* ---- the large trees: leaves named "Leaf N", known around some places alone; beside the paths from these, made-up
 * hashes ---- */

struct large_tree {
    uint64_t place[7];
    size_t n;
};

static bool is_on_path(const struct large_tree *t, unsigned level, uint64_t node)
{
    size_t i = 0;
    while (i < t->n && t->place[i] >> level != node)
        i++;
    return i < t->n;
}

static void large_node(const struct large_tree *t, unsigned level, uint64_t node, uint8_t out[32])
{
    char text[64];
    uint8_t left[32], right[32];
    if (level == 0) {
        snprintf(text, sizeof text, "Leaf %" PRIu64, node);
        assay_merkle_leaf(text, strlen(text), out);
    } else if (is_on_path(t, level, node)) {
        large_node(t, level - 1, 2 * node, left);
        large_node(t, level - 1, 2 * node + 1, right);
        assay_merkle_node(left, right, out);
    } else {
        assert_true(is_on_path(t, level, node ^ 1));
        snprintf(text, sizeof text, "\x03Synthetic Node %u %" PRIu64, level, node);
        assay_sha256(text, strlen(text), out);
    }
}

static enum assay_status large_range(void *ctx, uint64_t first, uint64_t n, uint8_t out[32], struct assay_err *e)
{
    uint8_t left[32], right[32];
    if ((n & (n - 1)) == 0) {
        unsigned level = (unsigned)__builtin_ctzll(n);
        large_node(ctx, level, first >> level, out);
        return ASSAY_OK;
    }
    uint64_t k = assay_merkle_split(n);
    large_range(ctx, first, k, left, e);
    large_range(ctx, first + k, n - k, right, e);
    assay_merkle_node(left, right, out);
    return ASSAY_OK;
}

static void large_hash(struct large_tree *t, uint64_t start, uint64_t end, uint8_t out[32])
{
    if (start == end)
        assay_merkle_empty(out);
    else
        large_range(t, start, end - start, out, NULL);
}

/* One proof as the published files have it; `name` are those of its three numbers and two hashes there. */
static void add_json(struct assay_sha256 *all, const char *const name[5], const uint64_t number[3],
                     const struct claim *c, const struct assay_merkle_proof *p, bool first)
{
    char part[45], root[45], proof[65 * 44 + 1], text[sizeof proof + 512];
    assay_b64_encode(c->part, 32, part);
    assay_b64_encode(c->root, 32, root);
    assay_b64_encode((const uint8_t *)p->hash, 32 * p->n, proof);
    int n = snprintf(text, sizeof text,
                     "%s\n  {\n    \"%s\": \"%" PRIu64 "\",\n    \"%s\": \"%" PRIu64 "\",\n    \"%s\": \"%" PRIu64
                     "\",\n    \"%s\": \"%s\",\n    \"%s\": \"%s\",\n    \"Proof\": \"%s\"\n  }",
                     first ? "[" : ",", name[0], number[0], name[1], number[1], name[2], number[2], name[3], part,
                     name[4], root, proof);
    assert_true(n > 0 && (size_t)n < sizeof text);
    assay_sha256_update(all, text, (size_t)n);
}

static void test_large_inclusion(void **state)
{
    (void)state;
    static const char *const name[5] = {"Index", "Start", "End", "EntryHash", "SubtreeHash"};
    static const unsigned width[3] = {48, 63, 64};
    struct assay_sha256 *all = assay_sha256_new();
    struct assay_merkle_proof p;
    for (size_t w = 0; w < 3; w++) {
        unsigned b = width[w];
        uint64_t max = UINT64_MAX >> (64 - b), half = UINT64_C(1) << (b - 1), quarter = UINT64_C(1) << b / 4;
        uint64_t mid = max - (UINT64_C(1) << b / 2) + 1, end = mid + quarter, bits = UINT64_C(0xaaaaaaaaaaaaaaaa);
        struct large_tree t = {
            {0, half, bits >> (64 - b), mid + (bits >> (64 - b / 4)), end - 1, max - 1},
            6,
        };
        for (size_t i = 0; i < 8; i++) {
            struct claim c = {.index = t.place[i % 4 ? i % 4 + 1 : i / 4], .start = i < 4 ? 0 : half, .end = end};
            assert_int_equal(assay_merkle_prove_in_subtree(c.index, c.start, end, large_range, &t, &p, NULL), ASSAY_OK);
            large_node(&t, 0, c.index, c.part);
            large_hash(&t, c.start, end, c.root);
            add_json(all, name, (const uint64_t[3]){c.index, c.start, end}, &c, &p, w + i == 0);
            check_claim(&c, &p, 37);
        }
    }
    assay_sha256_update(all, "\n]", 2);
    all_hash_to(all, "19ffc377d123613de6cfe3ad98c858da7a0af9abbcd8e9bd69cfa9f225e542c4");
}

static void test_large_consistency(void **state)
{
    (void)state;
    static const char *const name[5] = {"Start", "End", "TreeSize", "SubtreeHash", "TreeHash"};
    static const unsigned width[3] = {48, 63, 64};
    struct assay_sha256 *all = assay_sha256_new();
    struct assay_merkle_proof p;
    for (size_t w = 0; w < 3; w++) {
        unsigned b = width[w];
        uint64_t max = UINT64_MAX >> (64 - b), half = UINT64_C(1) << (b - 1), pow = UINT64_C(1) << b / 2;
        uint64_t mid = max - pow + 1, size = mid + (UINT64_C(1) << b / 4);
        struct large_tree t = {{0, half, pow - 1, mid - 1, mid, size - 1}, 6};
        const uint64_t part[7][2] = {{0, 0}, {0, size}, {0, pow}, {0, mid}, {mid, size}, {half, mid}, {size - 1, size}};
        for (size_t i = 0; i < 7; i++) {
            struct claim c = {.index = UINT64_MAX, .start = part[i][0], .end = part[i][1], .size = size};
            assert_int_equal(assay_merkle_prove_subtree(c.start, c.end, size, large_range, &t, &p, NULL), ASSAY_OK);
            large_hash(&t, c.start, c.end, c.part);
            large_hash(&t, 0, size, c.root);
            add_json(all, name, (const uint64_t[3]){c.start, c.end, size}, &c, &p, w + i == 0);
            check_claim(&c, &p, 37);
        }
    }
    assay_sha256_update(all, "\n]", 2);
    all_hash_to(all, "7fcc6d9d0283ecf7d19e221049f477964dfbf048ef43601a640a8c5a62e47d9f");
}

static int set_up(void **state)
{
    struct small_tree *t = malloc(sizeof *t);
    if (!t)
        return -1;
    grow(t);
    *state = t;
    return 0;
}

static int tear_down(void **state)
{
    free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small_hashes),      cmocka_unit_test(test_small_inclusion),
        cmocka_unit_test(test_small_consistency), cmocka_unit_test(test_what_is_a_subtree),
        cmocka_unit_test(test_no_such_subtree),   cmocka_unit_test(test_large_inclusion),
        cmocka_unit_test(test_large_consistency),
    };
    return !!cmocka_run_group_tests(tests, set_up, tear_down);
}
