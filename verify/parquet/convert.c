/* PLAIN bytes of fixed-width types to values. These loops are the decoder's hot end: one load, one sixteen-byte store.
 */
#include "type.h"

#include "assay/bytes.h"

#define NS_PER_SECOND 1000000000LL
#define NS_PER_DAY (86400 * NS_PER_SECOND)
#define JULIAN_1970 2440588 /* Julian day number of 1970-01-01 */
#define JULIAN_MAX 110000000 /* past the year 296000, beyond every engine's time stamp */

static inline int32_t load32(const uint8_t *p)
{
    return (int32_t)assay_get_le32(p);
}

static inline int64_t load64(const uint8_t *p)
{
    return (int64_t)assay_get_le64(p);
}

void assay_pq_int32(const struct assay_pq_type *t, const uint8_t *raw, size_t n, struct assay_value *dst, size_t stride,
                    struct assay_interval *iv)
{
    (void)iv;
    for (size_t i = 0; i < n; i++, dst += stride)
        *dst = (struct assay_value){.kind = ASSAY_K_INT, .i = load32(raw + 4 * i)};
    if (!t->beyond)
        return;
    dst -= n * stride;
    for (size_t i = 0; i < n; i++, dst += stride)
        if (dst->i < t->lo || dst->i > t->hi)
            *dst = assay_pq_bad(t->beyond);
}

void assay_pq_uint32(const struct assay_pq_type *t, const uint8_t *raw, size_t n, struct assay_value *dst,
                     size_t stride, struct assay_interval *iv)
{
    (void)t, (void)iv;
    for (size_t i = 0; i < n; i++, dst += stride)
        *dst = (struct assay_value){.kind = ASSAY_K_INT, .i = assay_get_le32(raw + 4 * i)};
}

void assay_pq_int64(const struct assay_pq_type *t, const uint8_t *raw, size_t n, struct assay_value *dst, size_t stride,
                    struct assay_interval *iv)
{
    (void)t, (void)iv;
    for (size_t i = 0; i < n; i++, dst += stride)
        *dst = (struct assay_value){.kind = ASSAY_K_INT, .i = load64(raw + 8 * i)};
}

void assay_pq_uint64(const struct assay_pq_type *t, const uint8_t *raw, size_t n, struct assay_value *dst,
                     size_t stride, struct assay_interval *iv)
{
    (void)t, (void)iv;
    for (size_t i = 0; i < n; i++, dst += stride)
        *dst = (struct assay_value){.kind = ASSAY_K_UINT, .u = assay_get_le64(raw + 8 * i)};
}

void assay_pq_float(const struct assay_pq_type *t, const uint8_t *raw, size_t n, struct assay_value *dst, size_t stride,
                    struct assay_interval *iv)
{
    (void)t, (void)iv;
    for (size_t i = 0; i < n; i++, dst += stride) {
        float f;
        memcpy(&f, raw + 4 * i, sizeof f);
        *dst = (struct assay_value){.kind = ASSAY_K_F32, .f = (double)f};
    }
}

void assay_pq_double(const struct assay_pq_type *t, const uint8_t *raw, size_t n, struct assay_value *dst,
                     size_t stride, struct assay_interval *iv)
{
    (void)t, (void)iv;
    for (size_t i = 0; i < n; i++, dst += stride)
        *dst = (struct assay_value){.kind = ASSAY_K_F64, .i = load64(raw + 8 * i)};
}

/* IEEE 754 binary16; every value is exact in binary64. */
static double half(uint16_t h)
{
    unsigned exponent = h >> 10 & 31, fraction = h & 1023;
    uint64_t bits = (uint64_t)(h >> 15) << 63;
    double d;
    if (exponent == 0) { /* zero and subnormals: fraction * 2^-24 */
        d = fraction / 16777216.0;
        return h >> 15 ? -d : d;
    }
    bits |= (exponent == 31 ? 0x7ffull : exponent + 1008ull) << 52 | (uint64_t)fraction << 42;
    memcpy(&d, &bits, sizeof d);
    return d;
}

void assay_pq_float16(const struct assay_pq_type *t, const uint8_t *raw, size_t n, struct assay_value *dst,
                      size_t stride, struct assay_interval *iv)
{
    (void)t, (void)iv;
    for (size_t i = 0; i < n; i++, dst += stride)
        *dst = (struct assay_value){.kind = ASSAY_K_F32, .f = half((uint16_t)(raw[2 * i] | raw[2 * i + 1] << 8))};
}

/* The extremes are the infinities of the engines that have them; DuckDB's -infinity is -INT32_MAX. No engine's finite
 * dates come near. */
void assay_pq_date(const struct assay_pq_type *t, const uint8_t *raw, size_t n, struct assay_value *dst, size_t stride,
                   struct assay_interval *iv)
{
    (void)t, (void)iv;
    for (size_t i = 0; i < n; i++, dst += stride) {
        int32_t day = load32(raw + 4 * i);
        *dst = (struct assay_value){.kind = ASSAY_K_DATE, .i = day == -INT32_MAX ? INT32_MIN : day};
    }
}

static struct assay_value time_value(int64_t v, int64_t ns_per_unit)
{
    if (v < 0 || v > NS_PER_DAY / ns_per_unit)
        return assay_pq_bad("time outside 00:00 to 24:00");
    return (struct assay_value){.kind = ASSAY_K_TIME, .i = v * ns_per_unit};
}

void assay_pq_time_ms(const struct assay_pq_type *t, const uint8_t *raw, size_t n, struct assay_value *dst,
                      size_t stride, struct assay_interval *iv)
{
    (void)t, (void)iv;
    for (size_t i = 0; i < n; i++, dst += stride)
        *dst = time_value(load32(raw + 4 * i), 1000000);
}

void assay_pq_time_us(const struct assay_pq_type *t, const uint8_t *raw, size_t n, struct assay_value *dst,
                      size_t stride, struct assay_interval *iv)
{
    (void)t, (void)iv;
    for (size_t i = 0; i < n; i++, dst += stride)
        *dst = time_value(load64(raw + 8 * i), 1000);
}

void assay_pq_time_ns(const struct assay_pq_type *t, const uint8_t *raw, size_t n, struct assay_value *dst,
                      size_t stride, struct assay_interval *iv)
{
    (void)t, (void)iv;
    for (size_t i = 0; i < n; i++, dst += stride)
        *dst = time_value(load64(raw + 8 * i), 1);
}

/* Inlined with a constant unit: the division becomes a multiplication. The extremes of coarse units are the engines'
 * infinities (DuckDB's -infinity is -INT64_MAX); as finite instants they lie outside every engine's range. Nanoseconds
 * have no room for such: there the extremes are instants of 1677 and 2262 that people do store. */
static inline __attribute__((always_inline)) void
stamps(uint8_t kind, const uint8_t *raw, size_t n, struct assay_value *dst, size_t stride, const int64_t per_second)
{
    for (size_t i = 0; i < n; i++, dst += stride) {
        int64_t v = load64(raw + 8 * i), s = v / per_second, rest = v % per_second;
        s -= rest < 0;
        rest += rest < 0 ? per_second : 0;
        *dst = (struct assay_value){.kind = kind, .aux = (int32_t)(rest * (NS_PER_SECOND / per_second)), .i = s};
        if (per_second < NS_PER_SECOND && __builtin_expect(v == INT64_MAX || v <= -INT64_MAX, 0))
            *dst = (struct assay_value){.kind = kind, .i = v < 0 ? INT64_MIN : INT64_MAX};
    }
}

void assay_pq_ts_ms(const struct assay_pq_type *t, const uint8_t *raw, size_t n, struct assay_value *dst, size_t stride,
                    struct assay_interval *iv)
{
    (void)iv;
    stamps(t->kind, raw, n, dst, stride, 1000);
}

void assay_pq_ts_us(const struct assay_pq_type *t, const uint8_t *raw, size_t n, struct assay_value *dst, size_t stride,
                    struct assay_interval *iv)
{
    (void)iv;
    stamps(t->kind, raw, n, dst, stride, 1000000);
}

void assay_pq_ts_ns(const struct assay_pq_type *t, const uint8_t *raw, size_t n, struct assay_value *dst, size_t stride,
                    struct assay_interval *iv)
{
    (void)iv;
    stamps(t->kind, raw, n, dst, stride, NS_PER_SECOND);
}

/* Impala's and Spark's time stamp: nanoseconds of the day, then the Julian day, little-endian. */
void assay_pq_int96(const struct assay_pq_type *t, const uint8_t *raw, size_t n, struct assay_value *dst, size_t stride,
                    struct assay_interval *iv)
{
    (void)iv;
    for (size_t i = 0; i < n; i++, dst += stride) {
        int64_t ns = load64(raw + 12 * i);
        int32_t day = load32(raw + 12 * i + 8);
        if (ns < 0 || ns >= NS_PER_DAY)
            *dst = assay_pq_bad("INT96 time of day outside the day");
        else if (day < 0 || day > JULIAN_MAX)
            *dst = assay_pq_bad("INT96 day outside every calendar");
        else
            *dst = (struct assay_value){.kind = t->kind,
                                        .aux = (int32_t)(ns % NS_PER_SECOND),
                                        .i = ((int64_t)day - JULIAN_1970) * 86400 + ns / NS_PER_SECOND};
    }
}

void assay_pq_fixed(const struct assay_pq_type *t, const uint8_t *raw, size_t n, struct assay_value *dst, size_t stride,
                    struct assay_interval *iv)
{
    (void)iv;
    for (size_t i = 0; i < n; i++, dst += stride)
        *dst = (struct assay_value){.kind = ASSAY_K_BYTES, .len = t->width, .p = raw + i * t->width};
}

void assay_pq_uuid(const struct assay_pq_type *t, const uint8_t *raw, size_t n, struct assay_value *dst, size_t stride,
                   struct assay_interval *iv)
{
    (void)t, (void)iv;
    for (size_t i = 0; i < n; i++, dst += stride)
        *dst = (struct assay_value){.kind = ASSAY_K_UUID, .len = 16, .p = raw + 16 * i};
}

/* Three unsigned little-endian numbers: months, days, milliseconds. */
void assay_pq_interval(const struct assay_pq_type *t, const uint8_t *raw, size_t n, struct assay_value *dst,
                       size_t stride, struct assay_interval *iv)
{
    (void)t;
    for (size_t i = 0; i < n; i++, dst += stride) {
        uint32_t months = assay_get_le32(raw + 12 * i), days = assay_get_le32(raw + 12 * i + 4);
        uint32_t ms = assay_get_le32(raw + 12 * i + 8);
        if (months > INT32_MAX || days > INT32_MAX) {
            *dst = assay_pq_bad("interval of more than 2^31 months or days");
            continue;
        }
        iv[i] = (struct assay_interval){.months = (int32_t)months, .days = (int32_t)days};
        iv[i].seconds = ms / 1000;
        iv[i].ns = (int32_t)(ms % 1000 * 1000000);
        *dst = (struct assay_value){.kind = ASSAY_K_INTERVAL, .len = sizeof *iv, .p = (const uint8_t *)&iv[i]};
    }
}

static const char not_null[] = "a value in a column declared to hold only nulls";

void assay_pq_null(const struct assay_pq_type *t, const uint8_t *raw, size_t n, struct assay_value *dst, size_t stride,
                   struct assay_interval *iv)
{
    (void)t, (void)raw, (void)iv;
    for (size_t i = 0; i < n; i++, dst += stride)
        *dst = assay_pq_bad(not_null);
}

void assay_pq_null_spans(const struct assay_pq_type *t, struct assay_value *v, size_t n, size_t stride)
{
    (void)t;
    for (size_t i = 0; i < n; i++, v += stride)
        *v = assay_pq_bad(not_null);
}
