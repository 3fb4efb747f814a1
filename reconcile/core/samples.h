/* The `sample` statements about chunks that do not match. */
#ifndef ASSAY_SAMPLES_H
#define ASSAY_SAMPLES_H

#include "run.h"

enum { SAMPLE_MISSING, SAMPLE_EXTRA, SAMPLE_DUPLICATE, SAMPLE_CHANGED, SAMPLE_KINDS };

struct sample_cells { /* cells of one column that differ in the same ways */
    size_t column;
    uint64_t count;
    char *set; /* classes with commas between (include/assay/difference.h), "-" for none */
};

struct sample {
    char id[33]; /* "-": rows without a key, of the whole segment */
    char *segment;
    const struct mismatch *about; /* NULL for "-" */
    uint64_t rows, looked, n[SAMPLE_KINDS], runs[SAMPLE_KINDS];
    bool missing_end; /* the last rows of the chunk are missing */
    struct sample_cells *cells;
    size_t n_cells;
    struct sample_cells *inside; /* set: where in nested values parts differ; count: so often */
    size_t n_inside;
    size_t *constant; /* columns that are the same throughout at the archive, not at the source */
    bool *constant_null; /* and whether they are NULL */
    size_t n_constant;
};

struct samples {
    struct sample *s;
    size_t n;
};

/* The newest about each chunk that does not match, as far as it was stated after both sides' statements. */
enum assay_status assay_samples_load(struct assay_ledger *l, const struct run *r, struct samples *out,
                                     struct assay_err *e);
void assay_samples_release(struct samples *s);

#endif
