#include "assay/reader_mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/bytes.h"
#include "assay/digest.h"

#define NAME_LEN 32

struct mem_reader {
    struct assay_reader base;
    struct assay_mem_table t;
    struct assay_part *part;
    char (*name)[NAME_LEN];
    size_t n_parts;
};

struct mem_scan {
    struct assay_scan base;
    const struct mem_reader *r;
    size_t part, from, at, to; /* rows of the table */
    size_t *column; /* of the table, per requested one */
    size_t cols, batch_rows;
    struct assay_value *v;
    const char **defect;
};

static const struct assay_reader_ops mem_ops;

static bool mem_accepts(const struct assay_locator *loc)
{
    (void)loc;
    return false; /* has no locator: opened by assay_mem_open */
}

static void mem_close(struct assay_reader *base)
{
    struct mem_reader *r = (struct mem_reader *)base;
    if (!r)
        return;
    free(r->part);
    free(r->name);
    free(r);
}

enum assay_status assay_mem_open(const struct assay_mem_table *t, struct assay_reader **out, struct assay_err *e)
{
    struct mem_reader *r = calloc(1, sizeof *r);
    if (!r)
        return assay_fail_nomem(e);
    r->base.ops = &mem_ops;
    r->t = *t;
    r->n_parts = t->n_parts ? t->n_parts : 1;
    r->part = calloc(r->n_parts, sizeof *r->part);
    r->name = calloc(r->n_parts, sizeof *r->name);
    if (!r->part || !r->name) {
        mem_close(&r->base);
        return assay_fail_nomem(e);
    }
    for (size_t i = 0; i < r->n_parts; i++) {
        snprintf(r->name[i], NAME_LEN, "part-%zu", i);
        r->part[i] = (struct assay_part){.name = r->name[i], .object = t->objects};
    }
    *out = &r->base;
    return ASSAY_OK;
}

static enum assay_status mem_open(const struct assay_locator *loc, struct assay_reader **out, struct assay_err *e)
{
    (void)out;
    return assay_fail(e, ASSAY_EUSAGE, "%s: a table in memory has no locator", loc->uri);
}

static enum assay_status mem_schema(struct assay_reader *base, struct assay_schema *out, struct assay_err *e)
{
    const struct assay_mem_table *t = &((struct mem_reader *)base)->t;
    struct assay_schema s = {0};
    enum assay_status st = ASSAY_OK;
    for (size_t c = 0; c < t->n_columns && st == ASSAY_OK; c++) {
        enum assay_logical l = t->types ? t->types[c] : ASSAY_L_TEXT;
        st = assay_schema_add(&s, t->columns[c], "mem", l, true, e);
        if (st == ASSAY_OK && t->key_pos) {
            s.col[c].key_pos = t->key_pos[c];
            s.key_is_unique |= t->key_pos[c] != 0;
        }
    }
    if (st == ASSAY_OK)
        *out = s;
    else
        assay_schema_release(&s);
    return st;
}

static enum assay_status mem_parts(struct assay_reader *base, size_t want, const struct assay_part **out, size_t *n,
                                   struct assay_err *e)
{
    const struct mem_reader *r = (const struct mem_reader *)base;
    (void)want, (void)e;
    *out = r->part;
    *n = r->n_parts;
    return ASSAY_OK;
}

static enum assay_status mem_count(struct assay_reader *base, uint64_t *rows, bool *known, struct assay_err *e)
{
    const struct assay_mem_table *t = &((struct mem_reader *)base)->t;
    (void)e;
    *known = !t->count_unknown;
    *rows = *known ? t->n_rows + t->count_off_by : 0;
    return ASSAY_OK;
}

static uint64_t mem_estimate(struct assay_reader *base)
{
    return ((struct mem_reader *)base)->t.n_rows;
}

static const char *mem_token(struct assay_reader *base)
{
    const char *token = ((struct mem_reader *)base)->t.token;
    return token ? token : "";
}

static void mem_scan_free(struct assay_scan *base)
{
    struct mem_scan *s = (struct mem_scan *)base;
    if (!s)
        return;
    free(s->column);
    free(s->v);
    free(s->defect);
    free(s);
}

static enum assay_status map_columns(struct mem_scan *s, const struct assay_scan_opts *o, struct assay_err *e)
{
    const struct assay_mem_table *t = &s->r->t;
    for (size_t c = 0; c < o->n_columns; c++) {
        size_t i = 0;
        while (i < t->n_columns && strcmp(t->columns[i], o->columns[c]) != 0)
            i++;
        if (i == t->n_columns)
            return assay_fail(e, ASSAY_ENOTFOUND, "part-%zu: no column \"%s\"", s->part, o->columns[c]);
        s->column[c] = i;
    }
    return ASSAY_OK;
}

static enum assay_status mem_scan_new(struct assay_reader *base, size_t part, const struct assay_scan_opts *o,
                                      struct assay_scan **out, struct assay_err *e)
{
    const struct mem_reader *r = (const struct mem_reader *)base;
    if (part >= r->n_parts)
        return assay_fail(e, ASSAY_EUSAGE, "there is no part %zu of %zu", part, r->n_parts);
    struct mem_scan *s = calloc(1, sizeof *s);
    if (!s)
        return assay_fail_nomem(e);
    s->base.ops = &mem_ops;
    s->r = r;
    s->part = part;
    s->from = s->at = r->t.n_rows * part / r->n_parts;
    s->to = r->t.n_rows * (part + 1) / r->n_parts;
    s->cols = o->n_columns;
    s->batch_rows = r->t.batch_rows ? r->t.batch_rows : ASSAY_BATCH_ROWS;
    s->column = calloc(s->cols + 1, sizeof *s->column);
    s->v = calloc(s->cols * s->batch_rows + 1, sizeof *s->v);
    s->defect = calloc(s->batch_rows, sizeof *s->defect);
    enum assay_status st = s->column && s->v && s->defect ? map_columns(s, o, e) : assay_fail_nomem(e);
    if (st == ASSAY_OK)
        *out = &s->base;
    else
        mem_scan_free(&s->base);
    return st;
}

static struct assay_value text_value(enum assay_kind kind, const char *text)
{
    struct assay_value v = {.kind = (uint8_t)(text ? kind : ASSAY_K_NULL)};
    v.len = text ? (uint32_t)strlen(text) : 0;
    v.p = (const uint8_t *)text;
    return v;
}

static struct assay_value cell_of(const struct mem_scan *s, size_t row, size_t column)
{
    const struct assay_mem_table *t = &s->r->t;
    size_t i = row * t->n_columns + s->column[column];
    if (t->row_defect && t->row_defect[row])
        return text_value(ASSAY_K_BAD, t->row_defect[row]);
    return t->values ? t->values[i] : text_value(ASSAY_K_LEXEME, t->cells[i]);
}

static enum assay_status mem_next(struct assay_scan *base, struct assay_batch *b, struct assay_err *e)
{
    struct mem_scan *s = (struct mem_scan *)base;
    const struct assay_mem_table *t = &s->r->t;
    size_t n = s->to - s->at < s->batch_rows ? s->to - s->at : s->batch_rows;
    *b = (struct assay_batch){.cols = s->cols, .v = s->v, .first_pos = s->at - s->from + 1};
    if (t->fail_at_row > s->at && t->fail_at_row <= s->at + n)
        return assay_fail(e, t->fail_status, "part-%zu: failed at row %llu as it was told to", s->part,
                          (unsigned long long)t->fail_at_row);
    for (size_t r = 0; r < n; r++) {
        s->defect[r] = t->row_defect ? t->row_defect[s->at + r] : NULL;
        for (size_t c = 0; c < s->cols; c++)
            s->v[r * s->cols + c] = cell_of(s, s->at + r, c);
    }
    b->rows = n;
    b->row_defect = t->row_defect ? s->defect : NULL;
    s->at += n;
    return ASSAY_OK;
}

static void hash_rows(const struct mem_reader *r, size_t part, uint8_t sha256[32], uint64_t *bytes)
{
    uint8_t range[16];
    assay_put_be64(range, r->t.n_rows * part / r->n_parts);
    assay_put_be64(range + 8, r->t.n_rows * (part + 1) / r->n_parts);
    assay_sha256(range, sizeof range, sha256);
    *bytes = sizeof range;
}

static void mem_end(struct assay_scan *base, struct assay_scan_end *end)
{
    const struct mem_scan *s = (const struct mem_scan *)base;
    *end = (struct assay_scan_end){.rows = s->to - s->from, .hashed = s->r->t.objects};
    if (end->hashed)
        hash_rows(s->r, s->part, end->sha256, &end->bytes);
}

static enum assay_status mem_hash(struct assay_reader *base, size_t part, uint8_t sha256[32], uint8_t *sha512,
                                  uint64_t *bytes, struct assay_err *e)
{
    (void)sha512;
    const struct mem_reader *r = (const struct mem_reader *)base;
    if (!r->t.objects || part >= r->n_parts)
        return assay_fail(e, ASSAY_EUSAGE, "part-%zu is not an object", part);
    hash_rows(r, part, sha256, bytes);
    return ASSAY_OK;
}

static const struct assay_reader_ops mem_ops = {
    .name = "mem",
    .accepts = mem_accepts,
    .open = mem_open,
    .schema = mem_schema,
    .parts = mem_parts,
    .count = mem_count,
    .estimate = mem_estimate,
    .token = mem_token,
    .scan = mem_scan_new,
    .next = mem_next,
    .end = mem_end,
    .scan_free = mem_scan_free,
    .hash_object = mem_hash,
    .close = mem_close,
};
