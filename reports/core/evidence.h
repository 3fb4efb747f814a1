/* The bundle of evidence: what an auditor needs to check a ledger, or a sample of it, without assay.
 * docs/ledger-format.md describes its files. */
#ifndef ASSAY_REPORT_EVIDENCE_H
#define ASSAY_REPORT_EVIDENCE_H

#include "assay/ledger.h"
#include "assay/policy.h"

#include "bundle.h"

struct assay_evidence_scope {
    const char *run; /* of the report in it; NULL: the newest that was reconciled */
    const char *const *dataset; /* names or ids; none: all */
    size_t n_datasets;
    const char *const *plan_ids, *const *plan_names; /* datasets that its report must speak of even if the ledger does
                                                        not; n_plan_ids each */
    size_t n_plan_ids;
    const char *const *segment; /* none: all */
    size_t n_segments;
    uint64_t sample; /* so many chunks, chosen by the root of the checkpoint; 0: all */
    const struct assay_policy *policy; /* whose witnesses must have seen all of it; NULL: nobody's */
    const char *parts; /* folder of the scripts and texts */
};
struct assay_evidence_stats {
    uint64_t leaves, size; /* in the bundle, in the ledger */
    char root[45];
};
/* Fill an empty bundle from a ledger that was verified. ASSAY_ENOTFOUND: a dataset or segment that the ledger does not
 * know. The caller seals, writes and releases it. */
enum assay_status assay_evidence_build(struct assay_ledger *l, const struct assay_evidence_scope *scope,
                                       struct assay_bundle *out, struct assay_evidence_stats *stats,
                                       struct assay_err *e);

#endif
