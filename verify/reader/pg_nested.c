/* Arrays, composite values and hstore as trees of values. Formats: array_send, record_send and hstore_send of
 * PostgreSQL; every number of theirs is held against the bytes that are there before anything is taken for it. */
#include "assay/bytes.h"
#include "pg_decode.h"

#include <string.h>

#define MAX_DIMENSIONS 6 /* MAXDIM of PostgreSQL */

/* What is left of a value. */
struct cursor {
    const uint8_t *p;
    size_t n;
};

static const char CUT_OFF[] = "a nested value that is cut off";

static bool get_u32(struct cursor *c, uint32_t *out)
{
    if (c->n < 4)
        return false;
    *out = assay_get_be32(c->p);
    c->p += 4;
    c->n -= 4;
    return true;
}

/* A length, -1 for NULL, and that many bytes. */
static const char *get_value(struct cursor *c, const struct assay_pg_field *f, struct assay_pool *pool,
                             struct assay_value *v)
{
    uint32_t len;
    if (!get_u32(c, &len) || (len != UINT32_MAX && len > c->n))
        return CUT_OFF;
    const char *why = assay_pg_value(f, c->p, len, pool, v);
    if (len != UINT32_MAX) {
        c->p += len;
        c->n -= len;
    }
    return why;
}

struct array {
    struct cursor at;
    uint32_t dims;
    uint32_t size[MAX_DIMENSIONS];
    int32_t lower[MAX_DIMENSIONS];
    const struct assay_pg_field *element;
    struct assay_pool *pool;
};

/* Dimensions and bounds. Elements take at least four bytes, so that their number is bounded by the value's length. */
static const char *get_dimensions(struct array *a)
{
    uint64_t total = a->dims > 0;
    for (uint32_t d = 0; d < a->dims; d++) {
        uint32_t lower;
        if (!get_u32(&a->at, &a->size[d]) || !get_u32(&a->at, &lower))
            return CUT_OFF;
        a->lower[d] = (int32_t)lower;
        total *= a->size[d];
        if (a->size[d] == 0 || total > INT32_MAX || (int64_t)a->lower[d] + a->size[d] - 1 > INT32_MAX)
            return "an array whose dimensions no array can have";
    }
    return total > a->at.n / 4 ? CUT_OFF : NULL;
}

/* The list of dimension d at the cursor, and those within it. */
static const char *get_list(struct array *a, uint32_t d, struct assay_value *v)
{
    size_t bound = a->lower[d] != 1;
    struct assay_value *item = assay_pool_take(a->pool, (a->size[d] + bound) * sizeof *item);
    if (!item)
        return ASSAY_PG_NOMEM;
    *v = (struct assay_value){
        .kind = ASSAY_K_LIST, .flags = bound ? ASSAY_V_BOUND : 0, .len = a->size[d], .items = item};
    if (bound)
        item[0] = (struct assay_value){.kind = ASSAY_K_INT, .i = a->lower[d]};
    const char *why = NULL;
    for (size_t i = bound; !why && i < a->size[d] + bound; i++)
        why = d + 1 < a->dims ? get_list(a, d + 1, &item[i]) : get_value(&a->at, a->element, a->pool, &item[i]);
    return why;
}

static const char *decode_array(const struct assay_pg_field *f, struct cursor at, struct assay_pool *pool,
                                struct assay_value *v)
{
    struct array a = {.at = at, .element = f->child, .pool = pool};
    uint32_t flags, oid;
    if (!get_u32(&a.at, &a.dims) || !get_u32(&a.at, &flags) || !get_u32(&a.at, &oid))
        return CUT_OFF;
    if (a.dims > MAX_DIMENSIONS || flags > 1)
        return "an array with a header that no array has";
    if (oid != f->child->oid)
        return "an array of elements of another type than the catalog says";
    *v = (struct assay_value){.kind = ASSAY_K_LIST};
    const char *why = get_dimensions(&a);
    if (!why && a.dims)
        why = get_list(&a, 0, v);
    return why || a.at.n == 0 ? why : "an array with bytes behind its last element";
}

static struct assay_value text_value(const uint8_t *p, size_t n)
{
    return (struct assay_value){.kind = ASSAY_K_TEXT, .len = (uint32_t)n, .p = p};
}

static const char *decode_record(const struct assay_pg_field *f, struct cursor at, struct assay_pool *pool,
                                 struct assay_value *v)
{
    uint32_t n, oid;
    if (!get_u32(&at, &n))
        return CUT_OFF;
    if (n != f->n_child)
        return "a composite value with another number of fields than its type has";
    struct assay_value *item = assay_pool_take(pool, 2 * f->n_child * sizeof *item);
    if (!item)
        return ASSAY_PG_NOMEM;
    for (size_t i = 0; i < f->n_child; i++) {
        const struct assay_pg_field *field = &f->child[i];
        if (!get_u32(&at, &oid))
            return CUT_OFF;
        if (oid != field->oid)
            return "a composite value with a field of another type than the catalog says";
        item[2 * i] = text_value((const uint8_t *)field->name, strlen(field->name));
        const char *why = get_value(&at, field, pool, &item[2 * i + 1]);
        if (why)
            return why;
    }
    *v = (struct assay_value){.kind = ASSAY_K_STRUCT, .len = n, .items = item};
    return at.n == 0 ? NULL : "a composite value with bytes behind its last field";
}

static const char *decode_hstore(struct cursor at, struct assay_pool *pool, struct assay_value *v)
{
    static const struct assay_pg_field text = {.wire = ASSAY_PGW_TEXT};
    uint32_t n;
    if (!get_u32(&at, &n) || n > at.n / 8) /* a pair has two lengths */
        return CUT_OFF;
    struct assay_value *item = assay_pool_take(pool, 2 * (size_t)n * sizeof *item);
    if (!item)
        return ASSAY_PG_NOMEM;
    for (size_t i = 0; i < 2 * (size_t)n; i++) {
        const char *why = get_value(&at, &text, pool, &item[i]);
        if (!why && i % 2 == 0 && item[i].kind == ASSAY_K_NULL)
            why = "an hstore with a key that is NULL";
        if (why)
            return why;
    }
    *v = (struct assay_value){.kind = ASSAY_K_MAP, .len = n, .items = item};
    return at.n == 0 ? NULL : "an hstore with bytes behind its last pair";
}

const char *assay_pg_nested(const struct assay_pg_field *f, const uint8_t *p, uint32_t len, struct assay_pool *pool,
                            struct assay_value *v)
{
    struct cursor at = {p, len};
    if (f->wire == ASSAY_PGW_ARRAY)
        return decode_array(f, at, pool, v);
    if (f->wire == ASSAY_PGW_RECORD)
        return decode_record(f, at, pool, v);
    return decode_hstore(at, pool, v);
}
