/* The rows of a batch, a block at a time: keys and places row by row, then cells column by column (lane_cells.c), so
 * that independent hashes overlap in the processor; sums last (lane_sums.c). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/bytes.h"
#include "assay/canon.h"
#include "lane.h"

#define KEY_SLACK 64 /* room for the length and a short key */

void assay_lane_note(struct assay_lane *l, const struct lane_seg *seg, uint32_t ordinal, uint64_t pos,
                     const char *column, const char *why)
{
    size_t same = 0;
    if (l->n_findings >= LANE_MAX_FINDINGS)
        return;
    for (size_t i = 0; i < l->n_findings; i++)
        same += l->finding[i].placed == (seg != NULL) &&
                (!seg || (l->finding[i].segment == seg->pub.segment && l->finding[i].ordinal == ordinal));
    if (same >= ASSAY_MAX_FINDINGS)
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

/* ---- keys and segments, row by row ---- */

static __attribute__((noinline)) bool put_unsettled(struct assay_lane *l, struct lane_column *c,
                                                    const struct assay_value *v, const char **why)
{
    struct assay_value number;
    v = assay_lane_number(c, v, &number) ? &number : assay_lane_settle(c, v);
    if (v->kind == ASSAY_K_BAD)
        *why = assay_lane_why(v);
    return v->kind != ASSAY_K_BAD && assay_key_put(c->type, v, &l->keys, why);
}

/* u32 length and key bytes go behind those of the rows before; without a key the length is 0. false: *why and the
 * column say why not, and nothing is left behind. */
static bool put_key(struct assay_lane *l, struct lane_row *r, const char **why, size_t *column)
{
    const size_t from = l->keys.len;
    if (l->keys.cap - from < KEY_SLACK && assay_buf_reserve(&l->keys, KEY_SLACK) != ASSAY_OK) {
        *why = ASSAY_WHY_NOMEM;
        return false;
    }
    l->keys.len = from + 4;
    for (const size_t *k = l->key, *end = k + l->n_key; k < end; k++) {
        struct lane_column *c = &l->col[*k];
        const struct assay_value *v = &r->v[*k];
        if (v->kind == c->settled ? !assay_key_put(c->type, v, &l->keys, why) : !put_unsettled(l, c, v, why)) {
            *column = *k;
            l->keys.len = from;
            return false;
        }
    }
    r->key_off = from + 4;
    r->key_len = l->keys.len - from - 4;
    if (r->key_len > ASSAY_MAX_KEY) {
        *why = "key of more than 65,536 bytes";
        l->keys.len = from;
        return false;
    }
    assay_put_be32(l->keys.ptr + from, (uint32_t)r->key_len);
    return true;
}

/* The value of the window's column, or as_of's, before any late rule. */
static bool early_value(struct assay_lane *l, size_t column, const struct lane_row *r, struct assay_value *out,
                        const char **why)
{
    struct lane_column *c = &l->col[column];
    const struct assay_value *v = &r->v[column];
    if (assay_lane_is_settled(c, v)) {
        *out = *v;
        return true;
    }
    out->kind = ASSAY_K_BAD;
    v = assay_lane_settle_slowly(c, v, out);
    if (out->kind == ASSAY_K_BAD)
        *why = assay_lane_why(v);
    return out->kind != ASSAY_K_BAD;
}

/* A row without a place is counted and noted. */
static enum assay_status leave_out(struct assay_lane *l, const struct lane_row *r, const char *why, size_t column,
                                   struct assay_err *e)
{
    if (why == ASSAY_WHY_NOMEM)
        return assay_fail_nomem(e);
    l->counts.unplaced++;
    assay_lane_note(l, NULL, 0, r->pos, column == SIZE_MAX ? NULL : l->spec.set->col[column].name, why);
    return ASSAY_OK;
}

/* Rows later than as_of are counted, and have no place. */
static bool is_beyond(struct assay_lane *l, const struct lane_row *r, const char **why)
{
    struct assay_value early;
    if (!early_value(l, l->as_of, r, &early, why) || !assay_point_passed(&l->at, &early))
        return false;
    l->counts.beyond++;
    return true;
}

/* Find the row's place; false: it has none, and is counted. */
static enum assay_status place(struct assay_lane *l, struct lane_row *r, bool *placed, struct assay_err *e)
{
    struct assay_value window;
    const char *why = NULL;
    size_t bad = l->as_of;
    const size_t from = l->keys.len;
    *placed = false;
    if (l->as_of != SIZE_MAX && is_beyond(l, r, &why))
        return ASSAY_OK;
    *placed = !why && put_key(l, r, &why, &bad);
    if (*placed && l->window != SIZE_MAX && !early_value(l, l->window, r, &window, &why)) {
        *placed = false;
        bad = l->window;
    }
    if (why) {
        l->keys.len = from;
        return leave_out(l, r, why, bad, e);
    }
    const bool file_set = l->router.every == ASSAY_EVERY_NONE && l->claims;
    assay_segment id = file_set ? l->claimed : ASSAY_SEG_ALL;
    if (l->window != SIZE_MAX) {
        id = assay_router_segment(&l->router, &window);
        l->counts.misplaced += l->claims && id != l->claimed;
    }
    return assay_lane_seg_find(l, id, file_set ? l->part_text : NULL, &r->seg, e);
}

/* Row bytes in canonical form, for whoever wants whole rows. */
static enum assay_status hand_over(struct assay_lane *l, size_t i, struct assay_err *e)
{
    struct lane_row *r = &l->row[i], scratch = {.v = r->v};
    const struct lane_form *f = l->spec.rows_formed ? r->seg->form : NULL;
    uint8_t head[10];
    memcpy(head, f ? f->hash : l->form, 8);
    assay_put_be16(head + 8, (uint16_t)(f ? f->n : l->n));
    assay_buf_reset(&l->bytes);
    enum assay_status s = assay_buf_add(&l->bytes, head, sizeof head);
    for (size_t c = 0; l->spec.rows_whole && c < l->n && s == ASSAY_OK; c++)
        if (!f || f->has[c])
            s = assay_lane_put_cell(l, c, assay_lane_settle(&l->col[c], &r->v[c]), &scratch, true, &l->bytes);
    if (s != ASSAY_OK)
        return assay_fail_nomem(e);
    struct assay_lane_row row = {.cut = r->seg->pub.cut,
                                 .ordinal = r->ordinal,
                                 .key = l->keys.ptr + r->key_off,
                                 .key_len = r->key_len,
                                 .row = l->bytes.ptr,
                                 .row_len = l->bytes.len,
                                 .hash = l->row_hash[i],
                                 .key_hash = l->key_hash[i],
                                 .part = l->part,
                                 .pos = r->pos};
    return l->spec.on_row(l->spec.ctx, &row, e);
}

static enum assay_status finish_block(struct assay_lane *l, uint64_t epoch, struct assay_err *e)
{
    if (assay_lane_images(l, epoch) != ASSAY_OK)
        return assay_fail_nomem(e);
    for (size_t i = 0; i < l->n_rows; i++)
        if (l->row[i].bytes > ASSAY_MAX_ROW)
            return assay_fail(e, ASSAY_ELIMIT, "%s:%llu: row of more than %u bytes", l->part,
                              (unsigned long long)l->row[i].pos, ASSAY_MAX_ROW);
    assay_lane_check_claims(l);
    assay_lane_add(l);
    enum assay_status s = ASSAY_OK;
    for (size_t i = 0; l->spec.on_row && i < l->n_rows && s == ASSAY_OK; i++)
        s = hand_over(l, i, e);
    l->n_rows = 0;
    assay_buf_reset(&l->keys);
    return s;
}

/* The row as the plan has it: columns that the side lacks are absent. */
static const struct assay_value *widen(struct assay_lane *l, const struct assay_value *v)
{
    static const char side_lacks[] = "a column that this side lacks", part_lacks[] = "the file has no such column";
    struct assay_value *w = l->wide + l->n_rows * l->n;
    for (size_t c = 0; c < l->n; c++) {
        if (l->col[c].lacking)
            w[c] = (struct assay_value){.kind = ASSAY_K_BAD,
                                        .flags = ASSAY_V_ABSENT,
                                        .p = (const uint8_t *)(l->part_lacks ? part_lacks : side_lacks)};
        else
            w[c] = *v++;
    }
    return l->wide + l->n_rows * l->n;
}

/* Take row i into the block, unless it has no place. */
static enum assay_status take_row(struct assay_lane *l, const struct assay_batch *b, size_t i, struct assay_err *e)
{
    struct lane_row *r = &l->row[l->n_rows];
    bool placed;
    r->v = b->v + i * b->cols;
    if (l->n_lacking)
        r->v = widen(l, r->v);
    r->pos = b->pos ? b->pos[i] : b->first_pos + i;
    r->defects = 0;
    r->bytes = 0;
    if (b->row_defect && b->row_defect[i]) {
        l->counts.unplaced++;
        assay_lane_note(l, NULL, 0, r->pos, NULL, b->row_defect[i]);
        return ASSAY_OK;
    }
    enum assay_status s = place(l, r, &placed, e);
    if (s == ASSAY_OK && placed && r->seg->form)
        assay_lane_mask(l, r);
    l->n_rows += s == ASSAY_OK && placed;
    return s;
}

enum assay_status assay_lane_batch(struct assay_lane *l, const struct assay_batch *b, struct assay_err *e)
{
    if (b->rows && b->cols != l->n - l->n_lacking)
        return assay_fail(e, ASSAY_EUSAGE, "%s: a batch of %zu columns, expected %zu", l->part, b->cols,
                          l->n - l->n_lacking);
    const uint64_t epoch = b->epoch ? l->n_parts << 32 | b->epoch : 0;
    enum assay_status s = ASSAY_OK;
    l->counts.rows += b->rows;
    for (size_t i = 0; i < b->rows && s == ASSAY_OK; i++) {
        s = take_row(l, b, i, e);
        if (s == ASSAY_OK && l->n_rows == LANE_BLOCK)
            s = finish_block(l, epoch, e);
    }
    if (s == ASSAY_OK && l->n_rows) /* the batch's memory is gone after this */
        s = finish_block(l, epoch, e);
    return s;
}
