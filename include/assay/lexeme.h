/* The commonest spelling of numbers, inline for those who read millions of them. docs/canonical-form.md has all
 * spellings; what is not read here goes through assay_resolve. */
#ifndef ASSAY_LEXEME_H
#define ASSAY_LEXEME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* [-+], up to 18 digits, at most one point among them, no exponent: value = *u * 10^-*scale. false: another spelling,
 * or no number at all. */
static inline bool assay_lexeme_number(const uint8_t *p, size_t len, int64_t *u, int *scale)
{
    if (len == 0 || len > 20)
        return false;
    const uint8_t *end = p + len, *point = NULL;
    const bool neg = *p == '-';
    p += neg || *p == '+';
    const uint8_t *first = p;
    uint64_t acc = 0;
    for (; p < end; p++) {
        const unsigned d = (unsigned)*p - '0';
        if (d <= 9)
            acc = acc * 10 + d;
        else if (*p == '.' && !point)
            point = p;
        else
            return false;
    }
    const size_t digits = (size_t)(end - first) - (point != NULL);
    if (digits == 0 || digits > 18)
        return false;
    *u = neg ? -(int64_t)acc : (int64_t)acc;
    *scale = point ? (int)(end - point - 1) : 0;
    return true;
}

#endif
