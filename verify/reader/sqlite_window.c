/* The condition that leaves out the rows of other segments. A column of SQLite holds anything: what is not of the plain
 * form that sorts as its value does is never left out. */
#include <stdlib.h>
#include <string.h>

#include "sqlite.h"

#define DAY 10 /* bytes of "YYYY-MM-DD" */

/* SQLite's own calendar ends with the year 9999. */
static bool has_day(const char *lexeme)
{
    return lexeme && strspn(lexeme, "0123456789") == 4 && strnlen(lexeme, DAY) == DAY && strncmp(lexeme, "9999", 4) < 0;
}

/* By days, and a day more: a time zone moves a value by less than one, and 24:00 belongs to the next. */
static bool add_days(sqlite3_str *sql, const char *column, const struct assay_range *g)
{
    const bool from = has_day(g->lo), to = has_day(g->hi);
    if (!from && !to)
        return false;
    sqlite3_str_appendall(sql, "(");
    if (from)
        sqlite3_str_appendf(sql, "\"%w\" COLLATE BINARY >= date('%.*q','-1 day')", column, DAY, g->lo);
    if (to)
        sqlite3_str_appendf(sql, "%s\"%w\" COLLATE BINARY < date('%.*q','+2 days')", from ? " AND " : "", column, DAY,
                            g->hi);
    sqlite3_str_appendall(sql, ") OR ");
    return true;
}

static bool add_numbers(sqlite3_str *sql, const char *column, const struct assay_range *g)
{
    char *end[2] = {NULL, NULL};
    const long long lo = g->lo ? strtoll(g->lo, &end[0], 10) : 0, hi = g->hi ? strtoll(g->hi, &end[1], 10) : 0;
    if ((!g->lo && !g->hi) || (g->lo && *end[0]) || (g->hi && *end[1]))
        return false;
    sqlite3_str_appendall(sql, "(");
    if (g->lo)
        sqlite3_str_appendf(sql, "\"%w\" >= %lld", column, lo);
    if (g->hi)
        sqlite3_str_appendf(sql, "%s\"%w\" < %lld", g->lo ? " AND " : "", column, hi);
    sqlite3_str_appendall(sql, ") OR ");
    return true;
}

/* Values sort NULL, numbers, texts, blobs, so that ranges tell the classes, and an index on the column serves. */
char *assay_sqlite_window(sqlite3 *db, const struct assay_scan_opts *o)
{
    static const char plain[] = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*";
    sqlite3_str *sql = sqlite3_str_new(db);
    const bool whole = o->window_type == ASSAY_L_INTEGER;
    const char *c = o->window_column;
    bool narrower = o->window_type != ASSAY_L_NONE;
    sqlite3_str_appendall(sql, " WHERE (");
    for (size_t i = 0; i < o->n_windows && narrower; i++)
        narrower = whole ? add_numbers(sql, c, &o->window[i]) : add_days(sql, c, &o->window[i]);
    if (whole) /* far beyond 64 bits, either way: at an end, whichever */
        sqlite3_str_appendf(sql, "\"%w\" IS NULL OR \"%w\" >= '' OR \"%w\" < -9.2e18 OR \"%w\" > 9.2e18)", c, c, c, c);
    else
        sqlite3_str_appendf(sql,
                            "\"%w\" IS NULL OR \"%w\" COLLATE BINARY < '' OR \"%w\" COLLATE BINARY >= x'' OR "
                            "(\"%w\" COLLATE BINARY >= '' AND \"%w\" NOT GLOB '%s'))",
                            c, c, c, c, c, plain);
    char *text = sqlite3_str_finish(sql);
    if (narrower)
        return text;
    sqlite3_free(text);
    return sqlite3_mprintf("");
}
