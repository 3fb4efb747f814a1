#include "assay/schema.h"

#include <stdlib.h>
#include <string.h>

#include "assay/digest.h"
#include "assay/limits.h"

enum assay_status assay_schema_add(struct assay_schema *s, const char *name, const char *native,
                                   enum assay_logical logical, bool nullable, struct assay_err *e)
{
    if (s->n >= ASSAY_MAX_COLUMNS)
        return assay_fail(e, ASSAY_ELIMIT, "more than %d columns", ASSAY_MAX_COLUMNS);
    struct assay_column *grown = realloc(s->col, (s->n + 1) * sizeof *grown);
    if (!grown)
        return assay_fail_nomem(e);
    s->col = grown;
    struct assay_column c = {.logical = logical, .nullable = nullable};
    c.name = strdup(name);
    c.native = strdup(native);
    if (!c.name || !c.native) {
        free(c.name);
        free(c.native);
        return assay_fail_nomem(e);
    }
    s->col[s->n++] = c;
    return ASSAY_OK;
}

enum assay_status assay_schema_add_shape(struct assay_schema *s, const char *name, const char *native,
                                         const struct assay_shape *shape, bool nullable, struct assay_err *e)
{
    struct assay_shape *copy = assay_shape_copy(shape);
    if (!copy)
        return assay_fail_nomem(e);
    const enum assay_status st = assay_schema_add(s, name, native, shape->type, nullable, e);
    if (st == ASSAY_OK)
        s->col[s->n - 1].shape = copy;
    else
        assay_shape_free(copy);
    return st;
}

size_t assay_schema_find(const struct assay_schema *s, const char *name)
{
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->col[i].name, name) == 0)
            return i;
    return SIZE_MAX;
}

static enum assay_status add_escaped(struct assay_buf *out, const char *text)
{
    enum assay_status s = ASSAY_OK;
    for (; *text && s == ASSAY_OK; text++) {
        const char *esc = *text == '\t' ? "\\t" : *text == '\n' ? "\\n" : *text == '\\' ? "\\\\" : NULL;
        s = esc ? assay_buf_adds(out, esc) : assay_buf_addc(out, (uint8_t)*text);
    }
    return s;
}

static enum assay_status add_logical(struct assay_buf *out, const struct assay_column *c)
{
    const struct assay_type *t = assay_type_of(c->logical);
    if (!c->shape)
        return assay_buf_adds(out, t ? t->name : "unsupported");
    struct assay_buf text = {0};
    enum assay_status st = assay_shape_text(c->shape, &text);
    const char *shown = st == ASSAY_OK ? assay_buf_str(&text) : NULL;
    if (st == ASSAY_OK)
        st = shown ? add_escaped(out, shown) : ASSAY_ENOMEM;
    assay_buf_release(&text);
    return st;
}

enum assay_status assay_schema_text(const struct assay_schema *s, struct assay_buf *out)
{
    enum assay_status st = ASSAY_OK;
    for (size_t i = 0; i < s->n && st == ASSAY_OK; i++) {
        const struct assay_column *c = &s->col[i];
        st = add_escaped(out, c->name);
        if (st == ASSAY_OK)
            st = assay_buf_addc(out, '\t');
        if (st == ASSAY_OK)
            st = add_escaped(out, c->native);
        if (st == ASSAY_OK)
            st = assay_buf_addc(out, '\t');
        if (st == ASSAY_OK)
            st = add_logical(out, c);
        if (st == ASSAY_OK)
            st = assay_buf_addf(out, "\t%s\t%u\n", c->nullable ? "nullable" : "required", (unsigned)c->key_pos);
    }
    return st;
}

enum assay_status assay_schema_fingerprint(const struct assay_schema *s, uint8_t out[32])
{
    struct assay_buf text = {0};
    enum assay_status st = assay_schema_text(s, &text);
    if (st == ASSAY_OK)
        assay_sha256(text.ptr ? text.ptr : (const uint8_t *)"", text.len, out);
    assay_buf_release(&text);
    return st;
}

void assay_schema_release(struct assay_schema *s)
{
    for (size_t i = 0; i < s->n; i++) {
        free(s->col[i].name);
        free(s->col[i].native);
        assay_shape_free(s->col[i].shape);
    }
    free(s->col);
    *s = (struct assay_schema){0};
}
