/* The columns of a nested type, put together to one value a row: the assembly of the Dremel paper (Melnik et al.,
 * 2010), over any number of leaves and across the borders of their pages. */
#ifndef ASSAY_PARQUET_NESTED_H
#define ASSAY_PARQUET_NESTED_H

#include "assay/items.h"
#include "column.h"
#include "tree.h"

/* One leaf: a window of its levels, and of its values without the nulls. */
struct assay_pq_stream {
    struct assay_pq_cursor cursor;
    size_t at, n; /* entries of the window: consumed, there */
    size_t value_at;
    uint8_t rep[ASSAY_BATCH_ROWS], def[ASSAY_BATCH_ROWS];
    struct assay_value value[ASSAY_BATCH_ROWS];
};

struct assay_pq_nested {
    const struct assay_pq_column *column;
    struct assay_pq_stream *stream; /* one a leaf; owned */
    size_t streams;
};

enum assay_status assay_pq_nested_init(struct assay_pq_nested *n, const struct assay_pq_column *column,
                                       struct assay_pq_context *ctx, struct assay_err *e);
/* Begin a row group, whose chunks begin at chunk. */
enum assay_status assay_pq_nested_open(struct assay_pq_nested *n, const struct assay_pq_chunk *chunk,
                                       struct assay_err *e);
/* The value of the next row, its memory in t. */
enum assay_status assay_pq_nested_row(struct assay_pq_nested *n, struct assay_items *t, struct assay_value *out,
                                      struct assay_err *e);
/* All rows of the group were delivered: nothing may be left. */
enum assay_status assay_pq_nested_close(struct assay_pq_nested *n, struct assay_err *e);
void assay_pq_nested_release(struct assay_pq_nested *n);

/* stream.c: an entry at s->at; *more is false at the end of the chunk. */
enum assay_status assay_pq_stream_fill(struct assay_pq_stream *s, bool *more, struct assay_err *e);

#endif
