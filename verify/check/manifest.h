/* A manifest's claims against what was read. */
#ifndef ASSAY_CHECK_MANIFEST_H
#define ASSAY_CHECK_MANIFEST_H

#include "assay/check.h"
#include "assay/manifest.h"
#include "assay/schema.h"
#include "assay/segment.h"

struct manifest_job {
    const struct assay_check *c;
    const char *plan_hash;
    const struct assay_schema *schema; /* observed */
    const struct assay_router *router;
    struct assay_part_result *part; /* as scanned, in the reader's order: by name */
    size_t n_parts;
    bool *sha512; /* of assay_manifest_wants_sha512 alone */
};

/* Before the files are read: does a manifest that would be compared claim SHA-512 of any? One that cannot be read does
 * not. */
enum assay_status assay_manifest_wants_sha512(const struct assay_check *c, const struct assay_part *part, size_t n,
                                              bool *want, struct assay_err *e);
/* A file of a manifest, named as objects are; no link. ASSAY_ENOTFOUND, ASSAY_EDATA: no regular file, ASSAY_EIO,
 * ASSAY_ELIMIT. Appends to out. */
enum assay_status assay_manifest_file(const char *base_dir, const char *name, size_t max, struct assay_buf *out,
                                      struct assay_err *e);

/* Find the manifest that the plan names or that lies beside the files, and compare. What it denies of a file is added
 * to that part's `denied`; an object statement of its own says what it is and what it denies besides (files that are
 * gone, the schema). A manifest that cannot be read is such a finding, not a failure. Without a manifest nothing
 * happens. */
enum assay_status assay_manifest_check(const struct manifest_job *j, struct assay_err *e);

/* Write a datapackage.json of the files as they were read: path, size, SHA-256, rows, segment and its range, schema,
 * and where they come from. Whole files or nothing. A file that was not read whole, that holds rows which do not decode
 * or belong elsewhere, or that is not below the folder of `path`, is an error. */
enum assay_status assay_manifest_write(const struct manifest_job *j, const char *path, struct assay_err *e);

/* The first difference of a schema, as a sentence into out; false: there is none. Types are the plan's: what it reads.
 */
bool assay_manifest_schema_differs(const struct manifest_job *j, const struct assay_manifest_schema *m, char *out,
                                   size_t cap);

#endif
