/* The COPY statement of one scan: select list, block range, sample, window. */
#include "pg.h"

#include <ctype.h>
#include <string.h>

#include "assay/buf.h"

#define SAMPLE_SAFETY 4 /* rows read for one asked for: pages differ in density */
#define SAMPLE_MIN_BLOCKS 300 /* fewer pages would make the cut depend on a handful of them */
#define BLOCK_BYTES 8192

static void add_identifier(struct assay_pg_reader *r, PGconn *conn, const char *name, struct assay_buf *sql, bool *ok)
{
    (void)r;
    char *quoted = PQescapeIdentifier(conn, name, strlen(name));
    if (!quoted || assay_buf_adds(sql, quoted) != ASSAY_OK)
        *ok = false;
    PQfreemem(quoted);
}

/* A column as itself, or as text: by the cast, which prints as the output function does, unless the type has a cast of
 * its own (inet's adds a netmask, xml's keeps the declaration, a user's does anything). IS DISTINCT FROM, since a row
 * of NULLs IS NULL without being NULL. */
static bool add_column(struct assay_pg_reader *r, const struct assay_pg_field *f, struct assay_buf *sql)
{
    bool ok = true, text = f->wire == ASSAY_PGW_AS_TEXT, output = text && f->cast;
    if (output)
        assay_buf_adds(sql, "CASE WHEN ");
    add_identifier(r, r->conn, f->name, sql, &ok);
    if (output) {
        assay_buf_adds(sql, " IS DISTINCT FROM NULL THEN pg_catalog.format('%s', ");
        add_identifier(r, r->conn, f->name, sql, &ok);
    }
    return assay_buf_adds(sql, output ? ") END" : text ? "::pg_catalog.text" : "") == ASSAY_OK && ok;
}

static bool add_columns(struct assay_pg_reader *r, const struct assay_pg_field *field, size_t n, struct assay_buf *sql)
{
    bool ok = true;
    for (size_t i = 0; i < n && ok; i++)
        ok = (i == 0 || assay_buf_adds(sql, ", ") == ASSAY_OK) && add_column(r, &field[i], sql);
    return ok;
}

/* Percentage for TABLESAMPLE SYSTEM; 100: read everything. */
static double sample_percent(struct assay_pg_reader *r, uint64_t wanted)
{
    if (!strchr("rm", r->rel.kind) || r->rel.bytes <= 0)
        return 100;
    double rows = (double)assay_pg_estimate(&r->base);
    double blocks = (double)r->rel.bytes / BLOCK_BYTES;
    if (rows <= 0)
        return 100;
    double by_rows = 100.0 * SAMPLE_SAFETY * (double)wanted / rows;
    double by_blocks = 100.0 * SAMPLE_MIN_BLOCKS / blocks;
    double percent = by_rows > by_blocks ? by_rows : by_blocks;
    return percent >= 50 ? 100 : percent;
}

/* The types whose order in SQL is that of the lexeme's value, with the slack that keeps the filter generous: bounds
 * without a zone may be meant in any zone, and a date bound written as a time stamp is cut to its day. */
static const struct {
    enum assay_pg_wire wire;
    const char *cast, *less, *more;
} window_types[] = {
    {ASSAY_PGW_INT2, "numeric", "", ""},
    {ASSAY_PGW_INT4, "numeric", "", ""},
    {ASSAY_PGW_INT8, "numeric", "", ""},
    {ASSAY_PGW_NUMERIC, "numeric", "", ""},
    {ASSAY_PGW_DATE, "date", " - 1", " + 1"},
    {ASSAY_PGW_TIMESTAMP, "timestamp", " - '1 day'::pg_catalog.interval", " + '1 day'::pg_catalog.interval"},
    {ASSAY_PGW_TIMESTAMPTZ, "timestamptz", " - '1 day'::pg_catalog.interval", " + '1 day'::pg_catalog.interval"},
};

/* A whole number is compared as the column's own type, so that an index serves. */
static const char *int_cast(enum assay_pg_wire wire, const char *lexeme)
{
    size_t digits = strspn(lexeme + (*lexeme == '-'), "0123456789");
    bool whole = digits > 0 && digits <= 18 && lexeme[(*lexeme == '-') + digits] == '\0';
    return whole && wire != ASSAY_PGW_NUMERIC ? "int8" : NULL;
}

static bool add_bound(struct assay_pg_reader *r, size_t type, const char *op, const char *column, const char *lexeme,
                      const char *slack, struct assay_buf *sql)
{
    enum assay_pg_wire wire = window_types[type].wire;
    bool whole_type = wire == ASSAY_PGW_INT2 || wire == ASSAY_PGW_INT4 || wire == ASSAY_PGW_INT8;
    const char *cast = whole_type ? int_cast(wire, lexeme) : NULL;
    char *literal = PQescapeLiteral(r->conn, lexeme, strlen(lexeme));
    bool ok = literal != NULL;
    if (ok) {
        add_identifier(r, r->conn, column, sql, &ok);
        /* 'infinity' minus a day stays infinity, as it should */
        assay_buf_addf(sql, " %s %s::pg_catalog.%s%s", op, literal, cast ? cast : window_types[type].cast, slack);
    }
    PQfreemem(literal);
    return ok;
}

/* Both bounds widened. */
static bool add_one_range(struct assay_pg_reader *r, const struct assay_scan_opts *o, size_t type,
                          const struct assay_range *g, struct assay_buf *sql)
{
    bool ok = assay_buf_adds(sql, "(") == ASSAY_OK;
    if (g->lo)
        ok = ok && add_bound(r, type, ">=", o->window_column, g->lo, window_types[type].less, sql);
    if (g->lo && g->hi)
        ok = ok && assay_buf_adds(sql, " AND ") == ASSAY_OK;
    if (g->hi)
        ok = ok && add_bound(r, type, "<=", o->window_column, g->hi, window_types[type].more, sql);
    return ok && assay_buf_adds(sql, ") OR ") == ASSAY_OK;
}

/* The ranges, or NULL; nothing for a type that SQL might order otherwise than the checker does. numeric's -Infinity and
 * what no 64 bits hold has its place at an end, whichever. */
static bool add_window(struct assay_pg_reader *r, const struct assay_scan_opts *o, const char *lead,
                       struct assay_buf *sql, bool *filtered)
{
    size_t col = assay_schema_find(&r->schema, o->window_column);
    size_t type = 0;
    size_t n = sizeof window_types / sizeof *window_types;
    while (type < n && window_types[type].wire != r->field[col].wire)
        type++;
    const bool whole = o->window_type == ASSAY_L_INTEGER, dated = type < n && window_types[type].less[0];
    if (type == n || (o->window_type != ASSAY_L_NONE && whole == dated))
        return true;
    *filtered = true;
    bool ok = assay_buf_addf(sql, "%s(", lead) == ASSAY_OK;
    for (size_t i = 0; i < o->n_windows && ok; i++)
        ok = add_one_range(r, o, type, &o->window[i], sql);
    if (window_types[type].wire == ASSAY_PGW_NUMERIC) {
        add_identifier(r, r->conn, o->window_column, sql, &ok);
        assay_buf_adds(sql, " < '-9223372036854775808'::pg_catalog.numeric OR ");
    }
    add_identifier(r, r->conn, o->window_column, sql, &ok);
    return assay_buf_adds(sql, " IS NULL)") == ASSAY_OK && ok;
}

static bool add_range(const struct assay_pg_part *g, struct assay_buf *sql)
{
    enum assay_status s = assay_buf_addf(sql, " WHERE ctid >= '(%llu,0)'::pg_catalog.tid", (unsigned long long)g->lo);
    if (s == ASSAY_OK && g->hi != UINT64_MAX)
        s = assay_buf_addf(sql, " AND ctid < '(%llu,0)'::pg_catalog.tid", (unsigned long long)g->hi);
    return s == ASSAY_OK;
}

/* What is deleted is what is delivered, as a SELECT would deliver it. */
static enum assay_status delete_sql(struct assay_pg_reader *r, const struct assay_scan_opts *o,
                                    const struct assay_pg_field *field, struct assay_buf *sql, struct assay_err *e)
{
    bool ok = assay_buf_addf(sql, "COPY (DELETE FROM %s WHERE ", r->rel.quoted) == ASSAY_OK &&
              assay_pg_doomed(r, sql) == ASSAY_OK && assay_buf_adds(sql, " RETURNING tableoid, ctid, ") == ASSAY_OK &&
              add_columns(r, field, o->n_columns, sql) &&
              assay_buf_adds(sql, ") TO STDOUT (FORMAT binary)") == ASSAY_OK;
    return ok && assay_buf_str(sql) ? ASSAY_OK : assay_fail_nomem(e);
}

enum assay_status assay_pg_copy_sql(struct assay_pg_reader *r, size_t part, const struct assay_scan_opts *o,
                                    const struct assay_pg_field *field, struct assay_buf *sql, bool *filtered,
                                    struct assay_err *e)
{
    bool windowed = o->window_column != NULL;
    *filtered = false;
    if (r->doomed)
        return delete_sql(r, o, field, sql, e);
    if (windowed && assay_schema_find(&r->schema, o->window_column) == SIZE_MAX)
        return assay_fail(e, ASSAY_ENOTFOUND, "table %s has no column %s to select a window by", r->rel.show,
                          o->window_column);
    double percent = o->sample ? sample_percent(r, o->sample_rows) : 100;
    pthread_mutex_lock(&r->lock); /* quoting reads the connection's state */
    bool ok = assay_buf_adds(sql, r->writer ? "COPY (SELECT tableoid, ctid, " : "COPY (SELECT ") == ASSAY_OK &&
              add_columns(r, field, o->n_columns, sql);
    assay_buf_addf(sql, " FROM %s", r->rel.quoted);
    if (percent < 100) {
        *filtered = true;
        assay_buf_addf(sql, " TABLESAMPLE SYSTEM (%.6f) REPEATABLE (1)", percent);
    }
    bool ranged = part < r->n_parts && r->n_parts > 1;
    if (ranged)
        ok = ok && add_range(&r->range[part], sql);
    if (windowed)
        ok = ok && add_window(r, o, ranged ? " AND " : " WHERE ", sql, filtered);
    pthread_mutex_unlock(&r->lock);
    assay_buf_adds(sql, ") TO STDOUT (FORMAT binary)");
    return ok && assay_buf_str(sql) ? ASSAY_OK : assay_fail_nomem(e);
}
