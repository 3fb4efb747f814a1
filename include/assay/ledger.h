/* The ledger, reading: open, iterate, find, verify. Nothing here writes. */
#ifndef ASSAY_LEDGER_H
#define ASSAY_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/buf.h"
#include "assay/err.h"
#include "assay/note.h"

struct assay_ledger;

/* A ledger is at a path, or in a PostgreSQL database: postgresql://..., postgres://... or service=NAME. Passwords have
 * no place in such a location. */
bool assay_ledger_is_remote(const char *location);

/* Open an existing ledger for reading. keys_dir holds the *.pub files that say which key has which role. */
enum assay_status assay_ledger_open(const char *path, const char *keys_dir, struct assay_ledger **out,
                                    struct assay_err *e);
void assay_ledger_close(struct assay_ledger *l); /* NULL is a no-op */

uint64_t assay_ledger_size(struct assay_ledger *l); /* leaves */
/* Newest checkpoint note in the database; borrowed until the next call. "" when there is none. */
const char *assay_ledger_checkpoint(struct assay_ledger *l);

/* Whose signatures count for a role; NULL when keys_dir has no such key. Borrowed. */
const struct assay_verifier *assay_ledger_signer(const struct assay_ledger *l, enum assay_role role);
/* The nth key that the role has had, the oldest first, as assay_ledger_verify found them; NULL past the last. */
const struct assay_verifier *assay_ledger_nth_signer(const struct assay_ledger *l, enum assay_role role, size_t nth);

/* The `key` leaf that put the key which signed leaf `index` for the role out of use, rotated or revoked; *end is
 * UINT64_MAX while it is in force. */
enum assay_status assay_ledger_key_end(struct assay_ledger *l, enum assay_role role, uint64_t index, uint64_t *end,
                                       struct assay_err *e);

/* Leaves are handed out from what was judged: before the first, and for what is new before every later one, the tree is
 * recomputed from the notes and must be that of the newest checkpoint, whose signature is checked; rows of leaf_index
 * that say something else than the leaves are ASSAY_ELEDGER, and no index of the database is believed. After this call
 * they are handed out as they are stored, for who looks at a ledger that may be broken. */
void assay_ledger_as_stored(struct assay_ledger *l);

/* Which leaves: NULL members match anything. */
struct assay_ledger_query {
    const char *kind, *role, *dataset, *run, *segment, *chunk;
    uint64_t from; /* lowest leaf index */
    bool newest_first;
};
struct assay_leaf {
    uint64_t index;
    const char *note; /* the signed note, NUL-terminated, note_len bytes */
    size_t note_len;
    uint8_t hash[32]; /* RFC 6962 leaf hash */
};
/* Call `each` for every matching leaf in index order (or newest first); it returns false to stop. Leaf memory is valid
 * during the call. */
enum assay_status assay_ledger_each(struct assay_ledger *l, const struct assay_ledger_query *q,
                                    bool (*each)(void *ctx, const struct assay_leaf *leaf), void *ctx,
                                    struct assay_err *e);

/* One leaf by its index: `each` is called once. ASSAY_ENOTFOUND when there is none. */
enum assay_status assay_ledger_leaf(struct assay_ledger *l, uint64_t index,
                                    void (*each)(void *ctx, const struct assay_leaf *leaf), void *ctx,
                                    struct assay_err *e);
/* Index of the leaf with this RFC 6962 hash. ASSAY_ENOTFOUND when there is none. */
enum assay_status assay_ledger_find(struct assay_ledger *l, const uint8_t hash[32], uint64_t *index,
                                    struct assay_err *e);

/* A blob by its SHA-256; ASSAY_ENOTFOUND when there is none, ASSAY_ELEDGER when its bytes do not hash to its name.
 * Appends. */
enum assay_status assay_ledger_blob(struct assay_ledger *l, const uint8_t sha256[32], struct assay_buf *out,
                                    struct assay_err *e);

/* Everything: every leaf re-hashed, every signature and role checked, the root computed by two paths, every checkpoint,
 * the published checkpoint beside the file, every blob cited. ASSAY_ELEDGER names the first broken leaf. */
struct assay_ledger_stats {
    uint64_t leaves, blobs, checkpoints;
    int64_t total_ns, signature_ns; /* how long it took, and the signatures of it */
    char root[45]; /* base64 */
};
enum assay_status assay_ledger_verify(struct assay_ledger *l, struct assay_ledger_stats *out, struct assay_err *e);

#endif
