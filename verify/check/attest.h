/* The statements of one check. */
#ifndef ASSAY_ATTEST_H
#define ASSAY_ATTEST_H

#include "assay/check.h"
#include "assay/lane.h"
#include "assay/reader.h"
#include "assay/writer.h"
#include "sealer.h"

/* Begin a statement with the lines that all of a check's have: role, run, dataset, plan. */
void assay_attest_begin(struct assay_writer *w, const struct assay_check *c, const char *kind, const char *plan_hash);

struct choice;
enum assay_status assay_attest_start(const struct assay_check *c, const char *plan_hash, const struct choice *scope,
                                     struct assay_err *e);
enum assay_status assay_attest_schema(const struct assay_check *c, const char *plan_hash, const struct assay_schema *s,
                                      struct assay_err *e);
/* One object leaf a part that is a file, then one object-set leaf a segment (or one for all). */
enum assay_status assay_attest_objects(const struct assay_check *c, const char *plan_hash,
                                       const struct assay_part_result *part, size_t n, const struct assay_lane *lane,
                                       struct assay_err *e);
/* Where objects differ in their columns: one schema leaf for each run of objects, in their order, that do not. */
enum assay_status assay_attest_eras(const struct assay_check *c, const char *plan_hash, struct assay_reader *r,
                                    const struct assay_part_result *part, size_t n, struct assay_err *e);
/* An archive that is not there at all. */
enum assay_status assay_attest_missing(const struct assay_check *c, const char *plan_hash, const char *reason,
                                       struct assay_err *e);
/* One chunk leaf. sealer NULL: fast only. */
enum assay_status assay_attest_chunk(const struct assay_check *c, const char *plan_hash, const struct assay_lane *lane,
                                     const struct assay_lane_segment *seg, uint32_t ordinal, struct sealer *sealer,
                                     struct assay_err *e);

struct attest_end {
    enum assay_status status;
    const char *reason;
    const char *mark; /* the high-water mark as a lexeme of the window's column; NULL: there is none */
    const char *token; /* of the snapshot that was read, or NULL */
    uint64_t rows, bytes, counted, unplaced;
    uint64_t beyond; /* rows that as_of leaves out */
    bool has_count;
    const char *tiled, *unique; /* "yes", "no", "unknown" */
};
/* mark.c: appends the mark, or nothing. began: when the run did, or the older snapshot that it
 * read; seconds since 1970. */
enum assay_status assay_mark_find(const struct assay_check *c, const struct assay_router *r, const struct choice *scope,
                                  const struct assay_lane_segment *seg, size_t n, int64_t began, struct assay_buf *out);
/* The last leaf of the run, then everything is committed. */
enum assay_status assay_attest_end(const struct assay_check *c, const char *plan_hash, const struct attest_end *x,
                                   struct assay_err *e);

#endif
