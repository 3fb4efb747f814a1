/* One side of one dataset, checked on its own: read everything, attest chunk by chunk. */
#ifndef ASSAY_CHECK_H
#define ASSAY_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/buf.h"
#include "assay/err.h"
#include "assay/ledger.h"
#include "assay/ledger_append.h"
#include "assay/plan.h"

struct assay_check {
    const struct assay_plan *plan;
    const struct assay_dataset *set;
    enum assay_side_id side;
    const char *run; /* UUID of the run */
    const char *const *segments; /* names to restrict the run to; n_segments 0: all */
    size_t n_segments;
    bool since_mark; /* instead: segments that the ledger does not know to be equal, as of the newest mark */
    unsigned jobs; /* threads and connections, >= 1 */
    struct assay_ledger *ledger; /* for known cuts; NULL when there is none here */
    struct assay_sink *sink; /* where statements go */
    const uint8_t *dataset_key; /* 32 bytes */
    const char *keys_dir; /* of a sealed dataset: where the key of its keyring is */
    size_t memory; /* bytes for sorting sealed rows; 0: the default */
    uint64_t spill_max; /* bytes that may be spilled meanwhile; 0: any number */
    const char *manifest; /* a datapackage.json to write when all of the side was read; or NULL */
    const char *exporter; /* who wrote the files, for that; or NULL */
};

/* What came of it, for the summary line. */
struct assay_check_result {
    uint64_t rows, bytes;
    uint32_t segments, chunks, objects, bad_objects;
    uint64_t defects; /* values and rows that did not decode */
    bool tiled;
};

/* Run the check and commit its statements. Findings (an undecodable file, a defect) are statements, not failures. A
 * failure (source unreachable, unknown column, a type that cannot be read) is recorded in a run-end leaf with status
 * failed, committed, and returned with its sentence in e. */
enum assay_status assay_check_side(const struct assay_check *c, struct assay_check_result *out, struct assay_err *e);

/* ---- pieces shared with drill-down and scrub ---- */

/* The secret of the fast digest: HKDF(dataset key, "assay/fast/1" dataset id). */
enum assay_status assay_fast_secret(const uint8_t dataset_key[32], const char *dataset_id, uint8_t out[192]);
/* The cuts that the ledger has for this dataset under this plan. keys NULL: one that is sealed is ASSAY_ENOTFOUND. */
struct assay_cutset;
struct assay_router;
struct assay_blob_keys;
enum assay_status assay_cuts_open(struct assay_ledger *l, const struct assay_dataset *d, const char *plan_hash,
                                  const struct assay_router *r, const struct assay_blob_keys *keys,
                                  struct assay_cutset *out, struct assay_err *e);
/* The same under the plan as it is; the caller gets what they were found by: its hash, and the router. */
enum assay_status assay_cuts_now(struct assay_ledger *l, const struct assay_dataset *d,
                                 const struct assay_blob_keys *keys, char plan_hash[65], struct assay_router *r,
                                 struct assay_cutset *out, struct assay_err *e);

/* Hand every row of one side to a lane per thread: the scan behind attesting and drill-down. */
struct assay_lane;
struct assay_lane_spec;
struct assay_reader;
struct assay_part_result {
    const struct assay_part *part;
    enum assay_status status; /* ASSAY_OK, or why the part could not be read to its end */
    struct assay_err err;
    struct assay_scan_end end;
    bool has_sha512; /* beside end.sha256, where the job asked for it */
    uint8_t sha512[64];
    uint64_t unplaced, misplaced, defects, rows, beyond;
    struct assay_buf denied; /* what a manifest claims of it otherwise: lines "KIND SENTENCE"; owned */
    bool skipped; /* not in scope */
};
struct assay_scan_job {
    struct assay_reader *reader;
    const struct assay_lane_spec *spec;
    const struct assay_part *part;
    size_t n_parts;
    unsigned jobs;
    bool sha512; /* of objects beside SHA-256: a manifest claims it */
    bool filter; /* only the rows of these ranges are wanted, if the reader can tell; those of no place always are */
    const struct assay_plan_column *by; /* the column of the ranges; NULL: that of the window */
    const struct assay_range *range;
    size_t n_ranges;
    bool (*wanted)(void *ctx, const struct assay_part *p); /* NULL: every part */
    void *ctx;
};
/* result: n_parts records, zeroed by the caller. *merged gets the sum of all lanes, the caller frees it. A part that
 * cannot be read is a result, not a failure; running out of memory, interruption and an unreachable source end the
 * scan. */
enum assay_status assay_scan_parts(const struct assay_scan_job *j, struct assay_part_result *result,
                                   struct assay_lane **merged, struct assay_err *e);

#endif
