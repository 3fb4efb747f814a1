/* The schema that a manifest claims, against the columns that were seen. */
#include <stdio.h>
#include <string.h>

#include "manifest.h"

/* The types of a Frictionless schema that can mean a logical one. "string" and "any" can mean every one. */
static bool may_be(const char *claimed, enum assay_logical type)
{
    static const struct {
        const char *name;
        uint32_t types;
    } table[] = {
        {"integer", 1u << ASSAY_L_INTEGER | 1u << ASSAY_L_DECIMAL},
        {"number", 1u << ASSAY_L_INTEGER | 1u << ASSAY_L_DECIMAL | 1u << ASSAY_L_FLOAT32 | 1u << ASSAY_L_FLOAT64},
        {"boolean", 1u << ASSAY_L_BOOLEAN},
        {"date", 1u << ASSAY_L_DATE},
        {"time", 1u << ASSAY_L_TIME | 1u << ASSAY_L_TIMETZ},
        {"datetime", 1u << ASSAY_L_TIMESTAMP | 1u << ASSAY_L_TIMESTAMPTZ},
        {"duration", 1u << ASSAY_L_INTERVAL},
        {"object", 1u << ASSAY_L_JSON | 1u << ASSAY_L_STRUCT | 1u << ASSAY_L_MAP},
        {"array", 1u << ASSAY_L_JSON | 1u << ASSAY_L_LIST},
        {"list", 1u << ASSAY_L_JSON | 1u << ASSAY_L_LIST},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(table[i].name, claimed) == 0)
            return table[i].types >> type & 1;
    return true;
}

static enum assay_logical type_of(const struct manifest_job *j, const char *native)
{
    const struct assay_check *c = j->c;
    for (size_t i = 0; i < c->set->n_cols; i++)
        if (c->set->col[i].native[c->side] && strcmp(c->set->col[i].native[c->side], native) == 0)
            return c->set->col[i].type;
    return ASSAY_L_NONE;
}

static bool has_field(const struct assay_manifest_schema *m, const char *name)
{
    for (size_t i = 0; i < m->n; i++)
        if (strcmp(m->field[i].name, name) == 0)
            return true;
    return false;
}

bool assay_manifest_schema_differs(const struct manifest_job *j, const struct assay_manifest_schema *m, char *out,
                                   size_t cap)
{
    const struct assay_schema *seen = j->schema;
    for (size_t i = 0; i < m->n; i++) {
        const char *name = m->field[i].name, *claimed = m->field[i].type;
        enum assay_logical type = type_of(j, name);
        if (assay_schema_find(seen, name) == SIZE_MAX)
            snprintf(out, cap, "its schema has a field \"%.128s\", the files have no such column", name);
        else if (claimed && type != ASSAY_L_NONE && !may_be(claimed, type))
            snprintf(out, cap, "its schema has \"%.128s\" as %.32s, the plan reads it as %s", name, claimed,
                     assay_type_of(type)->name);
        else
            continue;
        return true;
    }
    for (size_t i = 0; i < seen->n; i++)
        if (!has_field(m, seen->col[i].name)) {
            snprintf(out, cap, "its schema has no field \"%.128s\", which the files have", seen->col[i].name);
            return true;
        }
    return false;
}
