/* ledger publish, ledger recover: the ledger as files, and back. */
#include <stdio.h>

#include "assay/log.h"
#include "assay/tiles.h"
#include "cmd.h"
#include "target.h"

static enum assay_status publish(struct assay_args *a, const struct assay_target *t, struct assay_err *e)
{
    struct assay_ledger *l = NULL;
    struct assay_tiles_stats st = {0};
    const char *dir = assay_arg(a, "tiles");
    if (!dir)
        return assay_fail(e, ASSAY_EUSAGE, "ledger publish wants --tiles DIR");
    enum assay_status s = assay_ledger_open(t->ledger, t->keys, &l, e);
    if (s == ASSAY_OK)
        s = assay_tiles_publish(l, dir, !assay_arg_flag(a, "no-blobs"), &st, e);
    if (s == ASSAY_OK)
        printf("%s: %llu leaves, %llu files new\n", dir, (unsigned long long)st.leaves, (unsigned long long)st.files);
    assay_ledger_close(l);
    return s;
}

/* What was made is verified as any ledger is: tiles without their blobs, or leaves that nobody signed, show here. */
static enum assay_status recover(struct assay_args *a, const struct assay_target *t, struct assay_err *e)
{
    struct assay_ledger *l = NULL;
    struct assay_tiles_stats st = {0};
    struct assay_ledger_stats verified;
    const char *dir = assay_arg(a, "from");
    if (!dir)
        return assay_fail(e, ASSAY_EUSAGE, "ledger recover wants --from DIR");
    enum assay_status s = assay_tiles_recover(dir, t->ledger, t->keys, &st, e);
    if (s == ASSAY_OK)
        s = assay_ledger_open(t->ledger, t->keys, &l, e);
    if (s == ASSAY_OK)
        s = assay_ledger_verify(l, &verified, e);
    if (s == ASSAY_OK)
        printf("%s: %llu leaves, root %s (%llu checkpoints, %llu blobs), verified\n", t->ledger,
               (unsigned long long)verified.leaves, verified.root, (unsigned long long)verified.checkpoints,
               (unsigned long long)verified.blobs);
    assay_ledger_close(l);
    return s;
}

static int run(struct assay_args *a,
               enum assay_status (*verb)(struct assay_args *a, const struct assay_target *t, struct assay_err *e))
{
    struct assay_target t;
    struct assay_err e = {0};
    int code = assay_target_open(a, false, &t);
    if (code == ASSAY_EXIT_OK) {
        enum assay_status s = verb(a, &t, &e);
        if (s != ASSAY_OK)
            code = assay_cmd_failed(s, &e);
        code = assay_cmd_finish(code);
    }
    assay_target_release(&t);
    return code;
}

int assay_cmd_ledger_publish(struct assay_args *a)
{
    return run(a, publish);
}

int assay_cmd_ledger_recover(struct assay_args *a)
{
    return run(a, recover);
}
