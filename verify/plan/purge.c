/* The section purge: what may be deleted at the sources, under which conditions, with which credentials. It decides
 * nothing about what is hashed, so that statements stay valid when it changes; a permit says under which it was given.
 */
#include <stdlib.h>
#include <string.h>

#include "assay/limits.h"
#include "dataset.h"

#define DEFAULT_MAX_AGE (24 * 3600)

struct raw_purge {
    char *max_age, *policy, *read;
    const yaml_node_t *at_max_age, *at_read, *source;
};

#define AT(member) offsetof(struct raw_purge, member)
static const struct assay_field purge_fields[] = {
    {"max_age", ASSAY_F_NAME, false, AT(max_age), 0, 0}, {"max_age", ASSAY_F_NODE, false, AT(at_max_age), 0, 0},
    {"policy", ASSAY_F_TEXT, false, AT(policy), 0, 0},   {"read", ASSAY_F_NAME, false, AT(read), 0, 0},
    {"read", ASSAY_F_NODE, false, AT(at_read), 0, 0},    {"source", ASSAY_F_NODE, false, AT(source), 0, 0},
};
#undef AT

void assay_purge_plan_release(struct assay_purge_plan *x)
{
    for (size_t i = 0; i < x->n_of; i++) {
        free(x->of[i].dataset);
        free(x->of[i].uri);
    }
    free(x->of);
    free(x->policy);
    free(x->source);
}

/* One locator for all, or one a dataset. */
static void bind_sources(struct assay_bind *b, const yaml_node_t *node, struct assay_plan *p)
{
    struct assay_pair *pair;
    size_t n;
    if (node->type != YAML_MAPPING_NODE) {
        (void)assay_bind_unexpanded(b, node, "purge: source", &p->purge.source);
        return;
    }
    if (!assay_bind_pairs(b, node, "purge: source", &pair, &n))
        return;
    if (!(p->purge.of = calloc(n + 1, sizeof *p->purge.of)))
        b->diag->nomem = true;
    for (size_t i = 0; p->purge.of && i < n; i++) {
        struct assay_purge_source *x = &p->purge.of[p->purge.n_of++];
        if (assay_bind_unexpanded(b, pair[i].value, "purge: source", &x->uri) && !(x->dataset = strdup(pair[i].key)))
            b->diag->nomem = true;
        if (!assay_plan_find(p, pair[i].key))
            assay_diag_add(b->diag, &pair[i].at->start_mark, "purge: source: there is no dataset \"%.60s\"",
                           pair[i].key);
    }
    free(pair);
}

void assay_bind_purge(struct assay_bind *b, const yaml_node_t *node, struct assay_plan *p)
{
    struct raw_purge raw = {0};
    if (!assay_bind_map(b, node, "purge", purge_fields, sizeof purge_fields / sizeof purge_fields[0], &raw))
        return;
    p->purge.given = true;
    p->purge.max_age = DEFAULT_MAX_AGE;
    if (raw.max_age && !assay_bind_span(raw.max_age, false, &p->purge.max_age))
        assay_diag_add(b->diag, &raw.at_max_age->start_mark,
                       "max_age: expected a number and s, m, h, d or w, such as 24h, found \"%.40s\"", raw.max_age);
    p->purge.read_any = raw.read && strcmp(raw.read, "any") == 0;
    if (raw.read && !p->purge.read_any && strcmp(raw.read, "medium") != 0)
        assay_diag_add(b->diag, &raw.at_read->start_mark, "read: expected medium or any, found \"%.40s\"", raw.read);
    if (raw.source)
        bind_sources(b, raw.source, p);
    p->purge.policy = raw.policy;
    free(raw.max_age);
    free(raw.read);
}

enum assay_status assay_plan_purge_locator(const struct assay_plan *p, const struct assay_dataset *d,
                                           struct assay_locator *out, char **uri, struct assay_err *e)
{
    const char *given = p->purge.source;
    struct assay_buf text = {.max = 2 * ASSAY_MAX_PATH};
    *uri = NULL;
    for (size_t i = 0; i < p->purge.n_of; i++)
        if (strcmp(p->purge.of[i].dataset, d->name) == 0)
            given = p->purge.of[i].uri;
    if (!given || !*given)
        return assay_fail(e, ASSAY_EPLAN,
                          "%s: dataset %s: the plan does not say with which credentials rows may be deleted (purge: "
                          "source)",
                          p->path, d->name);
    enum assay_status s = assay_interpolate(given, strlen(given), p->base_dir, &text, e);
    if (s == ASSAY_OK && !assay_buf_str(&text))
        s = assay_fail_nomem(e);
    if (s == ASSAY_OK && (text.len == 0 || memchr(text.ptr, 0, text.len)))
        s = assay_fail(e, ASSAY_EPLAN, "%s: purge: source of dataset %s is empty, or holds a NUL", p->path, d->name);
    if (s != ASSAY_OK) {
        assay_buf_release(&text);
        return s;
    }
    *uri = (char *)text.ptr;
    *out = assay_plan_locator(p, d, ASSAY_SOURCE);
    out->uri = *uri;
    out->snapshot = NULL;
    return ASSAY_OK;
}
