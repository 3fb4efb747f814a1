/* Sorting pieces of a buffer that is being written: members of JSON objects, fields of structs, entries of maps. */
#ifndef ASSAY_CANON_SPANS_H
#define ASSAY_CANON_SPANS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/buf.h"

struct assay_span { /* offsets in the buffer */
    size_t at, end; /* the whole piece */
    size_t key, key_end; /* what it is sorted by */
    const uint8_t *base; /* set while sorting only, when the buffer does not move */
};

#define ASSAY_SPANS_INLINE 32

/* A stack: the pieces of all containers that are open. */
struct assay_spans {
    struct assay_span *v;
    size_t n, cap;
    struct assay_span first[ASSAY_SPANS_INLINE];
};

void assay_spans_init(struct assay_spans *s);
void assay_spans_release(struct assay_spans *s);
/* false: out of memory. */
bool assay_spans_push(struct assay_spans *s, struct assay_span span);
/* Sort the pieces from `from` on, which end at the buffer's end, by their keys; of equal keys the last stays. Pops
 * them; *count: how many stay. false: out of memory, the buffer as it was. */
bool assay_spans_sort(struct assay_spans *s, size_t from, struct assay_buf *out, uint32_t *count);

#endif
