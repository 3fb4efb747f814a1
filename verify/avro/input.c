#include "input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "varint.h"

enum assay_status assay_av_input_init(struct assay_av_input *in, int fd, const char *name, bool hashed, uint8_t *sha512,
                                      struct assay_err *e)
{
    *in = (struct assay_av_input){.fd = fd, .name = name};
    if (fstat(fd, &in->identity))
        return assay_fail(e, ASSAY_EIO, "%s: cannot stat: %s", name, strerror(errno));
    if (!S_ISREG(in->identity.st_mode))
        return assay_fail(e, ASSAY_EIO, "%s: not a regular file", name);
    in->size = (uint64_t)in->identity.st_size;
    in->window = malloc(ASSAY_AV_WINDOW);
    if (hashed)
        in->sha = assay_sha256_new_beside(sha512);
    if (!in->window || (hashed && !in->sha))
        return assay_fail_nomem(e);
    return ASSAY_OK;
}

void assay_av_input_release(struct assay_av_input *in)
{
    free(in->window);
    assay_sha256_free(in->sha);
    *in = (struct assay_av_input){.fd = -1};
}

/* Between 1 and n bytes from where the last fetch ended. */
static enum assay_status fetch(struct assay_av_input *in, uint8_t *out, size_t n, size_t *got, struct assay_err *e)
{
    ssize_t r;
    do
        r = pread(in->fd, out, n, (off_t)in->read);
    while (r < 0 && errno == EINTR);
    if (r < 0)
        return assay_fail(e, ASSAY_EIO, "%s: cannot read at byte %llu: %s", in->name, (unsigned long long)in->read,
                          strerror(errno));
    if (r == 0)
        return assay_fail(e, ASSAY_ECHANGED, "%s: changed during read: it now ends at byte %llu, not %llu", in->name,
                          (unsigned long long)in->read, (unsigned long long)in->size);
    *got = (size_t)r;
    in->read += *got;
    if (in->sha)
        assay_sha256_update(in->sha, out, *got);
    return ASSAY_OK;
}

static size_t at_most(uint64_t n, size_t most)
{
    return n < most ? (size_t)n : most;
}

static enum assay_status refill(struct assay_av_input *in, struct assay_err *e)
{
    in->pos = in->len = 0;
    return fetch(in, in->window, at_most(in->size - in->read, ASSAY_AV_WINDOW), &in->len, e);
}

enum assay_status assay_av_input_take(struct assay_av_input *in, void *out, size_t n, struct assay_err *e)
{
    uint8_t *p = out;
    enum assay_status s = ASSAY_OK;
    while (n && s == ASSAY_OK) {
        size_t got = at_most(in->len - in->pos, n);
        if (got) {
            memcpy(p, in->window + in->pos, got);
            in->pos += got;
        } else if (n >= ASSAY_AV_WINDOW) {
            s = fetch(in, p, n, &got, e);
        } else {
            s = refill(in, e);
        }
        p += got;
        n -= got;
    }
    return s;
}

enum assay_status assay_av_input_long(struct assay_av_input *in, int64_t *out, const char **why, struct assay_err *e)
{
    uint8_t bytes[ASSAY_AV_LONG_BYTES];
    size_t n = 0;
    *why = NULL;
    do {
        if (n == sizeof bytes || assay_av_input_left(in) == 0) {
            *why = n == sizeof bytes ? assay_av_too_long : "the file ends inside a number";
            return ASSAY_OK;
        }
        enum assay_status s = assay_av_input_take(in, &bytes[n], 1, e);
        if (s != ASSAY_OK)
            return s;
    } while (bytes[n++] & 0x80);
    const uint8_t *p = bytes;
    *why = assay_av_long(&p, bytes + n, out);
    return ASSAY_OK;
}

static bool same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

enum assay_status assay_av_input_same(const struct assay_av_input *in, struct assay_err *e)
{
    struct stat now;
    if (fstat(in->fd, &now))
        return assay_fail(e, ASSAY_EIO, "%s: cannot stat: %s", in->name, strerror(errno));
    const struct stat *was = &in->identity;
    if (now.st_dev != was->st_dev || now.st_ino != was->st_ino || now.st_size != was->st_size ||
        !same_time(now.st_mtim, was->st_mtim) || !same_time(now.st_ctim, was->st_ctim))
        return assay_fail(e, ASSAY_ECHANGED, "%s: changed during read", in->name);
    return ASSAY_OK;
}
