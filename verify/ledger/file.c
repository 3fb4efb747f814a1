#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "assay/limits.h"
#include "assay/publish.h"

int assay_file_write(int fd, const void *bytes, size_t n)
{
    const char *p = bytes;
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

bool assay_file_exists(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

static int open_folder_of(const char *path)
{
    char dir[ASSAY_MAX_PATH];
    const char *slash = strrchr(path, '/');
    if (!slash)
        snprintf(dir, sizeof dir, ".");
    else
        snprintf(dir, sizeof dir, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    return open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int assay_file_sync_dir(const char *path)
{
    int fd = open_folder_of(path);
    if (fd < 0)
        return -1;
    int rc = fsync(fd), why = errno;
    close(fd);
    errno = why;
    return rc;
}

/* flock: belongs to the open file, so that two opens in one process exclude each other too. */
static int try_lock(int fd, int wait_ms)
{
    const struct timespec pause = {.tv_nsec = 1000 * 1000};
    for (;; wait_ms--) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
            return 0;
        if (errno != EWOULDBLOCK && errno != EINTR)
            return -1;
        if (wait_ms <= 0) {
            errno = EWOULDBLOCK;
            return -1;
        }
        nanosleep(&pause, NULL);
    }
}

enum assay_status assay_file_lock(const char *path, const char *what, int wait_ms, int *fd, struct assay_err *e)
{
    char pid[32] = "";
    int f = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (f < 0)
        return assay_fail_unwritten(e, errno, path, "cannot open the lock");
    if (try_lock(f, wait_ms)) {
        int why = errno;
        ssize_t n = pread(f, pid, sizeof pid - 1, 0);
        close(f);
        if (why != EWOULDBLOCK)
            return assay_fail_unwritten(e, why, path, "cannot lock");
        pid[n > 0 ? n : 0] = '\0';
        pid[strspn(pid, "0123456789")] = '\0';
        return assay_fail(e, ASSAY_ELOCKED, "%s: process %s is %s; try again when it has ended", path,
                          pid[0] ? pid : "(unknown)", what);
    }
    int n = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
    errno = ENOSPC; /* what a short write means */
    if (ftruncate(f, 0) || pwrite(f, pid, (size_t)n, 0) != n) {
        int why = errno;
        close(f);
        return assay_fail_unwritten(e, why, path, "cannot write the lock");
    }
    *fd = f;
    return ASSAY_OK;
}

int assay_file_lock_folder(const char *path, int wait_ms)
{
    int fd = open_folder_of(path);
    if (fd >= 0 && try_lock(fd, wait_ms)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

void assay_file_unlock(int fd)
{
    if (fd >= 0)
        close(fd);
}
