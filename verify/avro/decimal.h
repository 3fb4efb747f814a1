/* Decimal values, and values that cannot be read. */
#ifndef ASSAY_AVRO_DECIMAL_H
#define ASSAY_AVRO_DECIMAL_H

#include "assay/value.h"
#include "schema.h"

/* An unscaled big-endian integer: ASSAY_K_DEC or ASSAY_K_DECBYTES pointing into p, or ASSAY_K_BAD. */
struct assay_value assay_av_decimal(const struct assay_av_bounds *b, int32_t scale, const uint8_t *p, size_t len);
/* why: a static sentence. */
struct assay_value assay_av_bad(const char *why);

#endif
