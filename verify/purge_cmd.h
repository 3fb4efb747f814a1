/* The verbs of assay-purge. Each returns the process's exit code. */
#ifndef ASSAY_PURGE_CMD_H
#define ASSAY_PURGE_CMD_H

#include "assay/cli.h"
#include "assay/purge.h"
#include "assay/session.h"

int assay_cmd_purge_permit(struct assay_args *a);
int assay_cmd_purge_run(struct assay_args *a);
int assay_cmd_purge_withdraw(struct assay_args *a);

/* What stands in the way as far as the ledger is concerned, one line each. */
void assay_purge_say_gate(const struct assay_purge_gate *g, long long hours);
/* Open the plan's ledger and verify all of it: a permit out of a ledger that does not verify would be none. */
enum assay_status assay_purge_open_ledger(const struct assay_session *s, struct assay_ledger **l, struct assay_err *e);

#endif
