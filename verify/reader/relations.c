#include "relations.h"

#include <stdlib.h>
#include <string.h>

#include "assay/buf.h"
#include "assay/limits.h"

struct assay_relation *assay_relations_add(struct relations *l, const char *schema, const char *name,
                                           struct assay_err *e)
{
    struct assay_buf full = {0};
    if (l->n >= ASSAY_MAX_RELATIONS) {
        assay_fail(e, ASSAY_ELIMIT, "the database holds more than %d tables", ASSAY_MAX_RELATIONS);
        return NULL;
    }
    if (l->n == l->cap) {
        size_t cap = l->cap ? 2 * l->cap : 64;
        struct assay_relation *grown = realloc(l->v, cap * sizeof *grown);
        if (!grown) {
            assay_fail_nomem(e);
            return NULL;
        }
        l->v = grown;
        l->cap = cap;
    }
    if (schema)
        assay_buf_addf(&full, "%s.", schema);
    assay_buf_adds(&full, name);
    if (!assay_buf_str(&full)) {
        assay_buf_release(&full);
        assay_fail_nomem(e);
        return NULL;
    }
    l->v[l->n] = (struct assay_relation){.name = (char *)full.ptr, .bare = full.len - strlen(name), .parent = SIZE_MAX};
    return &l->v[l->n++];
}

enum assay_status assay_reader_relations(const struct assay_locator *const *loc, size_t n, bool *found,
                                         struct assay_relation **out, size_t *n_out, struct assay_err *e)
{
    struct relations l = {0};
    enum assay_status s;
    *out = NULL;
    *n_out = 0;
    if (assay_pg_reader.accepts(loc[0]))
        s = assay_pg_relations(loc, n, found, &l, e);
    else if (assay_sqlite_reader.accepts(loc[0]))
        s = assay_sqlite_relations(loc, n, found, &l, e);
    else
        s = assay_fail(e, ASSAY_EUSAGE, "only a database has tables to list");
    if (s != ASSAY_OK) {
        assay_reader_relations_free(l.v, l.n);
        return s;
    }
    *out = l.v;
    *n_out = l.n;
    return ASSAY_OK;
}

void assay_reader_relations_free(struct assay_relation *rel, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < rel[i].n_extra; k++)
            free(rel[i].extra[k]);
        free(rel[i].extra);
        free(rel[i].name);
    }
    free(rel);
}
