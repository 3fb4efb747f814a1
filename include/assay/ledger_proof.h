/* What a ledger can show to somebody who remembers less than all of it. Nothing here writes. */
#ifndef ASSAY_LEDGER_PROOF_H
#define ASSAY_LEDGER_PROOF_H

#include "assay/checkpoint.h"
#include "assay/ledger.h"
#include "assay/merkle.h"
#include "assay/proof.h"

/* The ledger's origin; borrowed. */
const char *assay_ledger_origin(const struct assay_ledger *l);
/* The public key (vkey line) of a role as this ledger knows it; NULL when it has none. Borrowed. */
const char *assay_ledger_vkey(const struct assay_ledger *l, enum assay_role role);

/* A signed checkpoint of this ledger, from anywhere: its signature, its origin, and its root, which must be that of
 * this ledger's first leaves. ASSAY_ELEDGER says how the two differ: rolled back, another history, not ours. */
enum assay_status assay_ledger_against(struct assay_ledger *l, const char *note, size_t len,
                                       struct assay_checkpoint *out, struct assay_err *e);

/* Leaf `index` in the tree of the checkpoint `note`, which is lent to the proof; the leaf itself becomes its extra
 * data. The caller has checked the checkpoint (assay_ledger_against). ASSAY_ENOTFOUND when the checkpoint does not
 * cover it. */
enum assay_status assay_ledger_prove(struct assay_ledger *l, uint64_t index, const char *note, size_t len,
                                     struct assay_proof *out, struct assay_err *e);
/* From the tree of size1 leaves to that of size2. */
enum assay_status assay_ledger_prove_growth(struct assay_ledger *l, uint64_t size1, uint64_t size2,
                                            struct assay_merkle_proof *out, struct assay_err *e);

/* Does the policy have, of every role that it can name, one of the keys that this ledger was checked with?
 * ASSAY_ELEDGER names the one it lacks. */
struct assay_policy;
enum assay_status assay_ledger_under(const struct assay_ledger *l, const struct assay_policy *p, struct assay_err *e);

/* A checkpoint from anywhere, by the ledger's key in keys_dir: signature, grammar, and that the key is that of its
 * origin. */
enum assay_status assay_checkpoint_vouched(const char *keys_dir, const char *note, size_t len,
                                           struct assay_checkpoint *out, struct assay_err *e);
/* A statement from anywhere: is it a leaf that the role's key of keys_dir, or of the policy, has signed? *kind and
 * *role borrow from the note or are static. */
enum assay_status assay_leaf_vouched(const char *keys_dir, const struct assay_policy *p, const char *note, size_t len,
                                     const char **role, struct assay_err *e);

/* What a proof was found to be worth by who is believed: a policy, or (policy NULL) the public keys in keys_dir. */
struct assay_proof_verdict {
    struct assay_checkpoint head; /* borrows from the proof */
    unsigned cosigned; /* witnesses of the policy */
    const char *role; /* whose key signed the leaf; NULL: the policy has no role lines, it was not looked at. Static */
    uint8_t hash[32]; /* of the leaf */
};
/* Does a believed log sign a tree, and its quorum of witnesses, in which this leaf (a signed note) is where the proof
 * says, and has the role that may state it signed it? ASSAY_ELEDGER when not. */
enum assay_status assay_proof_vouched(const struct assay_proof *p, const struct assay_buf *leaf,
                                      const struct assay_policy *policy, const char *keys_dir,
                                      struct assay_proof_verdict *out, struct assay_err *e);

#endif
