#include "assay/ledger_append.h"

#include <stdio.h>
#include <string.h>

#include "assay/keys.h"
#include "assay/publish.h"
#include "file.h"
#include "key.h"
#include "store.h"
#include "text.h"

enum assay_status assay_ledger_create(const char *path, const char *origin, struct assay_err *e)
{
    if (strlen(origin) > ASSAY_MAX_NAME || !assay_text_is_name(origin, strlen(origin)))
        return assay_fail(e, ASSAY_EUSAGE, "origin \"%.80s\": must not be empty or hold white space or '+'", origin);
    return assay_store_create(path, origin, e);
}

/* ---- opening: the database must be exactly where its newest signed checkpoint says ---- */

struct last {
    uint64_t size;
    struct assay_buf note;
    struct assay_merkle tree; /* from the stored frontier, not yet believed */
};

static enum assay_status read_last(struct assay_ledger *l, struct last *out, struct assay_err *e)
{
    sqlite3_stmt *q;
    enum assay_status s =
        assay_store_prepare(l, "SELECT size, note, frontier FROM checkpoint ORDER BY size DESC LIMIT 1", &q, e);
    if (s != ASSAY_OK)
        return s;
    int rc = sqlite3_step(q);
    if (rc == SQLITE_ROW) {
        out->size = (uint64_t)sqlite3_column_int64(q, 0);
        const void *note = sqlite3_column_blob(q, 1), *stack = sqlite3_column_blob(q, 2);
        size_t n = (size_t)sqlite3_column_bytes(q, 2);
        if (!note || !stack || n != 32 * (size_t)__builtin_popcountll(out->size)) {
            s = assay_fail(e, ASSAY_ELEDGER, "checkpoint of size %llu: its frontier is broken",
                           (unsigned long long)out->size);
        } else {
            memcpy(out->tree.stack, stack, n);
            out->tree.size = out->size;
            if (assay_buf_add(&out->note, note, (size_t)sqlite3_column_bytes(q, 1)) != ASSAY_OK)
                s = assay_fail_nomem(e);
        }
    } else if (rc != SQLITE_DONE) {
        s = assay_store_fail(l, "cannot read its checkpoint", e);
    }
    sqlite3_finalize(q);
    return s;
}

/* Signature, origin and root of the newest checkpoint against the frontier and against the stored tree. */
static enum assay_status check_last(struct assay_ledger *l, const struct last *last, uint64_t leaves,
                                    struct assay_err *e)
{
    struct assay_head_of_log head;
    struct assay_err why = {0};
    size_t text;
    uint8_t root[32];
    unsigned long long size = last->size;
    if (last->size != leaves)
        return assay_fail(e, ASSAY_ELEDGER, "checkpoint of size %llu: the database has %llu leaves", size,
                          (unsigned long long)leaves);
    if (leaves == 0)
        return ASSAY_OK;
    enum assay_status s =
        assay_note_verify(l->ring.role[ASSAY_ROLE_LEDGER], (const char *)last->note.ptr, last->note.len, &text, &why);
    if (s != ASSAY_OK)
        return assay_fail(e, s, "checkpoint of size %llu: %s", size, why.msg);
    const char *wrong = assay_checkpoint_parse((const char *)last->note.ptr, text, l->origin, &head);
    if (wrong)
        return assay_fail(e, ASSAY_ELEDGER, "checkpoint of size %llu: %s", size, wrong);
    assay_merkle_root(&last->tree, root);
    if (head.size != last->size || memcmp(root, head.root, 32) != 0)
        return assay_fail(e, ASSAY_ELEDGER, "checkpoint of size %llu: root differs from its frontier", size);
    if ((s = assay_tree_root(l, leaves, root, e)) != ASSAY_OK)
        return s;
    if (memcmp(root, head.root, 32) != 0)
        return assay_fail(e, ASSAY_ELEDGER, "checkpoint of size %llu: root differs from the stored leaves", size);
    return ASSAY_OK;
}

enum assay_status assay_checkpoint_publish(struct assay_ledger *l, const struct assay_buf *note, struct assay_err *e)
{
    struct assay_err why = {0};
    enum assay_status s = assay_publish(l->published, 0644, note->ptr, note->len, &why);
    if (s == ASSAY_OK)
        return s;
    return assay_fail(e, s, "the leaves are committed, but their checkpoint is not published: %s", why.msg);
}

static enum assay_status take_position(struct assay_ledger *l, struct assay_err *e)
{
    struct last last = {.note = {.max = ASSAY_MAX_LEAF}};
    struct assay_head_of_log pub;
    uint64_t leaves;
    bool found, behind;
    enum assay_status s = assay_store_size(l, &leaves, e);
    if (s == ASSAY_OK)
        s = read_last(l, &last, e);
    if (s == ASSAY_OK)
        s = check_last(l, &last, leaves, e);
    if (s == ASSAY_OK)
        s = assay_published_read(l, &pub, &found, e);
    if (s == ASSAY_OK)
        s = assay_published_check(l, &pub, found, leaves, &behind, e);
    if (s == ASSAY_OK && behind)
        s = assay_checkpoint_publish(l, &last.note, e); /* a crash came between commit and publication */
    if (s == ASSAY_OK)
        l->tree = last.tree;
    assay_buf_release(&last.note);
    return s;
}

static enum assay_status setup_writer(struct assay_ledger *l, const char *keys_dir, struct assay_err *e)
{
    const struct assay_verifier *v;
    uint64_t full;
    enum assay_status s = assay_ring_load(&l->ring, keys_dir, e);
    if (s == ASSAY_OK)
        s = assay_ring_get(&l->ring, ASSAY_ROLE_LEDGER, &v, e);
    if (s == ASSAY_OK)
        s = assay_keys_load(keys_dir, ASSAY_ROLE_LEDGER, &l->key, e);
    if (s == ASSAY_OK)
        s = assay_store_open(l, true, e);
    if (s == ASSAY_OK)
        s = assay_store_exec(l, "PRAGMA journal_mode=WAL", "cannot use a write-ahead log", e);
    if (s == ASSAY_OK)
        s = assay_store_number(l, "PRAGMA synchronous", 0, &full, e);
    if (s == ASSAY_OK && full != 2)
        s = assay_fail(e, ASSAY_EIO, "%s: SQLite does not sync its commits", l->path);
    return s;
}

enum assay_status assay_ledger_open_append_wait(const char *path, const char *keys_dir, int wait_ms,
                                                struct assay_ledger **out, struct assay_err *e)
{
    char lock[ASSAY_MAX_PATH];
    struct assay_err own = {0};
    e = e ? e : &own;
    struct assay_ledger *l = assay_ledger_new(path, e);
    if (!l)
        return e->code;
    enum assay_status s = ASSAY_OK;
    snprintf(lock, sizeof lock, "%s.lock", l->path);
    if (!assay_file_exists(l->path))
        s = assay_fail(e, ASSAY_ENOTFOUND, "ledger %s: does not exist", l->path);
    if (s == ASSAY_OK)
        s = assay_file_lock(lock, "appending to this ledger", wait_ms, &l->lock, e);
    if (s == ASSAY_OK)
        s = setup_writer(l, keys_dir, e);
    if (s == ASSAY_OK)
        s = take_position(l, e);
    if (s != ASSAY_OK) {
        assay_ledger_close(l);
        return s;
    }
    *out = l;
    return ASSAY_OK;
}

enum assay_status assay_ledger_open_append(const char *path, const char *keys_dir, struct assay_ledger **out,
                                           struct assay_err *e)
{
    return assay_ledger_open_append_wait(path, keys_dir, 0, out, e);
}
