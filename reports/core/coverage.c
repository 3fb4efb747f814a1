/* Coverage: does every table and column of the source belong to a dataset? Stated once a run. */
#include <string.h>

#include "collect.h"

static bool take(struct assay_collect *c, const struct assay_stmt *s, const struct assay_leaf *leaf)
{
    struct assay_rep_coverage *v = &c->r->coverage;
    const char *text;
    (void)leaf;
    v->status = assay_collect_text(c->r, s, "status");
    v->reason = assay_collect_text(c->r, s, "reason");
    assay_stmt_number(s, "covered", &v->covered);
    assay_stmt_number(s, "uncovered", &v->uncovered);
    assay_stmt_number(s, "gone", &v->gone);
    assay_stmt_number(s, "ignored", &v->ignored);
    assay_stmt_number(s, "apart", &v->apart);
    for (size_t i = 0; (text = assay_stmt_nth(s, "lacks", i)); i++) {
        if (!assay_grow(&v->lacks, v->n_lacks, &v->cap_lacks, sizeof *v->lacks)) {
            assay_fail_nomem(c->e);
            return false;
        }
        v->lacks[v->n_lacks++] = assay_arena_copy(&c->r->arena, text);
    }
    return false; /* newest first: the others are history */
}

enum assay_status assay_collect_coverage(struct assay_ledger *l, struct assay_report *r, struct assay_err *e)
{
    struct assay_collect c = {.r = r, .e = e, .take = take};
    enum assay_status s = ASSAY_OK;
    for (size_t i = 0; i < r->n_sets && s == ASSAY_OK && !r->coverage.status; i++) {
        struct assay_ledger_query q = {.kind = "coverage", .run = r->set[i].side[0].run, .newest_first = true};
        if (q.run)
            s = assay_collect(l, &q, &c);
    }
    return s;
}

bool assay_coverage_lacking(const struct assay_report *r)
{
    return r->coverage.status && strcmp(r->coverage.status, "full") != 0;
}
