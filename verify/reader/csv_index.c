/* Finding the special bytes of a block: 64 bytes become one bit mask (as simdjson and zsv do), its bits a list of
 * positions. */
#include "csv_lexer.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define LAST_CONTROL 0x0d /* NUL, tab, LF and CR are all at or below; the tokeniser passes over the others */

size_t assay_csv_index_portable(const struct assay_csv_special *s, const uint8_t *p, size_t from, size_t to,
                                uint32_t *out)
{
    uint8_t is[256] = {0};
    for (size_t b = 0; b <= LAST_CONTROL; b++)
        is[b] = 1;
    is[s->delimiter] = is[s->quote] = is[s->escape] = 1;
    size_t n = 0;
    for (size_t i = from; i < to; i++) {
        out[n] = (uint32_t)i;
        n += is[p[i]];
    }
    return n;
}

#ifdef __SSE2__
struct needles {
    __m128i delimiter, quote, escape, control;
};

static inline uint64_t mask16(const struct needles *k, const uint8_t *p)
{
    __m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i hit = _mm_cmpeq_epi8(_mm_min_epu8(x, k->control), x);
    hit = _mm_or_si128(hit, _mm_cmpeq_epi8(x, k->delimiter));
    hit = _mm_or_si128(hit, _mm_cmpeq_epi8(x, k->quote));
    hit = _mm_or_si128(hit, _mm_cmpeq_epi8(x, k->escape));
    return (uint32_t)_mm_movemask_epi8(hit);
}

static inline uint64_t mask64(const struct needles *k, const uint8_t *p)
{
    return mask16(k, p) | mask16(k, p + 16) << 16 | mask16(k, p + 32) << 32 | mask16(k, p + 48) << 48;
}

/* Eight entries at a time, wanted or not: fewer mispredicted branches than one a bit. */
static inline uint32_t *flatten(uint64_t mask, uint32_t base, uint32_t *out)
{
    uint32_t *end = out + __builtin_popcountll(mask);
    while (mask) {
        for (int i = 0; i < 8; i++) {
            out[i] = base + (uint32_t)__builtin_ctzll(mask | 1ull << 63);
            mask &= mask - 1;
        }
        out += 8;
    }
    return end;
}

static size_t index_sse2(const struct assay_csv_special *s, const uint8_t *p, size_t from, size_t to, uint32_t *out)
{
    const struct needles k = {
        .delimiter = _mm_set1_epi8((char)s->delimiter),
        .quote = _mm_set1_epi8((char)s->quote),
        .escape = _mm_set1_epi8((char)s->escape),
        .control = _mm_set1_epi8(LAST_CONTROL),
    };
    uint32_t *end = out;
    size_t i = from;
    for (; i + 64 <= to; i += 64)
        end = flatten(mask64(&k, p + i), (uint32_t)i, end);
    if (i < to)
        end = flatten(mask64(&k, p + i) & (~0ull >> (64 - (to - i))), (uint32_t)i, end);
    return (size_t)(end - out);
}
#endif

assay_csv_indexer *assay_csv_index_best(void)
{
#ifdef __SSE2__
    return index_sse2;
#else
    return assay_csv_index_portable;
#endif
}
