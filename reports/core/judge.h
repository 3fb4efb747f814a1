/* Private to reports/core/. */
#ifndef ASSAY_REPORT_JUDGE_H
#define ASSAY_REPORT_JUDGE_H

#include "model.h"

/* Verdicts of datasets and run, counts, order, exit code. Pure. */
void assay_report_judge(struct assay_report *r);

#endif
