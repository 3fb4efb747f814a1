/* {segment} and the window, from names like 2001-01.csv or month=2001-01/, checked against the rows found in those
 * files. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/limits.h"
#include "survey.h"

#define PLACEHOLDER "{segment}"
#define MAX_TOKENS 8

struct token {
    size_t from, len; /* within the name */
    enum assay_every every;
};

static size_t digits(const char *p)
{
    return strspn(p, "0123456789");
}

/* YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDTHH: as segments are written. */
static bool token_at(const char *name, size_t i, struct token *out)
{
    static const struct {
        size_t len;
        char sep;
        enum assay_every every;
    } more[] = {{7, '-', ASSAY_EVERY_MONTH}, {10, '-', ASSAY_EVERY_DAY}, {13, 'T', ASSAY_EVERY_HOUR}};
    const char *p = name + i;
    if (digits(p) != 4 || (p[0] != '1' && p[0] != '2'))
        return false;
    *out = (struct token){i, 4, ASSAY_EVERY_YEAR};
    for (size_t k = 0; k < 3; k++) {
        if (p[out->len] != more[k].sep || digits(p + out->len + 1) != 2)
            break;
        out->len = more[k].len;
        out->every = more[k].every;
    }
    return true;
}

static size_t find_tokens(const char *name, struct token out[MAX_TOKENS])
{
    size_t n = 0;
    for (size_t i = 0; name[i] && n < MAX_TOKENS; i++) {
        if (i && name[i - 1] >= '0' && name[i - 1] <= '9')
            continue;
        if (token_at(name, i, &out[n]))
            i += out[n++].len - 1;
    }
    return n;
}

/* The k-th component of a path; false past the end. */
static bool component(const char *name, size_t k, const char **from, size_t *len)
{
    const char *p = name;
    for (;;) {
        size_t n = strcspn(p, "/");
        if (k-- == 0) {
            *from = p;
            *len = n;
            return true;
        }
        if (!p[n])
            return false;
        p += n + 1;
    }
}

static size_t common_tail(const char *a, size_t na, const char *b, size_t nb)
{
    size_t n = 0;
    while (n < na && n < nb && a[na - 1 - n] == b[nb - 1 - n])
        n++;
    return n;
}

/* One component for all parts: the text itself when they agree, else * and the ending they share. Below a folder that
 * is a segment it is always *, so that a file which comes later is seen too. */
static bool merge_component(const struct assay_survey *s, size_t k, const char *first, size_t len, bool below,
                            struct assay_buf *out)
{
    bool equal = !below;
    size_t tail = len;
    for (size_t i = 1; i < s->n_parts; i++) {
        const char *p;
        size_t n;
        if (!component(s->part[i].name, k, &p, &n))
            return false;
        equal = equal && n == len && memcmp(p, first, n) == 0;
        size_t t = common_tail(first, len, p, n);
        tail = t < tail ? t : tail;
    }
    const char *dot = memchr(first + len - tail, '.', tail);
    if (equal)
        return assay_buf_add(out, first, len) == ASSAY_OK;
    return assay_buf_addc(out, '*') == ASSAY_OK &&
           (!dot || assay_buf_add(out, dot, (size_t)(first + len - dot)) == ASSAY_OK);
}

static bool build_pattern(const struct assay_survey *s, const struct token *t, struct assay_buf *out)
{
    const char *name = s->part[0].name, *p;
    size_t n;
    assay_buf_reset(out);
    if (strpbrk(name, "*?[\\{"))
        return false; /* characters of the locator's own grammar */
    for (size_t k = 0; component(name, k, &p, &n); k++) {
        size_t from = (size_t)(p - name);
        bool ok = k == 0 || assay_buf_addc(out, '/') == ASSAY_OK;
        if (t->from >= from && t->from < from + n)
            ok = ok && assay_buf_add(out, p, t->from - from) == ASSAY_OK &&
                 assay_buf_adds(out, PLACEHOLDER) == ASSAY_OK &&
                 assay_buf_add(out, name + t->from + t->len, from + n - t->from - t->len) == ASSAY_OK;
        else
            ok = ok && merge_component(s, k, p, n, from > t->from, out);
        if (!ok)
            return false;
    }
    return assay_buf_str(out) != NULL;
}

/* The pattern finds the very same files, and each has a segment of that unit. *segment: per part; the caller frees. */
static bool pattern_holds(const struct assay_survey *s, const char *pattern, const struct assay_router *router,
                          assay_segment **segment)
{
    struct assay_locator loc = s->loc;
    struct assay_reader *r = NULL;
    const struct assay_part *part = NULL;
    size_t n = 0;
    loc.uri = pattern;
    *segment = malloc((s->n_parts + 1) * sizeof **segment);
    bool ok = *segment && assay_reader_open(&loc, &r, NULL) == ASSAY_OK &&
              r->ops->parts(r, 0, &part, &n, NULL) == ASSAY_OK && n == s->n_parts;
    for (size_t i = 0; ok && i < n; i++)
        ok = strcmp(part[i].name, s->part[i].name) == 0 && part[i].segment &&
             assay_segment_parse(router, part[i].segment, &(*segment)[i]);
    if (r)
        r->ops->close(r);
    if (!ok) {
        free(*segment);
        *segment = NULL;
    }
    return ok;
}

/* Sampled values of one archive column that lie in the segment of the file they were found in; 0 when any does not. */
static size_t agreement(const struct assay_sampled *c, const struct assay_choice *choice, struct assay_router *router,
                        const assay_segment *segment)
{
    struct assay_buf scratch = {0};
    struct assay_value v;
    size_t agree = 0;
    bool ok = true;
    for (size_t i = 0; ok && i < c->n; i++) {
        if (!assay_choice_read(choice, ASSAY_ARCHIVE, &c->v[i], &v, &scratch) || v.kind == ASSAY_K_NULL)
            continue;
        ok = assay_router_segment(router, &v) == segment[c->part[i]];
        agree++;
    }
    assay_buf_release(&scratch);
    return ok ? agree : 0;
}

static bool fits(enum assay_logical type, enum assay_every every)
{
    return type == ASSAY_L_TIMESTAMP || type == ASSAY_L_TIMESTAMPTZ ||
           (type == ASSAY_L_DATE && every != ASSAY_EVERY_HOUR);
}

static bool make_router(struct assay_router *r, enum assay_every every, enum assay_logical type)
{
    char utc[] = "UTC";
    struct assay_window w = {.every = every, .timezone = utc};
    return assay_router_init(r, &w, type, NULL) == ASSAY_OK;
}

struct search {
    const struct assay_survey *source, *archive;
    const struct assay_pairing *pair;
    const struct assay_choice *choice;
    const char *want;
};

/* The column whose values agree best with the names under this pattern. */
static bool try_pattern(const struct search *q, const char *pattern, enum assay_every every, struct assay_period *out)
{
    size_t best = 0;
    for (size_t i = 0; i < q->source->schema.n; i++) {
        struct assay_router router;
        assay_segment *segment;
        size_t a = q->pair->archive_of[i];
        if (a == SIZE_MAX || !fits(q->choice[i].type, every) || !make_router(&router, every, q->choice[i].type))
            continue;
        if (q->want && strcmp(q->want, q->source->schema.col[i].name) != 0)
            continue;
        if (!pattern_holds(q->archive, pattern, &router, &segment))
            return false;
        size_t n = agreement(&q->archive->col[a], &q->choice[i], &router, segment);
        free(segment);
        if (n > best) {
            best = n;
            out->column = i;
        }
    }
    if (!best)
        return false;
    out->every = every;
    snprintf(out->note, sizeof out->note, "%zu sampled values lie in the segment that their file is named after", best);
    return true;
}

static enum assay_status by_names(const struct search *q, enum assay_every every, struct assay_period *out,
                                  struct assay_err *e)
{
    struct token token[MAX_TOKENS];
    struct assay_buf pattern = {.max = 2 * ASSAY_MAX_PATH};
    size_t n = find_tokens(q->archive->part[0].name, token);
    bool found = false;
    for (size_t i = 0; i < n && !found; i++) {
        if ((every != ASSAY_EVERY_NONE && token[i].every != every) || !build_pattern(q->archive, &token[i], &pattern))
            continue;
        found = try_pattern(q, (const char *)pattern.ptr, token[i].every, out);
    }
    if (found && !(out->pattern = strdup((const char *)pattern.ptr)))
        return assay_fail_nomem(e);
    if (!found && n)
        snprintf(out->note, sizeof out->note,
                 "file names hold dates, but no date column agrees with them: no window is proposed");
    assay_buf_release(&pattern);
    return ASSAY_OK;
}

/* The user wrote {segment}: only unit and column are to be found. */
static enum assay_status by_placeholder(const struct search *q, enum assay_every every, struct assay_period *out,
                                        struct assay_err *e)
{
    static const enum assay_every units[] = {ASSAY_EVERY_MONTH, ASSAY_EVERY_DAY, ASSAY_EVERY_YEAR, ASSAY_EVERY_HOUR};
    for (size_t i = 0; i < 4; i++) {
        if ((every != ASSAY_EVERY_NONE && units[i] != every) || !try_pattern(q, q->archive->loc.uri, units[i], out))
            continue;
        out->pattern = strdup(q->archive->loc.uri);
        return out->pattern ? ASSAY_OK : assay_fail_nomem(e);
    }
    return assay_fail(
        e, ASSAY_EUSAGE,
        "%s: no date or timestamp column agrees with what {segment} stands for in the names; segments are "
        "written 2001, 2001-01, 2001-01-31 or 2001-01-31T05",
        q->archive->loc.uri);
}

enum assay_status assay_find_period(const struct assay_survey *source, const struct assay_survey *archive,
                                    const struct assay_pairing *pair, const struct assay_choice *choice,
                                    const char *want, enum assay_every every, struct assay_period *out,
                                    struct assay_err *e)
{
    struct search q = {source, archive, pair, choice, want};
    *out = (struct assay_period){.column = SIZE_MAX};
    if (strstr(archive->loc.uri, PLACEHOLDER))
        return by_placeholder(&q, every, out, e);
    if (archive->n_parts && archive->part[0].object) {
        enum assay_status s = by_names(&q, every, out, e);
        if (s != ASSAY_OK || out->pattern)
            return s;
    }
    if (!want)
        return ASSAY_OK;
    size_t i = assay_schema_find(&source->schema, want);
    if (i == SIZE_MAX || pair->archive_of[i] == SIZE_MAX)
        return assay_fail(e, ASSAY_EUSAGE, "--window: column \"%s\" is not on both sides", want);
    if (every == ASSAY_EVERY_NONE)
        every = ASSAY_EVERY_MONTH;
    if (!fits(choice[i].type, every))
        return assay_fail(e, ASSAY_EUSAGE, "--window: column \"%s\" is %s, which that unit cannot cut", want,
                          choice[i].type == ASSAY_L_NONE ? "of no supported type"
                                                         : assay_type_of(choice[i].type)->name);
    out->column = i;
    out->every = every;
    return ASSAY_OK;
}
