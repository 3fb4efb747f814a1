/* assay evidence: the ledger, or a sample of it, for an auditor who has no assay. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "assay/log.h"
#include "assay/publish.h"
#include "assay/share.h"
#include "cmd.h"
#include "cmd_target.h"
#include "core/evidence.h"

struct evidence_job {
    struct assay_report_target target;
    struct assay_buf parts;
    struct assay_policy *policy;
    struct assay_ledger *ledger;
    struct assay_evidence_scope scope;
    struct assay_evidence_stats stats;
    struct assay_bundle bundle;
};

static void release(struct evidence_job *j)
{
    assay_bundle_release(&j->bundle);
    assay_ledger_close(j->ledger);
    assay_report_target_release(&j->target);
    assay_buf_release(&j->parts);
    assay_policy_free(j->policy);
}

static bool is_zip(const char *path)
{
    size_t n = strlen(path);
    return n > 4 && strcmp(path + n - 4, ".zip") == 0;
}

static enum assay_status prepare(struct evidence_job *j, const struct assay_args *a, const char *out,
                                 struct assay_err *e)
{
    struct stat st;
    if (!out || !*out)
        return assay_fail(e, ASSAY_EUSAGE, "evidence wants --out DIR or --out FILE.zip");
    if (lstat(out, &st) == 0)
        return assay_fail(e, ASSAY_EUSAGE, "--out %s: exists already; a bundle is never overwritten", out);
    j->scope.run = assay_arg(a, "run");
    j->scope.n_datasets = assay_arg_list(a, "dataset", &j->scope.dataset);
    j->scope.n_segments = assay_arg_list(a, "segment", &j->scope.segment);
    j->scope.sample = (uint64_t)assay_arg_number(a, "sample", 0);
    if (assay_arg(a, "sample") && !j->scope.sample)
        return assay_fail(e, ASSAY_EUSAGE, "--sample 0: a sample has at least one chunk");
    enum assay_status s = assay_report_target_open(a, "evidence", &j->target, e);
    if (s == ASSAY_OK)
        s = assay_share_folder("evidence", "ASSAY_EVIDENCE", &j->parts, e);
    if (s == ASSAY_OK && assay_arg(a, "policy"))
        s = assay_policy_load(assay_arg(a, "policy"), &j->policy, e);
    j->scope.plan_ids = j->target.set_ids;
    j->scope.plan_names = j->target.set_names;
    j->scope.n_plan_ids = j->target.plan ? j->target.plan->n_sets : 0;
    j->scope.policy = j->policy;
    j->scope.parts = (const char *)j->parts.ptr;
    return s;
}

/* Evidence out of a broken ledger would be none. */
static enum assay_status build(struct evidence_job *j, struct assay_err *e)
{
    struct assay_ledger_stats stats;
    enum assay_status s =
        assay_ledger_open((const char *)j->target.ledger.ptr, (const char *)j->target.keys.ptr, &j->ledger, e);
    if (s == ASSAY_OK) {
        assay_progress("checking the ledger");
        s = assay_ledger_verify(j->ledger, &stats, e);
    }
    if (s == ASSAY_OK) {
        assay_progress("collecting the evidence");
        s = assay_evidence_build(j->ledger, &j->scope, &j->bundle, &j->stats, e);
    }
    assay_progress(NULL);
    return s == ASSAY_OK ? assay_bundle_seal(&j->bundle, e) : s;
}

static enum assay_status deliver(const struct evidence_job *j, const char *out, struct assay_err *e)
{
    struct assay_buf zip = {.max = 2 * (size_t)ASSAY_BUNDLE_MAX};
    if (!is_zip(out))
        return assay_bundle_folder(&j->bundle, out, e);
    enum assay_status s = assay_bundle_zip(&j->bundle, &zip, e);
    if (s == ASSAY_OK)
        s = assay_publish_evidence(out, 0644, zip.ptr, zip.len, e);
    assay_buf_release(&zip);
    return s;
}

int assay_cmd_evidence(struct assay_args *a)
{
    struct assay_err e = {0};
    struct evidence_job j = {0};
    const char *out = assay_arg(a, "out");
    enum assay_status s = prepare(&j, a, out, &e);
    if (s == ASSAY_OK)
        s = build(&j, &e);
    if (s == ASSAY_OK)
        s = deliver(&j, out, &e);
    if (s == ASSAY_OK && assay_arg_verbosity(a) >= 0)
        printf("%s: %llu of %llu leaves, root %s, %zu files; check it with: sh verify.sh\n", out,
               (unsigned long long)j.stats.leaves, (unsigned long long)j.stats.size, j.stats.root, j.bundle.n);
    else if (s != ASSAY_OK)
        assay_log_lines(ASSAY_LOG_ERROR, j.target.errors.len ? assay_buf_str(&j.target.errors) : e.msg);
    release(&j);
    return s == ASSAY_OK ? ASSAY_EXIT_OK : (int)assay_err_exit(s);
}
