/* What the files of the SQLite reader share. */
#ifndef ASSAY_SQLITE_READER_H
#define ASSAY_SQLITE_READER_H

#include <pthread.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "assay/reader.h"

enum assay_sqlite_kind { SQLITE_A_TABLE, SQLITE_A_VIEW, SQLITE_A_VIRTUAL_TABLE };

struct assay_sqlite_reader_state {
    struct assay_reader base;
    sqlite3 *db; /* holds one read transaction from open to close; guarded by lock */
    pthread_mutex_t lock; /* the connection is opened without its own mutexes */
    char *path; /* as opened, relative to the working directory or absolute */
    char *table; /* as the database spells it */
    enum assay_sqlite_kind kind; /* of it */
    char *token;
    struct assay_schema schema;
    struct assay_part part;
    struct stat identity; /* of the file at open, when it is read without locks */
    int timeout_s; /* how long to wait for a lock; 0: the default */
    char frozen[65]; /* SHA-256 of the file when it is a frozen copy, else "" */
    int64_t made; /* of a frozen copy: when it was last written to, seconds since 1970 */
    bool immutable; /* opened without locks: identity is checked at the end of every scan */
    bool utf16; /* text is stored as UTF-16 */
    const char
        *rowid; /* a name under which the table's rowids can be had; NULL: there is none. Static, or the schema's */
    bool without_rowid; /* there are none */
    bool with_ids; /* for who deletes: the position of a row is its rowid, or its place in the scan, by primary key */
    char *where; /* without_rowid: of the scan whose places they are, "" for none; for sqlite3_free */
    const uint64_t
        *doomed; /* a scan deletes the rows of these ids, and delivers what was deleted; NULL: it only reads */
    size_t n_doomed;
};

/* ---- sqlite.c ---- */

/* A state for that locator, nothing opened yet; on failure *out is NULL. assay_sqlite_free closes what was opened. */
enum assay_status assay_sqlite_new(const struct assay_locator *loc, struct assay_sqlite_reader_state **out,
                                   struct assay_err *e);
void assay_sqlite_free(struct assay_sqlite_reader_state *r); /* NULL is a no-op */

/* ---- sqlite_open.c ---- */

/* Open r->path read-only, in a private copy where a lock would block the database's writers; sets db, token, immutable.
 */
enum assay_status assay_sqlite_open_db(struct assay_sqlite_reader_state *r, struct assay_err *e);
/* The file itself, copied or not; *wal: it is in WAL mode. */
enum assay_status assay_sqlite_open_file(struct assay_sqlite_reader_state *r, bool *wal, struct assay_err *e);
/* Open r->path for deleting, without a transaction. */
enum assay_status assay_sqlite_open_writer(struct assay_sqlite_reader_state *r, struct assay_err *e);
/* All pages of r->db to another connection. */
enum assay_status assay_sqlite_copy_pages(struct assay_sqlite_reader_state *r, sqlite3 *to, struct assay_err *e);
/* Is there a file of that suffix beside the database that holds anything? Unreadable counts as yes. */
bool assay_sqlite_companion(const struct assay_sqlite_reader_state *r, const char *suffix);
/* ASSAY_ECHANGED when a file that is read without locks is not the one opened. */
enum assay_status assay_sqlite_unchanged(const struct assay_sqlite_reader_state *r, struct assay_err *e);
/* Record the connection's last error. `doing` begins the sentence; the path follows, and the table once known. */
enum assay_status assay_sqlite_fail(const struct assay_sqlite_reader_state *r, sqlite3 *db, const char *doing,
                                    struct assay_err *e);
/* Prepare sql, which is freed (sqlite3_mprintf); NULL sql is out of memory. */
enum assay_status assay_sqlite_prepare(const struct assay_sqlite_reader_state *r, char *sql, const char *doing,
                                       sqlite3_stmt **out, struct assay_err *e);
/* The first column of the first row as an integer; *any false without a row. sql as above. */
enum assay_status assay_sqlite_int(const struct assay_sqlite_reader_state *r, char *sql, const char *doing,
                                   sqlite3_int64 *out, bool *any, struct assay_err *e);

/* ---- sqlite_schema.c ---- */

/* Find the table that the locator names and load its columns: sets table, kind, schema, rowid, utf16. */
enum assay_status assay_sqlite_load(struct assay_sqlite_reader_state *r, const char *named, struct assay_err *e);
/* For who asks about the table and reads no rows: r, empty, is open and loaded. Also on failure assay_sqlite_release
 * ends it. */
enum assay_status assay_sqlite_visit(const struct assay_locator *loc, struct assay_sqlite_reader_state *r,
                                     struct assay_err *e);

/* A statement that delivers name, type, "notnull" and pk of the table's columns, in their order. */
enum assay_status assay_sqlite_columns(const struct assay_sqlite_reader_state *r, sqlite3_stmt **out,
                                       struct assay_err *e);

/* ---- sqlite_frozen.c ---- */

/* The file that a locator means, or NULL when its path is too long; the caller frees it. Never begins with "file:" or
 * ":memory:", which SQLite would interpret. */
char *assay_sqlite_path(const struct assay_locator *loc);
/* Read the frozen copy `snapshot`, "[sha256:HEX:]PATH", instead of the database: sets path and frozen. ASSAY_ECHANGED
 * when the file has other bytes than HEX says. */
enum assay_status assay_sqlite_use_frozen(struct assay_sqlite_reader_state *r, const char *snapshot,
                                          struct assay_err *e);
/* All that r holds. */
void assay_sqlite_release(struct assay_sqlite_reader_state *r);

/* ---- sqlite_window.c ---- */

/* The WHERE clause of the scan's filter, "" when none would be safe; NULL: out of memory. For sqlite3_free. */
char *assay_sqlite_window(sqlite3 *db, const struct assay_scan_opts *o);

/* ---- sqlite_scan.c ---- */

enum assay_status assay_sqlite_scan_open(struct assay_reader *base, size_t part, const struct assay_scan_opts *o,
                                         struct assay_scan **out, struct assay_err *e);
enum assay_status assay_sqlite_scan_next(struct assay_scan *base, struct assay_batch *b, struct assay_err *e);
void assay_sqlite_scan_end(struct assay_scan *base, struct assay_scan_end *end);
void assay_sqlite_scan_free(struct assay_scan *base);

#endif
