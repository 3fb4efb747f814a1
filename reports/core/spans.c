/* Which segments were archived under which schema: what either side looked like when the archive first had rows of
 * them, the files that claim them, and the columns that they were verified without. */
#include <stdlib.h>
#include <string.h>

#include "assay/plan.h"
#include "collect.h"

struct place { /* one segment */
    const char *segment;
    const struct assay_rep_age *age[2];
    const struct assay_rep_era *era; /* of the archive's files */
};

struct first {
    const char *run;
    uint64_t leaf;
};

bool assay_age_take(struct assay_collect *c, const char *fingerprint, const char *run, uint64_t leaf)
{
    struct assay_rep_side *s = &c->d->side[c->side];
    if (!assay_grow(&s->age, s->n_ages, &s->cap_ages, sizeof *s->age)) {
        assay_fail_nomem(c->e);
        return false;
    }
    s->age[s->n_ages++] = (struct assay_rep_age){.fingerprint = fingerprint, .run = run, .leaf = leaf};
    return true;
}

static bool take_first(struct assay_collect *c, const struct assay_stmt *s, const struct assay_leaf *leaf)
{
    struct first *f = c->more;
    uint64_t rows = 0;
    if (!assay_stmt_number(s, "rows", &rows) || rows == 0)
        return true;
    f->run = assay_collect_text(c->r, s, "run");
    f->leaf = leaf->index;
    return false;
}

static bool take_observed(struct assay_collect *c, const struct assay_stmt *s, const struct assay_leaf *leaf)
{
    (void)leaf;
    *(const char **)c->more = assay_collect_text(c->r, s, "observed");
    return false;
}

/* The archive's first statement that the segment has rows. */
static enum assay_status find_first(struct assay_ledger *l, struct assay_collect c, const char *segment,
                                    struct first *out)
{
    struct assay_ledger_query q = {
        .kind = "chunk", .role = assay_side_name(ASSAY_ARCHIVE), .dataset = c.d->id, .segment = segment};
    *out = (struct first){0};
    c.more = out;
    c.take = take_first;
    return assay_collect(l, &q, &c);
}

static const struct assay_rep_age *age_at(const struct assay_rep_side *s, const struct first *f)
{
    const struct assay_rep_age *found = NULL;
    for (size_t i = 0; f->run && i < s->n_ages; i++)
        if (s->age[i].leaf <= f->leaf || strcmp(s->age[i].run, f->run) == 0)
            found = &s->age[i];
    return found;
}

static const struct assay_rep_era *era_of(const struct assay_rep_side *s, const char *segment)
{
    for (size_t i = 0; i < s->n_eras; i++)
        if (s->era[i].from && s->era[i].to && assay_segment_order(s->era[i].from, segment) <= 0 &&
            assay_segment_order(segment, s->era[i].to) <= 0)
            return &s->era[i];
    return NULL;
}

static bool lacks(const struct assay_rep_partial *p, const char *segment)
{
    return strcmp(segment, "null") != 0 && assay_segment_order(segment, p->since) < 0;
}

static bool is_alike(const struct assay_rep_dataset *d, const struct place *a, const struct place *b)
{
    bool alike = a->age[0] == b->age[0] && a->age[1] == b->age[1] && a->era == b->era;
    for (size_t i = 0; i < d->n_partial && alike; i++)
        alike = lacks(&d->partial[i], a->segment) == lacks(&d->partial[i], b->segment);
    return alike;
}

static enum assay_status begin(struct assay_report *r, struct assay_rep_dataset *d, const struct place *p,
                               struct assay_err *e)
{
    struct assay_rep_span x = {.from = p->segment, .age = {p->age[0], p->age[1]}};
    if (!assay_grow(&d->span, d->n_spans, &d->cap_spans, sizeof *d->span))
        return assay_fail_nomem(e);
    for (int side = 0; side < 2; side++)
        x.fingerprint[side] = p->age[side] ? p->age[side]->fingerprint : NULL;
    if (p->era)
        x.fingerprint[1] = p->era->fingerprint;
    x.without = assay_arena_take(&r->arena, (d->n_partial + 1) * sizeof *x.without);
    for (size_t i = 0; x.without && i < d->n_partial; i++)
        if (lacks(&d->partial[i], p->segment))
            x.without[x.n_without++] = d->partial[i].column;
    d->span[d->n_spans++] = x;
    return x.without ? ASSAY_OK : assay_fail_nomem(e);
}

static enum assay_status add(struct assay_ledger *l, struct assay_collect *c, const char *segment, struct place *before)
{
    struct assay_rep_dataset *d = c->d;
    struct place p = {.segment = segment, .era = era_of(&d->side[1], segment)};
    struct first f;
    enum assay_status s = find_first(l, *c, segment, &f);
    for (int side = 0; side < 2; side++)
        p.age[side] = age_at(&d->side[side], &f);
    if (s == ASSAY_OK && !f.run)
        return ASSAY_OK; /* never archived */
    if (s == ASSAY_OK && (!before->segment || !is_alike(d, before, &p)))
        s = begin(c->r, d, &p, c->e);
    if (s == ASSAY_OK) {
        d->span[d->n_spans - 1].to = segment;
        d->span[d->n_spans - 1].segments++;
    }
    *before = p;
    return s;
}

/* When the first run of each schema began. */
static enum assay_status date(struct assay_ledger *l, struct assay_collect c)
{
    enum assay_status s = ASSAY_OK;
    for (int side = 0; side < 2; side++)
        for (size_t i = 0; i < c.d->side[side].n_ages && s == ASSAY_OK; i++) {
            struct assay_rep_age *a = &c.d->side[side].age[i];
            struct assay_ledger_query q = {.kind = "run-start",
                                           .role = assay_side_name((enum assay_side_id)side),
                                           .dataset = c.d->id,
                                           .run = a->run};
            c.more = &a->since;
            c.take = take_observed;
            s = assay_collect(l, &q, &c);
        }
    return s;
}

/* One span of what both sides look like today is no news. */
static bool is_news(const struct assay_rep_dataset *d)
{
    bool old = d->n_spans > 1;
    for (int side = 0; side < 2 && d->n_spans; side++) {
        const struct assay_rep_side *s = &d->side[side];
        old = old || (s->n_ages && d->span[0].age[side] != &s->age[s->n_ages - 1]);
    }
    return old;
}

enum assay_status assay_spans_settle(struct assay_ledger *l, struct assay_report *r, struct assay_rep_dataset *d,
                                     struct assay_err *e)
{
    struct assay_collect c = {.r = r, .d = d, .e = e};
    struct place before = {0};
    const char *last = NULL;
    enum assay_status s = ASSAY_OK;
    if (d->side[0].n_ages < 2 && d->side[1].n_ages < 2 && !d->side[1].n_eras && !d->n_partial)
        return ASSAY_OK;
    for (size_t i = 0; i < d->n_chunks && s == ASSAY_OK; i++) {
        const char *segment = d->chunk[i].segment;
        if (!segment || strcmp(segment, "*") == 0 || (last && strcmp(last, segment) == 0))
            continue;
        last = segment;
        s = add(l, &c, segment, &before);
    }
    if (s == ASSAY_OK && !is_news(d))
        d->n_spans = 0;
    return s == ASSAY_OK && d->n_spans ? date(l, c) : s;
}
