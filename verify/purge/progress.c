#include "progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/grow.h"
#include "assay/limits.h"

struct begin {
    char run[37];
    uint64_t leaf;
    bool done;
};
struct place { /* of a chunk in the list */
    const char *id;
    size_t at;
};

struct load {
    const struct assay_permit *p;
    struct purge_progress *out;
    struct begin *begin;
    size_t n_begins, cap;
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
    const char *run = assay_stmt_get(s, "run");
    if (!assay_grow(&x->begin, x->n_begins, &x->cap, sizeof *x->begin))
        return assay_fail_nomem(x->e);
    struct begin *b = &x->begin[x->n_begins++];
    *b = (struct begin){.leaf = leaf};
    snprintf(b->run, sizeof b->run, "%s", run ? run : "");
    x->out->begun = true;
    return ASSAY_OK;
}

static enum assay_status take_done(struct load *x, const struct assay_stmt *s, uint64_t leaf)
{
    const char *run = assay_stmt_get(s, "run");
    for (size_t i = 0; run && i < x->n_begins; i++)
        if (x->begin[i].leaf < leaf && strcmp(x->begin[i].run, run) == 0)
            x->begin[i].done = true;
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
    c->stated = leaf + 1;
    c->gone = c->gone || strcmp(status, "deleted") == 0 || strcmp(status, "settled") == 0;
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

/* Chunks go in the order of the list, and each is stated before the next is begun: of those that an unfinished run did
 * not state, only the first can be gone by its hand. Any other that is empty was emptied by somebody else. */
static size_t in_flight(const struct purge_progress *g, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!g->chunk[i].gone && g->unfinished > g->chunk[i].stated)
            return i;
    return SIZE_MAX;
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
    for (size_t i = 0; i < x.n_begins; i++)
        if (!x.begin[i].done)
            out->unfinished = x.begin[i].leaf + 1;
    out->in_flight = s == ASSAY_OK ? in_flight(out, p->list.n) : SIZE_MAX;
    free(x.begin);
    free(x.place);
    return s;
}

void assay_purge_progress_release(struct purge_progress *g)
{
    free(g->chunk);
    *g = (struct purge_progress){0};
}
