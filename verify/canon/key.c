/* Key bytes: injective, prefix-free, memcmp order is value order (docs/canonical-form.md section 3). */
#include <string.h>

#include "assay/bytes.h"
#include "assay/canon.h"
#include "assay/limits.h"
#include "key.h"
#include "number.h"
#include "put.h"
#include "resolve.h"

static bool defect(const char **why, const char *sentence)
{
    *why = sentence;
    return false;
}

static bool put_class(uint8_t class, struct assay_buf *out, const char **why)
{
    return assay_buf_addc(out, class) == ASSAY_OK || defect(why, ASSAY_WHY_NOMEM);
}

static inline unsigned digits_of(uint64_t m)
{
    /* 1233/4096 is just under log10(2): the estimate is exact or one too low. */
    const unsigned t = (unsigned)(64 - __builtin_clzll(m)) * 1233u >> 12;
    return t + (m >= assay_pow10[t]);
}

static void complement(uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)~p[i];
}

/* The four digit pairs of a number below 10^8, one a byte, the first in the lowest: division by multiplication in two
 * lanes of 32 bits. */
static inline uint64_t pairs_of(uint32_t m)
{
    const uint64_t lanes = m / 10000 | (uint64_t)(m % 10000) << 32;
    const uint64_t upper = lanes * 5243 >> 19 & UINT64_C(0x7f0000007f); /* exact below 10,000 */
    const uint64_t both = upper | (lanes - upper * 100) << 8;
    return (both | both >> 16) & 0xffffffffu;
}

/* Up to 16 digits, the count made even: a pair p is the byte 2p + 1, the last one 2p; pairs of zeros at the end are
 * left out. Writes 8 bytes at d. */
static unsigned put_pairs(uint64_t m, uint8_t *d)
{
    const uint64_t pairs = m < 100000000
                               ? pairs_of((uint32_t)m) << 32
                               : pairs_of((uint32_t)(m / 100000000)) | pairs_of((uint32_t)(m % 100000000)) << 32;
    const unsigned lead = (unsigned)__builtin_ctzll(pairs) / 8, n = 8 - lead - (unsigned)__builtin_clzll(pairs) / 8;
    const uint64_t coded = ((pairs << 1 | UINT64_C(0x0101010101010101)) >> 8 * lead) - (UINT64_C(1) << 8 * (n - 1));
    memcpy(d, &coded, sizeof coded);
    return n;
}

/* 17 to 19 digits. */
static unsigned put_many_pairs(uint64_t m, unsigned digits, uint8_t *d)
{
    unsigned pairs = (digits + 1) / 2, k = pairs;
    if (digits & 1) {
        d[--k] = (uint8_t)(m % 10 * 20 + 1);
        m /= 10;
    }
    for (; k > 0; m /= 100)
        d[--k] = (uint8_t)(m % 100 * 2 + 1);
    while (d[pairs - 1] == 1)
        pairs--;
    d[pairs - 1]--;
    return pairs;
}

/* Up to 19 digits: m * 10^exp, m not 0. Pairs are cut from the left, so an odd count gets a zero at the right end. */
static inline __attribute__((always_inline)) bool put_small(uint64_t m, bool neg, int64_t exp, struct assay_buf *out,
                                                            const char **why)
{
    const unsigned n = digits_of(m);
    uint8_t *p = assay_room(out, 16);
    if (!p)
        return defect(why, ASSAY_WHY_NOMEM);
    p[0] = neg ? ASSAY_KEY_NEGATIVE : ASSAY_KEY_POSITIVE;
    assay_put_be32(p + 1, (uint32_t)(exp + n - 1 + 0x80000000));
    const unsigned pairs = n <= 16 ? put_pairs(n & 1 ? m * 10 : m, p + 5) : put_many_pairs(m, n, p + 5);
    if (neg)
        complement(p + 1, 4 + pairs);
    out->len += 5 + pairs;
    return true;
}

static bool put_long(const struct assay_num *num, struct assay_buf *out, const char **why)
{
    const size_t pairs = (num->n + 1) / 2;
    uint8_t *p = assay_room(out, 5 + pairs);
    if (!p)
        return defect(why, ASSAY_WHY_NOMEM);
    p[0] = num->neg ? ASSAY_KEY_NEGATIVE : ASSAY_KEY_POSITIVE;
    assay_put_be32(p + 1, (uint32_t)(num->exp + (int64_t)num->n - 1 + 0x80000000));
    size_t at = 0;
    for (size_t k = 0; k < pairs; k++) {
        uint64_t pair;
        if (assay_num_take(num, &at, 2, &pair) == 1)
            pair *= 10;
        p[5 + k] = (uint8_t)(2 * pair + (k + 1 < pairs));
    }
    if (num->neg)
        complement(p + 1, 4 + pairs);
    out->len += 5 + pairs;
    return true;
}

/* c * 10^exp */
static inline bool put_integer(int64_t c, int64_t exp, struct assay_buf *out, const char **why)
{
    if (c == 0)
        return put_class(ASSAY_KEY_ZERO, out, why);
    return put_small(c < 0 ? -(uint64_t)c : (uint64_t)c, c < 0, exp, out, why);
}

static bool put_number(const struct assay_value *v, struct assay_buf *out, const char **why)
{
    static const uint8_t special[] = {
        [ASSAY_NAN] = ASSAY_KEY_NAN, [ASSAY_PLUS_INF] = ASSAY_KEY_PLUS_INF, [ASSAY_MINUS_INF] = ASSAY_KEY_MINUS_INF};
    if (v->kind == ASSAY_K_INT || v->kind == ASSAY_K_DEC)
        return put_integer(v->i, v->kind == ASSAY_K_DEC ? -(int64_t)v->scale : 0, out, why);
    if (v->kind == ASSAY_K_DECSPECIAL && v->i >= ASSAY_NAN && v->i <= ASSAY_MINUS_INF)
        return put_class(special[v->i], out, why);
    struct assay_num num;
    if (!assay_num_of(v, &num))
        return defect(why, "not a number");
    if (num.special != ASSAY_FINITE)
        return put_class(special[num.special], out, why);
    if (num.n == 0)
        return put_class(ASSAY_KEY_ZERO, out, why);
    if (num.n > ASSAY_MAX_DECIMAL_DIGITS || num.exp > ASSAY_MAX_DECIMAL_DIGITS || num.exp < -ASSAY_MAX_DECIMAL_DIGITS)
        return defect(why, "a number over 200,000 digits or with an exponent over 200,000");
    return put_long(&num, out, why);
}

static bool put_string(const struct assay_value *v, struct assay_buf *out, const char **why)
{
    const size_t n = v->len;
    if (n > ASSAY_MAX_CELL)
        return defect(why, "a value over 64 MiB");
    size_t zeros = 0;
    if (n && memchr(v->p, 0, n))
        for (size_t i = 0; i < n; i++)
            zeros += v->p[i] == 0;
    uint8_t *p = assay_room(out, n + zeros + 3);
    if (!p)
        return defect(why, ASSAY_WHY_NOMEM);
    *p++ = ASSAY_KEY_PRESENT;
    if (zeros == 0 && n) {
        memcpy(p, v->p, n);
        p += n;
    }
    for (size_t i = 0; zeros && i < n; i++) {
        *p++ = v->p[i];
        if (v->p[i] == 0)
            *p++ = 0xff;
    }
    p[0] = 0x00;
    p[1] = 0x01;
    out->len += n + zeros + 3;
    return true;
}

static bool put_date(const struct assay_value *v, struct assay_buf *out, const char **why)
{
    if (v->i < INT32_MIN || v->i > INT32_MAX)
        return defect(why, "a date out of range");
    uint8_t *p = assay_room(out, 5);
    if (!p)
        return defect(why, ASSAY_WHY_NOMEM);
    p[0] = ASSAY_KEY_PRESENT;
    assay_put_be32(p + 1, (uint32_t)v->i ^ 0x80000000u);
    out->len += 5;
    return true;
}

static bool put_seconds(const struct assay_value *v, bool with_ns, struct assay_buf *out, const char **why)
{
    if (with_ns && !assay_is_stamp_ok(v))
        return defect(why, "a time stamp out of range");
    uint8_t *p = assay_room(out, 13);
    if (!p)
        return defect(why, ASSAY_WHY_NOMEM);
    p[0] = ASSAY_KEY_PRESENT;
    assay_put_be64(p + 1, v->u ^ 0x8000000000000000u);
    if (with_ns)
        assay_put_be32(p + 9, (uint32_t)v->aux);
    out->len += with_ns ? 13 : 9;
    return true;
}

static bool put_boolean(const struct assay_value *v, struct assay_buf *out, const char **why)
{
    if (v->u > 1)
        return defect(why, "not a boolean");
    const uint8_t key[2] = {ASSAY_KEY_PRESENT, (uint8_t)v->u};
    return assay_buf_add(out, key, 2) == ASSAY_OK || defect(why, ASSAY_WHY_NOMEM);
}

static bool put_uuid(const struct assay_value *v, struct assay_buf *out, const char **why)
{
    uint8_t *p = assay_room(out, 17);
    if (!p)
        return defect(why, ASSAY_WHY_NOMEM);
    p[0] = ASSAY_KEY_PRESENT;
    memcpy(p + 1, v->p, 16);
    out->len += 17;
    return true;
}

/* Types that no engine sorts as we do: their cell, framed. */
static bool put_cell(enum assay_logical type, const struct assay_value *v, struct assay_buf *out, const char **why)
{
    const size_t start = out->len;
    struct assay_value folded = *v;
    uint8_t *p = assay_room(out, 5);
    if (!p)
        return defect(why, ASSAY_WHY_NOMEM);
    p[0] = ASSAY_KEY_CELL;
    out->len += 5;
    if ((v->kind == ASSAY_K_F64 || v->kind == ASSAY_K_F32) && v->f == 0)
        folded.f = 0;
    if (!assay_cell_put(type, &folded, out, why)) {
        out->len = start;
        return false;
    }
    assay_put_be32(out->ptr + start + 1, (uint32_t)(out->len - start - 5));
    return true;
}

/* The kind that a resolved value of the type has; numbers and cells check for themselves. */
static const uint8_t kind_of[ASSAY_L_COUNT] = {
    [ASSAY_L_BOOLEAN] = ASSAY_K_BOOL, [ASSAY_L_TEXT] = ASSAY_K_TEXT,        [ASSAY_L_BYTES] = ASSAY_K_BYTES,
    [ASSAY_L_DATE] = ASSAY_K_DATE,    [ASSAY_L_TIME] = ASSAY_K_TIME,        [ASSAY_L_TIMESTAMP] = ASSAY_K_TS,
    [ASSAY_L_UUID] = ASSAY_K_UUID,    [ASSAY_L_TIMESTAMPTZ] = ASSAY_K_TSTZ,
};

static __attribute__((noinline)) bool put_any(enum assay_logical type, const struct assay_value *v,
                                              struct assay_buf *out, const char **why)
{
    if (v->kind == ASSAY_K_NULL)
        return put_class(ASSAY_KEY_NULL, out, why);
    if (type <= ASSAY_L_NONE || type >= ASSAY_L_COUNT)
        return defect(why, "a column without a known type");
    if (kind_of[type] && kind_of[type] != v->kind)
        return defect(why, "a value that was not read under its type");
    switch (type) {
    case ASSAY_L_INTEGER:
    case ASSAY_L_DECIMAL:
        return put_number(v, out, why);
    case ASSAY_L_BOOLEAN:
        return put_boolean(v, out, why);
    case ASSAY_L_TEXT:
    case ASSAY_L_BYTES:
        return put_string(v, out, why);
    case ASSAY_L_DATE:
        return put_date(v, out, why);
    case ASSAY_L_TIME:
        return put_seconds(v, false, out, why);
    case ASSAY_L_TIMESTAMP:
    case ASSAY_L_TIMESTAMPTZ:
        return put_seconds(v, true, out, why);
    case ASSAY_L_UUID:
        return put_uuid(v, out, why);
    default:
        return put_cell(type, v, out, why);
    }
}

bool assay_key_put(enum assay_logical type, const struct assay_value *v, struct assay_buf *out, const char **why)
{
    if (v->kind == ASSAY_K_INT && type == ASSAY_L_INTEGER) /* most keys */
        return put_integer(v->i, 0, out, why);
    return put_any(type, v, out, why);
}
