/* ledger verify: the ledger itself, then what others remember of it, then who is believed. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "assay/anchor.h"
#include "assay/ledger_proof.h"
#include "assay/limits.h"
#include "assay/log.h"
#include "assay/policy.h"
#include "assay/publish.h"
#include "assay/stamp.h"
#include "cmd.h"
#include "target.h"

struct result {
    struct assay_ledger_stats st;
    json_t *against; /* [{"file","size","root"}] */
    struct assay_policy_verdict policy;
    bool judged; /* under a policy */
    unsigned stamps, cosigned; /* anchors */
    unsigned others; /* stamps, right in themselves, that lead to no certificate of --tsa-ca: they do not count */
    uint64_t other; /* leaf of the newest of them */
    uint64_t stamped; /* leaves of the newest time stamp's checkpoint */
    struct assay_stamp stamp; /* the newest */
};

struct anchors {
    const char *ca;
    struct result *r;
};

static enum assay_status check_anchor(void *ctx, const struct assay_anchor *a, struct assay_err *e)
{
    struct anchors *x = ctx;
    struct assay_stamp st;
    struct assay_err why = {0}, untraced = {0};
    if (a->type == ASSAY_ANCHOR_COSIGNATURE) {
        x->r->cosigned++;
        return ASSAY_OK;
    }
    enum assay_status s = assay_stamp_check(&a->token, NULL, a->note.ptr, a->note.len, NULL, &st, &why);
    if (s != ASSAY_OK)
        return assay_fail(e, s == ASSAY_EDATA ? ASSAY_ELEDGER : s, "leaf %llu: %s", (unsigned long long)a->leaf,
                          why.msg);
    if (x->ca)
        s = assay_stamp_check(&a->token, NULL, a->note.ptr, a->note.len, x->ca, &st, &untraced);
    if (s == ASSAY_EDATA) { /* whoever may state an anchor can bring a stamp by an authority of his own */
        x->r->others++;
        x->r->other = a->leaf;
        return ASSAY_OK;
    }
    if (s != ASSAY_OK)
        return assay_fail(e, s, "%s", untraced.msg);
    x->r->stamps++;
    x->r->stamp = st;
    x->r->stamped = a->size;
    return ASSAY_OK;
}

/* Every anchor: about a tree that this ledger had; tokens rightly signed, at their own time; if there are any, one at
 * least by an authority that is believed. */
static enum assay_status check_anchors(struct assay_ledger *l, const char *ca, struct result *r, struct assay_err *e)
{
    struct anchors x = {ca, r};
    enum assay_status s = assay_anchor_each(l, check_anchor, &x, e);
    if (s == ASSAY_OK && r->others && !r->stamps)
        s = assay_fail(e, ASSAY_ELEDGER,
                       "leaf %llu: the time stamp is not signed by an authority of --tsa-ca, nor is any other",
                       (unsigned long long)r->other);
    return s;
}

/* An old report, checkpoint or proof: this ledger must have grown out of what it shows. */
static enum assay_status against(struct assay_ledger *l, const char *path, json_t *list, struct assay_err *e)
{
    struct assay_buf file = {.max = ASSAY_MAX_BLOB}, note = {.max = 2 * ASSAY_MAX_LEAF};
    struct assay_checkpoint c;
    struct assay_err why = {0};
    char shown[32];
    enum assay_status s = assay_slurp(path, ASSAY_MAX_BLOB, &file, e);
    if (s == ASSAY_OK) {
        s = assay_checkpoint_find(file.len ? (const char *)file.ptr : "", file.len, &note, &why);
        if (s == ASSAY_OK)
            s = assay_ledger_against(l, (const char *)note.ptr, note.len, &c, &why);
        if (s != ASSAY_OK)
            assay_fail(e, s, "%s: %s", path, why.msg);
    }
    if (s == ASSAY_OK) {
        assay_checkpoint_short(&c, shown);
        if (json_array_append_new(list,
                                  json_pack("{s:s,s:I,s:s}", "file", path, "size", (json_int_t)c.size, "short", shown)))
            s = assay_fail_nomem(e);
    }
    assay_buf_release(&note);
    assay_buf_release(&file);
    return s;
}

static enum assay_status under_policy(struct assay_ledger *l, const char *path, struct result *r, struct assay_err *e)
{
    struct assay_policy *p = NULL;
    struct assay_buf note = {.max = 2 * ASSAY_MAX_LEAF};
    enum assay_status s = assay_policy_load(path, &p, e);
    if (s == ASSAY_OK)
        s = assay_ledger_under(l, p, e);
    if (s == ASSAY_OK)
        s = assay_ledger_covering(l, p, 0, &note, e);
    if (s == ASSAY_OK)
        s = assay_policy_judge(p, (const char *)note.ptr, note.len, &r->policy, e);
    r->judged = s == ASSAY_OK;
    r->policy.head.origin = ""; /* the note goes */
    if (s == ASSAY_OK && !r->policy.quorum)
        s = assay_fail(e, ASSAY_ESOURCE,
                       "no checkpoint has the cosignatures that the policy's quorum asks for: ask with `assay ledger "
                       "witness`");
    assay_policy_free(p);
    assay_buf_release(&note);
    return s;
}

static enum assay_status verify(struct assay_args *a, struct assay_ledger *l, struct result *r, struct assay_err *e)
{
    const char *const *old, *policy = assay_arg(a, "policy");
    size_t n = assay_arg_list(a, "against", &old);
    enum assay_status s = assay_ledger_verify(l, &r->st, e);
    if (s == ASSAY_OK)
        assay_log(ASSAY_LOG_INFO, "signatures %.2f s, tree and format %.2f s", (double)r->st.signature_ns / 1e9,
                  (double)(r->st.total_ns - r->st.signature_ns) / 1e9);
    if (s == ASSAY_OK)
        s = check_anchors(l, assay_arg(a, "tsa-ca"), r, e);
    for (size_t i = 0; i < n && s == ASSAY_OK; i++)
        s = against(l, old[i], r->against, e);
    return s == ASSAY_OK && policy ? under_policy(l, policy, r, e) : s;
}

static void print_stamps(const struct result *r)
{
    if (r->stamps)
        printf("%s%u time stamps: the first %llu leaves existed at %s, says %s%s\n",
               r->stamp.trusted ? "" : "not checked: ", r->stamps, (unsigned long long)r->stamped, r->stamp.text,
               r->stamp.authority, r->stamp.trusted ? "" : "; who vouches for that: --tsa-ca FILE");
    if (r->others)
        printf("%u time stamps by others, not counted\n", r->others);
}

static void print_text(const struct result *r)
{
    printf("ok: %llu leaves, root %s (%llu checkpoints, %llu blobs)\n", (unsigned long long)r->st.leaves, r->st.root,
           (unsigned long long)r->st.checkpoints, (unsigned long long)r->st.blobs);
    for (size_t i = 0; i < json_array_size(r->against); i++) {
        json_t *old = json_array_get(r->against, i);
        printf("grown out of %s, which has the tree %s\n", json_string_value(json_object_get(old, "file")),
               json_string_value(json_object_get(old, "short")));
    }
    print_stamps(r);
    if (r->judged)
        printf("under the policy: the first %llu leaves, cosigned by %u witnesses\n",
               (unsigned long long)r->policy.head.size, r->policy.cosigned);
}

static void print_json(const struct result *r, const struct assay_err *e)
{
    json_t *j = json_pack("{s:b,s:i,s:s*,s:I,s:I,s:I,s:s}", "ok", e->code == ASSAY_OK, "exit_code",
                          (int)assay_err_exit(e->code), "error", e->code == ASSAY_OK ? NULL : e->msg, "leaves",
                          (json_int_t)r->st.leaves, "checkpoints", (json_int_t)r->st.checkpoints, "blobs",
                          (json_int_t)r->st.blobs, "root", r->st.root);
    if (json_array_size(r->against))
        json_object_set(j, "against", r->against);
    if (r->stamps)
        json_object_set_new(j, "timestamp",
                            json_pack("{s:i,s:i,s:I,s:s,s:s,s:b}", "stamps", (int)r->stamps, "others", (int)r->others,
                                      "leaves", (json_int_t)r->stamped, "time", r->stamp.text, "authority",
                                      r->stamp.authority, "traced", r->stamp.trusted));
    if (r->judged)
        json_object_set_new(j, "policy",
                            json_pack("{s:I,s:i,s:b}", "leaves", (json_int_t)r->policy.head.size, "cosigned",
                                      (int)r->policy.cosigned, "quorum", r->policy.quorum));
    if (j && json_dumpf(j, stdout, JSON_INDENT(2)) == 0)
        putchar('\n');
    json_decref(j);
}

int assay_cmd_ledger_verify(struct assay_args *a)
{
    struct assay_target t;
    struct assay_ledger *l = NULL;
    struct result r = {.against = json_array()};
    struct assay_err e = {0};
    int code = assay_target_open(a, false, &t);
    if (code == ASSAY_EXIT_OK) {
        enum assay_status s = r.against ? assay_ledger_open(t.ledger, t.keys, &l, &e) : assay_fail_nomem(&e);
        if (s == ASSAY_OK)
            s = verify(a, l, &r, &e);
        if (assay_arg_flag(a, "json"))
            print_json(&r, &e);
        else if (s == ASSAY_OK)
            print_text(&r);
        if (s != ASSAY_OK)
            code = assay_cmd_failed(s, &e);
        code = assay_cmd_finish(code);
        assay_ledger_close(l);
    }
    json_decref(r.against);
    assay_target_release(&t);
    return code;
}
