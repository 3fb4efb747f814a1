/* The fields of the top-level record as columns, and how the schema spells their types. */
#include <stdlib.h>
#include <string.h>

#include "assay/limits.h"
#include "schema.h"

#define NATIVE_BYTES 1024
#define NATIVE_DEPTH 4 /* deeper members are written "..." */

static const char *const plain[] = {"null",   "boolean", "int",  "long",  "float", "double", "bytes",
                                    "string", "record",  "enum", "array", "map",   "union",  "fixed"};

static enum assay_status native(const struct assay_av_schema *s, uint32_t at, unsigned depth, struct assay_buf *out)
{
    const struct assay_av_node *n = &s->node[at];
    enum assay_status st = depth > NATIVE_DEPTH ? assay_buf_adds(out, "...") : assay_buf_adds(out, plain[n->type]);
    if (st != ASSAY_OK || depth > NATIVE_DEPTH)
        return st;
    if (n->type == AV_FIXED)
        st = assay_buf_addf(out, "(%u)", n->size);
    else if (n->type == AV_RECORD || n->type == AV_ENUM)
        st = assay_buf_addf(out, " %s", n->name);
    for (uint32_t c = 0; n->type >= AV_ARRAY && n->type <= AV_UNION && c < n->count && st == ASSAY_OK; c++) {
        st = assay_buf_addc(out, c ? ',' : '{');
        if (st == ASSAY_OK)
            st = native(s, s->child[n->first + c], depth + 1, out);
        if (st == ASSAY_OK && c + 1 == n->count)
            st = assay_buf_addc(out, '}');
    }
    if (st == ASSAY_OK && n->annotation)
        st = assay_buf_addf(out, " %s", n->annotation);
    if (st == ASSAY_OK && n->precision)
        st = assay_buf_addf(out, "(%d,%d)", (int)n->precision, (int)n->scale);
    return st;
}

enum assay_status assay_av_native(const struct assay_av_schema *s, uint32_t node, struct assay_buf *out)
{
    assay_buf_reset(out);
    out->max = NATIVE_BYTES;
    enum assay_status st = native(s, node, 0, out);
    out->max = 2 * NATIVE_BYTES; /* room for the NUL of assay_buf_str */
    if (st != ASSAY_ELIMIT)
        return st;
    assay_buf_reset(out);
    return assay_buf_addf(out, "%s{...}", plain[s->node[node].type]);
}

static enum assay_status classify(struct assay_av_schema *s, struct assay_av_column *c)
{
    bool nomem = false;
    c->nullable = false;
    c->refused = assay_av_shape(s, c->node, &c->shape, &c->nullable, &nomem);
    if (nomem)
        return ASSAY_ENOMEM;
    if (c->shape)
        c->logical = c->shape->type;
    if (c->shape && c->shape->type < ASSAY_L_LIST) {
        assay_shape_free(c->shape);
        c->shape = NULL;
    }
    return ASSAY_OK;
}

enum assay_status assay_av_columns(struct assay_av_schema *s, const char *name, const json_t *fields,
                                   struct assay_err *e)
{
    const struct assay_av_node *root = &s->node[s->root];
    if (root->count > ASSAY_MAX_COLUMNS)
        return assay_fail(e, ASSAY_ELIMIT, "%s: header: more than %d columns", name, ASSAY_MAX_COLUMNS);
    s->column = calloc((size_t)root->count + 1, sizeof *s->column);
    if (!s->column)
        return assay_fail_nomem(e);
    for (uint32_t i = 0; i < root->count; i++) {
        struct assay_av_column *c = &s->column[i];
        c->name = json_string_value(json_object_get(json_array_get(fields, i), "name"));
        c->node = s->child[root->first + i];
        for (uint32_t k = 0; k < i; k++)
            if (strcmp(s->column[k].name, c->name) == 0)
                return assay_fail(e, ASSAY_EDATA, "%s: header: two columns are named \"%s\"", name, c->name);
        s->columns++;
        if (classify(s, c) != ASSAY_OK)
            return assay_fail_nomem(e);
    }
    return ASSAY_OK;
}
