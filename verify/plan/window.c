#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/canon.h"
#include "dataset.h"

struct raw_window {
    char *column, *timezone, *from, *to, *closed_until, *lag;
    const yaml_node_t *at_column, *every, *at_timezone, *at_from, *at_to, *at_closed, *at_lag;
};

#define AT(member) offsetof(struct raw_window, member)
static const struct assay_field window_fields[] = {
    {"column", ASSAY_F_NAME, true, AT(column), 0, 0},
    {"column", ASSAY_F_NODE, false, AT(at_column), 0, 0},
    {"every", ASSAY_F_NODE, true, AT(every), 0, 0},
    {"timezone", ASSAY_F_NAME, false, AT(timezone), 0, 0},
    {"timezone", ASSAY_F_NODE, false, AT(at_timezone), 0, 0},
    {"from", ASSAY_F_NAME, false, AT(from), 0, 0},
    {"from", ASSAY_F_NODE, false, AT(at_from), 0, 0},
    {"to", ASSAY_F_NAME, false, AT(to), 0, 0},
    {"to", ASSAY_F_NODE, false, AT(at_to), 0, 0},
    {"closed_until", ASSAY_F_NAME, false, AT(closed_until), 0, 0},
    {"closed_until", ASSAY_F_NODE, false, AT(at_closed), 0, 0},
    {"lag", ASSAY_F_NAME, false, AT(lag), 0, 0},
    {"lag", ASSAY_F_NODE, false, AT(at_lag), 0, 0},
};
#undef AT

struct raw_step {
    int64_t step;
};
static const struct assay_field step_fields[] = {
    {"step", ASSAY_F_INT, true, offsetof(struct raw_step, step), 1, INT64_C(999999999999999999)},
};

/* Which types a unit can cut. */
static const struct unit {
    const char *name;
    enum assay_every every;
    bool date, stamp, integer;
} units[] = {
    {"hour", ASSAY_EVERY_HOUR, false, true, false},  {"day", ASSAY_EVERY_DAY, true, true, false},
    {"month", ASSAY_EVERY_MONTH, true, true, false}, {"year", ASSAY_EVERY_YEAR, true, true, false},
    {"step", ASSAY_EVERY_STEP, false, false, true},
};

static const struct unit *unit_of(enum assay_every every)
{
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (units[i].every == every)
            return &units[i];
    return NULL;
}

static bool unit_fits(const struct unit *u, enum assay_logical type)
{
    switch (type) {
    case ASSAY_L_DATE:
        return u->date;
    case ASSAY_L_TIMESTAMP:
    case ASSAY_L_TIMESTAMPTZ:
        return u->stamp;
    case ASSAY_L_INTEGER:
        return u->integer;
    default:
        return false;
    }
}

static void bind_every(struct assay_bind *b, const yaml_node_t *node, struct assay_window *w)
{
    char *text = NULL;
    if (node->type == YAML_MAPPING_NODE) {
        struct raw_step raw = {0};
        assay_bind_map(b, node, "every", step_fields, 1, &raw);
        w->step = raw.step;
        w->every = raw.step ? ASSAY_EVERY_STEP : ASSAY_EVERY_NONE;
        return;
    }
    if (!assay_bind_literal(b, node, "every", &text))
        return;
    for (size_t i = 0; i < 4; i++)
        if (strcmp(units[i].name, text) == 0)
            w->every = units[i].every;
    if (w->every == ASSAY_EVERY_NONE)
        assay_diag_add(b->diag, &node->start_mark,
                       "every: expected hour, day, month, year or {step: N}, found \"%.40s\"", text);
    free(text);
}

/* "UTC" or a fixed offset of whole minutes within what zones of the world have used. */
static bool zone_is_known(const char *z)
{
    if (strcmp(z, "UTC") == 0)
        return true;
    if (strlen(z) != 6 || (z[0] != '+' && z[0] != '-') || z[3] != ':' || strspn(z + 1, "0123456789") != 2 ||
        strspn(z + 4, "0123456789") != 2)
        return false;
    int h = (z[1] - '0') * 10 + z[2] - '0', m = (z[4] - '0') * 10 + z[5] - '0';
    return h <= 15 && m <= 59;
}

static void check_zone(struct assay_bind *b, const struct raw_window *raw, enum assay_logical type)
{
    if (!raw->timezone)
        return;
    if (!zone_is_known(raw->timezone))
        assay_diag_add(b->diag, &raw->at_timezone->start_mark,
                       "timezone: expected UTC or a fixed offset such as +02:00, found \"%.40s\"", raw->timezone);
    else if (type != ASSAY_L_TIMESTAMPTZ && strcmp(raw->timezone, "UTC") != 0)
        assay_diag_add(b->diag, &raw->at_timezone->start_mark,
                       "timezone: the window column is no timestamptz; only UTC is possible");
}

/* Key bytes of a bound, whose order is the order of values. */
static bool bound_key(struct assay_bind *b, const yaml_node_t *at, const char *key, const char *text,
                      enum assay_logical type, struct assay_buf *out)
{
    struct assay_value v = {.kind = ASSAY_K_LEXEME, .len = (uint32_t)strlen(text), .p = (const uint8_t *)text}, r;
    struct assay_buf scratch = {0};
    const char *why = NULL;
    bool ok =
        assay_resolve(type, &v, &r, &scratch, &why) && r.kind != ASSAY_K_NULL && assay_key_put(type, &r, out, &why);
    if (!ok)
        assay_diag_add(b->diag, &at->start_mark, "%s: \"%.40s\" is not a valid %s%s%s", key, text,
                       assay_type_of(type)->name, why ? ": " : "", why ? why : "");
    assay_buf_release(&scratch);
    return ok;
}

/* A date as the bound of time stamps is its midnight, in the window's zone. */
static void widen_date(struct assay_bind *b, const char *zone, enum assay_logical type, char **bound)
{
    struct assay_buf scratch = {0};
    struct assay_value v = {.kind = ASSAY_K_LEXEME}, r;
    const char *why;
    char *out = NULL;
    if (!*bound || (type != ASSAY_L_TIMESTAMP && type != ASSAY_L_TIMESTAMPTZ))
        return;
    v.len = (uint32_t)strlen(*bound);
    v.p = (const uint8_t *)*bound;
    bool date = assay_resolve(ASSAY_L_DATE, &v, &r, &scratch, &why) && r.i != INT32_MIN && r.i != INT32_MAX;
    assay_buf_release(&scratch);
    if (!date || strchr(*bound, ' ')) /* "44-03-15 BC" goes on after its time of day: leave it to its owner */
        return;
    const char *offset = type == ASSAY_L_TIMESTAMP ? "" : !zone || strcmp(zone, "UTC") == 0 ? "+00" : zone;
    if (asprintf(&out, "%s 00:00:00%s", *bound, offset) < 0) {
        b->diag->nomem = true;
        return;
    }
    free(*bound);
    *bound = out;
}

void assay_bind_bound(struct assay_bind *b, const yaml_node_t *at, const char *key, enum assay_logical type,
                      const char *zone, char **text)
{
    struct assay_buf bytes = {0};
    widen_date(b, zone, type, text);
    (void)bound_key(b, at, key, *text, type, &bytes);
    assay_buf_release(&bytes);
}

static void check_bounds(struct assay_bind *b, struct raw_window *raw, enum assay_logical type)
{
    widen_date(b, raw->timezone, type, &raw->from);
    widen_date(b, raw->timezone, type, &raw->to);
    struct assay_buf from = {0}, to = {0};
    bool ok = true;
    if (raw->from)
        ok = bound_key(b, raw->at_from, "from", raw->from, type, &from);
    if (raw->to)
        ok = bound_key(b, raw->at_to, "to", raw->to, type, &to) && ok;
    if (ok && raw->from && raw->to) {
        size_t n = from.len < to.len ? from.len : to.len;
        int c = memcmp(from.ptr, to.ptr, n);
        if (c > 0 || (c == 0 && from.len >= to.len))
            assay_diag_add(b->diag, &raw->at_to->start_mark, "to: is not after from; the window is empty");
    }
    assay_buf_release(&from);
    assay_buf_release(&to);
}

/* "90s", "30m", "12h", "3d", "2w"; for an integer window a plain number. */
bool assay_bind_span(const char *s, bool integer, int64_t *out)
{
    static const struct {
        char unit;
        int64_t seconds;
    } units_of_time[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 7 * 86400}};
    size_t n = strspn(s, "0123456789");
    if (n == 0 || n > (integer ? 18 : 9))
        return false;
    *out = strtoll(s, NULL, 10);
    for (size_t i = 0; !integer && i < sizeof units_of_time / sizeof units_of_time[0]; i++)
        if (s[n] == units_of_time[i].unit && !s[n + 1]) {
            *out *= units_of_time[i].seconds;
            return true;
        }
    return integer && !s[n];
}

static void check_mark(struct assay_bind *b, struct raw_window *raw, enum assay_logical type, struct assay_window *w)
{
    bool integer = type == ASSAY_L_INTEGER;
    if (raw->closed_until && raw->lag)
        assay_diag_add(b->diag, &raw->at_lag->start_mark, "lag: closed_until is given, too; expected one of them");
    if (raw->closed_until)
        assay_bind_bound(b, raw->at_closed, "closed_until", type, raw->timezone, &raw->closed_until);
    if (raw->lag && !(w->has_lag = assay_bind_span(raw->lag, integer, &w->lag)))
        assay_diag_add(b->diag, &raw->at_lag->start_mark, "lag: expected %s, found \"%.40s\"",
                       integer ? "a number" : "a number and s, m, h, d or w, such as 3d", raw->lag);
}

static void check_column(struct assay_bind *b, struct raw_window *raw, struct assay_dataset *d)
{
    char hint[80];
    const struct assay_plan_column *c = assay_bind_find_column(d, raw->column);
    if (!c) {
        if (d->n_cols)
            assay_diag_add(b->diag, &raw->at_column->start_mark, "window: column \"%.60s\" is not among the columns%s",
                           raw->column, assay_bind_column_hint(b, d, raw->column, hint));
        return;
    }
    if (c->type == ASSAY_L_NONE || d->window.every == ASSAY_EVERY_NONE)
        return; /* said already */
    const struct unit *u = unit_of(d->window.every);
    if (!unit_fits(u, c->type)) {
        assay_diag_add(b->diag, &raw->at_column->start_mark,
                       "window: column \"%.60s\" is %s, which cannot be cut by %s", c->name,
                       assay_type_of(c->type)->name, u->name);
        return;
    }
    check_zone(b, raw, c->type);
    check_bounds(b, raw, c->type);
    check_mark(b, raw, c->type, &d->window);
}

void assay_bind_window(struct assay_bind *b, const yaml_node_t *node, struct assay_dataset *d)
{
    struct raw_window raw = {0};
    struct assay_window *w = &d->window;
    if (assay_bind_map(b, node, "window", window_fields, sizeof window_fields / sizeof window_fields[0], &raw)) {
        if (raw.every)
            bind_every(b, raw.every, w);
        if (raw.column)
            check_column(b, &raw, d);
    }
    w->column = raw.column;
    w->from = raw.from;
    w->closed_until = raw.closed_until;
    free(raw.lag);
    w->to = raw.to;
    w->timezone = raw.timezone ? raw.timezone : strdup("UTC");
    if (!w->timezone)
        b->diag->nomem = true;
}
