/* Side effects of deleting, as a permit lists them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/purge_run.h"

void assay_purge_ways_free(struct assay_purge_way *way, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(way[i].text);
    free(way);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(((const struct assay_purge_way *)a)->text, ((const struct assay_purge_way *)b)->text);
}

static bool add(struct assay_purge_way *way, size_t *n, const char *kind, uint64_t rows, const char *name)
{
    if (asprintf(&way[*n].text, "%s %" PRIu64 " %s", kind, rows, name) < 0) {
        way[*n].text = NULL;
        return false;
    }
    (*n)++;
    return true;
}

enum assay_status assay_purge_ways_of(const struct assay_obstacle *o, size_t n_obstacles, const struct assay_dataset *d,
                                      const struct assay_schema *schema, struct assay_purge_way **out, size_t *n,
                                      struct assay_err *e)
{
    *out = NULL;
    *n = 0;
    struct assay_purge_way *way = calloc(n_obstacles + schema->n + 1, sizeof *way);
    bool good = way != NULL;
    for (size_t i = 0; i < n_obstacles && good; i++) {
        good = add(way, n, assay_obstacle_name(o[i].kind), o[i].counted ? o[i].rows : 0, o[i].name);
        way[i].never = o[i].never;
    }
    /* What no statement covers would be lost unproven. */
    for (size_t i = 0; i < schema->n && good; i++)
        if (!assay_dataset_reads(d, ASSAY_SOURCE, schema->col[i].name))
            good = add(way, n, assay_obstacle_name(ASSAY_OBSTACLE_UNCOVERED), 0, schema->col[i].name);
    if (!good) {
        assay_purge_ways_free(way, *n);
        *n = 0;
        return assay_fail_nomem(e);
    }
    qsort(way, *n, sizeof *way, by_text);
    *out = way;
    return ASSAY_OK;
}

enum assay_status assay_purge_ways(const struct assay_locator *source, const struct assay_dataset *d,
                                   const struct assay_schema *schema, struct assay_purge_way **out, size_t *n,
                                   struct assay_err *e)
{
    struct assay_obstacle *o = NULL;
    size_t n_obstacles = 0;
    *out = NULL;
    *n = 0;
    enum assay_status s = assay_reader_obstacles(source, &o, &n_obstacles, e);
    if (s == ASSAY_OK)
        s = assay_purge_ways_of(o, n_obstacles, d, schema, out, n, e);
    assay_reader_obstacles_free(o, n_obstacles);
    return s;
}
