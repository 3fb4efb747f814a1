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

uint64_t assay_lane_spread(const uint8_t *secret, const uint8_t *key, uint32_t len)
{
    uint8_t small[256], *text = 4 + (size_t)len <= sizeof small ? small : malloc(4 + (size_t)len);
    if (!text)
        return 0;
    assay_put_be32(text, len);
    memcpy(text + 4, key, len);
    const uint64_t spread = (uint64_t)(fasthash(text, 4 + (size_t)len, secret) >> 64);
    if (text != small)
        free(text);
    return spread;
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

/* The sum of fastpair over n rows, each also folded into its row: keys are mixed with the secret already. A function of
 * its own, that its operands stay in registers. */
static __attribute__((noinline)) assay_sum sum_of_pairs(const assay_sum *mixed, const assay_sum *image,
                                                        struct fastfold *fold, size_t n, const uint8_t *secret)
{
    const uint64_t cell_lo = fastpair_cell_lo(secret), cell_hi = fastpair_cell_hi(secret);
    assay_sum sum = 0;
    for (size_t i = 0; i < n; i++) {
        const uint64_t lo = fasthash_mix((uint64_t)mixed[i], (uint64_t)image[i] ^ cell_lo),
                       hi = fasthash_mix((uint64_t)(mixed[i] >> 64), (uint64_t)(image[i] >> 64) ^ cell_hi);
        fastfold_add(&fold[i], lo, hi);
        sum += (assay_sum)hi << 64 | lo;
    }
    return sum;
}

/* Rows [from, to) have one form. Hash them, and add their pairs to the n sums of columns, unless NULL. */
FLATTEN static void hash_run(struct assay_lane *l, const assay_sum *mixed, size_t from, size_t to, assay_sum *columns)
{
    const struct lane_form *form = l->row[from].seg->form;
    const struct fastfold start = form ? fastfold_start(form->hash, form->n) : fastfold_start(l->form, l->n);
    for (size_t i = from; i < to; i++)
        l->fold[i] = start;
    for (size_t c = 0; c < l->n; c++) {
        if (form && !form->has[c])
            continue;
        assay_sum sum =
            sum_of_pairs(mixed + from, assay_lane_image(l, from, c), l->fold + from, to - from, l->spec.secret);
        if (columns)
            columns[c] += sum;
    }
    for (size_t i = from; i < to; i++)
        l->row_hash[i] = fastfold_hash(&l->fold[i], l->spec.secret);
}

/* Rows [from, to) fall into one chunk. */
static void add_run(struct assay_lane *l, const assay_sum *mixed, size_t from, size_t to)
{
    struct assay_tally *t = l->row[from].tally;
    assay_sum rows = 0, keys = 0;
    hash_run(l, mixed, from, to, t->sum + 2);
    for (size_t i = from; i < to; i++) {
        rows += l->row_hash[i];
        keys += l->key_hash[i];
    }
    t->rows += to - from;
    t->sum[0] += rows;
    t->sum[1] += keys;
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
        if (raw == *assay_lane_image(l, i, c))
            continue;
        t->changed[ruled]++;
        for (uint32_t bits = l->altered[i * l->n_ruled + ruled]; bits; bits &= bits - 1)
            t->changed[l->n_ruled + l->col[c].slot + (size_t)__builtin_ctz(bits)]++;
    }
}

/* Without a key a row's chunk depends on its hash. */
static void hash_rows_first(struct assay_lane *l, const assay_sum *mixed)
{
    for (size_t from = 0, to; from < l->n_rows; from = to) {
        for (to = from + 1; to < l->n_rows && l->row[to].seg == l->row[from].seg; to++)
            ;
        hash_run(l, mixed, from, to, NULL);
    }
}

void assay_lane_add(struct assay_lane *l)
{
    assay_sum mixed[LANE_BLOCK];
    hash_keys(l);
    for (size_t i = 0; i < l->n_rows; i++)
        mixed[i] = fastpair_key(l->key_hash[i], l->spec.secret);
    if (!l->n_key)
        hash_rows_first(l, mixed);
    place_rows(l);
    for (size_t from = 0, to; from < l->n_rows; from = to) {
        for (to = from + 1; to < l->n_rows && l->row[to].tally == l->row[from].tally; to++)
            ;
        add_run(l, mixed, from, to);
    }
    for (size_t c = 0; c < l->n; c++)
        if (l->col[c].ruled != SIZE_MAX)
            add_ruled(l, c);
}
