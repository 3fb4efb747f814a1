#include "spell.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "assay/canon.h"
#include "resolve.h"

enum assay_status assay_spell_boolean(bool b, struct assay_buf *out)
{
    return assay_buf_adds(out, b ? "true" : "false");
}

static enum assay_status add_zeros(struct assay_buf *out, int64_t n)
{
    enum assay_status st = ASSAY_OK;
    for (; n > 0 && st == ASSAY_OK; n--)
        st = assay_buf_addc(out, '0');
    return st;
}

static enum assay_status spell_plain(const uint8_t *digits, size_t n, int64_t exp, struct assay_buf *out)
{
    const int64_t whole = (int64_t)n + exp; /* digits before the point */
    enum assay_status st = ASSAY_OK;
    if (exp >= 0) {
        st = assay_buf_add(out, digits, n);
        return st == ASSAY_OK ? add_zeros(out, exp) : st;
    }
    if (whole > 0) {
        st = assay_buf_add(out, digits, (size_t)whole);
        if (st == ASSAY_OK)
            st = assay_buf_addc(out, '.');
        return st == ASSAY_OK ? assay_buf_add(out, digits + whole, n - (size_t)whole) : st;
    }
    st = assay_buf_adds(out, "0.");
    if (st == ASSAY_OK)
        st = add_zeros(out, -whole);
    return st == ASSAY_OK ? assay_buf_add(out, digits, n) : st;
}

static enum assay_status spell_scientific(const uint8_t *digits, size_t n, int64_t exp, int exp_digits,
                                          struct assay_buf *out)
{
    const int64_t e = exp + (int64_t)n - 1;
    enum assay_status st = assay_buf_addc(out, digits[0]);
    if (st == ASSAY_OK && n > 1)
        st = assay_buf_addc(out, '.');
    if (st == ASSAY_OK && n > 1)
        st = assay_buf_add(out, digits + 1, n - 1);
    return st == ASSAY_OK ? assay_buf_addf(out, "e%c%0*" PRId64, e < 0 ? '-' : '+', exp_digits, e < 0 ? -e : e) : st;
}

enum assay_status assay_spell_decimal(const uint8_t *digits, size_t n, bool neg, int64_t exp, size_t min_fraction,
                                      bool plain, struct assay_buf *out)
{
    enum assay_status st = ASSAY_OK;
    const int64_t fraction = exp < 0 ? -exp : 0;
    const int64_t whole = exp + (int64_t)n > 0 ? exp + (int64_t)n : 1;
    const int64_t missing = (int64_t)min_fraction - fraction;
    if (neg)
        st = assay_buf_addc(out, '-');
    if (st != ASSAY_OK)
        return st;
    if (!plain && (whole > ASSAY_SPELL_SHORT || fraction > ASSAY_SPELL_SHORT))
        return spell_scientific(digits, n, exp, 1, out);
    st = spell_plain(digits, n, exp, out);
    if (st == ASSAY_OK && missing > 0 && fraction == 0)
        st = assay_buf_addc(out, '.');
    return st == ASSAY_OK ? add_zeros(out, missing) : st;
}

enum assay_status assay_spell_special(uint8_t special, struct assay_buf *out)
{
    static const char *const word[] = {"", "NaN", "Infinity", "-Infinity"};
    return special <= 3 ? assay_buf_adds(out, word[special]) : ASSAY_EDATA;
}

enum assay_status assay_spell_float(double x, enum assay_float_width w, struct assay_buf *out)
{
    if (isnan(x) || isinf(x))
        return assay_spell_special(isnan(x) ? ASSAY_NAN : x > 0 ? ASSAY_PLUS_INF : ASSAY_MINUS_INF, out);
    uint64_t m;
    int e;
    assay_float_shortest(x, w, &m, &e);
    uint8_t digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (uint8_t)('0' + m % 10);
        m /= 10;
    } while (m);
    const size_t n = sizeof digits - at;
    const int first = e + (int)n - 1;
    enum assay_status st = signbit(x) ? assay_buf_addc(out, '-') : ASSAY_OK;
    if (st != ASSAY_OK)
        return st;
    if (first < -4 || first > 14)
        return spell_scientific(digits + at, n, e, 2, out);
    return spell_plain(digits + at, n, e, out);
}

static enum assay_status spell_ymd(int64_t days, bool *bc, struct assay_buf *out)
{
    int64_t y;
    unsigned m, d;
    assay_civil_from_days(days, &y, &m, &d);
    *bc = y <= 0;
    return assay_buf_addf(out, "%04" PRId64 "-%02u-%02u", *bc ? 1 - y : y, m, d);
}

enum assay_status assay_spell_date(int32_t days, struct assay_buf *out)
{
    bool bc;
    if (days == ASSAY_INF_DATE_LO || days == ASSAY_INF_DATE_HI)
        return assay_buf_adds(out, days < 0 ? "-infinity" : "infinity");
    const enum assay_status st = spell_ymd(days, &bc, out);
    return st == ASSAY_OK && bc ? assay_buf_adds(out, " BC") : st;
}

static enum assay_status spell_fraction(uint32_t ns, struct assay_buf *out)
{
    int digits = 9;
    if (ns == 0)
        return ASSAY_OK;
    for (; ns % 10 == 0; ns /= 10)
        digits--;
    return assay_buf_addf(out, ".%0*" PRIu32, digits, ns);
}

enum assay_status assay_spell_time(int64_t ns, struct assay_buf *out)
{
    const int64_t s = ns / 1000000000;
    const enum assay_status st =
        assay_buf_addf(out, "%02d:%02d:%02d", (int)(s / 3600), (int)(s / 60 % 60), (int)(s % 60));
    return st == ASSAY_OK ? spell_fraction((uint32_t)(ns % 1000000000), out) : st;
}

static enum assay_status spell_offset(int32_t offset, struct assay_buf *out)
{
    const int32_t s = offset < 0 ? -offset : offset;
    enum assay_status st = assay_buf_addf(out, "%c%02d", offset < 0 ? '-' : '+', s / 3600);
    if (st == ASSAY_OK && s % 3600)
        st = assay_buf_addf(out, ":%02d", s / 60 % 60);
    if (st == ASSAY_OK && s % 60)
        st = assay_buf_addf(out, ":%02d", s % 60);
    return st;
}

enum assay_status assay_spell_timetz(int64_t ns, int32_t offset, struct assay_buf *out)
{
    const enum assay_status st = assay_spell_time(ns, out);
    return st == ASSAY_OK ? spell_offset(offset, out) : st;
}

enum assay_status assay_spell_stamp(int64_t sec, uint32_t ns, bool zoned, struct assay_buf *out)
{
    bool bc;
    if (sec == INT64_MIN || sec == INT64_MAX)
        return assay_buf_adds(out, sec < 0 ? "-infinity" : "infinity");
    int64_t days = sec / 86400, rest = sec % 86400;
    if (rest < 0) {
        rest += 86400;
        days--;
    }
    enum assay_status st = spell_ymd(days, &bc, out);
    if (st == ASSAY_OK)
        st = assay_buf_addc(out, ' ');
    if (st == ASSAY_OK)
        st = assay_spell_time(rest * 1000000000 + ns, out);
    if (st == ASSAY_OK && zoned)
        st = assay_buf_adds(out, "+00");
    return st == ASSAY_OK && bc ? assay_buf_adds(out, " BC") : st;
}

/* PostgreSQL writes a plus sign where the part before was negative, so that it cannot be taken to go on. */
static enum assay_status spell_part(int64_t n, const char *unit, bool *any, bool *after_minus, struct assay_buf *out)
{
    if (n == 0)
        return ASSAY_OK;
    const enum assay_status st = assay_buf_addf(out, "%s%s%" PRId64 " %s%s", *any ? " " : "",
                                                *after_minus && n > 0 ? "+" : "", n, unit, n == 1 ? "" : "s");
    *any = true;
    *after_minus = n < 0;
    return st;
}

enum assay_status assay_spell_interval(const struct assay_interval *i, struct assay_buf *out)
{
    bool any = false, after_minus = false;
    enum assay_status st = spell_part(i->months / 12, "year", &any, &after_minus, out);
    if (st == ASSAY_OK)
        st = spell_part(i->months % 12, "mon", &any, &after_minus, out);
    if (st == ASSAY_OK)
        st = spell_part(i->days, "day", &any, &after_minus, out);
    if (st != ASSAY_OK || (any && i->seconds == 0 && i->ns == 0))
        return st;
    const bool neg = i->seconds < 0;
    uint64_t s = neg ? -(uint64_t)i->seconds : (uint64_t)i->seconds;
    uint32_t ns = (uint32_t)i->ns;
    if (neg && ns) { /* floor to sign and magnitude */
        s--;
        ns = 1000000000 - ns;
    }
    st = assay_buf_addf(out, "%s%s%02" PRIu64 ":%02u:%02u", any ? " " : "",
                        neg           ? "-"
                        : after_minus ? "+"
                                      : "",
                        s / 3600, (unsigned)(s / 60 % 60), (unsigned)(s % 60));
    return st == ASSAY_OK ? spell_fraction(ns, out) : st;
}

enum assay_status assay_spell_uuid(const uint8_t bytes[16], struct assay_buf *out)
{
    static const uint8_t part[] = {4, 2, 2, 2, 6};
    enum assay_status st = ASSAY_OK;
    size_t at = 0;
    for (size_t k = 0; k < sizeof part && st == ASSAY_OK; k++) {
        if (k > 0)
            st = assay_buf_addc(out, '-');
        if (st == ASSAY_OK)
            st = assay_buf_addhex(out, bytes + at, part[k]);
        at += part[k];
    }
    return st;
}
