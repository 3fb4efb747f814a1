/* A command whose output is read. Private to verify/reader and its tests. */
#ifndef ASSAY_EXEC_H
#define ASSAY_EXEC_H

#include <stddef.h>
#include <stdint.h>

#include "assay/err.h"
#include "secret.h"

struct assay_exec_job {
    char *const *argv; /* NULL-terminated; no shell; argv[0] is looked for in PATH unless it holds a slash */
    const char *dir; /* where it runs; NULL or "": here */
    int timeout_s; /* until its end; 0: no limit */
    int out; /* file descriptor that takes its standard output */
    uint64_t max_bytes; /* of it; 0: ASSAY_MAX_EXEC_BYTES */
    const char *name; /* for messages */
    const struct assay_secrets *secrets; /* never shown */
};

/* Run it to its end, with nothing on its standard input. ASSAY_OK only when it ended by itself with status 0; then all
 * of its output is in `out`. ASSAY_ESOURCE: it could not be started, ended otherwise, or took too long; the end of what
 * it said on stderr is in the message. ASSAY_ELIMIT, ASSAY_EIO, ASSAY_EINTR. Unless it ended well, every process of its
 * group is gone afterwards. */
enum assay_status assay_exec_run(const struct assay_exec_job *j, uint64_t *bytes, struct assay_err *e);

#endif
