#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "schema.h"

#define STR2(x) #x
#define STR(x) STR2(x)
#define BUSY_MS 5000

enum assay_status assay_store_fail(struct assay_ledger *l, const char *doing, struct assay_err *e)
{
    int rc = sqlite3_extended_errcode(l->db);
    const char *says = l->db ? sqlite3_errmsg(l->db) : "out of memory";
    switch (l->db ? rc & 0xff : SQLITE_NOMEM) {
    case SQLITE_NOMEM:
        return assay_fail_nomem(e);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return assay_fail(e, ASSAY_ELOCKED, "%s: %s: another program holds the database", l->path, doing);
    case SQLITE_NOTADB:
        return assay_fail(e, ASSAY_ELEDGER, "%s: not a ledger: %s", l->path, says);
    case SQLITE_CORRUPT:
        return assay_fail(e, ASSAY_ELEDGER, "%s: %s: %s", l->path, doing, says);
    case SQLITE_CONSTRAINT:
    case SQLITE_ERROR: /* a table or column is not there */
        return assay_fail(e, ASSAY_ELEDGER, "%s: %s: %s", l->path, doing, says);
    case SQLITE_FULL:
        return assay_fail(e, ASSAY_EIO, "%s: %s: the disk is full", l->path, doing);
    case SQLITE_READONLY:
        return assay_fail(e, ASSAY_EIO, "%s: %s: the file or its directory is read-only", l->path, doing);
    default:
        if (rc == SQLITE_IOERR_NOMEM)
            return assay_fail_nomem(e);
        return assay_fail(e, ASSAY_EIO, "%s: %s: %s (SQLite code %d)", l->path, doing, says, rc);
    }
}

enum assay_status assay_store_prepare(struct assay_ledger *l, const char *sql, sqlite3_stmt **out, struct assay_err *e)
{
    if (sqlite3_prepare_v2(l->db, sql, -1, out, NULL) != SQLITE_OK)
        return assay_store_fail(l, "cannot query", e);
    return ASSAY_OK;
}

enum assay_status assay_store_exec(struct assay_ledger *l, const char *sql, const char *doing, struct assay_err *e)
{
    return sqlite3_exec(l->db, sql, NULL, NULL, NULL) == SQLITE_OK ? ASSAY_OK : assay_store_fail(l, doing, e);
}

enum assay_status assay_store_number(struct assay_ledger *l, const char *sql, uint64_t none, uint64_t *out,
                                     struct assay_err *e)
{
    sqlite3_stmt *q;
    enum assay_status s = assay_store_prepare(l, sql, &q, e);
    if (s != ASSAY_OK)
        return s;
    int rc = sqlite3_step(q);
    *out = none;
    if (rc == SQLITE_ROW && sqlite3_column_type(q, 0) != SQLITE_NULL)
        *out = (uint64_t)sqlite3_column_int64(q, 0);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        s = assay_store_fail(l, "cannot read", e);
    sqlite3_finalize(q);
    return s;
}

enum assay_status assay_store_size(struct assay_ledger *l, uint64_t *out, struct assay_err *e)
{
    enum assay_status s = assay_store_number(l, "SELECT max(idx) + 1 FROM leaf", 0, out, e);
    if (s == ASSAY_OK)
        l->size = *out;
    return s;
}

/* A hostile file must not make SQLite run functions out of its schema or trust its cell sizes. */
static enum assay_status harden(struct assay_ledger *l, bool write, struct assay_err *e)
{
    sqlite3_db_config(l->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(l->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_busy_timeout(l->db, BUSY_MS);
    enum assay_status s =
        assay_store_exec(l,
                         "PRAGMA cell_size_check=ON; PRAGMA trusted_schema=OFF;"
                         "PRAGMA synchronous=FULL; PRAGMA fullfsync=ON; PRAGMA checkpoint_fullfsync=ON;",
                         "cannot open", e);
    if (s == ASSAY_OK && !write)
        s = assay_store_exec(l, "PRAGMA query_only=ON", "cannot open", e);
    return s;
}

/* The file on a read-only medium: a WAL database without a WAL may be read as immutable. */
static int open_immutable(struct assay_ledger *l)
{
    char wal[ASSAY_MAX_PATH + 8];
    struct stat st;
    struct assay_buf uri = {.max = 4 * ASSAY_MAX_PATH};
    int rc = SQLITE_CANTOPEN;
    snprintf(wal, sizeof wal, "%s-wal", l->path);
    if (stat(wal, &st) == 0 && st.st_size > 0)
        return rc;
    enum assay_status s = assay_buf_adds(&uri, l->path[0] == '/' ? "file://" : "file:");
    for (const char *p = l->path; *p && s == ASSAY_OK; p++)
        s = strchr("?#%", *p) ? assay_buf_addf(&uri, "%%%02x", *p) : assay_buf_addc(&uri, (uint8_t)*p);
    if (s == ASSAY_OK)
        s = assay_buf_adds(&uri, "?immutable=1");
    if (s == ASSAY_OK && assay_buf_str(&uri)) {
        sqlite3_close(l->db);
        l->db = NULL;
        rc = sqlite3_open_v2((const char *)uri.ptr, &l->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL);
    }
    assay_buf_release(&uri);
    return rc;
}

static enum assay_status open_file(struct assay_ledger *l, bool write, struct assay_err *e)
{
    enum assay_status s;
    struct stat st;
    if (stat(l->path, &st))
        return assay_fail(e, errno == ENOENT ? ASSAY_ENOTFOUND : ASSAY_EIO, "ledger %s: cannot open: %s", l->path,
                          strerror(errno));
    if (!S_ISREG(st.st_mode))
        return assay_fail(e, ASSAY_EIO, "ledger %s: not a regular file", l->path);
    int flags = write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
    if (sqlite3_open_v2(l->path, &l->db, flags, NULL) != SQLITE_OK)
        return assay_store_fail(l, "cannot open", e);
    if ((s = harden(l, write, e)) != ASSAY_OK)
        return s;
    int rc = sqlite3_exec(l->db, "SELECT 1 FROM sqlite_schema", NULL, NULL, NULL);
    if (!write && ((rc & 0xff) == SQLITE_CANTOPEN || (rc & 0xff) == SQLITE_READONLY)) {
        if (open_immutable(l) != SQLITE_OK)
            return assay_store_fail(l, "cannot open", e);
        return harden(l, write, e);
    }
    return rc == SQLITE_OK ? ASSAY_OK : assay_store_fail(l, "not a ledger", e);
}

/* Look up one object's SQL text in our database and compare it with `want`. */
static enum assay_status same_object(struct assay_ledger *l, const char *type, const char *name, const char *want,
                                     struct assay_err *e)
{
    sqlite3_stmt *q;
    enum assay_status s = assay_store_prepare(l, "SELECT sql FROM sqlite_schema WHERE type = ?1 AND name = ?2", &q, e);
    if (s != ASSAY_OK)
        return s;
    sqlite3_bind_text(q, 1, type, -1, SQLITE_STATIC);
    sqlite3_bind_text(q, 2, name, -1, SQLITE_STATIC);
    int rc = sqlite3_step(q);
    const char *sql = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(q, 0) : NULL;
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        s = assay_store_fail(l, "cannot read its schema", e);
    else if (rc == SQLITE_DONE || !sql)
        s = assay_fail(e, ASSAY_ELEDGER, "%s: %s %s is missing", l->path, type, name);
    else if (strcmp(sql, want) != 0)
        s = assay_fail(e, ASSAY_ELEDGER, "%s: %s %s is not as it was created", l->path, type, name);
    sqlite3_finalize(q);
    return s;
}

/* Compare with a fresh schema in memory: the tables alone (to read), or everything (to append). */
static enum assay_status same_schema(struct assay_ledger *l, bool all, struct assay_err *e)
{
    struct assay_ledger ref = {.path = l->path, .lock = -1};
    sqlite3_stmt *q = NULL;
    uint64_t want = 0, have = 0;
    int rc = SQLITE_DONE;
    enum assay_status s = ASSAY_OK;
    if (sqlite3_open_v2(":memory:", &ref.db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) != SQLITE_OK)
        s = assay_store_fail(&ref, "cannot prepare", e);
    if (s == ASSAY_OK)
        s = assay_store_exec(&ref, ASSAY_LEDGER_DDL, "cannot prepare", e);
    if (s == ASSAY_OK)
        s = assay_store_prepare(&ref,
                                "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' "
                                "AND (?1 OR type = 'table') ORDER BY type <> 'table', rowid",
                                &q, e);
    if (s == ASSAY_OK)
        sqlite3_bind_int(q, 1, all);
    while (s == ASSAY_OK && (rc = sqlite3_step(q)) == SQLITE_ROW) {
        want++;
        s = same_object(l, (const char *)sqlite3_column_text(q, 0), (const char *)sqlite3_column_text(q, 1),
                        (const char *)sqlite3_column_text(q, 2), e);
    }
    if (s == ASSAY_OK && rc != SQLITE_DONE)
        s = assay_store_fail(&ref, "cannot prepare", e);
    if (s == ASSAY_OK && all)
        s = assay_store_number(l, "SELECT count(*) FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'", 0, &have, e);
    if (s == ASSAY_OK && all && have != want)
        s = assay_fail(e, ASSAY_ELEDGER, "%s: holds tables, triggers or views that are not a ledger's", l->path);
    sqlite3_finalize(q);
    sqlite3_close(ref.db);
    return s;
}

enum assay_status assay_store_intact(struct assay_ledger *l, struct assay_err *e)
{
    return same_schema(l, true, e);
}

static enum assay_status read_origin(struct assay_ledger *l, struct assay_err *e)
{
    sqlite3_stmt *q;
    enum assay_status s = assay_store_prepare(l, "SELECT value FROM meta WHERE key = 'origin'", &q, e);
    if (s != ASSAY_OK)
        return s;
    int rc = sqlite3_step(q);
    const char *text = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(q, 0) : NULL;
    if (text)
        l->origin = strdup(text);
    if (rc == SQLITE_DONE)
        s = assay_fail(e, ASSAY_ELEDGER, "%s: has no origin", l->path);
    else if (rc != SQLITE_ROW)
        s = assay_store_fail(l, "cannot read its origin", e);
    else if (!l->origin)
        s = assay_fail_nomem(e);
    sqlite3_finalize(q);
    return s;
}

enum assay_status assay_store_open(struct assay_ledger *l, bool write, struct assay_err *e)
{
    uint64_t id, version, n;
    enum assay_status s = open_file(l, write, e);
    if (s == ASSAY_OK)
        s = assay_store_number(l, "PRAGMA application_id", 0, &id, e);
    if (s == ASSAY_OK)
        s = assay_store_number(l, "PRAGMA user_version", 0, &version, e);
    if (s != ASSAY_OK)
        return s;
    if (id != ASSAY_LEDGER_APPLICATION_ID)
        return assay_fail(e, ASSAY_ELEDGER, "%s: not a ledger: its application id is %llu", l->path,
                          (unsigned long long)id);
    if (version != ASSAY_LEDGER_VERSION)
        return assay_fail(e, ASSAY_ELEDGER, "%s: ledger format %llu, this program knows %d", l->path,
                          (unsigned long long)version, ASSAY_LEDGER_VERSION);
    s = same_schema(l, write, e);
    if (s == ASSAY_OK)
        s = read_origin(l, e);
    return s == ASSAY_OK ? assay_store_size(l, &n, e) : s;
}

static enum assay_status fill(struct assay_ledger *l, const char *origin, struct assay_err *e)
{
    sqlite3_stmt *q = NULL;
    enum assay_status s = assay_store_exec(
        l,
        "PRAGMA journal_mode=DELETE; PRAGMA synchronous=FULL; PRAGMA encoding='UTF-8'; BEGIN;" ASSAY_LEDGER_DDL
        "PRAGMA application_id=" STR(ASSAY_LEDGER_APPLICATION_ID) ";PRAGMA user_version=" STR(ASSAY_LEDGER_VERSION),
        "cannot create", e);
    if (s == ASSAY_OK)
        s = assay_store_prepare(l, "INSERT INTO meta VALUES ('origin', ?1)", &q, e);
    if (s == ASSAY_OK) {
        sqlite3_bind_text(q, 1, origin, -1, SQLITE_STATIC);
        if (sqlite3_step(q) != SQLITE_DONE)
            s = assay_store_fail(l, "cannot create", e);
    }
    sqlite3_finalize(q);
    if (s == ASSAY_OK)
        s = assay_store_exec(l, "COMMIT; PRAGMA journal_mode=WAL", "cannot create", e);
    return s;
}

enum assay_status assay_store_create(const char *path, const char *origin, struct assay_err *e)
{
    char tmp[ASSAY_MAX_PATH];
    struct assay_ledger l = {.path = tmp, .lock = -1};
    if (assay_file_exists(path))
        return assay_fail(e, ASSAY_EIO, "%s: exists already, a ledger is never overwritten", path);
    if ((size_t)snprintf(tmp, sizeof tmp, "%s.%ld.tmp", path, (long)getpid()) >= sizeof tmp - 8)
        return assay_fail(e, ASSAY_ELIMIT, "path of more than %d bytes", ASSAY_MAX_PATH);
    unlink(tmp);
    enum assay_status s = ASSAY_OK;
    int fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return assay_fail(e, ASSAY_EIO, "%s: cannot create: %s", tmp, strerror(errno));
    close(fd);
    int rc = sqlite3_open_v2(tmp, &l.db, SQLITE_OPEN_READWRITE, NULL);
    if (rc != SQLITE_OK)
        s = assay_store_fail(&l, "cannot create", e);
    if (s == ASSAY_OK)
        s = fill(&l, origin, e);
    if (sqlite3_close(l.db) != SQLITE_OK && s == ASSAY_OK)
        s = assay_fail(e, ASSAY_EIO, "%s: cannot close", tmp);
    /* link, not rename: two programs that create at once must not replace each other's ledger. */
    if (s == ASSAY_OK && (link(tmp, path) || assay_file_sync_dir(path)))
        s = assay_fail(e, ASSAY_EIO, "%s: cannot create: %s", path, strerror(errno));
    unlink(tmp);
    return s;
}
