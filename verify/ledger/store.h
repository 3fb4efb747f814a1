/* The SQLite file behind a ledger, private to verify/ledger. */
#ifndef ASSAY_LEDGER_STORE_H
#define ASSAY_LEDGER_STORE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "assay/ledger.h"
#include "assay/limits.h"
#include "assay/merkle.h"
#include "assay/note.h"
#include "stmt.h"

/* The public keys of the roles; a member is NULL when keys_dir has no such file. */
struct assay_ring {
    char *dir;
    struct assay_verifier *role[ASSAY_ROLE_COUNT];
};

struct assay_ledger {
    sqlite3 *db;
    char *path;
    char *published; /* path of the checkpoint file beside the database */
    char *origin;
    struct assay_ring ring;
    struct assay_buf checkpoint; /* what assay_ledger_checkpoint lends out */
    uint64_t size; /* leaves, as last read */
    /* appending only */
    int lock; /* -1: not held */
    struct assay_key *key; /* the ledger's own */
    struct assay_merkle tree; /* compact range over all committed leaves */
};

/* ---- store.c ---- */
/* Make a new file with all tables; nothing stays behind on failure. */
enum assay_status assay_store_create(const char *path, const char *origin, struct assay_err *e);
/* Open l->path, set it up, check that its tables are ours and read the origin. */
enum assay_status assay_store_open(struct assay_ledger *l, bool write, struct assay_err *e);
/* Every table, index and trigger exactly as created and nothing else. */
enum assay_status assay_store_intact(struct assay_ledger *l, struct assay_err *e);
/* Record what SQLite says of a failed call while `doing`. */
enum assay_status assay_store_fail(struct assay_ledger *l, const char *doing, struct assay_err *e);
enum assay_status assay_store_prepare(struct assay_ledger *l, const char *sql, sqlite3_stmt **out, struct assay_err *e);
enum assay_status assay_store_exec(struct assay_ledger *l, const char *sql, const char *doing, struct assay_err *e);
/* First column of the first row; `none` when there is no row or it is NULL. */
enum assay_status assay_store_number(struct assay_ledger *l, const char *sql, uint64_t none, uint64_t *out,
                                     struct assay_err *e);
/* Number of leaves (highest index + 1), into l->size as well. */
enum assay_status assay_store_size(struct assay_ledger *l, uint64_t *out, struct assay_err *e);

/* ---- tree.c ---- */
/* Root of the first n leaves, from stored tile nodes and stored leaf hashes alone. */
enum assay_status assay_tree_root(struct assay_ledger *l, uint64_t n, uint8_t out[32], struct assay_err *e);
/* Leaf hash `idx` is the last of a full tile: store the tile's node (and those above that it completes). */
enum assay_status assay_tree_grow(struct assay_ledger *l, uint64_t idx, struct assay_err *e);
/* Hash of the tile of 256 children that ends with child `idx` of `level` (0: leaves). */
enum assay_status assay_tree_tile(struct assay_ledger *l, unsigned level, uint64_t tile, uint8_t out[32],
                                  struct assay_err *e);
/* The stored node; ASSAY_ELEDGER when it is missing. */
enum assay_status assay_tree_node(struct assay_ledger *l, unsigned level, uint64_t idx, uint8_t out[32],
                                  struct assay_err *e);

/* ---- ring.c ---- */
/* Load the *.key.pub of dir (NULL: none). Refuses a public key that serves two roles. */
enum assay_status assay_ring_load(struct assay_ring *r, const char *dir, struct assay_err *e);
void assay_ring_release(struct assay_ring *r);
/* The verifier of a role; ASSAY_ENOTFOUND with a sentence when its file is missing. */
enum assay_status assay_ring_get(const struct assay_ring *r, enum assay_role role, const struct assay_verifier **out,
                                 struct assay_err *e);

/* ---- checkpoint.c ---- */
struct assay_head_of_log {
    uint64_t size;
    uint8_t root[32];
};
enum assay_status assay_checkpoint_text(const char *origin, uint64_t size, const uint8_t root[32],
                                        struct assay_buf *out);
/* The text of a checkpoint of this origin. NULL when good, else what is wrong. */
const char *assay_checkpoint_parse(const char *text, size_t len, const char *origin, struct assay_head_of_log *out);
/* What stands in the file beside the database. *found is false when there is no file. */
enum assay_status assay_published_read(struct assay_ledger *l, struct assay_head_of_log *out, bool *found,
                                       struct assay_err *e);
/* Judge it against the database of n leaves; *behind: it is older than the newest checkpoint, but consistent. */
enum assay_status assay_published_check(struct assay_ledger *l, const struct assay_head_of_log *pub, bool found,
                                        uint64_t n, bool *behind, struct assay_err *e);

/* ---- leaf.c ---- */
/* Read what a note states and which role must have signed it. Borrows from note. */
enum assay_status assay_leaf_read(const char *note, size_t len, struct assay_head *h, enum assay_role *role,
                                  struct assay_err *e);
/* Is it signed by that role's key? Thread-safe. */
enum assay_status assay_leaf_signed(const struct assay_ring *r, enum assay_role role, const char *note, size_t len,
                                    struct assay_err *e);
/* Both, with the kind in the sentence. */
enum assay_status assay_leaf_admit(const struct assay_ring *r, const char *note, size_t len, struct assay_head *h,
                                   enum assay_role *role, struct assay_err *e);

/* ---- open.c ---- */
/* Write the note of a committed checkpoint beside the database. */
enum assay_status assay_checkpoint_publish(struct assay_ledger *l, const struct assay_buf *note, struct assay_err *e);
enum assay_status assay_ledger_open_append_wait(const char *path, const char *keys_dir, int wait_ms,
                                                struct assay_ledger **out, struct assay_err *e);
/* ---- read.c ---- */
struct assay_ledger *assay_ledger_new(const char *path, struct assay_err *e);

#endif
