/* assay-purge: the gate in front of deleting at a source, permits, and what is deleted under them. It has credentials
 * and roles of its own; this file only looks. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "assay/buf.h"
#include "assay/cli.h"
#include "assay/log.h"
#include "assay/obstacle.h"
#include "assay/purge.h"
#include "assay/session.h"
#include "purge_cmd.h"

#define DEFAULT_MAX_AGE_H 24

/* What one dataset came to. */
struct finding {
    struct assay_purge_gate gate;
    struct assay_obstacle *obstacle;
    size_t n;
};

void assay_purge_say_gate(const struct assay_purge_gate *g, long long hours)
{
    const unsigned long long match = g->verdicts[0], mismatch = g->verdicts[1], unverified = g->verdicts[2];
    if (g->stands[ASSAY_PURGE_NO_VERDICT])
        printf("  no-verdict    source and archive were never compared: assay check\n");
    if (g->stands[ASSAY_PURGE_NO_MATCH])
        printf("  no-match      run %s: %llu match, %llu mismatch, %llu unverified\n", g->run, match, mismatch,
               unverified);
    if (g->stands[ASSAY_PURGE_NOT_SEALED])
        printf(strcmp(g->strength, "fast") == 0
                   ? "  not-sealed    run %s compared by fast digests, which prove nothing to who holds the key\n"
                   : "  not-sealed    run %s has verdicts that compared no roots, as a scrub's: assay check\n",
               g->run);
    if (g->stands[ASSAY_PURGE_OTHER_PLAN])
        printf("  other-plan    run %s was made under another plan than this one\n", g->run);
    if (g->stands[ASSAY_PURGE_NOT_LAST])
        printf("  not-last      a side was read again after run %s, and not compared: assay reconcile\n", g->run);
    if (g->stands[ASSAY_PURGE_TOO_OLD])
        printf("  too-old       run %s is of %s, more than %lld hours ago\n", g->run, g->observed, hours);
}

static void say_obstacles(const struct finding *f)
{
    for (size_t i = 0; i < f->n; i++) {
        const struct assay_obstacle *o = &f->obstacle[i];
        printf("  %-12s  %s", assay_obstacle_name(o->kind), o->name);
        if (o->counted)
            printf(": %llu rows refer to it", (unsigned long long)o->rows);
        if (o->never)
            printf(": cannot be accepted: %s", o->never);
        printf("\n");
    }
}

static enum assay_status look(const struct assay_session *s, size_t i, struct assay_ledger *l, long long hours,
                              struct finding *f, struct assay_err *e)
{
    char plan[65];
    const struct assay_dataset *d = s->set[i];
    struct assay_locator source = assay_plan_locator(s->plan, d, ASSAY_SOURCE);
    enum assay_status st = assay_plan_hash(d, plan, NULL, e);
    if (st == ASSAY_OK)
        st = assay_purge_look(l, d->id, plan, time(NULL), (uint64_t)hours * 3600, &f->gate, e);
    return st == ASSAY_OK ? assay_reader_obstacles(&source, &f->obstacle, &f->n, e) : st;
}

/* Says one dataset; its exit code. */
static int purge_one(const struct assay_session *s, size_t i, struct assay_ledger *l, long long hours)
{
    struct assay_err e = {0};
    struct finding f = {0};
    const char *name = s->set[i]->name;
    int code = ASSAY_EXIT_OK;
    if (look(s, i, l, hours, &f, &e) != ASSAY_OK) {
        assay_log(ASSAY_LOG_ERROR, "%s: %s; nobody knows whether it may be purged", name, e.msg);
        code = (int)assay_err_exit(e.code);
    } else if (assay_purge_refused(&f.gate) || f.n) {
        printf("%s: must not be purged\n", name);
        assay_purge_say_gate(&f.gate, hours);
        say_obstacles(&f);
        code = ASSAY_EXIT_DISCREPANCY;
    } else {
        printf("%s: nothing stands in the way of a permit for what run %s compared\n", name, f.gate.run);
    }
    assay_reader_obstacles_free(f.obstacle, f.n);
    return code;
}

enum assay_status assay_purge_open_ledger(const struct assay_session *s, struct assay_ledger **l, struct assay_err *e)
{
    struct assay_ledger_stats stats;
    enum assay_status st = assay_session_ledger(s, l, e);
    if (st != ASSAY_OK)
        return st;
    assay_progress("checking the ledger");
    st = assay_ledger_verify(*l, &stats, e);
    assay_progress(NULL);
    return st;
}

static int cmd_purge(struct assay_args *a)
{
    struct assay_session s;
    struct assay_err e = {0};
    struct assay_ledger *l = NULL;
    int code = assay_session_open(a, &s);
    long long hours = DEFAULT_MAX_AGE_H;
    if (code == ASSAY_EXIT_OK && s.plan->purge.given)
        hours = s.plan->purge.max_age / 3600;
    hours = assay_arg_number(a, "max-age", hours);
    if (code == ASSAY_EXIT_OK && assay_purge_open_ledger(&s, &l, &e) != ASSAY_OK) {
        assay_log(ASSAY_LOG_ERROR, "%s", e.msg);
        code = (int)assay_err_exit(e.code);
    } else if (code == ASSAY_EXIT_OK) {
        code = -1;
        for (size_t i = 0; i < s.n_sets; i++)
            code = assay_exit_worse(code, purge_one(&s, i, l, hours));
        printf("Nothing was deleted: this only looks. Then: assay purge permit, assay purge run.\n");
    }
    assay_ledger_close(l);
    assay_session_close(&s);
    return code < 0 ? ASSAY_EXIT_OK : code;
}

int main(int argc, char **argv)
{
    static const struct assay_verb_run run[] = {{"purge", cmd_purge},
                                                {"purge permit", assay_cmd_purge_permit},
                                                {"purge run", assay_cmd_purge_run},
                                                {"purge withdraw", assay_cmd_purge_withdraw},
                                                {0}};
    char purge[] = "purge", **v = calloc((size_t)argc + 2, sizeof *v);
    const bool bare =
        argc > 1 && (strcmp(argv[1], "permit") == 0 || strcmp(argv[1], "run") == 0 || strcmp(argv[1], "withdraw") == 0);
    if (!v)
        return ASSAY_EXIT_UNVERIFIED;
    /* `assay-purge run` is `assay purge run`. */
    for (int i = 0; i < argc; i++)
        v[i + (i > 0 && bare)] = argv[i];
    if (bare)
        v[1] = purge;
    int code = assay_program_main(argc + bare, v, "assay-purge", run);
    free(v);
    return code;
}
