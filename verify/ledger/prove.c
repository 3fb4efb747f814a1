#include <string.h>

#include "assay/ledger_proof.h"
#include "assay/policy.h"
#include "key.h"
#include "view.h"

const char *assay_ledger_origin(const struct assay_ledger *l)
{
    return l->origin;
}

const char *assay_ledger_vkey(const struct assay_ledger *l, enum assay_role role)
{
    return l->ring.role[role] ? l->ring.role[role]->vkey : NULL;
}

static bool has_key(const struct assay_ledger *l, const struct assay_policy *p, enum assay_role role)
{
    const struct assay_verifier *v;
    for (size_t nth = 0; (v = assay_ledger_nth_signer(l, role, nth)); nth++)
        if (assay_policy_allows(p, assay_role_name(role), v->vkey))
            return true;
    return false;
}

enum assay_status assay_ledger_under(const struct assay_ledger *l, const struct assay_policy *p, struct assay_err *e)
{
    for (int i = 0; i < ASSAY_ROLE_COUNT; i++) {
        enum assay_role r = (enum assay_role)i;
        const char *vkey = assay_ledger_vkey(l, r);
        if (vkey && (r == ASSAY_ROLE_LEDGER || assay_policy_has_roles(p)) && !has_key(l, p, r))
            return assay_fail(e, ASSAY_ELEDGER, "the policy does not have the key of the role %s: %s",
                              assay_role_name(r), vkey);
    }
    return ASSAY_OK;
}

static enum assay_status compare(struct assay_ledger *l, const struct assay_checkpoint *c, struct assay_err *e)
{
    uint8_t root[32];
    uint64_t n;
    unsigned long long size = c->size;
    size_t own = strlen(l->origin);
    if (c->origin_len != own || memcmp(c->origin, l->origin, own) != 0)
        return assay_fail(e, ASSAY_ELEDGER, "it is a checkpoint of \"%.*s\", this ledger is \"%s\"",
                          c->origin_len > 200 ? 200 : (int)c->origin_len, c->origin, l->origin);
    enum assay_status s = assay_store_size(l, &n, e);
    if (s == ASSAY_OK && c->size > n)
        return assay_fail(
            e, ASSAY_ELEDGER,
            "it was signed for %llu leaves, this ledger has %llu: leaves are gone, or this is an older copy", size,
            (unsigned long long)n);
    if (s == ASSAY_OK)
        s = assay_tree_root(l, c->size, root, e);
    if (s == ASSAY_OK && memcmp(root, c->root, 32) != 0)
        s = assay_fail(e, ASSAY_ELEDGER,
                       "its root for %llu leaves is not that of this ledger's first %llu: there are two histories "
                       "under one name",
                       size, size);
    return s;
}

enum assay_status assay_ledger_against(struct assay_ledger *l, const char *note, size_t len,
                                       struct assay_checkpoint *out, struct assay_err *e)
{
    const struct assay_verifier *v = NULL;
    uint64_t leaves;
    enum assay_status s = assay_ring_get(&l->ring, ASSAY_ROLE_LEDGER, &v, e);
    if (s == ASSAY_OK)
        s = assay_view_refresh(l, e);
    if (s == ASSAY_OK)
        s = assay_store_size(l, &leaves, e);
    if (s != ASSAY_OK)
        return s;
    size_t text = assay_note_text(note, len);
    const char *wrong = text ? assay_checkpoint_split(note, text, out) : "not a signed note";
    if (wrong)
        return assay_fail(e, ASSAY_ELEDGER, "not a checkpoint: %s", wrong);
    s = assay_checkpoint_signed(&l->ring, out->size, leaves, note, len, e);
    return s == ASSAY_OK ? compare(l, out, e) : s;
}

static enum assay_status range(void *ctx, uint64_t first, uint64_t n, uint8_t out[32], struct assay_err *e)
{
    return assay_tree_range(ctx, first, n, out, e);
}

enum assay_status assay_ledger_prove_growth(struct assay_ledger *l, uint64_t size1, uint64_t size2,
                                            struct assay_merkle_proof *out, struct assay_err *e)
{
    return assay_merkle_prove_consistency(size1, size2, range, l, out, e);
}

struct copied {
    struct assay_buf *to;
    enum assay_status status;
    uint8_t hash[32];
};

static void copy_leaf(void *ctx, const struct assay_leaf *leaf)
{
    struct copied *c = ctx;
    c->status = assay_buf_add(c->to, leaf->note, leaf->note_len);
    memcpy(c->hash, leaf->hash, 32);
}

enum assay_status assay_ledger_prove(struct assay_ledger *l, uint64_t index, const char *note, size_t len,
                                     struct assay_proof *out, struct assay_err *e)
{
    struct copied leaf = {.to = &out->extra};
    struct assay_checkpoint head;
    size_t text = assay_note_text(note, len);
    *out = (struct assay_proof){
        .index = index, .checkpoint = note, .checkpoint_len = len, .extra = {.max = 2 * ASSAY_MAX_LEAF}};
    const char *wrong = text ? assay_checkpoint_split(note, text, &head) : "not a signed note";
    if (wrong)
        return assay_fail(e, ASSAY_ELEDGER, "checkpoint: %s", wrong);
    enum assay_status s = assay_ledger_leaf(l, index, copy_leaf, &leaf, e);
    if (s == ASSAY_OK && leaf.status != ASSAY_OK)
        s = assay_fail_nomem(e);
    if (s == ASSAY_OK && index >= head.size)
        s = assay_fail(e, ASSAY_ENOTFOUND, "leaf %llu: the checkpoint covers only the %llu leaves before it",
                       (unsigned long long)index, (unsigned long long)head.size);
    if (s == ASSAY_OK)
        s = assay_merkle_prove_inclusion(index, head.size, range, l, &out->path, e);
    /* What goes out is checked by the other side's rules first. */
    return s == ASSAY_OK ? assay_proof_check(out, leaf.hash, &head, e) : s;
}

enum assay_status assay_checkpoint_vouched(const char *keys_dir, const char *note, size_t len,
                                           struct assay_checkpoint *out, struct assay_err *e)
{
    struct assay_ring ring = {0};
    const struct assay_verifier *v = NULL;
    size_t text;
    enum assay_status s = assay_ring_load(&ring, keys_dir, e);
    if (s == ASSAY_OK)
        s = assay_ring_get(&ring, ASSAY_ROLE_LEDGER, &v, e);
    if (s == ASSAY_OK)
        s = assay_note_verify(v, note, len, &text, e);
    const char *wrong = s == ASSAY_OK ? assay_checkpoint_split(note, text, out) : NULL;
    if (s == ASSAY_OK && !wrong && !assay_verifier_speaks_for(v, out->origin, out->origin_len))
        wrong = "its origin is not that of the ledger's key";
    if (wrong)
        s = assay_fail(e, ASSAY_ELEDGER, "checkpoint: %s", wrong);
    assay_ring_release(&ring);
    return s;
}

enum assay_status assay_leaf_vouched(const char *keys_dir, const struct assay_policy *p, const char *note, size_t len,
                                     const char **role, struct assay_err *e)
{
    struct assay_ring ring = {0};
    struct assay_head h;
    enum assay_role r;
    enum assay_status s = assay_leaf_read(note, len, &h, &r, e);
    if (s == ASSAY_OK) {
        *role = assay_role_name(r);
        s = p ? assay_policy_vouches(p, *role, note, len, e) : assay_ring_load(&ring, keys_dir, e);
    }
    if (s == ASSAY_OK && !p)
        s = assay_leaf_signed(&ring, r, 0, note, len, e);
    assay_ring_release(&ring);
    return s;
}

/* The checkpoint's signatures: by the policy, or by the ledger's key in the keys directory. */
static enum assay_status head_vouched(const struct assay_proof *p, const struct assay_policy *policy,
                                      const char *keys_dir, struct assay_proof_verdict *out, struct assay_err *e)
{
    struct assay_policy_verdict v = {0};
    if (!policy)
        return assay_checkpoint_vouched(keys_dir, p->checkpoint, p->checkpoint_len, &out->head, e);
    enum assay_status s = assay_policy_judge(policy, p->checkpoint, p->checkpoint_len, &v, e);
    out->head = v.head;
    out->cosigned = v.cosigned;
    return s == ASSAY_OK && !v.quorum
               ? assay_fail(
                     e, ASSAY_ELEDGER,
                     "the checkpoint has %u cosignatures by the policy's witnesses: not what its quorum asks for",
                     v.cosigned)
               : s;
}

enum assay_status assay_proof_vouched(const struct assay_proof *p, const struct assay_buf *leaf,
                                      const struct assay_policy *policy, const char *keys_dir,
                                      struct assay_proof_verdict *out, struct assay_err *e)
{
    struct assay_checkpoint head;
    *out = (struct assay_proof_verdict){0};
    assay_merkle_leaf(leaf->ptr, leaf->len, out->hash);
    enum assay_status s = head_vouched(p, policy, keys_dir, out, e);
    if (s == ASSAY_OK)
        s = assay_proof_check(p, out->hash, &head, e);
    /* A policy without role lines speaks of logs and witnesses alone. */
    if (s == ASSAY_OK && (!policy || assay_policy_has_roles(policy)))
        s = assay_leaf_vouched(keys_dir, policy, (const char *)leaf->ptr, leaf->len, &out->role, e);
    return s;
}
