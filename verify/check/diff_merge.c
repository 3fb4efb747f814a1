/* The second half of a drill-down: one key after the other. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/bytes.h"
#include "assay/canon.h"
#include "assay/log.h"
#include "diff_run.h"

#define ROW_HEAD 10 /* row form[:8], u16 column count */

void assay_diff_forget(struct diff *d)
{
    for (size_t i = 0; i < d->n; i++)
        free(d->v[i].row);
    d->n = 0;
    d->count[0] = d->count[1] = 0;
}

static enum assay_status add_version(struct diff *d, const struct sorter_record *r, struct assay_err *e)
{
    const uint8_t *b = r->body;
    int side = b[0] != 0;
    d->count[side]++;
    struct diff_version *last = d->n ? &d->v[d->n - 1] : NULL;
    if (last && last->side == side && memcmp(last->hash, b + 1, 16) == 0) {
        last->times++;
        return ASSAY_OK;
    }
    if (d->n == DIFF_MAX_VERSIONS)
        return assay_fail(e, ASSAY_ELIMIT, "more than %d different rows have the same key", DIFF_MAX_VERSIONS);
    struct diff_version *v = &d->v[d->n];
    *v = (struct diff_version){.side = side, .times = 1, .row_len = r->body_len - DIFF_HEAD};
    memcpy(v->hash, b + 1, 16);
    v->pos = assay_get_be64(b + 17);
    v->part = assay_get_be32(b + 25);
    if (!(v->row = malloc(v->row_len ? v->row_len : 1)))
        return assay_fail_nomem(e);
    memcpy(v->row, b + DIFF_HEAD, v->row_len);
    d->n++;
    return ASSAY_OK;
}

static size_t cell_len(const uint8_t *p, size_t n)
{
    if (n >= 5 && p[0] == '!') { /* a value that did not decode, see lane.c */
        size_t len = 5 + (size_t)assay_get_be32(p + 1);
        return len <= n ? len : 0;
    }
    return assay_cell_len(p, n);
}

/* The readable value of one cell; NULL stays NULL. */
static enum assay_status show_cell(struct diff *d, const uint8_t *p, size_t n, struct assay_buf *out, const char **text)
{
    bool is_null = false;
    enum assay_status s;
    uint8_t h[32];
    assay_buf_reset(out);
    *text = NULL;
    if (p[0] == '!')
        s = assay_buf_addf(out, "(%.*s)", (int)(n - 5), (const char *)p + 5);
    else
        s = assay_cell_show(p, n, &is_null, out);
    if (s == ASSAY_OK && d->job->mask && !is_null) {
        struct assay_buf both = {0};
        s = assay_buf_add(&both, d->mask_key, sizeof d->mask_key);
        if (s == ASSAY_OK)
            s = assay_buf_add(&both, p, n);
        assay_sha256(both.ptr, both.len, h);
        assay_buf_release(&both);
        assay_buf_reset(out);
        if (s == ASSAY_OK)
            s = assay_buf_adds(out, "#");
        if (s == ASSAY_OK)
            s = assay_buf_addhex(out, h, 6);
    }
    if (s == ASSAY_OK && !is_null)
        *text = assay_buf_str(out);
    return s;
}

/* Cells of one or two rows: those that differ, or all when there is only one. */
static enum assay_status fill_cells(struct diff *d, const struct diff_version *s, const struct diff_version *a,
                                    size_t *n_cells, struct assay_err *e)
{
    const struct diff_version *v[2] = {s, a};
    size_t at[2] = {ROW_HEAD, ROW_HEAD}, n = 0;
    const struct assay_dataset *set = d->job->set;
    for (size_t c = 0; c < set->n_cols; c++) {
        size_t len[2] = {0, 0};
        const uint8_t *p[2] = {NULL, NULL};
        for (int i = 0; i < 2; i++)
            if (v[i]) {
                p[i] = v[i]->row + at[i];
                if (at[i] > v[i]->row_len || (len[i] = cell_len(p[i], v[i]->row_len - at[i])) == 0)
                    return assay_fail(e, ASSAY_EDATA, "column %s: a cell cannot be read back", set->col[c].name);
                at[i] += len[i];
            }
        if (s && a && len[0] == len[1] && memcmp(p[0], p[1], len[0]) == 0)
            continue;
        struct assay_diff_cell *cell = &d->cell[n];
        *cell = (struct assay_diff_cell){.column = set->col[c].name, .present = {s != NULL, a != NULL}};
        for (int i = 0; i < 2; i++)
            if (p[i] && show_cell(d, p[i], len[i], &d->text[2 * n + (size_t)i], &cell->value[i]) != ASSAY_OK)
                return assay_fail_nomem(e);
        n++;
    }
    *n_cells = n;
    return ASSAY_OK;
}

static enum assay_status show_key(struct diff *d, struct assay_buf *out)
{
    size_t name = d->group.ptr[28], at = 29 + name;
    uint8_t h[32];
    if (d->job->set->n_key == 0)
        return assay_buf_str(out) ? ASSAY_OK : ASSAY_ENOMEM;
    enum assay_status s;
    if (d->job->mask_keys) {
        assay_buf_reset(&d->key);
        s = assay_buf_add(&d->key, d->mask_key, sizeof d->mask_key);
        if (s == ASSAY_OK)
            s = assay_buf_add(&d->key, d->group.ptr + at, d->group.len - at);
        assay_sha256(d->key.ptr, d->key.len, h);
        if (s == ASSAY_OK)
            s = assay_buf_adds(out, "#");
        if (s == ASSAY_OK)
            s = assay_buf_addhex(out, h, 6);
    } else {
        s = assay_key_show(d->key_type, d->job->set->n_key, d->group.ptr + at, d->group.len - at, out);
    }
    return s == ASSAY_OK && assay_buf_str(out) ? ASSAY_OK : ASSAY_ENOMEM;
}

/* To those who look at rows themselves. */
static enum assay_status tell_pair(struct diff *d, enum assay_diff_kind kind, const struct diff_version *s,
                                   const struct diff_version *a, uint64_t times, struct assay_err *e)
{
    char chunk[33], segment[256];
    assay_hex(d->group.ptr + 12, 16, chunk);
    snprintf(segment, sizeof segment, "%.*s", (int)d->group.ptr[28], (const char *)d->group.ptr + 29);
    const struct assay_diff_pair pair = {.kind = kind,
                                         .segment = segment,
                                         .chunk = chunk,
                                         .row = {s ? s->row : NULL, a ? a->row : NULL},
                                         .row_len = {s ? s->row_len : 0, a ? a->row_len : 0},
                                         .times = times};
    return d->job->pair(d->job->ctx, &pair, e);
}

static enum assay_status tell(struct diff *d, enum assay_diff_kind kind, const struct diff_version *s,
                              const struct diff_version *a, uint64_t times, struct assay_err *e)
{
    struct assay_buf key = {0};
    char chunk[33], segment[256];
    const struct diff_version *where = a ? a : s;
    struct assay_diff_row row = {.kind = kind, .segment = segment, .chunk = chunk, .cell = d->cell, .times = times};
    enum assay_status st = ASSAY_OK;
    d->out->rows[kind] += times;
    if (d->job->pair)
        return tell_pair(d, kind, s, a, times, e);
    assay_hex(d->group.ptr + 12, 16, chunk);
    snprintf(segment, sizeof segment, "%.*s", (int)d->group.ptr[28], (const char *)d->group.ptr + 29);
    if (kind == ASSAY_DIFF_CHANGED || d->job->set->n_key == 0)
        st = fill_cells(d, s, a, &row.n_cells, e);
    if (st == ASSAY_OK && show_key(d, &key) != ASSAY_OK)
        st = assay_fail_nomem(e);
    if (st == ASSAY_OK) {
        row.key = (char *)key.ptr;
        row.part = d->part[where->side][where->part];
        row.pos = where->pos;
        st = d->job->row(d->job->ctx, &row, e);
    }
    assay_buf_release(&key);
    return st;
}

/* Equal rows of both sides cancel, as many as there are on both. */
static enum assay_status cancel(struct diff *d, struct assay_err *e)
{
    enum assay_status st = ASSAY_OK;
    for (size_t i = 0; i < d->n; i++)
        for (size_t k = 0; k < d->n && d->v[i].side == 0 && d->v[i].times; k++) {
            struct diff_version *s = &d->v[i], *a = &d->v[k];
            if (a->side != 1 || memcmp(s->hash, a->hash, 16) != 0)
                continue;
            uint64_t n = s->times < a->times ? s->times : a->times;
            s->times -= n;
            a->times -= n;
            if (d->job->pair && n && st == ASSAY_OK)
                st = tell_pair(d, ASSAY_DIFF_KINDS, s, a, n, e);
        }
    return st;
}

static struct diff_version *next_left(struct diff *d, int side)
{
    for (size_t i = 0; i < d->n; i++)
        if (d->v[i].side == side && d->v[i].times)
            return &d->v[i];
    return NULL;
}

static enum assay_status settle_group(struct diff *d, struct assay_err *e)
{
    uint64_t total[2] = {d->count[0], d->count[1]};
    enum assay_status st = cancel(d, e);
    while (st == ASSAY_OK) {
        struct diff_version *s = next_left(d, 0), *a = next_left(d, 1);
        if (!s && !a)
            break;
        uint64_t n = s && a ? (s->times < a->times ? s->times : a->times) : (s ? s : a)->times;
        enum assay_diff_kind kind = s && a                            ? ASSAY_DIFF_CHANGED
                                    : s                               ? ASSAY_DIFF_MISSING
                                    : total[0] && total[1] > total[0] ? ASSAY_DIFF_DUPLICATE
                                                                      : ASSAY_DIFF_EXTRA;
        st = tell(d, kind, s, a, n, e);
        if (s)
            s->times -= n;
        if (a)
            a->times -= n;
    }
    assay_diff_forget(d);
    return st;
}

enum assay_status assay_diff_merge(struct diff *d, enum assay_status (*in_time)(struct diff *d, struct assay_err *e),
                                   struct assay_err *e)
{
    struct sorter_record r;
    bool have;
    enum assay_status s = assay_sorter_finish(d->sorter, e);
    while (s == ASSAY_OK && (s = assay_sorter_next(d->sorter, &r, &have, e)) == ASSAY_OK && have) {
        if (assay_interrupted())
            return assay_fail(e, ASSAY_EINTR, "interrupted");
        if ((s = in_time(d, e)) != ASSAY_OK)
            break;
        bool same = d->n && d->group.len == r.key_len && memcmp(d->group.ptr, r.key, r.key_len) == 0;
        if (!same) {
            if ((s = settle_group(d, e)) != ASSAY_OK)
                break;
            assay_buf_reset(&d->group);
            if (assay_buf_add(&d->group, r.key, r.key_len) != ASSAY_OK)
                return assay_fail_nomem(e);
        }
        s = add_version(d, &r, e);
    }
    return s == ASSAY_OK ? settle_group(d, e) : s;
}
