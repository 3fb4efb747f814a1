/* Value-free counts of what differs, over some rows of chunks that do not match: what reconcile finds causes from.
 * Reads both sides; neither values nor keys leave it. */
#ifndef ASSAY_SAMPLE_H
#define ASSAY_SAMPLE_H

#include "assay/diff.h"
#include "assay/ledger_append.h"

#define ASSAY_SAMPLE_CHUNKS 16 /* defaults of `assay sample` */
#define ASSAY_SAMPLE_ROWS 1000
#define ASSAY_SAMPLE_SECONDS 120

struct assay_sample_job {
    struct assay_diff_job diff; /* row, pair and ctx are the sample's */
    struct assay_sink *sink;
    const char *role, *run; /* as the statements say */
    uint64_t max_rows; /* changed rows of a chunk whose cells are looked at */
};
struct assay_sample_result {
    struct assay_diff_result diff;
    uint32_t statements;
};
/* States one `sample` leaf a chunk (docs/ledger-format.md), and commits them. ASSAY_EINTR with diff.late when time ran
 * out; what was stated before stays. */
enum assay_status assay_sample(const struct assay_sample_job *j, struct assay_sample_result *out, struct assay_err *e);

#endif
