#include "assay/lane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/bytes.h"
#include "assay/canon.h"
#include "fasthash.h"
#include "lane.h"

#define DEFECT_TAG '!'

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
        form[c] = (struct assay_form_column){pc->name, pc->type, pc->key_pos};
        lc->type = pc->type;
        lc->rule = pc->rule[l->spec.side];
        lc->n_rules = pc->n_rules[l->spec.side];
        lc->settled = lc->n_rules ? 0 : settled_kind[pc->type];
        lc->ruled = lc->n_rules ? l->n_ruled++ : SIZE_MAX;
        lc->scratch.max = lc->raw.max = ASSAY_MAX_CELL + 64;
        if (pc->key_pos)
            l->key[pc->key_pos - 1] = c;
        if (d->window.column && strcmp(d->window.column, pc->name) == 0)
            l->window = c;
    }
    enum assay_status s = assay_row_form(form, l->n, l->form);
    free(form);
    return s == ASSAY_OK ? s : assay_fail(e, s, "dataset %s: its columns have no row form", d->name);
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
    l->window = SIZE_MAX;
    l->cell.max = ASSAY_MAX_ROW + ASSAY_MAX_KEY + 64;
    l->row.max = ASSAY_MAX_ROW;
    l->col = calloc(l->n ? l->n : 1, sizeof *l->col);
    l->key = calloc(l->n_key ? l->n_key : 1, sizeof *l->key);
    l->val = calloc(l->n ? l->n : 1, sizeof *l->val);
    l->hash = calloc(2 * l->n + 1, sizeof *l->hash);
    l->last = SIZE_MAX;
    enum assay_status s = ASSAY_ENOMEM;
    if (!l->col || !l->key || !l->val || !l->hash)
        assay_fail_nomem(e);
    else if ((s = set_up_columns(l, e)) == ASSAY_OK)
        s = assay_router_init(&l->router, &d->window, l->window == SIZE_MAX ? ASSAY_L_NONE : d->col[l->window].type, e);
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
    }
    assay_buf_release(&l->cell);
    assay_buf_release(&l->row);
    assay_buf_release(&l->rawcell);
    free(l->finding);
    free(l->part);
    free(l->part_text);
    free(l->col);
    free(l->key);
    free(l->val);
    free(l->hash);
    free(l);
}

bool assay_lane_part_segment(const struct assay_lane *l, const char *text, assay_segment *out)
{
    if (l->router.every != ASSAY_EVERY_NONE)
        return assay_segment_parse(&l->router, text, out);
    *out = assay_segment_of_file_set(text);
    return true;
}

enum assay_status assay_lane_part(struct assay_lane *l, const struct assay_part *part, struct assay_err *e)
{
    l->counts = (struct assay_lane_part_counts){0};
    free(l->part);
    free(l->part_text);
    l->part_text = NULL;
    l->claims = false;
    if (!(l->part = strdup(part->name)))
        return assay_fail_nomem(e);
    if (!part->segment)
        return ASSAY_OK;
    if (!assay_lane_part_segment(l, part->segment, &l->claimed))
        return assay_fail(e, ASSAY_EPLAN, "%s: \"%s\" names no segment of the window", part->name, part->segment);
    l->claims = true;
    if (!(l->part_text = strdup(part->segment)))
        return assay_fail_nomem(e);
    return ASSAY_OK;
}

static void note_finding(struct assay_lane *l, const struct lane_seg *seg, uint32_t ordinal, uint64_t pos,
                         const char *column, const char *why)
{
    size_t same = 0;
    for (size_t i = 0; i < l->n_findings; i++)
        same += l->finding[i].placed == (seg != NULL) &&
                (!seg || (l->finding[i].segment == seg->pub.segment && l->finding[i].ordinal == ordinal));
    if (same >= ASSAY_MAX_FINDINGS || l->n_findings >= LANE_MAX_FINDINGS)
        return;
    if (!l->finding && !(l->finding = calloc(LANE_MAX_FINDINGS, sizeof *l->finding)))
        return; /* the defect itself is counted elsewhere */
    struct assay_finding *f = &l->finding[l->n_findings++];
    f->placed = seg != NULL;
    f->segment = seg ? seg->pub.segment : 0;
    f->ordinal = ordinal;
    snprintf(f->text, sizeof f->text, "%s:%llu%s%s: %s", l->part, (unsigned long long)pos, column ? ": " : "",
             column ? column : "", why);
}

/* Read value c under its declared type, with the rules of this side; defects become ASSAY_K_BAD. */
static const struct assay_value *settle(struct lane_column *c, const struct assay_value *v, struct assay_value *window)
{
    const char *why = NULL;
    struct assay_value in = *v;
    size_t i = 0;
    bool ok = v->kind != ASSAY_K_BAD;
    if (!ok)
        return v;
    assay_buf_reset(&c->scratch);
    for (; ok && i < c->n_rules && assay_rule_is_early(&c->rule[i]); i++)
        ok = assay_rule_apply(&c->rule[i], c->type, &in, &c->scratch, &why);
    if (ok)
        ok = assay_resolve(c->type, &in, &c->value, &c->scratch, &why);
    if (ok && window)
        *window = c->value;
    for (; ok && i < c->n_rules; i++)
        ok = assay_rule_apply(&c->rule[i], c->type, &c->value, &c->scratch, &why);
    if (!ok)
        c->value = (struct assay_value){.kind = ASSAY_K_BAD, .p = (const uint8_t *)why};
    return &c->value;
}

static bool put_cell(struct assay_lane *l, size_t c, const char **why)
{
    const struct assay_value *v = l->val[c];
    if (v->kind == ASSAY_K_BAD)
        *why = (const char *)v->p;
    else if (assay_cell_put(l->col[c].type, v, &l->cell, why))
        return true;
    return false;
}

/* A cell that did not decode still has bytes, so that the row can never equal a good one. */
static enum assay_status put_defect(struct assay_lane *l, const char *why)
{
    uint8_t head[5] = {DEFECT_TAG};
    size_t n = strlen(why);
    assay_put_be32(head + 1, (uint32_t)n);
    enum assay_status s = assay_buf_add(&l->cell, head, sizeof head);
    return s == ASSAY_OK ? assay_buf_add(&l->cell, why, n) : s;
}

/* The cell as it would be without the rules of this side. */
static enum assay_status put_raw(struct assay_lane *l, size_t c, const struct assay_value *v)
{
    struct lane_column *col = &l->col[c];
    struct assay_value out;
    const char *why = "undecodable";
    assay_buf_reset(&l->rawcell);
    assay_buf_reset(&col->raw);
    enum assay_status s = assay_buf_add(&l->rawcell, l->cell.ptr, l->prefix);
    if (s != ASSAY_OK)
        return s;
    if (v->kind != ASSAY_K_BAD && assay_resolve(col->type, v, &out, &col->raw, &why) &&
        assay_cell_put(col->type, &out, &l->rawcell, &why))
        return ASSAY_OK;
    return why == ASSAY_WHY_NOMEM ? ASSAY_ENOMEM : assay_buf_addf(&l->rawcell, "!%s", why);
}

static size_t tally_bytes(const struct assay_lane *l)
{
    return (2 + l->n + l->n_ruled) * sizeof(assay_sum) + (l->n_ruled + l->n_ruled % 2) * sizeof(uint64_t);
}

static enum assay_status seg_new(struct assay_lane *l, assay_segment id, const char *name, struct lane_seg **out,
                                 struct assay_err *e)
{
    struct lane_seg *s = calloc(1, sizeof *s);
    if (!s)
        return assay_fail_nomem(e);
    s->pub.segment = id;
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

static enum assay_status seg_find(struct assay_lane *l, assay_segment id, const char *name, struct lane_seg **out,
                                  struct assay_err *e)
{
    if (l->last < l->n_seg && l->seg[l->last]->pub.segment == id) {
        *out = l->seg[l->last];
        return ASSAY_OK;
    }
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

/* u32 length and key bytes go to the front of the cell buffer; without a key the length is 0. */
static bool put_key(struct assay_lane *l, const char **why, size_t *column)
{
    static const uint8_t zero[4];
    assay_buf_reset(&l->cell);
    if (assay_buf_add(&l->cell, zero, 4) != ASSAY_OK) {
        *why = ASSAY_WHY_NOMEM;
        return false;
    }
    for (size_t i = 0; i < l->n_key; i++) {
        size_t c = *column = l->key[i];
        const struct assay_value *v = l->val[c];
        if (v->kind == ASSAY_K_BAD)
            *why = (const char *)v->p;
        if (v->kind == ASSAY_K_BAD || !assay_key_put(l->col[c].type, v, &l->cell, why))
            return false;
    }
    l->prefix = l->cell.len;
    if (l->prefix - 4 > ASSAY_MAX_KEY) {
        *why = "key of more than 65,536 bytes";
        return false;
    }
    assay_put_be32(l->cell.ptr, (uint32_t)(l->prefix - 4));
    return true;
}

/* Cells of every column: hashed behind the key, then appended to the row. */
static enum assay_status hash_cells(struct assay_lane *l, const struct assay_value *raw, struct row_facts *f)
{
    const uint8_t *secret = l->spec.secret;
    uint8_t head[10];
    memcpy(head, l->form, 8);
    assay_put_be16(head + 8, (uint16_t)l->n);
    assay_buf_reset(&l->row);
    enum assay_status s = assay_buf_add(&l->row, head, sizeof head);
    for (size_t c = 0; c < l->n && s == ASSAY_OK; c++) {
        const char *why = NULL;
        l->cell.len = l->prefix;
        if (!put_cell(l, c, &why)) {
            if (why == ASSAY_WHY_NOMEM)
                return ASSAY_ENOMEM;
            f->defects++;
            f->why = why;
            f->column = c;
            s = put_defect(l, why);
        }
        size_t n = l->cell.len - l->prefix;
        l->hash[c] = fasthash(l->cell.ptr, l->cell.len, secret);
        if (s == ASSAY_OK)
            s = assay_buf_add(&l->row, l->cell.ptr + l->prefix, n);
        size_t ruled = l->col[c].ruled;
        if (ruled == SIZE_MAX || s != ASSAY_OK)
            continue;
        s = put_raw(l, c, &raw[c]);
        l->hash[l->n + ruled] = fasthash(l->rawcell.ptr, l->rawcell.len, secret);
        l->col[c].changed = l->rawcell.len != l->cell.len || memcmp(l->rawcell.ptr, l->cell.ptr, l->cell.len) != 0;
    }
    return s;
}

static void add_row(struct assay_lane *l, struct assay_tally *t, const struct row_facts *f, assay_sum key)
{
    t->rows++;
    t->defects += f->defects;
    t->sum[0] += f->row;
    t->sum[1] += key;
    for (size_t i = 0; i < l->n + l->n_ruled; i++)
        t->sum[2 + i] += l->hash[i];
    for (size_t c = 0; l->n_ruled && c < l->n; c++)
        if (l->col[c].ruled != SIZE_MAX)
            t->changed[l->col[c].ruled] += l->col[c].changed;
}

static enum assay_status lane_row(struct assay_lane *l, const struct assay_value *v, uint64_t pos, struct assay_err *e)
{
    struct assay_value window = {.kind = ASSAY_K_BAD};
    struct row_facts f = {0};
    const char *why = NULL;
    size_t bad = l->window;
    for (size_t c = 0; c < l->n; c++) {
        bool plain = v[c].kind == l->col[c].settled || (v[c].kind == ASSAY_K_NULL && !l->col[c].n_rules);
        l->val[c] = plain ? &v[c] : settle(&l->col[c], &v[c], c == l->window ? &window : NULL);
        if (plain && c == l->window)
            window = v[c];
    }
    bool placed = put_key(l, &why, &bad);
    if (placed && l->window != SIZE_MAX && window.kind == ASSAY_K_BAD) {
        placed = false;
        bad = l->window;
        why = l->val[bad]->kind == ASSAY_K_BAD ? (const char *)l->val[bad]->p : "not readable";
    }
    if (why == ASSAY_WHY_NOMEM)
        return assay_fail_nomem(e);
    if (!placed) {
        l->counts.unplaced++;
        note_finding(l, NULL, 0, pos, bad == SIZE_MAX ? NULL : l->spec.set->col[bad].name, why);
        return ASSAY_OK;
    }
    enum assay_status s = hash_cells(l, v, &f);
    if (s == ASSAY_ELIMIT)
        return assay_fail(e, s, "%s:%llu: row of more than %u bytes", l->part, (unsigned long long)pos, ASSAY_MAX_ROW);
    if (s != ASSAY_OK)
        return assay_fail_nomem(e);
    f.row = fasthash(l->row.ptr, l->row.len, l->spec.secret);
    assay_sum key = fasthash(l->cell.ptr, l->prefix, l->spec.secret);
    bool file_set = l->router.every == ASSAY_EVERY_NONE && l->claims;
    assay_segment id = file_set ? l->claimed : assay_router_segment(&l->router, &window);
    struct lane_seg *seg;
    if ((s = seg_find(l, id, file_set ? l->part_text : NULL, &seg, e)) != ASSAY_OK)
        return s;
    uint64_t spread = (uint64_t)((l->n_key ? key : f.row) >> 64);
    uint32_t at = assay_cut_find(seg->pub.cut, l->cell.ptr + 4, l->prefix - 4, spread);
    add_row(l, &seg->pub.chunk[at], &f, key);
    l->counts.misplaced += l->claims && id != l->claimed;
    l->counts.defects += f.defects;
    if (f.defects)
        note_finding(l, seg, at, pos, l->spec.set->col[f.column].name, f.why);
    if (!l->spec.on_row)
        return ASSAY_OK;
    struct assay_lane_row row = {seg->pub.cut, at,    l->cell.ptr + 4, l->row.ptr, l->prefix - 4,
                                 l->row.len,   f.row, l->part,         pos};
    return l->spec.on_row(l->spec.ctx, &row, e);
}

enum assay_status assay_lane_batch(struct assay_lane *l, const struct assay_batch *b, struct assay_err *e)
{
    if (b->rows && b->cols != l->n)
        return assay_fail(e, ASSAY_EUSAGE, "%s: a batch of %zu columns, expected %zu", l->part, b->cols, l->n);
    for (size_t r = 0; r < b->rows; r++) {
        uint64_t pos = b->pos ? b->pos[r] : b->first_pos + r;
        l->counts.rows++;
        if (b->row_defect && b->row_defect[r]) {
            l->counts.unplaced++;
            note_finding(l, NULL, 0, pos, NULL, b->row_defect[r]);
            continue;
        }
        enum assay_status s = lane_row(l, b->v + r * b->cols, pos, e);
        if (s != ASSAY_OK)
            return s;
    }
    return ASSAY_OK;
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
        enum assay_status s = seg_find(dst, from->pub.segment, from->pub.cut->name, &to, e);
        if (s != ASSAY_OK)
            return s;
        for (uint32_t k = 0; k < from->pub.cut->chunks; k++) {
            struct assay_tally *t = &to->pub.chunk[k];
            const struct assay_tally *f = &from->pub.chunk[k];
            t->rows += f->rows;
            t->defects += f->defects;
            for (size_t j = 0; j < 2 + src->n + src->n_ruled; j++)
                t->sum[j] += f->sum[j];
            for (size_t j = 0; j < src->n_ruled; j++)
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
        enum assay_status s = seg_find(l, c->segment, c->name, &seg, e);
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

const uint8_t *assay_lane_form(const struct assay_lane *l)
{
    return l->form;
}

const struct assay_router *assay_lane_router(const struct assay_lane *l)
{
    return &l->router;
}
