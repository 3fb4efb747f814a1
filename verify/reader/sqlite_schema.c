/* Tables and columns of a SQLite database: declared types are claims there, so what is stored is looked at too. */
#include "sqlite.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "assay/cli.h"

#define LOOK_ROWS 1000 /* rows whose storage classes refine an undeclared type */
#define MAX_NAMES 1000 /* tables considered for "did you mean" */

/* Declared names by convention, before the affinity rules of https://www.sqlite.org/datatype3.html section 3.1. */
static const struct {
    const char *name;
    enum assay_logical logical;
} declared[] = {
    {"BOOL", ASSAY_L_BOOLEAN},
    {"BOOLEAN", ASSAY_L_BOOLEAN},
    {"DEC", ASSAY_L_DECIMAL},
    {"DECIMAL", ASSAY_L_DECIMAL},
    {"NUMERIC", ASSAY_L_DECIMAL},
    {"NUMBER", ASSAY_L_DECIMAL},
    {"MONEY", ASSAY_L_DECIMAL},
    {"DATE", ASSAY_L_DATE},
    {"DATETIME", ASSAY_L_TIMESTAMP},
    {"TIMESTAMP", ASSAY_L_TIMESTAMP},
    {"TIMESTAMP WITHOUT TIME ZONE", ASSAY_L_TIMESTAMP},
    {"TIMESTAMPTZ", ASSAY_L_TIMESTAMPTZ},
    {"TIMESTAMP WITH TIME ZONE", ASSAY_L_TIMESTAMPTZ},
    {"TIME", ASSAY_L_TIME},
    {"TIME WITHOUT TIME ZONE", ASSAY_L_TIME},
    {"TIMETZ", ASSAY_L_TIMETZ},
    {"INTERVAL", ASSAY_L_INTERVAL},
    {"UUID", ASSAY_L_UUID},
    {"GUID", ASSAY_L_UUID},
    {"UNIQUEIDENTIFIER", ASSAY_L_UUID},
    {"JSON", ASSAY_L_JSON},
    {"JSONB", ASSAY_L_JSON},
    {"BYTEA", ASSAY_L_BYTES},
    {"BINARY", ASSAY_L_BYTES},
    {"VARBINARY", ASSAY_L_BYTES},
};
static const struct {
    const char *part;
    enum assay_logical logical;
} affinity[] = {
    {"INT", ASSAY_L_INTEGER},  {"CHAR", ASSAY_L_TEXT},    {"CLOB", ASSAY_L_TEXT},    {"TEXT", ASSAY_L_TEXT},
    {"REAL", ASSAY_L_FLOAT64}, {"FLOA", ASSAY_L_FLOAT64}, {"DOUB", ASSAY_L_FLOAT64},
};

/* The logical type that a declaration proposes; ASSAY_L_NONE when it says nothing (none, BLOB, or unknown). */
static enum assay_logical by_declaration(const char *type)
{
    char word[64];
    size_t n = 0;
    for (; type[n] && type[n] != '(' && n + 1 < sizeof word; n++)
        word[n] = (char)toupper((unsigned char)type[n]);
    while (n && word[n - 1] == ' ')
        n--;
    word[n] = '\0';
    for (size_t i = 0; i < sizeof declared / sizeof *declared; i++)
        if (strcmp(declared[i].name, word) == 0)
            return declared[i].logical;
    for (size_t i = 0; i < sizeof affinity / sizeof *affinity; i++)
        if (strstr(word, affinity[i].part))
            return affinity[i].logical;
    return ASSAY_L_NONE;
}

/* By the storage classes seen, a set of bits 1 << SQLITE_*. */
static enum assay_logical by_content(unsigned seen)
{
    seen &= ~(1u << SQLITE_NULL);
    if (seen == 1u << SQLITE_INTEGER)
        return ASSAY_L_INTEGER;
    if (seen == 1u << SQLITE_BLOB)
        return ASSAY_L_BYTES;
    if (seen && !(seen & ~(1u << SQLITE_INTEGER | 1u << SQLITE_FLOAT)))
        return ASSAY_L_FLOAT64;
    return ASSAY_L_TEXT;
}

static enum assay_status refine(struct assay_sqlite_reader_state *r, struct assay_err *e)
{
    const char *doing = "looking at values of";
    sqlite3_stmt *st = NULL;
    unsigned *seen = calloc(r->schema.n + 1, sizeof *seen);
    if (!seen)
        return assay_fail_nomem(e);
    enum assay_status s = assay_sqlite_prepare(
        r, sqlite3_mprintf("SELECT * FROM main.\"%w\" LIMIT %d", r->table, LOOK_ROWS), doing, &st, e);
    int rc = SQLITE_DONE;
    while (s == ASSAY_OK && (rc = sqlite3_step(st)) == SQLITE_ROW)
        for (size_t i = 0; i < r->schema.n && (int)i < sqlite3_column_count(st); i++)
            seen[i] |= 1u << sqlite3_column_type(st, (int)i);
    if (s == ASSAY_OK && rc != SQLITE_DONE)
        s = assay_sqlite_fail(r, r->db, doing, e);
    for (size_t i = 0; s == ASSAY_OK && i < r->schema.n; i++) {
        struct assay_column *c = &r->schema.col[i];
        bool blob = strcasestr(c->native, "BLOB") != NULL;
        bool empty = !(seen[i] & ~(1u << SQLITE_NULL));
        if (c->logical == ASSAY_L_NONE)
            c->logical = blob && empty ? ASSAY_L_BYTES : by_content(seen[i]);
    }
    sqlite3_finalize(st);
    free(seen);
    return s;
}

static enum assay_status suggest(struct assay_sqlite_reader_state *r, const char *named, struct assay_err *e)
{
    const char *doing = "listing the tables of";
    sqlite3_stmt *st = NULL;
    char **name = calloc(MAX_NAMES, sizeof *name);
    size_t n = 0;
    if (!name)
        return assay_fail_nomem(e);
    enum assay_status s = assay_sqlite_prepare(
        r,
        sqlite3_mprintf("SELECT name FROM sqlite_schema WHERE type IN ('table','view') AND name NOT LIKE 'sqlite\\_%%' "
                        "ESCAPE '\\' ORDER BY name LIMIT %d",
                        MAX_NAMES),
        doing, &st, e);
    while (s == ASSAY_OK && n < MAX_NAMES && sqlite3_step(st) == SQLITE_ROW && sqlite3_column_text(st, 0))
        if (!(name[n++] = strdup((const char *)sqlite3_column_text(st, 0))))
            n--;
    const char *like = s == ASSAY_OK ? assay_nearest(named, (const char *const *)name, n) : NULL;
    if (s == ASSAY_OK)
        s = assay_fail(e, ASSAY_ENOTFOUND, "there is no table %s in SQLite database %s%s%s%s", named, r->path,
                       like ? " (did you mean " : "", like ? like : "", like ? "?)" : "");
    sqlite3_finalize(st);
    for (size_t i = 0; i < n; i++)
        free(name[i]);
    free(name);
    return s;
}

/* The table by exact name, else as SQLite folds ASCII case; "main.t" after "t". */
static enum assay_status find_table(struct assay_sqlite_reader_state *r, const char *named, struct assay_err *e)
{
    const char *doing = "looking up the table in";
    const char *bare = strncasecmp(named, "main.", 5) == 0 ? named + 5 : named;
    sqlite3_stmt *st = NULL;
    enum assay_status s = assay_sqlite_prepare(
        r,
        sqlite3_mprintf(
            "SELECT l.name, l.type, l.wr FROM pragma_table_list l WHERE l.schema = 'main' AND l.type <> 'shadow'"
            " AND l.name COLLATE NOCASE IN (%Q, %Q) ORDER BY l.name = %Q DESC, l.name = %Q DESC,"
            " l.name = %Q COLLATE NOCASE DESC LIMIT 1",
            named, bare, named, bare, named),
        doing, &st, e);
    if (s != ASSAY_OK)
        return s;
    int rc = sqlite3_step(st);
    if (rc == SQLITE_ROW) {
        const char *type = (const char *)sqlite3_column_text(st, 1);
        r->table = strdup((const char *)sqlite3_column_text(st, 0));
        r->kind = type && strcmp(type, "table") == 0  ? SQLITE_A_TABLE
                  : type && strcmp(type, "view") == 0 ? SQLITE_A_VIEW
                                                      : SQLITE_A_VIRTUAL_TABLE;
        r->without_rowid = sqlite3_column_int(st, 2) != 0;
        s = r->table ? ASSAY_OK : assay_fail_nomem(e);
    } else if (rc != SQLITE_DONE) {
        s = assay_sqlite_fail(r, r->db, doing, e);
    }
    sqlite3_finalize(st);
    return s == ASSAY_OK && !r->table ? suggest(r, named, e) : s;
}

/* Text is compared bytewise where the column's collation is BINARY and the stored form is UTF-8. */
static bool binary_order(const struct assay_sqlite_reader_state *r, const char *column)
{
    const char *collation = NULL;
    int rc = sqlite3_table_column_metadata(r->db, "main", r->table, column, NULL, &collation, NULL, NULL, NULL);
    return rc == SQLITE_OK && collation && strcasecmp(collation, "BINARY") == 0 && !r->utf16;
}

enum assay_status assay_sqlite_columns(const struct assay_sqlite_reader_state *r, sqlite3_stmt **out,
                                       struct assay_err *e)
{
    return assay_sqlite_prepare(
        r,
        sqlite3_mprintf(
            "SELECT name, type, \"notnull\", pk FROM pragma_table_xinfo(%Q, 'main') WHERE hidden <> 1 ORDER BY cid",
            r->table),
        "reading the columns of", out, e);
}

static enum assay_status load_columns(struct assay_sqlite_reader_state *r, struct assay_err *e)
{
    sqlite3_stmt *st = NULL;
    enum assay_status s = assay_sqlite_columns(r, &st, e);
    int rc = SQLITE_DONE;
    while (s == ASSAY_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(st, 0);
        const char *type = (const char *)sqlite3_column_text(st, 1);
        type = type ? type : "";
        s = name ? assay_schema_add(&r->schema, name, type, by_declaration(type), sqlite3_column_int(st, 2) == 0, e)
                 : assay_fail_nomem(e);
        if (s != ASSAY_OK)
            break;
        struct assay_column *c = &r->schema.col[r->schema.n - 1];
        c->key_pos = (uint16_t)sqlite3_column_int(st, 3);
        c->binary_order = binary_order(r, name);
    }
    if (s == ASSAY_OK && rc != SQLITE_DONE)
        s = assay_sqlite_fail(r, r->db, "reading the columns of", e);
    if (s == ASSAY_OK && r->schema.n == 0)
        s = assay_fail(e, ASSAY_EDATA, "table %s of %s has no columns", r->table, r->path);
    sqlite3_finalize(st);
    return s;
}

/* The columns of one unique index: all NOT NULL? Then, with `mark`, they become the key. Expressions have no name. */
static enum assay_status try_index(struct assay_sqlite_reader_state *r, const char *index, bool *good,
                                   struct assay_err *e)
{
    sqlite3_stmt *st = NULL;
    uint16_t pos = 0;
    enum assay_status s =
        assay_sqlite_prepare(r, sqlite3_mprintf("SELECT name FROM pragma_index_info(%Q, 'main') ORDER BY seqno", index),
                             "reading an index of", &st, e);
    *good = s == ASSAY_OK;
    while (*good && sqlite3_step(st) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(st, 0);
        size_t i = name ? assay_schema_find(&r->schema, name) : SIZE_MAX;
        *good = i != SIZE_MAX && !r->schema.col[i].nullable;
        if (*good)
            r->schema.col[i].key_pos = ++pos;
    }
    *good = *good && pos > 0;
    for (size_t i = 0; !*good && i < r->schema.n; i++)
        r->schema.col[i].key_pos = 0;
    sqlite3_finalize(st);
    return s;
}

/* Without a primary key: the first UNIQUE index over NOT NULL columns. */
static enum assay_status find_unique(struct assay_sqlite_reader_state *r, struct assay_err *e)
{
    sqlite3_stmt *st = NULL;
    enum assay_status s = assay_sqlite_prepare(
        r,
        sqlite3_mprintf(
            "SELECT name FROM pragma_index_list(%Q, 'main') WHERE \"unique\" = 1 AND partial = 0 ORDER BY seq DESC",
            r->table),
        "reading the indexes of", &st, e);
    while (s == ASSAY_OK && !r->schema.key_is_unique && sqlite3_step(st) == SQLITE_ROW) {
        const char *index = (const char *)sqlite3_column_text(st, 0);
        s = index ? try_index(r, index, &r->schema.key_is_unique, e) : assay_fail_nomem(e);
    }
    sqlite3_finalize(st);
    return s;
}

/* The first of its names that is not that of a column, which would hide it. */
static const char *rowid_name(const struct assay_sqlite_reader_state *r)
{
    static const char *const names[] = {"rowid", "oid", "_rowid_"};
    for (size_t i = 0; r->kind == SQLITE_A_TABLE && !r->without_rowid && i < sizeof names / sizeof *names; i++) {
        bool hidden = false;
        for (size_t k = 0; k < r->schema.n; k++)
            hidden |= strcasecmp(r->schema.col[k].name, names[i]) == 0;
        if (!hidden)
            return names[i];
    }
    return NULL;
}

/* A PRIMARY KEY admits NULLs, and with them doubles, unless it is the rowid itself, NOT NULL, or in a WITHOUT ROWID
 * table. */
static enum assay_status judge_key(struct assay_sqlite_reader_state *r, struct assay_err *e)
{
    size_t keys = 0, nullable = 0;
    sqlite3_int64 pk_indexes = 0;
    bool any;
    r->rowid = rowid_name(r);
    for (size_t i = 0; i < r->schema.n; i++) {
        keys += r->schema.col[i].key_pos > 0;
        nullable += r->schema.col[i].key_pos > 0 && r->schema.col[i].nullable;
    }
    if (keys == 0)
        return find_unique(r, e);
    enum assay_status s = assay_sqlite_int(
        r, sqlite3_mprintf("SELECT count(*) FROM pragma_index_list(%Q, 'main') WHERE origin = 'pk'", r->table),
        "reading the indexes of", &pk_indexes, &any, e);
    bool is_rowid = pk_indexes == 0;
    r->schema.key_is_unique = s == ASSAY_OK && (nullable == 0 || is_rowid);
    for (size_t i = 0; is_rowid && i < r->schema.n; i++)
        if (r->schema.col[i].key_pos) {
            r->schema.col[i].nullable = false;
            if (!r->rowid && s == ASSAY_OK && r->kind == SQLITE_A_TABLE)
                r->rowid = r->schema.col[i].name;
        }
    return s;
}

enum assay_status assay_sqlite_load(struct assay_sqlite_reader_state *r, const char *named, struct assay_err *e)
{
    sqlite3_stmt *st = NULL;
    enum assay_status s =
        assay_sqlite_prepare(r, sqlite3_mprintf("PRAGMA encoding"), "reading the encoding of", &st, e);
    if (s == ASSAY_OK && sqlite3_step(st) == SQLITE_ROW)
        r->utf16 = strncmp((const char *)sqlite3_column_text(st, 0), "UTF-16", 6) == 0;
    sqlite3_finalize(st);
    if (s == ASSAY_OK)
        s = find_table(r, named, e);
    if (s == ASSAY_OK)
        s = load_columns(r, e);
    if (s == ASSAY_OK)
        s = judge_key(r, e);
    if (s == ASSAY_OK)
        s = refine(r, e);
    return s;
}

enum assay_status assay_sqlite_visit(const struct assay_locator *loc, struct assay_sqlite_reader_state *r,
                                     struct assay_err *e)
{
    bool wal;
    *r = (struct assay_sqlite_reader_state){.path = assay_sqlite_path(loc), .timeout_s = loc->timeout_s};
    enum assay_status s = r->path ? assay_sqlite_open_file(r, &wal, e) : assay_fail_nomem(e);
    return s == ASSAY_OK ? assay_sqlite_load(r, loc->table, e) : s;
}
