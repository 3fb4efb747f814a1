/* Proofs of draft-ietf-plants-merkle-tree-certs section 4: a subtree is in a tree. That a leaf is in it (RFC 9162
 * section 2.1.3) and that a tree has grown out of an older one (2.1.4) are the subtrees [i, i + 1) and [0, m). */
#include <string.h>

#include "assay/merkle.h"

bool assay_merkle_is_subtree(uint64_t start, uint64_t end)
{
    if (start >= end)
        return start == end;
    unsigned height = end - start == 1 ? 0 : 64 - (unsigned)__builtin_clzll(end - start - 1);
    return start == 0 || (height < 64 && start % (UINT64_C(1) << height) == 0);
}

/* ---- checking ---- */

/* The way up from a subtree to the root of its tree, all in nodes of the level that it has come to: the subtree's first
 * and last, and the tree's last. */
struct climb {
    uint64_t first, last, tree_last;
};

static void up(struct climb *c)
{
    c->first >>= 1;
    c->last >>= 1;
    c->tree_last >>= 1;
}

/* To the topmost node at the subtree's end that the tree has too: the subtree itself, when it is one, and else the left
 * child of the node that the tree has filled further, which is the first hash of the proof. */
static bool climb_to_common(struct climb *c)
{
    bool at_edge = c->last == c->tree_last;
    while (c->first != c->last && (at_edge || c->last & 1))
        up(c);
    return c->first == c->last;
}

bool assay_merkle_check_subtree(uint64_t start, uint64_t end, uint64_t size, const uint8_t (*proof)[32], size_t n,
                                const uint8_t subtree[32], const uint8_t root[32])
{
    uint8_t sub[32], whole[32];
    if (!assay_merkle_is_subtree(start, end) || end > size)
        return false;
    if (start == end) {
        assay_merkle_empty(sub);
        return n == 0 && memcmp(sub, subtree, 32) == 0;
    }
    struct climb c = {start, end - 1, size - 1};
    bool known = climb_to_common(&c);
    if (!known && n == 0)
        return false;
    memcpy(sub, known ? subtree : proof[0], 32);
    memcpy(whole, sub, 32);
    for (size_t i = known ? 0 : 1; i < n; i++) {
        if (c.tree_last == 0)
            return false;
        if (c.last & 1 || c.last == c.tree_last) {
            if (c.first < c.last)
                assay_merkle_node(proof[i], sub, sub);
            assay_merkle_node(proof[i], whole, whole);
            while (!(c.last & 1)) /* an only child is its parent; it ends, as tree_last > 0 */
                up(&c);
        } else {
            assay_merkle_node(whole, proof[i], whole);
        }
        up(&c);
    }
    return c.tree_last == 0 && memcmp(sub, subtree, 32) == 0 && memcmp(whole, root, 32) == 0;
}

bool assay_merkle_check_in_subtree(uint64_t index, uint64_t start, uint64_t end, const uint8_t leaf[32],
                                   const uint8_t (*proof)[32], size_t n, const uint8_t subtree[32])
{
    return assay_merkle_is_subtree(start, end) && start <= index && index < end &&
           assay_merkle_check_subtree(index - start, index - start + 1, end - start, proof, n, leaf, subtree);
}

bool assay_merkle_check_inclusion(uint64_t index, uint64_t size, const uint8_t leaf[32], const uint8_t (*proof)[32],
                                  size_t n, const uint8_t root[32])
{
    return assay_merkle_check_in_subtree(index, 0, size, leaf, proof, n, root);
}

bool assay_merkle_check_consistency(uint64_t size1, uint64_t size2, const uint8_t (*proof)[32], size_t n,
                                    const uint8_t root1[32], const uint8_t root2[32])
{
    /* Every tree grows from the empty one: only of the empty tree itself can that be a proof (RFC 9162: 0 < m < n). */
    if (size1 == 0 && (size2 != 0 || memcmp(root1, root2, 32) != 0))
        return false;
    return assay_merkle_check_subtree(0, size1, size2, proof, n, root1, root2);
}

/* ---- making, with hashes of subtrees from the caller ---- */

/* Definitions go from the root down, proofs from the leaf up. */
static void reverse(uint8_t (*proof)[32], size_t n)
{
    uint8_t h[32];
    for (size_t i = 0; i < n / 2; i++) {
        memcpy(h, proof[i], 32);
        memcpy(proof[i], proof[n - 1 - i], 32);
        memcpy(proof[n - 1 - i], h, 32);
    }
}

/* The proof that [start, end) is in the tree of the n leaves from `first` on; start and end are counted from there.
 * In the loop they are counted from the node that it has come down to. */
static enum assay_status prove(uint64_t first, uint64_t start, uint64_t end, uint64_t n, assay_merkle_range *range,
                               void *ctx, struct assay_merkle_proof *out, struct assay_err *e)
{
    bool known = true; /* the verifier has the hash of what is left of the subtree: all of it is */
    enum assay_status s = ASSAY_OK;
    out->n = 0;
    if (start == end)
        return ASSAY_OK;
    while ((start > 0 || end < n) && s == ASSAY_OK) {
        uint64_t k = assay_merkle_split(n);
        bool left = end <= k;
        s = left ? range(ctx, first + k, n - k, out->hash[out->n++], e) : range(ctx, first, k, out->hash[out->n++], e);
        if (left) {
            n = k;
            continue;
        }
        known = start >= k;
        start = known ? start - k : 0;
        end -= k;
        first += k;
        n -= k;
    }
    if (s == ASSAY_OK && !known)
        s = range(ctx, first, n, out->hash[out->n++], e);
    reverse(out->hash, out->n);
    return s;
}

enum assay_status assay_merkle_prove_subtree(uint64_t start, uint64_t end, uint64_t size, assay_merkle_range *range,
                                             void *ctx, struct assay_merkle_proof *out, struct assay_err *e)
{
    out->n = 0;
    if (!assay_merkle_is_subtree(start, end) || end > size)
        return assay_fail(e, ASSAY_ENOTFOUND, "a tree of %llu leaves has no subtree [%llu, %llu)",
                          (unsigned long long)size, (unsigned long long)start, (unsigned long long)end);
    return prove(0, start, end, size, range, ctx, out, e);
}

enum assay_status assay_merkle_prove_in_subtree(uint64_t index, uint64_t start, uint64_t end, assay_merkle_range *range,
                                                void *ctx, struct assay_merkle_proof *out, struct assay_err *e)
{
    out->n = 0;
    if (!assay_merkle_is_subtree(start, end) || index < start || index >= end)
        return assay_fail(e, ASSAY_ENOTFOUND, "leaf %llu is not in a subtree [%llu, %llu)", (unsigned long long)index,
                          (unsigned long long)start, (unsigned long long)end);
    return prove(start, index - start, index - start + 1, end - start, range, ctx, out, e);
}

enum assay_status assay_merkle_prove_inclusion(uint64_t index, uint64_t size, assay_merkle_range *range, void *ctx,
                                               struct assay_merkle_proof *out, struct assay_err *e)
{
    if (index < size)
        return assay_merkle_prove_in_subtree(index, 0, size, range, ctx, out, e);
    out->n = 0;
    return assay_fail(e, ASSAY_ENOTFOUND, "leaf %llu is not in a tree of %llu", (unsigned long long)index,
                      (unsigned long long)size);
}

void assay_merkle_prove_many(uint8_t (*leaf)[32], uint64_t n, const uint64_t *index, struct assay_merkle_proof *proof,
                             size_t n_proofs)
{
    for (size_t p = 0; p < n_proofs; p++)
        proof[p].n = 0;
    /* Level by level, in place; a node without a sibling moves up as it is. */
    for (unsigned level = 0; n > 1; level++, n = n / 2 + n % 2) {
        for (size_t p = 0; p < n_proofs; p++) {
            uint64_t sibling = (index[p] >> level) ^ 1;
            if (sibling < n)
                memcpy(proof[p].hash[proof[p].n++], leaf[sibling], 32);
        }
        for (uint64_t i = 0; i < n / 2; i++)
            assay_merkle_node(leaf[2 * i], leaf[2 * i + 1], leaf[i]);
        if (n % 2)
            memmove(leaf[n / 2], leaf[n - 1], 32);
    }
}

enum assay_status assay_merkle_prove_consistency(uint64_t size1, uint64_t size2, assay_merkle_range *range, void *ctx,
                                                 struct assay_merkle_proof *out, struct assay_err *e)
{
    if (size1 <= size2)
        return assay_merkle_prove_subtree(0, size1, size2, range, ctx, out, e);
    out->n = 0;
    return assay_fail(e, ASSAY_ENOTFOUND, "a tree of %llu leaves has no beginning of %llu", (unsigned long long)size2,
                      (unsigned long long)size1);
}
