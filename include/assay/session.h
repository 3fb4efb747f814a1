/* What every verb that takes a PLAN begins with: the plan, the chosen datasets, where ledger and keys are. */
#ifndef ASSAY_SESSION_H
#define ASSAY_SESSION_H

#include "assay/cli.h"
#include "assay/ledger.h"
#include "assay/plan.h"

struct assay_session {
    struct assay_plan *plan;
    const struct assay_dataset **set; /* chosen with --dataset, else all */
    size_t n_sets;
    char *ledger_path, *keys_dir;
    const char *const *segments; /* --segment */
    size_t n_segments;
    unsigned jobs; /* --jobs, else one a core */
};

/* Load the plan of the first operand; messages go to the log. Returns ASSAY_EXIT_OK or the exit code to end with; close
 * the session in either case. */
int assay_session_open(struct assay_args *a, struct assay_session *s);
/* The plan's ledger, for reading. */
enum assay_status assay_session_ledger(const struct assay_session *s, struct assay_ledger **out, struct assay_err *e);
void assay_session_close(struct assay_session *s);

#endif
