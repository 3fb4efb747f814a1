/* The spool file of statements that travel to a ledger elsewhere. Format: docs/ledger-format.md. */
#ifndef ASSAY_LEDGER_SINK_H
#define ASSAY_LEDGER_SINK_H

#include "assay/ledger_append.h"

struct assay_spool;

/* A new spool; path must not exist ("-" is stdout). The file appears with the first batch. */
enum assay_status assay_spool_create(const char *path, struct assay_spool **out, struct assay_err *e);
/* One batch, complete and synced; on failure the file is as it was. */
enum assay_status assay_spool_write(struct assay_spool *s, const struct assay_ledger_item *item, size_t n,
                                    struct assay_err *e);
void assay_spool_close(struct assay_spool *s); /* NULL is a no-op */

#endif
