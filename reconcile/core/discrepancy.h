/* Discrepancies: mismatches with an identity that survives runs. */
#ifndef ASSAY_DISCREPANCY_H
#define ASSAY_DISCREPANCY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/ledger.h"
#include "assay/ledger_append.h"
#include "assay/plan.h"

struct discrepancy {
    char id[33];
    char *segment, *chunk, *kind, *columns, *object; /* columns and object may be NULL; chunk "-": not about a chunk */
    char *state; /* "open", "requested", "waived", "closed" */
    uint64_t rows[2];
    uint64_t leaf;
};

struct discrepancies {
    struct discrepancy *d; /* newest state of each, sorted by id */
    size_t n;
};

/* id = SHA-256(dataset id, segment, chunk, kind, columns, object; NUL-separated)[:16] in hex. */
void assay_discrepancy_id(const char *dataset, const char *segment, const char *chunk, const char *kind,
                          const char *columns, const char *object, char out[33]);
/* Every discrepancy of the dataset that the ledger knows, with its newest state. */
enum assay_status assay_discrepancies_load(struct assay_ledger *l, const struct assay_dataset *d,
                                           struct discrepancies *out, struct assay_err *e);
const struct discrepancy *assay_discrepancies_find(const struct discrepancies *all, const char *id);
void assay_discrepancies_release(struct discrepancies *all);
/* State it: the id is that of d, which may borrow. */
enum assay_status assay_discrepancy_state(struct assay_sink *sink, const struct assay_dataset *set,
                                          const struct discrepancy *d, const char *state, const char *reason,
                                          const char *run, struct assay_err *e);

#endif
