/* Finding the special bytes of a block: 64 bytes become one bit mask (as simdjson and zsv do), its bits a list of
 * positions. */
#include "csv_lexer.h"

#ifdef __SSE2__
#include <immintrin.h>
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
/* Eight entries at a time, wanted or not: fewer mispredicted branches than one a bit. Inlined into each indexer, so
 * that it takes the instructions its target has. */
static inline __attribute__((always_inline)) uint32_t *flatten(uint64_t mask, uint32_t base, uint32_t *out)
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

static inline uint64_t mask16(const struct assay_csv_special *s, const uint8_t *p)
{
    __m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i hit = _mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8(LAST_CONTROL)), x);
    hit = _mm_or_si128(hit, _mm_cmpeq_epi8(x, _mm_set1_epi8((char)s->delimiter)));
    hit = _mm_or_si128(hit, _mm_cmpeq_epi8(x, _mm_set1_epi8((char)s->quote)));
    hit = _mm_or_si128(hit, _mm_cmpeq_epi8(x, _mm_set1_epi8((char)s->escape)));
    return (uint32_t)_mm_movemask_epi8(hit);
}

static inline uint64_t sse2_mask64(const struct assay_csv_special *s, const uint8_t *p)
{
    return mask16(s, p) | mask16(s, p + 16) << 16 | mask16(s, p + 32) << 32 | mask16(s, p + 48) << 48;
}

#define AVX2 __attribute__((target("avx2,popcnt,bmi")))

static inline AVX2 uint64_t mask32(const struct assay_csv_special *s, const uint8_t *p)
{
    __m256i x = _mm256_loadu_si256((const __m256i *)(const void *)p);
    __m256i hit = _mm256_cmpeq_epi8(_mm256_min_epu8(x, _mm256_set1_epi8(LAST_CONTROL)), x);
    hit = _mm256_or_si256(hit, _mm256_cmpeq_epi8(x, _mm256_set1_epi8((char)s->delimiter)));
    hit = _mm256_or_si256(hit, _mm256_cmpeq_epi8(x, _mm256_set1_epi8((char)s->quote)));
    hit = _mm256_or_si256(hit, _mm256_cmpeq_epi8(x, _mm256_set1_epi8((char)s->escape)));
    return (uint32_t)_mm256_movemask_epi8(hit);
}

static inline AVX2 uint64_t avx2_mask64(const struct assay_csv_special *s, const uint8_t *p)
{
    return mask32(s, p) | mask32(s, p + 32) << 32;
}

/* The same loop for both: the mask of the last, partial 64 bytes is cut off at `to`. */
#define INDEX_WITH(mask64)                                                                                             \
    const struct assay_csv_special k = *s;                                                                             \
    uint32_t *end = out;                                                                                               \
    size_t i = from;                                                                                                   \
    for (; i + 64 <= to; i += 64)                                                                                      \
        end = flatten(mask64(&k, p + i), (uint32_t)i, end);                                                            \
    if (i < to)                                                                                                        \
        end = flatten(mask64(&k, p + i) & (~0ull >> (64 - (to - i))), (uint32_t)i, end);                               \
    return (size_t)(end - out)

static size_t index_sse2(const struct assay_csv_special *s, const uint8_t *p, size_t from, size_t to, uint32_t *out)
{
    INDEX_WITH(sse2_mask64);
}

static AVX2 size_t index_avx2(const struct assay_csv_special *s, const uint8_t *p, size_t from, size_t to,
                              uint32_t *out)
{
    INDEX_WITH(avx2_mask64);
}

static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("bmi");
}
#endif

assay_csv_indexer *assay_csv_indexer_nth(size_t i)
{
#ifdef __SSE2__
    if (i > 0 && !has_avx2())
        i++;
    return i == 0 ? assay_csv_index_portable : i == 1 ? index_avx2 : i == 2 ? index_sse2 : NULL;
#else
    return i == 0 ? assay_csv_index_portable : NULL;
#endif
}

assay_csv_indexer *assay_csv_index_best(void)
{
    assay_csv_indexer *fast = assay_csv_indexer_nth(1);
    return fast ? fast : assay_csv_index_portable;
}
