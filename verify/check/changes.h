/* What changed in a side's schema since the ledger heard of it last. */
#ifndef ASSAY_CHANGES_H
#define ASSAY_CHANGES_H

#include "assay/check.h"
#include "assay/schema.h"

/* Say every change since the newest earlier schema statement of this side, as warnings. Without a ledger at hand
 * nothing is said; reports say it all the same. */
enum assay_status assay_changes_say(const struct assay_check *c, const struct assay_schema *now, struct assay_err *e);

#endif
