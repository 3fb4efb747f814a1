/* Chunks whose rows were deleted at the source under a permit: the archive is compared with what was deleted. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"

struct load {
    struct run *r;
    enum assay_status status;
};

static enum assay_status add(struct run *r, const struct assay_stmt *st, uint64_t leaf)
{
    const char *chunk = assay_stmt_get(st, "chunk"), *root = assay_stmt_get(st, "root"),
               *rows = assay_stmt_get(st, "rows"), *status = assay_stmt_get(st, "status");
    if (!status || (strcmp(status, "deleted") != 0 && strcmp(status, "settled") != 0))
        return ASSAY_OK;
    if (!chunk || strlen(chunk) != 32 || !root || !rows)
        return assay_fail(r->err, ASSAY_ELEDGER, "leaf %llu: the statement of a purge is not whole",
                          (unsigned long long)leaf);
    if (r->n_purged == r->cap_purged) {
        size_t cap = r->cap_purged ? 2 * r->cap_purged : 64;
        struct purged_chunk *grown = realloc(r->purged, cap * sizeof *grown);
        if (!grown)
            return assay_fail_nomem(r->err);
        r->purged = grown;
        r->cap_purged = cap;
    }
    struct purged_chunk *c = &r->purged[r->n_purged++];
    *c = (struct purged_chunk){.leaf = leaf, .rows = strtoull(rows, NULL, 10)};
    snprintf(c->id, sizeof c->id, "%s", chunk);
    snprintf(c->root, sizeof c->root, "%s", root);
    return ASSAY_OK;
}

static bool take(void *ctx, const struct assay_leaf *leaf)
{
    struct load *x = ctx;
    struct assay_stmt st = {0};
    x->status = assay_stmt_parse(leaf->note, leaf->note_len, &st, x->r->err);
    if (x->status == ASSAY_OK)
        x->status = add(x->r, &st, leaf->index);
    assay_stmt_release(&st);
    return x->status == ASSAY_OK;
}

/* By id, the newest first. */
static int by_id(const void *a, const void *b)
{
    const struct purged_chunk *x = a, *y = b;
    int c = strcmp(x->id, y->id);
    return c ? c : x->leaf > y->leaf ? -1 : x->leaf < y->leaf;
}

enum assay_status assay_purged_load(struct run *r)
{
    struct load x = {.r = r};
    struct assay_ledger_query q = {.kind = "purge-chunk", .dataset = r->set->id};
    enum assay_status s = assay_ledger_each(r->ledger, &q, take, &x, r->err);
    if (s == ASSAY_OK)
        s = x.status;
    if (s == ASSAY_OK && r->n_purged)
        qsort(r->purged, r->n_purged, sizeof *r->purged, by_id);
    return s;
}

void assay_purged_release(struct run *r)
{
    free(r->purged);
}

const struct purged_chunk *assay_purged(const struct run *r, const char *chunk)
{
    size_t lo = 0, hi = r->n_purged;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (strcmp(r->purged[mid].id, chunk) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < r->n_purged && strcmp(r->purged[lo].id, chunk) == 0 ? &r->purged[lo] : NULL;
}

struct compared assay_purged_compare(struct run *r, const struct purged_chunk *p, const struct attested_chunk *a)
{
    struct compared c = {.reason = r->purged_by};
    const unsigned long long leaf = p->leaf;
    if (!a->root[0]) {
        snprintf(r->purged_by, sizeof r->purged_by,
                 "purged by leaf %llu, and the archive was not sealed: there is nothing to compare it with", leaf);
        return c;
    }
    if (a->rows == p->rows && strcmp(a->root, p->root) == 0)
        return (struct compared){.verdict = VERDICT_MATCH, .sealed = true};
    snprintf(r->purged_by, sizeof r->purged_by, "purged by leaf %llu, and the archive has not what was deleted", leaf);
    c.verdict = VERDICT_MISMATCH;
    c.kind = a->rows < p->rows ? "lost" : a->rows > p->rows ? "extra" : "rows";
    return c;
}
