/* One SchemaElement of the footer: LogicalType where it is given, else ConvertedType (LogicalTypes.md, "backward
 * compatibility"). */
#include "type.h"

/* LogicalType is a thrift union; field number -> note. 9 is reserved there. */
static const uint8_t logical_note[] = {
    [1] = PQ_N_STRING,   [2] = PQ_N_MAP,       [3] = PQ_N_LIST,       [4] = PQ_N_ENUM,    [5] = PQ_N_DECIMAL,
    [6] = PQ_N_DATE,     [7] = PQ_N_TIME,      [8] = PQ_N_TIMESTAMP,  [9] = PQ_N_UNKNOWN, [10] = PQ_N_INT,
    [11] = PQ_N_NULL,    [12] = PQ_N_JSON,     [13] = PQ_N_BSON,      [14] = PQ_N_UUID,   [15] = PQ_N_FLOAT16,
    [16] = PQ_N_VARIANT, [17] = PQ_N_GEOMETRY, [18] = PQ_N_GEOGRAPHY,
};

/* ConvertedType, by its number. Times and time stamps known only by it are in UTC. */
static const struct {
    uint8_t note, unit, bits;
    bool is_signed;
} converted_note[] = {
    {PQ_N_STRING, 0, 0, false},
    {PQ_N_MAP, 0, 0, false},
    {PQ_N_MAP, 0, 0, false},
    {PQ_N_LIST, 0, 0, false},
    {PQ_N_ENUM, 0, 0, false},
    {PQ_N_DECIMAL, 0, 0, false},
    {PQ_N_DATE, 0, 0, false},
    {PQ_N_TIME, PQ_MILLIS, 0, false},
    {PQ_N_TIME, PQ_MICROS, 0, false},
    {PQ_N_TIMESTAMP, PQ_MILLIS, 0, false},
    {PQ_N_TIMESTAMP, PQ_MICROS, 0, false},
    {PQ_N_INT, 0, 8, false},
    {PQ_N_INT, 0, 16, false},
    {PQ_N_INT, 0, 32, false},
    {PQ_N_INT, 0, 64, false},
    {PQ_N_INT, 0, 8, true},
    {PQ_N_INT, 0, 16, true},
    {PQ_N_INT, 0, 32, true},
    {PQ_N_INT, 0, 64, true},
    {PQ_N_JSON, 0, 0, false},
    {PQ_N_BSON, 0, 0, false},
    {PQ_N_INTERVAL, 0, 0, false},
};

#define COUNT(a) ((int32_t)(sizeof(a) / sizeof *(a)))

static void decimal_note(struct assay_pq_thrift *t, struct assay_pq_element *el)
{
    for (struct assay_pq_field f = {0}; assay_pq_thrift_field(t, &f);)
        switch (f.id) {
        case 1:
            el->scale = assay_pq_thrift_i32(t, &f);
            break;
        case 2:
            el->precision = assay_pq_thrift_i32(t, &f);
            break;
        default:
            assay_pq_thrift_skip(t, &f);
        }
}

static void unit_note(struct assay_pq_thrift *t, struct assay_pq_element *el)
{
    int units = 0;
    for (struct assay_pq_field f = {0}; assay_pq_thrift_field(t, &f); units++) {
        if (f.id >= 1 && f.id <= 3)
            el->unit = (uint8_t)(f.id - 1);
        else
            el->note = PQ_N_UNKNOWN;
        assay_pq_thrift_skip(t, &f);
    }
    if (units != 1)
        assay_pq_thrift_fail(t, "a time unit that is not exactly one");
}

static void time_note(struct assay_pq_thrift *t, struct assay_pq_element *el)
{
    bool has_utc = false, has_unit = false;
    for (struct assay_pq_field f = {0}; assay_pq_thrift_field(t, &f);)
        if (f.id == 1) {
            el->utc = assay_pq_thrift_bool(t, &f);
            has_utc = true;
        } else if (f.id == 2 && assay_pq_thrift_struct(t, &f)) {
            unit_note(t, el);
            has_unit = true;
        } else {
            assay_pq_thrift_skip(t, &f);
        }
    if (!has_utc || !has_unit)
        assay_pq_thrift_fail(t, "a time type without unit or isAdjustedToUTC");
}

static void int_note(struct assay_pq_thrift *t, struct assay_pq_element *el)
{
    for (struct assay_pq_field f = {0}; assay_pq_thrift_field(t, &f);)
        switch (f.id) {
        case 1:
            el->bits = (uint8_t)assay_pq_thrift_int(t, &f);
            break;
        case 2:
            el->is_signed = assay_pq_thrift_bool(t, &f);
            break;
        default:
            assay_pq_thrift_skip(t, &f);
        }
}

static void logical_type(struct assay_pq_thrift *t, struct assay_pq_element *el)
{
    int members = 0;
    for (struct assay_pq_field f = {0}; assay_pq_thrift_field(t, &f); members++) {
        bool known = f.id > 0 && f.id < COUNT(logical_note);
        el->note = known ? logical_note[f.id] : PQ_N_UNKNOWN;
        el->note_id = f.id;
        bool inner = f.type == TH_STRUCT;
        if (inner && el->note == PQ_N_DECIMAL)
            decimal_note(t, el);
        else if (inner && (el->note == PQ_N_TIME || el->note == PQ_N_TIMESTAMP))
            time_note(t, el);
        else if (inner && el->note == PQ_N_INT)
            int_note(t, el);
        else
            assay_pq_thrift_skip(t, &f);
    }
    if (members != 1)
        assay_pq_thrift_fail(t, "a logical type that is not exactly one");
}

static void converted_type(struct assay_pq_element *el, int32_t converted)
{
    if (converted < 0 || converted >= COUNT(converted_note)) {
        el->note = PQ_N_UNKNOWN;
        el->note_id = (int16_t)converted;
        return;
    }
    el->note = converted_note[converted].note;
    el->unit = converted_note[converted].unit;
    el->bits = converted_note[converted].bits;
    el->is_signed = converted_note[converted].is_signed;
    el->utc = true;
}

static int8_t small_enum(struct assay_pq_thrift *t, const struct assay_pq_field *f, int32_t n, const char *why)
{
    int32_t v = assay_pq_thrift_i32(t, f);
    if (v < 0 || v >= n)
        assay_pq_thrift_fail(t, why);
    return (int8_t)v;
}

void assay_pq_element_read(struct assay_pq_thrift *t, struct assay_pq_element *el)
{
    int32_t converted = -1, scale = 0, precision = 0;
    bool has_logical = false, has_converted = false;
    *el = (struct assay_pq_element){.physical = -1, .repetition = -1};
    for (struct assay_pq_field f = {0}; assay_pq_thrift_field(t, &f);)
        switch (f.id) {
        case 1:
            el->physical = small_enum(t, &f, PQ_FLBA + 1, "an unknown physical type");
            break;
        case 2:
            el->type_length = assay_pq_thrift_i32(t, &f);
            break;
        case 3:
            el->repetition = small_enum(t, &f, PQ_REPEATED + 1, "an unknown repetition");
            break;
        case 4:
            el->name = assay_pq_thrift_bytes(t, &f);
            break;
        case 5:
            el->children = assay_pq_thrift_i32(t, &f);
            break;
        case 6:
            converted = assay_pq_thrift_i32(t, &f);
            has_converted = true;
            break;
        case 7:
            scale = assay_pq_thrift_i32(t, &f);
            break;
        case 8:
            precision = assay_pq_thrift_i32(t, &f);
            break;
        case 10:
            if ((has_logical = assay_pq_thrift_struct(t, &f)))
                logical_type(t, el);
            break;
        default:
            assay_pq_thrift_skip(t, &f);
        }
    if (!has_logical && has_converted) {
        converted_type(el, converted);
        el->scale = scale;
        el->precision = precision;
    }
}

static const char *const physical_name[] = {"BOOLEAN", "INT32",  "INT64",      "INT96",
                                            "FLOAT",   "DOUBLE", "BYTE_ARRAY", "FLBA"};
static const char *const note_name[PQ_N_COUNT] = {
    [PQ_N_STRING] = "STRING",
    [PQ_N_ENUM] = "ENUM",
    [PQ_N_JSON] = "JSON",
    [PQ_N_BSON] = "BSON",
    [PQ_N_UUID] = "UUID",
    [PQ_N_DATE] = "DATE",
    [PQ_N_NULL] = "NULL",
    [PQ_N_INTERVAL] = "INTERVAL",
    [PQ_N_LIST] = "LIST",
    [PQ_N_FLOAT16] = "FLOAT16",
    [PQ_N_MAP] = "MAP",
    [PQ_N_DECIMAL] = "DECIMAL",
    [PQ_N_VARIANT] = "VARIANT",
    [PQ_N_GEOMETRY] = "GEOMETRY",
    [PQ_N_GEOGRAPHY] = "GEOGRAPHY",
    [PQ_N_TIME] = "TIME",
    [PQ_N_TIMESTAMP] = "TIMESTAMP",
    [PQ_N_INT] = "INT",
};
static const char *const unit_name[] = {"MILLIS", "MICROS", "NANOS"};

enum assay_status assay_pq_element_native(const struct assay_pq_element *el, struct assay_buf *out)
{
    enum assay_status s = ASSAY_OK;
    if (el->repetition == PQ_REPEATED)
        s = assay_buf_adds(out, "repeated ");
    if (s == ASSAY_OK)
        s = assay_buf_adds(out, el->physical < 0 ? "group" : physical_name[el->physical]);
    if (s == ASSAY_OK && el->physical == PQ_FLBA)
        s = assay_buf_addf(out, "(%d)", (int)el->type_length);
    if (s != ASSAY_OK || el->note == PQ_N_NONE)
        return s;
    switch (el->note) {
    case PQ_N_UNKNOWN:
        return assay_buf_addf(out, " unknown type %d", (int)el->note_id);
    case PQ_N_INT:
        return assay_buf_addf(out, " %s_%u", el->is_signed ? "INT" : "UINT", (unsigned)el->bits);
    case PQ_N_DECIMAL:
        return assay_buf_addf(out, " DECIMAL(%d,%d)", (int)el->precision, (int)el->scale);
    case PQ_N_TIME:
    case PQ_N_TIMESTAMP:
        return assay_buf_addf(out, " %s(%s%s)", note_name[el->note], unit_name[el->unit], el->utc ? ",UTC" : "");
    default:
        return assay_buf_addf(out, " %s", note_name[el->note]);
    }
}
