/* Which segments of a side a run reads: all, those that were named, or those that are not known to be equal yet. */
#ifndef ASSAY_CHOICE_H
#define ASSAY_CHOICE_H

#include "assay/check.h"
#include "assay/segment.h"

struct choice {
    bool all;
    char **name; /* those named, or, since the mark, closed ones that were not equal; sorted; owned */
    size_t n_names;
    bool since; /* besides: every segment that was open at the mark, and those without a value */
    struct assay_point mark;
    char *mark_text; /* owned; NULL unless since */
    const struct assay_router *router;
    bool filter; /* the ranges below hold every row of these segments that has a place */
    struct assay_range *range; /* of the values of the window's column; owned */
    size_t n_ranges;
    struct assay_buf text; /* what the ranges point into */
    struct assay_buf names; /* with commas between, when nothing but names is asked for */
};

/* router: borrowed. Of `c` the segments and since_mark; with the latter the ledger must be there. */
enum assay_status assay_choice_make(const struct assay_check *c, const char *plan_hash,
                                    const struct assay_router *router, struct choice *out, struct assay_err *e);
/* Of the named segments alone. */
enum assay_status assay_choice_named(const char *const *segments, size_t n, const struct assay_router *router,
                                     struct choice *out, struct assay_err *e);
/* For a command: what it is asked for, borrowed from x. A range since the mark has no names. */
void assay_choice_ask(const struct choice *x, struct assay_locator *loc);
bool assay_choice_wants(const struct choice *x, const char *segment);
void assay_choice_release(struct choice *x);

/* known.c: what the newest comparison of the whole dataset under this plan proved: the segments closed at `mark` were
 * equal, but for those in `name`. mark "": nothing is known, everything must be read. */
struct known {
    char mark[128];
    char **name; /* sorted, without repeats; owned */
    size_t n_names;
};
enum assay_status assay_known_load(struct assay_ledger *l, const struct assay_dataset *d, const char *plan_hash,
                                   struct known *out, struct assay_err *e);

#endif
