/* Segments that the newest run of a side did not read: their older statements stand, and the verdict says since when.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/writer.h"
#include "run.h"

#define MAX_STATED 200 /* segments named in a verdict; a leaf has 65,535 bytes */

struct old_segment {
    const char *name, *observed; /* borrowed; when the oldest of its statements was made */
    uint64_t rows[2];
};

struct reuse {
    struct old_segment *v;
    size_t n, cap;
};

static const struct attested_run *run_named(const struct attested *a, const char *id, size_t *last)
{
    if (*last < a->n_runs && strcmp(a->run[*last].id, id) == 0)
        return &a->run[*last];
    for (size_t i = 0; i < a->n_runs; i++)
        if (strcmp(a->run[i].id, id) == 0) {
            *last = i;
            return &a->run[i];
        }
    return NULL;
}

static struct old_segment *segment_of(struct reuse *x, const char *name)
{
    for (size_t i = x->n; i-- > 0;) /* chunks come by segment */
        if (strcmp(x->v[i].name, name) == 0)
            return &x->v[i];
    if (x->n == x->cap) {
        const size_t want = x->cap ? 2 * x->cap : 64;
        struct old_segment *grown = realloc(x->v, want * sizeof *grown);
        if (!grown)
            return NULL;
        x->v = grown;
        x->cap = want;
    }
    x->v[x->n] = (struct old_segment){.name = name};
    return &x->v[x->n++];
}

static enum assay_status collect(const struct run *r, int side, struct reuse *x)
{
    const struct attested *a = &r->side[side];
    size_t last = 0;
    for (size_t i = 0; i < a->n_chunks; i++) {
        const struct attested_chunk *c = &a->chunk[i];
        const struct attested_run *by = c->rows ? run_named(a, c->run, &last) : NULL;
        if (!by || by == a->run)
            continue;
        struct old_segment *s = segment_of(x, c->segment);
        if (!s)
            return ASSAY_ENOMEM;
        s->rows[side] += c->rows;
        if (!s->observed || strcmp(by->observed, s->observed) < 0)
            s->observed = by->observed;
    }
    return ASSAY_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct old_segment *)a)->name, ((const struct old_segment *)b)->name);
}

void assay_reuse_older(const struct run *r, char *text, size_t n)
{
    const struct attested_run *s = r->side[ASSAY_SOURCE].run, *a = r->side[ASSAY_ARCHIVE].run;
    text[0] = '\0';
    if (!r->side[ASSAY_SOURCE].n_runs || !r->side[ASSAY_ARCHIVE].n_runs || strcmp(s->id, a->id) == 0)
        return;
    const bool source = strcmp(s->observed, a->observed) < 0;
    snprintf(text, n, "the %s was last read %.16s, not again since; the %s %.16s", source ? "source" : "archive",
             source ? s->observed : a->observed, source ? "archive" : "source", source ? a->observed : s->observed);
}

enum assay_status assay_reuse_state(const struct run *r, struct assay_writer *w)
{
    struct reuse x = {0};
    uint64_t rows[2] = {0, 0};
    const char *oldest = NULL;
    enum assay_status s = collect(r, 0, &x);
    if (s == ASSAY_OK)
        s = collect(r, 1, &x);
    for (size_t i = 0; i < x.n && s == ASSAY_OK; i++) {
        for (int k = 0; k < 2; k++)
            rows[k] += x.v[i].rows[k];
        if (!oldest || strcmp(x.v[i].observed, oldest) < 0)
            oldest = x.v[i].observed;
    }
    if (s == ASSAY_OK && x.n) {
        qsort(x.v, x.n, sizeof *x.v, by_name);
        assay_writer_addf(w, "not-read-again", "%zu", x.n);
        assay_writer_add(w, "not-read-since", oldest);
        assay_writer_addf(w, "not-read-rows-source", "%llu", (unsigned long long)rows[0]);
        assay_writer_addf(w, "not-read-rows-archive", "%llu", (unsigned long long)rows[1]);
    }
    for (size_t i = 0; i < x.n && i < MAX_STATED && s == ASSAY_OK; i++)
        assay_writer_addf(w, "kept", "%s %llu %llu %s", x.v[i].name, (unsigned long long)x.v[i].rows[0],
                          (unsigned long long)x.v[i].rows[1], x.v[i].observed);
    free(x.v);
    return s;
}
