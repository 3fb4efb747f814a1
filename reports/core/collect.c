/* Reading leaves: one parsed statement at a time. */
#include "collect.h"

#include <stdlib.h>
#include <string.h>

static bool each(void *ctx, const struct assay_leaf *leaf)
{
    struct assay_collect *c = ctx;
    struct assay_stmt s = {0};
    if (assay_stmt_parse(leaf->note, leaf->note_len, &s, c->e) != ASSAY_OK)
        return false;
    bool go = c->take(c, &s, leaf);
    assay_stmt_release(&s);
    if (c->r->arena.failed)
        assay_fail_nomem(c->e);
    return go && c->e->code == ASSAY_OK;
}

enum assay_status assay_collect(struct assay_ledger *l, const struct assay_ledger_query *q, struct assay_collect *c)
{
    enum assay_status s = assay_ledger_each(l, q, each, c, c->e);
    return s == ASSAY_OK ? c->e->code : s;
}

const char *assay_collect_text(struct assay_report *r, const struct assay_stmt *s, const char *key)
{
    const char *v = assay_stmt_get(s, key);
    return v && *v ? assay_arena_copy(&r->arena, v) : NULL;
}
