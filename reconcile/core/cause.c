#include "cause.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/digest.h"
#include "assay/writer.h"

#define MOST_CAUSES 1000 /* of one dataset */
#define FEW_ROWS 3 /* so many are single rows, unless the samples are as small */
#define FEW_SHARE 10

struct cause *assay_cause_new(struct causes *all, const char *kind, const char *what)
{
    if (all->n == all->cap) {
        const size_t want = all->cap ? 2 * all->cap : 16;
        struct cause *grown = want > MOST_CAUSES * 2 ? NULL : realloc(all->c, want * sizeof *grown);
        if (!grown)
            return NULL;
        all->c = grown;
        all->cap = want;
    }
    struct cause *c = &all->c[all->n++];
    *c = (struct cause){0};
    snprintf(c->kind, sizeof c->kind, "%s", kind);
    snprintf(c->what, sizeof c->what, "%s", what);
    return c;
}

enum assay_status assay_cause_column(struct cause *c, const char *name)
{
    return assay_buf_addf(&c->columns, "%s%s", c->n_columns++ ? "," : "", name);
}

/* id = SHA-256(dataset id, kind, what, columns; NUL-separated)[:16] in hex: the same cause has the same id in every
 * run. */
static enum assay_status id_of(const struct run *r, struct cause *c, char out[33])
{
    const char *names = assay_buf_str(&c->columns), *part[] = {r->set->id, c->kind, c->what, names ? names : ""};
    struct assay_buf b = {0};
    uint8_t h[32];
    enum assay_status s = ASSAY_OK;
    for (size_t i = 0; i < sizeof part / sizeof *part && s == ASSAY_OK; i++)
        s = assay_buf_add(&b, part[i], strlen(part[i]) + 1);
    if (s == ASSAY_OK)
        assay_sha256(b.ptr, b.len, h);
    if (s == ASSAY_OK)
        assay_hex(h, 16, out);
    assay_buf_release(&b);
    return s;
}

/* Single rows that a rule would hide are no case for a rule. */
static void judge_scope(const struct run *r, struct cause *c)
{
    const uint64_t rows = r->out->rows[0] > r->out->rows[1] ? r->out->rows[0] : r->out->rows[1];
    c->isolated = c->rows > 0 && c->rows <= FEW_ROWS && c->chunks <= FEW_ROWS && c->rows * FEW_SHARE < rows;
    if (!c->isolated || strcmp(c->rule, CAUSE_NO_RULE) == 0)
        return;
    snprintf(c->hint, sizeof c->hint, "single rows only; \"%.100s\" would accept them, and hide others", c->rule);
    snprintf(c->rule, sizeof c->rule, CAUSE_NO_RULE);
    c->side = NULL;
}

static enum assay_status state(struct run *r, struct cause *c, size_t nth)
{
    struct assay_writer w;
    char id[33];
    judge_scope(r, c);
    if (id_of(r, c, id) != ASSAY_OK)
        return assay_fail_nomem(r->err);
    assay_writer_begin(&w, "cause");
    assay_writer_add(&w, "id", id);
    assay_writer_add(&w, "run", r->result_run);
    assay_writer_add(&w, "dataset", r->set->id);
    assay_writer_add(&w, "plan", r->plan);
    assay_writer_addf(&w, "nth", "%zu", nth);
    assay_writer_add(&w, "kind", c->kind);
    assay_writer_add(&w, "columns", c->n_columns ? assay_buf_str(&c->columns) : NULL);
    assay_writer_addf(&w, "chunks", "%llu", (unsigned long long)c->chunks);
    assay_writer_addf(&w, "rows", "%llu", (unsigned long long)c->rows);
    assay_writer_add(&w, "scope", c->isolated ? "isolated" : "systemic");
    assay_writer_add(&w, "evidence", c->evidence);
    assay_writer_add(&w, "rule", c->rule);
    assay_writer_add(&w, "side", c->side);
    assay_writer_add(&w, "hint", c->hint);
    assay_writer_now(&w);
    return assay_writer_send(&w, r->sink, r->err);
}

static int most_first(const void *a, const void *b)
{
    const struct cause *x = a, *y = b;
    if (x->chunks != y->chunks)
        return x->chunks > y->chunks ? -1 : 1;
    if (x->rows != y->rows)
        return x->rows > y->rows ? -1 : 1;
    const int c = strcmp(x->kind, y->kind);
    return c ? c : strcmp(x->what, y->what);
}

enum assay_status assay_causes_state(struct run *r)
{
    struct samples samples;
    struct causes all = {.row_explained = calloc(r->n_mismatches + 1, sizeof *all.row_explained)};
    enum assay_status s = assay_samples_load(r->ledger, r, &samples, r->err);
    if (s == ASSAY_OK && !all.row_explained)
        s = assay_fail_nomem(r->err);
    if (s == ASSAY_OK) {
        s = assay_causes_of_columns(r, &samples, &all);
        if (s == ASSAY_OK)
            s = assay_causes_of_rows(r, &samples, &all);
        if (s == ASSAY_ENOMEM)
            assay_fail_nomem(r->err);
    }
    if (s == ASSAY_OK && all.n)
        qsort(all.c, all.n, sizeof *all.c, most_first);
    for (size_t i = 0; i < all.n && s == ASSAY_OK; i++)
        s = state(r, &all.c[i], i + 1);
    for (size_t i = 0; i < all.n; i++)
        assay_buf_release(&all.c[i].columns);
    free(all.c);
    free(all.row_explained);
    assay_samples_release(&samples);
    return s;
}
