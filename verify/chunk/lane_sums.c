/* Hashes of the keys and rows of a block, and their addition to the chunks. */
#include "assay/bytes.h"
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
        if (!l->row[i].seg->form)
            l->row_hash[i] = fasthash(l->cells + i * l->stride, l->stride, l->spec.secret);
    for (size_t i = 0; l->n_forms && i < l->n_rows; i++)
        if (l->row[i].seg->form)
            l->row_hash[i] = fasthash(l->compact, assay_lane_compact(l, i, l->row[i].seg->form), l->spec.secret);
}

/* Rows mostly come in runs: the chunk of the row before is tried first, by the first bytes of the key alone. */
static uint32_t chunk_of(const struct assay_lane *l, const struct lane_row *r, uint64_t spread)
{
    struct lane_seg *seg = r->seg;
    const uint8_t *key = l->keys.ptr + r->key_off;
    uint64_t head = assay_key_head(key, r->key_len);
    if (head > seg->above && head < seg->below)
        return seg->last;
    seg->last = assay_cut_find(seg->pub.cut, key, r->key_len, spread);
    assay_cut_heads(seg->pub.cut, seg->last, &seg->above, &seg->below);
    return seg->last;
}

static void place_rows(struct assay_lane *l)
{
    for (size_t i = 0; i < l->n_rows; i++) {
        struct lane_row *r = &l->row[i];
        uint64_t spread = (uint64_t)((l->n_key ? l->key_hash[i] : l->row_hash[i]) >> 64);
        r->ordinal = chunk_of(l, r, spread);
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
    const void *image = l->cells + row * l->stride + LANE_ROW_HEAD + c * sizeof(assay_sum);
    return image;
}

/* The sum of fastpair over n rows: keys are mixed with the secret already. A function of its own, that its operands
 * stay in registers. */
static __attribute__((noinline)) assay_sum sum_of_pairs(const assay_sum *mixed, const uint8_t *image, size_t stride,
                                                        size_t n, const uint8_t *secret)
{
    const uint64_t lo = fastpair_cell_lo(secret), hi = fastpair_cell_hi(secret);
    assay_sum sum = 0;
    for (size_t i = 0; i < n; i++, image += stride)
        sum += fastpair_mixed(mixed[i], assay_get_le64(image) ^ lo, assay_get_le64(image + 8) ^ hi);
    return sum;
}

/* Rows [from, to) fall into one chunk. */
static void add_run(struct assay_lane *l, const assay_sum *mixed, size_t from, size_t to)
{
    struct assay_tally *t = l->row[from].tally;
    const bool *has = l->row[from].seg->pub.has;
    assay_sum rows = 0, keys = 0;
    for (size_t i = from; i < to; i++) {
        rows += l->row_hash[i];
        keys += l->key_hash[i];
    }
    t->rows += to - from;
    t->sum[0] += rows;
    t->sum[1] += keys;
    for (size_t c = 0; c < l->n; c++)
        if (!has || has[c])
            t->sum[2 + c] +=
                sum_of_pairs(mixed + from, (const uint8_t *)image_at(l, from, c), l->stride, to - from, l->spec.secret);
}

static void add_ruled(struct assay_lane *l, size_t c)
{
    size_t ruled = l->col[c].ruled;
    for (size_t i = 0; i < l->n_rows; i++) {
        struct assay_tally *t = l->row[i].tally;
        if (l->row[i].seg->pub.has && !l->row[i].seg->pub.has[c])
            continue;
        assay_sum raw = l->raw[i * l->n_ruled + ruled];
        t->sum[2 + l->n + ruled] += fastpair(l->key_hash[i], raw, l->spec.secret);
        if (raw == *image_at(l, i, c))
            continue;
        t->changed[ruled]++;
        for (uint32_t bits = l->altered[i * l->n_ruled + ruled]; bits; bits &= bits - 1)
            t->changed[l->n_ruled + l->col[c].slot + (size_t)__builtin_ctz(bits)]++;
    }
}

void assay_lane_add(struct assay_lane *l)
{
    assay_sum mixed[LANE_BLOCK];
    hash_keys(l);
    hash_rows(l);
    place_rows(l);
    for (size_t i = 0; i < l->n_rows; i++)
        mixed[i] = fastpair_key(l->key_hash[i], l->spec.secret);
    for (size_t from = 0, to; from < l->n_rows; from = to) {
        for (to = from + 1; to < l->n_rows && l->row[to].tally == l->row[from].tally; to++)
            ;
        add_run(l, mixed, from, to);
    }
    for (size_t c = 0; c < l->n; c++)
        if (l->col[c].ruled != SIZE_MAX)
            add_ruled(l, c);
}
