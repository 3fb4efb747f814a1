/* ledger prove, ledger verify-proof: a leaf's place, for somebody who has no ledger. */
#include <stdio.h>
#include <string.h>

#include "assay/anchor.h"
#include "assay/ledger_proof.h"
#include "assay/limits.h"
#include "assay/log.h"
#include "assay/policy.h"
#include "assay/publish.h"
#include "assay/row_proof.h"
#include "cmd.h"
#include "target.h"

static enum assay_status prove(struct assay_ledger *l, const char *policy, uint64_t index, const char *out,
                               struct assay_err *e)
{
    struct assay_policy *believed = NULL;
    struct assay_proof p = {0};
    struct assay_checkpoint head;
    struct assay_buf file = {.max = ASSAY_MAX_PROOF}, note = {.max = ASSAY_MAX_LEAF};
    enum assay_status s = policy ? assay_policy_load(policy, &believed, e) : ASSAY_OK;
    if (s == ASSAY_OK)
        s = assay_ledger_covering(l, believed, index, &note, e);
    if (s == ASSAY_OK)
        s = assay_ledger_against(l, (const char *)note.ptr, note.len, &head, e);
    if (s == ASSAY_OK)
        s = assay_ledger_prove(l, index, (const char *)note.ptr, note.len, &p, e);
    if (s == ASSAY_OK)
        s = assay_proof_write(&p, &file, e);
    if (s == ASSAY_OK)
        s = assay_publish_evidence(out, 0644, file.ptr, file.len, e);
    if (s == ASSAY_OK && strcmp(out, "-") != 0)
        printf("%s: leaf %llu in the tree of %llu\n", out, (unsigned long long)index, (unsigned long long)head.size);
    assay_proof_release(&p);
    assay_policy_free(believed);
    assay_buf_release(&note);
    assay_buf_release(&file);
    return s;
}

int assay_cmd_ledger_prove(struct assay_args *a)
{
    struct assay_target t;
    struct assay_ledger *l = NULL;
    struct assay_err e = {0};
    const char *out = assay_arg(a, "out");
    long long leaf = assay_arg_number(a, "leaf", -1);
    if (assay_arg(a, "row") && leaf < 0)
        return assay_ledger_prove_row(a);
    if (assay_arg(a, "row") || assay_arg(a, "side") || assay_arg_flag(a, "reveal")) {
        assay_log(ASSAY_LOG_ERROR, "ledger prove is about a leaf (--leaf) or about a row (--row, --side, --reveal)");
        return ASSAY_EXIT_USAGE;
    }
    int code = assay_target_open(a, false, &t);
    if (code == ASSAY_EXIT_OK && leaf < 0) {
        assay_log(ASSAY_LOG_ERROR, "ledger prove wants --leaf INDEX or --row KEY");
        code = ASSAY_EXIT_USAGE;
    }
    if (code == ASSAY_EXIT_OK) {
        enum assay_status s = assay_ledger_open(t.ledger, t.keys, &l, &e);
        if (s == ASSAY_OK)
            s = prove(l, assay_arg(a, "policy"), (uint64_t)leaf, out ? out : "-", &e);
        if (s != ASSAY_OK)
            code = assay_cmd_failed(s, &e);
        code = assay_cmd_finish(code);
        assay_ledger_close(l);
    }
    assay_target_release(&t);
    return code;
}

/* ---- verify-proof: no ledger is opened ---- */

static void print_checked(const struct assay_proof *p, const struct assay_proof_verdict *c)
{
    char shown[32];
    assay_checkpoint_short(&c->head, shown);
    printf("ok: leaf %llu of %.*s, in the tree %s, cosigned by %u witness%s", (unsigned long long)p->index,
           (int)c->head.origin_len, c->head.origin, shown, c->cosigned, c->cosigned == 1 ? "" : "es");
    printf(c->role ? ", signed by the role %s\n" : ", its own signature not looked at: the policy has no role lines\n",
           c->role);
}

static enum assay_status read_leaf(const char *path, struct assay_proof *p, struct assay_err *e)
{
    if (path) {
        assay_buf_reset(&p->extra);
        return assay_slurp(path, ASSAY_MAX_LEAF, &p->extra, e);
    }
    if (p->extra.len)
        return ASSAY_OK;
    return assay_fail(e, ASSAY_EUSAGE, "the proof does not carry its leaf: give the leaf's file, too");
}

static enum assay_status verify_leaf(const struct assay_buf *text, const char *leaf, const struct assay_policy *policy,
                                     const char *keys, struct assay_err *e)
{
    struct assay_proof p = {0};
    struct assay_proof_verdict c = {0};
    enum assay_status s = assay_proof_parse(text->len ? (const char *)text->ptr : "", text->len, &p, e);
    if (s == ASSAY_OK)
        s = read_leaf(leaf, &p, e);
    if (s == ASSAY_OK)
        s = assay_proof_vouched(&p, &p.extra, policy, keys, &c, e);
    if (s == ASSAY_OK)
        print_checked(&p, &c);
    assay_proof_release(&p);
    return s;
}

int assay_cmd_ledger_verify_proof(struct assay_args *a)
{
    const char *const *op, *keys = assay_arg(a, "keys"), *policy_path = assay_arg(a, "policy");
    size_t n = assay_arg_operands(a, &op);
    struct assay_buf text = {.max = ASSAY_MAX_ROW_PROOF + 4096};
    struct assay_policy *policy = NULL;
    struct assay_err e = {0};
    enum assay_status s = ASSAY_OK;
    if (!keys == !policy_path)
        s = assay_fail(&e, ASSAY_EUSAGE, "ledger verify-proof wants --policy FILE or --keys DIR: whom to believe");
    if (s == ASSAY_OK && policy_path)
        s = assay_policy_load(policy_path, &policy, &e);
    if (s == ASSAY_OK)
        s = assay_slurp(op[0], ASSAY_MAX_ROW_PROOF, &text, &e);
    if (s == ASSAY_OK && assay_row_proof_is((const char *)text.ptr, text.len))
        s = n > 1 ? assay_fail(&e, ASSAY_EUSAGE, "\"%s\": the proof of a row needs no leaf", op[1])
                  : assay_ledger_verify_row((const char *)text.ptr, text.len, policy, keys, &e);
    else if (s == ASSAY_OK)
        s = verify_leaf(&text, n > 1 ? op[1] : NULL, policy, keys, &e);
    int code = s == ASSAY_OK ? ASSAY_EXIT_OK : assay_cmd_failed(s, &e);
    assay_policy_free(policy);
    assay_buf_release(&text);
    return assay_cmd_finish(code);
}
