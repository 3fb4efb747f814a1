/* Where a SQLite table is: which file, whatever path leads to it, and which table. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "place.h"
#include "sqlite.h"

enum assay_status assay_sqlite_place_of(const struct assay_sqlite_reader_state *r, struct assay_place *out,
                                        struct assay_err *e)
{
    struct stat st;
    int moved = 0;
    if (sqlite3_file_control(r->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved)
        return assay_fail(e, ASSAY_ECHANGED, "%s: another file was put in its place since it was opened", r->path);
    if (stat(r->path, &st) != 0)
        return assay_fail(e, ASSAY_ESOURCE, "%s: %s", r->path, strerror(errno));
    out->database = (size_t)snprintf(out->text, sizeof out->text, "sqlite file %llu:%llu ",
                                     (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
    const size_t left = sizeof out->text - out->database;
    const int n = snprintf(out->text + out->database, left, "table %s", r->table);
    out->shows = r->kind != SQLITE_A_TABLE;
    return n > 0 && (size_t)n < left
               ? ASSAY_OK
               : assay_fail(e, ASSAY_ELIMIT, "%s: the name of table %.60s... is too long", r->path, r->table);
}

enum assay_status assay_sqlite_place(const struct assay_locator *loc, struct assay_place *out, struct assay_err *e)
{
    struct assay_sqlite_reader_state r;
    enum assay_status s = assay_sqlite_visit(loc, &r, e);
    if (s == ASSAY_OK)
        s = assay_sqlite_place_of(&r, out, e);
    assay_sqlite_release(&r);
    return s;
}
