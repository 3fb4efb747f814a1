/* From the values of a block to the images of their cells, column by column (docs/digests.md). */
#include <stdlib.h>
#include <string.h>

#include "assay/bytes.h"
#include "assay/canon.h"
#include "fastcell.h"
#include "fasthash.h"
#include "lane.h"

#define DEFECT_TAG '!'
#define TEXT_HEAD 5 /* tag and length of a text's cell */
#define DEFECT_RAW 256 /* bytes of a text that is kept in a defect */
/* The hash of a dozen bytes costs less than a call of it. */
#define FLATTEN __attribute__((flatten))

static bool read_typed(const struct lane_column *c, const struct assay_value *v, struct assay_value *out,
                       struct assay_buf *scratch, const char **why)
{
    return c->shape ? assay_resolve_shape(c->shape, v, out, scratch, NULL, why)
                    : assay_resolve(c->type, v, out, scratch, why);
}

/* The same with the rules that reading obeys. */
static bool read_ruled(struct lane_column *c, const struct assay_value *v, const char **why)
{
    const size_t i = c->shape ? assay_rule_fills(c->rule, c->n_rules) : c->n_rules;
    uint64_t filled = 0;
    if (i == c->n_rules)
        return read_typed(c, v, &c->value, &c->scratch, why);
    const bool ok = assay_resolve_shape(c->shape, v, &c->value, &c->scratch, &filled, why);
    c->altered |= filled ? UINT32_C(1) << i : 0;
    return ok;
}

/* Do two values of one kind look the same? p: where the bytes of the first one are now. */
static bool same_value(const struct assay_value *a, const uint8_t *p, const struct assay_value *b)
{
    const uint8_t other_flags = a->flags ^ b->flags; /* a string that as: json makes JSON keeps its bytes */
    if (a->kind != b->kind || a->scale != b->scale || a->len != b->len || other_flags & ASSAY_V_STRING)
        return false;
    switch (a->kind) {
    case ASSAY_K_TEXT:
    case ASSAY_K_LEXEME:
    case ASSAY_K_BYTES:
    case ASSAY_K_JSON:
    case ASSAY_K_DECBYTES:
    case ASSAY_K_DECDIGITS:
    case ASSAY_K_PGNUMERIC:
        return a->len == 0 || p == b->p || memcmp(p, b->p, a->len) == 0;
    case ASSAY_K_UUID:
        return p == b->p || memcmp(p, b->p, 16) == 0;
    case ASSAY_K_INTERVAL: {
        struct assay_interval x, y;
        memcpy(&x, p, sizeof x);
        memcpy(&y, b->p, sizeof y);
        return x.months == y.months && x.days == y.days && x.seconds == y.seconds && x.ns == y.ns;
    }
    default:
        return a->i == b->i;
    }
}

/* Apply rule i, and remember whether it changed the value. Bytes that an earlier rule left in scratch may move. */
static bool apply(struct lane_column *c, size_t i, struct assay_value *v, const char **why)
{
    const struct assay_value held = *v;
    const uintptr_t base = (uintptr_t)c->scratch.ptr, at = (uintptr_t)held.p;
    const bool inside = c->scratch.ptr && at >= base && at < base + c->scratch.len;
    if (!assay_rule_apply(&c->rule[i], c->type, v, &c->scratch, why))
        return false;
    if (!same_value(&held, inside ? c->scratch.ptr + (at - base) : held.p, v))
        c->altered |= UINT32_C(1) << i;
    return true;
}

/* Read a value under its declared type, with the rules of this side; a defect becomes ASSAY_K_BAD. */
const struct assay_value *assay_lane_settle_slowly(struct lane_column *c, const struct assay_value *v,
                                                   struct assay_value *window)
{
    const char *why = NULL;
    struct assay_value in = *v;
    size_t i = 0;
    bool ok = v->kind != ASSAY_K_BAD || (v->flags & ASSAY_V_ABSENT && c->n_rules);
    c->altered = 0;
    if (!ok)
        return v;
    assay_buf_reset(&c->scratch);
    for (; ok && i < c->n_rules && assay_rule_is_early(&c->rule[i]); i++)
        ok = apply(c, i, &in, &why);
    if (ok)
        ok = read_ruled(c, &in, &why);
    if (ok && window)
        *window = c->value;
    for (; ok && i < c->n_rules; i++)
        ok = apply(c, i, &c->value, &why);
    if (!ok)
        c->value = (struct assay_value){.kind = ASSAY_K_BAD, .p = (const uint8_t *)why};
    return &c->value;
}

const struct assay_value *assay_lane_settle(struct lane_column *c, const struct assay_value *v)
{
    const char *why = NULL;
    if (assay_lane_is_settled(c, v))
        return v;
    if (c->n_rules || v->kind == ASSAY_K_BAD)
        return assay_lane_settle_slowly(c, v, NULL);
    assay_buf_reset(&c->scratch);
    if (!read_typed(c, v, &c->value, &c->scratch, &why))
        c->value = (struct assay_value){.kind = ASSAY_K_BAD, .p = (const uint8_t *)why};
    return &c->value;
}

const char *assay_lane_why(const struct assay_value *v)
{
    return v->kind == ASSAY_K_BAD && v->p ? (const char *)v->p : "not readable";
}

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

/* Behind the reason, for those who look for the cause: NUL, kind (and 80 of a string member), a short raw value. */
static enum assay_status put_raw(struct assay_buf *b, size_t head, const struct assay_value *raw)
{
    const bool text = raw->kind == ASSAY_K_TEXT || raw->kind == ASSAY_K_LEXEME;
    const bool absent = raw->kind == ASSAY_K_BAD && raw->flags & ASSAY_V_ABSENT;
    const bool number = raw->kind == ASSAY_K_F64 || raw->kind == ASSAY_K_INT;
    uint8_t kind[10] = {0, (uint8_t)(raw->kind | (raw->flags & ASSAY_V_STRING ? 0x80 : 0))};
    if (!(text && raw->len <= DEFECT_RAW) && !number && !absent)
        return ASSAY_OK;
    assay_put_be64(kind + 2, number ? raw->u : 0);
    enum assay_status s = assay_buf_add(b, kind, number ? 10 : 2);
    if (s == ASSAY_OK && text)
        s = assay_buf_add(b, raw->p, raw->len);
    if (s == ASSAY_OK)
        assay_put_be32(b->ptr + head + 1, (uint32_t)(b->len - head - 5));
    return s;
}

/* Append one cell in canonical form; a defect is noted in the row, and said in the cell if `say`. */
enum assay_status assay_lane_put_cell(struct assay_lane *l, size_t c, const struct assay_value *v, struct lane_row *r,
                                      bool say, struct assay_buf *out)
{
    const char *why = NULL;
    if (v->kind == ASSAY_K_BAD)
        why = assay_lane_why(v);
    else if (assay_cell_put(l->col[c].type, v, out, &why))
        return ASSAY_OK;
    if (why == ASSAY_WHY_NOMEM)
        return ASSAY_ENOMEM;
    r->defects++;
    r->why = why;
    r->column = c;
    size_t head = out->len;
    enum assay_status s = put_defect(out, say ? why : "");
    return s == ASSAY_OK && say ? put_raw(out, head, &r->v[c]) : s;
}

/* Cells that are not built in registers wait here, so that they are read back when their bytes have long been stored: a
 * load that spans fresh stores would wait for each of them. */
static void hash_waiting(struct assay_lane *l)
{
    for (size_t i = 0; i < l->n_waiting; i++) {
        const struct lane_waiting *w = &l->waiting[i];
        const uint8_t *cell = l->cell.ptr + w->off;
        *w->hash = image_of_cell(cell, w->len, l->spec.secret);
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
    const char *why = NULL;
    if (v->kind == ASSAY_K_BAD || !assay_cell_put(l->col[c].type, v, &l->cell, &why)) {
        enum assay_status s = assay_lane_put_cell(l, c, v, r, false, &l->cell);
        if (s != ASSAY_OK)
            return s;
        if (memo)
            memo->epoch = 0;
        memo = NULL;
    }
    r->bytes += l->cell.len - off;
    l->waiting[l->n_waiting++] = (struct lane_waiting){off, l->cell.len - off, hash, memo};
    if (l->cell.len > LANE_WAITING_BYTES)
        hash_waiting(l);
    return ASSAY_OK;
}

/* The cell of an ASCII text, as assay_cell_put would write it. false: the text has other bytes, or there is no room
 * ready for it; nothing is done. */
static inline bool ascii_hash(struct assay_lane *l, const struct assay_value *v, struct lane_row *r, assay_sum *hash)
{
    const size_t n = v->len, off = l->cell.len;
    const uint8_t *src = v->p;
    if (n < 8 || l->cell.cap - off < n + TEXT_HEAD || off + n > LANE_WAITING_BYTES)
        return false;
    uint8_t *dst = l->cell.ptr + off;
    uint64_t w, x, seen = 0;
    size_t i = 0;
    dst[0] = 'T';
    assay_put_be32(dst + 1, v->len);
    dst += TEXT_HEAD;
    for (; n - i > 16; i += 16) {
        memcpy(&w, src + i, 8);
        memcpy(&x, src + i + 8, 8);
        memcpy(dst + i, &w, 8);
        memcpy(dst + i + 8, &x, 8);
        seen |= w | x;
    }
    if (n - i > 8) {
        memcpy(&w, src + i, 8);
        memcpy(dst + i, &w, 8);
        seen |= w;
    }
    memcpy(&w, src + n - 8, 8);
    memcpy(dst + n - 8, &w, 8);
    if ((seen | w) & UINT64_C(0x8080808080808080))
        return false;
    l->cell.len = off + n + TEXT_HEAD;
    r->bytes += n + TEXT_HEAD;
    l->waiting[l->n_waiting++] = (struct lane_waiting){off, n + TEXT_HEAD, hash, NULL};
    return true;
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
    if (v->kind != ASSAY_K_BAD && !read_typed(col, v, &out, &col->raw, &why))
        out = (struct assay_value){.kind = ASSAY_K_BAD, .p = (const uint8_t *)why};
    return why == ASSAY_WHY_NOMEM ? ASSAY_ENOMEM : slow_hash(l, c, &out, &ignored, hash, NULL);
}

static __attribute__((noinline)) enum assay_status image_slowly(struct assay_lane *l, size_t c,
                                                                const struct assay_value *v, uint64_t epoch,
                                                                struct lane_row *r, assay_sum *image)
{
    struct lane_column *col = &l->col[c];
    v = assay_lane_settle(col, v);
    if (col->ruled != SIZE_MAX)
        l->altered[(size_t)(r - l->row) * l->n_ruled + col->ruled] = col->altered;
    return fastcell(l->col[c].type, v, image) ? ASSAY_OK : text_hash(l, c, v, epoch, r, image);
}

/* One column of the block. kind and type are constants at the calls below, so that a value of the expected kind costs
 * one comparison. */
static inline __attribute__((always_inline)) enum assay_status
image_rows(struct assay_lane *l, size_t c, uint64_t epoch, uint8_t kind, enum assay_logical type)
{
    struct lane_column *col = &l->col[c];
    assay_sum *image = assay_lane_image(l, 0, c);
    const bool null_is_settled = !col->n_rules;
    struct lane_row *const end = l->row + l->n_rows;
    for (struct lane_row *r = l->row; r < end; r++, image++) {
        const struct assay_value *v = &r->v[c];
        if (v->kind == kind && fastcell(type, v, image))
            continue;
        if (v->kind == ASSAY_K_NULL && null_is_settled) {
            *image = IMAGE_NULL;
            continue;
        }
        struct assay_value number;
        if ((kind == ASSAY_K_INT || kind == ASSAY_K_DEC) && assay_lane_number(col, v, &number) &&
            image_of_number(number.i, -number.scale, image))
            continue;
        enum assay_status s = image_slowly(l, c, v, epoch, r, image);
        if (s != ASSAY_OK)
            return s;
    }
    return ASSAY_OK;
}

/* A text column without rules. */
static enum assay_status image_texts(struct assay_lane *l, size_t c, uint64_t epoch)
{
    assay_sum *image = assay_lane_image(l, 0, c);
    struct lane_row *const end = l->row + l->n_rows;
    for (struct lane_row *r = l->row; r < end; r++, image++) {
        const struct assay_value *v = &r->v[c];
        enum assay_status s = ASSAY_OK;
        if (v->kind == ASSAY_K_TEXT || v->kind == ASSAY_K_LEXEME) { /* a lexeme is read as it stands */
            if (v->len <= IMAGE_TEXT_MOST && image_of_ascii(v->p, v->len, image))
                continue;
            if (!(v->flags & ASSAY_V_STABLE) && ascii_hash(l, v, r, image))
                continue;
            const struct assay_value text = {.kind = ASSAY_K_TEXT, .flags = v->flags, .len = v->len, .p = v->p};
            s = text_hash(l, c, &text, epoch, r, image);
        } else if (v->kind == ASSAY_K_NULL) {
            *image = IMAGE_NULL;
        } else {
            s = image_slowly(l, c, v, epoch, r, image);
        }
        if (s != ASSAY_OK)
            return s;
    }
    return ASSAY_OK;
}

static enum assay_status image_column(struct assay_lane *l, size_t c, uint64_t epoch)
{
    struct lane_column *col = &l->col[c];
    switch (col->settled) {
    case ASSAY_K_BOOL:
        return image_rows(l, c, epoch, ASSAY_K_BOOL, ASSAY_L_BOOLEAN);
    case ASSAY_K_INT:
        return image_rows(l, c, epoch, ASSAY_K_INT, ASSAY_L_INTEGER);
    case ASSAY_K_DEC:
        return image_rows(l, c, epoch, ASSAY_K_DEC, ASSAY_L_DECIMAL);
    case ASSAY_K_F64:
        return image_rows(l, c, epoch, ASSAY_K_F64, ASSAY_L_FLOAT64);
    case ASSAY_K_DATE:
        return image_rows(l, c, epoch, ASSAY_K_DATE, ASSAY_L_DATE);
    case ASSAY_K_TS:
        return image_rows(l, c, epoch, ASSAY_K_TS, ASSAY_L_TIMESTAMP);
    case ASSAY_K_TSTZ:
        return image_rows(l, c, epoch, ASSAY_K_TSTZ, ASSAY_L_TIMESTAMPTZ);
    case ASSAY_K_TEXT:
        return image_texts(l, c, epoch);
    default:
        return image_rows(l, c, epoch, ASSAY_K_NULL, col->type);
    }
}

enum assay_status assay_lane_images(struct assay_lane *l, uint64_t epoch)
{
    enum assay_status s = ASSAY_OK;
    for (size_t c = 0; c < l->n && s == ASSAY_OK; c++) {
        size_t ruled = l->col[c].ruled;
        l->col[c].altered = 0;
        for (size_t i = 0; ruled != SIZE_MAX && i < l->n_rows; i++)
            l->altered[i * l->n_ruled + ruled] = 0;
        s = image_column(l, c, epoch);
        hash_waiting(l);
        for (size_t i = 0; ruled != SIZE_MAX && i < l->n_rows && s == ASSAY_OK; i++)
            s = raw_hash(l, c, &l->row[i].v[c], &l->raw[i * l->n_ruled + ruled]);
        hash_waiting(l);
    }
    return s;
}
