/* Repetition and definition levels of the leaves of nested columns. They are looked through once when their page is
 * loaded: what follows may trust that none is above its most, and knows how many values the page holds. */
#include "assay/bytes.h"
#include "column.h"

static unsigned width_of(unsigned most)
{
    unsigned width = 0;
    for (; most; most >>= 1)
        width++;
    return width;
}

static enum assay_status bad(const struct assay_pq_cursor *c, const char *why, struct assay_err *e)
{
    return assay_pq_cursor_fail(c, ASSAY_EDATA, why, e);
}

/* Levels that are not written, for all of them are zero. */
static void all_zero(struct assay_pq_hybrid *h, uint64_t n)
{
    static const uint8_t nothing[PQ_PAD];
    assay_pq_hybrid_init(h, nothing, 0, 0);
    h->repeats = n;
}

/* The deprecated BIT_PACKED runs from the most significant bit: made one byte a level. */
static enum assay_status unpack(struct assay_pq_cursor *c, int which, const uint8_t *p, size_t n, unsigned width,
                                struct assay_err *e)
{
    struct assay_pq_room *r = &c->level_bytes[which];
    if (!assay_pq_room_for(r, n))
        return assay_fail_nomem(e);
    uint64_t bit = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned v = 0;
        for (unsigned k = 0; k < width; k++, bit++)
            v = v << 1 | ((unsigned)p[bit >> 3] >> (7 - (bit & 7)) & 1u);
        r->p[i] = (uint8_t)v;
    }
    struct assay_pq_hybrid *h = which ? &c->levels : &c->rep_levels;
    assay_pq_hybrid_init(h, r->p + n, 0, 8);
    h->packed = r->p;
    h->packs = n;
    return ASSAY_OK;
}

/* One kind of levels of a v1 page, at *p and *n bytes. which: 0 repetition, 1 definition. */
static enum assay_status begin_v1(struct assay_pq_cursor *c, int which, int32_t encoding, uint32_t values, uint8_t **p,
                                  size_t *n, struct assay_err *e)
{
    struct assay_pq_hybrid *h = which ? &c->levels : &c->rep_levels;
    const unsigned width = width_of(which ? c->column->max_def : c->column->max_rep);
    if (width == 0) {
        all_zero(h, values);
        return ASSAY_OK;
    }
    size_t head = 0;
    uint64_t bytes = ((uint64_t)values * width + 7) / 8;
    if (encoding == PQ_RLE) {
        head = 4;
        bytes = *n < head ? UINT64_MAX : assay_get_le32(*p);
    } else if (encoding != PQ_BIT_PACKED) {
        return bad(c, "an unknown encoding of levels", e);
    }
    if (*n < head || bytes > *n - head)
        return bad(c, "levels longer than the page", e);
    enum assay_status s = ASSAY_OK;
    if (head)
        assay_pq_hybrid_init(h, *p + head, (size_t)bytes, width);
    else
        s = unpack(c, which, *p, values, width, e);
    *p += head + bytes;
    *n -= head + (size_t)bytes;
    return s;
}

struct tally {
    uint64_t zeros, tops; /* levels that are 0, and that are the most */
    uint32_t first;
};

/* Look through n levels; h is a copy of what will deliver them. */
static enum assay_status look(const struct assay_pq_cursor *c, struct assay_pq_hybrid h, uint64_t n, unsigned most,
                              struct tally *t, struct assay_err *e)
{
    uint32_t v[ASSAY_BATCH_ROWS];
    *t = (struct tally){0};
    for (uint64_t left = n; left;) {
        bool same = false;
        const size_t want = left < ASSAY_BATCH_ROWS ? (size_t)left : ASSAY_BATCH_ROWS;
        uint64_t k = h.repeats > left ? left : h.repeats;
        if (k) { /* a run may be longer than any array */
            same = true;
            v[0] = h.value;
            h.repeats -= k;
        } else if ((k = assay_pq_hybrid_take(&h, want, v, &same)) == 0) {
            return bad(c, "the levels end too early or are broken", e);
        }
        t->first = left == n ? v[0] : t->first;
        for (uint64_t i = 0; i < (same ? 1 : k); i++) {
            const uint64_t weight = same ? k : 1;
            if (v[i] > most)
                return bad(c, "a level above the most that the schema allows", e);
            t->zeros += v[i] == 0 ? weight : 0;
            t->tops += v[i] == most ? weight : 0;
        }
        left -= k;
    }
    return assay_pq_hybrid_done(&h) ? ASSAY_OK : bad(c, "the page has more levels than values", e);
}

static enum assay_status look_both(const struct assay_pq_cursor *c, const struct assay_pq_page *page, uint64_t *valid,
                                   uint64_t *rows, struct assay_err *e)
{
    struct tally rep = {0}, def = {0};
    enum assay_status s = look(c, c->rep_levels, page->values, c->column->max_rep, &rep, e);
    if (s == ASSAY_OK)
        s = look(c, c->levels, page->values, c->column->max_def, &def, e);
    if (s == ASSAY_OK && rep.first != 0 && (page->type == PQ_DATA_PAGE_V2 || c->chunk_left == c->chunk_values))
        s = bad(c, "the first value continues a row that has not begun", e);
    *valid = def.tops;
    *rows = rep.zeros;
    return s;
}

enum assay_status assay_pq_levels_v1(struct assay_pq_cursor *c, const struct assay_pq_page *page, uint8_t **p,
                                     size_t *n, uint64_t *valid, struct assay_err *e)
{
    uint64_t rows = 0;
    enum assay_status s = begin_v1(c, 0, page->rep_encoding, page->values, p, n, e);
    if (s == ASSAY_OK)
        s = begin_v1(c, 1, page->level_encoding, page->values, p, n, e);
    return s == ASSAY_OK ? look_both(c, page, valid, &rows, e) : s;
}

static enum assay_status begin_v2(const struct assay_pq_cursor *c, struct assay_pq_hybrid *h, const uint8_t *p,
                                  size_t n, unsigned most, uint32_t values, struct assay_err *e)
{
    const unsigned width = width_of(most);
    assay_pq_hybrid_init(h, p, n, width);
    if (width)
        return ASSAY_OK;
    all_zero(h, values);
    return n ? bad(c, "levels in a column that has none", e) : ASSAY_OK;
}

/* The header's number of nulls is not held against the levels: writers differ in whether an empty list is one. */
enum assay_status assay_pq_levels_v2(struct assay_pq_cursor *c, const struct assay_pq_page *page, const uint8_t *p,
                                     uint64_t *valid, struct assay_err *e)
{
    uint64_t rows = 0;
    const uint64_t bytes = (uint64_t)page->rep_bytes + page->level_bytes;
    if (page->rows > page->values || bytes > page->compressed || bytes > page->uncompressed)
        return bad(c, "the counts of the page header contradict each other", e);
    enum assay_status s = begin_v2(c, &c->rep_levels, p, page->rep_bytes, c->column->max_rep, page->values, e);
    if (s == ASSAY_OK)
        s = begin_v2(c, &c->levels, p + page->rep_bytes, page->level_bytes, c->column->max_def, page->values, e);
    if (s == ASSAY_OK)
        s = look_both(c, page, valid, &rows, e);
    if (s == ASSAY_OK && rows != page->rows)
        s = bad(c, "the page has not as many rows as its header says", e);
    return s;
}
