/* Room in a buffer, taken once per value: the hot path of cells and keys. */
#ifndef ASSAY_CANON_PUT_H
#define ASSAY_CANON_PUT_H

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

#endif
