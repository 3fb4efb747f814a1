#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/digest.h"
#include "file.h"
#include "store.h"

struct assay_ledger *assay_ledger_new(const char *path, struct assay_err *e)
{
    struct assay_ledger *l = calloc(1, sizeof *l);
    if (!l) {
        assay_fail_nomem(e);
        return NULL;
    }
    l->lock = -1;
    /* "" and ":memory:" mean something else to SQLite than a file of that name. */
    if (asprintf(&l->path, "%s%s", path[0] == ':' ? "./" : "", path) < 0)
        l->path = NULL;
    if (asprintf(&l->published, "%s.checkpoint", path) < 0)
        l->published = NULL;
    if (l->path && l->published && strlen(path) < ASSAY_MAX_PATH - 64 && path[0])
        return l;
    if (l->path && l->published)
        assay_fail(e, ASSAY_EUSAGE, "ledger path: must have between 1 and %d bytes", ASSAY_MAX_PATH - 65);
    else
        assay_fail_nomem(e);
    assay_ledger_close(l);
    return NULL;
}

void assay_ledger_close(struct assay_ledger *l)
{
    if (!l)
        return;
    /* Fold the write-ahead log into the file, so that whoever copies ledger.db alone has everything. It is no loss when
     * a reader keeps us from it: the last one to close does it then. */
    if (l->db && l->lock >= 0) {
        sqlite3_busy_timeout(l->db, 0);
        sqlite3_wal_checkpoint_v2(l->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    }
    sqlite3_close(l->db);
    assay_key_free(l->key);
    assay_ring_release(&l->ring);
    assay_buf_release(&l->checkpoint);
    assay_file_unlock(l->lock); /* after the database */
    free(l->origin);
    free(l->published);
    free(l->path);
    free(l);
}

enum assay_status assay_ledger_open(const char *path, const char *keys_dir, struct assay_ledger **out,
                                    struct assay_err *e)
{
    struct assay_ledger *l = assay_ledger_new(path, e);
    if (!l)
        return e ? e->code : ASSAY_ENOMEM;
    enum assay_status s = assay_ring_load(&l->ring, keys_dir, e);
    if (s == ASSAY_OK)
        s = assay_store_open(l, false, e);
    if (s != ASSAY_OK) {
        assay_ledger_close(l);
        return s;
    }
    *out = l;
    return ASSAY_OK;
}

uint64_t assay_ledger_size(struct assay_ledger *l)
{
    uint64_t n;
    return assay_store_size(l, &n, NULL) == ASSAY_OK ? n : l->size;
}

const char *assay_ledger_checkpoint(struct assay_ledger *l)
{
    sqlite3_stmt *q;
    assay_buf_reset(&l->checkpoint);
    if (assay_store_prepare(l, "SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1", &q, NULL) != ASSAY_OK)
        return "";
    const void *note = sqlite3_step(q) == SQLITE_ROW ? sqlite3_column_blob(q, 0) : NULL;
    const char *text = NULL;
    if (note && assay_buf_add(&l->checkpoint, note, (size_t)sqlite3_column_bytes(q, 0)) == ASSAY_OK)
        text = assay_buf_str(&l->checkpoint);
    sqlite3_finalize(q);
    return text ? text : "";
}

/* ---- queries ---- */

#define MEMBERS 6
static void members(const struct assay_ledger_query *q, const char *out[MEMBERS])
{
    const char *m[MEMBERS] = {q->kind, q->role, q->dataset, q->run, q->segment, q->chunk};
    memcpy(out, m, sizeof m);
}

/* Conditions are written out one by one so that SQLite may choose an index. */
static enum assay_status prepare_query(struct assay_ledger *l, const struct assay_ledger_query *q, sqlite3_stmt **out,
                                       struct assay_err *e)
{
    static const char *const column[MEMBERS] = {"kind", "role", "dataset", "run", "segment", "chunk"};
    char sql[512];
    const char *value[MEMBERS];
    int n = snprintf(sql, sizeof sql,
                     "SELECT leaf.idx, leaf.hash, leaf.note FROM leaf_index AS x JOIN leaf ON leaf.idx = x.idx "
                     "WHERE x.idx >= ?7");
    members(q, value);
    for (int i = 0; i < MEMBERS; i++)
        if (value[i])
            n += snprintf(sql + n, sizeof sql - (size_t)n, " AND x.%s = ?%d", column[i], i + 1);
    snprintf(sql + n, sizeof sql - (size_t)n, " ORDER BY x.idx %s", q->newest_first ? "DESC" : "ASC");
    enum assay_status s = assay_store_prepare(l, sql, out, e);
    if (s != ASSAY_OK)
        return s;
    sqlite3_bind_int64(*out, 7, q->from > INT64_MAX ? INT64_MAX : (sqlite3_int64)q->from);
    for (int i = 0; i < MEMBERS; i++)
        if (value[i] && sqlite3_bind_text(*out, i + 1, value[i], -1, SQLITE_STATIC) != SQLITE_OK) {
            sqlite3_finalize(*out);
            return assay_fail_nomem(e);
        }
    return ASSAY_OK;
}

/* The row as a leaf; its note must still hash to what the tree was built from. */
static enum assay_status row_leaf(struct assay_ledger *l, sqlite3_stmt *q, struct assay_leaf *out, struct assay_err *e)
{
    uint8_t hash[32];
    out->index = (uint64_t)sqlite3_column_int64(q, 0);
    const void *stored = sqlite3_column_blob(q, 1);
    if (!stored || sqlite3_column_bytes(q, 1) != 32)
        return assay_fail(e, ASSAY_ELEDGER, "leaf %llu: its hash is not 32 bytes", (unsigned long long)out->index);
    memcpy(out->hash, stored, 32);
    out->note = (const char *)sqlite3_column_text(q, 2); /* as text: SQLite ends it with a NUL */
    out->note_len = (size_t)sqlite3_column_bytes(q, 2);
    if (!out->note)
        return assay_store_fail(l, "cannot read a leaf", e);
    assay_merkle_leaf(out->note, out->note_len, hash);
    if (memcmp(hash, out->hash, 32) != 0)
        return assay_fail(e, ASSAY_ELEDGER, "leaf %llu: stored hash is not the hash of its note",
                          (unsigned long long)out->index);
    return ASSAY_OK;
}

enum assay_status assay_ledger_each(struct assay_ledger *l, const struct assay_ledger_query *q,
                                    bool (*each)(void *ctx, const struct assay_leaf *leaf), void *ctx,
                                    struct assay_err *e)
{
    sqlite3_stmt *rows;
    struct assay_leaf leaf;
    int rc = SQLITE_DONE;
    enum assay_status s = prepare_query(l, q, &rows, e);
    if (s != ASSAY_OK)
        return s;
    bool more = true;
    while (more && s == ASSAY_OK && (rc = sqlite3_step(rows)) == SQLITE_ROW) {
        s = row_leaf(l, rows, &leaf, e);
        if (s == ASSAY_OK)
            more = each(ctx, &leaf);
    }
    if (s == ASSAY_OK && more && rc != SQLITE_DONE)
        s = assay_store_fail(l, "cannot read the leaves", e);
    sqlite3_finalize(rows);
    return s;
}

enum assay_status assay_ledger_leaf(struct assay_ledger *l, uint64_t index,
                                    void (*each)(void *ctx, const struct assay_leaf *leaf), void *ctx,
                                    struct assay_err *e)
{
    sqlite3_stmt *q;
    struct assay_leaf leaf;
    enum assay_status s = assay_store_prepare(l, "SELECT idx, hash, note FROM leaf WHERE idx = ?1", &q, e);
    if (s != ASSAY_OK)
        return s;
    sqlite3_bind_int64(q, 1, index > INT64_MAX ? -1 : (sqlite3_int64)index);
    int rc = sqlite3_step(q);
    if (rc == SQLITE_DONE)
        s = assay_fail(e, ASSAY_ENOTFOUND, "%s: no leaf %llu, it has %llu", l->path, (unsigned long long)index,
                       (unsigned long long)assay_ledger_size(l));
    else if (rc != SQLITE_ROW)
        s = assay_store_fail(l, "cannot read a leaf", e);
    else if ((s = row_leaf(l, q, &leaf, e)) == ASSAY_OK)
        each(ctx, &leaf);
    sqlite3_finalize(q);
    return s;
}

enum assay_status assay_ledger_find(struct assay_ledger *l, const uint8_t hash[32], uint64_t *index,
                                    struct assay_err *e)
{
    sqlite3_stmt *q;
    enum assay_status s = assay_store_prepare(l, "SELECT idx FROM leaf WHERE hash = ?1", &q, e);
    if (s != ASSAY_OK)
        return s;
    sqlite3_bind_blob(q, 1, hash, 32, SQLITE_STATIC);
    int rc = sqlite3_step(q);
    if (rc == SQLITE_ROW)
        *index = (uint64_t)sqlite3_column_int64(q, 0);
    else if (rc == SQLITE_DONE)
        s = assay_fail(e, ASSAY_ENOTFOUND, "%s: no leaf with this hash", l->path);
    else
        s = assay_store_fail(l, "cannot look up a leaf", e);
    sqlite3_finalize(q);
    return s;
}

enum assay_status assay_ledger_blob(struct assay_ledger *l, const uint8_t sha256[32], struct assay_buf *out,
                                    struct assay_err *e)
{
    sqlite3_stmt *q;
    char hex[65];
    uint8_t hash[32];
    assay_hex(sha256, 32, hex);
    enum assay_status s = assay_store_prepare(l, "SELECT body FROM blob WHERE sha256 = ?1", &q, e);
    if (s != ASSAY_OK)
        return s;
    sqlite3_bind_blob(q, 1, sha256, 32, SQLITE_STATIC);
    int rc = sqlite3_step(q);
    if (rc == SQLITE_DONE) {
        s = assay_fail(e, ASSAY_ENOTFOUND, "%s: no blob sha256:%s", l->path, hex);
    } else if (rc != SQLITE_ROW) {
        s = assay_store_fail(l, "cannot read a blob", e);
    } else {
        const void *body = sqlite3_column_blob(q, 0);
        size_t n = (size_t)sqlite3_column_bytes(q, 0);
        if (!n || body)
            assay_sha256(n ? body : "", n, hash);
        if (n && !body)
            s = assay_fail_nomem(e);
        else if (memcmp(hash, sha256, 32) != 0)
            s = assay_fail(e, ASSAY_ELEDGER, "blob sha256:%s: its bytes do not hash to its name", hex);
        else if ((s = assay_buf_add(out, body, n)) != ASSAY_OK)
            s = assay_fail(e, s, "blob sha256:%s: no room for its %zu bytes", hex, n);
    }
    sqlite3_finalize(q);
    return s;
}
