/* Logical types: which annotation on which type means what. One that the specification calls invalid (a decimal
 * whose digits do not fit, a date on a string) is ignored, as it wants; an unknown one is too. */
#include <string.h>

#include "assay/value.h"
#include "schema.h"

#define MAX_PRECISION 1000 /* decimal digits; what PostgreSQL lets one declare */
#define LOG10_2 30102999566398119ull /* times 10^17, rounded down */

static const struct rule {
    const char *name;
    int64_t per_second;
    uint32_t size; /* fixed: the one it must have */
    enum assay_logical logical;
    uint8_t type, op, kind; /* enum assay_av_type, enum assay_av_op, enum assay_kind */
} rules[] = {
    {"uuid", 0, 0, ASSAY_L_UUID, AV_STRING, AV_O_UUID_TEXT, 0},
    {"uuid", 0, 16, ASSAY_L_UUID, AV_FIXED, AV_O_UUID, 0},
    {"date", 0, 0, ASSAY_L_DATE, AV_INT, AV_O_DATE, 0},
    {"time-millis", 1000, 0, ASSAY_L_TIME, AV_INT, AV_O_TIME, 0},
    {"time-micros", 1000000, 0, ASSAY_L_TIME, AV_LONG, AV_O_TIME, 0},
    {"timestamp-millis", 1000, 0, ASSAY_L_TIMESTAMPTZ, AV_LONG, AV_O_TIMESTAMP, ASSAY_K_TSTZ},
    {"timestamp-micros", 1000000, 0, ASSAY_L_TIMESTAMPTZ, AV_LONG, AV_O_TIMESTAMP, ASSAY_K_TSTZ},
    {"timestamp-nanos", 1000000000, 0, ASSAY_L_TIMESTAMPTZ, AV_LONG, AV_O_TIMESTAMP, ASSAY_K_TSTZ},
    {"local-timestamp-millis", 1000, 0, ASSAY_L_TIMESTAMP, AV_LONG, AV_O_TIMESTAMP, ASSAY_K_TS},
    {"local-timestamp-micros", 1000000, 0, ASSAY_L_TIMESTAMP, AV_LONG, AV_O_TIMESTAMP, ASSAY_K_TS},
    {"local-timestamp-nanos", 1000000000, 0, ASSAY_L_TIMESTAMP, AV_LONG, AV_O_TIMESTAMP, ASSAY_K_TS},
    {"duration", 0, 12, ASSAY_L_INTERVAL, AV_FIXED, AV_O_DURATION, 0},
};

/* Digits that n bytes of two's complement always hold: floor(log10(2^(8n-1) - 1)). */
static bool fits(uint32_t bytes, int64_t precision)
{
    unsigned __int128 digits = ((unsigned __int128)bytes * 8 - (bytes ? 1 : 0)) * LOG10_2 / 100000000000000000ull;
    return (unsigned __int128)precision <= digits;
}

static enum assay_status decimal(struct assay_av_schema *s, struct assay_av_node *n, const json_t *json)
{
    const json_t *precision = json_object_get(json, "precision"), *scale = json_object_get(json, "scale");
    const int64_t p = json_integer_value(precision), sc = json_integer_value(scale); /* 0 when absent */
    if ((n->type != AV_BYTES && n->type != AV_FIXED) || !json_is_integer(precision) || p < 1 || sc < 0 || sc > p ||
        (scale && !json_is_integer(scale)) || (n->type == AV_FIXED && !fits(n->size, p)))
        return ASSAY_OK;
    n->annotation = "decimal";
    n->op = AV_O_NONE;
    n->logical = ASSAY_L_NONE;
    n->precision = p > INT32_MAX ? INT32_MAX : (int32_t)p;
    n->scale = sc > INT32_MAX ? INT32_MAX : (int32_t)sc;
    if (p > MAX_PRECISION)
        return ASSAY_OK;
    n->op = AV_O_DECIMAL;
    n->logical = ASSAY_L_DECIMAL;
    for (n->bounds = 0; n->bounds < s->decimals; n->bounds++)
        if (s->decimal[n->bounds].precision == n->precision)
            return ASSAY_OK;
    if (!assay_av_grow((void **)&s->decimal, &s->decimal_cap, s->decimals + 1, sizeof *s->decimal))
        return ASSAY_ENOMEM;
    s->decimal[s->decimals++] = (struct assay_av_bounds){.precision = n->precision};
    return assay_av_decimal_bounds(&s->decimal[n->bounds], n->precision);
}

enum assay_status assay_av_annotate(struct assay_av_schema *s, struct assay_av_node *n, const json_t *json)
{
    const char *name = json_string_value(json_object_get(json, "logicalType"));
    if (!name || n->annotation)
        return ASSAY_OK;
    if (strcmp(name, "decimal") == 0)
        return decimal(s, n, json);
    for (const struct rule *r = rules; r < rules + sizeof rules / sizeof *rules; r++) {
        if (r->type != n->type || (r->size && r->size != n->size) || strcmp(r->name, name) != 0)
            continue;
        n->op = r->op;
        n->logical = r->logical;
        n->kind = r->kind;
        n->per_second = r->per_second;
        n->annotation = r->name;
    }
    return ASSAY_OK;
}
