/* Causes as reconcile stated them in the run that is reported. */
#include <stdlib.h>
#include <string.h>

#include "findings.h"

/* Newest first, numbered from 1 on: behind the first the statements of an earlier look at the same run begin. */
static bool take(struct assay_collect *c, const struct assay_stmt *s, const struct assay_leaf *leaf)
{
    struct assay_rep_dataset *d = c->d;
    struct assay_report *r = c->r;
    struct assay_rep_cause x = {.leaf = leaf->index};
    if (!assay_grow(&d->cause, d->n_causes, &d->cap_causes, sizeof *d->cause)) {
        assay_fail_nomem(c->e);
        return false;
    }
    x.id = assay_collect_text(r, s, "id");
    x.kind = assay_collect_text(r, s, "kind");
    x.columns = assay_collect_text(r, s, "columns");
    x.evidence = assay_collect_text(r, s, "evidence");
    x.rule = assay_collect_text(r, s, "rule");
    x.side = assay_collect_text(r, s, "side");
    x.hint = assay_collect_text(r, s, "hint");
    x.scope = assay_collect_text(r, s, "scope");
    assay_stmt_number(s, "chunks", &x.chunks);
    assay_stmt_number(s, "rows", &x.rows);
    assay_stmt_number(s, "nth", &x.nth);
    if (x.id && x.kind)
        d->cause[d->n_causes++] = x;
    return x.nth != 1;
}

static int by_place(const void *pa, const void *pb)
{
    const struct assay_rep_cause *a = pa, *b = pb;
    return a->nth < b->nth ? -1 : a->nth > b->nth;
}

enum assay_status assay_collect_causes(struct assay_ledger *l, struct assay_report *r, struct assay_rep_dataset *d,
                                       struct assay_err *e)
{
    struct assay_collect c = {.r = r, .d = d, .e = e, .take = take};
    struct assay_ledger_query q = {.kind = "cause", .dataset = d->id, .run = d->run, .newest_first = true};
    enum assay_status s = d->run ? assay_collect(l, &q, &c) : ASSAY_OK;
    if (d->n_causes)
        qsort(d->cause, d->n_causes, sizeof *d->cause, by_place);
    return s;
}
