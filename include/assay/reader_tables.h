/* Which tables a database holds: for `assay init`, which looks at all of them. */
#ifndef ASSAY_READER_TABLES_H
#define ASSAY_READER_TABLES_H

#include <stddef.h>

#include "assay/err.h"
#include "assay/reader.h"

/* Base tables that may be read, sorted by name; no system tables, views or partitions. A name is what a locator's
 * `table` takes: "t", in PostgreSQL "schema.t" outside of the schema public. The caller frees each name and the array.
 * ASSAY_EUSAGE when the locator is no database. At most ASSAY_MAX_DATASETS names (ASSAY_ELIMIT). */
enum assay_status assay_reader_tables(const struct assay_locator *loc, char ***names, size_t *n, struct assay_err *e);
void assay_reader_tables_free(char **names, size_t n);

#endif
