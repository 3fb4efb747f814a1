#include "store_sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "assay/publish.h"
#include "file.h"
#include "schema.h"

#define STR2(x) #x
#define STR(x) STR2(x)
#define BUSY_MS 5000

/* A file that cannot be read is another matter than one that cannot be written. */
static bool unwritten(const struct assay_db *db, int rc)
{
    if ((rc & 0xff) == SQLITE_CANTOPEN)
        return db->lock >= 0; /* beside the database, which is open: a log, or its index */
    return (rc & 0xff) == SQLITE_IOERR && rc != SQLITE_IOERR_READ && rc != SQLITE_IOERR_SHORT_READ &&
           rc != SQLITE_IOERR_CORRUPTFS;
}

/* The connection's errno may be of something that was tried after the failure; that of the log, or of the database, is
 * not. */
static int errno_of(const struct assay_db *db)
{
    sqlite3_file *log = NULL;
    int of_log = 0, of_db = 0, last = sqlite3_system_errno(db->handle);
    if (sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) == SQLITE_OK && log &&
        log->pMethods)
        log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &of_log);
    sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_LAST_ERRNO, &of_db);
    last = of_log ? of_log : of_db ? of_db : last;
    return last && last != ENOENT && last != EEXIST ? last : EIO;
}

enum assay_status assay_lite_fail(struct assay_db *db, const char *doing, struct assay_err *e)
{
    int rc = sqlite3_extended_errcode(db->handle);
    const char *says = db->handle ? sqlite3_errmsg(db->handle) : "out of memory";
    switch (db->handle ? rc & 0xff : SQLITE_NOMEM) {
    case SQLITE_NOMEM:
        return assay_fail_nomem(e);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return assay_fail(e, ASSAY_ELOCKED, "%s: %s: another program holds the database", db->path, doing);
    case SQLITE_NOTADB:
        return assay_fail(e, ASSAY_ELEDGER, "%s: not a ledger: %s", db->path, says);
    case SQLITE_CORRUPT:
        return assay_fail(e, ASSAY_ELEDGER, "%s: %s: %s", db->path, doing, says);
    case SQLITE_CONSTRAINT:
    case SQLITE_ERROR: /* a table or column is not there */
        return assay_fail(e, ASSAY_ELEDGER, "%s: %s: %s", db->path, doing, says);
    case SQLITE_FULL:
        return assay_fail_unwritten(e, ENOSPC, db->path, doing);
    case SQLITE_READONLY:
        return assay_fail_unwritten(e, EROFS, db->path, doing);
    default:
        if (rc == SQLITE_IOERR_NOMEM)
            return assay_fail_nomem(e);
        if (unwritten(db, rc))
            return assay_fail_unwritten(e, errno_of(db), db->path, doing);
        return assay_fail(e, ASSAY_EIO, "%s: %s: %s (SQLite code %d)", db->path, doing, says, rc);
    }
}

enum assay_status assay_lite_prepare(struct assay_db *db, const char *sql, sqlite3_stmt **out, struct assay_err *e)
{
    if (sqlite3_prepare_v2(db->handle, sql, -1, out, NULL) != SQLITE_OK)
        return assay_lite_fail(db, "cannot query", e);
    return ASSAY_OK;
}

enum assay_status assay_lite_exec(struct assay_db *db, const char *sql, const char *doing, struct assay_err *e)
{
    return sqlite3_exec(db->handle, sql, NULL, NULL, NULL) == SQLITE_OK ? ASSAY_OK : assay_lite_fail(db, doing, e);
}

enum assay_status assay_lite_number(struct assay_db *db, const char *sql, uint64_t none, uint64_t *out,
                                    struct assay_err *e)
{
    sqlite3_stmt *q;
    enum assay_status s = assay_lite_prepare(db, sql, &q, e);
    if (s != ASSAY_OK)
        return s;
    int rc = sqlite3_step(q);
    *out = none;
    if (rc == SQLITE_ROW && sqlite3_column_type(q, 0) != SQLITE_NULL)
        *out = (uint64_t)sqlite3_column_int64(q, 0);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        s = assay_lite_fail(db, "cannot read", e);
    sqlite3_finalize(q);
    return s;
}

/* A hostile file must not make SQLite run functions out of its schema or trust its cell sizes. */
static enum assay_status harden(struct assay_db *db, bool write, struct assay_err *e)
{
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_busy_timeout(db->handle, BUSY_MS);
    enum assay_status s =
        assay_lite_exec(db,
                        "PRAGMA cell_size_check=ON; PRAGMA trusted_schema=OFF;"
                        "PRAGMA synchronous=FULL; PRAGMA fullfsync=ON; PRAGMA checkpoint_fullfsync=ON;",
                        "cannot open", e);
    if (s == ASSAY_OK && !write)
        s = assay_lite_exec(db, "PRAGMA query_only=ON", "cannot open", e);
    return s;
}

/* The file on a read-only medium: a WAL database without a WAL may be read as immutable. */
static int open_immutable(struct assay_db *db)
{
    char wal[ASSAY_MAX_PATH + 8];
    struct stat st;
    struct assay_buf uri = {.max = 4 * ASSAY_MAX_PATH};
    int rc = SQLITE_CANTOPEN;
    snprintf(wal, sizeof wal, "%s-wal", db->path);
    if (stat(wal, &st) == 0 && st.st_size > 0)
        return rc;
    enum assay_status s = assay_buf_adds(&uri, db->path[0] == '/' ? "file://" : "file:");
    for (const char *p = db->path; *p && s == ASSAY_OK; p++)
        s = strchr("?#%", *p) ? assay_buf_addf(&uri, "%%%02x", *p) : assay_buf_addc(&uri, (uint8_t)*p);
    if (s == ASSAY_OK)
        s = assay_buf_adds(&uri, "?immutable=1");
    if (s == ASSAY_OK && assay_buf_str(&uri)) {
        sqlite3_close(db->handle);
        db->handle = NULL;
        rc = sqlite3_open_v2((const char *)uri.ptr, &db->handle, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL);
    }
    assay_buf_release(&uri);
    return rc;
}

static enum assay_status open_file(struct assay_db *db, bool write, struct assay_err *e)
{
    enum assay_status s;
    struct stat st;
    if (stat(db->path, &st))
        return assay_fail(e, errno == ENOENT ? ASSAY_ENOTFOUND : ASSAY_EIO, "ledger %s: cannot open: %s", db->path,
                          strerror(errno));
    if (!S_ISREG(st.st_mode))
        return assay_fail(e, ASSAY_EIO, "ledger %s: not a regular file", db->path);
    int flags = write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
    if (sqlite3_open_v2(db->path, &db->handle, flags, NULL) != SQLITE_OK)
        return assay_lite_fail(db, "cannot open", e);
    if ((s = harden(db, write, e)) != ASSAY_OK)
        return s;
    int rc = sqlite3_exec(db->handle, "SELECT 1 FROM sqlite_schema", NULL, NULL, NULL);
    if (!write && ((rc & 0xff) == SQLITE_CANTOPEN || (rc & 0xff) == SQLITE_READONLY)) {
        if (open_immutable(db) != SQLITE_OK)
            return assay_lite_fail(db, "cannot open", e);
        return harden(db, write, e);
    }
    return rc == SQLITE_OK ? ASSAY_OK : assay_lite_fail(db, "not a ledger", e);
}

/* Look up one object's SQL text in our database and compare it with `want`. */
static enum assay_status same_object(struct assay_db *db, const char *type, const char *name, const char *want,
                                     struct assay_err *e)
{
    sqlite3_stmt *q;
    enum assay_status s = assay_lite_prepare(db, "SELECT sql FROM sqlite_schema WHERE type = ?1 AND name = ?2", &q, e);
    if (s != ASSAY_OK)
        return s;
    sqlite3_bind_text(q, 1, type, -1, SQLITE_STATIC);
    sqlite3_bind_text(q, 2, name, -1, SQLITE_STATIC);
    int rc = sqlite3_step(q);
    const char *sql = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(q, 0) : NULL;
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        s = assay_lite_fail(db, "cannot read its schema", e);
    else if (rc == SQLITE_DONE || !sql)
        s = assay_fail(e, ASSAY_ELEDGER, "%s: %s %s is missing", db->path, type, name);
    else if (strcmp(sql, want) != 0)
        s = assay_fail(e, ASSAY_ELEDGER, "%s: %s %s is not as it was created", db->path, type, name);
    sqlite3_finalize(q);
    return s;
}

/* Compare with a fresh schema in memory: the tables alone (to read), or everything (to append). */
static enum assay_status same_schema(struct assay_db *db, bool all, struct assay_err *e)
{
    struct assay_db ref = {.path = db->path, .lock = -1};
    sqlite3_stmt *q = NULL;
    uint64_t want = 0, have = 0;
    int rc = SQLITE_DONE;
    enum assay_status s = ASSAY_OK;
    if (sqlite3_open_v2(":memory:", &ref.handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) != SQLITE_OK)
        s = assay_lite_fail(&ref, "cannot prepare", e);
    if (s == ASSAY_OK)
        s = assay_lite_exec(&ref, ASSAY_LEDGER_DDL, "cannot prepare", e);
    if (s == ASSAY_OK)
        s = assay_lite_prepare(&ref,
                               "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' "
                               "AND (?1 OR type = 'table') ORDER BY type <> 'table', rowid",
                               &q, e);
    if (s == ASSAY_OK)
        sqlite3_bind_int(q, 1, all);
    while (s == ASSAY_OK && (rc = sqlite3_step(q)) == SQLITE_ROW) {
        want++;
        s = same_object(db, (const char *)sqlite3_column_text(q, 0), (const char *)sqlite3_column_text(q, 1),
                        (const char *)sqlite3_column_text(q, 2), e);
    }
    if (s == ASSAY_OK && rc != SQLITE_DONE)
        s = assay_lite_fail(&ref, "cannot prepare", e);
    if (s == ASSAY_OK && all)
        s = assay_lite_number(db, "SELECT count(*) FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'", 0, &have, e);
    if (s == ASSAY_OK && all && have != want)
        s = assay_fail(e, ASSAY_ELEDGER, "%s: holds tables, triggers or views that are not a ledger's", db->path);
    sqlite3_finalize(q);
    sqlite3_close(ref.handle);
    return s;
}

static enum assay_status intact(struct assay_db *db, struct assay_err *e)
{
    return same_schema(db, true, e);
}

static enum assay_status check_identity(struct assay_db *db, struct assay_err *e)
{
    uint64_t id, version;
    enum assay_status s = assay_lite_number(db, "PRAGMA application_id", 0, &id, e);
    if (s == ASSAY_OK)
        s = assay_lite_number(db, "PRAGMA user_version", 0, &version, e);
    if (s != ASSAY_OK)
        return s;
    if (id != ASSAY_LEDGER_APPLICATION_ID)
        return assay_fail(e, ASSAY_ELEDGER, "%s: not a ledger: its application id is %llu", db->path,
                          (unsigned long long)id);
    if (version != ASSAY_LEDGER_VERSION)
        return assay_fail(e, ASSAY_ELEDGER, "%s: ledger format %llu, this program knows %d", db->path,
                          (unsigned long long)version, ASSAY_LEDGER_VERSION);
    return ASSAY_OK;
}

static enum assay_status setup_writer(struct assay_db *db, struct assay_err *e)
{
    uint64_t full;
    enum assay_status s = assay_lite_exec(db, "PRAGMA journal_mode=WAL", "cannot use a write-ahead log", e);
    if (s == ASSAY_OK)
        s = assay_lite_number(db, "PRAGMA synchronous", 0, &full, e);
    if (s == ASSAY_OK && full != 2)
        s = assay_fail(e, ASSAY_ESTORE, "%s: SQLite does not sync its commits", db->path);
    return s;
}

static struct assay_db *db_new(const char *location, struct assay_err *e)
{
    struct assay_db *db = calloc(1, sizeof *db);
    if (db)
        db->lock = -1;
    /* "" and ":memory:" mean something else to SQLite than a file of that name. */
    if (db && asprintf(&db->path, "%s%s", location[0] == ':' ? "./" : "", location) < 0) {
        free(db);
        db = NULL;
    }
    if (!db)
        assay_fail_nomem(e);
    return db;
}

static enum assay_status take_lock(struct assay_db *db, int wait_ms, struct assay_err *e)
{
    char lock[ASSAY_MAX_PATH];
    snprintf(lock, sizeof lock, "%s.lock", db->path);
    if (!assay_file_exists(db->path))
        return assay_fail(e, ASSAY_ENOTFOUND, "ledger %s: does not exist", db->path);
    return assay_file_lock(lock, "appending to this ledger", wait_ms, &db->lock, e);
}

static enum assay_status open_db(const char *location, bool write, int wait_ms, struct assay_db **out,
                                 struct assay_err *e)
{
    struct assay_db *db = *out = db_new(location, e);
    if (!db)
        return ASSAY_ENOMEM;
    enum assay_status s = write ? take_lock(db, wait_ms, e) : ASSAY_OK;
    if (s == ASSAY_OK)
        s = open_file(db, write, e);
    if (s == ASSAY_OK)
        s = check_identity(db, e);
    if (s == ASSAY_OK)
        s = same_schema(db, write, e);
    return s == ASSAY_OK && write ? setup_writer(db, e) : s;
}

static void close_db(struct assay_db *db)
{
    if (!db)
        return;
    for (int i = 0; i < ASSAY_LITE_KEPT; i++)
        sqlite3_finalize(db->kept[i]);
    /* Fold the write-ahead log into the file, so that whoever copies ledger.db alone has everything. It is no loss when
     * a reader keeps us from it: the last one to close does it then. */
    if (db->handle && db->lock >= 0) {
        sqlite3_busy_timeout(db->handle, 0);
        sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    }
    sqlite3_close(db->handle);
    assay_file_unlock(db->lock); /* after the database */
    free(db->path);
    free(db);
}

static enum assay_status hold(const char *location, const char *role, struct assay_db **held, struct assay_err *e)
{
    char lock[ASSAY_MAX_PATH], what[64];
    struct assay_db *db = *held = db_new(location, e);
    if (!db)
        return ASSAY_ENOMEM;
    snprintf(what, sizeof what, "running with the role %s", role);
    if ((size_t)snprintf(lock, sizeof lock, "%s.%s.lock", location, role) >= sizeof lock)
        return assay_fail(e, ASSAY_ELIMIT, "path of more than %d bytes", ASSAY_MAX_PATH);
    if (!assay_file_exists(location))
        return assay_fail(e, ASSAY_ENOTFOUND, "ledger %s: does not exist", location);
    return assay_file_lock(lock, what, assay_store_patience(role), &db->lock, e);
}

static enum assay_status begin(struct assay_db *db, bool write, struct assay_err *e)
{
    return write ? assay_lite_exec(db, "BEGIN IMMEDIATE", "cannot begin", e)
                 : assay_lite_exec(db, "BEGIN", "cannot read", e);
}

static enum assay_status commit(struct assay_db *db, struct assay_err *e)
{
    return assay_lite_exec(db, "COMMIT", "cannot commit", e);
}

static void rollback(struct assay_db *db)
{
    if (!sqlite3_get_autocommit(db->handle))
        sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
}

static enum assay_status fill(struct assay_db *db, const char *origin, struct assay_err *e)
{
    sqlite3_stmt *q = NULL;
    enum assay_status s = assay_lite_exec(
        db,
        "PRAGMA journal_mode=DELETE; PRAGMA synchronous=FULL; PRAGMA encoding='UTF-8'; BEGIN;" ASSAY_LEDGER_DDL
        "PRAGMA application_id=" STR(ASSAY_LEDGER_APPLICATION_ID) ";PRAGMA user_version=" STR(ASSAY_LEDGER_VERSION),
        "cannot create", e);
    if (s == ASSAY_OK)
        s = assay_lite_prepare(db, "INSERT INTO meta VALUES ('origin', ?1)", &q, e);
    if (s == ASSAY_OK) {
        sqlite3_bind_text(q, 1, origin, -1, SQLITE_STATIC);
        if (sqlite3_step(q) != SQLITE_DONE)
            s = assay_lite_fail(db, "cannot create", e);
    }
    sqlite3_finalize(q);
    if (s == ASSAY_OK)
        s = assay_lite_exec(db, "COMMIT; PRAGMA journal_mode=WAL", "cannot create", e);
    return s;
}

static enum assay_status create(const char *path, const char *origin, struct assay_err *e)
{
    char tmp[ASSAY_MAX_PATH];
    struct assay_db db = {.path = tmp, .lock = -1};
    if (assay_file_exists(path))
        return assay_fail(e, ASSAY_EIO, "%s: exists already, a ledger is never overwritten", path);
    if ((size_t)snprintf(tmp, sizeof tmp, "%s.%ld.tmp", path, (long)getpid()) >= sizeof tmp - 8)
        return assay_fail(e, ASSAY_ELIMIT, "path of more than %d bytes", ASSAY_MAX_PATH);
    unlink(tmp);
    enum assay_status s = ASSAY_OK;
    int fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return assay_fail_unwritten(e, errno, tmp, "cannot create");
    close(fd);
    int rc = sqlite3_open_v2(tmp, &db.handle, SQLITE_OPEN_READWRITE, NULL);
    if (rc != SQLITE_OK)
        s = assay_lite_fail(&db, "cannot create", e);
    if (s == ASSAY_OK)
        s = fill(&db, origin, e);
    if (sqlite3_close(db.handle) != SQLITE_OK && s == ASSAY_OK)
        s = assay_fail_unwritten(e, EIO, tmp, "cannot close");
    /* link, not rename: two programs that create at once must not replace each other's ledger. */
    if (s == ASSAY_OK && (link(tmp, path) || assay_file_sync_dir(path)))
        s = assay_fail_unwritten(e, errno, path, "cannot create");
    unlink(tmp);
    return s;
}

const struct assay_store assay_store_sqlite = {
    .create = create,
    .open = open_db,
    .close = close_db,
    .hold = hold,
    .intact = intact,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .origin = assay_lite_origin,
    .size = assay_lite_size,
    .count = assay_lite_count,
    .leaves = assay_lite_leaves,
    .select = assay_lite_select,
    .find = assay_lite_find,
    .hashes = assay_lite_hashes,
    .checkpoint = assay_lite_checkpoint,
    .has_blob = assay_lite_has_blob,
    .blob = assay_lite_blob,
    .blobs = assay_lite_blobs,
    .put_leaf = assay_lite_put_leaf,
    .put_node = assay_lite_put_node,
    .put_checkpoint = assay_lite_put_checkpoint,
    .put_blob = assay_lite_put_blob,
};
