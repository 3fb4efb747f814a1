/* The observed schema of one side: native facts, fingerprinted and diffed, never hashed into rows. */
#ifndef ASSAY_SCHEMA_H
#define ASSAY_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/buf.h"
#include "assay/err.h"
#include "assay/type.h"

struct assay_column {
    char *name; /* as the side spells it; owned */
    char *native; /* native type as the side spells it, e.g. "numeric(12,2)", "INT64 TIMESTAMP(MICROS,UTC)"; owned */
    enum assay_logical logical; /* what the reader proposes; ASSAY_L_NONE: outside the allow-list */
    struct assay_shape *shape; /* of a list, struct or map, else NULL; owned */
    bool nullable;
    bool unreadable; /* the role may not read it; no part of the schema's text */
    bool binary_order; /* text: the engine compares it bytewise */
    uint16_t key_pos; /* 1-based position in the primary key, 0 if none */
};

struct assay_schema {
    struct assay_column *col; /* in the side's own order; owned */
    size_t n;
    bool key_is_unique; /* the engine enforces that the key_pos columns are unique */
};

/* Append one column; strings are copied. On failure the schema is unchanged. */
enum assay_status assay_schema_add(struct assay_schema *s, const char *name, const char *native,
                                   enum assay_logical logical, bool nullable, struct assay_err *e);
/* The same for a list, struct or map; the shape is copied. */
enum assay_status assay_schema_add_shape(struct assay_schema *s, const char *name, const char *native,
                                         const struct assay_shape *shape, bool nullable, struct assay_err *e);
/* Index of the column with that exact name, or SIZE_MAX. */
size_t assay_schema_find(const struct assay_schema *s, const char *name);
/* Canonical text: one line a column, "name \t native \t logical \t nullable|required \t keypos \n",
 * logical being the whole shape of a nested column, backslash-escaped, in the side's order. Appends to out. */
enum assay_status assay_schema_text(const struct assay_schema *s, struct assay_buf *out);
/* SHA-256 of that text. */
enum assay_status assay_schema_fingerprint(const struct assay_schema *s, uint8_t out[32]);
void assay_schema_release(struct assay_schema *s);

#endif
