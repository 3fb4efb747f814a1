#include "unique.h"

#include <stdlib.h>
#include <string.h>

#include "spill.h"

#define MEMORY (64u << 20)
#define HELD (MEMORY / sizeof(assay_sum)) /* key hashes before a sorted run is spilled */
#define READ_AHEAD 4096 /* key hashes a run while merging */

struct run {
    struct spill_run *from;
    assay_sum *ahead;
    size_t at, n;
};

struct unique {
    assay_sum *hash;
    size_t n, cap;
    struct spill *spill;
    struct run *run;
    size_t n_runs;
    uint64_t duplicates;
};

enum assay_status assay_unique_new(struct unique **out, struct assay_err *e)
{
    struct unique *u = calloc(1, sizeof *u);
    if (!u)
        return assay_fail_nomem(e);
    *out = u;
    return ASSAY_OK;
}

static int by_value(const void *a, const void *b)
{
    assay_sum x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return x < y ? -1 : x > y;
}

/* Hashes are spread evenly: two bytes of them make buckets of a few dozen, which are cheap to sort. */
static enum assay_status sort_held(struct unique *u, struct assay_err *e)
{
    uint32_t *start = calloc(65537, sizeof *start);
    assay_sum *sorted = malloc((u->n ? u->n : 1) * sizeof *sorted);
    if (!start || !sorted) {
        free(start);
        free(sorted);
        return assay_fail_nomem(e);
    }
    for (size_t i = 0; i < u->n; i++)
        start[(size_t)(u->hash[i] >> 112) + 1]++;
    for (size_t b = 0; b < 65536; b++)
        start[b + 1] += start[b];
    for (size_t i = 0; i < u->n; i++)
        sorted[start[(size_t)(u->hash[i] >> 112)]++] = u->hash[i];
    for (size_t b = 0, from = 0; b < 65536; from = start[b++]) /* start[b] is now the end of bucket b */
        if (start[b] - from > 1)
            qsort(sorted + from, start[b] - from, sizeof *sorted, by_value);
    free(start);
    free(u->hash);
    u->hash = sorted;
    u->cap = u->n;
    return ASSAY_OK;
}

static enum assay_status spill_held(struct unique *u, struct assay_err *e)
{
    enum assay_status s = u->spill ? ASSAY_OK : assay_spill_new(0, &u->spill, e);
    if (s == ASSAY_OK)
        s = sort_held(u, e);
    if (s == ASSAY_OK)
        s = assay_spill_write(u->spill, u->hash, u->n * sizeof *u->hash, e);
    if (s == ASSAY_OK)
        s = assay_spill_end_run(u->spill, e);
    u->n = 0;
    return s;
}

enum assay_status assay_unique_row(void *ctx, const struct assay_lane_row *row, struct assay_err *e)
{
    struct unique *u = ctx;
    if (u->n == HELD) {
        enum assay_status s = spill_held(u, e);
        if (s != ASSAY_OK)
            return s;
    }
    if (u->n == u->cap) {
        size_t want = u->cap ? 2 * u->cap : 4096;
        assay_sum *grown = realloc(u->hash, (want > HELD ? HELD : want) * sizeof *grown);
        if (!grown)
            return assay_fail_nomem(e);
        u->hash = grown;
        u->cap = want > HELD ? HELD : want;
    }
    u->hash[u->n++] = row->key_hash;
    return ASSAY_OK;
}

/* ---- merging spilled runs: a binary heap of runs by their next hash ---- */

static enum assay_status refill(struct run *r, bool *have, struct assay_err *e)
{
    size_t got = 0;
    enum assay_status s = ASSAY_OK;
    for (r->at = r->n = 0; r->n < READ_AHEAD && s == ASSAY_OK; r->n++)
        if ((s = assay_spill_read(r->from, &r->ahead[r->n], sizeof *r->ahead, &got, e)) != ASSAY_OK || got == 0)
            break;
    *have = r->n > 0;
    return s;
}

static void sift(struct unique *u, size_t i)
{
    for (;;) {
        size_t least = i;
        for (size_t k = 2 * i + 1; k <= 2 * i + 2 && k < u->n_runs; k++)
            if (u->run[k].ahead[u->run[k].at] < u->run[least].ahead[u->run[least].at])
                least = k;
        if (least == i)
            return;
        struct run t = u->run[i];
        u->run[i] = u->run[least];
        u->run[least] = t;
        i = least;
    }
}

static enum assay_status open_runs(struct unique *u, struct assay_err *e)
{
    size_t n = assay_spill_runs(u->spill);
    enum assay_status s = ASSAY_OK;
    bool have;
    if (!(u->run = calloc(n, sizeof *u->run)))
        return assay_fail_nomem(e);
    for (size_t i = 0; i < n && s == ASSAY_OK; i++) {
        struct run *r = &u->run[u->n_runs++];
        if (!(r->ahead = malloc(READ_AHEAD * sizeof *r->ahead)))
            return assay_fail_nomem(e);
        if ((s = assay_spill_open(u->spill, i, &r->from, e)) == ASSAY_OK)
            s = refill(r, &have, e); /* no run is empty */
    }
    for (size_t i = u->n_runs / 2; s == ASSAY_OK && i-- > 0;)
        sift(u, i);
    return s;
}

static void close_run(struct run *r)
{
    assay_spill_close(r->from);
    free(r->ahead);
}

static enum assay_status merge(struct unique *u, struct assay_err *e)
{
    assay_sum last = 0;
    bool any = false, have;
    enum assay_status s = open_runs(u, e);
    while (s == ASSAY_OK && u->n_runs) {
        struct run *r = &u->run[0];
        assay_sum h = r->ahead[r->at++];
        u->duplicates += any && h == last;
        last = h;
        any = true;
        if (r->at == r->n && (s = refill(r, &have, e)) == ASSAY_OK && !have) {
            close_run(r);
            *r = u->run[--u->n_runs];
        }
        sift(u, 0);
    }
    return s;
}

enum assay_status assay_unique_finish(struct unique *u, struct assay_err *e)
{
    if (u->spill) {
        enum assay_status s = u->n ? spill_held(u, e) : ASSAY_OK;
        return s == ASSAY_OK ? merge(u, e) : s;
    }
    enum assay_status s = sort_held(u, e);
    for (size_t i = 1; i < u->n && s == ASSAY_OK; i++)
        u->duplicates += u->hash[i] == u->hash[i - 1];
    return s;
}

uint64_t assay_unique_duplicates(const struct unique *u)
{
    return u->duplicates;
}

void assay_unique_free(struct unique *u)
{
    if (!u)
        return;
    for (size_t i = 0; i < u->n_runs; i++)
        close_run(&u->run[i]);
    free(u->run);
    assay_spill_free(u->spill);
    free(u->hash);
    free(u);
}
