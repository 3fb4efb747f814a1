/* Proving to somebody who has neither ledger nor keyring that a row is among those that were sealed, or that none of
 * its key is: one side is read again, and its rows must make the root that was attested. */
#ifndef ASSAY_ROW_PROVE_H
#define ASSAY_ROW_PROVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/err.h"
#include "assay/ledger.h"
#include "assay/plan.h"
#include "assay/policy.h"
#include "assay/row_proof.h"

struct assay_row_job {
    const struct assay_plan *plan;
    const struct assay_dataset *set;
    struct assay_ledger *ledger;
    const char *keys_dir;
    const uint8_t *dataset_key;
    const struct assay_policy *policy; /* checkpoints must have its quorum; NULL: the newest */
    const char *const *segments; /* restrict; n_segments 0: all that have a cut */
    size_t n_segments;
    enum assay_side_id side; /* which one is read */
    const char *const *key; /* a text for each column of the key, in its order; without a key "sha256:HEX" of the row */
    size_t n_key;
    bool reveal; /* the row's bytes and its salt go into the proof */
    size_t memory; /* bytes; 0: the default */
    uint64_t spill_max; /* 0: any */
};

/* What comes out is checked as its reader will. ASSAY_EUSAGE: the dataset is not sealed, or this is no key of it;
 * ASSAY_EERASED: the chunk's key was destroyed; ASSAY_ENOTFOUND: there is nothing attested to prove it by;
 * ASSAY_EDATA: the rows that were read do not make the root that was attested. The caller releases out in either case.
 */
enum assay_status assay_row_prove(const struct assay_row_job *j, struct assay_row_proof *out, struct assay_err *e);

#endif
