/* Segments that were still open when the source was read are not compared: rows may come yet. */
#include <stdlib.h>
#include <string.h>

#include "assay/limits.h"
#include "assay/segment.h"
#include "assay/writer.h"
#include "run.h"

#define MAX_STATED 200 /* open segments named in a verdict; a leaf has 65,535 bytes */

struct filter {
    struct run *r;
    struct assay_router router;
    struct assay_point mark;
    int side;
    bool nomem;
};

static void count(struct filter *f, const char *segment, uint64_t rows)
{
    struct run *r = f->r;
    size_t i = 0;
    while (i < r->n_open && strcmp(r->open[i].name, segment) != 0)
        i++;
    if (i == r->n_open) {
        if (r->n_open == r->cap_open) {
            size_t cap = r->cap_open ? 2 * r->cap_open : 16;
            struct open_segment *grown = realloc(r->open, cap * sizeof *grown);
            f->nomem = f->nomem || !grown;
            if (!grown)
                return;
            r->open = grown;
            r->cap_open = cap;
        }
        r->open[i] = (struct open_segment){.name = strdup(segment)};
        f->nomem = f->nomem || !r->open[i].name;
        if (!r->open[i].name)
            return;
        r->n_open++;
    }
    r->open[i].rows[f->side] += rows;
}

static bool keep(void *ctx, const char *segment, uint64_t rows)
{
    struct filter *f = ctx;
    assay_segment s;
    if (!assay_segment_parse(&f->router, segment, &s) || assay_segment_closed(&f->router, s, &f->mark))
        return true;
    count(f, segment, rows);
    return false;
}

/* The newest run of the source that counts says up to where. */
static const char *mark_of(const struct attested *source)
{
    for (size_t i = 0; i < source->n_runs; i++)
        if (source->run[i].used)
            return source->run[i].mark;
    return NULL;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct open_segment *)a)->name, ((const struct open_segment *)b)->name);
}

enum assay_status assay_scope_apply(struct run *r)
{
    struct filter f = {.r = r};
    r->mark = mark_of(&r->side[ASSAY_SOURCE]);
    if (!r->mark || r->set->window.every == ASSAY_EVERY_NONE)
        return ASSAY_OK;
    enum assay_status s = assay_router_of(&f.router, r->set, r->err);
    if (s != ASSAY_OK)
        return s;
    if (!assay_point_parse(f.router.type, r->mark, &f.mark))
        return assay_fail(r->err, ASSAY_ELEDGER, "a run of the source states a high-water mark that is no %s",
                          assay_type_of(f.router.type)->name);
    for (f.side = 0; f.side < 2; f.side++)
        assay_attested_filter(&r->side[f.side], keep, &f);
    if (f.nomem)
        return assay_fail_nomem(r->err);
    if (r->n_open)
        qsort(r->open, r->n_open, sizeof *r->open, by_name);
    return ASSAY_OK;
}

void assay_scope_state(const struct run *r, struct assay_writer *w)
{
    uint64_t rows[2] = {0, 0};
    if (!r->mark)
        return;
    for (size_t i = 0; i < r->n_open; i++)
        for (int k = 0; k < 2; k++)
            rows[k] += r->open[i].rows[k];
    assay_writer_add(w, "closed-until", r->mark);
    assay_writer_addf(w, "open-segments", "%zu", r->n_open);
    assay_writer_addf(w, "open-rows-source", "%llu", (unsigned long long)rows[0]);
    assay_writer_addf(w, "open-rows-archive", "%llu", (unsigned long long)rows[1]);
    for (size_t i = 0; i < r->n_open && i < MAX_STATED; i++)
        assay_writer_addf(w, "open", "%s %llu %llu", r->open[i].name, (unsigned long long)r->open[i].rows[0],
                          (unsigned long long)r->open[i].rows[1]);
}

void assay_scope_release(struct run *r)
{
    for (size_t i = 0; i < r->n_open; i++)
        free(r->open[i].name);
    free(r->open);
}
