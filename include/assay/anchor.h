/* What the world outside says of a ledger's checkpoints: witnesses' cosignatures and time stamps. They are leaves, so
 * that one that is taken away is missed, and so that whatever stands behind one is younger than it. */
#ifndef ASSAY_ANCHOR_H
#define ASSAY_ANCHOR_H

#include <stdbool.h>
#include <stdint.h>

#include "assay/buf.h"
#include "assay/err.h"
#include "assay/ledger.h"
#include "assay/policy.h"

enum assay_anchor_type { ASSAY_ANCHOR_COSIGNATURE, ASSAY_ANCHOR_TIMESTAMP };
struct assay_anchor {
    enum assay_anchor_type type;
    uint64_t leaf; /* its index; reading only */
    uint64_t size; /* leaves of the checkpoint */
    uint64_t when; /* seconds since 1970: of the newest cosignature, of the token */
    struct assay_buf note; /* the checkpoint, with its cosignatures */
    struct assay_buf token; /* the raw RFC 3161 response; empty for cosignatures */
};
void assay_anchor_release(struct assay_anchor *a);
const char *assay_anchor_type_name(enum assay_anchor_type t); /* as statements say it */

struct assay_sink;
/* Where anchors go: the ledger, under the first of the roles reconcile, owner, archive and source whose private key is
 * in keys_dir. Opened before somebody outside is asked, so that no answer is without a place. */
enum assay_status assay_anchor_sink(const char *ledger_path, const char *keys_dir, enum assay_role *role,
                                    struct assay_sink **out, struct assay_err *e);
/* Append the anchor as a leaf, with its blobs. */
enum assay_status assay_anchor_put(struct assay_sink *sink, enum assay_role role, const struct assay_anchor *a,
                                   struct assay_err *e);
/* The newest anchor of this type that is older than leaf `before` (UINT64_MAX: any) and, where a key is given, carries
 * a good cosignature by it. *found false: none. Broken ones are ASSAY_ELEDGER. The caller releases out in any case. */
enum assay_status assay_anchor_newest(struct assay_ledger *l, enum assay_anchor_type type,
                                      const struct assay_verifier *by, uint64_t before, struct assay_anchor *out,
                                      bool *found, struct assay_err *e);
/* Every anchor in the order of the leaves, checked as above; it is lent for the call. Stops at the first that is broken
 * or for which `each` fails. */
enum assay_status assay_anchor_each(struct assay_ledger *l,
                                    enum assay_status (*each)(void *ctx, const struct assay_anchor *a,
                                                              struct assay_err *e),
                                    void *ctx, struct assay_err *e);
/* The checkpoint to show for leaf `index`: the newest cosigned one that covers it and, under a policy, has its quorum;
 * where there is none, the newest of all. Appends the note. ASSAY_ENOTFOUND when the ledger has no checkpoint. */
enum assay_status assay_ledger_covering(struct assay_ledger *l, const struct assay_policy *p, uint64_t index,
                                        struct assay_buf *out, struct assay_err *e);
/* Is any leaf from `from` on something else than an anchor? */
enum assay_status assay_anchor_news(struct assay_ledger *l, uint64_t from, bool *news, struct assay_err *e);

/* ---- asking a witness (C2SP tlog-witness add-checkpoint) ---- */

struct assay_witness_reply {
    uint64_t seen; /* what the witness says it has seen, after a 409 */
    struct assay_buf lines; /* its good cosignature lines, after a 200 */
    uint64_t when;
};
enum assay_ask { ASSAY_ASK_GIVEN, ASSAY_ASK_OLDER /* it has seen `seen` leaves: ask again from there */ };
/* The body of a request. */
enum assay_status assay_witness_request(struct assay_ledger *l, uint64_t old, const char *note, size_t len,
                                        struct assay_buf *out, struct assay_err *e);
/* Judge the answer to a request about `note`, of `size` leaves, from `old`. ASSAY_ELEDGER when the witness has seen a
 * ledger that is not the beginning of this one, or answers what its key has not signed; ASSAY_ESOURCE for what may be
 * better tomorrow. */
enum assay_status assay_witness_judge(const struct assay_verifier *by, const char *note, size_t len, uint64_t size,
                                      uint64_t old, long status, const char *type, const struct assay_buf *body,
                                      enum assay_ask *ask, struct assay_witness_reply *out, struct assay_err *e);

#endif
