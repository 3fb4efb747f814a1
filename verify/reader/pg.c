/* The PostgreSQL reader: one exported snapshot, held by one connection; every scan imports it on a connection of its
 * own. */
#include "pg.h"

#include <stdlib.h>
#include <string.h>

#include "assay/buf.h"

/* Words that begin a libpq conninfo. A path may contain '=' too (dt=2024-01/x.csv), so that only these are taken. */
static const char *const conninfo_words[] = {
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "passfile",
    "service",
    "sslmode",
    "sslcert",
    "sslkey",
    "sslrootcert",
    "connect_timeout",
    "options",
    "application_name",
    "target_session_attrs",
    "channel_binding",
    "gssencmode",
    "krbsrvname",
    "client_encoding",
    "keepalives",
    "requirepeer",
    "fallback_application_name",
};

static bool pg_accepts(const struct assay_locator *loc)
{
    const char *u = loc->uri;
    if (strncmp(u, "postgresql://", 13) == 0 || strncmp(u, "postgres://", 11) == 0)
        return true;
    u += strspn(u, " \t");
    size_t len = strcspn(u, " \t=");
    const char *sign = u + len + strspn(u + len, " \t");
    for (size_t i = 0; *sign == '=' && i < sizeof conninfo_words / sizeof *conninfo_words; i++)
        if (strlen(conninfo_words[i]) == len && memcmp(conninfo_words[i], u, len) == 0)
            return true;
    return false;
}

static void pg_close(struct assay_reader *base)
{
    struct assay_pg_reader *r = (struct assay_pg_reader *)base;
    if (!r)
        return;
    PQfinish(r->conn);
    assay_pg_parts_release(r);
    assay_pg_rel_release(&r->rel);
    assay_schema_release(&r->schema);
    for (size_t i = 0; i < 2; i++) {
        if (r->secret[i])
            explicit_bzero(r->secret[i], strlen(r->secret[i]));
        free(r->secret[i]);
    }
    free(r->snapshot);
    free(r->token);
    free(r->field);
    free(r->base_oid);
    pthread_mutex_destroy(&r->lock);
    free(r);
}

/* Lock before the snapshot is taken: a TRUNCATE in between would make the table look empty to it. */
static enum assay_status lock_table(struct assay_pg_reader *r, struct assay_err *e)
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

static enum assay_status import_snapshot(struct assay_pg_reader *r, struct assay_err *e)
{
    struct assay_buf sql = {0};
    enum assay_status s = ASSAY_OK;
    if (!r->loc.snapshot)
        return s;
    char *literal = PQescapeLiteral(r->conn, r->loc.snapshot, strlen(r->loc.snapshot));
    if (literal)
        assay_buf_addf(&sql, "SET TRANSACTION SNAPSHOT %s", literal);
    PQfreemem(literal);
    const char *text = sql.len ? assay_buf_str(&sql) : NULL;
    s = text ? assay_pg_exec(r, r->conn, "importing the exporter's snapshot to read", text, NULL, NULL, e)
             : assay_fail_nomem(e);
    assay_buf_release(&sql);
    return s;
}

/* The main transaction exports its own snapshot even when it imported one: scans then outlive the exporter's session.
 */
static enum assay_status export_snapshot(struct assay_pg_reader *r, struct assay_err *e)
{
    static const char sql[] =
        "SELECT pg_catalog.pg_export_snapshot(), CASE WHEN pg_catalog.pg_is_in_recovery()"
        " THEN pg_catalog.pg_last_wal_replay_lsn() ELSE pg_catalog.pg_current_wal_lsn() END,"
        " pg_catalog.current_database(), pg_catalog.to_char(pg_catalog.now(), 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')";
    PGresult *res = NULL;
    enum assay_status s = assay_pg_exec(r, r->conn, "exporting a snapshot to read", sql, NULL, &res, e);
    if (s != ASSAY_OK)
        return s;
    struct assay_buf token = {0};
    const char *named = r->loc.snapshot ? r->loc.snapshot : PQgetvalue(res, 0, 0);
    assay_buf_addf(&token, "%s lsn=%s db=%s at=%s", named, PQgetvalue(res, 0, 1), PQgetvalue(res, 0, 2),
                   PQgetvalue(res, 0, 3));
    r->snapshot = strdup(PQgetvalue(res, 0, 0));
    r->token = assay_buf_str(&token) ? (char *)token.ptr : NULL;
    PQclear(res);
    return r->snapshot && r->token ? ASSAY_OK : assay_fail_nomem(e);
}

static enum assay_status take_snapshot(struct assay_pg_reader *r, struct assay_err *e)
{
    enum assay_status s = assay_pg_begin(r, r->conn, NULL, e);
    if (s == ASSAY_OK)
        s = assay_pg_resolve(r, e); /* once in a transaction of its own, to know what to lock */
    if (s == ASSAY_OK)
        s = assay_pg_exec(r, r->conn, "ending a transaction on", "COMMIT", NULL, NULL, e);
    if (s == ASSAY_OK)
        s = assay_pg_begin(r, r->conn, NULL, e);
    if (s == ASSAY_OK)
        s = lock_table(r, e);
    if (s == ASSAY_OK)
        s = import_snapshot(r, e);
    if (s == ASSAY_OK)
        s = export_snapshot(r, e);
    if (s == ASSAY_OK)
        s = assay_pg_resolve(r, e);
    return s;
}

static enum assay_status pg_open(const struct assay_locator *loc, struct assay_reader **out, struct assay_err *e)
{
    *out = NULL;
    if (!loc->table || !*loc->table)
        return assay_fail(e, ASSAY_EPLAN, "a PostgreSQL side needs the name of a table");
    struct assay_pg_reader *r = calloc(1, sizeof *r);
    if (!r)
        return assay_fail_nomem(e);
    r->base.ops = &assay_pg_reader;
    r->loc = *loc;
    pthread_mutex_init(&r->lock, NULL);
    enum assay_status s = ASSAY_OK;
    struct assay_err own = {0};
    if (!(r->conn = assay_pg_connect(r, &own)))
        s = own.code;
    if (s == ASSAY_OK)
        s = take_snapshot(r, &own);
    if (s == ASSAY_OK)
        s = assay_pg_load_columns(r, &own);
    if (s != ASSAY_OK) {
        assay_fail(e, s, "%s", own.msg);
        pg_close(&r->base);
        return s;
    }
    *out = &r->base;
    return ASSAY_OK;
}

static enum assay_status pg_schema(struct assay_reader *base, struct assay_schema *out, struct assay_err *e)
{
    const struct assay_pg_reader *r = (const struct assay_pg_reader *)base;
    enum assay_status s = ASSAY_OK;
    for (size_t i = 0; s == ASSAY_OK && i < r->schema.n; i++) {
        const struct assay_column *c = &r->schema.col[i];
        s = assay_schema_add(out, c->name, c->native, c->logical, c->nullable, e);
        if (s != ASSAY_OK)
            break;
        out->col[out->n - 1].binary_order = c->binary_order;
        out->col[out->n - 1].key_pos = c->key_pos;
    }
    out->key_is_unique = r->schema.key_is_unique;
    return s;
}

static const char *pg_token(struct assay_reader *base)
{
    return ((struct assay_pg_reader *)base)->token;
}

const struct assay_reader_ops assay_pg_reader = {
    .name = "postgresql",
    .accepts = pg_accepts,
    .open = pg_open,
    .schema = pg_schema,
    .parts = assay_pg_parts,
    .count = assay_pg_count,
    .count_apart = true,
    .estimate = assay_pg_estimate,
    .token = pg_token,
    .scan = assay_pg_scan_open,
    .next = assay_pg_scan_next,
    .end = assay_pg_scan_end,
    .scan_free = assay_pg_scan_free,
    .close = pg_close,
};
