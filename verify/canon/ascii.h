/* ASCII without the locale. */
#ifndef ASSAY_CANON_ASCII_H
#define ASSAY_CANON_ASCII_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

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
    const unsigned digit = (unsigned)c - '0', letter = (c | 0x20u) - 'a';
    const int high = letter <= 5 ? (int)letter + 10 : -1; /* written so that no branch depends on the digit */
    return digit <= 9 ? (int)digit : high;
}

/* Eight hex digits of either case to four bytes, all at once. */
static inline bool assay_hex8(const uint8_t *text, uint8_t out[4])
{
    const uint64_t ones = 0x0101010101010101u, high = ones << 7;
    uint64_t x;
    memcpy(&x, text, 8);
    if (x & high)
        return false;
    const uint64_t lower = x | ones * 0x20;
    const uint64_t digit = (x + ones * (0x80 - '0')) & ~(x + ones * (0x7f - '9')) & high;
    const uint64_t letter = (lower + ones * (0x80 - 'a')) & ~(lower + ones * (0x7f - 'f')) & high;
    if ((digit | letter) != high)
        return false;
    uint64_t v = (x & ones * 0x0f) + (letter >> 7) * 9; /* one nibble a byte, the first in the lowest */
    v = (v << 4 | v >> 8) & 0x00ff00ff00ff00ffu;
    v = (v | v >> 8) & 0x0000ffff0000ffffu;
    const uint32_t bytes = (uint32_t)(v | v >> 16);
    memcpy(out, &bytes, 4);
    return true;
}

#endif
