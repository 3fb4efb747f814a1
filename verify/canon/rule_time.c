/* Rules on dates and time stamps. */
#include <math.h>
#include <stdalign.h>
#include <string.h>

#include "float_text.h"
#include "resolve.h"
#include "rule_spec.h"

typedef __int128 i128;

#define SECOND 1000000000
#define DAY_SECONDS 86400
/* Milliseconds from noon of 4714-11-24 BC to 1970-01-01: Julian day 2440587.5. */
#define JULIAN_EPOCH_MS 210866760000000

static bool defect(const char **why, const char *sentence)
{
    *why = sentence;
    return false;
}

/* ns in 0..SECOND-1, add in 0..unit/2: a multiple of unit in 0..SECOND. */
static int32_t to_unit(int32_t ns, int64_t unit, int64_t add)
{
    return (int32_t)((ns + add) / unit * unit);
}

static bool change_stamp(struct assay_value *v, int64_t unit, int64_t add, const char **why)
{
    if (v->i == INT64_MIN || v->i == INT64_MAX)
        return true;
    v->aux = to_unit(v->aux, unit, add);
    if (v->aux < SECOND)
        return true;
    v->aux = 0;
    return ++v->i < INT64_MAX || defect(why, "a time stamp out of range");
}

static bool put_interval(struct assay_value *v, const struct assay_interval *i, struct assay_buf *scratch,
                         const char **why)
{
    const size_t align = alignof(struct assay_interval);
    uint8_t *p = assay_room(scratch, sizeof *i + align);
    if (!p)
        return defect(why, ASSAY_WHY_NOMEM);
    const size_t pad = (align - (uintptr_t)p % align) % align;
    memcpy(p + pad, i, sizeof *i);
    scratch->len += pad + sizeof *i;
    v->p = p + pad;
    return true;
}

static bool change_interval(struct assay_value *v, int64_t unit, int64_t add, struct assay_buf *scratch,
                            const char **why)
{
    struct assay_interval i;
    memcpy(&i, v->p, sizeof i);
    i.ns = to_unit(i.ns, unit, add);
    if (i.ns == SECOND) {
        i.ns = 0;
        if (i.seconds == INT64_MAX)
            return defect(why, "an interval out of range");
        i.seconds++;
    }
    return put_interval(v, &i, scratch, why);
}

#define MONTH_DAYS 30

bool assay_rule_justify(const struct assay_rule *r, enum assay_logical type, struct assay_value *v,
                        struct assay_buf *scratch, const char **why)
{
    (void)r, (void)type;
    struct assay_interval i;
    if (v->kind != ASSAY_K_INTERVAL)
        return true;
    if (!assay_resolve_interval(v, v, scratch, why))
        return false;
    memcpy(&i, v->p, sizeof i);
    const int64_t days = (int64_t)i.months * MONTH_DAYS + i.days;
    const i128 total = ((i128)days * DAY_SECONDS + i.seconds) * SECOND + i.ns;
    const i128 month = (i128)MONTH_DAYS * ASSAY_DAY_NS, rest = total % month, months = total / month;
    if (months < INT32_MIN || months > INT32_MAX)
        return defect(why, "an interval out of range");
    i128 clock = rest % ASSAY_DAY_NS;
    i.months = (int32_t)months;
    i.days = (int32_t)(rest / ASSAY_DAY_NS);
    i.ns = (int32_t)(clock % SECOND);
    i.seconds = (int64_t)(clock / SECOND);
    if (i.ns < 0) {
        i.ns += SECOND;
        i.seconds--;
    }
    return put_interval(v, &i, scratch, why);
}

/* Values that the caller did not have resolved are not trusted to be in range. */
static bool change(struct assay_value *v, int64_t unit, int64_t add, struct assay_buf *scratch, const char **why)
{
    switch (v->kind) {
    case ASSAY_K_TIME:
    case ASSAY_K_TIMETZ:
        if (v->i < 0 || v->i > ASSAY_DAY_NS)
            return defect(why, "a time out of range");
        v->i = (v->i + add) / unit * unit;
        return true;
    case ASSAY_K_TS:
    case ASSAY_K_TSTZ:
        return assay_is_stamp_ok(v) ? change_stamp(v, unit, add, why) : defect(why, "a time stamp out of range");
    case ASSAY_K_INTERVAL:
        return assay_resolve_interval(v, v, scratch, why) && change_interval(v, unit, add, scratch, why);
    default:
        return true;
    }
}

bool assay_rule_truncate(const struct assay_rule *r, enum assay_logical type, struct assay_value *v,
                         struct assay_buf *scratch, const char **why)
{
    (void)type;
    return change(v, r->n, 0, scratch, why);
}

bool assay_rule_round_time(const struct assay_rule *r, enum assay_logical type, struct assay_value *v,
                           struct assay_buf *scratch, const char **why)
{
    (void)type;
    return change(v, r->n, r->n / 2, scratch, why);
}

static bool set_instant(enum assay_logical type, i128 ns, struct assay_value *v, const char **why)
{
    i128 sec = ns / SECOND;
    if (ns % SECOND < 0)
        sec--;
    const int32_t rest = (int32_t)(ns - sec * SECOND);
    if (sec <= INT64_MIN || sec >= INT64_MAX)
        return defect(why, "a time stamp out of range");
    if (type != ASSAY_L_DATE) {
        const uint8_t kind = type == ASSAY_L_TIMESTAMPTZ ? ASSAY_K_TSTZ : ASSAY_K_TS;
        *v = (struct assay_value){.kind = kind, .aux = rest, .i = (int64_t)sec};
        return true;
    }
    const int64_t s = (int64_t)sec;
    if (rest || s % DAY_SECONDS)
        return defect(why, "not a whole day");
    *v = (struct assay_value){.kind = ASSAY_K_DATE, .i = s / DAY_SECONDS};
    return (v->i > ASSAY_INF_DATE_LO && v->i < ASSAY_INF_DATE_HI) || defect(why, "a date out of range");
}

/* num units as nanoseconds, exactly. */
static bool count_ns(const struct assay_num *num, int64_t unit, i128 *ns, const char **why)
{
    int64_t shift = num->exp;
    for (int64_t u = unit; u > 1; u /= 10)
        shift++;
    *ns = 0;
    if (num->n == 0)
        return true;
    if (shift < 0)
        return defect(why, "not a whole number of nanoseconds");
    if (shift > 30 || num->n > 30 || (int64_t)num->n + shift > 30)
        return defect(why, "a time stamp out of range");
    size_t at = 0;
    uint64_t part;
    for (unsigned taken; (taken = assay_num_take(num, &at, 19, &part)) > 0;)
        *ns = *ns * (i128)assay_pow10[taken] + (i128)part;
    for (; shift > 0; shift--)
        *ns *= 10;
    if (num->neg)
        *ns = -*ns;
    return true;
}

static bool epoch_julian(enum assay_logical type, double x, struct assay_value *v, const char **why)
{
    if (!(x >= 0 && x < 5373484.5))
        return defect(why, "a Julian day out of range");
    const int64_t ms = (int64_t)(x * 86400000.0 + 0.5) - JULIAN_EPOCH_MS;
    return set_instant(type, (i128)ms * 1000000, v, why);
}

bool assay_rule_epoch(const struct assay_rule *r, enum assay_logical type, struct assay_value *v,
                      struct assay_buf *scratch, const char **why)
{
    (void)scratch;
    struct assay_num num = {0};
    uint8_t digits[24];
    double x = v->f;
    i128 ns;
    if (v->kind == ASSAY_K_INT || v->kind == ASSAY_K_UINT) {
        ns = v->kind == ASSAY_K_INT ? (i128)v->i : (i128)v->u;
        x = (double)ns;
        return r->n ? set_instant(type, ns * r->n, v, why) : epoch_julian(type, x, v, why);
    }
    if (v->kind == ASSAY_K_F64 || v->kind == ASSAY_K_F32) {
        if (r->n == 0)
            return epoch_julian(type, x, v, why);
        if (!isfinite(x))
            return defect(why, "a time stamp out of range");
        uint64_t m;
        int e;
        assay_float_shortest(x, v->kind == ASSAY_K_F64 ? ASSAY_BINARY64 : ASSAY_BINARY32, &m, &e);
        num.neg = x < 0;
        num.exp = e;
        for (size_t at = sizeof digits; m; m /= 10, num.n++, num.len++)
            num.p = memset(digits + --at, (int)('0' + m % 10), 1);
    } else if (!assay_is_textual(v) || !assay_num_scan(v->p, v->len, &num) || num.special != ASSAY_FINITE) {
        return true;
    } else if (r->n == 0) {
        return assay_float_of(&num, ASSAY_BINARY64, &x) ? epoch_julian(type, x, v, why)
                                                        : defect(why, "a Julian day out of range");
    }
    return count_ns(&num, r->n, &ns, why) && set_instant(type, ns, v, why);
}

/* The clock of the zone at the moment of a time with an offset. Other text is a time already, or its type says why not.
 */
static bool to_clock(int64_t zone, struct assay_value *v, const char **why)
{
    struct assay_value read;
    const char *other;
    if (v->kind != ASSAY_K_TIMETZ && !assay_is_textual(v))
        return true;
    if (!assay_resolve_time(ASSAY_L_TIMETZ, v, &read, v->kind == ASSAY_K_TIMETZ ? why : &other))
        return v->kind != ASSAY_K_TIMETZ;
    const int64_t ns = (read.i + (zone - read.aux) * SECOND) % ASSAY_DAY_NS;
    *v = (struct assay_value){.kind = ASSAY_K_TIME, .i = ns < 0 ? ns + ASSAY_DAY_NS : ns};
    return true;
}

bool assay_rule_as_date(const struct assay_rule *r, enum assay_logical type, struct assay_value *v,
                        struct assay_buf *scratch, const char **why)
{
    (void)r, (void)scratch;
    struct assay_stamp s = {.sec = v->i, .ns = v->aux};
    if (assay_is_textual(v)) {
        if (!assay_stamp_scan(v->p, v->len, &s) || s.infinite || s.has_offset)
            return true;
    } else if (v->kind != ASSAY_K_TS) {
        return true;
    } else if (!assay_is_stamp_ok(v)) {
        return defect(why, "a time stamp out of range");
    } else if (v->i == INT64_MIN || v->i == INT64_MAX) {
        *v = (struct assay_value){.kind = ASSAY_K_DATE, .i = v->i < 0 ? ASSAY_INF_DATE_LO : ASSAY_INF_DATE_HI};
        return true;
    }
    return set_instant(type, (i128)s.sec * SECOND + s.ns, v, why);
}

bool assay_rule_timezone(const struct assay_rule *r, enum assay_logical type, struct assay_value *v,
                         struct assay_buf *scratch, const char **why)
{
    (void)scratch;
    const bool to_utc = type == ASSAY_L_TIMESTAMPTZ; /* else from an instant to local time */
    const uint8_t from = to_utc ? ASSAY_K_TS : ASSAY_K_TSTZ, to = to_utc ? ASSAY_K_TSTZ : ASSAY_K_TS;
    struct assay_stamp s = {0};
    if (type == ASSAY_L_TIME)
        return to_clock(r->n, v, why);
    if (assay_is_textual(v)) {
        if (!assay_stamp_scan(v->p, v->len, &s) || s.infinite || s.has_offset == to_utc)
            return true;
        *v = (struct assay_value){.kind = from, .aux = s.ns, .i = s.sec - s.offset};
    }
    if (v->kind != from)
        return true;
    if (!assay_is_stamp_ok(v))
        return defect(why, "a time stamp out of range");
    v->kind = to;
    if (v->i == INT64_MIN || v->i == INT64_MAX)
        return true;
    const i128 moved = (i128)v->i + (to_utc ? -r->n : r->n);
    if (moved <= INT64_MIN || moved >= INT64_MAX)
        return defect(why, "a time stamp out of range");
    v->i = (int64_t)moved;
    return true;
}
