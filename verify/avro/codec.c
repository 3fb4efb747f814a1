#include "codec.h"

#include <bzlib.h>
#include <lzma.h>
#include <snappy-c.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "assay/bytes.h"
#include "assay/limits.h"

#define FIRST_OUT (64u << 10)
#define CRC_BYTES 4

static const char too_large[] = "more than 256 MiB when decompressed";
static const char no_memory[] = "out of memory";

/* Room for `need` bytes in all; what is there stays. */
static const char *reserve(struct assay_av_codec_state *st, size_t need, enum assay_status *status)
{
    if (need > ASSAY_MAX_AVRO_BLOCK) {
        *status = ASSAY_ELIMIT;
        return too_large;
    }
    if (need <= st->cap)
        return NULL;
    size_t cap = st->cap ? st->cap * 2 : FIRST_OUT;
    cap = cap < need ? need : cap > ASSAY_MAX_AVRO_BLOCK ? ASSAY_MAX_AVRO_BLOCK : cap;
    uint8_t *grown = realloc(st->out, cap);
    if (!grown) {
        *status = ASSAY_ENOMEM;
        return no_memory;
    }
    st->out = grown;
    st->cap = cap;
    return NULL;
}

/* Apache's Python writer cuts one byte too few off a zlib stream, and leaves three bytes of its Adler-32 behind
 * (RFC 1950). They are accepted when they are right. */
static bool adler_begins(const struct assay_av_codec_state *st, const uint8_t *p, size_t n)
{
    uint8_t sum[4];
    assay_put_be32(sum, (uint32_t)adler32(adler32(0, NULL, 0), st->out, (uInt)st->len));
    return n == 0 || ((n == 3 || n == 4) && memcmp(p, sum, n) == 0);
}

/* One raw stream (RFC 1951). */
static const char *deflated(struct assay_av_codec_state *st, const uint8_t *in, size_t n, enum assay_status *status)
{
    z_stream *z = st->zlib;
    if (!z) {
        z = calloc(1, sizeof *z);
        if (!z || inflateInit2(z, -15) != Z_OK) {
            free(z);
            *status = ASSAY_ENOMEM;
            return no_memory;
        }
        st->zlib = z;
    }
    inflateReset(z);
    z->next_in = (Bytef *)(uintptr_t)in;
    z->avail_in = (uInt)n;
    int rc = Z_OK;
    while (rc == Z_OK) {
        const char *why = reserve(st, st->len + 1, status);
        if (why)
            return why;
        const size_t room = st->cap - st->len;
        z->next_out = st->out + st->len;
        z->avail_out = (uInt)room;
        rc = inflate(z, Z_NO_FLUSH);
        st->len += room - z->avail_out;
    }
    if (rc == Z_BUF_ERROR)
        return "deflate data that end too early";
    if (rc != Z_STREAM_END)
        return "broken deflate data";
    return adler_begins(st, in + (n - z->avail_in), z->avail_in) ? NULL : "bytes left over after the deflate data";
}

/* The raw format, then the CRC-32 of the plain bytes, big-endian. */
static const char *snappy(struct assay_av_codec_state *st, const uint8_t *in, size_t n, enum assay_status *status)
{
    size_t want = 0;
    if (n < CRC_BYTES || snappy_uncompressed_length((const char *)in, n - CRC_BYTES, &want) != SNAPPY_OK)
        return "broken snappy data";
    const char *why = reserve(st, want ? want : 1, status);
    if (why)
        return why;
    st->len = want;
    if (snappy_uncompress((const char *)in, n - CRC_BYTES, (char *)st->out, &st->len) != SNAPPY_OK || st->len != want)
        return "broken snappy data";
    if ((uint32_t)crc32(crc32(0, NULL, 0), st->out, (uInt)st->len) != assay_get_be32(in + n - CRC_BYTES))
        return "snappy data that do not match their CRC-32";
    return NULL;
}

/* One frame or more (RFC 8878). */
static const char *zstandard(struct assay_av_codec_state *st, const uint8_t *in, size_t n, enum assay_status *status)
{
    if (!st->zstd && !(st->zstd = ZSTD_createDCtx())) {
        *status = ASSAY_ENOMEM;
        return no_memory;
    }
    ZSTD_DCtx_reset(st->zstd, ZSTD_reset_session_only);
    ZSTD_inBuffer from = {in, n, 0};
    size_t hint = 1; /* 0: a frame has ended, and all of it is out */
    bool more = true;
    while (more) {
        const char *why = reserve(st, st->len + 1, status);
        if (why)
            return why;
        ZSTD_outBuffer to = {st->out, st->cap, st->len};
        hint = ZSTD_decompressStream(st->zstd, &to, &from);
        st->len = to.pos;
        if (ZSTD_isError(hint))
            return "broken zstandard data";
        more = from.pos < n || (hint && to.pos == to.size);
    }
    return hint ? "zstandard data that end too early" : NULL;
}

/* One stream. */
static const char *bzip2(struct assay_av_codec_state *st, const uint8_t *in, size_t n, enum assay_status *status)
{
    bz_stream z = {.next_in = (char *)(uintptr_t)in, .avail_in = (unsigned)n};
    if (BZ2_bzDecompressInit(&z, 0, 0) != BZ_OK) {
        *status = ASSAY_ENOMEM;
        return no_memory;
    }
    const char *why = NULL;
    int rc = BZ_OK;
    while (rc == BZ_OK && !(why = reserve(st, st->len + 1, status))) {
        const size_t room = st->cap - st->len;
        z.next_out = (char *)st->out + st->len;
        z.avail_out = (unsigned)room;
        rc = BZ2_bzDecompress(&z);
        st->len += room - z.avail_out;
        if (rc == BZ_OK && z.avail_in == 0 && z.avail_out)
            why = "bzip2 data that end too early";
        if (why)
            break;
    }
    BZ2_bzDecompressEnd(&z);
    if (why)
        return why;
    if (rc != BZ_STREAM_END)
        return "broken bzip2 data";
    return z.avail_in ? "bytes left over after the bzip2 data" : NULL;
}

static const char *xz_complaint(lzma_ret rc, enum assay_status *status)
{
    if (rc == LZMA_MEM_ERROR) {
        *status = ASSAY_ENOMEM;
        return no_memory;
    }
    if (rc == LZMA_MEMLIMIT_ERROR) {
        *status = ASSAY_ELIMIT;
        return "xz data whose dictionary takes more than 160 MiB of memory";
    }
    return rc == LZMA_BUF_ERROR ? "xz data that end too early" : "broken xz data";
}

/* One stream. A check that is not known would not be checked. */
static const char *xz(struct assay_av_codec_state *st, const uint8_t *in, size_t n, enum assay_status *status)
{
    lzma_stream z = LZMA_STREAM_INIT;
    const char *why = NULL;
    lzma_ret rc = lzma_stream_decoder(&z, ASSAY_MAX_XZ_MEMORY, LZMA_TELL_UNSUPPORTED_CHECK);
    z.next_in = in;
    z.avail_in = n;
    while (rc == LZMA_OK && !(why = reserve(st, st->len + 1, status))) {
        const size_t room = st->cap - st->len;
        z.next_out = st->out + st->len;
        z.avail_out = room;
        rc = lzma_code(&z, LZMA_FINISH);
        st->len += room - z.avail_out;
    }
    lzma_end(&z);
    if (why || rc != LZMA_STREAM_END)
        return why ? why : xz_complaint(rc, status);
    return z.avail_in ? "bytes left over after the xz data" : NULL;
}

struct assay_av_codec {
    const char *name;
    const char *(*decode)(struct assay_av_codec_state *st, const uint8_t *in, size_t n, enum assay_status *status);
};

static const struct assay_av_codec codecs[] = {{"null", NULL},           {"deflate", deflated}, {"snappy", snappy},
                                               {"zstandard", zstandard}, {"bzip2", bzip2},      {"xz", xz}};

const struct assay_av_codec *assay_av_codec_by_name(const char *name, size_t n)
{
    for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++)
        if (strlen(codecs[i].name) == n && memcmp(codecs[i].name, name, n) == 0)
            return &codecs[i];
    return NULL;
}

const char *assay_av_decompress(const struct assay_av_codec *codec, struct assay_av_codec_state *st, const uint8_t *in,
                                size_t n, const uint8_t **out, size_t *len, enum assay_status *status)
{
    *status = ASSAY_EDATA;
    *out = in;
    *len = n;
    if (!codec->decode)
        return NULL;
    st->len = 0;
    const char *why = codec->decode(st, in, n, status);
    *out = st->out;
    *len = st->len;
    return why;
}

void assay_av_codec_release(struct assay_av_codec_state *st)
{
    ZSTD_freeDCtx(st->zstd);
    if (st->zlib)
        inflateEnd(st->zlib);
    free(st->zlib);
    free(st->out);
    *st = (struct assay_av_codec_state){0};
}
