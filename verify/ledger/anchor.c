#include "assay/anchor.h"

#include <string.h>

#include "assay/checkpoint.h"
#include "assay/digest.h"
#include "assay/ledger_proof.h"
#include "key.h"
#include "store.h"

const char *assay_anchor_type_name(enum assay_anchor_type t)
{
    return t == ASSAY_ANCHOR_COSIGNATURE ? "cosignature" : "timestamp";
}

void assay_anchor_release(struct assay_anchor *a)
{
    assay_buf_release(&a->note);
    assay_buf_release(&a->token);
}

struct search {
    struct assay_ledger *l;
    enum assay_anchor_type type;
    const struct assay_verifier *by;
    uint64_t before;
    struct assay_anchor *out;
    bool found;
    enum assay_status status;
    struct assay_err *e;
};

static enum assay_status blob_of(struct assay_ledger *l, const struct assay_stmt *s, const char *key,
                                 struct assay_buf *out, struct assay_err *e)
{
    uint8_t hash[32];
    const char *v = assay_stmt_get(s, key);
    if (!assay_sha256_parse(v, hash))
        return assay_fail(e, ASSAY_ELEDGER, "its `%s` is not the hash of a blob", key);
    assay_buf_reset(out);
    return assay_ledger_blob(l, hash, out, e);
}

/* The checkpoint that the anchor is about: one of this ledger's, signed by it, and its root still holds. */
static enum assay_status check_note(struct assay_ledger *l, struct assay_anchor *a, struct assay_err *e)
{
    struct assay_checkpoint c;
    enum assay_status s = assay_ledger_against(l, (const char *)a->note.ptr, a->note.len, &c, e);
    if (s == ASSAY_OK && c.size != a->size)
        s = assay_fail(e, ASSAY_ELEDGER, "its checkpoint is for %llu leaves, it says %llu", (unsigned long long)c.size,
                       (unsigned long long)a->size);
    return s;
}

static enum assay_status load(struct search *q, const struct assay_leaf *leaf, bool *take, struct assay_err *e)
{
    struct assay_stmt s;
    const char *why;
    size_t text;
    struct assay_anchor *a = q->out;
    *take = false;
    enum assay_status st = assay_stmt_parse(leaf->note, leaf->note_len, &s, e);
    if (st != ASSAY_OK)
        return st;
    const char *type = assay_stmt_get(&s, "type"), *size = assay_stmt_get(&s, "size");
    if (type && strcmp(type, assay_anchor_type_name(q->type)) == 0) {
        a->type = q->type;
        a->leaf = leaf->index;
        if (!size || !assay_checkpoint_number(size, strlen(size), &a->size))
            st = assay_fail(e, ASSAY_ELEDGER, "its `size` is not a number");
        if (st == ASSAY_OK)
            st = blob_of(q->l, &s, "checkpoint", &a->note, e);
        if (st == ASSAY_OK && q->type == ASSAY_ANCHOR_TIMESTAMP)
            st = blob_of(q->l, &s, "token", &a->token, e);
        if (st == ASSAY_OK)
            st = check_note(q->l, a, e);
        *take = st == ASSAY_OK && (!q->by || assay_note_check_at(q->by, (const char *)a->note.ptr, a->note.len, &text,
                                                                 &a->when, &why) == ASSAY_NOTE_GOOD);
    }
    assay_stmt_release(&s);
    return st;
}

static void broken(struct assay_err *e, enum assay_status s, uint64_t leaf, const char *why)
{
    assay_fail(e, s, "leaf %llu: the anchor is broken: %s", (unsigned long long)leaf, why);
}

static bool look(void *ctx, const struct assay_leaf *leaf)
{
    struct search *q = ctx;
    struct assay_err why = {0};
    bool take;
    if (leaf->index >= q->before)
        return true;
    q->status = load(q, leaf, &take, &why);
    if (q->status != ASSAY_OK)
        broken(q->e, q->status, leaf->index, why.msg);
    q->found = take;
    return q->status == ASSAY_OK && !take;
}

enum assay_status assay_anchor_newest(struct assay_ledger *l, enum assay_anchor_type type,
                                      const struct assay_verifier *by, uint64_t before, struct assay_anchor *out,
                                      bool *found, struct assay_err *e)
{
    struct assay_ledger_query query = {.kind = "anchor", .newest_first = true};
    struct search q = {.l = l, .type = type, .by = by, .before = before, .out = out, .e = e};
    *out = (struct assay_anchor){.note = {.max = 2 * ASSAY_MAX_LEAF}, .token = {.max = 2 * ASSAY_MAX_TOKEN}};
    enum assay_status s = assay_ledger_each(l, &query, look, &q, e);
    *found = q.found;
    return s == ASSAY_OK ? q.status : s;
}

struct walk {
    struct assay_ledger *l;
    enum assay_status (*each)(void *ctx, const struct assay_anchor *a, struct assay_err *e);
    void *ctx;
    enum assay_status status;
    struct assay_err *e;
};

static bool hand_over(void *ctx, const struct assay_leaf *leaf)
{
    struct walk *w = ctx;
    for (size_t t = 0; t <= ASSAY_ANCHOR_TIMESTAMP && w->status == ASSAY_OK; t++) {
        struct assay_err why = {0};
        struct assay_anchor a = {.note = {.max = 2 * ASSAY_MAX_LEAF}, .token = {.max = 2 * ASSAY_MAX_TOKEN}};
        struct search q = {.l = w->l, .type = (enum assay_anchor_type)t, .out = &a};
        bool take;
        w->status = load(&q, leaf, &take, &why);
        if (w->status != ASSAY_OK)
            broken(w->e, w->status, leaf->index, why.msg);
        else if (take)
            w->status = w->each(w->ctx, &a, w->e);
        assay_anchor_release(&a);
    }
    return w->status == ASSAY_OK;
}

enum assay_status assay_anchor_each(struct assay_ledger *l,
                                    enum assay_status (*each)(void *ctx, const struct assay_anchor *a,
                                                              struct assay_err *e),
                                    void *ctx, struct assay_err *e)
{
    struct assay_ledger_query query = {.kind = "anchor"};
    struct walk w = {l, each, ctx, ASSAY_OK, e};
    enum assay_status s = assay_ledger_each(l, &query, hand_over, &w, e);
    return s == ASSAY_OK ? w.status : s;
}

static bool is_news(void *ctx, const struct assay_leaf *leaf)
{
    bool *news = ctx;
    static const char anchor[] = "assay/v1 anchor\n";
    *news = leaf->note_len < sizeof anchor || memcmp(leaf->note, anchor, sizeof anchor - 1) != 0;
    return !*news;
}

enum assay_status assay_anchor_news(struct assay_ledger *l, uint64_t from, bool *news, struct assay_err *e)
{
    struct assay_ledger_query q = {.from = from};
    *news = false;
    return assay_ledger_each(l, &q, is_news, news, e);
}

/* Does it cover the leaf, and is it good enough for the policy? */
static enum assay_status fits(const struct assay_policy *p, const struct assay_anchor *a, uint64_t index, bool *fit,
                              struct assay_err *e)
{
    struct assay_policy_verdict v;
    *fit = a->size > index;
    if (!*fit || !p)
        return ASSAY_OK;
    enum assay_status s = assay_policy_judge(p, (const char *)a->note.ptr, a->note.len, &v, e);
    *fit = s == ASSAY_OK && v.quorum;
    return s;
}

enum assay_status assay_ledger_covering(struct assay_ledger *l, const struct assay_policy *p, uint64_t index,
                                        struct assay_buf *out, struct assay_err *e)
{
    struct assay_anchor a;
    uint64_t before = UINT64_MAX;
    bool found = true, fit = false;
    enum assay_status s = ASSAY_OK;
    while (s == ASSAY_OK && found && !fit) {
        s = assay_anchor_newest(l, ASSAY_ANCHOR_COSIGNATURE, NULL, before, &a, &found, e);
        if (s == ASSAY_OK && found)
            s = fits(p, &a, index, &fit, e);
        if (s == ASSAY_OK && fit && assay_buf_add(out, a.note.ptr, a.note.len) != ASSAY_OK)
            s = assay_fail_nomem(e);
        before = a.leaf;
        found = found && a.size > index; /* older ones cover less */
        assay_anchor_release(&a);
    }
    if (s != ASSAY_OK || fit)
        return s;
    const char *note = assay_ledger_checkpoint(l);
    if (!*note)
        return assay_fail(e, ASSAY_ENOTFOUND, "%s: has no checkpoint yet", l->path);
    return assay_buf_adds(out, note) == ASSAY_OK ? ASSAY_OK : assay_fail_nomem(e);
}
