/* Runs of a side after the one that was compared: what they stated has no part in the verdict. */
#include <stdlib.h>
#include <string.h>

#include "assay/plan.h"
#include "collect.h"

#define LOOKED_AT 64 /* of those that began, the newest */

struct later {
    const char *run[LOOKED_AT];
    size_t n;
};

static bool take_start(struct assay_collect *c, const struct assay_stmt *s, const struct assay_leaf *leaf)
{
    struct later *x = c->more;
    const char *scope = assay_stmt_get(s, "scope"), *run = assay_collect_text(c->r, s, "run");
    (void)leaf;
    if (!run || (scope && strcmp(scope, "scrub") == 0))
        return true;
    if (strcmp(run, c->d->side[c->side].run) == 0)
        return false;
    x->run[x->n++] = run;
    return x->n < LOOKED_AT;
}

static bool take_end(struct assay_collect *c, const struct assay_stmt *s, const struct assay_leaf *leaf)
{
    struct assay_rep_side *side = &c->d->side[c->side];
    (void)leaf;
    side->again = assay_collect_text(c->r, s, "observed");
    side->again_status = assay_collect_text(c->r, s, "status");
    return false;
}

static enum assay_status look(struct assay_ledger *l, struct assay_collect c)
{
    struct assay_rep_side *side = &c.d->side[c.side];
    struct later x = {0};
    struct assay_ledger_query q = {.kind = "run-start",
                                   .role = assay_side_name((enum assay_side_id)c.side),
                                   .dataset = c.d->id,
                                   .newest_first = true};
    c.more = &x;
    c.take = take_start;
    enum assay_status s = assay_collect(l, &q, &c);
    q.kind = "run-end";
    c.take = take_end;
    for (size_t i = 0; i < x.n && s == ASSAY_OK && !side->again; i++) {
        q.run = x.run[i];
        s = assay_collect(l, &q, &c);
    }
    return s;
}

enum assay_status assay_again_settle(struct assay_ledger *l, struct assay_report *r, struct assay_rep_dataset *d,
                                     struct assay_err *e)
{
    struct assay_collect c = {.r = r, .d = d, .e = e};
    enum assay_status s = ASSAY_OK;
    for (c.side = 0; c.side < 2 && s == ASSAY_OK; c.side++)
        if (d->has_verdict && d->side[c.side].started)
            s = look(l, c);
    return s;
}
