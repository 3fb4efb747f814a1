#include "assay/approve.h"

#include <string.h>

#include "assay/canon.h"
#include "assay/check.h"
#include "assay/note.h"
#include "assay/writer.h"

struct search {
    const char *plan;
    bool found;
};

static bool same_plan(void *ctx, const struct assay_leaf *leaf)
{
    struct search *x = ctx;
    struct assay_stmt st = {0};
    if (assay_stmt_parse(leaf->note, leaf->note_len, &st, NULL) == ASSAY_OK) {
        const char *plan = assay_stmt_get(&st, "plan");
        x->found = plan && strcmp(plan, x->plan) == 0;
    }
    assay_stmt_release(&st);
    return !x->found;
}

static enum assay_status sign_plan(const char *ledger_path, const char *keys_dir, const struct assay_dataset *d,
                                   const char *plan, const struct assay_buf *blob, struct assay_err *e)
{
    struct assay_sink *sink = NULL;
    struct assay_err why = {0};
    struct assay_writer w;
    uint8_t hash[32];
    enum assay_status s = assay_sink_ledger(ledger_path, keys_dir, ASSAY_ROLE_OWNER, &sink, &why);
    if (s == ASSAY_ESTORE)
        return assay_fail(
            e, s,
            "dataset %s: the plan changed and its owner has not signed it: %s. Run the check once where the "
            "owner's key is",
            d->name, why.msg);
    if (s != ASSAY_OK)
        return assay_fail(e, s, "%s", why.msg);
    s = assay_sink_blob(sink, blob->ptr, blob->len, hash, e);
    if (s == ASSAY_OK) {
        assay_writer_begin(&w, "plan");
        assay_writer_add(&w, "dataset", d->id);
        assay_writer_add(&w, "name", d->name);
        assay_writer_add(&w, "plan", plan);
        assay_writer_addf(&w, "canon", "%d", ASSAY_CANON_VERSION);
        assay_writer_now(&w);
        s = assay_writer_send(&w, sink, e);
    }
    if (s == ASSAY_OK)
        s = assay_sink_commit(sink, e);
    assay_sink_free(sink);
    return s;
}

enum assay_status assay_plan_approve(struct assay_ledger *l, const char *ledger_path, const char *keys_dir,
                                     const struct assay_dataset *d, struct assay_err *e)
{
    struct assay_buf blob = {0};
    char plan[8 + 65] = "sha256:";
    struct search x = {plan, false};
    struct assay_ledger_query q = {.kind = "plan", .dataset = d->id, .newest_first = true};
    enum assay_status s = assay_plan_hash(d, plan + 7, &blob, e);
    if (s == ASSAY_OK)
        s = assay_ledger_each(l, &q, same_plan, &x, e);
    if (s == ASSAY_OK && !x.found)
        s = sign_plan(ledger_path, keys_dir, d, plan, &blob, e);
    assay_buf_release(&blob);
    return s;
}
