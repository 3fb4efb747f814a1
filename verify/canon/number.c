#include "number.h"

#include <string.h>

#include "ascii.h"

/* Exponents saturate here: no text of a permitted length can bring such a number back under the limits. */
#define EXP_SATURATED 1000000000000

const uint64_t assay_pow10[20] = {1u,
                                  10u,
                                  100u,
                                  1000u,
                                  10000u,
                                  100000u,
                                  1000000u,
                                  10000000u,
                                  100000000u,
                                  1000000000u,
                                  10000000000u,
                                  100000000000u,
                                  1000000000000u,
                                  10000000000000u,
                                  100000000000000u,
                                  1000000000000000u,
                                  10000000000000000u,
                                  100000000000000000u,
                                  1000000000000000000u,
                                  10000000000000000000u};

static inline bool is_digit(uint8_t c)
{
    return (uint8_t)(c - '0') <= 9;
}

static bool scan_special(const uint8_t *p, size_t n, struct assay_num *out)
{
    if (assay_is_word(p, n, "nan"))
        out->special = ASSAY_NAN;
    else if (assay_is_word(p, n, "inf") || assay_is_word(p, n, "infinity"))
        out->special = out->neg ? ASSAY_MINUS_INF : ASSAY_PLUS_INF;
    return out->special != ASSAY_FINITE;
}

/* p is behind the 'e'. */
static bool scan_exponent(const uint8_t *p, const uint8_t *end, int64_t *exp)
{
    bool neg = false;
    if (p < end && (*p == '+' || *p == '-'))
        neg = *p++ == '-';
    if (p == end)
        return false;
    int64_t e = 0;
    for (; p < end; p++) {
        if (!is_digit(*p))
            return false;
        if (e < EXP_SATURATED)
            e = e * 10 + (*p - '0');
    }
    *exp = neg ? -e : e;
    return true;
}

/* The mantissa is [p, end), with its point (or NULL): find the significant digits. */
static void trim_zeros(const uint8_t *p, const uint8_t *end, const uint8_t *point, int64_t exp, struct assay_num *out)
{
    while (p < end && (*p == '0' || *p == '.'))
        p++;
    if (p == end)
        return;
    const uint8_t *last = end - 1;
    while (*last == '0' || *last == '.')
        last--;
    out->p = p;
    out->len = (size_t)(last - p) + 1;
    out->n = out->len - (point && point > p && point < last);
    if (!point)
        out->exp = exp + (end - 1 - last);
    else if (last < point)
        out->exp = exp + (point - 1 - last);
    else
        out->exp = exp - (last - point);
}

bool assay_num_scan(const uint8_t *p, size_t len, struct assay_num *out)
{
    const uint8_t *end = p + len, *point = NULL;
    *out = (struct assay_num){0};
    if (p < end && (*p == '+' || *p == '-'))
        out->neg = *p++ == '-';
    const uint8_t *first = p;
    while (p < end && is_digit(*p))
        p++;
    size_t digits = (size_t)(p - first);
    if (p < end && *p == '.') {
        point = p++;
        while (p < end && is_digit(*p))
            p++;
        digits += (size_t)(p - point - 1);
    }
    if (digits == 0)
        return !point && scan_special(first, (size_t)(end - first), out);
    int64_t exp = 0;
    if (p < end && ((*p != 'e' && *p != 'E') || !scan_exponent(p + 1, end, &exp)))
        return false;
    trim_zeros(first, p, point, exp, out);
    return true;
}

bool assay_num_digits(const uint8_t *p, size_t len, int scale, struct assay_num *out)
{
    const uint8_t *end = p + len;
    *out = (struct assay_num){0};
    if (p < end && *p == '-') {
        out->neg = true;
        p++;
    }
    if (p == end)
        return false;
    for (const uint8_t *q = p; q < end; q++)
        if (!is_digit(*q))
            return false;
    trim_zeros(p, end, NULL, -(int64_t)scale, out);
    return true;
}

bool assay_num_of(const struct assay_value *v, struct assay_num *out)
{
    if (v->kind == ASSAY_K_DECDIGITS)
        return assay_num_digits(v->p, v->len, v->scale, out);
    return v->kind == ASSAY_K_LEXEME && assay_num_scan(v->p, v->len, out);
}

unsigned assay_num_take(const struct assay_num *num, size_t *at, unsigned k, uint64_t *out)
{
    uint64_t acc = 0;
    unsigned taken = 0;
    for (; taken < k && *at < num->len; (*at)++) {
        if (num->p[*at] == '.')
            continue;
        acc = acc * 10 + (uint64_t)(num->p[*at] - '0');
        taken++;
    }
    *out = acc;
    return taken;
}

void assay_num_copy(const struct assay_num *num, uint8_t *dst)
{
    if (num->len == num->n) {
        if (num->n)
            memcpy(dst, num->p, num->n);
        return;
    }
    const uint8_t *point = memchr(num->p, '.', num->len);
    const size_t head = (size_t)(point - num->p);
    memcpy(dst, num->p, head);
    memcpy(dst + head, point + 1, num->len - head - 1);
}
