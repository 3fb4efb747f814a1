#include <stdio.h>
#include <string.h>

#include "assay/digest.h"
#include "assay/log.h"
#include "assay/reconcile.h"
#include "assay/session.h"
#include "cmd.h"

static void say(const struct assay_dataset *d, const struct assay_reconciled *r)
{
    const char *word = r->mismatched ? "mismatch" : r->reason || r->unverified ? "unverified" : "match";
    printf("%s: %s: %llu chunks match, %llu do not, %llu unverified", d->name, word, (unsigned long long)r->matched,
           (unsigned long long)r->mismatched, (unsigned long long)r->unverified);
    if (r->opened || r->closed || r->open)
        printf("; discrepancies: %u new, %u closed, %u open", r->opened, r->closed, r->open);
    printf("%s%s\n", r->reason ? "; " : "", r->reason ? r->reason : "");
}

static int reconcile_set(const struct assay_session *s, const struct assay_dataset *d, const char *run,
                         const char *result_run, const char *spool)
{
    struct assay_ledger *l = NULL;
    struct assay_sink *sink = NULL;
    struct assay_reconciled r;
    struct assay_err e = {0};
    enum assay_status st = assay_session_ledger(s, &l, &e);
    if (st == ASSAY_OK)
        st = spool ? assay_sink_spool(spool, s->keys_dir, ASSAY_ROLE_RECONCILE, &sink, &e)
                   : assay_sink_ledger(s->ledger_path, s->keys_dir, ASSAY_ROLE_RECONCILE, &sink, &e);
    if (st == ASSAY_OK && (st = assay_reconcile(l, sink, d, run, result_run, &r, &e)) == ASSAY_OK)
        say(d, &r);
    assay_sink_free(sink);
    assay_ledger_close(l);
    if (st == ASSAY_OK)
        return assay_reconciled_exit(&r);
    assay_log(ASSAY_LOG_ERROR, "%s", e.msg);
    return (int)assay_err_exit(st);
}

int assay_cmd_reconcile(struct assay_args *a)
{
    static const int rank[] = {[ASSAY_EXIT_OK] = 0, [ASSAY_EXIT_UNVERIFIED] = 1, [ASSAY_EXIT_DISCREPANCY] = 2};
    struct assay_session s;
    struct assay_err e = {0};
    char fresh[37];
    const char *run = assay_arg(a, "run"), *result_run = run;
    int worst = assay_session_open(a, &s);
    if (worst == ASSAY_EXIT_OK && !run) {
        if (assay_uuid_new(fresh, &e) != ASSAY_OK)
            worst = ASSAY_EXIT_UNVERIFIED;
        result_run = fresh;
    }
    for (size_t i = 0; i < s.n_sets && worst != ASSAY_EXIT_LEDGER && worst != ASSAY_EXIT_USAGE; i++) {
        int code = reconcile_set(&s, s.set[i], run, result_run, assay_arg(a, "spool"));
        if (code == ASSAY_EXIT_LEDGER || code == ASSAY_EXIT_LOCKED)
            worst = code;
        else if (worst <= 3 && code <= 3 && rank[code] > rank[worst])
            worst = code;
    }
    assay_session_close(&s);
    return worst;
}
