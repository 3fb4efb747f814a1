/* What a checker once attested under its seal; of the source all that is left when it is gone. */
#ifndef ASSAY_ATTESTED_SOURCE_H
#define ASSAY_ATTESTED_SOURCE_H

#include "assay/cut.h"
#include "assay/ledger.h"
#include "assay/plan.h"

struct attested_root {
    char chunk[33];
    uint64_t leaf, rows;
    const char *why; /* there is no root; NULL: there is. Static */
    uint8_t root[32], commit[32], blocks[32], sketch[32];
    bool has_sketch;
};
struct attested_source {
    struct attested_root *chunk; /* sorted by id */
    size_t n, cap;
};

/* The newest statement of that side about each chunk of these cuts out of runs that ended well, or of that run. */
enum assay_status assay_sealed_attested_load(struct assay_ledger *l, const struct assay_dataset *d,
                                             enum assay_side_id side, const char *plan_hash, const char *run,
                                             const struct assay_cutset *cuts, struct attested_source *out,
                                             struct assay_err *e);
const struct attested_root *assay_sealed_attested_find(const struct attested_source *a, const char *chunk);
void assay_sealed_attested_release(struct attested_source *a);

#endif
