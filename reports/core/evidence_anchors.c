/* What the world outside has signed: the witnesses that a policy asks for, and time stamps. The leaves of kind `anchor`
 * and what they cite are in the bundle like all others; here comes what it takes to check them by. */
#include <stdio.h>
#include <string.h>

#include "assay/anchor.h"
#include "assay/ledger_proof.h"
#include "assay/limits.h"
#include "assay/stamp.h"
#include "evidence_private.h"

/* Every leaf but anchors lies before the newest checkpoint that has the quorum: the auditor is shown nothing that the
 * witnesses have not seen. */
enum assay_status assay_evidence_cosigned(struct assay_evidence *v)
{
    const struct assay_policy *p = v->scope->policy;
    struct assay_buf note = {.max = 2 * ASSAY_MAX_LEAF};
    struct assay_policy_verdict verdict = {0};
    bool news = false;
    if (!p)
        return ASSAY_OK;
    enum assay_status s = assay_ledger_under(v->l, p, v->e);
    if (s == ASSAY_OK)
        s = assay_ledger_covering(v->l, p, 0, &note, v->e);
    if (s == ASSAY_OK)
        s = assay_policy_judge(p, (const char *)note.ptr, note.len, &verdict, v->e);
    if (s == ASSAY_OK && !verdict.quorum)
        s = assay_fail(v->e, ASSAY_ESOURCE,
                       "no checkpoint has the cosignatures that the policy's quorum asks for: ask with `assay ledger "
                       "witness`");
    if (s == ASSAY_OK)
        s = assay_anchor_news(v->l, verdict.head.size, &news, v->e);
    if (s == ASSAY_OK && news)
        s = assay_fail(
            v->e, ASSAY_ESOURCE,
            "the witnesses of the policy have seen %llu of %llu leaves: ask them with `assay ledger witness`",
            (unsigned long long)verdict.head.size, (unsigned long long)v->size);
    assay_buf_release(&note);
    return s;
}

/* That the tree of the anchor's checkpoint is the beginning of this one. */
static enum assay_status add_growth(struct assay_evidence *v, const struct assay_anchor *a, struct assay_err *e)
{
    struct assay_merkle_proof path;
    struct assay_buf text = {0};
    char name[64];
    if (a->size == v->size)
        return ASSAY_OK;
    snprintf(name, sizeof name, "consistency/%09llu", (unsigned long long)a->size);
    if (a->size <= v->grown && assay_bundle_has(v->out, name))
        return ASSAY_OK;
    enum assay_status s = assay_ledger_prove_growth(v->l, a->size, v->size, &path, e);
    if (s == ASSAY_OK)
        s = assay_proof_lines(&path, &text, e);
    if (s == ASSAY_OK)
        s = assay_bundle_add(v->out, name, text.ptr, text.len, e);
    assay_buf_release(&text);
    v->grown = a->size > v->grown ? a->size : v->grown;
    return s;
}

static enum assay_status add_certificate(struct assay_evidence *v, const struct assay_anchor *a, struct assay_err *e)
{
    struct assay_stamp stamp;
    struct assay_err why = {0};
    struct assay_buf pem = {0};
    char name[64];
    snprintf(name, sizeof name, "tokens/%09llu.pem", (unsigned long long)a->leaf);
    enum assay_status s = assay_stamp_check(&a->token, NULL, a->note.ptr, a->note.len, NULL, &stamp, &why);
    if (s == ASSAY_OK)
        s = assay_stamp_certificate(&a->token, &pem, &why);
    if (s != ASSAY_OK)
        s = assay_fail(e, s == ASSAY_EDATA ? ASSAY_ELEDGER : s, "leaf %llu: %s", (unsigned long long)a->leaf, why.msg);
    else
        s = assay_bundle_add(v->out, name, pem.ptr, pem.len, e);
    assay_buf_release(&pem);
    return s;
}

static enum assay_status take_anchor(void *ctx, const struct assay_anchor *a, struct assay_err *e)
{
    struct assay_evidence *v = ctx;
    if (a->leaf >= v->size)
        return ASSAY_OK;
    enum assay_status s = add_growth(v, a, e);
    return s == ASSAY_OK && a->type == ASSAY_ANCHOR_TIMESTAMP ? add_certificate(v, a, e) : s;
}

enum assay_status assay_evidence_anchors(struct assay_evidence *v)
{
    return assay_anchor_each(v->l, take_anchor, v, v->e);
}
