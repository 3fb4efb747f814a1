/* What stands in the way of deleting rows of a PostgreSQL table, its partitions and children. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "obstacles.h"
#include "pg.h"

static const char doing[] = "looking for what deleting would do to";

/* f: the table and what belongs to it; g: what it belongs to. $1 is the relation; of ONLY a table its children are left
 * out. */
#define FAMILY                                                                                                         \
    "WITH RECURSIVE f AS (SELECT $1::pg_catalog.oid AS oid UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits i "     \
    "JOIN f ON i.inhparent = f.oid WHERE %s), g AS (SELECT $1::pg_catalog.oid AS oid UNION SELECT i.inhparent "        \
    "FROM pg_catalog.pg_inherits i JOIN g ON i.inhrelid = g.oid) "

/* Each delivers a code, a name, a query that counts or NULL, and whether it is of the table itself.
 *
 * Foreign keys: those of partitions repeat that of their parent, which is named where it is of the family. The columns
 * of the count are those of the constraint, which tables that inherit have no part in.
 * Triggers (bit 3 of tgtype: DELETE): likewise. Those that keep constraints are the server's own, and so told by the
 * constraint, not by tgisinternal, which clones had, too, before PostgreSQL 15. Disabled ones count: somebody can
 * enable them meanwhile. A disabled rule does not: nobody can while the table is locked, and it could never be
 * accepted. */
static const char *const queries[] = {
    "SELECT k.confdeltype, pg_catalog.format('%s (%s)', k.conrelid::pg_catalog.regclass, k.conname), "
    "pg_catalog.format('SELECT pg_catalog.count(*) FROM %s%s WHERE %s', CASE c.relkind WHEN 'p' THEN '' ELSE 'ONLY ' "
    "END, k.conrelid::pg_catalog.regclass, "
    "(SELECT pg_catalog.string_agg(pg_catalog.format('%I IS NOT NULL', a.attname), ' AND ') "
    "FROM pg_catalog.pg_attribute a WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey))), "
    "k.conrelid IN (SELECT oid FROM f UNION SELECT oid FROM g) "
    "FROM pg_catalog.pg_constraint k JOIN f ON f.oid = k.confrelid JOIN pg_catalog.pg_class c ON c.oid = k.conrelid "
    "WHERE k.contype = 'f' AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint p JOIN f ON f.oid = p.confrelid "
    "WHERE p.oid = k.conparentid) ORDER BY 2",

    "SELECT 'T', pg_catalog.format('%s on %s', t.tgname, t.tgrelid::pg_catalog.regclass), NULL, false "
    "FROM pg_catalog.pg_trigger t JOIN f ON f.oid = t.tgrelid WHERE (t.tgtype & 8) <> 0 "
    "AND NOT (t.tgisinternal AND EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.oid = t.tgconstraint "
    "AND k.contype <> 't')) AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger p JOIN f ON f.oid = p.tgrelid "
    "WHERE p.oid = (pg_catalog.to_jsonb(t) ->> 'tgparentid')::pg_catalog.oid) ORDER BY 2",

    "SELECT 'R', pg_catalog.format('%s on %s', w.rulename, w.ev_class::pg_catalog.regclass), NULL, false "
    "FROM pg_catalog.pg_rewrite w JOIN f ON f.oid = w.ev_class WHERE w.ev_type = '4' AND w.ev_enabled <> 'D' "
    "ORDER BY 2",

    "SELECT 'S', c.oid::pg_catalog.regclass::pg_catalog.text, NULL, false FROM pg_catalog.pg_class c "
    "JOIN f ON f.oid = c.oid WHERE c.relrowsecurity ORDER BY 2",

    "SELECT DISTINCT 'P', p.pubname::pg_catalog.text, NULL, false FROM pg_catalog.pg_publication p "
    "JOIN pg_catalog.pg_publication_tables v ON v.pubname = p.pubname "
    "JOIN pg_catalog.pg_namespace n ON n.nspname = v.schemaname "
    "JOIN pg_catalog.pg_class c ON c.relname = v.tablename AND c.relnamespace = n.oid "
    "WHERE p.pubdelete AND c.oid IN (SELECT oid FROM f UNION SELECT oid FROM g) ORDER BY 2",

    "SELECT 'U', pg_catalog.format('%s of %s', a.attname, a.attrelid::pg_catalog.regclass), NULL, false "
    "FROM pg_catalog.pg_attribute a JOIN f ON f.oid = a.attrelid WHERE a.attnum > 0 AND NOT a.attisdropped "
    "AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute o WHERE o.attrelid = $1::pg_catalog.oid AND o.attnum > 0 "
    "AND NOT o.attisdropped AND o.attname = a.attname) ORDER BY 2",

    "SELECT 'X', pg_catalog.format('%s %s', CASE c.relkind WHEN 'f' THEN 'foreign table' WHEN 'm' THEN 'materialized "
    "view' ELSE 'view' END, c.oid::pg_catalog.regclass), NULL, false FROM pg_catalog.pg_class c "
    "JOIN f ON f.oid = c.oid WHERE c.relkind NOT IN ('r', 'p') ORDER BY 2",
};

static enum assay_obstacle_kind kind_of(char code)
{
    static const struct {
        char code;
        enum assay_obstacle_kind kind;
    } codes[] = {
        {'c', ASSAY_OBSTACLE_CASCADE},     {'n', ASSAY_OBSTACLE_SET_NULL},  {'d', ASSAY_OBSTACLE_SET_DEFAULT},
        {'T', ASSAY_OBSTACLE_TRIGGER},     {'R', ASSAY_OBSTACLE_RULE},      {'S', ASSAY_OBSTACLE_ROW_SECURITY},
        {'P', ASSAY_OBSTACLE_PUBLICATION}, {'U', ASSAY_OBSTACLE_UNCOVERED}, {'X', ASSAY_OBSTACLE_NO_TABLE},
    };
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (codes[i].code == code)
            return codes[i].kind;
    return ASSAY_OBSTACLE_REFERENCE;
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

static enum assay_status take(struct assay_pg_reader *r, const PGresult *res, int row, struct obstacles *l,
                              struct assay_err *e)
{
    enum assay_status s = assay_obstacles_add(l, kind_of(PQgetvalue(res, row, 0)[0]), PQgetvalue(res, row, 1), e);
    if (s == ASSAY_OK && PQgetvalue(res, row, 3)[0] == 't')
        assay_obstacles_own(l);
    return s == ASSAY_OK && !PQgetisnull(res, row, 2) ? count(r, PQgetvalue(res, row, 2), &l->v[l->n - 1], e) : s;
}

static enum assay_status collect(struct assay_pg_reader *r, const char *query, struct obstacles *l, struct assay_err *e)
{
    PGresult *res = NULL;
    struct assay_buf sql = {0};
    assay_buf_addf(&sql, FAMILY, strncmp(r->rel.quoted, "ONLY ", 5) == 0 ? "false" : "true");
    const char *text = assay_buf_adds(&sql, query) == ASSAY_OK ? assay_buf_str(&sql) : NULL;
    enum assay_status s = text ? assay_pg_exec_table(r, doing, text, &res, e) : assay_fail_nomem(e);
    for (int i = 0; s == ASSAY_OK && i < PQntuples(res); i++)
        s = take(r, res, i, l, e);
    PQclear(res);
    assay_buf_release(&sql);
    return s;
}

enum assay_status assay_pg_obstacles_of(struct assay_pg_reader *r, struct obstacles *l, struct assay_err *e)
{
    enum assay_status s = ASSAY_OK;
    for (size_t i = 0; i < sizeof queries / sizeof *queries && s == ASSAY_OK; i++)
        s = collect(r, queries[i], l, e);
    return s;
}

enum assay_status assay_pg_obstacles(const struct assay_locator *loc, struct obstacles *l, struct assay_err *e)
{
    struct assay_pg_reader r;
    enum assay_status s = assay_pg_visit(loc, &r, e);
    if (s == ASSAY_OK)
        s = assay_pg_obstacles_of(&r, l, e);
    assay_pg_leave(&r);
    return s;
}
