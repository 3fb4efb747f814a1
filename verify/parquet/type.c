/* The allow-list: which annotation on which physical type means what. All else is named, and never read. */
#include "type.h"

#define ANY_LENGTH 0
#define MAX_PRECISION 1000 /* decimal digits; what PostgreSQL lets one declare */

/* Spark's hybrid calendar differs from the proleptic one before these. A time stamp's shift also depends on the
 * writer's zone until that zone has a whole-hour history, for which Spark itself takes 1900. */
#define LEGACY_DAY (-141427) /* 1582-10-15 */
#define LEGACY_SECOND (-2208988800) /* 1900-01-01T00:00:00Z */

struct rule {
    uint8_t note, physical;
    int32_t length; /* FLBA: the type_length it must have */
    uint8_t kind;
    enum assay_logical logical;
    assay_pq_convert *convert;
};

/* Rows whose meaning hangs on more than (note, physical) are resolved below: integers, decimals, times. */
static const struct rule rules[] = {
    {PQ_N_NONE, PQ_BOOLEAN, 0, ASSAY_K_BOOL, ASSAY_L_BOOLEAN, NULL},
    {PQ_N_NONE, PQ_INT32, 0, ASSAY_K_INT, ASSAY_L_INTEGER, assay_pq_int32},
    {PQ_N_NONE, PQ_INT64, 0, ASSAY_K_INT, ASSAY_L_INTEGER, assay_pq_int64},
    {PQ_N_NONE, PQ_INT96, 0, ASSAY_K_TS, ASSAY_L_TIMESTAMP, assay_pq_int96},
    {PQ_N_NONE, PQ_FLOAT, 0, ASSAY_K_F32, ASSAY_L_FLOAT32, assay_pq_float},
    {PQ_N_NONE, PQ_DOUBLE, 0, ASSAY_K_F64, ASSAY_L_FLOAT64, assay_pq_double},
    {PQ_N_NONE, PQ_BYTE_ARRAY, 0, ASSAY_K_BYTES, ASSAY_L_BYTES, NULL},
    {PQ_N_NONE, PQ_FLBA, ANY_LENGTH, ASSAY_K_BYTES, ASSAY_L_BYTES, assay_pq_fixed},
    {PQ_N_STRING, PQ_BYTE_ARRAY, 0, ASSAY_K_TEXT, ASSAY_L_TEXT, NULL},
    {PQ_N_ENUM, PQ_BYTE_ARRAY, 0, ASSAY_K_TEXT, ASSAY_L_TEXT, NULL},
    {PQ_N_JSON, PQ_BYTE_ARRAY, 0, ASSAY_K_TEXT, ASSAY_L_JSON, NULL},
    {PQ_N_BSON, PQ_BYTE_ARRAY, 0, ASSAY_K_BYTES, ASSAY_L_BYTES, NULL},
    {PQ_N_UUID, PQ_FLBA, 16, ASSAY_K_UUID, ASSAY_L_UUID, assay_pq_uuid},
    {PQ_N_INTERVAL, PQ_FLBA, 12, ASSAY_K_INTERVAL, ASSAY_L_INTERVAL, assay_pq_interval},
    {PQ_N_FLOAT16, PQ_FLBA, 2, ASSAY_K_F32, ASSAY_L_FLOAT32, assay_pq_float16},
    {PQ_N_DATE, PQ_INT32, 0, ASSAY_K_DATE, ASSAY_L_DATE, assay_pq_date},
    {PQ_N_DECIMAL, PQ_INT32, 0, ASSAY_K_DEC, ASSAY_L_DECIMAL, assay_pq_decimal32},
    {PQ_N_DECIMAL, PQ_INT64, 0, ASSAY_K_DEC, ASSAY_L_DECIMAL, assay_pq_decimal64},
    {PQ_N_DECIMAL, PQ_FLBA, ANY_LENGTH, ASSAY_K_DEC, ASSAY_L_DECIMAL, assay_pq_decimal_fixed},
    {PQ_N_DECIMAL, PQ_BYTE_ARRAY, 0, ASSAY_K_DEC, ASSAY_L_DECIMAL, NULL},
};

struct int_rule {
    uint8_t bits, physical;
    bool is_signed;
    int64_t lo, hi;
    assay_pq_convert *convert;
    const char *beyond;
};

static const struct int_rule int_rules[] = {
    {8, PQ_INT32, true, INT8_MIN, INT8_MAX, assay_pq_int32, "value outside INT_8"},
    {16, PQ_INT32, true, INT16_MIN, INT16_MAX, assay_pq_int32, "value outside INT_16"},
    {32, PQ_INT32, true, INT32_MIN, INT32_MAX, assay_pq_int32, NULL},
    {64, PQ_INT64, true, INT64_MIN, INT64_MAX, assay_pq_int64, NULL},
    {8, PQ_INT32, false, 0, UINT8_MAX, assay_pq_int32, "value outside UINT_8"},
    {16, PQ_INT32, false, 0, UINT16_MAX, assay_pq_int32, "value outside UINT_16"},
    {32, PQ_INT32, false, 0, UINT32_MAX, assay_pq_uint32, NULL},
    {64, PQ_INT64, false, 0, INT64_MAX, assay_pq_uint64, NULL},
};

struct time_rule {
    uint8_t note, unit, physical;
    assay_pq_convert *convert;
};

static const struct time_rule time_rules[] = {
    {PQ_N_TIME, PQ_MILLIS, PQ_INT32, assay_pq_time_ms},    {PQ_N_TIME, PQ_MICROS, PQ_INT64, assay_pq_time_us},
    {PQ_N_TIME, PQ_NANOS, PQ_INT64, assay_pq_time_ns},     {PQ_N_TIMESTAMP, PQ_MILLIS, PQ_INT64, assay_pq_ts_ms},
    {PQ_N_TIMESTAMP, PQ_MICROS, PQ_INT64, assay_pq_ts_us}, {PQ_N_TIMESTAMP, PQ_NANOS, PQ_INT64, assay_pq_ts_ns},
};

#define COUNT(a) (sizeof(a) / sizeof *(a))

static void integer_type(const struct assay_pq_element *el, struct assay_pq_type *t)
{
    for (size_t i = 0; i < COUNT(int_rules); i++) {
        const struct int_rule *r = &int_rules[i];
        if (r->bits != el->bits || r->is_signed != el->is_signed || r->physical != el->physical)
            continue;
        t->kind = r->convert == assay_pq_uint64 ? ASSAY_K_UINT : ASSAY_K_INT;
        t->logical = ASSAY_L_INTEGER;
        t->convert = r->convert;
        t->lo = r->lo;
        t->hi = r->hi;
        t->beyond = r->beyond;
    }
}

static void time_type(const struct assay_pq_element *el, struct assay_pq_type *t)
{
    for (size_t i = 0; i < COUNT(time_rules); i++) {
        const struct time_rule *r = &time_rules[i];
        if (r->note != el->note || r->unit != el->unit || r->physical != el->physical)
            continue;
        bool stamp = el->note == PQ_N_TIMESTAMP;
        t->kind = !stamp ? ASSAY_K_TIME : el->utc ? ASSAY_K_TSTZ : ASSAY_K_TS;
        t->logical = !stamp ? ASSAY_L_TIME : el->utc ? ASSAY_L_TIMESTAMPTZ : ASSAY_L_TIMESTAMP;
        t->convert = r->convert;
    }
}

/* A column annotated NULL (UNKNOWN in the thrift file) may have any physical type, and only nulls;
 * no writer takes BOOLEAN for it. */
static void null_type(struct assay_pq_type *t)
{
    if (t->physical == PQ_BOOLEAN)
        return;
    t->kind = ASSAY_K_NULL;
    t->convert = assay_pq_null;
    t->spans = assay_pq_null_spans;
}

static void plain_type(const struct assay_pq_element *el, struct assay_pq_type *t)
{
    for (size_t i = 0; i < COUNT(rules); i++) {
        const struct rule *r = &rules[i];
        if (r->note != el->note || r->physical != el->physical)
            continue;
        if (r->physical == PQ_FLBA && r->length != ANY_LENGTH && r->length != el->type_length)
            continue;
        t->kind = r->kind;
        t->logical = r->logical;
        t->convert = r->convert;
    }
}

/* Most digits that the physical type can hold (LogicalTypes.md, DECIMAL). */
static int32_t most_digits(const struct assay_pq_element *el)
{
    if (el->physical == PQ_INT32)
        return 9;
    if (el->physical == PQ_INT64)
        return 18;
    if (el->physical == PQ_FLBA && el->type_length < 10000)
        return (int32_t)((8 * (double)el->type_length - 1) * 0.301029995663981195);
    return MAX_PRECISION;
}

static enum assay_status decimal_type(const struct assay_pq_element *el, struct assay_pq_type *t)
{
    if (el->precision < 1 || el->precision > most_digits(el) || el->precision > MAX_PRECISION || el->scale < 0 ||
        el->scale > el->precision)
        return ASSAY_OK;
    plain_type(el, t);
    t->scale = (int16_t)el->scale;
    if (el->physical == PQ_BYTE_ARRAY)
        t->spans = assay_pq_decimal_spans;
    return t->logical == ASSAY_L_NONE ? ASSAY_OK : assay_pq_decimal_bounds(t, el->precision);
}

enum assay_status assay_pq_type_of(const struct assay_pq_element *el, struct assay_pq_type *t)
{
    static const uint8_t width[] = {0, 4, 8, 12, 4, 8, 0, 0};
    *t = (struct assay_pq_type){.physical = (uint8_t)el->physical, .legacy_min = INT64_MIN};
    t->lo = INT64_MIN;
    t->hi = INT64_MAX;
    t->width = el->physical == PQ_FLBA ? (uint32_t)el->type_length : width[el->physical];
    switch (el->note) {
    case PQ_N_INT:
        integer_type(el, t);
        break;
    case PQ_N_TIME:
    case PQ_N_TIMESTAMP:
        time_type(el, t);
        break;
    case PQ_N_NULL:
        null_type(t);
        break;
    case PQ_N_DECIMAL:
        return decimal_type(el, t);
    default:
        plain_type(el, t);
    }
    return ASSAY_OK;
}

void assay_pq_type_legacy(struct assay_pq_type *t, bool int96, bool others)
{
    bool day = t->kind == ASSAY_K_DATE, stamp = t->kind == ASSAY_K_TS || t->kind == ASSAY_K_TSTZ;
    if ((day || stamp) && (t->physical == PQ_INT96 ? int96 : others))
        t->legacy_min = day ? LEGACY_DAY : LEGACY_SECOND;
}

void assay_pq_type_release(struct assay_pq_type *t)
{
    assay_buf_release(&t->above);
    assay_buf_release(&t->below);
}

void assay_pq_legacy_check(const struct assay_pq_type *t, struct assay_value *v, size_t n, size_t stride)
{
    if (t->legacy_min == INT64_MIN)
        return;
    for (size_t i = 0; i < n; i++, v += stride)
        if (v->kind == t->kind && v->i < t->legacy_min)
            *v = assay_pq_bad("written in Spark's legacy calendar: the instant is not certain");
}
