/* The writer's schema as a graph of nodes, and the columns of its top-level record. Named types may refer to
 * themselves, so the graph may have cycles: whoever walks it bounds its depth. */
#ifndef ASSAY_AVRO_SCHEMA_H
#define ASSAY_AVRO_SCHEMA_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/buf.h"
#include "assay/schema.h"

/* The first eight are the primitive types, in the order of schema.c's table of names. */
enum assay_av_type {
    AV_NULL,
    AV_BOOLEAN,
    AV_INT,
    AV_LONG,
    AV_FLOAT,
    AV_DOUBLE,
    AV_BYTES,
    AV_STRING,
    AV_RECORD,
    AV_ENUM,
    AV_ARRAY,
    AV_MAP,
    AV_UNION,
    AV_FIXED
};

/* How a value of a column is read (value.c). Of several units: the unit is node->per_second. */
enum assay_av_op {
    AV_O_NONE, /* not a value of a column: nested, or outside the allow-list */
    AV_O_NULL,
    AV_O_BOOLEAN,
    AV_O_INT,
    AV_O_LONG,
    AV_O_FLOAT,
    AV_O_DOUBLE,
    AV_O_BYTES,
    AV_O_STRING,
    AV_O_FIXED,
    AV_O_ENUM,
    AV_O_DECIMAL,
    AV_O_UUID_TEXT,
    AV_O_UUID,
    AV_O_DATE,
    AV_O_TIME,
    AV_O_TIMESTAMP,
    AV_O_DURATION
};

struct assay_av_text {
    const char *p;
    uint32_t len;
};

struct assay_av_node {
    uint8_t type, op; /* enum assay_av_type, enum assay_av_op */
    uint8_t kind; /* AV_O_TIMESTAMP: ASSAY_K_TS or ASSAY_K_TSTZ */
    bool zero_size; /* every value takes no byte */
    enum assay_logical logical; /* ASSAY_L_NONE when op is AV_O_NONE */
    const char *name; /* named types: as it stands in the file; else NULL */
    const char *annotation; /* of the logical type; NULL: none */
    uint32_t first, count; /* record, union, array, map: children in child[]; enum: symbols in symbol[] */
    uint32_t size; /* fixed: bytes */
    int32_t precision, scale; /* decimal */
    uint32_t bounds; /* decimal: index into decimal[] */
    int64_t per_second; /* AV_O_TIME, AV_O_TIMESTAMP */
};

/* 10^precision and its negative, big-endian two's complement without needless sign bytes. */
struct assay_av_bounds {
    int32_t precision;
    struct assay_buf above, below;
};

struct assay_av_column {
    const char *name; /* borrowed from the JSON */
    uint32_t node;
    const char *refused; /* why it cannot be read, NULL when it can */
    enum assay_logical logical;
    bool nullable;
    struct assay_shape *shape; /* of a list, struct or map, else NULL; owned */
};

struct assay_av_schema {
    json_t *json; /* keeps the names */
    json_t *named; /* full name -> node */
    struct assay_av_node *node;
    size_t nodes, node_cap;
    uint32_t *child;
    size_t children, child_cap;
    const char **field; /* names of a record's members, beside child[]; borrowed from the JSON */
    size_t field_cap, shaped; /* shaped: types in the shapes of all columns */
    struct assay_av_text *symbol;
    size_t symbols, symbol_cap;
    struct assay_av_bounds *decimal;
    size_t decimals, decimal_cap;
    struct assay_av_column *column;
    size_t columns;
    uint32_t root;
};

/* Parse the JSON text. On failure the schema is still to be released. name: for messages. */
enum assay_status assay_av_schema_parse(struct assay_av_schema *s, const char *name, const void *text, size_t n,
                                        struct assay_err *e);
void assay_av_schema_release(struct assay_av_schema *s);
/* Columns with their native types: "union{null,long timestamp-micros}", "fixed(16) decimal(38,10)", "array{string}". */
enum assay_status assay_av_schema_observed(const struct assay_av_schema *s, struct assay_schema *out,
                                           struct assay_err *e);
/* The native type of one node, cut to its bare name when it would be very long. */
enum assay_status assay_av_native(const struct assay_av_schema *s, uint32_t node, struct assay_buf *out);

/* logical.c: what the node's logicalType makes of it. An invalid one is ignored, as the specification wants. */
enum assay_status assay_av_annotate(struct assay_av_schema *s, struct assay_av_node *node, const json_t *json);
/* column.c: the fields of the root. */
enum assay_status assay_av_columns(struct assay_av_schema *s, const char *name, const json_t *fields,
                                   struct assay_err *e);
/* shape.c: the type of a column of node `at`. NULL, or a static sentence: why it cannot be read; *out then NULL. */
const char *assay_av_shape(struct assay_av_schema *s, uint32_t at, struct assay_shape **out, bool *nullable,
                           bool *nomem);
/* decimal.c */
enum assay_status assay_av_decimal_bounds(struct assay_av_bounds *b, int32_t precision);

/* Room for one more element of `size` bytes; false: out of memory, *p as it was. */
bool assay_av_grow(void **p, size_t *cap, size_t need, size_t size);

#endif
