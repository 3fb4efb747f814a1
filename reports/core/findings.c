/* Discrepancies and requests of a dataset: the newest statement of each id counts. */
#include <stdlib.h>
#include <string.h>

#include "findings.h"

static bool take_discrepancy(struct assay_collect *c, const struct assay_stmt *s, const struct assay_leaf *leaf)
{
    struct assay_rep_dataset *d = c->d;
    struct assay_report *r = c->r;
    struct assay_rep_discrepancy x = {.leaf = leaf->index};
    if (!assay_grow(&d->disc, d->n_disc, &d->cap_disc, sizeof *d->disc)) {
        assay_fail_nomem(c->e);
        return false;
    }
    x.id = assay_collect_text(r, s, "id");
    x.segment = assay_collect_text(r, s, "segment");
    x.chunk = assay_collect_text(r, s, "chunk");
    x.kind = assay_collect_text(r, s, "kind");
    x.columns = assay_collect_text(r, s, "columns");
    x.object = assay_collect_text(r, s, "object");
    x.state = assay_collect_text(r, s, "state");
    x.reason = assay_collect_text(r, s, "reason");
    x.run = assay_collect_text(r, s, "run");
    x.observed = assay_collect_text(r, s, "observed");
    for (int i = 0; i < 2; i++)
        x.has_rows[i] = assay_stmt_number(s, i ? "rows-archive" : "rows-source", &x.rows[i]);
    if (x.id)
        d->disc[d->n_disc++] = x;
    return true;
}

static bool take_request(struct assay_collect *c, const struct assay_stmt *s, const struct assay_leaf *leaf)
{
    struct assay_rep_dataset *d = c->d;
    struct assay_rep_request x = {.leaf = leaf->index};
    if (!assay_grow(&d->request, d->n_requests, &d->cap_requests, sizeof *d->request)) {
        assay_fail_nomem(c->e);
        return false;
    }
    x.id = assay_collect_text(c->r, s, "id");
    x.segment = assay_collect_text(c->r, s, "segment");
    x.lo = assay_collect_text(c->r, s, "lo");
    x.hi = assay_collect_text(c->r, s, "hi");
    x.outcome = assay_collect_text(c->r, s, "outcome");
    x.observed = assay_collect_text(c->r, s, "observed");
    assay_stmt_number(s, "attempt", &x.attempt);
    const char *id;
    for (size_t i = 0; (id = assay_stmt_nth(s, "discrepancy", i)); i++) {
        x.discrepancies++;
        for (size_t k = 0; k < d->n_disc; k++)
            if (strcmp(d->disc[k].id, id) == 0)
                d->disc[k].request = x.id;
    }
    if (x.id)
        d->request[d->n_requests++] = x;
    return true;
}

static int disc_by_id(const void *pa, const void *pb)
{
    const struct assay_rep_discrepancy *a = pa, *b = pb;
    int c = strcmp(a->id, b->id);
    return c ? c : a->leaf < b->leaf ? -1 : a->leaf > b->leaf;
}

static int state_rank(const char *state)
{
    static const char *const after[] = {"requested", "waived", "closed"};
    for (int i = 0; state && i < 3; i++)
        if (strcmp(state, after[i]) == 0)
            return i + 1;
    return 0;
}

static int disc_by_state(const void *pa, const void *pb)
{
    const struct assay_rep_discrepancy *a = pa, *b = pb;
    int c = state_rank(a->state) - state_rank(b->state);
    if (!c)
        c = assay_segment_order(a->segment, b->segment);
    return c ? c : strcmp(a->id, b->id);
}

static int request_by_id(const void *pa, const void *pb)
{
    const struct assay_rep_request *a = pa, *b = pb;
    int c = strcmp(a->id, b->id);
    return c ? c : a->leaf < b->leaf ? -1 : a->leaf > b->leaf;
}

static int request_by_leaf(const void *pa, const void *pb)
{
    const struct assay_rep_request *a = pa, *b = pb;
    return a->leaf < b->leaf ? -1 : a->leaf > b->leaf;
}

/* A word of a run that found a waiver: it may have been withdrawn since, or have come to its end by the newest
 * statement. */
static bool is_waived(const struct assay_report *r, const struct assay_rep_dataset *d,
                      const struct assay_rep_discrepancy *x)
{
    const char *when = d->observed ? d->observed : x->observed;
    return state_rank(x->state) == 2 && when && assay_waivers_find(&r->waivers, d->id, x->id, NULL, when, UINT64_MAX);
}

/* Keep the newest of each id; of the closed ones only those that this run closed. */
static void newest_discrepancies(const struct assay_report *r, struct assay_rep_dataset *d)
{
    size_t n = 0;
    if (d->n_disc)
        qsort(d->disc, d->n_disc, sizeof *d->disc, disc_by_id);
    for (size_t i = 0; i < d->n_disc; i++) {
        struct assay_rep_discrepancy *x = &d->disc[i];
        if (i + 1 < d->n_disc && strcmp(x->id, x[1].id) == 0)
            continue;
        bool closed = state_rank(x->state) == 3, waived = is_waived(r, d, x);
        if (closed && (!x->run || !d->run || strcmp(x->run, d->run) != 0))
            continue;
        d->n_closed += closed;
        d->n_open += !closed && !waived;
        d->disc[n++] = *x;
    }
    d->n_disc = n;
    if (n)
        qsort(d->disc, n, sizeof *d->disc, disc_by_state);
}

static void newest_requests(struct assay_rep_dataset *d)
{
    size_t n = 0;
    if (!d->n_requests)
        return;
    qsort(d->request, d->n_requests, sizeof *d->request, request_by_id);
    for (size_t i = 0; i < d->n_requests; i++)
        if (i + 1 == d->n_requests || strcmp(d->request[i].id, d->request[i + 1].id) != 0)
            d->request[n++] = d->request[i];
    d->n_requests = n;
    qsort(d->request, n, sizeof *d->request, request_by_leaf);
}

enum assay_status assay_collect_findings(struct assay_ledger *l, struct assay_report *r, struct assay_rep_dataset *d,
                                         struct assay_err *e)
{
    struct assay_collect c = {.r = r, .d = d, .e = e, .take = take_discrepancy};
    struct assay_ledger_query q = {.kind = "discrepancy", .dataset = d->id};
    enum assay_status s = assay_collect(l, &q, &c);
    if (s != ASSAY_OK)
        return s;
    newest_discrepancies(r, d);
    c.take = take_request;
    q.kind = "request";
    s = assay_collect(l, &q, &c);
    newest_requests(d);
    return s;
}
