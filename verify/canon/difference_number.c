/* Differences of numbers that no rule can settle. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "assay/canon.h"
#include "difference.h"
#include "float_text.h"
#include "resolve.h"

#define MOST_PLACES 12 /* digits behind the point that a cut is looked for at */
#define MOST_DIGITS 1000

static bool is_decimal(const struct side_value *s)
{
    return !s->defect && (s->v.kind == ASSAY_K_INT || s->v.kind == ASSAY_K_DEC || s->v.kind == ASSAY_K_DECDIGITS);
}

static bool view_of(struct assay_classifier *c, int side, struct assay_num *num)
{
    const char *why = NULL;
    assay_buf_reset(&c->cell[side]);
    return is_decimal(&c->side[side]) && assay_decimal_view(&c->side[side].v, num, &c->cell[side], &why) &&
           num->special == ASSAY_FINITE && num->n <= MOST_DIGITS;
}

static void digits_of(const struct assay_num *num, uint8_t digit[MOST_DIGITS])
{
    if (num->n)
        assay_num_copy(num, digit);
}

static void of_cut_to_zero(int side, int64_t zeros, struct assay_differences *out)
{
    for (int64_t n = zeros < MOST_PLACES ? zeros : MOST_PLACES; n >= 0; n--)
        assay_difference_add(out, ASSAY_DK_DECIMAL_CUT, (enum assay_difference_side)side, (int32_t)n);
}

/* One has the first digits of the other, and nothing behind them. Zeros at the end do not show: 1.2034 cut to 1.20 is
 * also cut to 1.2. */
static void of_cut(int side, const struct assay_num *fine, const struct assay_num *coarse, const uint8_t *f,
                   const uint8_t *g, struct assay_differences *out)
{
    const int64_t gone = (int64_t)fine->n - (int64_t)coarse->n;
    if (fine->exp >= 0 || gone <= 0 || fine->n == 0)
        return;
    if (coarse->n == 0) {
        of_cut_to_zero(side, -((int64_t)fine->n + fine->exp), out);
        return;
    }
    if (coarse->exp != fine->exp + gone || fine->neg != coarse->neg || memcmp(f, g, coarse->n) != 0)
        return;
    for (int64_t n = -fine->exp - 1; n >= 0; n--) {
        const int64_t kept = (int64_t)fine->n + fine->exp + n;
        if (n > MOST_PLACES || kept > (int64_t)fine->n)
            continue;
        if (kept < (int64_t)coarse->n)
            break;
        int64_t zeros = (int64_t)coarse->n;
        while (zeros < kept && f[zeros] == '0')
            zeros++;
        if (zeros == kept)
            assay_difference_add(out, ASSAY_DK_DECIMAL_CUT, (enum assay_difference_side)side, (int32_t)n);
    }
}

static void of_point(const struct assay_num *s, const struct assay_num *a, const uint8_t *f, const uint8_t *g,
                     struct assay_differences *out)
{
    const int64_t moved = a->exp - s->exp;
    if (s->n != a->n || s->neg != a->neg || moved == 0 || moved < -18 || moved > 18 || memcmp(f, g, s->n) != 0)
        return;
    assay_difference_add(out, ASSAY_DK_DECIMAL_POINT, ASSAY_DS_ARCHIVE, (int32_t)moved);
}

static bool equals(const struct assay_num *num, const uint8_t *digit, uint64_t m, int e)
{
    char text[24] = "";
    size_t at = sizeof text;
    for (; m; m /= 10)
        text[--at] = (char)('0' + m % 10);
    return sizeof text - at == num->n && memcmp(text + at, digit, num->n) == 0 && e == num->exp;
}

/* All digits of a double that has none behind the point. */
static bool is_whole(const struct assay_num *num, const uint8_t *digit, double x)
{
    char text[400];
    x = fabs(x);
    if (num->exp < 0 || x < 0x1p53 || x != floor(x))
        return false;
    size_t n = (size_t)snprintf(text, sizeof text, "%.0f", x), all = n;
    while (n && text[n - 1] == '0')
        n--;
    return n == num->n && memcmp(text, digit, n) == 0 && (int64_t)(all - n) == num->exp;
}

/* `mine` read as a double, and the double written: shortest, or with 15 to 17 digits. */
static void of_double(int side, const struct assay_num *mine, const struct assay_num *theirs, const uint8_t *f,
                      const uint8_t *g, struct assay_differences *out)
{
    const enum assay_difference_side other = side ? ASSAY_DS_SOURCE : ASSAY_DS_ARCHIVE;
    double x, y;
    uint64_t m;
    int e;
    if (!assay_float_of(mine, ASSAY_BINARY64, &x) || mine->neg != theirs->neg)
        return;
    assay_float_shortest(x, ASSAY_BINARY64, &m, &e);
    bool written = equals(theirs, g, m, e);
    for (int digits = 15; digits <= 17 && !written; digits++) {
        assay_float_digits(x, digits, &m, &e);
        e += assay_strip_zeros(&m);
        written = equals(theirs, g, m, e);
    }
    written = written || is_whole(theirs, g, x);
    /* or with all its digits, as some printers do: then mine is the number that people wrote */
    if (!written && theirs->n > 17 && assay_float_of(theirs, ASSAY_BINARY64, &y) && x == y) {
        assay_float_shortest(x, ASSAY_BINARY64, &m, &e);
        written = equals(mine, f, m, e);
    }
    if (written)
        assay_difference_add(out, ASSAY_DK_THROUGH_DOUBLE, other, 0);
}

void assay_difference_of_number(struct assay_classifier *c, int side, struct assay_differences *out)
{
    struct assay_num num[2];
    uint8_t digit[2][MOST_DIGITS];
    const int other = 1 - side;
    if (!view_of(c, 0, &num[0]) || !view_of(c, 1, &num[1]))
        return;
    digits_of(&num[0], digit[0]);
    digits_of(&num[1], digit[1]);
    of_cut(side, &num[side], &num[other], digit[side], digit[other], out);
    if (num[0].n == 0 || num[1].n == 0)
        return;
    of_double(side, &num[side], &num[other], digit[side], digit[other], out);
    if (side == 0)
        of_point(&num[0], &num[1], digit[0], digit[1], out);
}
