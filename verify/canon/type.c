#include "assay/type.h"

#include <string.h>

static const struct assay_type types[ASSAY_L_COUNT] = {
    [ASSAY_L_BOOLEAN] = {"boolean", 'L', true},     [ASSAY_L_INTEGER] = {"integer", 'N', true},
    [ASSAY_L_DECIMAL] = {"decimal", 'N', true},     [ASSAY_L_FLOAT32] = {"float32", 'F', false},
    [ASSAY_L_FLOAT64] = {"float64", 'F', false},    [ASSAY_L_TEXT] = {"text", 'T', true},
    [ASSAY_L_BYTES] = {"bytes", 'B', true},         [ASSAY_L_DATE] = {"date", 'D', true},
    [ASSAY_L_TIME] = {"time", 'C', true},           [ASSAY_L_TIMETZ] = {"timetz", 'c', false},
    [ASSAY_L_TIMESTAMP] = {"timestamp", 'S', true}, [ASSAY_L_TIMESTAMPTZ] = {"timestamptz", 'Z', true},
    [ASSAY_L_INTERVAL] = {"interval", 'I', false},  [ASSAY_L_UUID] = {"uuid", 'U', true},
    [ASSAY_L_JSON] = {"json", 'J', false},          [ASSAY_L_LIST] = {"list", '[', false},
    [ASSAY_L_STRUCT] = {"struct", '{', false},      [ASSAY_L_MAP] = {"map", 'M', false},
};

const struct assay_type *assay_type_of(enum assay_logical l)
{
    return l > ASSAY_L_NONE && l < ASSAY_L_COUNT ? &types[l] : NULL;
}

enum assay_logical assay_type_by_name(const char *name)
{
    for (int l = ASSAY_L_NONE + 1; l < ASSAY_L_LIST; l++)
        if (strcmp(types[l].name, name) == 0)
            return (enum assay_logical)l;
    return ASSAY_L_NONE;
}
