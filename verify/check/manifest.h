/* A manifest's claims against what was read. */
#ifndef ASSAY_CHECK_MANIFEST_H
#define ASSAY_CHECK_MANIFEST_H

#include "assay/check.h"
#include "assay/schema.h"
#include "assay/segment.h"

struct manifest_job {
    const struct assay_check *c;
    const char *plan_hash;
    const struct assay_schema *schema; /* observed */
    const struct assay_router *router;
    struct assay_part_result *part; /* as scanned, in the reader's order: by name */
    size_t n_parts;
};

/* Find the manifest that the plan names or that lies beside the files, and compare. What it denies of a file is added
 * to that part's `denied`; an object statement of its own says what it is and what it denies besides (files that are
 * gone, the schema). A manifest that cannot be read is such a finding, not a failure. Without a manifest nothing
 * happens. */
enum assay_status assay_manifest_check(const struct manifest_job *j, struct assay_err *e);

#endif
