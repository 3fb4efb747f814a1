/* assay purge withdraw: the approver takes a permit back. */
#include <stdio.h>
#include <string.h>

#include "assay/log.h"
#include "assay/permit.h"
#include "assay/writer.h"
#include "purge_cmd.h"

#define MAX_REASON 4096

static enum assay_status state(const struct assay_session *s, const struct assay_permit *p, const char *reason,
                               struct assay_err *e)
{
    struct assay_sink *sink = NULL;
    struct assay_writer w;
    enum assay_status st = assay_sink_ledger(s->ledger_path, s->keys_dir, ASSAY_ROLE_APPROVER, &sink, e);
    if (st != ASSAY_OK)
        return st;
    assay_writer_begin(&w, "purge-withdraw");
    assay_writer_add(&w, "dataset", p->dataset);
    assay_writer_addf(&w, "permit", "%llu", (unsigned long long)p->leaf);
    assay_writer_add(&w, "reason", reason);
    assay_writer_now(&w);
    st = assay_writer_send(&w, sink, e);
    if (st == ASSAY_OK)
        st = assay_sink_commit(sink, e);
    assay_sink_free(sink);
    return st;
}

static enum assay_status withdraw(const struct assay_session *s, uint64_t leaf, const char *reason, struct assay_err *e)
{
    struct assay_ledger *l = NULL;
    struct assay_permit p = {0};
    struct assay_permit_end end;
    enum assay_status st = assay_purge_open_ledger(s, &l, e);
    if (st == ASSAY_OK)
        st = assay_permit_load(l, leaf, &p, e);
    if (st == ASSAY_OK)
        st = assay_permit_ended(l, &p, &end, e);
    assay_ledger_close(l);
    if (st == ASSAY_OK && end.leaf != UINT64_MAX)
        st = assay_fail(e, ASSAY_EUSAGE, "permit %llu ended with leaf %llu", (unsigned long long)leaf,
                        (unsigned long long)end.leaf);
    if (st == ASSAY_OK)
        st = state(s, &p, reason, e);
    assay_permit_release(&p);
    if (st == ASSAY_OK)
        printf("permit %llu is withdrawn: nothing more is deleted under it\n", (unsigned long long)leaf);
    return st;
}

int assay_cmd_purge_withdraw(struct assay_args *a)
{
    struct assay_session s;
    struct assay_err e = {0};
    const long long permit = assay_arg_number(a, "permit", -1);
    const char *reason = assay_arg(a, "reason");
    int code = assay_session_open(a, &s);
    if (code == ASSAY_EXIT_OK && permit < 0)
        (void)assay_fail(&e, ASSAY_EUSAGE, "--permit: name the leaf of the permit");
    else if (code == ASSAY_EXIT_OK && (!reason || !*reason || strlen(reason) > MAX_REASON))
        (void)assay_fail(&e, ASSAY_EUSAGE, "--reason: say why; it stays in the ledger");
    else if (code == ASSAY_EXIT_OK)
        (void)withdraw(&s, (uint64_t)permit, reason, &e);
    if (e.code != ASSAY_OK) {
        assay_log(ASSAY_LOG_ERROR, "%s", e.msg);
        code = (int)assay_err_exit(e.code);
    }
    assay_session_close(&s);
    return code;
}
