/* Reconciling: statements in, verdicts, discrepancies and requests out. Opens no data. */
#ifndef ASSAY_RECONCILE_H
#define ASSAY_RECONCILE_H

#include <stdbool.h>
#include <stdint.h>

#include "assay/ledger.h"
#include "assay/ledger_append.h"
#include "assay/plan.h"

struct assay_reconciled {
    uint64_t matched, mismatched, unverified; /* chunks */
    uint64_t waived; /* mismatches of chunks and objects that a waiver covers: neither matched nor mismatched */
    uint64_t rows[2];
    uint64_t accepted; /* cells that a rule changed in matching chunks */
    uint64_t opaque; /* statements whose sealed sums were not opened: no key of them was at hand */
    uint32_t opened, closed, open; /* discrepancies: new, proven gone, open after this */
    const char *reason; /* why the dataset as a whole is unverified, NULL if it is not; static or in text */
    char text[1024];
    char older[160]; /* of two sides read by different runs: which was read first, and when; "" of one run */
    char weaker[256]; /* of a sealed dataset: how many matches are fast only, and why; "" when none is */
};

enum assay_reconcile_what {
    ASSAY_RECONCILE_VERDICTS = 1,
    ASSAY_RECONCILE_CAUSES = 2,
    ASSAY_RECONCILE_ALL = 3,
    ASSAY_RECONCILE_REUSE = 4 /* what the run did not read: the newest older statements; the run must have both sides */
};

/* Compare the two sides of one dataset and commit what is asked for: verdicts and discrepancies, causes, or both. run:
 * compare only the statements of that run; NULL: the newest about each chunk. result_run: the id under which the
 * verdicts are written. */
enum assay_status assay_reconcile(struct assay_ledger *l, struct assay_sink *sink, const struct assay_dataset *d,
                                  const char *run, const char *result_run, unsigned what, struct assay_reconciled *out,
                                  struct assay_err *e);

/* The same where sums of small chunks may be sealed (`keys: sealed`). keys NULL: what is sealed is compared by its
 * root. */
struct assay_blob_keys;
enum assay_status assay_reconcile_open(struct assay_ledger *l, struct assay_sink *sink, const struct assay_dataset *d,
                                       const struct assay_blob_keys *keys, const char *run, const char *result_run,
                                       unsigned what, struct assay_reconciled *out, struct assay_err *e);

/* Exit code of a reconciled dataset: 1 before 3 before 0. */
int assay_reconciled_exit(const struct assay_reconciled *r);

/* Order a new export of every segment with open discrepancies: run the dataset's command template, once a segment, in
 * base_dir. segments: restrict to these names, n 0: all. Commands that fail leave the discrepancy as it is. */
struct assay_reprocessed {
    uint32_t requests, failed;
};
enum assay_status assay_reprocess(struct assay_ledger *l, struct assay_sink *sink, const struct assay_plan *p,
                                  const struct assay_dataset *d, const char *const *segments, size_t n_segments,
                                  bool dry_run, const char *run, struct assay_reprocessed *out, struct assay_err *e);

#endif
