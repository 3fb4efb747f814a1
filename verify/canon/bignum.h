/* Decimal digits to two's complement and back, for any length: no allocation beside the buffer that is written to. */
#ifndef ASSAY_CANON_BIGNUM_H
#define ASSAY_CANON_BIGNUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/buf.h"
#include "number.h"

/* Append the minimal two's complement of the digits of num (its exponent is ignored; n > 0). false: no memory. */
bool assay_twos_put(const struct assay_num *num, struct assay_buf *out);
/* Append the decimal digits of |twos|, big-endian two's complement of any length, without leading zeros ("0" for zero).
 * false: no memory. */
bool assay_twos_digits(const uint8_t *twos, size_t len, bool *neg, struct assay_buf *out);

#endif
