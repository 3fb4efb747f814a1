/* Naming rows when the source is gone: what the ledger keeps of one chunk (root, sketch, block roots) against the rows
 * that the archive has. A row is named only after the source's root was rebuilt with it. Pure. */
#ifndef ASSAY_NAMING_H
#define ASSAY_NAMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/err.h"

enum assay_named_kind {
    ASSAY_NAMED_LOST, /* the source had it */
    ASSAY_NAMED_INVENTED, /* only the archive has it */
    ASSAY_NAMED_DOUBLED, /* the archive has it more often */
    ASSAY_NAMED_CORRUPTED, /* another row of the same key */
    ASSAY_NAMED_KINDS
};
const char *assay_named_kind_name(enum assay_named_kind k); /* "lost", "invented", "doubled", "corrupted" */

struct assay_named {
    enum assay_named_kind kind;
    const uint8_t *key;
    size_t key_len;
};
/* Keys from lo on and below hi; NULL: from the beginning or to the end of the chunk. */
struct assay_damaged {
    const uint8_t *lo, *hi;
    size_t lo_len, hi_len;
    uint64_t rows[2]; /* of the source, of the archive */
};

struct assay_naming_source { /* texts of docs/digests.md, opened; borrowed for the life of the naming */
    uint8_t root[32];
    const uint8_t *sketch, *blocks; /* NULL: there is none */
    size_t sketch_len, blocks_len;
};

struct assay_naming;
/* memory: bytes that the archive's rows may take. ASSAY_EDATA: the sketch cannot be read. */
enum assay_status assay_naming_new(const struct assay_naming_source *s, size_t memory, struct assay_naming **out,
                                   struct assay_err *e);
/* The archive's rows by rising (key bytes, rd). ASSAY_ELIMIT: they take more memory. */
enum assay_status assay_naming_add(struct assay_naming *n, const uint8_t *key, size_t len, const uint8_t rd[32],
                                   struct assay_err *e);

struct assay_naming_result { /* valid until the naming is freed */
    bool equal; /* the archive has exactly the rows of the source */
    bool named; /* the rows below are all that differ, confirmed by the root; by key */
    const struct assay_named *row;
    size_t n_rows;
    /* When they could not be named: where the chunk differs; none: anywhere in it. */
    const struct assay_damaged *range;
    size_t n_ranges;
    uint64_t rows; /* of the archive */
};
enum assay_status assay_naming_end(struct assay_naming *n, struct assay_naming_result *out, struct assay_err *e);
void assay_naming_free(struct assay_naming *n); /* NULL is a no-op */

#endif
