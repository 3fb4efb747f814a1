/* Hashes of the keys and rows of a block, and their addition to the chunks. */
#include "fasthash.h"
#include "lane.h"

/* The hash of a dozen bytes costs less than a call of it. */
#define FLATTEN __attribute__((flatten))

FLATTEN static void hash_keys(struct assay_lane *l)
{
    const uint8_t *keys = l->keys.ptr, *secret = l->spec.secret;
    for (size_t i = 0; i < l->n_rows; i++)
        l->key_hash[i] = fasthash(keys + l->row[i].key_off - 4, l->row[i].key_len + 4, secret);
}

static void hash_rows(struct assay_lane *l)
{
    for (size_t i = 0; i < l->n_rows; i++)
        l->row_hash[i] = fasthash(l->cells + i * l->stride, l->stride, l->spec.secret);
}

static void place_rows(struct assay_lane *l)
{
    for (size_t i = 0; i < l->n_rows; i++) {
        struct lane_row *r = &l->row[i];
        uint64_t spread = (uint64_t)((l->n_key ? l->key_hash[i] : l->row_hash[i]) >> 64);
        r->ordinal = assay_cut_find_near(r->seg->pub.cut, l->keys.ptr + r->key_off, r->key_len, spread, r->seg->last);
        r->seg->last = r->ordinal;
        r->tally = &r->seg->pub.chunk[r->ordinal];
        if (!r->defects)
            continue;
        r->tally->defects += r->defects;
        l->counts.defects += r->defects;
        assay_lane_note(l, r->seg, r->ordinal, r->pos, l->spec.set->col[r->column].name, r->why);
    }
}

static const assay_sum *image_at(const struct assay_lane *l, size_t row, size_t c)
{
    return (const assay_sum *)(const void *)(l->cells + row * l->stride + LANE_ROW_HEAD + c * sizeof(assay_sum));
}

/* Rows [from, to) fall into one chunk: its sums stay in registers. */
static void add_run(struct assay_lane *l, size_t from, size_t to)
{
    struct assay_tally *t = l->row[from].tally;
    assay_sum rows = 0, keys = 0;
    for (size_t i = from; i < to; i++) {
        rows += l->row_hash[i];
        keys += l->key_hash[i];
    }
    t->rows += to - from;
    t->sum[0] += rows;
    t->sum[1] += keys;
    const uint8_t *secret = l->spec.secret;
    const size_t stride = l->stride;
    for (size_t c = 0; c < l->n; c++) {
        const uint8_t *image = (const uint8_t *)image_at(l, from, c);
        assay_sum sum = 0;
        for (size_t i = from; i < to; i++, image += stride)
            sum += fastpair(l->key_hash[i], *(const assay_sum *)(const void *)image, secret);
        t->sum[2 + c] += sum;
    }
}

static void add_ruled(struct assay_lane *l, size_t c)
{
    size_t ruled = l->col[c].ruled;
    for (size_t i = 0; i < l->n_rows; i++) {
        struct assay_tally *t = l->row[i].tally;
        assay_sum raw = l->raw[i * l->n_ruled + ruled];
        t->sum[2 + l->n + ruled] += fastpair(l->key_hash[i], raw, l->spec.secret);
        t->changed[ruled] += raw != *image_at(l, i, c);
    }
}

void assay_lane_add(struct assay_lane *l)
{
    hash_keys(l);
    hash_rows(l);
    place_rows(l);
    for (size_t from = 0, to; from < l->n_rows; from = to) {
        for (to = from + 1; to < l->n_rows && l->row[to].tally == l->row[from].tally; to++)
            ;
        add_run(l, from, to);
    }
    for (size_t c = 0; c < l->n; c++)
        if (l->col[c].ruled != SIZE_MAX)
            add_ruled(l, c);
}
