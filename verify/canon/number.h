/* A number in text, taken apart without copying: the common ground of decimals and floats. */
#ifndef ASSAY_CANON_NUMBER_H
#define ASSAY_CANON_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/lexeme.h"
#include "assay/value.h"

enum assay_special { ASSAY_FINITE = 0, ASSAY_NAN = 1, ASSAY_PLUS_INF = 2, ASSAY_MINUS_INF = 3 };

/* value = (-1)^neg * digits * 10^exp; the digits run from the first to the last that is not zero. */
struct assay_num {
    const uint8_t *p; /* first significant digit; one '.' may stand between the digits */
    size_t len; /* bytes up to and with the last significant digit */
    size_t n; /* significant digits; 0: the value is zero */
    int64_t exp; /* power of ten of the last significant digit; saturates far outside every limit */
    bool neg; /* also of a zero, for floats */
    uint8_t special; /* enum assay_special; if not FINITE the rest is unused */
};

/* Read the grammar `decimal` of docs/canonical-form.md section 5. The result borrows from p. */
bool assay_num_scan(const uint8_t *p, size_t len, struct assay_num *out);
/* The same view of ASCII digits with an optional '-' and a scale (ASSAY_K_DECDIGITS). */
bool assay_num_digits(const uint8_t *p, size_t len, int scale, struct assay_num *out);
/* The view of a resolved decimal that is kept as text (DECDIGITS, or LEXEME where no scale can hold the exponent). */
bool assay_num_of(const struct assay_value *v, struct assay_num *out);
/* The first up to k (<= 19) digits from *at on as an integer; moves *at on; returns how many digits were taken. */
unsigned assay_num_take(const struct assay_num *num, size_t *at, unsigned k, uint64_t *out);
/* Copy the digits without the point; dst has num->n bytes. */
void assay_num_copy(const struct assay_num *num, uint8_t *dst);

/* Divide *m by ten as long as no remainder is left; returns how often. m is not 0.
 * Multiplying by the inverse of 5 mod 2^64 and rotating by one gives m/10 exactly when 10 divides m, else a number
 * over (2^64-1)/10 (Granlund and Montgomery 1994, section 9). */
static inline int assay_strip_zeros(uint64_t *m)
{
    int n = 0;
    for (;;) {
        const uint64_t q = *m * 0xcccccccccccccccdu;
        const uint64_t r = (q >> 1) | (q << 63);
        if (r > UINT64_MAX / 10)
            return n;
        *m = r;
        n++;
    }
}

extern const uint64_t assay_pow10[20];

#endif
