#include "sorter.h"

#include <stdlib.h>
#include <string.h>

#include "assay/buf.h"
#include "assay/bytes.h"
#include "spill.h"

#define AHEAD 8 /* records that the processor fetches while earlier ones are worked on */

struct head { /* before every record, in memory and in the file */
    uint32_t key_len, body_len;
};

struct place { /* of a record, with the first key bytes: most comparisons need not look further */
    uint64_t head[2];
    uint8_t *p;
};

struct source { /* one spilled run while merging */
    struct spill_run *run;
    struct assay_buf buf; /* head and bytes of its first record */
};

struct sorter {
    uint8_t *arena; /* records as they came */
    size_t used, cap;
    struct place *rec; /* where each begins */
    size_t n, cap_n, at;
    struct spill *spill;
    uint64_t spill_max;
    struct source *src;
    size_t n_src; /* a binary heap: src[0] has the least record */
    bool started;
};

static int compare(const uint8_t *a, const uint8_t *b)
{
    struct head x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    a += sizeof x;
    b += sizeof y;
    uint32_t n = x.key_len < y.key_len ? x.key_len : y.key_len;
    int c = memcmp(a, b, n);
    if (c || x.key_len != y.key_len)
        return c ? c : x.key_len < y.key_len ? -1 : 1;
    n = x.body_len < y.body_len ? x.body_len : y.body_len;
    c = memcmp(a + x.key_len, b + y.key_len, n);
    return c ? c : x.body_len < y.body_len ? -1 : x.body_len > y.body_len;
}

/* Zero bytes behind a key that is shorter: equal heads say nothing, unequal ones sort as the keys do. */
static void set_head(struct place *r, const uint8_t *key, size_t n)
{
    uint8_t b[16] = {0};
    memcpy(b, key, n < sizeof b ? n : sizeof b);
    r->head[0] = assay_get_be64(b);
    r->head[1] = assay_get_be64(b + 8);
}

static int compare_at(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->head[0] != y->head[0])
        return x->head[0] < y->head[0] ? -1 : 1;
    if (x->head[1] != y->head[1])
        return x->head[1] < y->head[1] ? -1 : 1;
    return compare(x->p, y->p);
}

static void sort(struct sorter *s)
{
    for (size_t i = 1; i < s->n; i++)
        if (compare_at(&s->rec[i - 1], &s->rec[i]) > 0) { /* rows often come in order */
            qsort(s->rec, s->n, sizeof *s->rec, compare_at);
            return;
        }
}

enum assay_status assay_sorter_new(size_t memory, struct sorter **out, struct assay_err *e)
{
    struct sorter *s = calloc(1, sizeof *s);
    if (!s)
        return assay_fail_nomem(e);
    s->cap = memory < 1u << 20 ? 1u << 20 : memory;
    if (!(s->arena = malloc(s->cap))) { /* pages are touched only as they fill */
        free(s);
        return assay_fail_nomem(e);
    }
    *out = s;
    return ASSAY_OK;
}

void assay_sorter_limit(struct sorter *s, uint64_t bytes)
{
    s->spill_max = bytes;
}

static enum assay_status spill_all(struct sorter *s, struct assay_err *e)
{
    enum assay_status st = s->spill ? ASSAY_OK : assay_spill_new(s->spill_max, &s->spill, e);
    if (st != ASSAY_OK || s->n == 0)
        return st;
    sort(s);
    for (size_t i = 0; i < s->n && st == ASSAY_OK; i++) {
        struct head h;
        memcpy(&h, s->rec[i].p, sizeof h);
        st = assay_spill_write(s->spill, s->rec[i].p, sizeof h + h.key_len + h.body_len, e);
    }
    if (st == ASSAY_OK)
        st = assay_spill_end_run(s->spill, e);
    s->n = s->used = 0;
    return st;
}

enum assay_status assay_sorter_add(struct sorter *s, const void *key, size_t key_len, const void *body, size_t body_len,
                                   struct assay_err *e)
{
    struct head h = {(uint32_t)key_len, (uint32_t)body_len};
    size_t need = sizeof h + key_len + body_len;
    if (key_len > UINT32_MAX || body_len > UINT32_MAX || need > s->cap)
        return assay_fail(e, ASSAY_ELIMIT, "a row of %zu bytes does not fit the sorter's memory of %zu", need, s->cap);
    /* the sort needs the places twice; one record always fits */
    if (s->n && s->used + need + 2 * (s->n + 1) * sizeof *s->rec > s->cap) {
        enum assay_status st = spill_all(s, e);
        if (st != ASSAY_OK)
            return st;
    }
    if (s->n == s->cap_n) {
        size_t want = s->cap_n ? s->cap_n * 2 : 1024;
        struct place *grown = realloc(s->rec, want * sizeof *grown);
        if (!grown)
            return assay_fail_nomem(e);
        s->rec = grown;
        s->cap_n = want;
    }
    uint8_t *p = s->arena + s->used;
    s->rec[s->n].p = p;
    set_head(&s->rec[s->n++], key, key_len);
    memcpy(p, &h, sizeof h);
    memcpy(p + sizeof h, key, key_len);
    if (body_len)
        memcpy(p + sizeof h + key_len, body, body_len);
    s->used += need;
    return ASSAY_OK;
}

static enum assay_status advance(struct source *x, bool *have, struct assay_err *e)
{
    struct head h;
    size_t got;
    enum assay_status s = assay_spill_read(x->run, &h, sizeof h, &got, e);
    *have = got != 0;
    if (s != ASSAY_OK || !*have)
        return s;
    assay_buf_reset(&x->buf);
    size_t n = (size_t)h.key_len + h.body_len;
    if (assay_buf_reserve(&x->buf, sizeof h + n) != ASSAY_OK)
        return assay_fail_nomem(e);
    memcpy(x->buf.ptr, &h, sizeof h);
    return n ? assay_spill_read(x->run, x->buf.ptr + sizeof h, n, &got, e) : ASSAY_OK;
}

static void sift(struct sorter *s, size_t i)
{
    for (;;) {
        size_t least = i, l = 2 * i + 1, r = l + 1;
        if (l < s->n_src && compare(s->src[l].buf.ptr, s->src[least].buf.ptr) < 0)
            least = l;
        if (r < s->n_src && compare(s->src[r].buf.ptr, s->src[least].buf.ptr) < 0)
            least = r;
        if (least == i)
            return;
        struct source t = s->src[i];
        s->src[i] = s->src[least];
        s->src[least] = t;
        i = least;
    }
}

enum assay_status assay_sorter_finish(struct sorter *s, struct assay_err *e)
{
    if (!s->spill) {
        sort(s);
        return ASSAY_OK;
    }
    enum assay_status st = spill_all(s, e);
    size_t runs = assay_spill_runs(s->spill);
    if (st == ASSAY_OK && !(s->src = calloc(runs ? runs : 1, sizeof *s->src)))
        st = assay_fail_nomem(e);
    for (size_t i = 0; i < runs && st == ASSAY_OK; i++) {
        bool have = false;
        s->n_src++;
        st = assay_spill_open(s->spill, i, &s->src[i].run, e);
        if (st == ASSAY_OK)
            st = advance(&s->src[i], &have, e);
    }
    for (size_t i = s->n_src / 2; st == ASSAY_OK && i-- > 0;)
        sift(s, i);
    return st;
}

static void view(const uint8_t *p, struct sorter_record *out)
{
    struct head h;
    memcpy(&h, p, sizeof h);
    *out = (struct sorter_record){p + sizeof h, p + sizeof h + h.key_len, h.key_len, h.body_len};
}

enum assay_status assay_sorter_next(struct sorter *s, struct sorter_record *out, bool *have, struct assay_err *e)
{
    *have = false;
    if (!s->spill) {
        if (s->at < s->n) {
            if (s->at + AHEAD < s->n)
                __builtin_prefetch(s->rec[s->at + AHEAD].p);
            view(s->rec[s->at++].p, out);
            *have = true;
        }
        return ASSAY_OK;
    }
    if (s->started && s->n_src) {
        bool more = false;
        enum assay_status st = advance(&s->src[0], &more, e);
        if (st != ASSAY_OK)
            return st;
        if (!more) {
            assay_spill_close(s->src[0].run);
            assay_buf_release(&s->src[0].buf);
            s->src[0] = s->src[--s->n_src];
        }
        sift(s, 0);
    }
    s->started = true;
    if (s->n_src) {
        view(s->src[0].buf.ptr, out);
        *have = true;
    }
    return ASSAY_OK;
}

void assay_sorter_free(struct sorter *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->n_src; i++) {
        assay_spill_close(s->src[i].run);
        assay_buf_release(&s->src[i].buf);
    }
    free(s->src);
    assay_spill_free(s->spill);
    free(s->rec);
    free(s->arena);
    free(s);
}
