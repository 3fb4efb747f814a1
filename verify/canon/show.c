/* Cells and keys back to text, for people: reports of named rows, bounds of chunks. */
#include <string.h>

#include "assay/bytes.h"
#include "assay/canon.h"
#include "assay/limits.h"
#include "bignum.h"
#include "key.h"
#include "spell.h"

static double double_of(const uint8_t *p)
{
    const uint64_t bits = assay_get_be64(p);
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static enum assay_status show_number(const uint8_t *p, size_t n, struct assay_buf *out)
{
    if (p[1] != ASSAY_FINITE)
        return assay_spell_special(p[1], out);
    struct assay_buf digits = {0};
    bool neg;
    enum assay_status st = ASSAY_ENOMEM;
    const int32_t e = (int32_t)assay_get_be32(p + 2);
    if (n > 83120)
        return ASSAY_EDATA;
    if (assay_twos_digits(p + 10, n - 10, &neg, &digits))
        st = assay_spell_decimal(digits.ptr, digits.len, neg, e, 0, false, out);
    assay_buf_release(&digits);
    return st;
}

static enum assay_status show_string(const uint8_t *p, size_t n, struct assay_buf *out)
{
    enum assay_status st = assay_buf_addc(out, '"');
    for (size_t i = 0; i < n && st == ASSAY_OK; i++) {
        if (p[i] == '"' || p[i] == '\\')
            st = assay_buf_addf(out, "\\%c", p[i]);
        else if (p[i] < 0x20)
            st = assay_buf_addf(out, "\\u%04x", p[i]);
        else
            st = assay_buf_addc(out, p[i]);
    }
    return st == ASSAY_OK ? assay_buf_addc(out, '"') : st;
}

/* One node of a tree that assay_cell_len found well-formed; moves *p behind it. */
static enum assay_status show_node(const uint8_t **p, struct assay_buf *out)
{
    const uint8_t *q = *p, tag = *q;
    size_t len;
    switch (tag) {
    case 0x00:
        *p += 1;
        return assay_buf_adds(out, "null");
    case 'L':
        *p += 2;
        return assay_spell_boolean(q[1], out);
    case 'N':
        len = q[1] ? 2 : 10 + (size_t)assay_get_be32(q + 6);
        *p += len;
        return show_number(q, len, out);
    case 'T':
        len = assay_get_be32(q + 1);
        *p += 5 + len;
        return show_string(q + 5, len, out);
    default:
        break;
    }
    const uint32_t count = assay_get_be32(q + 1);
    enum assay_status st = assay_buf_addc(out, tag);
    *p += 5;
    for (uint32_t k = 0; k < count && st == ASSAY_OK; k++) {
        if (k > 0)
            st = assay_buf_addc(out, ',');
        if (st == ASSAY_OK && tag == '{') {
            len = assay_get_be32(*p);
            st = show_string(*p + 4, len, out);
            *p += 4 + len;
            if (st == ASSAY_OK)
                st = assay_buf_addc(out, ':');
        }
        if (st == ASSAY_OK)
            st = show_node(p, out);
    }
    return st == ASSAY_OK ? assay_buf_addc(out, tag == '{' ? '}' : ']') : st;
}

static enum assay_status show_hex(const uint8_t *p, size_t n, struct assay_buf *out)
{
    const enum assay_status st = assay_buf_adds(out, "\\x");
    return st == ASSAY_OK ? assay_buf_addhex(out, p, n) : st;
}

static enum assay_status show_interval(const uint8_t *p, struct assay_buf *out)
{
    const struct assay_interval i = {.months = (int32_t)assay_get_be32(p + 1),
                                     .days = (int32_t)assay_get_be32(p + 5),
                                     .seconds = (int64_t)assay_get_be64(p + 9),
                                     .ns = (int32_t)assay_get_be32(p + 17)};
    return i.ns < 0 || i.ns > 999999999 ? ASSAY_EDATA : assay_spell_interval(&i, out);
}

/* Calendar arithmetic holds for every i64 of seconds that a cell can carry: days are 86,400 times fewer. */
static enum assay_status show_stamp(const uint8_t *p, struct assay_buf *out)
{
    const uint32_t ns = assay_get_be32(p + 9);
    return ns > 999999999 ? ASSAY_EDATA : assay_spell_stamp((int64_t)assay_get_be64(p + 1), ns, p[0] == 'Z', out);
}

/* ---- nested values ---- */

static bool stands_plain(uint8_t tag)
{
    return tag == 'L' || tag == 'N' || tag == 'F' || tag == 'J' || tag == '(' || tag == '[' || tag == '{' || tag == 'M';
}

/* A cell inside another one that assay_cell_len found well-formed; moves *p behind it. */
static enum assay_status show_inner(const uint8_t **p, const uint8_t *end, struct assay_buf *out)
{
    const uint8_t *cell = *p;
    const size_t len = assay_cell_len(cell, (size_t)(end - cell));
    bool is_null;
    *p += len;
    if (*cell == 0x00)
        return assay_buf_adds(out, "null");
    if (stands_plain(*cell))
        return assay_cell_show(cell, len, &is_null, out);
    struct assay_buf text = {0};
    enum assay_status st = assay_cell_show(cell, len, &is_null, &text);
    if (st == ASSAY_OK)
        st = show_string(text.ptr, text.len, out);
    assay_buf_release(&text);
    return st;
}

static enum assay_status show_pair(const uint8_t **p, const uint8_t *end, bool named, struct assay_buf *out)
{
    enum assay_status st;
    if (named) {
        const size_t len = assay_get_be32(*p);
        st = show_string(*p + 4, len, out);
        *p += 4 + len;
    } else {
        st = show_inner(p, end, out);
    }
    if (st == ASSAY_OK)
        st = assay_buf_addc(out, ':');
    return st == ASSAY_OK ? show_inner(p, end, out) : st;
}

static enum assay_status show_nested(const uint8_t *p, const uint8_t *end, struct assay_buf *out)
{
    const uint8_t tag = *p;
    enum assay_status st = assay_buf_addc(out, tag == '[' ? '[' : '{');
    const uint8_t *at = p + 5;
    for (uint32_t k = 0; k < assay_get_be32(p + 1) && st == ASSAY_OK; k++) {
        if (k > 0)
            st = assay_buf_addc(out, ',');
        if (st == ASSAY_OK)
            st = tag == '[' ? show_inner(&at, end, out) : show_pair(&at, end, tag == '{', out);
    }
    return st == ASSAY_OK ? assay_buf_addc(out, tag == '[' ? ']' : '}') : st;
}

static enum assay_status show_bounded(const uint8_t *p, const uint8_t *end, struct assay_buf *out)
{
    const enum assay_status st = assay_buf_addf(out, "%d:", (int)(int32_t)assay_get_be32(p + 1));
    return st == ASSAY_OK ? show_nested(p + 5, end, out) : st;
}

enum assay_status assay_cell_show(const uint8_t *p, size_t n, bool *is_null, struct assay_buf *out)
{
    const size_t len = assay_cell_len(p, n);
    const uint8_t *tree = p + 5;
    if (len == 0)
        return ASSAY_EDATA;
    *is_null = p[0] == 0x00;
    switch (p[0]) {
    case 0x00:
        return assay_buf_adds(out, "NULL");
    case 'L':
        return assay_spell_boolean(p[1], out);
    case 'N':
        return show_number(p, len, out);
    case 'F':
        return assay_spell_float(double_of(p + 1), ASSAY_BINARY64, out);
    case 'T':
        return assay_buf_add(out, p + 5, len - 5);
    case 'B':
        return show_hex(p + 5, len - 5, out);
    case 'D':
        return assay_spell_date((int32_t)assay_get_be32(p + 1), out);
    case 'C':
        return assay_spell_time((int64_t)(assay_get_be64(p + 1) & INT64_MAX), out);
    case 'c':
        return assay_spell_timetz((int64_t)(assay_get_be64(p + 1) & INT64_MAX), (int32_t)assay_get_be32(p + 9) % 86400,
                                  out);
    case 'S':
    case 'Z':
        return show_stamp(p, out);
    case 'I':
        return show_interval(p, out);
    case 'U':
        return assay_spell_uuid(p + 1, out);
    case 'J':
        return show_node(&tree, out);
    case '(':
        return show_bounded(p, p + len, out);
    case '[':
    case '{':
    case 'M':
        return show_nested(p, p + len, out);
    default:
        return ASSAY_EDATA;
    }
}
