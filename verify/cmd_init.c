#include <stdio.h>

#include "assay/init.h"
#include "assay/log.h"
#include "cmd.h"

int assay_cmd_init(struct assay_args *a)
{
    const char *const *operand;
    struct assay_buf said = {0};
    struct assay_err e = {0};
    assay_arg_operands(a, &operand);
    struct assay_init o = {
        .source = operand[0],
        .archive = operand[1],
        .output = assay_arg(a, "output"),
        .keys = assay_arg(a, "keys"),
        .ledger = assay_arg(a, "ledger"),
        .origin = assay_arg(a, "origin"),
        .name = assay_arg(a, "name"),
        .key = assay_arg(a, "key"),
        .window = assay_arg(a, "window"),
        .every = assay_arg(a, "every"),
        .format = assay_arg(a, "format"),
        .profile = assay_arg(a, "profile"),
        .force = assay_arg_flag(a, "force"),
    };
    o.n_tables = assay_arg_list(a, "table", &o.tables);
    const char *plan = o.output ? o.output : "plan.yaml";
    bool piped = plan[0] == '-' && !plan[1];
    enum assay_status s = assay_init(&o, &said, &e);
    const char *text = assay_buf_str(&said);
    if (text && !assay_arg_flag(a, "quiet"))
        fputs(text, piped ? stderr : stdout); /* stdout is the plan then */
    assay_buf_release(&said);
    if (s != ASSAY_OK) {
        assay_log(ASSAY_LOG_ERROR, "%s", e.msg);
        return (int)assay_err_exit(s);
    }
    if (!piped && !assay_arg_flag(a, "quiet"))
        printf("next: assay check %s\n", plan);
    return ASSAY_EXIT_OK;
}
