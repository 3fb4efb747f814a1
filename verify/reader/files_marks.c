/* What an object says of its writer: metadata of binary formats, the first bytes of text. */
#include <string.h>
#include <unistd.h>

#include "assay/limits.h"
#include "files.h"
#include "stream.h"

void assay_marks_release(struct assay_marks *m)
{
    assay_buf_release(&m->head);
    assay_buf_release(&m->made);
}

static enum assay_status read_head(int fd, const char *name, struct assay_buf *out, struct assay_err *e)
{
    struct assay_stream *in = NULL;
    size_t got = 1;
    enum assay_status s = assay_stream_open(fd, name, NULL, &in, e);
    if (s == ASSAY_OK && assay_buf_reserve(out, ASSAY_MAX_MARKS) != ASSAY_OK)
        s = assay_fail_nomem(e);
    while (s == ASSAY_OK && got && out->len < ASSAY_MAX_MARKS) {
        s = assay_stream_read(in, out->ptr + out->len, ASSAY_MAX_MARKS - out->len, &got, e);
        out->len += s == ASSAY_OK ? got : 0;
    }
    assay_stream_free(in);
    return s;
}

enum assay_status assay_file_marks(const struct assay_locator *loc, const struct assay_file *f, struct assay_marks *out,
                                   struct assay_err *e)
{
    struct stat id;
    int fd;
    enum assay_status s = assay_file_open(loc, f, &fd, &id, e);
    if (s != ASSAY_OK)
        return s;
    out->made.max = ASSAY_MAX_MARKS;
    s = f->format->marks ? f->format->marks(fd, f->part.name, &out->made, e)
                         : read_head(fd, f->part.name, &out->head, e);
    close(fd);
    return s;
}
