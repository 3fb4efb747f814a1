/* Which ledger a verb is about, and how it ends. */
#include "target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/ledger.h"
#include "assay/log.h"

static bool is_plan(const char *operand)
{
    size_t n = strlen(operand);
    return (n > 5 && strcmp(operand + n - 5, ".yaml") == 0) || (n > 4 && strcmp(operand + n - 4, ".yml") == 0);
}

int assay_cmd_failed(enum assay_status s, const struct assay_err *e)
{
    assay_log(ASSAY_LOG_ERROR, "%s", e->msg);
    return (int)assay_err_exit(s);
}

static int load_plan(const char *path, struct assay_target *t)
{
    struct assay_err e = {0};
    struct assay_buf errors = {0};
    enum assay_status s = assay_plan_load(path, &t->plan, &errors, &e);
    if (s != ASSAY_OK)
        assay_log_lines(ASSAY_LOG_ERROR, errors.len && assay_buf_str(&errors) ? (char *)errors.ptr : e.msg);
    assay_buf_release(&errors);
    return s == ASSAY_OK ? ASSAY_EXIT_OK : ASSAY_EXIT_USAGE;
}

void assay_target_release(struct assay_target *t)
{
    assay_plan_free(t->plan);
    free(t->ledger);
    free(t->keys);
}

/* "keys" in the directory of the ledger. */
static char *keys_beside(const char *ledger)
{
    char *out;
    const char *slash = assay_ledger_is_remote(ledger) ? NULL : strrchr(ledger, '/');
    int dir = slash ? (int)(slash - ledger) + 1 : 0;
    return asprintf(&out, "%.*skeys", dir, ledger) < 0 ? NULL : out;
}

int assay_target_open(struct assay_args *a, bool wants_operand, struct assay_target *t)
{
    const char *const *op;
    size_t n = assay_arg_operands(a, &op), i = 0;
    *t = (struct assay_target){0};
    if (n > i && is_plan(op[i])) {
        int code = load_plan(op[i++], t);
        if (code != ASSAY_EXIT_OK)
            return code;
    }
    if (wants_operand && i < n)
        t->operand = op[i++];
    if (i < n || (wants_operand && !t->operand)) {
        assay_log(ASSAY_LOG_ERROR,
                  i < n ? "\"%s\" is one operand too many; a plan ends in .yaml" : "an operand is missing%s",
                  i < n ? op[i] : "");
        return ASSAY_EXIT_USAGE;
    }
    const char *ledger = assay_arg(a, "ledger"), *keys = assay_arg(a, "keys");
    t->ledger = strdup(ledger ? ledger : t->plan ? t->plan->ledger : "ledger.db");
    if (t->ledger)
        t->keys = keys ? strdup(keys) : t->plan ? strdup(t->plan->keys) : keys_beside(t->ledger);
    if (t->ledger && t->keys)
        return ASSAY_EXIT_OK;
    assay_log(ASSAY_LOG_ERROR, "out of memory");
    return ASSAY_EXIT_UNVERIFIED;
}

int assay_cmd_finish(int code)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    assay_log(ASSAY_LOG_ERROR, "standard output: cannot write the result");
    return code == ASSAY_EXIT_OK ? ASSAY_EXIT_UNVERIFIED : code;
}
