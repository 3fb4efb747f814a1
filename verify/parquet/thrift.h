/* Thrift compact protocol, reading only (thrift doc/specs/thrift-compact-protocol.md). The bytes are hostile: every
 * length and count is held against the bytes that remain, and nothing recurses. The first error sticks; afterwards
 * every call returns zero. */
#ifndef ASSAY_PARQUET_THRIFT_H
#define ASSAY_PARQUET_THRIFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum assay_pq_thrift_type {
    TH_STOP = 0,
    TH_TRUE,
    TH_FALSE,
    TH_I8,
    TH_I16,
    TH_I32,
    TH_I64,
    TH_DOUBLE,
    TH_BINARY,
    TH_LIST,
    TH_SET,
    TH_MAP,
    TH_STRUCT,
    TH_UUID
};

struct assay_pq_thrift {
    const uint8_t *begin, *p, *end;
    const char *err; /* NULL, or what is wrong, a static text */
    bool ended; /* the error is that the bytes ended: more of them may help */
};

struct assay_pq_field {
    int16_t id; /* 0 before the first field of a struct */
    uint8_t type;
};

struct assay_pq_span {
    const uint8_t *p; /* borrowed from the input */
    size_t len;
};

void assay_pq_thrift_init(struct assay_pq_thrift *t, const uint8_t *p, size_t n);
/* Next field of the struct that f walks; false at its end and on error. */
bool assay_pq_thrift_field(struct assay_pq_thrift *t, struct assay_pq_field *f);
/* The value of the field just returned; a value of another type than asked for is an error. */
int64_t assay_pq_thrift_int(struct assay_pq_thrift *t, const struct assay_pq_field *f);
int32_t assay_pq_thrift_i32(struct assay_pq_thrift *t, const struct assay_pq_field *f);
bool assay_pq_thrift_bool(struct assay_pq_thrift *t, const struct assay_pq_field *f);
struct assay_pq_span assay_pq_thrift_bytes(struct assay_pq_thrift *t, const struct assay_pq_field *f);
/* True when the field is a struct; its fields follow. */
bool assay_pq_thrift_struct(struct assay_pq_thrift *t, const struct assay_pq_field *f);
/* Number of elements of a list of `elem`, at most the bytes that remain; the elements follow. */
uint32_t assay_pq_thrift_list(struct assay_pq_thrift *t, const struct assay_pq_field *f, uint8_t elem);
/* One string element inside a list. */
struct assay_pq_span assay_pq_thrift_string(struct assay_pq_thrift *t);
/* Step over the value of the field. */
void assay_pq_thrift_skip(struct assay_pq_thrift *t, const struct assay_pq_field *f);
/* Record an error, unless there is one. */
void assay_pq_thrift_fail(struct assay_pq_thrift *t, const char *why);

#endif
