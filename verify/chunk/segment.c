#include "assay/segment.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "assay/bytes.h"
#include "assay/canon.h"
#include "assay/digest.h"

#define DAY_S INT64_C(86400)

static int64_t floor_div(int64_t a, int64_t b)
{
    int64_t q = a / b;
    return a % b < 0 ? q - 1 : q;
}

static bool is_time(enum assay_every every)
{
    return every == ASSAY_EVERY_HOUR || every == ASSAY_EVERY_DAY || every == ASSAY_EVERY_MONTH ||
           every == ASSAY_EVERY_YEAR;
}

/* "UTC" or "+HH:MM" / "-HH:MM" -> seconds east. */
static bool parse_offset(const char *tz, int64_t *out)
{
    *out = 0;
    if (!tz || strcmp(tz, "UTC") == 0 || strcmp(tz, "Z") == 0)
        return true;
    if ((tz[0] != '+' && tz[0] != '-') || strlen(tz) != 6 || tz[3] != ':')
        return false;
    for (int i = 1; i < 6; i++)
        if (i != 3 && (tz[i] < '0' || tz[i] > '9'))
            return false;
    int64_t h = (tz[1] - '0') * 10 + tz[2] - '0', m = (tz[4] - '0') * 10 + tz[5] - '0';
    if (h > 15 || m > 59)
        return false;
    *out = (h * 60 + m) * 60 * (tz[0] == '-' ? -1 : 1);
    return true;
}

static struct assay_point point_of(const struct assay_value *v)
{
    struct assay_point p = {v->i, 0};
    if (v->kind == ASSAY_K_DATE)
        p.major = v->i == INT32_MIN ? INT64_MIN : v->i == INT32_MAX ? INT64_MAX : v->i * DAY_S;
    else if (v->kind == ASSAY_K_TS || v->kind == ASSAY_K_TSTZ)
        p.minor = v->aux;
    return p;
}

bool assay_point_parse(enum assay_logical type, const char *text, struct assay_point *out)
{
    struct assay_buf scratch = {0};
    struct assay_value lex = {.kind = ASSAY_K_LEXEME, .len = (uint32_t)strlen(text), .p = (const uint8_t *)text}, v;
    const char *why;
    bool ok = assay_resolve(type, &lex, &v, &scratch, &why) && v.kind != ASSAY_K_NULL;
    if (ok)
        *out = point_of(&v);
    assay_buf_release(&scratch);
    return ok;
}

assay_segment assay_segment_of_file_set(const char *name)
{
    uint8_t h[32];
    if (strcmp(name, "all") == 0)
        return ASSAY_SEG_ALL; /* two segments of one name would be stated as one, twice */
    assay_sha256(name, strlen(name), h);
    return (assay_segment)(assay_get_be64(h) >> 1);
}

enum assay_status assay_router_init(struct assay_router *r, const struct assay_window *w, enum assay_logical type,
                                    struct assay_err *e)
{
    *r = (struct assay_router){.every = w->every, .type = type, .step = w->step, .cached_lo = 1, .cached_hi = 0};
    if (w->every == ASSAY_EVERY_NONE)
        return ASSAY_OK;
    if (!parse_offset(w->timezone, &r->tz_offset))
        return assay_fail(e, ASSAY_EPLAN, "window: timezone \"%s\" is neither UTC nor +HH:MM", w->timezone);
    if (type != ASSAY_L_TIMESTAMPTZ)
        r->tz_offset = 0;
    if (w->from && !assay_point_parse(type, w->from, &r->from))
        return assay_fail(e, ASSAY_EPLAN, "window: from \"%s\" is not a %s", w->from, assay_type_of(type)->name);
    if (w->to && !assay_point_parse(type, w->to, &r->to))
        return assay_fail(e, ASSAY_EPLAN, "window: to \"%s\" is not a %s", w->to, assay_type_of(type)->name);
    r->has_from = w->from != NULL;
    r->has_to = w->to != NULL;
    return ASSAY_OK;
}

static bool before(const struct assay_point *a, const struct assay_point *b)
{
    return a->major < b->major || (a->major == b->major && a->minor < b->minor);
}

bool assay_point_passed(const struct assay_point *at, const struct assay_value *v)
{
    if (v->kind == ASSAY_K_NULL)
        return false;
    if (v->kind == ASSAY_K_DEC || v->kind == ASSAY_K_DECDIGITS || v->kind == ASSAY_K_DECSPECIAL) /* beyond 64 bits */
        return !(v->kind == ASSAY_K_DECDIGITS && v->len && v->p[0] == '-');
    struct assay_point p = point_of(v);
    return before(at, &p);
}

/* Local days since 1970 at which the period starts. */
static int64_t period_day(enum assay_every every, assay_segment s)
{
    if (every == ASSAY_EVERY_DAY)
        return s;
    if (every == ASSAY_EVERY_YEAR)
        return assay_days_from_civil(s, 1, 1);
    return assay_days_from_civil(1970 + floor_div(s, 12), (unsigned)(s - floor_div(s, 12) * 12) + 1, 1);
}

int64_t assay_segment_start(const struct assay_router *r, assay_segment s)
{
    if (r->every == ASSAY_EVERY_STEP)
        return s * r->step;
    int64_t local = r->every == ASSAY_EVERY_HOUR ? s * 3600 : period_day(r->every, s) * DAY_S;
    return local - r->tz_offset;
}

static assay_segment period_of(const struct assay_router *r, int64_t major)
{
    if (r->every == ASSAY_EVERY_STEP)
        return floor_div(major, r->step);
    int64_t local = major + r->tz_offset, y;
    unsigned m, d;
    if (r->every == ASSAY_EVERY_HOUR)
        return floor_div(local, 3600);
    int64_t days = floor_div(local, DAY_S);
    if (r->every == ASSAY_EVERY_DAY)
        return days;
    assay_civil_from_days(days, &y, &m, &d);
    return r->every == ASSAY_EVERY_YEAR ? y : (y - 1970) * 12 + (int64_t)m - 1;
}

enum assay_status assay_router_of(struct assay_router *r, const struct assay_dataset *d, struct assay_err *e)
{
    enum assay_logical type = ASSAY_L_NONE;
    for (size_t i = 0; d->window.column && i < d->n_cols; i++)
        if (strcmp(d->window.column, d->col[i].name) == 0)
            type = d->col[i].type;
    return assay_router_init(r, &d->window, type, e);
}

/* A window value so far out that its period could not be computed without overflow belongs to an end segment. */
#define FAR INT64_C(200000000000000)

assay_segment assay_router_segment(struct assay_router *r, const struct assay_value *v)
{
    if (r->every == ASSAY_EVERY_NONE)
        return ASSAY_SEG_ALL;
    if (v->kind == ASSAY_K_NULL)
        return ASSAY_SEG_NULL;
    if (v->kind == ASSAY_K_DEC || v->kind == ASSAY_K_DECDIGITS || v->kind == ASSAY_K_DECSPECIAL)
        return v->kind == ASSAY_K_DECDIGITS && v->len && v->p[0] == '-' ? ASSAY_SEG_NEG : ASSAY_SEG_POS;
    struct assay_point p = point_of(v);
    bool far = is_time(r->every) ? p.major <= -FAR || p.major >= FAR
                                 : p.major <= INT64_MIN + r->step || p.major >= INT64_MAX - r->step;
    if (far)
        return p.major < 0 ? ASSAY_SEG_NEG : ASSAY_SEG_POS;
    if (r->has_from && before(&p, &r->from))
        return ASSAY_SEG_NEG;
    if (r->has_to && !before(&p, &r->to))
        return ASSAY_SEG_POS;
    if (p.major < r->cached_lo || p.major >= r->cached_hi) {
        r->cached = period_of(r, p.major);
        r->cached_lo = assay_segment_start(r, r->cached);
        r->cached_hi = assay_segment_start(r, r->cached + 1);
    }
    return r->cached;
}

static enum assay_status add_civil(struct assay_buf *out, int64_t y, unsigned m, unsigned d, int parts)
{
    enum assay_status s =
        y < 0 ? assay_buf_addf(out, "-%04lld", (long long)-y) : assay_buf_addf(out, "%04lld", (long long)y);
    if (s == ASSAY_OK && parts > 1)
        s = assay_buf_addf(out, "-%02u", m);
    if (s == ASSAY_OK && parts > 2)
        s = assay_buf_addf(out, "-%02u", d);
    return s;
}

static const struct {
    assay_segment s;
    const char *name;
} specials[] = {{ASSAY_SEG_NEG, "-inf"}, {ASSAY_SEG_NULL, "null"}, {ASSAY_SEG_POS, "+inf"}};

enum assay_status assay_segment_name(const struct assay_router *r, assay_segment s, struct assay_buf *out)
{
    int64_t y;
    unsigned m, d;
    for (size_t i = 0; i < sizeof specials / sizeof *specials; i++)
        if (s == specials[i].s)
            return assay_buf_adds(out, specials[i].name);
    switch (r->every) {
    case ASSAY_EVERY_NONE:
        return assay_buf_adds(out, "all");
    case ASSAY_EVERY_STEP:
        return assay_buf_addf(out, "%lld", (long long)(s * r->step));
    case ASSAY_EVERY_YEAR:
        return add_civil(out, s, 1, 1, 1);
    case ASSAY_EVERY_MONTH:
        assay_civil_from_days(period_day(r->every, s), &y, &m, &d);
        return add_civil(out, y, m, d, 2);
    case ASSAY_EVERY_DAY:
        assay_civil_from_days(s, &y, &m, &d);
        return add_civil(out, y, m, d, 3);
    case ASSAY_EVERY_HOUR:
        break;
    }
    int64_t day = floor_div(s, 24);
    assay_civil_from_days(day, &y, &m, &d);
    enum assay_status st = add_civil(out, y, m, d, 3);
    return st == ASSAY_OK ? assay_buf_addf(out, "T%02d", (int)(s - day * 24)) : st;
}

/* "[-]YYYY[-MM[-DD[THH]]]" with exactly `parts` parts. */
static bool parse_civil(const char *t, int parts, int64_t f[4])
{
    bool neg = *t == '-';
    static const char sep[] = {'\0', '-', '-', 'T'};
    t += neg;
    for (int i = 0; i < parts; i++) {
        if (i && *t++ != sep[i])
            return false;
        int digits = 0;
        for (f[i] = 0; *t >= '0' && *t <= '9' && digits < 9; t++, digits++)
            f[i] = f[i] * 10 + (*t - '0');
        if (i == 0 ? digits < 4 : digits != 2)
            return false;
    }
    if (neg)
        f[0] = -f[0];
    return *t == '\0';
}

static bool parse_integer(const char *name, int64_t *out)
{
    char *end;
    errno = 0;
    long long v = strtoll(name, &end, 10);
    *out = v;
    return errno == 0 && end != name && *end == '\0';
}

bool assay_segment_find(const struct assay_router *r, const char *name, assay_segment *out)
{
    if (r->every != ASSAY_EVERY_NONE)
        return assay_segment_parse(r, name, out);
    *out = assay_segment_of_file_set(name);
    return true;
}

bool assay_segment_parse(const struct assay_router *r, const char *name, assay_segment *out)
{
    int64_t f[4] = {0, 1, 1, 0};
    int parts = r->every == ASSAY_EVERY_YEAR    ? 1
                : r->every == ASSAY_EVERY_MONTH ? 2
                : r->every == ASSAY_EVERY_DAY   ? 3
                                                : 4;
    for (size_t i = 0; i < sizeof specials / sizeof *specials; i++)
        if (strcmp(name, specials[i].name) == 0) {
            *out = specials[i].s;
            return r->every != ASSAY_EVERY_NONE;
        }
    if (r->every == ASSAY_EVERY_NONE) {
        *out = ASSAY_SEG_ALL;
        return strcmp(name, "all") == 0;
    }
    if (r->every == ASSAY_EVERY_STEP) {
        if (!parse_integer(name, &f[0]) || f[0] % r->step || f[0] < INT64_MIN + 2 || f[0] >= INT64_MAX - r->step)
            return false; /* so far out, values belong to an end segment */
        *out = f[0] / r->step;
        return true;
    }
    if (!parse_civil(name, parts, f) || f[1] < 1 || f[1] > 12 || f[2] < 1 || f[2] > 31 || f[3] > 23)
        return false;
    int64_t day = assay_days_from_civil(f[0], (unsigned)f[1], (unsigned)f[2]), y;
    unsigned m, d;
    assay_civil_from_days(day, &y, &m, &d);
    if (d != (unsigned)f[2]) /* the 31st of a shorter month */
        return false;
    *out = r->every == ASSAY_EVERY_YEAR    ? f[0]
           : r->every == ASSAY_EVERY_MONTH ? (f[0] - 1970) * 12 + f[1] - 1
           : r->every == ASSAY_EVERY_DAY   ? day
                                           : day * 24 + f[3];
    return true;
}

enum assay_status assay_point_show(const struct assay_router *r, int64_t major, struct assay_buf *out)
{
    int64_t y;
    unsigned m, d;
    if (r->every == ASSAY_EVERY_STEP)
        return assay_buf_addf(out, "%lld", (long long)major);
    int64_t day = floor_div(major, DAY_S), s = major - day * DAY_S;
    assay_civil_from_days(day, &y, &m, &d);
    enum assay_status st = add_civil(out, y, m, d, 3);
    if (st == ASSAY_OK && r->type != ASSAY_L_DATE)
        st = assay_buf_addf(out, " %02d:%02d:%02d%s", (int)(s / 3600), (int)(s / 60 % 60), (int)(s % 60),
                            r->type == ASSAY_L_TIMESTAMPTZ ? "+00" : "");
    return st;
}

enum assay_status assay_segment_bounds(const struct assay_router *r, assay_segment s, bool *has, struct assay_buf *lo,
                                       struct assay_buf *hi)
{
    *has = r->every != ASSAY_EVERY_NONE && s != ASSAY_SEG_NEG && s != ASSAY_SEG_POS && s != ASSAY_SEG_NULL;
    if (!*has)
        return ASSAY_OK;
    enum assay_status st = assay_point_show(r, assay_segment_start(r, s), lo);
    return st == ASSAY_OK ? assay_point_show(r, assay_segment_start(r, s + 1), hi) : st;
}

bool assay_segment_closed(const struct assay_router *r, assay_segment s, const struct assay_point *mark)
{
    if (s == ASSAY_SEG_NULL)
        return true;
    if (s == ASSAY_SEG_NEG)
        return !r->has_from || !before(mark, &r->from);
    if (s == ASSAY_SEG_POS)
        return false;
    struct assay_point end = {assay_segment_start(r, s + 1), 0};
    if (r->has_to && before(&r->to, &end))
        end = r->to;
    return !before(mark, &end);
}
