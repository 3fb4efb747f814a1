/* Logical types of the canonical form, version 1 (docs/canonical-form.md). */
#ifndef ASSAY_TYPE_H
#define ASSAY_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/err.h"

enum assay_logical {
    ASSAY_L_NONE = 0, /* not known: never hashed */
    ASSAY_L_BOOLEAN,
    ASSAY_L_INTEGER,
    ASSAY_L_DECIMAL,
    ASSAY_L_FLOAT32,
    ASSAY_L_FLOAT64,
    ASSAY_L_TEXT,
    ASSAY_L_BYTES,
    ASSAY_L_DATE,
    ASSAY_L_TIME,
    ASSAY_L_TIMETZ,
    ASSAY_L_TIMESTAMP,
    ASSAY_L_TIMESTAMPTZ,
    ASSAY_L_INTERVAL,
    ASSAY_L_UUID,
    ASSAY_L_JSON,
    ASSAY_L_LIST, /* these three have a shape */
    ASSAY_L_STRUCT,
    ASSAY_L_MAP,
    ASSAY_L_COUNT
};

struct assay_type {
    const char *name; /* as written in the plan: "integer", "decimal", "timestamp" ... */
    uint8_t tag; /* cell tag and row-form tag: 'L' 'N' 'F' 'T' 'B' 'D' 'C' 'c' 'S' 'Z' 'I' 'U' 'J' '[' '{' 'M' */
    bool ordered; /* key bytes sort as values do: may be cut by range */
};

/* The table row of a logical type; NULL for ASSAY_L_NONE and out-of-range values. */
const struct assay_type *assay_type_of(enum assay_logical l);
/* A scalar type by plan name, exact match; ASSAY_L_NONE when unknown. */
enum assay_logical assay_type_by_name(const char *name);

/* The type of a nested column: list<integer>, struct<a: integer, b: list<text>>, map<text, decimal>. */
struct assay_shape {
    enum assay_logical type;
    char *name; /* of a struct's field, as the side or the plan spells it; else NULL; owned */
    struct assay_shape *child; /* list: the element; map: key, value; struct: the fields; scalars: NULL; owned */
    size_t n; /* children */
};

/* Read "list<...>" and so on; a scalar's name is a shape, too. Field names outside [A-Za-z0-9_] stand in double quotes,
 * a quote doubled. false: *why is a static sentence; nothing to release. */
bool assay_shape_parse(const char *text, struct assay_shape **out, const char **why);
/* The same; *at is how many bytes of the text were understood. */
bool assay_shape_parse_at(const char *text, struct assay_shape **out, const char **why, size_t *at);
/* That spelling, appended. */
struct assay_buf;
enum assay_status assay_shape_text(const struct assay_shape *s, struct assay_buf *out);
struct assay_shape *assay_shape_copy(const struct assay_shape *s); /* NULL: out of memory */
void assay_shape_free(struct assay_shape *s); /* NULL is a no-op */

#endif
