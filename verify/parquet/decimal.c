/* Decimals: an unscaled two's-complement integer, big-endian in byte strings, held against 10^precision. */
#include <stdlib.h>
#include <string.h>

#include "assay/bytes.h"
#include "type.h"

static const char too_many_digits[] = "decimal with more digits than its precision";

static inline struct assay_value small(const struct assay_pq_type *t, int64_t v)
{
    int64_t bound = (int64_t)t->bound; /* precision <= 18 on the integer types */
    if (__builtin_expect(v >= bound || v <= -bound, 0))
        return assay_pq_bad(too_many_digits);
    return (struct assay_value){.kind = ASSAY_K_DEC, .scale = t->scale, .i = v};
}

void assay_pq_decimal32(const struct assay_pq_type *t, const uint8_t *raw, size_t n, struct assay_value *dst,
                        size_t stride, struct assay_interval *iv)
{
    (void)iv;
    for (size_t i = 0; i < n; i++, dst += stride)
        *dst = small(t, (int32_t)assay_get_le32(raw + 4 * i));
}

void assay_pq_decimal64(const struct assay_pq_type *t, const uint8_t *raw, size_t n, struct assay_value *dst,
                        size_t stride, struct assay_interval *iv)
{
    (void)iv;
    for (size_t i = 0; i < n; i++, dst += stride)
        *dst = small(t, (int64_t)assay_get_le64(raw + 8 * i));
}

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

/* |p| < 10^precision, for a minimal p: of two numbers of one sign the longer is farther from zero. */
static bool in_bounds(const struct assay_pq_type *t, const uint8_t *p, size_t len)
{
    bool negative = p[0] >= 0x80;
    const struct assay_buf *b = negative ? &t->below : &t->above;
    if (len != b->len)
        return len < b->len;
    int order = memcmp(p, b->ptr, len);
    return negative ? order > 0 : order < 0;
}

static __int128 load_be(const uint8_t *p, size_t len)
{
    unsigned __int128 v = p[0] >= 0x80 ? ~(unsigned __int128)0 : 0;
    for (size_t i = 0; i < len; i++)
        v = v << 8 | p[i];
    return (__int128)v;
}

static struct assay_value from_bytes(const struct assay_pq_type *t, const uint8_t *p, size_t len)
{
    if (len == 0)
        return assay_pq_bad("decimal without bytes");
    p = minimal(p, &len);
    if (len <= 8) {
        int64_t v = (int64_t)load_be(p, len);
        if (t->bound && (v >= t->bound || v <= -t->bound))
            return assay_pq_bad(too_many_digits);
        return (struct assay_value){.kind = ASSAY_K_DEC, .scale = t->scale, .i = v};
    }
    if (!in_bounds(t, p, len))
        return assay_pq_bad(too_many_digits);
    return (struct assay_value){.kind = ASSAY_K_DECBYTES, .scale = t->scale, .len = (uint32_t)len, .p = p};
}

void assay_pq_decimal_fixed(const struct assay_pq_type *t, const uint8_t *raw, size_t n, struct assay_value *dst,
                            size_t stride, struct assay_interval *iv)
{
    (void)iv;
    for (size_t i = 0; i < n; i++, dst += stride)
        *dst = from_bytes(t, raw + i * t->width, t->width);
}

void assay_pq_decimal_spans(const struct assay_pq_type *t, struct assay_value *v, size_t n, size_t stride)
{
    for (size_t i = 0; i < n; i++, v += stride)
        *v = from_bytes(t, v->p, v->len);
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

/* precision is at most 1000 (type.c): a file of 4096 such columns still opens within a second. */
enum assay_status assay_pq_decimal_bounds(struct assay_pq_type *t, int32_t precision)
{
    size_t size = (size_t)precision / 2 + 2, used = 1; /* log256(10) < 1/2 */
    uint8_t *p = calloc(1, size);
    if (!p)
        return ASSAY_ENOMEM;
    p[size - 1] = 1;
    for (int32_t i = 0; i < precision; i++) {
        used = (size_t)(i + 1) / 2 + 2;
        times_ten(p + size - used, used);
    }
    enum assay_status s = add_minimal(&t->above, p, size);
    unsigned carry = 1;
    for (size_t i = size; i-- > 0; carry >>= 8) {
        carry += (uint8_t)~p[i];
        p[i] = (uint8_t)carry;
    }
    if (s == ASSAY_OK)
        s = add_minimal(&t->below, p, size);
    free(p);
    if (precision <= 38 && s == ASSAY_OK)
        t->bound = load_be(t->above.ptr, t->above.len);
    return s;
}
