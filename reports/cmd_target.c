#include "cmd_target.h"

#include <stdlib.h>
#include <string.h>

#include "assay/ledger.h"
#include "assay/limits.h"
#include "assay/publish.h"

void assay_report_target_release(struct assay_report_target *t)
{
    assay_plan_free(t->plan);
    free(t->set_ids);
    assay_buf_release(&t->ledger);
    assay_buf_release(&t->keys);
    assay_buf_release(&t->errors);
    *t = (struct assay_report_target){0};
}

static bool name_sets(struct assay_report_target *t)
{
    const size_t n = t->plan->n_sets;
    t->set_ids = calloc(2 * n + 1, sizeof *t->set_ids);
    if (!t->set_ids)
        return false;
    t->set_names = t->set_ids + n;
    for (size_t i = 0; i < n; i++) {
        t->set_ids[i] = t->plan->set[i].id;
        t->set_names[i] = t->plan->set[i].name;
    }
    return true;
}

static enum assay_status from_plan(struct assay_report_target *t, const char *path, struct assay_err *e)
{
    enum assay_status s = assay_plan_load(path, &t->plan, &t->errors, e);
    if (s != ASSAY_OK)
        return s;
    t->plan_path = path;
    const char *base = assay_ledger_is_remote(t->plan->ledger) ? "" : t->plan->base_dir;
    if (!name_sets(t) || assay_path_join(base, t->plan->ledger, &t->ledger) != ASSAY_OK ||
        assay_path_join(t->plan->base_dir, t->plan->keys, &t->keys) != ASSAY_OK)
        return assay_fail_nomem(e);
    return ASSAY_OK;
}

/* keys beside the ledger, unless --keys says where. */
static enum assay_status from_ledger(struct assay_report_target *t, const char *ledger, const char *keys,
                                     struct assay_err *e)
{
    char dir[ASSAY_MAX_PATH] = "";
    const char *slash = assay_ledger_is_remote(ledger) ? NULL : strrchr(ledger, '/');
    if (slash && (size_t)(slash - ledger) + 1 < sizeof dir)
        memcpy(dir, ledger, (size_t)(slash - ledger) + 1);
    assay_buf_reset(&t->ledger);
    if (assay_path_join("", ledger, &t->ledger) != ASSAY_OK)
        return assay_fail_nomem(e);
    if (keys || !t->keys.len) {
        assay_buf_reset(&t->keys);
        if ((!keys && assay_buf_adds(&t->keys, dir) != ASSAY_OK) ||
            assay_path_join("", keys ? keys : "keys", &t->keys) != ASSAY_OK)
            return assay_fail_nomem(e);
    }
    return ASSAY_OK;
}

enum assay_status assay_report_target_open(const struct assay_args *a, const char *verb, struct assay_report_target *t,
                                           struct assay_err *e)
{
    const char *const *operand, *ledger = assay_arg(a, "ledger"), *keys = assay_arg(a, "keys");
    size_t n = assay_arg_operands(a, &operand);
    enum assay_status s = ASSAY_OK;
    if (n == 0 && !ledger)
        return assay_fail(e, ASSAY_EUSAGE, "%s wants a PLAN or --ledger FILE", verb);
    if (n)
        s = from_plan(t, operand[0], e);
    if (s == ASSAY_OK && ledger)
        s = from_ledger(t, ledger, keys, e);
    else if (s == ASSAY_OK && keys) {
        assay_buf_reset(&t->keys);
        if (assay_path_join("", keys, &t->keys) != ASSAY_OK)
            s = assay_fail_nomem(e);
    }
    return s;
}
