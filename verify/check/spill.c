#include "spill.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "assay/digest.h"
#include "assay/limits.h"

#define BLOCK 65536

struct extent {
    uint64_t at, len;
};

struct spill {
    int fd;
    uint8_t key[32];
    struct extent *run;
    size_t runs;
    uint64_t end; /* of the file */
    uint64_t most; /* bytes of it; 0: any number */
    EVP_CIPHER_CTX *out;
    uint8_t block[BLOCK];
};

struct spill_run {
    struct spill *spill;
    uint64_t at, left;
    EVP_CIPHER_CTX *in;
    size_t have, used;
    uint8_t block[BLOCK];
};

/* One key stream a run: the run's number is the high half of the counter block. */
static EVP_CIPHER_CTX *stream(const uint8_t key[32], size_t run)
{
    uint8_t iv[16] = {0};
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    for (int i = 0; i < 8; i++)
        iv[i] = (uint8_t)((uint64_t)run >> (56 - 8 * i));
    if (c && EVP_EncryptInit_ex2(c, EVP_aes_256_ctr(), key, iv, NULL) != 1) {
        EVP_CIPHER_CTX_free(c);
        c = NULL;
    }
    return c;
}

static int open_unlinked(void)
{
    const char *dir = getenv("TMPDIR");
    char path[ASSAY_MAX_PATH];
    if (!dir || !*dir)
        dir = "/var/tmp";
#ifdef O_TMPFILE
    int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0)
        return fd;
#endif
    if ((size_t)snprintf(path, sizeof path, "%s/assay-XXXXXX", dir) >= sizeof path)
        return -1;
    int named = mkostemp(path, O_CLOEXEC);
    if (named >= 0)
        unlink(path);
    return named;
}

enum assay_status assay_spill_new(uint64_t most, struct spill **out, struct assay_err *e)
{
    struct spill *s = calloc(1, sizeof *s);
    if (!s)
        return assay_fail_nomem(e);
    s->most = most;
    s->fd = open_unlinked();
    if (s->fd < 0) {
        free(s);
        return assay_fail(e, ASSAY_EIO, "cannot make a temporary file: %s", strerror(errno));
    }
    enum assay_status st = assay_random(s->key, sizeof s->key, e);
    if (st != ASSAY_OK) {
        assay_spill_free(s);
        return st;
    }
    *out = s;
    return ASSAY_OK;
}

static enum assay_status put(struct spill *s, size_t n, struct assay_err *e)
{
    const uint8_t *p = s->block;
    while (n) {
        ssize_t w = pwrite(s->fd, p, n, (off_t)s->end);
        if (w < 0 && errno == EINTR)
            continue;
        if (w <= 0)
            return assay_fail(e, ASSAY_EIO, "cannot write %llu bytes to the temporary file: %s",
                              (unsigned long long)(s->end + n), strerror(errno));
        p += w;
        n -= (size_t)w;
        s->end += (uint64_t)w;
    }
    return ASSAY_OK;
}

enum assay_status assay_spill_write(struct spill *s, const void *bytes, size_t n, struct assay_err *e)
{
    const uint8_t *p = bytes;
    if (s->most && n > s->most - s->end)
        return assay_fail(e, ASSAY_ELIMIT,
                          "sorting needs a temporary file of more than %llu MiB: raise --memory or --spill-max",
                          (unsigned long long)(s->most >> 20));
    if (!s->out) {
        struct extent *grown = realloc(s->run, (s->runs + 1) * sizeof *grown);
        if (!grown)
            return assay_fail_nomem(e);
        s->run = grown;
        if (!(s->out = stream(s->key, s->runs)))
            return assay_fail_nomem(e);
        s->run[s->runs++] = (struct extent){s->end, 0};
    }
    while (n) {
        size_t part = n < BLOCK ? n : BLOCK;
        int done = 0;
        if (EVP_EncryptUpdate(s->out, s->block, &done, p, (int)part) != 1)
            return assay_fail(e, ASSAY_EIO, "cannot encrypt the temporary file");
        enum assay_status st = put(s, part, e);
        if (st != ASSAY_OK)
            return st;
        s->run[s->runs - 1].len += part;
        p += part;
        n -= part;
    }
    return ASSAY_OK;
}

enum assay_status assay_spill_end_run(struct spill *s, struct assay_err *e)
{
    (void)e;
    EVP_CIPHER_CTX_free(s->out);
    s->out = NULL;
    return ASSAY_OK;
}

size_t assay_spill_runs(const struct spill *s)
{
    return s->runs;
}

enum assay_status assay_spill_open(struct spill *s, size_t i, struct spill_run **out, struct assay_err *e)
{
    struct spill_run *r = calloc(1, sizeof *r);
    if (!r || !(r->in = stream(s->key, i))) {
        free(r);
        return assay_fail_nomem(e);
    }
    r->spill = s;
    r->at = s->run[i].at;
    r->left = s->run[i].len;
    *out = r;
    return ASSAY_OK;
}

static enum assay_status fill(struct spill_run *r, struct assay_err *e)
{
    size_t want = r->left < BLOCK ? (size_t)r->left : BLOCK;
    int done = 0;
    ssize_t n;
    do
        n = pread(r->spill->fd, r->block, want, (off_t)r->at);
    while (n < 0 && errno == EINTR);
    if (n <= 0)
        return assay_fail(e, ASSAY_EIO, "cannot read the temporary file: %s", n ? strerror(errno) : "it is shorter");
    if (EVP_EncryptUpdate(r->in, r->block, &done, r->block, (int)n) != 1) /* CTR: its own inverse */
        return assay_fail(e, ASSAY_EIO, "cannot decrypt the temporary file");
    r->at += (uint64_t)n;
    r->left -= (uint64_t)n;
    r->have = (size_t)n;
    r->used = 0;
    return ASSAY_OK;
}

enum assay_status assay_spill_read(struct spill_run *r, void *bytes, size_t n, size_t *got, struct assay_err *e)
{
    uint8_t *p = bytes;
    *got = 0;
    if (r->used == r->have && r->left == 0)
        return ASSAY_OK;
    while (*got < n) {
        if (r->used == r->have) {
            enum assay_status s = r->left ? fill(r, e) : assay_fail(e, ASSAY_EIO, "the temporary file ends early");
            if (s != ASSAY_OK)
                return s;
        }
        size_t part = n - *got < r->have - r->used ? n - *got : r->have - r->used;
        memcpy(p + *got, r->block + r->used, part);
        r->used += part;
        *got += part;
    }
    return ASSAY_OK;
}

void assay_spill_close(struct spill_run *r)
{
    if (!r)
        return;
    EVP_CIPHER_CTX_free(r->in);
    free(r);
}

void assay_spill_free(struct spill *s)
{
    if (!s)
        return;
    EVP_CIPHER_CTX_free(s->out);
    close(s->fd);
    OPENSSL_cleanse(s->key, sizeof s->key);
    free(s->run);
    free(s);
}
