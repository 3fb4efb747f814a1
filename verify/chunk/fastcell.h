/* Cell images (docs/digests.md) of the commonest kinds, built in registers. What is not here goes through
 * assay_cell_put; tests/unit/test_lane.c holds the two against each other. */
#ifndef ASSAY_FASTCELL_H
#define ASSAY_FASTCELL_H

#include <string.h>

#include "assay/bytes.h"
#include "assay/digest.h"
#include "assay/type.h"
#include "assay/value.h"
#include "fasthash.h"

#define IMAGE_MOST 15 /* longest cell that is its own image: zero-padded, its length in the last byte */

/* From the first 8 and the following 7 bytes, little-endian, and the length. */
static inline assay_sum image_of(uint64_t lo, uint64_t hi, unsigned len)
{
    return (assay_sum)(hi | (uint64_t)len << 56) << 64 | lo;
}

/* Of cell bytes in memory, at most IMAGE_MOST. */
static inline assay_sum image_of_bytes(const uint8_t *cell, size_t n)
{
    uint8_t b[16] = {0};
    assay_sum v;
    memcpy(b, cell, n);
    b[15] = (uint8_t)n;
    memcpy(&v, b, sizeof v);
    return v;
}

/* Of any cell. */
static inline assay_sum image_of_cell(const uint8_t *cell, size_t n, const uint8_t *secret)
{
    return n <= IMAGE_MOST ? image_of_bytes(cell, n) : fasthash(cell, n, secret);
}

#define IMAGE_NULL image_of(0, 0, 1)

#define IMAGE_TEXT_MOST (IMAGE_MOST - 5) /* bytes of a text whose cell is its own image */

/* An ASCII text of at most IMAGE_TEXT_MOST bytes. false: it has other bytes. */
static inline bool image_of_ascii(const uint8_t *p, size_t n, assay_sum *out)
{
    uint64_t lo = 0, hi = 0;
    uint32_t first, last;
    if (n >= 8) {
        memcpy(&lo, p, 8);
        hi = n == 8 ? 0 : (uint64_t)p[n - 1] << 8 * (n - 9) | p[8];
    } else if (n >= 4) {
        memcpy(&first, p, 4);
        memcpy(&last, p + n - 4, 4);
        lo = first | (uint64_t)last << 8 * (n - 4);
    } else if (n) {
        lo = p[0] | (uint64_t)p[n / 2] << 8 * (n / 2) | (uint64_t)p[n - 1] << 8 * (n - 1);
    }
    *out = image_of('T' | (uint64_t)n << 32 | lo << 40, lo >> 24 | hi << 40, 5 + (unsigned)n);
    return !((lo | hi) & UINT64_C(0x8080808080808080));
}

/* A tag and 8 bytes big-endian. */
static inline assay_sum image_of_u64(uint8_t tag, uint64_t v)
{
    uint64_t be = __builtin_bswap64(v);
    return image_of(tag | be << 8, be >> 56, 9);
}

/* A tag, 8 bytes and 4 bytes big-endian. */
static inline assay_sum image_of_stamp(uint8_t tag, uint64_t seconds, uint32_t ns)
{
    uint64_t be = __builtin_bswap64(seconds);
    return image_of(tag | be << 8, be >> 56 | (uint64_t)__builtin_bswap32(ns) << 8, 13);
}

/* c * 10^e without trailing decimal zeros: n is a multiple of 10 exactly when n * 10^-1 (mod 2^64, the factor 2 by
 * rotation) does not exceed UINT64_MAX / 10. false: more than five bytes of coefficient. */
static inline bool image_of_number(int64_t c, int32_t e, assay_sum *out)
{
    uint64_t m = c < 0 ? -(uint64_t)c : (uint64_t)c;
    if (m == 0) {
        *out = image_of('N', 0, 10);
        return true;
    }
    for (uint64_t q; (q = m * UINT64_C(0xcccccccccccccccd), q = q >> 1 | q << 63) <= UINT64_MAX / 10; e++)
        m = q;
    c = (int64_t)(c < 0 ? -m : m);
    /* its bytes, one bit for the sign among them, stand big-endian behind their number */
    const unsigned most =
        63u ^ (unsigned)__builtin_clzll((uint64_t)(c ^ (c >> 63)) << 1 | 1); /* bits but for the sign */
    const uint64_t len = most / 8 + 1, be = __builtin_bswap64((uint64_t)c << (56 - (most & 56)));
    const uint64_t lengths = len * (UINT64_C(1) << 56 | 1 << 8) + (UINT64_C(10) << 56); /* of the cell, of the bytes */
    *out = (assay_sum)(lengths | be << 16) << 64 | 'N' | (uint64_t)__builtin_bswap32((uint32_t)e) << 16;
    return len <= IMAGE_MOST - 10;
}

/* far from the extremes that mean infinity */
static inline bool is_common_stamp(const struct assay_value *v)
{
    return (uint32_t)v->aux < 1000000000u && v->i > -(INT64_C(1) << 40) && v->i < INT64_C(1) << 40;
}

/* Image of a value in its settled kind; false: not one of the common cases. */
static inline __attribute__((always_inline)) bool fastcell(enum assay_logical type, const struct assay_value *v,
                                                           assay_sum *out)
{
    uint64_t bits = UINT64_C(0x7ff8000000000000);
    switch (v->kind) {
    case ASSAY_K_NULL:
        *out = IMAGE_NULL;
        return true;
    case ASSAY_K_INT:
        return (type == ASSAY_L_INTEGER || type == ASSAY_L_DECIMAL) && image_of_number(v->i, 0, out);
    case ASSAY_K_DEC:
        return type == ASSAY_L_DECIMAL && image_of_number(v->i, -v->scale, out);
    case ASSAY_K_F64:
        if (v->f == v->f)
            memcpy(&bits, &v->f, sizeof bits);
        *out = image_of_u64('F', bits);
        return type == ASSAY_L_FLOAT64;
    case ASSAY_K_BOOL:
        *out = image_of('L' | v->u << 8, 0, 2);
        return type == ASSAY_L_BOOLEAN && v->u <= 1;
    case ASSAY_K_DATE:
        *out = image_of('D' | (uint64_t)__builtin_bswap32((uint32_t)v->i) << 8, 0, 5);
        return type == ASSAY_L_DATE && v->i >= INT32_MIN && v->i <= INT32_MAX;
    case ASSAY_K_TS:
        *out = image_of_stamp('S', v->u, (uint32_t)v->aux);
        return type == ASSAY_L_TIMESTAMP && is_common_stamp(v);
    case ASSAY_K_TSTZ:
        *out = image_of_stamp('Z', v->u, (uint32_t)v->aux);
        return type == ASSAY_L_TIMESTAMPTZ && is_common_stamp(v);
    default:
        return false;
    }
}

#endif
