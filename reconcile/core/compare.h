/* The verdict about one chunk: a pure function of what the two sides attested. */
#ifndef ASSAY_COMPARE_H
#define ASSAY_COMPARE_H

#include "attested.h"

enum verdict { VERDICT_UNVERIFIED = 0, VERDICT_MATCH, VERDICT_MISMATCH };
const char *assay_verdict_name(enum verdict v);

struct compared {
    enum verdict verdict;
    const char *kind; /* of a mismatch: "rows", "lost", "extra", "changed", "recombined", "undecodable", "missing",
                         "resealed"; static */
    const char *reason; /* static sentence, NULL for a match */
    uint64_t accepted; /* cells that a rule changed on either side */
    bool sealed; /* roots were compared, not sums alone */
    const char *changed_side; /* since both were equal: "source" or "archive"; NULL: the ledger does not say */
    /* waive.c, of a mismatch: the discrepancy that it is, a fingerprint of what was compared, and the waiver that
     * covers both; a waived mismatch stays a mismatch */
    char discrepancy[33], seen[33];
    const char *unseen; /* why there is no such fingerprint, so that nothing covers it; static, or NULL */
    const struct assay_waiver *waiver;
};

/* source or archive NULL: that side has no statement about the chunk. differs: n_cols flags, set for the columns whose
 * sums differ when the keys are the same on both sides. keyed: the dataset has a key. */
struct compared assay_compare_chunk(const struct attested_chunk *source, const struct attested_chunk *archive,
                                    size_t n_cols, bool keyed, bool *differs);

#endif
