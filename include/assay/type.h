/* Logical types of the canonical form, version 1 (docs/canonical-form.md). */
#ifndef ASSAY_TYPE_H
#define ASSAY_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
    ASSAY_L_COUNT
};

struct assay_type {
    const char *name; /* as written in the plan: "integer", "decimal", "timestamp" ... */
    uint8_t tag; /* cell tag and row-form tag: 'L' 'N' 'F' 'T' 'B' 'D' 'C' 'c' 'S' 'Z' 'I' 'U' 'J' */
    bool ordered; /* key bytes sort as values do: may be cut by range */
};

/* The table row of a logical type; NULL for ASSAY_L_NONE and out-of-range values. */
const struct assay_type *assay_type_of(enum assay_logical l);
/* By plan name, exact match; ASSAY_L_NONE when unknown. */
enum assay_logical assay_type_by_name(const char *name);

#endif
