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

enum assay_status assay_publish(const char *path, mode_t mode, const void *bytes, size_t n, struct assay_err *e)
{
    char tmp[ASSAY_MAX_PATH];
    if (strcmp(path, "-") == 0) {
        if (write_all(STDOUT_FILENO, bytes, n))
            return assay_fail(e, ASSAY_EIO, "standard output: %s", strerror(errno));
        return ASSAY_OK;
    }
    if ((size_t)snprintf(tmp, sizeof tmp, "%s.%ld.tmp", path, (long)getpid()) >= sizeof tmp)
        return assay_fail(e, ASSAY_ELIMIT, "path of more than %d bytes", ASSAY_MAX_PATH);
    int fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0)
        return assay_fail(e, ASSAY_EIO, "%s: cannot create: %s", tmp, strerror(errno));
    int bad = write_all(fd, bytes, n) || fsync(fd);
    int why = errno;
    if (close(fd) && !bad) {
        bad = 1;
        why = errno;
    }
    if (!bad && rename(tmp, path)) {
        bad = 1;
        why = errno;
    }
    if (bad) {
        unlink(tmp);
        return assay_fail(e, ASSAY_EIO, "%s: cannot write: %s", path, strerror(why));
    }
    if (sync_dir_of(path))
        return assay_fail(e, ASSAY_EIO, "%s: cannot sync its directory: %s", path, strerror(errno));
    return ASSAY_OK;
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
