/* Where an open table is. Private to verify/reader/. */
#ifndef ASSAY_READER_PLACE_H
#define ASSAY_READER_PLACE_H

#include "assay/place.h"

struct assay_pg_reader;
struct assay_sqlite_reader_state;
enum assay_status assay_pg_place_of(struct assay_pg_reader *r, struct assay_place *out, struct assay_err *e);
enum assay_status assay_sqlite_place_of(const struct assay_sqlite_reader_state *r, struct assay_place *out,
                                        struct assay_err *e);
/* As assay_reader_place. */
enum assay_status assay_pg_place(const struct assay_locator *loc, struct assay_place *out, struct assay_err *e);
enum assay_status assay_sqlite_place(const struct assay_locator *loc, struct assay_place *out, struct assay_err *e);

#endif
