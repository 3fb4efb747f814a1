/* The keyring: one random key a chunk, wrapped under the dataset key, in a file outside the ledger. Whoever has the
 * keyring and the dataset key can compute the sealed digests again; where a chunk's key is gone from every copy, its
 * digests say nothing any more. docs/ledger-format.md has the file. */
#ifndef ASSAY_KEYRING_H
#define ASSAY_KEYRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/buf.h"
#include "assay/err.h"

#define ASSAY_CHUNK_KEY_LEN 32

struct assay_keyring;

/* Read the keyring at path; a file that is not there is an empty keyring, made by the first save. keys_dir holds
 * dataset.key. ASSAY_ENOTFOUND: no dataset.key; ASSAY_ESTORE: the keyring belongs to another dataset key, or others can
 * read it; ASSAY_EDATA: not a whole keyring; ASSAY_ELIMIT. The caller closes it. */
enum assay_status assay_keyring_open(const char *path, const char *keys_dir, struct assay_keyring **out,
                                     struct assay_err *e);
/* Forgets what was not saved and wipes what was secret. NULL is a no-op. */
void assay_keyring_close(struct assay_keyring *k);

/* The key of a chunk. The caller wipes `out`. Threads may call this at the same time.
 * A key that is not there is looked for in the file again, where others may have saved it. When there is none: a new
 * random one with create (only the source's checker may; save before anybody is told of its chunk), else
 * ASSAY_ENOTFOUND. ASSAY_EERASED: it was destroyed, and none may take its place.
 * ASSAY_EDATA: its wrapping does not open (damaged, or moved from another chunk). */
enum assay_status assay_keyring_chunk_key(struct assay_keyring *k, const char *dataset_id, const char *segment,
                                          uint32_t ordinal, bool create, uint8_t out[ASSAY_CHUNK_KEY_LEN],
                                          struct assay_err *e);

/* Publish the keys made since the last save: whole file or nothing, mode 0600, under <path>.lock, together with what
 * others have saved meanwhile. ASSAY_ELOCKED: another process made a key for the same chunk first; nothing is written,
 * digests made with this one's must be thrown away. Without new keys nothing is written. */
enum assay_status assay_keyring_save(struct assay_keyring *k, struct assay_err *e);

/* Destroy the key of one chunk, or of all that the segment has (ordinal ASSAY_EVERY_CHUNK), and save. What was
 * destroyed stays marked. *n: how many were destroyed; already erased ones do not count, a key that was never there is
 * marked and counts. The blocks of the file before are overwritten as far as a program can; docs/ledger-format.md says
 * how far that is. */
#define ASSAY_EVERY_CHUNK UINT32_MAX
enum assay_status assay_keyring_erase(struct assay_keyring *k, const char *dataset_id, const char *segment,
                                      uint32_t ordinal, uint64_t *n, struct assay_err *e);
/* The same in a copy of a keyring, of whatever epoch and dataset key, without any key. ASSAY_ENOTFOUND: no such file.
 */
enum assay_status assay_keyring_erase_copy(const char *path, const char *dataset_id, const char *segment,
                                           uint32_t ordinal, uint64_t *n, struct assay_err *e);
/* What statements commit to, of the keys that would be destroyed: SHA-256(0x30 ‖ key), 32 bytes each. Appends. */
enum assay_status assay_keyring_commits(struct assay_keyring *k, const char *dataset_id, const char *segment,
                                        uint32_t ordinal, struct assay_buf *out, struct assay_err *e);

/* ---- epochs of the dataset key ---- */

/* Wrap everything anew under a new random dataset key and put that into keys_dir/dataset.key. The key before it stays
 * readable through the keyring (what was sealed under it opens). The new key's escrow goes to the same recipients.
 * Crash-safe: keyring and dataset.key are never both unreadable (the new key waits in dataset.key.next). */
enum assay_status assay_keyring_rotate(struct assay_keyring *k, struct assay_err *e);
/* The dataset key of the epoch that is known by this id (16 bytes); ASSAY_ENOTFOUND. The caller wipes `out`. */
enum assay_status assay_keyring_epoch_key(struct assay_keyring *k, const uint8_t id[16], uint8_t out[32],
                                          struct assay_err *e);
/* What a dataset key is known by: HMAC-SHA-256(key, "assay/keyring/1 id")[:16]. */
void assay_dataset_key_id(const uint8_t key[32], uint8_t out[16]);

/* ---- escrow: the dataset key in a CMS message that a recipient opens with openssl alone ---- */

/* Take the certificates (PEM files: RSA or EC) as recipients in place of those before, at least two with different
 * keys, and write the escrow of the current epoch to <path>.escrow-EPOCH.pem. */
enum assay_status assay_keyring_escrow(struct assay_keyring *k, const char *const *cert, size_t n, struct assay_err *e);

/* Open an escrow with a recipient's private key (PEM) and put the dataset key into keys_dir/dataset.key, which must not
 * be there. What `openssl cms -decrypt -inform PEM -in ESCROW -inkey KEY -out dataset.key` does. ASSAY_EDATA: the key
 * does not open it, or what is in it is no dataset key. */
enum assay_status assay_escrow_recover(const char *escrow, const char *private_key, const char *keys_dir,
                                       struct assay_err *e);

struct assay_keyring_facts {
    uint32_t epoch; /* 1… */
    char key_id[33];
    size_t past; /* earlier dataset keys it holds */
    size_t recipients;
    uint64_t keys, erased; /* chunks */
    bool escrowed; /* the escrow of this epoch is there, for exactly these recipients */
};
/* Everything opened once: every wrapped key unwrapped. ASSAY_EDATA names the first chunk whose key does not open. */
enum assay_status assay_keyring_check(struct assay_keyring *k, struct assay_keyring_facts *out, struct assay_err *e);
/* Name of the i-th recipient: "SUBJECT sha256:FINGERPRINT"; appends. ASSAY_ENOTFOUND past the end. */
enum assay_status assay_keyring_recipient(const struct assay_keyring *k, size_t i, struct assay_buf *out);

#endif
