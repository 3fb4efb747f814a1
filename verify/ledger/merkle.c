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

uint64_t assay_merkle_split(uint64_t n)
{
    return UINT64_C(1) << (63 - __builtin_clzll(n - 1));
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
    uint64_t k = assay_merkle_split(n);
    assay_merkle_root_of(leaf, k, left);
    assay_merkle_root_of(leaf + k, n - k, right);
    assay_merkle_node(left, right, out);
}
