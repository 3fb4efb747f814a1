/* One COPY on its own connection, decoded straight from libpq's row buffers. */
#include "pg.h"

#include <stdlib.h>
#include <string.h>

#include "assay/buf.h"
#include "assay/limits.h"

/* A batch keeps the row buffers of libpq alive, so wide rows end it early. */
#define BATCH_BYTES ((size_t)4 << 20)

struct pg_scan {
    struct assay_scan base;
    struct assay_pg_reader *r;
    PGconn *conn;
    struct assay_pg_decoder dec;
    struct assay_pg_field *field; /* the columns asked for */
    struct assay_value *v; /* ASSAY_BATCH_ROWS x n */
    struct assay_pool pool; /* what the values of the batch point to beside the row buffers */
    char *row[ASSAY_BATCH_ROWS]; /* buffers of the batch, freed at the next call */
    uint64_t id[ASSAY_BATCH_ROWS]; /* of who deletes */
    size_t n_rows;
    uint64_t rows; /* delivered so far */
    uint64_t claimed;
    bool filtered, header, trailer, copying, done;
};

static void free_rows(struct pg_scan *s)
{
    for (size_t i = 0; i < s->n_rows; i++)
        PQfreemem(s->row[i]);
    s->n_rows = 0;
    assay_pool_reset(&s->pool);
}

/* Whatever else comes of a COPY on a connection that goes on to be used. */
static void drain(PGconn *conn)
{
    PGresult *res;
    char *buf;
    while (PQgetCopyData(conn, &buf, 0) > 0)
        PQfreemem(buf);
    while ((res = PQgetResult(conn)))
        PQclear(res);
}

void assay_pg_scan_free(struct assay_scan *base)
{
    struct pg_scan *s = (struct pg_scan *)base;
    if (!s)
        return;
    if (s->copying && PQstatus(s->conn) == CONNECTION_OK)
        assay_pg_cancel(s->conn);
    free_rows(s);
    if (s->conn && s->r->writer)
        drain(s->conn);
    else
        PQfinish(s->conn);
    free(s->field);
    free(s->v);
    assay_pool_release(&s->pool);
    free(s);
}

static enum assay_status map_columns(struct pg_scan *s, const struct assay_scan_opts *o, struct assay_err *e)
{
    s->field = calloc(o->n_columns + 1, sizeof *s->field);
    s->v = calloc(o->n_columns * ASSAY_BATCH_ROWS + 1, sizeof *s->v);
    if (!s->field || !s->v)
        return assay_fail_nomem(e);
    for (size_t i = 0; i < o->n_columns; i++) {
        size_t at = assay_schema_find(&s->r->schema, o->columns[i]);
        if (at == SIZE_MAX)
            return assay_fail(e, ASSAY_ENOTFOUND, "table %s has no column %s", s->r->rel.show, o->columns[i]);
        s->field[i] = s->r->field[at];
        if (o->types && o->types[i] == ASSAY_L_TEXT && s->field[i].wire >= ASSAY_PGW_ARRAY)
            s->field[i].wire = ASSAY_PGW_AS_TEXT;
    }
    s->dec = (struct assay_pg_decoder){.field = s->field, .n = o->n_columns, .table = s->r->rel.show};
    return ASSAY_OK;
}

static enum assay_status start_copy(struct pg_scan *s, const char *sql, struct assay_err *e)
{
    s->conn = s->r->writer ? s->r->conn : assay_pg_connect(s->r, e);
    if (!s->conn)
        return e && e->code ? e->code : ASSAY_ESOURCE;
    enum assay_status st = s->r->writer ? ASSAY_OK : assay_pg_begin(s->r, s->conn, s->r->snapshot, e);
    PGresult *res = NULL;
    if (st == ASSAY_OK)
        st = assay_pg_exec(s->r, s->conn, "reading table", sql, NULL, &res, e);
    if (st == ASSAY_OK && (PQresultStatus(res) != PGRES_COPY_OUT || !PQbinaryTuples(res)))
        st = assay_fail(e, ASSAY_ESOURCE, "reading table %s: the server did not start a binary COPY", s->r->rel.show);
    s->copying = st == ASSAY_OK;
    PQclear(res);
    return st;
}

enum assay_status assay_pg_scan_open(struct assay_reader *base, size_t part, const struct assay_scan_opts *o,
                                     struct assay_scan **out, struct assay_err *e)
{
    struct assay_pg_reader *r = (struct assay_pg_reader *)base;
    if (o->n_columns > ASSAY_MAX_COLUMNS)
        return assay_fail(e, ASSAY_ELIMIT, "more than %d columns of table %s asked for", ASSAY_MAX_COLUMNS,
                          r->rel.show);
    struct pg_scan *s = calloc(1, sizeof *s);
    struct assay_buf sql = {0};
    enum assay_status st = s ? ASSAY_OK : assay_fail_nomem(e);
    if (st == ASSAY_OK) {
        s->base.ops = &assay_pg_reader;
        s->r = r;
        st = map_columns(s, o, e);
    }
    if (st == ASSAY_OK)
        st = assay_pg_copy_sql(r, part, o, s->field, &sql, &s->filtered, e);
    if (st == ASSAY_OK)
        st = start_copy(s, (const char *)sql.ptr, e);
    if (st != ASSAY_OK) {
        assay_pg_scan_free(s ? &s->base : NULL);
        s = NULL;
    }
    assay_buf_release(&sql);
    *out = s ? &s->base : NULL;
    return st;
}

static enum assay_status fail_stream(struct pg_scan *s, const PGresult *res, struct assay_err *e)
{
    if (!assay_pg_gone(s->conn, res))
        return assay_pg_fail(s->r, s->conn, res, "reading table", e);
    char cause[700];
    assay_pg_cause(s->r, s->conn, res, cause, sizeof cause);
    return assay_fail(e, ASSAY_ESOURCE, "table %s: server closed the connection after %llu rows: %s", s->r->rel.show,
                      (unsigned long long)(s->rows + s->n_rows), cause);
}

/* The stream has ended: only a COPY command tag that agrees with what came makes the read complete. */
static enum assay_status finish(struct pg_scan *s, struct assay_err *e)
{
    PGresult *res = PQgetResult(s->conn);
    enum assay_status st = ASSAY_OK;
    uint64_t rows = s->rows + s->n_rows;
    s->copying = false;
    if (PQresultStatus(res) != PGRES_COMMAND_OK) {
        st = fail_stream(s, res, e);
    } else {
        s->claimed = strtoull(PQcmdTuples(res), NULL, 10);
        if (!s->header || !s->trailer)
            st = assay_fail(e, ASSAY_EDATA, "table %s: the COPY stream ended without its trailer after %llu rows",
                            s->r->rel.show, (unsigned long long)rows);
        else if (s->claimed != rows)
            st = assay_fail(e, ASSAY_EDATA, "table %s: the server says it sent %llu rows, %llu arrived", s->r->rel.show,
                            (unsigned long long)s->claimed, (unsigned long long)rows);
    }
    PQclear(res);
    s->done = st == ASSAY_OK;
    return st;
}

/* One message of n bytes: header, trailer, or a tuple (with the header before the first). Takes the buffer. */
static enum assay_status take_message(struct pg_scan *s, char *buf, size_t n, struct assay_err *e)
{
    uint8_t *p = (uint8_t *)buf;
    s->row[s->n_rows] = buf;
    if (!s->header) {
        size_t skip = assay_pg_header(p, n, s->r->rel.show, e);
        if (skip == 0) {
            PQfreemem(buf);
            return ASSAY_EDATA;
        }
        s->header = true;
        p += skip;
        n -= skip;
    }
    bool trailer = assay_pg_is_trailer(p, n);
    if (n == 0 || trailer) {
        s->trailer = trailer;
        PQfreemem(buf);
        return ASSAY_OK;
    }
    uint64_t ordinal = s->rows + s->n_rows + 1;
    enum assay_status st =
        !s->trailer ? ASSAY_OK
                    : assay_fail(e, ASSAY_EDATA, "table %s: the server sent rows after the end of its COPY stream",
                                 s->r->rel.show);
    if (st == ASSAY_OK && s->r->writer)
        st = assay_pg_take_id(s->r, &p, &n, s->dec.n, &s->id[s->n_rows], e);
    if (st == ASSAY_OK)
        st = assay_pg_tuple(&s->dec, p, n, ordinal, s->v + s->n_rows * s->dec.n, &s->pool, e);
    if (st != ASSAY_OK) {
        PQfreemem(buf);
        return st;
    }
    s->n_rows++;
    return ASSAY_OK;
}

static enum assay_status fill(struct pg_scan *s, struct assay_err *e)
{
    size_t bytes = 0;
    while (s->n_rows < ASSAY_BATCH_ROWS && bytes < BATCH_BYTES) {
        char *buf = NULL;
        int n = PQgetCopyData(s->conn, &buf, 1);
        if (n == -1)
            return finish(s, e);
        enum assay_status st = ASSAY_OK;
        if (n > 0) {
            bytes += (size_t)n;
            st = take_message(s, buf, (size_t)n, e);
        } else if (n == 0) {
            st = assay_pg_wait(s->conn, e);
        }
        if (n < -1 || (st == ASSAY_ESOURCE && n == 0))
            return fail_stream(s, NULL, e);
        if (st != ASSAY_OK)
            return st;
    }
    return ASSAY_OK;
}

enum assay_status assay_pg_scan_next(struct assay_scan *base, struct assay_batch *b, struct assay_err *e)
{
    struct pg_scan *s = (struct pg_scan *)base;
    free_rows(s);
    *b = (struct assay_batch){.cols = s->dec.n, .v = s->v, .first_pos = s->rows + 1};
    b->pos = s->r->writer ? s->id : NULL;
    if (s->done)
        return ASSAY_OK;
    enum assay_status st = fill(s, e);
    if (st != ASSAY_OK)
        return st;
    b->rows = s->n_rows;
    s->rows += s->n_rows;
    return ASSAY_OK;
}

void assay_pg_scan_end(struct assay_scan *base, struct assay_scan_end *end)
{
    const struct pg_scan *s = (const struct pg_scan *)base;
    *end = (struct assay_scan_end){.rows = s->rows, .counted = !s->filtered, .claimed_rows = s->claimed};
}
