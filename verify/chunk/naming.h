/* What a naming is made of; private to naming*.c. */
#ifndef ASSAY_NAMING_PRIVATE_H
#define ASSAY_NAMING_PRIVATE_H

#include "assay/naming.h"
#include "assay/sealed.h"

#define NAMING_ROW (4 + 4 + 32) /* of a row kept: key length, occurrence, rd; then the key bytes */

struct difference;
struct assay_naming {
    struct assay_naming_source source;
    struct assay_sketch *sketch; /* of the source, and in the end of what differs; NULL: there is none */
    uint32_t capacity, words;
    struct assay_sealed_tree tree; /* of the archive's rows */
    struct assay_buf rows; /* all of them */
    struct difference *difference;
    size_t n_differences;
    struct assay_named *named;
    size_t n_named;
    struct assay_sealed_block *block;
    struct assay_damaged *range;
    size_t n_ranges;
};

struct naming_row {
    const uint8_t *key, *rd;
    size_t key_len;
    uint32_t occurrence;
};
/* The row at *at of the buffer, and on to the next. false: there is none. */
bool assay_naming_row(const struct assay_buf *rows, size_t *at, struct naming_row *out);

/* naming_ranges.c: the blocks of the source whose roots the archive's rows do not make. */
enum assay_status assay_naming_ranges(struct assay_naming *n, struct assay_err *e);

#endif
