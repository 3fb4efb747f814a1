/* What stands in the way of deleting rows of a PostgreSQL table, its partitions and children. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "obstacles.h"
#include "pg.h"

static const char doing[] = "looking for what deleting would do to";

/* $1 is the relation; all are of the table or of what belongs to it. */
#define FAMILY                                                                                                         \
    "WITH RECURSIVE f AS (SELECT $1::pg_catalog.oid AS oid UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits i "     \
    "JOIN f ON i.inhparent = f.oid) "

/* Foreign keys of partitions repeat that of their parent. The columns of the count are those of the constraint. */
static const char foreign_keys_sql[] =
    FAMILY "SELECT k.confdeltype, pg_catalog.format('%s (%s)', k.conrelid::pg_catalog.regclass, k.conname), "
           "pg_catalog.format('SELECT pg_catalog.count(*) FROM %s WHERE %s', k.conrelid::pg_catalog.regclass, "
           "(SELECT pg_catalog.string_agg(pg_catalog.format('%I IS NOT NULL', a.attname), ' AND ') "
           "FROM pg_catalog.pg_attribute a WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey))) "
           "FROM pg_catalog.pg_constraint k JOIN f ON f.oid = k.confrelid "
           "WHERE k.contype = 'f' AND k.conparentid = 0 ORDER BY 2";
/* Bit 3 of tgtype: DELETE. Those of foreign keys are internal. Disabled ones count: somebody can enable them meanwhile.
 */
static const char triggers_sql[] =
    FAMILY "SELECT 't', pg_catalog.format('%s on %s', t.tgname, t.tgrelid::pg_catalog.regclass), NULL "
           "FROM pg_catalog.pg_trigger t JOIN f ON f.oid = t.tgrelid "
           "WHERE NOT t.tgisinternal AND (t.tgtype & 8) <> 0 ORDER BY 2";
static const char rules_sql[] =
    FAMILY "SELECT 'r', pg_catalog.format('%s on %s', w.rulename, w.ev_class::pg_catalog.regclass), NULL "
           "FROM pg_catalog.pg_rewrite w JOIN f ON f.oid = w.ev_class WHERE w.ev_type = '4' ORDER BY 2";
static const char row_security_sql[] =
    FAMILY "SELECT 's', c.oid::pg_catalog.regclass::pg_catalog.text, NULL FROM pg_catalog.pg_class c "
           "JOIN f ON f.oid = c.oid WHERE c.relrowsecurity ORDER BY 2";

static enum assay_obstacle_kind kind_of(char code)
{
    switch (code) {
    case 'c':
        return ASSAY_OBSTACLE_CASCADE;
    case 'n':
        return ASSAY_OBSTACLE_SET_NULL;
    case 'd':
        return ASSAY_OBSTACLE_SET_DEFAULT;
    case 't':
        return ASSAY_OBSTACLE_TRIGGER;
    case 's':
        return ASSAY_OBSTACLE_ROW_SECURITY;
    default:
        return ASSAY_OBSTACLE_REFERENCE;
    }
}

static enum assay_status count(struct assay_pg_reader *r, const char *sql, struct assay_obstacle *o,
                               struct assay_err *e)
{
    PGresult *res = NULL;
    enum assay_status s = assay_pg_exec(r, r->conn, "counting what refers to", sql, NULL, &res, e);
    if (s == ASSAY_OK && PQntuples(res) == 1) {
        o->counted = true;
        o->rows = strtoull(PQgetvalue(res, 0, 0), NULL, 10);
    }
    PQclear(res);
    return s;
}

/* Rows of: a code, a name, a query that counts or NULL. */
static enum assay_status collect(struct assay_pg_reader *r, const char *sql, bool rules, struct obstacles *l,
                                 struct assay_err *e)
{
    char oid[16];
    PGresult *res = NULL;
    snprintf(oid, sizeof oid, "%lu", (unsigned long)r->rel.oid);
    enum assay_status s = assay_pg_exec(r, r->conn, doing, sql, oid, &res, e);
    for (int i = 0; s == ASSAY_OK && i < PQntuples(res); i++) {
        enum assay_obstacle_kind kind = rules ? ASSAY_OBSTACLE_RULE : kind_of(PQgetvalue(res, i, 0)[0]);
        s = assay_obstacles_add(l, kind, PQgetvalue(res, i, 1), e);
        if (s == ASSAY_OK && !PQgetisnull(res, i, 2))
            s = count(r, PQgetvalue(res, i, 2), &l->v[l->n - 1], e);
    }
    PQclear(res);
    return s;
}

enum assay_status assay_pg_obstacles(const struct assay_locator *loc, struct obstacles *l, struct assay_err *e)
{
    static const char *const sql[] = {foreign_keys_sql, triggers_sql, rules_sql, row_security_sql};
    struct assay_pg_reader r = {.loc = *loc};
    enum assay_status s = (r.conn = assay_pg_connect(&r, e)) ? ASSAY_OK : e ? e->code : ASSAY_ESOURCE;
    if (s == ASSAY_OK)
        s = assay_pg_begin(&r, r.conn, NULL, e);
    if (s == ASSAY_OK)
        s = assay_pg_resolve(&r, e);
    for (size_t i = 0; i < sizeof sql / sizeof *sql && s == ASSAY_OK; i++)
        s = collect(&r, sql[i], sql[i] == rules_sql, l, e);
    assay_pg_rel_release(&r.rel);
    assay_pg_disconnect(&r);
    return s;
}
