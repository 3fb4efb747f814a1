/* Deleting rows at a source, one transaction at a time: what is read and what is deleted comes through the same reader,
 * so that both are checked like any other row. assay-purge alone holds these functions. */
#ifndef ASSAY_DELETER_H
#define ASSAY_DELETER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/err.h"
#include "assay/obstacle.h"
#include "assay/place.h"
#include "assay/reader.h"

struct assay_deleter;
/* Open the table with the right to delete. The locator must outlive the deleter. ASSAY_EUSAGE when it is no table of a
 * database, or one whose rows cannot be told apart by an id. */
enum assay_status assay_deleter_open(const struct assay_locator *loc, struct assay_deleter **out, struct assay_err *e);
void assay_deleter_close(struct assay_deleter *d); /* rolls back what is open; NULL is a no-op */

/* Which table it is, in a transaction. */
enum assay_status assay_deleter_place(struct assay_deleter *d, struct assay_place *out, struct assay_err *e);

/* One transaction, in which no row changes but by it: either nobody else can write, or who does is noticed when a row
 * that changed is deleted. */
enum assay_status assay_deleter_begin(struct assay_deleter *d, struct assay_err *e);
/* At its beginning: until its end nobody changes the table's columns, triggers, rules and foreign keys, and this is
 * what of them stands in the way of deleting; the list as of assay_reader_obstacles. Fails when the columns are not
 * those that were there at open, or when the engine would pass over triggers and foreign keys. */
enum assay_status assay_deleter_obstacles(struct assay_deleter *d, struct assay_obstacle **out, size_t *n,
                                          struct assay_err *e);
/* What this transaction has done to the table, in difference between two calls: the fall of `rows` is how many rows it
 * lost, the rise of `changed` how many came or were changed, where the engine can tell. */
struct assay_deleter_tally {
    int64_t rows, changed;
};
enum assay_status assay_deleter_tally(struct assay_deleter *d, struct assay_deleter_tally *out, struct assay_err *e);
/* Whatever was put off to the commit (deferred constraints and their triggers) is done now, while it can be seen. */
enum assay_status assay_deleter_settle(struct assay_deleter *d, struct assay_err *e);
/* On failure *unknown says that nobody knows whether it took place; else it did not. */
enum assay_status assay_deleter_commit(struct assay_deleter *d, bool *unknown, struct assay_err *e);
void assay_deleter_rollback(struct assay_deleter *d); /* no-op without a transaction */

/* The table as a reader, within the transaction: one part; the position of a row is its id in this transaction. Owned
 * by the deleter: never closed by its own close. */
struct assay_reader *assay_deleter_reader(struct assay_deleter *d);
/* The reader's next scans delete these rows and deliver those that were deleted, in place of reading. NULL: they read.
 * The ids are borrowed until then. */
void assay_deleter_doom(struct assay_deleter *d, const uint64_t *id, size_t n);

#endif
