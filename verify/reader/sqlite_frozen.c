/* Frozen copies of a SQLite database: made for an exporter, and read instead of the database afterwards. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "assay/buf.h"
#include "assay/digest.h"
#include "assay/limits.h"
#include "files.h"
#include "hold.h"
#include "sqlite.h"

char *assay_sqlite_path(const struct assay_locator *loc)
{
    const char *name = loc->uri + (strncmp(loc->uri, "sqlite:", 7) == 0 ? 7 : 0);
    struct assay_buf out = {.max = ASSAY_MAX_PATH};
    if (strncmp(name, "///", 3) == 0)
        name += 2;
    enum assay_status s = ASSAY_OK;
    if (name[0] != '/')
        s = assay_buf_addf(&out, "%s/", loc->base_dir && *loc->base_dir ? loc->base_dir : ".");
    if (s == ASSAY_OK)
        s = assay_buf_adds(&out, name);
    if (s != ASSAY_OK || !assay_buf_str(&out)) {
        assay_buf_release(&out);
        return NULL;
    }
    return (char *)out.ptr;
}

void assay_sqlite_release(struct assay_sqlite_reader_state *r)
{
    sqlite3_close(r->db);
    assay_schema_release(&r->schema);
    free(r->path);
    free(r->table);
    sqlite3_free(r->where);
    free(r->token);
    free(r->part.name);
}

/* Before SQLite opens the file: closing a descriptor on it later would drop this process's locks. */
static enum assay_status hash_file(const char *path, char hex[65], int64_t *made, struct assay_err *e)
{
    uint8_t sum[32];
    uint64_t bytes;
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return assay_fail(e, errno == ENOENT ? ASSAY_ENOTFOUND : ASSAY_EIO, "the frozen copy %s: %s", path,
                          strerror(errno));
    struct assay_sha256 *h = assay_sha256_new();
    enum assay_status s = h ? assay_file_hash(fd, path, h, &bytes, e) : assay_fail_nomem(e);
    if (s == ASSAY_OK && fstat(fd, &st) != 0)
        s = assay_fail(e, ASSAY_EIO, "the frozen copy %s: %s", path, strerror(errno));
    if (s == ASSAY_OK) {
        *made = st.st_mtim.tv_sec;
        assay_sha256_final(h, sum);
        assay_hex(sum, sizeof sum, hex);
    }
    close(fd);
    assay_sha256_free(h);
    return s;
}

enum assay_status assay_sqlite_use_frozen(struct assay_sqlite_reader_state *r, const char *snapshot,
                                          struct assay_err *e)
{
    static const char lead[] = "sha256:";
    size_t n = sizeof lead - 1;
    bool known = strncmp(snapshot, lead, n) == 0 && strlen(snapshot) > n + 65 && snapshot[n + 64] == ':';
    const char *path = known ? snapshot + n + 65 : snapshot;
    free(r->path);
    r->path = assay_sqlite_path(&(struct assay_locator){.uri = path, .base_dir = "."});
    if (!r->path)
        return assay_fail(e, ASSAY_ELIMIT, "the path of a frozen copy is over %d bytes", ASSAY_MAX_PATH);
    enum assay_status s = hash_file(r->path, r->frozen, &r->made, e);
    if (s != ASSAY_OK)
        return s;
    if (assay_sqlite_companion(r, "-wal") || assay_sqlite_companion(r, "-journal"))
        return assay_fail(e, ASSAY_ECHANGED, "%s is no frozen copy: a -wal or -journal lies beside it", r->path);
    if (known && strncmp(snapshot + n, r->frozen, 64) != 0)
        return assay_fail(e, ASSAY_ECHANGED,
                          "the frozen copy was written to since it was made, and an exporter must only read it: %s",
                          r->path);
    return ASSAY_OK;
}

/* Like a file that was closed: no WAL mode, which would need files beside it, and nobody may write. */
static enum assay_status seal(const struct assay_sqlite_reader_state *r, sqlite3 *to, const char *path,
                              struct assay_err *e)
{
    if (sqlite3_exec(to, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL) != SQLITE_OK)
        return assay_sqlite_fail(r, to, "freezing a copy of", e);
    if (chmod(path, 0400) != 0)
        return assay_fail(e, ASSAY_EIO, "%s: %s", path, strerror(errno));
    return ASSAY_OK;
}

static enum assay_status copy_to(struct assay_sqlite_reader_state *r, const char *path, struct assay_err *e)
{
    sqlite3 *to = NULL;
    bool wal;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    enum assay_status s = assay_sqlite_open_file(r, &wal, e);
    if (s != ASSAY_OK)
        return s;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return assay_fail(e, ASSAY_EIO, "%s: %s", path, strerror(errno));
    close(fd);
    if (sqlite3_open_v2(path, &to, flags, NULL) != SQLITE_OK)
        s = assay_sqlite_fail(r, to, "making a copy of", e);
    if (s == ASSAY_OK)
        s = assay_sqlite_copy_pages(r, to, e);
    if (s == ASSAY_OK)
        s = seal(r, to, path, e);
    sqlite3_close(to);
    return s;
}

enum assay_status assay_sqlite_freeze(const struct assay_locator *loc, const char *path, char **snapshot,
                                      struct assay_err *e)
{
    struct assay_sqlite_reader_state r = {.path = assay_sqlite_path(loc), .timeout_s = loc->timeout_s};
    char hex[65];
    *snapshot = NULL;
    enum assay_status s = r.path ? copy_to(&r, path, e) : assay_fail_nomem(e);
    if (s == ASSAY_OK)
        s = hash_file(path, hex, &r.made, e);
    if (s == ASSAY_OK && asprintf(snapshot, "sha256:%s:%s", hex, path) < 0) {
        *snapshot = NULL;
        s = assay_fail_nomem(e);
    }
    assay_sqlite_release(&r);
    return s;
}
