/* Intervals in the four styles of PostgreSQL: postgres, postgres_verbose, sql_standard and iso_8601
 * (docs/canonical-form.md section 5). */
#include <stdalign.h>
#include <string.h>

#include "put.h"
#include "resolve.h"

typedef __int128 i128;

struct cursor {
    const uint8_t *p, *end;
};

/* Sums before they are checked against the widths of the cell. */
struct sums {
    i128 months, days, ns;
};

static const i128 second_ns = 1000000000;

static bool take_sign(struct cursor *c)
{
    bool neg = false;
    if (c->p < c->end && (*c->p == '+' || *c->p == '-'))
        neg = *c->p++ == '-';
    return neg;
}

static bool take_digits(struct cursor *c, int min, int max, int64_t *out)
{
    const uint8_t *first = c->p;
    int64_t v = 0;
    for (; c->p < c->end && (uint8_t)(*c->p - '0') <= 9; c->p++) {
        if (c->p - first == max)
            return false;
        v = v * 10 + (*c->p - '0');
    }
    *out = v;
    return c->p - first >= min;
}

/* "." and one to nine digits, if there is a point. */
static bool take_fraction(struct cursor *c, int64_t *ns)
{
    *ns = 0;
    if (c->p == c->end || *c->p != '.')
        return true;
    const uint8_t *first = ++c->p;
    if (!take_digits(c, 1, 9, ns))
        return false;
    for (int k = (int)(c->p - first); k < 9; k++)
        *ns *= 10;
    return true;
}

/* To the end of the text; hours of at least that many digits. */
static bool take_clock(struct cursor *c, bool neg, int digits, struct sums *s)
{
    int64_t h, m, sec, frac;
    if (!take_digits(c, digits, 16, &h) || c->p == c->end || *c->p++ != ':' || !take_digits(c, 2, 2, &m) || m > 59 ||
        c->p == c->end || *c->p++ != ':' || !take_digits(c, 2, 2, &sec) || sec > 59 || !take_fraction(c, &frac))
        return false;
    const i128 ns = ((i128)h * 3600 + m * 60 + sec) * second_ns + frac;
    s->ns = neg ? -ns : ns;
    return c->p == c->end;
}

/* Units of the two styles with words, in the order they must come in; those behind the days are of the verbose one. */
#define DAY 3
#define SECOND 6
static const struct unit {
    const char *word;
    int rank;
    int months, days, seconds;
} units[] = {
    {" years", 1, 12, 0, 0},    {" year", 1, 12, 0, 0},    {" months", 2, 1, 0, 0}, {" month", 2, 1, 0, 0},
    {" mons", 2, 1, 0, 0},      {" mon", 2, 1, 0, 0},      {" days", DAY, 0, 1, 0}, {" day", DAY, 0, 1, 0},
    {" hours", 4, 0, 0, 3600},  {" hour", 4, 0, 0, 3600},  {" mins", 5, 0, 0, 60},  {" min", 5, 0, 0, 60},
    {" secs", SECOND, 0, 0, 1}, {" sec", SECOND, 0, 0, 1},
};

static const struct unit *take_unit(struct cursor *c, int last)
{
    for (size_t i = 0; i < sizeof units / sizeof *units && units[i].rank <= last; i++) {
        const size_t n = strlen(units[i].word), left = (size_t)(c->end - c->p);
        if (left >= n && memcmp(c->p, units[i].word, n) == 0 && (left == n || c->p[n] == ' ')) {
            c->p += n;
            return &units[i];
        }
    }
    return NULL;
}

static bool scan_postgres(struct cursor c, struct sums *s)
{
    for (int rank = 0;;) {
        const bool neg = take_sign(&c);
        struct cursor number = c;
        int64_t n;
        if (take_digits(&c, 1, 10, &n) && (c.p == c.end || *c.p != ':')) {
            const struct unit *u = take_unit(&c, DAY);
            if (!u || u->rank <= rank)
                return false;
            rank = u->rank;
            const i128 v = neg ? -(i128)n : n;
            s->months += v * u->months;
            s->days += v * u->days;
        } else {
            return take_clock(&number, neg, 2, s);
        }
        if (c.p == c.end)
            return true;
        if (*c.p++ != ' ')
            return false;
    }
}

static bool take_word(struct cursor *c, const char *word)
{
    const size_t n = strlen(word);
    if ((size_t)(c->end - c->p) < n || memcmp(c->p, word, n) != 0)
        return false;
    c->p += n;
    return true;
}

/* "@ 1 year -2 days 3.5 secs ago": ago turns every sign. */
static bool scan_verbose(struct cursor c, struct sums *s)
{
    bool ago = false, any = false;
    if (!take_word(&c, "@"))
        return false;
    if ((size_t)(c.end - c.p) == 2 && memcmp(c.p, " 0", 2) == 0)
        return true;
    for (int rank = 0; c.p < c.end && !ago;) {
        int64_t n, frac;
        if (any && take_word(&c, " ago")) {
            ago = true;
            continue;
        }
        if (!take_word(&c, " "))
            return false;
        const i128 sign = take_sign(&c) ? -1 : 1;
        if (!take_digits(&c, 1, 16, &n))
            return false;
        const bool point = c.p < c.end && *c.p == '.';
        const struct unit *u = take_fraction(&c, &frac) ? take_unit(&c, SECOND) : NULL;
        if (!u || u->rank <= rank || (point && u->rank != SECOND))
            return false;
        rank = u->rank;
        any = true;
        s->months += sign * n * u->months;
        s->days += sign * n * u->days;
        s->ns += sign * ((i128)n * u->seconds * second_ns + frac);
    }
    if (ago)
        *s = (struct sums){-s->months, -s->days, -s->ns};
    return c.p == c.end && any;
}

static bool is_sign(const struct cursor *c)
{
    return c->p < c->end && (*c->p == '+' || *c->p == '-');
}

static bool sql_months(struct cursor *c, struct sums *s)
{
    const bool neg = take_sign(c);
    int64_t years, months;
    if (!take_digits(c, 1, 10, &years) || !take_word(c, "-") || !take_digits(c, 1, 2, &months) || months > 11)
        return false;
    s->months = (neg ? -1 : 1) * ((i128)years * 12 + months);
    return true;
}

static bool sql_days(struct cursor *c, struct sums *s)
{
    const bool neg = take_sign(c);
    int64_t n;
    if (!take_digits(c, 1, 10, &n) || !take_word(c, " "))
        return false;
    s->days = neg ? -(i128)n : n;
    return true;
}

/* "1-2", "3 4:05:06", "4:05:06", each under one sign; or all three, each with a sign of its own; "0". */
static bool scan_sql(struct cursor c, struct sums *s)
{
    struct cursor at = c;
    if (c.end - c.p == 1 && *c.p == '0')
        return true;
    if (sql_months(&at, s)) {
        if (at.p == at.end)
            return true;
        const bool triple = is_sign(&c) && take_word(&at, " ") && is_sign(&at) && sql_days(&at, s) && is_sign(&at);
        return triple && take_clock(&at, take_sign(&at), 1, s);
    }
    at = c;
    const bool neg = take_sign(&c);
    if (!sql_days(&at, s))
        at = c;
    return take_clock(&at, neg, 1, s);
}

/* One letter of an ISO duration, in its place. */
static bool add_iso(struct sums *s, char letter, bool timed, i128 n, int64_t frac, int *rank)
{
    static const char order[] = "YMWD|HMS"; /* the bar parts date from time: the two M differ by it */
    const char *at = strchr(timed ? order + 5 : order, letter);
    if (!at || letter == '|' || (!timed && at > order + 3) || at - order < *rank)
        return false;
    *rank = (int)(at - order) + 1;
    switch (at - order) {
    case 0:
        s->months += n * 12;
        break;
    case 1:
        s->months += n;
        break;
    case 2:
        s->days += n * 7;
        break;
    case 3:
        s->days += n;
        break;
    case 5:
        s->ns += n * 3600 * second_ns;
        break;
    case 6:
        s->ns += n * 60 * second_ns;
        break;
    default:
        s->ns += n * second_ns + frac;
    }
    return true;
}

static bool scan_iso(struct cursor c, struct sums *s)
{
    const bool all_neg = *c.p == '-';
    c.p += all_neg + 1;
    bool timed = false, any = false;
    int rank = 0;
    while (c.p < c.end) {
        if (*c.p == 'T' && !timed) {
            timed = true;
            any = false;
            rank = 5;
            c.p++;
            continue;
        }
        const bool neg = take_sign(&c);
        int64_t n, frac;
        if (!take_digits(&c, 1, 16, &n))
            return false;
        const bool point = c.p < c.end && *c.p == '.';
        if (!take_fraction(&c, &frac) || c.p == c.end || (point && *c.p != 'S') || *c.p == 0)
            return false;
        const bool flip = neg != all_neg;
        if (!add_iso(s, (char)*c.p++, timed, flip ? -(i128)n : n, flip ? -frac : frac, &rank))
            return false;
        any = true;
    }
    return any;
}

static bool scan_interval(const uint8_t *p, size_t n, struct assay_interval *out)
{
    struct sums s = {0, 0, 0};
    const struct cursor c = {p, p + n};
    if (n == 0)
        return false;
    const bool iso = p[0] == 'P' || (n > 1 && p[0] == '-' && p[1] == 'P');
    bool ok = iso ? scan_iso(c, &s) : p[0] == '@' ? scan_verbose(c, &s) : scan_postgres(c, &s);
    if (!ok && !iso && p[0] != '@') {
        s = (struct sums){0, 0, 0};
        ok = scan_sql(c, &s);
    }
    if (!ok)
        return false;
    i128 sec = s.ns / second_ns;
    if (s.ns % second_ns < 0)
        sec--;
    if (s.months < INT32_MIN || s.months > INT32_MAX || s.days < INT32_MIN || s.days > INT32_MAX || sec < INT64_MIN ||
        sec > INT64_MAX)
        return false;
    *out = (struct assay_interval){(int32_t)s.months, (int32_t)s.days, (int64_t)sec, (int32_t)(s.ns - sec * second_ns)};
    return true;
}

bool assay_resolve_interval(const struct assay_value *v, struct assay_value *out, struct assay_buf *scratch,
                            const char **why)
{
    struct assay_interval parsed;
    if (v->kind == ASSAY_K_INTERVAL) {
        *out = *v;
        memcpy(&parsed, v->p, sizeof parsed);
        *why = "an interval out of range";
        return parsed.ns >= 0 && parsed.ns < second_ns;
    }
    if (!assay_is_textual(v) || !scan_interval(v->p, v->len, &parsed)) {
        *why = "not an interval";
        return false;
    }
    uint8_t *p = assay_room(scratch, sizeof parsed + alignof(struct assay_interval));
    if (!p) {
        *why = ASSAY_WHY_NOMEM;
        return false;
    }
    const size_t pad = (alignof(struct assay_interval) - (uintptr_t)p % alignof(struct assay_interval)) %
                       alignof(struct assay_interval);
    memcpy(p + pad, &parsed, sizeof parsed);
    scratch->len += pad + sizeof parsed;
    *out = (struct assay_value){.kind = ASSAY_K_INTERVAL, .p = p + pad};
    return true;
}
