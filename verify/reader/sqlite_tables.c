/* What a SQLite database holds. */
#include <stdlib.h>
#include <string.h>

#include "relations.h"
#include "sqlite.h"

static const struct {
    const char *type, *kind;
    bool apart;
} kinds[] = {
    {"table", "table", false},
    {"virtual", "virtual table", false},
    {"view", "view", true},
    {"shadow", "shadow table", true}, /* a virtual table keeps its content there */
};

static enum assay_status list(const struct assay_sqlite_reader_state *r, struct relations *l, struct assay_err *e)
{
    const char *doing = "listing the tables of";
    sqlite3_stmt *st = NULL;
    int rc = SQLITE_DONE;
    enum assay_status s =
        assay_sqlite_prepare(r,
                             sqlite3_mprintf("SELECT name, type FROM pragma_table_list WHERE schema = 'main' "
                                             "AND name NOT LIKE 'sqlite\\_%%' ESCAPE '\\' ORDER BY name"),
                             doing, &st, e);
    while (s == ASSAY_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(st, 0), *type = (const char *)sqlite3_column_text(st, 1);
        struct assay_relation *x = name && type ? assay_relations_add(l, NULL, name, e) : NULL;
        if (!x) {
            s = e && e->code != ASSAY_OK ? e->code : assay_fail_nomem(e);
            break;
        }
        x->kind = "table";
        for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
            if (strcmp(kinds[i].type, type) == 0) {
                x->kind = kinds[i].kind;
                x->apart = kinds[i].apart;
            }
    }
    if (s == ASSAY_OK && rc != SQLITE_DONE)
        s = assay_sqlite_fail(r, r->db, doing, e);
    sqlite3_finalize(st);
    return s;
}

static void cover(const char *table, struct relations *l, bool *found)
{
    const char *bare = sqlite3_strnicmp(table, "main.", 5) == 0 ? table + 5 : table;
    for (int exact = 1; exact >= 0 && !*found; exact--)
        for (size_t i = 0; i < l->n && !*found; i++) {
            const char *name = l->v[i].name;
            bool same = exact ? strcmp(name, table) == 0 || strcmp(name, bare) == 0
                              : sqlite3_stricmp(name, table) == 0 || sqlite3_stricmp(name, bare) == 0;
            if (!same || strcmp(l->v[i].kind, "shadow table") == 0)
                continue;
            *found = true;
            l->v[i].covered = true;
        }
}

enum assay_status assay_sqlite_relations(const struct assay_locator *const *loc, size_t n, bool *found,
                                         struct relations *l, struct assay_err *e)
{
    struct assay_sqlite_reader_state r = {.path = assay_sqlite_path(loc[0]), .timeout_s = loc[0]->timeout_s};
    bool wal;
    enum assay_status s = r.path ? assay_sqlite_open_file(&r, &wal, e) : assay_fail_nomem(e);
    if (s == ASSAY_OK)
        s = list(&r, l, e);
    for (size_t i = 0; i < n && s == ASSAY_OK; i++) {
        found[i] = false;
        cover(loc[i]->table, l, &found[i]);
    }
    assay_sqlite_release(&r);
    return s;
}
