/* The table of readers. */
#include "assay/reader.h"

#include "assay/buf.h"

/* The first that accepts a locator opens it. */
static const struct assay_reader_ops *const readers[] = {&assay_exec_reader, &assay_pg_reader, &assay_sqlite_reader,
                                                         &assay_files_reader};

enum assay_status assay_reader_open(const struct assay_locator *loc, struct assay_reader **out, struct assay_err *e)
{
    if (!loc->uri || !*loc->uri)
        return assay_fail(e, ASSAY_EUSAGE,
                          "empty locator: expected postgresql://..., sqlite:PATH, exec:COMMAND or a path");
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++)
        if (readers[i]->accepts(loc))
            return readers[i]->open(loc, out, e);
    struct assay_buf shown = {0};
    const char *text = assay_locator_show(loc->uri, &shown) == ASSAY_OK ? assay_buf_str(&shown) : NULL;
    enum assay_status s =
        assay_fail(e, ASSAY_EUSAGE, "no reader for %s: expected postgresql://..., sqlite:PATH, exec:COMMAND or a path",
                   text ? text : "the locator");
    assay_buf_release(&shown);
    return s;
}
