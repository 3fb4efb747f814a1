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

static const char nested[] = "nested types are not supported yet";

/* What the members of a union come to: NULL, or why they are no column. Members of one kind may differ in unit,
 * scale or width. */
static const char *merge(const struct assay_av_schema *s, const struct assay_av_node *n, struct assay_av_column *c)
{
    for (uint32_t i = 0; i < n->count; i++) {
        const struct assay_av_node *m = &s->node[s->child[n->first + i]];
        const bool floats = m->op == AV_O_FLOAT || m->op == AV_O_DOUBLE;
        if (m->op == AV_O_NULL)
            c->nullable = true;
        else if (m->type == AV_RECORD || m->type == AV_ARRAY || m->type == AV_MAP)
            return nested;
        else if (m->logical == ASSAY_L_NONE)
            return "a type that is not supported";
        else if (c->logical == ASSAY_L_NONE || c->logical == m->logical)
            c->logical = m->logical;
        else if (floats && (c->logical == ASSAY_L_FLOAT32 || c->logical == ASSAY_L_FLOAT64))
            c->logical = ASSAY_L_FLOAT64;
        else
            return "a union of unlike types is not supported";
    }
    return NULL;
}

static void classify(const struct assay_av_schema *s, struct assay_av_column *c)
{
    const struct assay_av_node *n = &s->node[c->node];
    if (n->type == AV_UNION) {
        c->refused = merge(s, n, c);
    } else {
        c->nullable = n->op == AV_O_NULL;
        c->logical = n->logical;
        if (n->type == AV_RECORD || n->type == AV_ARRAY || n->type == AV_MAP)
            c->refused = nested;
        else if (n->op == AV_O_NONE)
            c->refused = "a type that is not supported";
    }
    if (c->refused)
        c->logical = ASSAY_L_NONE;
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
        classify(s, c);
        s->columns++;
    }
    return ASSAY_OK;
}
