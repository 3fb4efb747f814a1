/* Does the log have of a run what its `run-end` says it stated? */
#ifndef ASSAY_LEDGER_RUN_END_H
#define ASSAY_LEDGER_RUN_END_H

#include "assay/ledger.h"
#include "stmt.h"

/* end: a `run-end` whose predecessors, and no others, are in the ledger's view; role: who signed it. `leaves` and
 * `root` must be those of what the role stated of the run and its dataset since the run was (last) started.
 * ASSAY_ELEDGER says what is not so, as the end of a sentence about this statement. */
enum assay_status assay_run_end_check(struct assay_ledger *l, const struct assay_head *end, enum assay_role role,
                                      struct assay_err *e);

#endif
