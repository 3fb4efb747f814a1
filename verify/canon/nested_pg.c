/* PostgreSQL's text of arrays, rows and hstore (array_out, record_out, hstore_out): docs/canonical-form.md section 5.
 */
#include <string.h>

#include "ascii.h"
#include "assay/limits.h"
#include "nested.h"
#include "put.h"

static const char NOT_ARRAY[] = "not an array in PostgreSQL's or JSON's text";
static const char NOT_ROW[] = "not a row in PostgreSQL's or JSON's text";
static const char NOT_HSTORE[] = "not a map in JSON's or hstore's text";

struct text {
    const uint8_t *p, *end;
    const char *malformed; /* the sentence of this form */
};

static uint8_t peek(const struct text *t)
{
    return t->p < t->end ? *t->p : 0;
}

static bool take(struct text *t, uint8_t c)
{
    if (t->p == t->end || *t->p != c)
        return false;
    t->p++;
    return true;
}

static bool expect(struct assay_nest *n, struct text *t, uint8_t c)
{
    return take(t, c) || assay_nest_defect(n, t->malformed);
}

/* ---- one piece of text ---- */

struct piece {
    const uint8_t *p; /* between the quotes, escapes as written */
    size_t len;
    bool quoted, escaped;
};

/* From an opening quote. twice: two quotes are one (rows). */
static bool quoted(struct assay_nest *n, struct text *t, bool twice, struct piece *out)
{
    *out = (struct piece){.p = ++t->p, .quoted = true};
    for (; t->p < t->end; t->p++) {
        const bool quote = *t->p == '"', pair = t->end - t->p > 1;
        if (quote && !(twice && pair && t->p[1] == '"')) {
            out->len = (size_t)(t->p++ - out->p);
            return true;
        }
        if (!quote && *t->p != '\\')
            continue;
        out->escaped = true;
        if (!pair)
            break;
        t->p++;
    }
    return assay_nest_defect(n, t->malformed);
}

/* Text without quotes: up to a comma or a closing brace or parenthesis. */
static bool bare(struct assay_nest *n, struct text *t, const char *forbidden, struct piece *out)
{
    *out = (struct piece){.p = t->p};
    while (t->p < t->end && (!*t->p || !strchr(forbidden, *t->p)))
        t->p++;
    out->len = (size_t)(t->p - out->p);
    return out->len > 0 || assay_nest_defect(n, t->malformed);
}

/* Every escape is one byte, to go, and the byte behind it. */
static bool unescape(struct assay_nest *n, const struct piece *x)
{
    uint8_t *w = assay_room(n->scratch, x->len);
    if (!w)
        return assay_nest_defect(n, ASSAY_WHY_NOMEM);
    uint8_t *const from = w;
    for (size_t i = 0; i < x->len; i++) {
        i += x->p[i] == '\\' || x->p[i] == '"';
        *w++ = x->p[i];
    }
    n->scratch->len += (size_t)(w - from);
    return true;
}

static bool read_piece(struct assay_nest *n, const struct assay_shape *s, const struct piece *x)
{
    const struct assay_value v = {.kind = ASSAY_K_LEXEME, .len = (uint32_t)x->len, .p = x->p};
    const size_t at = n->scratch->len;
    if (!x->escaped)
        return assay_nest_read(n, s, &v);
    return unescape(n, x) && assay_nest_unescaped(n, s, at, 0);
}

static bool is_null(const struct piece *x)
{
    return !x->quoted && assay_is_word(x->p, x->len, "null");
}

/* ---- arrays ---- */

struct bounds {
    unsigned n;
    struct {
        int32_t low;
        uint64_t count;
    } level[ASSAY_MAX_NESTING];
};

static bool bound_number(struct text *t, int64_t *out)
{
    const bool neg = take(t, '-');
    if (!neg)
        take(t, '+');
    const uint8_t *first = t->p;
    int64_t v = 0;
    for (; t->p < t->end && (uint8_t)(*t->p - '0') <= 9 && t->p - first < 10; t->p++)
        v = v * 10 + (*t->p - '0');
    *out = neg ? -v : v;
    return t->p > first && *out >= INT32_MIN && *out <= INT32_MAX;
}

static bool read_bounds(struct assay_nest *n, struct text *t, struct bounds *b)
{
    int64_t low, high;
    while (take(t, '[')) {
        if (b->n == ASSAY_MAX_NESTING || !bound_number(t, &low) || !take(t, ':') || !bound_number(t, &high) ||
            !take(t, ']') || high < low)
            return assay_nest_defect(n, "an array with malformed bounds");
        b->level[b->n].low = (int32_t)low;
        b->level[b->n++].count = (uint64_t)(high - low + 1);
    }
    return b->n == 0 || expect(n, t, '=');
}

static bool braces(struct assay_nest *n, struct text *t, const struct assay_shape *s, const struct bounds *b,
                   unsigned level);

static bool element(struct assay_nest *n, struct text *t, const struct assay_shape *s, const struct bounds *b,
                    unsigned level)
{
    struct piece x;
    const bool list = peek(t) == '{';
    if (b->n && list != (level + 1 < b->n))
        return assay_nest_defect(n, "an array that does not have the dimensions of its bounds");
    if (list)
        return s->type == ASSAY_L_LIST ? braces(n, t, s, b, level + 1)
                                       : assay_nest_defect(n, "an array of more dimensions than the type");
    if (!(peek(t) == '"' ? quoted(n, t, false, &x) : bare(n, t, "\"\\{}, \t\n\v\f\r", &x)))
        return false;
    return is_null(&x) ? assay_nest_push_null(n) : read_piece(n, s, &x);
}

static bool braces(struct assay_nest *n, struct text *t, const struct assay_shape *s, const struct bounds *b,
                   unsigned level)
{
    const struct assay_nest_open o = {.base = n->n};
    if (level > 0 && ++n->values > ASSAY_MAX_NESTED_VALUES)
        return assay_nest_defect(n, "a nested value of more than 4,194,304 values");
    if (!expect(n, t, '{'))
        return false;
    if (!take(t, '}')) {
        do {
            if (!element(n, t, &s->child[0], b, level))
                return false;
        } while (take(t, ','));
        if (!expect(n, t, '}'))
            return false;
    }
    if (b->n && n->n - o.base != b->level[level].count)
        return assay_nest_defect(n, "an array that does not have the length of its bounds");
    return assay_nest_close(n, &o, ASSAY_K_LIST, b->n ? b->level[level].low : 1);
}

static bool array(struct assay_nest *n, struct text *t, const struct assay_shape *s)
{
    struct bounds b;
    b.n = 0;
    return read_bounds(n, t, &b) && braces(n, t, s, &b, 0);
}

/* ---- rows ---- */

static bool column(struct assay_nest *n, struct text *t, const struct assay_shape *s)
{
    struct piece x;
    const uint8_t c = peek(t);
    if (t->p < t->end && (c == ',' || c == ')'))
        return assay_nest_push_null(n);
    if (!(c == '"' ? quoted(n, t, true, &x) : bare(n, t, "\"\\(), \t\n\v\f\r", &x)))
        return false;
    return read_piece(n, s, &x);
}

static bool row(struct assay_nest *n, struct text *t, const struct assay_shape *s)
{
    struct assay_nest_open o = {.base = n->n};
    const struct assay_shape *field;
    if (!expect(n, t, '('))
        return false;
    for (size_t i = 0; i < s->n; i++) {
        const char *name = s->child[i].name;
        if (i > 0 && !take(t, ','))
            return assay_nest_defect(n, "a row with fewer columns than the struct has fields");
        if (!assay_nest_field(n, s, &o, (const uint8_t *)name, strlen(name), &field) || !column(n, t, field))
            return false;
    }
    if (peek(t) == ',')
        return assay_nest_defect(n, "a row with more columns than the struct has fields");
    return expect(n, t, ')') && assay_nest_close(n, &o, ASSAY_K_STRUCT, 1);
}

/* ---- hstore ---- */

static bool entry(struct assay_nest *n, struct text *t, const struct assay_shape *s)
{
    struct piece key, x;
    if (peek(t) != '"')
        return assay_nest_defect(n, NOT_HSTORE);
    if (!quoted(n, t, false, &key) || !read_piece(n, &s->child[0], &key))
        return false;
    if (!expect(n, t, '=') || !expect(n, t, '>'))
        return false;
    if (peek(t) == '"')
        return quoted(n, t, false, &x) && read_piece(n, &s->child[1], &x);
    if (!bare(n, t, "\"\\{}, \t\n\v\f\r", &x))
        return false;
    return is_null(&x) ? assay_nest_push_null(n) : assay_nest_defect(n, NOT_HSTORE);
}

static bool hstore(struct assay_nest *n, struct text *t, const struct assay_shape *s)
{
    const struct assay_nest_open o = {.base = n->n};
    bool more = t->p < t->end;
    while (more) {
        if (!entry(n, t, s))
            return false;
        more = take(t, ',');
        while (more && take(t, ' '))
            ;
    }
    return assay_nest_close(n, &o, ASSAY_K_MAP, 1);
}

bool assay_nest_pg(struct assay_nest *n, const struct assay_shape *s, const uint8_t *p, size_t len)
{
    struct text t = {.p = p, .end = p + len};
    bool ok;
    if (s->type == ASSAY_L_LIST) {
        t.malformed = NOT_ARRAY;
        ok = array(n, &t, s);
    } else if (s->type == ASSAY_L_STRUCT) {
        t.malformed = NOT_ROW;
        ok = row(n, &t, s);
    } else {
        t.malformed = NOT_HSTORE;
        ok = hstore(n, &t, s);
    }
    return ok && (t.p == t.end || assay_nest_defect(n, t.malformed));
}
