/* Dates, times and time stamps: the grammars of docs/canonical-form.md section 5. */
#include <string.h>

#include "ascii.h"
#include "resolve.h"

/* Unread text; every reader moves p only when it succeeds. */
struct cursor {
    const uint8_t *p, *end;
};

struct ymd {
    int64_t year; /* as written, without sign */
    unsigned month, day;
    char sign; /* '+', '-' or 0 */
};

static bool defect(const char **why, const char *sentence)
{
    *why = sentence;
    return false;
}

static inline bool take_char(struct cursor *c, char want)
{
    if (c->p == c->end || *c->p != (uint8_t)want)
        return false;
    c->p++;
    return true;
}

static bool take_word(struct cursor *c, const char *word)
{
    const size_t n = strlen(word);
    if ((size_t)(c->end - c->p) < n || memcmp(c->p, word, n) != 0)
        return false;
    c->p += n;
    return true;
}

static inline bool take_two(struct cursor *c, unsigned max, unsigned *out)
{
    if (c->end - c->p < 2)
        return false;
    const unsigned a = (unsigned)c->p[0] - '0', b = (unsigned)c->p[1] - '0';
    if (a > 9 || b > 9 || a * 10 + b > max)
        return false;
    *out = a * 10 + b;
    c->p += 2;
    return true;
}

static inline bool take_ymd(struct cursor *c, struct ymd *d)
{
    d->sign = 0;
    if (c->p < c->end && (*c->p == '+' || *c->p == '-'))
        d->sign = (char)*c->p++;
    const uint8_t *first = c->p;
    d->year = 0;
    for (; c->p < c->end && (uint8_t)(*c->p - '0') <= 9 && c->p - first < 8; c->p++)
        d->year = d->year * 10 + (*c->p - '0');
    return c->p - first >= 4 && c->p - first <= 7 && take_char(c, '-') && take_two(c, 12, &d->month) &&
           take_char(c, '-') && take_two(c, 31, &d->day);
}

static unsigned days_of_month(int64_t y, unsigned m)
{
    static const uint8_t days[] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
    return m == 2 && leap ? 29 : days[m];
}

/* Astronomical year, then days; false when there is no such day or it is outside the finite range. */
static bool days_of(const struct ymd *d, bool bc, int64_t *days)
{
    int64_t y = d->year;
    if (bc ? d->sign || y == 0 : d->sign == '-' && y == 0)
        return false;
    if (bc)
        y = 1 - y;
    else if (d->sign == '-')
        y = -y;
    if (d->month == 0 || d->day == 0 || d->day > days_of_month(y, d->month))
        return false;
    *days = assay_days_from_civil(y, d->month, d->day);
    return *days > ASSAY_INF_DATE_LO && *days < ASSAY_INF_DATE_HI;
}

/* The fraction behind the point: one to nine digits. */
static bool take_fraction(struct cursor *c, int32_t *ns)
{
    const uint8_t *first = c->p;
    int32_t v = 0;
    for (; c->p < c->end && (uint8_t)(*c->p - '0') <= 9; c->p++) {
        if (c->p - first == 9)
            return false;
        v = v * 10 + (*c->p - '0');
    }
    const int digits = (int)(c->p - first);
    for (int k = digits; k < 9; k++)
        v *= 10;
    *ns = v;
    return digits > 0;
}

static inline bool take_time(struct cursor *c, int64_t *ns)
{
    unsigned h, m, s = 0;
    int32_t frac = 0;
    if (!take_two(c, 24, &h) || !take_char(c, ':') || !take_two(c, 59, &m))
        return false;
    if (take_char(c, ':')) {
        if (!take_two(c, 60, &s) || (take_char(c, '.') && !take_fraction(c, &frac)))
            return false;
    }
    *ns = (int64_t)(h * 3600 + m * 60 + s) * 1000000000 + frac;
    return *ns <= ASSAY_DAY_NS;
}

static bool take_offset(struct cursor *c, int32_t *seconds)
{
    unsigned h, m = 0, s = 0;
    *seconds = 0;
    if (take_char(c, 'Z') || take_char(c, 'z') || take_word(c, " UTC"))
        return true;
    struct cursor t = *c;
    take_char(&t, ' ');
    const bool east = take_char(&t, '+');
    if ((!east && !take_char(&t, '-')) || !take_two(&t, 23, &h))
        return false;
    *c = t;
    const bool colon = take_char(&t, ':');
    if (take_two(&t, 59, &m)) {
        *c = t;
        if (take_char(&t, ':') == colon && take_two(&t, 59, &s))
            *c = t;
        else
            s = 0;
    } else {
        m = 0;
    }
    *seconds = (int32_t)(h * 3600 + m * 60 + s);
    if (!east)
        *seconds = -*seconds;
    return true;
}

static bool is_infinity(const uint8_t *p, size_t n, bool *negative)
{
    *negative = n > 0 && *p == '-';
    p += *negative;
    n -= *negative;
    return assay_is_word(p, n, "infinity");
}

static bool scan_date(const uint8_t *p, size_t n, int64_t *days)
{
    struct cursor c = {p, p + n};
    struct ymd d;
    bool negative;
    if (n >= 8 && is_infinity(p, n, &negative)) {
        *days = negative ? ASSAY_INF_DATE_LO : ASSAY_INF_DATE_HI;
        return true;
    }
    if (!take_ymd(&c, &d))
        return false;
    const bool bc = c.p < c.end && (take_word(&c, " BC") || take_word(&c, " (BC)"));
    return c.p == c.end && days_of(&d, bc, days);
}

/* Two digits; others set bits of *bad. */
static inline unsigned two_digits(const uint8_t *p, unsigned *bad)
{
    const unsigned a = (unsigned)p[0] - '0', b = (unsigned)p[1] - '0';
    *bad |= (a > 9) | (b > 9);
    return a * 10 + b;
}

/* What nearly every exporter writes, YYYY-MM-DD HH:MM:SS[.fraction][offset], with few branches. false: try the whole
 * grammar, which this is a part of. */
static inline bool scan_common(const uint8_t *p, size_t n, struct assay_stamp *out)
{
    unsigned bad = 0;
    if (n < 19)
        return false;
    const unsigned y = two_digits(p, &bad) * 100 + two_digits(p + 2, &bad);
    const unsigned month = two_digits(p + 5, &bad), day = two_digits(p + 8, &bad);
    const unsigned h = two_digits(p + 11, &bad), m = two_digits(p + 14, &bad), s = two_digits(p + 17, &bad);
    bad |= (p[4] != '-') | (p[7] != '-') | (p[13] != ':') | (p[16] != ':') | ((p[10] != ' ') & (p[10] != 'T'));
    bad |= (month - 1 > 11) | (day - 1 > 27) | (h > 23) | (m > 59) | (s > 59);
    struct cursor c = {p + 19, p + n};
    if (bad || (take_char(&c, '.') && !take_fraction(&c, &out->ns)))
        return false;
    out->has_offset = c.p < c.end && take_offset(&c, &out->offset);
    out->sec = assay_days_from_civil(y, month, day) * 86400 + h * 3600 + m * 60 + s;
    return c.p == c.end;
}

bool assay_stamp_scan(const uint8_t *p, size_t n, struct assay_stamp *out)
{
    *out = (struct assay_stamp){0};
    if (scan_common(p, n, out))
        return true;
    struct cursor c = {p, p + n};
    struct ymd d;
    int64_t days, ns;
    bool negative;
    *out = (struct assay_stamp){0};
    if (n >= 8 && n <= 9 && is_infinity(p, n, &negative)) {
        out->sec = negative ? INT64_MIN : INT64_MAX;
        out->infinite = true;
        return true;
    }
    if (!take_ymd(&c, &d))
        return false;
    bool bc = take_word(&c, " (BC) ");
    if (!bc && !take_char(&c, ' ') && !take_char(&c, 'T') && !take_char(&c, 't'))
        return false;
    if (!take_time(&c, &ns))
        return false;
    if (c.p < c.end)
        out->has_offset = take_offset(&c, &out->offset);
    if (c.p < c.end && !bc)
        bc = take_word(&c, " BC");
    if (c.p != c.end || !days_of(&d, bc, &days))
        return false;
    out->sec = days * 86400 + ns / 1000000000;
    out->ns = (int32_t)(ns % 1000000000);
    return true;
}

static bool resolve_date(const struct assay_value *v, struct assay_value *out, const char **why)
{
    *out = (struct assay_value){.kind = ASSAY_K_DATE, .i = v->i};
    switch (v->kind) {
    case ASSAY_K_DATE:
        return (v->i >= INT32_MIN && v->i <= INT32_MAX) || defect(why, "a date out of range");
    case ASSAY_K_TEXT:
    case ASSAY_K_LEXEME:
        return scan_date(v->p, v->len, &out->i) || defect(why, "not a date");
    case ASSAY_K_INT:
    case ASSAY_K_UINT:
        return defect(why, "a number under date (rule epoch)");
    default:
        return defect(why, "not a date");
    }
}

static bool resolve_clock(const struct assay_value *v, struct assay_value *out, const char **why)
{
    if (v->kind == ASSAY_K_TIME) {
        *out = *v;
        return (v->i >= 0 && v->i <= ASSAY_DAY_NS) || defect(why, "a time out of range");
    }
    *out = (struct assay_value){.kind = ASSAY_K_TIME};
    if (!assay_is_textual(v))
        return defect(why, "not a time");
    struct cursor c = {v->p, v->p + v->len};
    return (take_time(&c, &out->i) && c.p == c.end) || defect(why, "not a time");
}

static bool resolve_timetz(const struct assay_value *v, struct assay_value *out, const char **why)
{
    if (v->kind == ASSAY_K_TIMETZ) {
        *out = *v;
        return (v->i >= 0 && v->i <= ASSAY_DAY_NS && v->aux > -86400 && v->aux < 86400) ||
               defect(why, "a time out of range");
    }
    *out = (struct assay_value){.kind = ASSAY_K_TIMETZ};
    if (!assay_is_textual(v))
        return defect(why, "not a time with time zone");
    struct cursor c = {v->p, v->p + v->len};
    int32_t offset;
    if (!take_time(&c, &out->i) || !take_offset(&c, &offset) || c.p != c.end)
        return defect(why, "not a time with time zone");
    out->aux = offset;
    return true;
}

static bool resolve_stamp(bool zoned, const struct assay_value *v, struct assay_value *out, const char **why)
{
    const uint8_t want = zoned ? ASSAY_K_TSTZ : ASSAY_K_TS;
    if (v->kind == want) {
        *out = *v;
        return assay_is_stamp_ok(v) || defect(why, "a time stamp out of range");
    }
    if (v->kind == ASSAY_K_TS || v->kind == ASSAY_K_TSTZ)
        return defect(why, zoned ? "a naive time stamp under timestamptz (rule timezone)"
                                 : "a time stamp with time zone under timestamp (rule timezone)");
    if (v->kind == ASSAY_K_DATE)
        return defect(why, "a date under a time stamp type");
    if (v->kind == ASSAY_K_INT || v->kind == ASSAY_K_UINT || v->kind == ASSAY_K_F64)
        return defect(why, "a number under a time stamp type (rule epoch)");
    struct assay_stamp s;
    if (!assay_is_textual(v) || !assay_stamp_scan(v->p, v->len, &s))
        return defect(why, "not a time stamp");
    if (!s.infinite && s.has_offset != zoned)
        return defect(why, zoned ? "a time stamp without an offset under timestamptz (rule timezone)"
                                 : "a time stamp with an offset under timestamp (rule timezone)");
    *out = (struct assay_value){.kind = want, .aux = s.ns, .i = s.infinite ? s.sec : s.sec - s.offset};
    return true;
}

bool assay_resolve_time(enum assay_logical type, const struct assay_value *v, struct assay_value *out, const char **why)
{
    switch (type) {
    case ASSAY_L_DATE:
        return resolve_date(v, out, why);
    case ASSAY_L_TIME:
        return resolve_clock(v, out, why);
    case ASSAY_L_TIMETZ:
        return resolve_timetz(v, out, why);
    default:
        return resolve_stamp(type == ASSAY_L_TIMESTAMPTZ, v, out, why);
    }
}
