#include "run_end.h"

#include <string.h>

#include "assay/checkpoint.h"
#include "assay/digest.h"
#include "view.h"

struct said {
    bool has_leaves, has_root;
    uint64_t leaves;
    uint8_t root[32];
};

static bool read_root(struct assay_text t, uint8_t out[32])
{
    char text[7 + 64 + 1];
    if (t.n != sizeof text - 1)
        return false;
    memcpy(text, t.p, t.n);
    text[t.n] = '\0';
    return assay_sha256_parse(text, out);
}

static struct said read_said(const struct assay_head *end)
{
    struct said x = {0};
    struct assay_text key, value;
    for (const char *p = end->first; assay_stmt_line(&p, end->end, &key, &value);) {
        if (assay_stmt_is(key, "leaves"))
            x.has_leaves = assay_checkpoint_number(value.p, value.n, &x.leaves);
        else if (assay_stmt_is(key, "root"))
            x.has_root = read_root(value, x.root);
    }
    return x;
}

static bool add_leaf(void *ctx, const struct assay_store_leaf *row)
{
    uint8_t hash[32];
    assay_merkle_leaf(row->note, row->note_len, hash);
    assay_merkle_add(ctx, hash);
    return true;
}

/* By what the view knows: no leaf is read. It may take in leaves of another run whose name has the same word. */
static enum assay_status known(const struct assay_view *v, struct assay_ledger_query *q, struct assay_merkle *out,
                               struct assay_err *e)
{
    struct assay_buf list = {.max = sizeof(uint32_t) * (size_t)UINT32_MAX};
    struct assay_ledger_query starts = *q;
    starts.kind = "run-start";
    q->from = 0;
    (void)assay_view_newest(v, &starts, UINT64_MAX, &q->from);
    enum assay_status s = assay_view_list(v, q, &list);
    const uint32_t *at = (const uint32_t *)(const void *)list.ptr;
    for (size_t i = 0; s == ASSAY_OK && i < list.len / sizeof *at; i++)
        assay_merkle_add(out, assay_view_at(v, at[i])->hash);
    assay_buf_release(&list);
    return s == ASSAY_OK ? s : assay_fail_nomem(e);
}

/* By the leaves themselves. */
static enum assay_status read_all(struct assay_ledger *l, struct assay_ledger_query *q, struct assay_merkle *out,
                                  struct assay_err *e)
{
    struct assay_ledger_query starts = *q;
    starts.kind = "run-start";
    starts.newest_first = true;
    starts.from = q->from = 0;
    enum assay_status s = assay_view_select(l, &starts, assay_view_number, &q->from, e);
    return s == ASSAY_OK ? assay_view_select(l, q, add_leaf, out, e) : s;
}

static bool is_said(const struct said *x, const struct assay_merkle *t)
{
    uint8_t root[32];
    assay_merkle_root(t, root);
    return t->size == x->leaves && memcmp(root, x->root, 32) == 0;
}

enum assay_status assay_run_end_check(struct assay_ledger *l, const struct assay_head *end, enum assay_role role,
                                      struct assay_err *e)
{
    const struct said x = read_said(end);
    struct assay_text field[ASSAY_INDEX_FIELDS];
    struct assay_buf room = {0};
    struct assay_merkle run = {0};
    if (!x.has_leaves || !x.has_root)
        return assay_fail(e, ASSAY_ELEDGER, "it does not say how many leaves its run has, and their root");
    if (assay_leaf_index(end, role, &room, field) != ASSAY_OK)
        return assay_fail_nomem(e);
    struct assay_ledger_query q = {.role = assay_role_name(role),
                                   .run = field[ASSAY_INDEX_ROLE + ASSAY_HEAD_RUN].p,
                                   .dataset = field[ASSAY_INDEX_ROLE + ASSAY_HEAD_DATASET].p};
    enum assay_status s = q.run && q.dataset ? known(l->view, &q, &run, e)
                                             : assay_fail(e, ASSAY_ELEDGER, "it does not say of which run it is");
    if (s == ASSAY_OK && !is_said(&x, &run)) {
        run = (struct assay_merkle){0};
        s = read_all(l, &q, &run, e);
    }
    if (s == ASSAY_OK && run.size != x.leaves)
        s = assay_fail(e, ASSAY_ELEDGER, "it says that its run has %llu leaves before it, the ledger has %llu",
                       (unsigned long long)x.leaves, (unsigned long long)run.size);
    else if (s == ASSAY_OK && !is_said(&x, &run))
        s = assay_fail(e, ASSAY_ELEDGER,
                       "the root of its run's leaves is another one than it says: one was kept back, changed or moved");
    assay_buf_release(&room);
    return s;
}
