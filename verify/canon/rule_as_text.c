/* as: text - typed values in their first spelling. */
#include <string.h>

#include "assay/bytes.h"
#include "resolve.h"
#include "rule_spec.h"
#include "spell.h"

/* Digits after the point that the carrier promises. */
static size_t shown_scale(const struct assay_value *v)
{
    if (v->kind == ASSAY_K_PGNUMERIC)
        return v->len >= 8 ? assay_get_be16(v->p + 6) & 0x3fff : 0;
    const bool scaled = v->kind == ASSAY_K_DEC || v->kind == ASSAY_K_DECBYTES || v->kind == ASSAY_K_DECDIGITS;
    return scaled && v->scale > 0 ? (size_t)v->scale : 0;
}

static enum assay_status spell_number(const struct assay_value *v, struct assay_buf *out, const char **why)
{
    struct assay_num num;
    struct assay_buf work = {0};
    enum assay_status st = ASSAY_EDATA;
    if (!assay_decimal_view(v, &num, &work, why))
        goto done;
    if (num.special != ASSAY_FINITE) {
        st = assay_spell_special(num.special, out);
        goto done;
    }
    st = num.n ? assay_spell_decimal(num.p, num.n, num.neg, num.exp, shown_scale(v), true, out)
               : assay_spell_decimal((const uint8_t *)"0", 1, false, 0, shown_scale(v), true, out);
done:
    assay_buf_release(&work);
    return st;
}

static enum assay_status spell_value(const struct assay_value *v, struct assay_buf *out, const char **why)
{
    switch (v->kind) {
    case ASSAY_K_BOOL:
        return assay_spell_boolean(v->i != 0, out);
    case ASSAY_K_INT:
    case ASSAY_K_UINT:
    case ASSAY_K_DEC:
    case ASSAY_K_DECBYTES:
    case ASSAY_K_DECDIGITS:
    case ASSAY_K_PGNUMERIC:
        return spell_number(v, out, why);
    case ASSAY_K_DECSPECIAL:
        return assay_spell_special(v->i >= 1 && v->i <= 3 ? (uint8_t)v->i : 4, out);
    case ASSAY_K_F32:
        return assay_spell_float(v->f, ASSAY_BINARY32, out);
    case ASSAY_K_F64:
        return assay_spell_float(v->f, ASSAY_BINARY64, out);
    case ASSAY_K_DATE:
        return assay_spell_date((int32_t)v->i, out);
    case ASSAY_K_TIME:
        return assay_spell_time(v->i, out);
    case ASSAY_K_TIMETZ:
        return assay_spell_timetz(v->i, v->aux, out);
    case ASSAY_K_TS:
    case ASSAY_K_TSTZ:
        return assay_spell_stamp(v->i, (uint32_t)v->aux, v->kind == ASSAY_K_TSTZ, out);
    case ASSAY_K_INTERVAL:
        return assay_spell_interval((const struct assay_interval *)(const void *)v->p, out);
    case ASSAY_K_UUID:
        return assay_spell_uuid(v->p, out);
    default:
        return ASSAY_EDATA;
    }
}

/* The type under which a typed value can be checked before it is spelled. */
static enum assay_logical own_type(uint8_t kind)
{
    static const uint8_t type[] = {
        [ASSAY_K_DATE] = ASSAY_L_DATE,    [ASSAY_K_TIME] = ASSAY_L_TIME,        [ASSAY_K_TIMETZ] = ASSAY_L_TIMETZ,
        [ASSAY_K_TS] = ASSAY_L_TIMESTAMP, [ASSAY_K_TSTZ] = ASSAY_L_TIMESTAMPTZ, [ASSAY_K_INTERVAL] = ASSAY_L_INTERVAL,
        [ASSAY_K_BAD] = ASSAY_L_NONE};
    return (enum assay_logical)type[kind];
}

bool assay_rule_as_text(const struct assay_rule *r, enum assay_logical type, struct assay_value *v,
                        struct assay_buf *scratch, const char **why)
{
    (void)r, (void)type;
    if (assay_is_textual(v) || v->kind == ASSAY_K_JSON)
        return true;
    if (v->kind == ASSAY_K_BYTES) {
        v->kind = ASSAY_K_TEXT;
        return true;
    }
    struct assay_value checked;
    const enum assay_logical own = own_type(v->kind);
    if (own != ASSAY_L_NONE && !assay_resolve(own, v, &checked, scratch, why))
        return false;
    struct assay_buf text = {0};
    *why = "a value that has no text";
    enum assay_status st = spell_value(v, &text, why);
    uint8_t *dst = st == ASSAY_OK ? assay_room_for(scratch, text.len + 1, &v->p) : NULL;
    if (dst) {
        memcpy(dst, text.ptr, text.len);
        *v = (struct assay_value){.kind = ASSAY_K_TEXT, .len = (uint32_t)text.len, .p = dst};
        scratch->len += text.len;
    } else if (st == ASSAY_OK) {
        *why = ASSAY_WHY_NOMEM;
    }
    assay_buf_release(&text);
    return dst != NULL;
}
