#include "choice.h"

#include <stdlib.h>
#include <string.h>

#include "assay/canon.h"
#include "assay/log.h"

#define MAX_RANGES 64 /* of a filter; more become their hull */

struct span { /* segments a to b, both of them numbered periods */
    assay_segment a, b;
};

static bool is_end(assay_segment s)
{
    return s == ASSAY_SEG_NEG || s == ASSAY_SEG_POS || s == ASSAY_SEG_NULL;
}

static int by_start(const void *x, const void *y)
{
    const struct span *a = x, *b = y;
    return a->a < b->a ? -1 : a->a > b->a;
}

/* Bounds of years 1 to 9999, which every engine reads alike; others stay open. */
static bool plain(const struct assay_router *r, const char *lexeme)
{
    return r->every == ASSAY_EVERY_STEP || (strspn(lexeme, "0123456789") == 4 && strncmp(lexeme, "0000", 4) != 0);
}

/* Offset of the lexeme in the text, or 0 when the bound stays open. */
static enum assay_status add_bound(struct choice *x, assay_segment s, size_t *at)
{
    const struct assay_router *r = x->router;
    struct assay_buf lexeme = {0};
    *at = 0;
    if (r->every == ASSAY_EVERY_STEP && (s > INT64_MAX / r->step || s < INT64_MIN / r->step))
        return ASSAY_OK;
    enum assay_status st = assay_point_show(r, assay_segment_start(r, s), &lexeme);
    if (st == ASSAY_OK && !assay_buf_str(&lexeme))
        st = ASSAY_ENOMEM;
    if (st == ASSAY_OK && plain(r, (const char *)lexeme.ptr)) {
        if (x->text.len == 0)
            st = assay_buf_add(&x->text, "", 1);
        *at = x->text.len;
        if (st == ASSAY_OK)
            st = assay_buf_add(&x->text, lexeme.ptr, strlen((const char *)lexeme.ptr) + 1);
    }
    assay_buf_release(&lexeme);
    return st;
}

/* Sorted spans become ranges; to_end: the last one has no end. */
static enum assay_status make_ranges(struct choice *x, struct span *v, size_t n, bool to_end)
{
    size_t to = 0;
    if (n)
        qsort(v, n, sizeof *v, by_start);
    for (size_t i = 0; i < n; i++)
        if (to && (v[i].a <= v[to - 1].b + 1 || to == MAX_RANGES))
            v[to - 1].b = v[i].b > v[to - 1].b ? v[i].b : v[to - 1].b;
        else
            v[to++] = v[i];
    size_t at[2 * MAX_RANGES];
    enum assay_status s = ASSAY_OK;
    for (size_t i = 0; i < to && s == ASSAY_OK; i++) {
        at[2 * i + 1] = 0;
        s = add_bound(x, v[i].a, &at[2 * i]);
        if (s == ASSAY_OK && !(to_end && i + 1 == to))
            s = add_bound(x, v[i].b + 1, &at[2 * i + 1]);
        if (s == ASSAY_OK && !at[2 * i] && !at[2 * i + 1])
            return ASSAY_OK; /* a range without bounds: no filter */
    }
    if (s != ASSAY_OK || !(x->range = calloc(to + 1, sizeof *x->range)))
        return ASSAY_ENOMEM;
    const char *text = (const char *)x->text.ptr;
    for (size_t i = 0; i < to; i++)
        x->range[i] =
            (struct assay_range){at[2 * i] ? text + at[2 * i] : NULL, at[2 * i + 1] ? text + at[2 * i + 1] : NULL};
    x->n_ranges = to;
    x->filter = true;
    return ASSAY_OK;
}

/* The segment that the mark lies in. */
static assay_segment segment_at(const struct choice *x)
{
    struct assay_router r = *x->router;
    struct assay_value lex = {.kind = ASSAY_K_LEXEME,
                              .len = (uint32_t)strlen(x->mark_text),
                              .p = (const uint8_t *)x->mark_text},
                       v;
    struct assay_buf scratch = {0};
    const char *why;
    const assay_segment s =
        assay_resolve(r.type, &lex, &v, &scratch, &why) ? assay_router_segment(&r, &v) : ASSAY_SEG_NEG;
    assay_buf_release(&scratch);
    return s;
}

/* Where the values of an end segment lie is not said by whole periods: then there is no filter. */
static enum assay_status find_ranges(struct choice *x)
{
    struct span *v = calloc(x->n_names + 2, sizeof *v);
    size_t n = 0;
    bool filter = x->router->every != ASSAY_EVERY_NONE, to_end = false;
    if (!v)
        return ASSAY_ENOMEM;
    if (x->since) {
        const assay_segment at = segment_at(x);
        filter = filter && !is_end(at);
        v[n++] = (struct span){at, INT64_MAX - 1};
        to_end = true;
    }
    for (size_t i = 0; i < x->n_names && filter; i++) {
        assay_segment s;
        filter = assay_segment_parse(x->router, x->name[i], &s) && s != ASSAY_SEG_NEG && s != ASSAY_SEG_POS;
        if (filter && s != ASSAY_SEG_NULL)
            v[n++] = (struct span){s, s};
    }
    const enum assay_status s = filter ? make_ranges(x, v, n, to_end) : ASSAY_OK;
    free(v);
    return s;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum assay_status take_names(const char *const *segments, size_t n, struct choice *out)
{
    if (n && !(out->name = calloc(n, sizeof *out->name)))
        return ASSAY_ENOMEM;
    for (size_t i = 0; i < n; i++, out->n_names++)
        if (!(out->name[i] = strdup(segments[i])))
            return ASSAY_ENOMEM;
    if (n)
        qsort(out->name, n, sizeof *out->name, by_text);
    return ASSAY_OK;
}

enum assay_status assay_choice_named(const char *const *segments, size_t n, const struct assay_router *router,
                                     struct choice *out, struct assay_err *e)
{
    *out = (struct choice){.all = n == 0, .router = router};
    enum assay_status s = take_names(segments, n, out);
    for (size_t i = 0; i < out->n_names && s == ASSAY_OK; i++)
        if (i == 0 || strcmp(out->name[i], out->name[i - 1]) != 0)
            s = assay_buf_addf(&out->names, "%s%s", i ? "," : "", out->name[i]);
    if (s == ASSAY_OK && n && !assay_buf_str(&out->names))
        s = ASSAY_ENOMEM;
    if (s == ASSAY_OK && n)
        s = find_ranges(out);
    return s == ASSAY_OK ? s : assay_fail_nomem(e);
}

static enum assay_status since_mark(const struct assay_check *c, const char *plan_hash, struct choice *out,
                                    struct assay_err *e)
{
    struct known k = {0};
    const char *name = c->set->name;
    if (!c->ledger)
        return assay_fail(e, ASSAY_EUSAGE, "dataset %s: --since-mark needs the ledger at hand", name);
    enum assay_status s = assay_known_load(c->ledger, c->set, plan_hash, &k, e);
    out->since = s == ASSAY_OK && k.mark[0] && assay_point_parse(out->router->type, k.mark, &out->mark);
    out->all = !out->since;
    if (out->since) {
        out->name = k.name;
        out->n_names = k.n_names;
        if (!(out->mark_text = strdup(k.mark)))
            s = assay_fail_nomem(e);
        k = (struct known){0};
    }
    for (size_t i = 0; i < k.n_names; i++)
        free(k.name[i]);
    free(k.name);
    return s;
}

enum assay_status assay_choice_make(const struct assay_check *c, const char *plan_hash,
                                    const struct assay_router *router, struct choice *out, struct assay_err *e)
{
    if (!c->since_mark)
        return assay_choice_named(c->segments, c->n_segments, router, out, e);
    *out = (struct choice){.router = router};
    enum assay_status s = since_mark(c, plan_hash, out, e);
    if (s == ASSAY_OK && out->all)
        assay_log(ASSAY_LOG_INFO, "dataset %s: nothing is known to be equal yet: everything is read", c->set->name);
    if (s == ASSAY_OK && out->since && (s = find_ranges(out)) != ASSAY_OK)
        s = assay_fail_nomem(e);
    return s;
}

static bool named(const struct choice *x, const char *segment)
{
    return x->n_names && bsearch(&segment, x->name, x->n_names, sizeof *x->name, by_text);
}

bool assay_choice_wants(const struct choice *x, const char *segment)
{
    assay_segment s;
    if (x->all || named(x, segment))
        return true;
    return x->since && (!assay_segment_parse(x->router, segment, &s) || s == ASSAY_SEG_NULL ||
                        !assay_segment_closed(x->router, s, &x->mark));
}

void assay_choice_ask(const struct choice *x, struct assay_locator *loc)
{
    loc->segments = x->names.len ? (const char *)x->names.ptr : NULL;
    loc->lo = x->filter && x->n_ranges ? x->range[0].lo : NULL;
    loc->hi = x->filter && x->n_ranges ? x->range[x->n_ranges - 1].hi : NULL;
}

void assay_choice_release(struct choice *x)
{
    for (size_t i = 0; i < x->n_names; i++)
        free(x->name[i]);
    free(x->name);
    free(x->mark_text);
    free(x->range);
    assay_buf_release(&x->text);
    assay_buf_release(&x->names);
    *x = (struct choice){0};
}
