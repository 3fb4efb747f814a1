/* Deleting rows of a PostgreSQL table, by ctid, in one repeatable-read transaction: who changed a row meanwhile is
 * noticed by the server when the row is deleted. Reading and deleting are two COPYs of one shape. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/buf.h"
#include "deleter.h"
#include "pg.h"

static void pg_close(void *d)
{
    struct assay_pg_reader *r = d;
    if (!r)
        return;
    free(r->kin);
    assay_pg_reader.close(&r->base);
}

static enum assay_status run(struct assay_pg_reader *r, const char *sql, const char *doing, struct assay_err *e)
{
    return assay_pg_exec(r, r->conn, doing, sql, NULL, NULL, e);
}

static enum assay_status pg_open(const struct assay_locator *loc, void **out, struct assay_err *e)
{
    struct assay_pg_reader *r = calloc(1, sizeof *r);
    if (!r)
        return assay_fail_nomem(e);
    r->base.ops = &assay_pg_reader;
    r->loc = *loc;
    r->writer = true;
    pthread_mutex_init(&r->lock, NULL);
    struct assay_err own = {0};
    enum assay_status s = ASSAY_OK;
    if (!(r->conn = assay_pg_connect(r, &own)))
        s = own.code;
    if (s == ASSAY_OK)
        s = assay_pg_begin(r, r->conn, NULL, &own);
    if (s == ASSAY_OK)
        s = assay_pg_resolve(r, &own);
    if (s == ASSAY_OK && !strchr("rp", r->rel.kind))
        s = assay_fail(&own, ASSAY_EUSAGE, "%s is no table: its rows cannot be deleted", r->rel.show);
    if (s == ASSAY_OK)
        s = assay_pg_load_columns(r, &own);
    if (s == ASSAY_OK)
        s = run(r, "COMMIT", "ending a transaction on", &own);
    if (s != ASSAY_OK) {
        assay_fail(e, s, "%s", own.msg);
        pg_close(r);
        return s;
    }
    *out = r;
    return ASSAY_OK;
}

static enum assay_status pg_place(void *d, struct assay_place *out, struct assay_err *e)
{
    return assay_pg_place_of(d, out, e);
}

static enum assay_status pg_begin(void *d, struct assay_err *e)
{
    struct assay_pg_reader *r = d;
    r->n_kin = 0;
    return assay_pg_begin_write(r, r->conn, e);
}

/* Are the columns those that were there at open? One that was added since would be lost unproven. */
static enum assay_status same_columns(struct assay_pg_reader *r, struct assay_err *e)
{
    static const char sql[] =
        "SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod) FROM pg_catalog.pg_attribute a "
        "WHERE a.attrelid = $1::pg_catalog.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum";
    PGresult *res = NULL;
    enum assay_status s = assay_pg_exec_table(r, "reading the columns of", sql, &res, e);
    bool same = s == ASSAY_OK && (size_t)PQntuples(res) == r->schema.n;
    for (int i = 0; same && i < PQntuples(res); i++)
        same = strcmp(PQgetvalue(res, i, 0), r->schema.col[i].name) == 0 &&
               strcmp(PQgetvalue(res, i, 1), r->schema.col[i].native) == 0;
    PQclear(res);
    return s != ASSAY_OK || same
               ? s
               : assay_fail(e, ASSAY_ESOURCE, "table %s has other columns than when the run began", r->rel.show);
}

static enum assay_status triggers_fire(struct assay_pg_reader *r, struct assay_err *e)
{
    PGresult *res = NULL;
    enum assay_status s = assay_pg_exec(r, r->conn, "looking at the session for",
                                        "SELECT pg_catalog.current_setting('session_replication_role')", NULL, &res, e);
    if (s == ASSAY_OK && strcmp(PQgetvalue(res, 0, 0), "origin") != 0)
        s = assay_fail(e, ASSAY_ESOURCE,
                       "session_replication_role is %s for this account: foreign keys would not be kept",
                       PQgetvalue(res, 0, 0));
    PQclear(res);
    return s;
}

/* The lock comes before the snapshot: what was made until then is seen, and nothing is made after it. Every statement
 * that adds a trigger, a rule, a column or a foreign key to the table waits for it. */
static enum assay_status pg_obstacles(void *d, struct obstacles *l, struct assay_err *e)
{
    struct assay_pg_reader *r = d;
    struct assay_buf sql = {0};
    const uint32_t oid = r->rel.oid;
    assay_buf_addf(&sql, "LOCK TABLE %s IN ROW EXCLUSIVE MODE", r->rel.quoted);
    enum assay_status s =
        assay_buf_str(&sql) ? run(r, (const char *)sql.ptr, "locking (for deleting) table", e) : assay_fail_nomem(e);
    assay_buf_release(&sql);
    if (s == ASSAY_OK)
        s = assay_pg_resolve(r, e);
    if (s == ASSAY_OK && r->rel.oid != oid)
        s = assay_fail(e, ASSAY_ESOURCE, "table %s is another one than when the run began", r->rel.show);
    if (s == ASSAY_OK)
        s = same_columns(r, e);
    if (s == ASSAY_OK)
        s = triggers_fire(r, e);
    return s == ASSAY_OK ? assay_pg_obstacles_of(r, l, e) : s;
}

/* The server's own count of what this session did; it counts what triggers and foreign keys did, too. Where it is not
 * kept, the rows themselves are counted. */
static enum assay_status pg_tally(void *d, struct assay_deleter_tally *out, struct assay_err *e)
{
    struct assay_pg_reader *r = d;
    struct assay_buf sql = {0};
    PGresult *res = NULL;
    assay_buf_addf(&sql,
                   "WITH RECURSIVE f AS (SELECT $1::pg_catalog.oid AS oid UNION SELECT i.inhrelid FROM "
                   "pg_catalog.pg_inherits i JOIN f ON i.inhparent = f.oid) SELECT "
                   "CASE pg_catalog.current_setting('track_counts') WHEN 'on' THEN (SELECT "
                   "-pg_catalog.sum(pg_catalog.pg_stat_get_xact_tuples_deleted(oid)) FROM f) ELSE (SELECT "
                   "pg_catalog.count(*) FROM %s) END, (SELECT "
                   "pg_catalog.sum(pg_catalog.pg_stat_get_xact_tuples_inserted(oid) + "
                   "pg_catalog.pg_stat_get_xact_tuples_updated(oid)) FROM f)",
                   r->rel.quoted);
    enum assay_status s = assay_buf_str(&sql)
                              ? assay_pg_exec_table(r, "counting what was done to", (const char *)sql.ptr, &res, e)
                              : assay_fail_nomem(e);
    if (s == ASSAY_OK)
        *out = (struct assay_deleter_tally){strtoll(PQgetvalue(res, 0, 0), NULL, 10),
                                            strtoll(PQgetvalue(res, 0, 1), NULL, 10)};
    PQclear(res);
    assay_buf_release(&sql);
    return s;
}

static enum assay_status pg_settle(void *d, struct assay_err *e)
{
    return run(d, "SET CONSTRAINTS ALL IMMEDIATE", "checking the constraints of", e);
}

/* A transaction that failed is rolled back by COMMIT, which the server calls a success. A server that answers knows
 * what became of it. */
static enum assay_status pg_commit(void *d, bool *unknown, struct assay_err *e)
{
    struct assay_pg_reader *r = d;
    PGresult *res = NULL;
    enum assay_status s = assay_pg_exec(r, r->conn, "committing to", "COMMIT", NULL, &res, e);
    if (s == ASSAY_OK && strcmp(PQcmdStatus(res), "COMMIT") != 0)
        s = assay_fail(e, ASSAY_ESOURCE, "table %s: the server rolled the transaction back", r->rel.show);
    *unknown = s != ASSAY_OK && (s == ASSAY_EINTR || PQtransactionStatus(r->conn) != PQTRANS_IDLE);
    PQclear(res);
    return s;
}

static void pg_rollback(void *d)
{
    struct assay_err ignored = {0}; /* without its connection the transaction ends anyway */
    (void)run(d, "ROLLBACK", "rolling back", &ignored);
}

static struct assay_reader *pg_reader(void *d)
{
    return &((struct assay_pg_reader *)d)->base;
}

static void pg_doom(void *d, const uint64_t *id, size_t n)
{
    struct assay_pg_reader *r = d;
    r->doomed = id;
    r->n_doomed = n;
}

const struct deleter_ops assay_pg_deleter = {
    .open = pg_open,
    .place = pg_place,
    .begin = pg_begin,
    .obstacles = pg_obstacles,
    .tally = pg_tally,
    .settle = pg_settle,
    .commit = pg_commit,
    .rollback = pg_rollback,
    .reader = pg_reader,
    .doom = pg_doom,
    .close = pg_close,
};
