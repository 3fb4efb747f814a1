#include "assay/publish.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "assay/limits.h"

static int write_all(int fd, const uint8_t *p, size_t n)
{
    while (n) {
        ssize_t w = write(fd, p, n);
        if (w < 0 && errno == EINTR)
            continue;
        if (w < 0)
            return -1;
        p += w;
        n -= (size_t)w;
    }
    return 0;
}

static int sync_dir_of(const char *path)
{
    char dir[ASSAY_MAX_PATH];
    const char *slash = strrchr(path, '/');
    if (!slash)
        snprintf(dir, sizeof dir, ".");
    else
        snprintf(dir, sizeof dir, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    int rc = fsync(fd);
    return close(fd) || rc ? -1 : 0;
}

int assay_create_beside(const char *path, mode_t mode, char tmp[ASSAY_MAX_PATH])
{
    int fd = -1;
    for (unsigned nth = 0; fd < 0 && nth < ASSAY_MAX_LEFTOVERS; nth++) {
        if (snprintf(tmp, ASSAY_MAX_PATH, "%s.%ld.%u.tmp", path, (long)getpid(), nth) >= ASSAY_MAX_PATH) {
            errno = ENAMETOOLONG;
            return -1;
        }
        fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
        if (fd < 0 && errno != EEXIST)
            break;
    }
    return fd;
}

/* 0, or an errno and what could not be done. */
static int publish(const char *path, mode_t mode, const void *bytes, size_t n, const char **doing)
{
    char tmp[ASSAY_MAX_PATH];
    *doing = "cannot write";
    if (strcmp(path, "-") == 0)
        return write_all(STDOUT_FILENO, bytes, n) ? errno : 0;
    int fd = assay_create_beside(path, mode, tmp);
    if (fd < 0) {
        *doing = "cannot create a file beside it";
        return errno;
    }
    int why = write_all(fd, bytes, n) || fsync(fd) ? errno : 0;
    if (close(fd) && !why)
        why = errno;
    if (!why && rename(tmp, path))
        why = errno;
    if (why) {
        unlink(tmp);
        return why;
    }
    *doing = "cannot sync its folder";
    return sync_dir_of(path) ? errno : 0;
}

static const char *called(const char *path)
{
    return strcmp(path, "-") == 0 ? "standard output" : path;
}

enum assay_status assay_publish(const char *path, mode_t mode, const void *bytes, size_t n, struct assay_err *e)
{
    const char *doing;
    int why = publish(path, mode, bytes, n, &doing);
    return why ? assay_fail(e, ASSAY_EIO, "%s: %s: %s", called(path), doing, strerror(why)) : ASSAY_OK;
}

enum assay_status assay_publish_evidence(const char *path, mode_t mode, const void *bytes, size_t n,
                                         struct assay_err *e)
{
    const char *doing;
    int why = publish(path, mode, bytes, n, &doing);
    return why ? assay_fail_unwritten(e, why, called(path), doing) : ASSAY_OK;
}

enum assay_status assay_fail_unwritten(struct assay_err *e, int why, const char *path, const char *doing)
{
    static const struct {
        int why;
        const char *says, *advice;
    } known[] = {
        {ENOSPC, "the disk is full", "make room"},
        {EDQUOT, "the disk quota is used up", "make room"},
        {EFBIG, "it may not become so large", "raise the limit (ulimit -f)"},
        {EROFS, "the file, its folder or the file system is read-only", "make it writable"},
        {EACCES, "permission denied", "make it writable"},
        {EPERM, "permission denied", "make it writable"},
    };
    const char *says = strerror(why), *advice = "mend that, see that `assay ledger verify` is content";
    if (why == EEXIST || why == ENOENT)
        return assay_fail(e, ASSAY_EIO, "%s: %s: %s", path, doing, says);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].why == why) {
            says = known[i].says;
            advice = known[i].advice;
        }
    return assay_fail(e, ASSAY_ESTORE, "%s: %s: %s; nothing attested before is lost: %s, then run the same again", path,
                      doing, says, advice);
}

enum assay_status assay_slurp(const char *path, size_t max, struct assay_buf *out, struct assay_err *e)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return assay_fail(e, errno == ENOENT ? ASSAY_ENOTFOUND : ASSAY_EIO, "%s: cannot open: %s", path,
                          strerror(errno));
    enum assay_status s = ASSAY_OK;
    if (fstat(fd, &st) || !S_ISREG(st.st_mode))
        s = assay_fail(e, ASSAY_EIO, "%s: not a regular file", path);
    else if ((uint64_t)st.st_size > max)
        s = assay_fail(e, ASSAY_ELIMIT, "%s: %lld bytes, the limit is %zu", path, (long long)st.st_size, max);
    for (size_t got = 0; s == ASSAY_OK;) {
        if ((s = assay_buf_reserve(out, 65536)) != ASSAY_OK) {
            s = assay_fail(e, s, "%s: no room to read it", path);
            break;
        }
        ssize_t r = read(fd, out->ptr + out->len, 65536);
        if (r < 0 && errno == EINTR)
            continue;
        if (r < 0)
            s = assay_fail(e, ASSAY_EIO, "%s: cannot read: %s", path, strerror(errno));
        if (r <= 0)
            break;
        out->len += (size_t)r;
        got += (size_t)r;
        if (got > max)
            s = assay_fail(e, ASSAY_ELIMIT, "%s: grew over the limit of %zu bytes", path, max);
    }
    close(fd);
    return s;
}

enum assay_status assay_path_join(const char *base_dir, const char *path, struct assay_buf *out)
{
    enum assay_status s;
    if (path[0] == '/' || !base_dir || !base_dir[0])
        s = assay_buf_adds(out, path);
    else
        s = assay_buf_addf(out, "%s/%s", base_dir, path);
    if (s == ASSAY_OK && !assay_buf_str(out))
        s = ASSAY_ENOMEM;
    return s;
}
