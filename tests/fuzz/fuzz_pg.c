/* Any bytes as one row of PostgreSQL's COPY BINARY stream: data[0] says what the columns are, the rest is the row. What
 * is accepted is walked: every byte that a value points to lies within the row or the pool, and there are no more
 * values than bytes to pay for them. */
#include <stdlib.h>
#include <string.h>

#include "../../verify/reader/pg_decode.h"
#include "../support/fuzz_main.h"
#include "assay/limits.h"

#define F(w, id, ...)                                                                                                  \
    {                                                                                                                  \
        .wire = ASSAY_PGW_##w, .oid = (id), .name = "c", __VA_ARGS__                                                   \
    }

static const struct assay_pg_field int4 = F(INT4, 23), text = F(TEXT, 25), interval = F(INTERVAL, 1186),
                                   numeric = F(NUMERIC, 1700), bytea = F(BYTEA, 17);
static const struct assay_pg_field ints = F(ARRAY, 1007, .child = &int4, .n_child = 1);
static const struct assay_pg_field fields[] = {F(INT4, 23), F(TEXT, 25), F(ARRAY, 1007, .child = &int4, .n_child = 1)};
static const struct assay_pg_field record = F(RECORD, 16384, .child = fields, .n_child = 3);

static const struct assay_pg_field layouts[][4] = {
    {F(BOOL, 0), F(INT2, 0), F(INT8, 0), F(FLOAT8, 0)},
    {F(NUMERIC, 0), F(JSONB, 0), F(UUID, 0), F(BYTEA, 0)},
    {F(DATE, 0), F(TIME, 0), F(TIMETZ, 0), F(TIMESTAMPTZ, 0)},
    {F(INTERVAL, 0), F(UINT4, 0), F(UINT8, 0), F(AS_TEXT, 0)},
    {F(ARRAY, 0, .child = &int4, .n_child = 1), F(ARRAY, 0, .child = &text, .n_child = 1),
     F(ARRAY, 0, .child = &numeric, .n_child = 1), F(HSTORE, 0)},
    {F(RECORD, 0, .child = fields, .n_child = 3), F(ARRAY, 0, .child = &record, .n_child = 1),
     F(ARRAY, 0, .child = &ints, .n_child = 1), F(ARRAY, 0, .child = &bytea, .n_child = 1)},
    {F(ARRAY, 0, .child = &interval, .n_child = 1), F(RECORD, 0, .n_child = 0), F(HSTORE, 0), F(TEXT, 0)},
};

static size_t walk(const struct assay_value *v, unsigned depth)
{
    size_t n = 1, items = v->kind == ASSAY_K_LIST                               ? v->len
                          : v->kind == ASSAY_K_STRUCT || v->kind == ASSAY_K_MAP ? 2 * (size_t)v->len
                                                                                : 0;
    const size_t bound = v->kind == ASSAY_K_LIST && v->flags & ASSAY_V_BOUND;
    volatile uint8_t last = 0;
    struct assay_interval iv;
    if (v->kind > ASSAY_K_BAD || depth > ASSAY_MAX_NESTING)
        abort();
    if (bound && (v->items[0].kind != ASSAY_K_INT || v->items[0].i == 1))
        abort();
    for (size_t i = 0; i < items; i++)
        n += walk(&v->items[i + bound], depth + 1);
    if (v->kind == ASSAY_K_INTERVAL) {
        memcpy(&iv, v->p, sizeof iv);
        if (iv.ns < 0 || iv.ns > 999999999)
            abort();
    }
    if ((v->kind == ASSAY_K_TEXT || v->kind == ASSAY_K_BYTES || v->kind == ASSAY_K_JSON ||
         v->kind == ASSAY_K_PGNUMERIC) &&
        v->len)
        last = v->p[v->len - 1];
    (void)last;
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    const struct assay_pg_field *layout = layouts[data[0] % (sizeof layouts / sizeof *layouts)];
    const struct assay_pg_decoder d = {.field = layout, .n = 4, .table = "t"};
    struct assay_value v[4];
    struct assay_pool pool = {0};
    struct assay_err e = {0};
    uint8_t *row = malloc(size > 1 ? size - 1 : 1); /* of exactly its size, for the sanitizer's sake */
    if (!row)
        return 0;
    memcpy(row, data + 1, size - 1);
    size_t n = 0;
    if (assay_pg_tuple(&d, row, size - 1, 1, v, &pool, &e) == ASSAY_OK) {
        for (size_t i = 0; i < 4; i++)
            n += walk(&v[i], 0);
        if (n > 16 + size || pool.taken > 32 * size + 4096)
            abort();
    } else if (!e.msg[0])
        abort();
    assay_pool_release(&pool);
    free(row);
    return 0;
}
