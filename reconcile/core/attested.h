/* What one side attested for one dataset, gathered from the ledger. */
#ifndef ASSAY_ATTESTED_H
#define ASSAY_ATTESTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/digest.h"
#include "assay/err.h"
#include "assay/ledger.h"
#include "assay/plan.h"

struct attested_chunk {
    char id[33], cut[72], run[37], form[72];
    char *segment, *lo, *hi; /* readable bounds, NULL when open */
    uint32_t ordinal;
    uint64_t leaf, rows, defects;
    assay_sum row, key;
    assay_sum *col, *raw; /* n_cols each; raw only of ruled columns */
    uint64_t *changed; /* cells that a rule changed, by column */
    bool *ruled;
};

struct attested_object {
    char *name, *segment, *status, *reason; /* segment NULL: of any */
    uint64_t leaf, misplaced, defects;
};

struct attested {
    bool ended; /* a run-end leaf was found */
    char run[37]; /* of the newest run-end, or the one asked for */
    char *status, *reason, *tiled, *unique;
    uint64_t rows, counted, unplaced;
    struct attested_chunk *chunk; /* newest of each chunk, sorted by segment name and ordinal */
    size_t n_chunks;
    struct attested_object *object; /* newest of each object of the newest whole run and what came later */
    size_t n_objects;
};

/* run NULL: the newest statement about each chunk, whatever the run; else only those of that run. Statements under
 * another plan hash are passed over. */
enum assay_status assay_attested_load(struct assay_ledger *l, const struct assay_dataset *d, enum assay_side_id side,
                                      const char *plan_hash, const char *run, struct attested *out,
                                      struct assay_err *e);
void assay_attested_release(struct attested *a);

#endif
