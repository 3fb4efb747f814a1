#include "bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "assay/digest.h"
#include "assay/limits.h"
#include "assay/publish.h"

#define MAX_MEMBER 200 /* bytes of a name */

void assay_bundle_release(struct assay_bundle *b)
{
    for (size_t i = 0; i < b->n; i++) {
        free(b->file[i].name);
        free(b->file[i].bytes);
    }
    free(b->file);
    *b = (struct assay_bundle){0};
}

static enum assay_status room(struct assay_bundle *b, struct assay_err *e)
{
    if (b->n < b->cap)
        return ASSAY_OK;
    size_t cap = b->cap * 2 + 64;
    struct assay_bundle_file *p = realloc(b->file, cap * sizeof *p);
    if (!p)
        return assay_fail_nomem(e);
    b->file = p;
    b->cap = cap;
    return ASSAY_OK;
}

enum assay_status assay_bundle_add(struct assay_bundle *b, const char *name, const void *bytes, size_t n,
                                   struct assay_err *e)
{
    if (n > ASSAY_BUNDLE_MAX - b->bytes)
        return assay_fail(e, ASSAY_ELIMIT,
                          "the bundle would have more than %u MiB: choose with --dataset, --segment or --sample",
                          ASSAY_BUNDLE_MAX >> 20);
    enum assay_status s = room(b, e);
    if (s != ASSAY_OK)
        return s;
    struct assay_bundle_file f = {strndup(name, MAX_MEMBER), malloc(n ? n : 1), n};
    if (!f.name || !f.bytes) {
        free(f.name);
        free(f.bytes);
        return assay_fail_nomem(e);
    }
    if (n)
        memcpy(f.bytes, bytes, n);
    b->file[b->n++] = f;
    b->bytes += n;
    return ASSAY_OK;
}

bool assay_bundle_has(const struct assay_bundle *b, const char *name)
{
    for (size_t i = b->n; i-- > 0;)
        if (strcmp(b->file[i].name, name) == 0)
            return true;
    return false;
}

/* The order in which a shell's patterns name them: *, then blobs/ and its like one after the other. */
static int by_name(const void *a, const void *b)
{
    const char *x = ((const struct assay_bundle_file *)a)->name, *y = ((const struct assay_bundle_file *)b)->name;
    int inside = (strchr(x, '/') != NULL) - (strchr(y, '/') != NULL);
    return inside ? inside : strcmp(x, y);
}

enum assay_status assay_bundle_seal(struct assay_bundle *b, struct assay_err *e)
{
    struct assay_buf text = {0};
    uint8_t hash[32];
    enum assay_status s = ASSAY_OK;
    if (b->n)
        qsort(b->file, b->n, sizeof *b->file, by_name);
    for (size_t i = 0; i < b->n && s == ASSAY_OK; i++) {
        assay_sha256(b->file[i].bytes, b->file[i].len, hash);
        s = assay_buf_addhex(&text, hash, 32);
        if (s == ASSAY_OK)
            s = assay_buf_addf(&text, "  %s\n", b->file[i].name);
    }
    if (s != ASSAY_OK)
        assay_fail_nomem(e);
    else
        s = assay_bundle_add(b, ASSAY_BUNDLE_MANIFEST, text.ptr, text.len, e);
    if (s == ASSAY_OK)
        qsort(b->file, b->n, sizeof *b->file, by_name);
    assay_buf_release(&text);
    return s;
}

/* ---- the folder ---- */

static int write_file(int dir, const struct assay_bundle_file *f)
{
    const size_t n = strlen(f->name);
    const mode_t mode = n > 3 && strcmp(f->name + n - 3, ".sh") == 0 ? 0755 : 0644;
    int fd = openat(dir, f->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0)
        return -1;
    for (size_t at = 0; at < f->len;) {
        ssize_t w = write(fd, f->bytes + at, f->len - at);
        if (w < 0 && errno == EINTR)
            continue;
        if (w < 0) {
            close(fd);
            return -1;
        }
        at += (size_t)w;
    }
    return close(fd);
}

/* The folder of a member's name into out; false when it has none. */
static bool folder_of(const char *name, char out[MAX_MEMBER + 1])
{
    const char *slash = strchr(name, '/');
    if (slash)
        snprintf(out, MAX_MEMBER + 1, "%.*s", (int)(slash - name), name);
    return slash != NULL;
}

static int write_all(const struct assay_bundle *b, int dir)
{
    char folder[MAX_MEMBER + 1];
    for (size_t i = 0; i < b->n; i++) {
        if (folder_of(b->file[i].name, folder) && mkdirat(dir, folder, 0755) && errno != EEXIST)
            return -1;
        if (write_file(dir, &b->file[i]))
            return -1;
    }
#ifdef __linux__
    return syncfs(dir); /* once for thousands of files */
#else
    return fsync(dir);
#endif
}

/* Takes back what write_all made of a folder that was not there before. */
static void unwrite(const struct assay_bundle *b, const char *path, int dir)
{
    char folder[MAX_MEMBER + 1];
    for (size_t i = 0; i < b->n; i++)
        unlinkat(dir, b->file[i].name, 0);
    for (size_t i = 0; i < b->n; i++)
        if (folder_of(b->file[i].name, folder))
            unlinkat(dir, folder, AT_REMOVEDIR);
    rmdir(path);
}

enum assay_status assay_bundle_folder(const struct assay_bundle *b, const char *path, struct assay_err *e)
{
    char tmp[ASSAY_MAX_PATH];
    struct stat st;
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/')
        n--;
    if ((size_t)snprintf(tmp, sizeof tmp, "%.*s.%ld.tmp", (int)n, path, (long)getpid()) >= sizeof tmp)
        return assay_fail(e, ASSAY_ELIMIT, "path of more than %d bytes", ASSAY_MAX_PATH);
    if (lstat(path, &st) == 0)
        return assay_fail(e, ASSAY_EIO, "%s: exists already; a bundle is never overwritten", path);
    if (mkdir(tmp, 0755))
        return assay_fail_unwritten(e, errno, tmp, "cannot make the folder");
    int dir = open(tmp, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int bad = dir < 0 || write_all(b, dir) || rename(tmp, path);
    int why = errno;
    if (bad && dir >= 0)
        unwrite(b, tmp, dir);
    else if (bad)
        rmdir(tmp);
    if (dir >= 0)
        close(dir);
    return bad ? assay_fail_unwritten(e, why, path, "cannot write the bundle") : ASSAY_OK;
}
