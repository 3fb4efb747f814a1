/* Avro's int and long: zigzag, then seven bits a byte, least significant first, at most ten bytes. */
#ifndef ASSAY_AVRO_VARINT_H
#define ASSAY_AVRO_VARINT_H

#include <stddef.h>
#include <stdint.h>

#define ASSAY_AV_LONG_BYTES 10

static const char assay_av_too_long[] = "a number of more than 64 bits";
static const char assay_av_cut_short[] = "the data end inside a value";

/* NULL, or what is wrong; *p moves only past a good number. */
static inline const char *assay_av_long(const uint8_t **p, const uint8_t *end, int64_t *out)
{
    uint64_t u = 0;
    const uint8_t *q = *p;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (q == end)
            return assay_av_cut_short;
        const uint8_t b = *q++;
        if (shift == 63 && b > 1)
            return assay_av_too_long;
        u |= (uint64_t)(b & 0x7f) << shift;
        if (b < 0x80) {
            *p = q;
            *out = (int64_t)(u >> 1 ^ (0 - (u & 1)));
            return NULL;
        }
    }
    return assay_av_too_long;
}

#endif
