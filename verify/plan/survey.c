#include "survey.h"

#include <stdlib.h>
#include <string.h>

#include "assay/limits.h"

#define ROWS 2000 /* sampled rows a side */
#define PARTS 8 /* objects looked into */
#define CELLS (1u << 19) /* sampled values a side */
#define KEEP 256 /* bytes of a value that is kept */
#define KEEP_NESTED 8192 /* the same of a number, and of a list, struct or map, with 16 a value in it */
#define MEMORY (32u << 20) /* bytes of all kept values */

static size_t items_of(const struct assay_value *v)
{
    if (v->kind == ASSAY_K_LIST)
        return v->len + (size_t)((v->flags & ASSAY_V_BOUND) != 0);
    return v->kind == ASSAY_K_STRUCT || v->kind == ASSAY_K_MAP ? 2 * (size_t)v->len : 0;
}

/* Bytes that a copy takes, or anything over `most`. */
static size_t weight(const struct assay_value *v, size_t most)
{
    size_t items = items_of(v), n = assay_value_bytes(v) + items * sizeof *v;
    for (size_t i = 0; i < items && n <= most; i++)
        n += weight(&v->items[i], most - n);
    return n;
}

/* Replace what v points to by a copy in the pool. false: out of memory. */
static bool adopt(struct assay_pool *pool, struct assay_value *v)
{
    size_t items = items_of(v), n = assay_value_bytes(v);
    if (items) {
        struct assay_value *copy = assay_pool_take(pool, items * sizeof *copy);
        bool ok = copy != NULL;
        if (ok)
            memcpy(copy, v->items, items * sizeof *copy);
        for (size_t i = 0; ok && i < items; i++)
            ok = adopt(pool, &copy[i]);
        v->items = copy;
        return ok;
    }
    if (n == 0 && v->kind != ASSAY_K_TEXT && v->kind != ASSAY_K_LEXEME && v->kind != ASSAY_K_BYTES)
        return true;
    uint8_t *p = assay_pool_take(pool, n);
    if (p && n)
        memcpy(p, v->p, n);
    v->p = p;
    return p != NULL;
}

static bool keep(struct assay_survey *s, struct assay_sampled *c, const struct assay_value *v, uint32_t part)
{
    if (c->n == c->cap) {
        size_t cap = c->cap ? 2 * c->cap : 64;
        struct assay_value *bigger = realloc(c->v, cap * sizeof *bigger);
        if (bigger)
            c->v = bigger;
        uint32_t *parts = realloc(c->part, cap * sizeof *parts);
        if (parts)
            c->part = parts;
        if (!bigger || !parts)
            return false;
        c->cap = cap;
    }
    struct assay_value copy = *v;
    if (!adopt(&s->pool, &copy))
        return false;
    c->part[c->n] = part;
    c->v[c->n++] = copy;
    return true;
}

/* Numbers may have many digits; a long text is not looked at. */
static bool is_number(const struct assay_value *v)
{
    static const char digits[] = "0123456789+-.eE";
    if (v->kind != ASSAY_K_LEXEME && v->kind != ASSAY_K_TEXT)
        return v->kind != ASSAY_K_BYTES && v->kind != ASSAY_K_JSON;
    size_t i = 0;
    while (i < v->len && i < KEEP_NESTED && memchr(digits, v->p[i], sizeof digits - 1))
        i++;
    return i == v->len;
}

static bool note_value(struct assay_survey *s, struct assay_sampled *c, const struct assay_value *v, uint32_t part)
{
    const size_t most = items_of(v) || is_number(v) ? KEEP_NESTED : KEEP;
    if (v->kind == ASSAY_K_NULL) {
        c->nulls++;
    } else if (v->kind == ASSAY_K_BAD) {
        c->bad++;
    } else if (s->pool.taken > MEMORY || weight(v, most) > most) {
        c->longs++;
    } else {
        c->quoted_empty += (v->flags & ASSAY_V_QUOTED) && v->len == 0;
        return keep(s, c, v, part);
    }
    return true;
}

struct asked { /* the columns that may be read */
    const char *name[ASSAY_MAX_COLUMNS];
    size_t at[ASSAY_MAX_COLUMNS]; /* in the schema */
    size_t n;
};

static enum assay_status sample_part(struct assay_survey *s, size_t part, size_t rows, const struct asked *asked,
                                     struct assay_err *e)
{
    struct assay_scan_opts o = {
        .columns = asked->name, .n_columns = asked->n, .sample = !s->part[part].object, .sample_rows = rows};
    const struct assay_reader_ops *ops = s->reader->ops;
    struct assay_scan *scan = NULL;
    struct assay_batch b;
    size_t seen = 0;
    enum assay_status st = ops->scan(s->reader, part, &o, &scan, e);
    while (st == ASSAY_OK && seen < rows && (st = ops->next(scan, &b, e)) == ASSAY_OK && b.rows) {
        for (size_t r = 0; st == ASSAY_OK && r < b.rows && seen < rows; r++, seen++)
            for (size_t c = 0; st == ASSAY_OK && c < b.cols; c++)
                if (!note_value(s, &s->col[asked->at[c]], &b.v[r * b.cols + c], (uint32_t)part))
                    st = assay_fail_nomem(e);
    }
    s->rows += seen;
    ops->scan_free(scan);
    return st;
}

static enum assay_status sample(struct assay_survey *s, struct assay_err *e)
{
    struct asked *asked = calloc(1, sizeof *asked);
    s->col = calloc(s->schema.n + 1, sizeof *s->col);
    enum assay_status st = asked && s->col ? ASSAY_OK : assay_fail_nomem(e);
    for (size_t i = 0; st == ASSAY_OK && i < s->schema.n; i++) {
        if (s->schema.col[i].unreadable)
            continue;
        asked->name[asked->n] = s->schema.col[i].name;
        asked->at[asked->n++] = i;
    }
    size_t rows = s->schema.n ? CELLS / s->schema.n : 0;
    size_t parts = s->n_parts < PARTS ? s->n_parts : PARTS;
    rows = rows > ROWS ? ROWS : rows;
    for (size_t i = 0; st == ASSAY_OK && i < parts; i++) {
        size_t part = parts > 1 ? i * (s->n_parts - 1) / (parts - 1) : 0; /* the first, the last and some between */
        st = sample_part(s, part, rows / parts ? rows / parts : 1, asked, e);
    }
    free(asked);
    return st;
}

/* On which level of lists the first value stands that is none; 0 when there is none. */
static unsigned leaf_level(const struct assay_value *v)
{
    if (v->kind == ASSAY_K_NULL)
        return 0;
    if (v->kind != ASSAY_K_LIST)
        return 1;
    const size_t bound = (v->flags & ASSAY_V_BOUND) != 0;
    for (size_t i = 0; i < v->len; i++) {
        unsigned below = leaf_level(&v->items[i + bound]);
        if (below)
            return below + 1;
    }
    return 0;
}

/* One list more around the shape, or one less. */
static bool change_depth(struct assay_shape **shape, bool more)
{
    struct assay_shape *old = *shape;
    if (!more) {
        *shape = old->child;
        free(old);
        return true;
    }
    struct assay_shape *outer = calloc(1, sizeof *outer);
    if (!outer)
        return false;
    *outer = (struct assay_shape){.type = ASSAY_L_LIST, .child = old, .n = 1};
    *shape = outer;
    return true;
}

/* PostgreSQL does not hold an array to the dimensions that its column declares: where the values sampled agree on
 * others, those are what it has. */
static bool fit_dimensions(struct assay_survey *s, size_t col)
{
    struct assay_shape **shape = &s->schema.col[col].shape;
    unsigned depth = 1, seen = 0;
    if (!*shape || (*shape)->type != ASSAY_L_LIST)
        return true;
    for (const struct assay_shape *p = *shape; p->type == ASSAY_L_LIST; p = p->child)
        depth++;
    for (size_t i = 0; i < s->col[col].n; i++) {
        unsigned level = leaf_level(&s->col[col].v[i]);
        if (level > 7 || (seen && level && level != seen))
            return true;
        seen = level ? level : seen;
    }
    for (; seen > 1 && depth < seen; depth++)
        if (!change_depth(shape, true))
            return false;
    for (; seen > 1 && depth > seen; depth--)
        change_depth(shape, false);
    return true;
}

enum assay_status assay_survey_open(const struct assay_locator *loc, struct assay_survey *out, struct assay_err *e)
{
    *out = (struct assay_survey){.loc = *loc};
    enum assay_status s = assay_reader_open(loc, &out->reader, e);
    if (s == ASSAY_OK)
        s = out->reader->ops->schema(out->reader, &out->schema, e);
    if (s == ASSAY_OK)
        s = out->reader->ops->parts(out->reader, 1, &out->part, &out->n_parts, e);
    out->loose = strncmp(loc->uri, "sqlite:", 7) == 0;
    out->untyped = s == ASSAY_OK && out->schema.n &&
                   (strcmp(out->schema.col[0].native, "csv") == 0 || strcmp(out->schema.col[0].native, "copy") == 0);
    if (s == ASSAY_OK)
        s = sample(out, e);
    for (size_t i = 0; s == ASSAY_OK && i < out->schema.n; i++)
        if (!fit_dimensions(out, i))
            s = assay_fail_nomem(e);
    if (s != ASSAY_OK)
        assay_survey_close(out);
    return s;
}

void assay_survey_close(struct assay_survey *s)
{
    for (size_t i = 0; s->col && i < s->schema.n; i++) {
        free(s->col[i].v);
        free(s->col[i].part);
    }
    free(s->col);
    assay_pool_release(&s->pool);
    assay_schema_release(&s->schema);
    if (s->reader)
        s->reader->ops->close(s->reader);
    *s = (struct assay_survey){0};
}
