#include "assay/reader_tables.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "assay/buf.h"
#include "assay/limits.h"
#include "assay/publish.h"
#include "pg.h"

struct list {
    char **name;
    size_t n, cap;
};

static enum assay_status add(struct list *l, const char *name, struct assay_err *e)
{
    if (l->n == ASSAY_MAX_DATASETS)
        return assay_fail(e, ASSAY_ELIMIT, "more than %d tables: name those to archive", ASSAY_MAX_DATASETS);
    if (l->n == l->cap) {
        size_t cap = l->cap ? 2 * l->cap : 64;
        char **bigger = realloc(l->name, cap * sizeof *bigger);
        if (!bigger)
            return assay_fail_nomem(e);
        l->name = bigger;
        l->cap = cap;
    }
    if (!(l->name[l->n] = strdup(name)))
        return assay_fail_nomem(e);
    l->n++;
    return ASSAY_OK;
}

static enum assay_status sqlite_tables(const struct assay_locator *loc, struct list *l, struct assay_err *e)
{
    static const char sql[] = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' "
                              "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name";
    struct assay_buf path = {0};
    sqlite3 *db = NULL;
    sqlite3_stmt *st = NULL;
    if (assay_path_join(loc->base_dir, loc->uri + strlen("sqlite:"), &path) != ASSAY_OK)
        return assay_fail_nomem(e);
    const char *name = (const char *)path.ptr;
    enum assay_status s = ASSAY_OK;
    int rc = sqlite3_open_v2(name, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc == SQLITE_OK) {
        sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL); /* the file may be hostile */
        sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
        sqlite3_busy_timeout(db, 5000);
        rc = sqlite3_prepare_v2(db, sql, -1, &st, NULL);
    }
    while (rc == SQLITE_OK && s == ASSAY_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        const char *table = (const char *)sqlite3_column_text(st, 0);
        s = table ? add(l, table, e) : assay_fail_nomem(e);
        rc = SQLITE_OK;
    }
    if (s == ASSAY_OK && rc != SQLITE_DONE)
        s = assay_fail(e, ASSAY_ESOURCE, "listing the tables of %s: %s", name,
                       db ? sqlite3_errmsg(db) : "out of memory");
    sqlite3_finalize(st);
    sqlite3_close(db);
    assay_buf_release(&path);
    return s;
}

static enum assay_status pg_tables(const struct assay_locator *loc, struct list *l, struct assay_err *e)
{
    static const char sql[] =
        "SELECT CASE WHEN n.nspname OPERATOR(pg_catalog.=) 'public' THEN c.relname::pg_catalog.text "
        "ELSE pg_catalog.concat(n.nspname, '.', c.relname) END "
        "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace "
        "WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition "
        "AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname::pg_catalog.text "
        "OPERATOR(pg_catalog.!~) '^pg_(toast|temp)' AND pg_catalog.has_table_privilege(c.oid, 'SELECT') "
        "AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') ORDER BY 1";
    struct assay_pg_reader r = {.loc = *loc};
    PGresult *res = NULL;
    enum assay_status s = (r.conn = assay_pg_connect(&r, e)) ? ASSAY_OK : e ? e->code : ASSAY_ESOURCE;
    if (s == ASSAY_OK)
        s = assay_pg_exec(&r, r.conn, "listing the tables", sql, NULL, &res, e);
    for (int i = 0; s == ASSAY_OK && i < PQntuples(res); i++)
        s = add(l, PQgetvalue(res, i, 0), e);
    PQclear(res);
    assay_pg_disconnect(&r);
    return s;
}

enum assay_status assay_reader_tables(const struct assay_locator *loc, char ***names, size_t *n, struct assay_err *e)
{
    struct list l = {0};
    enum assay_status s;
    *names = NULL;
    *n = 0;
    if (strncmp(loc->uri, "sqlite:", 7) == 0)
        s = sqlite_tables(loc, &l, e);
    else if (assay_pg_reader.accepts(loc))
        s = pg_tables(loc, &l, e);
    else
        s = assay_fail(e, ASSAY_EUSAGE, "only a database has tables to list");
    if (s != ASSAY_OK) {
        assay_reader_tables_free(l.name, l.n);
        return s;
    }
    *names = l.name;
    *n = l.n;
    return ASSAY_OK;
}

void assay_reader_tables_free(char **names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(names[i]);
    free(names);
}
