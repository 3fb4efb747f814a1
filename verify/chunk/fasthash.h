/* XXH3-128 under the dataset's secret, inlined: a row of eight columns is hashed ten times. */
#ifndef ASSAY_FASTHASH_H
#define ASSAY_FASTHASH_H

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "assay/bytes.h"
#include "assay/digest.h"

/* XXH3_128bits_withSecret, never _withSecretandSeed: that one ignores the secret up to 240 bytes. */
static inline assay_sum fasthash(const void *p, size_t n, const uint8_t *secret)
{
    XXH128_hash_t h = XXH3_128bits_withSecret(p, n, secret, ASSAY_SECRET_LEN);
    return (assay_sum)h.high64 << 64 | h.low64;
}

/* A pair binds a cell's image to its row's key: two folded 64 x 64 bit products, the mixing step of XXH3 itself, under
 * the last 32 bytes of the secret. Linear in neither argument, so that values swapped between two keys change the sum.
 */
#define FASTPAIR_SECRET (ASSAY_SECRET_LEN - 32)

static inline assay_sum fastpair_key(assay_sum key, const uint8_t *secret)
{
    return key ^
           ((assay_sum)assay_get_le64(secret + FASTPAIR_SECRET + 16) << 64 | assay_get_le64(secret + FASTPAIR_SECRET));
}

static inline uint64_t fastpair_cell_lo(const uint8_t *secret)
{
    return assay_get_le64(secret + FASTPAIR_SECRET + 8);
}

static inline uint64_t fastpair_cell_hi(const uint8_t *secret)
{
    return assay_get_le64(secret + FASTPAIR_SECRET + 24);
}

/* The two halves of the product, one on the other. */
static inline uint64_t fasthash_mix(uint64_t a, uint64_t b)
{
    const assay_sum product = (assay_sum)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline assay_sum fastpair(assay_sum key, assay_sum cell, const uint8_t *secret)
{
    const assay_sum k = fastpair_key(key, secret);
    const uint64_t lo = fasthash_mix((uint64_t)k, (uint64_t)cell ^ fastpair_cell_lo(secret)),
                   hi = fasthash_mix((uint64_t)(k >> 64), (uint64_t)(cell >> 64) ^ fastpair_cell_hi(secret));
    return (assay_sum)hi << 64 | lo;
}

/* A row's pairs, folded in column order: a polynomial in each half, so that values swapped between two columns change
 * it. The start is the row's form. */
struct fastfold {
    uint64_t lo, hi;
};
#define FASTFOLD_LO UINT64_C(0x9e3779b185ebca87) /* the first two primes of XXH64 */
#define FASTFOLD_HI UINT64_C(0xc2b2ae3d27d4eb4f)

static inline struct fastfold fastfold_start(const uint8_t form[8], size_t columns)
{
    return (struct fastfold){assay_get_le64(form), columns};
}

static inline void fastfold_add(struct fastfold *f, uint64_t lo, uint64_t hi)
{
    f->lo = f->lo * FASTFOLD_LO + lo;
    f->hi = f->hi * FASTFOLD_HI + hi;
}

/* The row's hash: of both halves, each little-endian. */
static inline assay_sum fastfold_hash(const struct fastfold *f, const uint8_t *secret)
{
    uint8_t in[16];
    assay_put_le64(in, f->lo);
    assay_put_le64(in + 8, f->hi);
    return fasthash(in, sizeof in, secret);
}

#endif
