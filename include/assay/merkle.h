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

/* Second, independent path: recursive split over an array of leaf hashes (RFC 6962 section 2.1). */
void assay_merkle_root_of(const uint8_t (*leaf)[32], uint64_t n, uint8_t out[32]);

/* Proof checks, RFC 9162 sections 2.1.3.2 and 2.1.4.2. */
bool assay_merkle_check_inclusion(uint64_t index, uint64_t size, const uint8_t leaf[32], const uint8_t (*proof)[32],
                                  size_t n, const uint8_t root[32]);
bool assay_merkle_check_consistency(uint64_t size1, uint64_t size2, const uint8_t (*proof)[32], size_t n,
                                    const uint8_t root1[32], const uint8_t root2[32]);

/* Making proofs, RFC 6962 sections 2.1.1 and 2.1.2. `range` gives the hash of the n > 0 leaves from `first` on, which
 * is always a subtree: first is a multiple of the largest power of two <= n. */
typedef enum assay_status assay_merkle_range(void *ctx, uint64_t first, uint64_t n, uint8_t out[32],
                                             struct assay_err *e);
struct assay_merkle_proof {
    uint8_t hash[65][32]; /* a tree of 2^64 leaves has no longer one */
    size_t n;
};
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
