/* What a type of the schema comes to as a value: a scalar, or a shape. Named types may be used many times over, and in
 * themselves, so that the walk is bounded in depth and in all it makes. */
#include <stdlib.h>
#include <string.h>

#include "assay/limits.h"
#include "schema.h"

struct walk {
    struct assay_av_schema *s;
    uint32_t open[ASSAY_MAX_NESTING]; /* records that the walk is in */
    unsigned depth;
    size_t types;
    bool nomem;
};

static const char *shape_of(struct walk *w, uint32_t at, struct assay_shape *out, bool *nullable);

static bool is_container(const struct assay_av_node *n)
{
    return n->type == AV_RECORD || n->type == AV_ARRAY || n->type == AV_MAP;
}

static bool is_number(enum assay_logical l)
{
    return l == ASSAY_L_INTEGER || l == ASSAY_L_DECIMAL || l == ASSAY_L_FLOAT32 || l == ASSAY_L_FLOAT64;
}

/* The type to propose for branches of two types. What the plan declares decides: a value of a branch that does not fit
 * it is a defect of its own. */
static enum assay_logical either(enum assay_logical a, enum assay_logical b)
{
    const bool floats = a == ASSAY_L_FLOAT32 || a == ASSAY_L_FLOAT64 || b == ASSAY_L_FLOAT32 || b == ASSAY_L_FLOAT64;
    if (a == ASSAY_L_NONE || a == b)
        return b;
    if (is_number(a) && is_number(b))
        return floats ? ASSAY_L_FLOAT64 : ASSAY_L_DECIMAL;
    return a == ASSAY_L_TEXT || b == ASSAY_L_TEXT ? ASSAY_L_TEXT : a;
}

static const char *scalar(const struct assay_av_node *n, enum assay_logical *out)
{
    if (n->logical == ASSAY_L_NONE)
        return "a type that is not supported";
    *out = either(*out, n->logical);
    return NULL;
}

/* A union of one container and null is that container; of scalars, one of them. */
static const char *shape_of_union(struct walk *w, const struct assay_av_node *n, struct assay_shape *out,
                                  bool *nullable)
{
    uint32_t branches = 0, container = UINT32_MAX;
    const char *why = NULL;
    for (uint32_t i = 0; i < n->count && !why; i++) {
        const uint32_t at = w->s->child[n->first + i];
        const struct assay_av_node *m = &w->s->node[at];
        branches += m->type != AV_NULL;
        if (m->type == AV_NULL)
            *nullable = true;
        else if (is_container(m))
            container = at;
        else
            why = scalar(m, &out->type);
    }
    if (container != UINT32_MAX && branches > 1)
        return "a union of a nested type with others";
    return container == UINT32_MAX ? why : shape_of(w, container, out, &(bool){false});
}

static bool add_children(struct walk *w, struct assay_shape *out, size_t n)
{
    out->child = calloc(n + 1, sizeof *out->child);
    out->n = out->child ? n : 0;
    w->nomem = w->nomem || !out->child;
    return out->child;
}

static const char *part(struct walk *w, uint32_t at, struct assay_shape *out)
{
    const char *why = shape_of(w, at, out, &(bool){false});
    return why || out->type != ASSAY_L_NONE ? why : "a part that holds only nulls";
}

static const char *shape_of_record(struct walk *w, uint32_t at, const struct assay_av_node *n, struct assay_shape *out)
{
    for (unsigned d = 0; d + 1 < w->depth; d++)
        if (w->open[d] == at)
            return "a type that holds itself";
    w->open[w->depth - 1] = at;
    out->type = ASSAY_L_STRUCT;
    if (!add_children(w, out, n->count))
        return NULL;
    const char *why = NULL;
    for (uint32_t i = 0; i < n->count && !why; i++) {
        const char *name = w->s->field[n->first + i];
        for (uint32_t k = 0; k < i; k++)
            if (strcmp(w->s->field[n->first + k], name) == 0)
                return "two fields of one name";
        out->child[i].name = strdup(name);
        w->nomem = w->nomem || !out->child[i].name;
        why = part(w, w->s->child[n->first + i], &out->child[i]);
    }
    return why;
}

/* An array, or a map, whose keys are text. */
static const char *shape_of_items(struct walk *w, const struct assay_av_node *n, struct assay_shape *out)
{
    const bool map = n->type == AV_MAP;
    out->type = map ? ASSAY_L_MAP : ASSAY_L_LIST;
    if (!map && w->s->node[w->s->child[n->first]].zero_size) /* a few bytes could hold any number of them */
        return "an array of items that take no byte";
    if (!add_children(w, out, map ? 2 : 1))
        return NULL;
    if (map)
        out->child[0].type = ASSAY_L_TEXT;
    w->types += map;
    return part(w, w->s->child[n->first], &out->child[map]);
}

static const char *shape_of(struct walk *w, uint32_t at, struct assay_shape *out, bool *nullable)
{
    const struct assay_av_node *n = &w->s->node[at];
    const char *why = NULL;
    if (n->type == AV_UNION)
        return shape_of_union(w, n, out, nullable);
    if (w->depth == ASSAY_MAX_NESTING)
        return "a type nested too deep";
    if (++w->types > ASSAY_MAX_COLUMNS || w->s->shaped + w->types > ASSAY_MAX_AVRO_TYPES)
        return "more parts than are supported";
    w->open[w->depth++] = UINT32_MAX;
    if (n->type == AV_RECORD)
        why = shape_of_record(w, at, n, out);
    else if (n->type == AV_ARRAY || n->type == AV_MAP)
        why = shape_of_items(w, n, out);
    else if (n->type == AV_NULL)
        *nullable = true;
    else
        why = scalar(n, &out->type);
    w->depth--;
    return why;
}

const char *assay_av_shape(struct assay_av_schema *s, uint32_t at, struct assay_shape **out, bool *nullable,
                           bool *nomem)
{
    struct walk w = {.s = s};
    *out = calloc(1, sizeof **out);
    const char *why = *out ? shape_of(&w, at, *out, nullable) : NULL;
    *nomem = w.nomem || !*out;
    s->shaped += why || *nomem ? 0 : w.types;
    if (why || *nomem) {
        assay_shape_free(*out);
        *out = NULL;
    }
    return why;
}
