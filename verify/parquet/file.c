#include "file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MIN_SIZE 12 /* two magics and the footer's length */
#define HASH_STEP (64u << 10)
#define WINDOW_MOST (32u << 20)
#define WINDOW_PAD 64 /* decoders may load whole words beyond the last byte */

enum assay_status assay_pq_file_init(struct assay_pq_file *f, int fd, const char *name, struct assay_err *e)
{
    *f = (struct assay_pq_file){.fd = fd, .name = name};
    if (fstat(fd, &f->identity))
        return assay_fail(e, ASSAY_EIO, "%s: cannot stat: %s", name, strerror(errno));
    if (!S_ISREG(f->identity.st_mode))
        return assay_fail(e, ASSAY_EIO, "%s: not a regular file", name);
    f->size = (uint64_t)f->identity.st_size;
    if (f->size < MIN_SIZE)
        return assay_fail(e, ASSAY_EDATA, "%s: %llu bytes are too few for a Parquet file", name,
                          (unsigned long long)f->size);
    return ASSAY_OK;
}

enum assay_status assay_pq_file_read(const struct assay_pq_file *f, uint64_t at, void *out, size_t n,
                                     struct assay_err *e)
{
    for (uint8_t *p = out; n;) {
        ssize_t got = pread(f->fd, p, n, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return assay_fail(e, ASSAY_EIO, "%s: cannot read at byte %llu: %s", f->name, (unsigned long long)at,
                              strerror(errno));
        if (got == 0)
            return assay_fail(e, ASSAY_ECHANGED, "%s: changed during read: it now ends at byte %llu, not %llu", f->name,
                              (unsigned long long)at, (unsigned long long)f->size);
        p += got;
        at += (uint64_t)got;
        n -= (size_t)got;
    }
    return ASSAY_OK;
}

static bool window_for(struct assay_pq_file *f, uint64_t n)
{
    f->window_at = f->hashed;
    f->window_len = 0;
    if (n > WINDOW_MOST)
        return false;
    if (f->window_cap < n) {
        free(f->window);
        f->window_cap = 0;
        if (!(f->window = malloc((size_t)n + WINDOW_PAD)))
            return false; /* only slower */
        f->window_cap = (size_t)n;
    }
    memset(f->window + n, 0, WINDOW_PAD);
    return true;
}

enum assay_status assay_pq_file_hash(struct assay_pq_file *f, struct assay_sha256 *h, uint64_t upto,
                                     struct assay_err *e)
{
    uint8_t own[HASH_STEP];
    bool keep = upto > f->hashed && window_for(f, upto - f->hashed);
    while (f->hashed < upto) {
        uint8_t *block = keep ? f->window + f->window_len : own;
        size_t n = upto - f->hashed < HASH_STEP ? (size_t)(upto - f->hashed) : HASH_STEP;
        enum assay_status s = assay_pq_file_read(f, f->hashed, block, n, e);
        if (s != ASSAY_OK)
            return s;
        assay_sha256_update(h, block, n);
        f->hashed += n;
        f->window_len += keep ? n : 0;
    }
    return ASSAY_OK;
}

uint8_t *assay_pq_file_view(const struct assay_pq_file *f, uint64_t at, uint64_t n)
{
    if (at < f->window_at || at - f->window_at > f->window_len || n > f->window_len - (at - f->window_at))
        return NULL;
    return f->window + (at - f->window_at);
}

void assay_pq_file_release(struct assay_pq_file *f)
{
    free(f->window);
    f->window = NULL;
    f->window_cap = f->window_len = 0;
}

static bool same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

enum assay_status assay_pq_file_same(const struct assay_pq_file *f, struct assay_err *e)
{
    struct stat now;
    if (fstat(f->fd, &now))
        return assay_fail(e, ASSAY_EIO, "%s: cannot stat: %s", f->name, strerror(errno));
    const struct stat *was = &f->identity;
    if (now.st_dev != was->st_dev || now.st_ino != was->st_ino || now.st_size != was->st_size ||
        !same_time(now.st_mtim, was->st_mtim) || !same_time(now.st_ctim, was->st_ctim))
        return assay_fail(e, ASSAY_ECHANGED, "%s: changed during read", f->name);
    return ASSAY_OK;
}
