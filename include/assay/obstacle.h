/* What deleting rows of a table would do besides deleting them, or instead: for the gate in front of a purge. Reads
 * only. */
#ifndef ASSAY_OBSTACLE_H
#define ASSAY_OBSTACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/err.h"
#include "assay/reader.h"

enum assay_obstacle_kind {
    ASSAY_OBSTACLE_CASCADE = 0, /* a foreign key that deletes rows of another table, too */
    ASSAY_OBSTACLE_SET_NULL, /* one that changes them */
    ASSAY_OBSTACLE_SET_DEFAULT,
    ASSAY_OBSTACLE_REFERENCE, /* one that would refuse */
    ASSAY_OBSTACLE_TRIGGER, /* code that runs instead, before or after */
    ASSAY_OBSTACLE_RULE, /* a rewrite of the statement */
    ASSAY_OBSTACLE_ROW_SECURITY, /* rows that the deleting account may not see */
    ASSAY_OBSTACLE_PUBLICATION, /* what is deleted here is deleted at its subscribers, too */
    ASSAY_OBSTACLE_UNCOVERED, /* a column that only a table which inherits from it has */
    ASSAY_OBSTACLE_NO_TABLE, /* a view, a foreign or a virtual table */
    ASSAY_OBSTACLE_KINDS
};
const char *assay_obstacle_name(enum assay_obstacle_kind k); /* "cascade", "set-null", ... */

struct assay_obstacle {
    enum assay_obstacle_kind kind;
    char *name; /* of the foreign key's table, the trigger, the rule, the table with row security */
    const char *never; /* why nobody can accept it; NULL: it can be accepted. Static */
    bool counted;
    uint64_t rows; /* of the other table that refer to something; only where counted */
};
/* Everything that stands in the way of deleting rows of the locator's table or of what inherits from it, by kind and
 * name. The caller frees the list. ASSAY_EUSAGE when it is no table of a database; ASSAY_ENOTFOUND when there is no
 * such table; any other failure means that nobody knows what stands in the way. */
enum assay_status assay_reader_obstacles(const struct assay_locator *loc, struct assay_obstacle **out, size_t *n,
                                         struct assay_err *e);
void assay_reader_obstacles_free(struct assay_obstacle *o, size_t n);

#endif
