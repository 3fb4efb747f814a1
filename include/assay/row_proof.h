/* Proof that a row is, or that no row of a key is, among those that the sealed statements of a chunk are about: leaves
 * of the chunk's tree with their paths, and tlog-proofs of the statements that sign its root. Whoever checks one needs
 * neither ledger nor keyring. docs/ledger-format.md has the file. */
#ifndef ASSAY_ROW_PROOF_H
#define ASSAY_ROW_PROOF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/buf.h"
#include "assay/checkpoint.h"
#include "assay/err.h"
#include "assay/merkle.h"
#include "assay/note.h"

struct assay_policy;

struct assay_row_leaf { /* one leaf of a chunk's tree */
    uint64_t index;
    uint32_t occurrence;
    uint8_t rd[32];
    struct assay_buf key; /* key bytes */
    struct assay_merkle_proof path;
    bool revealed; /* the two below are there: they make rd */
    uint8_t salt[16];
    struct assay_buf row; /* row bytes */
};

struct assay_row_part { /* one chunk */
    struct assay_buf
        statement[2]; /* tlog-proof files that carry their leaf: of the source, of the archive, or either */
    struct assay_row_leaf *leaf; /* in the order of their indices */
    size_t n;
};

struct assay_row_proof { /* owns everything; all-zero is an empty one */
    bool included; /* false: absent */
    struct assay_buf key; /* what it is about */
    struct assay_row_part *part;
    size_t n_parts;
};

/* A zeroed leaf or part at the end of the list; NULL when out of memory. */
struct assay_row_leaf *assay_row_part_add(struct assay_row_part *p);
struct assay_row_part *assay_row_proof_add(struct assay_row_proof *p);
void assay_row_part_release(struct assay_row_part *p);
void assay_row_proof_release(struct assay_row_proof *p);

/* Append the file. ASSAY_ELIMIT: it takes more than ASSAY_MAX_ROW_PROOF. */
enum assay_status assay_row_proof_write(const struct assay_row_proof *p, struct assay_buf *out, struct assay_err *e);
bool assay_row_proof_is(const char *text, size_t len); /* by its first line */
/* ASSAY_ELEDGER says what is wrong. Release it in either case. */
enum assay_status assay_row_proof_parse(const char *text, size_t len, struct assay_row_proof *out, struct assay_err *e);

struct assay_row_claim { /* what the statements of a part say; filled by assay_row_part_vouched */
    char dataset[37], segment[256], chunk[33];
    uint8_t root[32], form[32], commit[32];
    uint64_t rows;
    struct assay_buf lo, hi; /* key bytes; empty: open, or not told */
    bool bounds_told; /* the statement has them in clear, or is of the only chunk */
    bool stated[2]; /* by the source, by the archive */
    uint64_t index[2]; /* of the statement in its ledger */
    struct assay_stmt stmt; /* the first of the statements */
    struct assay_checkpoint head; /* of the smaller tree, where they differ; borrows from the part */
    unsigned cosigned; /* witnesses of the policy */
    bool unsigned_leaf; /* the policy has no role lines: the statements' own signatures were not looked at */
};
void assay_row_claim_release(struct assay_row_claim *c);

/* Are the part's statements in the tree that a believed log signs, signed by the roles that may, about one and the same
 * sealed chunk? Whom to believe: policy, or the public keys in keys_dir. ASSAY_ELEDGER when not. Release out in either
 * case. */
enum assay_status assay_row_part_vouched(const struct assay_row_part *part, const struct assay_policy *policy,
                                         const char *keys_dir, struct assay_row_claim *out, struct assay_err *e);
/* Do the part's leaves prove what the proof says, in a tree of that root? Pure. ASSAY_ELEDGER says what does not hold.
 */
enum assay_status assay_row_part_check(const struct assay_row_proof *p, const struct assay_row_part *part,
                                       const struct assay_row_claim *c, struct assay_err *e);

#endif
