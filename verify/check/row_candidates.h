/* The chunks that a row of one key may be in, and what is attested about them. */
#ifndef ASSAY_ROW_CANDIDATES_H
#define ASSAY_ROW_CANDIDATES_H

#include "assay/attested_source.h"
#include "assay/cut.h"
#include "assay/row_prove.h"

struct candidate { /* one chunk */
    const struct assay_cut *cut;
    uint32_t ordinal;
    bool erased, found;
    uint64_t erased_by; /* leaf */
    struct assay_buf *row; /* row bytes of the rows of the key, when they are to be revealed */
    size_t n_rows;
    struct assay_row_part part[2]; /* the leaves of the rows, and those around the key */
    uint8_t root[32], commit[32];
    const char *why; /* the keyring's: there is no root; static */
    bool looked; /* root and parts are there */
};
struct candidates {
    struct candidate *c; /* by cut, then ordinal */
    size_t n, cap;
    struct assay_buf key; /* bytes */
};

/* The key's bytes out of its text. ASSAY_EUSAGE names the column whose text cannot be read as its type. */
enum assay_status assay_row_key(const struct assay_row_job *j, struct assay_buf *out, struct assay_err *e);
/* By the cuts: one a segment, or without a key all that it has. Erasures are looked up. */
enum assay_status assay_candidates_make(const struct assay_row_job *j, const struct assay_cutset *cuts,
                                        const uint8_t *secret, struct candidates *out, struct assay_err *e);
struct candidate *assay_candidates_find(const struct candidates *c, const struct assay_cut *cut, uint32_t ordinal);
void assay_candidates_release(struct candidates *c);

#endif
