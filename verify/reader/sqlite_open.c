/* Opening a SQLite database without harm: read-only, consistent, and without blocking those who write to it.
 *
 * WAL database           one read transaction on the file; writers go on, we keep our snapshot
 * other journal modes    a read transaction would block every writer for as long as it lasts, so the database is copied
 * by the backup API into SQLite's own private temporary file; not where nobody can write anyway WAL, read-only place
 * SQLite needs to create -shm there and cannot; without a -wal or -journal to be ignored the file is complete, is
 * opened as immutable, and its identity is checked at the end of each scan */
#include "sqlite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "assay/buf.h"
#include "assay/bytes.h"
#include "assay/log.h"

#define BUSY_S 5 /* unless the locator has a time-out */
#define COPY_PAGES 4096 /* pages between two looks at the interrupt flag */
#define PROGRESS_OPS 200000 /* the same for statements, in virtual machine operations */

static const struct {
    int code;
    enum assay_status status;
    const char *why; /* NULL: SQLite's own text */
} causes[] = {
    {SQLITE_NOTADB, ASSAY_EDATA, "the file is not a SQLite database (or is encrypted)"},
    {SQLITE_CORRUPT, ASSAY_EDATA, "the database is corrupt"},
    {SQLITE_FORMAT, ASSAY_EDATA, "the database is corrupt"},
    {SQLITE_BUSY, ASSAY_ESOURCE, "the database is locked by another process, and stayed so while this one waited"},
    {SQLITE_LOCKED, ASSAY_ESOURCE, "the database is locked by another process, and stayed so while this one waited"},
    {SQLITE_INTERRUPT, ASSAY_EINTR, "interrupted"},
    {SQLITE_NOMEM, ASSAY_ENOMEM, "out of memory"},
    {SQLITE_TOOBIG, ASSAY_ELIMIT, "a value is larger than SQLite's limit"},
    {SQLITE_FULL, ASSAY_EIO, "no space is left for temporary files (set TMPDIR)"},
    {SQLITE_IOERR, ASSAY_EIO, NULL},
    {SQLITE_PERM, ASSAY_EIO, NULL},
    {SQLITE_AUTH, ASSAY_EIO, NULL},
    {SQLITE_READONLY, ASSAY_EIO,
     "the database needs recovery or its -shm file, and this user may not write there; open it once with write access, "
     "or "
     "copy it together with its -wal or -journal"},
    {SQLITE_CANTOPEN, ASSAY_EIO,
     "the file cannot be opened; where a -wal lies beside it the directory must be writable, or file and -wal be "
     "copied"},
};

enum assay_status assay_sqlite_fail(const struct assay_sqlite_reader_state *r, sqlite3 *db, const char *doing,
                                    struct assay_err *e)
{
    int code = db ? sqlite3_errcode(db) & 0xff : SQLITE_NOMEM;
    const char *table = r->table ? r->table : "", *sep = r->table ? ", table " : "";
    for (size_t i = 0; i < sizeof causes / sizeof *causes; i++)
        if (causes[i].code == code)
            return assay_fail(e, causes[i].status, "%s %s%s%s: %s", doing, r->path, sep, table,
                              causes[i].why ? causes[i].why : sqlite3_errmsg(db));
    return assay_fail(e, ASSAY_ESOURCE, "%s %s%s%s: %s", doing, r->path, sep, table, sqlite3_errmsg(db));
}

enum assay_status assay_sqlite_prepare(const struct assay_sqlite_reader_state *r, char *sql, const char *doing,
                                       sqlite3_stmt **out, struct assay_err *e)
{
    *out = NULL;
    if (!sql)
        return assay_fail_nomem(e);
    int rc = sqlite3_prepare_v2(r->db, sql, -1, out, NULL);
    sqlite3_free(sql);
    return rc == SQLITE_OK ? ASSAY_OK : assay_sqlite_fail(r, r->db, doing, e);
}

enum assay_status assay_sqlite_int(const struct assay_sqlite_reader_state *r, char *sql, const char *doing,
                                   sqlite3_int64 *out, bool *any, struct assay_err *e)
{
    sqlite3_stmt *st = NULL;
    enum assay_status s = assay_sqlite_prepare(r, sql, doing, &st, e);
    *any = false;
    if (s != ASSAY_OK)
        return s;
    int rc = sqlite3_step(st);
    if (rc == SQLITE_ROW) {
        *any = sqlite3_column_type(st, 0) != SQLITE_NULL;
        *out = sqlite3_column_int64(st, 0);
    } else if (rc != SQLITE_DONE) {
        s = assay_sqlite_fail(r, r->db, doing, e);
    }
    sqlite3_finalize(st);
    return s;
}

static int interrupted(void *arg)
{
    (void)arg;
    return assay_interrupted();
}

/* A database file may be hostile: its schema may not run what only trusted ones may. */
static void harden(const struct assay_sqlite_reader_state *r, sqlite3 *db)
{
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_busy_timeout(db, 1000 * (r->timeout_s > 0 ? r->timeout_s : BUSY_S));
    sqlite3_progress_handler(db, PROGRESS_OPS, interrupted, NULL);
}

/* "file:" URI of a path; '%', '?' and '#' are the characters that would end or change it. */
static const char *immutable_uri(const char *path, struct assay_buf *out)
{
    assay_buf_adds(out, "file:");
    for (const char *p = path; *p; p++)
        if (strchr("%?#", *p))
            assay_buf_addf(out, "%%%02x", (unsigned)(unsigned char)*p);
        else
            assay_buf_addc(out, (uint8_t)*p);
    assay_buf_adds(out, "?mode=ro&immutable=1");
    return assay_buf_str(out);
}

/* Open and take the read transaction; the first read is where SQLite says what is wrong with a file. */
static enum assay_status open_and_begin(struct assay_sqlite_reader_state *r, bool immutable, struct assay_err *e)
{
    struct assay_buf uri = {0};
    const char *name = immutable ? immutable_uri(r->path, &uri) : r->path;
    int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | (immutable ? SQLITE_OPEN_URI : 0);
    int rc = name ? sqlite3_open_v2(name, &r->db, flags, NULL) : SQLITE_NOMEM;
    assay_buf_release(&uri);
    if (rc != SQLITE_OK)
        return assay_sqlite_fail(r, r->db, "opening", e);
    harden(r, r->db);
    rc = sqlite3_exec(r->db,
                      "PRAGMA cell_size_check = ON; PRAGMA query_only = ON; BEGIN; SELECT count(*) FROM sqlite_schema",
                      NULL, NULL, NULL);
    return rc == SQLITE_OK ? ASSAY_OK : assay_sqlite_fail(r, r->db, "opening", e);
}

bool assay_sqlite_companion(const struct assay_sqlite_reader_state *r, const char *suffix)
{
    struct assay_buf name = {0};
    struct stat st;
    assay_buf_addf(&name, "%s%s", r->path, suffix);
    const char *text = assay_buf_str(&name);
    int rc = text ? stat(text, &st) : -1;
    bool absent = text && rc != 0 && errno == ENOENT;
    assay_buf_release(&name);
    return !absent && (rc != 0 || st.st_size > 0);
}

static enum assay_status reopen_immutable(struct assay_sqlite_reader_state *r, const struct assay_err *first,
                                          struct assay_err *e)
{
    int code = sqlite3_errcode(r->db) & 0xff;
    bool readonly_place = code == SQLITE_READONLY || code == SQLITE_CANTOPEN;
    if (!readonly_place || assay_sqlite_companion(r, "-wal") || assay_sqlite_companion(r, "-journal"))
        return assay_fail(e, first->code, "%s", first->msg);
    sqlite3_close(r->db);
    r->db = NULL;
    r->immutable = true;
    return open_and_begin(r, true, e);
}

enum assay_status assay_sqlite_unchanged(const struct assay_sqlite_reader_state *r, struct assay_err *e)
{
    struct stat now;
    const struct stat *was = &r->identity;
    if (!r->immutable)
        return ASSAY_OK;
    if (stat(r->path, &now) != 0 || now.st_dev != was->st_dev || now.st_ino != was->st_ino ||
        now.st_size != was->st_size || now.st_mtim.tv_sec != was->st_mtim.tv_sec ||
        now.st_mtim.tv_nsec != was->st_mtim.tv_nsec || now.st_ctim.tv_sec != was->st_ctim.tv_sec ||
        now.st_ctim.tv_nsec != was->st_ctim.tv_nsec || assay_sqlite_companion(r, "-wal"))
        return assay_fail(e, ASSAY_ECHANGED, "%s changed while it was read", r->path);
    return ASSAY_OK;
}

/* Read through SQLite's own descriptor: closing another one on the same file would drop this process's locks on it. */
static bool peek(sqlite3 *db, int which, uint8_t *out, int n)
{
    sqlite3_file *f = NULL;
    if (sqlite3_file_control(db, "main", which, &f) != SQLITE_OK || !f || !f->pMethods)
        return false;
    return f->pMethods->xRead(f, out, n, 0) == SQLITE_OK;
}

/* Change counter (header byte 24) and schema cookie (40) name the state of a database outside WAL mode; the salts of
 * the WAL (bytes 16 to 23) name its generation. https://www.sqlite.org/fileformat2.html sections 1.3 and 4.1. */
static enum assay_status make_token(struct assay_sqlite_reader_state *r, bool wal, struct assay_err *e)
{
    uint8_t head[100] = {0}, log[32] = {0};
    sqlite3_int64 pages = 0, cookie = 0;
    bool any;
    struct assay_buf out = {0};
    if (r->frozen[0])
        assay_buf_addf(&out, "copy=sha256:%s ", r->frozen);
    enum assay_status s = assay_sqlite_int(r, sqlite3_mprintf("PRAGMA page_count"), "sizing", &pages, &any, e);
    if (s == ASSAY_OK)
        s = assay_sqlite_int(r, sqlite3_mprintf("PRAGMA schema_version"), "reading the schema version of", &cookie,
                             &any, e);
    if (s != ASSAY_OK)
        return s;
    if (peek(r->db, SQLITE_FCNTL_FILE_POINTER, head, sizeof head))
        assay_buf_addf(&out, "change_counter=%u ", __builtin_bswap32(assay_get_le32(head + 24)));
    assay_buf_addf(&out, "schema_cookie=%lld pages=%lld", (long long)cookie, (long long)pages);
    if (wal && peek(r->db, SQLITE_FCNTL_JOURNAL_POINTER, log, sizeof log)) {
        assay_buf_adds(&out, " wal_salt=");
        assay_buf_addhex(&out, log + 16, 8);
    }
    r->token = assay_buf_str(&out) ? (char *)out.ptr : NULL;
    return r->token ? ASSAY_OK : assay_fail_nomem(e);
}

static enum assay_status is_wal(struct assay_sqlite_reader_state *r, bool *wal, struct assay_err *e)
{
    sqlite3_stmt *st = NULL;
    enum assay_status s =
        assay_sqlite_prepare(r, sqlite3_mprintf("PRAGMA journal_mode"), "reading the journal mode of", &st, e);
    if (s == ASSAY_OK && sqlite3_step(st) == SQLITE_ROW) {
        const char *mode = (const char *)sqlite3_column_text(st, 0);
        *wal = mode && strcmp(mode, "wal") == 0;
    }
    sqlite3_finalize(st);
    return s;
}

/* Nobody is kept from writing by a long read of a file that nobody may write. */
static bool may_be_written(const struct assay_sqlite_reader_state *r)
{
    struct statvfs fs;
    if (statvfs(r->path, &fs) == 0 && (fs.f_flag & ST_RDONLY))
        return false;
    return (r->identity.st_mode & 0222) != 0;
}

enum assay_status assay_sqlite_copy_pages(struct assay_sqlite_reader_state *r, sqlite3 *to, struct assay_err *e)
{
    sqlite3_backup *b = sqlite3_backup_init(to, "main", r->db, "main");
    if (!b)
        return assay_sqlite_fail(r, to, "making a private copy of", e);
    int rc;
    do {
        rc = assay_interrupted() ? SQLITE_INTERRUPT : sqlite3_backup_step(b, COPY_PAGES);
    } while (rc == SQLITE_OK);
    sqlite3_backup_finish(b);
    if (rc == SQLITE_DONE)
        return ASSAY_OK;
    if (rc == SQLITE_INTERRUPT)
        return assay_fail(e, ASSAY_EINTR, "interrupted while making a private copy of %s", r->path);
    if ((rc & 0xff) == SQLITE_FULL || rc == SQLITE_IOERR_WRITE) {
        const char *tmp = getenv("TMPDIR");
        return assay_fail(e, ASSAY_EIO,
                          "no space for a private copy of %s (%lld bytes) in %s: set TMPDIR to a larger place", r->path,
                          (long long)r->identity.st_size, tmp ? tmp : "the temporary directory");
    }
    return assay_sqlite_fail(r, sqlite3_errcode(to) & 0xff ? to : r->db, "making a private copy of", e);
}

/* The copy lives in a database without a name: SQLite makes its file 0600 and unlinks it before the first write. */
static enum assay_status move_to_copy(struct assay_sqlite_reader_state *r, struct assay_err *e)
{
    sqlite3 *to = NULL;
    enum assay_status s = ASSAY_OK;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2("", &to, flags, NULL) != SQLITE_OK ||
        sqlite3_exec(to, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF", NULL, NULL, NULL) != SQLITE_OK)
        s = assay_sqlite_fail(r, to, "making a private copy of", e);
    if (s == ASSAY_OK)
        s = assay_sqlite_copy_pages(r, to, e);
    if (s != ASSAY_OK) {
        sqlite3_close(to);
        return s;
    }
    sqlite3_close(r->db);
    r->db = to;
    harden(r, to);
    int rc = sqlite3_exec(
        to, "PRAGMA cell_size_check = ON; PRAGMA query_only = ON; BEGIN; SELECT count(*) FROM sqlite_schema", NULL,
        NULL, NULL);
    return rc == SQLITE_OK ? ASSAY_OK : assay_sqlite_fail(r, to, "reading the private copy of", e);
}

static enum assay_status check_file(struct assay_sqlite_reader_state *r, struct assay_err *e)
{
    if (stat(r->path, &r->identity) != 0)
        return assay_fail(e, errno == ENOENT || errno == ENOTDIR ? ASSAY_ENOTFOUND : ASSAY_EIO,
                          "SQLite database %s: %s", r->path, strerror(errno));
    if (!S_ISREG(r->identity.st_mode))
        return assay_fail(e, ASSAY_EIO, "SQLite database %s: not a regular file", r->path);
    if (r->identity.st_size == 0 && !assay_sqlite_companion(r, "-wal"))
        return assay_fail(e, ASSAY_EDATA, "SQLite database %s: the file is empty", r->path);
    return ASSAY_OK;
}

enum assay_status assay_sqlite_open_file(struct assay_sqlite_reader_state *r, bool *wal, struct assay_err *e)
{
    struct assay_err first = {0};
    *wal = false;
    enum assay_status s = check_file(r, e);
    if (s != ASSAY_OK)
        return s;
    s = open_and_begin(r, false, &first);
    if (s != ASSAY_OK)
        s = reopen_immutable(r, &first, e);
    if (s == ASSAY_OK)
        s = is_wal(r, wal, e);
    if (s == ASSAY_OK)
        s = make_token(r, *wal, e);
    return s;
}

enum assay_status assay_sqlite_open_writer(struct assay_sqlite_reader_state *r, struct assay_err *e)
{
    enum assay_status s = check_file(r, e);
    if (s != ASSAY_OK)
        return s;
    if (sqlite3_open_v2(r->path, &r->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        return assay_sqlite_fail(r, r->db, "opening", e);
    harden(r, r->db);
    /* Foreign keys hold here, whatever the application does: what a permit does not list must not be left dangling. */
    int rc = sqlite3_exec(r->db,
                          "PRAGMA cell_size_check = ON; PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL;"
                          "SELECT count(*) FROM sqlite_schema",
                          NULL, NULL, NULL);
    return rc == SQLITE_OK ? ASSAY_OK : assay_sqlite_fail(r, r->db, "opening", e);
}

enum assay_status assay_sqlite_open_db(struct assay_sqlite_reader_state *r, struct assay_err *e)
{
    bool wal;
    enum assay_status s = assay_sqlite_open_file(r, &wal, e);
    if (s == ASSAY_OK && !wal && !r->immutable && may_be_written(r))
        s = move_to_copy(r, e);
    return s;
}
