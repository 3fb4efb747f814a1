/* Floats and text: correctly rounded reading, shortest writing. Independent of the locale. */
#ifndef ASSAY_CANON_FLOAT_TEXT_H
#define ASSAY_CANON_FLOAT_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "assay/buf.h"
#include "number.h"

enum assay_float_width { ASSAY_BINARY32 = 24, ASSAY_BINARY64 = 53 }; /* bits of the significand */

/* The nearest float of that width, ties to even, widened to double. false: overflow, or a non-zero value became zero.
 */
bool assay_float_of(const struct assay_num *num, enum assay_float_width w, double *out);

/* Shortest decimal of a finite x that reads back as x (docs/canonical-form.md section 6): |x| = m * 10^e, m without
 * trailing zeros; 0 is m = 0, e = 0. */
void assay_float_shortest(double x, enum assay_float_width w, uint64_t *m, int *e);

/* |x| rounded to `digits` (1..17) significant decimal digits, exact and ties to even: m * 10^e. */
void assay_float_digits(double x, int digits, uint64_t *m, int *e);

/* m * 10^e as the nearest float, as assay_float_of. */
bool assay_float_scaled(uint64_t m, int64_t e, bool neg, enum assay_float_width w, double *out);

/* Nearest binary32, widened; NaN and infinities stay. false: overflow. */
bool assay_float_narrow(double x, double *out);

#endif
