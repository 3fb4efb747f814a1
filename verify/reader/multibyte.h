/* Multi-byte character sets as tables. The C library's iconv makes them, sequence by sequence; what it does not turn
 * back into the same bytes is no character. A table counts only when it is the one that docs/canonical-form.md means:
 * its SHA-256 stands in the source. Private to verify/reader and its tests. */
#ifndef ASSAY_MULTIBYTE_H
#define ASSAY_MULTIBYTE_H

#include <stdint.h>

#include "assay/reader.h"

#define ASSAY_MULTIBYTE_NONE UINT32_MAX

struct assay_multibyte;

enum assay_status assay_multibyte_new(enum assay_text_encoding which, struct assay_multibyte **out,
                                      struct assay_err *e);
void assay_multibyte_free(struct assay_multibyte *m); /* NULL is a no-op */
/* SHA-256 over the table: 256 single bytes, then all pairs, then all pairs behind 8F, a big-endian u32 each. */
void assay_multibyte_digest(const struct assay_multibyte *m, uint8_t out[32]);
/* The character that p[0..n) begins with into *c, ASSAY_MULTIBYTE_NONE where there is none. Returns the bytes that it
 * takes; 0: more are needed, which are never at the end. */
size_t assay_multibyte_decode(const struct assay_multibyte *m, const uint8_t *p, size_t n, bool end, uint32_t *c);

#endif
