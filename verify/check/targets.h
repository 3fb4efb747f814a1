/* Which chunks a drill-down is about. */
#ifndef ASSAY_TARGETS_H
#define ASSAY_TARGETS_H

#include "assay/cut.h"
#include "assay/diff.h"

struct targets {
    const struct assay_diff_job *job;
    bool everything;
    bool unverified; /* the newest reconciliation says so of the dataset as a whole */
    struct target {
        char id[33];
        uint64_t group; /* of those that differ in kind and columns alike */
        char *name; /* of its segment */
    } * chunk; /* sorted by id */
    char **segment; /* of them, sorted; borrowed */
    size_t n;
    bool misplaced; /* some file holds rows of other segments: no file may be passed over */
    struct target_cut {
        const struct assay_cut *cut;
        bool *wanted;
    } * cut;
    size_t n_cuts, last;
};

/* From the newest verdicts of the ledger, restricted as the job says. */
enum assay_status assay_targets_load(const struct assay_diff_job *j, struct targets *out, struct assay_err *e);
/* Is this chunk one of them? Cuts are remembered by address: forget them before their lane is freed. */
enum assay_status assay_targets_want(struct targets *t, const struct assay_cut *cut, uint32_t ordinal, bool *wanted);
void assay_targets_forget_cuts(struct targets *t);
/* May a part that claims this segment hold rows of them? */
bool assay_targets_part(const struct targets *t, const char *segment);
void assay_targets_release(struct targets *t);

#endif
