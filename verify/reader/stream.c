/* Plain and compressed objects as one stream of bytes. The strict way with each library: several members or frames are
 * read, whatever stands behind the last one is an error, and so is an end inside one. */
#include "stream.h"

#include <errno.h>
#include <inttypes.h>
#include <lz4frame.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "assay/limits.h"

#define STORED_BLOCK (128u << 10)
#define MAGIC_LEN 4
#define GZIP_WINDOW 31 /* zlib: 15 bits of window, a gzip header and trailer, both checked */

struct assay_stream {
    int fd;
    const char *name;
    enum assay_codec codec;
    struct assay_sha256 *hash;
    struct assay_stream_tuning t;
    enum assay_status failed;
    uint64_t stored, delivered;
    uint8_t *in; /* owned; stored bytes */
    size_t in_pos, in_len;
    bool in_eof;
    bool between; /* at the end of a member: the object may end here */
    z_stream gz;
    bool gz_ready;
    ZSTD_DStream *zstd;
    LZ4F_dctx *lz4;
};

/* One call of the library: takes from in, gives to p; what = the library's complaint. */
typedef bool codec_step(struct assay_stream *s, uint8_t *p, size_t n, size_t *got, const char **what);

static bool gzip_init(struct assay_stream *s)
{
    s->gz_ready = inflateInit2(&s->gz, GZIP_WINDOW) == Z_OK;
    return s->gz_ready;
}

static bool gzip_step(struct assay_stream *s, uint8_t *p, size_t n, size_t *got, const char **what)
{
    const size_t most = 1u << 30; /* zlib counts in unsigned int */
    if (s->between && inflateReset(&s->gz) != Z_OK)
        return false;
    size_t in = s->in_len - s->in_pos < most ? s->in_len - s->in_pos : most, room = n < most ? n : most;
    s->gz.next_in = s->in + s->in_pos;
    s->gz.avail_in = (uInt)in;
    s->gz.next_out = p;
    s->gz.avail_out = (uInt)room;
    int rc = inflate(&s->gz, Z_NO_FLUSH);
    *got = room - s->gz.avail_out;
    s->in_pos += in - s->gz.avail_in;
    s->between = rc == Z_STREAM_END;
    *what = s->gz.msg;
    return rc == Z_OK || rc == Z_STREAM_END || rc == Z_BUF_ERROR; /* the last one: no progress, read() sees that */
}

static bool zstd_init(struct assay_stream *s)
{
    s->zstd = ZSTD_createDStream();
    return s->zstd && !ZSTD_isError(ZSTD_DCtx_setParameter(s->zstd, ZSTD_d_windowLogMax, ASSAY_MAX_ZSTD_WINDOW_LOG));
}

static bool zstd_step(struct assay_stream *s, uint8_t *p, size_t n, size_t *got, const char **what)
{
    ZSTD_inBuffer in = {s->in, s->in_len, s->in_pos};
    ZSTD_outBuffer out = {p, n, 0};
    size_t rc = ZSTD_decompressStream(s->zstd, &out, &in);
    *got = out.pos;
    s->in_pos = in.pos;
    s->between = rc == 0;
    *what = ZSTD_getErrorName(rc);
    return !ZSTD_isError(rc);
}

static bool lz4_init(struct assay_stream *s)
{
    return !LZ4F_isError(LZ4F_createDecompressionContext(&s->lz4, LZ4F_VERSION));
}

static bool lz4_step(struct assay_stream *s, uint8_t *p, size_t n, size_t *got, const char **what)
{
    size_t in = s->in_len - s->in_pos, room = n;
    size_t rc = LZ4F_decompress(s->lz4, p, &room, s->in + s->in_pos, &in, NULL);
    *what = LZ4F_getErrorName(rc);
    if (LZ4F_isError(rc))
        return false;
    *got = room;
    s->in_pos += in;
    s->between = rc == 0;
    return true;
}

struct codec {
    const char *name, *suffix;
    size_t magic_len;
    uint8_t magic[MAGIC_LEN];
    bool skippable; /* may begin with a skippable frame, 0x184D2A50 to 5F (RFC 8878, section 3.1.2) */
    bool (*init)(struct assay_stream *s);
    codec_step *step;
};

static const struct codec codecs[ASSAY_CODEC_COUNT] = {
    [ASSAY_CODEC_PLAIN] = {.name = "plain", .suffix = ""},
    [ASSAY_CODEC_GZIP] = {"gzip", ".gz", 2, {0x1f, 0x8b}, false, gzip_init, gzip_step},
    [ASSAY_CODEC_ZSTD] = {"zstd", ".zst", 4, {0x28, 0xb5, 0x2f, 0xfd}, true, zstd_init, zstd_step},
    [ASSAY_CODEC_LZ4] = {"lz4", ".lz4", 4, {0x04, 0x22, 0x4d, 0x18}, true, lz4_init, lz4_step},
};

enum assay_codec assay_codec_of(const char *name)
{
    size_t n = strlen(name);
    for (enum assay_codec c = ASSAY_CODEC_GZIP; c < ASSAY_CODEC_COUNT; c++) {
        size_t m = strlen(codecs[c].suffix);
        if (n > m && strcasecmp(name + n - m, codecs[c].suffix) == 0)
            return c;
    }
    return ASSAY_CODEC_PLAIN;
}

size_t assay_codec_stem(const char *name)
{
    return strlen(name) - strlen(codecs[assay_codec_of(name)].suffix);
}

static bool has_magic(const struct codec *c, const uint8_t *p, size_t n)
{
    static const uint8_t skippable[] = {0x2a, 0x4d, 0x18};
    if (c->skippable && n >= MAGIC_LEN && p[0] >> 4 == 5 && memcmp(p + 1, skippable, sizeof skippable) == 0)
        return true;
    return c->magic_len && n >= c->magic_len && memcmp(p, c->magic, c->magic_len) == 0;
}

/* What the name says against what the first bytes say: a damaged magic must not pass as plain data. */
static enum assay_status check_magic(const struct assay_stream *s, struct assay_err *e)
{
    const struct codec *want = &codecs[s->codec];
    uint8_t head[MAGIC_LEN];
    ssize_t n;
    do
        n = pread(s->fd, head, sizeof head, 0);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return assay_fail(e, ASSAY_EIO, "%s: cannot read at byte 0: %s", s->name, strerror(errno));
    if (s->codec != ASSAY_CODEC_PLAIN && n == 0)
        return assay_fail(e, ASSAY_EDATA, "%s: empty, expected %s by its suffix %s", s->name, want->name, want->suffix);
    if (s->codec != ASSAY_CODEC_PLAIN && !has_magic(want, head, (size_t)n))
        return assay_fail(e, ASSAY_EDATA, "%s: does not begin as %s does, expected by its suffix %s", s->name,
                          want->name, want->suffix);
    for (enum assay_codec c = ASSAY_CODEC_GZIP; s->codec == ASSAY_CODEC_PLAIN && c < ASSAY_CODEC_COUNT; c++)
        if (n >= (ssize_t)codecs[c].magic_len && memcmp(head, codecs[c].magic, codecs[c].magic_len) == 0)
            return assay_fail(e, ASSAY_EDATA, "%s: begins as %s does, but its name does not end in %s", s->name,
                              codecs[c].name, codecs[c].suffix);
    return ASSAY_OK;
}

static void set_limits(struct assay_stream *s, const struct assay_stream_tuning *t)
{
    if (t)
        s->t = *t;
    if (!s->t.block)
        s->t.block = STORED_BLOCK;
    if (!s->t.max_bytes)
        s->t.max_bytes = ASSAY_MAX_STREAM_BYTES;
    if (!s->t.ratio_from)
        s->t.ratio_from = ASSAY_STREAM_RATIO_FROM;
    if (!s->t.max_ratio)
        s->t.max_ratio = ASSAY_MAX_STREAM_RATIO;
}

enum assay_status assay_stream_open(int fd, const char *name, const struct assay_stream_tuning *t,
                                    struct assay_stream **out, struct assay_err *e)
{
    struct assay_stream *s = calloc(1, sizeof *s);
    if (!s)
        return assay_fail_nomem(e);
    s->fd = fd;
    s->name = name;
    s->codec = assay_codec_of(name);
    set_limits(s, t);
    enum assay_status st = check_magic(s, e);
    if (st == ASSAY_OK && s->codec != ASSAY_CODEC_PLAIN && (!(s->in = malloc(s->t.block)) || !codecs[s->codec].init(s)))
        st = assay_fail_nomem(e);
    if (st != ASSAY_OK) {
        assay_stream_free(s);
        return st;
    }
    *out = s;
    return ASSAY_OK;
}

void assay_stream_free(struct assay_stream *s)
{
    if (!s)
        return;
    if (s->gz_ready)
        inflateEnd(&s->gz);
    ZSTD_freeDStream(s->zstd);
    LZ4F_freeDecompressionContext(s->lz4);
    free(s->in);
    free(s);
}

void assay_stream_hash(struct assay_stream *s, struct assay_sha256 *h)
{
    s->hash = h;
}

uint64_t assay_stream_stored(const struct assay_stream *s)
{
    return s->stored;
}

static enum assay_status read_stored(struct assay_stream *s, uint8_t *p, size_t n, size_t *got, struct assay_err *e)
{
    ssize_t r;
    *got = 0;
    do
        r = read(s->fd, p, n);
    while (r < 0 && errno == EINTR);
    if (r < 0)
        return assay_fail(e, ASSAY_EIO, "%s: cannot read at byte %" PRIu64 ": %s", s->name, s->stored, strerror(errno));
    if (s->hash)
        assay_sha256_update(s->hash, p, (size_t)r);
    s->stored += (uint64_t)r;
    *got = (size_t)r;
    return ASSAY_OK;
}

static enum assay_status check_size(const struct assay_stream *s, struct assay_err *e)
{
    if (s->delivered > s->t.max_bytes)
        return assay_fail(e, ASSAY_ELIMIT, "%s: more than %" PRIu64 " bytes when decompressed", s->name,
                          s->t.max_bytes);
    if (s->delivered > s->t.ratio_from && s->delivered / s->t.max_ratio > s->stored)
        return assay_fail(e, ASSAY_ELIMIT, "%s: decompresses to more than %" PRIu32 " times its size", s->name,
                          s->t.max_ratio);
    return ASSAY_OK;
}

/* One step of the codec, with stored bytes for it if there are any. */
static enum assay_status decode(struct assay_stream *s, uint8_t *p, size_t n, size_t *got, struct assay_err *e)
{
    enum assay_status st = ASSAY_OK;
    const char *what = NULL, *codec = codecs[s->codec].name;
    *got = 0;
    if (s->in_pos == s->in_len && !s->in_eof) {
        s->in_pos = 0;
        st = read_stored(s, s->in, s->t.block, &s->in_len, e);
        s->in_eof = st == ASSAY_OK && s->in_len == 0;
    }
    if (st != ASSAY_OK || (s->in_eof && s->between))
        return st;
    size_t before = s->in_pos, left = s->in_len - s->in_pos;
    bool behind = s->between;
    if (!codecs[s->codec].step(s, p, n, got, &what))
        return assay_fail(e, ASSAY_EDATA, "%s: %s %s%s before byte %" PRIu64 " of the file: %.80s", s->name,
                          behind ? "bytes behind the end of the" : "broken", codec, behind ? " data" : "", s->stored,
                          what ? what : "not known why");
    if (*got == 0 && s->in_pos == before && !s->between) {
        if (left == 0 && s->in_eof)
            return assay_fail(e, ASSAY_EDATA, "%s: truncated: the %s data does not end by byte %" PRIu64, s->name,
                              codec, s->stored);
        if (left)
            return assay_fail(e, ASSAY_EDATA, "%s: broken %s before byte %" PRIu64 " of the file: no progress", s->name,
                              codec, s->stored);
    }
    s->delivered += *got;
    return check_size(s, e);
}

enum assay_status assay_stream_read(struct assay_stream *s, uint8_t *p, size_t n, size_t *got, struct assay_err *e)
{
    size_t some = 0;
    *got = 0;
    if (s->failed != ASSAY_OK)
        return assay_fail(e, s->failed, "%s: cannot be read on after an error", s->name);
    if (s->codec == ASSAY_CODEC_PLAIN)
        return s->failed = read_stored(s, p, n, got, e);
    while (s->failed == ASSAY_OK && *got < n && !(s->in_eof && s->between)) {
        s->failed = decode(s, p + *got, n - *got, &some, e);
        *got += some;
    }
    if (s->failed != ASSAY_OK)
        *got = 0;
    return s->failed;
}
