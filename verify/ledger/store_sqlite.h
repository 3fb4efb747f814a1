/* A ledger in one SQLite file. */
#ifndef ASSAY_LEDGER_STORE_SQLITE_H
#define ASSAY_LEDGER_STORE_SQLITE_H

#include <sqlite3.h>

#include "store.h"

/* Statements that are kept prepared: they run to their end before anything else does. */
enum assay_lite_kept {
    ASSAY_LITE_FIND,
    ASSAY_LITE_LEAF_HASHES,
    ASSAY_LITE_NODE_HASHES,
    ASSAY_LITE_HAS_BLOB,
    ASSAY_LITE_PUT_LEAF,
    ASSAY_LITE_PUT_INDEX,
    ASSAY_LITE_PUT_NODE,
    ASSAY_LITE_PUT_CHECKPOINT,
    ASSAY_LITE_PUT_BLOB,
    ASSAY_LITE_KEPT
};

struct assay_db {
    sqlite3 *handle;
    char *path;
    int lock; /* of a writer; -1: not held */
    sqlite3_stmt *kept[ASSAY_LITE_KEPT];
};

/* ---- store_sqlite.c ---- */
/* Record what SQLite says of a failed call while `doing`. */
enum assay_status assay_lite_fail(struct assay_db *db, const char *doing, struct assay_err *e);
enum assay_status assay_lite_prepare(struct assay_db *db, const char *sql, sqlite3_stmt **out, struct assay_err *e);
enum assay_status assay_lite_exec(struct assay_db *db, const char *sql, const char *doing, struct assay_err *e);
/* First column of the first row; `none` when there is no row or it is NULL. */
enum assay_status assay_lite_number(struct assay_db *db, const char *sql, uint64_t none, uint64_t *out,
                                    struct assay_err *e);

/* ---- store_sqlite_rows.c: members of assay_store, where they are described ---- */
enum assay_status assay_lite_origin(struct assay_db *db, struct assay_buf *out, struct assay_err *e);
enum assay_status assay_lite_size(struct assay_db *db, uint64_t *out, struct assay_err *e);
enum assay_status assay_lite_count(struct assay_db *db, enum assay_store_table t, uint64_t *out, struct assay_err *e);
enum assay_status assay_lite_leaves(struct assay_db *db, uint64_t from,
                                    bool (*each)(void *ctx, const struct assay_store_leaf *row), void *ctx,
                                    struct assay_err *e);
enum assay_status assay_lite_select(struct assay_db *db, const struct assay_ledger_query *q,
                                    bool (*each)(void *ctx, const struct assay_store_leaf *row), void *ctx,
                                    struct assay_err *e);
enum assay_status assay_lite_find(struct assay_db *db, const uint8_t hash[32], bool *found, uint64_t *idx,
                                  struct assay_err *e);
enum assay_status assay_lite_hashes(struct assay_db *db, unsigned level, uint64_t first, size_t n, uint8_t (*out)[32],
                                    size_t *got, struct assay_err *e);
enum assay_status assay_lite_checkpoint(struct assay_db *db, uint64_t from, struct assay_store_checkpoint *out,
                                        bool *found, struct assay_err *e);
enum assay_status assay_lite_has_blob(struct assay_db *db, const uint8_t sha256[32], bool *found, struct assay_err *e);
enum assay_status assay_lite_blob(struct assay_db *db, const uint8_t sha256[32], bool *found,
                                  bool (*each)(void *ctx, const uint8_t *bytes, size_t n), void *ctx,
                                  struct assay_err *e);
enum assay_status assay_lite_blobs(struct assay_db *db, bool (*each)(void *ctx, const uint8_t *name, size_t n),
                                   void *ctx, struct assay_err *e);
enum assay_status assay_lite_put_leaf(struct assay_db *db, const struct assay_store_leaf *row, struct assay_err *e);
enum assay_status assay_lite_put_node(struct assay_db *db, unsigned level, uint64_t idx, const uint8_t hash[32],
                                      struct assay_err *e);
enum assay_status assay_lite_put_checkpoint(struct assay_db *db, const struct assay_store_checkpoint *row,
                                            struct assay_err *e);
enum assay_status assay_lite_put_blob(struct assay_db *db, const uint8_t sha256[32], const void *bytes, size_t n,
                                      struct assay_err *e);

#endif
