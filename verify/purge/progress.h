/* How far a purge under one permit has come, as the ledger says. Private to verify/purge/. */
#ifndef ASSAY_PURGE_PROGRESS_H
#define ASSAY_PURGE_PROGRESS_H

#include "assay/permit.h"

struct purge_chunk_progress {
    uint64_t gone; /* 1 + the first statement that it was deleted; 0: none */
    bool in_flight; /* a run that was stopped may have deleted it and not said so */
};
struct purge_progress {
    struct purge_chunk_progress *chunk; /* in the order of the permit's list */
    bool begun; /* there is a purge-begin at all */
    bool unfinished; /* the newest one has no purge-done behind it */
    bool any_in_flight;
};
enum assay_status assay_purge_progress_load(struct assay_ledger *l, const struct assay_permit *p,
                                            struct purge_progress *out, struct assay_err *e);
void assay_purge_progress_release(struct purge_progress *g);

#endif
