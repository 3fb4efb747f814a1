#include "assay/items.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "assay/limits.h"

void assay_items_reset(struct assay_items *t)
{
    assay_pool_reset(&t->pool);
    assay_items_row(t);
}

void assay_items_row(struct assay_items *t)
{
    t->row_at = t->pool.taken;
    t->n = 0;
    t->over = false;
}

/* n more bytes for the row, with all that is still open. */
static bool fits(struct assay_items *t, size_t n)
{
    t->over = t->over || n > ASSAY_MAX_NESTED_ROW ||
              t->pool.taken - t->row_at + t->n * sizeof *t->open > ASSAY_MAX_NESTED_ROW - n;
    return !t->over;
}

bool assay_items_more(struct assay_items *t, size_t n, struct assay_value **out)
{
    *out = NULL;
    if (n > ASSAY_MAX_NESTED_ROW / sizeof **out || !fits(t, n * sizeof **out)) {
        t->over = true;
        return true;
    }
    if (n > t->cap - t->n) {
        size_t cap = t->cap ? t->cap * 2 : 256;
        cap = cap - t->n < n ? t->n + n : cap;
        struct assay_value *grown = reallocarray(t->open, cap, sizeof *grown);
        if (!grown)
            return false;
        t->open = grown;
        t->cap = cap;
    }
    *out = t->open + t->n;
    t->n += n;
    return true;
}

bool assay_items_push(struct assay_items *t, const struct assay_value *v)
{
    struct assay_value *room;
    if (!assay_items_more(t, 1, &room))
        return false;
    if (room)
        *room = *v;
    return true;
}

bool assay_items_close(struct assay_items *t, size_t from, const struct assay_value **items)
{
    static const struct assay_value none;
    *items = &none;
    if (t->over || t->n <= from)
        return true;
    const size_t size = (t->n - from) * sizeof *t->open;
    struct assay_value *p = assay_pool_take(&t->pool, size);
    if (!p)
        return false;
    memcpy(p, t->open + from, size);
    t->n = from;
    *items = p;
    return true;
}

bool assay_items_keep(struct assay_items *t, struct assay_value *v)
{
    const size_t n = v->flags & ASSAY_V_STABLE ? 0 : assay_value_bytes(v);
    if (n == 0 || !fits(t, n))
        return true;
    uint8_t *p = assay_pool_take(&t->pool, n);
    if (!p)
        return false;
    memcpy(p, v->p, n);
    v->p = p;
    return true;
}

struct assay_value assay_items_too_large(void)
{
    static const char why[] = "nested values that take more than 128 MiB of memory in one row";
    return (struct assay_value){.kind = ASSAY_K_BAD, .len = sizeof why - 1, .p = (const uint8_t *)why};
}

void assay_items_release(struct assay_items *t)
{
    assay_pool_release(&t->pool);
    free(t->open);
    *t = (struct assay_items){0};
}
