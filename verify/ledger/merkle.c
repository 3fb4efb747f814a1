#include "assay/merkle.h"

/* The low-level SHA-256 calls allocate nothing, so that hashing a node can neither fail nor slow down;
 * the EVP one-shot costs twice the time for 65 bytes. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>
#include <string.h>

void assay_merkle_leaf(const void *body, size_t n, uint8_t out[32])
{
    SHA256_CTX c;
    SHA256_Init(&c);
    SHA256_Update(&c, "\x00", 1);
    SHA256_Update(&c, body, n);
    SHA256_Final(out, &c);
}

void assay_merkle_node(const uint8_t left[32], const uint8_t right[32], uint8_t out[32])
{
    SHA256_CTX c;
    SHA256_Init(&c);
    SHA256_Update(&c, "\x01", 1);
    SHA256_Update(&c, left, 32);
    SHA256_Update(&c, right, 32);
    SHA256_Final(out, &c);
}

void assay_merkle_empty(uint8_t out[32])
{
    SHA256_CTX c;
    SHA256_Init(&c);
    SHA256_Final(out, &c);
}

void assay_merkle_add(struct assay_merkle *m, const uint8_t leaf[32])
{
    size_t top = (size_t)__builtin_popcountll(m->size);
    uint8_t h[32];
    memcpy(h, leaf, 32);
    for (uint64_t s = m->size; s & 1; s >>= 1)
        assay_merkle_node(m->stack[--top], h, h);
    memcpy(m->stack[top], h, 32);
    m->size++;
}

void assay_merkle_root(const struct assay_merkle *m, uint8_t out[32])
{
    size_t top = (size_t)__builtin_popcountll(m->size);
    if (!top) {
        assay_merkle_empty(out);
        return;
    }
    memcpy(out, m->stack[--top], 32);
    while (top)
        assay_merkle_node(m->stack[--top], out, out);
}

static uint64_t split(uint64_t n)
{
    return UINT64_C(1) << (63 - __builtin_clzll(n - 1)); /* the largest power of two below n > 1 */
}

void assay_merkle_root_of(const uint8_t (*leaf)[32], uint64_t n, uint8_t out[32])
{
    if (n == 0) {
        assay_merkle_empty(out);
        return;
    }
    if (n == 1) {
        memcpy(out, leaf[0], 32);
        return;
    }
    uint8_t left[32], right[32];
    uint64_t k = split(n);
    assay_merkle_root_of(leaf, k, left);
    assay_merkle_root_of(leaf + k, n - k, right);
    assay_merkle_node(left, right, out);
}

bool assay_merkle_check_inclusion(uint64_t index, uint64_t size, const uint8_t leaf[32], const uint8_t (*proof)[32],
                                  size_t n, const uint8_t root[32])
{
    if (index >= size)
        return false;
    uint64_t fn = index, sn = size - 1;
    uint8_t r[32];
    memcpy(r, leaf, 32);
    for (size_t i = 0; i < n; i++) {
        if (sn == 0)
            return false;
        if (fn & 1 || fn == sn) {
            assay_merkle_node(proof[i], r, r);
            while (!(fn & 1) && fn) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            assay_merkle_node(r, proof[i], r);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && memcmp(r, root, 32) == 0;
}

bool assay_merkle_check_consistency(uint64_t size1, uint64_t size2, const uint8_t (*proof)[32], size_t n,
                                    const uint8_t root1[32], const uint8_t root2[32])
{
    if (size1 > size2)
        return false;
    if (size1 == size2) {
        uint8_t empty[32];
        assay_merkle_empty(empty);
        return n == 0 && memcmp(root1, root2, 32) == 0 && (size1 || memcmp(root1, empty, 32) == 0);
    }
    if (size1 == 0)
        return false; /* every tree grows from the empty one: there is no proof to check (RFC 9162: 0 < m < n) */
    bool whole = (size1 & (size1 - 1)) == 0; /* the old root is a node of the new tree: the proof leaves it out */
    if (n == 0)
        return false;
    uint64_t fn = size1 - 1, sn = size2 - 1;
    for (; fn & 1; fn >>= 1)
        sn >>= 1;
    uint8_t fr[32], sr[32];
    memcpy(fr, whole ? root1 : proof[0], 32);
    memcpy(sr, fr, 32);
    for (size_t i = whole ? 0 : 1; i < n; i++) {
        if (sn == 0)
            return false;
        if (fn & 1 || fn == sn) {
            assay_merkle_node(proof[i], fr, fr);
            assay_merkle_node(proof[i], sr, sr);
            while (!(fn & 1) && fn) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            assay_merkle_node(sr, proof[i], sr);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && memcmp(fr, root1, 32) == 0 && memcmp(sr, root2, 32) == 0;
}

/* ---- making proofs: the definitions of RFC 6962 section 2.1, with subtree hashes from the caller ---- */

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

enum assay_status assay_merkle_prove_inclusion(uint64_t index, uint64_t size, assay_merkle_range *range, void *ctx,
                                               struct assay_merkle_proof *out, struct assay_err *e)
{
    uint64_t first = 0, n = size;
    enum assay_status s = ASSAY_OK;
    out->n = 0;
    if (index >= size)
        return assay_fail(e, ASSAY_ENOTFOUND, "leaf %llu is not in a tree of %llu", (unsigned long long)index,
                          (unsigned long long)size);
    while (n > 1 && s == ASSAY_OK) {
        uint64_t k = split(n);
        bool left = index - first < k;
        s = left ? range(ctx, first + k, n - k, out->hash[out->n++], e) : range(ctx, first, k, out->hash[out->n++], e);
        first += left ? 0 : k;
        n = left ? k : n - k;
    }
    reverse(out->hash, out->n);
    return s;
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
    uint64_t first = 0, n = size2, m = size1;
    enum assay_status s = ASSAY_OK;
    out->n = 0;
    if (size1 > size2)
        return assay_fail(e, ASSAY_ENOTFOUND, "a tree of %llu leaves has no beginning of %llu",
                          (unsigned long long)size2, (unsigned long long)size1);
    if (size1 == 0 || size1 == size2)
        return ASSAY_OK;
    while (m < n && s == ASSAY_OK) {
        uint64_t k = split(n);
        bool left = m <= k;
        s = left ? range(ctx, first + k, n - k, out->hash[out->n++], e) : range(ctx, first, k, out->hash[out->n++], e);
        first += left ? 0 : k;
        m -= left ? 0 : k;
        n = left ? k : n - k;
    }
    if (s == ASSAY_OK && first > 0) /* else the subtree is the whole old tree, whose root the verifier has */
        s = range(ctx, first, n, out->hash[out->n++], e);
    reverse(out->hash, out->n);
    return s;
}
