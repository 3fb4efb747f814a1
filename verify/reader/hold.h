/* What holds one database. Private to verify/reader/. */
#ifndef ASSAY_READER_HOLD_H
#define ASSAY_READER_HOLD_H

#include <stddef.h>

#include "assay/err.h"
#include "assay/reader.h"

/* ---- pg_snapshot.c: one transaction that exported its snapshot, with every table locked against DDL ---- */
struct assay_pg_hold;
enum assay_status assay_pg_hold_open(const struct assay_locator *const *loc, size_t n, struct assay_pg_hold **out,
                                     struct assay_err *e);
const char *assay_pg_hold_snapshot(const struct assay_pg_hold *h);
int assay_pg_hold_fd(const struct assay_pg_hold *h); /* readable: ask whether it is still alive */
enum assay_status assay_pg_hold_alive(struct assay_pg_hold *h, struct assay_err *e);
void assay_pg_hold_close(struct assay_pg_hold *h);

/* ---- sqlite_frozen.c: a copy that nobody writes to ---- */

/* Copy the database of the locator to `path` (must not exist), made read-only. *snapshot is what a locator's `snapshot`
 * takes: "sha256:HEX:PATH"; the caller frees it. */
enum assay_status assay_sqlite_freeze(const struct assay_locator *loc, const char *path, char **snapshot,
                                      struct assay_err *e);

#endif
