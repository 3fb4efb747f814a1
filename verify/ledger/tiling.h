/* Do the chunks that a run stated tile their segments? Judged when the run says that it is done. */
#ifndef ASSAY_LEDGER_TILING_H
#define ASSAY_LEDGER_TILING_H

#include "assay/buf.h"
#include "assay/ledger.h"
#include "stmt.h"

/* end: a `run-end` about to be appended, in the transaction that has what the run stated before; role: who signed it.
 * What a run stated before it was started again, under the same name, does not count. Of every segment with a chunk in
 * the run there must be all chunks of one cut, each once, and where one ends the next begins. ASSAY_ELEDGER says which
 * do not; a run that did not end well is not judged. */
enum assay_status assay_tiling_check(struct assay_ledger *l, const struct assay_head *end, enum assay_role role,
                                     struct assay_err *e);

#endif
