/* The sealed digests of one check: every row's digest is taken as it comes, all are sorted under a memory limit, and
 * each chunk gets its root. */
#ifndef ASSAY_SEALER_H
#define ASSAY_SEALER_H

#include "assay/check.h"
#include "assay/lane.h"
#include "assay/reader.h"
#include "assay/sealed.h"

struct sealer;
struct sealed_chunk {
    const char *why; /* there is no root: "defects", "unplaced", "no key", "erased"; NULL: there is one. Static */
    uint8_t root[32], commit[32];
    uint8_t blocks[32]; /* name of the sealed list of blocks, a blob */
    bool has_sketch;
    uint8_t sketch[32]; /* likewise */
};

/* Before the source's cuts are committed: make and save the keys of all their chunks, and of those of files that have a
 * segment each, so that the archive's checker, which may begin as soon as there are cuts, finds them. Nothing for the
 * archive, and for a dataset that is not sealed. */
enum assay_status assay_sealer_draw(const struct assay_check *c, const struct assay_cutset *cuts,
                                    const struct assay_part *part, size_t n_parts, struct assay_err *e);

enum assay_status assay_sealer_new(const struct assay_check *c, struct sealer **out, struct assay_err *e);
/* assay_row_fn of a lane with rows_whole and rows_formed; ctx: the sealer. */
enum assay_status assay_sealer_row(void *ctx, const struct assay_lane_row *row, struct assay_err *e);
/* After the scan. seg: what the lane has, which must outlive the sealer. unplaced: rows of the side that have no chunk.
 * Blobs go to the sink. */
enum assay_status assay_sealer_finish(struct sealer *s, const struct assay_lane_segment *seg, size_t n,
                                      uint64_t unplaced, struct assay_err *e);
/* A blob under the key of a chunk in scope, or, when that key is not there, under the dataset key. */
enum assay_status assay_sealer_store(struct sealer *s, const struct assay_cut *cut, uint32_t ordinal, const char *kind,
                                     const struct assay_buf *plain, uint8_t name[32], struct assay_err *e);
/* NULL: the chunk was not in scope. */
const struct sealed_chunk *assay_sealer_chunk(const struct sealer *s, const struct assay_cut *cut, uint32_t ordinal);
/* ---- for who looks at the digests themselves, in place of assay_sealer_finish ---- */

struct sealer_place { /* one chunk, without its rows */
    const struct assay_cut *cut;
    uint32_t ordinal;
    const char *why; /* "no key", "erased": its rows were not kept; NULL: they are */
    uint64_t rows;
    uint8_t commit[32]; /* to the key */
    bool out_of_scope;
};
struct sealer_row { /* valid until the next call */
    const uint8_t *key, *rd;
    size_t key_len;
};
/* No more rows come; chunks of seg without one are there, too. */
enum assay_status assay_sealer_sort(struct sealer *s, const struct assay_lane_segment *seg, size_t n,
                                    struct assay_err *e);
size_t assay_sealer_count(const struct sealer *s);
struct sealer_place assay_sealer_place(const struct sealer *s, size_t i);
/* The next row of chunk i by (key bytes, rd). Chunks come in rising order of i, each to its end. */
enum assay_status assay_sealer_next(struct sealer *s, size_t i, struct sealer_row *out, bool *have,
                                    struct assay_err *e);
/* The salt of a row of chunk i, whose key the keyring has. */
void assay_sealer_salt(const struct sealer *s, size_t i, const uint8_t *key, size_t n, uint8_t salt[16]);
/* Open a blob that was sealed under the key of chunk i. Appends. */
enum assay_status assay_sealer_open(struct sealer *s, size_t i, const char *kind, const struct assay_buf *blob,
                                    struct assay_buf *out, struct assay_err *e);

void assay_sealer_free(struct sealer *s); /* NULL is a no-op */

#endif
