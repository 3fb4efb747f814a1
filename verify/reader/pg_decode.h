/* Decoding of PostgreSQL's COPY BINARY stream, pure: bytes in, values out. Format: PostgreSQL documentation, COPY,
 * "Binary Format", and the *_send functions of each type. */
#ifndef ASSAY_PG_DECODE_H
#define ASSAY_PG_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/err.h"
#include "assay/type.h"
#include "assay/value.h"

/* How one column travels. */
enum assay_pg_wire {
    ASSAY_PGW_AS_TEXT = 0, /* outside the allow-list: selected as column::text */
    ASSAY_PGW_BOOL,
    ASSAY_PGW_INT2,
    ASSAY_PGW_INT4,
    ASSAY_PGW_INT8,
    ASSAY_PGW_FLOAT4,
    ASSAY_PGW_FLOAT8,
    ASSAY_PGW_NUMERIC,
    ASSAY_PGW_TEXT,
    ASSAY_PGW_BYTEA,
    ASSAY_PGW_DATE,
    ASSAY_PGW_TIME,
    ASSAY_PGW_TIMETZ,
    ASSAY_PGW_TIMESTAMP,
    ASSAY_PGW_TIMESTAMPTZ,
    ASSAY_PGW_INTERVAL,
    ASSAY_PGW_UUID,
    ASSAY_PGW_JSONB
};

struct assay_pg_type {
    uint32_t oid; /* fixed in pg_type.dat: never reassigned */
    enum assay_pg_wire wire;
    enum assay_logical logical;
};

/* The allow-list row of a base type; for every other OID the row {0, AS_TEXT, text}. Never NULL. */
const struct assay_pg_type *assay_pg_type_of(uint32_t oid);

struct assay_pg_field {
    enum assay_pg_wire wire;
    const char *name; /* column, for messages; borrowed */
};

struct assay_pg_decoder {
    const struct assay_pg_field *field;
    size_t n;
    const char *table; /* for messages; borrowed */
};

/* Bytes of the stream header at p (19 plus its extension), or 0 with e filled (ASSAY_EDATA) when it is none. */
size_t assay_pg_header(const uint8_t *p, size_t n, const char *table, struct assay_err *e);
/* Is this message the end-of-data trailer (field count -1)? */
bool assay_pg_is_trailer(const uint8_t *p, size_t n);
/* Decode one tuple of exactly n bytes into v[0..d->n). Pointers in v go into p and, for intervals, into iv, which has
 * room for one entry per interval column; *used says how many were taken. `row` is the 1-based ordinal for messages. */
enum assay_status assay_pg_tuple(const struct assay_pg_decoder *d, const uint8_t *p, size_t n, uint64_t row,
                                 struct assay_value *v, struct assay_interval *iv, size_t *used, struct assay_err *e);

#endif
