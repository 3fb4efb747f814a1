/* Holding sources still for an exporter: what it reads and what is verified afterwards is one and the same state. */
#ifndef ASSAY_HOLD_H
#define ASSAY_HOLD_H

#include <stddef.h>

#include "assay/err.h"
#include "assay/reader.h"

struct assay_hold;

/* Hold the tables of n locators, until the release. Locators of one database (the same URI and snapshot) share one
 * transaction or one copy. Files are not held. A locator that cannot be held fails the whole. The locators must outlive
 * the hold. */
enum assay_status assay_hold_take(const struct assay_locator *loc, size_t n, struct assay_hold **out,
                                  struct assay_err *e);
/* Of the i-th locator: what its `snapshot` must be to read the state that is held; NULL: nothing is held. Borrowed. */
const char *assay_hold_snapshot(const struct assay_hold *h, size_t i);
/* SQLite: the path of the frozen copy that an exporter can open; else NULL. Borrowed. */
const char *assay_hold_copy(const struct assay_hold *h, size_t i);
/* Wait until fd is at its end. ASSAY_ESOURCE as soon as a server ended a transaction that is held, ASSAY_EINTR after a
 * signal. */
enum assay_status assay_hold_wait(struct assay_hold *h, int fd, struct assay_err *e);
void assay_hold_release(struct assay_hold *h); /* NULL is a no-op */

#endif
