/* Arrays, maps and records as trees of values. The types of a column that is read do not hold themselves and are at
 * most ASSAY_MAX_NESTING deep, which bounds the recursion. */
#include <string.h>

#include "assay/limits.h"
#include "assay/log.h"
#include "value.h"

#define ITEMS_BETWEEN_LOOKS (1u << 16) /* for a signal */

static const char no_memory[] = "out of memory";

static const char *read_nested(struct assay_av_cursor *c, uint32_t at, struct assay_items *t, struct assay_value *out);

static const char *push(struct assay_av_cursor *c, struct assay_items *t, const struct assay_value *v)
{
    return assay_items_push(t, v) ? NULL : assay_av_fail(c, ASSAY_ENOMEM, no_memory);
}

static const char *read_push(struct assay_av_cursor *c, uint32_t at, struct assay_items *t)
{
    struct assay_value v;
    const char *why = read_nested(c, at, t, &v);
    return why ? why : push(c, t, &v);
}

static const char *read_scalar(struct assay_av_cursor *c, uint32_t at, struct assay_items *t, struct assay_value *out)
{
    union assay_av_store store;
    const char *why = assay_av_value(c, at, out, &store);
    if (why)
        return why;
    if (c->legacy)
        assay_av_doubt(out);
    if ((out->kind == ASSAY_K_INTERVAL || out->kind == ASSAY_K_UUID) && out->p == (const uint8_t *)&store &&
        !assay_items_keep(t, out))
        return assay_av_fail(c, ASSAY_ENOMEM, no_memory);
    return NULL;
}

static const char *read_fields(struct assay_av_cursor *c, const struct assay_av_node *n, struct assay_items *t)
{
    const char *why = NULL;
    for (uint32_t i = n->first; i < n->first + n->count && !why; i++) {
        const char *name = c->schema->field[i];
        const struct assay_value v = {
            .kind = ASSAY_K_TEXT, .flags = ASSAY_V_STABLE, .len = (uint32_t)strlen(name), .p = (const uint8_t *)name};
        why = push(c, t, &v);
        if (!why)
            why = read_push(c, c->schema->child[i], t);
    }
    return why;
}

static const char *read_item(struct assay_av_cursor *c, const struct assay_av_node *n, struct assay_items *t)
{
    const char *why = NULL;
    if (n->type == AV_MAP) {
        struct assay_value key = {.kind = ASSAY_K_TEXT};
        size_t len = 0;
        why = assay_av_span(c, &key.p, &len);
        if (!why && len > ASSAY_MAX_CELL)
            why = assay_av_fail(c, ASSAY_ELIMIT, "a value of more than 64 MiB");
        key.len = (uint32_t)len;
        if (!why)
            why = push(c, t, &key);
    }
    return why ? why : read_push(c, c->schema->child[n->first], t);
}

static const char *read_items(struct assay_av_cursor *c, const struct assay_av_node *n, struct assay_items *t,
                              uint32_t *count)
{
    struct assay_av_run run = {0};
    bool done = false;
    const char *why = assay_av_next_run(c, &run, &done);
    while (!why && !done) {
        for (; run.left && !why; run.left--, ++*count) {
            if (*count % ITEMS_BETWEEN_LOOKS == 0 && assay_interrupted())
                return assay_av_fail(c, ASSAY_EINTR, "stopped by a signal");
            why = read_item(c, n, t);
        }
        if (!why)
            why = assay_av_next_run(c, &run, &done);
    }
    return why;
}

static const char *read_nested(struct assay_av_cursor *c, uint32_t at, struct assay_items *t, struct assay_value *out)
{
    const struct assay_av_node *n = &c->schema->node[at];
    *out = (struct assay_value){.kind = ASSAY_K_NULL};
    if (t->over) /* nothing more of the row is kept */
        return assay_av_skip(c, at);
    if (n->type == AV_UNION) {
        const char *why = assay_av_branch(c, n, &at);
        if (why)
            return why;
        n = &c->schema->node[at];
    }
    if (n->type != AV_RECORD && n->type != AV_ARRAY && n->type != AV_MAP)
        return read_scalar(c, at, t, out);
    const size_t from = t->n;
    uint32_t count = n->count;
    const char *why;
    if (n->type == AV_RECORD) {
        out->kind = ASSAY_K_STRUCT;
        why = read_fields(c, n, t);
    } else {
        out->kind = n->type == AV_ARRAY ? ASSAY_K_LIST : ASSAY_K_MAP;
        count = 0;
        why = read_items(c, n, t, &count);
    }
    out->len = count;
    if (!why && !assay_items_close(t, from, &out->items))
        why = assay_av_fail(c, ASSAY_ENOMEM, no_memory);
    return why;
}

const char *assay_av_nested(struct assay_av_cursor *c, uint32_t node, struct assay_items *t, struct assay_value *out)
{
    const char *why = read_nested(c, node, t, out);
    if (t->over)
        *out = assay_items_too_large();
    t->n = 0;
    return why;
}
