/* A cursor over one column of one file: row group by row group, page by page, values in order.
 * Holds one page (as stored and as decoded) and one dictionary; values point into these until the next page is loaded.
 */
#ifndef ASSAY_PARQUET_COLUMN_H
#define ASSAY_PARQUET_COLUMN_H

#include "assay/reader.h"
#include "codec.h"
#include "file.h"
#include "hybrid.h"
#include "meta.h"
#include "page.h"

/* What the cursors of one scan share. */
struct assay_pq_context {
    const struct assay_pq_file *file;
    struct assay_pq_codec_state codec;
    size_t group; /* row group being read, from 0, for messages */
    size_t read_ahead; /* bytes a cursor reads at once */
};

struct assay_pq_room {
    uint8_t *p;
    size_t cap; /* PQ_PAD more bytes are readable */
};

enum assay_pq_source { PQ_FROM_FIXED, PQ_FROM_STRINGS, PQ_FROM_DICTIONARY };

struct assay_pq_cursor {
    const struct assay_pq_column *column;
    struct assay_pq_context *ctx;
    uint32_t codec;

    /* input: bytes [in_at, in_at + in_len) of the file, read up to in_pos */
    struct assay_pq_room in;
    uint8_t *base; /* in.p, or the file's window when it holds the whole chunk */
    uint64_t in_at, end; /* end: of the column chunk */
    size_t in_pos, in_len;

    uint64_t chunk_left, chunk_values; /* values of the chunk in pages not yet loaded, and in all */
    uint64_t page_at; /* byte of the current page's header */
    uint32_t page, pages; /* its ordinal in the chunk; pages begun so far */
    uint64_t left; /* rows of the page not yet delivered */

    bool all_valid, all_null;
    struct assay_pq_hybrid levels, rep_levels; /* definition; repetition: leaves of nested columns */
    struct assay_pq_room level_bytes[2]; /* both, when they are BIT_PACKED */
    enum assay_pq_source source;
    const uint8_t *data, *data_end; /* PLAIN values */
    struct assay_pq_hybrid indices; /* or dictionary indices ... */
    const struct assay_value *entries; /* ... into these */
    uint32_t n_entries;
    struct assay_pq_room page_bytes, plain; /* decompressed, and turned into PLAIN */
    struct assay_pq_room scratch[2]; /* lengths of delta-encoded strings */

    bool has_dictionary;
    struct assay_pq_room dictionary_bytes, dictionary_values, dictionary_intervals;
    uint32_t n_dictionary;

    struct assay_interval intervals[ASSAY_BATCH_ROWS];
    struct assay_value dense[ASSAY_BATCH_ROWS]; /* values without their nulls */
    uint8_t level[ASSAY_BATCH_ROWS];
    uint32_t index[ASSAY_BATCH_ROWS];
};

/* Begin a row group's chunk. */
enum assay_status assay_pq_cursor_open(struct assay_pq_cursor *c, const struct assay_pq_chunk *chunk,
                                       struct assay_err *e);
/* Load pages until rows are left to deliver; values delivered before are gone then. */
enum assay_status assay_pq_cursor_load(struct assay_pq_cursor *c, struct assay_err *e);
/* The next n rows, n <= min(c->left, ASSAY_BATCH_ROWS), to dst[0], dst[stride], ... */
enum assay_status assay_pq_cursor_take(struct assay_pq_cursor *c, size_t n, struct assay_value *dst, size_t stride,
                                       struct assay_err *e);
/* All rows of the group were delivered: nothing may be left in the chunk. */
enum assay_status assay_pq_cursor_close(struct assay_pq_cursor *c, struct assay_err *e);
void assay_pq_cursor_release(struct assay_pq_cursor *c);

/* Between column.c, load.c and values.c. */
enum assay_status assay_pq_cursor_fail(const struct assay_pq_cursor *c, enum assay_status code, const char *why,
                                       struct assay_err *e);
bool assay_pq_room_for(struct assay_pq_room *r, size_t n);
/* Load exactly one page, of whatever kind (load.c). */
enum assay_status assay_pq_load_page(struct assay_pq_cursor *c, struct assay_err *e);
/* Set up the cursor for a data page of n bytes of values at p (values.c). */
enum assay_status assay_pq_values_begin(struct assay_pq_cursor *c, int32_t encoding, const uint8_t *p, size_t n,
                                        uint64_t count, struct assay_err *e);
/* Read a dictionary of `count` PLAIN values in n bytes at c->dictionary_bytes. */
enum assay_status assay_pq_values_dictionary(struct assay_pq_cursor *c, size_t n, uint32_t count, struct assay_err *e);
/* The next n values that are not null. */
enum assay_status assay_pq_values_take(struct assay_pq_cursor *c, size_t n, struct assay_value *dst, size_t stride,
                                       struct assay_err *e);
/* Levels of a nested column's leaf: checked, and ready in c->levels and c->rep_levels; *valid: values that are not null
 * (levels.c). v1: at *p, which moves past them. */
enum assay_status assay_pq_levels_v1(struct assay_pq_cursor *c, const struct assay_pq_page *page, uint8_t **p,
                                     size_t *n, uint64_t *valid, struct assay_err *e);
enum assay_status assay_pq_levels_v2(struct assay_pq_cursor *c, const struct assay_pq_page *page, const uint8_t *p,
                                     uint64_t *valid, struct assay_err *e);
/* Every byte of the page was used. */
enum assay_status assay_pq_values_end(const struct assay_pq_cursor *c, struct assay_err *e);

#endif
