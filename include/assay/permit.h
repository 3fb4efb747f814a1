/* A permit to delete: which chunks of a source, with which rows, what else may happen while they are deleted.
 * docs/ledger-format.md has the leaf and the list. */
#ifndef ASSAY_PERMIT_H
#define ASSAY_PERMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/buf.h"
#include "assay/err.h"
#include "assay/ledger.h"

struct assay_permit_chunk {
    char chunk[33]; /* id, in hex */
    uint32_t ordinal;
    uint64_t rows;
    uint8_t root[32], commit[32]; /* of the sealed digest, and to the key it is under */
    uint64_t leaf[2]; /* the statements that agree: of the source, of the archive */
    char *segment; /* owned */
};
struct assay_permit_list {
    struct assay_permit_chunk *chunk;
    size_t n, cap;
    uint64_t rows; /* of all */
};
/* Append a chunk; the segment's name is copied. */
enum assay_status assay_permit_list_add(struct assay_permit_list *l, const struct assay_permit_chunk *c,
                                        struct assay_err *e);
/* "assay-permit/1" LF, "dataset UUID" LF, "chunks N" LF, then a chunk a line: id, ordinal, rows, root, key commitment,
 * the two leaves, segment. Appends. */
enum assay_status assay_permit_list_text(const struct assay_permit_list *l, const char *dataset, struct assay_buf *out);
/* The reverse. ASSAY_ELEDGER: no such text, or of another dataset. */
enum assay_status assay_permit_list_parse(const char *text, size_t len, const char *dataset,
                                          struct assay_permit_list *out, struct assay_err *e);
void assay_permit_list_release(struct assay_permit_list *l);

struct assay_permit {
    uint64_t leaf;
    char run[37], dataset[37], plan[65], verdict_run[37], observed[40];
    uint64_t max_age; /* seconds */
    char *where; /* "LOCATOR table NAME" of the source, as the approver saw it; NULL in old ones; owned */
    char *place; /* struct assay_place, where it is the same from every machine; else NULL; owned */
    struct assay_permit_list list;
    char **obstacle; /* "KIND ROWS NAME", as the approver accepted them, sorted; owned */
    size_t n_obstacles;
};
/* Out of a ledger that was verified. ASSAY_EUSAGE: the leaf is no permit; ASSAY_ENOTFOUND: there is no such leaf. */
enum assay_status assay_permit_load(struct assay_ledger *l, uint64_t leaf, struct assay_permit *out,
                                    struct assay_err *e);
void assay_permit_release(struct assay_permit *p);

/* The first leaf after it that voids the permit: its approver withdrew it, or the key that signed it was put out of
 * use. UINT64_MAX: it stands. */
struct assay_permit_end {
    uint64_t leaf;
    bool withdrawn;
};
enum assay_status assay_permit_ended(struct assay_ledger *l, const struct assay_permit *p, struct assay_permit_end *out,
                                     struct assay_err *e);

#endif
