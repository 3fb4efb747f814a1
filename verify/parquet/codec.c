#include "codec.h"

#include <brotli/decode.h>
#include <limits.h>
#include <lz4.h>
#include <snappy-c.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "assay/bytes.h"

static const char no_memory[] = "out of memory for the decompressor";
static const char other_size[] = "decompresses to another size than it claims";

static const char *snappy(struct assay_pq_codec_state *st, const uint8_t *in, size_t n, uint8_t *out, size_t want)
{
    (void)st;
    size_t claimed = 0;
    if (snappy_uncompressed_length((const char *)in, n, &claimed) != SNAPPY_OK)
        return "is not snappy data";
    if (claimed != want)
        return other_size;
    if (snappy_uncompress((const char *)in, n, (char *)out, &claimed) != SNAPPY_OK || claimed != want)
        return "is broken snappy data";
    return NULL;
}

static const char *zstd(struct assay_pq_codec_state *st, const uint8_t *in, size_t n, uint8_t *out, size_t want)
{
    if (!st->zstd && !(st->zstd = ZSTD_createDCtx()))
        return no_memory;
    size_t got = ZSTD_decompressDCtx(st->zstd, out, want, in, n);
    if (ZSTD_isError(got))
        return ZSTD_getErrorCode(got) == ZSTD_error_dstSize_tooSmall ? other_size : "is broken zstd data";
    return got == want ? NULL : other_size;
}

/* gzip members, one or more (RFC 1952 section 2.2), or zlib streams; their checksums are verified by the library. */
static const char *gzip(struct assay_pq_codec_state *st, const uint8_t *in, size_t n, uint8_t *out, size_t want)
{
    z_stream *z = st->gzip;
    if (!z) {
        if (!(z = calloc(1, sizeof *z)))
            return no_memory;
        if (inflateInit2(z, 15 + 32) != Z_OK) {
            free(z);
            return no_memory;
        }
        st->gzip = z;
    }
    uint8_t none[1];
    z->next_in = (Bytef *)(uintptr_t)in;
    z->avail_in = (uInt)n;
    z->next_out = want ? out : none;
    z->avail_out = (uInt)want;
    do {
        if (inflateReset(z) != Z_OK)
            return no_memory;
        int rc = inflate(z, Z_FINISH);
        if (rc == Z_BUF_ERROR && z->avail_out == 0 && z->avail_in)
            return other_size;
        if (rc != Z_STREAM_END)
            return "is broken gzip data";
    } while (z->avail_in);
    return z->avail_out == 0 ? NULL : other_size;
}

static const char *brotli(struct assay_pq_codec_state *st, const uint8_t *in, size_t n, uint8_t *out, size_t want)
{
    (void)st;
    size_t got = want;
    if (BrotliDecoderDecompress(n, in, &got, out) != BROTLI_DECODER_RESULT_SUCCESS)
        return "is broken brotli data, or of another size than it claims";
    return got == want ? NULL : other_size;
}

static const char *lz4_raw(struct assay_pq_codec_state *st, const uint8_t *in, size_t n, uint8_t *out, size_t want)
{
    (void)st;
    if (n > INT_MAX || want > INT_MAX)
        return other_size;
    int got = LZ4_decompress_safe((const char *)in, (char *)out, (int)n, (int)want);
    if (got < 0)
        return "is broken LZ4 data";
    return (size_t)got == want ? NULL : other_size;
}

/* Hadoop's framing: per block its size in plain and, until that is reached, size and bytes of each compressed piece;
 * sizes are big-endian. */
static int lz4_hadoop(const uint8_t *in, size_t n, uint8_t *out, size_t want)
{
    while (n) {
        if (n < 4)
            return 0;
        size_t block = assay_get_be32(in);
        in += 4;
        n -= 4;
        if (block > want)
            return 0;
        do {
            size_t piece = n < 4 ? SIZE_MAX : assay_get_be32(in);
            if (block == 0 && n == 0)
                break; /* an empty block may end here, or in an empty piece as arrow-rs writes it */
            if (n < 4 || piece > n - 4 || piece > INT_MAX || block > INT_MAX)
                return 0;
            int got = LZ4_decompress_safe((const char *)in + 4, (char *)out, (int)piece, (int)block);
            if (got < 0 || (got == 0 && block))
                return 0;
            in += 4 + piece;
            n -= 4 + piece;
            out += got;
            want -= (size_t)got;
            block -= (size_t)got;
        } while (block);
    }
    return want == 0;
}

/* The codec named LZ4 was never specified: Hadoop's framing is what most wrote, and bare blocks what the others did. */
static const char *lz4(struct assay_pq_codec_state *st, const uint8_t *in, size_t n, uint8_t *out, size_t want)
{
    return lz4_hadoop(in, n, out, want) ? NULL : lz4_raw(st, in, n, out, want);
}

typedef const char *decoder(struct assay_pq_codec_state *st, const uint8_t *in, size_t n, uint8_t *out, size_t want);

static const struct {
    const char *name;
    decoder *decode;
} codecs[] = {
    {"UNCOMPRESSED", NULL}, {"SNAPPY", snappy}, {"GZIP", gzip}, {"LZO", NULL},
    {"BROTLI", brotli},     {"LZ4", lz4},       {"ZSTD", zstd}, {"LZ4_RAW", lz4_raw},
};

#define CODECS (sizeof codecs / sizeof *codecs)

const char *assay_pq_codec_name(uint32_t codec)
{
    return codec < CODECS ? codecs[codec].name : NULL;
}

int assay_pq_codec_supported(uint32_t codec)
{
    return codec == PQ_UNCOMPRESSED || (codec < CODECS && codecs[codec].decode);
}

const char *assay_pq_decompress(struct assay_pq_codec_state *st, uint32_t codec, const uint8_t *in, size_t n,
                                uint8_t *out, size_t want)
{
    if (n == 0 && want == 0)
        return NULL;
    if (codec == PQ_UNCOMPRESSED) {
        if (n != want)
            return other_size;
        memcpy(out, in, n);
        return NULL;
    }
    return codecs[codec].decode(st, in, n, out, want);
}

void assay_pq_codec_release(struct assay_pq_codec_state *st)
{
    ZSTD_freeDCtx(st->zstd);
    if (st->gzip)
        inflateEnd(st->gzip);
    free(st->gzip);
    *st = (struct assay_pq_codec_state){0};
}
