/* assay report: from the ledger alone, in one or more formats. */
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "assay/buf.h"
#include "assay/keys.h"
#include "assay/limits.h"
#include "assay/log.h"
#include "assay/publish.h"
#include "cmd.h"
#include "cmd_target.h"
#include "core/model.h"
#include "core/render.h"

#define MAX_REPORT_BYTES (1u << 30) /* an NDJSON of all chunks may be long */

/* Everything the command opens; released in one place. */
struct job {
    struct assay_report_target target;
    struct assay_ledger *ledger;
    struct assay_report *report;
    struct assay_report_scope scope;
    uint8_t dataset_key[32];
    struct assay_blob_keys keys;
    struct assay_err no_key; /* --reveal, and there is none */
};

static void release(struct job *j)
{
    assay_report_free(j->report);
    assay_ledger_close(j->ledger);
    assay_report_target_release(&j->target);
    OPENSSL_cleanse(j->dataset_key, sizeof j->dataset_key);
}

static enum assay_status locate(struct job *j, const struct assay_args *a, struct assay_err *e)
{
    enum assay_status s = assay_report_target_open(a, "report", &j->target, e);
    j->scope.plan_ids = j->target.set_ids;
    j->scope.plan_names = j->target.set_names;
    j->scope.n_plan_ids = j->target.plan ? j->target.plan->n_sets : 0;
    j->scope.plan_path = j->target.plan_path;
    j->scope.ledger_path = (const char *)j->target.ledger.ptr;
    j->scope.keys_path = (const char *)j->target.keys.ptr;
    return s;
}

/* Keys that open sealed bounds. Where there are none the report is made all the same, and the bounds stay sealed. */
static enum assay_status take_keys(struct job *j, const struct assay_args *a, struct assay_err *e)
{
    if (!assay_arg_flag(a, "reveal"))
        return ASSAY_OK;
    if (!j->target.plan)
        return assay_fail(e, ASSAY_EUSAGE, "--reveal wants a PLAN, which says where the keyring is");
    j->keys = (struct assay_blob_keys){j->dataset_key, j->target.plan->keyring, j->scope.keys_path};
    if (assay_dataset_key_load(j->scope.keys_path, j->dataset_key, &j->no_key) == ASSAY_OK)
        j->scope.keys = &j->keys;
    return ASSAY_OK;
}

/* A report out of a ledger that does not verify would be a story, not evidence: everything is checked first. */
static enum assay_status build(struct job *j, struct assay_err *e)
{
    struct assay_ledger_stats stats;
    enum assay_status s = assay_ledger_open(j->scope.ledger_path, j->scope.keys_path, &j->ledger, e);
    if (s == ASSAY_OK) {
        assay_progress("checking the ledger");
        s = assay_ledger_verify(j->ledger, &stats, e);
    }
    if (s == ASSAY_OK)
        s = assay_report_build(j->ledger, &j->scope, &j->report, e);
    assay_progress(NULL);
    if (s == ASSAY_OK)
        j->report->ledger_checked = true;
    const char *why = s == ASSAY_OK && j->scope.keys ? j->report->why_hidden : j->no_key.msg;
    if (s == ASSAY_OK && j->report->hidden && why && *why)
        assay_log(ASSAY_LOG_WARN, "the bounds of %llu chunks stay sealed: %s", (unsigned long long)j->report->hidden,
                  why);
    return s;
}

static enum assay_status render(const struct assay_report *r, const char *format, bool to_terminal, bool quiet,
                                struct assay_buf *out)
{
    if (strcmp(format, "json") == 0)
        return assay_render_json(r, out);
    if (strcmp(format, "ndjson") == 0)
        return assay_render_ndjson(r, out);
    if (strcmp(format, "html") == 0)
        return assay_render_html(r, out);
    struct assay_text_opts o = {
        .color = to_terminal && assay_color_on(STDOUT_FILENO),
        .utf8 = assay_locale_utf8(),
        .quiet = quiet,
    };
    return assay_render_text(r, &o, out);
}

static bool known_format(const char *spec, char format[16])
{
    static const char *const formats[] = {"text", "json", "ndjson", "html"};
    size_t n = strcspn(spec, ":");
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strlen(formats[i]) == n && strncmp(formats[i], spec, n) == 0) {
            memcpy(format, formats[i], n + 1);
            return spec[n] == '\0' || spec[n + 1] != '\0';
        }
    return false;
}

/* One --report FORMAT[:PATH]. */
static enum assay_status deliver(const struct assay_report *r, const char *spec, bool quiet, struct assay_err *e)
{
    char format[16];
    if (!known_format(spec, format))
        return assay_fail(e, ASSAY_EUSAGE, "--report %s: expected text, json, ndjson or html, then nothing or :PATH",
                          spec);
    const char *path = spec[strlen(format)] == ':' ? spec + strlen(format) + 1 : "-";
    struct assay_buf out = {.max = MAX_REPORT_BYTES};
    enum assay_status s = render(r, format, strcmp(path, "-") == 0, quiet, &out);
    if (s == ASSAY_OK)
        s = assay_publish(path, r->opened ? 0600 : 0644, out.ptr, out.len, e);
    else
        assay_fail(e, s, "the %s report does not fit into memory", format);
    assay_buf_release(&out);
    return s;
}

static enum assay_status check_formats(const struct assay_args *a, struct assay_err *e)
{
    const char *const *spec;
    size_t n = assay_arg_list(a, "report", &spec);
    for (size_t i = 0; i < n; i++) {
        char format[16];
        if (!known_format(spec[i], format))
            return assay_fail(e, ASSAY_EUSAGE,
                              "--report %s: expected text, json, ndjson or html, then nothing or :PATH", spec[i]);
    }
    return ASSAY_OK;
}

/* Every report, even when one cannot be written; the first failure is told. */
static int deliver_all(const struct assay_args *a, const struct assay_report *r)
{
    static const char *const text[] = {"text"};
    struct assay_err first = {0};
    const char *const *spec;
    size_t n = assay_arg_list(a, "report", &spec);
    if (n == 0) {
        spec = text;
        n = 1;
    }
    for (size_t i = 0; i < n; i++) {
        struct assay_err e = {0};
        if (deliver(r, spec[i], assay_arg_flag(a, "quiet"), &e) != ASSAY_OK) {
            assay_log(ASSAY_LOG_ERROR, "%s", e.msg);
            first = first.code == ASSAY_OK ? e : first;
        }
    }
    /* A verdict that could not be delivered is no success. */
    return first.code != ASSAY_OK && r->exit_code == ASSAY_EXIT_OK ? (int)assay_err_exit(first.code) : r->exit_code;
}

int assay_cmd_report(struct assay_args *a)
{
    struct assay_err e = {0};
    struct job j = {0};
    int code;
    j.scope.run = assay_arg(a, "run");
    j.scope.all = assay_arg_flag(a, "all");
    j.scope.n_datasets = assay_arg_list(a, "dataset", &j.scope.dataset);
    enum assay_status s = check_formats(a, &e);
    if (s == ASSAY_OK)
        s = locate(&j, a, &e);
    if (s == ASSAY_OK)
        s = take_keys(&j, a, &e);
    if (s == ASSAY_OK)
        s = build(&j, &e);
    if (s == ASSAY_OK) {
        code = deliver_all(a, j.report);
    } else {
        assay_log_lines(ASSAY_LOG_ERROR, j.target.errors.len ? assay_buf_str(&j.target.errors) : e.msg);
        code = (int)assay_err_exit(s);
        /* Scripts read the document: it says what went wrong, in the same envelope. */
        if (s != ASSAY_EUSAGE && s != ASSAY_EPLAN && assay_arg_count(a, "report") &&
            (j.report = assay_report_broken(&j.scope, &e)))
            deliver_all(a, j.report);
    }
    release(&j);
    return code;
}
