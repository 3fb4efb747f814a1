/* One HTTP request and its answer, as a client. */
#ifndef ASSAY_HTTP_H
#define ASSAY_HTTP_H

#include <stddef.h>

#include "assay/buf.h"
#include "assay/err.h"

struct assay_http_answer {
    long status;
    char type[128]; /* content type, "" when there is none */
    struct assay_buf body; /* its max is the most that is taken */
};
/* POST bytes to an http: or https: address. No redirects; certificates are checked; ends within a minute. ASSAY_ESOURCE
 * with a sentence when there was no answer, ASSAY_ELIMIT when it is longer than body.max. */
enum assay_status assay_http_post(const char *url, const char *type, const void *bytes, size_t n,
                                  struct assay_http_answer *out, struct assay_err *e);

#endif
