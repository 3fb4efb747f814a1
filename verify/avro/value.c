#include "value.h"

#include "assay/bytes.h"
#include "assay/limits.h"
#include "decimal.h"

#define NS_PER_SECOND 1000000000LL

/* Spark's hybrid calendar differs from the proleptic one before these. A time stamp's shift also depends on the
 * writer's zone until that zone has a whole-hour history, for which Spark itself takes 1900. */
#define LEGACY_DAY (-141427) /* 1582-10-15 */
#define LEGACY_SECOND (-2208988800) /* 1900-01-01T00:00:00Z */

typedef const char *reader(struct assay_av_cursor *c, const struct assay_av_node *n, struct assay_value *v,
                           union assay_av_store *store);

#define READER(name)                                                                                                   \
    static const char *name(struct assay_av_cursor *c, const struct assay_av_node *n, struct assay_value *v,           \
                            union assay_av_store *store)

READER(read_null)
{
    (void)c, (void)n, (void)store;
    *v = (struct assay_value){.kind = ASSAY_K_NULL};
    return NULL;
}

READER(read_boolean)
{
    (void)n, (void)store;
    *v = (struct assay_value){.kind = ASSAY_K_BOOL};
    return assay_av_bool(c, &v->i);
}

READER(read_int)
{
    (void)n, (void)store;
    *v = (struct assay_value){.kind = ASSAY_K_INT};
    return assay_av_int(c, &v->i);
}

READER(read_long)
{
    (void)n, (void)store;
    *v = (struct assay_value){.kind = ASSAY_K_INT};
    return assay_av_number(c, &v->i);
}

READER(read_float)
{
    (void)n, (void)store;
    const uint8_t *p = NULL;
    float f = 0;
    const char *why = assay_av_take(c, sizeof f, &p);
    if (why)
        return why;
    memcpy(&f, p, sizeof f);
    *v = (struct assay_value){.kind = ASSAY_K_F32, .f = (double)f};
    return NULL;
}

READER(read_double)
{
    (void)n, (void)store;
    const uint8_t *p = NULL;
    const char *why = assay_av_take(c, 8, &p);
    if (why)
        return why;
    *v = (struct assay_value){.kind = ASSAY_K_F64, .u = assay_get_le64(p)};
    return NULL;
}

/* Bytes of whichever length the type says or the value brings along. */
static const char *span(struct assay_av_cursor *c, const struct assay_av_node *n, struct assay_value *v, uint8_t kind)
{
    size_t len = n->size;
    const uint8_t *p = NULL;
    const char *why = n->type == AV_FIXED ? assay_av_take(c, len, &p) : assay_av_span(c, &p, &len);
    if (!why && len > ASSAY_MAX_CELL)
        why = assay_av_fail(c, ASSAY_ELIMIT, "a value of more than 64 MiB");
    *v = (struct assay_value){.kind = kind, .len = (uint32_t)len, .p = p};
    return why;
}

READER(read_bytes)
{
    (void)store;
    return span(c, n, v, ASSAY_K_BYTES);
}

READER(read_string)
{
    (void)store;
    return span(c, n, v, ASSAY_K_TEXT);
}

READER(read_enum)
{
    (void)store;
    int64_t i = 0;
    const char *why = assay_av_symbol(c, n, &i);
    if (why)
        return why;
    const struct assay_av_text *t = &c->schema->symbol[n->first + (uint32_t)i];
    *v = (struct assay_value){.kind = ASSAY_K_TEXT, .len = t->len, .p = (const uint8_t *)t->p};
    return NULL;
}

READER(read_decimal)
{
    (void)store;
    const char *why = span(c, n, v, ASSAY_K_BYTES);
    if (!why)
        *v = assay_av_decimal(&c->schema->decimal[n->bounds], n->scale, v->p, v->len);
    return why;
}

static int hex_digit(uint8_t d)
{
    if (d >= '0' && d <= '9')
        return d - '0';
    d |= 0x20;
    return d >= 'a' && d <= 'f' ? d - 'a' + 10 : -1;
}

/* RFC 4122 text, 8-4-4-4-12, of either case. */
static bool parse_uuid(const uint8_t *p, size_t len, uint8_t out[16])
{
    size_t n = 0;
    for (size_t i = 0; len == 36 && i < len; i++) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        const int d = hex_digit(p[i]);
        if (dash ? p[i] != '-' : d < 0)
            return false;
        if (!dash)
            out[n / 2] = (uint8_t)(out[n / 2] << 4 | d), n++;
    }
    return n == 32;
}

READER(read_uuid_text)
{
    const char *why = span(c, n, v, ASSAY_K_TEXT);
    if (why)
        return why;
    if (parse_uuid(v->p, v->len, store->uuid))
        *v = (struct assay_value){.kind = ASSAY_K_UUID, .len = 16, .p = store->uuid};
    else
        *v = assay_av_bad("uuid not written as 8-4-4-4-12 hexadecimal digits");
    return NULL;
}

READER(read_uuid)
{
    (void)store;
    return span(c, n, v, ASSAY_K_UUID);
}

/* The extremes are the infinities of the engines that have them; DuckDB's -infinity is -INT32_MAX. */
READER(read_date)
{
    (void)n, (void)store;
    *v = (struct assay_value){.kind = ASSAY_K_DATE};
    const char *why = assay_av_int(c, &v->i);
    if (!why && v->i == -INT32_MAX)
        v->i = INT32_MIN;
    return why;
}

READER(read_time)
{
    (void)store;
    int64_t t = 0;
    const char *why = n->type == AV_INT ? assay_av_int(c, &t) : assay_av_number(c, &t);
    if (why)
        return why;
    *v = (struct assay_value){.kind = ASSAY_K_TIME};
    if (t < 0 || t > 86400 * n->per_second)
        *v = assay_av_bad("time outside 00:00 to 24:00");
    else
        v->i = t * (NS_PER_SECOND / n->per_second);
    return NULL;
}

/* The extremes of coarse units are the engines' infinities (DuckDB's -infinity is -INT64_MAX). Nanoseconds have no
 * room for such: there the extremes are instants of 1677 and 2262 that people do store. */
READER(read_timestamp)
{
    (void)store;
    int64_t t = 0;
    const char *why = assay_av_number(c, &t);
    if (why)
        return why;
    int64_t s = t / n->per_second, rest = t % n->per_second;
    if (rest < 0) {
        s--;
        rest += n->per_second;
    }
    *v = (struct assay_value){.kind = n->kind, .aux = (int32_t)(rest * (NS_PER_SECOND / n->per_second)), .i = s};
    if (n->per_second < NS_PER_SECOND && (t == INT64_MAX || t <= -INT64_MAX))
        *v = (struct assay_value){.kind = n->kind, .i = t < 0 ? INT64_MIN : INT64_MAX};
    return NULL;
}

/* Three unsigned little-endian numbers: months, days, milliseconds. */
READER(read_duration)
{
    const uint8_t *p = NULL;
    const char *why = assay_av_take(c, n->size, &p);
    if (why)
        return why;
    const uint32_t months = assay_get_le32(p), days = assay_get_le32(p + 4), ms = assay_get_le32(p + 8);
    if (months > INT32_MAX || days > INT32_MAX) {
        *v = assay_av_bad("interval of more than 2^31 months or days");
        return NULL;
    }
    store->interval = (struct assay_interval){
        .months = (int32_t)months, .days = (int32_t)days, .seconds = ms / 1000, .ns = (int32_t)(ms % 1000 * 1000000)};
    *v = (struct assay_value){
        .kind = ASSAY_K_INTERVAL, .len = sizeof store->interval, .p = (const uint8_t *)&store->interval};
    return NULL;
}

static reader *const readers[] = {
    [AV_O_NULL] = read_null,           [AV_O_BOOLEAN] = read_boolean,   [AV_O_INT] = read_int,
    [AV_O_LONG] = read_long,           [AV_O_FLOAT] = read_float,       [AV_O_DOUBLE] = read_double,
    [AV_O_BYTES] = read_bytes,         [AV_O_STRING] = read_string,     [AV_O_FIXED] = read_bytes,
    [AV_O_ENUM] = read_enum,           [AV_O_DECIMAL] = read_decimal,   [AV_O_UUID_TEXT] = read_uuid_text,
    [AV_O_UUID] = read_uuid,           [AV_O_DATE] = read_date,         [AV_O_TIME] = read_time,
    [AV_O_TIMESTAMP] = read_timestamp, [AV_O_DURATION] = read_duration,
};

const char *assay_av_value(struct assay_av_cursor *c, uint32_t node, struct assay_value *out,
                           union assay_av_store *store)
{
    const struct assay_av_node *n = &c->schema->node[node];
    if (n->type == AV_UNION) {
        const char *why = assay_av_branch(c, n, &node);
        if (why)
            return why;
        n = &c->schema->node[node];
    }
    return readers[n->op](c, n, out, store);
}

void assay_av_doubt(struct assay_value *v)
{
    const bool day = v->kind == ASSAY_K_DATE, instant = v->kind == ASSAY_K_TS || v->kind == ASSAY_K_TSTZ;
    if ((day && v->i < LEGACY_DAY) || (instant && v->i < LEGACY_SECOND))
        *v = assay_av_bad("written in Spark's legacy calendar: the instant is not certain");
}
