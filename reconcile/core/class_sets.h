/* What the samples say of the cells of one column, and the fewest classes that explain them. */
#ifndef ASSAY_CLASS_SETS_H
#define ASSAY_CLASS_SETS_H

#include "samples.h"

#define OTHER_COLUMN "other-column"
#define MOST_PICKS 32 /* classes that explain one column; a bit each */

struct column_sets {
    const char **set; /* borrowed */
    uint64_t *count; /* cells that are not explained yet */
    uint32_t *picks; /* bits of those that explain them */
    size_t n, column;
    uint64_t cells;
    uint64_t changed, looked; /* rows of the samples in which it differs; those whose cells are counted here */
    size_t samples; /* in which it differs */
    size_t constant; /* in which it is the same throughout at the archive */
    bool null; /* and NULL */
};

struct class_pick {
    const char *class; /* borrowed, not terminated */
    size_t len;
    uint64_t cells; /* that it explains, */
    uint64_t shared; /* so many of them only together with another */
    size_t with; /* the one that most lately was, if shared */
    size_t samples; /* in which those cells are */
};
struct class_picks {
    struct class_pick p[MOST_PICKS];
    size_t n;
    uint64_t left; /* cells that none explains */
};

enum assay_status assay_class_sets_gather(const struct samples *all, size_t column, struct column_sets *out);
void assay_class_sets_release(struct column_sets *c);
/* The one class that explains most cells, how many it does; NULL: none. */
const char *assay_class_sets_best(const struct column_sets *c, size_t *len, uint64_t *cells);
/* The fewest that explain all but what looks like chance. */
void assay_class_sets_pick(struct column_sets *c, const struct samples *all, struct class_picks *out);

#endif
