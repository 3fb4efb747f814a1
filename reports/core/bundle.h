/* Files that belong together, held in memory and written as a folder or as a zip: the same files give the same bytes,
 * whatever the order they were added in, the clock, the zone or the version of a library. */
#ifndef ASSAY_REPORT_BUNDLE_H
#define ASSAY_REPORT_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/buf.h"
#include "assay/err.h"

#define ASSAY_BUNDLE_MANIFEST "MANIFEST.sha256"
#define ASSAY_BUNDLE_MAX (1u << 30) /* bytes of all files together */

/* All-zero is an empty bundle. */
struct assay_bundle {
    struct assay_bundle_file {
        char *name; /* "NAME" or "FOLDER/NAME", letters, digits, '.', '-', '_' only */
        uint8_t *bytes;
        size_t len;
    } * file;
    size_t n, cap, bytes;
};
/* Copies. A name may be added once. ASSAY_ELIMIT when the bundle grows too large. */
enum assay_status assay_bundle_add(struct assay_bundle *b, const char *name, const void *bytes, size_t n,
                                   struct assay_err *e);
bool assay_bundle_has(const struct assay_bundle *b, const char *name);
/* Sort (files of no folder first, then folder by folder, byte by byte) and add MANIFEST.sha256 over all others in that
 * order, as sha256sum prints it. */
enum assay_status assay_bundle_seal(struct assay_bundle *b, struct assay_err *e);
/* Write a new folder, all of it or nothing; what exists is never replaced. */
enum assay_status assay_bundle_folder(const struct assay_bundle *b, const char *path, struct assay_err *e);
/* The bytes of a zip, members stored as they are. Appends. ASSAY_ELIMIT: more members than a plain zip can have. */
enum assay_status assay_bundle_zip(const struct assay_bundle *b, struct assay_buf *out, struct assay_err *e);
void assay_bundle_release(struct assay_bundle *b);

#endif
