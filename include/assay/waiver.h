/* Waivers: discrepancies that the approver has looked at and accepts until a date. A waiver is about what was seen: it
 * names each discrepancy with a fingerprint of what was compared, and covers nothing that looks different later. */
#ifndef ASSAY_WAIVER_H
#define ASSAY_WAIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/ledger.h"

struct assay_waived {
    char id[33], seen[33]; /* of the discrepancy; of what was compared */
};
struct assay_waiver {
    uint64_t leaf;
    char *id, *dataset, *by, *reason, *until, *observed; /* until: "2026-01-02T03:04:05.000000Z", as all times */
    struct assay_waived *item; /* sorted by id */
    size_t n;
    uint64_t withdrawn; /* by this leaf; UINT64_MAX: it was not */
};
struct assay_waivers {
    struct assay_waiver *w; /* oldest first */
    size_t n, cap;
};

/* Those of one dataset, or of all (NULL). ASSAY_ELEDGER: one is not whole. Release in either case. */
enum assay_status assay_waivers_load(struct assay_ledger *l, const char *dataset, struct assay_waivers *out,
                                     struct assay_err *e);
void assay_waivers_release(struct assay_waivers *w);

enum assay_waiver_state { ASSAY_WAIVER_IN_FORCE, ASSAY_WAIVER_EXPIRED, ASSAY_WAIVER_WITHDRAWN };
/* At the time `when`, for a statement that is, or would be, leaf `at`. */
enum assay_waiver_state assay_waiver_state(const struct assay_waiver *w, const char *when, uint64_t at);
const char *assay_waiver_state_name(enum assay_waiver_state s);
/* One in force that covers this discrepancy as it was seen (seen NULL: however it looked); NULL when there is none. */
const struct assay_waiver *assay_waivers_find(const struct assay_waivers *all, const char *dataset, const char *id,
                                              const char *seen, const char *when, uint64_t at);
/* Fingerprint of two things compared: SHA-256(SHA-256(a) || SHA-256(b))[:16] in hex. */
void assay_waiver_seen(const char *a, const char *b, char out[33]);
/* "2026-01-02" (its first moment) or "2026-01-02T03:04:05Z", as all times are spelled. false: there is no such time. */
bool assay_waiver_time(const char *text, char out[32]);

#endif
