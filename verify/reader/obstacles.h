/* Building the list of obstacles. Private to verify/reader/. */
#ifndef ASSAY_READER_OBSTACLES_H
#define ASSAY_READER_OBSTACLES_H

#include "assay/obstacle.h"

struct obstacles {
    struct assay_obstacle *v;
    size_t n, cap;
};
/* Append one; the name is copied. */
enum assay_status assay_obstacles_add(struct obstacles *l, enum assay_obstacle_kind kind, const char *name,
                                      struct assay_err *e);

/* pg_obstacles.c, sqlite_obstacles.c: as assay_reader_obstacles, unsorted; what is in the list on failure is the
 * caller's to free. */
enum assay_status assay_pg_obstacles(const struct assay_locator *loc, struct obstacles *l, struct assay_err *e);
enum assay_status assay_sqlite_obstacles(const struct assay_locator *loc, struct obstacles *l, struct assay_err *e);

#endif
