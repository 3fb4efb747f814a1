#include <stdio.h>
#include <string.h>

#include "assay/note.h"
#include "assay/plan.h"
#include "assay/purge.h"

enum { MATCH, MISMATCH, UNVERIFIED };

struct look {
    struct assay_purge_gate *g;
    const char *plan;
    struct assay_err *e;
    enum assay_status status;
    bool found, other_plan, not_sealed;
};

static void copy(char *out, size_t max, const char *text)
{
    snprintf(out, max, "%s", text ? text : "");
}

const char *assay_purge_reason_name(enum assay_purge_reason r)
{
    static const char *const names[ASSAY_PURGE_REASONS] = {"no-verdict", "no-match", "not-sealed",
                                                           "other-plan", "not-last", "too-old"};
    return names[r];
}

bool assay_purge_refused(const struct assay_purge_gate *g)
{
    for (size_t i = 0; i < ASSAY_PURGE_REASONS; i++)
        if (g->stands[i])
            return true;
    return false;
}

static bool is(const char *value, const char *word)
{
    return value && strcmp(value, word) == 0;
}

/* One verdict of the newest comparison. What it does not say plainly stands in the way. */
static void take(struct look *k, const struct assay_stmt *s)
{
    const char *verdict = assay_stmt_get(s, "verdict"), *plan = assay_stmt_get(s, "plan");
    k->g->verdicts[is(verdict, "match") ? MATCH : is(verdict, "mismatch") ? MISMATCH : UNVERIFIED]++;
    if (!is(assay_stmt_get(s, "strength"), "sealed"))
        k->not_sealed = true;
    if (!plan || strncmp(plan, "sha256:", 7) != 0 || strcmp(plan + 7, k->plan) != 0)
        k->other_plan = true;
}

/* Newest first: those of the first leaf's run. */
static bool each_verdict(void *ctx, const struct assay_leaf *leaf)
{
    struct look *k = ctx;
    struct assay_stmt s;
    k->status = assay_stmt_parse(leaf->note, leaf->note_len, &s, k->e);
    if (k->status != ASSAY_OK)
        return false;
    const char *run = assay_stmt_get(&s, "run");
    if (!k->found) {
        k->found = true;
        k->g->leaf = leaf->index;
        copy(k->g->run, sizeof k->g->run, run);
        copy(k->g->observed, sizeof k->g->observed, assay_stmt_get(&s, "observed"));
        copy(k->g->strength, sizeof k->g->strength, assay_stmt_get(&s, "strength"));
        const char *source = assay_stmt_get(&s, "source-run"), *archive = assay_stmt_get(&s, "archive-run");
        copy(k->g->side_run[ASSAY_SOURCE], sizeof k->g->side_run[0], source ? source : run);
        copy(k->g->side_run[ASSAY_ARCHIVE], sizeof k->g->side_run[0], archive ? archive : run);
        copy(k->g->closed_until, sizeof k->g->closed_until, assay_stmt_get(&s, "closed-until"));
    }
    bool same = is(run, k->g->run);
    if (same)
        take(k, &s);
    assay_stmt_release(&s);
    return same;
}

/* One is enough. */
static bool each_start(void *ctx, const struct assay_leaf *leaf)
{
    (void)leaf;
    *(bool *)ctx = true;
    return false;
}

/* "2026-11-28T20:10:11.123456Z". -1: not such a time. */
static time_t time_of(const char *text)
{
    struct tm t = {0};
    if (sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d", &t.tm_year, &t.tm_mon, &t.tm_mday, &t.tm_hour, &t.tm_min, &t.tm_sec) !=
        6)
        return -1;
    t.tm_year -= 1900;
    t.tm_mon -= 1;
    return timegm(&t);
}

/* A time in the future is no better than none: somebody's clock is wrong. */
static bool too_old(const char *observed, time_t now, uint64_t max_age)
{
    time_t then = time_of(observed);
    return then < 0 || then > now || (uint64_t)(now - then) > max_age;
}

enum assay_status assay_purge_look(struct assay_ledger *l, const char *dataset, const char *plan, time_t now,
                                   uint64_t max_age, struct assay_purge_gate *out, struct assay_err *e)
{
    const struct assay_ledger_query verdicts = {.kind = "verdict", .dataset = dataset, .newest_first = true};
    struct look k = {.g = out, .plan = plan, .e = e};
    bool again = false;
    memset(out, 0, sizeof *out);
    enum assay_status s = assay_ledger_each(l, &verdicts, each_verdict, &k, e);
    if (s == ASSAY_OK)
        s = k.status;
    if (s == ASSAY_OK && k.found) {
        const struct assay_ledger_query starts = {.kind = "run-start", .dataset = dataset, .from = out->leaf};
        s = assay_ledger_each(l, &starts, each_start, &again, e);
    }
    out->stands[ASSAY_PURGE_NO_VERDICT] = !k.found;
    if (s != ASSAY_OK || !k.found)
        return s;
    out->stands[ASSAY_PURGE_NO_MATCH] = !out->verdicts[MATCH] || out->verdicts[MISMATCH] || out->verdicts[UNVERIFIED];
    out->stands[ASSAY_PURGE_NOT_SEALED] = k.not_sealed;
    out->stands[ASSAY_PURGE_OTHER_PLAN] = k.other_plan;
    out->stands[ASSAY_PURGE_NOT_LAST] = again;
    out->stands[ASSAY_PURGE_TOO_OLD] = too_old(out->observed, now, max_age);
    return ASSAY_OK;
}
