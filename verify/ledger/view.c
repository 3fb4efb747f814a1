#include "view.h"

#include <stdlib.h>
#include <string.h>

#include "assay/digest.h"

enum { SLOTS = 1024 };

struct assay_view *assay_view_new(void)
{
    struct assay_view *v = calloc(1, sizeof *v);
    if (!v)
        return NULL;
    v->seen.max = sizeof(struct assay_seen) * (size_t)UINT32_MAX;
    v->slots = SLOTS;
    v->slot = calloc(v->slots, sizeof *v->slot);
    if (v->slot)
        return v;
    free(v);
    return NULL;
}

void assay_view_free(struct assay_view *v)
{
    if (!v)
        return;
    assay_buf_release(&v->seen);
    assay_buf_release(&v->room);
    free(v->by_hash);
    free(v->slot);
    free(v);
}

const struct assay_seen *assay_view_at(const struct assay_view *v, uint64_t idx)
{
    return (const struct assay_seen *)(const void *)v->seen.ptr + idx;
}

/* FNV-1a: two values of one word cost time, never truth, because what is found is compared. */
static uint32_t word_of(unsigned field, const char *p, size_t n)
{
    uint32_t h = (2166136261u ^ field) * 16777619u;
    for (size_t i = 0; i < n; i++)
        h = (h ^ (uint8_t)p[i]) * 16777619u;
    return h ? h : 1;
}

/* The slot of this word, or the free one where it belongs. */
static struct assay_view_slot *slot_of(struct assay_view_slot *slot, size_t slots, uint32_t word, uint32_t field)
{
    size_t at = (word * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (slots - 1);
    while (slot[at].word && (slot[at].word != word || slot[at].field != field))
        at = (at + 1) & (slots - 1);
    return &slot[at];
}

static enum assay_status grow(struct assay_view *v)
{
    if (v->used + ASSAY_INDEX_FIELDS < v->slots / 2)
        return ASSAY_OK;
    struct assay_view_slot *more = calloc(v->slots * 2, sizeof *more);
    if (!more)
        return ASSAY_ENOMEM;
    for (size_t i = 0; i < v->slots; i++)
        if (v->slot[i].word)
            *slot_of(more, v->slots * 2, v->slot[i].word, v->slot[i].field) = v->slot[i];
    free(v->slot);
    v->slot = more;
    v->slots *= 2;
    return ASSAY_OK;
}

enum assay_status assay_view_read(const struct assay_view *v, const struct assay_store_leaf *row, struct assay_head *h,
                                  enum assay_role *role, uint8_t hash[32], struct assay_err *e)
{
    struct assay_err why = {0};
    const unsigned long long shown = v->tree.size;
    if (row->idx != v->tree.size)
        return assay_fail(e, ASSAY_ELEDGER, "leaf %llu: missing", shown);
    assay_merkle_leaf(row->note, row->note_len, hash);
    if (row->hash_len != 32 || memcmp(hash, row->hash, 32) != 0)
        return assay_fail(e, ASSAY_ELEDGER, "leaf %llu: stored hash is not the hash of its note", shown);
    enum assay_status s = assay_leaf_read(row->note, row->note_len, h, role, &why);
    return s == ASSAY_OK ? s : assay_fail(e, s, "leaf %llu: %s", shown, why.msg);
}

static enum assay_status add(struct assay_view *v, const struct assay_text field[ASSAY_INDEX_FIELDS],
                             const uint8_t hash[32])
{
    struct assay_seen x = {0};
    const uint32_t own = (uint32_t)v->tree.size + 1;
    if (v->tree.size >= UINT32_MAX - 1 || grow(v) != ASSAY_OK || assay_buf_reserve(&v->seen, sizeof x) != ASSAY_OK)
        return ASSAY_ENOMEM;
    memcpy(x.hash, hash, 32);
    for (uint32_t f = 0; f < ASSAY_INDEX_FIELDS; f++) {
        if (!field[f].p)
            continue;
        x.word[f] = word_of(f, field[f].p, field[f].n);
        struct assay_view_slot *s = slot_of(v->slot, v->slots, x.word[f], f);
        v->used += s->word == 0;
        s->word = x.word[f];
        s->field = f;
        x.before[f] = s->last;
        s->last = own;
        s->count++;
    }
    assay_merkle_add(&v->tree, hash);
    return assay_buf_add(&v->seen, &x, sizeof x);
}

enum assay_status assay_view_take(struct assay_view *v, const struct assay_store_leaf *row, const struct assay_head *h,
                                  enum assay_role role, const uint8_t hash[32], struct assay_err *e)
{
    struct assay_text want[ASSAY_INDEX_FIELDS];
    if (assay_leaf_index(h, role, &v->room, want) != ASSAY_OK)
        return assay_fail_nomem(e);
    bool same = row->indexed;
    for (int i = 0; i < ASSAY_INDEX_FIELDS && same; i++)
        same = assay_text_same(row->index[i], want[i]);
    if (!same)
        return assay_fail(e, ASSAY_ELEDGER, "leaf %llu: its row in leaf_index is not what the leaf says",
                          (unsigned long long)row->idx);
    return add(v, want, hash) == ASSAY_OK ? ASSAY_OK : assay_fail_nomem(e);
}

void assay_view_cut(struct assay_view *v, const struct assay_merkle *tree)
{
    for (uint64_t i = v->tree.size; i-- > tree->size;) {
        const struct assay_seen *x = assay_view_at(v, i);
        for (uint32_t f = 0; f < ASSAY_INDEX_FIELDS; f++) {
            if (!x->word[f])
                continue;
            struct assay_view_slot *s = slot_of(v->slot, v->slots, x->word[f], f);
            s->last = x->before[f];
            s->count--;
        }
    }
    if (tree->size < v->tree.size)
        v->seen.len = tree->size * sizeof(struct assay_seen);
    if (tree->size < v->hashed)
        v->hashed = v->by_hash_slots = 0;
    v->tree = *tree;
}

/* ---- finding ---- */

/* The slot of this hash, or the free one where it belongs. Whoever makes hashes that begin alike loses time alone. */
static uint32_t *place_of(const struct assay_view *v, const uint8_t hash[32])
{
    uint64_t word;
    memcpy(&word, hash, sizeof word);
    size_t at = word & (v->by_hash_slots - 1);
    while (v->by_hash[at] && memcmp(assay_view_at(v, v->by_hash[at] - 1)->hash, hash, 32) != 0)
        at = (at + 1) & (v->by_hash_slots - 1);
    return &v->by_hash[at];
}

static enum assay_status hash_all(struct assay_view *v)
{
    if (v->by_hash_slots <= 2 * v->tree.size) {
        size_t slots = SLOTS;
        while (slots <= 4 * v->tree.size)
            slots *= 2;
        free(v->by_hash);
        v->by_hash = calloc(slots, sizeof *v->by_hash);
        v->by_hash_slots = v->by_hash ? slots : 0;
        v->hashed = 0;
    }
    for (; v->by_hash && v->hashed < v->tree.size; v->hashed++) {
        uint32_t *place = place_of(v, assay_view_at(v, v->hashed)->hash);
        *place = *place ? *place : (uint32_t)v->hashed + 1;
    }
    return v->by_hash ? ASSAY_OK : ASSAY_ENOMEM;
}

enum assay_status assay_view_find(struct assay_view *v, const uint8_t hash[32], bool *found, uint64_t *idx,
                                  struct assay_err *e)
{
    *found = false;
    if (hash_all(v) != ASSAY_OK)
        return assay_fail_nomem(e);
    const uint32_t at = *place_of(v, hash);
    *found = at != 0;
    *idx = at ? at - 1 : 0;
    return ASSAY_OK;
}

struct wanted {
    uint32_t word[ASSAY_INDEX_FIELDS]; /* 0: whatever it is */
    uint32_t rarest; /* the field to go by; ASSAY_INDEX_FIELDS: none is asked for */
    uint32_t last; /* 1 + the newest that has that word */
};

void assay_view_values(const struct assay_ledger_query *q, const char *value[ASSAY_INDEX_FIELDS])
{
    const char *const asked[ASSAY_INDEX_FIELDS] = {q->kind, q->role, q->dataset, q->run, q->segment, q->chunk};
    memcpy(value, asked, sizeof asked);
}

static struct wanted want(const struct assay_view *v, const struct assay_ledger_query *q)
{
    const char *value[ASSAY_INDEX_FIELDS];
    struct wanted w = {.rarest = ASSAY_INDEX_FIELDS, .last = (uint32_t)v->tree.size};
    uint32_t least = UINT32_MAX;
    assay_view_values(q, value);
    for (uint32_t f = 0; f < ASSAY_INDEX_FIELDS; f++) {
        if (!value[f])
            continue;
        w.word[f] = word_of(f, value[f], strlen(value[f]));
        const struct assay_view_slot *s = slot_of(v->slot, v->slots, w.word[f], f);
        if (s->count >= least)
            continue;
        least = s->count;
        w.rarest = f;
        w.last = s->last;
    }
    return w;
}

static bool fits(const struct assay_seen *x, const struct wanted *w)
{
    for (int f = 0; f < ASSAY_INDEX_FIELDS; f++)
        if (w->word[f] && w->word[f] != x->word[f])
            return false;
    return true;
}

/* The next older one: 1 + its number, 0 when there is none. */
static uint32_t older(const struct assay_view *v, const struct wanted *w, uint32_t at)
{
    return w->rarest == ASSAY_INDEX_FIELDS ? at - 1 : assay_view_at(v, at - 1)->before[w->rarest];
}

enum assay_status assay_view_list(const struct assay_view *v, const struct assay_ledger_query *q, struct assay_buf *out)
{
    const struct wanted w = want(v, q);
    enum assay_status s = ASSAY_OK;
    for (uint32_t at = w.last; at > q->from && s == ASSAY_OK; at = older(v, &w, at)) {
        const uint32_t idx = at - 1;
        if (fits(assay_view_at(v, idx), &w))
            s = assay_buf_add(out, &idx, sizeof idx);
    }
    uint32_t *list = (uint32_t *)(void *)out->ptr;
    for (size_t i = 0, j = out->len / sizeof *list; i + 1 < j; i++) {
        const uint32_t swap = list[i];
        list[i] = list[--j];
        list[j] = swap;
    }
    return s;
}

bool assay_view_newest(const struct assay_view *v, const struct assay_ledger_query *q, uint64_t below, uint64_t *out)
{
    struct wanted w = want(v, q);
    /* A leaf that was handed out has the word: from there the chain goes on. */
    if (below < v->tree.size && fits(assay_view_at(v, below), &w))
        w.last = older(v, &w, (uint32_t)below + 1);
    for (uint32_t at = w.last; at > q->from; at = older(v, &w, at)) {
        if (at > below || !fits(assay_view_at(v, at - 1), &w))
            continue;
        *out = at - 1;
        return true;
    }
    return false;
}
