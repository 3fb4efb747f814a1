#include "assay/coverage.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "assay/buf.h"
#include "assay/reader.h"
#include "assay/reader_tables.h"

const char *assay_cover_name(enum assay_cover c)
{
    static const char *const name[] = {"covered", "uncovered", "gone", "ignored", "apart", "unused"};
    return name[c];
}

bool assay_coverage_full(const struct assay_coverage *c)
{
    return c->count[ASSAY_COVER_NO] == 0 && c->count[ASSAY_COVER_GONE] == 0;
}

bool assay_coverage_ignores(const char *pattern, const char *name, size_t bare)
{
    return fnmatch(pattern, strchr(pattern, '.') ? name : name + bare, 0) == 0;
}

struct survey { /* of one database */
    const struct assay_plan *plan;
    struct assay_coverage *out;
    const struct assay_dataset **set; /* whose source it is */
    const struct assay_locator **loc;
    struct assay_locator *own;
    bool *found, *used; /* by set; by pattern of ignore */
    size_t n;
    char *shown;
    struct assay_relation *rel;
    size_t n_rel;
};

static enum assay_status add(struct survey *v, enum assay_cover state, const char *kind, const char *name,
                             const char *column, struct assay_err *e)
{
    struct assay_coverage *c = v->out;
    struct assay_buf text = {0};
    if (c->n == c->cap) {
        size_t cap = c->cap ? 2 * c->cap : 64;
        struct assay_cover_item *grown = realloc(c->item, cap * sizeof *grown);
        if (!grown)
            return assay_fail_nomem(e);
        c->item = grown;
        c->cap = cap;
    }
    assay_buf_addf(&text, column ? "%s.%s" : "%s", name, column);
    struct assay_cover_item x = {state, kind, assay_buf_str(&text) ? (char *)text.ptr : NULL, NULL};
    if (v->shown)
        x.source = strdup(v->shown);
    if (!x.name || (v->shown && !x.source)) {
        free(text.ptr);
        free(x.source);
        return assay_fail_nomem(e);
    }
    c->item[c->n++] = x;
    c->count[state]++;
    return ASSAY_OK;
}

/* By its own name or by that of what it is a part of. */
static bool ignored(struct survey *v, size_t at)
{
    bool yes = false;
    for (size_t i = at; i != SIZE_MAX; i = v->rel[i].parent)
        for (size_t k = 0; k < v->plan->n_ignore; k++)
            if (assay_coverage_ignores(v->plan->ignore[k], v->rel[i].name, v->rel[i].bare)) {
                v->used[k] = true;
                yes = true;
            }
    return yes;
}

static enum assay_status add_relation(struct survey *v, size_t at, struct assay_err *e)
{
    const struct assay_relation *x = &v->rel[at];
    bool skip = ignored(v, at);
    enum assay_cover state = x->covered ? ASSAY_COVER_YES
                             : skip     ? ASSAY_COVER_IGNORED
                             : x->apart ? ASSAY_COVER_APART
                                        : ASSAY_COVER_NO;
    enum assay_status s = add(v, state, x->kind, x->name, NULL, e);
    for (size_t k = 0; x->covered && k < x->n_extra && s == ASSAY_OK; k++)
        s = add(v, skip ? ASSAY_COVER_IGNORED : ASSAY_COVER_NO, "column", x->name, x->extra[k], e);
    return s;
}

static bool reads(const struct assay_dataset *d, const char *native)
{
    for (size_t i = 0; i < d->n_cols; i++)
        if (d->col[i].native[ASSAY_SOURCE] && strcmp(d->col[i].native[ASSAY_SOURCE], native) == 0)
            return true;
    return false;
}

static bool declares(const struct assay_dataset *d, const char *native)
{
    for (size_t i = 0; i < d->n_uncovered; i++)
        if (strncmp(d->uncovered[i], "source.", 7) == 0 && strcmp(d->uncovered[i] + 7, native) == 0)
            return true;
    return false;
}

/* Columns of a dataset's table: those that it neither reads nor names, and those that it names as not covered. */
static enum assay_status add_columns(struct survey *v, size_t i, struct assay_err *e)
{
    struct assay_reader *r = NULL;
    struct assay_schema schema = {0};
    const struct assay_dataset *d = v->set[i];
    enum assay_status s = assay_reader_open(v->loc[i], &r, e);
    if (s == ASSAY_OK)
        s = r->ops->schema(r, &schema, e);
    for (size_t k = 0; k < schema.n && s == ASSAY_OK; k++)
        if (!reads(d, schema.col[k].name))
            s = add(v, declares(d, schema.col[k].name) ? ASSAY_COVER_IGNORED : ASSAY_COVER_NO, "column",
                    v->loc[i]->table, schema.col[k].name, e);
    for (size_t k = 0; k < d->n_cols && s == ASSAY_OK; k++)
        if (d->col[k].native[ASSAY_SOURCE] && assay_schema_find(&schema, d->col[k].native[ASSAY_SOURCE]) == SIZE_MAX)
            s = add(v, ASSAY_COVER_GONE, "column", v->loc[i]->table, d->col[k].native[ASSAY_SOURCE], e);
    assay_schema_release(&schema);
    if (r)
        r->ops->close(r);
    return s;
}

/* Every dataset whose source is in the database of p->set[first]. */
static void gather(struct survey *v, size_t first)
{
    const struct assay_plan *p = v->plan;
    v->n = 0;
    for (size_t i = first; i < p->n_sets; i++) {
        const struct assay_side *side = &p->set[i].side[ASSAY_SOURCE];
        if (!side->table || strcmp(side->uri, p->set[first].side[ASSAY_SOURCE].uri) != 0)
            continue;
        v->set[v->n] = &p->set[i];
        v->own[v->n] = assay_plan_locator(p, &p->set[i], ASSAY_SOURCE);
        v->own[v->n].snapshot = NULL; /* what there is now */
        v->loc[v->n] = &v->own[v->n];
        v->n++;
    }
}

static bool seen_before(const struct assay_plan *p, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (p->set[k].side[ASSAY_SOURCE].table &&
            strcmp(p->set[k].side[ASSAY_SOURCE].uri, p->set[i].side[ASSAY_SOURCE].uri) == 0)
            return true;
    return false;
}

static enum assay_status survey_one(struct survey *v, size_t first, struct assay_err *e)
{
    struct assay_buf shown = {0};
    gather(v, first);
    enum assay_status s = assay_locator_show(v->loc[0]->uri, &shown);
    v->shown = s == ASSAY_OK && assay_buf_str(&shown) ? (char *)shown.ptr : NULL;
    if (!v->shown) {
        assay_buf_release(&shown);
        return assay_fail_nomem(e);
    }
    s = assay_reader_relations(v->loc, v->n, v->found, &v->rel, &v->n_rel, e);
    for (size_t i = 0; i < v->n_rel && s == ASSAY_OK; i++)
        s = add_relation(v, i, e);
    for (size_t i = 0; i < v->n && s == ASSAY_OK; i++)
        s = v->found[i] ? add_columns(v, i, e)
                        : add(v, ASSAY_COVER_GONE, "dataset", v->set[i]->name, v->loc[i]->table, e);
    assay_reader_relations_free(v->rel, v->n_rel);
    v->rel = NULL;
    v->n_rel = 0;
    free(v->shown);
    v->shown = NULL;
    return s;
}

enum assay_status assay_coverage_take(const struct assay_plan *p, struct assay_coverage *out, struct assay_err *e)
{
    struct survey v = {.plan = p, .out = out};
    enum assay_status s = ASSAY_OK;
    *out = (struct assay_coverage){0};
    v.set = calloc(p->n_sets + 1, sizeof *v.set);
    v.loc = calloc(p->n_sets + 1, sizeof *v.loc);
    v.own = calloc(p->n_sets + 1, sizeof *v.own);
    v.found = calloc(p->n_sets + 1, sizeof *v.found);
    v.used = calloc(p->n_ignore + 1, sizeof *v.used);
    if (!v.set || !v.loc || !v.own || !v.found || !v.used)
        s = assay_fail_nomem(e);
    for (size_t i = 0; i < p->n_sets && s == ASSAY_OK; i++)
        if (p->set[i].side[ASSAY_SOURCE].table && !seen_before(p, i))
            s = survey_one(&v, i, e);
    for (size_t k = 0; k < p->n_ignore && s == ASSAY_OK; k++)
        if (!v.used[k])
            s = add(&v, ASSAY_COVER_UNUSED, "pattern", p->ignore[k], NULL, e);
    free(v.set);
    free(v.loc);
    free(v.own);
    free(v.found);
    free(v.used);
    if (s != ASSAY_OK)
        assay_coverage_release(out);
    return s;
}

void assay_coverage_release(struct assay_coverage *c)
{
    for (size_t i = 0; i < c->n; i++) {
        free(c->item[i].name);
        free(c->item[i].source);
    }
    free(c->item);
    *c = (struct assay_coverage){0};
}
