/* A plan counts once its owner has signed it into the ledger. */
#ifndef ASSAY_APPROVE_H
#define ASSAY_APPROVE_H

#include "assay/err.h"
#include "assay/ledger.h"
#include "assay/plan.h"

/* Make sure that the ledger holds a plan leaf for the dataset's resolved plan as it stands; if not, sign one with the
 * owner's key of keys_dir. Without that key: ASSAY_EPLAN, saying whose signature is missing. l is a reading handle. */
enum assay_status assay_plan_approve(struct assay_ledger *l, const char *ledger_path, const char *keys_dir,
                                     const struct assay_dataset *d, struct assay_err *e);

#endif
