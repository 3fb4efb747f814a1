/* Frictionless data packages. https://datapackage.org/standard/data-package/ */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "assay/digest.h"
#include "assay/limits.h"
#include "entries.h"

static enum assay_status wrong(const struct assay_entries *x, const char *what, struct assay_err *e)
{
    return assay_fail(e, ASSAY_EDATA, "%s: %s", x->name, what);
}

/* A string member into *out; an absent one leaves it alone. */
static enum assay_status text(const struct assay_entries *x, const json_t *o, const char *key, char **out,
                              struct assay_err *e)
{
    const json_t *v = json_object_get(o, key);
    if (!v || json_is_null(v))
        return ASSAY_OK;
    if (!json_is_string(v) || json_string_length(v) > ASSAY_MAX_NAME)
        return assay_fail(e, ASSAY_EDATA, "%s: %s is no text of at most %d bytes", x->name, key, ASSAY_MAX_NAME);
    free(*out);
    *out = strdup(json_string_value(v));
    return *out ? ASSAY_OK : assay_fail_nomem(e);
}

static enum assay_status count(const struct assay_entries *x, const json_t *o, const char *key, bool *has,
                               uint64_t *out, struct assay_err *e)
{
    const json_t *v = json_object_get(o, key);
    if (!v || json_is_null(v))
        return ASSAY_OK;
    if (!json_is_integer(v) || json_integer_value(v) < 0)
        return assay_fail(e, ASSAY_EDATA, "%s: %s is no count", x->name, key);
    *has = true;
    *out = (uint64_t)json_integer_value(v);
    return ASSAY_OK;
}

/* "sha256:HEX", "sha512:HEX"; without a prefix it is an MD5, which proves nothing (frictionlessdata/specs#379). */
static enum assay_status hash(const struct assay_entries *x, const char *claimed, struct assay_manifest_entry *entry,
                              struct assay_err *e)
{
    const char *hex = strchr(claimed, ':');
    const size_t n = hex ? (size_t)(hex - claimed) : 0;
    if (n == 6 && memcmp(claimed, "sha256", 6) == 0) {
        if (assay_unhex(hex + 1, entry->sha256, 32))
            return wrong(x, "a hash is not sha256: and 64 lower-case hex digits", e);
        entry->has_sha256 = true;
    } else if (n == 6 && memcmp(claimed, "sha512", 6) == 0) {
        if (assay_unhex(hex + 1, entry->sha512, 64))
            return wrong(x, "a hash is not sha512: and 128 lower-case hex digits", e);
        entry->has_sha512 = true;
    } else {
        assay_manifest_leave(x->m, hex ? claimed : "md5", hex ? n : 3, 1);
    }
    return ASSAY_OK;
}

static enum assay_status claims(const struct assay_entries *x, const json_t *resource,
                                struct assay_manifest_entry *entry, struct assay_err *e)
{
    const json_t *stats = json_object_get(resource, "stats"); /* of frictionless-py */
    char *claimed = NULL;
    enum assay_status s = text(x, resource, "hash", &claimed, e);
    if (s == ASSAY_OK)
        s = count(x, resource, "bytes", &entry->has_bytes, &entry->bytes, e);
    if (s == ASSAY_OK && json_is_object(stats)) {
        s = count(x, stats, "bytes", &entry->has_bytes, &entry->bytes, e);
        s = s == ASSAY_OK ? count(x, stats, "rows", &entry->has_rows, &entry->rows, e) : s;
        s = s == ASSAY_OK && !claimed ? text(x, stats, "hash", &claimed, e) : s;
    }
    if (s == ASSAY_OK)
        s = count(x, resource, "assay:rows", &entry->has_rows, &entry->rows, e);
    if (s == ASSAY_OK && claimed)
        s = hash(x, claimed, entry, e);
    if (s == ASSAY_OK)
        s = text(x, resource, "assay:segment", &entry->segment, e);
    if (s == ASSAY_OK)
        s = text(x, resource, "assay:from", &entry->from, e);
    if (s == ASSAY_OK)
        s = text(x, resource, "assay:to", &entry->to, e);
    free(claimed);
    return s;
}

static enum assay_status fields(const struct assay_entries *x, const json_t *list, struct assay_manifest_schema *out,
                                struct assay_err *e)
{
    size_t n = json_array_size(list);
    enum assay_status s = ASSAY_OK;
    if (n > ASSAY_MAX_COLUMNS)
        return assay_fail(e, ASSAY_ELIMIT, "%s: a schema of more than %d fields", x->name, ASSAY_MAX_COLUMNS);
    if (!(out->field = calloc(n + 1, sizeof *out->field)))
        return assay_fail_nomem(e);
    for (size_t i = 0; i < n && s == ASSAY_OK; i++) {
        const json_t *f = json_array_get(list, i);
        out->n = i + 1;
        s = text(x, f, "name", &out->field[i].name, e);
        if (s == ASSAY_OK && !out->field[i].name)
            s = wrong(x, "a field of a schema has no name", e);
        if (s == ASSAY_OK)
            s = text(x, f, "type", &out->field[i].type, e);
    }
    return s;
}

/* Its schema, if it stands here. */
static enum assay_status schema(struct assay_entries *x, const json_t *resource, size_t *index, struct assay_err *e)
{
    struct assay_manifest *m = x->m;
    const json_t *v = json_object_get(resource, "schema");
    *index = SIZE_MAX;
    if (!v || json_is_null(v))
        return ASSAY_OK;
    if (json_is_string(v)) { /* a reference, which is not followed */
        assay_manifest_leave(m, "schema elsewhere", 16, 1);
        return ASSAY_OK;
    }
    const json_t *list = json_object_get(v, "fields");
    if (!json_is_object(v) || (list && !json_is_array(list)))
        return wrong(x, "a schema without a list of fields", e);
    if (!list)
        return ASSAY_OK;
    struct assay_manifest_schema *grown = realloc(m->schema, (m->n_schemas + 1) * sizeof *grown);
    if (!grown)
        return assay_fail_nomem(e);
    m->schema = grown;
    grown[m->n_schemas] = (struct assay_manifest_schema){0};
    *index = m->n_schemas++;
    return fields(x, list, &grown[*index], e);
}

static bool is_remote(const char *path)
{
    return strncmp(path, "http://", 7) == 0 || strncmp(path, "https://", 8) == 0;
}

/* path is a string, or a list of them: then hash and bytes are of none of them by itself. */
static enum assay_status resource(struct assay_entries *x, const json_t *r, struct assay_err *e)
{
    const json_t *path = json_object_get(r, "path");
    size_t n = json_is_array(path) ? json_array_size(path) : path ? 1 : 0, shape;
    if (!json_is_object(r))
        return wrong(x, "a resource is no object", e);
    enum assay_status s = schema(x, r, &shape, e);
    for (size_t i = 0; i < n && s == ASSAY_OK; i++) {
        const json_t *one = json_is_array(path) ? json_array_get(path, i) : path;
        struct assay_manifest_entry *entry = NULL;
        if (!json_is_string(one))
            return wrong(x, "a path is no text", e);
        if (is_remote(json_string_value(one)))
            continue;
        s = assay_entries_add(x, json_string_value(one), json_string_length(one), &entry, e);
        if (s == ASSAY_OK)
            entry->schema = shape;
        if (s == ASSAY_OK && n == 1)
            s = claims(x, r, entry, e);
    }
    return s;
}

static enum assay_status package(struct assay_entries *x, const json_t *root, struct assay_err *e)
{
    const json_t *list = json_object_get(root, "resources"), *lineage = json_object_get(root, "assay:lineage");
    if (!json_is_object(root) || !json_is_array(list))
        return wrong(x, "no data package: it has no list of resources", e);
    enum assay_status s = ASSAY_OK;
    for (size_t i = 0; i < json_array_size(list) && s == ASSAY_OK; i++)
        s = resource(x, json_array_get(list, i), e);
    if (s == ASSAY_OK && json_is_object(lineage)) {
        s = text(x, lineage, "dataset", &x->m->dataset, e);
        s = s == ASSAY_OK ? text(x, lineage, "exporter", &x->m->exporter, e) : s;
    }
    return s == ASSAY_OK ? assay_entries_finish(x, e) : s;
}

enum assay_status assay_manifest_datapackage(const char *p, size_t n, const char *name, struct assay_manifest *out,
                                             struct assay_err *e)
{
    *out = (struct assay_manifest){0};
    struct assay_entries x = {.m = out, .name = name};
    json_error_t why;
    if (n > ASSAY_MAX_DATAPACKAGE)
        return assay_fail(e, ASSAY_ELIMIT, "%s: more than %u bytes", name, ASSAY_MAX_DATAPACKAGE);
    if (n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0) {
        p += 3;
        n -= 3;
    }
    json_t *root = json_loadb(p, n, JSON_REJECT_DUPLICATES, &why);
    if (!root)
        return assay_fail(e, json_error_code(&why) == json_error_out_of_memory ? ASSAY_ENOMEM : ASSAY_EDATA,
                          "%s:%d:%d: no JSON: %.100s", name, why.line, why.column, why.text);
    enum assay_status s = package(&x, root, e);
    json_decref(root);
    if (s != ASSAY_OK)
        assay_manifest_release(out);
    return s;
}
