/* Deleting rows of a SQLite table, by rowid or by primary key. The write lock is taken at the beginning: nobody else
 * writes meanwhile. */
#include <string.h>

#include "deleter.h"
#include "sqlite.h"

static void sqlite_close(void *d)
{
    assay_sqlite_free(d);
}

static enum assay_status sqlite_open(const struct assay_locator *loc, void **out, struct assay_err *e)
{
    struct assay_sqlite_reader_state *r;
    enum assay_status s = assay_sqlite_new(loc, &r, e);
    if (s == ASSAY_OK)
        s = assay_sqlite_open_writer(r, e);
    if (s == ASSAY_OK)
        s = assay_sqlite_load(r, loc->table, e);
    if (s == ASSAY_OK && r->kind != SQLITE_A_TABLE)
        s = assay_fail(e, ASSAY_EUSAGE, "%s of %s is no table: its rows cannot be deleted", r->table, r->path);
    if (s == ASSAY_OK && !r->rowid && !r->without_rowid)
        s = assay_fail(e, ASSAY_EUSAGE,
                       "table %s of %s has columns called rowid, oid and _rowid_, which hide what its rows go by",
                       r->table, r->path);
    if (s != ASSAY_OK) {
        assay_sqlite_free(r);
        return s;
    }
    r->with_ids = true;
    *out = r;
    return ASSAY_OK;
}

static enum assay_status run(const struct assay_sqlite_reader_state *r, const char *sql, const char *doing,
                             struct assay_err *e)
{
    return sqlite3_exec(r->db, sql, NULL, NULL, NULL) == SQLITE_OK ? ASSAY_OK : assay_sqlite_fail(r, r->db, doing, e);
}

static enum assay_status sqlite_begin(void *d, struct assay_err *e)
{
    return run(d, "BEGIN IMMEDIATE", "opening a transaction on", e);
}

static enum assay_status sqlite_place(void *d, struct assay_place *out, struct assay_err *e)
{
    return assay_sqlite_place_of(d, out, e);
}

/* The write lock keeps the schema as it is; it may have changed before. */
static enum assay_status sqlite_obstacles(void *d, struct obstacles *l, struct assay_err *e)
{
    const struct assay_sqlite_reader_state *r = d;
    sqlite3_stmt *st = NULL;
    size_t n = 0;
    bool same = true;
    enum assay_status s = assay_sqlite_columns(r, &st, e);
    for (; s == ASSAY_OK && sqlite3_step(st) == SQLITE_ROW; n++) {
        const char *name = (const char *)sqlite3_column_text(st, 0);
        same = same && name && n < r->schema.n && strcmp(name, r->schema.col[n].name) == 0;
    }
    sqlite3_finalize(st);
    if (s == ASSAY_OK && (!same || n != r->schema.n))
        s = assay_fail(e, ASSAY_ESOURCE, "table %s of %s has other columns than when the run began", r->table, r->path);
    return s == ASSAY_OK ? assay_sqlite_obstacles_of(r, l, e) : s;
}

/* SQLite counts changes of all tables together: the rows are counted instead. */
static enum assay_status sqlite_tally(void *d, struct assay_deleter_tally *out, struct assay_err *e)
{
    const struct assay_sqlite_reader_state *r = d;
    bool any;
    sqlite3_int64 n = 0;
    enum assay_status s = assay_sqlite_int(r, sqlite3_mprintf("SELECT count(*) FROM main.\"%w\"", r->table),
                                           "counting the rows of", &n, &any, e);
    *out = (struct assay_deleter_tally){.rows = n};
    return s;
}

static enum assay_status sqlite_settle(void *d, struct assay_err *e)
{
    const struct assay_sqlite_reader_state *r = d;
    int broken = 0, ignored;
    if (sqlite3_db_status(r->db, SQLITE_DBSTATUS_DEFERRED_FKS, &broken, &ignored, 0) == SQLITE_OK && !broken)
        return ASSAY_OK;
    return assay_fail(e, ASSAY_ESOURCE, "deleting from %s, table %s: FOREIGN KEY constraint failed", r->path, r->table);
}

/* One that could not be committed stays open. */
static enum assay_status sqlite_commit(void *d, bool *unknown, struct assay_err *e)
{
    const struct assay_sqlite_reader_state *r = d;
    enum assay_status s = run(d, "COMMIT", "committing to", e);
    *unknown = s != ASSAY_OK && sqlite3_get_autocommit(r->db);
    return s;
}

static void sqlite_rollback(void *d)
{
    struct assay_err ignored = {0}; /* without its connection the transaction ends anyway */
    (void)run(d, "ROLLBACK", "rolling back", &ignored);
}

static struct assay_reader *sqlite_reader(void *d)
{
    return &((struct assay_sqlite_reader_state *)d)->base;
}

static void sqlite_doom(void *d, const uint64_t *id, size_t n)
{
    struct assay_sqlite_reader_state *r = d;
    r->doomed = id;
    r->n_doomed = n;
}

const struct deleter_ops assay_sqlite_deleter = {
    .open = sqlite_open,
    .place = sqlite_place,
    .begin = sqlite_begin,
    .obstacles = sqlite_obstacles,
    .tally = sqlite_tally,
    .settle = sqlite_settle,
    .commit = sqlite_commit,
    .rollback = sqlite_rollback,
    .reader = sqlite_reader,
    .doom = sqlite_doom,
    .close = sqlite_close,
};
