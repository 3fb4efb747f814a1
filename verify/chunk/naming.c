/* Decode, tell the sides apart, and believe nothing before the source's root was rebuilt. */
#include "assay/naming.h"

#include <stdlib.h>
#include <string.h>

#include "assay/bytes.h"
#include "assay/limits.h"
#include "assay/sealed.h"
#include "assay/sketch.h"
#include "naming.h"

#define MOST ASSAY_MAX_SKETCH_CAPACITY

struct difference { /* one decoded element */
    uint64_t x;
    bool archive; /* the archive has it, else the source had */
    bool doubled; /* another row of the archive is equal to it */
    struct assay_sealed_element is; /* of the source; key_len SIZE_MAX: the payload is none */
    const uint8_t *key; /* of the archive */
    size_t key_len;
};

static const uint8_t *key_of(const struct difference *d, size_t *n)
{
    *n = d->archive ? d->key_len : d->is.key_len;
    return d->archive ? d->key : d->is.key;
}

const char *assay_named_kind_name(enum assay_named_kind k)
{
    static const char *const names[] = {"lost", "invented", "doubled", "corrupted"};
    return names[k];
}

enum assay_status assay_naming_new(const struct assay_naming_source *s, size_t memory, struct assay_naming **out,
                                   struct assay_err *e)
{
    struct assay_naming *n = calloc(1, sizeof *n);
    if (!n)
        return assay_fail_nomem(e);
    n->source = *s;
    n->rows.max = memory;
    enum assay_status st = ASSAY_OK;
    if (s->sketch)
        st = assay_sealed_sketch_get(s->sketch, s->sketch_len, &n->sketch, &n->capacity, &n->words, e);
    if (st != ASSAY_OK) {
        assay_naming_free(n);
        return st;
    }
    *out = n;
    return ASSAY_OK;
}

void assay_naming_free(struct assay_naming *n)
{
    if (!n)
        return;
    assay_sketch_free(n->sketch);
    assay_sealed_tree_release(&n->tree);
    assay_buf_release(&n->rows);
    free(n->difference);
    free(n->named);
    free(n->block);
    free(n->range);
    free(n);
}

enum assay_status assay_naming_add(struct assay_naming *n, const uint8_t *key, size_t len, const uint8_t rd[32],
                                   struct assay_err *e)
{
    uint8_t head[NAMING_ROW];
    uint64_t payload[ASSAY_MAX_SKETCH_WORDS];
    enum assay_status s = assay_sealed_tree_add(&n->tree, key, len, rd, e);
    if (s != ASSAY_OK)
        return s;
    if (n->sketch) { /* what both have cancels out */
        assay_sealed_payload(key, len, n->tree.occurrence, rd, n->words, payload);
        assay_sketch_add(n->sketch, assay_sealed_locator(rd, n->tree.occurrence), payload);
    }
    assay_put_be32(head, (uint32_t)len);
    assay_put_be32(head + 4, n->tree.occurrence);
    memcpy(head + 8, rd, 32);
    if ((s = assay_buf_add(&n->rows, head, sizeof head)) == ASSAY_OK)
        s = assay_buf_add(&n->rows, key, len);
    return s == ASSAY_OK ? s : assay_fail(e, s, "the rows of one chunk take more than %zu bytes", n->rows.max);
}

/* ---- which side has what was decoded ---- */

static int by_locator(const void *a, const void *b)
{
    uint64_t x = ((const struct difference *)a)->x, y = ((const struct difference *)b)->x;
    return x < y ? -1 : x > y;
}

static struct difference *with_locator(const struct assay_naming *n, uint64_t x)
{
    struct difference key = {.x = x};
    return n->n_differences ? bsearch(&key, n->difference, n->n_differences, sizeof key, by_locator) : NULL;
}

static bool decode(struct assay_naming *n, struct assay_err *e, enum assay_status *s)
{
    struct assay_sketch_element element[MOST];
    uint64_t *payload = calloc((size_t)n->capacity * n->words, sizeof *payload);
    size_t found = 0;
    n->difference = calloc(n->capacity, sizeof *n->difference);
    if (!payload || !n->difference) {
        free(payload);
        *s = assay_fail_nomem(e);
        return false;
    }
    bool ok = assay_sketch_decode(n->sketch, element, payload, &found);
    for (size_t i = 0; ok && i < found; i++) {
        struct difference *d = &n->difference[n->n_differences++];
        d->x = element[i].x;
        if (!assay_sealed_payload_read(d->x, element[i].payload, n->words, &d->is))
            d->is.key_len = SIZE_MAX; /* none of the source then: the archive must have it */
    }
    free(payload);
    if (n->n_differences)
        qsort(n->difference, n->n_differences, sizeof *n->difference, by_locator);
    return ok;
}

/* false: an element that the archive does not have is none that was sealed. */
static bool tell_apart(struct assay_naming *n)
{
    struct naming_row r;
    bool ok = true;
    for (size_t at = 0; assay_naming_row(&n->rows, &at, &r);) {
        struct difference *d = with_locator(n, assay_sealed_locator(r.rd, r.occurrence));
        if (!d)
            continue;
        d->archive = true;
        d->doubled = r.occurrence > 0;
        d->key = r.key;
        d->key_len = r.key_len;
    }
    for (size_t i = 0; i < n->n_differences; i++)
        ok = ok && (n->difference[i].archive || n->difference[i].is.key_len != SIZE_MAX);
    return ok;
}

/* ---- the root again ---- */

static int compare(const uint8_t *a, size_t n, const uint8_t *b, size_t m)
{
    int c = memcmp(a, b, n < m ? n : m);
    return c ? c : n < m ? -1 : n > m;
}

/* By key, what the source had before what the archive has. */
static int by_place(const void *a, const void *b)
{
    const struct difference *x = a, *y = b;
    size_t n, m;
    const uint8_t *p = key_of(x, &n), *q = key_of(y, &m);
    int c = compare(p, n, q, m);
    if (c || x->archive != y->archive)
        return c ? c : x->archive - y->archive;
    c = x->archive ? 0 : memcmp(x->is.rd, y->is.rd, 32);
    return c ? c : x->is.occurrence < y->is.occurrence ? -1 : x->is.occurrence > y->is.occurrence;
}

static bool is_before(const struct difference *d, const struct naming_row *r)
{
    int c = compare(d->is.key, d->is.key_len, r->key, r->key_len);
    if (c == 0)
        c = memcmp(d->is.rd, r->rd, 32);
    return c ? c < 0 : d->is.occurrence < r->occurrence;
}

static enum assay_status add_source(struct assay_sealed_tree *t, const struct difference *d, struct assay_err *e)
{
    return assay_sealed_tree_add(t, d->is.key, d->is.key_len, d->is.rd, e);
}

/* The archive's rows without those that only it has, with the n that only the source had: is it the source's root? */
static enum assay_status rebuild(struct assay_naming *n, const struct difference *source, size_t add, bool *same,
                                 struct assay_err *e)
{
    struct assay_sealed_tree t = {0};
    struct naming_row r;
    size_t k = 0;
    uint8_t root[32] = {0};
    enum assay_status s = ASSAY_OK;
    for (size_t at = 0; s == ASSAY_OK && assay_naming_row(&n->rows, &at, &r);) {
        for (; s == ASSAY_OK && k < add && is_before(&source[k], &r); k++)
            s = add_source(&t, &source[k], e);
        const struct difference *d = with_locator(n, assay_sealed_locator(r.rd, r.occurrence));
        if (s == ASSAY_OK && !(d && d->archive))
            s = assay_sealed_tree_add(&t, r.key, r.key_len, r.rd, e);
    }
    for (; s == ASSAY_OK && k < add; k++)
        s = add_source(&t, &source[k], e);
    if (s == ASSAY_OK)
        s = assay_sealed_tree_end(&t, root, e);
    *same = s == ASSAY_OK && memcmp(root, n->source.root, 32) == 0;
    assay_sealed_tree_release(&t);
    return s;
}

static enum assay_status confirm(struct assay_naming *n, bool *same, struct assay_err *e)
{
    struct difference *source = calloc(n->n_differences + 1, sizeof *source);
    size_t add = 0;
    if (!source)
        return assay_fail_nomem(e);
    for (size_t i = 0; i < n->n_differences; i++)
        if (!n->difference[i].archive)
            source[add++] = n->difference[i];
    qsort(source, add, sizeof *source, by_place);
    enum assay_status s = rebuild(n, source, add, same, e);
    free(source);
    return s;
}

/* ---- names ---- */

/* Differences [from, to) are of one key, the source's first: as many rows as both sides have were corrupted. */
static void name_key(struct assay_naming *n, size_t from, size_t to)
{
    size_t source = from;
    while (source < to && !n->difference[source].archive)
        source++;
    const size_t lost = source - from, surplus = to - source, pairs = lost < surplus ? lost : surplus;
    for (size_t i = from; i < to; i++) {
        const struct difference *d = &n->difference[i];
        if (d->archive && i - source < pairs)
            continue; /* told with its partner */
        struct assay_named *row = &n->named[n->n_named++];
        row->key = key_of(d, &row->key_len);
        row->kind = d->archive         ? (d->doubled ? ASSAY_NAMED_DOUBLED : ASSAY_NAMED_INVENTED)
                    : i - from < pairs ? ASSAY_NAMED_CORRUPTED
                                       : ASSAY_NAMED_LOST;
    }
}

static enum assay_status name_all(struct assay_naming *n, struct assay_err *e)
{
    if (!(n->named = calloc(n->n_differences + 1, sizeof *n->named)))
        return assay_fail_nomem(e);
    qsort(n->difference, n->n_differences, sizeof *n->difference, by_place);
    for (size_t i = 0, to; i < n->n_differences; i = to) {
        size_t len, other;
        const uint8_t *key = key_of(&n->difference[i], &len), *next;
        for (to = i + 1; to < n->n_differences; to++) {
            next = key_of(&n->difference[to], &other);
            if (compare(key, len, next, other) != 0)
                break;
        }
        name_key(n, i, to);
    }
    return ASSAY_OK;
}

enum assay_status assay_naming_end(struct assay_naming *n, struct assay_naming_result *out, struct assay_err *e)
{
    uint8_t root[32];
    *out = (struct assay_naming_result){.rows = n->tree.rows};
    enum assay_status s = assay_sealed_tree_end(&n->tree, root, e);
    out->equal = s == ASSAY_OK && memcmp(root, n->source.root, 32) == 0;
    if (s != ASSAY_OK || out->equal)
        return s;
    if (n->sketch && decode(n, e, &s) && tell_apart(n))
        s = confirm(n, &out->named, e);
    if (s == ASSAY_OK && out->named)
        s = name_all(n, e);
    if (s == ASSAY_OK && !out->named)
        s = assay_naming_ranges(n, e);
    out->row = n->named;
    out->n_rows = n->n_named;
    out->range = n->range;
    out->n_ranges = n->n_ranges;
    return s;
}
