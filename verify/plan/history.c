/* Columns that came or changed their names in the course of the years. */
#include <stdlib.h>
#include <string.h>

#include "assay/limits.h"
#include "assay/segment.h"
#include "dataset.h"

#define MAX_FORMER 32 /* former names of one column */

struct raw_former {
    const yaml_node_t *until, *name;
};
static const struct assay_field former_fields[] = {
    {"until", ASSAY_F_NODE, true, offsetof(struct raw_former, until), 0, 0},
    {"name", ASSAY_F_NODE, true, offsetof(struct raw_former, name), 0, 0},
};

void assay_bind_former_names(struct assay_bind *b, const yaml_node_t *node, enum assay_side_id id,
                             struct assay_plan_column *c)
{
    const yaml_node_item_t *item;
    size_t n;
    if (!assay_bind_list(b, node, "names", &item, &n))
        return;
    if (id != ASSAY_ARCHIVE || n == 0 || n > MAX_FORMER) {
        assay_diag_add(b->diag, &node->start_mark, "names: %s",
                       id == ASSAY_ARCHIVE ? "expected 1 to 32 former names"
                                           : "only the archive holds files of other years");
        return;
    }
    if (!(c->former = calloc(n, sizeof *c->former))) {
        b->diag->nomem = true;
        return;
    }
    for (size_t i = 0; i < n; i++) {
        struct raw_former raw = {0};
        struct assay_former_name *f = &c->former[c->n_former];
        if (!assay_bind_map(b, yaml_document_get_node(b->doc, item[i]), "a former name", former_fields,
                            sizeof former_fields / sizeof *former_fields, &raw) ||
            !raw.until || !raw.name)
            continue;
        c->n_former++;
        assay_bind_literal(b, raw.until, "until", &f->until);
        assay_bind_name(b, raw.name, "name", &f->name);
    }
}

static bool parse(struct assay_bind *b, const yaml_node_t *at, const struct assay_router *r, const char *key,
                  const struct assay_plan_column *c, const char *text, assay_segment *out)
{
    if (!text ||
        (assay_segment_parse(r, text, out) && *out != ASSAY_SEG_NULL && *out != ASSAY_SEG_NEG && *out != ASSAY_SEG_POS))
        return text != NULL;
    assay_diag_add(b->diag, &at->start_mark, "%s of column \"%.60s\": \"%.40s\" names no segment of the window", key,
                   c->name, text);
    return false;
}

static void check_column(struct assay_bind *b, const yaml_node_t *at, const struct assay_router *r,
                         const struct assay_dataset *d, const struct assay_plan_column *c)
{
    assay_segment before = ASSAY_SEG_NEG, id;
    parse(b, at, r, "since", c, c->since, &id);
    if (c->since && (c->key_pos || strcmp(c->name, d->window.column) == 0))
        assay_diag_add(b->diag, &at->start_mark,
                       "since of column \"%.60s\": the key and the window must be there in every segment", c->name);
    for (size_t i = 0; i < c->n_former; i++) {
        if (!parse(b, at, r, "until", c, c->former[i].until, &id))
            continue;
        if (id <= before)
            assay_diag_add(b->diag, &at->start_mark, "names of column \"%.60s\": until must rise from one to the next",
                           c->name);
        before = id;
    }
    if (c->n_former && (d->side[ASSAY_ARCHIVE].table || !c->native[ASSAY_ARCHIVE]))
        assay_diag_add(b->diag, &at->start_mark, "names of column \"%.60s\": a table has one name for all its rows",
                       c->name);
}

void assay_bind_history(struct assay_bind *b, const yaml_node_t *at, struct assay_dataset *d)
{
    struct assay_router r;
    struct assay_err e = {0};
    enum assay_logical type = ASSAY_L_NONE;
    if (!assay_dataset_has_history(d))
        return;
    if (d->window.every == ASSAY_EVERY_NONE || !d->window.column) {
        assay_diag_add(b->diag, &at->start_mark, "columns: since and names need a window, whose segments they name");
        return;
    }
    for (size_t i = 0; i < d->n_cols; i++)
        if (d->col[i].name && strcmp(d->col[i].name, d->window.column) == 0)
            type = d->col[i].type;
    if (type == ASSAY_L_NONE || assay_router_init(&r, &d->window, type, &e) != ASSAY_OK)
        return; /* said already */
    for (size_t i = 0; i < d->n_cols; i++)
        if (d->col[i].name)
            check_column(b, at, &r, d, &d->col[i]);
}

bool assay_dataset_has_history(const struct assay_dataset *d)
{
    for (size_t i = 0; i < d->n_cols; i++)
        if (d->col[i].since || d->col[i].n_former)
            return true;
    return false;
}

bool assay_dataset_reads(const struct assay_dataset *d, enum assay_side_id side, const char *native)
{
    for (size_t i = 0; i < d->n_cols; i++) {
        const struct assay_plan_column *c = &d->col[i];
        if (c->native[side] && strcmp(c->native[side], native) == 0)
            return true;
        for (size_t k = 0; side == ASSAY_ARCHIVE && k < c->n_former; k++)
            if (strcmp(c->former[k].name, native) == 0)
                return true;
    }
    return false;
}
