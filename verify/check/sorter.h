/* External merge sort of small records under a memory limit: what drill-down and the check for doubled keys stand on.
 */
#ifndef ASSAY_SORTER_H
#define ASSAY_SORTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/err.h"

struct sorter;
struct sorter_record { /* valid until the next call */
    const uint8_t *key, *body;
    uint32_t key_len, body_len;
};

/* memory: bytes held before a sorted run is spilled, >= 1 MiB; what sorting takes is among them. */
enum assay_status assay_sorter_new(size_t memory, struct sorter **out, struct assay_err *e);
/* Most bytes that may be spilled; 0: as many as the disk holds. Before the first record. */
void assay_sorter_limit(struct sorter *s, uint64_t bytes);
enum assay_status assay_sorter_add(struct sorter *s, const void *key, size_t key_len, const void *body, size_t body_len,
                                   struct assay_err *e);
/* No more records; afterwards sorter_next delivers them by rising key bytes, then body bytes. */
enum assay_status assay_sorter_finish(struct sorter *s, struct assay_err *e);
enum assay_status assay_sorter_next(struct sorter *s, struct sorter_record *out, bool *have, struct assay_err *e);
void assay_sorter_free(struct sorter *s);

#endif
