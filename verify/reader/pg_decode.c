#include "pg_decode.h"

#include <string.h>

#include "assay/bytes.h"
#include "assay/limits.h"

const char ASSAY_PG_NOMEM[] = "out of memory";

#define PG_EPOCH_DAYS 10957 /* 2000-01-01 as days since 1970 */
#define PG_EPOCH_SECONDS 946684800 /* the same in seconds */
#define US_PER_S 1000000
#define US_PER_DAY INT64_C(86400000000)
/* The ranges PostgreSQL itself accepts (src/include/datatype/timestamp.h): 4714-11-24 BC up to, not including, 294277
 * and 5874898. Anything outside is not a value a server can hold. */
#define PG_MIN_TIMESTAMP INT64_C(-211813488000000000)
#define PG_END_TIMESTAMP INT64_C(9223371331200000000)
#define PG_MIN_DATE (-2451545)
#define PG_END_DATE 2145031949
#define PG_TZ_LIMIT (16 * 3600)

static const struct assay_pg_type allowed[] = {
    {16, ASSAY_PGW_BOOL, ASSAY_L_BOOLEAN},
    {17, ASSAY_PGW_BYTEA, ASSAY_L_BYTES},
    {19, ASSAY_PGW_TEXT, ASSAY_L_TEXT}, /* name */
    {20, ASSAY_PGW_INT8, ASSAY_L_INTEGER},
    {21, ASSAY_PGW_INT2, ASSAY_L_INTEGER},
    {23, ASSAY_PGW_INT4, ASSAY_L_INTEGER},
    {25, ASSAY_PGW_TEXT, ASSAY_L_TEXT},
    {26, ASSAY_PGW_UINT4, ASSAY_L_INTEGER}, /* oid */
    {28, ASSAY_PGW_UINT4, ASSAY_L_INTEGER}, /* xid */
    {29, ASSAY_PGW_UINT4, ASSAY_L_INTEGER}, /* cid */
    {114, ASSAY_PGW_TEXT, ASSAY_L_TEXT}, /* json: kept as written */
    {700, ASSAY_PGW_FLOAT4, ASSAY_L_FLOAT32},
    {701, ASSAY_PGW_FLOAT8, ASSAY_L_FLOAT64},
    {1042, ASSAY_PGW_TEXT, ASSAY_L_TEXT}, /* bpchar: padded, as the server sends it */
    {1043, ASSAY_PGW_TEXT, ASSAY_L_TEXT}, /* varchar */
    {1082, ASSAY_PGW_DATE, ASSAY_L_DATE},
    {1083, ASSAY_PGW_TIME, ASSAY_L_TIME},
    {1114, ASSAY_PGW_TIMESTAMP, ASSAY_L_TIMESTAMP},
    {1184, ASSAY_PGW_TIMESTAMPTZ, ASSAY_L_TIMESTAMPTZ},
    {1186, ASSAY_PGW_INTERVAL, ASSAY_L_INTERVAL},
    {1266, ASSAY_PGW_TIMETZ, ASSAY_L_TIMETZ},
    {1700, ASSAY_PGW_NUMERIC, ASSAY_L_DECIMAL},
    {2950, ASSAY_PGW_UUID, ASSAY_L_UUID},
    {3802, ASSAY_PGW_JSONB, ASSAY_L_JSON},
    {5069, ASSAY_PGW_UINT8, ASSAY_L_INTEGER}, /* xid8 */
};

static const struct assay_pg_type other_type = {0, ASSAY_PGW_AS_TEXT, ASSAY_L_TEXT};

const struct assay_pg_type *assay_pg_type_of(uint32_t oid)
{
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
        if (allowed[i].oid == oid)
            return &allowed[i];
    return &other_type;
}

/* Field length that a type must have, 0 when it varies. */
static const uint8_t fixed_len[ASSAY_PGW_COUNT] = {
    [ASSAY_PGW_BOOL] = 1,    [ASSAY_PGW_INT2] = 2,      [ASSAY_PGW_INT4] = 4,        [ASSAY_PGW_INT8] = 8,
    [ASSAY_PGW_FLOAT4] = 4,  [ASSAY_PGW_FLOAT8] = 8,    [ASSAY_PGW_DATE] = 4,        [ASSAY_PGW_TIME] = 8,
    [ASSAY_PGW_TIMETZ] = 12, [ASSAY_PGW_TIMESTAMP] = 8, [ASSAY_PGW_TIMESTAMPTZ] = 8, [ASSAY_PGW_INTERVAL] = 16,
    [ASSAY_PGW_UUID] = 16,   [ASSAY_PGW_UINT4] = 4,     [ASSAY_PGW_UINT8] = 8,
};

static void set_bad(struct assay_value *v, const char *why)
{
    *v = (struct assay_value){.kind = ASSAY_K_BAD, .len = (uint32_t)strlen(why), .p = (const uint8_t *)why};
}

static void set_bytes(struct assay_value *v, enum assay_kind kind, const uint8_t *p, uint32_t len)
{
    if (len > ASSAY_MAX_CELL) {
        set_bad(v, "a value over 64 MiB");
        return;
    }
    v->kind = (uint8_t)kind;
    v->len = len;
    v->p = p;
}

/* Floor division of microseconds, so that every instant has ns in 0..999999999. */
static int64_t split_us(int64_t us, int32_t *ns)
{
    int64_t s = us / US_PER_S;
    int64_t rest = us % US_PER_S;
    if (rest < 0) {
        rest += US_PER_S;
        s--;
    }
    *ns = (int32_t)(rest * 1000);
    return s;
}

static const char *decode_bool(struct assay_value *v, const uint8_t *p)
{
    if (*p > 1)
        return "a boolean that is neither 0 nor 1";
    v->kind = ASSAY_K_BOOL;
    v->i = *p;
    return NULL;
}

static void decode_float(struct assay_value *v, const uint8_t *p, bool wide)
{
    if (wide) {
        uint64_t bits = assay_get_be64(p);
        v->kind = ASSAY_K_F64;
        memcpy(&v->f, &bits, sizeof bits);
        return;
    }
    uint32_t bits = assay_get_be32(p);
    float f;
    memcpy(&f, &bits, sizeof bits);
    v->kind = ASSAY_K_F32;
    v->f = (double)f;
}

/* numeric_send: ndigits, weight, sign, dscale, then ndigits base-10000 digits; the canon module reads them. */
static const char *decode_numeric(struct assay_value *v, const uint8_t *p, uint32_t len)
{
    if (len < 8 || len != 8 + 2 * (uint32_t)assay_get_be16(p))
        return "a numeric whose length does not fit its digits";
    set_bytes(v, ASSAY_K_PGNUMERIC, p, len);
    return NULL;
}

static const char *decode_date(struct assay_value *v, const uint8_t *p)
{
    int32_t d = (int32_t)assay_get_be32(p);
    v->kind = ASSAY_K_DATE;
    v->i = d;
    if (d == INT32_MIN || d == INT32_MAX)
        return NULL;
    if (d < PG_MIN_DATE || d >= PG_END_DATE)
        return "a date out of range";
    v->i = d + PG_EPOCH_DAYS;
    return NULL;
}

static const char *decode_time(struct assay_value *v, const uint8_t *p, bool zoned)
{
    int64_t us = (int64_t)assay_get_be64(p);
    if (us < 0 || us > US_PER_DAY)
        return "a time of day out of range";
    v->kind = zoned ? ASSAY_K_TIMETZ : ASSAY_K_TIME;
    v->i = us * 1000;
    if (!zoned)
        return NULL;
    int32_t west = (int32_t)assay_get_be32(p + 8);
    if (west <= -PG_TZ_LIMIT || west >= PG_TZ_LIMIT)
        return "a zone offset out of range";
    v->aux = -west; /* the wire counts seconds west of Greenwich */
    return NULL;
}

static const char *decode_timestamp(struct assay_value *v, const uint8_t *p, bool zoned)
{
    int64_t us = (int64_t)assay_get_be64(p);
    v->kind = zoned ? ASSAY_K_TSTZ : ASSAY_K_TS;
    v->i = us;
    if (us == INT64_MIN || us == INT64_MAX)
        return NULL;
    if (us < PG_MIN_TIMESTAMP || us >= PG_END_TIMESTAMP)
        return "a time stamp out of range";
    v->i = split_us(us, &v->aux) + PG_EPOCH_SECONDS;
    return NULL;
}

static const char *decode_interval(struct assay_value *v, const uint8_t *p, struct assay_pool *pool)
{
    int64_t us = (int64_t)assay_get_be64(p);
    int32_t days = (int32_t)assay_get_be32(p + 8);
    int32_t months = (int32_t)assay_get_be32(p + 12);
    /* PostgreSQL 17: all fields at one extreme mean +-infinity. */
    bool low = us == INT64_MIN && days == INT32_MIN && months == INT32_MIN;
    bool high = us == INT64_MAX && days == INT32_MAX && months == INT32_MAX;
    if (low || high) {
        set_bad(v, "an infinite interval, which has no canonical form");
        return NULL;
    }
    struct assay_interval *iv = assay_pool_take(pool, sizeof *iv);
    if (!iv)
        return ASSAY_PG_NOMEM;
    iv->months = months;
    iv->days = days;
    iv->seconds = split_us(us, &iv->ns);
    v->kind = ASSAY_K_INTERVAL;
    v->p = (const uint8_t *)iv;
    return NULL;
}

static void decode_unsigned(struct assay_value *v, uint64_t u)
{
    v->kind = u > INT64_MAX ? ASSAY_K_UINT : ASSAY_K_INT;
    v->u = u;
}

static const char *decode_jsonb(struct assay_value *v, const uint8_t *p, uint32_t len)
{
    if (len < 1 || p[0] != 1)
        return "a jsonb of an unknown version";
    set_bytes(v, ASSAY_K_JSON, p + 1, len - 1);
    return NULL;
}

/* One field that is not NULL and has the length of its type. */
static inline const char *decode_field(const struct assay_pg_field *f, struct assay_value *v, const uint8_t *p,
                                       uint32_t len, struct assay_pool *pool)
{
    switch (f->wire) {
    case ASSAY_PGW_AS_TEXT:
    case ASSAY_PGW_TEXT:
        set_bytes(v, ASSAY_K_TEXT, p, len);
        return NULL;
    case ASSAY_PGW_BYTEA:
        set_bytes(v, ASSAY_K_BYTES, p, len);
        return NULL;
    case ASSAY_PGW_BOOL:
        return decode_bool(v, p);
    case ASSAY_PGW_INT2:
        v->kind = ASSAY_K_INT;
        v->i = (int16_t)assay_get_be16(p);
        return NULL;
    case ASSAY_PGW_INT4:
        v->kind = ASSAY_K_INT;
        v->i = (int32_t)assay_get_be32(p);
        return NULL;
    case ASSAY_PGW_INT8:
        v->kind = ASSAY_K_INT;
        v->i = (int64_t)assay_get_be64(p);
        return NULL;
    case ASSAY_PGW_FLOAT4:
    case ASSAY_PGW_FLOAT8:
        decode_float(v, p, f->wire == ASSAY_PGW_FLOAT8);
        return NULL;
    case ASSAY_PGW_NUMERIC:
        return decode_numeric(v, p, len);
    case ASSAY_PGW_DATE:
        return decode_date(v, p);
    case ASSAY_PGW_TIME:
    case ASSAY_PGW_TIMETZ:
        return decode_time(v, p, f->wire == ASSAY_PGW_TIMETZ);
    case ASSAY_PGW_TIMESTAMP:
    case ASSAY_PGW_TIMESTAMPTZ:
        return decode_timestamp(v, p, f->wire == ASSAY_PGW_TIMESTAMPTZ);
    case ASSAY_PGW_INTERVAL:
        return decode_interval(v, p, pool);
    case ASSAY_PGW_UUID:
        set_bytes(v, ASSAY_K_UUID, p, len);
        return NULL;
    case ASSAY_PGW_JSONB:
        return decode_jsonb(v, p, len);
    case ASSAY_PGW_UINT4:
        decode_unsigned(v, assay_get_be32(p));
        return NULL;
    case ASSAY_PGW_UINT8:
        decode_unsigned(v, assay_get_be64(p));
        return NULL;
    case ASSAY_PGW_ARRAY:
    case ASSAY_PGW_RECORD:
    case ASSAY_PGW_HSTORE:
        if (len <= ASSAY_MAX_CELL)
            return assay_pg_nested(f, p, len, pool, v);
        set_bad(v, "a value over 64 MiB");
        return NULL;
    case ASSAY_PGW_COUNT:
        break;
    }
    return "a type this reader does not know";
}

const char *assay_pg_value(const struct assay_pg_field *f, const uint8_t *p, uint32_t len, struct assay_pool *pool,
                           struct assay_value *v)
{
    *v = (struct assay_value){.kind = ASSAY_K_NULL};
    if (len == UINT32_MAX)
        return NULL;
    if (fixed_len[f->wire] && len != fixed_len[f->wire])
        return "a value of another length than its type has";
    return decode_field(f, v, p, len, pool);
}

size_t assay_pg_header(const uint8_t *p, size_t n, const char *table, struct assay_err *e)
{
    static const uint8_t magic[11] = {'P', 'G', 'C', 'O', 'P', 'Y', '\n', 0xff, '\r', '\n', 0};
    if (n < 19 || memcmp(p, magic, sizeof magic) != 0) {
        assay_fail(e, ASSAY_EDATA, "table %s: the server's COPY stream does not begin with a binary COPY header",
                   table);
        return 0;
    }
    uint32_t flags = assay_get_be32(p + 11);
    if (flags & 0xffff0000u) { /* bits 16-31 are critical: unknown ones must stop the reader */
        assay_fail(e, ASSAY_EDATA, "table %s: the COPY header carries unknown critical flags 0x%08x", table, flags);
        return 0;
    }
    uint32_t extension = assay_get_be32(p + 15);
    if (extension > n - 19) {
        assay_fail(e, ASSAY_EDATA, "table %s: the COPY header's extension of %u bytes is cut off", table, extension);
        return 0;
    }
    return 19 + (size_t)extension;
}

bool assay_pg_is_trailer(const uint8_t *p, size_t n)
{
    return n == 2 && p[0] == 0xff && p[1] == 0xff;
}

static enum assay_status fail_row(const struct assay_pg_decoder *d, uint64_t row, struct assay_err *e, const char *why)
{
    return assay_fail(e, ASSAY_EDATA, "table %s, row %llu of the scan: %s", d->table, (unsigned long long)row, why);
}

static enum assay_status fail_field(const struct assay_pg_decoder *d, size_t col, uint64_t row, struct assay_err *e,
                                    const char *why)
{
    return assay_fail(e, ASSAY_EDATA, "table %s, column %s, row %llu of the scan: the server sent %s", d->table,
                      d->field[col].name, (unsigned long long)row, why);
}

enum assay_status assay_pg_tuple(const struct assay_pg_decoder *d, const uint8_t *p, size_t n, uint64_t row,
                                 struct assay_value *v, struct assay_pool *pool, struct assay_err *e)
{
    const uint8_t *end = p + n;
    if (n < 2 || assay_get_be16(p) != d->n)
        return fail_row(d, row, e, "the number of fields differs from the columns asked for");
    p += 2;
    for (size_t c = 0; c < d->n; c++) {
        if (end - p < 4)
            return fail_row(d, row, e, "the row is cut off");
        uint32_t len = assay_get_be32(p);
        p += 4;
        if (len != UINT32_MAX && len > (size_t)(end - p))
            return fail_field(d, c, row, e, "a length beyond the end of the row");
        const char *why = assay_pg_value(&d->field[c], p, len, pool, &v[c]);
        if (why)
            return why == ASSAY_PG_NOMEM ? assay_fail_nomem(e) : fail_field(d, c, row, e, why);
        p += len == UINT32_MAX ? 0 : len;
    }
    if (p != end)
        return fail_row(d, row, e, "bytes are left over after the last column");
    return ASSAY_OK;
}
