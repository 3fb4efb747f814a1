/* The sealed digest of one chunk: salted row digests under the chunk's key, and an RFC 6962 tree over them in key
 * order. docs/digests.md has the bytes. Pure; nothing here allocates but where it says so. */
#ifndef ASSAY_SEALED_H
#define ASSAY_SEALED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/buf.h"
#include "assay/err.h"
#include "assay/keyring.h"
#include "assay/limits.h"
#include "assay/merkle.h"

#define ASSAY_SEALED_BLOCK 1024 /* rows of a subtree whose root is kept */

/* A chunk key, ready for HMAC: as secret as the key itself. */
struct assay_sealed_key {
    uint32_t inner[8], outer[8];
};
void assay_sealed_key_init(struct assay_sealed_key *k, const uint8_t chunk_key[ASSAY_CHUNK_KEY_LEN]);
/* What a statement says of the key: SHA-256(0x30 | key). */
void assay_sealed_commit(const uint8_t chunk_key[ASSAY_CHUNK_KEY_LEN], uint8_t out[32]);

/* Key bytes of a row without a key: SHA-256(row bytes). */
void assay_sealed_no_key(const uint8_t *row, size_t n, uint8_t key[32]);
/* s = HMAC-SHA-256(key, 0x11 | key bytes)[:16] */
void assay_sealed_salt(const struct assay_sealed_key *k, const uint8_t *key, size_t n, uint8_t salt[16]);
/* rd = SHA-256(0x10 | s | row bytes) */
void assay_sealed_row(const uint8_t salt[16], const uint8_t *row, size_t n, uint8_t rd[32]);
/* SHA-256(0x00 | u32 length | key bytes | u32 occurrence | rd) */
void assay_sealed_leaf(const uint8_t *key, size_t n, uint32_t occurrence, const uint8_t rd[32], uint8_t leaf[32]);
/* Of the sketch: the first 8 bytes of SHA-256(0x20 | rd | u32 occurrence), big-endian; 0, which one in 2^64 has,
 * becomes 1. */
uint64_t assay_sealed_locator(const uint8_t rd[32], uint32_t occurrence);

/* The tree of one chunk. Rows come in rising order of (key bytes, rd). All-zero is the empty tree. */
struct assay_sealed_tree {
    struct assay_merkle block, whole; /* of the block at hand; of the roots of those before it */
    uint64_t rows;
    uint32_t occurrence; /* of the row added last */
    uint8_t rd[32]; /* of it */
    struct assay_buf key; /* of it */
    struct assay_buf blocks; /* the text below; complete after the end */
    size_t at; /* of the block at hand in it */
};
/* ASSAY_EUSAGE: the row is not in order. ASSAY_ENOMEM. */
enum assay_status assay_sealed_tree_add(struct assay_sealed_tree *t, const uint8_t *key, size_t n, const uint8_t rd[32],
                                        struct assay_err *e);
/* No more rows. */
enum assay_status assay_sealed_tree_end(struct assay_sealed_tree *t, uint8_t root[32], struct assay_err *e);
void assay_sealed_tree_release(struct assay_sealed_tree *t);

/* After the end, t->blocks: "assay-blocks/1" LF, u64 rows, then a block: root, u32 length and key bytes of its first
 * row. Integers big-endian. The root of the whole is that of the tree over the blocks' roots. */
struct assay_sealed_block {
    const uint8_t *root, *key; /* into the text */
    uint32_t key_len;
};
/* blocks: for assay_sealed_blocks_count(rows). false: not such a text, or of another root. */
bool assay_sealed_blocks_read(const uint8_t *text, size_t n, const uint8_t root[32], struct assay_sealed_block *blocks,
                              uint64_t *rows);
/* How many blocks a text of n bytes can say to have; 0 when it is none. */
size_t assay_sealed_blocks_count(const uint8_t *text, size_t n);

/* ---- elements of the sketch ---- */

/* What a payload holds: rd, u32 occurrence, u16 key length, the key bytes as far as they fit, zero bytes. */
struct assay_sealed_element {
    uint8_t rd[32], key[8 * ASSAY_MAX_SKETCH_WORDS];
    uint32_t occurrence;
    size_t key_len;
};
/* Words of a payload for keys of that length; 0: they are too long for a sketch. */
uint32_t assay_sealed_words(size_t longest_key);
/* out: words words. The key may be longer than what they are for: then it is cut, and none that was sealed. */
void assay_sealed_payload(const uint8_t *key, size_t n, uint32_t occurrence, const uint8_t rd[32], uint32_t words,
                          uint64_t *out);
/* false: no payload of an element with that locator. */
bool assay_sealed_payload_read(uint64_t locator, const uint64_t *payload, uint32_t words,
                               struct assay_sealed_element *out);

/* "assay-sketch/1" LF, u32 capacity, u32 words, the sums. Appends. */
struct assay_sketch;
enum assay_status assay_sealed_sketch_put(const struct assay_sketch *s, uint32_t capacity, uint32_t words,
                                          struct assay_buf *out);
/* ASSAY_EDATA: no such text. */
enum assay_status assay_sealed_sketch_get(const uint8_t *text, size_t n, struct assay_sketch **out, uint32_t *capacity,
                                          uint32_t *words, struct assay_err *e);

#endif
