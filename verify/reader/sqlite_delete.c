/* Deleting rows of a SQLite table, by rowid. The write lock is taken at the beginning: nobody else writes meanwhile. */
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
    if (s == ASSAY_OK && !r->rowid)
        s = assay_fail(e, ASSAY_EUSAGE,
                       "table %s of %s has no rowid, or a column of that name: its rows cannot be told apart by an id",
                       r->table, r->path);
    if (s != ASSAY_OK) {
        assay_sqlite_free(r);
        return s;
    }
    r->with_ids = true;
    *out = r;
    return ASSAY_OK;
}

static enum assay_status run(struct assay_sqlite_reader_state *r, const char *sql, const char *doing,
                             struct assay_err *e)
{
    return sqlite3_exec(r->db, sql, NULL, NULL, NULL) == SQLITE_OK ? ASSAY_OK : assay_sqlite_fail(r, r->db, doing, e);
}

static enum assay_status sqlite_begin(void *d, struct assay_err *e)
{
    return run(d, "BEGIN IMMEDIATE", "opening a transaction on", e);
}

static enum assay_status sqlite_commit(void *d, struct assay_err *e)
{
    return run(d, "COMMIT", "committing to", e);
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
    .begin = sqlite_begin,
    .commit = sqlite_commit,
    .rollback = sqlite_rollback,
    .reader = sqlite_reader,
    .doom = sqlite_doom,
    .close = sqlite_close,
};
