/* Keys that change: `key` statements, each by the owner, say from which leaf on a role signs with another key. The
 * chain is trusted when the key in the keys directory is one of it: links are countersigned by both of their keys. */
#include <stdlib.h>
#include <string.h>

#include "key.h"
#include "view.h"

static bool same_key(const struct assay_verifier *a, const struct assay_verifier *b)
{
    return memcmp(a->pub, b->pub, 32) == 0;
}

/* The one that a role signs with now, or that was revoked last; NULL when its key never changed. */
static struct assay_tenure *newest(const struct assay_ring *r, enum assay_role role)
{
    for (size_t i = r->n_tenures; i-- > 0;)
        if (r->tenure[i].role == role)
            return &r->tenure[i];
    return NULL;
}

enum assay_status assay_ring_at(const struct assay_ring *r, enum assay_role role, uint64_t idx,
                                const struct assay_verifier **out, struct assay_err *e)
{
    bool anchored = false;
    const struct assay_tenure *last = newest(r, role);
    enum assay_status s = assay_ring_get(r, role, out, e);
    if (s != ASSAY_OK || !last)
        return s;
    const struct assay_verifier *ours = *out;
    *out = NULL;
    for (size_t i = 0; i < r->n_tenures; i++) {
        const struct assay_tenure *t = &r->tenure[i];
        if (t->role != role)
            continue;
        anchored = anchored || same_key(t->key, ours);
        if (t->from <= idx && idx <= t->to)
            *out = t->key;
    }
    if (!anchored)
        return assay_fail(e, ASSAY_ELEDGER, "%s/%s.key.pub is none of the keys that the ledger says this role had",
                          r->dir, assay_role_name(role));
    if (!*out)
        return assay_fail(e, ASSAY_ELEDGER, "the key of role %s was revoked by leaf %llu", assay_role_name(role),
                          (unsigned long long)last->to);
    return ASSAY_OK;
}

bool assay_ring_former(const struct assay_ring *r, enum assay_role role, const char *note, size_t len, uint64_t *leaf)
{
    const char *why;
    size_t text;
    for (size_t i = 0; i < r->n_tenures; i++) {
        const struct assay_tenure *t = &r->tenure[i];
        if (t->role != role || t->to == UINT64_MAX ||
            assay_note_check(t->key, note, len, &text, &why) != ASSAY_NOTE_GOOD)
            continue;
        *leaf = t->to;
        return true;
    }
    return false;
}

enum assay_status assay_checkpoint_signed(const struct assay_ring *r, uint64_t size, uint64_t leaves, const char *note,
                                          size_t len, struct assay_err *e)
{
    const struct assay_verifier *ours = r->role[ASSAY_ROLE_LEDGER];
    const char *why;
    size_t text;
    if (size > leaves && ours && assay_note_check(ours, note, len, &text, &why) == ASSAY_NOTE_GOOD)
        return ASSAY_OK;
    return assay_leaf_signed(r, ASSAY_ROLE_LEDGER, size ? size - 1 : 0, note, len, e);
}

const struct assay_verifier *assay_ledger_nth_signer(const struct assay_ledger *l, enum assay_role role, size_t nth)
{
    const struct assay_ring *r = &l->ring;
    size_t seen = 0;
    for (size_t i = 0; i < r->n_tenures; i++)
        if (r->tenure[i].role == role && seen++ == nth)
            return r->tenure[i].key;
    return seen == 0 && nth == 0 ? r->role[role] : NULL;
}

void assay_ring_forget(struct assay_ring *r)
{
    for (size_t i = 0; i < r->n_tenures; i++)
        assay_verifier_free(r->tenure[i].key);
    free(r->tenure);
    r->tenure = NULL;
    r->n_tenures = 0;
}

/* Takes the key over, whatever comes of it. */
static enum assay_status add(struct assay_ring *r, enum assay_role role, struct assay_verifier *key, uint64_t from,
                             uint64_t to, struct assay_err *e)
{
    struct assay_tenure *more = reallocarray(r->tenure, r->n_tenures + 1, sizeof *more);
    if (!more) {
        assay_verifier_free(key);
        return assay_fail_nomem(e);
    }
    r->tenure = more;
    r->tenure[r->n_tenures++] = (struct assay_tenure){role, key, from, to};
    return ASSAY_OK;
}

struct turn {
    enum assay_role role;
    struct assay_verifier *old, *new; /* new NULL: none takes its place */
    bool revoked;
};

static bool is_signed(const struct assay_verifier *v, const char *note, size_t len)
{
    const char *why;
    size_t text;
    return assay_note_check(v, note, len, &text, &why) == ASSAY_NOTE_GOOD;
}

/* NULL when good, else what is wrong. */
static const char *judge(const struct assay_ring *r, const struct turn *t, bool now, const char *note, size_t len)
{
    const struct assay_tenure *last = newest(r, t->role);
    if (last && (last->to != UINT64_MAX || !same_key(last->key, t->old)))
        return "its old key is not the one in use";
    if (now && !last && !(r->role[t->role] && same_key(r->role[t->role], t->old)))
        return "its old key is not the one in use";
    if (!t->new)
        return t->revoked ? NULL : "a key that is not revoked needs one that follows";
    if (t->new->type != ASSAY_KEY_ED25519)
        return "a witness key cannot serve a role";
    for (int i = 0; i < ASSAY_ROLE_COUNT; i++)
        if (i != (int)t->role && r->role[i] && same_key(r->role[i], t->new))
            return "its new key serves another role";
    for (size_t i = 0; i < r->n_tenures; i++)
        if (same_key(r->tenure[i].key, t->new))
            return "its new key has been in use before";
    if (same_key(t->old, t->new))
        return "both keys are the same";
    if (!is_signed(t->new, note, len))
        return "its new key has not signed it";
    return t->revoked || is_signed(t->old, note, len) ? NULL : "its old key has not signed it";
}

static enum assay_status read_turn(const char *note, size_t len, struct turn *out, struct assay_err *e)
{
    struct assay_stmt st = {0};
    *out = (struct turn){0};
    enum assay_status s = assay_stmt_parse(note, len, &st, e);
    if (s != ASSAY_OK)
        return s;
    const char *of = assay_stmt_get(&st, "of"), *old = assay_stmt_get(&st, "old"), *new = assay_stmt_get(&st, "new"),
               *why = assay_stmt_get(&st, "status");
    int role = of ? assay_role_by_name(of) : -1;
    bool rotated = why && strcmp(why, "rotated") == 0;
    out->revoked = why && strcmp(why, "revoked") == 0;
    if (role < 0 || !old || (!rotated && !out->revoked))
        s = assay_fail(e, ASSAY_ELEDGER, "it does not say which role's key is rotated or revoked");
    else if (role == ASSAY_ROLE_LEDGER && out->revoked)
        s = assay_fail(e, ASSAY_ELEDGER, "the ledger's own key is rotated with its consent or not at all");
    out->role = role < 0 ? ASSAY_ROLE_OWNER : (enum assay_role)role;
    if (s == ASSAY_OK)
        s = assay_verifier_parse(old, &out->old, e);
    if (s == ASSAY_OK && new)
        s = assay_verifier_parse(new, &out->new, e);
    assay_stmt_release(&st);
    return s;
}

enum assay_status assay_ring_turn(struct assay_ring *r, uint64_t idx, bool now, const char *note, size_t len,
                                  struct assay_err *e)
{
    struct turn t;
    enum assay_status s = read_turn(note, len, &t, e);
    const char *wrong = s == ASSAY_OK ? judge(r, &t, now, note, len) : NULL;
    if (wrong)
        s = assay_fail(e, ASSAY_ELEDGER, "%s", wrong);
    struct assay_tenure *last = s == ASSAY_OK ? newest(r, t.role) : NULL;
    if (last) {
        last->to = idx;
    } else if (s == ASSAY_OK) {
        s = add(r, t.role, t.old, 0, idx, e);
        t.old = NULL;
    }
    if (s == ASSAY_OK && t.new) {
        s = add(r, t.role, t.new, idx + 1, UINT64_MAX, e);
        t.new = NULL;
    }
    assay_verifier_free(t.old);
    assay_verifier_free(t.new);
    return s;
}

struct follow {
    struct assay_ring *r;
    struct assay_err *e;
    enum assay_status status;
};

static bool follow(void *ctx, const struct assay_store_leaf *leaf)
{
    struct follow *x = ctx;
    struct assay_err why = {0};
    x->status = assay_ring_turn(x->r, leaf->idx, false, leaf->note, leaf->note_len, &why);
    if (x->status != ASSAY_OK)
        assay_fail(x->e, x->status, "leaf %llu: %s", (unsigned long long)leaf->idx, why.msg);
    return x->status == ASSAY_OK;
}

static enum assay_status follow_all(struct assay_ledger *l, bool stored, struct assay_err *e)
{
    struct follow x = {.r = &l->ring, .e = e};
    struct assay_ledger_query q = {.kind = "key"};
    assay_ring_forget(&l->ring);
    enum assay_status s = stored ? l->store->select(l->db, &q, follow, &x, e) : assay_view_select(l, &q, follow, &x, e);
    s = s == ASSAY_OK ? x.status : s;
    l->followed = s == ASSAY_OK;
    return s;
}

enum assay_status assay_ring_follow(struct assay_ledger *l, struct assay_err *e)
{
    return follow_all(l, false, e);
}

enum assay_status assay_ring_follow_stored(struct assay_ledger *l, struct assay_err *e)
{
    return follow_all(l, true, e);
}

bool assay_ring_knows(const struct assay_ring *r, uint64_t idx)
{
    for (size_t i = 0; i < r->n_tenures; i++)
        if (r->tenure[i].to == idx)
            return true;
    return false;
}

enum assay_status assay_ledger_key_end(struct assay_ledger *l, enum assay_role role, uint64_t index, uint64_t *end,
                                       struct assay_err *e)
{
    enum assay_status s = assay_ring_follow(l, e);
    *end = UINT64_MAX;
    for (size_t i = 0; i < l->ring.n_tenures && s == ASSAY_OK; i++) {
        const struct assay_tenure *t = &l->ring.tenure[i];
        if (t->role == role && t->from <= index && index <= t->to)
            *end = t->to;
    }
    return s;
}
