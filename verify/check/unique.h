/* Are the keys of a source unique, where no engine promises it? Exact up to a 128-bit hash, in bounded memory. */
#ifndef ASSAY_UNIQUE_H
#define ASSAY_UNIQUE_H

#include "assay/lane.h"

struct unique;
enum assay_status assay_unique_new(struct unique **out, struct assay_err *e);
assay_row_fn assay_unique_row; /* ctx: struct unique */
enum assay_status assay_unique_finish(struct unique *u, struct assay_err *e);
uint64_t assay_unique_duplicates(const struct unique *u); /* rows whose key another row has already */
void assay_unique_free(struct unique *u);

#endif
