#include "discrepancy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/digest.h"
#include "assay/writer.h"

void assay_discrepancy_id(const char *dataset, const char *segment, const char *chunk, const char *kind,
                          const char *columns, const char *object, char out[33])
{
    const char *part[] = {dataset, segment, chunk, kind, columns ? columns : "", object ? object : ""};
    struct assay_buf b = {0};
    uint8_t h[32] = {0};
    for (size_t i = 0; i < sizeof part / sizeof *part; i++)
        (void)assay_buf_add(&b, part[i], strlen(part[i]) + 1);
    assay_sha256(b.ptr ? b.ptr : (const uint8_t *)"", b.len, h);
    assay_hex(h, 16, out);
    assay_buf_release(&b);
}

struct loader {
    struct discrepancies *all;
    size_t cap;
    enum assay_status status;
    struct assay_err *err;
};

static char *copy(const struct assay_stmt *s, const char *key)
{
    const char *v = assay_stmt_get(s, key);
    return v ? strdup(v) : NULL;
}

static enum assay_status take(struct loader *l, const struct assay_stmt *s, uint64_t leaf)
{
    struct discrepancies *all = l->all;
    const char *id = assay_stmt_get(s, "id"),
               *rows[] = {assay_stmt_get(s, "rows-source"), assay_stmt_get(s, "rows-archive")};
    if (all->n == l->cap) {
        size_t want = l->cap ? 2 * l->cap : 64;
        struct discrepancy *grown = realloc(all->d, want * sizeof *grown);
        if (!grown)
            return assay_fail_nomem(l->err);
        all->d = grown;
        l->cap = want;
    }
    struct discrepancy d = {.leaf = leaf,
                            .segment = copy(s, "segment"),
                            .chunk = copy(s, "chunk"),
                            .kind = copy(s, "kind"),
                            .columns = copy(s, "columns"),
                            .object = copy(s, "object"),
                            .state = copy(s, "state")};
    for (int i = 0; i < 2; i++)
        d.rows[i] = rows[i] ? strtoull(rows[i], NULL, 10) : 0;
    if (id)
        snprintf(d.id, sizeof d.id, "%s", id);
    all->d[all->n++] = d;
    if (!id || !d.segment || !d.chunk || !d.kind || !d.state)
        return assay_fail(l->err, ASSAY_ELEDGER, "a discrepancy statement is not whole");
    return ASSAY_OK;
}

static bool each(void *ctx, const struct assay_leaf *leaf)
{
    struct loader *l = ctx;
    struct assay_stmt s = {0};
    l->status = assay_stmt_parse(leaf->note, leaf->note_len, &s, l->err);
    if (l->status == ASSAY_OK)
        l->status = take(l, &s, leaf->index);
    assay_stmt_release(&s);
    return l->status == ASSAY_OK;
}

static void release_one(struct discrepancy *d)
{
    free(d->segment);
    free(d->chunk);
    free(d->kind);
    free(d->columns);
    free(d->object);
    free(d->state);
}

static int by_id_and_age(const void *a, const void *b)
{
    const struct discrepancy *x = a, *y = b;
    int c = strcmp(x->id, y->id);
    return c ? c : x->leaf < y->leaf ? -1 : x->leaf > y->leaf;
}

enum assay_status assay_discrepancies_load(struct assay_ledger *ledger, const struct assay_dataset *set,
                                           struct discrepancies *out, struct assay_err *e)
{
    struct loader l = {.all = out, .err = e};
    struct assay_ledger_query q = {.kind = "discrepancy", .dataset = set->id};
    *out = (struct discrepancies){0};
    enum assay_status s = assay_ledger_each(ledger, &q, each, &l, e);
    if (s == ASSAY_OK)
        s = l.status;
    if (s != ASSAY_OK) {
        assay_discrepancies_release(out);
        return s;
    }
    if (out->n)
        qsort(out->d, out->n, sizeof *out->d, by_id_and_age);
    size_t to = 0;
    for (size_t i = 0; i < out->n; i++) /* the last statement about an id holds */
        if (i + 1 < out->n && strcmp(out->d[i].id, out->d[i + 1].id) == 0)
            release_one(&out->d[i]);
        else
            out->d[to++] = out->d[i];
    out->n = to;
    return ASSAY_OK;
}

const struct discrepancy *assay_discrepancies_find(const struct discrepancies *all, const char *id)
{
    size_t lo = 0, hi = all->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int c = strcmp(all->d[mid].id, id);
        if (c == 0)
            return &all->d[mid];
        if (c < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}

void assay_discrepancies_release(struct discrepancies *all)
{
    for (size_t i = 0; i < all->n; i++)
        release_one(&all->d[i]);
    free(all->d);
    *all = (struct discrepancies){0};
}

enum assay_status assay_discrepancy_state(struct assay_sink *sink, const struct assay_dataset *set,
                                          const struct discrepancy *d, const char *state, const char *reason,
                                          const char *run, struct assay_err *e)
{
    struct assay_writer w;
    assay_writer_begin(&w, "discrepancy");
    assay_writer_add(&w, "id", d->id);
    assay_writer_add(&w, "dataset", set->id);
    assay_writer_add(&w, "segment", d->segment);
    assay_writer_add(&w, "chunk", d->chunk);
    assay_writer_add(&w, "kind", d->kind);
    assay_writer_add(&w, "columns", d->columns);
    assay_writer_add(&w, "object", d->object);
    if (strcmp(d->chunk, "-") != 0) {
        assay_writer_addf(&w, "rows-source", "%llu", (unsigned long long)d->rows[0]);
        assay_writer_addf(&w, "rows-archive", "%llu", (unsigned long long)d->rows[1]);
    }
    assay_writer_add(&w, "state", state);
    assay_writer_add(&w, "reason", reason);
    assay_writer_add(&w, "run", run);
    assay_writer_now(&w);
    return assay_writer_send(&w, sink, e);
}
