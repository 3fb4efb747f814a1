/* The type of a column: a name, or the shape of a list, struct or map. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "assay/canon.h"
#include "dataset.h"

/* What engines call the types; a plan has one name for each. */
static const char *const synonym[][2] = {
    {"int", "integer"},     {"int2", "integer"},       {"int4", "integer"},
    {"int8", "integer"},    {"int32", "integer"},      {"int64", "integer"},
    {"bigint", "integer"},  {"smallint", "integer"},   {"serial", "integer"},
    {"numeric", "decimal"}, {"number", "decimal"},     {"money", "decimal"},
    {"real", "float32"},    {"float4", "float32"},     {"float", "float64"},
    {"float8", "float64"},  {"double", "float64"},     {"string", "text"},
    {"varchar", "text"},    {"char", "text"},          {"str", "text"},
    {"bool", "boolean"},    {"blob", "bytes"},         {"bytea", "bytes"},
    {"binary", "bytes"},    {"datetime", "timestamp"}, {"timestamp_tz", "timestamptz"},
    {"jsonb", "json"},
};

static const char *type_hint(const struct assay_bind *b, const char *text, char out[80])
{
    const char *names[ASSAY_L_COUNT];
    size_t n = 0;
    for (size_t i = 0; i < sizeof synonym / sizeof synonym[0]; i++) {
        if (strcasecmp(text, synonym[i][0]) == 0) {
            snprintf(out, 80, "; did you mean \"%s\"?", synonym[i][1]);
            return out;
        }
    }
    for (int l = ASSAY_L_NONE + 1; l < ASSAY_L_COUNT; l++)
        names[n++] = assay_type_of((enum assay_logical)l)->name;
    return assay_bind_hint(b, text, names, n, out);
}

/* The word at p, for a message. */
static void word_at(const char *p, char out[41])
{
    const size_t n = strcspn(p, " <>,:\"");
    snprintf(out, 41, "%.*s", (int)(n < 40 ? n : 40), p);
}

/* Where the byte `at` of a scalar stands: written in one line and without escapes, all bytes but UTF-8's continuations
 * are one column each. */
static yaml_mark_t mark_of(const yaml_node_t *node, const char *text, size_t at)
{
    yaml_mark_t mark = node->start_mark;
    const bool plain = node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    const size_t width = node->end_mark.column - node->start_mark.column, quotes = plain ? 0 : 2;
    if (node->end_mark.line != node->start_mark.line || width < quotes)
        return mark;
    size_t columns = 0, before = 0;
    for (size_t i = 0; text[i]; i++) {
        columns += ((unsigned char)text[i] & 0xc0) != 0x80;
        before += i < at && ((unsigned char)text[i] & 0xc0) != 0x80;
    }
    if (columns == width - quotes)
        mark.column += before + !plain;
    return mark;
}

void assay_bind_type(struct assay_bind *b, const yaml_node_t *node, struct assay_plan_column *c)
{
    char *text = NULL, hint[80], word[41];
    const char *why;
    size_t at;
    struct assay_shape *shape = NULL;
    if (!assay_bind_literal(b, node, "type", &text))
        return;
    if (assay_shape_parse_at(text, &shape, &why, &at)) {
        c->type = shape->type;
        if (c->type >= ASSAY_L_LIST)
            c->shape = shape;
        else
            assay_shape_free(shape);
    } else if (why == ASSAY_WHY_NOMEM) {
        b->diag->nomem = true;
    } else {
        const yaml_mark_t mark = mark_of(node, text, at);
        word_at(text + at, word);
        if (why == ASSAY_WHY_NO_TYPE)
            assay_diag_add(b->diag, &mark, "column \"%.60s\": unknown type \"%s\"%s", c->name, word,
                           type_hint(b, word, hint));
        else
            assay_diag_add(b->diag, &mark, "column \"%.60s\": type: %s", c->name, why);
    }
    free(text);
}
