/* Which table of which database a locator leads to, whatever host, path, alias or account it names. */
#ifndef ASSAY_PLACE_H
#define ASSAY_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/err.h"
#include "assay/reader.h"

struct assay_place {
    char text[512]; /* "postgresql system N database OID table OID", "sqlite file DEVICE:INODE table NAME": equal for
                       the same table, and different for different ones, but for copies of a server made below it */
    size_t database; /* so many bytes of text name the database */
    bool shows; /* a view or the like: its rows may be those of other tables */
    uint64_t tree; /* PostgreSQL: one for all tables of the database that inherit from each other; else 0 */
    bool lasting; /* it is the same from every machine; of a file it is not */
};
/* Connects. ASSAY_EUSAGE when it is no table of a database; ASSAY_ENOTFOUND when there is no such table. */
enum assay_status assay_reader_place(const struct assay_locator *loc, struct assay_place *out, struct assay_err *e);

#endif
