#include "attested_load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool assay_attested_relevant(const struct loader *l, const struct assay_stmt *s)
{
    const char *plan = assay_stmt_get(s, "plan");
    return plan && strcmp(plan, l->plan) == 0;
}

static bool each(void *ctx, const struct assay_leaf *leaf)
{
    struct loader *l = ctx;
    struct assay_stmt s = {0};
    l->status = assay_stmt_parse(leaf->note, leaf->note_len, &s, l->err);
    if (l->status == ASSAY_OK && assay_attested_relevant(l, &s))
        l->status = l->take(l, &s, leaf->index);
    assay_stmt_release(&s);
    return l->status == ASSAY_OK;
}

static enum assay_status load_kind(struct loader *l, const char *kind, enum assay_side_id side, const char *run,
                                   enum assay_status (*take)(struct loader *, const struct assay_stmt *, uint64_t))
{
    struct assay_ledger_query q = {.kind = kind,
                                   .role = assay_side_name(side),
                                   .dataset = l->set->id,
                                   .run = run,
                                   .from = l->from,
                                   .newest_first = true};
    l->take = take;
    enum assay_status s = assay_ledger_each(l->ledger, &q, each, l, l->err);
    return s == ASSAY_OK ? l->status : s;
}

/* ---- runs ---- */

struct attested_run *assay_attested_run_of(struct loader *l, const struct assay_stmt *s)
{
    struct attested *a = l->out;
    const char *id = assay_stmt_get(s, "run");
    if (l->last < a->n_runs && id && strcmp(a->run[l->last].id, id) == 0)
        return &a->run[l->last];
    for (size_t i = 0; id && i < a->n_runs; i++)
        if (strcmp(a->run[i].id, id) == 0) {
            l->last = i;
            return &a->run[i];
        }
    return NULL;
}

static enum assay_status take_start(struct loader *l, const struct assay_stmt *s, uint64_t leaf)
{
    struct attested *a = l->out;
    const char *scope = assay_stmt_get(s, "scope");
    if (!scope || strcmp(scope, "scrub") == 0 ||
        assay_attested_run_of(l, s)) /* of one run's starts the newest counts */
        return ASSAY_OK;
    if (a->n_runs == l->cap_runs) {
        size_t want = l->cap_runs ? 2 * l->cap_runs : 16;
        struct attested_run *grown = realloc(a->run, want * sizeof *grown);
        if (!grown)
            return assay_fail_nomem(l->err);
        a->run = grown;
        l->cap_runs = want;
    }
    struct attested_run *r = &a->run[a->n_runs++];
    *r = (struct attested_run){.start = leaf, .scope = copy(scope), .whole = strcmp(scope, "all") == 0};
    copy_to(r->id, sizeof r->id, assay_stmt_get(s, "run"));
    copy_to(r->observed, sizeof r->observed, assay_stmt_get(s, "observed"));
    copy_to(r->key, sizeof r->key, assay_stmt_get(s, "dataset-key"));
    return r->scope ? ASSAY_OK : assay_fail_nomem(l->err);
}

static enum assay_status take_end(struct loader *l, const struct assay_stmt *s, uint64_t leaf)
{
    struct attested_run *r = assay_attested_run_of(l, s);
    if (!r || r->ended || leaf < r->start) /* of a scrub, or of an earlier attempt under the same id */
        return ASSAY_OK;
    r->ended = true;
    r->status = copy(assay_stmt_get(s, "status"));
    r->reason = copy(assay_stmt_get(s, "reason"));
    r->tiled = copy(assay_stmt_get(s, "tiled"));
    r->unique = copy(assay_stmt_get(s, "key-unique"));
    r->mark = copy(assay_stmt_get(s, "closed-until"));
    r->rows = number(s, "rows");
    r->counted = number(s, "counted");
    r->unplaced = number(s, "unplaced");
    return r->status && r->tiled && r->unique ? ASSAY_OK
                                              : assay_fail(l->err, ASSAY_ELEDGER, "a run-end leaf is not whole");
}

/* Which runs count: the newest whole one that ended well, and the good ones after it. */
static void choose_runs(struct loader *l)
{
    struct attested *a = l->out;
    for (size_t i = 0; i < a->n_runs && !a->basis; i++) {
        struct attested_run *r = &a->run[i];
        r->used = r->ended && strcmp(r->status, "ok") == 0;
        if (r->used && r->whole)
            a->basis = r;
    }
    l->from = a->basis ? a->basis->start : 0;
}

enum assay_status assay_attested_load(struct assay_ledger *ledger, const struct assay_dataset *d,
                                      enum assay_side_id side, const char *plan_hash, const char *run,
                                      const struct attested_opener *open, struct attested *out, struct assay_err *e)
{
    char plan[80];
    struct loader l = {.ledger = ledger, .set = d, .plan = plan, .open = open, .out = out, .err = e};
    snprintf(plan, sizeof plan, "sha256:%s", plan_hash);
    *out = (struct attested){0};
    enum assay_status s = load_kind(&l, "run-start", side, run, take_start);
    if (s == ASSAY_OK)
        s = load_kind(&l, "run-end", side, run, take_end);
    if (s == ASSAY_OK) {
        choose_runs(&l);
        s = load_kind(&l, "chunk", side, run, assay_attested_take_chunk);
    }
    if (s == ASSAY_OK)
        s = load_kind(&l, "object", side, run, assay_attested_take_object);
    if (s == ASSAY_OK)
        s = load_kind(&l, "reference", side, run, assay_attested_take_object);
    if (s == ASSAY_OK) {
        assay_attested_keep_cuts(out);
        assay_attested_keep_objects(out);
    }
    free(l.slot);
    if (s != ASSAY_OK)
        assay_attested_release(out);
    return s;
}

void assay_attested_filter(struct attested *a, bool (*keep)(void *ctx, const char *segment, uint64_t rows), void *ctx)
{
    size_t to = 0;
    for (size_t i = 0; i < a->n_chunks; i++)
        if (keep(ctx, a->chunk[i].segment, a->chunk[i].rows))
            a->chunk[to++] = a->chunk[i];
        else
            assay_attested_chunk_release(&a->chunk[i]);
    a->n_chunks = to;
    to = 0;
    for (size_t i = 0; i < a->n_objects; i++)
        a->in_objects = a->in_objects || !a->object[i].reference;
    for (size_t i = 0; i < a->n_objects; i++)
        if (!a->object[i].segment || keep(ctx, a->object[i].segment, 0))
            a->object[to++] = a->object[i];
        else
            assay_attested_object_release(&a->object[i]);
    a->n_objects = to;
}

void assay_attested_release(struct attested *a)
{
    for (size_t i = 0; i < a->n_runs; i++) {
        free(a->run[i].scope);
        free(a->run[i].status);
        free(a->run[i].reason);
        free(a->run[i].tiled);
        free(a->run[i].unique);
        free(a->run[i].mark);
    }
    for (size_t i = 0; i < a->n_chunks; i++)
        assay_attested_chunk_release(&a->chunk[i]);
    for (size_t i = 0; i < a->n_objects; i++)
        assay_attested_object_release(&a->object[i]);
    free(a->run);
    free(a->chunk);
    free(a->object);
    *a = (struct attested){0};
}
