/* Page decompression. Every codec must yield exactly the number of bytes that the page claims. */
#ifndef ASSAY_PARQUET_CODEC_H
#define ASSAY_PARQUET_CODEC_H

#include <stddef.h>
#include <stdint.h>

enum { PQ_UNCOMPRESSED = 0 };

/* Reusable decoder states, made when first needed. All-zero is valid. */
struct assay_pq_codec_state {
    void *zstd, *gzip;
};

/* The codec's name in the format, or NULL for a number that it does not define. */
const char *assay_pq_codec_name(uint32_t codec);
/* Whether this reader has it (LZO it has not). */
int assay_pq_codec_supported(uint32_t codec);
/* Decompress in[0..n) to exactly out[0..want). NULL, or what is wrong: a static text. */
const char *assay_pq_decompress(struct assay_pq_codec_state *st, uint32_t codec, const uint8_t *in, size_t n,
                                uint8_t *out, size_t want);
void assay_pq_codec_release(struct assay_pq_codec_state *st);

#endif
