#include "stream_codec.h"

#include <bzlib.h>
#include <lz4frame.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "assay/limits.h"

#define GZIP_WINDOW 31 /* zlib: 15 bits of window, a gzip header and trailer, both checked */
#define MOST (1u << 30) /* zlib and bzip2 count in unsigned int */

static size_t at_most(size_t n)
{
    return n < MOST ? n : MOST;
}

/* ---- gzip (RFC 1952) ---- */

static void *gzip_open(void)
{
    z_stream *z = calloc(1, sizeof *z);
    if (z && inflateInit2(z, GZIP_WINDOW) == Z_OK)
        return z;
    free(z);
    return NULL;
}

static void gzip_close(void *state)
{
    if (state)
        inflateEnd(state);
    free(state);
}

static enum assay_status gzip_step(void *state, struct assay_codec_step *x)
{
    z_stream *z = state;
    size_t in = at_most(x->n_in), room = at_most(x->n_out);
    if (x->again && inflateReset(z) != Z_OK)
        return ASSAY_EDATA;
    z->next_in = (Bytef *)(uintptr_t)x->in;
    z->avail_in = (uInt)in;
    z->next_out = x->out;
    z->avail_out = (uInt)room;
    int rc = inflate(z, Z_NO_FLUSH);
    x->given = room - z->avail_out;
    x->taken = in - z->avail_in;
    x->end = rc == Z_STREAM_END;
    x->why = z->msg;
    if (rc == Z_OK || rc == Z_STREAM_END || rc == Z_BUF_ERROR) /* the last one: no progress */
        return ASSAY_OK;
    return rc == Z_MEM_ERROR ? ASSAY_ENOMEM : ASSAY_EDATA;
}

/* ---- zstd (RFC 8878) ---- */

static void zstd_close(void *state)
{
    ZSTD_freeDStream(state);
}

static void *zstd_open(void)
{
    ZSTD_DStream *z = ZSTD_createDStream();
    if (z && !ZSTD_isError(ZSTD_DCtx_setParameter(z, ZSTD_d_windowLogMax, ASSAY_MAX_ZSTD_WINDOW_LOG)))
        return z;
    ZSTD_freeDStream(z);
    return NULL;
}

static enum assay_status zstd_step(void *state, struct assay_codec_step *x)
{
    ZSTD_inBuffer in = {x->in, x->n_in, 0};
    ZSTD_outBuffer out = {x->out, x->n_out, 0};
    size_t rc = ZSTD_decompressStream(state, &out, &in);
    x->given = out.pos;
    x->taken = in.pos;
    x->end = rc == 0;
    x->why = ZSTD_getErrorName(rc);
    if (!ZSTD_isError(rc))
        return ASSAY_OK;
    ZSTD_ErrorCode code = ZSTD_getErrorCode(rc);
    return code == ZSTD_error_frameParameter_windowTooLarge ? ASSAY_ELIMIT
           : code == ZSTD_error_memory_allocation           ? ASSAY_ENOMEM
                                                            : ASSAY_EDATA;
}

/* ---- lz4 frames ---- */

static void *lz4_open(void)
{
    LZ4F_dctx *z = NULL;
    return LZ4F_isError(LZ4F_createDecompressionContext(&z, LZ4F_VERSION)) ? NULL : z;
}

static void lz4_close(void *state)
{
    LZ4F_freeDecompressionContext(state);
}

static enum assay_status lz4_step(void *state, struct assay_codec_step *x)
{
    size_t in = x->n_in, room = x->n_out;
    size_t rc = LZ4F_decompress(state, x->out, &room, x->in, &in, NULL);
    x->why = LZ4F_getErrorName(rc);
    if (LZ4F_isError(rc))
        return ASSAY_EDATA;
    x->given = room;
    x->taken = in;
    x->end = rc == 0;
    return ASSAY_OK;
}

/* ---- xz ---- */

/* The memory is the dictionary's, which the file names. A check that is not known would not be checked. */
static lzma_ret xz_begin(lzma_stream *z)
{
    return lzma_stream_decoder(z, ASSAY_MAX_XZ_MEMORY, LZMA_TELL_UNSUPPORTED_CHECK);
}

static void *xz_open(void)
{
    lzma_stream *z = calloc(1, sizeof *z); /* what LZMA_STREAM_INIT is */
    if (z && xz_begin(z) == LZMA_OK)
        return z;
    free(z);
    return NULL;
}

static void xz_close(void *state)
{
    if (state)
        lzma_end(state);
    free(state);
}

static enum assay_status xz_step(void *state, struct assay_codec_step *x)
{
    static const struct {
        lzma_ret rc;
        enum assay_status status;
        const char *why;
    } complaints[] = {
        {LZMA_MEM_ERROR, ASSAY_ENOMEM, "out of memory"},
        {LZMA_MEMLIMIT_ERROR, ASSAY_ELIMIT, "its dictionary takes more than 160 MiB of memory"},
        {LZMA_UNSUPPORTED_CHECK, ASSAY_EDATA, "its integrity check is of an unknown kind"},
        {LZMA_FORMAT_ERROR, ASSAY_EDATA, "not the beginning of an xz stream"},
        {LZMA_OPTIONS_ERROR, ASSAY_EDATA, "unknown options in a header"},
        {LZMA_DATA_ERROR, ASSAY_EDATA, "the data are corrupt"},
    };
    lzma_stream *z = state;
    if (x->again && xz_begin(z) != LZMA_OK)
        return ASSAY_ENOMEM;
    z->next_in = x->in;
    z->avail_in = x->n_in;
    z->next_out = x->out;
    z->avail_out = x->n_out;
    lzma_ret rc = lzma_code(z, LZMA_RUN);
    x->given = x->n_out - z->avail_out;
    x->taken = x->n_in - z->avail_in;
    x->end = rc == LZMA_STREAM_END;
    if (rc == LZMA_OK || rc == LZMA_STREAM_END || rc == LZMA_BUF_ERROR) /* the last one: no progress */
        return ASSAY_OK;
    for (size_t i = 0; i < sizeof complaints / sizeof *complaints; i++)
        if (complaints[i].rc == rc) {
            x->why = complaints[i].why;
            return complaints[i].status;
        }
    return ASSAY_EDATA;
}

/* ---- bzip2 ---- */

static void *bzip2_open(void)
{
    bz_stream *z = calloc(1, sizeof *z);
    if (z && BZ2_bzDecompressInit(z, 0, 0) == BZ_OK)
        return z;
    free(z);
    return NULL;
}

static void bzip2_close(void *state)
{
    if (state)
        BZ2_bzDecompressEnd(state); /* after a failed Init: harmless */
    free(state);
}

static enum assay_status bzip2_step(void *state, struct assay_codec_step *x)
{
    bz_stream *z = state;
    size_t in = at_most(x->n_in), room = at_most(x->n_out);
    if (x->again) {
        BZ2_bzDecompressEnd(z);
        *z = (bz_stream){0};
        if (BZ2_bzDecompressInit(z, 0, 0) != BZ_OK)
            return ASSAY_ENOMEM;
    }
    z->next_in = (char *)(uintptr_t)x->in;
    z->avail_in = (unsigned)in;
    z->next_out = (char *)x->out;
    z->avail_out = (unsigned)room;
    int rc = BZ2_bzDecompress(z);
    x->given = room - z->avail_out;
    x->taken = in - z->avail_in;
    x->end = rc == BZ_STREAM_END;
    x->why = rc == BZ_DATA_ERROR_MAGIC ? "not the beginning of a bzip2 stream" : "the data are corrupt";
    if (rc == BZ_OK || rc == BZ_STREAM_END)
        return ASSAY_OK;
    return rc == BZ_MEM_ERROR ? ASSAY_ENOMEM : ASSAY_EDATA;
}

/* ---- the table ---- */

const struct assay_codec_ops assay_codecs[ASSAY_CODEC_COUNT] = {
    [ASSAY_CODEC_PLAIN] = {.name = "plain", .suffix = ""},
    [ASSAY_CODEC_GZIP] = {.name = "gzip",
                          .suffix = ".gz",
                          .magic_len = 2,
                          .magic = {0x1f, 0x8b},
                          .open = gzip_open,
                          .step = gzip_step,
                          .close = gzip_close},
    [ASSAY_CODEC_ZSTD] = {.name = "zstd",
                          .suffix = ".zst",
                          .magic_len = 4,
                          .magic = {0x28, 0xb5, 0x2f, 0xfd},
                          .skippable = true,
                          .open = zstd_open,
                          .step = zstd_step,
                          .close = zstd_close},
    [ASSAY_CODEC_LZ4] = {.name = "lz4",
                         .suffix = ".lz4",
                         .magic_len = 4,
                         .magic = {0x04, 0x22, 0x4d, 0x18},
                         .skippable = true,
                         .open = lz4_open,
                         .step = lz4_step,
                         .close = lz4_close},
    [ASSAY_CODEC_XZ] = {.name = "xz",
                        .suffix = ".xz",
                        .magic_len = 6,
                        .magic = {0xfd, '7', 'z', 'X', 'Z', 0x00},
                        .open = xz_open,
                        .step = xz_step,
                        .close = xz_close},
    [ASSAY_CODEC_BZIP2] = {.name = "bzip2",
                           .suffix = ".bz2",
                           .magic_len = 3,
                           .magic = {'B', 'Z', 'h'},
                           .block = {0x31, 0x41, 0x59, 0x26, 0x53, 0x59},
                           .open = bzip2_open,
                           .step = bzip2_step,
                           .close = bzip2_close},
};

enum assay_codec assay_codec_of(const char *name)
{
    size_t n = strlen(name);
    for (enum assay_codec c = ASSAY_CODEC_GZIP; c < ASSAY_CODEC_COUNT; c++) {
        size_t m = strlen(assay_codecs[c].suffix);
        if (n > m && strcasecmp(name + n - m, assay_codecs[c].suffix) == 0)
            return c;
    }
    return ASSAY_CODEC_PLAIN;
}

size_t assay_codec_stem(const char *name)
{
    return strlen(name) - strlen(assay_codecs[assay_codec_of(name)].suffix);
}

bool assay_codec_begins(const struct assay_codec_ops *c, const uint8_t *p, size_t n)
{
    static const uint8_t skippable[] = {0x2a, 0x4d, 0x18};
    if (c->skippable && n >= 4 && p[0] >> 4 == 5 && memcmp(p + 1, skippable, sizeof skippable) == 0)
        return true;
    return memcmp(p, c->magic, n < c->magic_len ? n : c->magic_len) == 0;
}

bool assay_codec_certain(const struct assay_codec_ops *c, const uint8_t *p, size_t n)
{
    if (n < c->magic_len || memcmp(p, c->magic, c->magic_len) != 0)
        return false;
    size_t at = c->magic_len + 1;
    return !c->block[0] || (n >= at + sizeof c->block && memcmp(p + at, c->block, sizeof c->block) == 0);
}
