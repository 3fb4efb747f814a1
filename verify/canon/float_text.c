#include "float_text.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned __int128 u128;

/* Digits that can decide how a binary64 is rounded: 767; what is behind them only counts as "more than nothing". */
#define DECISIVE_DIGITS 800

/* 2^e in the range of normal numbers. */
static double power_of_two(int e)
{
    const uint64_t bits = (uint64_t)(e + 1023) << 52;
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* The 128-bit integer q (not 0) with an inexactness flag, times 2^shift, rounded to `bits` bits. The callers' range is
 * far inside the normal numbers of binary32 and binary64. */
static double round_bits(u128 q, bool more, int shift, enum assay_float_width bits)
{
    const uint64_t hi = (uint64_t)(q >> 64);
    const int width = hi ? 128 - __builtin_clzll(hi) : 64 - __builtin_clzll((uint64_t)q);
    const int drop = width - (int)bits;
    if (drop <= 0)
        return (double)(uint64_t)q * power_of_two(shift);
    uint64_t kept = (uint64_t)(q >> drop);
    const u128 rest = q & (((u128)1 << drop) - 1), half = (u128)1 << (drop - 1);
    if (rest > half || (rest == half && (more || (kept & 1))))
        kept++;
    return (double)kept * power_of_two(drop + shift);
}

/* Up to 19 digits and 10^+-19: exact in 128 bits. */
static double float_middle(uint64_t m, int e, enum assay_float_width bits)
{
    if (e >= 0)
        return round_bits((u128)m * assay_pow10[e], false, 0, bits);
    const uint64_t d = assay_pow10[-e];
    const int up = 64 + __builtin_clzll(m); /* the quotient has at least 64 bits: more than bits + 1 */
    const u128 a = (u128)m << up;
    const u128 q = a / d;
    return round_bits(q, q * d != a, -up, bits);
}

static double read_back(const char *text, enum assay_float_width w)
{
    return w == ASSAY_BINARY32 ? (double)strtof(text, NULL) : strtod(text, NULL);
}

/* The library's reader, given "digits e exponent": without a point no locale can disturb it. */
static bool float_long(const struct assay_num *num, enum assay_float_width w, double *out)
{
    char text[DECISIVE_DIGITS + 40];
    const int64_t first = num->exp + (int64_t)num->n - 1; /* exponent of the first digit */
    if (first > 400 || first < -400)
        return false;
    size_t at = 0, n = 0;
    for (; at < num->len && n < DECISIVE_DIGITS; at++)
        if (num->p[at] != '.')
            text[n++] = (char)num->p[at];
    int64_t exp = first - (int64_t)n + 1;
    if (n < num->n) { /* the digits left out end in one that is not zero */
        text[n++] = '1';
        exp--;
    }
    snprintf(text + n, sizeof text - n, "e%lld", (long long)exp);
    *out = read_back(text, w);
    return *out != 0 && !isinf(*out);
}

bool assay_float_of(const struct assay_num *num, enum assay_float_width w, double *out)
{
    static const double special[] = {[ASSAY_NAN] = NAN, [ASSAY_PLUS_INF] = INFINITY, [ASSAY_MINUS_INF] = -INFINITY};
    double x = 0;
    if (num->special != ASSAY_FINITE) {
        *out = special[num->special];
        return true;
    }
    if (num->n > 0 && num->n <= 19 && num->exp >= -19 && num->exp <= 19) {
        size_t at = 0;
        uint64_t m;
        assay_num_take(num, &at, 19, &m);
        x = float_middle(m, (int)num->exp, w);
    } else if (num->n > 0 && !float_long(num, w, &x)) {
        return false;
    }
    *out = num->neg ? -x : x;
    return true;
}

bool assay_float_scaled(uint64_t m, int64_t e, bool neg, enum assay_float_width w, double *out)
{
    uint8_t digits[20];
    size_t at = sizeof digits;
    for (; m; m /= 10)
        digits[--at] = (uint8_t)('0' + m % 10);
    struct assay_num num = {.p = digits + at, .len = sizeof digits - at, .n = sizeof digits - at, .exp = e, .neg = neg};
    return assay_float_of(&num, w, out);
}

bool assay_float_narrow(double x, double *out)
{
    const double a = fabs(x);
    if (!(a > (double)FLT_MAX) || isinf(x))
        *out = (double)(float)x;
    else if (a < 0x1.ffffffp127) /* half way to the next binary32 there would be */
        *out = copysign((double)FLT_MAX, x);
    else
        return false;
    return true;
}

void assay_float_digits(double x, int digits, uint64_t *m, int *e)
{
    char text[64];
    snprintf(text, sizeof text, "%.*e", digits - 1, fabs(x));
    uint64_t acc = 0;
    const char *p = text;
    for (; *p != 'e'; p++) /* whatever the locale's point is, it is not a digit */
        if (*p >= '0' && *p <= '9')
            acc = acc * 10 + (uint64_t)(*p - '0');
    *m = acc;
    *e = acc ? atoi(p + 1) - (digits - 1) : 0;
}

static bool reads_back(uint64_t m, int e, enum assay_float_width w, double x)
{
    double y;
    return assay_float_scaled(m, e, false, w, &y) && y == x;
}

/* Is x the lowest float of its binade? Then the gap below is half of that above, and the nearest decimal may fail
 * while the next higher one of as many digits reads back. */
static bool is_power_of_two(double x)
{
    int exp;
    return frexp(x, &exp) == 0.5;
}

void assay_float_shortest(double x, enum assay_float_width w, uint64_t *m, int *e)
{
    x = fabs(x);
    *m = 0;
    *e = 0;
    if (x == 0)
        return;
    /* Of decimals with up to 15 (6) digits each has a normal float of its own: if one of them reads back as x, it is
     * the only one, and rounding to 15 (6) digits finds it. */
    const bool narrow = w == ASSAY_BINARY32;
    const bool normal = x >= (narrow ? (double)FLT_MIN : DBL_MIN);
    const int last = narrow ? FLT_DECIMAL_DIG : DBL_DECIMAL_DIG;
    for (int digits = !normal ? 1 : narrow ? FLT_DIG : DBL_DIG; digits <= last; digits++) {
        assay_float_digits(x, digits, m, e);
        if (reads_back(*m, *e, w, x))
            break;
        if (is_power_of_two(x) && reads_back(*m + 1, *e, w, x)) {
            *m += 1;
            break;
        }
    }
    *e += assay_strip_zeros(m);
}
