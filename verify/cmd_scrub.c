#include <stdio.h>

#include "assay/digest.h"
#include "assay/log.h"
#include "assay/scrub.h"
#include "assay/session.h"
#include "cmd.h"

static void tell(void *ctx, const char *object, enum assay_object_state state, const char *reason)
{
    (void)ctx;
    if (state != ASSAY_OBJECT_INTACT)
        printf("%s: %s%s%s\n", object, assay_object_state_name(state), reason ? ": " : "", reason ? reason : "");
}

static int scrub_set(const struct assay_session *s, const struct assay_dataset *d, const char *run)
{
    struct assay_err e = {0};
    struct assay_scrub_result r;
    struct assay_check c = {.plan = s->plan,
                            .set = d,
                            .side = ASSAY_ARCHIVE,
                            .run = run,
                            .segments = s->segments,
                            .n_segments = s->n_segments,
                            .jobs = s->jobs};
    enum assay_status st = assay_session_ledger(s, &c.ledger, &e);
    if (st == ASSAY_OK)
        st = assay_sink_ledger(s->ledger_path, s->keys_dir, ASSAY_ROLE_ARCHIVE, &c.sink, &e);
    if (st == ASSAY_OK)
        st = assay_scrub(&c, tell, NULL, &r, &e);
    assay_sink_free(c.sink);
    assay_ledger_close(c.ledger);
    if (st != ASSAY_OK) {
        assay_log(ASSAY_LOG_ERROR, "%s", e.msg);
        return (int)assay_err_exit(st);
    }
    printf("%s:", d->name);
    uint64_t damage = 0;
    for (int i = 0; i < ASSAY_OBJECT_STATES; i++) {
        if (r.objects[i] || i == ASSAY_OBJECT_INTACT)
            printf(" %llu %s", (unsigned long long)r.objects[i], assay_object_state_name((enum assay_object_state)i));
        damage += i != ASSAY_OBJECT_INTACT && i != ASSAY_OBJECT_UNREADABLE ? r.objects[i] : 0;
    }
    printf(", %llu bytes read\n", (unsigned long long)r.bytes);
    return damage ? ASSAY_EXIT_DISCREPANCY : r.objects[ASSAY_OBJECT_UNREADABLE] ? ASSAY_EXIT_UNVERIFIED : ASSAY_EXIT_OK;
}

int assay_cmd_scrub(struct assay_args *a)
{
    struct assay_session s;
    struct assay_err e = {0};
    char fresh[37];
    const char *run = assay_arg(a, "run");
    int worst = -1, code = assay_session_open(a, &s);
    if (code == ASSAY_EXIT_OK && !run) {
        if (assay_uuid_new(fresh, &e) != ASSAY_OK)
            code = ASSAY_EXIT_UNVERIFIED;
        run = fresh;
    }
    if (code != ASSAY_EXIT_OK)
        worst = code;
    for (size_t i = 0; code == ASSAY_EXIT_OK && i < s.n_sets && worst != ASSAY_EXIT_LEDGER && !assay_interrupted(); i++)
        worst = assay_exit_worse(worst, scrub_set(&s, s.set[i], run));
    assay_session_close(&s);
    return worst < 0 ? ASSAY_EXIT_UNVERIFIED : worst;
}
