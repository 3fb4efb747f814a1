/* Private to reports/core/. */
#ifndef ASSAY_REPORT_FINDINGS_H
#define ASSAY_REPORT_FINDINGS_H

#include "collect.h"

/* Discrepancies that are open, requested, or closed by this run; requests, oldest first. */
enum assay_status assay_collect_findings(struct assay_ledger *l, struct assay_report *r, struct assay_rep_dataset *d,
                                         struct assay_err *e);

/* causes.c: what explains the mismatches of this run, as reconcile stated it. */
enum assay_status assay_collect_causes(struct assay_ledger *l, struct assay_report *r, struct assay_rep_dataset *d,
                                       struct assay_err *e);

#endif
