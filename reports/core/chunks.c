/* The chunks of one dataset: found by id while leaves come in, then sorted, judged and listed worst first. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/limits.h"
#include "collect.h"

static uint64_t id_hash(const char *id)
{
    uint64_t h = 1469598103934665603u; /* FNV-1a; ids are hashes themselves, but nothing here has to trust that */
    for (; *id; id++)
        h = (h ^ (unsigned char)*id) * 1099511628211u;
    return h ^ h >> 29;
}

static void put(struct assay_rep_dataset *d, uint32_t index)
{
    size_t at = id_hash(d->chunk[index].id) & (d->n_slots - 1);
    while (d->slot[at])
        at = (at + 1) & (d->n_slots - 1);
    d->slot[at] = index + 1;
}

static bool rehash(struct assay_rep_dataset *d)
{
    size_t want = d->n_slots ? d->n_slots * 2 : 64;
    uint32_t *slot = calloc(want, sizeof *slot);
    if (!slot)
        return false;
    free(d->slot);
    d->slot = slot;
    d->n_slots = want;
    for (size_t i = 0; i < d->n_chunks; i++)
        put(d, (uint32_t)i);
    return true;
}

static struct assay_rep_chunk *new_chunk(struct assay_rep_dataset *d)
{
    if (d->n_chunks >= ASSAY_MAX_CHUNKS || !assay_grow(&d->chunk, d->n_chunks, &d->cap_chunks, sizeof *d->chunk))
        return NULL;
    struct assay_rep_chunk *c = &d->chunk[d->n_chunks++];
    memset(c, 0, sizeof *c);
    return c;
}

static struct assay_rep_chunk *find_or_make(struct assay_rep_dataset *d, const char *id, struct assay_err *e)
{
    if (d->n_slots) {
        for (size_t at = id_hash(id) & (d->n_slots - 1); d->slot[at]; at = (at + 1) & (d->n_slots - 1))
            if (strcmp(d->chunk[d->slot[at] - 1].id, id) == 0)
                return &d->chunk[d->slot[at] - 1];
    }
    struct assay_rep_chunk *c = (d->n_chunks + 1) * 2 > d->n_slots && !rehash(d) ? NULL : new_chunk(d);
    if (!c) {
        assay_fail(e, ASSAY_ENOMEM, "dataset %s: no room for more than %zu chunks", d->name, d->n_chunks);
        return NULL;
    }
    memcpy(c->id, id, strlen(id) + 1);
    put(d, (uint32_t)(d->n_chunks - 1));
    return c;
}

struct assay_rep_chunk *assay_chunk_named(struct assay_rep_dataset *d, const char *id, struct assay_err *e)
{
    if (!id || strlen(id) != 32 || strspn(id, "0123456789abcdef") != 32) {
        assay_fail(e, ASSAY_ELEDGER, "dataset %s: a statement names a chunk by something that is not 32 hex digits",
                   d->name);
        return NULL;
    }
    return find_or_make(d, id, e);
}

struct assay_rep_chunk *assay_chunk_whole(struct assay_rep_dataset *d, const char *segment, struct assay_err *e)
{
    char id[33]; /* no chunk id begins with a star; a second verdict about the same segment replaces the first */
    snprintf(id, sizeof id, "*%016llx", (unsigned long long)id_hash(segment));
    struct assay_rep_chunk *c = find_or_make(d, id, e);
    if (c)
        c->whole = true;
    return c;
}

/* ---- order ---- */

static int rank_of(const char *s)
{
    return strcmp(s, "-inf") == 0 ? 0 : strcmp(s, "+inf") == 0 ? 2 : strcmp(s, "null") == 0 ? 3 : 1;
}

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Runs of digits compare as numbers: "step 9" before "step 10". */
static int natural(const char *a, const char *b)
{
    while (*a && *b) {
        if (digit(*a) && digit(*b)) {
            size_t n = strspn(a, "0123456789"), m = strspn(b, "0123456789");
            size_t za = strspn(a, "0"), zb = strspn(b, "0");
            za -= za == n;
            zb -= zb == m;
            if (n - za != m - zb)
                return n - za < m - zb ? -1 : 1;
            int c = strncmp(a + za, b + zb, n - za);
            if (c)
                return c;
            a += n;
            b += m;
        } else if (*a != *b) {
            return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
        } else {
            a++;
            b++;
        }
    }
    return (unsigned char)*a - (unsigned char)*b;
}

int assay_segment_order(const char *a, const char *b)
{
    if (!a || !b) /* unnamed first */
        return (a != NULL) - (b != NULL);
    int x = rank_of(a), y = rank_of(b);
    if (x != y)
        return x - y;
    int c = natural(a, b);
    return c ? c : strcmp(a, b);
}

static int by_key(const void *pa, const void *pb)
{
    const struct assay_rep_chunk *a = pa, *b = pb;
    int c = assay_segment_order(a->segment, b->segment);
    if (c)
        return c;
    if (a->whole != b->whole)
        return b->whole - a->whole;
    if (a->ordinal != b->ordinal)
        return a->ordinal < b->ordinal ? -1 : 1;
    c = strcmp(a->id, b->id);
    return c ? c : a->leaf < b->leaf ? -1 : a->leaf > b->leaf;
}

static uint64_t row_gap(const struct assay_rep_chunk *c)
{
    return c->rows[0] > c->rows[1] ? c->rows[0] - c->rows[1] : c->rows[1] - c->rows[0];
}

struct ranked {
    int rank;
    uint32_t index;
    uint64_t gap;
};

static int by_worst(const void *pa, const void *pb)
{
    const struct ranked *a = pa, *b = pb;
    if (a->rank != b->rank)
        return a->rank - b->rank;
    if (a->gap != b->gap)
        return a->gap > b->gap ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index; /* key order */
}

/* ---- verdicts and counts ---- */

static void count(struct assay_rep_dataset *d, enum assay_rv v, uint64_t chunks, const uint64_t rows[2],
                  bool source_known)
{
    d->counts.chunks[v] += chunks;
    d->counts.rows[0] += rows[0];
    d->counts.rows[1] += rows[1];
    d->counts.rows_by[v] += source_known ? rows[0] : rows[1];
}

/* A chunk without a verdict of its own takes the one about its segment, else the one about the dataset. */
static void settle(struct assay_report *r, struct assay_rep_dataset *d, struct assay_rep_chunk *c,
                   struct assay_rep_chunk *own, struct assay_rep_chunk *all, uint64_t sums[][3])
{
    struct assay_rep_chunk *w = own ? own : all;
    if (c->judged) {
        count(d, c->verdict, 1, c->rows, c->has_rows[0]);
        return;
    }
    if (!w) {
        c->reason = assay_arena_copy(&r->arena, "not compared");
        count(d, ASSAY_RV_UNVERIFIED, 1, c->rows, c->has_rows[0]);
        return;
    }
    c->verdict = w->verdict;
    c->kind = w->kind;
    c->reason = w->reason;
    uint64_t *sum = sums[w - d->chunk];
    sum[0]++;
    sum[1] += c->rows[0];
    sum[2] += c->rows[1];
}

/* What a verdict about a whole segment counts for: its own numbers, else those of the chunks that took it. */
static void settle_whole(struct assay_rep_dataset *d, struct assay_rep_chunk *w, const uint64_t sum[3])
{
    if (!w->n_chunks)
        w->n_chunks = sum[0];
    for (int i = 0; i < 2; i++)
        if (!w->has_rows[i])
            w->rows[i] = sum[1 + i];
    count(d, w->verdict, w->n_chunks, w->rows, w->has_rows[0] || w->rows[0]);
}

static bool list_worst(struct assay_report *r, struct assay_rep_dataset *d)
{
    size_t n = 0;
    struct ranked *list = calloc(d->n_chunks + 1, sizeof *list);
    if (!list)
        return false;
    for (size_t i = 0; i < d->n_chunks; i++) {
        const struct assay_rep_chunk *c = &d->chunk[i];
        /* A chunk that only took the verdict of its segment would say the same thing a thousand times. */
        bool follows = !c->whole && !c->judged && !(c->reason && strcmp(c->reason, "not compared") == 0);
        if (c->verdict != ASSAY_RV_MATCH && !follows)
            list[n++] = (struct ranked){assay_rv_rank(c->verdict), (uint32_t)i, row_gap(c)};
    }
    qsort(list, n, sizeof *list, by_worst);
    d->worst = assay_arena_take(&r->arena, (n + 1) * sizeof *d->worst);
    for (size_t i = 0; d->worst && i < n; i++)
        d->worst[d->n_worst++] = list[i].index;
    free(list);
    return !r->arena.failed;
}

static bool same_segment(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

bool assay_chunks_settle(struct assay_report *r, struct assay_rep_dataset *d)
{
    if (!d->n_chunks)
        return list_worst(r, d);
    qsort(d->chunk, d->n_chunks, sizeof *d->chunk, by_key);
    struct assay_rep_chunk *all = NULL, *own = NULL, *prev = NULL;
    uint64_t(*sums)[3] = calloc(d->n_chunks, sizeof *sums);
    if (!sums)
        return false;
    for (size_t i = 0; i < d->n_chunks; i++)
        if (d->chunk[i].whole && same_segment(d->chunk[i].segment, "*") &&
            (!all || assay_rv_rank(d->chunk[i].verdict) < assay_rv_rank(all->verdict)))
            all = &d->chunk[i];
    for (size_t i = 0; i < d->n_chunks; i++) {
        struct assay_rep_chunk *c = &d->chunk[i];
        bool first = !prev || !same_segment(prev->segment, c->segment);
        prev = c;
        if (first)
            own = NULL;
        if (c->whole) {
            if (c != all && (!own || assay_rv_rank(c->verdict) < assay_rv_rank(own->verdict)))
                own = c;
        } else {
            settle(r, d, c, own, all, sums);
        }
        d->counts.segments += first && !same_segment(c->segment, "*") && !same_segment(c->segment, "-");
    }
    for (size_t i = 0; i < d->n_chunks; i++)
        if (d->chunk[i].whole)
            settle_whole(d, &d->chunk[i], sums[i]);
    free(sums);
    return list_worst(r, d);
}
