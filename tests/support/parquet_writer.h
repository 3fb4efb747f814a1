/* A minimal Parquet writer for tests: one flat column a file, every field of the format under the test's control, wrong
 * ones included. Nothing here is checked; that is the point. */
#ifndef ASSAY_TESTS_PARQUET_WRITER_H
#define ASSAY_TESTS_PARQUET_WRITER_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "assay/buf.h"

enum { W_TRUE = 1, W_FALSE, W_I8, W_I32 = 5, W_I64, W_BINARY = 8, W_LIST, W_STRUCT = 12 };

struct hand_file {
    struct assay_buf out;
    int16_t last[16]; /* thrift field ids, per open struct */
    int depth;
};

enum hand_crc { CRC_NONE, CRC_RIGHT, CRC_WRONG };

#define EMPTY INT32_MAX

struct hand_page {
    int type; /* 0 data v1, 2 dictionary, 3 data v2 */
    int32_t values, encoding, level_encoding, rep_encoding; /* of levels: 0 is RLE */
    int32_t nulls, rows, level_bytes, rep_bytes; /* v2 */
    bool stored; /* v2: is_compressed = false */
    enum hand_crc crc;
    const void *bytes; /* as they stand in the file */
    size_t n;
    int32_t uncompressed; /* 0: n; EMPTY: 0 */
};

/* What the footer says of the column; zero values are left out, or are the usual. */
struct hand_column {
    const char *name;
    int32_t physical, length, repetition;
    int32_t converted; /* number + 1 */
    int32_t scale, precision;
    int32_t logical; /* field of the union LogicalType, with an empty struct */
    int32_t unit; /* TIME, TIMESTAMP: 1 ms, 2 us, 3 ns */
    bool utc;
    int32_t codec;
    int64_t rows, values, file_rows; /* of the group; of the chunk and of the file when they differ: value + 1 */
    int64_t data_at, dictionary_at; /* byte of the first page; 0: after the magic, none */
    int64_t size_off; /* added to the chunk's true size */
    const char *key, *key_value; /* of the key-value metadata */
    bool encrypted;
    const char *chunk_name; /* of the column chunk, when not the schema's */
    int32_t chunk_physical; /* likewise; number + 1 */
};

static inline void put_bytes(struct hand_file *f, const void *p, size_t n)
{
    if (assay_buf_add(&f->out, p, n) != ASSAY_OK)
        abort();
}

static inline void put_byte(struct hand_file *f, unsigned b)
{
    uint8_t byte = (uint8_t)b;
    put_bytes(f, &byte, 1);
}

static inline void put_varint(struct hand_file *f, uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        put_byte(f, (unsigned)(v & 0x7f) | 0x80);
    put_byte(f, (unsigned)v);
}

static inline void put_zigzag(struct hand_file *f, int64_t v)
{
    put_varint(f, (uint64_t)v << 1 ^ (v < 0 ? UINT64_MAX : 0));
}

static inline void put_field(struct hand_file *f, int id, int type)
{
    int delta = id - f->last[f->depth];
    if (delta > 0 && delta < 16) {
        put_byte(f, (unsigned)(delta << 4 | type));
    } else {
        put_byte(f, (unsigned)type);
        put_zigzag(f, id);
    }
    f->last[f->depth] = (int16_t)id;
}

static inline void put_int(struct hand_file *f, int id, int64_t v)
{
    put_field(f, id, v >= INT32_MIN && v <= INT32_MAX ? W_I32 : W_I64);
    put_zigzag(f, v);
}

static inline void put_text(struct hand_file *f, int id, const char *s)
{
    put_field(f, id, W_BINARY);
    put_varint(f, strlen(s));
    put_bytes(f, s, strlen(s));
}

static inline void put_list(struct hand_file *f, int id, int type, uint64_t n)
{
    put_field(f, id, W_LIST);
    put_byte(f, (unsigned)((n < 15 ? n : 15) << 4) | (unsigned)type);
    if (n >= 15)
        put_varint(f, n);
}

/* Struct fields and, with id 0, structs that are elements of a list. */
static inline void put_struct(struct hand_file *f, int id)
{
    if (id)
        put_field(f, id, W_STRUCT);
    f->last[++f->depth] = 0;
}

static inline void put_end(struct hand_file *f)
{
    put_byte(f, 0);
    f->depth--;
}

static inline void hand_begin(struct hand_file *f)
{
    *f = (struct hand_file){0};
    put_bytes(f, "PAR1", 4);
}

static inline void hand_data_header(struct hand_file *f, const struct hand_page *p)
{
    put_struct(f, p->type == 0 ? 5 : p->type == 2 ? 7 : 8);
    put_int(f, 1, p->values);
    if (p->type == 3) {
        put_int(f, 2, p->nulls);
        put_int(f, 3, p->rows ? p->rows : p->values);
        put_int(f, 4, p->encoding);
        put_int(f, 5, p->level_bytes);
        put_int(f, 6, p->rep_bytes);
        put_field(f, 7, p->stored ? W_FALSE : W_TRUE);
    } else {
        put_int(f, 2, p->encoding);
    }
    if (p->type == 0) {
        put_int(f, 3, p->level_encoding ? p->level_encoding : 3);
        put_int(f, 4, p->rep_encoding ? p->rep_encoding : 3);
    }
    put_end(f);
}

static inline void hand_page(struct hand_file *f, const struct hand_page *p)
{
    uint32_t crc = (uint32_t)crc32(0, p->bytes, (uInt)p->n);
    f->last[0] = 0;
    put_int(f, 1, p->type);
    put_int(f, 2, p->uncompressed == EMPTY ? 0 : p->uncompressed ? p->uncompressed : (int64_t)p->n);
    put_int(f, 3, (int64_t)p->n);
    if (p->crc != CRC_NONE)
        put_int(f, 4, (int32_t)(p->crc == CRC_RIGHT ? crc : ~crc));
    hand_data_header(f, p);
    put_byte(f, 0);
    put_bytes(f, p->bytes, p->n);
}

static inline void hand_logical(struct hand_file *f, const struct hand_column *c)
{
    put_struct(f, 10);
    put_struct(f, c->logical);
    if (c->unit) {
        put_field(f, 1, c->utc ? W_TRUE : W_FALSE);
        put_struct(f, 2);
        put_struct(f, c->unit);
        put_end(f);
        put_end(f);
    }
    put_end(f);
    put_end(f);
}

static inline void hand_element(struct hand_file *f, const struct hand_column *c)
{
    put_struct(f, 0);
    put_int(f, 1, c->physical);
    if (c->length)
        put_int(f, 2, c->length);
    put_int(f, 3, c->repetition);
    put_text(f, 4, c->name);
    if (c->converted)
        put_int(f, 6, c->converted - 1);
    if (c->precision) {
        put_int(f, 7, c->scale);
        put_int(f, 8, c->precision);
    }
    if (c->logical)
        hand_logical(f, c);
    put_end(f);
}

static inline void hand_group(struct hand_file *f, const struct hand_column *c, int64_t end)
{
    int64_t at = c->data_at ? c->data_at : 4, start = c->dictionary_at ? c->dictionary_at : at;
    put_struct(f, 0);
    put_list(f, 1, W_STRUCT, 1);
    put_struct(f, 0);
    put_int(f, 2, 0);
    put_struct(f, 3);
    const char *name = c->chunk_name ? c->chunk_name : c->name;
    put_int(f, 1, c->chunk_physical ? c->chunk_physical - 1 : c->physical);
    put_list(f, 2, W_I32, 1);
    put_zigzag(f, 0);
    put_list(f, 3, W_BINARY, 1);
    put_varint(f, strlen(name));
    put_bytes(f, name, strlen(name));
    put_int(f, 4, c->codec);
    put_int(f, 5, c->values ? c->values - 1 : c->rows);
    put_int(f, 6, end - start);
    put_int(f, 7, end - start + c->size_off);
    put_int(f, 9, at);
    if (c->dictionary_at)
        put_int(f, 11, c->dictionary_at);
    put_end(f);
    if (c->encrypted) { /* crypto_metadata: the footer's key */
        put_struct(f, 8);
        put_struct(f, 1);
        put_end(f);
        put_end(f);
    }
    put_end(f);
    put_int(f, 2, end - start);
    put_int(f, 3, c->rows);
    put_end(f);
}

static inline void hand_close(struct hand_file *f, size_t footer_at)
{
    uint32_t n = (uint32_t)(f->out.len - footer_at);
    put_bytes(f, &n, 4);
    put_bytes(f, "PAR1", 4);
}

/* Footer and tail of a file of one column and one row group. */
static inline void hand_finish(struct hand_file *f, const struct hand_column *c)
{
    size_t at = f->out.len;
    f->last[0] = 0;
    f->depth = 0;
    put_int(f, 1, 1);
    put_list(f, 2, W_STRUCT, 2);
    put_struct(f, 0);
    put_text(f, 4, "root");
    put_int(f, 5, 1);
    put_end(f);
    hand_element(f, c);
    put_int(f, 3, c->file_rows ? c->file_rows - 1 : c->rows);
    put_list(f, 4, W_STRUCT, 1);
    hand_group(f, c, (int64_t)at);
    if (c->key) {
        put_list(f, 5, W_STRUCT, 1);
        put_struct(f, 0);
        put_text(f, 1, c->key);
        if (c->key_value)
            put_text(f, 2, c->key_value);
        put_end(f);
    }
    if (c->encrypted) {
        put_struct(f, 8);
        put_end(f);
    }
    put_byte(f, 0);
    if (c->encrypted) /* nonce and tag of the plain footer */
        put_bytes(f, "0123456789ab0123456789abcdef", 28);
    hand_close(f, at);
}

#endif
