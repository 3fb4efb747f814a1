/* What a leaf column holds: the format's physical type and annotation, and how its bytes become values.
 * Source: apache/parquet-format, parquet.thrift and LogicalTypes.md. */
#ifndef ASSAY_PARQUET_TYPE_H
#define ASSAY_PARQUET_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/buf.h"
#include "assay/type.h"
#include "assay/value.h"
#include "thrift.h"

enum assay_pq_physical { PQ_BOOLEAN, PQ_INT32, PQ_INT64, PQ_INT96, PQ_FLOAT, PQ_DOUBLE, PQ_BYTE_ARRAY, PQ_FLBA };
enum assay_pq_repetition { PQ_REQUIRED, PQ_OPTIONAL, PQ_REPEATED };
enum assay_pq_unit { PQ_MILLIS, PQ_MICROS, PQ_NANOS };

/* LogicalType and ConvertedType in one enumeration. */
enum assay_pq_note {
    PQ_N_NONE,
    PQ_N_STRING,
    PQ_N_ENUM,
    PQ_N_JSON,
    PQ_N_BSON,
    PQ_N_UUID,
    PQ_N_DECIMAL,
    PQ_N_DATE,
    PQ_N_TIME,
    PQ_N_TIMESTAMP,
    PQ_N_INT,
    PQ_N_INTERVAL,
    PQ_N_FLOAT16,
    PQ_N_NULL,
    PQ_N_LIST,
    PQ_N_MAP,
    PQ_N_VARIANT, /* these three are named, and not read */
    PQ_N_GEOMETRY,
    PQ_N_GEOGRAPHY,
    PQ_N_UNKNOWN, /* an annotation that this reader does not know: number in note_id */
    PQ_N_COUNT
};

/* One SchemaElement of the footer. */
struct assay_pq_element {
    struct assay_pq_span name; /* borrowed from the footer */
    int8_t physical; /* enum assay_pq_physical, or -1: a group */
    int8_t repetition; /* enum assay_pq_repetition, or -1 */
    uint8_t note; /* enum assay_pq_note */
    uint8_t unit, bits;
    bool utc, is_signed;
    int16_t note_id;
    int32_t type_length, children, precision, scale;
};

struct assay_pq_type;
/* Convert n PLAIN values at raw into dst[0], dst[stride], ...; iv is room for n intervals, for the type that needs it.
 */
typedef void assay_pq_convert(const struct assay_pq_type *t, const uint8_t *raw, size_t n, struct assay_value *dst,
                              size_t stride, struct assay_interval *iv);

struct assay_pq_type {
    uint8_t physical;
    uint8_t kind; /* enum assay_kind that byte strings, times and time stamps get */
    int16_t scale;
    uint32_t width; /* bytes of a PLAIN value; 0: BYTE_ARRAY; BOOLEAN has none either */
    enum assay_logical logical;
    assay_pq_convert *convert; /* fixed-width types */
    /* BYTE_ARRAY: turn spans (p, len) into values in place; NULL: spans they stay, of `kind` */
    void (*spans)(const struct assay_pq_type *t, struct assay_value *v, size_t n, size_t stride);
    int64_t lo, hi; /* integers: the annotated width's range */
    const char *beyond; /* what an integer outside it is called */
    int64_t legacy_min; /* Spark's hybrid calendar: smallest day or second that means the same in both; INT64_MIN: no
                           check */
    __int128 bound; /* decimals: 10^precision while that fits, else 0 */
    struct assay_buf above, below; /* 10^precision and its negative, minimal big-endian two's complement; owned */
};

/* Read one SchemaElement. Errors stick to t. */
void assay_pq_element_read(struct assay_pq_thrift *t, struct assay_pq_element *el);
/* The native spelling, e.g. "INT64 TIMESTAMP(MICROS,UTC)". Appends. */
enum assay_status assay_pq_element_native(const struct assay_pq_element *el, struct assay_buf *out);
/* The type of a leaf; ->logical is ASSAY_L_NONE and ->convert and ->kind are zero when it is outside the allow-list.
 * ASSAY_ENOMEM is the only failure. */
enum assay_status assay_pq_type_of(const struct assay_pq_element *el, struct assay_pq_type *t);
/* The file says that Spark wrote its INT96, or its other dates and time stamps, in the hybrid calendar. */
void assay_pq_type_legacy(struct assay_pq_type *t, bool int96, bool others);
void assay_pq_type_release(struct assay_pq_type *t);

/* Fixed-width conversions (convert.c, decimal.c). */
extern assay_pq_convert assay_pq_int32, assay_pq_uint32, assay_pq_int64, assay_pq_uint64, assay_pq_float,
    assay_pq_double, assay_pq_float16, assay_pq_date, assay_pq_time_ms, assay_pq_time_us, assay_pq_time_ns,
    assay_pq_ts_ms, assay_pq_ts_us, assay_pq_ts_ns, assay_pq_int96, assay_pq_fixed, assay_pq_uuid, assay_pq_interval,
    assay_pq_null, assay_pq_decimal32, assay_pq_decimal64, assay_pq_decimal_fixed;
void assay_pq_null_spans(const struct assay_pq_type *t, struct assay_value *v, size_t n, size_t stride);
void assay_pq_decimal_spans(const struct assay_pq_type *t, struct assay_value *v, size_t n, size_t stride);
/* Fill bound, above and below for 10^precision. */
enum assay_status assay_pq_decimal_bounds(struct assay_pq_type *t, int32_t precision);
/* Values of a DATE or time stamp before the calendars agree become ASSAY_K_BAD. */
void assay_pq_legacy_check(const struct assay_pq_type *t, struct assay_value *v, size_t n, size_t stride);

/* An undecodable value; the sentence is static. */
static inline struct assay_value assay_pq_bad(const char *why)
{
    size_t n = 0;
    while (why[n])
        n++;
    return (struct assay_value){.kind = ASSAY_K_BAD, .len = (uint32_t)n, .p = (const uint8_t *)why};
}

#endif
