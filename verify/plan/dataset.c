#include "dataset.h"

#include <stdlib.h>
#include <string.h>

#include "assay/limits.h"
#include "profile.h"

#define MIN_CHUNK_ROWS 16
#define MAX_CHUNK_ROWS 16777216
#define MAX_ARGV 256
#define MAX_KEY_COLUMNS 64

struct raw_dataset {
    char *id, *owner, *retention;
    char *digest, *keys;
    int64_t chunk_rows, sketch;
    const yaml_node_t *at_digest, *at_sketch, *at_keys, *at_id, *at_retention, *source, *archive, *key, *window, *as_of,
        *columns, *uncovered, *reprocess, *references;
};

#define AT(member) offsetof(struct raw_dataset, member)
static const struct assay_field dataset_fields[] = {
    {"id", ASSAY_F_NAME, true, AT(id), 0, 0},
    {"id", ASSAY_F_NODE, false, AT(at_id), 0, 0},
    {"owner", ASSAY_F_NAME, false, AT(owner), 0, 0},
    {"retention", ASSAY_F_NAME, false, AT(retention), 0, 0},
    {"retention", ASSAY_F_NODE, false, AT(at_retention), 0, 0},
    {"source", ASSAY_F_NODE, true, AT(source), 0, 0},
    {"archive", ASSAY_F_NODE, true, AT(archive), 0, 0},
    {"key", ASSAY_F_NODE, false, AT(key), 0, 0},
    {"window", ASSAY_F_NODE, false, AT(window), 0, 0},
    {"as_of", ASSAY_F_NODE, false, AT(as_of), 0, 0},
    {"chunk_rows", ASSAY_F_INT, false, AT(chunk_rows), MIN_CHUNK_ROWS, MAX_CHUNK_ROWS},
    {"digest", ASSAY_F_NAME, false, AT(digest), 0, 0},
    {"digest", ASSAY_F_NODE, false, AT(at_digest), 0, 0},
    {"sketch", ASSAY_F_INT, false, AT(sketch), 0, ASSAY_MAX_SKETCH_CAPACITY},
    {"sketch", ASSAY_F_NODE, false, AT(at_sketch), 0, 0},
    {"keys", ASSAY_F_NAME, false, AT(keys), 0, 0},
    {"keys", ASSAY_F_NODE, false, AT(at_keys), 0, 0},
    {"columns", ASSAY_F_NODE, true, AT(columns), 0, 0},
    {"uncovered", ASSAY_F_NODE, false, AT(uncovered), 0, 0},
    {"reprocess", ASSAY_F_NODE, false, AT(reprocess), 0, 0},
    {"references", ASSAY_F_NODE, false, AT(references), 0, 0},
};
#undef AT

static bool lower_uuid(char *s)
{
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    if (strlen(s) != sizeof form - 1)
        return false;
    for (size_t i = 0; form[i]; i++) {
        if (s[i] >= 'A' && s[i] <= 'F')
            s[i] = (char)(s[i] - 'A' + 'a');
        bool hex = (s[i] >= '0' && s[i] <= '9') || (s[i] >= 'a' && s[i] <= 'f');
        if (form[i] == '-' ? s[i] != '-' : !hex)
            return false;
    }
    return true;
}

static bool is_retention(const char *s)
{
    size_t n = strspn(s, "0123456789");
    return n > 0 && n <= 6 && s[0] != '0' && s[n] && strchr("dwmy", s[n]) && !s[n + 1];
}

bool assay_bind_digest(struct assay_bind *b, const yaml_node_t *at, const char *text, bool otherwise)
{
    if (text && strcmp(text, "sealed") != 0 && strcmp(text, "fast") != 0)
        assay_diag_add(b->diag, &at->start_mark, "digest: expected fast or sealed, found \"%.40s\"", text);
    return text ? strcmp(text, "sealed") == 0 : otherwise;
}

static void bind_strength(struct assay_bind *b, const struct raw_dataset *raw, struct assay_dataset *d)
{
    d->sealed = assay_bind_digest(b, raw->at_digest, raw->digest, b->sealed);
    if (raw->at_sketch && !d->sealed)
        assay_diag_add(b->diag, &raw->at_sketch->start_mark, "sketch: only of a dataset with digest: sealed");
    d->sketch = d->sealed ? (uint32_t)(raw->at_sketch ? raw->sketch : b->sketch) : 0;
    d->keys_sealed = raw->keys ? strcmp(raw->keys, "sealed") == 0 : d->sealed;
    if (raw->keys && !d->keys_sealed && strcmp(raw->keys, "public") != 0)
        assay_diag_add(b->diag, &raw->at_keys->start_mark, "keys: expected public or sealed, found \"%.40s\"",
                       raw->keys);
    if (d->keys_sealed && !d->sealed)
        assay_diag_add(b->diag, &raw->at_keys->start_mark, "keys: sealed only of a dataset with digest: sealed");
}

static void bind_key(struct assay_bind *b, const yaml_node_t *node, struct assay_dataset *d)
{
    const yaml_node_item_t *item;
    size_t n;
    char *name = NULL, hint[80];
    if (!assay_bind_list(b, node, "key", &item, &n))
        return;
    if (n > MAX_KEY_COLUMNS) {
        assay_diag_add(b->diag, &node->start_mark, "key: %zu columns; the limit is %d", n, MAX_KEY_COLUMNS);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const yaml_node_t *at = yaml_document_get_node(b->doc, item[i]);
        if (!assay_bind_name(b, at, "key", &name))
            continue;
        struct assay_plan_column *c = assay_bind_find_column(d, name);
        if (!c && d->n_cols)
            assay_diag_add(b->diag, &at->start_mark, "key: column \"%.60s\" is not among the columns%s", name,
                           assay_bind_column_hint(b, d, name, hint));
        else if (c && c->key_pos)
            assay_diag_add(b->diag, &at->start_mark, "key: column \"%.60s\" stands twice", name);
        else if (c && c->shape)
            assay_diag_add(b->diag, &at->start_mark, "key: column \"%.60s\" is a %s, which cannot be a key", name,
                           assay_type_of(c->type)->name);
        else if (c)
            c->key_pos = (uint16_t)++d->n_key;
    }
    free(name);
}

static void check_uncovered(struct assay_bind *b, const yaml_node_t *at, const struct assay_dataset *d,
                            const char *text)
{
    for (int s = ASSAY_SOURCE; s <= ASSAY_ARCHIVE; s++) {
        const char *side = assay_side_name((enum assay_side_id)s);
        size_t n = strlen(side);
        if (strncmp(text, side, n) != 0 || text[n] != '.' || !text[n + 1])
            continue;
        for (size_t i = 0; i < d->n_cols; i++) {
            if (!d->col[i].native[s] || strcmp(d->col[i].native[s], text + n + 1) != 0)
                continue;
            assay_diag_add(b->diag, &at->start_mark, "uncovered: \"%.60s\" is read by column \"%.60s\"", text,
                           d->col[i].name);
        }
        return;
    }
    assay_diag_add(b->diag, &at->start_mark, "uncovered: expected source.NAME or archive.NAME, found \"%.60s\"", text);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void bind_uncovered(struct assay_bind *b, const yaml_node_t *node, struct assay_dataset *d)
{
    const yaml_node_item_t *item;
    size_t n;
    if (!assay_bind_list(b, node, "uncovered", &item, &n))
        return;
    if (n > 2 * ASSAY_MAX_COLUMNS) {
        assay_diag_add(b->diag, &node->start_mark, "uncovered: %zu entries; the limit is %d", n, 2 * ASSAY_MAX_COLUMNS);
        return;
    }
    if (!(d->uncovered = calloc(n + 1, sizeof *d->uncovered))) {
        b->diag->nomem = true;
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const yaml_node_t *at = yaml_document_get_node(b->doc, item[i]);
        char **slot = &d->uncovered[d->n_uncovered];
        if (!assay_bind_name(b, at, "uncovered", slot)) {
            free(*slot);
            *slot = NULL;
            continue;
        }
        check_uncovered(b, at, d, *slot);
        d->n_uncovered++;
    }
    qsort(d->uncovered, d->n_uncovered, sizeof *d->uncovered, by_text);
    for (size_t i = 1; i < d->n_uncovered; i++)
        if (strcmp(d->uncovered[i - 1], d->uncovered[i]) == 0)
            assay_diag_add(b->diag, &node->start_mark, "uncovered: \"%.60s\" stands twice", d->uncovered[i]);
}

/* "{segmnt}" would reach the command as it stands. Braces that are like none of ours are the command's own. */
static void check_placeholders(struct assay_bind *b, const yaml_node_t *at, const char *word)
{
    static const char *const known[] = {"dataset", "segment", "table", "lo", "hi", "request"};
    char name[32], hint[80];
    for (const char *p = strchr(word, '{'); p; p = strchr(p + 1, '{')) {
        size_t n = strspn(p + 1, "abcdefghijklmnopqrstuvwxyz_-");
        if (n < 4 || n >= sizeof name || p[1 + n] != '}')
            continue;
        memcpy(name, p + 1, n);
        name[n] = '\0';
        bool ours = false;
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
            ours = ours || strcmp(known[i], name) == 0;
        if (!ours && *assay_bind_hint(b, name, known, sizeof known / sizeof known[0], hint))
            assay_diag_add(b->diag, &at->start_mark, "reprocess: unknown placeholder {%s}%s", name, hint);
    }
}

static void bind_reprocess(struct assay_bind *b, const yaml_node_t *node, struct assay_dataset *d)
{
    const yaml_node_item_t *item;
    size_t n;
    if (!assay_bind_list(b, node, "reprocess", &item, &n))
        return;
    if (n == 0 || n > MAX_ARGV) {
        assay_diag_add(b->diag, &node->start_mark, "reprocess: %zu words; expected 1 to %d", n, MAX_ARGV);
        return;
    }
    if (!(d->reprocess = calloc(n + 1, sizeof *d->reprocess))) {
        b->diag->nomem = true;
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const yaml_node_t *at = yaml_document_get_node(b->doc, item[i]);
        if (!assay_bind_text(b, at, "reprocess", &d->reprocess[i]))
            return; /* an error was added; the list stays NULL-terminated */
        check_placeholders(b, at, d->reprocess[i]);
    }
    if (!d->reprocess[0][0])
        assay_diag_add(b->diag, &node->start_mark, "reprocess: the command is empty");
}

/* Without a window the text of {segment} is all that names a segment: a side that lacks it could not be paired. */
static void check_file_sets(struct assay_bind *b, const struct raw_dataset *raw, const struct assay_dataset *d)
{
    bool has[2] = {false, false};
    for (int s = ASSAY_SOURCE; s <= ASSAY_ARCHIVE; s++)
        has[s] = d->side[s].uri && !assay_uri_is_command(d->side[s].uri) && strstr(d->side[s].uri, "{segment}");
    if (raw->window || has[ASSAY_SOURCE] == has[ASSAY_ARCHIVE])
        return;
    assay_diag_add(b->diag, &(has[ASSAY_SOURCE] ? raw->source : raw->archive)->start_mark,
                   "locator: {segment} on one side only needs a window; without one use * for any file name");
}

/* A column that has rules of its own on a side takes none from a profile there; the profile of the side comes before
 * that of the other side. */
static void expand_profiles(struct assay_bind *b, struct assay_dataset *d)
{
    for (int s = ASSAY_SOURCE; s <= ASSAY_ARCHIVE; s++) {
        const struct assay_profile *p = d->side[s].loaded;
        for (int id = ASSAY_SOURCE; p && id <= ASSAY_ARCHIVE; id++)
            for (size_t i = 0; i < d->n_cols; i++)
                if (d->col[i].name)
                    assay_bind_profile_rules(b, p, id != s, (enum assay_side_id)id, &d->col[i]);
    }
    for (int s = ASSAY_SOURCE; s <= ASSAY_ARCHIVE; s++) {
        assay_profile_free(d->side[s].loaded);
        d->side[s].loaded = NULL;
    }
}

/* The rule would read what is left of bytes that were no character of the file's encoding. */
static void check_encodings(struct assay_bind *b, const yaml_node_t *at, const struct assay_dataset *d)
{
    for (int s = ASSAY_SOURCE; s <= ASSAY_ARCHIVE; s++)
        for (size_t i = 0; d->side[s].csv.encoding && i < d->n_cols; i++)
            for (size_t k = 0; k < d->col[i].n_rules[s]; k++)
                if (d->col[i].type != ASSAY_L_BYTES && strcmp(assay_rule_name(&d->col[i].rule[s][k]), "encoding") == 0)
                    assay_diag_add(b->diag, &at->start_mark,
                                   "column \"%.60s\": the rule encoding, and an encoding of its file: one of them",
                                   d->col[i].name);
}

static void bind_parts(struct assay_bind *b, const struct raw_dataset *raw, struct assay_dataset *d)
{
    if (raw->source)
        assay_bind_side(b, raw->source, ASSAY_SOURCE, &d->side[ASSAY_SOURCE]);
    if (raw->archive)
        assay_bind_side(b, raw->archive, ASSAY_ARCHIVE, &d->side[ASSAY_ARCHIVE]);
    if (raw->source && raw->archive)
        check_file_sets(b, raw, d);
    if (raw->columns)
        assay_bind_columns(b, raw->columns, d);
    expand_profiles(b, d);
    if (raw->columns)
        check_encodings(b, raw->columns, d);
    if (raw->key)
        bind_key(b, raw->key, d);
    if (raw->window)
        assay_bind_window(b, raw->window, d);
    if (raw->columns)
        assay_bind_history(b, raw->columns, d);
    if (raw->as_of)
        assay_bind_as_of(b, raw->as_of, d);
    if (raw->uncovered)
        bind_uncovered(b, raw->uncovered, d);
    if (raw->reprocess)
        bind_reprocess(b, raw->reprocess, d);
    if (raw->references)
        assay_bind_references(b, raw->references, d);
}

void assay_bind_dataset(struct assay_bind *b, const yaml_node_t *node, struct assay_dataset *d)
{
    struct raw_dataset raw = {.chunk_rows = ASSAY_DEFAULT_CHUNK_ROWS};
    if (assay_bind_map(b, node, "a dataset", dataset_fields, sizeof dataset_fields / sizeof dataset_fields[0], &raw))
        bind_parts(b, &raw, d);
    if (raw.id && !lower_uuid(raw.id))
        assay_diag_add(b->diag, &raw.at_id->start_mark,
                       "id: expected a UUID such as 123e4567-e89b-42d3-a456-426614174000");
    if (raw.retention && !is_retention(raw.retention))
        assay_diag_add(b->diag, &raw.at_retention->start_mark,
                       "retention: expected a number and d, w, m or y, such as 10y");
    d->id = raw.id;
    d->owner = raw.owner;
    d->retention = raw.retention;
    d->chunk_rows = (uint32_t)raw.chunk_rows;
    bind_strength(b, &raw, d);
    free(raw.digest);
    free(raw.keys);
}

void assay_dataset_release(struct assay_dataset *d)
{
    assay_references_release(d);
    free(d->name);
    free(d->id);
    free(d->owner);
    free(d->retention);
    for (int s = ASSAY_SOURCE; s <= ASSAY_ARCHIVE; s++)
        assay_side_release(&d->side[s]);
    for (size_t i = 0; i < d->n_cols; i++)
        assay_plan_column_release(&d->col[i]);
    free(d->col);
    for (size_t i = 0; i < d->n_uncovered; i++)
        free(d->uncovered[i]);
    free(d->uncovered);
    for (size_t i = 0; d->reprocess && d->reprocess[i]; i++)
        free(d->reprocess[i]);
    free(d->reprocess);
    free(d->as_of.column);
    free(d->as_of.at);
    free(d->window.column);
    free(d->window.timezone);
    free(d->window.closed_until);
    free(d->window.from);
    free(d->window.to);
}
