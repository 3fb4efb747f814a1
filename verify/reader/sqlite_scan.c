/* Rows of a SQLite table by storage class, whatever their columns declare. */
#include "sqlite.h"

#include <stdlib.h>
#include <string.h>

#include "assay/limits.h"
#include "assay/log.h"
#include "assay/pool.h"

#define BATCH_BYTES ((size_t)4 << 20) /* wide rows end a batch early */

struct sqlite_scan {
    struct assay_scan base;
    struct assay_sqlite_reader_state *r;
    sqlite3_stmt *st;
    size_t n_cols;
    struct assay_value *v; /* ASSAY_BATCH_ROWS x n_cols */
    uint64_t id[ASSAY_BATCH_ROWS]; /* of who wants them */
    struct assay_pool pool; /* of one batch */
    uint64_t rows;
    bool done;
    /* sample by rowid: probe k of n looks for the first row at or after lo + span * k / n */
    bool probing;
    sqlite3_int64 lo, last;
    uint64_t span, probe, probes;
};

void assay_sqlite_scan_free(struct assay_scan *base)
{
    struct sqlite_scan *s = (struct sqlite_scan *)base;
    if (!s)
        return;
    pthread_mutex_lock(&s->r->lock);
    sqlite3_finalize(s->st);
    pthread_mutex_unlock(&s->r->lock);
    assay_pool_release(&s->pool);
    free(s->v);
    free(s);
}

static void set_bad(struct assay_value *v, const char *why)
{
    *v = (struct assay_value){.kind = ASSAY_K_BAD, .len = (uint32_t)strlen(why), .p = (const uint8_t *)why};
}

static uint8_t *put_utf8(uint8_t *w, uint32_t c)
{
    if (c < 0x80) {
        *w++ = (uint8_t)c;
    } else if (c < 0x800) {
        *w++ = (uint8_t)(0xc0 | c >> 6);
        *w++ = (uint8_t)(0x80 | (c & 63));
    } else if (c < 0x10000) {
        *w++ = (uint8_t)(0xe0 | c >> 12);
        *w++ = (uint8_t)(0x80 | (c >> 6 & 63));
        *w++ = (uint8_t)(0x80 | (c & 63));
    } else {
        *w++ = (uint8_t)(0xf0 | c >> 18);
        *w++ = (uint8_t)(0x80 | (c >> 12 & 63));
        *w++ = (uint8_t)(0x80 | (c >> 6 & 63));
        *w++ = (uint8_t)(0x80 | (c & 63));
    }
    return w;
}

/* SQLite's own conversion lets unpaired surrogates swallow their neighbours, so that different texts may become equal.
 */
static bool text_from_utf16(struct sqlite_scan *s, int col, struct assay_value *v)
{
    const uint16_t *t = sqlite3_column_text16(s->st, col);
    size_t n = (size_t)sqlite3_column_bytes16(s->st, col) / 2;
    if (n > ASSAY_MAX_CELL) {
        set_bad(v, "a value over 64 MiB");
        return true;
    }
    uint8_t *p = assay_pool_take(&s->pool, n * 3 + 1), *w = p;
    if (!p || (!t && n))
        return false;
    for (size_t i = 0; i < n; i++) {
        uint32_t c = t[i];
        bool pair = c >= 0xd800 && c < 0xdc00 && i + 1 < n && t[i + 1] >= 0xdc00 && t[i + 1] < 0xe000;
        if (c >= 0xd800 && c < 0xe000 && !pair) {
            set_bad(v, "text that is not valid UTF-16");
            return true;
        }
        if (pair)
            c = 0x10000 + ((c - 0xd800) << 10) + (t[++i] - 0xdc00u);
        w = put_utf8(w, c);
    }
    *v = (struct assay_value){.kind = ASSAY_K_TEXT, .len = (uint32_t)(w - p), .p = p};
    return true;
}

static bool copy_bytes(struct sqlite_scan *s, struct assay_value *v, enum assay_kind kind, const void *from, int n)
{
    if (n > (int)ASSAY_MAX_CELL) {
        set_bad(v, "a value over 64 MiB");
        return true;
    }
    uint8_t *p = assay_pool_take(&s->pool, (size_t)n);
    if (!p || (!from && n))
        return false;
    if (n)
        memcpy(p, from, (size_t)n);
    *v = (struct assay_value){.kind = (uint8_t)kind, .len = (uint32_t)n, .p = p};
    return true;
}

/* false: out of memory. */
static bool read_value(struct sqlite_scan *s, int col, struct assay_value *v)
{
    switch (sqlite3_column_type(s->st, col)) {
    case SQLITE_INTEGER:
        *v = (struct assay_value){.kind = ASSAY_K_INT, .i = sqlite3_column_int64(s->st, col)};
        return true;
    case SQLITE_FLOAT:
        *v = (struct assay_value){.kind = ASSAY_K_F64, .f = sqlite3_column_double(s->st, col)};
        return true;
    case SQLITE_NULL:
        *v = (struct assay_value){.kind = ASSAY_K_NULL};
        return true;
    case SQLITE_BLOB: {
        const void *p = sqlite3_column_blob(s->st, col); /* before the length: the documented order */
        return copy_bytes(s, v, ASSAY_K_BYTES, p, sqlite3_column_bytes(s->st, col));
    }
    default:
        break;
    }
    if (s->r->utf16)
        return text_from_utf16(s, col, v);
    const unsigned char *p = sqlite3_column_text(s->st, col);
    return copy_bytes(s, v, ASSAY_K_TEXT, p, sqlite3_column_bytes(s->st, col));
}

static enum assay_status read_row(struct sqlite_scan *s, struct assay_value *v, struct assay_err *e)
{
    int first = s->probing || s->r->with_ids; /* the rowid stands before the columns */
    for (size_t c = 0; c < s->n_cols; c++)
        if (!read_value(s, (int)c + first, &v[c]))
            return assay_fail_nomem(e);
    return ASSAY_OK;
}

/* The next row of a probe into the rowids, skipping those already seen. */
static int step_probe(struct sqlite_scan *s)
{
    while (s->probe < s->probes) {
        uint64_t off = (uint64_t)((unsigned __int128)s->span * s->probe / s->probes);
        sqlite3_int64 at = (sqlite3_int64)((uint64_t)s->lo + off);
        bool passed = s->probe++ > 0 && at <= s->last;
        if (passed)
            continue;
        sqlite3_reset(s->st);
        sqlite3_bind_int64(s->st, 1, at);
        int rc = sqlite3_step(s->st);
        if (rc != SQLITE_ROW)
            return rc;
        s->last = sqlite3_column_int64(s->st, 0);
        return rc;
    }
    return SQLITE_DONE;
}

static enum assay_status fill(struct sqlite_scan *s, size_t *rows, struct assay_err *e)
{
    enum assay_status st = ASSAY_OK;
    while (st == ASSAY_OK && *rows < ASSAY_BATCH_ROWS && s->pool.taken < BATCH_BYTES) {
        int rc = s->probing ? step_probe(s) : sqlite3_step(s->st);
        if (rc == SQLITE_DONE) {
            s->done = true;
            return assay_sqlite_unchanged(s->r, e);
        }
        if (rc != SQLITE_ROW)
            return assay_sqlite_fail(s->r, s->r->db, "reading", e);
        st = read_row(s, s->v + *rows * s->n_cols, e);
        if (s->r->with_ids)
            s->id[*rows] = s->r->without_rowid ? s->rows + *rows + 1 : (uint64_t)sqlite3_column_int64(s->st, 0);
        *rows += st == ASSAY_OK;
    }
    return st;
}

enum assay_status assay_sqlite_scan_next(struct assay_scan *base, struct assay_batch *b, struct assay_err *e)
{
    struct sqlite_scan *s = (struct sqlite_scan *)base;
    size_t rows = 0;
    assay_pool_reset(&s->pool);
    *b = (struct assay_batch){.cols = s->n_cols, .v = s->v, .first_pos = s->rows + 1};
    b->pos = s->r->with_ids ? s->id : NULL;
    if (s->done)
        return ASSAY_OK;
    if (assay_interrupted())
        return assay_fail(e, ASSAY_EINTR, "interrupted while reading %s", s->r->path);
    pthread_mutex_lock(&s->r->lock);
    enum assay_status st = fill(s, &rows, e);
    pthread_mutex_unlock(&s->r->lock);
    if (st != ASSAY_OK)
        return st;
    s->rows += rows;
    b->rows = rows;
    return ASSAY_OK;
}

void assay_sqlite_scan_end(struct assay_scan *base, struct assay_scan_end *end)
{
    *end = (struct assay_scan_end){.rows = ((struct sqlite_scan *)base)->rows};
}

/* Does a probe pay? Only with far more rowids than rows wanted. */
static enum assay_status plan_probe(struct sqlite_scan *s, const struct assay_scan_opts *o, struct assay_err *e)
{
    struct assay_sqlite_reader_state *r = s->r;
    sqlite3_int64 hi = 0;
    bool any = false, both = false;
    if (!o->sample || !r->rowid || o->sample_rows == 0)
        return ASSAY_OK;
    enum assay_status st = assay_sqlite_int(
        r, sqlite3_mprintf("SELECT min(\"%w\") FROM main.\"%w\"", r->rowid, r->table), "sampling", &s->lo, &any, e);
    if (st == ASSAY_OK)
        st = assay_sqlite_int(r, sqlite3_mprintf("SELECT max(\"%w\") FROM main.\"%w\"", r->rowid, r->table), "sampling",
                              &hi, &both, e);
    if (st != ASSAY_OK || !any || !both)
        return st;
    s->span = (uint64_t)hi - (uint64_t)s->lo;
    s->probes = o->sample_rows;
    s->probing = s->span / 8 > s->probes;
    return ASSAY_OK;
}

static void add_ids(sqlite3_str *sql, const struct assay_sqlite_reader_state *r)
{
    for (size_t i = 0; i < r->n_doomed; i++)
        sqlite3_str_appendf(sql, "%s%lld", i ? "," : "", (long long)r->doomed[i]);
}

static const char binary[] = " COLLATE BINARY";

/* The columns of the primary key, compared byte by byte: its own collation might take two for one, or one for two. */
static void add_key(sqlite3_str *sql, const struct assay_schema *s, const char *collate)
{
    const struct assay_column *key[ASSAY_MAX_COLUMNS] = {0};
    size_t n = 0;
    for (size_t i = 0; i < s->n && i < ASSAY_MAX_COLUMNS; i++)
        if (s->col[i].key_pos && s->col[i].key_pos <= ASSAY_MAX_COLUMNS) {
            key[s->col[i].key_pos - 1] = &s->col[i];
            n++;
        }
    for (size_t i = 0; i < n && key[i]; i++)
        sqlite3_str_appendf(sql, "%s\"%w\"%s", i ? "," : "", key[i]->name, collate);
}

/* The rows at those places of the scan before, which nobody has changed since: the write lock is held. */
static void add_places(sqlite3_str *sql, const struct assay_sqlite_reader_state *r)
{
    sqlite3_str_appendall(sql, "(");
    add_key(sql, &r->schema, binary);
    sqlite3_str_appendall(sql, ") IN (SELECT ");
    add_key(sql, &r->schema, binary);
    sqlite3_str_appendall(sql, " FROM (SELECT ");
    add_key(sql, &r->schema, "");
    sqlite3_str_appendall(sql, ", row_number() OVER (ORDER BY ");
    add_key(sql, &r->schema, binary);
    sqlite3_str_appendf(sql, ") AS \"place of\" FROM main.\"%w\"%s) WHERE \"place of\" IN (", r->table,
                        r->where ? r->where : "");
    add_ids(sql, r);
    sqlite3_str_appendall(sql, "))");
}

/* What is deleted is what is delivered: the values go through the same steps as those of a SELECT. */
static char *delete_sql(const struct sqlite_scan *s, const struct assay_scan_opts *o)
{
    const struct assay_sqlite_reader_state *r = s->r;
    sqlite3_str *sql = sqlite3_str_new(r->db);
    sqlite3_str_appendf(sql, "DELETE FROM main.\"%w\" WHERE ", r->table);
    if (r->without_rowid) {
        add_places(sql, r);
        sqlite3_str_appendall(sql, " RETURNING 0");
    } else {
        sqlite3_str_appendf(sql, "\"%w\" IN (", r->rowid);
        add_ids(sql, r);
        sqlite3_str_appendf(sql, ") RETURNING \"%w\"", r->rowid);
    }
    for (size_t i = 0; i < o->n_columns; i++)
        sqlite3_str_appendf(sql, ",\"%w\"", o->columns[i]);
    return sqlite3_str_finish(sql);
}

/* Ids of rows without a rowid are their places, in the order of their key, in what this scan selects. */
static void add_order(sqlite3_str *sql, struct assay_sqlite_reader_state *r, const char *where)
{
    sqlite3_str_appendall(sql, " ORDER BY ");
    add_key(sql, &r->schema, binary);
    sqlite3_free(r->where);
    r->where = sqlite3_mprintf("%s", where ? where : "");
}

static char *select_sql(const struct sqlite_scan *s, const struct assay_scan_opts *o)
{
    struct assay_sqlite_reader_state *r = s->r;
    sqlite3_str *sql = sqlite3_str_new(r->db);
    const bool id = s->probing || r->with_ids, place = r->with_ids && r->without_rowid;
    if (id && !place)
        sqlite3_str_appendf(sql, "SELECT \"%w\"", r->rowid);
    else
        sqlite3_str_appendall(sql, place ? "SELECT 0" : o->n_columns ? "SELECT " : "SELECT 1");
    for (size_t i = 0; i < o->n_columns; i++)
        sqlite3_str_appendf(sql, "%s\"%w\"", i || id ? "," : "", o->columns[i]);
    sqlite3_str_appendf(sql, " FROM main.\"%w\"", r->table);
    char *where = o->window_column && !s->probing ? assay_sqlite_window(r->db, o) : NULL;
    if (s->probing)
        sqlite3_str_appendf(sql, " WHERE \"%w\" >= ?1 ORDER BY \"%w\" LIMIT 1", r->rowid, r->rowid);
    else if (where)
        sqlite3_str_appendall(sql, where); /* without one, all rows are delivered */
    if (place)
        add_order(sql, r, where);
    sqlite3_free(where);
    return sqlite3_str_finish(sql);
}

static enum assay_status start(struct sqlite_scan *s, const struct assay_scan_opts *o, struct assay_err *e)
{
    for (size_t i = 0; i < o->n_columns; i++)
        if (assay_schema_find(&s->r->schema, o->columns[i]) == SIZE_MAX)
            return assay_fail(e, ASSAY_ENOTFOUND, "table %s of %s has no column %s", s->r->table, s->r->path,
                              o->columns[i]);
    if (o->window_column && assay_schema_find(&s->r->schema, o->window_column) == SIZE_MAX)
        return assay_fail(e, ASSAY_ENOTFOUND, "table %s of %s has no column %s to select a window by", s->r->table,
                          s->r->path, o->window_column);
    pthread_mutex_lock(&s->r->lock);
    enum assay_status st = plan_probe(s, o, e);
    if (st == ASSAY_OK)
        st = assay_sqlite_prepare(s->r, s->r->doomed ? delete_sql(s, o) : select_sql(s, o),
                                  s->r->doomed ? "deleting from" : "reading", &s->st, e);
    pthread_mutex_unlock(&s->r->lock);
    return st;
}

enum assay_status assay_sqlite_scan_open(struct assay_reader *base, size_t part, const struct assay_scan_opts *o,
                                         struct assay_scan **out, struct assay_err *e)
{
    struct assay_sqlite_reader_state *r = (struct assay_sqlite_reader_state *)base;
    *out = NULL;
    if (part != 0 || o->n_columns > ASSAY_MAX_COLUMNS)
        return assay_fail(e, ASSAY_ELIMIT, "reading %s: no such part, or too many columns", r->path);
    struct sqlite_scan *s = calloc(1, sizeof *s);
    if (!s)
        return assay_fail_nomem(e);
    s->base.ops = &assay_sqlite_reader;
    s->r = r;
    s->n_cols = o->n_columns;
    s->v = calloc(o->n_columns * ASSAY_BATCH_ROWS + 1, sizeof *s->v);
    enum assay_status st = s->v ? start(s, o, e) : assay_fail_nomem(e);
    if (st != ASSAY_OK) {
        assay_sqlite_scan_free(&s->base);
        return st;
    }
    *out = &s->base;
    return ASSAY_OK;
}
