/* The resolved form of a dataset: what the ledger keeps of a plan. Its bytes are hashed, so that nothing here may
 * depend on the order of the file, on locators or on the environment. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "assay/canon.h"
#include "assay/plan.h"
#include "dataset.h"

static const char *const every_name[] = {
    [ASSAY_EVERY_NONE] = "none",   [ASSAY_EVERY_HOUR] = "hour", [ASSAY_EVERY_DAY] = "day",
    [ASSAY_EVERY_MONTH] = "month", [ASSAY_EVERY_YEAR] = "year", [ASSAY_EVERY_STEP] = "step",
};

static json_t *text_or_null(const char *s)
{
    return s ? json_string(s) : json_null();
}

static json_t *one_char(char c)
{
    return c ? json_stringn(&c, 1) : json_null();
}

static json_t *rules(const struct assay_plan_column *c, int side)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < c->n_rules[side]; i++) {
        const struct assay_rule *r = &c->rule[side][i];
        json_t *one = json_pack("[s, s]", assay_rule_name(r), r->text ? r->text : "");
        if (json_array_append_new(list, one)) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *type(const struct assay_plan_column *c)
{
    struct assay_buf text = {0};
    if (!c->shape)
        return json_string(assay_type_of(c->type)->name);
    const char *shape = assay_shape_text(c->shape, &text) == ASSAY_OK ? assay_buf_str(&text) : NULL;
    json_t *j = shape ? json_string(shape) : NULL;
    assay_buf_release(&text);
    return j;
}

/* Only where there is any: a plan without history keeps the hash that it had. */
static bool add_history(const struct assay_plan_column *c, json_t *out)
{
    if (c->since && json_object_set_new(out, "since", json_string(c->since)))
        return false;
    json_t *names = c->n_former ? json_array() : NULL;
    if (c->n_former && json_object_set_new(json_object_get(out, "archive"), "names", names))
        return false;
    for (size_t i = 0; i < c->n_former; i++)
        if (json_array_append_new(names, json_pack("[s, s]", c->former[i].until, c->former[i].name)))
            return false;
    return true;
}

static json_t *column(const struct assay_plan_column *c)
{
    json_t *out = json_pack("{s:s, s:o, s:i, s:{s:o, s:o}, s:{s:o, s:o}}", "name", c->name, "type", type(c), "key",
                            (int)c->key_pos, "source", "name", text_or_null(c->native[ASSAY_SOURCE]), "rules",
                            rules(c, ASSAY_SOURCE), "archive", "name", text_or_null(c->native[ASSAY_ARCHIVE]), "rules",
                            rules(c, ASSAY_ARCHIVE));
    if (out && add_history(c, out))
        return out;
    json_decref(out);
    return NULL;
}

static json_t *columns(const struct assay_dataset *d)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < d->n_cols; i++) {
        if (json_array_append_new(list, column(&d->col[i]))) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *uncovered(const struct assay_dataset *d)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < d->n_uncovered; i++) {
        if (json_array_append_new(list, json_string(d->uncovered[i]))) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *dialect(const struct assay_side *s)
{
    const struct assay_csv_dialect *c = &s->csv;
    if (s->format && strcmp(s->format, "csv") != 0 && !c->copy)
        return json_null();
    json_t *encoding =
        c->encoding ? json_string(assay_text_encodings[c->encoding]) : NULL; /* utf-8 goes without saying */
    if (c->encoding && !encoding)
        return NULL;
    return json_pack("{s:o, s:o, s:o, s:b, s:o, s:b, s:o*}", "delimiter", one_char(c->delimiter), "quote",
                     one_char(c->quote), "escape", one_char(c->escape), "header", (int)c->header, "null",
                     text_or_null(c->null_text), "quoted_null", (int)c->quoted_null, "encoding", encoding);
}

/* A table has no dialect and files have no table name: neither is part of what the rows are. */
static json_t *side(const struct assay_side *s)
{
    if (s->table)
        return json_pack("{s:s}", "kind", "table");
    return json_pack("{s:s, s:o, s:o}", "kind", s->uri && assay_uri_is_command(s->uri) ? "command" : "files", "format",
                     text_or_null(s->format), "csv", dialect(s));
}

static json_t *window(const struct assay_window *w)
{
    if (w->every == ASSAY_EVERY_NONE)
        return json_null();
    return json_pack("{s:s, s:s, s:I, s:s, s:o, s:o}", "column", w->column, "every", every_name[w->every], "step",
                     (json_int_t)w->step, "timezone", w->timezone, "from", text_or_null(w->from), "to",
                     text_or_null(w->to));
}

static json_t *strings(char *const *list, size_t n)
{
    json_t *out = json_array();
    for (size_t i = 0; out && i < n; i++)
        if (json_array_append_new(out, json_string(list[i]))) {
            json_decref(out);
            return NULL;
        }
    return out;
}

/* Only where there are any: a plan without them keeps the hash that it had. */
static bool add_references(const struct assay_dataset *d, json_t *out)
{
    json_t *list = d->n_references ? json_array() : NULL;
    if (d->n_references && json_object_set_new(out, "references", list))
        return false;
    for (size_t i = 0; i < d->n_references; i++) {
        const struct assay_reference *r = &d->reference[i];
        if (json_array_append_new(list, json_pack("{s:o, s:s, s:o}", "columns", strings(r->column, r->n), "dataset",
                                                  r->id, "to", strings(r->to, r->n))))
            return false;
    }
    return true;
}

enum assay_status assay_plan_resolved(const struct assay_dataset *d, struct assay_buf *out)
{
    enum assay_status s = ASSAY_ENOMEM;
    char *text = NULL;
    json_t *j =
        json_pack("{s:i, s:i, s:s, s:i, s:o, s:o, s:o, s:o, s:o}", "assay", 1, "canon", ASSAY_CANON_VERSION, "id",
                  d->id, "chunk_rows", (int)d->chunk_rows, "columns", columns(d), "uncovered", uncovered(d), "window",
                  window(&d->window), "source", side(&d->side[ASSAY_SOURCE]), "archive", side(&d->side[ASSAY_ARCHIVE]));
    /* only where there is one: a plan without it keeps its hash */
    if (j && d->as_of.column &&
        json_object_set_new(j, "as_of", json_pack("{s:s, s:s}", "column", d->as_of.column, "at", d->as_of.at))) {
        json_decref(j);
        j = NULL;
    }
    if (j && d->sealed &&
        (json_object_set_new(j, "digest", json_string("sealed")) ||
         json_object_set_new(j, "sketch", json_integer((json_int_t)d->sketch)) ||
         (d->keys_sealed && json_object_set_new(j, "keys", json_string("sealed"))))) {
        json_decref(j);
        j = NULL;
    }
    if (j && add_references(d, j))
        text = json_dumps(j, JSON_SORT_KEYS | JSON_COMPACT);
    if (text)
        s = assay_buf_adds(out, text);
    free(text);
    json_decref(j);
    return s;
}
