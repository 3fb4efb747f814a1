/* Decoded values and whole scans as text, one line a row, columns separated by tabs: the form of
 * tests/vectors/parquet/X.txt. Floats are written by their bits, byte strings in hex, decimals as "unscaled e-scale",
 * time stamps as "seconds.ns". */
#ifndef ASSAY_TESTS_PARQUET_TEXT_H
#define ASSAY_TESTS_PARQUET_TEXT_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/buf.h"
#include "assay/reader.h"

static inline void parquet_must(enum assay_status s)
{
    if (s != ASSAY_OK)
        abort();
}

static inline void parquet_quoted(struct assay_buf *out, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] < 0x20 || p[i] == '\\')
            parquet_must(assay_buf_addf(out, "\\x%02x", p[i]));
        else
            parquet_must(assay_buf_addc(out, p[i]));
}

static inline void parquet_bytes(struct assay_buf *out, const char *tag, const struct assay_value *v, size_t n)
{
    parquet_must(assay_buf_adds(out, tag));
    parquet_must(assay_buf_addhex(out, v->p, n));
}

static inline void parquet_value(struct assay_buf *out, const struct assay_value *v);

/* [item, item], {name: value, name: value}, (key: value, key: value). */
static inline void parquet_items(struct assay_buf *out, const struct assay_value *v, const char *ends)
{
    parquet_must(assay_buf_addc(out, (unsigned char)ends[0]));
    for (uint32_t i = 0; i < v->len; i++) {
        const struct assay_value *item = v->kind == ASSAY_K_LIST ? v->items + i : v->items + 2 * (size_t)i;
        parquet_must(assay_buf_adds(out, i ? ", " : ""));
        if (v->kind == ASSAY_K_STRUCT)
            parquet_quoted(out, item->p, item->len);
        else if (v->kind == ASSAY_K_MAP)
            parquet_value(out, item);
        if (v->kind != ASSAY_K_LIST)
            parquet_must(assay_buf_adds(out, ": "));
        parquet_value(out, item + (v->kind != ASSAY_K_LIST));
    }
    parquet_must(assay_buf_addc(out, (unsigned char)ends[1]));
}

static inline void parquet_value(struct assay_buf *out, const struct assay_value *v)
{
    const struct assay_interval *iv = (const struct assay_interval *)(const void *)v->p;
    enum assay_status s = ASSAY_OK;
    switch (v->kind) {
    case ASSAY_K_NULL:
        s = assay_buf_adds(out, "null");
        break;
    case ASSAY_K_BOOL:
        s = assay_buf_adds(out, v->i ? "true" : "false");
        break;
    case ASSAY_K_UINT:
        s = assay_buf_addf(out, "%" PRIu64, v->u);
        break;
    case ASSAY_K_F32:
    case ASSAY_K_F64:
        s = assay_buf_addf(out, "%c%016" PRIx64, v->kind == ASSAY_K_F32 ? 'f' : 'd', v->u);
        break;
    case ASSAY_K_DEC:
        s = assay_buf_addf(out, "%" PRId64 "e-%d", v->i, v->scale);
        break;
    case ASSAY_K_DECBYTES:
        parquet_bytes(out, "0x", v, v->len);
        s = assay_buf_addf(out, "e-%d", v->scale);
        break;
    case ASSAY_K_TEXT:
        s = assay_buf_addc(out, '"');
        parquet_quoted(out, v->p, v->len);
        parquet_must(assay_buf_addc(out, '"'));
        break;
    case ASSAY_K_BYTES:
        parquet_bytes(out, "x", v, v->len);
        break;
    case ASSAY_K_UUID:
        parquet_bytes(out, "u", v, 16);
        break;
    case ASSAY_K_TS:
    case ASSAY_K_TSTZ:
        s = assay_buf_addf(out, "%" PRId64 ".%09d%s", v->i, v->aux, v->kind == ASSAY_K_TS ? "" : "Z");
        break;
    case ASSAY_K_INTERVAL:
        s = assay_buf_addf(out, "%dm%dd%" PRId64 ".%09ds", iv->months, iv->days, iv->seconds, iv->ns);
        break;
    case ASSAY_K_LIST:
        parquet_items(out, v, "[]");
        break;
    case ASSAY_K_STRUCT:
        parquet_items(out, v, "{}");
        break;
    case ASSAY_K_MAP:
        parquet_items(out, v, "()");
        break;
    case ASSAY_K_BAD:
        s = assay_buf_addf(out, "bad: %.*s", (int)v->len, (const char *)v->p);
        break;
    default: /* INT, DATE, TIME */
        s = assay_buf_addf(out, "%" PRId64, v->i);
    }
    parquet_must(s);
}

static inline void parquet_rows(struct assay_buf *out, const struct assay_batch *b)
{
    for (size_t i = 0; i < b->rows * b->cols; i++) {
        parquet_value(out, &b->v[i]);
        parquet_must(assay_buf_addc(out, (i + 1) % b->cols ? '\t' : '\n'));
    }
}

/* Decode all rows of the named columns, or of all columns when n is 0. Their text goes to out unless that is NULL;
 * flush, unless NULL, is called after every batch and may empty out. end is filled on success. */
static inline enum assay_status parquet_dump(int fd, const char *name, const char *const *columns, size_t n,
                                             struct assay_buf *out, void (*flush)(struct assay_buf *),
                                             struct assay_scan_end *end, struct assay_err *e)
{
    struct assay_schema schema = {0};
    struct assay_scan *scan = NULL;
    struct assay_batch b;
    uint64_t rows = 0;
    enum assay_status s = assay_parquet_format.schema(fd, name, NULL, &schema, e);
    if (s != ASSAY_OK)
        return s;
    struct assay_scan_opts o = {.n_columns = n ? n : schema.n};
    const char **names = calloc(o.n_columns + 1, sizeof *names);
    for (size_t i = 0; names && i < o.n_columns; i++)
        names[i] = n ? columns[i] : schema.col[i].name;
    o.columns = names;
    s = names ? assay_parquet_format.scan(fd, name, NULL, &o, &scan, e) : ASSAY_ENOMEM;
    while (s == ASSAY_OK && (s = assay_parquet_format.next(scan, &b, e)) == ASSAY_OK && b.rows) {
        if (b.first_pos != rows + 1 || b.rows > ASSAY_BATCH_ROWS || b.cols != o.n_columns || b.pos || b.row_defect)
            abort();
        rows += b.rows;
        if (out)
            parquet_rows(out, &b);
        if (flush)
            flush(out);
    }
    if (s == ASSAY_OK) {
        assay_parquet_format.end(scan, end);
        if (end->rows != rows)
            abort();
    }
    assay_parquet_format.scan_free(scan);
    free(names);
    assay_schema_release(&schema);
    return s;
}

#endif
