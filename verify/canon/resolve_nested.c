/* Lists, structs and maps: every value inside is read under its shape, docs/canonical-form.md sections 4 and 5. */
#include <stdlib.h>
#include <string.h>

#include "assay/canon.h"
#include "assay/limits.h"
#include "nested.h"
#include "put.h"
#include "resolve.h"

#define IN_SCRATCH 0x80u /* flag: p or items is an offset in scratch */

bool assay_nest_defect(struct assay_nest *n, const char *sentence)
{
    *n->why = sentence;
    return false;
}

static bool nomem(struct assay_nest *n)
{
    return assay_nest_defect(n, ASSAY_WHY_NOMEM);
}

static bool push(struct assay_nest *n, const struct assay_value *v)
{
    if (n->n == n->cap) {
        const size_t cap = 2 * n->cap + 1;
        struct assay_value *grown = malloc(cap * sizeof *grown);
        if (!grown)
            return nomem(n);
        memcpy(grown, n->stack, n->n * sizeof *grown);
        if (n->stack != n->first)
            free(n->stack);
        n->stack = grown;
        n->cap = cap;
    }
    n->stack[n->n++] = *v;
    return true;
}

static bool count(struct assay_nest *n)
{
    if (++n->values > ASSAY_MAX_NESTED_VALUES)
        return assay_nest_defect(n, "a nested value of more than 4,194,304 values");
    if (n->scratch->len - n->start > 2 * (size_t)ASSAY_MAX_CELL)
        return assay_nest_defect(n, "a nested value over 64 MiB");
    return true;
}

bool assay_nest_push_null(struct assay_nest *n)
{
    const struct assay_value null = {.kind = ASSAY_K_NULL};
    return count(n) && push(n, &null);
}

static bool inside(const struct assay_buf *b, const uint8_t *p)
{
    const uintptr_t base = (uintptr_t)b->ptr, at = (uintptr_t)p;
    return b->ptr && at >= base && at < base + b->len;
}

/* Make a resolved scalar independent of where scratch is and of text that passes. */
static bool keep(struct assay_nest *n, struct assay_value *v)
{
    static const uint32_t bytes =
        1u << ASSAY_K_TEXT | 1u << ASSAY_K_LEXEME | 1u << ASSAY_K_BYTES | 1u << ASSAY_K_JSON | 1u << ASSAY_K_DECDIGITS;
    static const uint32_t fixed = 1u << ASSAY_K_UUID | 1u << ASSAY_K_INTERVAL;
    v->flags = 0;
    if (!((bytes | fixed) >> v->kind & 1u))
        return true;
    if ((bytes >> v->kind & 1u) && v->len == 0) {
        v->p = (const uint8_t *)"";
        return true;
    }
    if (!inside(n->scratch, v->p)) {
        if (!n->passing || (fixed >> v->kind & 1u))
            return true; /* from text, those of fixed size are always made in scratch */
        uint8_t *p = assay_room(n->scratch, v->len);
        if (!p)
            return nomem(n);
        memcpy(p, v->p, v->len);
        v->p = p;
        n->scratch->len += v->len;
    }
    v->u = (uint64_t)(v->p - n->scratch->ptr);
    v->flags = IN_SCRATCH;
    return true;
}

static bool read_scalar(struct assay_nest *n, enum assay_logical type, const struct assay_value *v)
{
    struct assay_value r;
    return assay_resolve(type, v, &r, n->scratch, n->why) && keep(n, &r) && push(n, &r);
}

bool assay_nest_close(struct assay_nest *n, const struct assay_nest_open *o, enum assay_kind kind, int32_t bound)
{
    const size_t items = n->n - o->base;
    const bool bounded = bound != 1 && items > 0;
    const size_t pad = -n->scratch->len % _Alignof(struct assay_value);
    const size_t size = (items + bounded) * sizeof(struct assay_value);
    uint8_t *p = assay_room(n->scratch, pad + size + 1); /* never nothing */
    if (!p)
        return nomem(n);
    p += pad;
    const struct assay_value low = {.kind = ASSAY_K_INT, .i = bound};
    struct assay_value v = {.kind = (uint8_t)kind, .flags = IN_SCRATCH, .u = (uint64_t)(p - n->scratch->ptr)};
    if (bounded)
        memcpy(p, &low, sizeof low);
    memcpy(p + bounded * sizeof low, n->stack + o->base, items * sizeof *n->stack);
    n->scratch->len += pad + size;
    v.flags |= bounded ? ASSAY_V_BOUND : 0;
    v.len = (uint32_t)(kind == ASSAY_K_LIST ? items : items / 2);
    n->n = o->base;
    return push(n, &v);
}

static bool is_named(const struct assay_shape *field, const uint8_t *name, size_t len)
{
    return strlen(field->name) == len && memcmp(field->name, name, len) == 0;
}

/* scale: which field it is, for those that look for absent ones. */
static struct assay_value field_name(const struct assay_shape *s, size_t i)
{
    return (struct assay_value){.kind = ASSAY_K_TEXT,
                                .scale = (int16_t)i,
                                .len = (uint32_t)strlen(s->child[i].name),
                                .p = (const uint8_t *)s->child[i].name};
}

bool assay_nest_field(struct assay_nest *n, const struct assay_shape *s, struct assay_nest_open *o, const uint8_t *name,
                      size_t len, const struct assay_shape **field)
{
    if (o->fields++ >= s->n)
        return assay_nest_defect(n, "more fields than the struct has");
    size_t i = o->next < s->n && is_named(&s->child[o->next], name, len) ? o->next : 0;
    while (i < s->n && !is_named(&s->child[i], name, len))
        i++;
    if (i == s->n)
        return assay_nest_defect(n, "a field that the struct does not have");
    *field = &s->child[i];
    o->next = i + 1;
    const struct assay_value v = field_name(s, i);
    return push(n, &v);
}

static bool fill(struct assay_nest *n, const struct assay_shape *s, const struct assay_nest_open *o)
{
    uint64_t there[(ASSAY_MAX_COLUMNS + 63) / 64] = {0};
    for (size_t at = o->base; at < n->n; at += 2)
        there[(size_t)n->stack[at].scale / 64] |= UINT64_C(1) << (n->stack[at].scale % 64);
    for (size_t i = 0; i < s->n; i++) {
        const struct assay_value name = field_name(s, i);
        if (there[i / 64] >> (i % 64) & 1)
            continue;
        if (!push(n, &name) || !assay_nest_push_null(n))
            return false;
        ++*n->filled;
    }
    return true;
}

bool assay_nest_close_struct(struct assay_nest *n, const struct assay_shape *s, const struct assay_nest_open *o)
{
    return (!n->filled || o->fields >= s->n || fill(n, s, o)) && assay_nest_close(n, o, ASSAY_K_STRUCT, 1);
}

/* ---- trees that a reader made ---- */

static bool read_list(struct assay_nest *n, const struct assay_shape *s, const struct assay_value *v)
{
    const struct assay_nest_open o = {.base = n->n};
    const struct assay_value *item = v->items;
    int32_t bound = 1;
    if (v->flags & ASSAY_V_BOUND) {
        if (item->kind != ASSAY_K_INT || item->i < INT32_MIN || item->i > INT32_MAX)
            return assay_nest_defect(n, "an array bound out of range");
        bound = (int32_t)item++->i;
    }
    for (uint32_t i = 0; i < v->len; i++)
        if (!assay_nest_read(n, &s->child[0], &item[i]))
            return false;
    return assay_nest_close(n, &o, ASSAY_K_LIST, bound);
}

static bool read_struct(struct assay_nest *n, const struct assay_shape *s, const struct assay_value *v)
{
    struct assay_nest_open o = {.base = n->n};
    const struct assay_shape *field;
    for (uint32_t i = 0; i < v->len; i++) {
        const struct assay_value *name = &v->items[2 * (size_t)i];
        if (!assay_is_textual(name))
            return assay_nest_defect(n, "a field without a name");
        if (!assay_nest_field(n, s, &o, name->p, name->len, &field) || !assay_nest_read(n, field, name + 1))
            return false;
    }
    return assay_nest_close_struct(n, s, &o);
}

static bool read_map(struct assay_nest *n, const struct assay_shape *s, const struct assay_value *v)
{
    const struct assay_nest_open o = {.base = n->n};
    for (uint32_t i = 0; i < v->len; i++) {
        const struct assay_value *key = &v->items[2 * (size_t)i];
        if (key->kind == ASSAY_K_NULL)
            return assay_nest_defect(n, "a map with a NULL key");
        if (!assay_nest_read(n, &s->child[0], key) || !assay_nest_read(n, &s->child[1], key + 1))
            return false;
    }
    return assay_nest_close(n, &o, ASSAY_K_MAP, 1);
}

/* ---- text ---- */

static bool read_text(struct assay_nest *n, const struct assay_shape *s, const struct assay_value *v)
{
    const uint8_t *p = v->len ? v->p : (const uint8_t *)"";
    const bool json = v->kind == ASSAY_K_JSON || assay_nest_is_json(s->type, p, v->len);
    const bool passing = n->passing;
    uint8_t *copy = NULL;
    if (inside(n->scratch, p)) {
        if (!(copy = malloc((size_t)v->len + 1)))
            return nomem(n);
        memcpy(copy, p, v->len);
        p = copy;
        n->passing = true;
    }
    const bool ok = json ? assay_nest_json(n, s, p, v->len) : assay_nest_pg(n, s, p, v->len);
    n->passing = passing;
    free(copy);
    return ok;
}

bool assay_nest_unescaped(struct assay_nest *n, const struct assay_shape *s, size_t at, uint8_t flags)
{
    const struct assay_value v = {.kind = ASSAY_K_LEXEME,
                                  .flags = flags,
                                  .len = (uint32_t)(n->scratch->len - at),
                                  .p = n->scratch->len == at ? (const uint8_t *)"" : n->scratch->ptr + at};
    return assay_nest_read(n, s, &v);
}

bool assay_nest_read(struct assay_nest *n, const struct assay_shape *s, const struct assay_value *v)
{
    if (!count(n))
        return false;
    if (v->kind == ASSAY_K_NULL)
        return push(n, v);
    if (v->kind == ASSAY_K_BAD)
        return assay_nest_defect(n, (const char *)v->p);
    if (s->type < ASSAY_L_LIST)
        return read_scalar(n, s->type, v);
    if (assay_is_textual(v) || v->kind == ASSAY_K_JSON)
        return read_text(n, s, v);
    if (v->kind == ASSAY_K_LIST && s->type == ASSAY_L_LIST)
        return read_list(n, s, v);
    if (v->kind == ASSAY_K_STRUCT && s->type == ASSAY_L_STRUCT)
        return read_struct(n, s, v);
    if (v->kind == ASSAY_K_MAP && s->type == ASSAY_L_MAP)
        return read_map(n, s, v);
    return assay_nest_defect(n, s->type == ASSAY_L_LIST     ? "not a list"
                                : s->type == ASSAY_L_STRUCT ? "not a struct"
                                                            : "not a map");
}

/* Offsets become pointers: scratch has stopped moving. */
static void settle(const struct assay_buf *scratch, struct assay_value *v)
{
    if (!(v->flags & IN_SCRATCH))
        return;
    v->flags &= (uint8_t)~IN_SCRATCH;
    uint8_t *p = scratch->ptr + v->u;
    v->p = p;
    if (v->kind < ASSAY_K_LIST || v->kind > ASSAY_K_MAP)
        return;
    struct assay_value *item = (struct assay_value *)(void *)p;
    const size_t items = v->kind == ASSAY_K_LIST ? v->len + !!(v->flags & ASSAY_V_BOUND) : 2 * (size_t)v->len;
    for (size_t i = 0; i < items; i++)
        settle(scratch, &item[i]);
}

bool assay_resolve_shape(const struct assay_shape *shape, const struct assay_value *v, struct assay_value *out,
                         struct assay_buf *scratch, uint64_t *filled, const char **why)
{
    if (shape->type < ASSAY_L_LIST)
        return assay_resolve(shape->type, v, out, scratch, why);
    struct assay_nest n = {
        .scratch = scratch, .why = why, .start = scratch->len, .filled = filled, .cap = ASSAY_NESTED_INLINE};
    n.stack = n.first;
    const bool ok = assay_nest_read(&n, shape, v);
    if (ok) {
        *out = n.stack[0];
        settle(scratch, out);
    }
    if (n.stack != n.first)
        free(n.stack);
    return ok;
}
