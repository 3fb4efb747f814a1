#include "assay/writer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "assay/note.h"

void assay_writer_begin(struct assay_writer *w, const char *kind)
{
    *w = (struct assay_writer){.status = ASSAY_OK};
    w->status = assay_stmt_begin(&w->text, kind);
}

void assay_writer_add(struct assay_writer *w, const char *key, const char *value)
{
    if (w->status == ASSAY_OK && value)
        w->status = assay_stmt_add(&w->text, key, value);
}

void assay_writer_addf(struct assay_writer *w, const char *key, const char *fmt, ...)
{
    char *value = NULL;
    va_list ap;
    if (w->status != ASSAY_OK)
        return;
    va_start(ap, fmt);
    int n = vasprintf(&value, fmt, ap);
    va_end(ap);
    if (n < 0) {
        w->status = ASSAY_ENOMEM;
        return;
    }
    assay_writer_add(w, key, value);
    free(value);
}

void assay_writer_hex(struct assay_writer *w, const char *key, const char *prefix, const void *bytes, size_t n)
{
    if (w->status == ASSAY_OK)
        w->status = assay_stmt_addhex(&w->text, key, prefix, bytes, n);
}

void assay_time_now(char out[32])
{
    struct timespec t;
    struct tm tm;
    clock_gettime(CLOCK_REALTIME, &t);
    gmtime_r(&t.tv_sec, &tm);
    size_t n = strftime(out, 24, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(out + n, 32 - n, ".%06uZ", (unsigned)(t.tv_nsec / 1000) % 1000000);
}

void assay_writer_now(struct assay_writer *w)
{
    char now[32];
    assay_time_now(now);
    assay_writer_add(w, "observed", now);
}

enum assay_status assay_writer_send(struct assay_writer *w, struct assay_sink *sink, struct assay_err *e)
{
    enum assay_status s = w->status;
    if (s == ASSAY_OK)
        s = assay_sink_stmt(sink, &w->text, e);
    assay_buf_release(&w->text);
    return s == ASSAY_OK ? s : assay_fail(e, s, "cannot write a statement");
}
