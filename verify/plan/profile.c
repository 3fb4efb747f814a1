#include "profile.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "assay/init.h"
#include "assay/limits.h"
#include "assay/publish.h"
#include "assay/share.h"
#include "dataset.h"

#define MAX_PROFILE 65536 /* bytes of one file */
#define SUFFIX ".yaml"

struct raw_profile {
    char *profile, *title, *format;
    const yaml_node_t *at, *marks, *csv, *rules, *other, *own, *quirks;
};
#define AT(member) offsetof(struct raw_profile, member)
static const struct assay_field profile_fields[] = {
    {"profile", ASSAY_F_NAME, true, AT(profile), 0, 0},  {"profile", ASSAY_F_NODE, false, AT(at), 0, 0},
    {"title", ASSAY_F_NAME, true, AT(title), 0, 0},      {"format", ASSAY_F_NAME, true, AT(format), 0, 0},
    {"marks", ASSAY_F_NODE, false, AT(marks), 0, 0},     {"csv", ASSAY_F_NODE, false, AT(csv), 0, 0},
    {"rules", ASSAY_F_NODE, false, AT(rules), 0, 0},     {"other_side", ASSAY_F_NODE, false, AT(other), 0, 0},
    {"own_columns", ASSAY_F_NODE, false, AT(own), 0, 0}, {"quirks", ASSAY_F_NODE, true, AT(quirks), 0, 0},
};
#undef AT

struct raw_mark {
    char *created_by, *files, *beside, *pattern, *line_end, *quoting, *empties;
    bool copy;
    const yaml_node_t *metadata, *columns, *words;
};
#define AT(member) offsetof(struct raw_mark, member)
static const struct assay_field mark_fields[] = {
    {"created_by", ASSAY_F_NAME, false, AT(created_by), 0, 0}, {"files", ASSAY_F_NAME, false, AT(files), 0, 0},
    {"beside", ASSAY_F_NAME, false, AT(beside), 0, 0},         {"pattern", ASSAY_F_NAME, false, AT(pattern), 0, 0},
    {"line_end", ASSAY_F_NAME, false, AT(line_end), 0, 0},     {"quoting", ASSAY_F_NAME, false, AT(quoting), 0, 0},
    {"empties", ASSAY_F_NAME, false, AT(empties), 0, 0},       {"copy", ASSAY_F_BOOL, false, AT(copy), 0, 0},
    {"metadata", ASSAY_F_NODE, false, AT(metadata), 0, 0},     {"columns", ASSAY_F_NODE, false, AT(columns), 0, 0},
    {"words", ASSAY_F_NODE, false, AT(words), 0, 0},
};
#undef AT

static const struct assay_field quirk_fields[] = {
    {"says", ASSAY_F_TEXT, true, offsetof(struct assay_profile_quirk, says), 0, 0},
    {"see", ASSAY_F_TEXT, true, offsetof(struct assay_profile_quirk, see), 0, 0},
};

#define COUNT(x) (sizeof(x) / sizeof(x)[0])

/* ---- binding ---- */

/* Items of a list with at least one entry and at most ASSAY_PROFILE_LISTS. */
static bool items_of(struct assay_bind *b, const yaml_node_t *node, const char *key, const yaml_node_item_t **item,
                     size_t *n)
{
    if (!assay_bind_list(b, node, key, item, n))
        return false;
    if (*n >= 1 && *n <= ASSAY_PROFILE_LISTS)
        return true;
    assay_diag_add(b->diag, &node->start_mark, "%s: %zu entries; expected 1 to %d", key, *n, ASSAY_PROFILE_LISTS);
    return false;
}

static void bind_names(struct assay_bind *b, const yaml_node_t *node, const char *key, struct assay_profile_list *out)
{
    const yaml_node_item_t *item;
    size_t n;
    if (!node || !items_of(b, node, key, &item, &n))
        return;
    for (size_t i = 0; i < n; i++)
        out->n += assay_bind_literal(b, yaml_document_get_node(b->doc, item[i]), key, &out->v[out->n]);
}

static void one_of(struct assay_bind *b, const yaml_node_t *at, const char *key, const char *value,
                   const char *const *words)
{
    while (value && *words && strcmp(value, *words) != 0)
        words++;
    if (value && !*words)
        assay_diag_add(b->diag, &at->start_mark, "%s: unknown word \"%.40s\"", key, value);
}

static void bind_mark(struct assay_bind *b, const yaml_node_t *node, struct assay_profile_mark *m)
{
    static const char *const ends[] = {"crlf", "lf", NULL}, *const quotings[] = {"all", "spaces", "needed", NULL},
                             *const empties[] = {"lost", NULL};
    struct raw_mark raw = {0};
    assay_bind_map(b, node, "a set of marks", mark_fields, COUNT(mark_fields), &raw);
    one_of(b, node, "line_end", raw.line_end, ends);
    one_of(b, node, "quoting", raw.quoting, quotings);
    one_of(b, node, "empties", raw.empties, empties);
    *m = (struct assay_profile_mark){.created_by = raw.created_by,
                                     .files = raw.files,
                                     .beside = raw.beside,
                                     .pattern = raw.pattern,
                                     .line_end = raw.line_end,
                                     .quoting = raw.quoting,
                                     .empties = raw.empties,
                                     .copy = raw.copy};
    bind_names(b, raw.metadata, "metadata", &m->metadata);
    bind_names(b, raw.columns, "columns", &m->columns);
    bind_names(b, raw.words, "words", &m->words);
}

static void bind_marks(struct assay_bind *b, const yaml_node_t *node, struct assay_profile *p)
{
    const yaml_node_item_t *item;
    size_t n;
    if (!node || !items_of(b, node, "marks", &item, &n))
        return;
    for (size_t i = 0; i < n; i++)
        bind_mark(b, yaml_document_get_node(b->doc, item[i]), &p->mark[p->n_marks++]);
}

static void bind_quirks(struct assay_bind *b, const yaml_node_t *node, struct assay_profile *p)
{
    const yaml_node_item_t *item;
    size_t n;
    if (!node || !items_of(b, node, "quirks", &item, &n))
        return;
    for (size_t i = 0; i < n; i++)
        assay_bind_map(b, yaml_document_get_node(b->doc, item[i]), "a quirk", quirk_fields, COUNT(quirk_fields),
                       &p->quirk[p->n_quirks++]);
}

/* Rules by type, or `all`; tried on a column of each type, so that a wrong one is seen now and not by its user. */
static void bind_rule_lists(struct assay_bind *b, const yaml_node_t *node, bool other, struct assay_profile *p)
{
    struct assay_pair *pair;
    size_t n;
    if (!node || !assay_bind_pairs(b, node, other ? "other_side" : "rules", &pair, &n))
        return;
    for (size_t i = 0; i < n; i++) {
        const enum assay_logical l = assay_type_by_name(pair[i].key);
        if (l == ASSAY_L_NONE && strcmp(pair[i].key, "all") != 0)
            assay_diag_add(b->diag, &pair[i].at->start_mark, "unknown type \"%.40s\"; expected a scalar type or all",
                           pair[i].key);
        else
            p->rules[other][l] = pair[i].value;
    }
    free(pair);
    for (int l = ASSAY_L_NONE + 1; l < ASSAY_L_LIST; l++) {
        struct assay_plan_column c = {.name = p->name, .type = (enum assay_logical)l};
        assay_bind_profile_rules(b, p, other, ASSAY_SOURCE, &c);
        c.name = NULL;
        assay_plan_column_release(&c);
    }
}

static void bind_profile(struct assay_bind *b, const char *name, struct assay_profile *p)
{
    struct raw_profile raw = {0};
    const yaml_node_t *root = yaml_document_get_root_node(b->doc);
    struct assay_csv_dialect csv = {0};
    assay_bind_map(b, root, "a profile", profile_fields, COUNT(profile_fields), &raw);
    p->name = raw.profile;
    p->title = raw.title;
    p->format = raw.format;
    if (p->name && name && strcmp(p->name, name) != 0)
        assay_diag_add(b->diag, &raw.at->start_mark, "profile: \"%.60s\" in a file named %.60s" SUFFIX, p->name, name);
    if (p->format && !assay_is_format(p->format))
        assay_diag_add(b->diag, &root->start_mark, "format: unknown format \"%.40s\"", p->format);
    if (!p->name || !p->format)
        return;
    p->csv = raw.csv;
    const bool text = strcmp(p->format, "csv") == 0 || strcmp(p->format, "copy") == 0;
    if (p->csv && !text)
        assay_diag_add(b->diag, &p->csv->start_mark, "csv: has no meaning for format %.40s", p->format);
    else if (p->csv)
        assay_bind_dialect(b, p->csv, p->format, &csv);
    free((char *)(uintptr_t)csv.null_text);
    bind_marks(b, raw.marks, p);
    bind_names(b, raw.own, "own_columns", &p->own);
    bind_quirks(b, raw.quirks, p);
    bind_rule_lists(b, raw.rules, false, p);
    bind_rule_lists(b, raw.other, true, p);
}

/* ---- files ---- */

static enum assay_status find_folder(struct assay_buf *out, struct assay_err *e)
{
    return assay_share_folder("profiles", "ASSAY_PROFILES", out, e);
}

static bool is_profile_name(const char *name)
{
    return *name && strlen(name) <= 64 && !name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")];
}

static enum assay_status find_file(const char *name, const char *base_dir, struct assay_buf *path, struct assay_err *e)
{
    if (strchr(name, '/'))
        return assay_path_join(base_dir, name, path) == ASSAY_OK ? ASSAY_OK : assay_fail_nomem(e);
    if (!is_profile_name(name))
        return assay_fail(e, ASSAY_EPLAN, "\"%.60s\" is not the name of a profile", name);
    enum assay_status s = find_folder(path, e);
    if (s == ASSAY_OK && (assay_buf_addf(path, "/%s" SUFFIX, name) != ASSAY_OK || !assay_buf_str(path)))
        s = assay_fail_nomem(e);
    if (s == ASSAY_OK && access((const char *)path->ptr, F_OK) != 0)
        s = assay_fail(e, ASSAY_EPLAN, "there is no profile \"%s\"; assay doctor --profiles lists them", name);
    return s;
}

enum assay_status assay_profile_load(const char *name, const char *base_dir, struct assay_profile **out,
                                     struct assay_err *e)
{
    struct assay_buf path = {.max = ASSAY_MAX_PATH}, bytes = {.max = 2 * MAX_PROFILE};
    struct assay_diag diag = {0};
    struct assay_err why = {0};
    struct assay_profile *p = calloc(1, sizeof *p);
    enum assay_status s = p ? find_file(name, base_dir, &path, e) : assay_fail_nomem(e);
    if (s == ASSAY_OK && assay_slurp((const char *)path.ptr, MAX_PROFILE, &bytes, &why) != ASSAY_OK)
        s = assay_fail(e, ASSAY_EPLAN, "%s", why.msg);
    if (s == ASSAY_OK) {
        diag.path = (const char *)path.ptr;
        p->has_doc = assay_yaml_parse(&bytes, &p->doc, &diag);
        struct assay_bind b = {.doc = &p->doc, .diag = &diag, .base_dir = base_dir};
        if (p->has_doc)
            bind_profile(&b, strchr(name, '/') ? NULL : name, p);
        s = assay_diag_flush(&diag, NULL, e);
    }
    assay_diag_release(&diag);
    assay_buf_release(&bytes);
    assay_buf_release(&path);
    if (s == ASSAY_OK)
        *out = p;
    else
        assay_profile_free(p);
    return s;
}

bool assay_profile_dialect(const struct assay_profile *p, struct assay_csv_dialect *out)
{
    struct assay_diag diag = {0};
    struct assay_bind b = {.doc = (yaml_document_t *)(uintptr_t)&p->doc, .diag = &diag, .base_dir = "."};
    assay_bind_dialect(&b, p->csv, p->format, out);
    assay_diag_release(&diag); /* it was bound before, when it was loaded */
    return !diag.nomem;
}

static void list_release(struct assay_profile_list *l)
{
    for (size_t i = 0; i < l->n; i++)
        free(l->v[i]);
}

static void mark_release(struct assay_profile_mark *m)
{
    free(m->created_by);
    free(m->files);
    free(m->beside);
    free(m->pattern);
    free(m->line_end);
    free(m->quoting);
    free(m->empties);
    list_release(&m->metadata);
    list_release(&m->columns);
    list_release(&m->words);
}

void assay_profile_free(struct assay_profile *p)
{
    if (!p)
        return;
    free(p->name);
    free(p->title);
    free(p->format);
    list_release(&p->own);
    for (size_t i = 0; i < p->n_marks; i++)
        mark_release(&p->mark[i]);
    for (size_t i = 0; i < p->n_quirks; i++) {
        free(p->quirk[i].says);
        free(p->quirk[i].see);
    }
    if (p->has_doc)
        yaml_document_delete(&p->doc);
    free(p);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int is_profile_file(const struct dirent *d)
{
    const size_t n = strlen(d->d_name), suffix = sizeof SUFFIX - 1;
    return n > suffix && d->d_name[0] != '.' && strcmp(d->d_name + n - suffix, SUFFIX) == 0;
}

enum assay_status assay_profile_names(char ***out, size_t *n, struct assay_err *e)
{
    struct assay_buf folder = {.max = ASSAY_MAX_PATH};
    struct dirent **found = NULL;
    enum assay_status s = find_folder(&folder, e);
    const int count = s == ASSAY_OK ? scandir((const char *)folder.ptr, &found, is_profile_file, NULL) : 0;
    char **names = s == ASSAY_OK && count >= 0 ? calloc((size_t)count + 1, sizeof *names) : NULL;
    if (s == ASSAY_OK && count < 0)
        s = assay_fail(e, ASSAY_EIO, "%s: cannot list", (const char *)folder.ptr);
    else if (s == ASSAY_OK && !names)
        s = assay_fail_nomem(e);
    for (int i = 0; i < count; i++) {
        if (s == ASSAY_OK && !(names[i] = strndup(found[i]->d_name, strlen(found[i]->d_name) - sizeof SUFFIX + 1)))
            s = assay_fail_nomem(e);
        free(found[i]);
    }
    free(found);
    assay_buf_release(&folder);
    if (s != ASSAY_OK) {
        for (int i = 0; names && i < count; i++)
            free(names[i]);
        free(names);
        return s;
    }
    qsort(names, (size_t)count, sizeof *names, by_text);
    *out = names;
    *n = (size_t)count;
    return ASSAY_OK;
}

enum assay_status assay_profiles_show(struct assay_buf *out, struct assay_err *e)
{
    char **names = NULL;
    size_t n = 0;
    enum assay_status s = assay_profile_names(&names, &n, e);
    for (size_t i = 0; i < n; i++) {
        struct assay_profile *p = NULL;
        if (s == ASSAY_OK)
            s = assay_profile_load(names[i], ".", &p, e);
        if (s == ASSAY_OK && assay_buf_addf(out, "%-16s %s\n", p->name, p->title) != ASSAY_OK)
            s = assay_fail_nomem(e);
        for (size_t k = 0; s == ASSAY_OK && k < p->n_quirks; k++)
            if (assay_buf_addf(out, "    %s (%s)\n", p->quirk[k].says, p->quirk[k].see) != ASSAY_OK)
                s = assay_fail_nomem(e);
        assay_profile_free(p);
        free(names[i]);
    }
    free(names);
    return s;
}
