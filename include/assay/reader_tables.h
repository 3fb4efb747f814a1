/* Which tables a database holds: for `assay init`, which looks at all of them. */
#ifndef ASSAY_READER_TABLES_H
#define ASSAY_READER_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/err.h"
#include "assay/reader.h"

/* Base tables that may be read, sorted by name; no system tables, views or partitions. A name is what a locator's
 * `table` takes: "t", in PostgreSQL "schema.t" outside of the schema public. The caller frees each name and the array.
 * ASSAY_EUSAGE when the locator is no database. At most ASSAY_MAX_DATASETS names (ASSAY_ELIMIT). */
enum assay_status assay_reader_tables(const struct assay_locator *loc, char ***names, size_t *n, struct assay_err *e);
void assay_reader_tables_free(char **names, size_t n);

/* ---- everything a database holds: for coverage ---- */

struct assay_relation {
    char *name; /* "schema.t"; SQLite: "t" */
    const char *kind; /* "table", "partition", "child table", "view", ...; static */
    size_t parent; /* of a partition or child: index of what it belongs to; SIZE_MAX: none */
    size_t bare; /* where in name the name without its schema begins */
    bool apart; /* it holds no rows of its own, or none of this database's: views, foreign and shadow tables */
    bool covered; /* one of the locators reads it, or reads what it is a part of */
    char **extra; /* its columns that reading its parent does not deliver */
    size_t n_extra;
};
/* Every relation but those of the system, sorted by name, whoever may read them. loc: n locators of one and the same
 * database. found[i]: is the table of loc[i] there? The caller frees the list. ASSAY_EUSAGE when it is no database. */
enum assay_status assay_reader_relations(const struct assay_locator *const *loc, size_t n, bool *found,
                                         struct assay_relation **out, size_t *n_out, struct assay_err *e);
void assay_reader_relations_free(struct assay_relation *rel, size_t n);

#endif
