/* What is behind a ledger, private to verify/ledger: the handle, and its storage as one table of functions. */
#ifndef ASSAY_LEDGER_STORE_H
#define ASSAY_LEDGER_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "assay/ledger.h"
#include "assay/limits.h"
#include "assay/merkle.h"
#include "assay/note.h"
#include "stmt.h"

/* A key that a role had, has, or has got: what it signed counts in leaves from…to. */
struct assay_tenure {
    enum assay_role role;
    struct assay_verifier *key;
    uint64_t from, to;
};

/* The public keys of the roles; a member is NULL when keys_dir has no such file. */
struct assay_ring {
    char *dir;
    struct assay_verifier *role[ASSAY_ROLE_COUNT];
    struct assay_tenure *tenure; /* of roles whose key changed, by leaf */
    size_t n_tenures;
};

/* ---- storage: a backend stores and fetches rows, and judges nothing but its own tables ---- */

struct assay_db; /* a connection to one ledger; every backend has its own idea of it */

/* A row of `leaf`; bytes are borrowed during the call. */
struct assay_store_leaf {
    uint64_t idx;
    const uint8_t *hash;
    size_t hash_len;
    const char *note; /* ends in a NUL that is not counted */
    size_t note_len;
    bool indexed; /* there is a row of leaf_index beside it */
    struct assay_text index[ASSAY_INDEX_FIELDS]; /* p is NULL where it is null */
};
/* A row of `checkpoint`, in memory of its own. */
struct assay_store_checkpoint {
    uint64_t size;
    struct assay_buf note, frontier;
};
enum assay_store_table { ASSAY_TABLE_LEAF_INDEX, ASSAY_TABLE_NODE, ASSAY_TABLE_CHECKPOINT, ASSAY_TABLES };

/* ASSAY_ELEDGER: what is stored is not a ledger's; ASSAY_ELOCKED: somebody else is at it. A callback returns false to
 * stop and keeps its errors itself; it may call the functions that read. */
struct assay_store {
    /* An empty ledger; nothing stays behind on failure. */
    enum assay_status (*create)(const char *location, const char *origin, struct assay_err *e);
    /* Open and check that the tables are ours; to write: under the exclusive lock, guards checked as well. *db is set
     * on failure too when there is something to close. */
    enum assay_status (*open)(const char *location, bool write, int wait_ms, struct assay_db **db, struct assay_err *e);
    void (*close)(struct assay_db *db); /* NULL is a no-op */
    /* One run a role: held until released, by a process that has no connection open. Waits assay_store_patience. */
    enum assay_status (*hold)(const char *location, const char *role, struct assay_db **held, struct assay_err *e);
    /* Every table, index and trigger exactly as created and nothing else. */
    enum assay_status (*intact)(struct assay_db *db, struct assay_err *e);
    enum assay_status (*begin)(struct assay_db *db, bool write, struct assay_err *e);
    enum assay_status (*commit)(struct assay_db *db, struct assay_err *e);
    void (*rollback)(struct assay_db *db); /* no transaction: a no-op */

    enum assay_status (*origin)(struct assay_db *db, struct assay_buf *out, struct assay_err *e);
    enum assay_status (*size)(struct assay_db *db, uint64_t *out, struct assay_err *e); /* highest index + 1 */
    enum assay_status (*count)(struct assay_db *db, enum assay_store_table t, uint64_t *out, struct assay_err *e);
    /* Leaves from index `from` on in order, with their rows of leaf_index. */
    enum assay_status (*leaves)(struct assay_db *db, uint64_t from,
                                bool (*each)(void *ctx, const struct assay_store_leaf *row), void *ctx,
                                struct assay_err *e);
    /* Leaves that leaf_index finds; `index` of the rows is not set. */
    enum assay_status (*select)(struct assay_db *db, const struct assay_ledger_query *q,
                                bool (*each)(void *ctx, const struct assay_store_leaf *row), void *ctx,
                                struct assay_err *e);
    enum assay_status (*find)(struct assay_db *db, const uint8_t hash[32], bool *found, uint64_t *idx,
                              struct assay_err *e);
    /* Hashes of leaves (level 0) or nodes first, first + 1, ... as far as they are there, at most n. */
    enum assay_status (*hashes)(struct assay_db *db, unsigned level, uint64_t first, size_t n, uint8_t (*out)[32],
                                size_t *got, struct assay_err *e);
    /* The first checkpoint of at least `from` leaves; ASSAY_STORE_NEWEST: the newest. out is reset first. */
    enum assay_status (*checkpoint)(struct assay_db *db, uint64_t from, struct assay_store_checkpoint *out, bool *found,
                                    struct assay_err *e);
    enum assay_status (*has_blob)(struct assay_db *db, const uint8_t sha256[32], bool *found, struct assay_err *e);
    /* The bytes of a blob in pieces, none when it is empty. */
    enum assay_status (*blob)(struct assay_db *db, const uint8_t sha256[32], bool *found,
                              bool (*each)(void *ctx, const uint8_t *bytes, size_t n), void *ctx, struct assay_err *e);
    /* The names of all blobs, whatever they are. */
    enum assay_status (*blobs)(struct assay_db *db, bool (*each)(void *ctx, const uint8_t *name, size_t n), void *ctx,
                               struct assay_err *e);

    enum assay_status (*put_leaf)(struct assay_db *db, const struct assay_store_leaf *row, struct assay_err *e);
    enum assay_status (*put_node)(struct assay_db *db, unsigned level, uint64_t idx, const uint8_t hash[32],
                                  struct assay_err *e);
    enum assay_status (*put_checkpoint)(struct assay_db *db, const struct assay_store_checkpoint *row,
                                        struct assay_err *e);
    enum assay_status (*put_blob)(struct assay_db *db, const uint8_t sha256[32], const void *bytes, size_t n,
                                  struct assay_err *e);
};
#define ASSAY_STORE_NEWEST UINT64_MAX
extern const struct assay_store assay_store_sqlite, assay_store_pg;

struct assay_view; /* view.h */

struct assay_ledger {
    const struct assay_store *store;
    struct assay_db *db;
    char *path; /* where it is */
    char *published; /* path of the checkpoint file outside the database */
    char *origin;
    struct assay_ring ring;
    bool followed; /* ring knows the keys that the ledger says */
    struct assay_buf checkpoint; /* what assay_ledger_checkpoint lends out */
    uint64_t size; /* leaves, as last read */
    struct assay_view *view; /* what is known of its leaves; NULL before the first was asked for */
    bool as_stored; /* leaves are handed out without it */
    /* appending only */
    bool writing;
    struct assay_key *key; /* the ledger's own */
    struct assay_merkle tree; /* compact range over all committed leaves */
};

/* ---- store.c ---- */
/* The backend that a location names. */
const struct assay_store *assay_store_of(const char *location);
/* Path of the checkpoint file: beside the database where that is a file, else beside the keys. The caller frees it. */
char *assay_store_published(const char *location, const char *keys_dir);
/* Open l->path with its backend and read the origin and the size. */
enum assay_status assay_store_open(struct assay_ledger *l, bool write, int wait_ms, struct assay_err *e);
/* Number of leaves (highest index + 1), into l->size as well. */
enum assay_status assay_store_size(struct assay_ledger *l, uint64_t *out, struct assay_err *e);
void assay_store_checkpoint_release(struct assay_store_checkpoint *c);

/* ---- tree.c ---- */
/* Root of the first n leaves, from stored tile nodes and stored leaf hashes alone. */
enum assay_status assay_tree_root(struct assay_ledger *l, uint64_t n, uint8_t out[32], struct assay_err *e);
/* The same of n > 0 leaves from `first` on, a multiple of the largest power of two <= n: a subtree. */
enum assay_status assay_tree_range(struct assay_ledger *l, uint64_t first, uint64_t n, uint8_t out[32],
                                   struct assay_err *e);
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
/* The verifier of a role; ASSAY_ESTORE with a sentence when its file is missing. */
enum assay_status assay_ring_get(const struct assay_ring *r, enum assay_role role, const struct assay_verifier **out,
                                 struct assay_err *e);

/* ---- tenure.c ---- */
/* The verifier of a role for leaf idx. ASSAY_ELEDGER when its key was revoked before. */
enum assay_status assay_ring_at(const struct assay_ring *r, enum assay_role role, uint64_t idx,
                                const struct assay_verifier **out, struct assay_err *e);
/* "leaf N put that key out of use" when the note is signed by a key that the role had before; else false. */
bool assay_ring_former(const struct assay_ring *r, enum assay_role role, const char *note, size_t len, uint64_t *leaf);
/* Take in a `key` statement, which is leaf idx and whose owner's signature is checked elsewhere. now: it is to be
 * added, so its old key must be the one in the keys directory. */
enum assay_status assay_ring_turn(struct assay_ring *r, uint64_t idx, bool now, const char *note, size_t len,
                                  struct assay_err *e);
/* Is it the checkpoint of so many leaves, signed as the last of them would have to be? So that the first checkpoint
 * over a change of the ledger's key is signed by the old key, and the next by the new one. leaves: how many the ring
 * knows of; what lies ahead of them may be signed by the key of the keys directory. Thread-safe. */
enum assay_status assay_checkpoint_signed(const struct assay_ring *r, uint64_t size, uint64_t leaves, const char *note,
                                          size_t len, struct assay_err *e);
/* Those that the view of the ledger has; what the ring knew of them is forgotten. */
enum assay_status assay_ring_follow(struct assay_ledger *l, struct assay_err *e);
/* Those that leaf_index leads to: for who goes through all leaves and asks assay_ring_knows of each `key` leaf. */
enum assay_status assay_ring_follow_stored(struct assay_ledger *l, struct assay_err *e);
bool assay_ring_knows(const struct assay_ring *r, uint64_t idx);
void assay_ring_forget(struct assay_ring *r);

/* ---- checkpoint.c ---- */
struct assay_head_of_log {
    uint64_t size;
    uint8_t root[32];
};
enum assay_status assay_checkpoint_text(const char *origin, uint64_t size, const uint8_t root[32],
                                        struct assay_buf *out);
/* The text of a checkpoint of this origin. NULL when good, else what is wrong. */
const char *assay_checkpoint_parse(const char *text, size_t len, const char *origin, struct assay_head_of_log *out);
/* The same of the whole note, whose signatures are not checked. */
const char *assay_checkpoint_read(const char *note, size_t len, const char *origin, struct assay_head_of_log *out);
/* What stands in the file beside the database: the note; then, once the ring was followed, what it says of a ledger of
 * so many leaves. A note of no bytes: there is no file, *found is false. */
enum assay_status assay_published_load(struct assay_ledger *l, struct assay_buf *note, struct assay_err *e);
enum assay_status assay_published_judge(struct assay_ledger *l, const struct assay_buf *note, uint64_t leaves,
                                        struct assay_head_of_log *out, bool *found, struct assay_err *e);
/* Both. */
enum assay_status assay_published_read(struct assay_ledger *l, uint64_t leaves, struct assay_head_of_log *out,
                                       bool *found, struct assay_err *e);
/* Judge it against the database of n leaves; *behind: it is older than the newest checkpoint, but consistent. */
enum assay_status assay_published_check(struct assay_ledger *l, const struct assay_head_of_log *pub, bool found,
                                        uint64_t n, bool *behind, struct assay_err *e);

/* ---- leaf.c ---- */
/* Read what a note states and which role must have signed it. Borrows from note. */
enum assay_status assay_leaf_read(const char *note, size_t len, struct assay_head *h, enum assay_role *role,
                                  struct assay_err *e);
/* Is it signed by that role's key? Thread-safe. */
enum assay_status assay_leaf_signed(const struct assay_ring *r, enum assay_role role, uint64_t idx, const char *note,
                                    size_t len, struct assay_err *e);
/* What leaf_index says of a leaf: its head decoded, into room. ASSAY_ENOMEM alone. */
enum assay_status assay_leaf_index(const struct assay_head *h, enum assay_role role, struct assay_buf *room,
                                   struct assay_text out[ASSAY_INDEX_FIELDS]);
/* Both for leaf idx, with the kind in the sentence; a `key` statement is taken in. */
enum assay_status assay_leaf_admit(struct assay_ring *r, uint64_t idx, const char *note, size_t len,
                                   struct assay_head *h, enum assay_role *role, struct assay_err *e);

/* ---- open.c ---- */
/* Write the note of a committed checkpoint beside the database. */
enum assay_status assay_checkpoint_publish(struct assay_ledger *l, const struct assay_buf *note, struct assay_err *e);
/* *known, when there is one: a view of this ledger as an earlier opening had it; taken over. */
enum assay_status assay_ledger_open_append_wait(const char *path, const char *keys_dir, int wait_ms,
                                                struct assay_view **known, struct assay_ledger **out,
                                                struct assay_err *e);
/* ---- read.c ---- */
struct assay_ledger *assay_ledger_new(const char *path, const char *keys_dir, struct assay_err *e);

/* How long to wait for a role that is held, in ms. The owner states a plan or a key and is done: two checkers that
 * begin at once both state the plan. Of other roles a second run has nothing to wait for. */
int assay_store_patience(const char *role);

#endif
