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

/* Binds a cell's hash to its row's key: two folded 64 x 64 bit products, the mixing step of XXH3 itself, under the last
 * 32 bytes of the secret. Linear in neither argument, so that values swapped between two keys change the sum. */
static inline assay_sum fastpair(assay_sum key, assay_sum cell, const uint8_t *secret)
{
    const uint8_t *s = secret + ASSAY_SECRET_LEN - 32;
    uint64_t lo = (uint64_t)key ^ assay_get_le64(s), lo_cell = (uint64_t)cell ^ assay_get_le64(s + 8);
    uint64_t hi = (uint64_t)(key >> 64) ^ assay_get_le64(s + 16),
             hi_cell = (uint64_t)(cell >> 64) ^ assay_get_le64(s + 24);
    assay_sum a = (assay_sum)lo * lo_cell, b = (assay_sum)hi * hi_cell;
    return (assay_sum)((uint64_t)b ^ (uint64_t)(b >> 64)) << 64 | ((uint64_t)a ^ (uint64_t)(a >> 64));
}

#endif
