#include "assay/attested_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/digest.h"
#include "assay/limits.h"
#include "assay/note.h"

struct run {
    char id[37];
    bool good;
};

struct loader {
    const char *plan; /* "sha256:..." */
    const struct assay_dataset *set;
    const struct assay_cutset *cuts;
    struct attested_source *out;
    struct run *run;
    size_t n_runs, cap_runs;
    enum assay_status status;
    struct assay_err *err;
    enum assay_status (*take)(struct loader *l, const struct assay_stmt *s, uint64_t leaf);
};

static bool each(void *ctx, const struct assay_leaf *leaf)
{
    struct loader *l = ctx;
    struct assay_stmt s = {0};
    l->status = assay_stmt_parse(leaf->note, leaf->note_len, &s, l->err);
    const char *plan = l->status == ASSAY_OK ? assay_stmt_get(&s, "plan") : NULL;
    if (plan && strcmp(plan, l->plan) == 0)
        l->status = l->take(l, &s, leaf->index);
    assay_stmt_release(&s);
    return l->status == ASSAY_OK;
}

/* Of several ends under one id the newest counts. */
static const struct run *run_of(const struct loader *l, const char *id)
{
    for (size_t i = 0; id && i < l->n_runs; i++)
        if (strcmp(l->run[i].id, id) == 0)
            return &l->run[i];
    return NULL;
}

static enum assay_status take_end(struct loader *l, const struct assay_stmt *s, uint64_t leaf)
{
    const char *id = assay_stmt_get(s, "run"), *status = assay_stmt_get(s, "status");
    (void)leaf;
    if (!id || !status || run_of(l, id))
        return ASSAY_OK;
    if (l->n_runs == l->cap_runs) {
        size_t want = l->cap_runs ? 2 * l->cap_runs : 16;
        struct run *grown = realloc(l->run, want * sizeof *grown);
        if (!grown)
            return assay_fail_nomem(l->err);
        l->run = grown;
        l->cap_runs = want;
    }
    struct run *r = &l->run[l->n_runs++];
    r->good = strcmp(status, "ok") == 0;
    snprintf(r->id, sizeof r->id, "%s", id);
    return ASSAY_OK;
}

static bool is_current(const struct loader *l, const char *cut)
{
    uint8_t hash[32];
    if (!assay_sha256_parse(cut, hash))
        return false;
    for (size_t i = 0; i < l->cuts->n; i++)
        if (memcmp(l->cuts->cut[i].hash, hash, sizeof hash) == 0)
            return true;
    return false;
}

static bool hash_of(const struct assay_stmt *s, const char *key, const char *prefix, uint8_t out[32])
{
    const char *v = assay_stmt_get(s, key);
    size_t n = strlen(prefix);
    return v && strncmp(v, prefix, n) == 0 && assay_unhex(v + n, out, 32) == 0;
}

static const char *why_unsealed(const char *said)
{
    static const struct {
        const char *said, *why;
    } reasons[] = {
        {"defects", "the source was not sealed there: values of it did not decode"},
        {"unplaced", "the source was not sealed: rows of it had no place"},
        {"erased", "erased: its key was destroyed"},
    };
    for (size_t i = 0; said && i < sizeof reasons / sizeof *reasons; i++)
        if (strcmp(said, reasons[i].said) == 0)
            return reasons[i].why;
    return "the source was not sealed there";
}

static enum assay_status take_chunk(struct loader *l, const struct assay_stmt *s, uint64_t leaf)
{
    struct attested_source *a = l->out;
    const char *id = assay_stmt_get(s, "chunk"), *rows = assay_stmt_get(s, "rows");
    const struct run *run = run_of(l, assay_stmt_get(s, "run"));
    if (!id || strlen(id) != 32 || !rows)
        return assay_fail(l->err, ASSAY_ELEDGER, "a chunk statement of dataset %s is not whole", l->set->name);
    if (!run || !run->good || !is_current(l, assay_stmt_get(s, "cut")))
        return ASSAY_OK;
    if (a->n == a->cap) {
        size_t want = a->cap ? 2 * a->cap : 64;
        struct attested_root *grown = realloc(a->chunk, want * sizeof *grown);
        if (!grown)
            return assay_fail_nomem(l->err);
        a->chunk = grown;
        a->cap = want;
    }
    struct attested_root *c = &a->chunk[a->n++];
    *c = (struct attested_root){.leaf = leaf, .rows = strtoull(rows, NULL, 10)};
    snprintf(c->chunk, sizeof c->chunk, "%s", id);
    if (!hash_of(s, "root", "sha256:", c->root) || !hash_of(s, "keycommit", "", c->commit) ||
        !hash_of(s, "blocks", "sha256:", c->blocks))
        c->why = why_unsealed(assay_stmt_get(s, "unsealed"));
    c->has_sketch = !c->why && hash_of(s, "sketch", "sha256:", c->sketch);
    return ASSAY_OK;
}

/* By id, the newest first. */
static int by_id(const void *a, const void *b)
{
    const struct attested_root *x = a, *y = b;
    int c = memcmp(x->chunk, y->chunk, sizeof x->chunk);
    return c ? c : x->leaf > y->leaf ? -1 : x->leaf < y->leaf;
}

static void keep_newest(struct attested_source *a)
{
    size_t to = 0;
    if (a->n)
        qsort(a->chunk, a->n, sizeof *a->chunk, by_id);
    for (size_t i = 0; i < a->n; i++)
        if (!to || strcmp(a->chunk[to - 1].chunk, a->chunk[i].chunk) != 0)
            a->chunk[to++] = a->chunk[i];
    a->n = to;
}

enum assay_status assay_sealed_attested_load(struct assay_ledger *ledger, const struct assay_dataset *d,
                                             enum assay_side_id side, const char *plan_hash, const char *run,
                                             const struct assay_cutset *cuts, struct attested_source *out,
                                             struct assay_err *e)
{
    char plan[72];
    struct loader l = {.plan = plan, .set = d, .cuts = cuts, .out = out, .err = e, .take = take_end};
    struct assay_ledger_query q = {
        .kind = "run-end", .role = assay_side_name(side), .dataset = d->id, .run = run, .newest_first = true};
    snprintf(plan, sizeof plan, "sha256:%s", plan_hash);
    enum assay_status s = assay_ledger_each(ledger, &q, each, &l, e);
    if (s == ASSAY_OK && (s = l.status) == ASSAY_OK) {
        q.kind = "chunk";
        l.take = take_chunk;
        s = assay_ledger_each(ledger, &q, each, &l, e);
    }
    if (s == ASSAY_OK)
        s = l.status;
    if (s == ASSAY_OK)
        keep_newest(out);
    free(l.run);
    return s;
}

const struct attested_root *assay_sealed_attested_find(const struct attested_source *a, const char *chunk)
{
    size_t lo = 0, hi = a->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int c = strcmp(a->chunk[mid].chunk, chunk);
        if (c == 0)
            return &a->chunk[mid];
        if (c < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}

void assay_sealed_attested_release(struct attested_source *a)
{
    free(a->chunk);
    *a = (struct attested_source){0};
}
