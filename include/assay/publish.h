/* Publish whole files or nothing: temporary in the same directory, fsync, close, rename, fsync of the directory. */
#ifndef ASSAY_PUBLISH_H
#define ASSAY_PUBLISH_H

#include <stddef.h>
#include <sys/types.h>

#include "assay/buf.h"
#include "assay/err.h"
#include "assay/limits.h"

/* A new file in the same folder, which takes the place of path once it is whole. Process ids repeat, in containers at
 * every start: leftovers of stopped processes are stepped over, ASSAY_MAX_LEFTOVERS of them. Its name into tmp; a file
 * descriptor, or -1 and errno. */
int assay_create_beside(const char *path, mode_t mode, char tmp[ASSAY_MAX_PATH]);

/* path "-" writes to stdout. On failure the old file is as it was. */
enum assay_status assay_publish(const char *path, mode_t mode, const void *bytes, size_t n, struct assay_err *e);
/* The same for what belongs to a ledger: fails as assay_fail_unwritten does. */
enum assay_status assay_publish_evidence(const char *path, mode_t mode, const void *bytes, size_t n,
                                         struct assay_err *e);
/* What belongs to a ledger could not be written: ASSAY_ESTORE, why (an errno) in words, that nothing is lost, and what
 * to do. ASSAY_EIO when the name is taken or its folder not there (EEXIST, ENOENT): then another path is what helps. */
enum assay_status assay_fail_unwritten(struct assay_err *e, int why, const char *path, const char *doing);
/* Read a whole regular file, at most max bytes (ASSAY_ELIMIT beyond). Appends. */
enum assay_status assay_slurp(const char *path, size_t max, struct assay_buf *out, struct assay_err *e);
/* base_dir/path unless path is absolute. Appends and NUL-terminates. */
enum assay_status assay_path_join(const char *base_dir, const char *path, struct assay_buf *out);

#endif
