/* One drill-down at work; private to diff.c, which reads rows into the sorter, and diff_merge.c, which compares them.
 */
#ifndef ASSAY_DIFF_RUN_H
#define ASSAY_DIFF_RUN_H

#include <time.h>

#include "assay/digest.h"
#include "choice.h"
#include "sorter.h"
#include "targets.h"

#define DIFF_HEAD (1 + 16 + 8 + 4) /* of a record's body: side, row hash, position, part; then the row bytes */
#define DIFF_MAX_VERSIONS 256 /* different rows of one key that are told apart */

/* One row of a key, or several equal ones. */
struct diff_version {
    int side;
    uint8_t hash[16];
    uint64_t times, pos;
    uint32_t part;
    uint8_t *row;
    size_t row_len;
    bool gone; /* cancelled by the other side */
};

struct diff {
    const struct assay_diff_job *job;
    struct targets target;
    struct assay_router router;
    struct choice choice;
    struct assay_cutset cuts;
    struct sorter *sorter;
    int side;
    char **part[2]; /* names, by the number kept in a record */
    size_t n_parts[2];
    struct assay_buf key, body; /* of the record being made */
    struct diff_version v[DIFF_MAX_VERSIONS];
    size_t n;
    struct assay_buf group; /* sort key of the versions in v */
    uint64_t count[2]; /* rows of the key by side */
    struct assay_diff_cell *cell;
    struct assay_buf *text; /* 2 a column */
    uint8_t mask_key[ASSAY_SECRET_LEN];
    enum assay_logical *key_type;
    struct assay_diff_result *out;
    int64_t deadline; /* assay_clock_ms(); 0: none */
    uint64_t ticks;
};

/* No more rows: compare the sorted ones, key after key, and tell what differs. in_time: may end it early. */
enum assay_status assay_diff_merge(struct diff *d, enum assay_status (*in_time)(struct diff *d, struct assay_err *e),
                                   struct assay_err *e);
/* Forget the versions at hand. */
void assay_diff_forget(struct diff *d);

#endif
