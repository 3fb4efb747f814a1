/* One manifest while it is compared. Private to verify/check/manifest*.c. */
#ifndef ASSAY_CHECK_MANIFEST_LOOK_H
#define ASSAY_CHECK_MANIFEST_LOOK_H

#include "assay/limits.h"
#include "manifest.h"

/* A file that says what the others should be: the manifest itself, the lists and tag files of a bag. */
struct paper {
    char *name; /* as names of objects; owned */
    uint8_t sha256[32];
    uint64_t bytes;
};

struct looked {
    const struct manifest_job *j;
    struct assay_locator loc;
    char dir[ASSAY_MAX_PATH]; /* folder of the manifest as names of objects begin: "" or with a slash behind */
    char name[ASSAY_MAX_PATH]; /* of the manifest, likewise */
    const char *base; /* its last component */
    bool named; /* by the plan */
    bool bag;
    struct paper *paper; /* as they were read; owned */
    size_t n_papers;
    struct assay_manifest m;
    const struct assay_bag_digest *digest; /* of a bag: its first list */
    struct assay_buf denied; /* of the manifest itself */
    size_t said;
};

/* Say and keep that a claim was found otherwise: "KIND SENTENCE" into `to`. ASSAY_ENOMEM. */
enum assay_status assay_manifest_deny(struct looked *x, struct assay_buf *to, const char *object, const char *kind,
                                      const char *sentence);
/* The first digits of a digest of n bytes, as a sentence shows them. */
const char *assay_manifest_digits(char out[32], const uint8_t *digest);
/* A file of the manifest's own: no link, so that it is of that folder. It is kept as a paper. */
enum assay_status assay_manifest_slurp(struct looked *x, const char *name, size_t max, struct assay_buf *out,
                                       struct assay_err *e);

/* manifest_bag.c: the lists of a bag into x->m, and what only its tag files can tell. */
enum assay_status assay_manifest_load_bag(struct looked *x, struct assay_err *e);
enum assay_status assay_manifest_compare_bag(struct looked *x, struct assay_err *e);

#endif
