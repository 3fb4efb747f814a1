/* The rows of a ledger in PostgreSQL. Lists are read page by page: between two pages the connection is free for what a
 * callback asks. Rows only ever get more, so that pages fit together without a transaction too. */
#include "store_pg.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/bytes.h"

#define PAGE_FIRST 8 /* rows: who wants one leaf does not wait for hundreds */
#define PAGE_MOST 512
#define BLOB_PART (1 << 20)

enum {
    FIND,
    HASHES_LEAF,
    HASHES_NODE,
    HAS_BLOB,
    BLOB_LENGTH,
    BLOB_BYTES,
    CHECKPOINT,
    NEWEST,
    LEAVES,
    PUT_LEAF,
    PUT_NODE,
    PUT_CHECKPOINT,
    PUT_BLOB,
    STATEMENTS
};
static const char leaves_sql[] =
    "SELECT l.idx, l.hash, l.note, x.idx, x.kind, x.role, x.dataset, x.run, x.segment, x.chunk FROM assay.leaf l "
    "LEFT JOIN assay.leaf_index x ON x.idx = l.idx WHERE l.idx >= $1 ORDER BY l.idx LIMIT $2";
static const char *const sql_of[STATEMENTS] = {
    [FIND] = "SELECT idx FROM assay.leaf WHERE hash = $1",
    [HASHES_LEAF] = "SELECT idx, hash FROM assay.leaf WHERE idx >= $1 AND idx < $2 ORDER BY idx",
    [HASHES_NODE] = "SELECT idx, hash FROM assay.node WHERE idx >= $1 AND idx < $2 AND level = $3 ORDER BY idx",
    [HAS_BLOB] = "SELECT 1::bigint FROM assay.blob WHERE sha256 = $1",
    [BLOB_LENGTH] = "SELECT length(body)::bigint FROM assay.blob WHERE sha256 = $1",
    [BLOB_BYTES] = "SELECT substring(body FROM $2::integer FOR 1048576) FROM assay.blob WHERE sha256 = $1",
    [CHECKPOINT] = "SELECT size, note, frontier FROM assay.checkpoint WHERE size >= $1 ORDER BY size LIMIT 1",
    [NEWEST] = "SELECT size, note, frontier FROM assay.checkpoint ORDER BY size DESC LIMIT 1",
    [LEAVES] = leaves_sql,
    [PUT_LEAF] = "SELECT assay.put_leaf($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    [PUT_NODE] = "SELECT assay.put_node($1, $2, $3)",
    [PUT_CHECKPOINT] = "SELECT assay.put_checkpoint($1, $2, $3)",
    [PUT_BLOB] = "SELECT assay.put_blob($1, $2)",
};

static enum assay_status kept(struct assay_db *db, unsigned which, const struct assay_pgs_arg *arg, size_t n,
                              const char *doing, PGresult **out, struct assay_err *e)
{
    return assay_pgs_kept(db, which, sql_of[which], arg, n, doing, out, e);
}

/* ---- values ---- */

struct number {
    uint8_t be[8];
};

/* A bigint as a parameter; numbers beyond have no rows. */
static struct assay_pgs_arg bigint(struct number *room, uint64_t v)
{
    assay_put_be64(room->be, v > INT64_MAX ? INT64_MAX : v);
    return (struct assay_pgs_arg){room->be, 8};
}

static uint64_t number_at(const PGresult *res, int row, int column)
{
    return PQgetlength(res, row, column) == 8 ? assay_get_be64((const uint8_t *)PQgetvalue(res, row, column)) : 0;
}

static struct assay_text text_at(const PGresult *res, int row, int column)
{
    if (PQgetisnull(res, row, column))
        return (struct assay_text){0};
    return (struct assay_text){PQgetvalue(res, row, column), (size_t)PQgetlength(res, row, column)};
}

/* The first column of the only row; *found false when there is no row or it is NULL. */
static enum assay_status one(struct assay_db *db, PGresult *res, bool *found, uint64_t *out)
{
    (void)db;
    *found = PQntuples(res) > 0 && !PQgetisnull(res, 0, 0);
    *out = *found ? number_at(res, 0, 0) : 0;
    PQclear(res);
    return ASSAY_OK;
}

static enum assay_status look_up(struct assay_db *db, unsigned which, const uint8_t hash[32], bool *found,
                                 uint64_t *out, struct assay_err *e)
{
    const struct assay_pgs_arg arg = {hash, 32};
    PGresult *res;
    *found = false;
    enum assay_status s = kept(db, which, &arg, 1, "cannot look up a hash", &res, e);
    return s == ASSAY_OK ? one(db, res, found, out) : s;
}

static enum assay_status number_of(struct assay_db *db, const char *sql, uint64_t *out, struct assay_err *e)
{
    PGresult *res;
    bool found;
    enum assay_status s = assay_pgs_run(db, sql, NULL, 0, "cannot read", &res, e);
    return s == ASSAY_OK ? one(db, res, &found, out) : s;
}

/* ---- reading ---- */

enum assay_status assay_pgs_origin(struct assay_db *db, struct assay_buf *out, struct assay_err *e)
{
    PGresult *res;
    enum assay_status s = assay_pgs_run(db, "SELECT value FROM assay.meta WHERE key = 'origin'", NULL, 0,
                                        "cannot read its origin", &res, e);
    if (s != ASSAY_OK)
        return s;
    if (!PQntuples(res))
        s = assay_fail(e, ASSAY_ELEDGER, "%s: has no origin", db->path);
    else if (assay_buf_add(out, PQgetvalue(res, 0, 0), (size_t)PQgetlength(res, 0, 0)) != ASSAY_OK)
        s = assay_fail_nomem(e);
    PQclear(res);
    return s;
}

enum assay_status assay_pgs_size(struct assay_db *db, uint64_t *out, struct assay_err *e)
{
    return number_of(db, "SELECT max(idx) + 1 FROM assay.leaf", out, e);
}

enum assay_status assay_pgs_count(struct assay_db *db, enum assay_store_table t, uint64_t *out, struct assay_err *e)
{
    static const char *const sql[ASSAY_TABLES] = {
        [ASSAY_TABLE_LEAF_INDEX] = "SELECT count(*) FROM assay.leaf_index",
        [ASSAY_TABLE_NODE] = "SELECT count(*) FROM assay.node",
        [ASSAY_TABLE_CHECKPOINT] = "SELECT count(*) FROM assay.checkpoint",
    };
    return number_of(db, sql[t], out, e);
}

/* Columns idx, hash, note, and where there are more: idx and members of leaf_index. */
static struct assay_store_leaf row_of(const PGresult *res, int row)
{
    struct assay_store_leaf leaf = {.idx = number_at(res, row, 0)};
    struct assay_text hash = text_at(res, row, 1), note = text_at(res, row, 2);
    leaf.hash = (const uint8_t *)hash.p;
    leaf.hash_len = hash.n;
    leaf.note = note.p ? note.p : ""; /* libpq ends every value with a NUL */
    leaf.note_len = note.n;
    if (PQnfields(res) == 3)
        return leaf;
    leaf.indexed = !PQgetisnull(res, row, 3);
    for (int i = 0; i < ASSAY_INDEX_FIELDS; i++)
        leaf.index[i] = text_at(res, row, 4 + i);
    return leaf;
}

/* Hand a page out. *last: the last index; returns whether more are wanted. */
static bool hand_out(const PGresult *res, bool (*each)(void *ctx, const struct assay_store_leaf *row), void *ctx,
                     uint64_t *last)
{
    for (int i = 0; i < PQntuples(res); i++) {
        struct assay_store_leaf leaf = row_of(res, i);
        *last = leaf.idx;
        if (!each(ctx, &leaf))
            return false;
    }
    return true;
}

enum assay_status assay_pgs_leaves(struct assay_db *db, uint64_t from,
                                   bool (*each)(void *ctx, const struct assay_store_leaf *row), void *ctx,
                                   struct assay_err *e)
{
    struct number room[2];
    uint64_t last = 0;
    PGresult *res;
    for (uint64_t page = PAGE_FIRST;; page = page < PAGE_MOST ? page * 4 : page) {
        const struct assay_pgs_arg arg[] = {bigint(&room[0], from), bigint(&room[1], page)};
        enum assay_status s = kept(db, LEAVES, arg, 2, "cannot read the leaves", &res, e);
        if (s != ASSAY_OK)
            return s;
        int n = PQntuples(res);
        bool more = hand_out(res, each, ctx, &last) && (uint64_t)n == page;
        PQclear(res);
        if (!more)
            return ASSAY_OK;
        from = last + 1;
    }
}

enum assay_status assay_pgs_select(struct assay_db *db, const struct assay_ledger_query *q,
                                   bool (*each)(void *ctx, const struct assay_store_leaf *row), void *ctx,
                                   struct assay_err *e)
{
    static const char *const column[ASSAY_INDEX_FIELDS] = {"kind", "role", "dataset", "run", "segment", "chunk"};
    const char *const value[ASSAY_INDEX_FIELDS] = {q->kind, q->role, q->dataset, q->run, q->segment, q->chunk};
    struct number room[3];
    struct assay_pgs_arg arg[3 + ASSAY_INDEX_FIELDS];
    uint64_t from = q->from, below = UINT64_MAX, last = 0;
    char sql[512];
    size_t args = 3;
    PGresult *res;
    int n = snprintf(sql, sizeof sql,
                     "SELECT l.idx, l.hash, l.note FROM assay.leaf_index x JOIN assay.leaf l ON l.idx = x.idx "
                     "WHERE x.idx >= $1::bigint AND x.idx < $2::bigint");
    for (int i = 0; i < ASSAY_INDEX_FIELDS; i++) {
        if (!value[i])
            continue;
        arg[args++] = (struct assay_pgs_arg){value[i], strlen(value[i])};
        n += snprintf(sql + n, sizeof sql - (size_t)n, " AND x.%s = $%zu", column[i], args);
    }
    snprintf(sql + n, sizeof sql - (size_t)n, " ORDER BY x.idx %s LIMIT $3::bigint", q->newest_first ? "DESC" : "ASC");
    for (uint64_t page = PAGE_FIRST;; page = page < PAGE_MOST ? page * 4 : page) {
        arg[0] = bigint(&room[0], from);
        arg[1] = bigint(&room[1], below);
        arg[2] = bigint(&room[2], page);
        enum assay_status s = assay_pgs_run(db, sql, arg, args, "cannot read the leaves", &res, e);
        if (s != ASSAY_OK)
            return s;
        int rows = PQntuples(res);
        bool more = hand_out(res, each, ctx, &last) && (uint64_t)rows == page;
        PQclear(res);
        if (!more)
            return ASSAY_OK;
        if (q->newest_first)
            below = last;
        else
            from = last + 1;
    }
}

enum assay_status assay_pgs_find(struct assay_db *db, const uint8_t hash[32], bool *found, uint64_t *idx,
                                 struct assay_err *e)
{
    return look_up(db, FIND, hash, found, idx, e);
}

enum assay_status assay_pgs_hashes(struct assay_db *db, unsigned level, uint64_t first, size_t n, uint8_t (*out)[32],
                                   size_t *got, struct assay_err *e)
{
    struct number room[2];
    const uint8_t small[2] = {(uint8_t)(level >> 8), (uint8_t)level};
    const struct assay_pgs_arg arg[] = {bigint(&room[0], first), bigint(&room[1], first + n), {small, 2}};
    PGresult *res;
    *got = 0;
    enum assay_status s =
        kept(db, level ? HASHES_NODE : HASHES_LEAF, arg, level ? 3 : 2, "cannot read hashes", &res, e);
    if (s != ASSAY_OK)
        return s;
    for (int i = 0; i < PQntuples(res) && *got < n; i++) {
        if (number_at(res, i, 0) != first + *got || PQgetlength(res, i, 1) != 32)
            break;
        memcpy(out[(*got)++], PQgetvalue(res, i, 1), 32);
    }
    PQclear(res);
    return ASSAY_OK;
}

enum assay_status assay_pgs_checkpoint(struct assay_db *db, uint64_t from, struct assay_store_checkpoint *out,
                                       bool *found, struct assay_err *e)
{
    struct number room;
    const struct assay_pgs_arg arg = bigint(&room, from);
    bool newest = from == ASSAY_STORE_NEWEST;
    PGresult *res;
    *found = false;
    assay_buf_reset(&out->note);
    assay_buf_reset(&out->frontier);
    enum assay_status s =
        kept(db, newest ? NEWEST : CHECKPOINT, &arg, newest ? 0 : 1, "cannot read a checkpoint", &res, e);
    if (s != ASSAY_OK)
        return s;
    *found = PQntuples(res) > 0;
    if (*found) {
        struct assay_text note = text_at(res, 0, 1), frontier = text_at(res, 0, 2);
        out->size = number_at(res, 0, 0);
        s = assay_buf_add(&out->note, note.p, note.n);
        if (s == ASSAY_OK)
            s = assay_buf_add(&out->frontier, frontier.p, frontier.n);
        if (s != ASSAY_OK)
            s = assay_fail(e, s, "%s: cannot read a checkpoint: no room for it", db->path);
    }
    PQclear(res);
    return s;
}

enum assay_status assay_pgs_has_blob(struct assay_db *db, const uint8_t sha256[32], bool *found, struct assay_err *e)
{
    uint64_t one_row;
    return look_up(db, HAS_BLOB, sha256, found, &one_row, e);
}

enum assay_status assay_pgs_blob(struct assay_db *db, const uint8_t sha256[32], bool *found,
                                 bool (*each)(void *ctx, const uint8_t *bytes, size_t n), void *ctx,
                                 struct assay_err *e)
{
    uint64_t length = 0;
    uint8_t from[4];
    PGresult *res;
    enum assay_status s = look_up(db, BLOB_LENGTH, sha256, found, &length, e);
    bool more = s == ASSAY_OK && *found;
    for (uint64_t at = 0; more && at < length; at += BLOB_PART) {
        const struct assay_pgs_arg arg[] = {{sha256, 32}, {from, 4}};
        assay_put_be32(from, (uint32_t)at + 1);
        if ((s = kept(db, BLOB_BYTES, arg, 2, "cannot read a blob", &res, e)) != ASSAY_OK)
            return s;
        struct assay_text part = PQntuples(res) ? text_at(res, 0, 0) : (struct assay_text){0};
        more = part.n && each(ctx, (const uint8_t *)part.p, part.n);
        PQclear(res);
    }
    return s;
}

enum assay_status assay_pgs_blobs(struct assay_db *db, bool (*each)(void *ctx, const uint8_t *name, size_t n),
                                  void *ctx, struct assay_err *e)
{
    uint8_t last[64] = {0};
    struct assay_pgs_arg after = {NULL, 0};
    PGresult *res;
    bool more = true;
    while (more) {
        enum assay_status s = assay_pgs_run(db,
                                            "SELECT sha256 FROM assay.blob WHERE $1::bytea IS NULL OR sha256 > $1 "
                                            "ORDER BY sha256 LIMIT 1024",
                                            &after, 1, "cannot read the blobs", &res, e);
        if (s != ASSAY_OK)
            return s;
        int n = PQntuples(res);
        for (int i = 0; i < n && more; i++) {
            struct assay_text name = text_at(res, i, 0);
            after = (struct assay_pgs_arg){last, name.n < sizeof last ? name.n : sizeof last};
            if (name.p)
                memcpy(last, name.p, after.n);
            more = each(ctx, (const uint8_t *)name.p, name.n);
        }
        more = more && n == 1024;
        PQclear(res);
    }
    return ASSAY_OK;
}

/* ---- writing ---- */

enum assay_status assay_pgs_put_leaf(struct assay_db *db, const struct assay_store_leaf *row, struct assay_err *e)
{
    struct number room;
    struct assay_pgs_arg arg[3 + ASSAY_INDEX_FIELDS] = {
        bigint(&room, row->idx), {row->hash, row->hash_len}, {row->note, row->note_len}};
    for (int i = 0; i < ASSAY_INDEX_FIELDS; i++)
        arg[3 + i] = (struct assay_pgs_arg){row->index[i].p, row->index[i].n};
    return kept(db, PUT_LEAF, arg, 3 + ASSAY_INDEX_FIELDS, "cannot store a leaf", NULL, e);
}

enum assay_status assay_pgs_put_node(struct assay_db *db, unsigned level, uint64_t idx, const uint8_t hash[32],
                                     struct assay_err *e)
{
    struct number room;
    const uint8_t small[2] = {(uint8_t)(level >> 8), (uint8_t)level};
    const struct assay_pgs_arg arg[] = {{small, 2}, bigint(&room, idx), {hash, 32}};
    return kept(db, PUT_NODE, arg, 3, "cannot store a tile node", NULL, e);
}

enum assay_status assay_pgs_put_checkpoint(struct assay_db *db, const struct assay_store_checkpoint *row,
                                           struct assay_err *e)
{
    struct number room;
    const struct assay_pgs_arg arg[] = {
        bigint(&room, row->size), {row->note.ptr, row->note.len}, {row->frontier.ptr, row->frontier.len}};
    return kept(db, PUT_CHECKPOINT, arg, 3, "cannot store the checkpoint", NULL, e);
}

enum assay_status assay_pgs_put_blob(struct assay_db *db, const uint8_t sha256[32], const void *bytes, size_t n,
                                     struct assay_err *e)
{
    const struct assay_pgs_arg arg[] = {{sha256, 32}, {n ? bytes : "", n}};
    return kept(db, PUT_BLOB, arg, 2, "cannot store a blob", NULL, e);
}
