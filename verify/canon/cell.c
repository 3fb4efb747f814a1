/* From a resolved value to the bytes of its cell: docs/canonical-form.md section 1. */
#include <string.h>

#include "assay/bytes.h"
#include "assay/canon.h"
#include "assay/limits.h"
#include "bignum.h"
#include "json.h"
#include "nested.h"
#include "number.h"
#include "put.h"
#include "resolve.h"
#include "utf8.h"

/* The longest cell of fixed length is 21 bytes; stores may run over the end of a cell by up to 8. */
#define FIXED_ROOM 32

static bool defect(const char **why, const char *sentence)
{
    *why = sentence;
    return false;
}

static bool nomem(const char **why)
{
    return defect(why, ASSAY_WHY_NOMEM);
}

/* Bytes of the minimal two's complement. */
static inline unsigned twos_len(int64_t v)
{
    return (unsigned)(64 - __builtin_clzll((uint64_t)(v ^ (v >> 63)) | 1)) / 8 + 1;
}

static bool put_small(enum assay_logical type, int64_t u, int64_t e, struct assay_buf *out, const char **why)
{
    if (u == 0) {
        e = 0;
    } else {
        uint64_t m = u < 0 ? -(uint64_t)u : (uint64_t)u;
        e += assay_strip_zeros(&m);
        u = (int64_t)(u < 0 ? -m : m);
        if (e < 0 && type == ASSAY_L_INTEGER)
            return defect(why, "not an integer");
    }
    uint8_t *p = assay_room(out, FIXED_ROOM);
    if (!p)
        return nomem(why);
    const unsigned n = u ? twos_len(u) : 0;
    p[0] = 'N';
    p[1] = ASSAY_FINITE;
    assay_put_be32(p + 2, (uint32_t)e);
    assay_put_be32(p + 6, n);
    if (n)
        assay_put_be64(p + 10, (uint64_t)u << (64 - 8 * n));
    out->len += 10 + n;
    return true;
}

static bool put_special(enum assay_logical type, int64_t special, struct assay_buf *out, const char **why)
{
    if (type == ASSAY_L_INTEGER || special < ASSAY_NAN || special > ASSAY_MINUS_INF)
        return defect(why, "not an integer");
    uint8_t *p = assay_room(out, 2);
    if (!p)
        return nomem(why);
    p[0] = 'N';
    p[1] = (uint8_t)special;
    out->len += 2;
    return true;
}

static bool put_long(enum assay_logical type, const struct assay_value *v, struct assay_buf *out, const char **why)
{
    struct assay_num num;
    if (!assay_num_of(v, &num))
        return defect(why, "not a number");
    if (num.special != ASSAY_FINITE)
        return put_special(type, num.special, out, why);
    if (num.n == 0)
        return put_small(type, 0, 0, out, why);
    if (num.n > ASSAY_MAX_DECIMAL_DIGITS || num.exp > ASSAY_MAX_DECIMAL_DIGITS || num.exp < -ASSAY_MAX_DECIMAL_DIGITS)
        return defect(why, "a number over 200,000 digits or with an exponent over 200,000");
    if (type == ASSAY_L_INTEGER && num.exp < 0)
        return defect(why, "not an integer");
    const size_t start = out->len;
    uint8_t *p = assay_room(out, 10);
    if (!p)
        return nomem(why);
    p[0] = 'N';
    p[1] = ASSAY_FINITE;
    assay_put_be32(p + 2, (uint32_t)num.exp);
    out->len += 10;
    if (!assay_twos_put(&num, out)) {
        out->len = start;
        return nomem(why);
    }
    assay_put_be32(out->ptr + start + 6, (uint32_t)(out->len - start - 10));
    return true;
}

static inline bool put_number(enum assay_logical type, const struct assay_value *v, struct assay_buf *out,
                              const char **why)
{
    switch (v->kind) {
    case ASSAY_K_INT:
        return put_small(type, v->i, 0, out, why);
    case ASSAY_K_DEC:
        return put_small(type, v->i, -(int64_t)v->scale, out, why);
    case ASSAY_K_DECSPECIAL:
        return put_special(type, v->i, out, why);
    default:
        return put_long(type, v, out, why);
    }
}

static bool put_float(const struct assay_value *v, struct assay_buf *out, const char **why)
{
    uint8_t *p = assay_room(out, FIXED_ROOM);
    if (v->kind != ASSAY_K_F64 && v->kind != ASSAY_K_F32)
        return defect(why, "not a float");
    if (!p)
        return nomem(why);
    uint64_t bits = 0x7ff8000000000000u;
    if (v->f == v->f)
        memcpy(&bits, &v->f, sizeof bits);
    p[0] = 'F';
    assay_put_be64(p + 1, bits);
    out->len += 9;
    return true;
}

/* Copy n bytes and return the bitwise or of all of them, so that "all ASCII?" costs no second pass. */
static inline uint64_t copy_or(uint8_t *dst, const uint8_t *src, size_t n)
{
    uint64_t w, acc = 0;
    if (n >= 8) {
        size_t i = 0;
        for (; i + 8 <= n; i += 8) {
            memcpy(&w, src + i, 8);
            memcpy(dst + i, &w, 8);
            acc |= w;
        }
        memcpy(&w, src + n - 8, 8);
        memcpy(dst + n - 8, &w, 8);
        return acc | w;
    }
    if (n >= 4) {
        uint32_t a, b;
        memcpy(&a, src, 4);
        memcpy(&b, src + n - 4, 4);
        memcpy(dst, &a, 4);
        memcpy(dst + n - 4, &b, 4);
        return a | b;
    }
    for (size_t i = 0; i < n; i++) {
        dst[i] = src[i];
        acc |= src[i];
    }
    return acc;
}

static bool put_bytes(uint8_t tag, const struct assay_value *v, struct assay_buf *out, const char **why)
{
    const size_t n = v->len;
    if (v->kind != (tag == 'T' ? ASSAY_K_TEXT : ASSAY_K_BYTES))
        return defect(why, tag == 'T' ? "not a text value" : "not bytes");
    if (n > ASSAY_MAX_CELL)
        return defect(why, "a value over 64 MiB");
    uint8_t *p = assay_room(out, n + 5);
    if (!p)
        return nomem(why);
    p[0] = tag;
    assay_put_be32(p + 1, (uint32_t)n);
    const uint64_t seen = copy_or(p + 5, v->p, n);
    if (tag == 'T' && (seen & 0x8080808080808080u) && !assay_utf8_valid(p + 5, n))
        return defect(why, "invalid UTF-8");
    out->len += n + 5;
    return true;
}

static bool put_date(const struct assay_value *v, struct assay_buf *out, const char **why)
{
    uint8_t *p = assay_room(out, FIXED_ROOM);
    if (v->kind != ASSAY_K_DATE || v->i < INT32_MIN || v->i > INT32_MAX)
        return defect(why, "a date out of range");
    if (!p)
        return nomem(why);
    p[0] = 'D';
    assay_put_be32(p + 1, (uint32_t)v->i);
    out->len += 5;
    return true;
}

static bool put_time(uint8_t tag, const struct assay_value *v, struct assay_buf *out, const char **why)
{
    uint8_t *p = assay_room(out, FIXED_ROOM);
    const bool zoned = tag == 'c';
    if (v->kind != (zoned ? ASSAY_K_TIMETZ : ASSAY_K_TIME) || v->i < 0 || v->i > ASSAY_DAY_NS ||
        (zoned && (v->aux <= -86400 || v->aux >= 86400)))
        return defect(why, "a time out of range");
    if (!p)
        return nomem(why);
    p[0] = tag;
    assay_put_be64(p + 1, v->u);
    if (zoned)
        assay_put_be32(p + 9, (uint32_t)v->aux);
    out->len += zoned ? 13 : 9;
    return true;
}

static bool put_stamp(uint8_t tag, const struct assay_value *v, struct assay_buf *out, const char **why)
{
    uint8_t *p = assay_room(out, FIXED_ROOM);
    if (v->kind != (tag == 'Z' ? ASSAY_K_TSTZ : ASSAY_K_TS) || !assay_is_stamp_ok(v))
        return defect(why, "a time stamp out of range");
    if (!p)
        return nomem(why);
    p[0] = tag;
    assay_put_be64(p + 1, v->u);
    assay_put_be32(p + 9, (uint32_t)v->aux);
    out->len += 13;
    return true;
}

static bool put_interval(const struct assay_value *v, struct assay_buf *out, const char **why)
{
    struct assay_interval i;
    uint8_t *p = assay_room(out, FIXED_ROOM);
    if (v->kind != ASSAY_K_INTERVAL)
        return defect(why, "not an interval");
    if (!p)
        return nomem(why);
    memcpy(&i, v->p, sizeof i);
    if (i.ns < 0 || i.ns > 999999999)
        return defect(why, "an interval out of range");
    p[0] = 'I';
    assay_put_be32(p + 1, (uint32_t)i.months);
    assay_put_be32(p + 5, (uint32_t)i.days);
    assay_put_be64(p + 9, (uint64_t)i.seconds);
    assay_put_be32(p + 17, (uint32_t)i.ns);
    out->len += 21;
    return true;
}

static bool put_boolean(const struct assay_value *v, struct assay_buf *out, const char **why)
{
    uint8_t *p = assay_room(out, FIXED_ROOM);
    if (v->kind != ASSAY_K_BOOL || v->u > 1)
        return defect(why, "not a boolean");
    if (!p)
        return nomem(why);
    p[0] = 'L';
    p[1] = (uint8_t)v->u;
    out->len += 2;
    return true;
}

static bool put_uuid(const struct assay_value *v, struct assay_buf *out, const char **why)
{
    uint8_t *p = assay_room(out, FIXED_ROOM);
    if (v->kind != ASSAY_K_UUID)
        return defect(why, "not a uuid");
    if (!p)
        return nomem(why);
    p[0] = 'U';
    memcpy(p + 1, v->p, 16);
    out->len += 17;
    return true;
}

static bool put_json(const struct assay_value *v, struct assay_buf *out, const char **why)
{
    const size_t start = out->len;
    uint8_t *p = assay_room(out, 5);
    if (v->kind != ASSAY_K_JSON)
        return defect(why, "not json");
    if (!p)
        return nomem(why);
    p[0] = 'J';
    out->len += 5;
    if (!assay_json_tree(v->p, v->len, out, why)) {
        out->len = start;
        return false;
    }
    assay_put_be32(out->ptr + start + 1, (uint32_t)(out->len - start - 5));
    return true;
}

bool assay_cell_put(enum assay_logical type, const struct assay_value *v, struct assay_buf *out, const char **why)
{
    if (v->kind == ASSAY_K_NULL)
        return assay_buf_addc(out, 0x00) == ASSAY_OK || nomem(why);
    switch (type) {
    case ASSAY_L_BOOLEAN:
        return put_boolean(v, out, why);
    case ASSAY_L_INTEGER:
    case ASSAY_L_DECIMAL:
        return put_number(type, v, out, why);
    case ASSAY_L_FLOAT32:
    case ASSAY_L_FLOAT64:
        return put_float(v, out, why);
    case ASSAY_L_TEXT:
        return put_bytes('T', v, out, why);
    case ASSAY_L_BYTES:
        return put_bytes('B', v, out, why);
    case ASSAY_L_DATE:
        return put_date(v, out, why);
    case ASSAY_L_TIME:
        return put_time('C', v, out, why);
    case ASSAY_L_TIMETZ:
        return put_time('c', v, out, why);
    case ASSAY_L_TIMESTAMP:
        return put_stamp('S', v, out, why);
    case ASSAY_L_TIMESTAMPTZ:
        return put_stamp('Z', v, out, why);
    case ASSAY_L_INTERVAL:
        return put_interval(v, out, why);
    case ASSAY_L_UUID:
        return put_uuid(v, out, why);
    case ASSAY_L_JSON:
        return put_json(v, out, why);
    case ASSAY_L_LIST:
    case ASSAY_L_STRUCT:
    case ASSAY_L_MAP:
        return assay_cell_put_nested(type, v, out, why);
    case ASSAY_L_NONE:
    case ASSAY_L_COUNT:
        break;
    }
    return defect(why, "a column without a known type");
}
