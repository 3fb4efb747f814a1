/* Chunks of a source, looked at and deleted by the right to delete: rows go through the same reader, the same canonical
 * form and the same sealed digest as those that the source's checker attested. */
#ifndef ASSAY_PURGE_CHUNK_H
#define ASSAY_PURGE_CHUNK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/err.h"
#include "assay/ledger.h"
#include "assay/obstacle.h"
#include "assay/permit.h"
#include "assay/place.h"
#include "assay/plan.h"

struct assay_purger;
struct assay_purger_spec { /* borrowed for the life of the purger */
    const struct assay_plan *plan;
    const struct assay_dataset *set;
    const struct assay_locator *source; /* with the right to delete */
    struct assay_ledger *ledger; /* for the cuts */
    const char *keys_dir;
    const uint8_t *dataset_key; /* 32 bytes */
    size_t memory; /* bytes for sorting; 0: the default */
    /* Asked in each transaction that deletes: is it to go on, with this in the way? Any failure keeps the chunk. */
    enum assay_status (*allow)(void *ctx, const struct assay_obstacle *o, size_t n, struct assay_err *e);
    void *ctx;
};
enum assay_status assay_purger_open(const struct assay_purger_spec *spec, struct assay_purger **out,
                                    struct assay_err *e);
void assay_purger_close(struct assay_purger *p); /* NULL is a no-op */

/* Of the table. Borrowed. */
const struct assay_schema *assay_purger_schema(const struct assay_purger *p);
const struct assay_place *assay_purger_place(const struct assay_purger *p);

enum assay_purge_state {
    ASSAY_PURGE_OTHER = 0, /* the chunk holds other rows than those permitted; why: which */
    ASSAY_PURGE_EMPTY, /* none of its rows is there, although there are some in the permit */
    ASSAY_PURGE_AS_PERMITTED
};
struct assay_purge_seen {
    enum assay_purge_state state;
    uint64_t rows; /* of the chunk */
    bool begun, unknown; /* the transaction was; its commit failed, and nobody knows whether it took place */
    bool around; /* what deleting sets off (triggers, foreign keys) may reach other rows of the table */
    char why[200];
};
/* What is there? Changes nothing. */
enum assay_status assay_purger_look(struct assay_purger *p, const struct assay_permit_chunk *c,
                                    struct assay_purge_seen *out, struct assay_err *e);
/* Delete the chunk's rows in one transaction, which is committed only if what was deleted has the permitted root and,
 * after that and after whatever the engine had put off, no row of the chunk is still or again there, and the table lost
 * no other row; then out->state is ASSAY_PURGE_AS_PERMITTED. A failure leaves the rows, unless out->unknown says that
 * nobody knows: a look will tell. */
enum assay_status assay_purger_delete(struct assay_purger *p, const struct assay_permit_chunk *c,
                                      struct assay_purge_seen *out, struct assay_err *e);

#endif
