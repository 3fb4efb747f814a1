/* Deleting rows at a source, one transaction at a time: what is read and what is deleted comes through the same reader,
 * so that both are checked like any other row. assay-purge alone holds these functions. */
#ifndef ASSAY_DELETER_H
#define ASSAY_DELETER_H

#include <stddef.h>
#include <stdint.h>

#include "assay/err.h"
#include "assay/reader.h"

struct assay_deleter;
/* Open the table with the right to delete. The locator must outlive the deleter. ASSAY_EUSAGE when it is no table of a
 * database, or one whose rows cannot be told apart by an id. */
enum assay_status assay_deleter_open(const struct assay_locator *loc, struct assay_deleter **out, struct assay_err *e);
void assay_deleter_close(struct assay_deleter *d); /* rolls back what is open; NULL is a no-op */

/* One transaction, in which no row changes but by it: either nobody else can write, or who does is noticed when a row
 * that changed is deleted. */
enum assay_status assay_deleter_begin(struct assay_deleter *d, struct assay_err *e);
enum assay_status assay_deleter_commit(struct assay_deleter *d, struct assay_err *e);
void assay_deleter_rollback(struct assay_deleter *d); /* no-op without a transaction */

/* The table as a reader, within the transaction: one part; the position of a row is its id in this transaction. Owned
 * by the deleter: never closed by its own close. */
struct assay_reader *assay_deleter_reader(struct assay_deleter *d);
/* The reader's next scans delete these rows and deliver those that were deleted, in place of reading. NULL: they read.
 * The ids are borrowed until then. */
void assay_deleter_doom(struct assay_deleter *d, const uint64_t *id, size_t n);

#endif
