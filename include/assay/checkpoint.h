/* C2SP checkpoints and their cosignatures: what a log signs of itself. Pure. */
#ifndef ASSAY_CHECKPOINT_H
#define ASSAY_CHECKPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/buf.h"
#include "assay/err.h"

struct assay_checkpoint {
    const char *origin; /* borrowed from the text, not NUL-terminated */
    size_t origin_len;
    uint64_t size; /* <= INT64_MAX */
    uint8_t root[32];
    bool extended; /* lines follow the third */
};
/* The text of a note as a checkpoint, of whatever origin. NULL when good, else what is wrong (static). */
const char *assay_checkpoint_split(const char *text, size_t len, struct assay_checkpoint *out);
/* A decimal number without sign or leading zero, at most INT64_MAX: sizes and indices of C2SP formats. */
bool assay_checkpoint_number(const char *p, size_t n, uint64_t *out);
/* Append the signed checkpoint that a file of ours holds: a note, a tlog-proof, or a JSON or HTML report. What is
 * appended is no more trusted than the file. ASSAY_ELEDGER when it holds none. */
enum assay_status assay_checkpoint_find(const char *text, size_t len, struct assay_buf *out, struct assay_err *e);
/* "SIZE:first 8 hex digits of the root", to be read aloud, printed or mailed. */
void assay_checkpoint_short(const struct assay_checkpoint *c, char out[32]);

#endif
