/* ASCII without the locale. */
#ifndef ASSAY_CANON_ASCII_H
#define ASSAY_CANON_ASCII_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Is p[0..n) the lower-case word, letters of either case taken as equal? */
static inline bool assay_is_word(const uint8_t *p, size_t n, const char *word)
{
    for (size_t i = 0; i < n; i++) {
        const uint8_t c = p[i] >= 'A' && p[i] <= 'Z' ? (uint8_t)(p[i] | 0x20) : p[i];
        if (word[i] == '\0' || c != (uint8_t)word[i])
            return false;
    }
    return word[n] == '\0';
}

/* Value of a hex digit of either case, or -1. */
static inline int assay_hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

#endif
