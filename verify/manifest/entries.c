#include "entries.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/limits.h"

/* Relative, below the folder, in one spelling: no component that is empty, "." or "..". */
static bool is_safe(const char *p, size_t n)
{
    if (n == 0 || n >= ASSAY_MAX_PATH || memchr(p, '\0', n) || memchr(p, '\\', n))
        return false;
    for (size_t from = 0, to; from <= n; from = to + 1) {
        for (to = from; to < n && p[to] != '/';)
            to++;
        size_t len = to - from;
        if (len == 0 || (len == 1 && p[from] == '.') || (len == 2 && p[from] == '.' && p[from + 1] == '.'))
            return false;
    }
    return true;
}

enum assay_status assay_entries_add(struct assay_entries *x, const char *path, size_t n,
                                    struct assay_manifest_entry **out, struct assay_err *e)
{
    struct assay_manifest *m = x->m;
    if (n > 2 && path[0] == '.' && path[1] == '/') { /* as sha256sum and find write them */
        path += 2;
        n -= 2;
    }
    if (!is_safe(path, n))
        return assay_fail(e, ASSAY_EDATA, "%s: a path that does not lead to a file below its folder: %.*s", x->name,
                          (int)(n < 200 ? n : 200), path);
    if (m->n == ASSAY_MAX_OBJECTS)
        return assay_fail(e, ASSAY_ELIMIT, "%s: names more than %d files", x->name, ASSAY_MAX_OBJECTS);
    if (m->n == x->cap) {
        size_t cap = x->cap ? 2 * x->cap : 64;
        struct assay_manifest_entry *grown = realloc(m->entry, cap * sizeof *grown);
        if (!grown)
            return assay_fail_nomem(e);
        m->entry = grown;
        x->cap = cap;
    }
    char *copy = strndup(path, n);
    if (!copy)
        return assay_fail_nomem(e);
    m->entry[m->n] = (struct assay_manifest_entry){.path = copy, .schema = SIZE_MAX};
    *out = &m->entry[m->n++];
    return ASSAY_OK;
}

static int by_path(const void *a, const void *b)
{
    const struct assay_manifest_entry *x = a, *y = b;
    return strcmp(x->path, y->path);
}

enum assay_status assay_entries_finish(struct assay_entries *x, struct assay_err *e)
{
    struct assay_manifest *m = x->m;
    if (m->n)
        qsort(m->entry, m->n, sizeof *m->entry, by_path);
    for (size_t i = 1; i < m->n; i++)
        if (strcmp(m->entry[i - 1].path, m->entry[i].path) == 0)
            return assay_fail(e, ASSAY_EDATA, "%s: names %.200s twice", x->name, m->entry[i].path);
    return ASSAY_OK;
}

const struct assay_manifest_entry *assay_manifest_find(const struct assay_manifest *m, const char *path)
{
    struct assay_manifest_entry key = {.path = (char *)(uintptr_t)path};
    return m->n ? bsearch(&key, m->entry, m->n, sizeof key, by_path) : NULL;
}

void assay_manifest_leave(struct assay_manifest *m, const char *what, size_t n, uint64_t claims)
{
    static const char others[] = "other digests";
    struct assay_manifest_unverified *u = m->unverified;
    bool plain = n && n < sizeof u->what;
    for (size_t i = 0; plain && i < n; i++)
        plain = (what[i] >= 'a' && what[i] <= 'z') || (what[i] >= '0' && what[i] <= '9') || what[i] == '-' ||
                (what[i] == ' ' && i);
    if (!plain || m->n_unverified >= ASSAY_MANIFEST_UNVERIFIED - 1) { /* a name that no statement should carry */
        what = others;
        n = sizeof others - 1;
    }
    size_t i = 0;
    while (i < m->n_unverified && (strncmp(u[i].what, what, n) != 0 || u[i].what[n]))
        i++;
    if (i == ASSAY_MANIFEST_UNVERIFIED)
        i--;
    if (i == m->n_unverified) {
        snprintf(u[i].what, sizeof u[i].what, "%.*s", (int)n, what);
        m->n_unverified++;
    }
    u[i].claims += claims;
}

void assay_manifest_release(struct assay_manifest *m)
{
    for (size_t i = 0; i < m->n; i++) {
        free(m->entry[i].path);
        free(m->entry[i].segment);
        free(m->entry[i].from);
        free(m->entry[i].to);
    }
    for (size_t i = 0; i < m->n_schemas; i++) {
        for (size_t k = 0; k < m->schema[i].n; k++) {
            free(m->schema[i].field[k].name);
            free(m->schema[i].field[k].type);
        }
        free(m->schema[i].field);
    }
    free(m->entry);
    free(m->schema);
    free(m->dataset);
    free(m->exporter);
    *m = (struct assay_manifest){0};
}
