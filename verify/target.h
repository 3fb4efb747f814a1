/* Which ledger a verb is about: that of a PLAN operand, or --ledger and --keys. */
#ifndef ASSAY_VERIFY_TARGET_H
#define ASSAY_VERIFY_TARGET_H

#include <stdbool.h>

#include "assay/cli.h"
#include "assay/plan.h"

struct assay_target {
    struct assay_plan *plan; /* NULL without a PLAN operand */
    char *ledger, *keys;
    const char *operand; /* what is left: INDEX or FILE; NULL when none */
};
/* Returns ASSAY_EXIT_OK or the exit code to end with, the reason logged; release in either case. */
int assay_target_open(struct assay_args *a, bool wants_operand, struct assay_target *t);
void assay_target_release(struct assay_target *t);

/* Log the error; the exit code for it. */
int assay_cmd_failed(enum assay_status s, const struct assay_err *e);
/* The exit code, unless the result could not be written. */
int assay_cmd_finish(int code);

#endif
