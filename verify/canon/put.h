/* Room in a buffer, taken once per value: the hot path of cells and keys. */
#ifndef ASSAY_CANON_PUT_H
#define ASSAY_CANON_PUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/buf.h"

/* n writable bytes behind the content, len unchanged; NULL when there is no memory. */
static inline uint8_t *assay_room(struct assay_buf *b, size_t n)
{
    if (b->cap - b->len < n && assay_buf_reserve(b, n) != ASSAY_OK)
        return NULL;
    return b->ptr + b->len;
}

/* The same, and *p follows when it points into the content and the content moves. */
static inline uint8_t *assay_room_for(struct assay_buf *b, size_t n, const uint8_t **p)
{
    const uintptr_t base = (uintptr_t)b->ptr, at = (uintptr_t)*p;
    const bool inside = b->ptr && at >= base && at < base + b->len;
    uint8_t *dst = assay_room(b, n);
    if (dst && inside)
        *p = b->ptr + (at - base);
    return dst;
}

#endif
