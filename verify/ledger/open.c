#include "assay/ledger_append.h"

#include <stdio.h>
#include <string.h>

#include "assay/keys.h"
#include "assay/publish.h"
#include "file.h"
#include "key.h"
#include "text.h"
#include "view.h"

enum assay_status assay_ledger_create(const char *path, const char *origin, struct assay_err *e)
{
    if (strlen(origin) > ASSAY_MAX_NAME || !assay_text_is_name(origin, strlen(origin)))
        return assay_fail(e, ASSAY_EUSAGE, "origin \"%.80s\": must not be empty or hold white space or '+'", origin);
    return assay_store_of(path)->create(path, origin, e);
}

/* ---- opening: the database must be exactly where its newest signed checkpoint says ---- */

struct last {
    struct assay_store_checkpoint row;
    struct assay_merkle tree; /* from the stored frontier, not yet believed */
};

static enum assay_status read_last(struct assay_ledger *l, struct last *out, struct assay_err *e)
{
    bool found;
    enum assay_status s = l->store->checkpoint(l->db, ASSAY_STORE_NEWEST, &out->row, &found, e);
    if (s != ASSAY_OK || !found)
        return s;
    size_t n = 32 * (size_t)__builtin_popcountll(out->row.size);
    if (!out->row.note.len || !n || out->row.frontier.len != n)
        return assay_fail(e, ASSAY_ELEDGER, "checkpoint of size %llu: its frontier is broken",
                          (unsigned long long)out->row.size);
    memcpy(out->tree.stack, out->row.frontier.ptr, n);
    out->tree.size = out->row.size;
    return ASSAY_OK;
}

/* Signature, origin and root of the newest checkpoint against the frontier and against the stored tree. */
static enum assay_status check_last(struct assay_ledger *l, const struct last *last, uint64_t leaves,
                                    struct assay_err *e)
{
    struct assay_head_of_log head;
    struct assay_err why = {0};
    uint8_t root[32];
    unsigned long long size = last->row.size;
    if (last->row.size != leaves)
        return assay_fail(e, ASSAY_ELEDGER, "checkpoint of size %llu: the database has %llu leaves", size,
                          (unsigned long long)leaves);
    if (leaves == 0)
        return ASSAY_OK;
    const char *note = (const char *)last->row.note.ptr;
    enum assay_status s =
        assay_checkpoint_signed(&l->ring, last->row.size, last->row.size, note, last->row.note.len, &why);
    if (s != ASSAY_OK)
        return assay_fail(e, s, "checkpoint of size %llu: %s", size, why.msg);
    const char *wrong = assay_checkpoint_parse(note, assay_note_text(note, last->row.note.len), l->origin, &head);
    if (wrong)
        return assay_fail(e, ASSAY_ELEDGER, "checkpoint of size %llu: %s", size, wrong);
    assay_merkle_root(&last->tree, root);
    if (head.size != last->row.size || memcmp(root, head.root, 32) != 0)
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
    enum assay_status s = assay_publish_evidence(l->published, 0644, note->ptr, note->len, &why);
    if (s == ASSAY_OK)
        return s;
    s = s == ASSAY_EIO ? ASSAY_ESTORE : s;
    return assay_fail(e, s, "the leaves are committed, but their checkpoint is not published: %s", why.msg);
}

static enum assay_status take_position(struct assay_ledger *l, struct assay_err *e)
{
    struct last last = {.row = {.note.max = ASSAY_MAX_LEAF, .frontier.max = ASSAY_MAX_LEAF}};
    struct assay_head_of_log pub;
    uint64_t leaves;
    bool found, behind;
    enum assay_status s = assay_store_size(l, &leaves, e);
    if (s == ASSAY_OK)
        s = read_last(l, &last, e);
    if (s == ASSAY_OK)
        s = check_last(l, &last, leaves, e);
    if (s == ASSAY_OK)
        s = assay_published_read(l, leaves, &pub, &found, e);
    if (s == ASSAY_OK)
        s = assay_published_check(l, &pub, found, leaves, &behind, e);
    if (s == ASSAY_OK && behind)
        s = assay_checkpoint_publish(l, &last.row.note, e); /* a crash came between commit and publication */
    if (s == ASSAY_OK)
        l->tree = last.tree;
    assay_store_checkpoint_release(&last.row);
    return s;
}

enum assay_status assay_ledger_open_append_wait(const char *path, const char *keys_dir, int wait_ms,
                                                struct assay_view **known, struct assay_ledger **out,
                                                struct assay_err *e)
{
    const struct assay_verifier *v;
    struct assay_err own = {0};
    e = e ? e : &own;
    struct assay_ledger *l = assay_ledger_new(path, keys_dir, e);
    if (!l)
        return e->code;
    l->writing = true;
    if (known) {
        l->view = *known;
        *known = NULL;
    }
    enum assay_status s = assay_store_open(l, true, wait_ms, e);
    if (s == ASSAY_OK)
        s = assay_ring_load(&l->ring, keys_dir, e);
    if (s == ASSAY_OK)
        s = assay_ring_get(&l->ring, ASSAY_ROLE_LEDGER, &v, e);
    if (s == ASSAY_OK)
        s = assay_keys_sign_with(keys_dir, ASSAY_ROLE_LEDGER, &l->key, e);
    if (s == ASSAY_OK)
        s = assay_view_refresh(l, e);
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
    return assay_ledger_open_append_wait(path, keys_dir, 0, NULL, out, e);
}
