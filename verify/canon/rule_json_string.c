/* as: json_string - a string member of a document is itself. */
#include <string.h>

#include "resolve.h"
#include "rule_spec.h"

/* A string of a document, unescaped by its reader, as JSON text again. Invalid UTF-8 stays, and is a defect of the
 * cell. */
bool assay_rule_as_json_string(const struct assay_rule *r, enum assay_logical type, struct assay_value *v,
                               struct assay_buf *scratch, const char **why)
{
    (void)r, (void)type;
    if (!assay_is_textual(v) || !(v->flags & ASSAY_V_STRING))
        return true;
    static const char hex[] = "0123456789abcdef";
    uint8_t *dst = assay_room_for(scratch, 6 * (size_t)v->len + 3, &v->p), *w = dst;
    if (!dst) {
        *why = ASSAY_WHY_NOMEM;
        return false;
    }
    *w++ = '"';
    for (uint32_t i = 0; i < v->len; i++) {
        const uint8_t c = v->p[i];
        if (c < ' ') {
            memcpy(w, "\\u00", 4);
            w[4] = (uint8_t)hex[c >> 4];
            w[5] = (uint8_t)hex[c & 15];
            w += 6;
            continue;
        }
        if (c == '"' || c == '\\')
            *w++ = '\\';
        *w++ = c;
    }
    *w++ = '"';
    if ((size_t)(w - dst) > UINT32_MAX) {
        *why = "a JSON string that is too long";
        return false;
    }
    *v = (struct assay_value){.kind = ASSAY_K_TEXT, .len = (uint32_t)(w - dst), .p = dst};
    scratch->len += v->len;
    return true;
}
