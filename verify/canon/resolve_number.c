#include <math.h>
#include <stdio.h>
#include <string.h>

#include "assay/bytes.h"
#include "assay/limits.h"
#include "bignum.h"
#include "float_text.h"
#include "put.h"
#include "resolve.h"

static bool defect(const char **why, const char *sentence)
{
    *why = sentence;
    return false;
}

bool assay_decimal_small(uint64_t m, bool neg, int64_t exp, struct assay_value *out)
{
    while (exp > 0 && m <= (uint64_t)INT64_MAX / 10) {
        m *= 10;
        exp--;
    }
    if (m > INT64_MAX || exp > 32768 || exp < -32767)
        return false;
    const int64_t i = neg ? -(int64_t)m : (int64_t)m;
    *out = (struct assay_value){.kind = exp == 0 || m == 0 ? ASSAY_K_INT : ASSAY_K_DEC, .i = i};
    if (out->kind == ASSAY_K_DEC)
        out->scale = (int16_t)-exp;
    return true;
}

bool assay_decimal_value(struct assay_num *num, const struct assay_value *lexeme, struct assay_value *out,
                         struct assay_buf *scratch, const char **why)
{
    if (num->special != ASSAY_FINITE) {
        *out = (struct assay_value){.kind = ASSAY_K_DECSPECIAL, .i = num->special};
        return true;
    }
    if (num->n > ASSAY_MAX_DECIMAL_DIGITS || num->exp > ASSAY_MAX_DECIMAL_DIGITS ||
        num->exp < -ASSAY_MAX_DECIMAL_DIGITS)
        return defect(why, "a number over 200,000 digits or with an exponent over 200,000");
    if (num->n <= 18) {
        size_t at = 0;
        uint64_t m;
        assay_num_take(num, &at, 18, &m);
        if (assay_decimal_small(m, num->neg, num->n ? num->exp : 0, out))
            return true;
    }
    const bool fits = num->exp <= 32768 && num->exp >= -32767;
    if (!fits && lexeme) { /* no scale can say it: the text itself is the resolved value */
        *out = *lexeme;
        out->kind = ASSAY_K_LEXEME;
        return true;
    }
    uint8_t *p = assay_room_for(scratch, num->n + 32, &num->p);
    if (!p)
        return defect(why, ASSAY_WHY_NOMEM);
    p[0] = '-';
    assay_num_copy(num, p + num->neg);
    size_t len = num->n + num->neg;
    *out = (struct assay_value){.kind = fits ? ASSAY_K_DECDIGITS : ASSAY_K_LEXEME, .p = p};
    if (fits)
        out->scale = (int16_t)-num->exp;
    else
        len += (size_t)snprintf((char *)p + len, 24, "e%lld", (long long)num->exp);
    out->len = (uint32_t)len;
    scratch->len += len;
    return true;
}

static bool view_decbytes(const struct assay_value *v, struct assay_num *num, struct assay_buf *scratch,
                          const char **why)
{
    const uint8_t *p = v->p;
    size_t len = v->len;
    while (len > 1 && ((p[0] == 0x00 && !(p[1] & 0x80)) || (p[0] == 0xff && (p[1] & 0x80)))) {
        p++;
        len--;
    }
    if (len > 83100) /* 256^83100 > 10^200000 */
        return defect(why, "a number over 200,000 digits or with an exponent over 200,000");
    const size_t start = scratch->len;
    bool neg = false;
    if (!assay_twos_digits(p, len, &neg, scratch))
        return defect(why, ASSAY_WHY_NOMEM);
    assay_num_digits(scratch->ptr + start, scratch->len - start, v->scale, num);
    num->neg = neg;
    return true;
}

/* numeric_send of PostgreSQL (src/backend/utils/adt/numeric.c): ndigits, weight, sign, dscale, digits to base 10000. */
static bool view_pgnumeric(const struct assay_value *v, struct assay_num *num, struct assay_buf *scratch,
                           const char **why)
{
    *num = (struct assay_num){0};
    if (v->len < 8)
        return defect(why, "a malformed numeric");
    const size_t n = assay_get_be16(v->p);
    const int weight = (int16_t)assay_get_be16(v->p + 2);
    const unsigned sign = assay_get_be16(v->p + 4);
    if (v->len != 8 + 2 * n)
        return defect(why, "a malformed numeric");
    num->special = sign == 0xc000 ? ASSAY_NAN : sign == 0xd000 ? ASSAY_PLUS_INF : sign == 0xf000 ? ASSAY_MINUS_INF : 0;
    if (num->special)
        return true;
    if (sign != 0 && sign != 0x4000)
        return defect(why, "a malformed numeric");
    const uint8_t *wire = v->p;
    uint8_t *p = assay_room_for(scratch, 4 * n + 1, &wire);
    if (!p)
        return defect(why, ASSAY_WHY_NOMEM);
    p[0] = '0';
    for (size_t k = 0; k < n; k++) {
        const unsigned d = assay_get_be16(wire + 8 + 2 * k);
        if (d > 9999)
            return defect(why, "a malformed numeric");
        p[1 + 4 * k] = (uint8_t)('0' + d / 1000);
        p[2 + 4 * k] = (uint8_t)('0' + d / 100 % 10);
        p[3 + 4 * k] = (uint8_t)('0' + d / 10 % 10);
        p[4 + 4 * k] = (uint8_t)('0' + d % 10);
    }
    assay_num_digits(p, 4 * n + 1, 4 * ((int)n - 1 - weight), num);
    num->neg = sign == 0x4000;
    scratch->len += 4 * n + 1;
    return true;
}

bool assay_decimal_view(const struct assay_value *v, struct assay_num *num, struct assay_buf *scratch, const char **why)
{
    if (v->kind == ASSAY_K_DECBYTES)
        return view_decbytes(v, num, scratch, why);
    if (v->kind == ASSAY_K_PGNUMERIC)
        return view_pgnumeric(v, num, scratch, why);
    if (v->kind == ASSAY_K_DECDIGITS)
        return assay_num_digits(v->p, v->len, v->scale, num) || defect(why, "malformed decimal digits");
    /* INT, UINT, DEC */
    uint8_t *p = assay_room(scratch, 24);
    if (!p)
        return defect(why, ASSAY_WHY_NOMEM);
    const bool neg = v->kind != ASSAY_K_UINT && v->i < 0;
    size_t at = 24;
    for (uint64_t m = neg ? -v->u : v->u; m; m /= 10)
        p[--at] = (uint8_t)('0' + m % 10);
    p[--at] = '0';
    assay_num_digits(p + at, 24 - at, v->kind == ASSAY_K_DEC ? v->scale : 0, num);
    num->neg = neg;
    scratch->len += 24;
    return true;
}

/* Up to four base-10000 digits are below 10^16: no text is needed. */
static bool short_pgnumeric(const struct assay_value *v, struct assay_value *out)
{
    if (v->len < 8 || v->len > 16 || (v->len & 1))
        return false;
    const unsigned n = assay_get_be16(v->p), sign = assay_get_be16(v->p + 4);
    if (v->len != 8 + 2 * n || (sign != 0 && sign != 0x4000))
        return false;
    int64_t m = 0;
    for (unsigned k = 0; k < n; k++) {
        const unsigned d = assay_get_be16(v->p + 8 + 2 * k);
        if (d > 9999)
            return false;
        m = m * 10000 + d;
    }
    const int scale = 4 * ((int)n - 1 - (int16_t)assay_get_be16(v->p + 2));
    if (scale > 32767 || scale < -32768)
        return false;
    *out = (struct assay_value){.kind = ASSAY_K_DEC, .scale = (int16_t)scale, .i = sign ? -m : m};
    return true;
}

/* A resolved decimal under integer: INT where it fits i64, never a fraction. */
static bool to_integer(struct assay_value *v, const char **why)
{
    struct assay_num num;
    if (v->kind == ASSAY_K_INT)
        return true;
    if (v->kind == ASSAY_K_DECSPECIAL)
        return defect(why, "not an integer");
    if (v->kind != ASSAY_K_DEC)
        return assay_num_of(v, &num) && num.exp >= 0 ? true : defect(why, "not an integer");
    const bool neg = v->i < 0;
    uint64_t m = neg ? -v->u : v->u;
    int64_t exp = -(int64_t)v->scale;
    if (m && exp < 0)
        exp += assay_strip_zeros(&m);
    if (m && exp < 0)
        return defect(why, "not an integer");
    struct assay_value r;
    if (m == (uint64_t)INT64_MAX + 1 && exp == 0)
        *v = (struct assay_value){.kind = ASSAY_K_INT, .i = INT64_MIN};
    else if (assay_decimal_small(m, neg, m ? exp : 0, &r))
        *v = r;
    return true;
}

static bool resolve_decimal_text(const struct assay_value *v, struct assay_value *out, struct assay_buf *scratch,
                                 const char **why)
{
    int64_t u;
    int scale;
    if (assay_lexeme_number(v->p, v->len, &u, &scale)) {
        *out = (struct assay_value){.kind = scale ? ASSAY_K_DEC : ASSAY_K_INT, .scale = (int16_t)scale, .i = u};
        return true;
    }
    struct assay_num num;
    if (!assay_num_scan(v->p, v->len, &num))
        return defect(why, "not a number");
    return assay_decimal_value(&num, v, out, scratch, why);
}

static bool resolve_decimal_kind(const struct assay_value *v, struct assay_value *out, struct assay_buf *scratch,
                                 const char **why)
{
    struct assay_num num;
    switch (v->kind) {
    case ASSAY_K_INT:
    case ASSAY_K_DEC:
        *out = *v;
        return true;
    case ASSAY_K_UINT:
        if (v->u <= INT64_MAX) {
            *out = (struct assay_value){.kind = ASSAY_K_INT, .i = v->i};
            return true;
        }
        break;
    case ASSAY_K_DECSPECIAL:
        *out = *v;
        return (v->i >= 1 && v->i <= 3) || defect(why, "a malformed decimal");
    case ASSAY_K_PGNUMERIC:
        if (short_pgnumeric(v, out))
            return true;
        break;
    case ASSAY_K_TEXT:
    case ASSAY_K_LEXEME:
        return resolve_decimal_text(v, out, scratch, why);
    case ASSAY_K_DECBYTES:
    case ASSAY_K_DECDIGITS:
        break;
    case ASSAY_K_F32:
    case ASSAY_K_F64:
        return defect(why, "a double under an exact number type (rule as: decimal)");
    default:
        return defect(why, "not a number");
    }
    return assay_decimal_view(v, &num, scratch, why) && assay_decimal_value(&num, NULL, out, scratch, why);
}

bool assay_resolve_decimal(enum assay_logical type, const struct assay_value *v, struct assay_value *out,
                           struct assay_buf *scratch, const char **why)
{
    if (!resolve_decimal_kind(v, out, scratch, why))
        return false;
    return type != ASSAY_L_INTEGER || to_integer(out, why);
}

/* Powers of ten that binary64 holds exactly: with them and m <= 2^53 one operation rounds once (Clinger 1990). */
static const double exact_pow10[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,
                                     1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19};

static bool resolve_float_text(enum assay_float_width w, const struct assay_value *v, struct assay_value *out,
                               const char **why)
{
    int64_t u;
    int scale;
    *out = (struct assay_value){.kind = ASSAY_K_F64};
    if (w == ASSAY_BINARY64 && assay_lexeme_number(v->p, v->len, &u, &scale) && u <= 1ll << 53 && u >= -(1ll << 53)) {
        const double f = (double)u / exact_pow10[scale];
        out->f = u == 0 && v->p[0] == '-' ? -0.0 : f;
        return true;
    }
    struct assay_num num;
    if (!assay_num_scan(v->p, v->len, &num))
        return defect(why, "not a number");
    return assay_float_of(&num, w, &out->f) || defect(why, "out of range of the float type");
}

static bool integer_as_float(const struct assay_value *v, enum assay_float_width w, double *f)
{
    const bool neg = v->kind == ASSAY_K_INT && v->i < 0;
    const uint64_t m = neg ? -v->u : v->u;
    if (m && 64 - __builtin_clzll(m) - __builtin_ctzll(m) > (int)w)
        return false;
    *f = neg ? -(double)m : (double)m;
    return true;
}

bool assay_resolve_float(enum assay_logical type, const struct assay_value *v, struct assay_value *out,
                         const char **why)
{
    const enum assay_float_width w = type == ASSAY_L_FLOAT32 ? ASSAY_BINARY32 : ASSAY_BINARY64;
    double narrow;
    switch (v->kind) {
    case ASSAY_K_F32:
    case ASSAY_K_F64:
        *out = (struct assay_value){.kind = ASSAY_K_F64, .f = v->f};
        if (w == ASSAY_BINARY64 || isnan(v->f) || (assay_float_narrow(v->f, &narrow) && narrow == v->f))
            return true;
        return defect(why, "a double that is not a float32 (rule as: float32)");
    case ASSAY_K_INT:
    case ASSAY_K_UINT:
        *out = (struct assay_value){.kind = ASSAY_K_F64};
        return integer_as_float(v, w, &out->f) || defect(why, "an integer that the float type cannot hold exactly");
    case ASSAY_K_TEXT:
    case ASSAY_K_LEXEME:
        return resolve_float_text(w, v, out, why);
    case ASSAY_K_DEC:
    case ASSAY_K_DECBYTES:
    case ASSAY_K_DECDIGITS:
    case ASSAY_K_DECSPECIAL:
    case ASSAY_K_PGNUMERIC:
        return defect(why, "a decimal under a float type (rule as: float64)");
    default:
        return defect(why, "not a number");
    }
}
