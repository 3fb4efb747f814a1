#include "assay/ledger_append.h"

#include <stdio.h>
#include <string.h>

#include "assay/digest.h"
#include "assay/publish.h"
#include "key.h"
#include "store.h"

/* One call of assay_ledger_append: everything in one transaction, judged before it is signed. */
enum { HAS_LEAF, PUT_LEAF, PUT_INDEX, HAS_BLOB, PUT_BLOB, STATEMENTS };
struct batch {
    struct assay_ledger *l;
    sqlite3_stmt *q[STATEMENTS];
    struct assay_merkle tree; /* moves on with every leaf; l->tree stays until the commit */
    uint64_t first; /* leaves before this batch */
    uint64_t blobs; /* new ones */
};

static enum assay_status prepare(struct batch *b, struct assay_err *e)
{
    static const char *const sql[STATEMENTS] = {
        [HAS_LEAF] = "SELECT idx FROM leaf WHERE hash = ?1",
        [PUT_LEAF] = "INSERT INTO leaf VALUES (?1, ?2, ?3)",
        [PUT_INDEX] = "INSERT INTO leaf_index VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        [HAS_BLOB] = "SELECT rowid FROM blob WHERE sha256 = ?1",
        [PUT_BLOB] = "INSERT INTO blob VALUES (?1, ?2)",
    };
    enum assay_status s = ASSAY_OK;
    for (int i = 0; i < STATEMENTS && s == ASSAY_OK; i++)
        s = assay_store_prepare(b->l, sql[i], &b->q[i], e);
    return s;
}

static enum assay_status has(struct batch *b, int which, const uint8_t hash[32], bool *found, struct assay_err *e)
{
    sqlite3_stmt *q = b->q[which];
    sqlite3_reset(q);
    sqlite3_bind_blob(q, 1, hash, 32, SQLITE_STATIC);
    int rc = sqlite3_step(q);
    *found = rc == SQLITE_ROW;
    enum assay_status s =
        rc == SQLITE_ROW || rc == SQLITE_DONE ? ASSAY_OK : assay_store_fail(b->l, "cannot look up a hash", e);
    sqlite3_reset(q);
    return s;
}

static enum assay_status put(struct batch *b, int which, const char *doing, struct assay_err *e)
{
    enum assay_status s = sqlite3_step(b->q[which]) == SQLITE_DONE ? ASSAY_OK : assay_store_fail(b->l, doing, e);
    sqlite3_reset(b->q[which]);
    sqlite3_clear_bindings(b->q[which]);
    return s;
}

static enum assay_status add_blob(struct batch *b, const struct assay_ledger_item *it, struct assay_err *e)
{
    uint8_t hash[32];
    bool found;
    assay_sha256(it->len ? it->bytes : "", it->len, hash);
    enum assay_status s = has(b, HAS_BLOB, hash, &found, e);
    if (s != ASSAY_OK || found)
        return s;
    if (sqlite3_bind_blob(b->q[PUT_BLOB], 1, hash, 32, SQLITE_STATIC) != SQLITE_OK ||
        sqlite3_bind_blob64(b->q[PUT_BLOB], 2, it->len ? it->bytes : "", it->len, SQLITE_STATIC) != SQLITE_OK)
        return assay_store_fail(b->l, "cannot store a blob", e);
    b->blobs++;
    return put(b, PUT_BLOB, "cannot store a blob", e);
}

/* Every blob that the statement cites must be in the store: this batch's blobs went in first. */
static enum assay_status check_cited(struct batch *b, const struct assay_head *h, struct assay_err *e)
{
    struct assay_text key, value;
    uint8_t hash[32];
    char hex[65];
    bool found;
    for (const char *p = h->first; assay_stmt_line(&p, h->end, &key, &value);) {
        if (!assay_stmt_cites(key, value, hash))
            continue;
        enum assay_status s = has(b, HAS_BLOB, hash, &found, e);
        if (s != ASSAY_OK)
            return s;
        assay_hex(hash, 32, hex);
        if (!found)
            return assay_fail(e, ASSAY_ELEDGER, "a `%.*s` statement cites blob sha256:%s, which is not in the store",
                              (int)h->kind.n, h->kind.p, hex);
    }
    return ASSAY_OK;
}

static enum assay_status bind_decoded(struct batch *b, int at, struct assay_text v, struct assay_err *e)
{
    struct assay_buf text = {.max = ASSAY_MAX_LEAF + 1};
    size_t n = 0;
    int rc = SQLITE_OK;
    if (!v.p)
        return ASSAY_OK; /* unbound is NULL */
    if (assay_buf_reserve(&text, v.n + 1) != ASSAY_OK)
        return assay_fail_nomem(e);
    if (assay_stmt_decode(v, (char *)text.ptr, &n))
        rc = sqlite3_bind_text(b->q[PUT_INDEX], at, (char *)text.ptr, (int)n, SQLITE_TRANSIENT);
    assay_buf_release(&text);
    return rc == SQLITE_OK ? ASSAY_OK : assay_fail_nomem(e);
}

static enum assay_status put_index(struct batch *b, uint64_t idx, const struct assay_head *h, enum assay_role role,
                                   struct assay_err *e)
{
    sqlite3_stmt *q = b->q[PUT_INDEX];
    sqlite3_bind_int64(q, 1, (sqlite3_int64)idx);
    sqlite3_bind_text(q, 2, h->kind.p, (int)h->kind.n, SQLITE_STATIC);
    sqlite3_bind_text(q, 3, assay_role_name(role), -1, SQLITE_STATIC);
    for (int f = ASSAY_HEAD_DATASET; f < ASSAY_HEAD_FIELDS; f++) {
        enum assay_status s = bind_decoded(b, 4 + f - ASSAY_HEAD_DATASET, h->field[f], e);
        if (s != ASSAY_OK)
            return s;
    }
    return put(b, PUT_INDEX, "cannot index a leaf", e);
}

static enum assay_status add_note(struct batch *b, const struct assay_ledger_item *it, struct assay_err *e)
{
    struct assay_head h;
    enum assay_role role;
    uint8_t hash[32];
    bool found;
    uint64_t idx = b->tree.size;
    assay_merkle_leaf(it->bytes, it->len, hash);
    enum assay_status s = has(b, HAS_LEAF, hash, &found, e);
    if (s != ASSAY_OK || found)
        return s;
    if ((s = assay_leaf_admit(&b->l->ring, it->bytes, it->len, &h, &role, e)) != ASSAY_OK ||
        (s = check_cited(b, &h, e)) != ASSAY_OK)
        return s;
    sqlite3_bind_int64(b->q[PUT_LEAF], 1, (sqlite3_int64)idx);
    sqlite3_bind_blob(b->q[PUT_LEAF], 2, hash, 32, SQLITE_STATIC);
    sqlite3_bind_blob64(b->q[PUT_LEAF], 3, it->bytes, it->len, SQLITE_STATIC);
    if ((s = put(b, PUT_LEAF, "cannot store a leaf", e)) != ASSAY_OK ||
        (s = put_index(b, idx, &h, role, e)) != ASSAY_OK)
        return s;
    assay_merkle_add(&b->tree, hash);
    return ASSAY_OK;
}

/* What was stored is read back and hashed again before it is signed for: a log that signs what it only meant to store
 * can destroy itself. */
static enum assay_status read_back(struct batch *b, struct assay_err *e)
{
    sqlite3_stmt *q;
    uint8_t hash[32];
    uint64_t idx = b->first;
    int rc = SQLITE_DONE;
    enum assay_status s =
        assay_store_prepare(b->l, "SELECT idx, hash, note FROM leaf WHERE idx >= ?1 ORDER BY idx", &q, e);
    if (s != ASSAY_OK)
        return s;
    sqlite3_bind_int64(q, 1, (sqlite3_int64)b->first);
    for (; s == ASSAY_OK && (rc = sqlite3_step(q)) == SQLITE_ROW; idx++) {
        const void *stored = sqlite3_column_blob(q, 1), *note = sqlite3_column_blob(q, 2);
        if (!stored || !note || sqlite3_column_bytes(q, 1) != 32) {
            s = assay_store_fail(b->l, "cannot read the new leaves back", e);
            break;
        }
        assay_merkle_leaf(note, (size_t)sqlite3_column_bytes(q, 2), hash);
        if ((uint64_t)sqlite3_column_int64(q, 0) != idx || memcmp(hash, stored, 32) != 0)
            s = assay_fail(e, ASSAY_ELEDGER, "leaf %llu: what was read back is not what was stored",
                           (unsigned long long)idx);
        else
            s = assay_tree_grow(b->l, idx, e);
    }
    if (s == ASSAY_OK && rc != SQLITE_DONE)
        s = assay_store_fail(b->l, "cannot read the new leaves back", e);
    if (s == ASSAY_OK && idx != b->tree.size)
        s = assay_fail(e, ASSAY_ELEDGER, "leaf %llu: missing when read back", (unsigned long long)idx);
    sqlite3_finalize(q);
    return s;
}

static enum assay_status put_checkpoint(struct batch *b, const struct assay_buf *note, struct assay_err *e)
{
    sqlite3_stmt *q;
    size_t n = 32 * (size_t)__builtin_popcountll(b->tree.size);
    enum assay_status s = assay_store_prepare(b->l, "INSERT INTO checkpoint VALUES (?1, ?2, ?3)", &q, e);
    if (s != ASSAY_OK)
        return s;
    sqlite3_bind_int64(q, 1, (sqlite3_int64)b->tree.size);
    sqlite3_bind_blob64(q, 2, note->ptr, note->len, SQLITE_STATIC);
    sqlite3_bind_blob64(q, 3, b->tree.stack, n, SQLITE_STATIC);
    if (sqlite3_step(q) != SQLITE_DONE)
        s = assay_store_fail(b->l, "cannot store the checkpoint", e);
    sqlite3_finalize(q);
    return s;
}

/* Two paths to the root: the compact range moved on with the hashes of what was handed in, the other comes from the
 * stored hashes and tile nodes alone. */
static enum assay_status seal(struct batch *b, struct assay_buf *note, struct assay_err *e)
{
    uint8_t one[32], two[32];
    struct assay_buf text = {.max = ASSAY_MAX_LEAF};
    enum assay_status s = read_back(b, e);
    if (s == ASSAY_OK)
        s = assay_tree_root(b->l, b->tree.size, two, e);
    if (s != ASSAY_OK)
        return s;
    assay_merkle_root(&b->tree, one);
    if (memcmp(one, two, 32) != 0)
        return assay_fail(e, ASSAY_ELEDGER,
                          "%s: the two computations of the root at size %llu differ; nothing is signed", b->l->path,
                          (unsigned long long)b->tree.size);
    if (assay_checkpoint_text(b->l->origin, b->tree.size, one, &text) != ASSAY_OK)
        s = assay_fail_nomem(e);
    if (s == ASSAY_OK)
        s = assay_note_sign(b->l->key, (const char *)text.ptr, text.len, note, e);
    if (s == ASSAY_OK)
        s = put_checkpoint(b, note, e);
    assay_buf_release(&text);
    return s;
}

static enum assay_status fill(struct batch *b, const struct assay_ledger_item *item, size_t n, struct assay_err *e)
{
    uint64_t size;
    enum assay_status s = assay_store_size(b->l, &size, e);
    if (s == ASSAY_OK && size != b->first)
        s = assay_fail(e, ASSAY_ELEDGER, "%s: has %llu leaves where %llu were, another writer ignored the lock",
                       b->l->path, (unsigned long long)size, (unsigned long long)b->first);
    for (size_t i = 0; i < n && s == ASSAY_OK; i++)
        if (item[i].blob)
            s = add_blob(b, &item[i], e);
    for (size_t i = 0; i < n && s == ASSAY_OK; i++)
        if (!item[i].blob)
            s = add_note(b, &item[i], e);
    return s;
}

static enum assay_status check_sizes(const struct assay_ledger_item *item, size_t n, struct assay_err *e)
{
    for (size_t i = 0; i < n; i++) {
        if (item[i].blob && item[i].len > ASSAY_MAX_BLOB)
            return assay_fail(e, ASSAY_ELIMIT, "a blob of %zu bytes, the limit is %u", item[i].len, ASSAY_MAX_BLOB);
        if (!item[i].blob && item[i].len > ASSAY_MAX_LEAF)
            return assay_fail(e, ASSAY_ELIMIT, "a leaf of %zu bytes, the limit is %d", item[i].len, ASSAY_MAX_LEAF);
    }
    return ASSAY_OK;
}

enum assay_status assay_ledger_append(struct assay_ledger *l, const struct assay_ledger_item *item, size_t n,
                                      struct assay_err *e)
{
    struct batch b = {.l = l, .tree = l->tree, .first = l->tree.size};
    struct assay_buf note = {.max = ASSAY_MAX_LEAF};
    bool open = false;
    enum assay_status s = ASSAY_OK;
    if (l->lock < 0)
        return assay_fail(e, ASSAY_EUSAGE, "%s: is open for reading only", l->path);
    if ((s = check_sizes(item, n, e)) != ASSAY_OK)
        return s;
    if ((s = prepare(&b, e)) == ASSAY_OK)
        s = assay_store_exec(l, "BEGIN IMMEDIATE", "cannot begin", e);
    open = s == ASSAY_OK;
    if (s == ASSAY_OK)
        s = fill(&b, item, n, e);
    bool grown = b.tree.size > b.first;
    if (s == ASSAY_OK && grown)
        s = seal(&b, &note, e);
    for (int i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(b.q[i]);
    if (s == ASSAY_OK)
        s = assay_store_exec(l, grown || b.blobs ? "COMMIT" : "ROLLBACK", "cannot commit", e);
    if (s != ASSAY_OK && open && !sqlite3_get_autocommit(l->db))
        sqlite3_exec(l->db, "ROLLBACK", NULL, NULL, NULL);
    if (s == ASSAY_OK && grown) {
        l->tree = b.tree;
        l->size = b.tree.size;
        s = assay_checkpoint_publish(l, &note, e);
    } else {
        l->size = b.first;
    }
    assay_buf_release(&note);
    return s;
}
