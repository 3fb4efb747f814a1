/* The resolved plan of a dataset, as the ledger keeps it (canonical JSON): covered columns and rules in force. */
#include <jansson.h>
#include <string.h>

#include "assay/digest.h"
#include "assay/limits.h"
#include "assay/plan.h"
#include "collect.h"

static const char *text_of(struct assay_report *r, const json_t *j)
{
    const char *s = json_string_value(j);
    return s ? assay_arena_copy(&r->arena, s) : NULL;
}

/* With one rule all that changed, with several what each one did. */
static uint64_t changed_cells(const struct assay_rep_side *s, const char *column, size_t ordinal)
{
    for (size_t i = 0; i < s->n_changed; i++)
        if (strcmp(s->changed[i].column, column) == 0)
            return s->changed[i].by_rule && ordinal < 32 ? s->changed[i].rule[ordinal] : s->changed[i].cells;
    return 0;
}

static bool add_rules(struct assay_report *r, struct assay_rep_dataset *d, size_t *cap, const char *column, int side,
                      const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        const char *name = json_string_value(json_array_get(one, 0)), *arg = json_string_value(json_array_get(one, 1));
        char text[512];
        if (!name)
            continue;
        snprintf(text, sizeof text, "%s%s%s", name, arg && *arg ? ": " : "", arg ? arg : "");
        if (!assay_grow(&d->rule, d->n_rules, cap, sizeof *d->rule))
            return false;
        d->rule[d->n_rules++] = (struct assay_rep_rule){
            .column = column,
            .side = assay_side_name((enum assay_side_id)side),
            .rule = assay_arena_copy(&r->arena, text),
            .cells = changed_cells(&d->side[side], column, i),
        };
    }
    return true;
}

/* d NULL: the columns alone, without the rules. */
static bool take_columns(struct assay_report *r, struct assay_rep_dataset *d, const json_t *list,
                         struct assay_rep_plan *out)
{
    size_t n = json_array_size(list), cap = 0;
    n = n > ASSAY_MAX_COLUMNS ? ASSAY_MAX_COLUMNS : n;
    out->column = assay_arena_take(&r->arena, (n + 1) * sizeof *out->column);
    if (!out->column)
        return false;
    for (size_t i = 0; i < n; i++) {
        const json_t *c = json_array_get(list, i);
        struct assay_rep_plan_column *p = &out->column[out->n];
        p->name = text_of(r, json_object_get(c, "name"));
        p->type = text_of(r, json_object_get(c, "type"));
        p->since = text_of(r, json_object_get(c, "since"));
        const json_int_t key = json_integer_value(json_object_get(c, "key"));
        p->key_pos = key > 0 && key <= ASSAY_MAX_COLUMNS ? (unsigned)key : 0;
        if (!p->name)
            continue;
        for (int side = 0; side < 2; side++) {
            const json_t *s = json_object_get(c, assay_side_name((enum assay_side_id)side));
            p->native[side] = text_of(r, json_object_get(s, "name"));
            if (d && !add_rules(r, d, &cap, p->name, side, json_object_get(s, "rules")))
                return false;
        }
        out->n++;
    }
    return !r->arena.failed;
}

static enum assay_status load(struct assay_ledger *l, struct assay_report *r, const char *plan,
                              struct assay_rep_dataset *d, struct assay_rep_plan *out, struct assay_err *e)
{
    struct assay_buf text = {0};
    struct assay_err missing = {0};
    uint8_t name[32];
    const char *hex = plan && strncmp(plan, "sha256:", 7) == 0 ? plan + 7 : plan;
    *out = (struct assay_rep_plan){0};
    if (!hex || assay_unhex(hex, name, sizeof name))
        return ASSAY_OK;
    enum assay_status s = assay_ledger_blob(l, name, &text, &missing);
    if (s == ASSAY_OK) {
        json_t *j = json_loadb((const char *)text.ptr, text.len, JSON_REJECT_DUPLICATES, NULL);
        if (j && !take_columns(r, d, json_object_get(j, "columns"), out))
            s = assay_fail_nomem(e);
        json_decref(j);
    } else if (s == ASSAY_ENOTFOUND) {
        s = ASSAY_OK;
    } else {
        assay_fail(e, s, "%s", missing.msg);
    }
    assay_buf_release(&text);
    return s;
}

enum assay_status assay_plan_columns(struct assay_ledger *l, struct assay_report *r, const char *plan,
                                     struct assay_rep_plan *out, struct assay_err *e)
{
    return load(l, r, plan, NULL, out, e);
}

enum assay_status assay_plan_take(struct assay_ledger *l, struct assay_report *r, struct assay_rep_dataset *d,
                                  struct assay_rep_plan *out, struct assay_err *e)
{
    return load(l, r, d->plan, d, out, e);
}
