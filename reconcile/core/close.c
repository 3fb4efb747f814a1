/* Closing discrepancies: only a later verification that matches proves one gone. */
#include <stdlib.h>
#include <string.h>

#include "run.h"

static int by_id(const void *a, const void *b)
{
    const struct attested_chunk *const *x = a, *const *y = b;
    return strcmp((*x)->id, (*y)->id);
}

static int by_segment(const void *a, const void *b)
{
    const struct attested_chunk *const *x = a, *const *y = b;
    return strcmp((*x)->segment, (*y)->segment);
}

static int with_id(const void *id, const void *c)
{
    return strcmp(id, (*(const struct attested_chunk *const *)c)->id);
}

static int with_segment(const void *segment, const void *c)
{
    return strcmp(segment, (*(const struct attested_chunk *const *)c)->segment);
}

static int in_segment(const void *segment, const void *c)
{
    return strcmp(segment, ((const struct attested_chunk *)c)->segment);
}

/* Every chunk of the segment was compared, and matches. "-": of all segments. */
static bool segment_matches(const struct run *r, const char *segment)
{
    const struct attested *s = &r->side[ASSAY_SOURCE];
    if (strcmp(segment, "-") == 0)
        return r->n_bad == 0 && r->n_good && s->basis && r->side[ASSAY_ARCHIVE].basis;
    return s->n_chunks && bsearch(segment, s->chunk, s->n_chunks, sizeof *s->chunk, in_segment) &&
           !(r->n_bad && bsearch(segment, r->bad, r->n_bad, sizeof(const struct attested_chunk *), with_segment));
}

/* What was stated before the discrepancy was cannot prove that it is gone: `reconcile --run` may compare old runs. */
static bool seen_later(const struct run *r, const struct discrepancy *d)
{
    for (int i = 0; i < 2; i++)
        for (size_t k = 0; k < r->side[i].n_runs; k++)
            if (r->side[i].run[k].used && r->side[i].run[k].start > d->leaf)
                return true;
    return false;
}

/* A chunk of an older cut is judged by its segment. */
static bool chunk_matches(const struct run *r, const struct discrepancy *d)
{
    if (!seen_later(r, d))
        return false;
    if (r->n_good && bsearch(d->chunk, r->good, r->n_good, sizeof(const struct attested_chunk *), with_id))
        return true;
    return segment_matches(r, d->segment);
}

static int with_name(const void *name, const void *o)
{
    return strcmp(name, ((const struct attested_object *)o)->name);
}

static bool object_is_well(const struct run *r, const struct discrepancy *d)
{
    const struct attested *a = &r->side[ASSAY_ARCHIVE];
    const struct attested_object *o =
        d->object && a->n_objects ? bsearch(d->object, a->object, a->n_objects, sizeof *o, with_name) : NULL;
    if (o)
        return o->leaf > d->leaf && (strcmp(o->status, "ok") == 0 || strcmp(o->status, "intact") == 0 ||
                                     strcmp(o->status, "manifest") == 0); /* misplaced rows were found again */
    if (strcmp(d->kind, "unexpected") == 0) /* a later look at the whole archive does not meet it */
        return a->basis && a->basis->start > d->leaf;
    return seen_later(r, d) && segment_matches(r, d->segment); /* replaced by files of other names, or a table */
}

enum assay_status assay_close_what_is_gone(struct run *r)
{
    enum assay_status s = ASSAY_OK;
    if (r->n_good)
        qsort(r->good, r->n_good, sizeof(const struct attested_chunk *), by_id);
    if (r->n_bad)
        qsort(r->bad, r->n_bad, sizeof(const struct attested_chunk *), by_segment);
    for (size_t i = 0; i < r->known.n && s == ASSAY_OK; i++) {
        const struct discrepancy *d = &r->known.d[i];
        if (r->seen[i] || strcmp(d->state, "closed") == 0)
            continue;
        bool gone = !r->out->reason && (strcmp(d->chunk, "-") == 0 ? object_is_well(r, d) : chunk_matches(r, d));
        if (gone) {
            r->out->closed++;
            s = assay_discrepancy_state(r->sink, r->set, d, "closed", "verified again, and it is gone", r->result_run,
                                        r->err);
        } else {
            r->out->open += strcmp(d->state, "waived") != 0;
        }
    }
    return s;
}
