/* Hostile text made safe for each output. Names, paths and bounds come from data that nobody here controls. */
#ifndef ASSAY_REPORT_ESCAPE_H
#define ASSAY_REPORT_ESCAPE_H

#include <stdbool.h>
#include <stdint.h>

#include "assay/buf.h"

/* Output that remembers the first failure, so that renderers check once at the end. */
struct assay_out {
    struct assay_buf buf;
    enum assay_status status;
    bool ascii; /* replace everything outside ASCII (terminals that do not speak UTF-8) */
};

void assay_out_raw(struct assay_out *o, const char *text);
void assay_out_f(struct assay_out *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* One JSON string with its quotes. Invalid UTF-8 becomes U+FFFD; NULL becomes null. */
void assay_out_json(struct assay_out *o, const char *text);
/* Text for HTML content and double-quoted attributes. Control and bidirectional override characters are spelled out. */
void assay_out_html(struct assay_out *o, const char *text);
/* Text for a terminal: control, escape and bidirectional characters are spelled out; at most max_chars characters, then
 * "...". */
void assay_out_plain(struct assay_out *o, const char *text, size_t max_chars);
/* One word for a shell: as it is, or single-quoted. */
void assay_out_shell(struct assay_out *o, const char *text, void (*put)(struct assay_out *o, const char *text));
/* 1234567 with `sep` between groups of three. */
void assay_out_number(struct assay_out *o, uint64_t n, const char *sep);
/* Bytes as "12.3 MiB". */
void assay_out_bytes(struct assay_out *o, uint64_t n);

#endif
