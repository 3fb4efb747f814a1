/* C2SP tlog-proof files: one leaf's place in a signed tree, checked without the ledger. */
#ifndef ASSAY_PROOF_H
#define ASSAY_PROOF_H

#include <stddef.h>
#include <stdint.h>

#include "assay/buf.h"
#include "assay/checkpoint.h"
#include "assay/err.h"
#include "assay/merkle.h"

struct assay_proof {
    uint64_t index;
    struct assay_merkle_proof path;
    const char *checkpoint; /* the signed note; borrowed */
    size_t checkpoint_len;
    struct assay_buf extra; /* the leaf's own bytes where the file carries them: worth what they hash to */
};

/* Append the file. `extra` of length 0 is left out. */
enum assay_status assay_proof_write(const struct assay_proof *p, struct assay_buf *out, struct assay_err *e);
/* Read one; the checkpoint is borrowed from text. ASSAY_ELEDGER says what is wrong. Release it in either case. */
enum assay_status assay_proof_parse(const char *text, size_t len, struct assay_proof *out, struct assay_err *e);
void assay_proof_release(struct assay_proof *p);
/* Is a leaf of this hash where the proof says, in the tree of its checkpoint? Signatures are not looked at here. */
enum assay_status assay_proof_check(const struct assay_proof *p, const uint8_t leaf[32], struct assay_checkpoint *head,
                                    struct assay_err *e);

/* Lines of base64, one hash each, as proofs and add-checkpoint requests have them. */
enum assay_status assay_proof_lines(const struct assay_merkle_proof *path, struct assay_buf *out, struct assay_err *e);
/* Read such lines from *p up to and with the empty one. NULL when good, else what is wrong (static). */
const char *assay_proof_read_lines(const char **p, const char *end, size_t max, struct assay_merkle_proof *out);

#endif
