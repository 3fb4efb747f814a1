/* Side effects of deleting, as a permit lists them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/obstacle.h"
#include "assay/purge_run.h"

void assay_purge_ways_free(char **way, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(way[i]);
    free(way);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool add(char **way, size_t *n, const char *kind, uint64_t rows, const char *name)
{
    if (asprintf(&way[*n], "%s %" PRIu64 " %s", kind, rows, name) < 0) {
        way[*n] = NULL;
        return false;
    }
    (*n)++;
    return true;
}

enum assay_status assay_purge_ways(const struct assay_locator *source, const struct assay_dataset *d,
                                   const struct assay_schema *schema, char ***out, size_t *n, struct assay_err *e)
{
    struct assay_obstacle *o = NULL;
    size_t n_obstacles = 0;
    *out = NULL;
    *n = 0;
    enum assay_status s = assay_reader_obstacles(source, &o, &n_obstacles, e);
    if (s != ASSAY_OK)
        return s;
    char **way = calloc(n_obstacles + schema->n + 1, sizeof *way);
    bool good = way != NULL;
    for (size_t i = 0; i < n_obstacles && good; i++)
        good = add(way, n, assay_obstacle_name(o[i].kind), o[i].counted ? o[i].rows : 0, o[i].name);
    /* What no statement covers would be lost unproven. */
    for (size_t i = 0; i < schema->n && good; i++)
        if (!assay_dataset_reads(d, ASSAY_SOURCE, schema->col[i].name))
            good = add(way, n, "uncovered", 0, schema->col[i].name);
    assay_reader_obstacles_free(o, n_obstacles);
    if (!good) {
        assay_purge_ways_free(way, *n);
        return assay_fail_nomem(e);
    }
    qsort(way, *n, sizeof *way, by_text);
    *out = way;
    return ASSAY_OK;
}
