#include "assay/plan.h"

#include <stdlib.h>
#include <string.h>

#include "assay/ledger.h"
#include "assay/limits.h"
#include "assay/publish.h"
#include "dataset.h"

#define PLAN_FORMAT 1

struct raw_plan {
    int64_t format;
    char *origin, *ledger, *keys, *keyring;
    char *coverage, *digest;
    int64_t sketch;
    const yaml_node_t *at_origin, *at_coverage, *at_digest, *ignore, *datasets, *purge;
};

#define AT(member) offsetof(struct raw_plan, member)
static const struct assay_field plan_fields[] = {
    {"assay", ASSAY_F_INT, true, AT(format), PLAN_FORMAT, PLAN_FORMAT},
    {"origin", ASSAY_F_NAME, true, AT(origin), 0, 0},
    {"origin", ASSAY_F_NODE, false, AT(at_origin), 0, 0},
    {"ledger", ASSAY_F_TEXT, false, AT(ledger), 0, 0},
    {"keys", ASSAY_F_TEXT, false, AT(keys), 0, 0},
    {"keyring", ASSAY_F_TEXT, false, AT(keyring), 0, 0},
    {"digest", ASSAY_F_NAME, false, AT(digest), 0, 0},
    {"digest", ASSAY_F_NODE, false, AT(at_digest), 0, 0},
    {"sketch", ASSAY_F_INT, false, AT(sketch), 0, ASSAY_MAX_SKETCH_CAPACITY},
    {"coverage", ASSAY_F_NAME, false, AT(coverage), 0, 0},
    {"coverage", ASSAY_F_NODE, false, AT(at_coverage), 0, 0},
    {"ignore", ASSAY_F_NODE, false, AT(ignore), 0, 0},
    {"purge", ASSAY_F_NODE, false, AT(purge), 0, 0},
    {"datasets", ASSAY_F_NODE, true, AT(datasets), 0, 0},
};
#undef AT

const char *assay_side_name(enum assay_side_id s)
{
    return s == ASSAY_SOURCE ? "source" : "archive";
}

static int by_id(const void *a, const void *b)
{
    const struct assay_dataset *const *x = a, *const *y = b;
    int c = strcmp((*x)->id, (*y)->id);
    return c ? c : (*x)->line - (*y)->line;
}

/* Two datasets with one identity would answer for each other in the ledger. */
static void check_ids(struct assay_bind *b, const struct assay_pair *pair, const struct assay_plan *p)
{
    const struct assay_dataset **ref = calloc(p->n_sets + 1, sizeof *ref);
    size_t n = 0;
    if (!ref) {
        b->diag->nomem = true;
        return;
    }
    for (size_t i = 0; i < p->n_sets; i++)
        if (p->set[i].id)
            ref[n++] = &p->set[i];
    qsort(ref, n, sizeof *ref, by_id);
    for (size_t i = 1; i < n; i++) {
        if (strcmp(ref[i - 1]->id, ref[i]->id) != 0)
            continue;
        assay_diag_add(b->diag, &pair[ref[i] - p->set].at->start_mark,
                       "datasets \"%.60s\" and \"%.60s\" have the same id", ref[i - 1]->name, ref[i]->name);
    }
    free(ref);
}

static void bind_datasets(struct assay_bind *b, const yaml_node_t *node, struct assay_plan *p)
{
    struct assay_pair *pair;
    size_t n;
    if (!assay_bind_pairs(b, node, "datasets", &pair, &n))
        return;
    if (n == 0 || n > ASSAY_MAX_DATASETS)
        assay_diag_add(b->diag, &node->start_mark, "datasets: %zu datasets; expected 1 to %d", n, ASSAY_MAX_DATASETS);
    else if (!(p->set = calloc(n, sizeof *p->set)))
        b->diag->nomem = true;
    else
        p->n_sets = n;
    for (size_t i = 0; i < p->n_sets; i++) {
        struct assay_dataset *d = &p->set[i];
        d->line = (int)pair[i].at->start_mark.line + 1;
        if (assay_bind_name(b, pair[i].at, "dataset name", &d->name))
            assay_bind_dataset(b, pair[i].value, d);
    }
    check_ids(b, pair, p);
    for (size_t i = 0; i < p->n_sets; i++)
        assay_bind_check_references(b, pair[i].value, p, &p->set[i]);
    free(pair);
}

/* The origin is a key name of a C2SP signed note: no white space, no '+'. */
static void check_origin(struct assay_bind *b, const struct raw_plan *raw)
{
    if (raw->origin && strpbrk(raw->origin, " +"))
        assay_diag_add(b->diag, &raw->at_origin->start_mark, "origin: must not hold spaces or +");
}

static void check_coverage(struct assay_bind *b, const struct raw_plan *raw, struct assay_plan *p)
{
    p->full_coverage = raw->coverage && strcmp(raw->coverage, "full") == 0;
    if (raw->coverage && !p->full_coverage)
        assay_diag_add(b->diag, &raw->at_coverage->start_mark,
                       "coverage: expected full (or no such key), found \"%.40s\"", raw->coverage);
}

/* Copied into reports as they stand: no values from outside. */
static void bind_ignore(struct assay_bind *b, const yaml_node_t *node, struct assay_plan *p)
{
    const yaml_node_item_t *item;
    size_t n;
    if (!assay_bind_list(b, node, "ignore", &item, &n))
        return;
    if (n > ASSAY_MAX_IGNORED) {
        assay_diag_add(b->diag, &node->start_mark, "ignore: %zu patterns; the limit is %d", n, ASSAY_MAX_IGNORED);
        return;
    }
    if (!(p->ignore = calloc(n + 1, sizeof *p->ignore))) {
        b->diag->nomem = true;
        return;
    }
    for (size_t i = 0; i < n; i++) { /* a refused one is kept, too, to be freed with the plan */
        char **name = &p->ignore[p->n_ignore];
        (void)assay_bind_name(b, yaml_document_get_node(b->doc, item[i]), "ignore", name);
        p->n_ignore += *name != NULL;
    }
}

/* Beside the plan unless absolute. A plan in another directory gets absolute paths, which stay right however often they
 * are joined to base_dir again. */
static bool place(const char *base_dir, const char *given, const char *fallback, char **out)
{
    struct assay_buf path = {.max = 2 * ASSAY_MAX_PATH};
    char *dir = strcmp(base_dir, ".") == 0 ? strdup("") : realpath(base_dir, NULL);
    if (dir && assay_path_join(dir, given ? given : fallback, &path) == ASSAY_OK)
        *out = strdup((const char *)path.ptr);
    free(dir);
    assay_buf_release(&path);
    return *out != NULL;
}

static void bind_plan(struct assay_bind *b, const yaml_node_t *root, struct assay_plan *p)
{
    struct raw_plan raw = {.sketch = ASSAY_DEFAULT_SKETCH};
    bool is_map = assay_bind_map(b, root, "the plan", plan_fields, sizeof plan_fields / sizeof plan_fields[0], &raw);
    b->sealed = assay_bind_digest(b, raw.at_digest, raw.digest, false);
    b->sketch = raw.sketch;
    if (is_map && raw.datasets)
        bind_datasets(b, raw.datasets, p);
    check_origin(b, &raw);
    check_coverage(b, &raw, p);
    if (raw.ignore)
        bind_ignore(b, raw.ignore, p);
    if (raw.purge)
        assay_bind_purge(b, raw.purge, p);
    bool remote = raw.ledger && assay_ledger_is_remote(raw.ledger);
    if (!(remote ? (p->ledger = strdup(raw.ledger)) != NULL
                 : place(p->base_dir, raw.ledger, "ledger.db", &p->ledger)) ||
        !place(p->base_dir, raw.keys, "keys", &p->keys) || !place(p->base_dir, raw.keyring, "keyring", &p->keyring))
        b->diag->nomem = true;
    p->origin = raw.origin;
    free(raw.ledger);
    free(raw.keyring);
    free(raw.digest);
    free(raw.coverage);
    free(raw.keys);
}

static struct assay_plan *plan_new(const char *path)
{
    struct assay_plan *p = calloc(1, sizeof *p);
    const char *slash = strrchr(path, '/');
    if (!p)
        return NULL;
    p->path = strdup(path);
    p->base_dir = !slash ? strdup(".") : strndup(path, slash == path ? 1 : (size_t)(slash - path));
    if (p->path && p->base_dir)
        return p;
    assay_plan_free(p);
    return NULL;
}

enum assay_status assay_plan_load(const char *path, struct assay_plan **out, struct assay_buf *errors,
                                  struct assay_err *e)
{
    struct assay_buf bytes = {.max = 2 * ASSAY_MAX_PLAN_BYTES};
    struct assay_diag diag = {.path = path};
    struct assay_err why = {0};
    yaml_document_t doc;
    *out = NULL;
    struct assay_plan *p = plan_new(path);
    if (!p)
        return assay_fail_nomem(e);
    enum assay_status s = assay_slurp(path, ASSAY_MAX_PLAN_BYTES, &bytes, &why);
    if (s != ASSAY_OK) {
        if (errors)
            assay_buf_addf(errors, "%s\n", why.msg);
        s = assay_fail(e, s == ASSAY_ENOMEM ? s : ASSAY_EPLAN, "%s", why.msg); /* nothing ran: exit 2 */
        goto done;
    }
    if (assay_yaml_parse(&bytes, &doc, &diag)) {
        struct assay_bind b = {.doc = &doc, .diag = &diag, .base_dir = p->base_dir};
        bind_plan(&b, yaml_document_get_root_node(&doc), p);
        yaml_document_delete(&doc);
    }
    s = assay_diag_flush(&diag, errors, e);
done:
    assay_diag_release(&diag);
    assay_buf_release(&bytes);
    if (s == ASSAY_OK)
        *out = p;
    else
        assay_plan_free(p);
    return s;
}

void assay_plan_free(struct assay_plan *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->n_sets; i++)
        assay_dataset_release(&p->set[i]);
    for (size_t i = 0; i < p->n_ignore; i++)
        free(p->ignore[i]);
    free(p->ignore);
    assay_purge_plan_release(&p->purge);
    free(p->set);
    free(p->path);
    free(p->base_dir);
    free(p->ledger);
    free(p->keys);
    free(p->keyring);
    free(p->origin);
    free(p);
}

size_t assay_dataset_natives(const struct assay_dataset *d, enum assay_side_id side, const char **out,
                             enum assay_logical *type)
{
    size_t n = 0;
    for (size_t i = 0; i < d->n_cols; i++) {
        if (!d->col[i].native[side])
            continue;
        type[n] = d->col[i].type;
        out[n++] = d->col[i].native[side];
    }
    return n;
}

const struct assay_dataset *assay_plan_find(const struct assay_plan *p, const char *name)
{
    for (size_t i = 0; i < p->n_sets; i++)
        if (strcmp(p->set[i].name, name) == 0)
            return &p->set[i];
    return NULL;
}

struct assay_locator assay_plan_locator(const struct assay_plan *p, const struct assay_dataset *d, enum assay_side_id s)
{
    const struct assay_side *side = &d->side[s];
    return (struct assay_locator){
        .uri = side->uri,
        .table = side->table,
        .format = side->format,
        .base_dir = p->base_dir,
        .csv = side->csv,
        .snapshot = side->snapshot,
        .timeout_s = side->timeout_s,
    };
}
