/* Reading a file from its medium: what the page cache has of it is dropped first, and it is looked whether it is gone.
 * What a disk or a controller keeps in caches of its own no program can see. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "files.h"

#define WINDOW ((size_t)1 << 30) /* bytes that are mapped at a time */

/* Is any page of these n bytes in memory? What cannot be said counts as yes. */
static bool resident(int fd, off_t from, size_t n, size_t page, unsigned char *in_core)
{
    void *map = mmap(NULL, n, PROT_READ, MAP_SHARED, fd, from);
    if (map == MAP_FAILED)
        return true;
    bool found = mincore(map, n, in_core) != 0;
    for (size_t i = 0; i < (n + page - 1) / page && !found; i++)
        found = in_core[i] & 1;
    munmap(map, n);
    return found;
}

bool assay_file_evict(int fd, uint64_t size)
{
    const long page = sysconf(_SC_PAGESIZE);
    bool found = page <= 0;
    if (size == 0)
        return true;
    unsigned char *in_core = found ? NULL : malloc(WINDOW / (size_t)page);
    if (!in_core)
        return false;
    (void)fdatasync(fd); /* pages that are not written yet are kept */
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    for (uint64_t at = 0; at < size && !found; at += WINDOW)
        found = resident(fd, (off_t)at, size - at < WINDOW ? (size_t)(size - at) : WINDOW, (size_t)page, in_core);
    free(in_core);
    return !found;
}
