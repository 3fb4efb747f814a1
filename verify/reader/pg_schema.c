/* The catalog side of the PostgreSQL reader: which relation the locator names, its columns, its key. */
#include "pg.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "assay/buf.h"
#include "assay/limits.h"

/* Relations by exact name: "schema.name" before "name" in public. $1 is the locator's text. */
#define REL_COLUMNS                                                                                                    \
    "SELECT c.oid, n.nspname, c.relname, c.relkind, c.reltuples,"                                                      \
    " CASE WHEN c.relkind IN ('r','m') THEN pg_catalog.pg_relation_size(c.oid) ELSE 0 END,"                            \
    " c.relkind IN ('r','m') AND am.amname = 'heap', c.relhassubclass,"                                                \
    " pg_catalog.has_schema_privilege(n.oid, 'USAGE'), pg_catalog.has_any_column_privilege(c.oid, 'SELECT'),"          \
    " pg_catalog.has_table_privilege(c.oid, 'SELECT'), pg_catalog.row_security_active(c.oid), current_user"            \
    " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"                             \
    " LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam WHERE c.relkind IN ('r','p','v','m','f') AND "

enum {
    C_OID,
    C_SCHEMA,
    C_NAME,
    C_KIND,
    C_TUPLES,
    C_BYTES,
    C_HEAP,
    C_CHILDREN,
    C_USAGE,
    C_ANY,
    C_SELECT,
    C_RLS,
    C_USER
};

static const char by_exact[] =
    REL_COLUMNS "(n.nspname || '.' || c.relname = $1 OR n.nspname = 'public' AND c.relname = $1)"
                " ORDER BY n.nspname || '.' || c.relname = $1 DESC LIMIT 2";
/* Then as SQL would read it: unquoted parts folded, quoted parts as they are. to_regclass raises on bad syntax, so that
 * the quotes are looked at first. */
static const char by_sql[] =
    REL_COLUMNS "n.nspname || '.' || c.relname = pg_catalog.array_to_string(pg_catalog.parse_ident($1), '.')"
                " OR c.relkind IN ('r','p','v','m','f') AND n.nspname = 'public' AND c.relname ="
                " pg_catalog.array_to_string(pg_catalog.parse_ident($1), '.') LIMIT 2";
/* What the user may have meant. */
static const char by_likeness[] =
    "SELECT n.nspname || '.' || c.relname FROM pg_catalog.pg_class c"
    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace,"
    " (SELECT lower($1) AS w, lower(regexp_replace($1, '^.*[.]', '')) AS t) x"
    " WHERE c.relkind IN ('r','p','v','m','f') AND n.nspname NOT IN ('pg_catalog','information_schema','pg_toast')"
    " AND (lower(c.relname) IN (x.w, x.t) OR strpos(lower(c.relname), x.t) > 0 OR strpos(x.t, lower(c.relname)) > 0"
    " OR left(lower(c.relname), 4) = left(x.t, 4))"
    " ORDER BY lower(c.relname) IN (x.w, x.t) DESC, abs(length(c.relname) - length(x.t)), 1 LIMIT 1";

static bool is_true(const PGresult *res, int row, int col)
{
    return PQgetvalue(res, row, col)[0] == 't';
}

void assay_pg_rel_release(struct assay_pg_rel *rel)
{
    free(rel->show);
    free(rel->quoted);
    *rel = (struct assay_pg_rel){0};
}

/* Could parse_ident take this text? Quotes balanced, and no part that begins with anything but a letter or underscore.
 */
static bool is_sql_name(const char *text)
{
    bool start = true;
    for (const char *p = text; *p; p++) {
        if (start && *p == '"') {
            p = strchr(p + 1, '"');
            if (!p || p[1] == '"' || (p[1] && p[1] != '.'))
                return false;
            start = false;
        } else if (start) {
            if (!isalpha((unsigned char)*p) && *p != '_')
                return false;
            start = false;
        } else if (*p == '.') {
            start = true;
        } else if (!isalnum((unsigned char)*p) && *p != '_') {
            return false;
        }
    }
    return !start;
}

static char *join_quoted(PGconn *conn, const char *lead, const char *schema, const char *name)
{
    char *a = PQescapeIdentifier(conn, schema, strlen(schema));
    char *b = PQescapeIdentifier(conn, name, strlen(name));
    struct assay_buf out = {0};
    if (a && b)
        assay_buf_addf(&out, "%s%s.%s", lead, a, b);
    PQfreemem(a);
    PQfreemem(b);
    if (!out.len || !assay_buf_str(&out)) {
        assay_buf_release(&out);
        return NULL;
    }
    return (char *)out.ptr;
}

/* only: without the rows of inheritance children. */
static enum assay_status take_rel(struct assay_pg_reader *r, const PGresult *res, bool only, struct assay_err *e)
{
    struct assay_pg_rel rel = {0};
    struct assay_buf show = {0};
    assay_buf_addf(&show, "%s.%s", PQgetvalue(res, 0, C_SCHEMA), PQgetvalue(res, 0, C_NAME));
    rel.show = assay_buf_str(&show) ? (char *)show.ptr : NULL;
    rel.quoted = join_quoted(r->conn, only ? "ONLY " : "", PQgetvalue(res, 0, C_SCHEMA), PQgetvalue(res, 0, C_NAME));
    if (!rel.show || !rel.quoted) {
        assay_pg_rel_release(&rel);
        return assay_fail_nomem(e);
    }
    rel.oid = (uint32_t)strtoul(PQgetvalue(res, 0, C_OID), NULL, 10);
    rel.kind = PQgetvalue(res, 0, C_KIND)[0];
    rel.reltuples = strtod(PQgetvalue(res, 0, C_TUPLES), NULL);
    rel.bytes = strtoll(PQgetvalue(res, 0, C_BYTES), NULL, 10);
    rel.heap = is_true(res, 0, C_HEAP) && (only || !is_true(res, 0, C_CHILDREN));
    rel.may_lock = is_true(res, 0, C_SELECT) && strchr("rp", rel.kind);
    assay_pg_rel_release(&r->rel);
    r->rel = rel;
    if (only && rel.kind == 'p')
        return assay_fail(e, ASSAY_ENOTFOUND, "the partitioned table %s has no rows of its own: name it without ONLY",
                          rel.show);
    const char *user = PQgetvalue(res, 0, C_USER);
    if (!is_true(res, 0, C_USAGE) || !is_true(res, 0, C_ANY))
        return assay_fail(e, ASSAY_ESOURCE, "role %s may not read table %s: GRANT USAGE on its schema and SELECT on it",
                          user, rel.show);
    if (is_true(res, 0, C_RLS))
        return assay_fail(e, ASSAY_ESOURCE,
                          "row-level security would hide rows of table %s from role %s: a check needs BYPASSRLS or the "
                          "owner, else it would verify a part as if it were the whole",
                          rel.show, user);
    return ASSAY_OK;
}

static enum assay_status not_found(struct assay_pg_reader *r, struct assay_err *e)
{
    PGresult *res = NULL;
    enum assay_status s = assay_pg_exec(r, r->conn, "looking for names like", by_likeness, r->loc.table, &res, e);
    if (s != ASSAY_OK)
        return s;
    const char *like = PQntuples(res) > 0 ? PQgetvalue(res, 0, 0) : NULL;
    s = assay_fail(e, ASSAY_ENOTFOUND, "there is no table %s in database %s%s%s%s", r->loc.table, PQdb(r->conn),
                   like ? " (did you mean " : "", like ? like : "", like ? "?)" : "");
    PQclear(res);
    return s;
}

/* Relations of that name, exactly or as SQL reads it; *res may be empty. */
static enum assay_status look_up(struct assay_pg_reader *r, const char *name, PGresult **res, struct assay_err *e)
{
    const char *doing = "looking up table";
    enum assay_status s = assay_pg_exec(r, r->conn, doing, by_exact, name, res, e);
    if (s == ASSAY_OK && PQntuples(*res) == 0 && is_sql_name(name)) {
        PQclear(*res);
        *res = NULL;
        s = assay_pg_exec(r, r->conn, doing, by_sql, name, res, e);
    }
    return s;
}

enum assay_status assay_pg_resolve(struct assay_pg_reader *r, struct assay_err *e)
{
    const char *name = r->loc.table;
    PGresult *res = NULL;
    bool only = false;
    enum assay_status s = look_up(r, name, &res, e);
    if (s == ASSAY_OK && PQntuples(res) == 0 && strncasecmp(name, "ONLY ", 5) == 0) {
        PQclear(res);
        res = NULL;
        only = true;
        name += 5;
        s = look_up(r, name, &res, e);
    }
    if (s != ASSAY_OK)
        return s;
    if (PQntuples(res) == 0)
        s = not_found(r, e);
    else if (PQntuples(res) == 2 &&
             strlen(PQgetvalue(res, 1, C_SCHEMA)) + strlen(PQgetvalue(res, 1, C_NAME)) + 1 == strlen(name))
        s = assay_fail(e, ASSAY_ENOTFOUND,
                       "%s names two tables: a dot in a schema's or table's name makes it ambiguous", name);
    else
        s = take_rel(r, res, only, e);
    PQclear(res);
    return s;
}

/* Columns in attnum order; domains are followed to their base type; position in the primary key or, without one, in the
 * first UNIQUE index whose columns are all NOT NULL (no expression, no predicate, valid, immediate). $1 is the
 * relation. */
static const char columns_sql[] =
    "WITH RECURSIVE k AS (SELECT i.indkey::int2[] AS cols, i.indnkeyatts AS n FROM pg_catalog.pg_index i"
    "  WHERE i.indrelid = $1::oid AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL"
    "  AND i.indexprs IS NULL AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute x WHERE x.attrelid = i.indrelid"
    "   AND x.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1]) AND NOT x.attnotnull)"
    "  ORDER BY i.indisprimary DESC, i.indnkeyatts, i.indexrelid LIMIT 1),"
    " base AS (SELECT a.attnum, a.atttypid AS t FROM pg_catalog.pg_attribute a"
    "  WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped"
    "  UNION ALL SELECT b.attnum, y.typbasetype FROM base b JOIN pg_catalog.pg_type y ON y.oid = b.t"
    "  WHERE y.typtype = 'd')"
    " SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull, a.atttypid, a.attndims,"
    "  coalesce(pg_catalog.array_position((k.cols)[0:k.n - 1], a.attnum) -"
    "   pg_catalog.array_lower((k.cols)[0:k.n - 1], 1) + 1, 0),"
    "  pg_catalog.pg_encoding_to_char(d.encoding) = 'UTF8' AND b.t IN (19, 25, 1043) AND coalesce("
    "   CASE WHEN o.oid = 100 THEN CASE coalesce(pg_catalog.to_jsonb(d) ->> 'datlocprovider', 'c')"
    "     WHEN 'c' THEN d.datcollate IN ('C', 'POSIX') ELSE false END"
    "    ELSE o.collprovider = 'c' AND o.collcollate IN ('C', 'POSIX') END, false),"
    "  pg_catalog.has_column_privilege($1::oid, a.attnum, 'SELECT')"
    " FROM pg_catalog.pg_attribute a JOIN base b ON b.attnum = a.attnum"
    " JOIN pg_catalog.pg_type y ON y.oid = b.t AND y.typtype <> 'd' LEFT JOIN k ON true"
    " LEFT JOIN pg_catalog.pg_collation o ON o.oid = a.attcollation,"
    " pg_catalog.pg_database d WHERE a.attrelid = $1::oid AND d.datname = pg_catalog.current_database()"
    " AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum";

enum { A_NAME, A_NATIVE, A_NOTNULL, A_TYPE, A_DIMS, A_KEYPOS, A_BINARY, A_READABLE };

static enum assay_status add_column(struct assay_pg_reader *r, const struct assay_pg_types *types, const PGresult *res,
                                    int i, struct assay_err *e)
{
    uint32_t oid = (uint32_t)strtoul(PQgetvalue(res, i, A_TYPE), NULL, 10);
    unsigned dims = (unsigned)strtoul(PQgetvalue(res, i, A_DIMS), NULL, 10);
    const char *name = PQgetvalue(res, i, A_NAME), *native = PQgetvalue(res, i, A_NATIVE);
    bool nullable = !is_true(res, i, A_NOTNULL);
    struct assay_shape shape;
    enum assay_status s = assay_pg_types_column(r, types, oid, dims, &r->field[i], &shape, e);
    if (s != ASSAY_OK)
        return s;
    s = shape.type >= ASSAY_L_LIST ? assay_schema_add_shape(&r->schema, name, native, &shape, nullable, e)
                                   : assay_schema_add(&r->schema, name, native, shape.type, nullable, e);
    if (s != ASSAY_OK)
        return s;
    struct assay_column *c = &r->schema.col[r->schema.n - 1];
    c->binary_order = is_true(res, i, A_BINARY);
    c->unreadable = !is_true(res, i, A_READABLE);
    c->key_pos = (uint16_t)strtoul(PQgetvalue(res, i, A_KEYPOS), NULL, 10);
    if (c->key_pos)
        r->schema.key_is_unique = true;
    r->field[i].name = c->name;
    return ASSAY_OK;
}

enum assay_status assay_pg_load_columns(struct assay_pg_reader *r, struct assay_err *e)
{
    PGresult *res = NULL;
    struct assay_pg_types *types = NULL;
    enum assay_status s = assay_pg_types_load(r, &types, e);
    if (s == ASSAY_OK)
        s = assay_pg_exec_table(r, "reading the columns of", columns_sql, &res, e);
    int n = s == ASSAY_OK ? PQntuples(res) : 0;
    if (s == ASSAY_OK && !(r->field = calloc((size_t)n + 1, sizeof *r->field)))
        s = assay_fail_nomem(e);
    for (int i = 0; s == ASSAY_OK && i < n; i++)
        s = add_column(r, types, res, i, e);
    PQclear(res);
    assay_pg_types_free(types);
    return s;
}

enum assay_status assay_pg_visit(const struct assay_locator *loc, struct assay_pg_reader *r, struct assay_err *e)
{
    *r = (struct assay_pg_reader){.loc = *loc};
    enum assay_status s = (r->conn = assay_pg_connect(r, e)) ? ASSAY_OK : e ? e->code : ASSAY_ESOURCE;
    if (s == ASSAY_OK)
        s = assay_pg_begin(r, r->conn, NULL, e);
    return s == ASSAY_OK ? assay_pg_resolve(r, e) : s;
}

void assay_pg_leave(struct assay_pg_reader *r)
{
    assay_pg_rel_release(&r->rel);
    assay_pg_disconnect(r);
}
