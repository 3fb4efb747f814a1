/* RFC 6962 / RFC 9162 Merkle tree over SHA-256. Pure. */
#ifndef ASSAY_MERKLE_H
#define ASSAY_MERKLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/err.h"

void assay_merkle_leaf(const void *body, size_t n, uint8_t out[32]);
void assay_merkle_node(const uint8_t left[32], const uint8_t right[32], uint8_t out[32]);
void assay_merkle_empty(uint8_t out[32]); /* SHA-256("") */

/* Compact range: appending leaf hashes one by one, root at any time, O(log n) memory. All-zero is the empty tree. */
struct assay_merkle {
    uint64_t size;
    uint8_t stack[64][32];
};
void assay_merkle_add(struct assay_merkle *m, const uint8_t leaf[32]);
void assay_merkle_root(const struct assay_merkle *m, uint8_t out[32]);

/* Where a tree of n > 1 leaves parts into two: the largest power of two below n. */
uint64_t assay_merkle_split(uint64_t n);

/* Second, independent path: recursive split over an array of leaf hashes (RFC 6962 section 2.1). */
void assay_merkle_root_of(const uint8_t (*leaf)[32], uint64_t n, uint8_t out[32]);

/* Subtrees, draft-ietf-plants-merkle-tree-certs section 4: the leaves [start, end) are one when start is a multiple of
 * the smallest power of two that is not below their number. Empty ones are in every tree that reaches to them. */
bool assay_merkle_is_subtree(uint64_t start, uint64_t end);

/* Proof checks. The first is that of section 4.4.3; all others are cases of it: a leaf is the subtree [index, index +
 * 1), an older tree the subtree [0, size1) (RFC 9162 sections 2.1.3.2 and 2.1.4.2). `root` is not looked at where the
 * subtree is empty; a tree of no leaves is consistent with itself alone, and only under the hash of no bytes. */
bool assay_merkle_check_subtree(uint64_t start, uint64_t end, uint64_t size, const uint8_t (*proof)[32], size_t n,
                                const uint8_t subtree[32], const uint8_t root[32]);
bool assay_merkle_check_in_subtree(uint64_t index, uint64_t start, uint64_t end, const uint8_t leaf[32],
                                   const uint8_t (*proof)[32], size_t n, const uint8_t subtree[32]);
bool assay_merkle_check_inclusion(uint64_t index, uint64_t size, const uint8_t leaf[32], const uint8_t (*proof)[32],
                                  size_t n, const uint8_t root[32]);
bool assay_merkle_check_consistency(uint64_t size1, uint64_t size2, const uint8_t (*proof)[32], size_t n,
                                    const uint8_t root1[32], const uint8_t root2[32]);

/* Making proofs, likewise. `range` gives the hash of the n > 0 leaves from `first` on, which is always a subtree. */
typedef enum assay_status assay_merkle_range(void *ctx, uint64_t first, uint64_t n, uint8_t out[32],
                                             struct assay_err *e);
struct assay_merkle_proof {
    uint8_t hash[65][32]; /* a tree of 2^64 leaves has no longer one */
    size_t n;
};
/* ASSAY_ENOTFOUND when [start, end) is no subtree or not in the tree, or the leaf not in the subtree. */
enum assay_status assay_merkle_prove_subtree(uint64_t start, uint64_t end, uint64_t size, assay_merkle_range *range,
                                             void *ctx, struct assay_merkle_proof *out, struct assay_err *e);
enum assay_status assay_merkle_prove_in_subtree(uint64_t index, uint64_t start, uint64_t end, assay_merkle_range *range,
                                                void *ctx, struct assay_merkle_proof *out, struct assay_err *e);
/* ASSAY_ENOTFOUND when index >= size. */
enum assay_status assay_merkle_prove_inclusion(uint64_t index, uint64_t size, assay_merkle_range *range, void *ctx,
                                               struct assay_merkle_proof *out, struct assay_err *e);
/* The same for many leaves in one pass over all leaf hashes, which are overwritten: proof[p] is that of leaf index[p].
 */
void assay_merkle_prove_many(uint8_t (*leaf)[32], uint64_t n, const uint64_t *index, struct assay_merkle_proof *proof,
                             size_t n_proofs);
/* Empty when size1 is 0 or size2; ASSAY_ENOTFOUND when size1 > size2. */
enum assay_status assay_merkle_prove_consistency(uint64_t size1, uint64_t size2, assay_merkle_range *range, void *ctx,
                                                 struct assay_merkle_proof *out, struct assay_err *e);

#endif
