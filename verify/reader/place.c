#include "place.h"

#include <string.h>

#include "pg.h"

enum assay_status assay_reader_place(const struct assay_locator *loc, struct assay_place *out, struct assay_err *e)
{
    *out = (struct assay_place){0};
    if (loc->table && strncmp(loc->uri, "sqlite:", 7) == 0)
        return assay_sqlite_place(loc, out, e);
    if (loc->table && assay_pg_reader.accepts(loc))
        return assay_pg_place(loc, out, e);
    return assay_fail(e, ASSAY_EUSAGE, "it is no table of a database");
}
