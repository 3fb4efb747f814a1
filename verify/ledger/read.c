#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/digest.h"
#include "file.h"
#include "view.h"

struct assay_ledger *assay_ledger_new(const char *path, const char *keys_dir, struct assay_err *e)
{
    struct assay_ledger *l = calloc(1, sizeof *l);
    if (!l) {
        assay_fail_nomem(e);
        return NULL;
    }
    l->store = assay_store_of(path);
    l->path = strdup(path);
    l->published = assay_store_published(path, keys_dir);
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
    l->store->close(l->db);
    assay_view_free(l->view);
    assay_key_free(l->key);
    assay_ring_release(&l->ring);
    assay_buf_release(&l->checkpoint);
    free(l->origin);
    free(l->published);
    free(l->path);
    free(l);
}

enum assay_status assay_ledger_open(const char *path, const char *keys_dir, struct assay_ledger **out,
                                    struct assay_err *e)
{
    struct assay_ledger *l = assay_ledger_new(path, keys_dir, e);
    if (!l)
        return e ? e->code : ASSAY_ENOMEM;
    enum assay_status s = assay_ring_load(&l->ring, keys_dir, e);
    if (s == ASSAY_OK)
        s = assay_store_open(l, false, 0, e);
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

const struct assay_verifier *assay_ledger_signer(const struct assay_ledger *l, enum assay_role role)
{
    return l->ring.role[role];
}

const char *assay_ledger_checkpoint(struct assay_ledger *l)
{
    struct assay_store_checkpoint row = {.note.max = ASSAY_MAX_LEAF, .frontier.max = ASSAY_MAX_LEAF};
    const char *text = NULL;
    bool found;
    assay_buf_reset(&l->checkpoint);
    if (l->store->checkpoint(l->db, ASSAY_STORE_NEWEST, &row, &found, NULL) == ASSAY_OK && found &&
        assay_buf_add(&l->checkpoint, row.note.ptr, row.note.len) == ASSAY_OK)
        text = assay_buf_str(&l->checkpoint);
    assay_store_checkpoint_release(&row);
    return text ? text : "";
}

/* ---- queries ---- */

void assay_ledger_as_stored(struct assay_ledger *l)
{
    l->as_stored = true;
}

/* The row as a leaf; its note must still hash to what the tree was built from. */
static enum assay_status row_leaf(const struct assay_store_leaf *row, struct assay_leaf *out, struct assay_err *e)
{
    uint8_t hash[32];
    *out = (struct assay_leaf){.index = row->idx, .note = row->note, .note_len = row->note_len};
    if (row->hash_len != 32)
        return assay_fail(e, ASSAY_ELEDGER, "leaf %llu: its hash is not 32 bytes", (unsigned long long)row->idx);
    memcpy(out->hash, row->hash, 32);
    assay_merkle_leaf(out->note, out->note_len, hash);
    if (memcmp(hash, out->hash, 32) != 0)
        return assay_fail(e, ASSAY_ELEDGER, "leaf %llu: stored hash is not the hash of its note",
                          (unsigned long long)row->idx);
    return ASSAY_OK;
}

struct each {
    bool (*each)(void *ctx, const struct assay_leaf *leaf);
    void *ctx;
    struct assay_err *e;
    enum assay_status status;
};

static bool each_leaf(void *ctx, const struct assay_store_leaf *row)
{
    struct each *x = ctx;
    struct assay_leaf leaf;
    x->status = row_leaf(row, &leaf, x->e);
    return x->status == ASSAY_OK && x->each(x->ctx, &leaf);
}

enum assay_status assay_ledger_each(struct assay_ledger *l, const struct assay_ledger_query *q,
                                    bool (*each)(void *ctx, const struct assay_leaf *leaf), void *ctx,
                                    struct assay_err *e)
{
    struct each x = {each, ctx, e, ASSAY_OK};
    enum assay_status s = l->as_stored ? ASSAY_OK : assay_view_refresh(l, e);
    if (s != ASSAY_OK)
        return s;
    s = l->as_stored ? l->store->select(l->db, q, each_leaf, &x, e) : assay_view_select(l, q, each_leaf, &x, e);
    return s == ASSAY_OK ? x.status : s;
}

struct one {
    uint64_t index;
    bool found;
    void (*each)(void *ctx, const struct assay_leaf *leaf);
    void *ctx;
    struct assay_err *e;
    enum assay_status status;
};

static bool first_leaf(void *ctx, const struct assay_store_leaf *row)
{
    struct one *x = ctx;
    struct assay_leaf leaf;
    x->found = row->idx == x->index;
    if (x->found && (x->status = row_leaf(row, &leaf, x->e)) == ASSAY_OK)
        x->each(x->ctx, &leaf);
    return false;
}

enum assay_status assay_ledger_leaf(struct assay_ledger *l, uint64_t index,
                                    void (*each)(void *ctx, const struct assay_leaf *leaf), void *ctx,
                                    struct assay_err *e)
{
    struct one x = {index, false, each, ctx, e, ASSAY_OK};
    enum assay_status s = l->as_stored ? ASSAY_OK : assay_view_refresh(l, e);
    if (s == ASSAY_OK && l->as_stored)
        s = l->store->leaves(l->db, index, first_leaf, &x, e);
    else if (s == ASSAY_OK && index < l->view->tree.size)
        s = assay_view_leaf(l, index, first_leaf, &x, e);
    if (s == ASSAY_OK && !x.found)
        s = assay_fail(e, ASSAY_ENOTFOUND, "%s: no leaf %llu, it has %llu", l->path, (unsigned long long)index,
                       (unsigned long long)assay_ledger_size(l));
    return s == ASSAY_OK ? x.status : s;
}

enum assay_status assay_ledger_find(struct assay_ledger *l, const uint8_t hash[32], uint64_t *index,
                                    struct assay_err *e)
{
    bool found = false;
    enum assay_status s = l->as_stored ? l->store->find(l->db, hash, &found, index, e) : assay_view_refresh(l, e);
    if (s == ASSAY_OK && !l->as_stored)
        s = assay_view_find(l->view, hash, &found, index, e);
    if (s == ASSAY_OK && !found)
        s = assay_fail(e, ASSAY_ENOTFOUND, "%s: no leaf with this hash", l->path);
    return s;
}

struct body {
    struct assay_buf *out;
    struct assay_sha256 *h;
    enum assay_status status;
};

static bool add_body(void *ctx, const uint8_t *bytes, size_t n)
{
    struct body *b = ctx;
    assay_sha256_update(b->h, bytes, n);
    b->status = assay_buf_add(b->out, bytes, n);
    return b->status == ASSAY_OK;
}

enum assay_status assay_ledger_blob(struct assay_ledger *l, const uint8_t sha256[32], struct assay_buf *out,
                                    struct assay_err *e)
{
    struct body b = {out, assay_sha256_new(), ASSAY_OK};
    size_t before = out->len;
    char hex[65];
    uint8_t hash[32];
    bool found;
    assay_hex(sha256, 32, hex);
    enum assay_status s = b.h ? l->store->blob(l->db, sha256, &found, add_body, &b, e) : assay_fail_nomem(e);
    if (s == ASSAY_OK && !found)
        s = assay_fail(e, ASSAY_ENOTFOUND, "%s: no blob sha256:%s", l->path, hex);
    else if (s == ASSAY_OK && b.status != ASSAY_OK)
        s = assay_fail(e, b.status, "blob sha256:%s: no room for its bytes", hex);
    if (s == ASSAY_OK) {
        assay_sha256_final(b.h, hash);
        if (memcmp(hash, sha256, 32) != 0)
            s = assay_fail(e, ASSAY_ELEDGER, "blob sha256:%s: its bytes do not hash to its name", hex);
    }
    if (s != ASSAY_OK)
        out->len = before;
    assay_sha256_free(b.h);
    return s;
}
