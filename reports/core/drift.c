/* The schema of each side over time: every change between two schema statements, up to the run that is reported. */
#include <stdlib.h>
#include <string.h>

#include "assay/digest.h"
#include "assay/plan.h"
#include "collect.h"

#define MOST_PAIRS 64 /* columns gone times columns new, tried for a rename */

/* Consecutive statements of one and the same schema. */
struct era {
    struct assay_observed_schema schema;
    const char *fingerprint, *run /* the first that saw it */, *plan;
    const char *good[2], *good_plan[2]; /* the first and the last run of it that ended well */
};

struct history {
    struct assay_ledger *ledger;
    const char *last_run; /* the run that is reported: what was said later does not count */
    struct era before, now;
    bool done;
};

static void era_release(struct era *x)
{
    assay_observed_release(&x->schema);
    *x = (struct era){0};
}

struct looked_up {
    const char *text;
    bool good;
};

static bool take_observed(struct assay_collect *c, const struct assay_stmt *s, const struct assay_leaf *leaf)
{
    struct looked_up *x = c->more;
    const char *status = assay_stmt_get(s, "status");
    (void)leaf;
    x->good = status && strcmp(status, "ok") == 0;
    x->text = assay_collect_text(c->r, s, "observed");
    return false;
}

/* One leaf of a run: its start says when, its end whether it ended well. */
static enum assay_status look_up(struct assay_ledger *l, struct assay_collect c, const char *kind, const char *run,
                                 struct looked_up *out)
{
    struct assay_ledger_query q = {.kind = kind,
                                   .role = assay_side_name((enum assay_side_id)c.side),
                                   .dataset = c.d->id,
                                   .run = run,
                                   .newest_first = true};
    *out = (struct looked_up){0};
    c.more = out;
    c.take = take_observed;
    return assay_collect(l, &q, &c);
}

/* ---- renames: the canonical names under which either run covered the columns in question ---- */

static const char *canonical(const struct assay_rep_plan *p, const char *native, int side)
{
    for (size_t i = 0; i < p->n; i++)
        if (p->column[i].native[side] && strcmp(p->column[i].native[side], native) == 0)
            return p->column[i].name;
    return NULL;
}

struct candidate {
    const struct assay_observed *before, *now;
};

static size_t candidates(const struct assay_observed_schema *a, const struct assay_observed_schema *b,
                         struct candidate out[MOST_PAIRS])
{
    size_t n = 0;
    for (size_t i = 0; i < a->n; i++)
        for (size_t k = 0; k < b->n && assay_observed_find(b, a->col[i].name) == SIZE_MAX && n < MOST_PAIRS; k++)
            if (assay_observed_find(a, b->col[k].name) == SIZE_MAX)
                out[n++] = (struct candidate){&a->col[i], &b->col[k]};
    return n;
}

/* Pairs of names proven to be one column. */
static enum assay_status prove(struct history *h, struct assay_collect *c, struct assay_drift_proof *proof, size_t *n)
{
    const char *run[2] = {h->before.good[1], h->now.good[0]};
    struct candidate list[MOST_PAIRS];
    struct assay_rename pair[MOST_PAIRS];
    const struct candidate *from[MOST_PAIRS];
    struct assay_rep_plan plan[2];
    size_t n_pairs = 0, found = run[0] && run[1] ? candidates(&h->before.schema, &h->now.schema, list) : 0;
    *n = 0;
    if (!found)
        return ASSAY_OK;
    enum assay_status s = assay_plan_columns(h->ledger, c->r, h->before.good_plan[1], &plan[0], c->e);
    if (s == ASSAY_OK)
        s = assay_plan_columns(h->ledger, c->r, h->now.good_plan[0], &plan[1], c->e);
    for (size_t i = 0; i < found && s == ASSAY_OK; i++) {
        const char *a = canonical(&plan[0], list[i].before->name, c->side),
                   *b = canonical(&plan[1], list[i].now->name, c->side);
        if (!a || !b)
            continue;
        from[n_pairs] = &list[i];
        pair[n_pairs++] = (struct assay_rename){a, b, false};
    }
    if (s == ASSAY_OK && n_pairs)
        s = assay_drift_sums(h->ledger, c->r, c->d, c->side, run, pair, n_pairs, c->e);
    for (size_t i = 0; i < n_pairs && s == ASSAY_OK; i++)
        if (pair[i].same)
            proof[(*n)++] = (struct assay_drift_proof){from[i]->before->name, from[i]->now->name};
    return s;
}

/* ---- one change of schema ---- */

static const struct assay_rep_column *kept(struct assay_report *r, const struct assay_observed *c)
{
    struct assay_rep_column *out = c ? assay_arena_take(&r->arena, sizeof *out) : NULL;
    if (out)
        *out = assay_schema_column(r, c);
    return out;
}

static bool keep(struct assay_collect *c, const struct assay_drift *x, const char *run, const char *when)
{
    struct assay_rep_dataset *d = c->d;
    struct assay_buf says = {0};
    if (!assay_grow(&d->drift, d->n_drift, &d->cap_drift, sizeof *d->drift) || assay_drift_say(x, &says) != ASSAY_OK ||
        !assay_buf_str(&says)) {
        assay_buf_release(&says);
        return false;
    }
    d->drift[d->n_drift] = (struct assay_rep_drift){
        .order = d->n_drift,
        .side = c->side,
        .since_run = run,
        .since = when,
        .kind = assay_drift_kind_name(x->kind),
        .cls = assay_drift_class_name(x->cls),
        .says = assay_arena_copy(&c->r->arena, (const char *)says.ptr),
        .breaking = x->cls == ASSAY_DRIFT_BREAKING,
        .covered = x->now ? x->now->covered : x->before->covered,
        .before = kept(c->r, x->before),
        .now = kept(c->r, x->now),
    };
    d->n_drift++;
    assay_buf_release(&says);
    return true;
}

static enum assay_status compare(struct history *h, struct assay_collect *c)
{
    struct assay_drift_proof proof[MOST_PAIRS];
    struct assay_drift *list = NULL;
    struct looked_up when = {0};
    size_t n_proofs = 0, n = 0;
    enum assay_status s = prove(h, c, proof, &n_proofs);
    if (s == ASSAY_OK)
        s = look_up(h->ledger, *c, "run-start", h->now.run, &when);
    if (s != ASSAY_OK)
        return s;
    if (assay_drift_compare(&h->before.schema, &h->now.schema, proof, n_proofs, &list, &n) != ASSAY_OK)
        return assay_fail_nomem(c->e);
    for (size_t i = 0; i < n && s == ASSAY_OK; i++)
        if (!keep(c, &list[i], h->now.run, when.text))
            s = assay_fail_nomem(c->e);
    free(list);
    return s;
}

/* ---- the statements, oldest first ---- */

static enum assay_status load(struct history *h, struct assay_collect *c, const struct assay_stmt *s,
                              struct assay_observed_schema *out)
{
    const char *text = assay_stmt_get(s, "text"), *name;
    struct assay_buf blob = {0};
    uint8_t hash[32];
    if (!assay_sha256_parse(text, hash))
        return assay_fail(c->e, ASSAY_ELEDGER, "a schema statement of dataset %s is not whole", c->d->name);
    enum assay_status st = assay_ledger_blob(h->ledger, hash, &blob, c->e);
    if (st == ASSAY_ENOTFOUND)
        st = assay_fail(c->e, ASSAY_ELEDGER, "the ledger lacks blob %.12s, a schema of dataset %s", text + 7,
                        c->d->name);
    if (st == ASSAY_OK)
        st = assay_observed_parse(blob.ptr, blob.len, out, c->e);
    assay_buf_release(&blob);
    for (size_t i = 0; st == ASSAY_OK && (name = assay_stmt_nth(s, "uncovered", i)); i++) {
        size_t at = assay_observed_find(out, name);
        if (at != SIZE_MAX)
            out->col[at].covered = false;
    }
    return st;
}

/* A run that ended well belongs to the era; where plans changed within it, the newest says what is covered. */
static enum assay_status note_run(struct history *h, struct assay_collect *c, const struct assay_stmt *s)
{
    const char *run = assay_collect_text(c->r, s, "run"), *plan = assay_collect_text(c->r, s, "plan");
    struct looked_up end;
    enum assay_status st = run ? look_up(h->ledger, *c, "run-end", run, &end) : ASSAY_OK;
    if (st != ASSAY_OK || !run || !end.good)
        return st;
    for (int i = h->now.good[0] ? 1 : 0; i < 2; i++) {
        h->now.good[i] = run;
        h->now.good_plan[i] = plan;
    }
    return ASSAY_OK;
}

static bool take(struct assay_collect *c, const struct assay_stmt *s, const struct assay_leaf *leaf)
{
    struct history *h = c->more;
    const char *print = assay_stmt_get(s, "fingerprint"), *run = assay_stmt_get(s, "run");
    if (!print || !run || h->done || assay_stmt_get(s, "objects")) /* one about some objects */
        return true;
    enum assay_status st = ASSAY_OK;
    if (!h->now.fingerprint || strcmp(h->now.fingerprint, print) != 0) {
        if (h->before.fingerprint)
            st = compare(h, c);
        era_release(&h->before);
        h->before = h->now;
        h->now = (struct era){.fingerprint = assay_arena_copy(&c->r->arena, print),
                              .run = assay_arena_copy(&c->r->arena, run)};
        if (!h->now.fingerprint || !h->now.run || !assay_age_take(c, h->now.fingerprint, h->now.run, leaf->index))
            return false;
    } else {
        assay_observed_release(&h->now.schema);
    }
    if (st == ASSAY_OK)
        st = load(h, c, s, &h->now.schema);
    if (st == ASSAY_OK)
        st = note_run(h, c, s);
    h->done = h->last_run && strcmp(run, h->last_run) == 0;
    return st == ASSAY_OK;
}

static int newest_first(const void *a, const void *b)
{
    const struct assay_rep_drift *x = a, *y = b;
    int c = strcmp(y->since ? y->since : "", x->since ? x->since : "");
    return c ? c : x->order < y->order ? -1 : 1;
}

enum assay_status assay_drift_collect(struct assay_ledger *l, struct assay_report *r, struct assay_rep_dataset *d,
                                      struct assay_err *e)
{
    enum assay_status s = ASSAY_OK;
    for (int side = 0; side < 2 && s == ASSAY_OK; side++) {
        struct history h = {.ledger = l, .last_run = d->side[side].run};
        struct assay_collect c = {.r = r, .d = d, .side = side, .e = e, .more = &h, .take = take};
        struct assay_ledger_query q = {
            .kind = "schema", .role = assay_side_name((enum assay_side_id)side), .dataset = d->id};
        s = assay_collect(l, &q, &c);
        if (s == ASSAY_OK && h.before.fingerprint)
            s = compare(&h, &c);
        era_release(&h.before);
        era_release(&h.now);
    }
    if (d->n_drift)
        qsort(d->drift, d->n_drift, sizeof *d->drift, newest_first);
    return s;
}
