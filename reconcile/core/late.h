/* Late changes: of a chunk whose sides were equal once, which side has changed since? */
#ifndef ASSAY_LATE_H
#define ASSAY_LATE_H

#include "run.h"

enum late { LATE_UNKNOWN = 0, LATE_SOURCE, LATE_ARCHIVE, LATE_BOTH };
/* "source" or "archive"; else NULL: that both sums are others may as well come of another dataset key. */
const char *assay_late_name(enum late l);

/* Pure. The earlier statements must be equal to each other, and all four of one row form; any may be NULL, and then
 * nothing is known. LATE_UNKNOWN too when neither side has changed. */
enum late assay_late_of(const struct attested_chunk *old_source, const struct attested_chunk *old_archive,
                        const struct attested_chunk *source, const struct attested_chunk *archive, size_t n_cols);

/* The same for a chunk that differs now, out of all that the ledger has about it: the newest earlier pair of statements
 * that are equal is what both sides were. */
enum assay_status assay_late_find(struct run *r, const struct attested_chunk *source,
                                  const struct attested_chunk *archive, enum late *out);

#endif
