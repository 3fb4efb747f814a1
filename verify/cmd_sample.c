#include <openssl/crypto.h>
#include <stdio.h>
#include <unistd.h>

#include "assay/digest.h"
#include "assay/keys.h"
#include "assay/log.h"
#include "assay/sample.h"
#include "assay/session.h"
#include "cmd.h"

/* Who reads both sides signs as the source's checker, whose rights are the scarcer ones; without its key here, as the
 * archive's. */
static enum assay_role signer(const char *keys_dir)
{
    char path[4096];
    int n = snprintf(path, sizeof path, "%s/source.key", keys_dir);
    return n > 0 && (size_t)n < sizeof path && access(path, R_OK) == 0 ? ASSAY_ROLE_SOURCE : ASSAY_ROLE_ARCHIVE;
}

static void say(const struct assay_dataset *d, const struct assay_sample_result *r)
{
    const uint64_t *n = r->diff.rows;
    printf("%s: looked at %u chunks: %llu missing, %llu extra, %llu duplicate, %llu changed rows\n", d->name,
           r->statements, (unsigned long long)n[ASSAY_DIFF_MISSING], (unsigned long long)n[ASSAY_DIFF_EXTRA],
           (unsigned long long)n[ASSAY_DIFF_DUPLICATE], (unsigned long long)n[ASSAY_DIFF_CHANGED]);
}

static int sample_set(struct assay_args *a, const struct assay_session *s, const struct assay_dataset *d,
                      const char *run, const uint8_t *key)
{
    const enum assay_role role = signer(s->keys_dir);
    struct assay_err e = {0};
    struct assay_sample_result r = {0};
    struct assay_sample_job j = {
        .diff = {.plan = s->plan,
                 .set = d,
                 .dataset_key = key,
                 .segments = s->segments,
                 .n_segments = s->n_segments,
                 .jobs = s->jobs,
                 .memory = (size_t)assay_arg_number(a, "memory", 0) << 20,
                 .max_chunks = d->n_key ? (size_t)assay_arg_number(a, "chunks", ASSAY_SAMPLE_CHUNKS) : 0,
                 .max_seconds = (unsigned)assay_arg_number(a, "seconds", ASSAY_SAMPLE_SECONDS),
                 .compared_only = true},
        .role = assay_role_name(role),
        .run = run,
        .max_rows = (uint64_t)assay_arg_number(a, "rows", ASSAY_SAMPLE_ROWS)};
    enum assay_status st = assay_session_ledger(s, &j.diff.ledger, &e);
    if (st == ASSAY_OK)
        st = assay_arg(a, "spool") ? assay_sink_spool(assay_arg(a, "spool"), s->keys_dir, role, &j.sink, &e)
                                   : assay_sink_ledger(s->ledger_path, s->keys_dir, role, &j.sink, &e);
    if (st == ASSAY_OK)
        st = assay_sample(&j, &r, &e);
    assay_progress(NULL);
    assay_sink_free(j.sink);
    assay_ledger_close(j.diff.ledger);
    if (st == ASSAY_OK)
        say(d, &r);
    else
        assay_log(r.diff.late ? ASSAY_LOG_WARN : ASSAY_LOG_ERROR, "%s: %s", d->name, e.msg);
    return st == ASSAY_OK ? ASSAY_EXIT_OK : (int)assay_err_exit(st);
}

int assay_cmd_sample(struct assay_args *a)
{
    struct assay_session s;
    struct assay_err e = {0};
    uint8_t key[32];
    char run[37];
    int worst = -1, code = assay_session_open(a, &s);
    if (code == ASSAY_EXIT_OK && assay_dataset_key_load(s.keys_dir, key, &e) != ASSAY_OK)
        code = (int)assay_err_exit(e.code);
    if (code == ASSAY_EXIT_OK && !assay_arg(a, "run") && assay_uuid_new(run, &e) != ASSAY_OK)
        code = ASSAY_EXIT_UNVERIFIED;
    if (e.code != ASSAY_OK)
        assay_log(ASSAY_LOG_ERROR, "%s", e.msg);
    if (code != ASSAY_EXIT_OK)
        worst = code;
    for (size_t i = 0; code == ASSAY_EXIT_OK && i < s.n_sets && worst != ASSAY_EXIT_LEDGER && !assay_interrupted(); i++)
        worst =
            assay_exit_worse(worst, sample_set(a, &s, s.set[i], assay_arg(a, "run") ? assay_arg(a, "run") : run, key));
    OPENSSL_cleanse(key, sizeof key);
    assay_session_close(&s);
    return worst < 0 ? ASSAY_EXIT_UNVERIFIED : worst;
}
