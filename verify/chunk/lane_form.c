/* Row forms of segments that were archived before a column existed: such rows are hashed as if the column were not in
 * the plan. */
#include <stdlib.h>
#include <string.h>

#include "assay/bytes.h"
#include "assay/canon.h"
#include "lane.h"

static int by_from(const void *a, const void *b)
{
    assay_segment x = ((const struct lane_form *)a)->from, y = ((const struct lane_form *)b)->from;
    return x < y ? -1 : x > y;
}

static enum assay_status fill(struct assay_lane *l, struct lane_form *f, const assay_segment *since,
                              struct assay_err *e)
{
    const struct assay_dataset *d = l->spec.set;
    struct assay_form_column *form = calloc(l->n + 1, sizeof *form);
    f->has = calloc(l->n + 1, sizeof *f->has);
    if (!form || !f->has) {
        free(form);
        return assay_fail_nomem(e);
    }
    for (size_t c = 0; c < l->n; c++) {
        f->has[c] = since[c] <= f->from;
        if (f->has[c])
            form[f->n++] =
                (struct assay_form_column){d->col[c].name, d->col[c].type, d->col[c].key_pos, d->col[c].shape};
    }
    enum assay_status s = assay_row_form(form, f->n, f->hash);
    free(form);
    return s == ASSAY_OK ? s : assay_fail(e, s, "dataset %s: its columns have no row form", d->name);
}

enum assay_status assay_lane_forms_make(struct assay_lane *l, struct assay_err *e)
{
    const struct assay_dataset *d = l->spec.set;
    size_t dated = 0;
    for (size_t c = 0; c < l->n; c++)
        dated += d->col[c].since != NULL;
    if (!dated)
        return ASSAY_OK;
    assay_segment *since = calloc(l->n, sizeof *since);
    l->forms = calloc(dated + 1, sizeof *l->forms);
    enum assay_status s = since && l->forms ? ASSAY_OK : assay_fail_nomem(e);
    if (s == ASSAY_OK)
        l->forms[l->n_forms++].from = ASSAY_SEG_NEG;
    for (size_t c = 0; c < l->n && s == ASSAY_OK; c++) {
        since[c] = ASSAY_SEG_NEG;
        if (d->col[c].since && !assay_segment_parse(&l->router, d->col[c].since, &since[c]))
            s = assay_fail(e, ASSAY_EPLAN, "since of column %s: \"%s\" names no segment of the window", d->col[c].name,
                           d->col[c].since);
        else if (d->col[c].since)
            l->forms[l->n_forms++].from = since[c];
    }
    if (s == ASSAY_OK)
        qsort(l->forms, l->n_forms, sizeof *l->forms, by_from);
    for (size_t i = 0; i < l->n_forms && s == ASSAY_OK; i++)
        s = fill(l, &l->forms[i], since, e);
    free(since);
    return s;
}

void assay_lane_forms_release(struct assay_lane *l)
{
    for (size_t i = 0; i < l->n_forms; i++)
        free(l->forms[i].has);
    free(l->forms);
}

const struct lane_form *assay_lane_form_of(const struct assay_lane *l, assay_segment id)
{
    const struct lane_form *f = NULL;
    if (id == ASSAY_SEG_NULL) /* no date says that the column was not there */
        return NULL;
    for (size_t i = 0; i < l->n_forms && l->forms[i].from <= id; i++)
        f = &l->forms[i];
    return f && f->n < l->n ? f : NULL;
}

void assay_lane_mask(struct assay_lane *l, struct lane_row *r)
{
    struct assay_value *w = l->wide + l->n_rows * l->n;
    if (r->v != w)
        memcpy(w, r->v, l->n * sizeof *w);
    for (size_t c = 0; c < l->n; c++)
        if (!r->seg->form->has[c])
            w[c] = (struct assay_value){.kind = ASSAY_K_NULL};
    r->v = w;
}
