/* Plain and compressed objects as one stream of bytes: several members or frames are read, whatever stands behind the
 * last one is an error, and so is an end inside one. */
#include "stream.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "assay/limits.h"
#include "stream_codec.h"

#define STORED_BLOCK (128u << 10)

struct assay_stream {
    int fd;
    const char *name;
    const struct assay_codec_ops *codec;
    bool plain;
    struct assay_sha256 *hash;
    struct assay_stream_tuning t;
    enum assay_status failed;
    uint64_t stored, delivered;
    uint8_t *in; /* owned; stored bytes */
    size_t in_pos, in_len;
    bool in_eof;
    bool between; /* at the end of a member: the object may end here */
    void *state; /* owned; the codec's */
};

/* What the name says against what the first bytes say: a damaged magic must not pass as plain data. */
static enum assay_status check_magic(const struct assay_stream *s, struct assay_err *e)
{
    const struct assay_codec_ops *want = s->codec;
    uint8_t head[ASSAY_CODEC_HEAD];
    ssize_t n;
    do
        n = pread(s->fd, head, sizeof head, 0);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return assay_fail(e, ASSAY_EIO, "%s: cannot read at byte 0: %s", s->name, strerror(errno));
    if (!s->plain && n == 0)
        return assay_fail(e, ASSAY_EDATA, "%s: empty, expected %s by its suffix %s", s->name, want->name, want->suffix);
    if (!s->plain && !assay_codec_begins(want, head, (size_t)n))
        return assay_fail(e, ASSAY_EDATA, "%s: does not begin as %s does, expected by its suffix %s", s->name,
                          want->name, want->suffix);
    for (enum assay_codec c = ASSAY_CODEC_GZIP; s->plain && c < ASSAY_CODEC_COUNT; c++)
        if (assay_codec_certain(&assay_codecs[c], head, (size_t)n))
            return assay_fail(e, ASSAY_EDATA, "%s: begins as %s does, but its name does not end in %s", s->name,
                              assay_codecs[c].name, assay_codecs[c].suffix);
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
    s->codec = &assay_codecs[assay_codec_of(name)];
    s->plain = !s->codec->step;
    set_limits(s, t);
    enum assay_status st = check_magic(s, e);
    if (st == ASSAY_OK && !s->plain && (!(s->in = malloc(s->t.block)) || !(s->state = s->codec->open())))
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
    if (!s->plain)
        s->codec->close(s->state);
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

static enum assay_status broken(const struct assay_stream *s, const struct assay_codec_step *x, enum assay_status st,
                                struct assay_err *e)
{
    const char *codec = s->codec->name, *why = x->why ? x->why : "not known why";
    if (st == ASSAY_ENOMEM)
        return assay_fail_nomem(e);
    if (st == ASSAY_ELIMIT)
        return assay_fail(e, st, "%s: the %s data cannot be read within the limits: %.80s", s->name, codec, why);
    return assay_fail(e, st, "%s: %s %s%s before byte %" PRIu64 " of the file: %.80s", s->name,
                      x->again ? "bytes behind the end of the" : "broken", codec, x->again ? " data" : "", s->stored,
                      why);
}

/* One step of the codec, with stored bytes for it if there are any. */
static enum assay_status decode(struct assay_stream *s, uint8_t *p, size_t n, size_t *got, struct assay_err *e)
{
    enum assay_status st = ASSAY_OK;
    const char *codec = s->codec->name;
    *got = 0;
    if (s->in_pos == s->in_len && !s->in_eof) {
        s->in_pos = 0;
        st = read_stored(s, s->in, s->t.block, &s->in_len, e);
        s->in_eof = st == ASSAY_OK && s->in_len == 0;
    }
    if (st != ASSAY_OK || (s->in_eof && s->between))
        return st;
    struct assay_codec_step x = {
        .in = s->in + s->in_pos, .n_in = s->in_len - s->in_pos, .out = p, .n_out = n, .again = s->between};
    if ((st = s->codec->step(s->state, &x)) != ASSAY_OK)
        return broken(s, &x, st, e);
    s->in_pos += x.taken;
    s->between = x.end;
    *got = x.given;
    if (x.given == 0 && x.taken == 0 && !x.end) {
        if (x.n_in == 0 && s->in_eof)
            return assay_fail(e, ASSAY_EDATA, "%s: truncated: the %s data does not end by byte %" PRIu64, s->name,
                              codec, s->stored);
        if (x.n_in)
            return assay_fail(e, ASSAY_EDATA, "%s: broken %s before byte %" PRIu64 " of the file: no progress", s->name,
                              codec, s->stored);
    }
    s->delivered += x.given;
    return check_size(s, e);
}

enum assay_status assay_stream_read(struct assay_stream *s, uint8_t *p, size_t n, size_t *got, struct assay_err *e)
{
    size_t some = 0;
    *got = 0;
    if (s->failed != ASSAY_OK)
        return assay_fail(e, s->failed, "%s: cannot be read on after an error", s->name);
    if (s->plain)
        return s->failed = read_stored(s, p, n, got, e);
    while (s->failed == ASSAY_OK && *got < n && !(s->in_eof && s->between)) {
        s->failed = decode(s, p + *got, n - *got, &some, e);
        *got += some;
    }
    if (s->failed != ASSAY_OK)
        *got = 0;
    return s->failed;
}
