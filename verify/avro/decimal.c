/* Decimals: an unscaled two's-complement integer, big-endian, held against 10^precision. */
#include "decimal.h"

#include <stdlib.h>
#include <string.h>

/* Drop the bytes that only repeat the sign; at least one stays. */
static const uint8_t *minimal(const uint8_t *p, size_t *len)
{
    size_t n = *len;
    while (n > 1 && ((p[0] == 0 && p[1] < 0x80) || (p[0] == 0xff && p[1] >= 0x80))) {
        p++;
        n--;
    }
    *len = n;
    return p;
}

struct assay_value assay_av_bad(const char *why)
{
    return (struct assay_value){.kind = ASSAY_K_BAD, .len = (uint32_t)strlen(why), .p = (const uint8_t *)why};
}

/* Of two minimal numbers of one sign the longer is farther from zero. */
struct assay_value assay_av_decimal(const struct assay_av_bounds *b, int32_t scale, const uint8_t *p, size_t len)
{
    static const char too_many_digits[] = "decimal with more digits than its precision";
    if (len == 0)
        return assay_av_bad("decimal without bytes");
    p = minimal(p, &len);
    const bool negative = p[0] >= 0x80;
    const struct assay_buf *limit = negative ? &b->below : &b->above;
    if (len > limit->len)
        return assay_av_bad(too_many_digits);
    const int order = len == limit->len ? memcmp(p, limit->ptr, len) : 0;
    if (len == limit->len && (negative ? order <= 0 : order >= 0))
        return assay_av_bad(too_many_digits);
    if (len > 8)
        return (struct assay_value){.kind = ASSAY_K_DECBYTES, .scale = (int16_t)scale, .len = (uint32_t)len, .p = p};
    uint64_t v = negative ? UINT64_MAX : 0;
    for (size_t i = 0; i < len; i++)
        v = v << 8 | p[i];
    return (struct assay_value){.kind = ASSAY_K_DEC, .scale = (int16_t)scale, .i = (int64_t)v};
}

/* Big-endian base-2^8 number of `size` bytes times ten. */
static void times_ten(uint8_t *p, size_t size)
{
    unsigned carry = 0;
    for (size_t i = size; i-- > 0;) {
        carry += p[i] * 10u;
        p[i] = (uint8_t)carry;
        carry >>= 8;
    }
}

static enum assay_status add_minimal(struct assay_buf *out, const uint8_t *p, size_t size)
{
    const uint8_t *q = minimal(p, &size);
    return assay_buf_add(out, q, size);
}

/* precision is at most 1000, and computed once a schema (logical.c): the worst schema opens within a second. */
enum assay_status assay_av_decimal_bounds(struct assay_av_bounds *b, int32_t precision)
{
    const size_t size = (size_t)precision / 2 + 2; /* log256(10) < 1/2 */
    uint8_t *p = calloc(1, size);
    if (!p)
        return ASSAY_ENOMEM;
    p[size - 1] = 1;
    for (int32_t i = 0; i < precision; i++) {
        const size_t used = (size_t)(i + 1) / 2 + 2;
        times_ten(p + size - used, used);
    }
    enum assay_status s = add_minimal(&b->above, p, size);
    unsigned carry = 1;
    for (size_t i = size; i-- > 0; carry >>= 8) {
        carry += (uint8_t)~p[i];
        p[i] = (uint8_t)carry;
    }
    if (s == ASSAY_OK)
        s = add_minimal(&b->below, p, size);
    free(p);
    return s;
}
