/* The SQLite reader: one connection with one read transaction, whose snapshot every scan and count shares. */
#include "sqlite.h"

#include <stdlib.h>
#include <string.h>

#include "assay/limits.h"

#define MIN_ROW_BYTES 4 /* cell pointer, payload length, rowid: no row is smaller, however high its rowid */

static bool sqlite_accepts(const struct assay_locator *loc)
{
    return strncmp(loc->uri, "sqlite:", 7) == 0;
}

void assay_sqlite_free(struct assay_sqlite_reader_state *r)
{
    if (!r)
        return;
    assay_sqlite_release(r);
    pthread_mutex_destroy(&r->lock);
    free(r);
}

enum assay_status assay_sqlite_new(const struct assay_locator *loc, struct assay_sqlite_reader_state **out,
                                   struct assay_err *e)
{
    *out = NULL;
    struct assay_sqlite_reader_state *r = calloc(1, sizeof *r);
    if (!r)
        return assay_fail_nomem(e);
    r->base.ops = &assay_sqlite_reader;
    pthread_mutex_init(&r->lock, NULL);
    r->timeout_s = loc->timeout_s < 1000000 ? loc->timeout_s : 1000000;
    r->path = assay_sqlite_path(loc);
    r->part.name = strdup("all");
    enum assay_status s = r->part.name ? ASSAY_OK : assay_fail_nomem(e);
    if (s == ASSAY_OK && !r->path)
        s = assay_fail(e, ASSAY_ELIMIT, "the path of a SQLite database is over %d bytes", ASSAY_MAX_PATH);
    if (s == ASSAY_OK)
        *out = r;
    else
        assay_sqlite_free(r);
    return s;
}

static void sqlite_close(struct assay_reader *base)
{
    assay_sqlite_free((struct assay_sqlite_reader_state *)base);
}

static enum assay_status sqlite_open(const struct assay_locator *loc, struct assay_reader **out, struct assay_err *e)
{
    struct assay_sqlite_reader_state *r;
    *out = NULL;
    if (!loc->table || !*loc->table)
        return assay_fail(e, ASSAY_EPLAN, "a SQLite side needs the name of a table");
    enum assay_status s = assay_sqlite_new(loc, &r, e);
    if (s == ASSAY_OK && loc->snapshot)
        s = assay_sqlite_use_frozen(r, loc->snapshot, e);
    if (s == ASSAY_OK)
        s = assay_sqlite_open_db(r, e);
    if (s == ASSAY_OK)
        s = assay_sqlite_load(r, loc->table, e);
    if (s == ASSAY_OK)
        *out = &r->base;
    else
        assay_sqlite_free(r);
    return s;
}

static enum assay_status sqlite_schema(struct assay_reader *base, struct assay_schema *out, struct assay_err *e)
{
    const struct assay_schema *own = &((struct assay_sqlite_reader_state *)base)->schema;
    for (size_t i = 0; i < own->n; i++) {
        const struct assay_column *c = &own->col[i];
        enum assay_status s = assay_schema_add(out, c->name, c->native, c->logical, c->nullable, e);
        if (s != ASSAY_OK)
            return s;
        out->col[out->n - 1].binary_order = c->binary_order;
        out->col[out->n - 1].key_pos = c->key_pos;
    }
    out->key_is_unique = own->key_is_unique;
    return ASSAY_OK;
}

/* One part: several connections could not share one snapshot. */
static enum assay_status sqlite_parts(struct assay_reader *base, size_t want, const struct assay_part **out, size_t *n,
                                      struct assay_err *e)
{
    (void)want;
    (void)e;
    *out = &((struct assay_sqlite_reader_state *)base)->part;
    *n = 1;
    return ASSAY_OK;
}

static enum assay_status sqlite_count(struct assay_reader *base, uint64_t *rows, bool *known, struct assay_err *e)
{
    struct assay_sqlite_reader_state *r = (struct assay_sqlite_reader_state *)base;
    sqlite3_int64 n = 0;
    pthread_mutex_lock(&r->lock);
    enum assay_status s = assay_sqlite_int(r, sqlite3_mprintf("SELECT count(*) FROM main.\"%w\"", r->table),
                                           "counting the rows of", &n, known, e);
    pthread_mutex_unlock(&r->lock);
    *rows = (uint64_t)n;
    return s;
}

/* ANALYZE's count when there is one, else the highest rowid: both may be far off, which is what an estimate may be. */
static uint64_t sqlite_estimate(struct assay_reader *base)
{
    struct assay_sqlite_reader_state *r = (struct assay_sqlite_reader_state *)base;
    sqlite3_int64 n = 0;
    bool any = false;
    pthread_mutex_lock(&r->lock);
    if (assay_sqlite_int(r, sqlite3_mprintf("SELECT CAST(stat AS INTEGER) FROM sqlite_stat1 WHERE tbl = %Q", r->table),
                         "estimating", &n, &any, NULL) != ASSAY_OK)
        any = false;
    if (!any && r->rowid)
        assay_sqlite_int(r, sqlite3_mprintf("SELECT max(\"%w\") FROM main.\"%w\"", r->rowid, r->table), "estimating",
                         &n, &any, NULL);
    pthread_mutex_unlock(&r->lock);
    uint64_t most = (uint64_t)r->identity.st_size / MIN_ROW_BYTES;
    return !any || n <= 0 ? 0 : (uint64_t)n < most ? (uint64_t)n : most;
}

static const char *sqlite_token(struct assay_reader *base)
{
    return ((struct assay_sqlite_reader_state *)base)->token;
}

/* A frozen copy was made before it was last written to. */
static int64_t sqlite_as_of(struct assay_reader *base)
{
    const struct assay_sqlite_reader_state *r = (const struct assay_sqlite_reader_state *)base;
    return r->frozen[0] ? r->made : 0;
}

const struct assay_reader_ops assay_sqlite_reader = {
    .name = "sqlite",
    .accepts = sqlite_accepts,
    .open = sqlite_open,
    .schema = sqlite_schema,
    .parts = sqlite_parts,
    .count = sqlite_count,
    .estimate = sqlite_estimate,
    .token = sqlite_token,
    .as_of = sqlite_as_of,
    .scan = assay_sqlite_scan_open,
    .next = assay_sqlite_scan_next,
    .end = assay_sqlite_scan_end,
    .scan_free = assay_sqlite_scan_free,
    .close = sqlite_close,
};
