/* Discrepancies found again: open, or waived by the approver for as long as they look as they did. */
#include <stdio.h>
#include <string.h>

#include "run.h"

void assay_run_waive(const struct run *r, struct discrepancy *d, struct compared *c, const char *a, const char *b)
{
    assay_discrepancy_id(r->set->id, d->segment, d->chunk, d->kind, d->columns, d->object, d->id);
    memcpy(c->discrepancy, d->id, sizeof c->discrepancy);
    assay_waiver_seen(a, b, c->seen);
    c->waiver = assay_waivers_find(&r->waivers, r->set->id, d->id, c->seen, r->now, UINT64_MAX);
}

/* What a chunk's statement is known by: its row sum, and its root where it has one. */
void assay_run_waive_chunk(const struct run *r, struct discrepancy *d, struct compared *c,
                           const struct attested_chunk *s, const struct attested_chunk *a)
{
    const struct attested_chunk *of[] = {s, a};
    char known[2][128], sum[33];
    for (int i = 0; i < 2; i++) {
        assay_sum_hex(of[i]->row, sum);
        snprintf(known[i], sizeof known[i], "%s %s", sum, of[i]->root);
    }
    assay_run_waive(r, d, c, known[0], known[1]);
}

static bool is(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

enum assay_status assay_run_found(struct run *r, struct discrepancy *d, const struct compared *c)
{
    const struct discrepancy *k = assay_discrepancies_find(&r->known, d->id);
    char waived[96] = "";
    bool stands = k && (c->waiver ? is(k->state, "waived") : is(k->state, "open") || is(k->state, "requested"));
    if (k)
        r->seen[k - r->known.d] = true;
    r->out->open += !c->waiver;
    r->out->opened += !stands && !c->waiver;
    if (stands || !(r->what & ASSAY_RECONCILE_VERDICTS))
        return ASSAY_OK;
    if (c->waiver)
        snprintf(waived, sizeof waived, "waived by leaf %llu until %s", (unsigned long long)c->waiver->leaf,
                 c->waiver->until);
    return assay_discrepancy_state(r->sink, r->set, d, c->waiver ? "waived" : "open", c->waiver ? waived : c->reason,
                                   r->result_run, r->err);
}
