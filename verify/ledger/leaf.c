#include <stdio.h>
#include <string.h>

#include "key.h"
#include "store.h"

/* Which role did sign it, when it was not the one that should have? */
static const char *other_signer(const struct assay_ring *r, const char *note, size_t len)
{
    const char *why;
    size_t text;
    for (int i = 0; i < ASSAY_ROLE_COUNT; i++)
        if (r->role[i] && assay_note_check(r->role[i], note, len, &text, &why) == ASSAY_NOTE_GOOD)
            return assay_role_name((enum assay_role)i);
    return NULL;
}

enum assay_status assay_leaf_read(const char *note, size_t len, struct assay_head *h, enum assay_role *role,
                                  struct assay_err *e)
{
    size_t text = assay_note_text(note, len);
    if (!text)
        return assay_fail(e, ASSAY_ELEDGER, "not a signed note: no empty line parts text and signatures");
    const char *wrong = assay_stmt_head(note, text, h);
    if (wrong)
        return assay_fail(e, ASSAY_ELEDGER, "not a statement: %s", wrong);
    wrong = assay_stmt_signer(h, role);
    if (wrong)
        return assay_fail(e, ASSAY_ELEDGER, "a `%.*s` statement is refused: %s", (int)h->kind.n, h->kind.p, wrong);
    return ASSAY_OK;
}

enum assay_status assay_leaf_signed(const struct assay_ring *r, enum assay_role role, uint64_t idx, const char *note,
                                    size_t len, struct assay_err *e)
{
    const struct assay_verifier *v;
    const char *why, *other;
    size_t text;
    uint64_t by;
    enum assay_status s = assay_ring_at(r, role, idx, &v, e);
    if (s != ASSAY_OK)
        return s;
    switch (assay_note_check(v, note, len, &text, &why)) {
    case ASSAY_NOTE_GOOD:
        return ASSAY_OK;
    case ASSAY_NOTE_GRAMMAR:
        return assay_fail(e, ASSAY_ELEDGER, "not a signed note: %s", why);
    case ASSAY_NOTE_BAD:
        return assay_fail(e, ASSAY_ELEDGER, "signature does not verify");
    case ASSAY_NOTE_MISSING:
        if (assay_ring_former(r, role, note, len, &by))
            return assay_fail(e, ASSAY_ELEDGER, "signed by a key of role %s that leaf %llu put out of use",
                              assay_role_name(role), (unsigned long long)by);
        other = other_signer(r, note, len);
        return assay_fail(e, ASSAY_ELEDGER, "not signed by the key of role %s%s%s", assay_role_name(role),
                          other ? ", but by that of role " : "", other ? other : "");
    default:
        return assay_fail_nomem(e);
    }
}

enum assay_status assay_leaf_index(const struct assay_head *h, enum assay_role role, struct assay_buf *room,
                                   struct assay_text out[ASSAY_INDEX_FIELDS])
{
    size_t need = 0;
    const char *name = assay_role_name(role);
    out[ASSAY_INDEX_KIND] = h->kind;
    out[ASSAY_INDEX_ROLE] = (struct assay_text){name, strlen(name)};
    for (int f = ASSAY_HEAD_DATASET; f < ASSAY_HEAD_FIELDS; f++)
        need += h->field[f].n + 1;
    assay_buf_reset(room);
    if (assay_buf_reserve(room, need) != ASSAY_OK)
        return ASSAY_ENOMEM;
    char *at = (char *)room->ptr;
    for (int f = ASSAY_HEAD_DATASET; f < ASSAY_HEAD_FIELDS; f++) {
        struct assay_text *t = &out[ASSAY_INDEX_ROLE + f];
        size_t n = 0;
        *t = (struct assay_text){0};
        if (!h->field[f].p || !assay_stmt_decode(h->field[f], at, &n))
            continue;
        *t = (struct assay_text){at, n};
        at += n + 1;
    }
    return ASSAY_OK;
}

enum assay_status assay_leaf_admit(struct assay_ring *r, uint64_t idx, const char *note, size_t len,
                                   struct assay_head *h, enum assay_role *role, struct assay_err *e)
{
    struct assay_err why = {0};
    enum assay_status s = assay_leaf_read(note, len, h, role, e);
    if (s != ASSAY_OK)
        return s;
    s = assay_leaf_signed(r, *role, idx, note, len, &why);
    if (s == ASSAY_OK && assay_stmt_is(h->kind, "key"))
        s = assay_ring_turn(r, idx, true, note, len, &why);
    if (s == ASSAY_ELEDGER)
        return assay_fail(e, s, "a `%.*s` statement is refused: %s", (int)h->kind.n, h->kind.p, why.msg);
    return s == ASSAY_OK ? s : assay_fail(e, s, "%s", why.msg);
}
