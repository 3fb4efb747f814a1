/* Where a PostgreSQL table is: which cluster, database and relation. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pg.h"
#include "place.h"

static const char doing[] = "finding out which server has";

/* Any account may ask for the identifier that initdb gave the cluster, unless that was revoked. A standby has that of
 * its primary, which it is a copy of. */
static enum assay_status find_server(struct assay_pg_reader *r, bool may, const char *address, char *out, size_t n,
                                     struct assay_err *e)
{
    static const char sql[] = "SELECT 'system ' || system_identifier FROM pg_catalog.pg_control_system()";
    PGresult *res = NULL;
    enum assay_status s = may ? assay_pg_exec(r, r->conn, doing, sql, NULL, &res, e) : ASSAY_OK;
    if (s == ASSAY_OK)
        snprintf(out, n, "%s", may && PQntuples(res) == 1 ? PQgetvalue(res, 0, 0) : address);
    PQclear(res);
    return s;
}

/* Tables that inherit from each other, partitions too, show each other's rows: all of them have one smallest oid. */
static enum assay_status find_kin(struct assay_pg_reader *r, struct assay_place *out, struct assay_err *e)
{
    static const char sql[] =
        "WITH RECURSIVE k AS (SELECT $1::pg_catalog.oid AS oid UNION SELECT CASE WHEN i.inhrelid = k.oid THEN "
        "i.inhparent "
        "ELSE i.inhrelid END FROM pg_catalog.pg_inherits i JOIN k ON k.oid IN (i.inhrelid, i.inhparent)) "
        "SELECT pg_catalog.min(k.oid), (SELECT c.relkind IN ('v', 'm', 'f') FROM pg_catalog.pg_class c WHERE c.oid = "
        "$1) "
        "FROM k";
    PGresult *res = NULL;
    enum assay_status s = assay_pg_exec_table(r, doing, sql, &res, e);
    if (s == ASSAY_OK && PQntuples(res) == 1) {
        out->tree = strtoull(PQgetvalue(res, 0, 0), NULL, 10);
        out->shows = strcmp(PQgetvalue(res, 0, 1), "f") != 0;
    }
    PQclear(res);
    return s;
}

enum assay_status assay_pg_place_of(struct assay_pg_reader *r, struct assay_place *out, struct assay_err *e)
{
    static const char sql[] =
        "SELECT 'server ' || coalesce(pg_catalog.host(pg_catalog.inet_server_addr()), 'local') || ':' || "
        "pg_catalog.current_setting('port'), d.oid, coalesce(pg_catalog.has_function_privilege("
        "pg_catalog.to_regprocedure('pg_catalog.pg_control_system()'), 'EXECUTE'), false) "
        "FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()";
    PGresult *res = NULL;
    char server[200];
    enum assay_status s = assay_pg_exec(r, r->conn, doing, sql, NULL, &res, e);
    if (s == ASSAY_OK && PQntuples(res) != 1)
        s = assay_fail(e, ASSAY_ESOURCE, "the server does not say which database %s is in", r->rel.show);
    if (s == ASSAY_OK)
        s = find_server(r, strcmp(PQgetvalue(res, 0, 2), "t") == 0, PQgetvalue(res, 0, 0), server, sizeof server, e);
    if (s == ASSAY_OK)
        out->database =
            (size_t)snprintf(out->text, sizeof out->text, "postgresql %s database %s ", server, PQgetvalue(res, 0, 1));
    if (s == ASSAY_OK)
        s = find_kin(r, out, e);
    if (s == ASSAY_OK)
        snprintf(out->text, sizeof out->text, "postgresql %s database %s table %u", server, PQgetvalue(res, 0, 1),
                 (unsigned)r->rel.oid);
    out->lasting = true;
    PQclear(res);
    return s;
}

enum assay_status assay_pg_place(const struct assay_locator *loc, struct assay_place *out, struct assay_err *e)
{
    struct assay_pg_reader r;
    enum assay_status s = assay_pg_visit(loc, &r, e);
    if (s == ASSAY_OK)
        s = assay_pg_place_of(&r, out, e);
    assay_pg_leave(&r);
    return s;
}
