/* A run that compared some segments only: how many there are, and what was said of all of them last. */
#include <stdlib.h>
#include <string.h>

#include "collect.h"

struct names {
    const char **v;
    size_t n, cap;
};

static bool add(struct assay_collect *c, const char *segment)
{
    struct names *x = c->more;
    if (!segment || strcmp(segment, "*") == 0 || strcmp(segment, "-") == 0)
        return true;
    if (!assay_grow(&x->v, x->n, &x->cap, sizeof *x->v)) {
        assay_fail_nomem(c->e);
        return false;
    }
    x->v[x->n++] = segment;
    return true;
}

static bool take_cut(struct assay_collect *c, const struct assay_stmt *s, const struct assay_leaf *leaf)
{
    (void)leaf;
    return add(c, assay_collect_text(c->r, s, "segment"));
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Segments are named by their cuts, which are stated once. */
static enum assay_status count(struct assay_ledger *l, struct assay_report *r, struct assay_rep_dataset *d,
                               struct assay_err *e)
{
    const struct assay_ledger_query q = {.kind = "cut", .dataset = d->id};
    struct names x = {0};
    struct assay_collect c = {.r = r, .d = d, .e = e, .more = &x, .take = take_cut};
    enum assay_status s = assay_collect(l, &q, &c);
    for (size_t i = 0; i < d->n_chunks && s == ASSAY_OK; i++)
        if (!add(&c, d->chunk[i].segment))
            s = e->code;
    if (x.n)
        qsort(x.v, x.n, sizeof *x.v, by_name);
    for (size_t i = 0; i < x.n; i++)
        d->compared.of += i == 0 || strcmp(x.v[i], x.v[i - 1]) != 0;
    free(x.v);
    return s;
}

static bool take_whole(struct assay_collect *c, const struct assay_stmt *s, const struct assay_leaf *leaf)
{
    const char *scope = assay_stmt_get(s, "scope");
    (void)leaf;
    if (!scope || strcmp(scope, "all") != 0)
        return true;
    c->d->compared.whole_run = assay_collect_text(c->r, s, "run");
    c->d->compared.observed = assay_collect_text(c->r, s, "observed");
    return false;
}

static bool take_worst(struct assay_collect *c, const struct assay_stmt *s, const struct assay_leaf *leaf)
{
    const enum assay_rv v = assay_verdict_of(c->r, s, leaf->index);
    if (assay_rv_rank(v) < assay_rv_rank(c->d->compared.whole))
        c->d->compared.whole = v;
    return true;
}

static enum assay_status last_whole(struct assay_ledger *l, struct assay_report *r, struct assay_rep_dataset *d,
                                    struct assay_err *e)
{
    struct assay_ledger_query q = {.kind = "verdict", .dataset = d->id, .chunk = "*", .newest_first = true};
    struct assay_collect c = {.r = r, .d = d, .e = e, .take = take_whole};
    enum assay_status s = assay_collect(l, &q, &c);
    if (s != ASSAY_OK || !d->compared.whole_run)
        return s;
    q = (struct assay_ledger_query){.kind = "verdict", .dataset = d->id, .run = d->compared.whole_run};
    d->compared.whole = ASSAY_RV_MATCH;
    c.take = take_worst;
    return assay_collect(l, &q, &c);
}

/* Did either side read the segments that it was told to, and no others? */
static bool names_segments(const struct assay_rep_dataset *d)
{
    bool some = false;
    for (int i = 0; i < 2; i++) {
        const char *scope = d->side[i].scope;
        some |= scope && strcmp(scope, "all") != 0 && strcmp(scope, "scrub") != 0 && !strstr(scope, "since-mark");
    }
    return some;
}

/* A run that could not read a side has no whole of it either: then its reason says enough. A run whose chunks all
 * differ sums nothing up, and states no scope. */
static bool is_part(const struct assay_rep_dataset *d)
{
    const char *scope = d->compared.scope;
    bool bad = false;
    for (size_t i = 0; i < d->n_chunks; i++)
        bad |= d->chunk[i].whole && d->chunk[i].verdict == ASSAY_RV_UNVERIFIED;
    return scope && !(bad && strcmp(scope, "part") == 0) ? strcmp(scope, "part") == 0 : names_segments(d);
}

enum assay_status assay_part_settle(struct assay_ledger *l, struct assay_report *r, struct assay_rep_dataset *d,
                                    struct assay_err *e)
{
    d->compared.part = d->has_verdict && is_part(d);
    enum assay_status s = d->compared.part ? count(l, r, d, e) : ASSAY_OK;
    return s == ASSAY_OK && d->compared.part ? last_whole(l, r, d, e) : s;
}
