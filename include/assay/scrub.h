/* Scrubbing: is the archive still what the ledger says it was? Bytes only; intact bytes need no decoding to be known
 * good. */
#ifndef ASSAY_SCRUB_H
#define ASSAY_SCRUB_H

#include "assay/check.h"

enum assay_object_state {
    ASSAY_OBJECT_INTACT,
    ASSAY_OBJECT_DAMAGED, /* other bytes, at least as many */
    ASSAY_OBJECT_TRUNCATED, /* fewer bytes */
    ASSAY_OBJECT_MISSING,
    ASSAY_OBJECT_EXTRA, /* the ledger does not know it */
    ASSAY_OBJECT_UNREADABLE,
    ASSAY_OBJECT_UNDECODABLE, /* the bytes of the last check, which could not decode them */
    ASSAY_OBJECT_STATES
};
const char *assay_object_state_name(enum assay_object_state s); /* "intact", "damaged", ... as in object leaves */

struct assay_scrub_result {
    uint64_t objects[ASSAY_OBJECT_STATES];
    uint64_t bytes; /* read */
};
/* Called once an object, in order of name; reason may be NULL. */
typedef void assay_scrub_fn(void *ctx, const char *object, enum assay_object_state state, const char *reason);

/* c->ledger must be open, c->side is ASSAY_ARCHIVE, c->sink gets one object leaf each and a run-end. Segments restrict
 * to the objects whose locator names them. ASSAY_ENOTFOUND when the ledger knows no object of the dataset: nothing to
 * scrub. */
enum assay_status assay_scrub(const struct assay_check *c, assay_scrub_fn *tell, void *ctx,
                              struct assay_scrub_result *out, struct assay_err *e);

#endif
