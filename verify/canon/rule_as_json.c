/* as: json - typed values as the JSON that they would be in a document. json - text that holds JSON. */
#include <math.h>
#include <string.h>

#include "assay/bytes.h"
#include "json.h"
#include "resolve.h"
#include "rule_spec.h"

bool assay_rule_as_json(const struct assay_rule *r, enum assay_logical type, struct assay_value *v,
                        struct assay_buf *scratch, const char **why)
{
    switch (v->kind) {
    case ASSAY_K_TEXT:
    case ASSAY_K_LEXEME:
        v->flags &= (uint8_t)~ASSAY_V_STRING; /* a string of a JSON document is the text of the value */
        return true;
    case ASSAY_K_BYTES:
        v->kind = ASSAY_K_TEXT;
        return true;
    case ASSAY_K_F32:
    case ASSAY_K_F64:
        if (!isfinite(v->f)) {
            *why = "a number that JSON cannot hold";
            return false;
        }
        break;
    case ASSAY_K_BOOL:
    case ASSAY_K_INT:
    case ASSAY_K_UINT:
    case ASSAY_K_DEC:
    case ASSAY_K_DECBYTES:
    case ASSAY_K_DECDIGITS:
    case ASSAY_K_PGNUMERIC:
        break;
    default:
        return true; /* a defect under json, or JSON already */
    }
    return assay_rule_as_text(r, type, v, scratch,
                              why); /* NaN and infinities of a numeric are no JSON: the cell says */
}

/* The text of what the tree says; false with *why NULL: not JSON. */
static bool spell_anew(const struct assay_value *v, struct assay_buf *text, const char **why)
{
    struct assay_buf cell = {0};
    bool is_null;
    static const uint8_t head[5] = {'J'};
    *why = ASSAY_WHY_NOMEM;
    bool ok = assay_buf_add(&cell, head, sizeof head) == ASSAY_OK;
    if (ok && !assay_json_tree(v->p, v->len, &cell, why)) {
        ok = false;
        if (*why != ASSAY_WHY_NOMEM)
            *why = NULL;
    }
    if (ok) {
        assay_put_be32(cell.ptr + 1, (uint32_t)(cell.len - sizeof head));
        const enum assay_status st = assay_cell_show(cell.ptr, cell.len, &is_null, text);
        ok = st == ASSAY_OK && text->len <= UINT32_MAX;
        if (st != ASSAY_OK && st != ASSAY_ENOMEM)
            *why = NULL; /* over a limit: it stays as it is */
    }
    assay_buf_release(&cell);
    return ok;
}

bool assay_rule_json(const struct assay_rule *r, enum assay_logical type, struct assay_value *v,
                     struct assay_buf *scratch, const char **why)
{
    (void)r, (void)type;
    const char *sentence = NULL;
    struct assay_buf text = {0};
    if (v->kind != ASSAY_K_TEXT || v->len == 0)
        return true;
    if (!spell_anew(v, &text, &sentence)) {
        assay_buf_release(&text);
        if (sentence)
            *why = sentence;
        return !sentence;
    }
    uint8_t *dst = assay_room_for(scratch, text.len + 1, &v->p);
    if (dst) {
        memcpy(dst, text.ptr, text.len);
        scratch->len += text.len;
        v->p = dst;
        v->len = (uint32_t)text.len;
    } else {
        *why = ASSAY_WHY_NOMEM;
    }
    assay_buf_release(&text);
    return dst != NULL;
}
