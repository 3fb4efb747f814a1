/* The verbs of assay-verify. Each returns the process's exit code (design section 7). */
#ifndef ASSAY_VERIFY_CMD_H
#define ASSAY_VERIFY_CMD_H

#include "assay/cli.h"
#include "assay/session.h"

int assay_cmd_init(struct assay_args *a);
int assay_cmd_plan(struct assay_args *a);
int assay_cmd_hold(struct assay_args *a);
int assay_cmd_verify(struct assay_args *a);
int assay_cmd_diff(struct assay_args *a);
int assay_cmd_sample(struct assay_args *a);
int assay_cmd_scrub(struct assay_args *a);
int assay_cmd_ledger_log(struct assay_args *a);
int assay_cmd_ledger_show(struct assay_args *a);
int assay_cmd_ledger_verify(struct assay_args *a);
int assay_cmd_ledger_append(struct assay_args *a);
int assay_cmd_ledger_witness(struct assay_args *a);
int assay_cmd_ledger_timestamp(struct assay_args *a);
int assay_cmd_ledger_publish(struct assay_args *a);
int assay_cmd_ledger_recover(struct assay_args *a);
int assay_cmd_ledger_prove(struct assay_args *a);
int assay_cmd_ledger_verify_proof(struct assay_args *a);
int assay_cmd_ledger_keyring(struct assay_args *a);
int assay_cmd_ledger_key(struct assay_args *a);
int assay_cmd_ledger_erase(struct assay_args *a);
int assay_cmd_doctor(struct assay_args *a);

/* assay diff --source-gone (cmd_gone.c). */
int assay_diff_gone(struct assay_args *a, const struct assay_session *s, const struct assay_dataset *d,
                    const uint8_t dataset_key[32]);
/* assay ledger prove --row; verify-proof of such a proof (cmd_ledger_row.c). */
int assay_ledger_prove_row(struct assay_args *a);
struct assay_policy;
enum assay_status assay_ledger_verify_row(const char *text, size_t len, const struct assay_policy *policy,
                                          const char *keys, struct assay_err *e);
/* assay plan --coverage (cmd_coverage.c). */
int assay_plan_show_coverage(const struct assay_session *s, const struct assay_args *a);

#endif
