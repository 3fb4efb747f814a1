/* XXH3-128 under the dataset's secret, inlined: a row of eight columns is hashed ten times. */
#ifndef ASSAY_FASTHASH_H
#define ASSAY_FASTHASH_H

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "assay/digest.h"

/* XXH3_128bits_withSecret, never _withSecretandSeed: that one ignores the secret up to 240 bytes. */
static inline assay_sum fasthash(const void *p, size_t n, const uint8_t *secret)
{
    XXH128_hash_t h = XXH3_128bits_withSecret(p, n, secret, ASSAY_SECRET_LEN);
    return (assay_sum)h.high64 << 64 | h.low64;
}

#endif
