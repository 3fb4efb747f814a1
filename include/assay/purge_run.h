/* A purge under a permit: what is left of it is found in the ledger, every chunk is deleted or not, and said so there.
 * There is no other way to delete. */
#ifndef ASSAY_PURGE_RUN_H
#define ASSAY_PURGE_RUN_H

#include <time.h>

#include "assay/ledger.h"
#include "assay/obstacle.h"
#include "assay/permit.h"
#include "assay/plan.h"

enum assay_purge_outcome {
    ASSAY_PURGE_DELETED,
    ASSAY_PURGE_SETTLED, /* an earlier run had deleted it, and stopped before it said so */
    ASSAY_PURGE_ALREADY, /* an earlier run had said so */
    ASSAY_PURGE_ABORTED, /* its rows are not those permitted; nothing of it was deleted */
    ASSAY_PURGE_WOULD /* dry run: it would be deleted */
};
typedef void assay_purge_say_fn(void *ctx, const struct assay_permit_chunk *c, enum assay_purge_outcome o,
                                const char *why);

struct assay_purge_job {
    const struct assay_plan *plan;
    const struct assay_dataset *set;
    const struct assay_locator *source; /* with the right to delete */
    const char *ledger_path, *keys_dir;
    const uint8_t *dataset_key; /* 32 bytes */
    uint64_t permit; /* leaf */
    bool execute; /* else nothing is changed, neither at the source nor in the ledger */
    time_t now;
    size_t memory; /* bytes; 0: the default */
    assay_purge_say_fn *say; /* chunk by chunk; why: NULL, or a sentence */
    void *ctx;
};
struct assay_purge_result {
    uint64_t chunks[ASSAY_PURGE_WOULD + 1]; /* by outcome */
    uint64_t rows; /* deleted now, or that would be */
    bool refused; /* the permit is there, but what it rests on holds no longer */
};
/* ASSAY_EUSAGE: nothing was begun: no permit, or of another dataset or plan; with out->refused what it rests on holds
 * no longer. Other failures end the run; what was deleted is stated, or found at the next start. */
enum assay_status assay_purge_run(const struct assay_purge_job *j, struct assay_purge_result *out, struct assay_err *e);

struct assay_purge_way {
    char *text; /* "KIND ROWS NAME" */
    const char *never; /* why no permit can list it; NULL: it can. Static */
};
/* What else deleting rows of the table would do, or lose: a sorted list, which the caller frees with
 * assay_purge_ways_free. schema: of the table at the source. */
enum assay_status assay_purge_ways(const struct assay_locator *source, const struct assay_dataset *d,
                                   const struct assay_schema *schema, struct assay_purge_way **out, size_t *n,
                                   struct assay_err *e);
/* The same of obstacles that were found already. */
enum assay_status assay_purge_ways_of(const struct assay_obstacle *o, size_t n_obstacles, const struct assay_dataset *d,
                                      const struct assay_schema *schema, struct assay_purge_way **out, size_t *n,
                                      struct assay_err *e);
void assay_purge_ways_free(struct assay_purge_way *way, size_t n); /* NULL is a no-op */

#endif
