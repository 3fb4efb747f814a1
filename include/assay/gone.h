/* Drill-down when the source is gone: the archive, read again, against what the ledger keeps of the source. */
#ifndef ASSAY_GONE_H
#define ASSAY_GONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/err.h"
#include "assay/ledger.h"
#include "assay/naming.h"
#include "assay/plan.h"

struct assay_gone_chunk { /* one that is not equal; valid during the call */
    const char *segment, *chunk; /* chunk id, 32 hex digits */
    const char *why; /* why nothing can be said of it; NULL: what is */
    const struct assay_naming_result *is; /* NULL with why */
    uint64_t rows[2]; /* of the source as attested, of the archive */
    const enum assay_logical *key_type; /* n_key of them; without a key a row goes by its SHA-256 */
    size_t n_key;
};
typedef enum assay_status assay_gone_fn(void *ctx, const struct assay_gone_chunk *c, struct assay_err *e);

struct assay_gone_job {
    const struct assay_plan *plan;
    const struct assay_dataset *set;
    struct assay_ledger *ledger;
    const char *keys_dir;
    const uint8_t *dataset_key;
    const char *const *segments; /* restrict; n_segments 0: all */
    size_t n_segments;
    const char *run; /* the source's statements of that run; NULL: the newest of runs that ended well */
    size_t memory; /* bytes; 0: the default */
    uint64_t spill_max; /* 0: any */
    assay_gone_fn *each;
    void *ctx;
};
struct assay_gone_result {
    uint64_t equal, named, bulk, unverified; /* chunks */
    uint64_t rows[ASSAY_NAMED_KINDS];
    uint32_t broken_parts; /* of the archive, that could not be read to their end: rows that look lost may be there */
};
/* ASSAY_EUSAGE: the dataset is not sealed. ASSAY_ENOTFOUND: the ledger has no sealed statement of the source. */
enum assay_status assay_gone(const struct assay_gone_job *j, struct assay_gone_result *out, struct assay_err *e);

#endif
