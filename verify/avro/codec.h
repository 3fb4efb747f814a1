/* The codecs of a block. Sizes are bounded by ASSAY_MAX_AVRO_BLOCK. */
#ifndef ASSAY_AVRO_CODEC_H
#define ASSAY_AVRO_CODEC_H

#include <stddef.h>
#include <stdint.h>

#include "assay/err.h"

struct assay_av_codec; /* one of the table in codec.c */

/* Buffers and states that one scan keeps over its blocks. All-zero is valid. */
struct assay_av_codec_state {
    void *zlib, *zstd;
    uint8_t *out;
    size_t cap, len; /* of out */
};

/* NULL when it is not supported. */
const struct assay_av_codec *assay_av_codec_by_name(const char *name, size_t n);
/* Those that are, for messages. */
#define ASSAY_AV_CODECS "null, deflate, snappy, zstandard, bzip2 or xz"

/* The plain bytes of in[0..n): in itself for the codec null, else in st->out. NULL, or a static sentence, *status then
 * ASSAY_EDATA, ASSAY_ELIMIT or ASSAY_ENOMEM. */
const char *assay_av_decompress(const struct assay_av_codec *codec, struct assay_av_codec_state *st, const uint8_t *in,
                                size_t n, const uint8_t **out, size_t *len, enum assay_status *status);
void assay_av_codec_release(struct assay_av_codec_state *st);

#endif
