/* Row drill-down: which rows of the differing chunks are missing, extra, doubled or changed. Reads both sides again;
 * memory stays flat whatever the number of differences. */
#ifndef ASSAY_DIFF_H
#define ASSAY_DIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/err.h"
#include "assay/ledger.h"
#include "assay/plan.h"

enum assay_diff_kind {
    ASSAY_DIFF_MISSING,
    ASSAY_DIFF_EXTRA,
    ASSAY_DIFF_DUPLICATE,
    ASSAY_DIFF_CHANGED,
    ASSAY_DIFF_KINDS
};
const char *assay_diff_kind_name(enum assay_diff_kind k); /* "missing", "extra", "duplicate", "changed" */

struct assay_diff_cell {
    const char *column;
    const char *value[2]; /* readable, per side; NULL: the value is NULL or the row is not on that side */
    bool present[2]; /* the row is on that side */
};
struct assay_diff_row { /* valid during the call */
    enum assay_diff_kind kind;
    const char *segment, *chunk; /* chunk id, 32 hex digits */
    const char *key; /* readable key; "" without a key */
    const char *part; /* object or table part of the archive's row (of the source's when missing) */
    uint64_t pos; /* line or row in it */
    uint64_t times; /* how many such rows */
    const struct assay_diff_cell *cell; /* changed: the columns that differ; without a key: all of them */
    size_t n_cells;
};
typedef enum assay_status assay_diff_fn(void *ctx, const struct assay_diff_row *row, struct assay_err *e);

/* The same for those who look at the rows themselves; by segment, chunk and key. Valid during the call. */
struct assay_diff_pair {
    enum assay_diff_kind kind; /* ASSAY_DIFF_KINDS: equal on both sides */
    const char *segment, *chunk;
    const uint8_t *row[2]; /* row bytes (canonical form; a value that does not decode as in lane_cells.c), or NULL */
    size_t row_len[2];
    uint64_t times;
};
typedef enum assay_status assay_pair_fn(void *ctx, const struct assay_diff_pair *pair, struct assay_err *e);

struct assay_diff_job {
    const struct assay_plan *plan;
    const struct assay_dataset *set;
    struct assay_ledger *ledger;
    const uint8_t *dataset_key;
    const char *const *segments, *const *chunks; /* restrict; chunk ids may be shortened */
    size_t n_segments, n_chunks;
    bool compared_only; /* a dataset that was never compared has no chunk to look at; else it has all */
    bool all; /* every chunk, not only those that the newest verdicts name */
    bool mask, mask_keys; /* values (and keys) as short keyed hashes: equal values stay recognisable */
    unsigned jobs;
    size_t memory; /* bytes for sorting; 0: the default */
    assay_diff_fn *row;
    assay_pair_fn *pair; /* instead of row */
    void *ctx;
    size_t max_chunks; /* look at so many, of every kind and all columns that differ; 0: at all */
    unsigned max_seconds; /* stop with ASSAY_EINTR after that time; 0: never */
};
struct assay_diff_result {
    uint64_t rows[ASSAY_DIFF_KINDS];
    uint32_t chunks; /* that were to be compared; 0 when all were */
    bool late; /* max_seconds were over */
    bool unverified; /* the newest comparison could not verify the dataset as a whole */
    uint32_t broken_parts; /* that could not be read to their end: their missing rows may be in there */
};
enum assay_status assay_diff(const struct assay_diff_job *j, struct assay_diff_result *out, struct assay_err *e);

/* A row of the archive that refers to no row: key readable unless masked. Valid during the call. */
struct assay_orphan {
    const struct assay_reference *reference;
    const char *key;
    const char *part; /* object or table part of the row */
    uint64_t pos; /* line or row in it */
};
struct assay_orphans {
    uint64_t rows; /* orphans */
    char doubt[512]; /* why some reference could not be checked; "" when all were */
};
/* Every orphan of the dataset's references, by reference and key. */
enum assay_status
assay_orphans_each(const struct assay_plan *p, const struct assay_dataset *d, const uint8_t *dataset_key, bool mask,
                   enum assay_status (*each)(void *ctx, const struct assay_orphan *o, struct assay_err *e), void *ctx,
                   struct assay_orphans *out, struct assay_err *e);

#endif
