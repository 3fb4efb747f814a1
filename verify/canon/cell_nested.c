/* The cells of lists, structs and maps: docs/canonical-form.md section 1. The kinds of the values say which cells. */
#include <string.h>

#include "assay/bytes.h"
#include "assay/limits.h"
#include "nested.h"
#include "put.h"
#include "spans.h"

struct writer {
    struct assay_buf *out;
    const char **why;
    size_t start; /* of the cell in out */
    unsigned depth;
    struct assay_spans spans; /* fields and entries of what is open */
};

static bool node(struct writer *w, const struct assay_value *v);

static bool defect(struct writer *w, const char *sentence)
{
    *w->why = sentence;
    return false;
}

static bool scalar(struct writer *w, const struct assay_value *v)
{
    static const uint8_t type[] = {
        [ASSAY_K_NULL] = ASSAY_L_TEXT, /* any: NULL has one cell */
        [ASSAY_K_BOOL] = ASSAY_L_BOOLEAN,       [ASSAY_K_INT] = ASSAY_L_DECIMAL,
        [ASSAY_K_F32] = ASSAY_L_FLOAT64,        [ASSAY_K_F64] = ASSAY_L_FLOAT64,
        [ASSAY_K_DEC] = ASSAY_L_DECIMAL,        [ASSAY_K_DECDIGITS] = ASSAY_L_DECIMAL,
        [ASSAY_K_DECSPECIAL] = ASSAY_L_DECIMAL, [ASSAY_K_LEXEME] = ASSAY_L_DECIMAL,
        [ASSAY_K_TEXT] = ASSAY_L_TEXT,          [ASSAY_K_BYTES] = ASSAY_L_BYTES,
        [ASSAY_K_DATE] = ASSAY_L_DATE,          [ASSAY_K_TIME] = ASSAY_L_TIME,
        [ASSAY_K_TIMETZ] = ASSAY_L_TIMETZ,      [ASSAY_K_TS] = ASSAY_L_TIMESTAMP,
        [ASSAY_K_TSTZ] = ASSAY_L_TIMESTAMPTZ,   [ASSAY_K_INTERVAL] = ASSAY_L_INTERVAL,
        [ASSAY_K_UUID] = ASSAY_L_UUID,          [ASSAY_K_JSON] = ASSAY_L_JSON,
        [ASSAY_K_BAD] = ASSAY_L_NONE,
    };
    if (v->kind == ASSAY_K_BAD)
        return defect(w, v->p ? (const char *)v->p : "not readable");
    if (v->kind >= sizeof type || type[v->kind] == ASSAY_L_NONE)
        return defect(w, "a value that was not read under its type");
    return assay_cell_put((enum assay_logical)type[v->kind], v, w->out, w->why);
}

/* Tag and count. */
static bool head(struct writer *w, uint8_t tag, uint32_t count)
{
    uint8_t *p = assay_room(w->out, 5);
    if (!p)
        return defect(w, ASSAY_WHY_NOMEM);
    p[0] = tag;
    assay_put_be32(p + 1, count);
    w->out->len += 5;
    return true;
}

static bool list(struct writer *w, const struct assay_value *v)
{
    const struct assay_value *item = v->items;
    if (v->flags & ASSAY_V_BOUND) {
        const int64_t bound = item++->i;
        if (v->len > 0 && bound != 1 && !head(w, '(', (uint32_t)(int32_t)bound))
            return false;
    }
    if (!head(w, '[', v->len))
        return false;
    for (uint32_t i = 0; i < v->len; i++)
        if (!node(w, &item[i]))
            return false;
    return true;
}

static bool name(struct writer *w, const struct assay_value *v)
{
    if (v->kind != ASSAY_K_TEXT)
        return defect(w, "a field without a name");
    uint8_t *p = assay_room(w->out, 4 + (size_t)v->len);
    if (!p)
        return defect(w, ASSAY_WHY_NOMEM);
    assay_put_be32(p, v->len);
    if (v->len)
        memcpy(p + 4, v->p, v->len);
    w->out->len += 4 + (size_t)v->len;
    return true;
}

static bool pair(struct writer *w, const struct assay_value *v, bool is_struct)
{
    struct assay_span span = {.at = w->out->len, .key = w->out->len + (is_struct ? 4 : 0)};
    const size_t self = w->spans.n;
    if (!is_struct && v->kind == ASSAY_K_NULL)
        return defect(w, "a map with a NULL key");
    if (!(is_struct ? name(w, v) : node(w, v)))
        return false;
    span.key_end = w->out->len;
    if (!assay_spans_push(&w->spans, span))
        return defect(w, ASSAY_WHY_NOMEM);
    if (!node(w, v + 1))
        return false;
    w->spans.v[self].end = w->out->len;
    return true;
}

static bool pairs(struct writer *w, const struct assay_value *v)
{
    const bool is_struct = v->kind == ASSAY_K_STRUCT;
    const size_t base = w->spans.n;
    uint32_t count;
    if (!head(w, is_struct ? '{' : 'M', v->len))
        return false;
    for (uint32_t i = 0; i < v->len; i++)
        if (!pair(w, &v->items[2 * (size_t)i], is_struct))
            return false;
    if (!assay_spans_sort(&w->spans, base, w->out, &count))
        return defect(w, ASSAY_WHY_NOMEM);
    return count == v->len || defect(w, is_struct ? "a field that stands twice" : "a map with a key that stands twice");
}

static bool node(struct writer *w, const struct assay_value *v)
{
    if (w->out->len - w->start > ASSAY_MAX_CELL)
        return defect(w, "a nested value over 64 MiB");
    if (v->kind < ASSAY_K_LIST || v->kind > ASSAY_K_MAP)
        return scalar(w, v);
    if (++w->depth > ASSAY_MAX_NESTING)
        return defect(w, "a value nested over 64 deep");
    const bool ok = v->kind == ASSAY_K_LIST ? list(w, v) : pairs(w, v);
    w->depth--;
    return ok;
}

bool assay_cell_put_nested(enum assay_logical type, const struct assay_value *v, struct assay_buf *out,
                           const char **why)
{
    static const uint8_t kind[] = {
        [ASSAY_L_LIST] = ASSAY_K_LIST, [ASSAY_L_STRUCT] = ASSAY_K_STRUCT, [ASSAY_L_MAP] = ASSAY_K_MAP};
    struct writer w = {.out = out, .why = why, .start = out->len};
    if (v->kind != kind[type])
        return defect(&w, "a value that was not read under its type");
    assay_spans_init(&w.spans);
    bool ok = node(&w, v);
    if (ok && out->len - w.start > ASSAY_MAX_CELL)
        ok = defect(&w, "a nested value over 64 MiB");
    assay_spans_release(&w.spans);
    if (!ok)
        out->len = w.start;
    return ok;
}
