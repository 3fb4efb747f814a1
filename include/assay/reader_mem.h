/* A reader over arrays, for tests: the same contract as any other side, and faults on demand. */
#ifndef ASSAY_READER_MEM_H
#define ASSAY_READER_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/reader.h"

/* A table. Everything is borrowed for the life of the reader; zero members have the meaning given. */
struct assay_mem_table {
    const char *const *columns; /* native names */
    const enum assay_logical *types; /* proposed types; NULL: all text */
    const uint16_t *key_pos; /* 1-based positions in the key; NULL: no key */
    size_t n_columns;
    const struct assay_value *values; /* rows x columns; or NULL and then */
    const char *const *cells; /* rows x columns of lexemes, NULL = NULL; delivered as ASSAY_K_LEXEME */
    size_t n_rows;
    size_t n_parts; /* rows are split evenly; 0: one */
    size_t batch_rows; /* 0: ASSAY_BATCH_ROWS */
    bool objects; /* parts look like files "part-0": the scan's end carries a hash and bytes, which
                     depend on the part's first and last row numbers only */
    bool count_unknown; /* count() says so */
    uint64_t count_off_by; /* added to what count() says */
    const char *token; /* NULL: "" */
    const char *const *row_defect; /* per row NULL or a sentence: all its values become ASSAY_K_BAD; or NULL */
    uint64_t fail_at_row; /* 1-based row of the table at which next() fails with fail_status; 0: never */
    enum assay_status fail_status;
};

/* Open a reader over the table. The caller closes it through reader->ops->close. */
enum assay_status assay_mem_open(const struct assay_mem_table *t, struct assay_reader **out, struct assay_err *e);

#endif
