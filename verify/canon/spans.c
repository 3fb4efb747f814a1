#include "spans.h"

#include <stdlib.h>
#include <string.h>

#include "put.h"

void assay_spans_init(struct assay_spans *s)
{
    s->v = s->first;
    s->n = 0;
    s->cap = ASSAY_SPANS_INLINE;
}

void assay_spans_release(struct assay_spans *s)
{
    if (s->v != s->first)
        free(s->v);
}

bool assay_spans_push(struct assay_spans *s, struct assay_span span)
{
    if (s->n == s->cap) {
        struct assay_span *grown = malloc(2 * s->cap * sizeof *grown);
        if (!grown)
            return false;
        memcpy(grown, s->v, s->n * sizeof *grown);
        assay_spans_release(s);
        s->v = grown;
        s->cap *= 2;
    }
    s->v[s->n++] = span;
    return true;
}

static int compare_keys(const uint8_t *base, const struct assay_span *a, const struct assay_span *b)
{
    const size_t na = a->key_end - a->key, nb = b->key_end - b->key;
    const int c = memcmp(base + a->key, base + b->key, na < nb ? na : nb);
    return c ? c : (na > nb) - (na < nb);
}

/* Of equal keys the later piece comes later. */
static int in_order(const void *pa, const void *pb)
{
    const struct assay_span *a = pa, *b = pb;
    const int c = compare_keys(a->base, a, b);
    return c ? c : (a->at > b->at) - (a->at < b->at);
}

bool assay_spans_sort(struct assay_spans *s, size_t from, struct assay_buf *out, uint32_t *count)
{
    struct assay_span *v = s->v + from;
    const size_t n = s->n - from;
    bool sorted = true;
    for (size_t i = 1; i < n && sorted; i++)
        sorted = compare_keys(out->ptr, &v[i - 1], &v[i]) < 0;
    *count = (uint32_t)n;
    s->n = from;
    if (sorted)
        return true;
    const size_t start = v[0].at;
    uint8_t *copy = assay_room(out, out->len - start); /* behind the content, then moved down */
    if (!copy)
        return false;
    for (size_t i = 0; i < n; i++)
        v[i].base = out->ptr;
    qsort(v, n, sizeof *v, in_order);
    size_t len = 0;
    *count = 0;
    for (size_t i = 0; i < n; i++) {
        if (i + 1 < n && compare_keys(out->ptr, &v[i], &v[i + 1]) == 0)
            continue;
        memcpy(copy + len, out->ptr + v[i].at, v[i].end - v[i].at);
        len += v[i].end - v[i].at;
        ++*count;
    }
    memmove(out->ptr + start, copy, len);
    out->len = start + len;
    return true;
}
