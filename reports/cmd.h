/* The verbs of assay-report. Each returns the process's exit code (design section 7). */
#ifndef ASSAY_REPORTS_CMD_H
#define ASSAY_REPORTS_CMD_H

#include "assay/cli.h"

int assay_cmd_report(struct assay_args *a);
int assay_cmd_evidence(struct assay_args *a);
int assay_cmd_serve(struct assay_args *a);

#endif
