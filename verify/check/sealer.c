#include "sealer.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "assay/blob.h"
#include "assay/bytes.h"
#include "assay/keyring.h"
#include "assay/limits.h"
#include "assay/sketch.h"
#include "sorter.h"

struct chunk {
    const struct assay_cut *cut;
    uint32_t ordinal;
    bool out_of_scope;
    uint64_t rows;
    size_t longest_key;
    struct assay_sealed_key key;
    struct sealed_chunk is;
};

struct sealer {
    const struct assay_check *c;
    struct assay_keyring *ring;
    struct sorter *sorter;
    struct chunk *chunk;
    size_t n, cap;
    uint32_t *slot; /* open addressing over (cut, ordinal): index + 1 */
    size_t n_slots;
    size_t last; /* chunk of the row before */
    struct assay_buf key; /* of the record being made: u32 chunk, key bytes */
    struct sorter_record rec; /* the one at hand, while chunks are looked at */
    bool have, used; /* there is one; it was handed out */
};

enum assay_status assay_sealer_new(const struct assay_check *c, struct sealer **out, struct assay_err *e)
{
    struct sealer *s = calloc(1, sizeof *s);
    if (!s)
        return assay_fail_nomem(e);
    s->c = c;
    s->key.max = ASSAY_MAX_KEY + 64;
    enum assay_status st = assay_keyring_open(c->plan->keyring, c->keys_dir, &s->ring, e);
    if (st == ASSAY_OK)
        st = assay_sorter_new((c->memory ? c->memory : ASSAY_DEFAULT_MEMORY) / 2, &s->sorter, e);
    if (st != ASSAY_OK) {
        assay_sealer_free(s);
        return st;
    }
    assay_sorter_limit(s->sorter, c->spill_max);
    *out = s;
    return ASSAY_OK;
}

/* ---- chunks ---- */

static size_t slot_of(const struct sealer *s, const struct assay_cut *cut, uint32_t ordinal)
{
    uint64_t h = ((uint64_t)(uintptr_t)cut ^ ordinal) * UINT64_C(0x9e3779b97f4a7c15);
    size_t at = (size_t)(h >> 20) & (s->n_slots - 1);
    while (s->slot[at] && (s->chunk[s->slot[at] - 1].cut != cut || s->chunk[s->slot[at] - 1].ordinal != ordinal))
        at = (at + 1) & (s->n_slots - 1);
    return at;
}

static enum assay_status room(struct sealer *s, struct assay_err *e)
{
    if (s->n >= ASSAY_MAX_CHUNKS)
        return assay_fail(e, ASSAY_ELIMIT, "dataset %s has more than %d chunks", s->c->set->name, ASSAY_MAX_CHUNKS);
    if (s->n == s->cap) {
        size_t want = s->cap ? 2 * s->cap : 64;
        struct chunk *grown = calloc(want, sizeof *grown); /* not realloc: what it frees holds keys */
        if (!grown)
            return assay_fail_nomem(e);
        if (s->n) {
            memcpy(grown, s->chunk, s->n * sizeof *grown);
            OPENSSL_cleanse(s->chunk, s->n * sizeof *s->chunk);
        }
        free(s->chunk);
        s->chunk = grown;
        s->cap = want;
    }
    if (2 * (s->n + 1) <= s->n_slots)
        return ASSAY_OK;
    size_t want = s->n_slots ? 2 * s->n_slots : 256;
    uint32_t *slot = calloc(want, sizeof *slot);
    if (!slot)
        return assay_fail_nomem(e);
    free(s->slot);
    s->slot = slot;
    s->n_slots = want;
    for (size_t i = 0; i < s->n; i++)
        s->slot[slot_of(s, s->chunk[i].cut, s->chunk[i].ordinal)] = (uint32_t)i + 1;
    return ASSAY_OK;
}

static bool in_scope(const struct assay_check *c, const char *segment)
{
    for (size_t i = 0; i < c->n_segments; i++)
        if (strcmp(c->segments[i], segment) == 0)
            return true;
    return c->n_segments == 0;
}

/* The chunk's key out of the keyring. A key that is not there, or not any more, is why there is no root. */
static enum assay_status chunk_key(struct sealer *s, const struct chunk *c, uint8_t out[ASSAY_CHUNK_KEY_LEN],
                                   const char **why, struct assay_err *e)
{
    struct assay_err missing = {0};
    enum assay_status st = assay_keyring_chunk_key(s->ring, s->c->set->id, c->cut->name, c->ordinal,
                                                   s->c->side == ASSAY_SOURCE, out, &missing);
    *why = st == ASSAY_EERASED ? "erased" : st == ASSAY_ENOTFOUND ? "no key" : NULL;
    return st == ASSAY_OK || *why ? ASSAY_OK : assay_fail(e, st, "%s", missing.msg);
}

static enum assay_status chunk_new(struct sealer *s, const struct assay_cut *cut, uint32_t ordinal, size_t at,
                                   struct assay_err *e)
{
    uint8_t key[ASSAY_CHUNK_KEY_LEN];
    struct chunk *c = &s->chunk[s->n];
    *c = (struct chunk){.cut = cut, .ordinal = ordinal, .out_of_scope = !in_scope(s->c, cut->name)};
    enum assay_status st = c->out_of_scope ? ASSAY_OK : chunk_key(s, c, key, &c->is.why, e);
    if (st == ASSAY_OK) /* of a segment that has no cut yet */
        st = assay_keyring_save(s->ring, e);
    if (st != ASSAY_OK) {
        OPENSSL_cleanse(key, sizeof key);
        return st;
    }
    if (!c->out_of_scope && !c->is.why) {
        assay_sealed_key_init(&c->key, key);
        assay_sealed_commit(key, c->is.commit);
    }
    OPENSSL_cleanse(key, sizeof key);
    s->slot[at] = (uint32_t)++s->n;
    return ASSAY_OK;
}

static enum assay_status find(struct sealer *s, const struct assay_cut *cut, uint32_t ordinal, size_t *out,
                              struct assay_err *e)
{
    *out = s->last;
    if (s->last < s->n && s->chunk[s->last].cut == cut && s->chunk[s->last].ordinal == ordinal)
        return ASSAY_OK;
    enum assay_status st = room(s, e);
    if (st != ASSAY_OK)
        return st;
    size_t at = slot_of(s, cut, ordinal);
    if (!s->slot[at] && (st = chunk_new(s, cut, ordinal, at, e)) != ASSAY_OK)
        return st;
    *out = s->last = s->slot[at] - 1;
    return ASSAY_OK;
}

/* ---- rows ---- */

enum assay_status assay_sealer_row(void *ctx, const struct assay_lane_row *row, struct assay_err *e)
{
    struct sealer *s = ctx;
    uint8_t salt[16], rd[32], number[4], whole[32];
    const uint8_t *key = row->key;
    size_t at, len = row->key_len;
    enum assay_status st = find(s, row->cut, row->ordinal, &at, e);
    if (st != ASSAY_OK)
        return st;
    struct chunk *c = &s->chunk[at];
    c->rows++;
    if (c->out_of_scope || c->is.why)
        return ASSAY_OK;
    if (s->c->set->n_key == 0) {
        assay_sealed_no_key(row->row, row->row_len, whole);
        key = whole;
        len = sizeof whole;
    }
    if (len > c->longest_key)
        c->longest_key = len;
    assay_sealed_salt(&c->key, key, len, salt);
    assay_sealed_row(salt, row->row, row->row_len, rd);
    assay_put_be32(number, (uint32_t)at);
    assay_buf_reset(&s->key);
    if (assay_buf_add(&s->key, number, sizeof number) != ASSAY_OK || assay_buf_add(&s->key, key, len) != ASSAY_OK)
        return assay_fail_nomem(e);
    return assay_sorter_add(s->sorter, s->key.ptr, s->key.len, rd, sizeof rd, e);
}

/* ---- roots ---- */

/* The record at hand was handed out, and the next one is wanted. */
static enum assay_status next(struct sealer *s, struct assay_err *e)
{
    return assay_sorter_next(s->sorter, &s->rec, &s->have, e);
}

enum assay_status assay_sealer_next(struct sealer *s, size_t i, struct sealer_row *out, bool *have, struct assay_err *e)
{
    enum assay_status st = s->used ? next(s, e) : ASSAY_OK;
    s->used = *have = st == ASSAY_OK && s->have && assay_get_be32(s->rec.key) == i;
    if (*have)
        *out = (struct sealer_row){.key = s->rec.key + 4, .key_len = s->rec.key_len - 4, .rd = s->rec.body};
    return st;
}

static enum assay_status store(struct sealer *s, const struct chunk *c, const uint8_t key[ASSAY_CHUNK_KEY_LEN],
                               const char *kind, const struct assay_buf *plain, uint8_t name[32], struct assay_err *e)
{
    struct assay_buf sealed = {0};
    struct assay_blob_about about = {kind, s->c->set->id, c->cut->name, c->ordinal};
    enum assay_status st = assay_blob_seal(key, &about, plain->ptr, plain->len, &sealed, e);
    if (st == ASSAY_OK)
        st = assay_sink_blob(s->c->sink, sealed.ptr, sealed.len, name, e);
    assay_buf_release(&sealed);
    return st;
}

enum assay_status assay_sealer_store(struct sealer *s, const struct assay_cut *cut, uint32_t ordinal, const char *kind,
                                     const struct assay_buf *plain, uint8_t name[32], struct assay_err *e)
{
    const struct chunk c = {.cut = cut, .ordinal = ordinal};
    uint8_t key[ASSAY_CHUNK_KEY_LEN];
    const char *why;
    enum assay_status st = chunk_key(s, &c, key, &why, e);
    if (st == ASSAY_OK)
        st = store(s, &c, why ? s->c->dataset_key : key, kind, plain, name, e);
    OPENSSL_cleanse(key, sizeof key);
    return st;
}

/* What the rows of a chunk add up to while they come in order. */
struct sum {
    struct assay_sealed_tree tree;
    struct assay_sketch *sketch;
    uint32_t words;
};

static enum assay_status add_rows(struct sealer *s, size_t at, struct sum *x, struct assay_err *e)
{
    struct sealer_row r;
    bool have = true;
    uint64_t payload[ASSAY_MAX_SKETCH_WORDS];
    enum assay_status st = assay_sealer_next(s, at, &r, &have, e);
    for (; st == ASSAY_OK && have; st = assay_sealer_next(s, at, &r, &have, e)) {
        if ((st = assay_sealed_tree_add(&x->tree, r.key, r.key_len, r.rd, e)) != ASSAY_OK)
            return st;
        if (!x->sketch)
            continue;
        assay_sealed_payload(r.key, r.key_len, x->tree.occurrence, r.rd, x->words, payload);
        assay_sketch_add(x->sketch, assay_sealed_locator(r.rd, x->tree.occurrence), payload);
    }
    return st;
}

static enum assay_status seal(struct sealer *s, struct chunk *c, struct sum *x, struct assay_err *e)
{
    struct assay_buf text = {0};
    uint8_t key[ASSAY_CHUNK_KEY_LEN];
    enum assay_status st = assay_sealed_tree_end(&x->tree, c->is.root, e);
    if (st == ASSAY_OK)
        st = chunk_key(s, c, key, &c->is.why, e);
    if (st == ASSAY_OK && !c->is.why)
        st = store(s, c, key, "blocks", &x->tree.blocks, c->is.blocks, e);
    if (st == ASSAY_OK && !c->is.why && x->sketch) {
        if (assay_sealed_sketch_put(x->sketch, s->c->set->sketch, x->words, &text) != ASSAY_OK)
            st = assay_fail_nomem(e);
        else
            st = store(s, c, key, "sketch", &text, c->is.sketch, e);
        c->is.has_sketch = true;
    }
    OPENSSL_cleanse(key, sizeof key);
    assay_buf_release(&text);
    return st;
}

static enum assay_status finish_chunk(struct sealer *s, size_t at, struct assay_err *e)
{
    struct chunk *c = &s->chunk[at];
    struct sum x = {0};
    enum assay_status st = ASSAY_OK;
    if (s->c->side == ASSAY_SOURCE && s->c->set->sketch && (x.words = assay_sealed_words(c->longest_key)))
        st = assay_sketch_new(s->c->set->sketch, x.words, &x.sketch, e);
    if (st == ASSAY_OK)
        st = add_rows(s, at, &x, e);
    if (st == ASSAY_OK && !c->is.why && !c->out_of_scope)
        st = seal(s, c, &x, e);
    OPENSSL_cleanse(&c->key, sizeof c->key);
    assay_sketch_free(x.sketch);
    assay_sealed_tree_release(&x.tree);
    return st;
}

/* Chunks without a row have a root, too. */
static enum assay_status visit_all(struct sealer *s, const struct assay_lane_segment *seg, size_t n,
                                   struct assay_err *e)
{
    enum assay_status st = ASSAY_OK;
    size_t at;
    for (size_t i = 0; i < n && st == ASSAY_OK; i++)
        for (uint32_t k = 0; in_scope(s->c, seg[i].cut->name) && k < seg[i].cut->chunks && st == ASSAY_OK; k++)
            st = find(s, seg[i].cut, k, &at, e);
    return st;
}

/* Values that do not decode take the root away, and so do rows of the source that may belong anywhere. */
static enum assay_status take_away(struct sealer *s, const struct assay_lane_segment *seg, size_t n, uint64_t unplaced,
                                   struct assay_err *e)
{
    const bool anywhere = unplaced && s->c->side == ASSAY_SOURCE;
    enum assay_status st = ASSAY_OK;
    size_t at;
    for (size_t i = 0; i < n && st == ASSAY_OK; i++)
        for (uint32_t k = 0; in_scope(s->c, seg[i].cut->name) && k < seg[i].cut->chunks && st == ASSAY_OK; k++) {
            if (!anywhere && !seg[i].chunk[k].defects)
                continue;
            st = find(s, seg[i].cut, k, &at, e);
            if (st == ASSAY_OK && !s->chunk[at].is.why)
                s->chunk[at].is.why = seg[i].chunk[k].defects ? "defects" : "unplaced";
        }
    return st;
}

enum assay_status assay_sealer_sort(struct sealer *s, const struct assay_lane_segment *seg, size_t n,
                                    struct assay_err *e)
{
    enum assay_status st = visit_all(s, seg, n, e);
    if (st == ASSAY_OK)
        st = assay_sorter_finish(s->sorter, e);
    return st == ASSAY_OK ? next(s, e) : st;
}

enum assay_status assay_sealer_finish(struct sealer *s, const struct assay_lane_segment *seg, size_t n,
                                      uint64_t unplaced, struct assay_err *e)
{
    enum assay_status st = assay_sealer_sort(s, seg, n, e);
    if (st == ASSAY_OK)
        st = take_away(s, seg, n, unplaced, e);
    for (size_t i = 0; i < s->n && st == ASSAY_OK; i++)
        st = finish_chunk(s, i, e);
    assay_sorter_free(s->sorter);
    s->sorter = NULL;
    return st;
}

const struct sealed_chunk *assay_sealer_chunk(const struct sealer *s, const struct assay_cut *cut, uint32_t ordinal)
{
    size_t at = s->n ? slot_of(s, cut, ordinal) : 0;
    const struct chunk *c = s->n && s->slot[at] ? &s->chunk[s->slot[at] - 1] : NULL;
    return c && !c->out_of_scope ? &c->is : NULL;
}

size_t assay_sealer_count(const struct sealer *s)
{
    return s->n;
}

struct sealer_place assay_sealer_place(const struct sealer *s, size_t i)
{
    const struct chunk *c = &s->chunk[i];
    struct sealer_place p = {
        .cut = c->cut, .ordinal = c->ordinal, .why = c->is.why, .rows = c->rows, .out_of_scope = c->out_of_scope};
    memcpy(p.commit, c->is.commit, sizeof p.commit);
    return p;
}

void assay_sealer_salt(const struct sealer *s, size_t i, const uint8_t *key, size_t n, uint8_t salt[16])
{
    assay_sealed_salt(&s->chunk[i].key, key, n, salt);
}

enum assay_status assay_sealer_open(struct sealer *s, size_t i, const char *kind, const struct assay_buf *blob,
                                    struct assay_buf *out, struct assay_err *e)
{
    const struct chunk *c = &s->chunk[i];
    struct assay_blob_about about = {kind, s->c->set->id, c->cut->name, c->ordinal};
    uint8_t key[ASSAY_CHUNK_KEY_LEN];
    const char *why;
    enum assay_status st = chunk_key(s, c, key, &why, e);
    if (st == ASSAY_OK && why)
        st = assay_fail(e, ASSAY_ENOTFOUND, "segment %s: the key of its chunk %u: %s", c->cut->name, c->ordinal, why);
    if (st == ASSAY_OK)
        st = assay_blob_open(key, &about, blob->ptr, blob->len, out, e);
    OPENSSL_cleanse(key, sizeof key);
    return st;
}

void assay_sealer_free(struct sealer *s)
{
    if (!s)
        return;
    assay_keyring_close(s->ring);
    assay_sorter_free(s->sorter);
    if (s->chunk)
        OPENSSL_cleanse(s->chunk, s->n * sizeof *s->chunk);
    free(s->chunk);
    free(s->slot);
    assay_buf_release(&s->key);
    free(s);
}
