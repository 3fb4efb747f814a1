/* GF(2^64) modulo x^64 + x^4 + x^3 + x + 1 (the lexically first pentanomial; Seroussi, HPL-98-135). A field element is
 * a word, the coefficient of x^k in bit k. Addition is XOR. */
#ifndef ASSAY_GF64_H
#define ASSAY_GF64_H

#include <stddef.h>
#include <stdint.h>

typedef unsigned __int128 assay_gf64_wide; /* a product that is not reduced: degree 126 at most */

struct assay_gf64_ops {
    const char *name; /* of the instruction set, "portable" without one */
    uint64_t (*mul)(uint64_t a, uint64_t b);
    /* sum[i] ^= x^(2i + 1) and acc[i * words + w] ^= payload[w] * x^i, i < capacity; acc stays unreduced. */
    void (*add)(uint64_t *sum, assay_gf64_wide *acc, size_t capacity, size_t words, uint64_t x,
                const uint64_t *payload);
    /* out[i] ^= f * in[i] */
    void (*mul_add)(uint64_t *out, const uint64_t *in, size_t n, uint64_t f);
};

extern const struct assay_gf64_ops assay_gf64_portable;
/* The fastest that this processor has; all give the same results. */
const struct assay_gf64_ops *assay_gf64(void);

static inline uint64_t assay_gf64_reduce(assay_gf64_wide v)
{
    uint64_t hi = (uint64_t)(v >> 64), lo = (uint64_t)v;
    uint64_t over = hi >> 63 ^ hi >> 61 ^ hi >> 60; /* of hi * (x^4 + x^3 + x + 1), above x^63 */
    hi ^= over;
    return lo ^ hi ^ hi << 1 ^ hi << 3 ^ hi << 4;
}

/* a^-1; of 0: 0. */
uint64_t assay_gf64_inverse(const struct assay_gf64_ops *f, uint64_t a);

#endif
