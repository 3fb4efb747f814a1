#include "progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/grow.h"
#include "assay/limits.h"

struct said { /* a statement about a chunk */
    size_t at; /* in the list */
    uint64_t leaf;
};
struct place { /* of a chunk in the list */
    const char *id;
    size_t at;
};

struct load {
    const struct assay_permit *p;
    struct purge_progress *out;
    uint64_t *begin; /* leaves of purge-begin */
    struct said *said;
    size_t n_begins, cap_begins, n_said, cap_said;
    uint64_t
        done; /* 1 + the newest purge-done: one run at a time, which looks at what earlier ones left before it ends */
    struct place *place; /* sorted by id */
    enum assay_status status;
    struct assay_err *e;
    enum assay_status (*take)(struct load *x, const struct assay_stmt *s, uint64_t leaf);
};

static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct place *)a)->id, ((const struct place *)b)->id);
}

static enum assay_status take_begin(struct load *x, const struct assay_stmt *s, uint64_t leaf)
{
    (void)s;
    if (!assay_grow(&x->begin, x->n_begins, &x->cap_begins, sizeof *x->begin))
        return assay_fail_nomem(x->e);
    x->begin[x->n_begins++] = leaf;
    x->out->begun = true;
    return ASSAY_OK;
}

static enum assay_status take_done(struct load *x, const struct assay_stmt *s, uint64_t leaf)
{
    (void)s;
    x->done = leaf + 1;
    return ASSAY_OK;
}

static enum assay_status take_chunk(struct load *x, const struct assay_stmt *s, uint64_t leaf)
{
    const char *status = assay_stmt_get(s, "status");
    struct place key = {assay_stmt_get(s, "chunk"), 0};
    const struct place *at = key.id ? bsearch(&key, x->place, x->p->list.n, sizeof *x->place, by_id) : NULL;
    if (!at || !status)
        return assay_fail(x->e, ASSAY_ELEDGER, "leaf %llu: a chunk of a purge that its permit does not have",
                          (unsigned long long)leaf);
    struct purge_chunk_progress *c = &x->out->chunk[at->at];
    if (!assay_grow(&x->said, x->n_said, &x->cap_said, sizeof *x->said))
        return assay_fail_nomem(x->e);
    x->said[x->n_said++] = (struct said){at->at, leaf};
    if (!c->gone && (strcmp(status, "deleted") == 0 || strcmp(status, "settled") == 0))
        c->gone = leaf + 1;
    return ASSAY_OK;
}

static bool each(void *ctx, const struct assay_leaf *leaf)
{
    struct load *x = ctx;
    struct assay_stmt s = {0};
    char permit[24];
    snprintf(permit, sizeof permit, "%llu", (unsigned long long)x->p->leaf);
    x->status = assay_stmt_parse(leaf->note, leaf->note_len, &s, x->e);
    const char *of = x->status == ASSAY_OK ? assay_stmt_get(&s, "permit") : NULL;
    if (of && strcmp(of, permit) == 0)
        x->status = x->take(x, &s, leaf->index);
    assay_stmt_release(&s);
    return x->status == ASSAY_OK;
}

static enum assay_status pass(struct load *x, struct assay_ledger *l, const char *kind,
                              enum assay_status (*take)(struct load *, const struct assay_stmt *, uint64_t))
{
    const struct assay_ledger_query q = {.kind = kind, .dataset = x->p->dataset, .from = x->p->leaf};
    x->take = take;
    enum assay_status s = assay_ledger_each(l, &q, each, x, x->e);
    return s == ASSAY_OK ? x->status : s;
}

/* Chunks go in the order of the list, and each is stated before the next is begun: of those that a stopped run did not
 * state, only the first can be gone by its hand. Any other that is empty was emptied by somebody else. */
static enum assay_status mark_in_flight(struct load *x, size_t nth)
{
    const uint64_t from = x->begin[nth], to = nth + 1 < x->n_begins ? x->begin[nth + 1] : UINT64_MAX;
    bool *stated = calloc(x->p->list.n + 1, sizeof *stated);
    if (!stated)
        return assay_fail_nomem(x->e);
    for (size_t i = 0; i < x->n_said; i++)
        if (x->said[i].leaf > from && x->said[i].leaf < to)
            stated[x->said[i].at] = true;
    for (size_t i = 0; i < x->p->list.n; i++) {
        struct purge_chunk_progress *c = &x->out->chunk[i];
        if (stated[i] || (c->gone && c->gone <= from))
            continue;
        c->in_flight = !c->gone;
        x->out->any_in_flight |= c->in_flight;
        break;
    }
    free(stated);
    return ASSAY_OK;
}

enum assay_status assay_purge_progress_load(struct assay_ledger *l, const struct assay_permit *p,
                                            struct purge_progress *out, struct assay_err *e)
{
    struct load x = {.p = p, .out = out, .e = e};
    *out = (struct purge_progress){.chunk = calloc(p->list.n + 1, sizeof *out->chunk)};
    x.place = calloc(p->list.n + 1, sizeof *x.place);
    enum assay_status s = out->chunk && x.place ? ASSAY_OK : assay_fail_nomem(e);
    for (size_t i = 0; i < p->list.n && s == ASSAY_OK; i++)
        x.place[i] = (struct place){p->list.chunk[i].chunk, i};
    if (s == ASSAY_OK) {
        qsort(x.place, p->list.n, sizeof *x.place, by_id);
        s = pass(&x, l, "purge-begin", take_begin);
    }
    if (s == ASSAY_OK)
        s = pass(&x, l, "purge-done", take_done);
    if (s == ASSAY_OK)
        s = pass(&x, l, "purge-chunk", take_chunk);
    for (size_t i = 0; i < x.n_begins && s == ASSAY_OK; i++)
        if (x.begin[i] >= x.done) {
            out->unfinished = true;
            s = mark_in_flight(&x, i);
        }
    free(x.said);
    free(x.begin);
    free(x.place);
    return s;
}

void assay_purge_progress_release(struct purge_progress *g)
{
    free(g->chunk);
    *g = (struct purge_progress){0};
}
