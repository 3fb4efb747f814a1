/* Rules on decimals and floats. */
#include <math.h>
#include <string.h>

#include "float_text.h"
#include "resolve.h"
#include "rule_spec.h"

static bool defect(const char **why, const char *sentence)
{
    *why = sentence;
    return false;
}

static const char no_float[] = "out of range of the float type";

/* i * 10^-scale to n digits after the point. */
static void round_small(struct assay_value *v, int64_t n)
{
    const int64_t drop = v->scale - n;
    if (drop <= 0)
        return;
    const bool neg = v->i < 0;
    const uint64_t m = neg ? -v->u : v->u;
    uint64_t q = 0;
    if (drop <= 19) {
        const uint64_t p = assay_pow10[drop], rest = m % p;
        q = m / p + (rest >= p - rest);
    }
    v->i = neg ? -(int64_t)q : (int64_t)q;
    v->scale = (int16_t)n;
}

/* Digits in scratch, one longer at the left for the carry. */
static bool round_long(struct assay_value *v, int64_t n, struct assay_buf *scratch, const char **why)
{
    struct assay_num num;
    if (!assay_num_of(v, &num) || num.special != ASSAY_FINITE || num.exp >= -n)
        return true;
    const int64_t drop = -num.exp - n; /* > 0 */
    const size_t keep = (int64_t)num.n >= drop ? (size_t)((int64_t)num.n - drop) : 0;
    uint8_t *d = assay_room_for(scratch, num.n + 2, &v->p);
    if (!d || !assay_num_of(v, &num))
        return defect(why, ASSAY_WHY_NOMEM);
    d[0] = '0';
    assay_num_copy(&num, d + 1);
    if ((int64_t)num.n >= drop && d[1 + keep] >= '5') {
        size_t at = keep;
        for (; d[at] == '9'; at--)
            d[at] = '0';
        d[at]++;
    }
    scratch->len += num.n + 2;
    const bool neg = num.neg;
    assay_num_digits(d, keep + 1, (int)n, &num);
    num.neg = neg;
    return assay_decimal_value(&num, NULL, v, scratch, why);
}

bool assay_rule_round_number(const struct assay_rule *r, enum assay_logical type, struct assay_value *v,
                             struct assay_buf *scratch, const char **why)
{
    (void)type;
    if (v->kind == ASSAY_K_DEC)
        round_small(v, r->n);
    else if (v->kind == ASSAY_K_DECDIGITS || v->kind == ASSAY_K_LEXEME)
        return round_long(v, r->n, scratch, why);
    return true;
}

bool assay_rule_digits(const struct assay_rule *r, enum assay_logical type, struct assay_value *v,
                       struct assay_buf *scratch, const char **why)
{
    (void)scratch;
    uint64_t m;
    int e;
    if (v->kind != ASSAY_K_F64 || !isfinite(v->f) || v->f == 0)
        return true;
    assay_float_digits(v->f, (int)r->n, &m, &e);
    const enum assay_float_width w = type == ASSAY_L_FLOAT32 ? ASSAY_BINARY32 : ASSAY_BINARY64;
    return assay_float_scaled(m, e, signbit(v->f), w, &v->f) || defect(why, no_float);
}

bool assay_rule_fold_zero(const struct assay_rule *r, enum assay_logical type, struct assay_value *v,
                          struct assay_buf *scratch, const char **why)
{
    (void)r, (void)type, (void)scratch, (void)why;
    if (v->kind == ASSAY_K_F64 && v->f == 0)
        v->f = 0;
    return true;
}

bool assay_rule_as_float32(const struct assay_rule *r, enum assay_logical type, struct assay_value *v,
                           struct assay_buf *scratch, const char **why)
{
    (void)r, (void)scratch;
    struct assay_value x = *v;
    double narrow, back;
    uint64_t m;
    int e;
    if (v->kind == ASSAY_K_INT || v->kind == ASSAY_K_UINT) {
        if (!assay_resolve_float(ASSAY_L_FLOAT64, v, &x, why))
            return false;
    } else if (v->kind != ASSAY_K_F64) {
        return true;
    }
    (void)type;
    if (!assay_float_narrow(x.f, &narrow))
        return defect(why, "a double that no float32 was written as");
    if (isfinite(x.f) && narrow != x.f) {
        assay_float_shortest(narrow, ASSAY_BINARY32, &m, &e);
        if (!assay_float_scaled(m, e, signbit(narrow), ASSAY_BINARY64, &back) || back != x.f)
            return defect(why, "a double that no float32 was written as");
    }
    *v = (struct assay_value){.kind = ASSAY_K_F32, .f = narrow};
    return true;
}

bool assay_rule_narrow(const struct assay_rule *r, enum assay_logical type, struct assay_value *v,
                       struct assay_buf *scratch, const char **why)
{
    (void)r, (void)type, (void)scratch;
    return v->kind != ASSAY_K_F64 || assay_float_narrow(v->f, &v->f) || defect(why, no_float);
}

bool assay_rule_as_float64(const struct assay_rule *r, enum assay_logical type, struct assay_value *v,
                           struct assay_buf *scratch, const char **why)
{
    (void)r, (void)type;
    struct assay_num num = {0};
    switch (v->kind) {
    case ASSAY_K_DECSPECIAL:
        if (v->i < ASSAY_NAN || v->i > ASSAY_MINUS_INF)
            return defect(why, "a malformed decimal");
        num.special = (uint8_t)v->i;
        break;
    case ASSAY_K_INT:
    case ASSAY_K_UINT:
    case ASSAY_K_DEC:
    case ASSAY_K_DECBYTES:
    case ASSAY_K_DECDIGITS:
    case ASSAY_K_PGNUMERIC:
        if (!assay_decimal_view(v, &num, scratch, why))
            return false;
        num.neg = num.neg && num.n > 0; /* a decimal has no -0 */
        break;
    default:
        return true;
    }
    *v = (struct assay_value){.kind = ASSAY_K_F64};
    return assay_float_of(&num, ASSAY_BINARY64, &v->f) || defect(why, no_float);
}

/* x * 10^n as an integer of at most 15 digits whose quotient is x again: decimals of so few digits each have a double
 * of their own, so this is the shortest text without searching for it. */
static bool decimal_fast(double x, int64_t n, int64_t *u)
{
    static const double pow10[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12};
    if (n > 12)
        return false;
    const double scaled = nearbyint(x * pow10[n]);
    if (!(fabs(scaled) < 1e15) || scaled / pow10[n] != x)
        return false;
    *u = (int64_t)scaled;
    return true;
}

bool assay_rule_as_decimal(const struct assay_rule *r, enum assay_logical type, struct assay_value *v,
                           struct assay_buf *scratch, const char **why)
{
    (void)type, (void)scratch;
    const double x = v->f;
    uint64_t m;
    int64_t u;
    int e;
    if (v->kind != ASSAY_K_F64 && v->kind != ASSAY_K_F32)
        return true;
    if (!isfinite(x)) {
        *v = (struct assay_value){.kind = ASSAY_K_DECSPECIAL,
                                  .i = isnan(x) ? ASSAY_NAN
                                       : x > 0  ? ASSAY_PLUS_INF
                                                : ASSAY_MINUS_INF};
        return true;
    }
    if (v->kind == ASSAY_K_F64 && decimal_fast(x, r->n, &u)) {
        *v = (struct assay_value){.kind = ASSAY_K_DEC, .scale = (int16_t)r->n, .i = u};
        return true;
    }
    assay_float_shortest(x, v->kind == ASSAY_K_F64 ? ASSAY_BINARY64 : ASSAY_BINARY32, &m, &e);
    if (-(int64_t)e > r->n)
        return defect(why, "a double with more digits than the rule as: decimal(n) allows");
    return assay_decimal_small(m, signbit(x), e, v) || defect(why, "not a number");
}
