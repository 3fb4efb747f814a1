/* parquet_dump [-s|-q] FILE [COLUMN...]: what the Parquet reader delivers, one line a row; -s: the schema; -q: decode
 * only. For differential tests against other readers. Exit 1 and one line on stderr when the reader refuses. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "../support/parquet_text.h"
#include "assay/digest.h"

static void to_stdout(struct assay_buf *text)
{
    fwrite(text->ptr, 1, text->len, stdout);
    assay_buf_reset(text);
}

static enum assay_status print_schema(int fd, const char *path, struct assay_buf *text, struct assay_err *e)
{
    struct assay_schema schema = {0};
    enum assay_status s = assay_parquet_format.schema(fd, path, NULL, &schema, e);
    if (s == ASSAY_OK)
        s = assay_schema_text(&schema, text);
    if (s == ASSAY_OK)
        to_stdout(text);
    assay_schema_release(&schema);
    return s;
}

static enum assay_status decode_only(int fd, const char *path, const char *const *columns, size_t n,
                                     struct assay_err *e)
{
    struct assay_scan_end end;
    char hex[65];
    enum assay_status s = parquet_dump(fd, path, columns, n, NULL, NULL, &end, e);
    if (s != ASSAY_OK)
        return s;
    assay_hex(end.sha256, 32, hex);
    printf("%" PRIu64 " rows, %" PRIu64 " claimed, %" PRIu64 " bytes, sha256 %s\n", end.rows, end.claimed_rows,
           end.bytes, hex);
    return ASSAY_OK;
}

int main(int argc, char **argv)
{
    struct assay_err e = {0};
    struct assay_buf text = {0};
    struct assay_scan_end end;
    int at = argc > 1 && argv[1][0] == '-' ? 2 : 1;
    char mode = at == 2 ? argv[1][1] : 'd';
    int fd = at < argc ? open(argv[at], O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0) {
        fprintf(stderr, "usage: parquet_dump [-s|-q] FILE [COLUMN...]\n");
        return 2;
    }
    const char *path = argv[at], *const *columns = (const char *const *)argv + at + 1;
    size_t n = (size_t)(argc - at - 1);
    enum assay_status s = mode == 's'   ? print_schema(fd, path, &text, &e)
                          : mode == 'q' ? decode_only(fd, path, columns, n, &e)
                                        : parquet_dump(fd, path, columns, n, &text, to_stdout, &end, &e);
    assay_buf_release(&text);
    close(fd);
    if (s != ASSAY_OK)
        fprintf(stderr, "%s\n", e.msg);
    return s != ASSAY_OK;
}
