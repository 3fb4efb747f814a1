/* Which columns one object of an archive is asked for, and under which names: files of other years may lack some, or
 * call them otherwise. */
#ifndef ASSAY_HISTORY_H
#define ASSAY_HISTORY_H

#include "assay/check.h"
#include "assay/lane.h"

struct part_columns {
    const char **name; /* what the reader is asked for, in plan order; borrows from the dataset */
    enum assay_logical *type; /* what is declared of each of them */
    size_t n;
    bool *lacks; /* a covered column each: is not there, which the plan foresees */
    bool any_lacks;
};

/* May objects of this side differ in their columns, by what the plan says? */
bool assay_history_matters(const struct assay_dataset *d, enum assay_side_id side);
/* May this column be missing in an object? */
bool assay_history_excuses(const struct assay_plan_column *c, enum assay_side_id side);
/* out: name, type and lacks hold n_cols elements. An object whose schema cannot be read gets all columns: its scan will
 * say what is wrong with it. */
enum assay_status assay_history_columns(struct assay_reader *r, size_t part, const struct assay_part *p,
                                        const struct assay_lane *lane, const struct assay_dataset *d,
                                        enum assay_side_id side, struct part_columns *out);

#endif
