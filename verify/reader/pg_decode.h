/* Decoding of PostgreSQL's COPY BINARY stream, pure: bytes in, values out. Format: PostgreSQL documentation, COPY,
 * "Binary Format", and the *_send functions of each type. */
#ifndef ASSAY_PG_DECODE_H
#define ASSAY_PG_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/err.h"
#include "assay/pool.h"
#include "assay/type.h"
#include "assay/value.h"

/* How a column, an element or a field travels. */
enum assay_pg_wire {
    ASSAY_PGW_AS_TEXT = 0, /* outside the allow-list: selected as what its output function prints */
    ASSAY_PGW_BOOL,
    ASSAY_PGW_INT2,
    ASSAY_PGW_INT4,
    ASSAY_PGW_INT8,
    ASSAY_PGW_UINT4, /* oid, xid, cid */
    ASSAY_PGW_UINT8, /* xid8 */
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
    ASSAY_PGW_JSONB,
    ASSAY_PGW_ARRAY, /* of any number of dimensions: lists in lists */
    ASSAY_PGW_RECORD, /* a composite type */
    ASSAY_PGW_HSTORE,
    ASSAY_PGW_COUNT
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
    uint32_t oid; /* of elements and fields: the type that the wire names before them */
    const char *name; /* of a column (for messages) or a field; NULL for an element; borrowed */
    const struct assay_pg_field *child; /* array: the element; record: the fields; borrowed */
    size_t n_child;
    bool cast; /* AS_TEXT: a cast to text of its own may print otherwise than the type's output function */
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
/* Decode one tuple of exactly n bytes into v[0..d->n). Pointers in v go into p and, for intervals and nested values,
 * into the pool. `row` is the 1-based ordinal for messages. */
enum assay_status assay_pg_tuple(const struct assay_pg_decoder *d, const uint8_t *p, size_t n, uint64_t row,
                                 struct assay_value *v, struct assay_pool *pool, struct assay_err *e);

/* ---- pg_decode.c and pg_nested.c, for each other ---- */

/* One value of len bytes, UINT32_MAX for NULL. NULL, or what is wrong with it: a static phrase that follows "the server
 * sent"; ASSAY_PG_NOMEM when memory ran out. */
const char *assay_pg_value(const struct assay_pg_field *f, const uint8_t *p, uint32_t len, struct assay_pool *pool,
                           struct assay_value *v);
/* The same for the nested wires; len is a length and within ASSAY_MAX_CELL. */
const char *assay_pg_nested(const struct assay_pg_field *f, const uint8_t *p, uint32_t len, struct assay_pool *pool,
                            struct assay_value *v);
extern const char ASSAY_PG_NOMEM[];

#endif
