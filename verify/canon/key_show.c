#include <string.h>

#include "assay/bytes.h"
#include "assay/canon.h"
#include "assay/limits.h"
#include "key.h"
#include "spell.h"

struct reader {
    const uint8_t *p, *end;
};

static size_t left(const struct reader *r)
{
    return (size_t)(r->end - r->p);
}

static enum assay_status show_magnitude(struct reader *r, bool neg, struct assay_buf *out)
{
    const uint8_t flip = neg ? 0xff : 0x00;
    if (left(r) < 5)
        return ASSAY_EDATA;
    const int64_t first = (int64_t)(assay_get_be32(r->p) ^ (neg ? 0xffffffffu : 0)) - 0x80000000ll;
    r->p += 4;
    struct assay_buf digits = {0};
    enum assay_status st = ASSAY_OK;
    for (bool more = true; more && st == ASSAY_OK;) {
        if (r->p == r->end || digits.len > ASSAY_MAX_DECIMAL_DIGITS || (*r->p ^ flip) > 199) {
            st = ASSAY_EDATA;
            break;
        }
        const uint8_t b = *r->p++ ^ flip;
        const uint8_t pair[2] = {(uint8_t)('0' + b / 20), (uint8_t)('0' + b / 2 % 10)};
        more = b & 1;
        st = assay_buf_add(&digits, pair, 2);
    }
    while (st == ASSAY_OK && digits.len > 1 && digits.ptr[digits.len - 1] == '0')
        digits.len--;
    if (st == ASSAY_OK)
        st = assay_spell_decimal(digits.ptr, digits.len, neg, first - (int64_t)digits.len + 1, 0, false, out);
    assay_buf_release(&digits);
    return st;
}

static enum assay_status show_number(struct reader *r, struct assay_buf *out)
{
    switch (*r->p++) {
    case ASSAY_KEY_MINUS_INF:
        return assay_spell_special(ASSAY_MINUS_INF, out);
    case ASSAY_KEY_NEGATIVE:
        return show_magnitude(r, true, out);
    case ASSAY_KEY_ZERO:
        return assay_buf_addc(out, '0');
    case ASSAY_KEY_POSITIVE:
        return show_magnitude(r, false, out);
    case ASSAY_KEY_PLUS_INF:
        return assay_spell_special(ASSAY_PLUS_INF, out);
    case ASSAY_KEY_NAN:
        return assay_spell_special(ASSAY_NAN, out);
    default:
        return ASSAY_EDATA;
    }
}

static enum assay_status show_string(struct reader *r, bool hex, struct assay_buf *out)
{
    enum assay_status st = hex ? assay_buf_adds(out, "\\x") : ASSAY_OK;
    while (st == ASSAY_OK) {
        if (left(r) < 2)
            return ASSAY_EDATA;
        const uint8_t b = *r->p++;
        if (b == 0) {
            const uint8_t next = *r->p++;
            if (next == 0x01)
                return ASSAY_OK;
            if (next != 0xff)
                return ASSAY_EDATA;
        }
        st = hex ? assay_buf_addhex(out, &b, 1) : assay_buf_addc(out, b);
    }
    return st;
}

static enum assay_status show_framed(struct reader *r, struct assay_buf *out)
{
    bool is_null;
    if (left(r) < 5)
        return ASSAY_EDATA;
    const size_t len = assay_get_be32(r->p + 1);
    if (*r->p != ASSAY_KEY_CELL || len > left(r) - 5)
        return ASSAY_EDATA;
    const uint8_t *cell = r->p + 5;
    r->p += 5 + len;
    return assay_cell_show(cell, len, &is_null, out);
}

static enum assay_status show_fixed(enum assay_logical type, struct reader *r, struct assay_buf *out)
{
    static const uint8_t width[ASSAY_L_COUNT] = {
        [ASSAY_L_BOOLEAN] = 1,    [ASSAY_L_DATE] = 4,         [ASSAY_L_TIME] = 8,
        [ASSAY_L_TIMESTAMP] = 12, [ASSAY_L_TIMESTAMPTZ] = 12, [ASSAY_L_UUID] = 16};
    if (width[type] == 0 || *r->p != ASSAY_KEY_PRESENT || left(r) < 1u + width[type])
        return ASSAY_EDATA;
    const uint8_t *p = r->p + 1;
    r->p += 1 + width[type];
    switch (type) {
    case ASSAY_L_BOOLEAN:
        return *p > 1 ? ASSAY_EDATA : assay_spell_boolean(*p, out);
    case ASSAY_L_DATE:
        return assay_spell_date((int32_t)(assay_get_be32(p) ^ 0x80000000u), out);
    case ASSAY_L_TIME:
        return assay_spell_time((int64_t)(assay_get_be64(p) & INT64_MAX), out);
    case ASSAY_L_UUID:
        return assay_spell_uuid(p, out);
    default:
        if (assay_get_be32(p + 8) > 999999999)
            return ASSAY_EDATA;
        return assay_spell_stamp((int64_t)(assay_get_be64(p) ^ 0x8000000000000000u), assay_get_be32(p + 8),
                                 type == ASSAY_L_TIMESTAMPTZ, out);
    }
}

static enum assay_status show_column(enum assay_logical type, struct reader *r, struct assay_buf *out)
{
    if (r->p == r->end)
        return ASSAY_EDATA;
    if (*r->p == ASSAY_KEY_NULL) {
        r->p++;
        return assay_buf_adds(out, "NULL");
    }
    switch (type) {
    case ASSAY_L_LIST:
    case ASSAY_L_STRUCT:
    case ASSAY_L_MAP:
    case ASSAY_L_NONE:
    case ASSAY_L_COUNT:
        return ASSAY_EDATA;
    case ASSAY_L_INTEGER:
    case ASSAY_L_DECIMAL:
        return show_number(r, out);
    case ASSAY_L_TEXT:
    case ASSAY_L_BYTES:
        return *r->p++ == ASSAY_KEY_PRESENT ? show_string(r, type == ASSAY_L_BYTES, out) : ASSAY_EDATA;
    case ASSAY_L_FLOAT32:
    case ASSAY_L_FLOAT64:
    case ASSAY_L_TIMETZ:
    case ASSAY_L_INTERVAL:
    case ASSAY_L_JSON:
        return show_framed(r, out);
    default:
        return show_fixed(type, r, out);
    }
}

enum assay_status assay_key_show(const enum assay_logical *types, size_t n_types, const uint8_t *key, size_t len,
                                 struct assay_buf *out)
{
    struct reader r = {key, key + len};
    const size_t start = out->len;
    enum assay_status st = ASSAY_OK;
    for (size_t i = 0; i < n_types && st == ASSAY_OK; i++) {
        if (i > 0)
            st = assay_buf_adds(out, ", ");
        if (st == ASSAY_OK)
            st = show_column(types[i], &r, out);
    }
    if (st == ASSAY_OK && r.p != r.end)
        st = ASSAY_EDATA;
    if (st != ASSAY_OK)
        out->len = start;
    return st;
}
