/* How far a purge under one permit has come, as the ledger says. Private to verify/purge/. */
#ifndef ASSAY_PURGE_PROGRESS_H
#define ASSAY_PURGE_PROGRESS_H

#include "assay/permit.h"

struct purge_chunk_progress {
    uint64_t stated; /* 1 + the newest statement about it; 0: none */
    bool gone; /* it was deleted */
};
struct purge_progress {
    struct purge_chunk_progress *chunk; /* in the order of the permit's list */
    uint64_t unfinished; /* 1 + the newest purge-begin whose run has no purge-done; 0: none */
    bool begun; /* there is a purge-begin at all */
    size_t in_flight; /* the chunk that the unfinished run may have deleted and not said so; SIZE_MAX: none */
};
enum assay_status assay_purge_progress_load(struct assay_ledger *l, const struct assay_permit *p,
                                            struct purge_progress *out, struct assay_err *e);
void assay_purge_progress_release(struct purge_progress *g);

#endif
