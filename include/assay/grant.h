/* What a permit would be about, and what keeps it from being given: every chunk's sealed statements of both sides, how
 * the archive was read, the checkpoint that covers them. Reads only. */
#ifndef ASSAY_GRANT_H
#define ASSAY_GRANT_H

#include "assay/blob.h"
#include "assay/permit.h"
#include "assay/plan.h"
#include "assay/purge.h"

struct assay_grant {
    struct assay_permit_list list;
    uint64_t open, objects; /* chunks of segments that are still open; files that the archive's run read */
    bool medium; /* all of them from the medium */
    unsigned cosigned; /* witnesses of the policy */
    struct assay_buf checkpoint, policy; /* that covers all; empty: none asks for it */
    struct assay_buf refused; /* a line each, "  WORD  sentence" LF; empty: nothing stands in the way */
};
/* After assay_purge_look found no fault. keys: for cuts that are sealed; NULL: they are not at hand. segments:
 * restrict; n 0: every closed one. */
enum assay_status assay_grant_look(struct assay_ledger *l, const struct assay_plan *p, const struct assay_dataset *d,
                                   const struct assay_blob_keys *keys, const struct assay_purge_gate *gate,
                                   const char *const *segments, size_t n, struct assay_grant *out, struct assay_err *e);
void assay_grant_release(struct assay_grant *g);

#endif
