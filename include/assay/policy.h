/* C2SP tlog-policy: which logs and witnesses are believed, and how many of the witnesses must have cosigned; with role
 * lines of our own: which keys may state what. docs/ledger-format.md has the grammar. */
#ifndef ASSAY_POLICY_H
#define ASSAY_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/buf.h"
#include "assay/checkpoint.h"
#include "assay/err.h"
#include "assay/note.h"

struct assay_policy;

/* ASSAY_ELEDGER names the line and what is wrong with it: a policy is evidence, nothing in it is passed over. */
enum assay_status assay_policy_parse(const char *text, size_t len, struct assay_policy **out, struct assay_err *e);
enum assay_status assay_policy_load(const char *path, struct assay_policy **out, struct assay_err *e);
void assay_policy_free(struct assay_policy *p); /* NULL is a no-op */

/* The lines, in their order. NULL past the end. */
const struct assay_verifier *assay_policy_log(const struct assay_policy *p, size_t i);
struct assay_policy_witness {
    const char *name, *url; /* url: NULL when there is none */
    const struct assay_verifier *key;
};
bool assay_policy_witness(const struct assay_policy *p, size_t i, struct assay_policy_witness *out);
/* The lines about witnesses alone (witness, group, quorum), each word parted by one blank. Appends. */
enum assay_status assay_policy_witnesses(const struct assay_policy *p, struct assay_buf *out);
/* Does the policy have lines for this role ("ledger": log lines), and is this key (a vkey line) in one of them? */
bool assay_policy_has_roles(const struct assay_policy *p); /* any role line */
bool assay_policy_names(const struct assay_policy *p, const char *role);
bool assay_policy_allows(const struct assay_policy *p, const char *role, const char *vkey);
/* Has one of the policy's keys of this role signed the note? ASSAY_ELEDGER when not, or when there is none. */
enum assay_status assay_policy_vouches(const struct assay_policy *p, const char *role, const char *note, size_t len,
                                       struct assay_err *e);
/* The log line for this origin (its key's name is the origin) whose key has signed the note; the first one for the
 * origin when none has, NULL when there is none. */
const struct assay_verifier *assay_policy_log_of(const struct assay_policy *p, const char *origin, size_t len,
                                                 const char *note, size_t note_len);

/* What a checkpoint is worth under the policy. */
struct assay_policy_verdict {
    struct assay_checkpoint head; /* borrows from the note */
    bool quorum; /* enough witnesses have cosigned, or the policy asks for none */
    unsigned cosigned; /* witnesses of the policy whose cosignature verifies */
    uint64_t first, last; /* their times, seconds since 1970; 0 when there is none */
};
/* ASSAY_ELEDGER when it is no checkpoint, its origin is not that of a log of the policy, or a signature by a known key
 * does not verify. A missing quorum is no error. */
enum assay_status assay_policy_judge(const struct assay_policy *p, const char *note, size_t len,
                                     struct assay_policy_verdict *out, struct assay_err *e);

#endif
