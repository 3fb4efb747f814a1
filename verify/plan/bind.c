#include "bind.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/cli.h"
#include "assay/limits.h"

#define MAX_FIELDS 32 /* keys of one table */

static const char *found(const yaml_node_t *node)
{
    if (assay_node_is_null(node))
        return "nothing";
    switch (node->type) {
    case YAML_MAPPING_NODE:
        return "a mapping";
    case YAML_SEQUENCE_NODE:
        return "a list";
    default:
        return "text";
    }
}

bool assay_node_is_null(const yaml_node_t *node)
{
    static const char *const spelling[] = {"", "~", "null", "Null", "NULL"};
    if (node->type != YAML_SCALAR_NODE || node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
        return false;
    for (size_t i = 0; i < sizeof spelling / sizeof spelling[0]; i++)
        if (strcmp((const char *)node->data.scalar.value, spelling[i]) == 0)
            return true;
    return false;
}

bool assay_has_control(const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        if (*p < 0x20 || *p == 0x7f)
            return true;
        if (*p == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0) /* U+0080..U+009F */
            return true;
    }
    return false;
}

const char *assay_bind_hint(const struct assay_bind *b, const char *word, const char *const *names, size_t n,
                            char out[80])
{
    bool ask = b->diag->n < ASSAY_PLAN_MAX_ERRORS && strlen(word) < 40;
    const char *near = ask ? assay_nearest(word, names, n) : NULL;
    out[0] = '\0';
    if (near)
        snprintf(out, 80, "; did you mean \"%.50s\"?", near);
    return out;
}

static int by_key(const void *a, const void *b)
{
    const struct assay_pair *const *x = a, *const *y = b;
    int c = strcmp((*x)->key, (*y)->key);
    return c ? c : (*x > *y) - (*x < *y);
}

/* Doubles by sorting: a hostile file may hold hundreds of thousands of keys. */
static bool report_doubles(struct assay_bind *b, const struct assay_pair *pair, size_t n, const char *what)
{
    const struct assay_pair **sorted = malloc((n ? n : 1) * sizeof *sorted);
    bool ok = true;
    if (!sorted) {
        b->diag->nomem = true;
        return false;
    }
    for (size_t i = 0; i < n; i++)
        sorted[i] = &pair[i];
    qsort(sorted, n, sizeof *sorted, by_key);
    for (size_t i = 1; i < n; i++) {
        if (strcmp(sorted[i - 1]->key, sorted[i]->key) != 0)
            continue;
        assay_diag_add(b->diag, &sorted[i]->at->start_mark, "key \"%.60s\" twice in %s; the other is in line %zu",
                       sorted[i]->key, what, sorted[i - 1]->at->start_mark.line + 1);
        ok = false;
    }
    free(sorted);
    return ok;
}

static bool pair_key(struct assay_bind *b, const yaml_node_t *key, const char *what)
{
    if (key->type != YAML_SCALAR_NODE) {
        assay_diag_add(b->diag, &key->start_mark, "a key of %s is %s; expected text", what, found(key));
        return false;
    }
    if (memchr(key->data.scalar.value, 0, key->data.scalar.length)) {
        assay_diag_add(b->diag, &key->start_mark, "a key of %s holds a NUL character", what);
        return false;
    }
    return true;
}

bool assay_bind_pairs(struct assay_bind *b, const yaml_node_t *map, const char *what, struct assay_pair **out,
                      size_t *n)
{
    *out = NULL;
    *n = 0;
    if (map->type != YAML_MAPPING_NODE) {
        assay_diag_add(b->diag, &map->start_mark, "%s: expected a mapping, found %s", what, found(map));
        return false;
    }
    const yaml_node_pair_t *p = map->data.mapping.pairs.start, *end = map->data.mapping.pairs.top;
    struct assay_pair *pair = calloc((size_t)(end - p) + 1, sizeof *pair);
    if (!pair) {
        b->diag->nomem = true;
        return false;
    }
    size_t have = 0;
    bool ok = true;
    for (; p < end; p++) {
        const yaml_node_t *key = yaml_document_get_node(b->doc, p->key);
        if (!pair_key(b, key, what)) {
            ok = false;
            continue;
        }
        pair[have].key = (const char *)key->data.scalar.value;
        pair[have].at = key;
        pair[have++].value = yaml_document_get_node(b->doc, p->value);
    }
    ok = report_doubles(b, pair, have, what) && ok;
    if (!ok) {
        free(pair);
        return false;
    }
    *out = pair;
    *n = have;
    return true;
}

static bool scalar(struct assay_bind *b, const yaml_node_t *node, const char *key)
{
    if (node->type != YAML_SCALAR_NODE || assay_node_is_null(node)) {
        assay_diag_add(b->diag, &node->start_mark, "%s: expected text, found %s", key, found(node));
        return false;
    }
    if (memchr(node->data.scalar.value, 0, node->data.scalar.length)) {
        assay_diag_add(b->diag, &node->start_mark, "%s: holds a NUL character", key);
        return false;
    }
    return true;
}

static bool keep(struct assay_bind *b, const char *text, char **out)
{
    char *copy = strdup(text);
    if (!copy)
        b->diag->nomem = true;
    else {
        free(*out);
        *out = copy;
    }
    return copy != NULL;
}

bool assay_bind_text(struct assay_bind *b, const yaml_node_t *node, const char *key, char **out)
{
    struct assay_buf text = {.max = ASSAY_MAX_PLAN_BYTES};
    struct assay_err why = {0};
    bool ok = false;
    if (!scalar(b, node, key))
        return false;
    enum assay_status s =
        assay_interpolate((const char *)node->data.scalar.value, node->data.scalar.length, b->base_dir, &text, &why);
    if (s == ASSAY_ENOMEM)
        b->diag->nomem = true;
    else if (s != ASSAY_OK)
        assay_diag_add(b->diag, &node->start_mark, "%s: %s", key, why.msg);
    else if (!assay_buf_str(&text))
        b->diag->nomem = true;
    else
        ok = keep(b, (const char *)text.ptr, out);
    assay_buf_release(&text);
    return ok;
}

bool assay_bind_literal(struct assay_bind *b, const yaml_node_t *node, const char *key, char **out)
{
    if (!scalar(b, node, key))
        return false;
    const char *text = (const char *)node->data.scalar.value;
    if (strstr(text, "${env:") || strstr(text, "${file:")) {
        assay_diag_add(b->diag, &node->start_mark,
                       "%s: ${...} is not allowed here: this text is copied into the ledger as it stands", key);
        return false;
    }
    return keep(b, text, out);
}

bool assay_bind_unexpanded(struct assay_bind *b, const yaml_node_t *node, const char *key, char **out)
{
    return scalar(b, node, key) && keep(b, (const char *)node->data.scalar.value, out);
}

static bool name_is_fine(struct assay_bind *b, const yaml_node_t *node, const char *key, const char *text, size_t max)
{
    if (!*text)
        assay_diag_add(b->diag, &node->start_mark, "%s: is empty", key);
    else if (strlen(text) > max)
        assay_diag_add(b->diag, &node->start_mark, "%s: %zu bytes long; the limit is %zu", key, strlen(text), max);
    else if (assay_has_control(text))
        assay_diag_add(b->diag, &node->start_mark, "%s: holds a control character", key);
    else
        return true;
    return false;
}

bool assay_bind_name(struct assay_bind *b, const yaml_node_t *node, const char *key, char **out)
{
    return assay_bind_literal(b, node, key, out) && name_is_fine(b, node, key, *out, ASSAY_MAX_NAME);
}

bool assay_bind_list(struct assay_bind *b, const yaml_node_t *node, const char *key, const yaml_node_item_t **items,
                     size_t *n)
{
    if (node->type != YAML_SEQUENCE_NODE) {
        assay_diag_add(b->diag, &node->start_mark, "%s: expected a list, found %s", key, found(node));
        return false;
    }
    *items = node->data.sequence.items.start;
    *n = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
    return true;
}

/* Plain decimal digits with an optional minus and no leading zero: 010, 1_000, 0x10 and 1e3 are nobody's clear intent.
 */
static bool parse_int(const char *s, int64_t *out)
{
    const char *p = s + (*s == '-');
    size_t digits = strspn(p, "0123456789");
    if (digits == 0 || digits > 18 || p[digits] || (digits > 1 && *p == '0'))
        return false;
    *out = strtoll(s, NULL, 10);
    return true;
}

static void bind_int(struct assay_bind *b, const yaml_node_t *node, const struct assay_field *f, int64_t *out)
{
    char *text = NULL;
    int64_t v;
    if (!assay_bind_text(b, node, f->key, &text))
        return;
    if (node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE || !parse_int(text, &v))
        assay_diag_add(b->diag, &node->start_mark, "%s: expected an integer in plain decimal digits", f->key);
    else if (v < f->min || v > f->max)
        assay_diag_add(b->diag, &node->start_mark, "%s: expected %lld to %lld, found %lld", f->key, (long long)f->min,
                       (long long)f->max, (long long)v);
    else
        *out = v;
    free(text);
}

static void bind_bool(struct assay_bind *b, const yaml_node_t *node, const struct assay_field *f, bool *out)
{
    const char *text = node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : "";
    bool plain = node->type == YAML_SCALAR_NODE && node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    if (plain && strcmp(text, "true") == 0)
        *out = true;
    else if (plain && strcmp(text, "false") == 0)
        *out = false;
    else
        assay_diag_add(b->diag, &node->start_mark, "%s: expected true or false, found %s", f->key,
                       plain && strlen(text) && strlen(text) < 6 ? text : found(node));
}

static void bind_field(struct assay_bind *b, const yaml_node_t *node, const struct assay_field *f, void *target)
{
    char *at = (char *)target + f->offset;
    switch (f->type) {
    case ASSAY_F_TEXT:
    case ASSAY_F_NAME: {
        char *text = NULL;
        if (!assay_bind_text(b, node, f->key, &text))
            return;
        if (name_is_fine(b, node, f->key, text, f->type == ASSAY_F_NAME ? ASSAY_MAX_NAME : ASSAY_MAX_PATH)) {
            free(*(char **)(void *)at);
            *(char **)(void *)at = text;
        } else
            free(text);
        return;
    }
    case ASSAY_F_INT:
        bind_int(b, node, f, (int64_t *)(void *)at);
        return;
    case ASSAY_F_BOOL:
        bind_bool(b, node, f, (bool *)(void *)at);
        return;
    case ASSAY_F_NODE:
        *(const yaml_node_t **)(void *)at = node;
        return;
    }
}

bool assay_bind_map(struct assay_bind *b, const yaml_node_t *map, const char *what, const struct assay_field *fields,
                    size_t n, void *target)
{
    struct assay_pair *pair;
    size_t pairs;
    const char *names[MAX_FIELDS];
    bool seen[MAX_FIELDS] = {false};
    char hint[80];
    if (n > MAX_FIELDS || !assay_bind_pairs(b, map, what, &pair, &pairs))
        return false;
    for (size_t f = 0; f < n; f++)
        names[f] = fields[f].key;
    for (size_t i = 0; i < pairs; i++) {
        bool known = false;
        for (size_t f = 0; f < n; f++) {
            if (strcmp(fields[f].key, pair[i].key) != 0)
                continue;
            known = seen[f] = true;
            bind_field(b, pair[i].value, &fields[f], target);
        }
        if (!known)
            assay_diag_add(b->diag, &pair[i].at->start_mark, "unknown key \"%.60s\" in %s%s", pair[i].key, what,
                           assay_bind_hint(b, pair[i].key, names, n, hint));
    }
    for (size_t f = 0; f < n; f++)
        if (fields[f].required && !seen[f])
            assay_diag_add(b->diag, &map->start_mark, "missing key \"%s\" in %s", fields[f].key, what);
    free(pair);
    return true;
}
