/* Snapshots of PostgreSQL: taking, importing, exporting, and holding one for others. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/buf.h"
#include "hold.h"
#include "pg.h"

/* Lock before the snapshot is taken: a TRUNCATE in between would make the table look empty to it. */
enum assay_status assay_pg_lock(struct assay_pg_reader *r, struct assay_err *e)
{
    struct assay_buf sql = {0};
    enum assay_status s = ASSAY_OK;
    if (!r->rel.may_lock)
        return s;
    assay_buf_addf(&sql, "LOCK TABLE %s IN ACCESS SHARE MODE", r->rel.quoted);
    const char *text = assay_buf_str(&sql);
    s = text ? assay_pg_exec(r, r->conn, "locking (for reading) table", text, NULL, NULL, e) : assay_fail_nomem(e);
    assay_buf_release(&sql);
    return s;
}

enum assay_status assay_pg_import(struct assay_pg_reader *r, struct assay_err *e)
{
    struct assay_buf sql = {0};
    enum assay_status s = ASSAY_OK;
    if (!r->loc.snapshot)
        return s;
    char *literal = PQescapeLiteral(r->conn, r->loc.snapshot, strlen(r->loc.snapshot));
    if (literal)
        assay_buf_addf(&sql, "SET TRANSACTION SNAPSHOT %s", literal);
    PQfreemem(literal);
    struct assay_err why = {0};
    const char *text = sql.len ? assay_buf_str(&sql) : NULL;
    s = text ? assay_pg_exec(r, r->conn, "importing the exporter's snapshot to read", text, NULL, NULL, &why)
             : assay_fail_nomem(&why);
    assay_buf_release(&sql);
    if (s == ASSAY_ESOURCE && !assay_pg_gone(r->conn, NULL))
        return assay_fail(e, s,
                          "nobody holds the exporter's snapshot any more: its session has ended, or the server was "
                          "restarted; export and verify again (%s)",
                          why.msg);
    return s == ASSAY_OK ? s : assay_fail(e, s, "%s", why.msg);
}

/* An exported snapshot is named after the virtual transaction of its exporter, "00000003-0000001B-1" being 3/27; before
 * PostgreSQL 10, and of a replication slot, it is not. */
static void holder_of(const char *snapshot, char out[32])
{
    unsigned backend, local;
    int nth;
    out[0] = '\0';
    if (snapshot && sscanf(snapshot, "%8x-%8x-%d", &backend, &local, &nth) == 3)
        snprintf(out, 32, "%u/%u", backend, local);
}

/* The main transaction exports its own snapshot even when it imported one: scans then outlive the exporter's session.
 * Of one that was imported it is known when its session's transaction began, if this role may see that. */
enum assay_status assay_pg_export(struct assay_pg_reader *r, struct assay_err *e)
{
    static const char sql[] =
        "SELECT pg_catalog.pg_export_snapshot(), CASE WHEN pg_catalog.pg_is_in_recovery()"
        " THEN pg_catalog.pg_last_wal_replay_lsn() ELSE pg_catalog.pg_current_wal_lsn() END,"
        " pg_catalog.current_database(), pg_catalog.to_char(x.at, 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'),"
        " pg_catalog.floor(pg_catalog.date_part('epoch', x.at))::pg_catalog.int8"
        " FROM (SELECT COALESCE((SELECT pg_catalog.min(a.xact_start) FROM pg_catalog.pg_locks l"
        " JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid"
        " WHERE l.locktype = 'virtualxid' AND l.virtualxid = $1), pg_catalog.now()) AS at) x";
    char holder[32];
    PGresult *res = NULL;
    holder_of(r->loc.snapshot, holder);
    enum assay_status s = assay_pg_exec(r, r->conn, "exporting a snapshot to read", sql, holder, &res, e);
    if (s != ASSAY_OK)
        return s;
    struct assay_buf token = {0};
    const char *named = r->loc.snapshot ? r->loc.snapshot : PQgetvalue(res, 0, 0);
    assay_buf_addf(&token, "%s lsn=%s db=%s at=%s", named, PQgetvalue(res, 0, 1), PQgetvalue(res, 0, 2),
                   PQgetvalue(res, 0, 3));
    r->snapshot = strdup(PQgetvalue(res, 0, 0));
    r->as_of = strtoll(PQgetvalue(res, 0, 4), NULL, 10);
    r->token = assay_buf_str(&token) ? (char *)token.ptr : NULL;
    PQclear(res);
    return r->snapshot && r->token ? ASSAY_OK : assay_fail_nomem(e);
}

/* ---- holding one for others ---- */

struct assay_pg_hold {
    struct assay_pg_reader r; /* of the last locator looked at; conn, secret and snapshot are the hold's */
};

/* The tables by their quoted names: "LOCK TABLE a, b" takes them in one order for all who hold them. */
static enum assay_status name_tables(struct assay_pg_hold *h, const struct assay_locator *const *loc, size_t n,
                                     struct assay_buf *sql, struct assay_err *e)
{
    enum assay_status s = assay_pg_begin(&h->r, h->r.conn, NULL, e);
    for (size_t i = 0; i < n && s == ASSAY_OK; i++) {
        h->r.loc.table = loc[i]->table;
        s = assay_pg_resolve(&h->r, e);
        if (s == ASSAY_OK && h->r.rel.may_lock)
            s = assay_buf_addf(sql, "%s%s", sql->len ? ", " : "LOCK TABLE ", h->r.rel.quoted);
    }
    if (s == ASSAY_OK && sql->len)
        s = assay_buf_adds(sql, " IN ACCESS SHARE MODE");
    if (s == ASSAY_OK)
        s = assay_pg_exec(&h->r, h->r.conn, "ending a transaction on", "COMMIT", NULL, NULL, e);
    return s == ASSAY_ENOMEM ? assay_fail_nomem(e) : s;
}

static enum assay_status hold_tables(struct assay_pg_hold *h, const struct assay_locator *const *loc, size_t n,
                                     struct assay_err *e)
{
    struct assay_buf sql = {0};
    enum assay_status s = name_tables(h, loc, n, &sql, e);
    assay_pg_rel_release(&h->r.rel); /* from here on messages are not about one table */
    h->r.loc.table = n == 1 ? loc[0]->table : NULL;
    if (s == ASSAY_OK)
        s = assay_pg_begin(&h->r, h->r.conn, NULL, e);
    if (s == ASSAY_OK && sql.len)
        s = assay_buf_str(&sql) ? assay_pg_exec(&h->r, h->r.conn, "locking (for reading) the tables",
                                                (const char *)sql.ptr, NULL, NULL, e)
                                : assay_fail_nomem(e);
    if (s == ASSAY_OK)
        s = assay_pg_import(&h->r, e);
    if (s == ASSAY_OK)
        s = assay_pg_export(&h->r, e);
    assay_buf_release(&sql);
    return s;
}

enum assay_status assay_pg_hold_open(const struct assay_locator *const *loc, size_t n, struct assay_pg_hold **out,
                                     struct assay_err *e)
{
    struct assay_err own = {0};
    struct assay_pg_hold *h = calloc(1, sizeof *h);
    *out = h;
    if (!h)
        return assay_fail_nomem(e);
    h->r.loc = *loc[0];
    enum assay_status s = (h->r.conn = assay_pg_connect(&h->r, &own)) ? ASSAY_OK : own.code;
    if (s == ASSAY_OK)
        s = hold_tables(h, loc, n, &own);
    return s == ASSAY_OK ? s : assay_fail(e, s, "%s", own.msg);
}

const char *assay_pg_hold_snapshot(const struct assay_pg_hold *h)
{
    return h->r.snapshot;
}

int assay_pg_hold_fd(const struct assay_pg_hold *h)
{
    return PQsocket(h->r.conn);
}

enum assay_status assay_pg_hold_alive(struct assay_pg_hold *h, struct assay_err *e)
{
    if (PQconsumeInput(h->r.conn) && PQstatus(h->r.conn) == CONNECTION_OK) {
        /* What the server says on its way out arrives as a result nobody asked for. */
        PGresult *res = PQisBusy(h->r.conn) ? NULL : PQgetResult(h->r.conn);
        PQclear(res);
        if (PQstatus(h->r.conn) == CONNECTION_OK)
            return ASSAY_OK;
    }
    char cause[700];
    assay_pg_cause(&h->r, h->r.conn, NULL, cause, sizeof cause);
    return assay_fail(e, ASSAY_ESOURCE, "the snapshot %s is lost: the server closed the connection that held it: %s",
                      h->r.snapshot, cause);
}

void assay_pg_hold_close(struct assay_pg_hold *h)
{
    if (!h)
        return;
    assay_pg_disconnect(&h->r);
    assay_pg_rel_release(&h->r.rel);
    free(h->r.snapshot);
    free(h->r.token);
    free(h);
}
