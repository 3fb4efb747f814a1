/* Deleting rows of a PostgreSQL table, by ctid, in one repeatable-read transaction: who changed a row meanwhile is
 * noticed by the server when the row is deleted. Reading and deleting are two COPYs of one shape. */
#include <stdlib.h>
#include <string.h>

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

static enum assay_status pg_begin(void *d, struct assay_err *e)
{
    struct assay_pg_reader *r = d;
    r->n_kin = 0;
    return assay_pg_begin_write(r, r->conn, e);
}

/* A transaction that failed is rolled back by COMMIT, which the server calls a success. */
static enum assay_status pg_commit(void *d, struct assay_err *e)
{
    struct assay_pg_reader *r = d;
    PGresult *res = NULL;
    enum assay_status s = assay_pg_exec(r, r->conn, "committing to", "COMMIT", NULL, &res, e);
    if (s == ASSAY_OK && strcmp(PQcmdStatus(res), "COMMIT") != 0)
        s = assay_fail(e, ASSAY_ESOURCE, "table %s: the server rolled the transaction back", r->rel.show);
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
    .begin = pg_begin,
    .commit = pg_commit,
    .rollback = pg_rollback,
    .reader = pg_reader,
    .doom = pg_doom,
    .close = pg_close,
};
