/* What a lane is made of; private to lane.c and its tests. */
#ifndef ASSAY_LANE_PRIVATE_H
#define ASSAY_LANE_PRIVATE_H

#include "assay/lane.h"

#define LANE_MAX_FINDINGS 1000

struct lane_column {
    enum assay_logical type;
    uint8_t settled; /* enum assay_kind that needs no resolving; 0 when the column has rules */
    const struct assay_rule *rule;
    size_t n_rules, ruled; /* ruled: index among the ruled columns, SIZE_MAX for none */
    bool changed; /* did the rules change this row's cell */
    struct assay_value value;
    struct assay_buf scratch, raw;
};

struct lane_seg {
    struct assay_lane_segment pub;
};

struct row_facts {
    uint64_t defects;
    const char *why; /* of the last defect */
    size_t column;
    assay_sum row;
};

struct assay_lane {
    struct assay_lane_spec spec;
    uint8_t form[32];
    size_t n, n_key, n_ruled;
    size_t window; /* column, SIZE_MAX for none */
    struct lane_column *col;
    size_t *key; /* columns in key order */
    struct assay_router router;
    const struct assay_value **val; /* this row, resolved */
    assay_sum *hash; /* this row: columns, then raw sums of ruled columns */
    struct assay_buf cell; /* u32 length, key bytes, one cell */
    struct assay_buf row, rawcell;
    size_t prefix; /* length and key bytes in cell */
    struct lane_seg **seg;
    size_t n_seg, last;
    struct assay_lane_segment *sorted;
    struct assay_finding *finding;
    size_t n_findings;
    struct assay_lane_part_counts counts;
    char *part, *part_text;
    bool claims; /* the part's locator names a segment: claimed */
    assay_segment claimed;
};

#endif
