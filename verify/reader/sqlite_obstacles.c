/* What stands in the way of deleting rows of a SQLite table. */
#include <stdlib.h>
#include <string.h>

#include "obstacles.h"
#include "sqlite.h"

static const char doing[] = "looking for what refers to";

static enum assay_obstacle_kind kind_of(const char *on_delete)
{
    static const struct {
        const char *word;
        enum assay_obstacle_kind kind;
    } actions[] = {
        {"CASCADE", ASSAY_OBSTACLE_CASCADE},
        {"SET NULL", ASSAY_OBSTACLE_SET_NULL},
        {"SET DEFAULT", ASSAY_OBSTACLE_SET_DEFAULT},
    };
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        if (sqlite3_stricmp(on_delete, actions[i].word) == 0)
            return actions[i].kind;
    return ASSAY_OBSTACLE_REFERENCE;
}

/* Rows of the table whose foreign key has no NULL in it: only those refer to something. */
static enum assay_status count(const struct assay_sqlite_reader_state *r, const char *table, int id,
                               struct assay_obstacle *o, struct assay_err *e)
{
    sqlite3_stmt *st = NULL;
    sqlite3_str *sql = sqlite3_str_new(r->db);
    sqlite3_int64 rows = 0;
    bool any = false;
    int rc = SQLITE_DONE;
    sqlite3_str_appendf(sql, "SELECT count(*) FROM main.\"%w\" WHERE 1", table);
    enum assay_status s = assay_sqlite_prepare(
        r, sqlite3_mprintf("SELECT \"from\" FROM pragma_foreign_key_list(%Q) WHERE id = %d", table, id), doing, &st, e);
    while (s == ASSAY_OK && (rc = sqlite3_step(st)) == SQLITE_ROW)
        sqlite3_str_appendf(sql, " AND \"%w\" IS NOT NULL", (const char *)sqlite3_column_text(st, 0));
    if (s == ASSAY_OK && rc != SQLITE_DONE)
        s = assay_sqlite_fail(r, r->db, doing, e);
    sqlite3_finalize(st);
    char *text = sqlite3_str_finish(sql);
    if (s != ASSAY_OK) {
        sqlite3_free(text);
        return s;
    }
    s = assay_sqlite_int(r, text, doing, &rows, &any, e);
    o->counted = any;
    o->rows = (uint64_t)rows;
    return s;
}

static enum assay_status foreign_keys(const struct assay_sqlite_reader_state *r, struct obstacles *l,
                                      struct assay_err *e)
{
    sqlite3_stmt *st = NULL;
    int rc = SQLITE_DONE;
    enum assay_status s = assay_sqlite_prepare(
        r,
        sqlite3_mprintf("SELECT t.name, f.id, f.on_delete FROM pragma_table_list AS t, "
                        "pragma_foreign_key_list(t.name) AS f WHERE t.schema = 'main' AND t.type = 'table' "
                        "AND f.seq = 0 AND f.\"table\" = %Q COLLATE NOCASE ORDER BY 1, 2",
                        r->table),
        doing, &st, e);
    while (s == ASSAY_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        const char *table = (const char *)sqlite3_column_text(st, 0),
                   *action = (const char *)sqlite3_column_text(st, 2);
        s = table && action ? assay_obstacles_add(l, kind_of(action), table, e) : assay_fail_nomem(e);
        if (s == ASSAY_OK && sqlite3_stricmp(table, r->table) == 0)
            assay_obstacles_own(l);
        if (s == ASSAY_OK)
            s = count(r, table, sqlite3_column_int(st, 1), &l->v[l->n - 1], e);
    }
    if (s == ASSAY_OK && rc != SQLITE_DONE)
        s = assay_sqlite_fail(r, r->db, doing, e);
    sqlite3_finalize(st);
    return s;
}

static enum assay_status not_a_table(const struct assay_sqlite_reader_state *r, struct obstacles *l,
                                     struct assay_err *e)
{
    char *name = r->kind == SQLITE_A_TABLE
                     ? sqlite3_mprintf("table %s, whose columns rowid, oid and _rowid_ hide its rowids", r->table)
                     : sqlite3_mprintf("%s %s", r->kind == SQLITE_A_VIEW ? "view" : "virtual table", r->table);
    enum assay_status s = name ? assay_obstacles_add(l, ASSAY_OBSTACLE_NO_TABLE, name, e) : assay_fail_nomem(e);
    sqlite3_free(name);
    return s;
}

/* Which event a trigger is for stands only in its text: each of the table's triggers counts. */
static enum assay_status triggers(const struct assay_sqlite_reader_state *r, struct obstacles *l, struct assay_err *e)
{
    sqlite3_stmt *st = NULL;
    int rc = SQLITE_DONE;
    enum assay_status s = assay_sqlite_prepare(r,
                                               sqlite3_mprintf("SELECT name FROM sqlite_schema WHERE type = 'trigger' "
                                                               "AND tbl_name = %Q COLLATE NOCASE ORDER BY 1",
                                                               r->table),
                                               doing, &st, e);
    while (s == ASSAY_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(st, 0);
        s = name ? assay_obstacles_add(l, ASSAY_OBSTACLE_TRIGGER, name, e) : assay_fail_nomem(e);
    }
    if (s == ASSAY_OK && rc != SQLITE_DONE)
        s = assay_sqlite_fail(r, r->db, doing, e);
    sqlite3_finalize(st);
    return s;
}

enum assay_status assay_sqlite_obstacles_of(const struct assay_sqlite_reader_state *r, struct obstacles *l,
                                            struct assay_err *e)
{
    const bool good = r->kind == SQLITE_A_TABLE && (r->rowid || r->without_rowid);
    enum assay_status s = good ? ASSAY_OK : not_a_table(r, l, e);
    if (s == ASSAY_OK)
        s = foreign_keys(r, l, e);
    return s == ASSAY_OK ? triggers(r, l, e) : s;
}

enum assay_status assay_sqlite_obstacles(const struct assay_locator *loc, struct obstacles *l, struct assay_err *e)
{
    struct assay_sqlite_reader_state r;
    enum assay_status s = assay_sqlite_visit(loc, &r, e);
    if (s == ASSAY_OK)
        s = assay_sqlite_obstacles_of(&r, l, e);
    assay_sqlite_release(&r);
    return s;
}
