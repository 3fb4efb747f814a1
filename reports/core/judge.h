/* Private to reports/core/. */
#ifndef ASSAY_REPORT_JUDGE_H
#define ASSAY_REPORT_JUDGE_H

#include "model.h"

/* The verdict of one dataset, and how it stands with what its run left out. Pure. */
void assay_report_judge_set(struct assay_report *r, struct assay_rep_dataset *d);
/* Verdicts of datasets and run, counts, order, exit code. Pure. */
void assay_report_judge(struct assay_report *r);

#endif
