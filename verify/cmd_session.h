/* What the verbs of assay-verify begin with: the plan, the chosen datasets, the ledger, the dataset key. */
#ifndef ASSAY_CMD_SESSION_H
#define ASSAY_CMD_SESSION_H

#include "assay/cli.h"
#include "assay/limits.h"
#include "assay/ledger.h"
#include "assay/plan.h"

struct session {
    struct assay_plan *plan;
    const struct assay_dataset **set; /* chosen with --dataset, else all */
    size_t n_sets;
    char *ledger_path, *keys_dir;
    uint8_t dataset_key[32];
    const char *const *segments;
    size_t n_segments;
    unsigned jobs;
};

/* Load the plan of the first operand; messages go to the log. Returns ASSAY_EXIT_OK or the exit code to end with. */
int session_open(struct assay_args *a, struct session *s);
/* Read-only ledger of the plan. */
enum assay_status session_ledger(const struct session *s, struct assay_ledger **out, struct assay_err *e);
void session_close(struct session *s);

#endif
