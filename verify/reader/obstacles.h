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
/* The last one is a foreign key of the table to itself. */
void assay_obstacles_own(struct obstacles *l);
/* Sorted, to the caller, who frees it; on failure so far, all of it is freed. */
enum assay_status assay_obstacles_hand(struct obstacles *l, enum assay_status so_far, struct assay_obstacle **out,
                                       size_t *n);

/* pg_obstacles.c, sqlite_obstacles.c: as assay_reader_obstacles, unsorted; what is in the list on failure is the
 * caller's to free. */
enum assay_status assay_pg_obstacles(const struct assay_locator *loc, struct obstacles *l, struct assay_err *e);
enum assay_status assay_sqlite_obstacles(const struct assay_locator *loc, struct obstacles *l, struct assay_err *e);
/* The same of a table that is open already, in the transaction at hand. */
struct assay_pg_reader;
struct assay_sqlite_reader_state;
enum assay_status assay_pg_obstacles_of(struct assay_pg_reader *r, struct obstacles *l, struct assay_err *e);
enum assay_status assay_sqlite_obstacles_of(const struct assay_sqlite_reader_state *r, struct obstacles *l,
                                            struct assay_err *e);

#endif
