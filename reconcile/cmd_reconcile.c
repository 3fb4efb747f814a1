#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "assay/blob.h"
#include "assay/digest.h"
#include "assay/keys.h"
#include "assay/limits.h"
#include "assay/log.h"
#include "assay/reconcile.h"
#include "assay/session.h"
#include "cmd.h"

static void say(const struct assay_dataset *d, const struct assay_reconciled *r)
{
    const char *word = r->mismatched                ? "mismatch"
                       : r->reason || r->unverified ? "unverified"
                       : r->waived                  ? "waived"
                                                    : "match";
    printf("%s: %s: %llu chunks match, %llu do not, %llu unverified", d->name, word, (unsigned long long)r->matched,
           (unsigned long long)r->mismatched, (unsigned long long)r->unverified);
    if (r->waived)
        printf(", %llu waived", (unsigned long long)r->waived);
    if (r->opened || r->closed || r->open)
        printf("; discrepancies: %u new, %u closed, %u open", r->opened, r->closed, r->open);
    printf("%s%s", r->older[0] ? "; " : "", r->older);
    printf("%s%s\n", r->reason ? "; " : "", r->reason ? r->reason : "");
    if (r->weaker[0])
        assay_log(ASSAY_LOG_WARN, "%s: compared by sums alone: %s", d->name, r->weaker);
    if (r->opaque)
        assay_log(ASSAY_LOG_WARN,
                  "%s: the sums of %llu statements about fewer than %d rows are sealed, and their key is not here: "
                  "compared by "
                  "roots; their columns and the cells that rules changed are not told",
                  d->name, (unsigned long long)r->opaque, ASSAY_SMALL_CHUNK);
}

/* A verdict cites its plan, and only the checkers bring a plan into the ledger. */
static enum assay_status plan_is_known(struct assay_ledger *l, const struct assay_dataset *d, struct assay_err *e)
{
    struct assay_buf blob = {0};
    struct assay_err why = {0};
    uint8_t hash[32];
    char hex[65];
    enum assay_status s = assay_plan_hash(d, hex, NULL, e);
    if (s != ASSAY_OK)
        return s;
    (void)assay_unhex(hex, hash, sizeof hash);
    s = assay_ledger_blob(l, hash, &blob, &why);
    assay_buf_release(&blob);
    if (s == ASSAY_ENOTFOUND)
        return assay_fail(e, s, "dataset %s: nothing was verified under this plan yet: run assay check", d->name);
    return s == ASSAY_OK ? s : assay_fail(e, s, "%s", why.msg);
}

static int reconcile_set(const struct assay_session *s, const struct assay_dataset *d, const char *run,
                         const char *result_run, unsigned what, const char *spool)
{
    struct assay_ledger *l = NULL;
    struct assay_sink *sink = NULL;
    struct assay_reconciled r;
    struct assay_err e = {0}, no_key = {0};
    uint8_t key[32] = {0};
    const struct assay_blob_keys keys = {key, s->plan->keyring, s->keys_dir};
    const bool opens = d->keys_sealed && assay_dataset_key_load(s->keys_dir, key, &no_key) == ASSAY_OK;
    enum assay_status st = assay_session_ledger(s, &l, &e);
    if (st == ASSAY_OK)
        st = plan_is_known(l, d, &e);
    if (st == ASSAY_OK)
        st = spool ? assay_sink_spool(spool, s->keys_dir, ASSAY_ROLE_RECONCILE, &sink, &e)
                   : assay_sink_ledger(s->ledger_path, s->keys_dir, ASSAY_ROLE_RECONCILE, &sink, &e);
    if (st == ASSAY_OK)
        st = assay_reconcile_open(l, sink, d, opens ? &keys : NULL, run, result_run, what, &r, &e);
    OPENSSL_cleanse(key, sizeof key);
    if (st == ASSAY_OK)
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
    struct assay_session s;
    struct assay_err e = {0};
    char fresh[37];
    const char *run = assay_arg(a, "run"), *result_run = run;
    unsigned what = assay_arg_flag(a, "causes-only") ? ASSAY_RECONCILE_CAUSES
                    : assay_arg_flag(a, "no-causes") ? ASSAY_RECONCILE_VERDICTS
                                                     : ASSAY_RECONCILE_ALL;
    if (run && assay_arg_flag(a, "since-mark"))
        what |= ASSAY_RECONCILE_REUSE;
    int worst = -1, code = assay_session_open(a, &s);
    if (code == ASSAY_EXIT_OK && !run) {
        if (assay_uuid_new(fresh, &e) != ASSAY_OK)
            code = ASSAY_EXIT_UNVERIFIED;
        result_run = fresh;
    }
    if (code != ASSAY_EXIT_OK)
        worst = code;
    for (size_t i = 0; code == ASSAY_EXIT_OK && i < s.n_sets && worst != ASSAY_EXIT_LEDGER; i++)
        worst = assay_exit_worse(worst, reconcile_set(&s, s.set[i], run, result_run, what, assay_arg(a, "spool")));
    assay_session_close(&s);
    return worst < 0 ? ASSAY_EXIT_UNVERIFIED : worst; /* no dataset at all: an empty scope */
}
