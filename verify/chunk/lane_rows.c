/* The rows of a batch, a block at a time: keys row by row, then cells column by column, so that independent hashes
 * overlap in the processor; sums last. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/bytes.h"
#include "assay/canon.h"
#include "fastcell.h"
#include "fasthash.h"
#include "lane.h"

#define DEFECT_TAG '!'
/* The hash of a dozen bytes costs less than a call of it. */
#define FLATTEN __attribute__((flatten))

static void note_finding(struct assay_lane *l, const struct lane_seg *seg, uint32_t ordinal, uint64_t pos,
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

/* Read a value under its declared type, with the rules of this side; a defect becomes ASSAY_K_BAD. */
static const struct assay_value *settle_slowly(struct lane_column *c, const struct assay_value *v,
                                               struct assay_value *window)
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

static inline bool is_settled(const struct lane_column *c, const struct assay_value *v)
{
    return v->kind == c->settled || (v->kind == ASSAY_K_NULL && !c->n_rules);
}

static inline const struct assay_value *settle(struct lane_column *c, const struct assay_value *v)
{
    const char *why = NULL;
    if (is_settled(c, v))
        return v;
    if (c->n_rules || v->kind == ASSAY_K_BAD)
        return settle_slowly(c, v, NULL);
    if (c->type == ASSAY_L_TEXT && v->kind == ASSAY_K_LEXEME) { /* text is read as it stands */
        c->value = *v;
        c->value.kind = ASSAY_K_TEXT;
        return &c->value;
    }
    assay_buf_reset(&c->scratch);
    if (!assay_resolve(c->type, v, &c->value, &c->scratch, &why))
        c->value = (struct assay_value){.kind = ASSAY_K_BAD, .p = (const uint8_t *)why};
    return &c->value;
}

/* ---- keys and segments, row by row ---- */

static const char *bad_text(const struct assay_value *v)
{
    return v->kind == ASSAY_K_BAD && v->p ? (const char *)v->p : "not readable";
}

/* u32 length and key bytes go behind those of the rows before; without a key the length is 0. */
static bool put_key(struct assay_lane *l, struct lane_row *r, const char **why, size_t *column)
{
    static const uint8_t zero[4];
    size_t from = l->keys.len;
    if (assay_buf_add(&l->keys, zero, 4) != ASSAY_OK) {
        *why = ASSAY_WHY_NOMEM;
        return false;
    }
    for (size_t i = 0; i < l->n_key; i++) {
        size_t c = *column = l->key[i];
        const struct assay_value *v = settle(&l->col[c], &r->v[c]);
        if (v->kind == ASSAY_K_BAD)
            *why = bad_text(v);
        if (v->kind == ASSAY_K_BAD || !assay_key_put(l->col[c].type, v, &l->keys, why))
            return false;
    }
    r->key_off = from + 4;
    r->key_len = l->keys.len - from - 4;
    if (r->key_len > ASSAY_MAX_KEY) {
        *why = "key of more than 65,536 bytes";
        return false;
    }
    assay_put_be32(l->keys.ptr + from, (uint32_t)r->key_len);
    return true;
}

/* The window's value before any late rule. */
static bool window_of(struct assay_lane *l, const struct lane_row *r, struct assay_value *out, const char **why)
{
    if (l->window == SIZE_MAX)
        return true;
    struct lane_column *c = &l->col[l->window];
    const struct assay_value *v = &r->v[l->window];
    if (is_settled(c, v)) {
        *out = *v;
        return true;
    }
    out->kind = ASSAY_K_BAD;
    v = settle_slowly(c, v, out);
    *why = bad_text(v);
    return out->kind != ASSAY_K_BAD;
}

/* Find the row's place; false: it has none, and is counted. */
static enum assay_status place(struct assay_lane *l, struct lane_row *r, bool *placed, struct assay_err *e)
{
    struct assay_value window = {0};
    const char *why = NULL;
    size_t bad = l->window, from = l->keys.len;
    *placed = put_key(l, r, &why, &bad);
    if (*placed && !window_of(l, r, &window, &why)) {
        *placed = false;
        bad = l->window;
    }
    if (why == ASSAY_WHY_NOMEM)
        return assay_fail_nomem(e);
    if (!*placed) {
        l->keys.len = from;
        l->counts.unplaced++;
        note_finding(l, NULL, 0, r->pos, bad == SIZE_MAX ? NULL : l->spec.set->col[bad].name, why);
        return ASSAY_OK;
    }
    bool file_set = l->router.every == ASSAY_EVERY_NONE && l->claims;
    assay_segment id = file_set ? l->claimed : assay_router_segment(&l->router, &window);
    l->counts.misplaced += l->claims && id != l->claimed;
    return assay_lane_seg_find(l, id, file_set ? l->part_text : NULL, &r->seg, e);
}

FLATTEN static void hash_keys(struct assay_lane *l)
{
    for (size_t i = 0; i < l->n_rows; i++)
        l->row[i].key = fasthash(l->keys.ptr + l->row[i].key_off - 4, l->row[i].key_len + 4, l->spec.secret);
}

/* ---- cells, column by column ---- */

/* A cell that did not decode still has bytes, so that the row can never equal a good one. What is hashed has no reason
 * in it: sums must not depend on the wording of a message. */
static enum assay_status put_defect(struct assay_buf *b, const char *why)
{
    uint8_t head[5] = {DEFECT_TAG};
    size_t n = strlen(why);
    assay_put_be32(head + 1, (uint32_t)n);
    enum assay_status s = assay_buf_add(b, head, sizeof head);
    return s == ASSAY_OK ? assay_buf_add(b, why, n) : s;
}

/* Append one cell in canonical form; a defect is noted in the row, and said in the cell if `say`. */
static enum assay_status put_cell(struct assay_lane *l, size_t c, const struct assay_value *v, struct lane_row *r,
                                  bool say, struct assay_buf *out)
{
    const char *why = NULL;
    if (v->kind == ASSAY_K_BAD)
        why = bad_text(v);
    else if (assay_cell_put(l->col[c].type, v, out, &why))
        return ASSAY_OK;
    if (why == ASSAY_WHY_NOMEM)
        return ASSAY_ENOMEM;
    r->defects++;
    r->why = why;
    r->column = c;
    return put_defect(out, say ? why : "");
}

/* Cells that are not built in registers wait here, so that they are read back when their bytes have long been stored: a
 * load that spans fresh stores would wait for each of them. */
static void hash_waiting(struct assay_lane *l)
{
    for (size_t i = 0; i < l->n_waiting; i++) {
        const struct lane_waiting *w = &l->waiting[i];
        const uint8_t *cell = l->cell.ptr + w->off;
        *w->hash = w->len <= IMAGE_MOST ? image_of_bytes(cell, w->len) : fasthash(cell, w->len, l->spec.secret);
        if (w->memo)
            w->memo->hash = *w->hash;
    }
    l->n_waiting = 0;
    assay_buf_reset(&l->cell);
}

/* Append the cell; its hash arrives in *hash at the next hash_waiting. memo, if any, is filled then, too. */
static enum assay_status slow_hash(struct assay_lane *l, size_t c, const struct assay_value *v, struct lane_row *r,
                                   assay_sum *hash, struct lane_memo *memo)
{
    size_t off = l->cell.len;
    uint64_t defects = r->defects;
    enum assay_status s = put_cell(l, c, v, r, false, &l->cell);
    r->bytes += l->cell.len - off;
    if (memo && r->defects != defects) {
        memo->epoch = 0;
        memo = NULL;
    }
    l->waiting[l->n_waiting++] = (struct lane_waiting){off, l->cell.len - off, hash, memo};
    if (l->cell.len > LANE_WAITING_BYTES)
        hash_waiting(l);
    return s;
}

static struct lane_memo *memo_of(struct lane_column *c, const struct assay_value *v)
{
    if (!c->memo && !(c->memo = calloc(LANE_MEMO, sizeof *c->memo)))
        return NULL; /* only slower */
    uint64_t at = (uint64_t)(uintptr_t)v->p * UINT64_C(0x9e3779b97f4a7c15);
    return &c->memo[at >> 32 & (LANE_MEMO - 1)];
}

static enum assay_status text_hash(struct assay_lane *l, size_t c, const struct assay_value *v, uint64_t epoch,
                                   struct lane_row *r, assay_sum *hash)
{
    struct lane_memo *m = v->flags & ASSAY_V_STABLE && epoch ? memo_of(&l->col[c], v) : NULL;
    if (!m || m->epoch != epoch || m->p != v->p || m->len != v->len) {
        if (m) {
            hash_waiting(l); /* whoever waits for the entry's old place gets its hash first */
            *m = (struct lane_memo){.p = v->p, .len = v->len, .epoch = epoch};
        }
        enum assay_status s = slow_hash(l, c, v, r, hash, m);
        if (m)
            hash_waiting(l);
        return s;
    }
    *hash = m->hash;
    r->bytes += v->len;
    return ASSAY_OK;
}

/* The cell as it would be without the rules of this side. */
static enum assay_status raw_hash(struct assay_lane *l, size_t c, const struct assay_value *v, assay_sum *hash)
{
    struct lane_column *col = &l->col[c];
    struct lane_row ignored = {0};
    struct assay_value out = {.kind = ASSAY_K_BAD};
    const char *why = NULL;
    assay_buf_reset(&col->raw);
    if (v->kind != ASSAY_K_BAD && !assay_resolve(col->type, v, &out, &col->raw, &why))
        out = (struct assay_value){.kind = ASSAY_K_BAD, .p = (const uint8_t *)why};
    return why == ASSAY_WHY_NOMEM ? ASSAY_ENOMEM : slow_hash(l, c, &out, &ignored, hash, NULL);
}

static enum assay_status image_column(struct assay_lane *l, size_t c, uint64_t epoch)
{
    struct lane_column *col = &l->col[c];
    uint8_t *at = l->cells + LANE_ROW_HEAD + c * sizeof(assay_sum);
    enum assay_status s = ASSAY_OK;
    for (size_t i = 0; i < l->n_rows && s == ASSAY_OK; i++, at += l->stride) {
        struct lane_row *r = &l->row[i];
        const struct assay_value *v = settle(col, &r->v[c]);
        if (fastcell(col->type, v, (assay_sum *)(void *)at))
            r->bytes += IMAGE_MOST;
        else
            s = text_hash(l, c, v, epoch, r, (assay_sum *)(void *)at);
    }
    hash_waiting(l);
    for (size_t i = 0; col->ruled != SIZE_MAX && i < l->n_rows && s == ASSAY_OK; i++)
        s = raw_hash(l, c, &l->row[i].v[c], &l->raw[i * l->n_ruled + col->ruled]);
    hash_waiting(l);
    return s;
}

/* ---- sums ---- */

static assay_sum cell_of(const struct assay_lane *l, size_t row, size_t c)
{
    return *(const assay_sum *)(const void *)(l->cells + row * l->stride + LANE_ROW_HEAD + c * sizeof(assay_sum));
}

/* Rows of a block mostly fall into one chunk: add in a register, store when the chunk changes. */
static void add_column(struct assay_lane *l, size_t c)
{
    struct assay_tally *t = NULL;
    assay_sum sum = 0;
    for (size_t i = 0; i < l->n_rows; i++) {
        struct lane_row *r = &l->row[i];
        struct assay_tally *at = &r->seg->pub.chunk[r->ordinal];
        if (at != t && t) {
            t->sum[2 + c] += sum;
            sum = 0;
        }
        t = at;
        sum += fastpair(r->key, cell_of(l, i, c), l->spec.secret);
    }
    if (t)
        t->sum[2 + c] += sum;
}

static void add_ruled(struct assay_lane *l, size_t c)
{
    size_t ruled = l->col[c].ruled;
    for (size_t i = 0; i < l->n_rows; i++) {
        struct lane_row *r = &l->row[i];
        struct assay_tally *t = &r->seg->pub.chunk[r->ordinal];
        assay_sum raw = l->raw[i * l->n_ruled + ruled];
        t->sum[2 + l->n + ruled] += fastpair(r->key, raw, l->spec.secret);
        t->changed[ruled] += raw != cell_of(l, i, c);
    }
}

static void add_rows(struct assay_lane *l)
{
    for (size_t i = 0; i < l->n_rows; i++) {
        struct lane_row *r = &l->row[i];
        uint64_t spread = (uint64_t)((l->n_key ? r->key : l->row_hash[i]) >> 64);
        r->ordinal = assay_cut_find_near(r->seg->pub.cut, l->keys.ptr + r->key_off, r->key_len, spread, r->seg->last);
        r->seg->last = r->ordinal;
        struct assay_tally *t = &r->seg->pub.chunk[r->ordinal];
        t->rows++;
        t->sum[0] += l->row_hash[i];
        t->sum[1] += r->key;
        if (!r->defects)
            continue;
        t->defects += r->defects;
        l->counts.defects += r->defects;
        note_finding(l, r->seg, r->ordinal, r->pos, l->spec.set->col[r->column].name, r->why);
    }
}

/* Row bytes in canonical form, for whoever wants whole rows. */
static enum assay_status hand_over(struct assay_lane *l, size_t i, struct assay_err *e)
{
    struct lane_row *r = &l->row[i], scratch = {0};
    uint8_t head[10];
    memcpy(head, l->form, 8);
    assay_put_be16(head + 8, (uint16_t)l->n);
    assay_buf_reset(&l->bytes);
    enum assay_status s = assay_buf_add(&l->bytes, head, sizeof head);
    for (size_t c = 0; l->spec.rows_whole && c < l->n && s == ASSAY_OK; c++)
        s = put_cell(l, c, settle(&l->col[c], &r->v[c]), &scratch, true, &l->bytes);
    if (s != ASSAY_OK)
        return assay_fail_nomem(e);
    struct assay_lane_row row = {.cut = r->seg->pub.cut,
                                 .ordinal = r->ordinal,
                                 .key = l->keys.ptr + r->key_off,
                                 .key_len = r->key_len,
                                 .row = l->bytes.ptr,
                                 .row_len = l->bytes.len,
                                 .hash = l->row_hash[i],
                                 .key_hash = r->key,
                                 .part = l->part,
                                 .pos = r->pos};
    return l->spec.on_row(l->spec.ctx, &row, e);
}

static enum assay_status finish_block(struct assay_lane *l, uint64_t epoch, struct assay_err *e)
{
    enum assay_status s = ASSAY_OK;
    hash_keys(l);
    for (size_t c = 0; c < l->n && s == ASSAY_OK; c++)
        s = image_column(l, c, epoch);
    if (s != ASSAY_OK)
        return assay_fail_nomem(e);
    for (size_t i = 0; i < l->n_rows; i++) {
        if (l->row[i].bytes > ASSAY_MAX_ROW)
            return assay_fail(e, ASSAY_ELIMIT, "%s:%llu: row of more than %u bytes", l->part,
                              (unsigned long long)l->row[i].pos, ASSAY_MAX_ROW);
        l->row_hash[i] = fasthash(l->cells + i * l->stride, l->stride, l->spec.secret);
    }
    add_rows(l);
    for (size_t c = 0; c < l->n; c++) {
        add_column(l, c);
        if (l->col[c].ruled != SIZE_MAX)
            add_ruled(l, c);
    }
    for (size_t i = 0; l->spec.on_row && i < l->n_rows && s == ASSAY_OK; i++)
        s = hand_over(l, i, e);
    l->n_rows = 0;
    assay_buf_reset(&l->keys);
    return s;
}

enum assay_status assay_lane_batch(struct assay_lane *l, const struct assay_batch *b, struct assay_err *e)
{
    if (b->rows && b->cols != l->n)
        return assay_fail(e, ASSAY_EUSAGE, "%s: a batch of %zu columns, expected %zu", l->part, b->cols, l->n);
    uint64_t epoch = b->epoch ? l->n_parts << 32 | b->epoch : 0;
    for (size_t i = 0; i < b->rows; i++) {
        struct lane_row *r = &l->row[l->n_rows];
        bool placed;
        r->v = b->v + i * b->cols;
        r->pos = b->pos ? b->pos[i] : b->first_pos + i;
        r->defects = 0;
        r->bytes = 0;
        l->counts.rows++;
        if (b->row_defect && b->row_defect[i]) {
            l->counts.unplaced++;
            note_finding(l, NULL, 0, r->pos, NULL, b->row_defect[i]);
            continue;
        }
        enum assay_status s = place(l, r, &placed, e);
        l->n_rows += s == ASSAY_OK && placed;
        if (s == ASSAY_OK && l->n_rows == LANE_BLOCK)
            s = finish_block(l, epoch, e);
        if (s != ASSAY_OK)
            return s;
    }
    return l->n_rows ? finish_block(l, epoch, e) : ASSAY_OK; /* the batch's memory is gone after this */
}
