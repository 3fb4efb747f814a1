/* Statements of the checkers about one dataset, for tests of what reads them. All helpers fail the test on any error.
 */
#ifndef ASSAY_TEST_STATEMENTS_H
#define ASSAY_TEST_STATEMENTS_H

#include "assay/plan.h"

#include "ledger_fixture.h"

#define NO_BYTES "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" /* the blob of nothing */

struct statements {
    const struct assay_dataset *set;
    struct ledger_fixture f;
    struct assay_sink *sink;
    int side; /* who speaks: enum assay_side_id */
    const char *run;
    unsigned second; /* of the clock of run-starts */
};

/* A new ledger; s->set stays. */
void statements_set_up(struct statements *s);
void statements_tear_down(struct statements *s);
/* What follows is said by this side in that run, until the commit. */
void statements_open(struct statements *s, int side, const char *run);
/* The same, and its run-start, a second later than the one before. */
void statements_begin(struct statements *s, int side, const char *run, const char *scope);
/* Kind, then keys and values, then NULL. The plan and the empty blob go along. */
void statements_say(struct statements *s, const char *kind, ...);
void statements_commit(struct statements *s);

#endif
