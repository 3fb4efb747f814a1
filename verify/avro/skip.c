/* Passing over values that nobody asked for, nested ones included: a stack of open records, arrays and maps. */
#include "assay/limits.h"
#include "assay/log.h"
#include "value.h"

#define STEPS_BETWEEN_LOOKS (1u << 20) /* for a signal: one row may be as long as a block */

struct open {
    const struct assay_av_node *n;
    struct assay_av_run run; /* array, map */
    uint64_t left; /* record: members still to come */
};

static const char *scalar(struct assay_av_cursor *c, const struct assay_av_node *n)
{
    int64_t i;
    size_t len;
    const uint8_t *p;
    switch ((enum assay_av_type)n->type) {
    case AV_BOOLEAN:
        return assay_av_bool(c, &i);
    case AV_INT:
        return assay_av_int(c, &i);
    case AV_LONG:
        return assay_av_number(c, &i);
    case AV_FLOAT:
        return assay_av_take(c, 4, &p);
    case AV_DOUBLE:
        return assay_av_take(c, 8, &p);
    case AV_BYTES:
    case AV_STRING:
        return assay_av_span(c, &p, &len);
    case AV_ENUM:
        return assay_av_symbol(c, n, &i);
    case AV_FIXED:
        return assay_av_take(c, n->size, &p);
    default:
        return NULL; /* null */
    }
}

/* A negative count comes with the block's size. */
const char *assay_av_next_run(struct assay_av_cursor *c, struct assay_av_run *run, bool *done)
{
    int64_t n = 0, size = 0;
    if (run->end && c->p != run->end)
        return assay_av_fail(c, ASSAY_EDATA, "an array or map block of another size than it claims");
    run->end = NULL;
    const char *why = assay_av_number(c, &n);
    if (!why && n == INT64_MIN)
        why = assay_av_fail(c, ASSAY_EDATA, "an array or map block of an impossible count");
    if (!why && n < 0) {
        why = assay_av_number(c, &size);
        if (!why && (size < 0 || size > c->end - c->p))
            why = assay_av_fail(c, ASSAY_EDATA, "an array or map block of an impossible size");
        n = -n;
        run->end = c->p + (why ? 0 : size);
    }
    *done = n == 0;
    run->left = (uint64_t)n;
    return why;
}

/* Begin with node `at`: pass a scalar, or open what has members. */
static const char *enter(struct assay_av_cursor *c, uint32_t at, struct open *stack, size_t *depth)
{
    const struct assay_av_node *n = &c->schema->node[at];
    while (n->type == AV_UNION) {
        const char *why = assay_av_branch(c, n, &at);
        if (why)
            return why;
        n = &c->schema->node[at];
    }
    if (n->zero_size) /* not walked: a schema of records in records may hold ten to the sixtieth of them */
        return NULL;
    if (n->type != AV_RECORD && n->type != AV_ARRAY && n->type != AV_MAP)
        return scalar(c, n);
    if (*depth == ASSAY_MAX_AVRO_DEPTH)
        return assay_av_fail(c, ASSAY_ELIMIT, "values nested too deep");
    stack[(*depth)++] = (struct open){.n = n, .left = n->type == AV_RECORD ? n->count : 0};
    return NULL;
}

/* The next member of an open array or map; *done when it is closed. */
static const char *next_item(struct assay_av_cursor *c, struct open *o, bool *done)
{
    const uint8_t *p;
    size_t len;
    const bool map = o->n->type == AV_MAP;
    const bool zero = !map && c->schema->node[c->schema->child[o->n->first]].zero_size;
    const char *why = NULL;
    *done = false;
    while (!why && !o->run.left && !*done) {
        why = assay_av_next_run(c, &o->run, done);
        o->run.left = zero ? 0 : o->run.left; /* items of no byte need no walk */
    }
    if (why || *done)
        return why;
    o->run.left--;
    return map ? assay_av_span(c, &p, &len) : NULL;
}

const char *assay_av_skip(struct assay_av_cursor *c, uint32_t node)
{
    struct open stack[ASSAY_MAX_AVRO_DEPTH];
    size_t depth = 0;
    const char *why = enter(c, node, stack, &depth);
    for (uint64_t steps = 1; !why && depth; steps++) {
        if (steps % STEPS_BETWEEN_LOOKS == 0 && assay_interrupted())
            return assay_av_fail(c, ASSAY_EINTR, "stopped by a signal");
        struct open *o = &stack[depth - 1];
        const uint32_t *child = &c->schema->child[o->n->first];
        bool done = false;
        if (o->n->type != AV_RECORD)
            why = next_item(c, o, &done);
        else if ((done = o->left == 0) == false)
            child += o->n->count - o->left--;
        if (done)
            depth--;
        else if (!why)
            why = enter(c, *child, stack, &depth);
    }
    return why;
}
