#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "assay/approve.h"
#include "assay/check.h"
#include "assay/coverage.h"
#include "assay/digest.h"
#include "assay/keys.h"
#include "assay/log.h"
#include "assay/session.h"
#include "cmd.h"

static enum assay_status open_sink(const struct assay_session *s, const char *spool, enum assay_side_id side,
                                   struct assay_sink **out, struct assay_err *e)
{
    enum assay_role role = side == ASSAY_SOURCE ? ASSAY_ROLE_SOURCE : ASSAY_ROLE_ARCHIVE;
    return spool ? assay_sink_spool(spool, s->keys_dir, role, out, e)
                 : assay_sink_ledger(s->ledger_path, s->keys_dir, role, out, e);
}

static void say(const struct assay_check *c, const struct assay_check_result *r)
{
    printf("%s %s: %llu rows in %u chunks of %u segments", c->set->name, assay_side_name(c->side),
           (unsigned long long)r->rows, r->chunks, r->segments);
    if (r->objects)
        printf(", %u objects, %llu bytes", r->objects, (unsigned long long)r->bytes);
    if (r->bad_objects)
        printf(", %u objects cannot be read whole", r->bad_objects);
    if (r->defects)
        printf(", %llu values or rows do not decode", (unsigned long long)r->defects);
    printf("%s\n", r->tiled ? "" : ", NOT TILED: the independent count differs");
}

/* One dataset, one side. What the check finds is in the ledger; the exit code says only whether it could look. */
static int verify_set(struct assay_session *s, const struct assay_dataset *d, enum assay_side_id side, const char *run,
                      const struct assay_args *a, const uint8_t *dataset_key)
{
    const char *spool = assay_arg(a, "spool");
    struct assay_check_result r;
    struct assay_err e = {0};
    struct assay_check c = {.plan = s->plan,
                            .set = d,
                            .side = side,
                            .run = run,
                            .segments = s->segments,
                            .n_segments = s->n_segments,
                            .since_mark = assay_arg_flag(a, "since-mark"),
                            .jobs = s->jobs,
                            .dataset_key = dataset_key,
                            .keys_dir = s->keys_dir,
                            .memory = (size_t)assay_arg_number(a, "memory", 0) << 20,
                            .spill_max = (uint64_t)assay_arg_number(a, "spill-max", 0) << 20};
    c.manifest = side == ASSAY_ARCHIVE ? assay_arg(a, "write-manifest") : NULL;
    c.exporter = assay_arg(a, "exporter");
    enum assay_status st = assay_session_ledger(s, &c.ledger, &e);
    if (st == ASSAY_ENOTFOUND && spool) { /* a checker on a machine of its own has no ledger at hand */
        assay_err_reset(&e);
        st = ASSAY_OK;
    }
    if (st == ASSAY_OK && !spool)
        st = assay_plan_approve(c.ledger, s->ledger_path, s->keys_dir, d, &e);
    if (st == ASSAY_OK)
        st = open_sink(s, spool, side, &c.sink, &e);
    if (st == ASSAY_OK && (st = assay_check_side(&c, &r, &e)) == ASSAY_OK && (!spool || strcmp(spool, "-") != 0))
        say(&c, &r);
    assay_progress(NULL);
    assay_sink_free(c.sink);
    assay_ledger_close(c.ledger);
    if (st == ASSAY_OK)
        return ASSAY_EXIT_OK;
    assay_log(ASSAY_LOG_ERROR, "%s", e.msg);
    return (int)assay_err_exit(st);
}

/* Of a plan that wants everything covered. What is lacking is a finding of the run like any other. */
static int verify_coverage(const struct assay_session *s, const char *run, const char *spool)
{
    struct assay_coverage c;
    struct assay_err why = {0}, e = {0};
    struct assay_sink *sink = NULL;
    bool said = assay_coverage_take(s->plan, &c, &why) == ASSAY_OK;
    bool full = said && assay_coverage_full(&c);
    if (!said)
        assay_log(ASSAY_LOG_ERROR, "coverage cannot be said: %s", why.msg);
    else if (!full)
        assay_log(ASSAY_LOG_WARN,
                  "the plan wants full coverage: %zu are in no dataset, %zu are gone (assay plan %s --coverage)",
                  c.count[ASSAY_COVER_NO], c.count[ASSAY_COVER_GONE], s->plan->path);
    enum assay_status st = open_sink(s, spool, ASSAY_SOURCE, &sink, &e);
    if (st == ASSAY_OK)
        st = assay_coverage_attest(said ? &c : NULL, &why, run, sink, &e);
    assay_sink_free(sink);
    if (said)
        assay_coverage_release(&c);
    if (st != ASSAY_OK)
        assay_log(ASSAY_LOG_ERROR, "%s", e.msg);
    return st != ASSAY_OK ? (int)assay_err_exit(st) : full ? ASSAY_EXIT_OK : ASSAY_EXIT_UNVERIFIED;
}

int assay_cmd_verify(struct assay_args *a)
{
    struct assay_session s;
    struct assay_err e = {0};
    uint8_t key[32];
    char run[37];
    const char *side = assay_arg(a, "side"), *spool = assay_arg(a, "spool");
    int worst = assay_session_open(a, &s), all = -1;
    if (worst != ASSAY_EXIT_OK)
        goto done;
    if (assay_dataset_key_load(s.keys_dir, key, &e) != ASSAY_OK) {
        assay_log(ASSAY_LOG_ERROR, "%s", e.msg);
        worst = (int)assay_err_exit(e.code);
        goto done;
    }
    if (assay_arg_flag(a, "since-mark") && s.n_segments) {
        assay_log(ASSAY_LOG_ERROR, "--since-mark and --segment exclude each other");
        worst = ASSAY_EXIT_USAGE;
        goto done;
    }
    if (spool && s.n_sets * (side ? 1 : 2) > 1) {
        assay_log(ASSAY_LOG_ERROR, "a spool takes one side of one dataset: give --side and --dataset");
        worst = ASSAY_EXIT_USAGE;
        goto done;
    }
    if (assay_arg(a, "write-manifest") && (s.n_sets != 1 || (side && strcmp(side, "archive") != 0))) {
        assay_log(ASSAY_LOG_ERROR,
                  "a manifest is of the archive of one dataset: give --dataset, and --side archive or none");
        worst = ASSAY_EXIT_USAGE;
        goto done;
    }
    if (assay_arg(a, "run"))
        snprintf(run, sizeof run, "%s", assay_arg(a, "run"));
    else if (assay_uuid_new(run, &e) != ASSAY_OK) {
        assay_log(ASSAY_LOG_ERROR, "%s", e.msg);
        worst = ASSAY_EXIT_UNVERIFIED;
        goto done;
    }
    for (size_t i = 0; i < s.n_sets && all != ASSAY_EXIT_LEDGER; i++)
        for (int k = ASSAY_SOURCE; k <= ASSAY_ARCHIVE && !assay_interrupted(); k++) {
            if (side && strcmp(side, assay_side_name((enum assay_side_id)k)) != 0)
                continue;
            all = assay_exit_worse(all, verify_set(&s, s.set[i], (enum assay_side_id)k, run, a, key));
        }
    bool whole = s.n_sets == s.plan->n_sets && s.n_segments == 0 && !assay_arg_flag(a, "since-mark") &&
                 (!side || strcmp(side, "source") == 0);
    if (s.plan->full_coverage && whole && all != ASSAY_EXIT_LEDGER && !assay_interrupted())
        all = assay_exit_worse(all, verify_coverage(&s, run, spool));
    worst = all < 0 ? ASSAY_EXIT_UNVERIFIED : all;
done:
    OPENSSL_cleanse(key, sizeof key);
    assay_session_close(&s);
    return worst;
}
