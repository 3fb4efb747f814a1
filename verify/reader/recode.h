/* Stored text of other encodings as UTF-8. What is no character of its encoding becomes the byte C0, half of a
 * surrogate pair its three bytes: neither is UTF-8, so that the value that holds it is a defect at its own line, and
 * its neighbours are read. Private to verify/reader and its tests. */
#ifndef ASSAY_RECODE_H
#define ASSAY_RECODE_H

#include "assay/reader.h"
#include "stream.h"

struct assay_recoder;

/* `from` is not ASSAY_TEXT_UTF8. in is not owned; name is for messages. block: bytes a read, 0: the default.
 * ASSAY_EDATA: the C library's table of the encoding is not the one that it stands for. */
enum assay_status assay_recoder_new(enum assay_text_encoding from, struct assay_stream *in, const char *name,
                                    size_t block, struct assay_recoder **out, struct assay_err *e);
/* As assay_stream_read: up to n bytes of UTF-8. A byte order mark is delivered as one. ASSAY_EDATA: utf-16 without a
 * byte order mark, one of the other order, an end inside a character. */
enum assay_status assay_recoder_read(struct assay_recoder *r, uint8_t *p, size_t n, size_t *got, struct assay_err *e);
void assay_recoder_free(struct assay_recoder *r); /* NULL is a no-op */

#endif
