#include "resolve.h"

#include <string.h>

#include "ascii.h"
#include "put.h"

const char ASSAY_WHY_NOMEM[] = "out of memory";

static bool defect(const char **why, const char *sentence)
{
    *why = sentence;
    return false;
}

static bool resolve_boolean(const struct assay_value *v, struct assay_value *out, const char **why)
{
    static const struct spelling {
        const char *word;
        bool value;
    } spellings[] = {{"t", true}, {"f", false}, {"true", true}, {"false", false}, {"1", true}, {"0", false}};

    *out = (struct assay_value){.kind = ASSAY_K_BOOL, .i = v->i};
    if (v->kind == ASSAY_K_BOOL || v->kind == ASSAY_K_INT || v->kind == ASSAY_K_UINT)
        return v->u <= 1 || defect(why, "a number other than 0 and 1 under boolean");
    if (!assay_is_textual(v))
        return defect(why, "not a boolean");
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++)
        if (assay_is_word(v->p, v->len, spellings[i].word)) {
            out->i = spellings[i].value;
            return true;
        }
    return defect(why, "not a boolean (rule boolean)");
}

static bool resolve_text(const struct assay_value *v, struct assay_value *out, const char **why)
{
    *out = *v;
    out->kind = ASSAY_K_TEXT;
    if (assay_is_textual(v) || v->kind == ASSAY_K_JSON)
        return true;
    return defect(why, v->kind == ASSAY_K_BYTES ? "bytes under text (rule as: text)"
                                                : "not a text value under text (rule as: text)");
}

static bool resolve_bytes(const struct assay_value *v, struct assay_value *out, struct assay_buf *scratch,
                          const char **why)
{
    *out = *v;
    if (v->kind == ASSAY_K_BYTES)
        return true;
    if (!assay_is_textual(v) || v->len < 2 || v->len % 2 || v->p[0] != '\\' || v->p[1] != 'x')
        return defect(why, "not bytes in \\x hex");
    const uint32_t n = (v->len - 2) / 2;
    const uint8_t *text = v->p + 2;
    uint8_t *p = assay_room_for(scratch, n + 1u, &text);
    if (!p)
        return defect(why, ASSAY_WHY_NOMEM);
    for (uint32_t i = 0; i < n; i++) {
        const int hi = assay_hex_digit(text[2 * i]), lo = assay_hex_digit(text[2 * i + 1]);
        if (hi < 0 || lo < 0)
            return defect(why, "not bytes in \\x hex");
        p[i] = (uint8_t)(hi << 4 | lo);
    }
    scratch->len += n;
    *out = (struct assay_value){.kind = ASSAY_K_BYTES, .len = n, .p = p};
    return true;
}

/* Hyphens stand behind the bytes 4, 6, 8 and 10, all or none. */
static bool scan_uuid(const uint8_t *p, size_t n, uint8_t out[16])
{
    uint8_t digits[32];
    if ((n == 34 || n == 38) && p[0] == '{' && p[n - 1] == '}') {
        p++;
        n -= 2;
    }
    if (n == 36) {
        if (p[8] != '-' || p[13] != '-' || p[18] != '-' || p[23] != '-')
            return false;
        memcpy(digits, p, 8);
        memcpy(digits + 8, p + 9, 4);
        memcpy(digits + 12, p + 14, 4);
        memcpy(digits + 16, p + 19, 4);
        memcpy(digits + 20, p + 24, 12);
    } else if (n == 32) {
        memcpy(digits, p, 32);
    } else {
        return false;
    }
    for (int i = 0; i < 4; i++)
        if (!assay_hex8(digits + 8 * i, out + 4 * i))
            return false;
    return true;
}

static bool resolve_uuid(const struct assay_value *v, struct assay_value *out, struct assay_buf *scratch,
                         const char **why)
{
    *out = (struct assay_value){.kind = ASSAY_K_UUID, .len = 16, .p = v->p};
    if (v->kind == ASSAY_K_UUID || (v->kind == ASSAY_K_BYTES && v->len == 16))
        return true;
    if (!assay_is_textual(v))
        return defect(why, "not a uuid");
    const uint8_t *text = v->p;
    uint8_t *p = assay_room_for(scratch, 16, &text);
    if (!p)
        return defect(why, ASSAY_WHY_NOMEM);
    if (!scan_uuid(text, v->len, p))
        return defect(why, "not a uuid");
    scratch->len += 16;
    out->p = p;
    return true;
}

static bool resolve_json(const struct assay_value *v, struct assay_value *out, const char **why)
{
    if (v->flags &
        ASSAY_V_STRING) /* "1" may be the text of the number, or the string: a guess could be a wrong match */
        return defect(why, "a JSON string under json, which may mean its text or itself: rule as: json, or type text");
    if (v->kind == ASSAY_K_BOOL) { /* true and false of a JSON document */
        const char *text = v->i ? "true" : "false";
        *out = (struct assay_value){.kind = ASSAY_K_JSON, .len = (uint32_t)strlen(text), .p = (const uint8_t *)text};
        return true;
    }
    *out = *v;
    out->kind = ASSAY_K_JSON; /* the text is parsed once, by the cell */
    return v->kind == ASSAY_K_JSON || assay_is_textual(v) || defect(why, "not json");
}

bool assay_resolve(enum assay_logical type, const struct assay_value *v, struct assay_value *out,
                   struct assay_buf *scratch, const char **why)
{
    const struct assay_value held = *v; /* v and out may be one */
    v = &held;
    if (v->kind == ASSAY_K_NULL) {
        *out = *v;
        return true;
    }
    if (v->kind == ASSAY_K_BAD)
        return defect(why, (const char *)v->p);
    switch (type) {
    case ASSAY_L_BOOLEAN:
        return resolve_boolean(v, out, why);
    case ASSAY_L_INTEGER:
    case ASSAY_L_DECIMAL:
        return assay_resolve_decimal(type, v, out, scratch, why);
    case ASSAY_L_FLOAT32:
    case ASSAY_L_FLOAT64:
        return assay_resolve_float(type, v, out, why);
    case ASSAY_L_TEXT:
        return resolve_text(v, out, why);
    case ASSAY_L_BYTES:
        return resolve_bytes(v, out, scratch, why);
    case ASSAY_L_DATE:
    case ASSAY_L_TIME:
    case ASSAY_L_TIMETZ:
    case ASSAY_L_TIMESTAMP:
    case ASSAY_L_TIMESTAMPTZ:
        return assay_resolve_time(type, v, out, why);
    case ASSAY_L_INTERVAL:
        return assay_resolve_interval(v, out, scratch, why);
    case ASSAY_L_UUID:
        return resolve_uuid(v, out, scratch, why);
    case ASSAY_L_JSON:
        return resolve_json(v, out, why);
    case ASSAY_L_LIST:
    case ASSAY_L_STRUCT:
    case ASSAY_L_MAP:
    case ASSAY_L_NONE:
    case ASSAY_L_COUNT:
        break;
    }
    return defect(why, "a column without a known type");
}
