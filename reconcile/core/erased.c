/* Chunks whose keys were destroyed on purpose: nothing about them can be verified any more, and that is no alarm. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"

struct load {
    struct run *r;
    bool nomem;
};

static bool take(void *ctx, const struct assay_leaf *leaf)
{
    struct load *x = ctx;
    struct run *r = x->r;
    struct assay_stmt st = {0};
    struct erased_chunks *grown = reallocarray(r->erased, r->n_erased + 1, sizeof *grown);
    if (grown)
        r->erased = grown;
    if (!grown || assay_stmt_parse(leaf->note, leaf->note_len, &st, NULL) != ASSAY_OK) {
        x->nomem = true; /* the ledger's readers have checked its form */
        return false;
    }
    const char *segment = assay_stmt_get(&st, "segment"), *ordinal = assay_stmt_get(&st, "ordinal");
    struct erased_chunks *c = &r->erased[r->n_erased];
    *c = (struct erased_chunks){.leaf = leaf->index, .ordinal = UINT32_MAX};
    if (ordinal)
        c->ordinal = (uint32_t)strtoul(ordinal, NULL, 10);
    c->segment = strdup(segment ? segment : "");
    x->nomem = !c->segment;
    r->n_erased += !x->nomem;
    assay_stmt_release(&st);
    return !x->nomem;
}

enum assay_status assay_erased_load(struct run *r)
{
    struct load x = {.r = r};
    struct assay_ledger_query q = {.kind = "erasure", .dataset = r->set->id};
    enum assay_status s = assay_ledger_each(r->ledger, &q, take, &x, r->err);
    return s == ASSAY_OK && x.nomem ? assay_fail_nomem(r->err) : s;
}

void assay_erased_release(struct run *r)
{
    for (size_t i = 0; i < r->n_erased; i++)
        free(r->erased[i].segment);
    free(r->erased);
}

const char *assay_erased(struct run *r, const struct attested_chunk *c)
{
    for (size_t i = 0; c && i < r->n_erased; i++) {
        const struct erased_chunks *x = &r->erased[i];
        if (strcmp(x->segment, c->segment) != 0 || (x->ordinal != UINT32_MAX && x->ordinal != c->ordinal))
            continue;
        snprintf(r->erased_by, sizeof r->erased_by, "erased by leaf %llu", (unsigned long long)x->leaf);
        return r->erased_by;
    }
    return NULL;
}
