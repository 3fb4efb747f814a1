#include "assay/lane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/bytes.h"
#include "assay/canon.h"
#include "fasthash.h"
#include "lane.h"

static const uint8_t settled_kind[ASSAY_L_COUNT] = {
    [ASSAY_L_BOOLEAN] = ASSAY_K_BOOL, [ASSAY_L_INTEGER] = ASSAY_K_INT,      [ASSAY_L_DECIMAL] = ASSAY_K_DEC,
    [ASSAY_L_FLOAT64] = ASSAY_K_F64,  [ASSAY_L_TEXT] = ASSAY_K_TEXT,        [ASSAY_L_BYTES] = ASSAY_K_BYTES,
    [ASSAY_L_DATE] = ASSAY_K_DATE,    [ASSAY_L_TIME] = ASSAY_K_TIME,        [ASSAY_L_TIMETZ] = ASSAY_K_TIMETZ,
    [ASSAY_L_TIMESTAMP] = ASSAY_K_TS, [ASSAY_L_TIMESTAMPTZ] = ASSAY_K_TSTZ, [ASSAY_L_INTERVAL] = ASSAY_K_INTERVAL,
    [ASSAY_L_UUID] = ASSAY_K_UUID,
};

static enum assay_status set_up_columns(struct assay_lane *l, struct assay_err *e)
{
    const struct assay_dataset *d = l->spec.set;
    struct assay_form_column *form = calloc(l->n ? l->n : 1, sizeof *form);
    if (!form)
        return assay_fail_nomem(e);
    for (size_t c = 0; c < l->n; c++) {
        const struct assay_plan_column *pc = &d->col[c];
        struct lane_column *lc = &l->col[c];
        form[c] = (struct assay_form_column){pc->name, pc->type, pc->key_pos, pc->shape};
        lc->type = pc->type;
        lc->shape = pc->shape;
        lc->rule = pc->rule[l->spec.side];
        lc->n_rules = pc->n_rules[l->spec.side];
        lc->lacking = !pc->native[l->spec.side];
        l->n_lacking += lc->lacking;
        lc->settled = lc->n_rules ? 0 : settled_kind[pc->type];
        lc->slot = l->n_slots;
        l->n_slots += lc->n_rules;
        lc->ruled = lc->n_rules ? l->n_ruled++ : SIZE_MAX;
        lc->scratch.max = lc->raw.max = pc->shape ? 4 * (size_t)ASSAY_MAX_CELL : ASSAY_MAX_CELL + 64;
        if (pc->key_pos)
            l->key[pc->key_pos - 1] = c;
        if (d->window.column && strcmp(d->window.column, pc->name) == 0)
            l->window = c;
        if (d->as_of.column && strcmp(d->as_of.column, pc->name) == 0)
            l->as_of = c;
    }
    enum assay_status s = assay_row_form(form, l->n, l->form);
    free(form);
    return s == ASSAY_OK ? s : assay_fail(e, s, "dataset %s: its columns have no row form", d->name);
}

static enum assay_status set_up_block(struct assay_lane *l, struct assay_err *e)
{
    l->image = calloc(LANE_BLOCK * l->n + 1, sizeof *l->image);
    l->raw = calloc(LANE_BLOCK * (l->n_ruled + 1), sizeof *l->raw);
    l->altered = calloc(LANE_BLOCK * (l->n_ruled + 1), sizeof *l->altered);
    if ((l->n_lacking || assay_dataset_has_history(l->spec.set)) &&
        !(l->wide = calloc(LANE_BLOCK * l->n + 1, sizeof *l->wide)))
        return assay_fail_nomem(e);
    return l->image && l->raw && l->altered ? ASSAY_OK : assay_fail_nomem(e);
}

enum assay_status assay_lane_new(const struct assay_lane_spec *spec, struct assay_lane **out, struct assay_err *e)
{
    const struct assay_dataset *d = spec->set;
    struct assay_lane *l = calloc(1, sizeof *l);
    if (!l)
        return assay_fail_nomem(e);
    l->spec = *spec;
    l->n = d->n_cols;
    l->n_key = d->n_key;
    l->window = l->as_of = SIZE_MAX;
    l->cell.max = LANE_WAITING_BYTES + ASSAY_MAX_CELL + 64;
    l->bytes.max = ASSAY_MAX_ROW + 64;
    l->col = calloc(l->n ? l->n : 1, sizeof *l->col);
    l->key = calloc(l->n_key ? l->n_key : 1, sizeof *l->key);
    l->last = SIZE_MAX;
    enum assay_status s = ASSAY_ENOMEM;
    if (!l->col || !l->key)
        assay_fail_nomem(e);
    else
        s = set_up_columns(l, e);
    if (s == ASSAY_OK)
        s = set_up_block(l, e);
    if (s == ASSAY_OK)
        s = assay_router_init(&l->router, &d->window, l->window == SIZE_MAX ? ASSAY_L_NONE : d->col[l->window].type, e);
    if (s == ASSAY_OK)
        s = assay_lane_forms_make(l, e);
    if (s == ASSAY_OK && d->as_of.column &&
        (l->as_of == SIZE_MAX || !assay_point_parse(d->col[l->as_of].type, d->as_of.at, &l->at)))
        s = assay_fail(e, ASSAY_EPLAN, "dataset %s: as_of cannot be read", d->name);
    if (s != ASSAY_OK) {
        assay_lane_free(l);
        return s;
    }
    *out = l;
    return ASSAY_OK;
}

void assay_lane_free(struct assay_lane *l)
{
    if (!l)
        return;
    for (size_t i = 0; i < l->n_seg; i++) {
        assay_cut_release(&l->seg[i]->pub.own_cut);
        free(l->seg[i]->pub.memory);
        free(l->seg[i]);
    }
    free(l->seg);
    free(l->sorted);
    for (size_t c = 0; l->col && c < l->n; c++) {
        assay_buf_release(&l->col[c].scratch);
        assay_buf_release(&l->col[c].raw);
        free(l->col[c].memo);
    }
    assay_buf_release(&l->cell);
    assay_buf_release(&l->keys);
    assay_buf_release(&l->bytes);
    assay_lane_forms_release(l);
    free(l->image);
    free(l->raw);
    free(l->altered);
    free(l->wide);
    free(l->finding);
    free(l->part);
    free(l->part_text);
    free(l->claim);
    free(l->col);
    free(l->key);
    free(l);
}

bool assay_lane_part_segment(const struct assay_lane *l, const char *text, assay_segment *out)
{
    return assay_segment_find(&l->router, text, out);
}

static void forget_what_the_part_lacks(struct assay_lane *l)
{
    l->n_lacking = 0;
    for (size_t c = 0; c < l->n; c++) {
        l->col[c].lacking = !l->spec.set->col[c].native[l->spec.side];
        l->n_lacking += l->col[c].lacking;
    }
    l->part_lacks = false;
}

enum assay_status assay_lane_part_lacks(struct assay_lane *l, const bool *lacks, struct assay_err *e)
{
    forget_what_the_part_lacks(l);
    for (size_t c = 0; c < l->n; c++) {
        l->n_lacking += lacks[c] && !l->col[c].lacking;
        l->col[c].lacking |= lacks[c];
    }
    l->part_lacks = true;
    if (l->n_lacking && !l->wide && !(l->wide = calloc(LANE_BLOCK * l->n + 1, sizeof *l->wide)))
        return assay_fail_nomem(e);
    return ASSAY_OK;
}

enum assay_status assay_lane_part(struct assay_lane *l, const struct assay_part *part, struct assay_err *e)
{
    l->counts = (struct assay_lane_part_counts){0};
    if (l->part_lacks)
        forget_what_the_part_lacks(l);
    free(l->part);
    free(l->part_text);
    l->part_text = NULL;
    l->claims = false;
    l->n_parts++;
    if (!(l->part = strdup(part->name)))
        return assay_fail_nomem(e);
    enum assay_status s = assay_lane_claims(l, part, e);
    if (s != ASSAY_OK || !part->segment)
        return s;
    if (!assay_lane_part_segment(l, part->segment, &l->claimed))
        return assay_fail(e, ASSAY_EPLAN, "%s: \"%s\" names no segment of the window", part->name, part->segment);
    l->claims = true;
    if (!(l->part_text = strdup(part->segment)))
        return assay_fail_nomem(e);
    return ASSAY_OK;
}

static size_t tally_bytes(const struct assay_lane *l)
{
    const size_t counts = l->n_ruled + l->n_slots;
    return (2 + l->n + l->n_ruled) * sizeof(assay_sum) + (counts + counts % 2) * sizeof(uint64_t);
}

static enum assay_status seg_new(struct assay_lane *l, assay_segment id, const char *name, struct lane_seg **out,
                                 struct assay_err *e)
{
    struct lane_seg *s = calloc(1, sizeof *s);
    if (!s)
        return assay_fail_nomem(e);
    s->pub.segment = id;
    s->form = assay_lane_form_of(l, id);
    s->pub.form = s->form ? s->form->hash : l->form;
    s->pub.has = s->form ? s->form->has : NULL;
    s->pub.cut = assay_cutset_find(l->spec.cuts, id);
    enum assay_status st = ASSAY_OK;
    if (!s->pub.cut) {
        struct assay_buf b = {0};
        if (!name && (assay_segment_name(&l->router, id, &b) != ASSAY_OK || !(name = assay_buf_str(&b))))
            st = assay_fail_nomem(e);
        if (st == ASSAY_OK)
            st = assay_cut_make(l->spec.set->id, id, name, ASSAY_CUT_SINGLE, 1, NULL, &s->pub.own_cut, e);
        s->pub.cut = &s->pub.own_cut;
        assay_buf_release(&b);
    }
    uint32_t n = st == ASSAY_OK ? s->pub.cut->chunks : 0;
    size_t stride = sizeof(struct assay_tally) + tally_bytes(l);
    if (st == ASSAY_OK && !(s->pub.memory = calloc(n, stride)))
        st = assay_fail_nomem(e);
    if (st == ASSAY_OK && l->n_seg >= ASSAY_MAX_SEGMENTS)
        st = assay_fail(e, ASSAY_ELIMIT, "more than %d segments", ASSAY_MAX_SEGMENTS);
    struct lane_seg **grown = st == ASSAY_OK ? realloc(l->seg, (l->n_seg + 1) * sizeof *grown) : NULL;
    if (!grown) {
        assay_cut_release(&s->pub.own_cut);
        free(s->pub.memory);
        free(s);
        return st == ASSAY_OK ? assay_fail_nomem(e) : st;
    }
    s->pub.chunk = s->pub.memory;
    uint8_t *sums = (uint8_t *)s->pub.memory + n * sizeof(struct assay_tally);
    for (uint32_t i = 0; i < n; i++, sums += tally_bytes(l)) {
        s->pub.chunk[i].sum = (assay_sum *)sums;
        s->pub.chunk[i].changed = (uint64_t *)(sums + (2 + l->n + l->n_ruled) * sizeof(assay_sum));
    }
    /* kept sorted by segment: the look-up is a binary search behind a one-entry cache */
    l->seg = grown;
    size_t at = l->n_seg++;
    for (; at && grown[at - 1]->pub.segment > id; at--)
        grown[at] = grown[at - 1];
    grown[at] = s;
    l->last = at;
    *out = s;
    return ASSAY_OK;
}

enum assay_status assay_lane_seg_search(struct assay_lane *l, assay_segment id, const char *name, struct lane_seg **out,
                                        struct assay_err *e)
{
    size_t lo = 0, hi = l->n_seg;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (l->seg[mid]->pub.segment < id)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (lo < l->n_seg && l->seg[lo]->pub.segment == id) {
        l->last = lo;
        *out = l->seg[lo];
        return ASSAY_OK;
    }
    return seg_new(l, id, name, out, e);
}

struct assay_lane_part_counts assay_lane_counts(const struct assay_lane *l)
{
    return l->counts;
}

enum assay_status assay_lane_merge(struct assay_lane *dst, const struct assay_lane *src, struct assay_err *e)
{
    for (size_t i = 0; i < src->n_seg; i++) {
        const struct lane_seg *from = src->seg[i];
        struct lane_seg *to;
        enum assay_status s = assay_lane_seg_find(dst, from->pub.segment, from->pub.cut->name, &to, e);
        if (s != ASSAY_OK)
            return s;
        for (uint32_t k = 0; k < from->pub.cut->chunks; k++) {
            struct assay_tally *t = &to->pub.chunk[k];
            const struct assay_tally *f = &from->pub.chunk[k];
            t->rows += f->rows;
            t->defects += f->defects;
            for (size_t j = 0; j < 2 + src->n + src->n_ruled; j++)
                t->sum[j] += f->sum[j];
            for (size_t j = 0; j < src->n_ruled + src->n_slots; j++)
                t->changed[j] += f->changed[j];
        }
    }
    for (size_t i = 0; i < src->n_findings && dst->n_findings < LANE_MAX_FINDINGS; i++) {
        if (!dst->finding && !(dst->finding = calloc(LANE_MAX_FINDINGS, sizeof *dst->finding)))
            return assay_fail_nomem(e);
        dst->finding[dst->n_findings++] = src->finding[i];
    }
    return ASSAY_OK;
}

enum assay_status assay_lane_segments(struct assay_lane *l, const struct assay_lane_segment **out, size_t *n,
                                      struct assay_err *e)
{
    struct lane_seg *seg;
    for (size_t i = 0; i < l->spec.cuts->n; i++) {
        const struct assay_cut *c = &l->spec.cuts->cut[i];
        enum assay_status s = assay_lane_seg_find(l, c->segment, c->name, &seg, e);
        if (s != ASSAY_OK)
            return s;
    }
    free(l->sorted);
    if (!(l->sorted = calloc(l->n_seg ? l->n_seg : 1, sizeof *l->sorted)))
        return assay_fail_nomem(e);
    for (size_t i = 0; i < l->n_seg; i++)
        l->sorted[i] = l->seg[i]->pub;
    *out = l->sorted;
    *n = l->n_seg;
    return ASSAY_OK;
}

size_t assay_lane_findings(const struct assay_lane *l, const struct assay_finding **out)
{
    *out = l->finding;
    return l->n_findings;
}

size_t assay_lane_ruled(const struct assay_lane *l, size_t c)
{
    return l->col[c].ruled;
}

size_t assay_lane_by_rule(const struct assay_lane *l, size_t c)
{
    return l->n_ruled + l->col[c].slot;
}

const uint8_t *assay_lane_form(const struct assay_lane *l)
{
    return l->form;
}

const struct assay_router *assay_lane_router(const struct assay_lane *l)
{
    return &l->router;
}
