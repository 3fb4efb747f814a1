/* Holds the sources of a plan still while somebody else exports them. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "assay/hold.h"
#include "assay/log.h"
#include "assay/session.h"
#include "cmd.h"

/* A line a dataset: name, snapshot, path of the copy; tabs between, nothing where there is none. Then an empty one. */
static int tell(const struct assay_session *s, const struct assay_hold *h)
{
    for (size_t i = 0; i < s->n_sets; i++) {
        const char *snapshot = assay_hold_snapshot(h, i), *copy = assay_hold_copy(h, i);
        printf("%s\t%s\t%s\n", s->set[i]->name, snapshot ? snapshot : "", copy ? copy : "");
    }
    printf("\n");
    return fflush(stdout) == 0 ? ASSAY_EXIT_OK : ASSAY_EXIT_UNVERIFIED;
}

int assay_cmd_hold(struct assay_args *a)
{
    struct assay_session s;
    struct assay_err e = {0};
    struct assay_hold *h = NULL;
    struct assay_locator *loc = NULL;
    int code = assay_session_open(a, &s);
    if (code != ASSAY_EXIT_OK)
        goto done;
    loc = calloc(s.n_sets + 1, sizeof *loc);
    if (!loc)
        assay_fail_nomem(&e);
    for (size_t i = 0; loc && i < s.n_sets; i++)
        loc[i] = assay_plan_locator(s.plan, s.set[i], ASSAY_SOURCE);
    if (loc && assay_hold_take(loc, s.n_sets, &h, &e) == ASSAY_OK && (code = tell(&s, h)) == ASSAY_EXIT_OK)
        assay_hold_wait(h, STDIN_FILENO, &e);
    if (e.code != ASSAY_OK) {
        assay_log(ASSAY_LOG_ERROR, "%s", e.msg);
        code = (int)assay_err_exit(e.code);
    }
done:
    assay_hold_release(h);
    free(loc);
    assay_session_close(&s);
    return code;
}
