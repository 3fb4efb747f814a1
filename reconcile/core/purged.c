/* Chunks whose rows were deleted at the source under a permit: the archive is compared with what was deleted. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/digest.h"
#include "assay/grow.h"
#include "assay/log.h"
#include "assay/permit.h"
#include "run.h"

struct begin { /* of a run of the purger */
    char run[37];
    uint64_t leaf, permit;
};
struct load {
    struct run *r;
    struct begin *begin;
    size_t n_begins, cap_begins;
    struct assay_permit permit; /* the one looked up last, its chunks sorted by id */
    uint64_t asked; /* its leaf + 1, whether it is there or not; 0: none yet */
    bool there;
    struct assay_permit_end end; /* of it */
    enum assay_status status;
};

static enum assay_status add_begin(struct load *x, const struct assay_stmt *st, uint64_t leaf)
{
    const char *run = assay_stmt_get(st, "run");
    struct begin b = {.leaf = leaf};
    if (!run || !assay_stmt_number(st, "permit", &b.permit))
        return ASSAY_OK; /* begins nothing */
    snprintf(b.run, sizeof b.run, "%s", run);
    if (!assay_grow(&x->begin, x->n_begins, &x->cap_begins, sizeof *x->begin))
        return assay_fail_nomem(x->r->err);
    x->begin[x->n_begins++] = b;
    return ASSAY_OK;
}

static int by_chunk(const void *a, const void *b)
{
    return strcmp(((const struct assay_permit_chunk *)a)->chunk, ((const struct assay_permit_chunk *)b)->chunk);
}

/* The permit of a leaf, if this is one and whole: in x->permit. */
static enum assay_status look_up(struct load *x, uint64_t leaf)
{
    struct assay_err why = {0};
    if (x->asked == leaf + 1)
        return ASSAY_OK;
    assay_permit_release(&x->permit);
    x->asked = leaf + 1;
    enum assay_status s = assay_permit_load(x->r->ledger, leaf, &x->permit, &why);
    if (s == ASSAY_OK)
        s = assay_permit_ended(x->r->ledger, &x->permit, &x->end, &why);
    x->there = s == ASSAY_OK;
    if (x->there)
        qsort(x->permit.list.chunk, x->permit.list.n, sizeof *x->permit.list.chunk, by_chunk);
    if (x->there || s == ASSAY_ENOTFOUND || s == ASSAY_EUSAGE || s == ASSAY_ELEDGER)
        return ASSAY_OK;
    return assay_fail(x->r->err, s, "%s", why.msg);
}

static bool begun_before(const struct load *x, uint64_t permit, uint64_t leaf)
{
    for (size_t i = 0; i < x->n_begins; i++)
        if (x->begin[i].permit == permit && x->begin[i].leaf < leaf)
            return true;
    return false;
}

/* Who holds the purger's key can state that it deleted what it likes. Believed is what a permit before it lists, with
 * these rows and this root, after the purger's run began under that permit, while it stood. What is settled was deleted
 * by an earlier run than the one that says so: one must have begun while the permit stood. */
static enum assay_status permitted(struct load *x, const struct purged_chunk *c, bool *yes)
{
    struct assay_permit_chunk want = {0};
    uint8_t root[32];
    bool begun = false;
    uint64_t begin = 0;
    *yes = false;
    for (size_t i = 0; i < x->n_begins && !begun; i++) {
        begin = x->begin[i].leaf;
        begun = x->begin[i].permit == c->permit && c->permit < begin && begin < c->leaf &&
                strcmp(x->begin[i].run, c->run) == 0;
    }
    enum assay_status s = begun ? look_up(x, c->permit) : ASSAY_OK;
    if (s != ASSAY_OK || !begun || !x->there || strcmp(x->permit.dataset, x->r->set->id) != 0)
        return s;
    if (x->end.leaf < begin && !(c->settled && begun_before(x, c->permit, x->end.leaf)))
        return s;
    snprintf(want.chunk, sizeof want.chunk, "%s", c->id);
    const struct assay_permit_list *list = &x->permit.list;
    const struct assay_permit_chunk *of = bsearch(&want, list->chunk, list->n, sizeof want, by_chunk);
    *yes = of && of->rows == c->rows && assay_sha256_parse(c->root, root) && memcmp(root, of->root, 32) == 0;
    return ASSAY_OK;
}

static enum assay_status add(struct load *x, const struct assay_stmt *st, uint64_t leaf)
{
    struct run *r = x->r;
    const char *chunk = assay_stmt_get(st, "chunk"), *root = assay_stmt_get(st, "root"),
               *status = assay_stmt_get(st, "status"), *run = assay_stmt_get(st, "run");
    struct purged_chunk c = {.leaf = leaf, .settled = status && strcmp(status, "settled") == 0};
    if (!status || (strcmp(status, "deleted") != 0 && strcmp(status, "settled") != 0))
        return ASSAY_OK;
    if (!chunk || strlen(chunk) != 32 || !root || !run || !assay_stmt_number(st, "rows", &c.rows) ||
        !assay_stmt_number(st, "permit", &c.permit))
        return assay_fail(r->err, ASSAY_ELEDGER, "leaf %llu: the statement of a purge is not whole",
                          (unsigned long long)leaf);
    snprintf(c.id, sizeof c.id, "%s", chunk);
    snprintf(c.root, sizeof c.root, "%s", root);
    snprintf(c.run, sizeof c.run, "%s", run);
    if (!assay_grow(&r->purged, r->n_purged, &r->cap_purged, sizeof *r->purged))
        return assay_fail_nomem(r->err);
    r->purged[r->n_purged++] = c;
    return ASSAY_OK;
}

/* Drop what no permit allows. */
static enum assay_status sift(struct load *x)
{
    struct run *r = x->r;
    size_t kept = 0;
    bool believed = false;
    enum assay_status s = ASSAY_OK;
    for (size_t i = 0; i < r->n_purged && s == ASSAY_OK; i++) {
        const struct purged_chunk c = r->purged[i];
        s = permitted(x, &c, &believed);
        if (s == ASSAY_OK && believed)
            r->purged[kept++] = c;
        else if (s == ASSAY_OK)
            assay_log(ASSAY_LOG_WARN,
                      "%s: leaf %llu says that chunk %.8s was deleted, which no permit before it allows: not believed",
                      r->set->name, (unsigned long long)c.leaf, c.id);
    }
    r->n_purged = kept;
    return s;
}

static bool take(void *ctx, const struct assay_leaf *leaf)
{
    struct load *x = ctx;
    struct assay_stmt st = {0};
    x->status = assay_stmt_parse(leaf->note, leaf->note_len, &st, x->r->err);
    if (x->status == ASSAY_OK)
        x->status = strcmp(st.kind, "purge-begin") == 0 ? add_begin(x, &st, leaf->index) : add(x, &st, leaf->index);
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

static enum assay_status pass(struct load *x, const char *kind)
{
    struct assay_ledger_query q = {.kind = kind, .dataset = x->r->set->id};
    enum assay_status s = assay_ledger_each(x->r->ledger, &q, take, x, x->r->err);
    return s == ASSAY_OK ? x->status : s;
}

enum assay_status assay_purged_load(struct run *r)
{
    struct load x = {.r = r};
    enum assay_status s = pass(&x, "purge-begin");
    if (s == ASSAY_OK)
        s = pass(&x, "purge-chunk");
    if (s == ASSAY_OK)
        s = sift(&x);
    if (s == ASSAY_OK && r->n_purged)
        qsort(r->purged, r->n_purged, sizeof *r->purged, by_id);
    assay_permit_release(&x.permit);
    free(x.begin);
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
