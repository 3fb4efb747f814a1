#include <stdlib.h>

#include "dataset.h"

struct raw_as_of {
    char *column, *at;
    const yaml_node_t *at_column, *at_at;
};

#define AT(member) offsetof(struct raw_as_of, member)
static const struct assay_field as_of_fields[] = {
    {"column", ASSAY_F_NAME, true, AT(column), 0, 0},
    {"column", ASSAY_F_NODE, false, AT(at_column), 0, 0},
    {"at", ASSAY_F_NAME, true, AT(at), 0, 0},
    {"at", ASSAY_F_NODE, false, AT(at_at), 0, 0},
};
#undef AT

static void check(struct assay_bind *b, struct raw_as_of *raw, const struct assay_dataset *d)
{
    char hint[80];
    const struct assay_plan_column *c = assay_bind_find_column(d, raw->column);
    if (!c && d->n_cols)
        assay_diag_add(b->diag, &raw->at_column->start_mark, "as_of: column \"%.60s\" is not among the columns%s",
                       raw->column, assay_bind_column_hint(b, d, raw->column, hint));
    if (!c || c->type == ASSAY_L_NONE)
        return;
    if (c->type != ASSAY_L_DATE && c->type != ASSAY_L_TIMESTAMP && c->type != ASSAY_L_TIMESTAMPTZ &&
        c->type != ASSAY_L_INTEGER)
        assay_diag_add(b->diag, &raw->at_column->start_mark,
                       "as_of: column \"%.60s\" is %s; expected a date, timestamp, timestamptz or integer", c->name,
                       assay_type_of(c->type)->name);
    else if (raw->at)
        assay_bind_bound(b, raw->at_at, "at", c->type, NULL, &raw->at);
}

void assay_bind_as_of(struct assay_bind *b, const yaml_node_t *node, struct assay_dataset *d)
{
    struct raw_as_of raw = {0};
    if (assay_bind_map(b, node, "as_of", as_of_fields, sizeof as_of_fields / sizeof as_of_fields[0], &raw) &&
        raw.column)
        check(b, &raw, d);
    d->as_of.column = raw.column;
    d->as_of.at = raw.at;
}
