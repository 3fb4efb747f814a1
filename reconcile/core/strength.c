/* How strong the matches of a dataset are: sealed only when every one of them is. */
#include <stdio.h>
#include <string.h>

#include "assay/writer.h"
#include "run.h"

void assay_strength_note(struct run *r, const struct compared *c, const struct attested_chunk *s,
                         const struct attested_chunk *a)
{
    bool nothing = s->rows == 0 && a->rows == 0; /* no digest is needed to compare no rows */
    r->rest_sealed += c->sealed || nothing;
    if (!r->set->sealed || c->sealed || nothing || r->weaker[0])
        return;
    r->weaker[0] = s;
    r->weaker[1] = a;
}

/* Why the first chunk that is not sealed is not. */
static const char *weak_side(const struct run *r, const char **reason)
{
    int side = r->weaker[ASSAY_SOURCE]->root[0] ? ASSAY_ARCHIVE : ASSAY_SOURCE;
    const char *said = r->weaker[side]->unsealed;
    *reason = said[0] ? said : "its statement is fast";
    return assay_side_name((enum assay_side_id)side);
}

void assay_strength_state(struct run *r, struct assay_writer *w)
{
    const char *reason;
    bool sealed = r->set->sealed && r->rest_sealed == r->rest;
    assay_writer_add(w, "strength", sealed ? "sealed" : "fast");
    if (!r->weaker[0])
        return;
    const char *side = weak_side(r, &reason);
    assay_writer_addf(w, "weaker", "%llu of %llu chunks were compared by sums alone: the %s was not sealed: %s",
                      (unsigned long long)(r->rest - r->rest_sealed), (unsigned long long)r->rest, side, reason);
    snprintf(r->out->weaker, sizeof r->out->weaker, "%llu of %llu chunks, the %s was not sealed: %s",
             (unsigned long long)(r->rest - r->rest_sealed), (unsigned long long)r->rest, side, reason);
}
