/* parquet_dump FILE [COLUMN...]: what the Parquet reader delivers, one line a row, columns separated by tabs; "-s": the
 * schema; "-q": decode only. For differential tests against other readers. Exit 1 and one line on stderr when it
 * refuses. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "assay/digest.h"
#include "assay/reader.h"

static void put_text(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] < 0x20 || p[i] == '\\')
            printf("\\x%02x", p[i]);
        else
            putchar(p[i]);
}

static void put_hex(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        printf("%02x", p[i]);
}

static void put_double(double d)
{
    uint64_t bits;
    memcpy(&bits, &d, sizeof bits);
    printf("%016" PRIx64, bits);
}

static void put_value(const struct assay_value *v)
{
    const struct assay_interval *iv = (const struct assay_interval *)(const void *)v->p;
    switch (v->kind) {
    case ASSAY_K_NULL:
        fputs("null", stdout);
        break;
    case ASSAY_K_BOOL:
        fputs(v->i ? "true" : "false", stdout);
        break;
    case ASSAY_K_UINT:
        printf("%" PRIu64, v->u);
        break;
    case ASSAY_K_F32:
    case ASSAY_K_F64:
        fputs(v->kind == ASSAY_K_F32 ? "f" : "d", stdout);
        put_double(v->f);
        break;
    case ASSAY_K_DEC:
        printf("%" PRId64 "e-%d", v->i, v->scale);
        break;
    case ASSAY_K_DECBYTES:
        fputs("0x", stdout);
        put_hex(v->p, v->len);
        printf("e-%d", v->scale);
        break;
    case ASSAY_K_TEXT:
        putchar('"');
        put_text(v->p, v->len);
        putchar('"');
        break;
    case ASSAY_K_BYTES:
        putchar('x');
        put_hex(v->p, v->len);
        break;
    case ASSAY_K_UUID:
        putchar('u');
        put_hex(v->p, 16);
        break;
    case ASSAY_K_TS:
    case ASSAY_K_TSTZ:
        printf("%" PRId64 ".%09d%s", v->i, v->aux, v->kind == ASSAY_K_TS ? "" : "Z");
        break;
    case ASSAY_K_INTERVAL:
        printf("%dm%dd%" PRId64 ".%09ds", iv->months, iv->days, iv->seconds, iv->ns);
        break;
    case ASSAY_K_BAD:
        printf("bad: %.*s", (int)v->len, (const char *)v->p);
        break;
    default: /* INT, DATE, TIME */
        printf("%" PRId64, v->i);
    }
}

static enum assay_status dump(int fd, const char *path, const struct assay_scan_opts *o, int quiet, struct assay_err *e)
{
    struct assay_scan *scan = NULL;
    struct assay_batch b;
    struct assay_scan_end end;
    char hex[65];
    uint64_t rows = 0;
    enum assay_status s = assay_parquet_format.scan(fd, path, NULL, o, &scan, e);
    while (s == ASSAY_OK && (s = assay_parquet_format.next(scan, &b, e)) == ASSAY_OK && b.rows) {
        if (b.first_pos != rows + 1 || b.rows > ASSAY_BATCH_ROWS)
            abort();
        rows += b.rows;
        for (size_t i = 0; i < b.rows * b.cols && !quiet; i++) {
            put_value(&b.v[i]);
            putchar((i + 1) % b.cols ? '\t' : '\n');
        }
    }
    if (s == ASSAY_OK) {
        assay_parquet_format.end(scan, &end);
        assay_hex(end.sha256, 32, hex);
        if (quiet)
            printf("%" PRIu64 " rows, %" PRIu64 " claimed, %" PRIu64 " bytes, %s\n", end.rows, end.claimed_rows,
                   end.bytes, hex);
    }
    assay_parquet_format.scan_free(scan);
    return s;
}

int main(int argc, char **argv)
{
    struct assay_err e = {0};
    struct assay_schema schema = {0};
    struct assay_buf text = {0};
    int quiet = 0, only_schema = 0, at = 1;
    if (at < argc && argv[at][0] == '-') {
        only_schema = argv[at][1] == 's';
        quiet = argv[at++][1] == 'q';
    }
    int fd = at < argc ? open(argv[at], O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0) {
        fprintf(stderr, "parquet_dump: cannot open a file\n");
        return 2;
    }
    const char *path = argv[at++];
    enum assay_status s = assay_parquet_format.schema(fd, path, NULL, &schema, &e);
    if (s == ASSAY_OK && only_schema && (s = assay_schema_text(&schema, &text)) == ASSAY_OK) {
        fputs(assay_buf_str(&text), stdout);
    } else if (s == ASSAY_OK) {
        struct assay_scan_opts o = {.n_columns = at < argc ? (size_t)(argc - at) : schema.n};
        const char **names = calloc(o.n_columns + 1, sizeof *names);
        for (size_t i = 0; names && i < o.n_columns; i++)
            names[i] = at < argc ? argv[(size_t)at + i] : schema.col[i].name;
        o.columns = names;
        if (names)
            s = dump(fd, path, &o, quiet, &e);
        free(names);
    }
    assay_buf_release(&text);
    assay_schema_release(&schema);
    close(fd);
    if (s != ASSAY_OK)
        fprintf(stderr, "%s\n", e.msg);
    return s != ASSAY_OK;
}
