/* Building the list of relations. Private to verify/reader/. */
#ifndef ASSAY_READER_RELATIONS_H
#define ASSAY_READER_RELATIONS_H

#include "assay/reader_tables.h"

struct relations {
    struct assay_relation *v;
    size_t n, cap;
};
/* schema may be NULL. The new last element of the list, zeroed but for its name; NULL with e filled. */
struct assay_relation *assay_relations_add(struct relations *l, const char *schema, const char *name,
                                           struct assay_err *e);

/* pg_tables.c, sqlite_tables.c: as assay_reader_relations; what is in the list on failure is the caller's to free. */
enum assay_status assay_pg_relations(const struct assay_locator *const *loc, size_t n, bool *found, struct relations *l,
                                     struct assay_err *e);
enum assay_status assay_sqlite_relations(const struct assay_locator *const *loc, size_t n, bool *found,
                                         struct relations *l, struct assay_err *e);

#endif
