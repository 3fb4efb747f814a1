/* References: columns of one dataset whose values must be there in another. */
#include <stdlib.h>
#include <string.h>

#include "dataset.h"

#define MAX_REFERENCES 64 /* of one dataset */
#define MAX_REFERENCE_COLUMNS 16

struct raw_reference {
    const yaml_node_t *columns, *to;
    char *dataset;
};
static const struct assay_field reference_fields[] = {
    {"columns", ASSAY_F_NODE, true, offsetof(struct raw_reference, columns), 0, 0},
    {"dataset", ASSAY_F_NAME, true, offsetof(struct raw_reference, dataset), 0, 0},
    {"to", ASSAY_F_NODE, true, offsetof(struct raw_reference, to), 0, 0},
};

static void names_free(char **list)
{
    for (size_t i = 0; list && list[i]; i++)
        free(list[i]);
    free(list);
}

/* Names of a list; NULL: an error was added. */
static char **names(struct assay_bind *b, const yaml_node_t *node, const char *key, size_t *n)
{
    const yaml_node_item_t *item;
    if (!assay_bind_list(b, node, key, &item, n))
        return NULL;
    if (*n == 0 || *n > MAX_REFERENCE_COLUMNS) {
        assay_diag_add(b->diag, &node->start_mark, "%s: %zu columns; expected 1 to %d", key, *n, MAX_REFERENCE_COLUMNS);
        return NULL;
    }
    char **out = calloc(*n + 1, sizeof *out);
    if (!out)
        b->diag->nomem = true;
    for (size_t i = 0; out && i < *n; i++)
        if (!assay_bind_name(b, yaml_document_get_node(b->doc, item[i]), key, &out[i])) {
            names_free(out);
            return NULL;
        }
    return out;
}

static void bind_reference(struct assay_bind *b, const yaml_node_t *node, struct assay_dataset *d)
{
    struct raw_reference raw = {0};
    struct assay_reference *r = &d->reference[d->n_references];
    size_t n = 0, n_to = 0;
    bool ok = assay_bind_map(b, node, "a reference", reference_fields,
                             sizeof reference_fields / sizeof *reference_fields, &raw);
    r->dataset = raw.dataset;
    r->column = ok && raw.columns ? names(b, raw.columns, "columns", &n) : NULL;
    r->to = ok && raw.to ? names(b, raw.to, "to", &n_to) : NULL;
    d->n_references++;
    if (r->column && r->to && n != n_to)
        assay_diag_add(b->diag, &node->start_mark, "references: %zu columns here, %zu there", n, n_to);
    r->n = n == n_to ? n : 0;
}

void assay_bind_references(struct assay_bind *b, const yaml_node_t *node, struct assay_dataset *d)
{
    const yaml_node_item_t *item;
    size_t n;
    if (!assay_bind_list(b, node, "references", &item, &n))
        return;
    if (n > MAX_REFERENCES) {
        assay_diag_add(b->diag, &node->start_mark, "references: %zu; the limit is %d", n, MAX_REFERENCES);
        return;
    }
    if (!(d->reference = calloc(n + 1, sizeof *d->reference))) {
        b->diag->nomem = true;
        return;
    }
    for (size_t i = 0; i < n; i++)
        bind_reference(b, yaml_document_get_node(b->doc, item[i]), d);
}

static const struct assay_dataset *target(const struct assay_plan *p, const char *name)
{
    for (size_t i = 0; i < p->n_sets; i++)
        if (p->set[i].name && strcmp(p->set[i].name, name) == 0)
            return &p->set[i];
    return NULL;
}

static const struct assay_plan_column *column(struct assay_bind *b, const yaml_node_t *at,
                                              const struct assay_dataset *d, const char *name)
{
    char hint[80];
    const struct assay_plan_column *c = name ? assay_bind_find_column(d, name) : NULL;
    if (name && !c)
        assay_diag_add(b->diag, &at->start_mark, "references: dataset %.60s has no column \"%.60s\"%s", d->name, name,
                       assay_bind_column_hint(b, d, name, hint));
    return c;
}

static bool name_it(struct assay_reference *r)
{
    struct assay_buf text = {0};
    enum assay_status s = ASSAY_OK;
    for (size_t i = 0; i < r->n && s == ASSAY_OK; i++)
        s = assay_buf_addf(&text, "%s%s", i ? ", " : "", r->column[i]);
    for (size_t i = 0; i < r->n && s == ASSAY_OK; i++)
        s = i ? assay_buf_addf(&text, ", %s", r->to[i]) : assay_buf_addf(&text, " -> %s (%s", r->dataset, r->to[i]);
    if (s == ASSAY_OK)
        s = assay_buf_adds(&text, ")");
    r->text = s == ASSAY_OK && assay_buf_str(&text) ? strdup((const char *)text.ptr) : NULL;
    assay_buf_release(&text);
    return r->text != NULL;
}

void assay_bind_check_references(struct assay_bind *b, const yaml_node_t *at, const struct assay_plan *p,
                                 struct assay_dataset *d)
{
    for (size_t i = 0; i < d->n_references; i++) {
        struct assay_reference *r = &d->reference[i];
        const struct assay_dataset *other = r->dataset ? target(p, r->dataset) : NULL;
        if (r->dataset && !other)
            assay_diag_add(b->diag, &at->start_mark, "references: there is no dataset \"%.60s\" in this plan",
                           r->dataset);
        for (size_t k = 0; other && k < r->n; k++) {
            const struct assay_plan_column *x = column(b, at, d, r->column[k]), *y = column(b, at, other, r->to[k]);
            if (x && y && x->type != y->type)
                assay_diag_add(b->diag, &at->start_mark,
                               "references: \"%.60s\" is %s, \"%.60s\" of %.60s is %s: their values cannot be equal",
                               x->name, assay_type_of(x->type)->name, y->name, other->name,
                               assay_type_of(y->type)->name);
            else if (x && x->type >= ASSAY_L_LIST)
                assay_diag_add(b->diag, &at->start_mark, "references: \"%.60s\" is nested", x->name);
            for (size_t j = 0; j < k; j++)
                if (r->column[j] && r->column[k] && strcmp(r->column[j], r->column[k]) == 0)
                    assay_diag_add(b->diag, &at->start_mark, "references: \"%.60s\" stands twice", r->column[k]);
        }
        if (other && other->id && (!name_it(r) || !(r->id = strdup(other->id))))
            b->diag->nomem = true;
    }
}

void assay_references_release(struct assay_dataset *d)
{
    for (size_t i = 0; i < d->n_references; i++) {
        struct assay_reference *r = &d->reference[i];
        names_free(r->column);
        names_free(r->to);
        free(r->dataset);
        free(r->id);
        free(r->text);
    }
    free(d->reference);
}
