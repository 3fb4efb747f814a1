/* Data files that are installed with the programs: share/assay/NAME. */
#ifndef ASSAY_SHARE_H
#define ASSAY_SHARE_H

#include "assay/buf.h"
#include "assay/err.h"

/* The folder of this name: what the environment variable says, else beside the program as it was built, else as it is
 * installed; the first that exists. Replaces what `out` holds, NUL-terminated. ASSAY_ENOTFOUND names the variable. */
enum assay_status assay_share_folder(const char *name, const char *variable, struct assay_buf *out,
                                     struct assay_err *e);

#endif
