/* JSON under a shape: docs/canonical-form.md section 5. Numbers keep their text. */
#include <string.h>

#include "assay/limits.h"
#include "json_lex.h"
#include "nested.h"
#include "resolve.h"

static bool value(struct assay_nest *n, struct assay_json_text *t, const struct assay_shape *s, unsigned depth);

/* "[0:1]={...}" is PostgreSQL's. */
static bool has_bounds(const uint8_t *p, const uint8_t *end)
{
    if (p < end && (*p == '+' || *p == '-'))
        p++;
    const uint8_t *first = p;
    while (p < end && (uint8_t)(*p - '0') <= 9)
        p++;
    return p > first && p < end && *p == ':';
}

bool assay_nest_is_json(enum assay_logical type, const uint8_t *p, size_t len)
{
    struct assay_json_text t = {.p = p, .end = p + len};
    assay_json_space(&t);
    if (type != ASSAY_L_LIST)
        return t.p < t.end && *t.p == '{';
    return t.p < t.end && *t.p == '[' && !has_bounds(t.p + 1, t.end);
}

/* Behind an opening quote. */
static bool string(struct assay_nest *n, struct assay_json_text *t, const struct assay_shape *s)
{
    const uint8_t *from = t->p;
    bool plain;
    if (!assay_json_skip_string(t, &plain))
        return false;
    const struct assay_value v = {
        .kind = ASSAY_K_LEXEME, .flags = ASSAY_V_STRING, .len = (uint32_t)(t->p - 1 - from), .p = from};
    if (plain)
        return assay_nest_read(n, s, &v);
    struct assay_json_text again = {.p = from, .end = t->p, .why = n->why};
    const size_t at = n->scratch->len;
    return assay_json_string(&again, n->scratch, at + ASSAY_MAX_CELL) && assay_nest_unescaped(n, s, at, ASSAY_V_STRING);
}

static bool list(struct assay_nest *n, struct assay_json_text *t, const struct assay_shape *s, unsigned depth)
{
    const struct assay_nest_open o = {.base = n->n};
    t->p++;
    if (!assay_json_take(t, ']')) {
        do {
            if (!value(n, t, &s->child[0], depth))
                return false;
        } while (assay_json_take(t, ','));
        if (!assay_json_expect(t, ']'))
            return false;
    }
    return assay_nest_close(n, &o, ASSAY_K_LIST, 1);
}

/* A member's name as a field; names are compared unescaped. */
static bool field_name(struct assay_nest *n, struct assay_json_text *t, const struct assay_shape *s,
                       struct assay_nest_open *o, const struct assay_shape **field)
{
    const uint8_t *from = t->p;
    bool plain;
    if (!assay_json_skip_string(t, &plain))
        return false;
    if (plain)
        return assay_nest_field(n, s, o, from, (size_t)(t->p - 1 - from), field);
    struct assay_json_text again = {.p = from, .end = t->p, .why = n->why};
    const size_t at = n->scratch->len;
    if (!assay_json_string(&again, n->scratch, at + ASSAY_MAX_CELL))
        return false;
    const bool ok = assay_nest_field(n, s, o, n->scratch->ptr + at, n->scratch->len - at, field);
    n->scratch->len = at;
    return ok;
}

static bool object(struct assay_nest *n, struct assay_json_text *t, const struct assay_shape *s, unsigned depth)
{
    const bool map = s->type == ASSAY_L_MAP;
    struct assay_nest_open o = {.base = n->n};
    t->p++;
    if (!assay_json_take(t, '}')) {
        do {
            const struct assay_shape *under = map ? &s->child[1] : NULL;
            if (!assay_json_expect(t, '"'))
                return false;
            if (!(map ? string(n, t, &s->child[0]) : field_name(n, t, s, &o, &under)))
                return false;
            if (!assay_json_expect(t, ':') || !value(n, t, under, depth))
                return false;
        } while (assay_json_take(t, ','));
        if (!assay_json_expect(t, '}'))
            return false;
    }
    return map ? assay_nest_close(n, &o, ASSAY_K_MAP, 1) : assay_nest_close_struct(n, s, &o);
}

static bool nested(struct assay_nest *n, struct assay_json_text *t, const struct assay_shape *s, unsigned depth)
{
    if ((*t->p == '[') != (s->type == ASSAY_L_LIST))
        return assay_nest_defect(n, *t->p == '[' ? "a JSON array under struct or map" : "a JSON object under list");
    return *t->p == '[' ? list(n, t, s, depth + 1) : object(n, t, s, depth + 1);
}

/* A value whose text is kept: a number, and an array or object under a scalar. */
static bool as_written(struct assay_nest *n, struct assay_json_text *t, const struct assay_shape *s, unsigned depth)
{
    const uint8_t *from = t->p;
    if (!assay_json_skip(t, depth))
        return false;
    const struct assay_value v = {.kind = ASSAY_K_LEXEME, .len = (uint32_t)(t->p - from), .p = from};
    return assay_nest_read(n, s, &v);
}

static bool boolean(struct assay_nest *n, struct assay_json_text *t, const struct assay_shape *s)
{
    const struct assay_value v = {.kind = ASSAY_K_BOOL, .i = *t->p == 't'};
    return assay_json_word(t, v.i ? "true" : "false") && assay_nest_read(n, s, &v);
}

static bool value(struct assay_nest *n, struct assay_json_text *t, const struct assay_shape *s, unsigned depth)
{
    assay_json_space(t);
    if (t->p == t->end)
        return assay_nest_defect(n, ASSAY_WHY_NOT_JSON);
    switch (*t->p) {
    case '[':
    case '{':
        if (s->type < ASSAY_L_LIST)
            return as_written(n, t, s, depth);
        return ++n->values <= ASSAY_MAX_NESTED_VALUES ? nested(n, t, s, depth)
                                                      : assay_nest_defect(n, "too many values in a nested value");
    case '"':
        t->p++;
        return string(n, t, s);
    case 't':
    case 'f':
        return boolean(n, t, s);
    case 'n':
        return assay_json_word(t, "null") && assay_nest_push_null(n);
    default:
        return as_written(n, t, s, depth);
    }
}

bool assay_nest_json(struct assay_nest *n, const struct assay_shape *s, const uint8_t *p, size_t len)
{
    struct assay_json_text t = {.p = p, .end = p + len, .why = n->why};
    assay_json_space(&t);
    if (t.p == t.end || (*t.p != '[' && *t.p != '{'))
        return assay_nest_defect(n, ASSAY_WHY_NOT_JSON);
    if (!nested(n, &t, s, 0))
        return false;
    assay_json_space(&t);
    return t.p == t.end || assay_nest_defect(n, ASSAY_WHY_NOT_JSON);
}
