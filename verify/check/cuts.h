/* Where the cuts of a dataset come from: the ledger, or a sample of the side that is read first. */
#ifndef ASSAY_CUTS_H
#define ASSAY_CUTS_H

#include "assay/check.h"
#include "assay/cut.h"
#include "assay/lane.h"
#include "assay/reader.h"

/* Sample window and key columns and cut every segment that set does not hold yet into chunks of about chunk_rows.
 * Segments that the sample misses get no cut here: they become a single chunk when their first row is seen. rows: exact
 * number of rows of the side, or 0 when unknown. New cuts are added to set. */
enum assay_status assay_cuts_make(const struct assay_check *c, struct assay_reader *r, const uint8_t *secret,
                                  uint64_t rows, struct assay_cutset *set, struct assay_err *e);

/* Queue the blob and the leaf of one cut. */
enum assay_status assay_cut_attest(const struct assay_check *c, const char *plan_hash, const struct assay_cut *cut,
                                   const struct assay_router *router, struct assay_err *e);

/* ---- cuts_sealed.c: under `keys: sealed` a cut by range is a sealed blob ---- */

/* What the leaf of a cut cites. Appends. */
enum assay_status assay_cut_blob(const struct assay_check *c, const struct assay_cut *cut, struct assay_buf *out,
                                 struct assay_err *e);
/* The hash of a new cut becomes that of its blob. */
enum assay_status assay_cut_name(const struct assay_check *c, struct assay_cut *cut, struct assay_err *e);
#endif
