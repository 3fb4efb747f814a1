#include <stdio.h>

#include "assay/digest.h"
#include "assay/log.h"
#include "assay/reconcile.h"
#include "assay/session.h"
#include "cmd.h"

static enum assay_status reprocess_set(const struct assay_session *s, const struct assay_dataset *d, bool dry_run,
                                       const char *run, struct assay_reprocessed *out, struct assay_err *e)
{
    struct assay_ledger *l = NULL;
    struct assay_sink *sink = NULL;
    *out = (struct assay_reprocessed){0};
    enum assay_status st = assay_session_ledger(s, &l, e);
    if (st == ASSAY_OK && !dry_run)
        st = assay_sink_ledger(s->ledger_path, s->keys_dir, ASSAY_ROLE_RECONCILE, &sink, e);
    if (st == ASSAY_OK)
        st = assay_reprocess(l, sink, s->plan, d, s->segments, s->n_segments, dry_run, run, out, e);
    assay_sink_free(sink);
    assay_ledger_close(l);
    return st;
}

int assay_cmd_reprocess(struct assay_args *a)
{
    struct assay_session s;
    struct assay_err e = {0};
    struct assay_reprocessed one, all = {0};
    char run[37];
    bool dry_run = assay_arg_flag(a, "dry-run");
    int code = assay_session_open(a, &s);
    enum assay_status st = code == ASSAY_EXIT_OK ? assay_uuid_new(run, &e) : ASSAY_OK;
    for (size_t i = 0; code == ASSAY_EXIT_OK && i < s.n_sets && st == ASSAY_OK; i++) {
        st = reprocess_set(&s, s.set[i], dry_run, run, &one, &e);
        all.requests += one.requests;
        all.failed += one.failed;
    }
    if (st != ASSAY_OK) {
        assay_log(ASSAY_LOG_ERROR, "%s", e.msg);
        code = (int)assay_err_exit(st);
    } else if (code == ASSAY_EXIT_OK) {
        if (all.requests == 0)
            printf("no open discrepancies\n");
        else if (!dry_run)
            printf("next: assay check %s\n", s.plan->path);
        code = all.failed ? ASSAY_EXIT_UNVERIFIED : ASSAY_EXIT_OK;
    }
    assay_session_close(&s);
    return code;
}
