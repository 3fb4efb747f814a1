/* A ledger in the schema "assay" of a PostgreSQL database. Libpq is used by verify/reader/pg*.c and by these files. */
#ifndef ASSAY_LEDGER_STORE_PG_H
#define ASSAY_LEDGER_STORE_PG_H

#include <libpq-fe.h>

#include "store.h"

struct assay_db {
    PGconn *conn;
    char *path; /* the location: it holds no password */
    uint64_t prepared; /* bit n: statement n of store_pg_rows.c is */
    bool begun; /* a transaction */
};

/* One parameter, in binary; p NULL: SQL's NULL. */
struct assay_pgs_arg {
    const void *p;
    size_t n;
};

/* ---- store_pg.c ---- */
/* Record what the server says of a failed statement (res may be NULL) while `doing`; frees res. */
enum assay_status assay_pgs_fail(struct assay_db *db, PGresult *res, const char *doing, struct assay_err *e);
/* Run one statement with at most 9 parameters; name NULL: not prepared. *out is a result in binary without error, or
 * NULL is given for out. */
enum assay_status assay_pgs_run(struct assay_db *db, const char *sql, const struct assay_pgs_arg *arg, size_t n,
                                const char *doing, PGresult **out, struct assay_err *e);
/* The same for a statement under `name`, which is prepared once a connection: bit `bit` of db->prepared. */
enum assay_status assay_pgs_kept(struct assay_db *db, unsigned bit, const char *sql, const struct assay_pgs_arg *arg,
                                 size_t n, const char *doing, PGresult **out, struct assay_err *e);

/* ---- store_pg_rows.c: members of assay_store, where they are described ---- */
enum assay_status assay_pgs_origin(struct assay_db *db, struct assay_buf *out, struct assay_err *e);
enum assay_status assay_pgs_size(struct assay_db *db, uint64_t *out, struct assay_err *e);
enum assay_status assay_pgs_count(struct assay_db *db, enum assay_store_table t, uint64_t *out, struct assay_err *e);
enum assay_status assay_pgs_leaves(struct assay_db *db, uint64_t from,
                                   bool (*each)(void *ctx, const struct assay_store_leaf *row), void *ctx,
                                   struct assay_err *e);
enum assay_status assay_pgs_select(struct assay_db *db, const struct assay_ledger_query *q,
                                   bool (*each)(void *ctx, const struct assay_store_leaf *row), void *ctx,
                                   struct assay_err *e);
enum assay_status assay_pgs_find(struct assay_db *db, const uint8_t hash[32], bool *found, uint64_t *idx,
                                 struct assay_err *e);
enum assay_status assay_pgs_hashes(struct assay_db *db, unsigned level, uint64_t first, size_t n, uint8_t (*out)[32],
                                   size_t *got, struct assay_err *e);
enum assay_status assay_pgs_checkpoint(struct assay_db *db, uint64_t from, struct assay_store_checkpoint *out,
                                       bool *found, struct assay_err *e);
enum assay_status assay_pgs_has_blob(struct assay_db *db, const uint8_t sha256[32], bool *found, struct assay_err *e);
enum assay_status assay_pgs_blob(struct assay_db *db, const uint8_t sha256[32], bool *found,
                                 bool (*each)(void *ctx, const uint8_t *bytes, size_t n), void *ctx,
                                 struct assay_err *e);
enum assay_status assay_pgs_blobs(struct assay_db *db, bool (*each)(void *ctx, const uint8_t *name, size_t n),
                                  void *ctx, struct assay_err *e);
enum assay_status assay_pgs_put_leaf(struct assay_db *db, const struct assay_store_leaf *row, struct assay_err *e);
enum assay_status assay_pgs_put_node(struct assay_db *db, unsigned level, uint64_t idx, const uint8_t hash[32],
                                     struct assay_err *e);
enum assay_status assay_pgs_put_checkpoint(struct assay_db *db, const struct assay_store_checkpoint *row,
                                           struct assay_err *e);
enum assay_status assay_pgs_put_blob(struct assay_db *db, const uint8_t sha256[32], const void *bytes, size_t n,
                                     struct assay_err *e);

#endif
