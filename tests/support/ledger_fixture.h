/* A ledger with keys in a directory of its own, and statements to fill it. All helpers fail the test on any error. */
#ifndef ASSAY_TEST_LEDGER_FIXTURE_H
#define ASSAY_TEST_LEDGER_FIXTURE_H

#include "assay/ledger_append.h"

struct ledger_fixture {
    char dir[64], keys[96], db[256], published[288];
};

/* ASSAY_TEST_LEDGER (postgresql://HOST/%s...) in the environment: the ledgers are databases of that server, made and
 * dropped with its programs; without it they are files. */
bool ledger_fixture_remote(void);

/* Directory, keys of all roles, empty ledger "assay.local/test". */
void ledger_fixture_make(struct ledger_fixture *f);
void ledger_fixture_remove(struct ledger_fixture *f);
/* Copy database and published checkpoint (nobody may have it open) to a directory of its own; the keys are shared. */
void ledger_fixture_copy(const struct ledger_fixture *f, struct ledger_fixture *to);

/* The text of the n-th test statement of a role: chunk (source, archive), verdict (reconcile), plan (owner). */
struct assay_buf ledger_fixture_text(enum assay_role role, unsigned n);
/* The same, signed by that role's key, or by another's. */
struct assay_buf ledger_fixture_note(const struct ledger_fixture *f, enum assay_role says, enum assay_role signs,
                                     unsigned n);
/* Add chunks number first to first + n - 1 through a sink of the source and commit. The plan blob goes along. */
void ledger_fixture_fill(const struct ledger_fixture *f, unsigned first, unsigned n);
/* The lines `leaves` and `root` of a run-end about to be stated. */
void ledger_fixture_end_run(const struct assay_sink *sink, struct assay_buf *text);
struct assay_ledger *ledger_fixture_open(const struct ledger_fixture *f, bool append);
/* assay_ledger_verify: "" when all is well, else the sentence (static). *status may be NULL. */
const char *ledger_fixture_verify(const struct ledger_fixture *f, enum assay_status *status);
uint64_t ledger_fixture_size(const struct ledger_fixture *f);

#endif
