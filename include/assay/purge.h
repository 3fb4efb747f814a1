/* The gate in front of a purge: what the ledger must say before rows of a source may be deleted. Reads only. */
#ifndef ASSAY_PURGE_H
#define ASSAY_PURGE_H

#include <stdint.h>
#include <time.h>

#include "assay/ledger.h"

enum assay_purge_reason {
    ASSAY_PURGE_NO_VERDICT, /* nothing was ever compared */
    ASSAY_PURGE_NO_MATCH, /* the newest comparison is no match throughout */
    ASSAY_PURGE_NOT_SEALED, /* sums permit no purge */
    ASSAY_PURGE_OTHER_PLAN, /* it was made under another plan than the one at hand */
    ASSAY_PURGE_NOT_LAST, /* a side was read again since, and not compared */
    ASSAY_PURGE_TOO_OLD,
    ASSAY_PURGE_REASONS
};

struct assay_purge_gate {
    bool stands[ASSAY_PURGE_REASONS];
    uint64_t verdicts[3]; /* of the newest comparison: match, mismatch, unverified */
    uint64_t leaf; /* of its newest verdict */
    char run[37], strength[16], observed[40];
    char side_run[2][37]; /* the runs of source and archive that it compared */
    char closed_until[128]; /* segments that end behind this were not compared; "": all were */
};
/* Look at the newest comparison of a dataset. `plan` is the SHA-256 of its resolved plan in hex; max_age in seconds
 * before `now`. The ledger must have been verified: then every leaf looked at is under a signed checkpoint. */
enum assay_status assay_purge_look(struct assay_ledger *l, const char *dataset, const char *plan, time_t now,
                                   uint64_t max_age, struct assay_purge_gate *out, struct assay_err *e);
/* Does anything stand in the way? */
bool assay_purge_refused(const struct assay_purge_gate *g);
/* The word that scripts read: "no-verdict", ... */
const char *assay_purge_reason_name(enum assay_purge_reason r);

#endif
