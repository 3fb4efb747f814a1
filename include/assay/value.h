/* One value as a reader delivers it. Sixteen bytes, no ownership: pointers live as long as the batch. Nested values are
 * trees of such values; a reader builds them in memory of its own, at most ASSAY_MAX_NESTING deep. */
#ifndef ASSAY_VALUE_H
#define ASSAY_VALUE_H

#include <stddef.h>
#include <stdint.h>

enum assay_kind {
    ASSAY_K_NULL = 0,
    ASSAY_K_BOOL, /* i: 0 or 1 */
    ASSAY_K_INT, /* i: any int64 */
    ASSAY_K_UINT, /* u: a uint64 that may exceed INT64_MAX */
    ASSAY_K_F32, /* f: a binary32 widened to double */
    ASSAY_K_F64, /* f: binary64 */
    ASSAY_K_DEC, /* i * 10^-scale; scale in [-32768, 32767] */
    ASSAY_K_DECBYTES, /* p[0..len): big-endian two's complement, times 10^-scale (Parquet) */
    ASSAY_K_DECDIGITS, /* p[0..len): ASCII, optional '-', then digits only; times 10^-scale */
    ASSAY_K_DECSPECIAL, /* i: 1 NaN, 2 +infinity, 3 -infinity of a decimal */
    ASSAY_K_PGNUMERIC, /* p[0..len): numeric_send wire bytes of PostgreSQL */
    ASSAY_K_TEXT, /* p[0..len): the engine says it is text; UTF-8 still to be checked */
    ASSAY_K_LEXEME, /* p[0..len): untyped text, the plan's type decides how it is read */
    ASSAY_K_BYTES, /* p[0..len) */
    ASSAY_K_DATE, /* i: days since 1970-01-01; INT32_MIN / INT32_MAX are -/+infinity */
    ASSAY_K_TIME, /* i: ns since 00:00, 0 .. 86400e9 inclusive (24:00) */
    ASSAY_K_TIMETZ, /* i: ns; aux: offset in seconds, east positive */
    ASSAY_K_TS, /* i: seconds since 1970, naive; aux: ns 0..999999999; INT64_MIN/MAX are -/+infinity */
    ASSAY_K_TSTZ, /* the same in UTC */
    ASSAY_K_INTERVAL, /* p -> struct assay_interval */
    ASSAY_K_UUID, /* p -> 16 bytes */
    ASSAY_K_JSON, /* p[0..len): JSON text of a normalised type (jsonb) */
    ASSAY_K_LIST, /* items: the len elements */
    ASSAY_K_STRUCT, /* items: len pairs, field name (TEXT) and value; names are unique */
    ASSAY_K_MAP, /* items: len pairs, key and value */
    ASSAY_K_BAD /* undecodable: p is a static sentence without values, len its length */
};

#define ASSAY_V_QUOTED 0x01u /* CSV: the field was quoted */
#define ASSAY_V_STRING 0x04u /* LEXEME: a string member of a JSON document, not a number, object or array */
#define ASSAY_V_BOUND 0x08u /* LIST: items[0] is the lower bound (INT, not 1) and the len elements follow it */
#define ASSAY_V_ABSENT 0x10u /* BAD: the row has no such member; rules absent and constant speak of it */
#define ASSAY_V_STABLE 0x02u /* the bytes at p stay as they are for the batch's epoch (a Parquet dictionary) */

struct assay_interval {
    int32_t months, days;
    int64_t seconds;
    int32_t ns; /* 0..999999999, floor */
};

struct assay_value {
    uint8_t kind; /* enum assay_kind */
    uint8_t flags; /* ASSAY_V_* */
    int16_t scale; /* decimals */
    union {
        uint32_t len;
        int32_t aux;
    };
    union {
        int64_t i;
        uint64_t u;
        double f;
        const uint8_t *p;
        const struct assay_value *items;
    };
};

_Static_assert(sizeof(struct assay_value) == 16, "assay_value is 16 bytes");

/* Bytes behind p; 0 for values that carry everything themselves, and for trees, whose items are values. */
static inline size_t assay_value_bytes(const struct assay_value *v)
{
    switch (v->kind) {
    case ASSAY_K_DECBYTES:
    case ASSAY_K_DECDIGITS:
    case ASSAY_K_PGNUMERIC:
    case ASSAY_K_TEXT:
    case ASSAY_K_LEXEME:
    case ASSAY_K_BYTES:
    case ASSAY_K_JSON:
        return v->len;
    case ASSAY_K_INTERVAL:
        return sizeof(struct assay_interval);
    case ASSAY_K_UUID:
        return 16;
    default:
        return 0;
    }
}

#endif
