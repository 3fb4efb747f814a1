/* RFC 3161 time stamps. */
#ifndef ASSAY_STAMP_H
#define ASSAY_STAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/buf.h"
#include "assay/err.h"

/* A request for a stamp over the SHA-256 of these bytes, with a nonce and the wish for the authority's certificate:
 * DER, appended. */
enum assay_status assay_stamp_request(const void *bytes, size_t n, struct assay_buf *out, struct assay_err *e);

struct assay_stamp {
    uint64_t when; /* the token's own time, seconds since 1970 */
    char text[32]; /* the same, RFC 3339 */
    char authority[256]; /* subject of the certificate that signed it */
    bool trusted; /* that certificate was traced to one of ca_file, valid at the token's own time */
};
/* A response: granted, over the SHA-256 of exactly these bytes, rightly signed. With the DER of its request (NULL: not
 * at hand), an answer to it. With ca_file (PEM; NULL: none), traced to a certificate in it, judged at the token's own
 * time (RFC 3161 appendix B): a stamp outlives the certificate that made it. ASSAY_EDATA says what is wrong;
 * ASSAY_EUSAGE: ca_file cannot be read. */
enum assay_status assay_stamp_check(const struct assay_buf *response, const struct assay_buf *request,
                                    const void *bytes, size_t n, const char *ca_file, struct assay_stamp *out,
                                    struct assay_err *e);

/* The certificate that signed a response which was checked, as PEM. Appends. */
enum assay_status assay_stamp_certificate(const struct assay_buf *response, struct assay_buf *pem, struct assay_err *e);

#endif
