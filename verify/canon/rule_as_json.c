/* as: json - typed values as the JSON that they would be in a document. */
#include <math.h>

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
