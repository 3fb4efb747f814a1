#include "samples.h"

#include <stdlib.h>
#include <string.h>

struct loader {
    const struct run *r;
    struct samples *out;
    size_t cap;
    enum assay_status status;
    struct assay_err *err;
};

static const struct mismatch *mismatch_of(const struct run *r, const char *id)
{
    for (size_t i = 0; i < r->n_mismatches; i++)
        if (strcmp(r->mismatch[i].a->id, id) == 0) /* a source that moved on tells nothing about the archive */
            return r->mismatch[i].kind && strcmp(r->mismatch[i].kind, "source-changed") == 0 ? NULL : &r->mismatch[i];
    return NULL;
}

/* Newest statement of either side about the segment. */
static uint64_t newest_of(const struct run *r, const char *segment)
{
    uint64_t leaf = 0;
    for (int i = 0; i < 2; i++)
        for (size_t k = 0; k < r->side[i].n_chunks; k++)
            if (strcmp(r->side[i].chunk[k].segment, segment) == 0 && r->side[i].chunk[k].leaf > leaf)
                leaf = r->side[i].chunk[k].leaf;
    return leaf;
}

static bool is_known(const struct samples *s, const char *id, const char *segment)
{
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->s[i].id, id) == 0 && strcmp(s->s[i].segment, segment) == 0)
            return true;
    return false;
}

static size_t column_of(const struct assay_dataset *d, const char *name)
{
    for (size_t i = 0; i < d->n_cols; i++)
        if (strcmp(d->col[i].name, name) == 0)
            return i;
    return SIZE_MAX;
}

/* "COUNT SET COLUMN", "COUNT PATH COLUMN" */
static enum assay_status take_cells(struct loader *l, struct sample_cells **list, size_t *n, const char *line)
{
    char *end = NULL;
    const unsigned long long count = strtoull(line, &end, 10);
    const char *set = *end == ' ' ? end + 1 : NULL, *name = set ? strchr(set, ' ') : NULL;
    const size_t column = name ? column_of(l->r->set, name + 1) : SIZE_MAX;
    if (column == SIZE_MAX)
        return ASSAY_OK;
    struct sample_cells *grown = realloc(*list, (*n + 1) * sizeof *grown);
    if (!grown)
        return assay_fail_nomem(l->err);
    *list = grown;
    grown[*n] = (struct sample_cells){column, count, strndup(set, (size_t)(name - set))};
    return grown[(*n)++].set ? ASSAY_OK : assay_fail_nomem(l->err);
}

/* "null|value COLUMN" */
static enum assay_status take_constant(struct loader *l, struct sample *s, const char *line)
{
    const char *name = strchr(line, ' ');
    const size_t column = name ? column_of(l->r->set, name + 1) : SIZE_MAX;
    if (column == SIZE_MAX)
        return ASSAY_OK;
    size_t *c = realloc(s->constant, (s->n_constant + 1) * sizeof *c);
    if (c)
        s->constant = c;
    bool *n = c ? realloc(s->constant_null, (s->n_constant + 1) * sizeof *n) : NULL;
    if (!n)
        return assay_fail_nomem(l->err);
    s->constant_null = n;
    c[s->n_constant] = column;
    n[s->n_constant++] = strncmp(line, "null ", 5) == 0;
    return ASSAY_OK;
}

static void take_number(struct sample *s, const char *key, const char *value)
{
    static const char *const words[] = {"missing", "extra", "duplicate", "changed"};
    const uint64_t n = strtoull(value, NULL, 10);
    if (strcmp(key, "rows") == 0)
        s->rows = n;
    if (strcmp(key, "looked") == 0)
        s->looked = n;
    s->missing_end |= strcmp(key, "missing-end") == 0;
    for (int k = 0; k < SAMPLE_KINDS; k++) {
        const size_t len = strlen(words[k]);
        if (strncmp(key, words[k], len) != 0)
            continue;
        if (key[len] == '\0')
            s->n[k] = n;
        if (strcmp(key + len, "-runs") == 0)
            s->runs[k] = n;
    }
}

static enum assay_status take(struct loader *l, const struct assay_stmt *st, uint64_t leaf)
{
    const char *id = assay_stmt_get(st, "chunk"), *segment = assay_stmt_get(st, "segment");
    if (!id || !segment || strlen(id) > 32)
        return ASSAY_OK; /* samples explain verdicts: one that says nothing must not stand in their way */
    const bool loose = strcmp(id, "-") == 0;
    const struct mismatch *m = loose ? NULL : mismatch_of(l->r, id);
    const uint64_t since = loose                     ? newest_of(l->r, segment)
                           : !m                      ? 0
                           : m->s->leaf > m->a->leaf ? m->s->leaf
                                                     : m->a->leaf;
    if ((!loose && !m) || leaf < since || is_known(l->out, id, segment))
        return ASSAY_OK;
    if (l->out->n == l->cap) {
        const size_t want = l->cap ? 2 * l->cap : 16;
        struct sample *grown = realloc(l->out->s, want * sizeof *grown);
        if (!grown)
            return assay_fail_nomem(l->err);
        l->out->s = grown;
        l->cap = want;
    }
    struct sample *s = &l->out->s[l->out->n];
    *s = (struct sample){.about = m, .segment = strdup(segment)};
    if (!s->segment)
        return assay_fail_nomem(l->err);
    memcpy(s->id, id, strlen(id) + 1);
    l->out->n++;
    enum assay_status status = ASSAY_OK;
    for (size_t i = 0; i < st->n && status == ASSAY_OK; i++) {
        const char *key = st->field[i].key, *value = st->field[i].value;
        if (strcmp(key, "cells") == 0)
            status = take_cells(l, &s->cells, &s->n_cells, value);
        else if (strcmp(key, "inside") == 0)
            status = take_cells(l, &s->inside, &s->n_inside, value);
        else if (strcmp(key, "constant") == 0)
            status = take_constant(l, s, value);
        else
            take_number(s, key, value);
    }
    return status;
}

static bool each(void *ctx, const struct assay_leaf *leaf)
{
    struct loader *l = ctx;
    struct assay_stmt s = {0};
    l->status = assay_stmt_parse(leaf->note, leaf->note_len, &s, l->err);
    const char *plan = l->status == ASSAY_OK ? assay_stmt_get(&s, "plan") : NULL;
    if (plan && strcmp(plan, l->r->plan) == 0)
        l->status = take(l, &s, leaf->index);
    assay_stmt_release(&s);
    return l->status == ASSAY_OK;
}

enum assay_status assay_samples_load(struct assay_ledger *ledger, const struct run *r, struct samples *out,
                                     struct assay_err *e)
{
    struct loader l = {.r = r, .out = out, .err = e};
    struct assay_ledger_query q = {.kind = "sample", .dataset = r->set->id, .newest_first = true};
    *out = (struct samples){0};
    enum assay_status s = assay_ledger_each(ledger, &q, each, &l, e);
    if (s == ASSAY_OK)
        s = l.status;
    if (s != ASSAY_OK)
        assay_samples_release(out);
    return s;
}

void assay_samples_release(struct samples *all)
{
    for (size_t i = 0; i < all->n; i++) {
        struct sample *s = &all->s[i];
        for (size_t k = 0; k < s->n_cells; k++)
            free(s->cells[k].set);
        free(s->cells);
        for (size_t k = 0; k < s->n_inside; k++)
            free(s->inside[k].set);
        free(s->inside);
        free(s->constant);
        free(s->constant_null);
        free(s->segment);
    }
    free(all->s);
    *all = (struct samples){0};
}
