/* Which ledger a verb of assay-report reads: that of a PLAN operand, or --ledger and --keys. */
#ifndef ASSAY_REPORTS_TARGET_H
#define ASSAY_REPORTS_TARGET_H

#include "assay/buf.h"
#include "assay/cli.h"
#include "assay/err.h"
#include "assay/plan.h"

struct assay_report_target {
    struct assay_plan *plan; /* NULL without a PLAN operand */
    const char *plan_path;
    const char **set_ids, **set_names; /* of the plan's datasets, plan->n_sets each; NULL without one */
    struct assay_buf ledger, keys; /* paths, NUL-terminated */
    struct assay_buf errors; /* of the plan, a line each */
};
/* Verb: for messages. Release it in either case. */
enum assay_status assay_report_target_open(const struct assay_args *a, const char *verb, struct assay_report_target *t,
                                           struct assay_err *e);
void assay_report_target_release(struct assay_report_target *t);

#endif
