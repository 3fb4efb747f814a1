/* Observed schemas: parsed from the text that the statement cites, compared column by column. */
#include <stdlib.h>
#include <string.h>

#include "assay/plan.h"
#include "collect.h"

struct assay_rep_column assay_schema_column(struct assay_report *r, const struct assay_observed *c)
{
    return (struct assay_rep_column){
        .name = assay_arena_copy(&r->arena, c->name),
        .native = assay_arena_copy(&r->arena, c->native),
        .logical = assay_arena_copy(&r->arena, c->logical),
        .nullable = c->nullable,
        .key_pos = c->key_pos,
    };
}

enum assay_status assay_schema_take(struct assay_report *r, struct assay_rep_side *s, const void *text, size_t len,
                                    struct assay_err *e)
{
    struct assay_observed_schema seen;
    enum assay_status st = assay_observed_parse(text, len, &seen, e);
    if (st != ASSAY_OK)
        return st;
    s->column = assay_arena_take(&r->arena, (seen.n + 1) * sizeof *s->column);
    for (s->n_columns = 0; s->column && s->n_columns < seen.n; s->n_columns++)
        s->column[s->n_columns] = assay_schema_column(r, &seen.col[s->n_columns]);
    assay_observed_release(&seen);
    return r->arena.failed ? assay_fail_nomem(e) : ASSAY_OK;
}

static const struct assay_rep_column *find(const struct assay_rep_side *s, const char *name)
{
    for (size_t i = 0; name && i < s->n_columns; i++)
        if (strcmp(s->column[i].name, name) == 0)
            return &s->column[i];
    return NULL;
}

/* Compared by what the readers say that the column means; native spellings always differ between engines. */
static const char *change_of(const struct assay_rep_change *c, bool covered)
{
    const struct assay_rep_column *a = c->side[0], *b = c->side[1];
    if (!covered)
        return "not covered";
    if (!a && !b)
        return "gone from both sides";
    if (!a || !b)
        return a ? "only at the source" : "only at the archive";
    if (strcmp(a->name, b->name) != 0)
        return "renamed";
    return strcmp(a->logical, b->logical) == 0 ? "same" : "converted";
}

static bool is_covered(const struct assay_rep_plan *plan, const char *native, int side)
{
    for (size_t i = 0; i < plan->n; i++)
        if (plan->column[i].native[side] && strcmp(plan->column[i].native[side], native) == 0)
            return true;
    return false;
}

/* Without a plan blob the columns of the same name belong together. */
static void add_unplanned(struct assay_rep_dataset *d, const struct assay_rep_plan *plan)
{
    for (int side = 0; side < 2; side++)
        for (size_t i = 0; i < d->side[side].n_columns; i++) {
            const struct assay_rep_column *col = &d->side[side].column[i];
            struct assay_rep_change c = {.name = col->name};
            if (plan->n ? is_covered(plan, col->name, side) : side == 1 && find(&d->side[0], col->name) != NULL)
                continue;
            c.side[side] = col;
            if (!plan->n && side == 0)
                c.side[1] = find(&d->side[1], col->name);
            c.change = change_of(&c, plan->n == 0);
            d->change[d->n_changes++] = c;
        }
}

bool assay_schema_compare(struct assay_report *r, struct assay_rep_dataset *d, const struct assay_rep_plan *plan)
{
    static const char *const verdicts[] = {"same", "converted", "different"};
    size_t most = plan->n + d->side[0].n_columns + d->side[1].n_columns + 1;
    d->change = assay_arena_take(&r->arena, most * sizeof *d->change);
    if (!d->change)
        return false;
    for (size_t i = 0; i < plan->n; i++) {
        const struct assay_rep_plan_column *p = &plan->column[i];
        struct assay_rep_change c = {.name = p->name, .type = p->type};
        for (int side = 0; side < 2; side++)
            c.side[side] = p->native[side] ? find(&d->side[side], p->native[side]) : NULL;
        c.change = change_of(&c, true);
        d->change[d->n_changes++] = c;
    }
    add_unplanned(d, plan);
    int worst = 0;
    for (size_t i = 0; i < d->n_changes; i++) {
        const char *what = d->change[i].change;
        int rank = strncmp(what, "only", 4) == 0 || strncmp(what, "gone", 4) == 0   ? 2
                   : strcmp(what, "converted") == 0 || strcmp(what, "renamed") == 0 ? 1
                                                                                    : 0;
        worst = rank > worst ? rank : worst;
    }
    bool known = d->side[0].n_columns && d->side[1].n_columns;
    d->schema_verdict = known ? verdicts[worst] : "unknown";
    return true;
}
