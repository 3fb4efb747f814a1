/* What a sample counts of one chunk; holds no value once the chunk is told. Private to verify/check/. */
#ifndef ASSAY_TALLY_H
#define ASSAY_TALLY_H

#include "assay/diff.h"
#include "assay/difference.h"
#include "assay/writer.h"

#define TALLY_SETS 48 /* different sets of classes that are told apart in a column */
#define TALLY_TRIED_COLUMNS 256 /* of wider tables nobody asks whether a value stands in another column */

struct tally_column {
    struct assay_classifier *classifier;
    uint64_t differs;
    size_t n_sets;
    struct {
        uint64_t count;
        struct assay_differences d;
    } set[TALLY_SETS];
    struct assay_buf first[2]; /* the first cell of each side, while all are the same */
    bool varies[2];
};

struct tally {
    const struct assay_dataset *set;
    struct tally_column *col;
    const uint8_t **cell[2]; /* of the row at hand, n_cols each */
    size_t *len[2];
    uint64_t rows[ASSAY_DIFF_KINDS + 1], keys, looked;
    uint64_t runs[ASSAY_DIFF_KINDS]; /* how often such rows stand behind a row of another kind */
    int last, before; /* kinds of the row before, and of the one before that; -1: none */
    uint64_t max_rows;
};

enum assay_status assay_tally_init(struct tally *t, const struct assay_dataset *set, uint64_t max_rows);
void assay_tally_release(struct tally *t);
/* Forget the chunk. */
void assay_tally_reset(struct tally *t);
/* One row, or two of one key. */
enum assay_status assay_tally_pair(struct tally *t, const struct assay_diff_pair *p, struct assay_err *e);
/* Two rows that have no key in common, as the same row before and after. */
enum assay_status assay_tally_changed(struct tally *t, const uint8_t *const row[2], const size_t len[2],
                                      struct assay_err *e);
/* How many columns of the two rows are equal. */
enum assay_status assay_tally_alike(struct tally *t, const uint8_t *const row[2], const size_t len[2], size_t *same,
                                    struct assay_err *e);
/* The lines of the statement. */
void assay_tally_write(const struct tally *t, struct assay_writer *w);

#endif
