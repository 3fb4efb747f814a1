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

struct assay_rep_dataset *assay_set_find(struct assay_report *r, const char *id)
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

struct assay_rep_dataset *assay_set_add(struct assay_report *r, const char *id, struct assay_err *e)
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
    struct assay_rep_dataset *d = id ? assay_set_find(c->r, id) : NULL;
    if (id && !d)
        d = assay_set_add(c->r, id, c->e);
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

static bool is_planned(const struct assay_report_scope *scope, const struct assay_rep_dataset *d)
{
    return !scope->plan_ids || scope->whole_ledger || listed(scope->plan_ids, scope->n_plan_ids, d);
}

static bool in_scope(const struct assay_report_scope *scope, const struct assay_rep_dataset *d)
{
    return is_planned(scope, d) && (!scope->n_datasets || listed(scope->dataset, scope->n_datasets, d));
}

/* ---- which run ---- */

static bool take_newest_run(struct assay_collect *c, const struct assay_stmt *s, const struct assay_leaf *leaf)
{
    const struct naming *n = c->more;
    const char *id = assay_stmt_get(s, "dataset");
    (void)leaf;
    const struct assay_rep_dataset *d = id ? assay_set_find(c->r, id) : NULL;
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

/* ---- building ---- */

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
    if (s == ASSAY_OK)
        s = assay_spans_settle(l, r, d, e);
    if (s == ASSAY_OK)
        s = assay_part_settle(l, r, d, e);
    return s == ASSAY_OK ? assay_again_settle(l, r, d, e) : s;
}

/* Datasets of the plan that the ledger has never heard of. */
static enum assay_status add_planned(struct assay_report *r, const struct assay_report_scope *scope,
                                     struct assay_err *e)
{
    for (size_t i = 0; scope->plan_ids && i < scope->n_plan_ids; i++) {
        struct assay_rep_dataset *d = assay_set_find(r, scope->plan_ids[i]);
        if (d)
            continue;
        if (!(d = assay_set_add(r, scope->plan_ids[i], e)))
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

/* A dataset that the report is not about: only what the ledger says of it last is kept. */
static enum assay_status take_other(struct assay_ledger *l, struct assay_report *r, struct assay_rep_dataset *d,
                                    struct assay_err *e)
{
    const struct assay_report_scope closed = {0};
    const uint64_t hidden = r->hidden;
    enum assay_status s = assay_run_newest(l, r, d, e);
    if (s == ASSAY_OK && d->run)
        s = fill(l, r, d, &closed, e);
    if (s != ASSAY_OK)
        return s;
    r->hidden = hidden;
    if (!assay_grow(&r->other, r->n_others, &r->cap_others, sizeof *r->other))
        return assay_fail_nomem(e);
    assay_report_judge_set(r, d);
    r->other[r->n_others++] = (struct assay_rep_other){.id = d->id,
                                                       .name = d->name,
                                                       .run = d->run,
                                                       .observed = d->observed,
                                                       .verdict = d->stands,
                                                       .n_open = d->n_open};
    return s;
}

/* Datasets that the run does not speak of and that the caller did not name do not belong into its report. */
static bool is_shown(const struct assay_report *r, const struct assay_report_scope *scope,
                     const struct assay_rep_dataset *d)
{
    const bool every = scope->all && (scope->plan_ids || !r->one_run);
    return in_scope(scope, d) && (d->run || every || listed(scope->dataset, scope->n_datasets, d));
}

static enum assay_status take_sets(struct assay_ledger *l, struct assay_report *r,
                                   const struct assay_report_scope *scope, struct assay_err *e)
{
    enum assay_status s = ASSAY_OK;
    size_t n = 0;
    for (size_t i = 0; i < r->n_sets; i++) {
        struct assay_rep_dataset *d = &r->set[i];
        const bool shown = is_shown(r, scope, d), planned = is_planned(scope, d);
        if (s == ASSAY_OK && shown && r->one_run)
            d->run = r->run;
        else if (s == ASSAY_OK && shown && !d->run)
            s = assay_run_newest(l, r, d, e);
        if (s == ASSAY_OK && shown)
            s = fill(l, r, d, scope, e);
        r->n_unread += !shown && planned && scope->n_datasets;
        if (s == ASSAY_OK && !shown && planned && !scope->n_datasets)
            s = take_other(l, r, d, e);
        if (shown && d->observed && (!r->observed || strcmp(d->observed, r->observed) > 0))
            r->observed = d->observed;
        if (shown)
            r->set[n++] = *d;
        else
            release_set(d);
    }
    r->n_sets = n;
    return s;
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
    if (s == ASSAY_OK && r->run)
        s = assay_run_read(l, r, r->run, NULL, e);
    if (s == ASSAY_OK)
        s = missing_names(r, scope, e);
    bool known = !scope->run;
    for (size_t i = 0; i < r->n_sets; i++)
        known |= r->set[i].run != NULL;
    if (s == ASSAY_OK && !known)
        s = assay_fail(e, ASSAY_ENOTFOUND, "the ledger knows no run %s", scope->run);
    if (s == ASSAY_OK)
        s = take_sets(l, r, scope, e);
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
    r->one_run = scope->run != NULL;
    r->every = scope->all;
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
    r->exit_code = why->code == ASSAY_ELEDGER || why->code == ASSAY_ESTORE ? ASSAY_EXIT_LEDGER : ASSAY_EXIT_UNVERIFIED;
    return r;
}

void assay_report_free(struct assay_report *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->n_sets; i++)
        release_set(&r->set[i]);
    free(r->set);
    free(r->other);
    free(r->coverage.lacks);
    assay_waivers_release(&r->waivers);
    assay_arena_release(&r->arena);
    free(r);
}
