/* The rows of a ledger in SQLite. */
#include "store_sqlite.h"

#include <stdio.h>
#include <string.h>

/* A kept statement, ready to be bound. */
static enum assay_status kept(struct assay_db *db, enum assay_lite_kept which, sqlite3_stmt **out, struct assay_err *e)
{
    static const char *const sql[ASSAY_LITE_KEPT] = {
        [ASSAY_LITE_FIND] = "SELECT idx FROM leaf WHERE hash = ?1",
        [ASSAY_LITE_LEAF_HASHES] = "SELECT idx, hash FROM leaf WHERE ?1 = 0 AND idx >= ?2 AND idx < ?3 ORDER BY idx",
        [ASSAY_LITE_NODE_HASHES] =
            "SELECT idx, hash FROM node WHERE level = ?1 AND idx >= ?2 AND idx < ?3 ORDER BY idx",
        [ASSAY_LITE_HAS_BLOB] = "SELECT rowid FROM blob WHERE sha256 = ?1",
        [ASSAY_LITE_PUT_LEAF] = "INSERT INTO leaf VALUES (?1, ?2, ?3)",
        [ASSAY_LITE_PUT_INDEX] = "INSERT INTO leaf_index VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        [ASSAY_LITE_PUT_NODE] = "INSERT INTO node VALUES (?1, ?2, ?3)",
        [ASSAY_LITE_PUT_CHECKPOINT] = "INSERT INTO checkpoint VALUES (?1, ?2, ?3)",
        [ASSAY_LITE_PUT_BLOB] = "INSERT INTO blob VALUES (?1, ?2)",
    };
    if (!db->kept[which]) {
        enum assay_status s = assay_lite_prepare(db, sql[which], &db->kept[which], e);
        if (s != ASSAY_OK)
            return s;
    }
    *out = db->kept[which];
    return ASSAY_OK;
}

/* Run a kept statement that returns no row. */
static enum assay_status put(struct assay_db *db, sqlite3_stmt *q, const char *doing, struct assay_err *e)
{
    enum assay_status s = sqlite3_step(q) == SQLITE_DONE ? ASSAY_OK : assay_lite_fail(db, doing, e);
    sqlite3_reset(q);
    sqlite3_clear_bindings(q);
    return s;
}

enum assay_status assay_lite_origin(struct assay_db *db, struct assay_buf *out, struct assay_err *e)
{
    sqlite3_stmt *q;
    enum assay_status s = assay_lite_prepare(db, "SELECT value FROM meta WHERE key = 'origin'", &q, e);
    if (s != ASSAY_OK)
        return s;
    int rc = sqlite3_step(q);
    const char *text = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(q, 0) : NULL;
    if (rc == SQLITE_DONE)
        s = assay_fail(e, ASSAY_ELEDGER, "%s: has no origin", db->path);
    else if (!text)
        s = assay_lite_fail(db, "cannot read its origin", e);
    else if (assay_buf_adds(out, text) != ASSAY_OK)
        s = assay_fail_nomem(e);
    sqlite3_finalize(q);
    return s;
}

enum assay_status assay_lite_size(struct assay_db *db, uint64_t *out, struct assay_err *e)
{
    return assay_lite_number(db, "SELECT max(idx) + 1 FROM leaf", 0, out, e);
}

enum assay_status assay_lite_count(struct assay_db *db, enum assay_store_table t, uint64_t *out, struct assay_err *e)
{
    static const char *const sql[ASSAY_TABLES] = {
        [ASSAY_TABLE_LEAF_INDEX] = "SELECT count(*) FROM leaf_index NOT INDEXED",
        [ASSAY_TABLE_NODE] = "SELECT count(*) FROM node",
        [ASSAY_TABLE_CHECKPOINT] = "SELECT count(*) FROM checkpoint",
    };
    return assay_lite_number(db, sql[t], 0, out, e);
}

/* ---- leaves ---- */

static struct assay_text text_of(sqlite3_stmt *q, int column)
{
    const char *p = (const char *)sqlite3_column_text(q, column);
    return (struct assay_text){p, p ? (size_t)sqlite3_column_bytes(q, column) : 0};
}

/* Columns idx, hash, note, and where there are more: idx and members of leaf_index. */
static enum assay_status row_of(struct assay_db *db, sqlite3_stmt *q, struct assay_store_leaf *row, struct assay_err *e)
{
    *row = (struct assay_store_leaf){.idx = (uint64_t)sqlite3_column_int64(q, 0)};
    row->hash = sqlite3_column_blob(q, 1);
    row->hash_len = row->hash ? (size_t)sqlite3_column_bytes(q, 1) : 0;
    row->note = (const char *)sqlite3_column_text(q, 2); /* as text: SQLite ends it with a NUL */
    row->note_len = (size_t)sqlite3_column_bytes(q, 2);
    if (!row->note)
        return assay_lite_fail(db, "cannot read a leaf", e);
    if (sqlite3_column_count(q) == 3)
        return ASSAY_OK;
    row->indexed = sqlite3_column_type(q, 3) != SQLITE_NULL;
    for (int i = 0; i < ASSAY_INDEX_FIELDS; i++)
        row->index[i] = text_of(q, 4 + i);
    return ASSAY_OK;
}

/* Takes q over. */
static enum assay_status each_row(struct assay_db *db, sqlite3_stmt *q,
                                  bool (*each)(void *ctx, const struct assay_store_leaf *row), void *ctx,
                                  struct assay_err *e)
{
    struct assay_store_leaf row;
    enum assay_status s = ASSAY_OK;
    bool more = true;
    int rc = SQLITE_DONE;
    while (more && s == ASSAY_OK && (rc = sqlite3_step(q)) == SQLITE_ROW)
        if ((s = row_of(db, q, &row, e)) == ASSAY_OK)
            more = each(ctx, &row);
    if (s == ASSAY_OK && more && rc != SQLITE_DONE)
        s = assay_lite_fail(db, "cannot read the leaves", e);
    sqlite3_finalize(q);
    return s;
}

static sqlite3_int64 bounded(uint64_t idx)
{
    return idx > INT64_MAX ? INT64_MAX : (sqlite3_int64)idx;
}

enum assay_status assay_lite_leaves(struct assay_db *db, uint64_t from,
                                    bool (*each)(void *ctx, const struct assay_store_leaf *row), void *ctx,
                                    struct assay_err *e)
{
    sqlite3_stmt *q;
    enum assay_status s = assay_lite_prepare(
        db,
        "SELECT leaf.idx, leaf.hash, leaf.note, x.idx, x.kind, x.role, x.dataset, x.run, x.segment, x.chunk "
        "FROM leaf LEFT JOIN leaf_index AS x ON x.idx = leaf.idx WHERE leaf.idx >= ?1 ORDER BY leaf.idx",
        &q, e);
    if (s != ASSAY_OK)
        return s;
    sqlite3_bind_int64(q, 1, bounded(from));
    return each_row(db, q, each, ctx, e);
}

/* By the table alone: what an index leads to need not be what its table holds. */
enum assay_status assay_lite_select(struct assay_db *db, const struct assay_ledger_query *q,
                                    bool (*each)(void *ctx, const struct assay_store_leaf *row), void *ctx,
                                    struct assay_err *e)
{
    static const char *const column[ASSAY_INDEX_FIELDS] = {"kind", "role", "dataset", "run", "segment", "chunk"};
    const char *const value[ASSAY_INDEX_FIELDS] = {q->kind, q->role, q->dataset, q->run, q->segment, q->chunk};
    char sql[512];
    sqlite3_stmt *rows;
    int n =
        snprintf(sql, sizeof sql,
                 "SELECT leaf.idx, leaf.hash, leaf.note FROM leaf_index AS x NOT INDEXED JOIN leaf ON leaf.idx = x.idx "
                 "WHERE x.idx >= ?7");
    for (int i = 0; i < ASSAY_INDEX_FIELDS; i++)
        if (value[i])
            n += snprintf(sql + n, sizeof sql - (size_t)n, " AND x.%s = ?%d", column[i], i + 1);
    snprintf(sql + n, sizeof sql - (size_t)n, " ORDER BY x.idx %s", q->newest_first ? "DESC" : "ASC");
    enum assay_status s = assay_lite_prepare(db, sql, &rows, e);
    if (s != ASSAY_OK)
        return s;
    sqlite3_bind_int64(rows, 7, bounded(q->from));
    for (int i = 0; i < ASSAY_INDEX_FIELDS; i++)
        if (value[i] && sqlite3_bind_text(rows, i + 1, value[i], -1, SQLITE_STATIC) != SQLITE_OK) {
            sqlite3_finalize(rows);
            return assay_fail_nomem(e);
        }
    return each_row(db, rows, each, ctx, e);
}

/* The first column of the row that a kept statement finds by a hash. */
static enum assay_status look_up(struct assay_db *db, enum assay_lite_kept which, const uint8_t hash[32], bool *found,
                                 sqlite3_int64 *out, struct assay_err *e)
{
    sqlite3_stmt *q;
    *found = false;
    enum assay_status s = kept(db, which, &q, e);
    if (s != ASSAY_OK)
        return s;
    sqlite3_bind_blob(q, 1, hash, 32, SQLITE_STATIC);
    int rc = sqlite3_step(q);
    *found = rc == SQLITE_ROW;
    if (*found)
        *out = sqlite3_column_int64(q, 0);
    else if (rc != SQLITE_DONE)
        s = assay_lite_fail(db, "cannot look up a hash", e);
    sqlite3_reset(q);
    return s;
}

enum assay_status assay_lite_find(struct assay_db *db, const uint8_t hash[32], bool *found, uint64_t *idx,
                                  struct assay_err *e)
{
    sqlite3_int64 at = 0;
    enum assay_status s = look_up(db, ASSAY_LITE_FIND, hash, found, &at, e);
    *idx = (uint64_t)at;
    return s;
}

enum assay_status assay_lite_hashes(struct assay_db *db, unsigned level, uint64_t first, size_t n, uint8_t (*out)[32],
                                    size_t *got, struct assay_err *e)
{
    sqlite3_stmt *q;
    int rc;
    *got = 0;
    enum assay_status s = kept(db, level ? ASSAY_LITE_NODE_HASHES : ASSAY_LITE_LEAF_HASHES, &q, e);
    if (s != ASSAY_OK)
        return s;
    sqlite3_bind_int(q, 1, (int)level);
    sqlite3_bind_int64(q, 2, (sqlite3_int64)first);
    sqlite3_bind_int64(q, 3, (sqlite3_int64)(first + n));
    while ((rc = sqlite3_step(q)) == SQLITE_ROW && *got < n) {
        const void *hash = sqlite3_column_blob(q, 1);
        if ((uint64_t)sqlite3_column_int64(q, 0) != first + *got || sqlite3_column_bytes(q, 1) != 32 || !hash)
            break;
        memcpy(out[(*got)++], hash, 32);
    }
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        s = assay_lite_fail(db, "cannot read hashes", e);
    sqlite3_reset(q);
    return s;
}

/* ---- checkpoints and blobs ---- */

static enum assay_status add_column(struct assay_db *db, sqlite3_stmt *q, int column, struct assay_buf *out,
                                    struct assay_err *e)
{
    const void *p = sqlite3_column_blob(q, column);
    size_t n = (size_t)sqlite3_column_bytes(q, column);
    if (n && !p)
        return assay_lite_fail(db, "cannot read a checkpoint", e);
    enum assay_status s = n ? assay_buf_add(out, p, n) : ASSAY_OK;
    return s == ASSAY_OK ? s : assay_fail(e, s, "%s: cannot read a checkpoint: no room for its %zu bytes", db->path, n);
}

enum assay_status assay_lite_checkpoint(struct assay_db *db, uint64_t from, struct assay_store_checkpoint *out,
                                        bool *found, struct assay_err *e)
{
    sqlite3_stmt *q;
    *found = false;
    assay_buf_reset(&out->note);
    assay_buf_reset(&out->frontier);
    enum assay_status s =
        assay_lite_prepare(db,
                           from == ASSAY_STORE_NEWEST
                               ? "SELECT size, note, frontier FROM checkpoint ORDER BY size DESC LIMIT 1"
                               : "SELECT size, note, frontier FROM checkpoint WHERE size >= ?1 ORDER BY size LIMIT 1",
                           &q, e);
    if (s != ASSAY_OK)
        return s;
    if (from != ASSAY_STORE_NEWEST)
        sqlite3_bind_int64(q, 1, bounded(from));
    int rc = sqlite3_step(q);
    *found = rc == SQLITE_ROW;
    if (*found) {
        out->size = (uint64_t)sqlite3_column_int64(q, 0);
        s = add_column(db, q, 1, &out->note, e);
        if (s == ASSAY_OK)
            s = add_column(db, q, 2, &out->frontier, e);
    } else if (rc != SQLITE_DONE) {
        s = assay_lite_fail(db, "cannot read a checkpoint", e);
    }
    sqlite3_finalize(q);
    return s;
}

enum assay_status assay_lite_has_blob(struct assay_db *db, const uint8_t sha256[32], bool *found, struct assay_err *e)
{
    sqlite3_int64 rowid;
    return look_up(db, ASSAY_LITE_HAS_BLOB, sha256, found, &rowid, e);
}

enum assay_status assay_lite_blob(struct assay_db *db, const uint8_t sha256[32], bool *found,
                                  bool (*each)(void *ctx, const uint8_t *bytes, size_t n), void *ctx,
                                  struct assay_err *e)
{
    sqlite3_blob *b = NULL;
    sqlite3_int64 rowid = 0;
    uint8_t part[16384];
    enum assay_status s = look_up(db, ASSAY_LITE_HAS_BLOB, sha256, found, &rowid, e);
    if (s != ASSAY_OK || !*found)
        return s;
    int rc = sqlite3_blob_open(db->handle, "main", "blob", "body", rowid, 0, &b),
        n = rc == SQLITE_OK ? sqlite3_blob_bytes(b) : 0;
    for (int at = 0, len; at < n && rc == SQLITE_OK; at += len) {
        len = n - at < (int)sizeof part ? n - at : (int)sizeof part;
        rc = sqlite3_blob_read(b, part, len, at);
        if (rc == SQLITE_OK && !each(ctx, part, (size_t)len))
            break;
    }
    if (rc != SQLITE_OK)
        s = assay_lite_fail(db, "cannot read a blob", e);
    sqlite3_blob_close(b);
    return s;
}

enum assay_status assay_lite_blobs(struct assay_db *db, bool (*each)(void *ctx, const uint8_t *name, size_t n),
                                   void *ctx, struct assay_err *e)
{
    sqlite3_stmt *q;
    int rc;
    bool more = true;
    enum assay_status s = assay_lite_prepare(db, "SELECT sha256 FROM blob NOT INDEXED", &q, e);
    if (s != ASSAY_OK)
        return s;
    while (more && (rc = sqlite3_step(q)) == SQLITE_ROW)
        more = each(ctx, sqlite3_column_blob(q, 0), (size_t)sqlite3_column_bytes(q, 0));
    if (more && rc != SQLITE_DONE)
        s = assay_lite_fail(db, "cannot read the blobs", e);
    sqlite3_finalize(q);
    return s;
}

/* ---- writing ---- */

enum assay_status assay_lite_put_leaf(struct assay_db *db, const struct assay_store_leaf *row, struct assay_err *e)
{
    sqlite3_stmt *q;
    enum assay_status s = kept(db, ASSAY_LITE_PUT_LEAF, &q, e);
    if (s != ASSAY_OK)
        return s;
    sqlite3_bind_int64(q, 1, (sqlite3_int64)row->idx);
    sqlite3_bind_blob(q, 2, row->hash, 32, SQLITE_STATIC);
    sqlite3_bind_blob64(q, 3, row->note, row->note_len, SQLITE_STATIC);
    if ((s = put(db, q, "cannot store a leaf", e)) != ASSAY_OK ||
        (s = kept(db, ASSAY_LITE_PUT_INDEX, &q, e)) != ASSAY_OK)
        return s;
    sqlite3_bind_int64(q, 1, (sqlite3_int64)row->idx);
    for (int i = 0; i < ASSAY_INDEX_FIELDS; i++) /* unbound is NULL */
        if (row->index[i].p)
            sqlite3_bind_text(q, 2 + i, row->index[i].p, (int)row->index[i].n, SQLITE_STATIC);
    return put(db, q, "cannot index a leaf", e);
}

enum assay_status assay_lite_put_node(struct assay_db *db, unsigned level, uint64_t idx, const uint8_t hash[32],
                                      struct assay_err *e)
{
    sqlite3_stmt *q;
    enum assay_status s = kept(db, ASSAY_LITE_PUT_NODE, &q, e);
    if (s != ASSAY_OK)
        return s;
    sqlite3_bind_int(q, 1, (int)level);
    sqlite3_bind_int64(q, 2, (sqlite3_int64)idx);
    sqlite3_bind_blob(q, 3, hash, 32, SQLITE_STATIC);
    return put(db, q, "cannot store a tile node", e);
}

enum assay_status assay_lite_put_checkpoint(struct assay_db *db, const struct assay_store_checkpoint *row,
                                            struct assay_err *e)
{
    sqlite3_stmt *q;
    enum assay_status s = kept(db, ASSAY_LITE_PUT_CHECKPOINT, &q, e);
    if (s != ASSAY_OK)
        return s;
    sqlite3_bind_int64(q, 1, (sqlite3_int64)row->size);
    sqlite3_bind_blob64(q, 2, row->note.ptr, row->note.len, SQLITE_STATIC);
    sqlite3_bind_blob64(q, 3, row->frontier.ptr, row->frontier.len, SQLITE_STATIC);
    return put(db, q, "cannot store the checkpoint", e);
}

enum assay_status assay_lite_put_blob(struct assay_db *db, const uint8_t sha256[32], const void *bytes, size_t n,
                                      struct assay_err *e)
{
    sqlite3_stmt *q;
    enum assay_status s = kept(db, ASSAY_LITE_PUT_BLOB, &q, e);
    if (s != ASSAY_OK)
        return s;
    if (sqlite3_bind_blob(q, 1, sha256, 32, SQLITE_STATIC) != SQLITE_OK ||
        sqlite3_bind_blob64(q, 2, n ? bytes : "", n, SQLITE_STATIC) != SQLITE_OK)
        return assay_lite_fail(db, "cannot store a blob", e);
    return put(db, q, "cannot store a blob", e);
}
