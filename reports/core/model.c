/* Ledger -> model: which run, which datasets, their verdicts. */
#include "model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/limits.h"
#include "assay/plan.h"
#include "collect.h"
#include "findings.h"
#include "judge.h"

const char *assay_rv_name(enum assay_rv v)
{
    static const char *const name[] = {"unverified", "match", "mismatch", "waived"};
    return v < ASSAY_RV_COUNT ? name[v] : name[0];
}

int assay_rv_rank(enum assay_rv v)
{
    static const int rank[] = {
        [ASSAY_RV_MISMATCH] = 0, [ASSAY_RV_UNVERIFIED] = 1, [ASSAY_RV_WAIVED] = 2, [ASSAY_RV_MATCH] = 3};
    return rank[v < ASSAY_RV_COUNT ? v : ASSAY_RV_UNVERIFIED];
}

uint64_t assay_rep_chunks(const struct assay_rep_counts *c)
{
    uint64_t n = 0;
    for (int i = 0; i < ASSAY_RV_COUNT; i++)
        n += c->chunks[i];
    return n;
}

/* ---- names ---- */

struct naming {
    const struct assay_report_scope *scope;
    bool keep_all;
};

static struct assay_rep_dataset *find_set(struct assay_report *r, const char *id)
{
    for (size_t i = 0; i < r->n_sets; i++)
        if (strcmp(r->set[i].id, id) == 0)
            return &r->set[i];
    return NULL;
}

const char *assay_rep_set_name(const struct assay_report *r, const char *id)
{
    for (size_t i = 0; i < r->n_sets; i++)
        if (strcmp(r->set[i].id, id) == 0)
            return r->set[i].name;
    return NULL;
}

static struct assay_rep_dataset *add_set(struct assay_report *r, const char *id, struct assay_err *e)
{
    if (r->n_sets >= ASSAY_MAX_DATASETS * 4 || !assay_grow(&r->set, r->n_sets, &r->cap_sets, sizeof *r->set)) {
        assay_fail_nomem(e);
        return NULL;
    }
    struct assay_rep_dataset *d = &r->set[r->n_sets++];
    memset(d, 0, sizeof *d);
    d->id = assay_arena_copy(&r->arena, id);
    d->name = d->id;
    return d;
}

/* Plans in ledger order: the newest name of a dataset holds. */
static bool take_plan(struct assay_collect *c, const struct assay_stmt *s, const struct assay_leaf *leaf)
{
    const char *id = assay_stmt_get(s, "dataset"), *name = assay_stmt_get(s, "name");
    (void)leaf;
    struct assay_rep_dataset *d = id ? find_set(c->r, id) : NULL;
    if (id && !d)
        d = add_set(c->r, id, c->e);
    if (d && name && *name)
        d->name = assay_arena_copy(&c->r->arena, name);
    return true;
}

static bool listed(const char *const *list, size_t n, const struct assay_rep_dataset *d)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i], d->id) == 0 || strcmp(list[i], d->name) == 0)
            return true;
    return false;
}

static bool in_scope(const struct assay_report_scope *scope, const struct assay_rep_dataset *d)
{
    return (!scope->plan_ids || listed(scope->plan_ids, scope->n_plan_ids, d)) &&
           (!scope->n_datasets || listed(scope->dataset, scope->n_datasets, d));
}

/* ---- which run ---- */

static bool take_newest_run(struct assay_collect *c, const struct assay_stmt *s, const struct assay_leaf *leaf)
{
    const struct naming *n = c->more;
    const char *id = assay_stmt_get(s, "dataset");
    (void)leaf;
    const struct assay_rep_dataset *d = id ? find_set(c->r, id) : NULL;
    if (!n->keep_all && (!d || !in_scope(n->scope, d)))
        return true;
    c->r->run = assay_collect_text(c->r, s, "run");
    return false;
}

static enum assay_status find_run(struct assay_ledger *l, struct assay_report *r,
                                  const struct assay_report_scope *scope, struct assay_err *e)
{
    static const char *const kinds[] = {"verdict", "run-start"};
    struct naming n = {scope, !scope->plan_ids && !scope->n_datasets};
    struct assay_collect c = {.r = r, .e = e, .more = &n, .take = take_newest_run};
    enum assay_status s = ASSAY_OK;
    r->run = assay_arena_copy(&r->arena, scope->run);
    for (size_t i = 0; i < 2 && s == ASSAY_OK && !r->run; i++) {
        struct assay_ledger_query q = {.kind = kinds[i], .newest_first = true};
        s = assay_collect(l, &q, &c);
    }
    return s;
}

/* ---- verdicts ---- */

/* Whether a mismatch is waived is looked up in the waivers, by the time of the verdict: its word is not taken for it.
 */
static enum assay_rv verdict_of(const struct assay_report *r, const struct assay_stmt *s, uint64_t leaf)
{
    const char *text = assay_stmt_get(s, "verdict"), *id = assay_stmt_get(s, "discrepancy"),
               *seen = assay_stmt_get(s, "seen");
    if (text && strcmp(text, "match") == 0)
        return ASSAY_RV_MATCH;
    if (!text || strcmp(text, "mismatch") != 0)
        return ASSAY_RV_UNVERIFIED;
    bool waived =
        assay_stmt_get(s, "waiver") && id && seen &&
        assay_waivers_find(&r->waivers, assay_stmt_get(s, "dataset"), id, seen, assay_stmt_get(s, "observed"), leaf);
    return waived ? ASSAY_RV_WAIVED : ASSAY_RV_MISMATCH;
}

/* About an object: it is in the list of objects, and no chunk. */
static bool take_object_verdict(struct assay_collect *c, struct assay_rep_dataset *d, const struct assay_stmt *s,
                                enum assay_rv v)
{
    const char *kind = assay_stmt_get(s, "kind"), *object = assay_collect_text(c->r, s, "object");
    if (v == ASSAY_RV_MISMATCH) {
        d->orphans += kind && strcmp(kind, "orphan") == 0;
        d->object_mismatches++;
    }
    if (v != ASSAY_RV_WAIVED)
        return true;
    d->counts.waived++;
    if (!assay_grow(&d->waived_object, d->n_waived_objects, &d->cap_waived_objects, sizeof *d->waived_object)) {
        assay_fail_nomem(c->e);
        return false;
    }
    d->waived_object[d->n_waived_objects++] = object ? object : "";
    return true;
}

static void keep(struct assay_report *r, const struct assay_stmt *s, const char *key, const char **to)
{
    const char *v = assay_stmt_get(s, key);
    if (v && *v && (!*to || strcmp(*to, v) != 0))
        *to = assay_arena_copy(&r->arena, v);
}

static bool take_verdict(struct assay_collect *c, const struct assay_stmt *s, const struct assay_leaf *leaf)
{
    struct assay_report *r = c->r;
    const char *id = assay_stmt_get(s, "dataset"), *chunk = assay_stmt_get(s, "chunk"),
               *segment = assay_stmt_get(s, "segment");
    if (!id || !chunk || !segment) {
        assay_fail(c->e, ASSAY_ELEDGER, "leaf %llu: a verdict without dataset, segment or chunk",
                   (unsigned long long)leaf->index);
        return false;
    }
    struct assay_rep_dataset *d = find_set(r, id);
    if (!d && !(d = add_set(r, id, c->e)))
        return false;
    d->has_verdict = true;
    d->verdict_leaf = leaf->index;
    keep(r, s, "plan", &d->plan);
    if (!d->strength || strcmp(d->strength, "fast") != 0) /* the weakest of all verdicts */
        keep(r, s, "strength", &d->strength);
    keep(r, s, "source-run", &d->side_run[0]);
    keep(r, s, "archive-run", &d->side_run[1]);
    keep(r, s, "observed", &r->observed);
    enum assay_rv v = verdict_of(r, s, leaf->index);
    if (strcmp(chunk, "-") == 0)
        return take_object_verdict(c, d, s, v);
    bool whole = strcmp(chunk, "*") == 0;
    struct assay_rep_chunk *k = whole ? assay_chunk_whole(d, segment, c->e) : assay_chunk_named(d, chunk, c->e);
    if (!k)
        return false;
    if (whole && !(assay_scope_take(c, d, s) && assay_kept_take(c, d, s)))
        return false;
    if (whole && !assay_stmt_number(s, "rows-purged", &d->counts.purged))
        d->counts.purged = 0;
    k->judged = true;
    k->leaf = leaf->index;
    keep(r, s, "segment", &k->segment);
    k->verdict = v;
    k->kind = assay_collect_text(r, s, "kind");
    k->changed_side = assay_collect_text(r, s, "changed-side");
    k->columns = assay_collect_text(r, s, "columns");
    k->reason = assay_collect_text(r, s, "reason");
    k->accepted = k->n_chunks = 0;
    assay_stmt_number(s, "accepted", &k->accepted);
    assay_stmt_number(s, "chunks", &k->n_chunks);
    for (int i = 0; i < 2; i++)
        k->has_rows[i] = assay_stmt_number(s, i ? "rows-archive" : "rows-source", &k->rows[i]);
    return true;
}

/* ---- building ---- */

static bool take_member(struct assay_collect *c, const struct assay_stmt *s, const struct assay_leaf *leaf)
{
    const char *id = assay_stmt_get(s, "dataset");
    (void)leaf;
    struct assay_rep_dataset *d = id ? find_set(c->r, id) : NULL;
    if (id && !d && !(d = add_set(c->r, id, c->e)))
        return false;
    if (d) {
        keep(c->r, s, "plan", &d->plan);
        d->side_run[strcmp(s->kind, "run-start") == 0 && assay_stmt_get(s, "role") &&
                    strcmp(assay_stmt_get(s, "role"), "archive") == 0] = c->r->run;
        keep(c->r, s, "observed", &c->r->observed);
    }
    return true;
}

static void release_set(struct assay_rep_dataset *d)
{
    free(d->chunk);
    free(d->slot);
    free(d->object);
    free(d->claim);
    free(d->open);
    free(d->kept);
    free(d->drift);
    free(d->cause);
    free(d->partial);
    free(d->span);
    free(d->rule);
    free(d->disc);
    free(d->request);
    free(d->waived_object);
    for (int i = 0; i < 2; i++) {
        free(d->side[i].uncovered);
        free(d->side[i].era);
        free(d->side[i].age);
        free(d->side[i].changed);
    }
}

/* Datasets that the run does not speak of and that the caller did not name do not belong into its report. */
static void drop_others(struct assay_report *r, const struct assay_report_scope *scope)
{
    size_t n = 0;
    for (size_t i = 0; i < r->n_sets; i++) {
        struct assay_rep_dataset *d = &r->set[i];
        bool asked = listed(scope->dataset, scope->n_datasets, d);
        bool took_part = d->has_verdict || d->side_run[0] || d->side_run[1];
        if (in_scope(scope, d) && (took_part || asked || (scope->all && scope->plan_ids)))
            r->set[n++] = *d;
        else
            release_set(d);
    }
    r->n_sets = n;
}

static enum assay_status fill(struct assay_ledger *l, struct assay_report *r, struct assay_rep_dataset *d,
                              const struct assay_report_scope *scope, struct assay_err *e)
{
    struct assay_rep_plan plan;
    enum assay_status s = ASSAY_OK;
    for (int side = 0; side < 2 && s == ASSAY_OK; side++)
        if ((s = assay_collect_side(l, r, d, side, e)) == ASSAY_OK)
            s = assay_eras_newest(r, &d->side[side], e);
    if (s == ASSAY_OK)
        s = assay_plan_take(l, r, d, &plan, e);
    if (s == ASSAY_OK)
        s = assay_drift_collect(l, r, d, e);
    if (s == ASSAY_OK)
        s = assay_collect_causes(l, r, d, e);
    if (s == ASSAY_OK)
        s = assay_collect_findings(l, r, d, e);
    if (s != ASSAY_OK)
        return s;
    if (!assay_schema_compare(r, d, &plan) || !assay_chunks_settle(r, d))
        return assay_fail_nomem(e);
    s = assay_bounds_open(l, r, d, &plan, scope->keys, e);
    if (s == ASSAY_OK)
        s = assay_eras_settle(r, d, &plan, e);
    return s == ASSAY_OK ? assay_spans_settle(l, r, d, e) : s;
}

/* Datasets of the plan that the ledger has never heard of. */
static enum assay_status add_planned(struct assay_report *r, const struct assay_report_scope *scope,
                                     struct assay_err *e)
{
    for (size_t i = 0; scope->plan_ids && i < scope->n_plan_ids; i++) {
        struct assay_rep_dataset *d = find_set(r, scope->plan_ids[i]);
        if (d)
            continue;
        if (!(d = add_set(r, scope->plan_ids[i], e)))
            return e->code;
        if (scope->plan_names)
            d->name = assay_arena_copy(&r->arena, scope->plan_names[i]);
    }
    return ASSAY_OK;
}

static enum assay_status missing_names(const struct assay_report *r, const struct assay_report_scope *scope,
                                       struct assay_err *e)
{
    for (size_t i = 0; i < scope->n_datasets; i++) {
        bool found = false;
        for (size_t k = 0; k < r->n_sets && !found; k++)
            found = listed(&scope->dataset[i], 1, &r->set[k]);
        if (!found)
            return assay_fail(e, ASSAY_ENOTFOUND, "neither the plan nor the ledger knows a dataset '%s'",
                              scope->dataset[i]);
    }
    return ASSAY_OK;
}

static enum assay_status read_run(struct assay_ledger *l, struct assay_report *r,
                                  const struct assay_report_scope *scope, struct assay_err *e)
{
    struct assay_collect c = {.r = r, .e = e, .take = take_plan};
    struct assay_ledger_query q = {.kind = "plan"};
    enum assay_status s = assay_collect(l, &q, &c);
    if (s == ASSAY_OK)
        s = add_planned(r, scope, e);
    if (s == ASSAY_OK)
        s = find_run(l, r, scope, e);
    if (s == ASSAY_OK)
        s = assay_waivers_load(l, NULL, &r->waivers, e);
    if (s == ASSAY_OK && r->run) {
        q = (struct assay_ledger_query){.kind = "run-start", .run = r->run};
        c.take = take_member;
        s = assay_collect(l, &q, &c);
    }
    if (s == ASSAY_OK && r->run) {
        q.kind = "verdict";
        c.take = take_verdict;
        s = assay_collect(l, &q, &c);
    }
    if (s == ASSAY_OK)
        s = missing_names(r, scope, e);
    bool known = !scope->run;
    for (size_t i = 0; i < r->n_sets; i++)
        known |= r->set[i].has_verdict || r->set[i].side_run[0] || r->set[i].side_run[1];
    if (s == ASSAY_OK && !known)
        s = assay_fail(e, ASSAY_ENOTFOUND, "the ledger knows no run %s", scope->run);
    drop_others(r, scope);
    for (size_t i = 0; i < r->n_sets && s == ASSAY_OK; i++)
        s = fill(l, r, &r->set[i], scope, e);
    return s == ASSAY_OK ? assay_collect_coverage(l, r, e) : s;
}

static struct assay_report *new_report(const struct assay_report_scope *scope)
{
    struct assay_report *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    r->plan_path = assay_arena_copy(&r->arena, scope->plan_path);
    r->ledger_path = assay_arena_copy(&r->arena, scope->ledger_path);
    r->keys_path = assay_arena_copy(&r->arena, scope->keys_path);
    r->root = r->checkpoint = "";
    return r;
}

/* The third line of a checkpoint note is the root (C2SP tlog-checkpoint). */
static const char *root_of(struct assay_report *r, const char *checkpoint)
{
    const char *p = strchr(checkpoint, '\n');
    p = p ? strchr(p + 1, '\n') : NULL;
    char root[64] = "";
    if (p)
        snprintf(root, sizeof root, "%.*s", (int)strcspn(p + 1, "\n"), p + 1);
    return assay_arena_copy(&r->arena, root);
}

enum assay_status assay_report_build(struct assay_ledger *l, const struct assay_report_scope *scope,
                                     struct assay_report **out, struct assay_err *e)
{
    struct assay_err local = {0};
    e = e ? e : &local;
    *out = NULL;
    struct assay_report *r = new_report(scope);
    if (!r)
        return assay_fail_nomem(e);
    r->ledger_size = assay_ledger_size(l);
    r->checkpoint = assay_arena_copy(&r->arena, assay_ledger_checkpoint(l));
    r->root = r->checkpoint ? root_of(r, r->checkpoint) : NULL;
    enum assay_status s = read_run(l, r, scope, e);
    if (s == ASSAY_OK) {
        assay_report_judge(r);
        if (r->arena.failed)
            s = assay_fail_nomem(e);
    }
    if (s != ASSAY_OK) {
        assay_report_free(r);
        return s;
    }
    *out = r;
    return ASSAY_OK;
}

struct assay_report *assay_report_broken(const struct assay_report_scope *scope, const struct assay_err *why)
{
    struct assay_report *r = new_report(scope);
    if (!r)
        return NULL;
    r->run = assay_arena_copy(&r->arena, scope->run);
    r->error = assay_arena_copy(&r->arena, why->msg);
    r->independence = "nothing was reported";
    r->exit_code = why->code == ASSAY_ELEDGER ? ASSAY_EXIT_LEDGER : ASSAY_EXIT_UNVERIFIED;
    return r;
}

void assay_report_free(struct assay_report *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->n_sets; i++)
        release_set(&r->set[i]);
    free(r->set);
    free(r->coverage.lacks);
    assay_waivers_release(&r->waivers);
    assay_arena_release(&r->arena);
    free(r);
}
