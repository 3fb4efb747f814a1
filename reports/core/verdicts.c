/* What one run says of its datasets: which took part, and their verdicts. */
#include <stdlib.h>
#include <string.h>

#include "assay/plan.h"
#include "collect.h"

/* Whether a mismatch is waived is looked up in the waivers, by the time of the verdict: its word is not taken for it.
 */
enum assay_rv assay_verdict_of(const struct assay_report *r, const struct assay_stmt *s, uint64_t leaf)
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
    struct assay_rep_dataset *d = assay_set_find(r, id);
    if (!d && !(d = assay_set_add(r, id, c->e)))
        return false;
    d->has_verdict = true;
    d->verdict_leaf = leaf->index;
    keep(r, s, "plan", &d->plan);
    if (!d->strength || strcmp(d->strength, "fast") != 0) /* the weakest of all verdicts */
        keep(r, s, "strength", &d->strength);
    keep(r, s, "source-run", &d->side_run[0]);
    keep(r, s, "archive-run", &d->side_run[1]);
    keep(r, s, "run", &d->run);
    keep(r, s, "observed", &d->observed);
    enum assay_rv v = assay_verdict_of(r, s, leaf->index);
    if (strcmp(chunk, "-") == 0)
        return take_object_verdict(c, d, s, v);
    bool whole = strcmp(chunk, "*") == 0;
    struct assay_rep_chunk *k = whole ? assay_chunk_whole(d, segment, c->e) : assay_chunk_named(d, chunk, c->e);
    if (!k)
        return false;
    if (whole && !(assay_scope_take(c, d, s) && assay_kept_take(c, d, s)))
        return false;
    if (whole && strcmp(segment, "*") == 0)
        keep(r, s, "scope", &d->compared.scope);
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

static bool take_member(struct assay_collect *c, const struct assay_stmt *s, const struct assay_leaf *leaf)
{
    const char *id = assay_stmt_get(s, "dataset"), *role = assay_stmt_get(s, "role");
    (void)leaf;
    struct assay_rep_dataset *d = id ? assay_set_find(c->r, id) : NULL;
    if (id && !d && !(d = assay_set_add(c->r, id, c->e)))
        return false;
    if (!d)
        return true;
    keep(c->r, s, "plan", &d->plan);
    keep(c->r, s, "run", &d->run);
    keep(c->r, s, "observed", &d->observed);
    d->side_run[role && strcmp(role, "archive") == 0] = d->run;
    return true;
}

enum assay_status assay_run_read(struct assay_ledger *l, struct assay_report *r, const char *run, const char *set,
                                 struct assay_err *e)
{
    struct assay_ledger_query q = {.kind = "run-start", .run = run, .dataset = set};
    struct assay_collect c = {.r = r, .e = e, .take = take_member};
    enum assay_status s = assay_collect(l, &q, &c);
    q.kind = "verdict";
    c.take = take_verdict;
    return s == ASSAY_OK ? assay_collect(l, &q, &c) : s;
}

static bool take_run(struct assay_collect *c, const struct assay_stmt *s, const struct assay_leaf *leaf)
{
    (void)leaf;
    *(const char **)c->more = assay_collect_text(c->r, s, "run");
    return false;
}

enum assay_status assay_run_newest(struct assay_ledger *l, struct assay_report *r, const struct assay_rep_dataset *d,
                                   struct assay_err *e)
{
    static const char *const kinds[] = {"verdict", "run-start"};
    const char *run = NULL;
    struct assay_collect c = {.r = r, .e = e, .more = &run, .take = take_run};
    enum assay_status s = ASSAY_OK;
    for (size_t i = 0; i < 2 && s == ASSAY_OK && !run; i++) {
        const struct assay_ledger_query q = {.kind = kinds[i], .dataset = d->id, .newest_first = true};
        s = assay_collect(l, &q, &c);
    }
    return s == ASSAY_OK && run ? assay_run_read(l, r, run, d->id, e) : s;
}
