/* The verbs of assay-reconcile. Each returns the process's exit code (design section 7). */
#ifndef ASSAY_RECONCILE_CMD_H
#define ASSAY_RECONCILE_CMD_H

#include "assay/cli.h"

int assay_cmd_reconcile(struct assay_args *a);
int assay_cmd_reprocess(struct assay_args *a);
int assay_cmd_ledger_waive(struct assay_args *a);

#endif
