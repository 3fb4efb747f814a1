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

static inline assay_sum fastpair_mixed(assay_sum key, uint64_t lo, uint64_t hi)
{
    assay_sum a = (assay_sum)(uint64_t)key * lo, b = (assay_sum)(uint64_t)(key >> 64) * hi;
    return (assay_sum)((uint64_t)b ^ (uint64_t)(b >> 64)) << 64 | ((uint64_t)a ^ (uint64_t)(a >> 64));
}

static inline assay_sum fastpair(assay_sum key, assay_sum cell, const uint8_t *secret)
{
    return fastpair_mixed(fastpair_key(key, secret), (uint64_t)cell ^ fastpair_cell_lo(secret),
                          (uint64_t)(cell >> 64) ^ fastpair_cell_hi(secret));
}

#endif
