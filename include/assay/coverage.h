/* Coverage: what the sources of a plan hold and no dataset reads. */
#ifndef ASSAY_COVERAGE_H
#define ASSAY_COVERAGE_H

#include <stddef.h>

#include "assay/err.h"
#include "assay/plan.h"

enum assay_cover {
    ASSAY_COVER_YES, /* a dataset reads it */
    ASSAY_COVER_NO,
    ASSAY_COVER_GONE, /* a dataset names it, and it is not there */
    ASSAY_COVER_IGNORED, /* the plan says that it needs no dataset, or that a column is not read */
    ASSAY_COVER_APART, /* holds no rows of its own: views, foreign tables */
    ASSAY_COVER_UNUSED, /* a pattern of `ignore` that fits nothing */
    ASSAY_COVER_STATES
};
const char *assay_cover_name(enum assay_cover c); /* "covered", "uncovered", "gone", "ignored", "apart", "unused" */

struct assay_cover_item {
    enum assay_cover state;
    const char *kind; /* "table", "partition", "column", "dataset", "pattern", ...; static */
    char *name; /* "schema.table"; a column "schema.table.column" */
    char *source; /* locator as it may be shown; NULL for a pattern */
};
struct assay_coverage {
    struct assay_cover_item *item; /* by source, then relations by name and the columns of datasets */
    size_t n, cap;
    size_t count[ASSAY_COVER_STATES];
};

/* Look at the source databases of every dataset of the plan. A failure: it could not be said. */
enum assay_status assay_coverage_take(const struct assay_plan *p, struct assay_coverage *out, struct assay_err *e);
/* State it in the ledger, or that it could not be said (c NULL, why says the reason), as the source's checker of `run`.
 */
struct assay_sink;
enum assay_status assay_coverage_attest(const struct assay_coverage *c, const struct assay_err *why, const char *run,
                                        struct assay_sink *sink, struct assay_err *e);
void assay_coverage_release(struct assay_coverage *c);
/* Nothing uncovered, nothing gone. */
bool assay_coverage_full(const struct assay_coverage *c);
/* Is the relation ignored by the pattern? A pattern with a dot is about schema and name, else about the bare name. */
bool assay_coverage_ignores(const char *pattern, const char *name, size_t bare);

#endif
