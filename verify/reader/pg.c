/* The PostgreSQL reader: one exported snapshot, held by one connection; every scan imports it on a connection of its
 * own. */
#include "pg.h"

#include <stdlib.h>
#include <string.h>

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
    assay_pg_disconnect(r);
    assay_pg_parts_release(r);
    assay_pg_rel_release(&r->rel);
    assay_schema_release(&r->schema);
    free(r->snapshot);
    free(r->token);
    free(r->field);
    assay_pool_release(&r->types);
    pthread_mutex_destroy(&r->lock);
    free(r);
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
        s = assay_pg_lock(r, e);
    if (s == ASSAY_OK)
        s = assay_pg_import(r, e);
    if (s == ASSAY_OK)
        s = assay_pg_export(r, e);
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
        s = c->shape ? assay_schema_add_shape(out, c->name, c->native, c->shape, c->nullable, e)
                     : assay_schema_add(out, c->name, c->native, c->logical, c->nullable, e);
        if (s != ASSAY_OK)
            break;
        out->col[out->n - 1].unreadable = c->unreadable;
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

static int64_t pg_as_of(struct assay_reader *base)
{
    return ((struct assay_pg_reader *)base)->as_of;
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
    .as_of = pg_as_of,
    .scan = assay_pg_scan_open,
    .next = assay_pg_scan_next,
    .end = assay_pg_scan_end,
    .scan_free = assay_pg_scan_free,
    .close = pg_close,
};
