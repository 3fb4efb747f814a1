/* Sealed blobs: AES-256-SIV (RFC 5297), deterministic, so that the same content has the same hash. Statements cite the
 * ciphertext; whoever has the key opens it, anybody can check that it is the one cited. */
#ifndef ASSAY_BLOB_H
#define ASSAY_BLOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/buf.h"
#include "assay/err.h"

/* What a blob is about: associated data, so that a blob moved elsewhere does not open. All are given, none is empty. */
struct assay_blob_about {
    const char *kind; /* "cut", "bounds", "sketch", "finding" */
    const char *dataset; /* UUID */
    const char *segment; /* "*": all */
    uint32_t ordinal; /* of the chunk; UINT32_MAX: of the whole segment */
};

/* key: that of the chunk, so that the blob dies with it, or the dataset key for what belongs to a segment. At least one
 * byte. Appends "assay-sealed/1\n", what the key is known by (16 bytes), the synthetic IV (16 bytes), the ciphertext.
 */
enum assay_status assay_blob_seal(const uint8_t key[32], const struct assay_blob_about *about, const void *plain,
                                  size_t n, struct assay_buf *out, struct assay_err *e);
/* Appends what was sealed. ASSAY_ENOTFOUND: sealed under another key; ASSAY_EDATA: not a sealed blob, changed, or about
 * something else. */
enum assay_status assay_blob_open(const uint8_t key[32], const struct assay_blob_about *about, const void *sealed,
                                  size_t n, struct assay_buf *out, struct assay_err *e);
/* Is this a sealed blob? id (may be NULL) gets what its key is known by (assay_dataset_key_id). */
bool assay_blob_sealed(const void *bytes, size_t n, uint8_t id[16]);

/* For what is sealed under a dataset key: of this epoch, or of one before it that the keyring holds. Borrowed. */
struct assay_blob_keys {
    const uint8_t *dataset_key; /* 32 bytes */
    const char *keyring, *keys_dir;
};
/* assay_blob_open under the dataset key that it was sealed with; keys NULL: there is none here. ASSAY_ENOTFOUND says
 * that it is not at hand. */
enum assay_status assay_blob_open_any(const struct assay_blob_keys *keys, const struct assay_blob_about *about,
                                      const void *sealed, size_t n, struct assay_buf *out, struct assay_err *e);

/* HMAC-SHA-256(HKDF(dataset key, "assay/bound/1" dataset), segment ‖ 0x0a ‖ bound)[:16] of a chunk's key bound: equal
 * tags are equal bounds, so that tiling shows without disclosure. */
enum assay_status assay_bound_tag(const uint8_t dataset_key[32], const char *dataset, const char *segment,
                                  const void *bound, size_t n, uint8_t out[16]);

#endif
