/* Writing one statement: the first failure sticks, so that the caller checks once, when it sends. */
#ifndef ASSAY_WRITER_H
#define ASSAY_WRITER_H

#include "assay/buf.h"
#include "assay/err.h"
#include "assay/ledger_append.h"

struct assay_writer {
    struct assay_buf text;
    enum assay_status status;
};

void assay_writer_begin(struct assay_writer *w, const char *kind);
/* value NULL: the line is left out. */
void assay_writer_add(struct assay_writer *w, const char *key, const char *value);
void assay_writer_addf(struct assay_writer *w, const char *key, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void assay_writer_hex(struct assay_writer *w, const char *key, const char *prefix, const void *bytes, size_t n);
/* The time now, as every "observed" line has it: "2026-01-02T03:04:05.000000Z". */
void assay_time_now(char out[32]);
void assay_writer_now(struct assay_writer *w);
/* Sign and queue the statement, and release the writer whatever comes of it. */
enum assay_status assay_writer_send(struct assay_writer *w, struct assay_sink *sink, struct assay_err *e);

#endif
