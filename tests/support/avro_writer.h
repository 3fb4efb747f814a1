/* A minimal writer of Avro object container files, and their decoded form as text (parquet_text.h). */
#ifndef ASSAY_TESTS_AVRO_WRITER_H
#define ASSAY_TESTS_AVRO_WRITER_H

#include <bzlib.h>
#include <lzma.h>
#include <snappy-c.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "assay/bytes.h"
#include "parquet_text.h"

#define AVRO_SYNC "0123456789abcdef"

/* Zigzag, seven bits a byte. */
static inline void avro_long(struct assay_buf *b, int64_t v)
{
    uint64_t u = (uint64_t)v << 1 ^ (v < 0 ? UINT64_MAX : 0);
    for (; u > 0x7f; u >>= 7)
        parquet_must(assay_buf_addc(b, (uint8_t)(u | 0x80)));
    parquet_must(assay_buf_addc(b, (uint8_t)u));
}

static inline void avro_bytes(struct assay_buf *b, const void *p, size_t n)
{
    avro_long(b, (int64_t)n);
    parquet_must(assay_buf_add(b, p, n));
}

static inline void avro_string(struct assay_buf *b, const char *text)
{
    avro_bytes(b, text, strlen(text));
}

/* codec NULL: not named, which means null. */
static inline void avro_header(struct assay_buf *b, const char *schema, const char *codec)
{
    parquet_must(assay_buf_add(b, "Obj\x01", 4));
    avro_long(b, codec ? 2 : 1);
    avro_string(b, "avro.schema");
    avro_string(b, schema);
    if (codec) {
        avro_string(b, "avro.codec");
        avro_string(b, codec);
    }
    avro_long(b, 0);
    parquet_must(assay_buf_adds(b, AVRO_SYNC));
}

/* Raw deflate; `wrapped` leaves the first bytes of the zlib wrapper's sum behind, as Apache's Python writer does. */
static inline void avro_deflate(struct assay_buf *out, const void *p, size_t n, size_t wrapped)
{
    z_stream z = {0};
    if (deflateInit2(&z, 9, Z_DEFLATED, wrapped ? 15 : -15, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        abort();
    const size_t cap = deflateBound(&z, (uLong)n);
    uint8_t *to = malloc(cap);
    z.next_in = (Bytef *)(uintptr_t)p;
    z.avail_in = (uInt)n;
    z.next_out = to;
    z.avail_out = (uInt)cap;
    if (!to || deflate(&z, Z_FINISH) != Z_STREAM_END)
        abort();
    const size_t head = wrapped ? 2 : 0, cut = wrapped ? 4 - wrapped : 0;
    parquet_must(assay_buf_add(out, to + head, z.total_out - head - cut));
    deflateEnd(&z);
    free(to);
}

static inline void avro_snappy(struct assay_buf *out, const void *p, size_t n)
{
    size_t len = snappy_max_compressed_length(n);
    parquet_must(assay_buf_reserve(out, len + 4));
    if (snappy_compress(p, n, (char *)out->ptr + out->len, &len) != SNAPPY_OK)
        abort();
    assay_put_be32(out->ptr + out->len + len, (uint32_t)crc32(0, p, (uInt)n));
    out->len += len + 4;
}

static inline void avro_zstd(struct assay_buf *out, const void *p, size_t n)
{
    parquet_must(assay_buf_reserve(out, ZSTD_compressBound(n)));
    out->len += ZSTD_compress(out->ptr + out->len, ZSTD_compressBound(n), p, n, 3);
}

static inline void avro_bzip2(struct assay_buf *out, const void *p, size_t n)
{
    unsigned len = (unsigned)(n + n / 100 + 600);
    parquet_must(assay_buf_reserve(out, len));
    if (BZ2_bzBuffToBuffCompress((char *)out->ptr + out->len, &len, (char *)(uintptr_t)p, (unsigned)n, 1, 0, 0) !=
        BZ_OK)
        abort();
    out->len += len;
}

static inline void avro_xz(struct assay_buf *out, const void *p, size_t n)
{
    const size_t most = lzma_stream_buffer_bound(n);
    size_t len = 0;
    parquet_must(assay_buf_reserve(out, most));
    if (lzma_easy_buffer_encode(0, LZMA_CHECK_CRC32, NULL, p, n, out->ptr + out->len, &len, most) != LZMA_OK)
        abort();
    out->len += len;
}

/* A block whose stored bytes are given as they are. */
static inline void avro_block_raw(struct assay_buf *b, int64_t rows, const void *p, size_t n)
{
    avro_long(b, rows);
    avro_bytes(b, p, n);
    parquet_must(assay_buf_adds(b, AVRO_SYNC));
}

static inline void avro_block(struct assay_buf *b, const char *codec, int64_t rows, const void *p, size_t n)
{
    struct assay_buf stored = {.max = 1u << 30};
    if (!codec || strcmp(codec, "null") == 0)
        parquet_must(assay_buf_add(&stored, p, n));
    else if (strcmp(codec, "deflate") == 0)
        avro_deflate(&stored, p, n, 0);
    else if (strcmp(codec, "snappy") == 0)
        avro_snappy(&stored, p, n);
    else if (strcmp(codec, "bzip2") == 0)
        avro_bzip2(&stored, p, n);
    else if (strcmp(codec, "xz") == 0)
        avro_xz(&stored, p, n);
    else
        avro_zstd(&stored, p, n);
    avro_block_raw(b, rows, stored.ptr, stored.len);
    assay_buf_release(&stored);
}

/* {"type":"record","name":"r","fields":[FIELDS]} */
static inline void avro_record(struct assay_buf *b, const char *fields, const char *codec)
{
    struct assay_buf schema = {0};
    parquet_must(assay_buf_addf(&schema, "{\"type\":\"record\",\"name\":\"r\",\"fields\":[%s]}", fields));
    avro_header(b, assay_buf_str(&schema), codec);
    assay_buf_release(&schema);
}

static inline int avro_file(const void *p, size_t n)
{
    int fd = memfd_create("avro", MFD_CLOEXEC);
    if (fd < 0 || write(fd, p, n) != (ssize_t)n)
        abort();
    return fd;
}

/* Decode the named columns, or all that can be read when n is 0. Rows go to out unless it is NULL. */
static inline enum assay_status avro_dump(int fd, const char *const *columns, size_t n, struct assay_buf *out,
                                          struct assay_scan_end *end, struct assay_err *e)
{
    struct assay_schema schema = {0};
    struct assay_scan *scan = NULL;
    struct assay_batch b;
    uint64_t rows = 0;
    enum assay_status s = assay_avro_format.schema(fd, "f", NULL, &schema, e);
    const char **names = calloc(schema.n + 1, sizeof *names);
    struct assay_scan_opts o = {.columns = n ? columns : names, .n_columns = n};
    for (size_t i = 0; names && i < schema.n && !n; i++)
        if (schema.col[i].logical != ASSAY_L_NONE || strcmp(schema.col[i].native, "null") == 0)
            names[o.n_columns++] = schema.col[i].name;
    s = s == ASSAY_OK ? assay_avro_format.scan(fd, "f", NULL, &o, &scan, e) : s;
    while (s == ASSAY_OK && (s = assay_avro_format.next(scan, &b, e)) == ASSAY_OK && b.rows) {
        if (b.first_pos != rows + 1 || b.rows > ASSAY_BATCH_ROWS || b.cols != o.n_columns || b.pos || b.row_defect)
            abort();
        rows += b.rows;
        if (out)
            parquet_rows(out, &b);
    }
    if (s == ASSAY_OK) {
        assay_avro_format.end(scan, end);
        if (end->rows != rows || !end->counted || end->claimed_rows != rows || !end->hashed)
            abort();
    }
    assay_avro_format.scan_free(scan);
    free(names);
    assay_schema_release(&schema);
    return s;
}

#endif
