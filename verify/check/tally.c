#include "tally.h"

#include <stdlib.h>
#include <string.h>

#include "assay/bytes.h"
#include "assay/canon.h"

#define ROW_HEAD 10 /* row form[:8], u16 column count */
#define MOST_FIRST 4096 /* longer cells are not compared with each other */
#define MOST_TEXT 32768 /* bytes of lines in one statement: a leaf has 65,535 */
#define LEAST_CONSTANT 3 /* rows of which a constant column is news */

enum assay_status assay_tally_init(struct tally *t, const struct assay_dataset *set, uint64_t max_rows)
{
    *t = (struct tally){.set = set, .last = -1, .before = -1, .max_rows = max_rows};
    t->col = calloc(set->n_cols + 1, sizeof *t->col);
    enum assay_status s = t->col ? ASSAY_OK : ASSAY_ENOMEM;
    for (int i = 0; i < 2; i++) {
        t->cell[i] = calloc(set->n_cols + 1, sizeof *t->cell[i]);
        t->len[i] = calloc(set->n_cols + 1, sizeof *t->len[i]);
        if (!t->cell[i] || !t->len[i])
            s = ASSAY_ENOMEM;
    }
    for (size_t c = 0; c < set->n_cols && s == ASSAY_OK; c++)
        s = assay_classifier_new(set->col[c].type, set->col[c].shape, &t->col[c].classifier);
    return s;
}

void assay_tally_release(struct tally *t)
{
    for (size_t c = 0; t->col && c < t->set->n_cols; c++) {
        assay_classifier_free(t->col[c].classifier);
        assay_buf_release(&t->col[c].first[0]);
        assay_buf_release(&t->col[c].first[1]);
    }
    free(t->col);
    for (int i = 0; i < 2; i++) {
        free(t->cell[i]);
        free(t->len[i]);
    }
    *t = (struct tally){0};
}

void assay_tally_reset(struct tally *t)
{
    for (size_t c = 0; c < t->set->n_cols; c++) {
        struct tally_column *col = &t->col[c];
        col->differs = 0;
        col->n_sets = 0;
        assay_classifier_forget(col->classifier);
        col->varies[0] = col->varies[1] = false;
        assay_buf_reset(&col->first[0]);
        assay_buf_reset(&col->first[1]);
    }
    memset(t->rows, 0, sizeof t->rows);
    memset(t->runs, 0, sizeof t->runs);
    t->keys = t->looked = 0;
    t->last = t->before = -1;
}

static size_t cell_len(const uint8_t *p, size_t n)
{
    if (n >= 5 && p[0] == '!') { /* a value that did not decode, see lane_cells.c */
        size_t len = 5 + (size_t)assay_get_be32(p + 1);
        return len <= n ? len : 0;
    }
    return assay_cell_len(p, n);
}

static enum assay_status take_apart(struct tally *t, int side, const uint8_t *row, size_t n, struct assay_err *e)
{
    size_t at = ROW_HEAD;
    for (size_t c = 0; c < t->set->n_cols; c++) {
        size_t len = at < n ? cell_len(row + at, n - at) : 0;
        if (len == 0)
            return assay_fail(e, ASSAY_EDATA, "column %s: a cell cannot be read back", t->set->col[c].name);
        t->cell[side][c] = row + at;
        t->len[side][c] = len;
        at += len;
    }
    return ASSAY_OK;
}

/* ---- is a column the same in all rows? ---- */

static enum assay_status note_constants(struct tally *t, int side)
{
    for (size_t c = 0; c < t->set->n_cols; c++) {
        struct tally_column *col = &t->col[c];
        struct assay_buf *first = &col->first[side];
        if (col->varies[side])
            continue;
        const uint8_t *cell = t->cell[side][c];
        const size_t n = t->len[side][c];
        if (first->len == 0 && n <= MOST_FIRST) {
            if (assay_buf_add(first, cell, n) != ASSAY_OK)
                return ASSAY_ENOMEM;
        } else if (first->len != n || memcmp(first->ptr, cell, n) != 0) {
            col->varies[side] = true;
        }
    }
    return ASSAY_OK;
}

/* ---- cells that differ ---- */

static bool same_cell(const struct tally *t, size_t source, size_t archive)
{
    return t->len[0][source] == t->len[1][archive] &&
           memcmp(t->cell[0][source], t->cell[1][archive], t->len[0][source]) == 0;
}

/* Values that stand in another column of the source; NULL and booleans are everywhere. */
static void add_columns(const struct tally *t, size_t c, struct assay_differences *d)
{
    const uint8_t tag = t->cell[1][c][0];
    if (tag == 0x00 || tag == 'L' || t->set->n_cols > TALLY_TRIED_COLUMNS)
        return;
    for (size_t k = 0; k < t->set->n_cols && d->n < ASSAY_MAX_DIFFERENCES; k++)
        if (k != c && same_cell(t, k, c))
            d->d[d->n++] =
                (struct assay_difference){.kind = ASSAY_DK_COLUMN, .side = ASSAY_DS_ARCHIVE, .n = (int32_t)k};
}

static bool same_set(const struct assay_differences *a, const struct assay_differences *b)
{
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (a->d[i].kind != b->d[i].kind || a->d[i].side != b->d[i].side || a->d[i].n != b->d[i].n ||
            a->d[i].with_next != b->d[i].with_next || a->d[i].inside != b->d[i].inside)
            return false;
    return true;
}

/* Sets beyond the last are counted as unexplained: their column has no single cause anyway. */
static void count_set(struct tally_column *col, const struct assay_differences *d)
{
    const struct assay_differences none = {0};
    for (size_t i = 0; i < col->n_sets; i++)
        if (same_set(&col->set[i].d, d)) {
            col->set[i].count++;
            return;
        }
    if (col->n_sets == TALLY_SETS - 1 && d->n) {
        count_set(col, &none);
        return;
    }
    if (col->n_sets < TALLY_SETS) {
        col->set[col->n_sets].count = 1;
        col->set[col->n_sets++].d = *d;
    }
}

static enum assay_status class_cells(struct tally *t)
{
    for (size_t c = 0; c < t->set->n_cols; c++) {
        struct tally_column *col = &t->col[c];
        struct assay_differences d;
        if (same_cell(t, c, c))
            continue;
        if (assay_classify(col->classifier, t->cell[0][c], t->len[0][c], t->cell[1][c], t->len[1][c], &d) != ASSAY_OK)
            return ASSAY_ENOMEM;
        add_columns(t, c, &d);
        col->differs++;
        count_set(col, &d);
    }
    t->looked++;
    return ASSAY_OK;
}

enum assay_status assay_tally_changed(struct tally *t, const uint8_t *const row[2], const size_t len[2],
                                      struct assay_err *e)
{
    enum assay_status s = ASSAY_OK;
    for (int i = 0; i < 2 && s == ASSAY_OK; i++)
        s = take_apart(t, i, row[i], len[i], e);
    if (s == ASSAY_OK && class_cells(t) != ASSAY_OK)
        s = assay_fail_nomem(e);
    return s;
}

enum assay_status assay_tally_alike(struct tally *t, const uint8_t *const row[2], const size_t len[2], size_t *same,
                                    struct assay_err *e)
{
    enum assay_status s = ASSAY_OK;
    *same = 0;
    for (int i = 0; i < 2 && s == ASSAY_OK; i++)
        s = take_apart(t, i, row[i], len[i], e);
    for (size_t c = 0; c < t->set->n_cols && s == ASSAY_OK; c++)
        *same += same_cell(t, c, c);
    return s;
}

enum assay_status assay_tally_pair(struct tally *t, const struct assay_diff_pair *p, struct assay_err *e)
{
    enum assay_status s = ASSAY_OK;
    t->rows[p->kind] += p->times;
    t->keys++;
    /* of a doubled key one row is told as equal, the other as a duplicate */
    const bool again = p->kind == ASSAY_DIFF_DUPLICATE && t->last == ASSAY_DIFF_KINDS && t->before == (int)p->kind;
    if (p->kind < ASSAY_DIFF_KINDS && t->last != (int)p->kind && !again)
        t->runs[p->kind]++;
    t->before = t->last;
    t->last = (int)p->kind;
    for (int i = 0; i < 2 && s == ASSAY_OK; i++) {
        if (!p->row[i])
            continue;
        s = take_apart(t, i, p->row[i], p->row_len[i], e);
        if (s == ASSAY_OK && note_constants(t, i) != ASSAY_OK)
            s = assay_fail_nomem(e);
    }
    if (s == ASSAY_OK && p->kind == ASSAY_DIFF_CHANGED && t->looked < t->max_rows && class_cells(t) != ASSAY_OK)
        s = assay_fail_nomem(e);
    return s;
}

/* ---- the statement ---- */

static void write_set(const struct tally *t, size_t c, size_t i, struct assay_writer *w)
{
    const struct assay_differences *d = &t->col[c].set[i].d;
    struct assay_buf text = {0};
    enum assay_status s = ASSAY_OK;
    for (size_t k = 0; k < d->n && s == ASSAY_OK; k++) {
        const char *other = d->d[k].kind == ASSAY_DK_COLUMN ? t->set->col[d->d[k].n].name : NULL;
        if (k)
            s = assay_buf_addc(&text, d->d[k - 1].with_next ? '&' : ',');
        if (s == ASSAY_OK)
            s = assay_difference_text(&d->d[k], other, &text);
    }
    const char *set = d->n ? assay_buf_str(&text) : "-";
    if (s == ASSAY_OK && set)
        assay_writer_addf(w, "cells", "%llu %s %s", (unsigned long long)t->col[c].set[i].count, set,
                          t->set->col[c].name);
    else
        w->status = ASSAY_ENOMEM;
    assay_buf_release(&text);
}

static void write_path(const struct tally *t, size_t c, const char *path, uint64_t count, struct assay_writer *w)
{
    struct assay_buf text = {0};
    const char *escaped = assay_difference_escape(path, &text) == ASSAY_OK ? assay_buf_str(&text) : NULL;
    if (escaped)
        assay_writer_addf(w, "inside", "%llu %s %s", (unsigned long long)count, escaped, t->set->col[c].name);
    else
        w->status = ASSAY_ENOMEM;
    assay_buf_release(&text);
}

static void write_column(const struct tally *t, size_t c, struct assay_writer *w)
{
    const struct tally_column *col = &t->col[c];
    if (col->differs >= LEAST_CONSTANT && !col->varies[1] && col->varies[0])
        assay_writer_addf(w, "constant", "%s %s", col->first[1].len == 1 ? "null" : "value", t->set->col[c].name);
    for (size_t i = 0; i < col->n_sets && w->text.len < MOST_TEXT; i++)
        write_set(t, c, i, w);
    uint64_t count;
    const char *path;
    for (size_t i = 0; w->text.len < MOST_TEXT && (path = assay_classifier_path(col->classifier, i, &count)); i++)
        write_path(t, c, path, count, w);
}

void assay_tally_write(const struct tally *t, struct assay_writer *w)
{
    static const char *const words[] = {"missing", "extra", "duplicate", "changed"};
    static const char *const runs[] = {"missing-runs", "extra-runs", "duplicate-runs", "changed-runs"};
    assay_writer_addf(w, "rows", "%llu", (unsigned long long)t->keys);
    for (int k = 0; k < ASSAY_DIFF_KINDS; k++) {
        if (!t->rows[k])
            continue;
        assay_writer_addf(w, words[k], "%llu", (unsigned long long)t->rows[k]);
        assay_writer_addf(w, runs[k], "%llu", (unsigned long long)t->runs[k]);
    }
    if (t->last == ASSAY_DIFF_MISSING)
        assay_writer_add(w, "missing-end", "yes");
    assay_writer_addf(w, "looked", "%llu", (unsigned long long)t->looked);
    for (size_t c = 0; c < t->set->n_cols && w->text.len < MOST_TEXT; c++)
        write_column(t, c, w);
}
