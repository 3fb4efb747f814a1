/* The schema tree, given as a depth-first list of elements with child counts, to columns: the children of its root. */
#include <stdlib.h>
#include <string.h>

#include "assay/limits.h"
#include "meta.h"

/* *end becomes the index after the whole subtree that begins at `at`; its leaves are counted. No recursion. */
static enum assay_status subtree(const char *file, const struct assay_pq_element *el, size_t n, size_t at, size_t *end,
                                 uint32_t *leaves, struct assay_err *e)
{
    int32_t left[ASSAY_MAX_PARQUET_DEPTH]; /* children still to come, per open group */
    size_t depth = 0;
    do {
        if (at == n)
            return assay_fail(e, ASSAY_EDATA, "%s: footer: the schema ends inside a group", file);
        if ((el[at].physical >= 0) == (el[at].children > 0) || el[at].children < 0)
            return assay_fail(e, ASSAY_EDATA, "%s: footer: schema element %zu is neither a group nor a leaf", file, at);
        if (depth)
            left[depth - 1]--;
        if (el[at].physical >= 0)
            ++*leaves;
        else if (depth == ASSAY_MAX_PARQUET_DEPTH)
            return assay_fail(e, ASSAY_ELIMIT, "%s: footer: the schema nests deeper than %d", file,
                              ASSAY_MAX_PARQUET_DEPTH);
        else
            left[depth++] = el[at].children;
        at++;
        while (depth && left[depth - 1] == 0)
            depth--;
    } while (depth);
    *end = at;
    return ASSAY_OK;
}

static enum assay_status check_element(const char *file, const struct assay_pq_element *el, size_t at,
                                       struct assay_err *e)
{
    if (el->name.len == 0 || el->name.len > ASSAY_MAX_NAME || memchr(el->name.p, 0, el->name.len))
        return assay_fail(e, ASSAY_EDATA, "%s: footer: schema element %zu has no usable name", file, at);
    if (el->repetition < 0)
        return assay_fail(e, ASSAY_EDATA, "%s: footer: schema element %zu has no repetition", file, at);
    if (el->physical == PQ_FLBA && (el->type_length < 1 || el->type_length > (int32_t)ASSAY_MAX_CELL))
        return assay_fail(e, ASSAY_EDATA, "%s: footer: schema element %zu has a fixed length of %d bytes", file, at,
                          (int)el->type_length);
    return ASSAY_OK;
}

static const char unsupported[] = "a type that is not supported";

/* The native type of a column; of one that cannot be read, with the part that is in the way. */
static enum assay_status spell(struct assay_pq_column *c, const struct assay_pq_element *el,
                               const struct assay_pq_element *part, struct assay_err *e)
{
    struct assay_buf native = {0};
    enum assay_status s = c->tree ? assay_pq_tree_native(c->tree, &native) : assay_pq_element_native(el, &native);
    if (s == ASSAY_OK && part && part != el) {
        s = assay_buf_adds(&native, " of ");
        s = s == ASSAY_OK ? assay_pq_element_native(part, &native) : s;
    } else if (s == ASSAY_OK && !part && c->refused) {
        s = assay_buf_addf(&native, " (%s)", c->refused);
    }
    const char *text = s == ASSAY_OK ? assay_buf_str(&native) : NULL;
    c->native = text ? strdup(text) : NULL;
    assay_buf_release(&native);
    return c->native ? ASSAY_OK : assay_fail_nomem(e);
}

/* The column at el[at], all of it before el[end]. */
static enum assay_status add_column(struct assay_pq_meta *m, const struct assay_pq_element *all, size_t at, size_t end,
                                    uint32_t first_leaf, struct assay_err *e)
{
    const struct assay_pq_element *el = &all[at], *part = NULL;
    if (m->columns == m->column_cap) {
        size_t cap = m->column_cap ? m->column_cap * 2 : 16;
        struct assay_pq_column *grown = realloc(m->column, cap * sizeof *grown);
        if (!grown)
            return assay_fail_nomem(e);
        m->column = grown;
        m->column_cap = cap;
    }
    struct assay_pq_column *c = &m->column[m->columns++];
    *c = (struct assay_pq_column){.leaf = first_leaf, .leaves = m->leaves - first_leaf};
    c->nullable = el->repetition == PQ_OPTIONAL;
    c->nested = el->physical < 0 || el->repetition == PQ_REPEATED;
    c->name = strndup((const char *)el->name.p, el->name.len);
    enum assay_status s = c->name ? ASSAY_OK : ASSAY_ENOMEM;
    if (s == ASSAY_OK && c->nested)
        s = assay_pq_tree_build(all, at, end, first_leaf, &c->tree, &c->refused, &part);
    else if (s == ASSAY_OK)
        s = assay_pq_type_of(el, &c->type);
    if (s != ASSAY_OK)
        return assay_fail_nomem(e);
    if (!c->nested && c->type.logical == ASSAY_L_NONE && !c->type.spans) {
        c->refused = unsupported;
        part = el;
    }
    return spell(c, el, part, e);
}

static void describe_leaves(const struct assay_pq_element *el, size_t at, size_t end, bool flat,
                            struct assay_pq_leaf *leaf)
{
    for (; at < end; at++)
        if (el[at].physical >= 0)
            *leaf++ = (struct assay_pq_leaf){el[at].name, el[at].physical, flat};
}

enum assay_status assay_pq_schema_columns(struct assay_pq_meta *m, const char *file, const struct assay_pq_element *el,
                                          size_t n, struct assay_pq_leaf **leaf, struct assay_err *e)
{
    enum assay_status s = ASSAY_OK;
    if (n < 1 || el[0].physical >= 0 || el[0].children < 0)
        return assay_fail(e, ASSAY_EDATA, "%s: footer: the schema has no root", file);
    *leaf = calloc(n, sizeof **leaf);
    if (!*leaf)
        return assay_fail_nomem(e);
    int32_t children = 0;
    for (size_t at = 1; at < n && s == ASSAY_OK; children++) {
        uint32_t first = m->leaves;
        size_t end = at;
        s = check_element(file, &el[at], at, e);
        if (s == ASSAY_OK)
            s = subtree(file, el, n, at, &end, &m->leaves, e);
        if (s == ASSAY_OK && m->columns == ASSAY_MAX_COLUMNS)
            s = assay_fail(e, ASSAY_ELIMIT, "%s: footer: more than %d columns", file, ASSAY_MAX_COLUMNS);
        if (s == ASSAY_OK)
            s = add_column(m, el, at, end, first, e);
        if (s == ASSAY_OK)
            describe_leaves(el, at, end, !m->column[m->columns - 1].nested, *leaf + first);
        at = end;
    }
    if (s == ASSAY_OK && children != el[0].children)
        return assay_fail(e, ASSAY_EDATA, "%s: footer: the schema's root claims %d columns, found %d", file,
                          (int)el[0].children, (int)children);
    return s;
}

enum assay_status assay_pq_schema_observed(const struct assay_pq_meta *m, struct assay_schema *out, struct assay_err *e)
{
    enum assay_status s = ASSAY_OK;
    for (size_t i = 0; i < m->columns && s == ASSAY_OK; i++) {
        const struct assay_pq_column *c = &m->column[i];
        struct assay_shape *shape = NULL;
        if (c->tree && !c->refused && assay_pq_tree_shape(c->tree, &shape) != ASSAY_OK)
            s = assay_fail_nomem(e);
        if (s == ASSAY_OK)
            s = shape ? assay_schema_add_shape(out, c->name, c->native, shape, c->nullable, e)
                      : assay_schema_add(out, c->name, c->native, c->refused ? ASSAY_L_NONE : c->type.logical,
                                         c->nullable, e);
        assay_shape_free(shape);
    }
    if (s != ASSAY_OK)
        assay_schema_release(out);
    return s;
}
