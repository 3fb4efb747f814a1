/* Lines of an NDJSON object. A JSON text has no line feed inside strings, so lines are found before they are lexed. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "assay/limits.h"
#include "ndjson.h"

#define BLOCK (256u << 10) /* bytes a read */

enum assay_status assay_ndjson_lines_init(struct assay_ndjson_lines *l, int fd, const char *name,
                                          const struct assay_ndjson_tuning *t, struct assay_err *e)
{
    *l = (struct assay_ndjson_lines){.name = name, .line = 1, .block = BLOCK, .max_line = ASSAY_MAX_NDJSON_LINE};
    if (t && t->block)
        l->block = t->block;
    if (t && t->max_line)
        l->max_line = t->max_line;
    enum assay_status s = assay_stream_open(fd, name, NULL, &l->in, e);
    if (s != ASSAY_OK)
        return s;
    l->cap = l->block > 3 ? l->block : 3; /* a byte order mark fits */
    l->buf = malloc(l->cap);
    if (l->buf)
        return ASSAY_OK;
    assay_ndjson_lines_release(l);
    return assay_fail_nomem(e);
}

void assay_ndjson_lines_release(struct assay_ndjson_lines *l)
{
    assay_stream_free(l->in);
    free(l->buf);
    l->in = NULL;
    l->buf = NULL;
}

static enum assay_status make_room(struct assay_ndjson_lines *l, struct assay_err *e)
{
    size_t kept = l->len - l->start;
    if (kept > l->max_line)
        return assay_fail(e, ASSAY_ELIMIT, "%s:%" PRIu64 ": line of more than %zu bytes", l->name, l->line,
                          l->max_line);
    size_t want = kept + (kept > l->block ? kept : l->block);
    if (want > l->cap) {
        uint8_t *p = realloc(l->buf, want);
        if (!p)
            return assay_fail_nomem(e);
        l->buf = p;
        l->cap = want;
    }
    memmove(l->buf, l->buf + l->start, kept);
    l->start = 0;
    l->len = kept;
    return ASSAY_OK;
}

static enum assay_status read_some(struct assay_ndjson_lines *l, size_t n, struct assay_err *e)
{
    size_t got;
    enum assay_status s = assay_stream_read(l->in, l->buf + l->len, n, &got, e);
    if (s != ASSAY_OK)
        return s;
    l->eof = got == 0;
    l->bytes += got;
    l->len += got;
    return ASSAY_OK;
}

/* Byte order marks: that of UTF-8 is dropped, UTF-16 is named. */
static enum assay_status read_first(struct assay_ndjson_lines *l, struct assay_err *e)
{
    enum assay_status s = ASSAY_OK;
    while (s == ASSAY_OK && l->len < 3 && !l->eof)
        s = read_some(l, l->cap - l->len, e);
    if (s != ASSAY_OK)
        return s;
    if (l->len >= 2 && (memcmp(l->buf, "\xff\xfe", 2) == 0 || memcmp(l->buf, "\xfe\xff", 2) == 0))
        return assay_fail(e, ASSAY_EDATA, "%s: UTF-16 byte order mark, expected UTF-8", l->name);
    if (l->len >= 3 && memcmp(l->buf, "\xef\xbb\xbf", 3) == 0)
        l->start = 3;
    return ASSAY_OK;
}

enum assay_status assay_ndjson_refill(struct assay_ndjson_lines *l, struct assay_err *e)
{
    if (l->bytes == 0)
        return read_first(l, e);
    enum assay_status s = make_room(l, e);
    return s == ASSAY_OK ? read_some(l, l->cap - l->len, e) : s;
}

enum assay_ndjson_step assay_ndjson_line(struct assay_ndjson_lines *l, struct assay_ndjson_line *out)
{
    uint8_t *from = l->buf + l->start, *feed = NULL;
    size_t left = l->len - l->start;
    if (left > l->seen)
        feed = memchr(from + l->seen, '\n', left - l->seen);
    if (!feed) {
        l->seen = left;
        if (!l->eof)
            return ASSAY_NDJSON_MORE;
        if (left == 0)
            return ASSAY_NDJSON_END;
    }
    *out = (struct assay_ndjson_line){from, feed ? (size_t)(feed - from) : left, l->line, feed != NULL};
    l->start += out->n + (feed != NULL);
    l->seen = 0;
    l->line++;
    return ASSAY_NDJSON_LINE;
}
