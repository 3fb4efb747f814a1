/* ledger witness: the newest checkpoint goes to witnesses, their cosignatures come back as an anchor. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/anchor.h"
#include "assay/http.h"
#include "assay/ledger_append.h"
#include "assay/ledger_proof.h"
#include "assay/limits.h"
#include "assay/log.h"
#include "cmd.h"
#include "target.h"

#define MAX_ASKS 4 /* the witness says where it is; somebody else may move it on meanwhile */

struct job {
    struct assay_ledger *l;
    const char *checkpoint; /* of the ledger; borrowed */
    size_t len;
    uint64_t size;
    struct assay_anchor anchor; /* what has come so far */
    unsigned asked, given, idle;
    int code; /* the worst so far */
};

static enum assay_status add_url(const char *url, struct assay_buf *out)
{
    size_t n = strlen(url);
    while (n && url[n - 1] == '/')
        n--;
    enum assay_status s = assay_buf_add(out, url, n);
    return s == ASSAY_OK ? assay_buf_adds(out, "/add-checkpoint") : s;
}

/* One witness, until it has cosigned or said why not. */
static enum assay_status ask(struct job *j, const char *url, const struct assay_verifier *by, uint64_t old,
                             struct assay_witness_reply *r, struct assay_err *e)
{
    struct assay_buf request = {.max = 2 * ASSAY_MAX_WITNESS_BODY}, at = {0};
    struct assay_http_answer a = {.body = {.max = ASSAY_MAX_WITNESS_BODY}};
    enum assay_ask next = ASSAY_ASK_OLDER;
    enum assay_status s = add_url(url, &at) == ASSAY_OK && assay_buf_str(&at) ? ASSAY_OK : assay_fail_nomem(e);
    for (int i = 0; i < MAX_ASKS && s == ASSAY_OK && next == ASSAY_ASK_OLDER; i++) {
        s = assay_witness_request(j->l, old, j->checkpoint, j->len, &request, e);
        if (s == ASSAY_OK)
            s = assay_http_post((const char *)at.ptr, "text/plain; charset=utf-8", request.ptr, request.len, &a, e);
        if (s == ASSAY_OK)
            s = assay_witness_judge(by, j->checkpoint, j->len, j->size, old, a.status, a.type, &a.body, &next, r, e);
        old = r->seen;
    }
    if (s == ASSAY_OK && next == ASSAY_ASK_OLDER)
        s = assay_fail(e, ASSAY_ESOURCE, "it moves on faster than it can be asked");
    assay_buf_release(&request);
    assay_buf_release(&at);
    assay_buf_release(&a.body);
    return s;
}

/* What this witness cosigned last, and whether the ledger has grown since by more than anchors. */
static enum assay_status last_of(struct job *j, const struct assay_verifier *by, uint64_t *old, bool *news,
                                 struct assay_err *e)
{
    struct assay_anchor a;
    bool found;
    enum assay_status s = assay_anchor_newest(j->l, ASSAY_ANCHOR_COSIGNATURE, by, UINT64_MAX, &a, &found, e);
    *old = s == ASSAY_OK && found ? a.size : 0;
    *news = true;
    if (s == ASSAY_OK && found)
        s = assay_anchor_news(j->l, a.size, news, e);
    assay_anchor_release(&a);
    return s;
}

static void one(struct job *j, const char *url, const struct assay_verifier *by)
{
    struct assay_witness_reply r = {.lines = {.max = ASSAY_MAX_WITNESS_BODY}};
    struct assay_err e = {0};
    uint64_t old;
    bool news;
    j->asked++;
    enum assay_status s = last_of(j, by, &old, &news, &e);
    if (s == ASSAY_OK && !news) {
        assay_log(ASSAY_LOG_INFO, "%s: nothing but anchors since the %llu leaves that it cosigned", url,
                  (unsigned long long)old);
        j->idle++;
        return;
    }
    if (s == ASSAY_OK)
        s = ask(j, url, by, old, &r, &e);
    if (s == ASSAY_OK && assay_buf_add(&j->anchor.note, r.lines.ptr, r.lines.len) != ASSAY_OK)
        s = assay_fail_nomem(&e);
    if (s == ASSAY_OK) {
        j->given++;
        j->anchor.when = r.when > j->anchor.when ? r.when : j->anchor.when;
    } else {
        assay_log(ASSAY_LOG_ERROR, "witness %s: %s", url, e.msg);
        j->code = assay_exit_worse(j->code, (int)assay_err_exit(s));
    }
    assay_buf_release(&r.lines);
}

/* ---- whom to ask ---- */

static enum assay_status ask_policy(struct job *j, const char *path, const char *url, struct assay_err *e)
{
    struct assay_policy *p = NULL;
    struct assay_policy_witness w;
    enum assay_status s = assay_policy_load(path, &p, e);
    for (size_t i = 0; s == ASSAY_OK && assay_policy_witness(p, i, &w); i++)
        if (w.url && (!url || strcmp(url, w.url) == 0))
            one(j, w.url, w.key);
    assay_policy_free(p);
    if (s == ASSAY_OK && !j->asked)
        s = assay_fail(e, ASSAY_EUSAGE,
                       url ? "%s: has no witness with this address" : "%s: has no witness with an address", path);
    return s;
}

static enum assay_status ask_one(struct job *j, const char *vkey, const char *url, struct assay_err *e)
{
    struct assay_verifier *v = NULL;
    struct assay_err why = {0};
    if (!url)
        return assay_fail(e, ASSAY_EUSAGE, "--vkey wants the URL of its witness");
    if (assay_verifier_parse(vkey, &v, &why) != ASSAY_OK)
        return assay_fail(e, ASSAY_EUSAGE, "--vkey: %s", why.msg);
    one(j, url, v);
    assay_verifier_free(v);
    return ASSAY_OK;
}

static enum assay_status prepare(struct job *j, struct assay_err *e)
{
    struct assay_checkpoint c;
    j->checkpoint = assay_ledger_checkpoint(j->l);
    j->len = strlen(j->checkpoint);
    j->anchor.note.max = 2 * ASSAY_MAX_LEAF;
    if (!j->len)
        return assay_fail(e, ASSAY_ENOTFOUND, "the ledger is empty: there is nothing to cosign");
    /* What goes out must be ours, by its signature and by its root. */
    enum assay_status s = assay_ledger_against(j->l, j->checkpoint, j->len, &c, e);
    if (s != ASSAY_OK)
        return s;
    j->size = j->anchor.size = c.size;
    return assay_buf_add(&j->anchor.note, j->checkpoint, j->len) == ASSAY_OK ? ASSAY_OK : assay_fail_nomem(e);
}

static enum assay_status run(struct assay_args *a, const struct assay_target *t, struct job *j, struct assay_err *e)
{
    const char *policy = assay_arg(a, "policy"), *vkey = assay_arg(a, "vkey");
    struct assay_sink *sink = NULL;
    enum assay_role role;
    if (!policy == !vkey)
        return assay_fail(e, ASSAY_EUSAGE, "ledger witness wants --policy FILE, or a URL and --vkey VKEY");
    enum assay_status s = assay_anchor_sink(t->ledger, t->keys, &role, &sink, e);
    if (s == ASSAY_OK)
        s = assay_ledger_open(t->ledger, t->keys, &j->l, e);
    if (s == ASSAY_OK)
        s = prepare(j, e);
    if (s == ASSAY_OK)
        s = policy ? ask_policy(j, policy, t->operand, e) : ask_one(j, vkey, t->operand, e);
    assay_ledger_close(j->l);
    if (s == ASSAY_OK && j->given)
        s = assay_anchor_put(sink, role, &j->anchor, e);
    if (s == ASSAY_OK && (j->given || j->idle))
        printf("%u of %u witnesses cosigned %llu leaves%s\n", j->given, j->asked, (unsigned long long)j->size,
               j->idle ? "; for the others nothing is new" : "");
    assay_sink_free(sink);
    return s;
}

int assay_cmd_ledger_witness(struct assay_args *a)
{
    struct assay_target t;
    struct job j = {.code = ASSAY_EXIT_OK};
    struct assay_err e = {0};
    const char *const *op;
    /* The URL may be left out. */
    size_t n = assay_arg_operands(a, &op);
    int code = assay_target_open(a, n > 0 && strstr(op[n - 1], "://"), &t);
    if (code == ASSAY_EXIT_OK) {
        enum assay_status s = run(a, &t, &j, &e);
        if (s != ASSAY_OK)
            j.code = assay_exit_worse(j.code, assay_cmd_failed(s, &e));
        code = assay_cmd_finish(j.code);
    }
    assay_anchor_release(&j.anchor);
    assay_target_release(&t);
    return code;
}
