/* A witness for other ledgers (C2SP tlog-witness): it remembers the newest checkpoint of every ledger it knows, and
 * cosigns a newer one only when that grew out of it. HTTP is somebody else's business. */
#ifndef ASSAY_WITNESS_H
#define ASSAY_WITNESS_H

#include <stddef.h>
#include <stdint.h>

#include "assay/buf.h"
#include "assay/err.h"

struct assay_witness;

/* The ledgers it knows are the log lines of the policy; key_path is a witness's key (assay_key_generate_witness). State
 * is one file an origin in state_dir (made when missing), held under a lock: ASSAY_ELOCKED when another process has it.
 */
enum assay_status assay_witness_open(const char *state_dir, const char *key_path, const char *policy_path,
                                     struct assay_witness **out, struct assay_err *e);
void assay_witness_close(struct assay_witness *w); /* NULL is a no-op */
const char *assay_witness_vkey(const struct assay_witness *w);

/* What to answer: an HTTP status, and its body. */
struct assay_witness_answer {
    unsigned status;
    const char *type; /* content type; static */
    struct assay_buf body;
};
/* One add-checkpoint request, `now` in seconds since 1970. The new state is on the disk before this returns 200. Not
 * thread-safe: one call at a time is what makes checking and remembering one step. The error, if any, is for the log:
 * the answer is complete in either case. */
enum assay_status assay_witness_add(struct assay_witness *w, const char *body, size_t len, uint64_t now,
                                    struct assay_witness_answer *out, struct assay_err *e);
/* The newest cosigned checkpoint of the origin whose SHA-256 is named in 64 hex digits: 200, or 404. */
enum assay_status assay_witness_latest(struct assay_witness *w, const char *hex, struct assay_witness_answer *out,
                                       struct assay_err *e);

#endif
