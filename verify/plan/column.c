#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/limits.h"
#include "dataset.h"
#include "profile.h"

#define MAX_RULES 32 /* rules of one column on one side */

struct rule_list {
    struct assay_rule *rule; /* MAX_RULES */
    size_t n;
};

struct raw_column {
    const yaml_node_t *type, *side[2], *since;
};
static const struct assay_field column_fields[] = {
    {"type", ASSAY_F_NODE, true, offsetof(struct raw_column, type), 0, 0},
    {"source", ASSAY_F_NODE, false, offsetof(struct raw_column, side[ASSAY_SOURCE]), 0, 0},
    {"archive", ASSAY_F_NODE, false, offsetof(struct raw_column, side[ASSAY_ARCHIVE]), 0, 0},
    {"since", ASSAY_F_NODE, false, offsetof(struct raw_column, since), 0, 0},
};

struct raw_column_side {
    const yaml_node_t *name, *rules, *constant, *names;
};
static const struct assay_field column_side_fields[] = {
    {"name", ASSAY_F_NODE, false, offsetof(struct raw_column_side, name), 0, 0},
    {"rules", ASSAY_F_NODE, false, offsetof(struct raw_column_side, rules), 0, 0},
    {"constant", ASSAY_F_NODE, false, offsetof(struct raw_column_side, constant), 0, 0},
    {"names", ASSAY_F_NODE, false, offsetof(struct raw_column_side, names), 0, 0},
};

static const char not_words[] = "expected text, or {true: [WORD, ...], false: [WORD, ...]}";

/* One list of words, joined by commas. */
static bool join_words(struct assay_bind *b, const yaml_node_t *node, const char *rule, struct assay_buf *out)
{
    const yaml_node_item_t *item;
    size_t n;
    char *word = NULL;
    if (!assay_bind_list(b, node, rule, &item, &n))
        return false;
    bool ok = true;
    for (size_t i = 0; i < n && ok; i++) {
        const yaml_node_t *at = yaml_document_get_node(b->doc, item[i]);
        ok = assay_bind_literal(b, at, rule, &word);
        if (ok && (!*word || strpbrk(word, ",/"))) {
            assay_diag_add(b->diag, &at->start_mark, "rule %.60s: a word is empty or holds a comma or a slash", rule);
            ok = false;
        }
        if (ok && ((i && assay_buf_addc(out, ',') != ASSAY_OK) || assay_buf_adds(out, word) != ASSAY_OK)) {
            b->diag->nomem = true;
            ok = false;
        }
    }
    free(word);
    return ok;
}

/* {true: [yes, ja], false: [no]} is another spelling of "yes,ja/no". */
static bool word_argument(struct assay_bind *b, const yaml_node_t *node, const char *rule, char **out)
{
    struct assay_buf text = {.max = ASSAY_MAX_PLAN_BYTES};
    struct assay_pair *pair;
    size_t n;
    if (!assay_bind_pairs(b, node, rule, &pair, &n))
        return false;
    bool ok = n == 2;
    size_t yes = ok && strcmp(pair[1].key, "true") == 0;
    ok = ok && strcmp(pair[yes].key, "true") == 0 && strcmp(pair[!yes].key, "false") == 0;
    if (!ok)
        assay_diag_add(b->diag, &node->start_mark, "rule %.60s: %s", rule, not_words);
    ok = ok && join_words(b, pair[yes].value, rule, &text);
    ok = ok && assay_buf_addc(&text, '/') == ASSAY_OK && join_words(b, pair[!yes].value, rule, &text);
    if (ok && (!assay_buf_str(&text) || !(*out = strdup((const char *)text.ptr)))) {
        b->diag->nomem = true;
        ok = false;
    }
    assay_buf_release(&text);
    free(pair);
    return ok;
}

/* The bytes of the key file but for one line break at their end, as ${file:...} has them. */
static bool mask_key(struct assay_bind *b, const yaml_node_t *node, const char *path, struct assay_rule *rule)
{
    struct assay_buf ref = {.max = ASSAY_MAX_PATH + 16}, key = {.max = ASSAY_MAX_MASK_KEY};
    struct assay_err why = {0};
    enum assay_status s = assay_buf_addf(&ref, "${file:%s}", path);
    if (s == ASSAY_OK)
        s = assay_interpolate((const char *)ref.ptr, ref.len, b->base_dir, &key, &why);
    if (s == ASSAY_OK)
        s = assay_rule_set_key(rule, key.ptr, key.len, &why);
    if (s == ASSAY_ENOMEM)
        b->diag->nomem = true;
    else if (s != ASSAY_OK)
        assay_diag_add(b->diag, &node->start_mark, "rule mask: %s", why.msg);
    if (key.ptr)
        explicit_bzero(key.ptr, key.cap);
    assay_buf_release(&key);
    assay_buf_release(&ref);
    return s == ASSAY_OK;
}

static const char not_mask[] = "expected {hmac: FILE}, FILE holding the key";

/* {hmac: FILE}: the argument becomes "hmac", *file the path. */
static bool mask_argument(struct assay_bind *b, const yaml_node_t *node, char **out, char **file)
{
    struct assay_pair *pair;
    size_t n;
    if (node->type != YAML_MAPPING_NODE) {
        assay_diag_add(b->diag, &node->start_mark, "rule mask: %s", not_mask);
        return false;
    }
    if (!assay_bind_pairs(b, node, "mask", &pair, &n))
        return false;
    bool ok = n == 1 && strcmp(pair[0].key, "hmac") == 0;
    if (!ok)
        assay_diag_add(b->diag, &node->start_mark, "rule mask: %s", not_mask);
    ok = ok && assay_bind_name(b, pair[0].value, "hmac", file);
    if (ok && strpbrk(*file, "{}")) {
        assay_diag_add(b->diag, &pair[0].value->start_mark, "rule mask: the name of the key file holds a brace");
        ok = false;
    }
    free(pair);
    if (ok && !(*out = strdup("hmac"))) {
        b->diag->nomem = true;
        ok = false;
    }
    return ok;
}

static bool rule_argument(struct assay_bind *b, const yaml_node_t *node, const char *rule, char **out)
{
    if (node->type == YAML_MAPPING_NODE)
        return word_argument(b, node, rule, out);
    if (strcmp(rule, "absent") != 0 || !assay_node_is_null(node))
        return assay_bind_literal(b, node, rule, out);
    *out = strdup("null"); /* absent: null, as everybody writes it, has a null and no text */
    b->diag->nomem = b->diag->nomem || !*out;
    return *out != NULL;
}

/* One rule with one argument; of null_if a list of texts is as many rules. */
static void add_rule(struct assay_bind *b, const yaml_node_t *at, const char *name, const yaml_node_t *value,
                     struct assay_plan_column *c, struct rule_list *list)
{
    struct assay_err why = {0};
    struct assay_rule *rule = &list->rule[list->n];
    char *arg = NULL, *file = NULL;
    const bool mask = strcmp(name, "mask") == 0;
    bool ok = !value || (mask ? mask_argument(b, value, &arg, &file) : rule_argument(b, value, name, &arg));
    if (ok && list->n == MAX_RULES) {
        assay_diag_add(b->diag, &at->start_mark, "column \"%.60s\": more than %d rules on one side", c->name,
                       MAX_RULES);
        ok = false;
    }
    if (ok && c->type != ASSAY_L_NONE) {
        enum assay_status s = assay_rule_parse(name, arg, c->type, rule, &why);
        list->n += s == ASSAY_OK;
        if (s == ASSAY_ENOMEM)
            b->diag->nomem = true;
        else if (s != ASSAY_OK)
            assay_diag_add(b->diag, &at->start_mark, "column \"%.60s\": %s", c->name, why.msg);
        else if (file)
            mask_key(b, value, file, rule);
    }
    free(arg);
    free(file);
}

static void bind_rule(struct assay_bind *b, const yaml_node_t *node, struct assay_plan_column *c,
                      struct rule_list *list)
{
    struct assay_pair *pair = NULL;
    const yaml_node_item_t *item;
    size_t pairs = 0, n;
    char *name = NULL;
    if (node->type != YAML_MAPPING_NODE) {
        if (assay_bind_name(b, node, "rules", &name))
            add_rule(b, node, name, NULL, c, list);
    } else if (assay_bind_pairs(b, node, "a rule", &pair, &pairs)) {
        const yaml_node_t *value = pairs == 1 ? pair[0].value : NULL;
        if (!value)
            assay_diag_add(b->diag, &node->start_mark, "a rule is one name with one argument, found %zu", pairs);
        else if (value->type != YAML_SEQUENCE_NODE || strcmp(pair[0].key, "null_if") != 0)
            add_rule(b, node, pair[0].key, value, c, list);
        else if (assay_bind_list(b, value, "null_if", &item, &n))
            for (size_t i = 0; i < n && i <= MAX_RULES; i++)
                add_rule(b, node, "null_if", yaml_document_get_node(b->doc, item[i]), c, list);
    }
    free(pair);
    free(name);
}

/* Early rules come first whatever the order of the file: they act on what the reader delivered. */
static void order_rules(struct rule_list *list)
{
    struct assay_rule sorted[MAX_RULES] = {0};
    size_t n = 0;
    for (int early = 1; early >= 0; early--)
        for (size_t i = 0; i < list->n; i++)
            if (assay_rule_is_early(&list->rule[i]) == early)
                sorted[n++] = list->rule[i];
    memcpy(list->rule, sorted, n * sizeof *sorted);
}

static void keep_rules(struct assay_bind *b, struct rule_list *list, enum assay_side_id id, struct assay_plan_column *c)
{
    if ((c->rule[id] = calloc(list->n + 1, sizeof *c->rule[id]))) {
        memcpy(c->rule[id], list->rule, list->n * sizeof *list->rule);
        c->n_rules[id] = list->n;
        return;
    }
    b->diag->nomem = true;
    for (size_t i = 0; i < list->n; i++)
        assay_rule_release(&list->rule[i]);
}

static void bind_list(struct assay_bind *b, const yaml_node_t *node, struct assay_plan_column *c,
                      struct rule_list *list)
{
    const yaml_node_item_t *item;
    size_t n = 0;
    if (!node || !assay_bind_list(b, node, "rules", &item, &n))
        return;
    for (size_t i = 0; i < n && i <= MAX_RULES; i++)
        bind_rule(b, yaml_document_get_node(b->doc, item[i]), c, list);
}

/* constant, if any, is the first rule. */
static void bind_rules(struct assay_bind *b, const yaml_node_t *node, const yaml_node_t *constant,
                       enum assay_side_id id, struct assay_plan_column *c)
{
    struct assay_rule rule[MAX_RULES + 1] = {0};
    struct rule_list list = {.rule = rule};
    if (constant)
        add_rule(b, constant, "constant", constant, c, &list);
    bind_list(b, node, c, &list);
    order_rules(&list);
    keep_rules(b, &list, id, c);
}

void assay_bind_profile_rules(struct assay_bind *b, const struct assay_profile *p, bool other, enum assay_side_id id,
                              struct assay_plan_column *c)
{
    struct assay_bind own = {.doc = (yaml_document_t *)(uintptr_t)&p->doc, .diag = b->diag, .base_dir = b->base_dir};
    struct assay_rule rule[MAX_RULES + 1] = {0};
    struct rule_list list = {.rule = rule};
    if (c->rule[id] || c->type == ASSAY_L_NONE)
        return;
    bind_list(&own, p->rules[other][ASSAY_L_NONE], c, &list);
    bind_list(&own, p->rules[other][c->type], c, &list);
    order_rules(&list);
    if (list.n)
        keep_rules(b, &list, id, c);
}

static void bind_column_side(struct assay_bind *b, const yaml_node_t *node, enum assay_side_id id,
                             struct assay_plan_column *c, bool lacking[2])
{
    struct raw_column_side raw = {0};
    char what[100];
    snprintf(what, sizeof what, "%s of column \"%.60s\"", assay_side_name(id), c->name);
    if (!assay_bind_map(b, node, what, column_side_fields, sizeof column_side_fields / sizeof column_side_fields[0],
                        &raw))
        return;
    if (raw.name)
        assay_bind_name(b, raw.name, "name", &c->native[id]);
    if (raw.name && raw.constant)
        assay_diag_add(
            b->diag, &raw.constant->start_mark,
            "constant: a column that the %s lacks has no name there; write the rule constant for members that "
            "are absent in some rows",
            assay_side_name(id));
    if (raw.rules || raw.constant)
        bind_rules(b, raw.rules, raw.constant, id, c);
    if (raw.names)
        assay_bind_former_names(b, raw.names, id, c);
    lacking[id] = raw.constant != NULL;
}

static void bind_column(struct assay_bind *b, const struct assay_pair *p, struct assay_plan_column *c)
{
    struct raw_column raw = {0};
    bool lacking[2] = {false, false};
    char what[100];
    c->line = (int)p->at->start_mark.line + 1;
    if (!assay_bind_name(b, p->at, "column name", &c->name))
        return;
    if (p->value->type == YAML_SCALAR_NODE) {
        assay_bind_type(b, p->value, c);
    } else {
        snprintf(what, sizeof what, "column \"%.60s\"", c->name);
        assay_bind_map(b, p->value, what, column_fields, sizeof column_fields / sizeof column_fields[0], &raw);
        if (raw.type)
            assay_bind_type(b, raw.type, c);
        if (raw.since)
            assay_bind_literal(b, raw.since, "since", &c->since);
        for (int s = ASSAY_SOURCE; s <= ASSAY_ARCHIVE; s++)
            if (raw.side[s])
                bind_column_side(b, raw.side[s], (enum assay_side_id)s, c, lacking);
    }
    for (int s = ASSAY_SOURCE; s <= ASSAY_ARCHIVE; s++)
        if (!c->native[s] && !lacking[s] && !(c->native[s] = strdup(c->name)))
            b->diag->nomem = true;
}

static int by_name(const void *a, const void *b)
{
    const struct assay_plan_column *x = a, *y = b;
    return strcmp(x->name, y->name);
}

static const char *native_of(const struct assay_plan_column *c, int side)
{
    return c->native[side] ? c->native[side] : ""; /* no column has this name */
}

static int by_source(const void *a, const void *b)
{
    const struct assay_plan_column *const *x = a, *const *y = b;
    int c = strcmp(native_of(*x, ASSAY_SOURCE), native_of(*y, ASSAY_SOURCE));
    return c ? c : (*x)->line - (*y)->line;
}

static int by_archive(const void *a, const void *b)
{
    const struct assay_plan_column *const *x = a, *const *y = b;
    int c = strcmp(native_of(*x, ASSAY_ARCHIVE), native_of(*y, ASSAY_ARCHIVE));
    return c ? c : (*x)->line - (*y)->line;
}

/* One native column read under two names would be hashed twice and another one perhaps not at all. */
static void check_natives(struct assay_bind *b, const struct assay_pair *pair, const struct assay_dataset *d)
{
    static int (*const order[])(const void *, const void *) = {by_source, by_archive};
    const struct assay_plan_column **ref = calloc(d->n_cols + 1, sizeof *ref);
    if (!ref) {
        b->diag->nomem = true;
        return;
    }
    for (int s = ASSAY_SOURCE; s <= ASSAY_ARCHIVE; s++) {
        for (size_t i = 0; i < d->n_cols; i++)
            ref[i] = &d->col[i];
        qsort(ref, d->n_cols, sizeof *ref, order[s]);
        if (!ref[d->n_cols - 1]->native[s])
            assay_diag_add(b->diag, NULL, "columns: every column of the %s is constant: nothing would be read",
                           assay_side_name((enum assay_side_id)s));
        for (size_t i = 1; i < d->n_cols; i++) {
            if (!ref[i]->native[s] || strcmp(native_of(ref[i - 1], s), ref[i]->native[s]) != 0)
                continue;
            assay_diag_add(b->diag, &pair[ref[i] - d->col].at->start_mark,
                           "columns \"%.60s\" and \"%.60s\" both read \"%.60s\" of the %s", ref[i - 1]->name,
                           ref[i]->name, ref[i]->native[s], assay_side_name((enum assay_side_id)s));
        }
    }
    free(ref);
}

void assay_bind_columns(struct assay_bind *b, const yaml_node_t *node, struct assay_dataset *d)
{
    struct assay_pair *pair;
    size_t n;
    bool whole = true;
    if (!assay_bind_pairs(b, node, "columns", &pair, &n))
        return;
    if (n == 0 || n > ASSAY_MAX_COLUMNS) {
        assay_diag_add(b->diag, &node->start_mark, "columns: %zu columns; expected 1 to %d", n, ASSAY_MAX_COLUMNS);
        free(pair);
        return;
    }
    if (!(d->col = calloc(n, sizeof *d->col))) {
        b->diag->nomem = true;
        free(pair);
        return;
    }
    d->n_cols = n;
    for (size_t i = 0; i < n; i++) {
        bind_column(b, &pair[i], &d->col[i]);
        whole = whole && d->col[i].name;
    }
    if (whole) {
        check_natives(b, pair, d); /* before sorting: col and pair still go side by side */
        qsort(d->col, n, sizeof *d->col, by_name);
    }
    free(pair);
}

struct assay_plan_column *assay_bind_find_column(const struct assay_dataset *d, const char *name)
{
    for (size_t i = 0; i < d->n_cols; i++)
        if (d->col[i].name && strcmp(d->col[i].name, name) == 0)
            return &d->col[i];
    return NULL;
}

const char *assay_bind_column_hint(const struct assay_bind *b, const struct assay_dataset *d, const char *name,
                                   char out[80])
{
    const char *names[ASSAY_MAX_COLUMNS];
    size_t n = 0;
    for (size_t i = 0; i < d->n_cols; i++)
        if (d->col[i].name)
            names[n++] = d->col[i].name;
    return assay_bind_hint(b, name, names, n, out);
}

void assay_plan_column_release(struct assay_plan_column *c)
{
    for (int s = ASSAY_SOURCE; s <= ASSAY_ARCHIVE; s++) {
        for (size_t i = 0; i < c->n_rules[s]; i++)
            assay_rule_release(&c->rule[s][i]);
        free(c->rule[s]);
        free(c->native[s]);
    }
    assay_shape_free(c->shape);
    for (size_t i = 0; i < c->n_former; i++) {
        free(c->former[i].until);
        free(c->former[i].name);
    }
    free(c->former);
    free(c->since);
    free(c->name);
}
