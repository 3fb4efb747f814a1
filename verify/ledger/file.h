/* Plain file descriptors: whole writes, directory syncs, advisory locks. */
#ifndef ASSAY_LEDGER_FILE_H
#define ASSAY_LEDGER_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "assay/err.h"

int assay_file_write(int fd, const void *bytes, size_t n); /* 0, or -1 with errno */
bool assay_file_exists(const char *path); /* anything of that name, a dangling link too */
int assay_file_sync_dir(const char *path); /* fsync the directory that holds path; 0, or -1 with errno */

/* An exclusive advisory lock on path (created, holds the pid of its holder, never removed). Waits at most wait_ms.
 * ASSAY_ELOCKED names the holder. Released by assay_file_unlock or the end of the process. */
enum assay_status assay_file_lock(const char *path, const char *what, int wait_ms, int *fd, struct assay_err *e);
/* The folder that holds path, for this process alone until the descriptor is unlocked. -1: another held it longer than
 * wait_ms, or the folder cannot be locked. */
int assay_file_lock_folder(const char *path, int wait_ms);
void assay_file_unlock(int fd); /* -1 is a no-op */

#endif
