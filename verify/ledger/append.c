#include "assay/ledger_append.h"

#include <stdio.h>
#include <string.h>

#include "assay/digest.h"
#include "assay/publish.h"
#include "key.h"
#include "run_end.h"
#include "tiling.h"
#include "view.h"

/* One call of assay_ledger_append: everything in one transaction, judged before it is signed. */
struct batch {
    struct assay_ledger *l;
    struct assay_merkle tree; /* moves on with every leaf; l->tree stays until the commit */
    uint64_t first; /* leaves before this batch */
    uint64_t blobs; /* new ones */
    struct assay_buf room; /* decoded values of one leaf */
    unsigned same_key; /* roles whose last leaf is known to be signed by the key that is here, as bits */
};

static enum assay_status add_blob(struct batch *b, const struct assay_ledger_item *it, struct assay_err *e)
{
    uint8_t hash[32];
    bool found;
    assay_sha256(it->len ? it->bytes : "", it->len, hash);
    enum assay_status s = b->l->store->has_blob(b->l->db, hash, &found, e);
    if (s != ASSAY_OK || found)
        return s;
    b->blobs++;
    return b->l->store->put_blob(b->l->db, hash, it->bytes, it->len, e);
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
        enum assay_status s = b->l->store->has_blob(b->l->db, hash, &found, e);
        if (s != ASSAY_OK)
            return s;
        assay_hex(hash, 32, hex);
        if (!found)
            return assay_fail(e, ASSAY_ELEDGER, "a `%.*s` statement cites blob sha256:%s, which is not in the store",
                              (int)h->kind.n, h->kind.p, hex);
    }
    return ASSAY_OK;
}

/* What this role stated before must be in the log, from an earlier batch or from this one. */
static enum assay_status check_prev_own(struct batch *b, const struct assay_head *h, enum assay_role role,
                                        struct assay_err *e)
{
    uint8_t hash[32];
    char hex[65];
    bool found;
    uint64_t at;
    int has = assay_stmt_prev_own(h, hash);
    if (has == 0)
        return ASSAY_OK;
    if (has < 0)
        return assay_fail(e, ASSAY_ELEDGER, "a `%.*s` statement is refused: its prev-own is not one hash",
                          (int)h->kind.n, h->kind.p);
    enum assay_status s = assay_view_find(b->l->view, hash, &found, &at, e);
    if (s != ASSAY_OK || found)
        return s;
    assay_hex(hash, 32, hex);
    return assay_fail(
        e, ASSAY_ELEDGER,
        "a `%.*s` statement is refused: what role %s stated before it, leaf hash %s, is not in the ledger",
        (int)h->kind.n, h->kind.p, assay_role_name(role), hex);
}

struct last_of_role {
    struct batch *b;
    enum assay_role role;
    struct assay_err why;
    uint64_t idx;
};

static bool check_last(void *ctx, const struct assay_store_leaf *row)
{
    struct last_of_role *x = ctx;
    x->idx = row->idx;
    (void)assay_leaf_signed(&x->b->l->ring, x->role, row->idx, row->note, row->note_len, &x->why);
    return false;
}

/* The keys directory may hold another key than the role has signed with so far: with leaves by both, no key directory
 * would verify the ledger any more. */
static enum assay_status check_same_key(struct batch *b, enum assay_role role, struct assay_err *e)
{
    struct last_of_role x = {.b = b, .role = role};
    struct assay_ledger_query q = {.role = assay_role_name(role), .newest_first = true};
    if (b->same_key & 1u << role)
        return ASSAY_OK;
    enum assay_status s = assay_view_select(b->l, &q, check_last, &x, e);
    if (s != ASSAY_OK)
        return s;
    if (x.why.code == ASSAY_ELEDGER)
        return assay_fail(e, ASSAY_ELEDGER, "%s has another key of role %s than leaf %llu was signed with: %s",
                          b->l->ring.dir, q.role, (unsigned long long)x.idx, x.why.msg);
    if (x.why.code != ASSAY_OK)
        return assay_fail(e, x.why.code, "%s", x.why.msg);
    b->same_key |= 1u << role;
    return ASSAY_OK;
}

static enum assay_status check_run_end(struct batch *b, const struct assay_head *h, enum assay_role role,
                                       struct assay_err *e)
{
    struct assay_err why = {0};
    enum assay_status s = assay_run_end_check(b->l, h, role, &why);
    return s == ASSAY_OK        ? s
           : s == ASSAY_ELEDGER ? assay_fail(e, s, "a `run-end` statement is refused: %s", why.msg)
                                : assay_fail(e, s, "%s", why.msg);
}

static enum assay_status add_note(struct batch *b, const struct assay_ledger_item *it, struct assay_err *e)
{
    struct assay_head h;
    enum assay_role role;
    uint8_t hash[32];
    bool found;
    uint64_t at;
    struct assay_store_leaf row = {.idx = b->tree.size, .hash = hash, .hash_len = 32, .indexed = true};
    assay_merkle_leaf(it->bytes, it->len, hash);
    enum assay_status s = assay_view_find(b->l->view, hash, &found, &at, e);
    if (s != ASSAY_OK || found)
        return s;
    if ((s = assay_leaf_admit(&b->l->ring, row.idx, it->bytes, it->len, &h, &role, e)) != ASSAY_OK ||
        (s = check_same_key(b, role, e)) != ASSAY_OK || (s = check_cited(b, &h, e)) != ASSAY_OK ||
        (s = check_prev_own(b, &h, role, e)) != ASSAY_OK)
        return s;
    if (assay_stmt_is(h.kind, "run-end") &&
        ((s = check_run_end(b, &h, role, e)) != ASSAY_OK || (s = assay_tiling_check(b->l, &h, role, e)) != ASSAY_OK))
        return s;
    row.note = it->bytes;
    row.note_len = it->len;
    if (assay_leaf_index(&h, role, &b->room, row.index) != ASSAY_OK)
        return assay_fail_nomem(e);
    if ((s = b->l->store->put_leaf(b->l->db, &row, e)) != ASSAY_OK ||
        (s = assay_view_take(b->l->view, &row, &h, role, hash, e)) != ASSAY_OK)
        return s;
    assay_merkle_add(&b->tree, hash);
    return ASSAY_OK;
}

/* What was stored is read back and hashed again before it is signed for: a log that signs what it only meant to store
 * can destroy itself. */
struct read_back {
    struct batch *b;
    uint64_t idx; /* expected next */
    struct assay_err *e;
    enum assay_status status;
};

static bool same_again(void *ctx, const struct assay_store_leaf *row)
{
    struct read_back *r = ctx;
    uint8_t hash[32];
    assay_merkle_leaf(row->note, row->note_len, hash);
    if (row->idx != r->idx || row->hash_len != 32 || memcmp(hash, row->hash, 32) != 0)
        r->status = assay_fail(r->e, ASSAY_ELEDGER, "leaf %llu: what was read back is not what was stored",
                               (unsigned long long)r->idx);
    else
        r->status = assay_tree_grow(r->b->l, r->idx++, r->e);
    return r->status == ASSAY_OK;
}

static enum assay_status read_back(struct batch *b, struct assay_err *e)
{
    struct read_back r = {.b = b, .idx = b->first, .e = e};
    enum assay_status s = b->l->store->leaves(b->l->db, b->first, same_again, &r, e);
    if (s == ASSAY_OK)
        s = r.status;
    if (s == ASSAY_OK && r.idx != b->tree.size)
        s = assay_fail(e, ASSAY_ELEDGER, "leaf %llu: missing when read back", (unsigned long long)r.idx);
    return s;
}

/* The key that the ledger says signs now must be the one that did: after a rotation that was stopped it is not. */
static enum assay_status check_own(const struct batch *b, const struct assay_buf *note, struct assay_err *e)
{
    struct assay_err why = {0};
    const struct assay_ledger *l = b->l;
    enum assay_status s =
        assay_checkpoint_signed(&l->ring, b->tree.size, b->tree.size, (const char *)note->ptr, note->len, &why);
    if (s == ASSAY_ELEDGER)
        return assay_fail(
            e, s,
            "%s/ledger.key is not the key that signs the ledger's checkpoints now (%s); `assay ledger key "
            "PLAN --role ledger --rotate` finishes a rotation that was stopped",
            l->ring.dir, why.msg);
    return s == ASSAY_OK ? s : assay_fail(e, s, "%s", why.msg);
}

static enum assay_status put_checkpoint(struct batch *b, const struct assay_buf *note, struct assay_err *e)
{
    struct assay_store_checkpoint row = {.size = b->tree.size, .note = *note};
    row.frontier.ptr = b->tree.stack[0];
    row.frontier.len = 32 * (size_t)__builtin_popcountll(b->tree.size);
    return b->l->store->put_checkpoint(b->l->db, &row, e);
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
        s = check_own(b, note, e);
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
    struct batch b = {.l = l, .tree = l->tree, .first = l->tree.size, .room.max = 2 * ASSAY_MAX_LEAF};
    struct assay_buf note = {.max = ASSAY_MAX_LEAF};
    enum assay_status s = ASSAY_OK;
    if (!l->writing)
        return assay_fail(e, ASSAY_EUSAGE, "%s: is open for reading only", l->path);
    if ((s = check_sizes(item, n, e)) != ASSAY_OK || (s = l->store->begin(l->db, true, e)) != ASSAY_OK)
        return s;
    s = fill(&b, item, n, e);
    bool grown = b.tree.size > b.first;
    if (s == ASSAY_OK && grown)
        s = seal(&b, &note, e);
    if (s == ASSAY_OK && (grown || b.blobs))
        s = l->store->commit(l->db, e);
    l->store->rollback(l->db); /* what is not committed */
    if (s == ASSAY_OK && grown) {
        l->tree = b.tree;
        l->size = b.tree.size;
        s = assay_checkpoint_publish(l, &note, e);
    } else {
        l->size = b.first;
        assay_view_cut(l->view, &l->tree);
        if (s != ASSAY_OK) /* a key that changed in what was taken back */
            (void)assay_ring_follow(l, NULL);
    }
    assay_buf_release(&b.room);
    assay_buf_release(&note);
    return s;
}
