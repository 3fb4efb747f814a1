/* A lane turns batches of rows into chunk sums: one thread, one side of one dataset. Lanes merge by addition, so that
 * the result depends neither on the order of rows nor on how many lanes shared them. Pure: no I/O. */
#ifndef ASSAY_LANE_H
#define ASSAY_LANE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/cut.h"
#include "assay/digest.h"
#include "assay/err.h"
#include "assay/limits.h"
#include "assay/plan.h"
#include "assay/reader.h"
#include "assay/segment.h"

/* The sums of one chunk. sum[0]: rows, sum[1]: keys, sum[2 + c]: column c, then the raw sums of ruled columns. */
struct assay_tally {
    uint64_t rows;
    uint64_t defects; /* values that did not decode as their declared type */
    uint64_t *changed; /* per ruled column: cells that its rules changed; behind those the same of each single rule */
    assay_sum *sum;
};

/* One segment as a lane saw it. */
struct assay_lane_segment {
    assay_segment segment;
    const struct assay_cut *cut; /* of the given set, or own_cut */
    struct assay_cut own_cut; /* of a segment that the set did not know: a single chunk */
    struct assay_tally *chunk; /* cut->chunks */
    const uint8_t *form; /* SHA-256 of the row form of its rows */
    const bool *has; /* n_cols flags: the columns that exist in it; NULL: all */
    void *memory;
};

/* Where and why a value or a row did not decode. Never holds a value. */
struct assay_finding {
    assay_segment segment;
    uint32_t ordinal;
    bool placed; /* false: the row has no chunk, the finding belongs to the object */
    char text[256];
};

/* What a lane hands to whoever wants whole rows (row drill-down). Valid during the call. */
struct assay_lane_row {
    const struct assay_cut *cut;
    uint32_t ordinal;
    const uint8_t *key, *row; /* key bytes; row bytes (canonical form) */
    size_t key_len, row_len;
    assay_sum hash; /* of the row, as summed */
    assay_sum key_hash; /* of u32 length and key bytes */
    const char *part;
    uint64_t pos;
};
typedef enum assay_status assay_row_fn(void *ctx, const struct assay_lane_row *row, struct assay_err *e);

struct assay_lane_spec { /* borrowed for the life of the lane */
    const struct assay_dataset *set;
    enum assay_side_id side;
    const struct assay_cutset *cuts;
    const uint8_t *secret; /* ASSAY_SECRET_LEN bytes: HKDF(dataset key, "assay/fast/1" dataset id) */
    assay_row_fn *on_row; /* or NULL */
    void *ctx;
    bool rows_whole; /* on_row gets the row bytes, too; else row_len is that of their head */
    bool rows_formed; /* the row bytes are under the form of the row's segment, without the columns that it lacks */
};

struct assay_lane;

/* Batches must hold the covered columns in plan order (assay_dataset.col). */
enum assay_status assay_lane_new(const struct assay_lane_spec *spec, struct assay_lane **out, struct assay_err *e);
void assay_lane_free(struct assay_lane *l);

/* Before the batches of a part: its name for findings, and the segment that its locator claims (NULL: any). */
enum assay_status assay_lane_part(struct assay_lane *l, const struct assay_part *part, struct assay_err *e);
/* Columns that this part lacks although its side has them: its batches come without them, and in a segment that should
 * have them every value is a defect, or what the rule `absent` says. Between assay_lane_part and its first batch. */
enum assay_status assay_lane_part_lacks(struct assay_lane *l, const bool *lacks, struct assay_err *e);
/* Take in one batch. Rows that cannot be placed are counted, not fatal. */
enum assay_status assay_lane_batch(struct assay_lane *l, const struct assay_batch *b, struct assay_err *e);

/* Counters since the last assay_lane_part. */
struct assay_lane_part_counts {
    uint64_t rows, unplaced, misplaced, defects;
    uint64_t beyond; /* rows that the plan's as_of leaves out */
};
struct assay_lane_part_counts assay_lane_counts(const struct assay_lane *l);

/* Add everything of src to dst; both were made from the same spec. */
enum assay_status assay_lane_merge(struct assay_lane *dst, const struct assay_lane *src, struct assay_err *e);

/* After the merge: segments in rising order; every cut of the set is present, with zero rows if need be. */
enum assay_status assay_lane_segments(struct assay_lane *l, const struct assay_lane_segment **out, size_t *n,
                                      struct assay_err *e);
size_t assay_lane_findings(const struct assay_lane *l, const struct assay_finding **out);
/* Index into the raw sums and `changed` of column c, or SIZE_MAX when it has no rule on this side. */
size_t assay_lane_ruled(const struct assay_lane *l, size_t c);
/* Index into `changed` of the first rule of column c; its other rules follow. A cell that several of them changed
 * counts for each. */
size_t assay_lane_by_rule(const struct assay_lane *l, size_t c);
/* SHA-256 of the row form with all columns; segments that lack one have their own. */
const uint8_t *assay_lane_form(const struct assay_lane *l);
const struct assay_router *assay_lane_router(const struct assay_lane *l);
/* What a cut by hash places a row of this key by, under the lane's secret. */
uint64_t assay_lane_spread(const uint8_t *secret, const uint8_t *key, uint32_t len);
/* The segment that a part's "{segment}" text names; false when it names none of this window. */
bool assay_lane_part_segment(const struct assay_lane *l, const char *text, assay_segment *out);

#endif
