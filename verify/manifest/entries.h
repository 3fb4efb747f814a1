/* Entries of a manifest while it is read. Private to verify/manifest. */
#ifndef ASSAY_MANIFEST_ENTRIES_H
#define ASSAY_MANIFEST_ENTRIES_H

#include "assay/manifest.h"

struct assay_entries {
    struct assay_manifest *m;
    size_t cap;
    const char *name; /* of the manifest, for messages */
};

/* A new entry of that path, of n bytes. ASSAY_EDATA for one that is not below the folder. */
enum assay_status assay_entries_add(struct assay_entries *x, const char *path, size_t n,
                                    struct assay_manifest_entry **out, struct assay_err *e);
/* Sort them; a path that stands twice is ASSAY_EDATA. */
enum assay_status assay_entries_finish(struct assay_entries *x, struct assay_err *e);

#endif
