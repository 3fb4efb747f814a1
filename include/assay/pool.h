/* Memory of one batch: pieces taken one after the other and given back all at once. What was taken never moves, so that
 * values may point into it. All-zero is a valid empty pool. */
#ifndef ASSAY_POOL_H
#define ASSAY_POOL_H

#include <stddef.h>

struct assay_pool_block;
struct assay_pool {
    struct assay_pool_block *block; /* newest first */
    size_t taken; /* bytes since the last reset, rounded up to the alignment of a piece */
};

/* n bytes, aligned to 16, not cleared; never NULL for n 0. NULL: out of memory; what was taken before stays. */
void *assay_pool_take(struct assay_pool *a, size_t n);
/* Every piece is invalid. One block is kept, so that batches of equal size allocate nothing. */
void assay_pool_reset(struct assay_pool *a);
void assay_pool_release(struct assay_pool *a);

#endif
