#include <string.h>

#include "view.h"

#define GAP 32 /* rows read in vain before a new query is cheaper */

/* ---- judging what is there ---- */

struct walk {
    struct assay_view *v;
    struct assay_err *e;
    enum assay_status status;
};

static bool take_row(void *ctx, const struct assay_store_leaf *row)
{
    struct walk *w = ctx;
    struct assay_head h;
    enum assay_role role;
    uint8_t hash[32];
    w->status = assay_view_read(w->v, row, &h, &role, hash, w->e);
    if (w->status == ASSAY_OK)
        w->status = assay_view_take(w->v, row, &h, role, hash, w->e);
    return w->status == ASSAY_OK;
}

/* Are the leaves of the view those that this checkpoint commits to? */
static enum assay_status check_head(struct assay_ledger *l, const struct assay_store_checkpoint *row, bool signature,
                                    struct assay_err *e)
{
    const char *note = (const char *)row->note.ptr;
    const unsigned long long size = row->size;
    struct assay_head_of_log head;
    struct assay_err why = {0};
    uint8_t root[32];
    const char *wrong = assay_checkpoint_read(note, row->note.len, l->origin, &head);
    if (wrong)
        return assay_fail(e, ASSAY_ELEDGER, "checkpoint of size %llu: %s", size, wrong);
    if (head.size != row->size)
        return assay_fail(e, ASSAY_ELEDGER, "checkpoint of size %llu: its note is for %llu leaves", size,
                          (unsigned long long)head.size);
    if (head.size != l->view->tree.size)
        return assay_fail(e, ASSAY_ELEDGER, "checkpoint of size %llu: the database has %llu leaves", size,
                          (unsigned long long)l->view->tree.size);
    assay_merkle_root(&l->view->tree, root);
    if (memcmp(root, head.root, 32) != 0)
        return assay_fail(e, ASSAY_ELEDGER, "checkpoint of size %llu: root differs from the stored leaves", size);
    if (!signature || !l->ring.dir) /* without keys nothing can be checked: who asks for none gets the tree alone */
        return ASSAY_OK;
    enum assay_status s = assay_checkpoint_signed(&l->ring, size, size, note, row->note.len, &why);
    return s == ASSAY_ELEDGER ? assay_fail(e, s, "checkpoint of size %llu: %s", size, why.msg)
           : s == ASSAY_OK    ? s
                              : assay_fail(e, s, "%s", why.msg);
}

static enum assay_status extend(struct assay_ledger *l, struct assay_store_checkpoint *row, struct assay_err *e)
{
    struct walk w = {.v = l->view, .e = e};
    bool found;
    enum assay_status s = l->store->checkpoint(l->db, ASSAY_STORE_NEWEST, row, &found, e);
    if (s == ASSAY_OK)
        s = l->store->leaves(l->db, l->view->tree.size, take_row, &w, e);
    if (s == ASSAY_OK)
        s = w.status;
    if (s == ASSAY_OK && !found && l->view->tree.size)
        s = assay_fail(e, ASSAY_ELEDGER, "leaf 0: no checkpoint covers it");
    if (s == ASSAY_OK)
        s = assay_ring_follow(l, e);
    return s == ASSAY_OK && found ? check_head(l, row, true, e) : s;
}

enum assay_status assay_view_refresh(struct assay_ledger *l, struct assay_err *e)
{
    struct assay_store_checkpoint row = {.note.max = ASSAY_MAX_LEAF, .frontier.max = ASSAY_MAX_LEAF};
    bool found;
    if (!l->view && !(l->view = assay_view_new()))
        return assay_fail_nomem(e);
    enum assay_status s = l->store->checkpoint(l->db, ASSAY_STORE_NEWEST, &row, &found, e);
    if (s == ASSAY_OK && l->followed && found && row.size == l->view->tree.size) {
        s = check_head(l, &row, false, e);
    } else if (s == ASSAY_OK && (s = l->store->begin(l->db, false, e)) == ASSAY_OK) {
        const struct assay_merkle before = l->view->tree;
        s = extend(l, &row, e);
        l->store->rollback(l->db);
        if (s != ASSAY_OK)
            assay_view_cut(l->view, &before);
    }
    assay_store_checkpoint_release(&row);
    return s;
}

/* ---- reading by number ---- */

struct reading {
    struct assay_ledger *l;
    const struct assay_ledger_query *q; /* NULL: whatever the leaf is */
    const uint32_t *want; /* the numbers, ascending */
    uint32_t one; /* where it is just one */
    size_t n, at;
    bool (*each)(void *ctx, const struct assay_store_leaf *row);
    void *ctx;
    bool stopped;
    struct assay_buf room;
    struct assay_err *e;
    enum assay_status status;
};

/* Words say which leaves it may be; the leaf itself says whether it is. */
static enum assay_status is_meant(struct reading *r, const struct assay_store_leaf *row, bool *meant)
{
    struct assay_head h;
    enum assay_role role;
    struct assay_text field[ASSAY_INDEX_FIELDS];
    *meant = true;
    if (!r->q)
        return ASSAY_OK;
    const char *value[ASSAY_INDEX_FIELDS];
    assay_view_values(r->q, value);
    enum assay_status s = assay_leaf_read(row->note, row->note_len, &h, &role, r->e);
    if (s == ASSAY_OK && assay_leaf_index(&h, role, &r->room, field) != ASSAY_OK)
        s = assay_fail_nomem(r->e);
    for (int f = 0; s == ASSAY_OK && f < ASSAY_INDEX_FIELDS && *meant; f++)
        *meant = !value[f] || (field[f].p && assay_stmt_is(field[f], value[f]));
    return s;
}

static bool one_row(void *ctx, const struct assay_store_leaf *row)
{
    struct reading *r = ctx;
    const uint32_t want = r->want[r->at];
    uint8_t hash[32];
    bool meant;
    if (row->idx < want)
        return true;
    assay_merkle_leaf(row->note, row->note_len, hash);
    if (row->idx != want || row->hash_len != 32 || memcmp(row->hash, hash, 32) != 0 ||
        memcmp(assay_view_at(r->l->view, want)->hash, hash, 32) != 0) {
        r->status = assay_fail(r->e, ASSAY_ELEDGER, "leaf %lu: is gone or changed since the ledger was opened",
                               (unsigned long)want);
        return false;
    }
    r->at++;
    if ((r->status = is_meant(r, row, &meant)) == ASSAY_OK && meant)
        r->stopped = !r->each(r->ctx, row);
    return r->status == ASSAY_OK && !r->stopped && r->at < r->n && r->want[r->at] - want <= GAP;
}

static enum assay_status read_listed(struct reading *r)
{
    enum assay_status s = ASSAY_OK;
    while (s == ASSAY_OK && r->at < r->n && !r->stopped) {
        const size_t before = r->at;
        s = r->l->store->leaves(r->l->db, r->want[r->at], one_row, r, r->e);
        if (s == ASSAY_OK)
            s = r->status;
        if (s == ASSAY_OK && r->at == before)
            s = assay_fail(r->e, ASSAY_ELEDGER, "leaf %lu: is gone since the ledger was opened",
                           (unsigned long)r->want[r->at]);
    }
    return s;
}

static enum assay_status newest_first(struct reading *r)
{
    uint64_t idx = UINT64_MAX;
    enum assay_status s = ASSAY_OK;
    while (s == ASSAY_OK && !r->stopped && assay_view_newest(r->l->view, r->q, idx, &idx)) {
        r->one = (uint32_t)idx;
        r->want = &r->one;
        r->n = 1;
        r->at = 0;
        s = read_listed(r);
    }
    return s;
}

enum assay_status assay_view_select(struct assay_ledger *l, const struct assay_ledger_query *q,
                                    bool (*each)(void *ctx, const struct assay_store_leaf *row), void *ctx,
                                    struct assay_err *e)
{
    struct reading r = {.l = l, .q = q, .each = each, .ctx = ctx, .e = e};
    struct assay_buf list = {.max = sizeof(uint32_t) * (size_t)UINT32_MAX};
    enum assay_status s = ASSAY_OK;
    if (q->newest_first) {
        s = newest_first(&r);
    } else if (assay_view_list(l->view, q, &list) != ASSAY_OK) {
        s = assay_fail_nomem(e);
    } else {
        r.want = (const uint32_t *)(const void *)list.ptr;
        r.n = list.len / sizeof *r.want;
        s = read_listed(&r);
    }
    assay_buf_release(&list);
    assay_buf_release(&r.room);
    return s;
}

bool assay_view_number(void *ctx, const struct assay_store_leaf *row)
{
    *(uint64_t *)ctx = row->idx;
    return false;
}

enum assay_status assay_view_leaf(struct assay_ledger *l, uint64_t idx,
                                  bool (*each)(void *ctx, const struct assay_store_leaf *row), void *ctx,
                                  struct assay_err *e)
{
    const uint32_t one = (uint32_t)idx;
    struct reading r = {.l = l, .want = &one, .n = 1, .each = each, .ctx = ctx, .e = e};
    return read_listed(&r);
}
