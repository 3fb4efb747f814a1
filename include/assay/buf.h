/* A growing byte buffer with a ceiling that its creator chose. All-zero with max set is a valid empty buffer. */
#ifndef ASSAY_BUF_H
#define ASSAY_BUF_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/err.h"

struct assay_buf {
    uint8_t *ptr; /* NULL while cap is 0 */
    size_t len; /* bytes in use: len <= cap <= max */
    size_t cap;
    size_t max; /* ceiling in bytes; 0 means ASSAY_MAX_BLOB */
};

/* Make room for `extra` more bytes. ASSAY_ELIMIT or ASSAY_ENOMEM leave the buffer unchanged. */
enum assay_status assay_buf_reserve(struct assay_buf *b, size_t extra);
/* Append; the same failures, the buffer unchanged. */
enum assay_status assay_buf_add(struct assay_buf *b, const void *bytes, size_t n);
enum assay_status assay_buf_addc(struct assay_buf *b, uint8_t byte);
enum assay_status assay_buf_adds(struct assay_buf *b, const char *text);
enum assay_status assay_buf_addf(struct assay_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Lower-case hex of `n` bytes. */
enum assay_status assay_buf_addhex(struct assay_buf *b, const void *bytes, size_t n);
/* The content as a C string; the NUL is not counted in len. NULL when out of memory. */
const char *assay_buf_str(struct assay_buf *b);
/* Empty it, keep the memory. */
void assay_buf_reset(struct assay_buf *b);
/* Free the memory; the buffer is empty and usable again. */
void assay_buf_release(struct assay_buf *b);

#endif
